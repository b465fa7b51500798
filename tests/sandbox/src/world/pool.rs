//! Uniswap V3 on a chain: its pools, whose prices follow the market unless they are moved, and what ranges in them earn.

use alloy_primitives::{Address, B256, U256, address, b256, keccak256};
use num_bigint::BigUint;
use num_traits::{One, ToPrimitive};

use crate::liquidity::{sqrt_price, tick_at};
use crate::world::chain::Chain;
use crate::world::view::View;

/// Where Uniswap V3 is, by chain id.
pub(crate) fn deployment(chain_id: u64) -> (Address, Address) {
    match chain_id {
        8453 => (
            address!("33128a8fC17869897dcE68Ed026d694621f6FDfD"),
            address!("03a520b32C04BF3bEEf7BEb72E919cf822Ed34f1"),
        ),
        _ => (
            address!("1F98431c8aD98523631AE4a59f267346ea31F984"),
            address!("C36442b4a4522E871399CD717aBDD847Ab11FE88"),
        ),
    }
}

/// Keccak of a pool's creation code.
const CODE_HASH: B256 = b256!("e34f199b19b2b4f47f68442619d555527d244f78a3297ea89325f843f87b8b54");

/// Two tokens by symbol, the fee in millionths, the spacing of ticks, and whether the pool keeps a record of prices.
const POOLS: [(&str, &str, u32, i64, bool); 4] = [
    ("WETH", "USDC", 500, 10, true),
    ("WETH", "USDC", 3_000, 60, true),
    ("wstETH", "WETH", 100, 1, true),
    ("WBTC", "WETH", 3_000, 60, false),
];

/// A pool.
#[derive(Clone, Debug)]
pub(crate) struct LiquidityPool {
    /// Where it lives.
    pub(crate) address: Address,
    /// Places of its tokens on the chain, the lower address first.
    pub(crate) tokens: [usize; 2],
    /// Fee in millionths.
    pub(crate) fee_pips: u32,
    /// Ticks between those that a range may end at.
    pub(crate) spacing: i64,
    /// Whether it remembers prices of before.
    pub(crate) keeps_record: bool,
}

/// The pools whose tokens a chain has.
pub(crate) fn load(chain: &Chain) -> Vec<LiquidityPool> {
    let (factory, _) = deployment(chain.facts.id);
    let pool = |(first, second, fee_pips, spacing, keeps_record): &(&str, &str, u32, i64, bool)| {
        let mut places = [chain.token_named(first)?, chain.token_named(second)?];
        let address_of = |place: usize| chain.tokens.get(place).map(|token| token.underlying);
        places.sort_by_key(|place| address_of(*place));
        let mut key = Vec::new();
        for place in places {
            key.extend_from_slice(address_of(place)?.into_word().as_slice());
        }
        key.extend_from_slice(&U256::from(*fee_pips).to_be_bytes::<32>());
        let made = [&[0xff], factory.as_slice(), keccak256(key).as_slice(), CODE_HASH.as_slice()].concat();
        let address = Address::from_slice(&keccak256(made)[12..]);
        Some(LiquidityPool {
            address,
            tokens: places,
            fee_pips: *fee_pips,
            spacing: *spacing,
            keeps_record: *keeps_record,
        })
    };
    POOLS.iter().filter_map(pool).collect()
}

/// A pool at a time of the world.
pub(crate) struct PoolView<'a> {
    view: &'a View<'a>,
    /// The pool.
    pub(crate) pool: &'a LiquidityPool,
}

impl<'a> PoolView<'a> {
    /// The pool of a place as a view sees it.
    pub(crate) fn new(view: &'a View<'a>, place: usize) -> Option<Self> {
        Some(Self { view, pool: view.chain.pools.get(place)? })
    }

    /// Asset place and decimals of each token.
    fn tokens(&self) -> [(usize, u8); 2] {
        self.pool
            .tokens
            .map(|place| self.view.token(place).map_or((0, 0), |token| (token.asset, token.decimals)))
    }

    /// The square root price at which nobody could profit from it, at a time.
    pub(crate) fn fair_sqrt_price(&self, time: u64) -> BigUint {
        let tokens = self.tokens();
        let market = &self.view.world.market;
        sqrt_price(
            tokens.map(|(asset, _)| market.price_usd(asset, time)),
            tokens.map(|(_, decimals)| decimals),
        )
    }

    /// The square root price that it shows at a time: the fair one, unless it was moved.
    pub(crate) fn sqrt_price(&self, time: u64) -> BigUint {
        let time = time.max(self.view.world.market.opening());
        let factor = self.view.world.moved_pools.factor(self.pool.address, time);
        let millionths = (factor.sqrt() * 1e6).round().to_u64().unwrap_or(1_000_000);
        self.fair_sqrt_price(time) * millionths / 1_000_000u32
    }

    /// How long it stood at which tick, from the opening of the market to a time; seconds and ticks.
    fn stretches(&self, until: u64) -> Vec<(u64, i64)> {
        let market = &self.view.world.market;
        let opening = market.opening();
        let mut times = self.view.world.moved_pools.times(self.pool.address);
        times.extend(self.tokens().iter().flat_map(|(asset, _)| market.moved_times(*asset)));
        times.retain(|time| *time > opening && *time < until);
        times.sort_unstable();
        times.dedup();
        times.insert(0, opening);
        let ends = times.iter().skip(1).copied().chain([until]);
        let stretch = |(from, to): (&u64, u64)| (to.saturating_sub(*from), tick_at(&self.sqrt_price(*from)));
        times.iter().zip(ends).map(stretch).collect()
    }

    /// The accumulated ticks (tick × seconds) at a time.
    pub(crate) fn tick_cumulative(&self, time: u64) -> i64 {
        let opening = self.view.world.market.opening();
        let product = |(seconds, tick): (u64, i64)| i64::try_from(seconds).unwrap_or_default() * tick;
        if time < opening {
            return -product((opening - time, tick_at(&self.sqrt_price(opening))));
        }
        self.stretches(time).into_iter().map(product).sum()
    }

    /// Fees of a token per liquidity and second, Q128.128: about a dollar a day for a position of thousands.
    fn rate(&self, token: usize) -> BigUint {
        let decimals = self.tokens().get(token).map_or(0, |(_, decimals)| *decimals);
        let per_unit: u64 = match decimals {
            6 => 100_000_000_000_000,
            8 => 60_000_000_000_000_000,
            _ => 200_000,
        };
        (BigUint::one() << 128u32) / per_unit
    }

    /// Fees per liquidity since ever, Q128.128; it passes the end of its 256 bits an hour after the opening.
    pub(crate) fn growth(&self, token: usize, time: u64) -> BigUint {
        let since = time.saturating_sub(self.view.world.market.opening());
        wrapped((BigUint::one() << 256u32) - self.rate(token) * 3_600u32 + self.rate(token) * since)
    }

    /// Fees per liquidity earned while the price was under a tick.
    fn growth_below(&self, token: usize, tick: i64, time: u64) -> BigUint {
        let name = format!("{} {token} {tick}", self.pool.address);
        let before = BigUint::from_bytes_be(keccak256(name).as_slice());
        let under = self.stretches(time).into_iter().filter(|(_, at)| *at < tick);
        wrapped(before + self.rate(token) * under.map(|(seconds, _)| seconds).sum::<u64>())
    }

    /// What `ticks` says of fees on the other side of a tick than the price.
    pub(crate) fn growth_outside(&self, token: usize, tick: i64, time: u64) -> BigUint {
        let below = self.growth_below(token, tick, time);
        if tick_at(&self.sqrt_price(time)) >= tick {
            below
        } else {
            wrapped(self.growth(token, time) + (BigUint::one() << 256u32) - below)
        }
    }

    /// What the manager last saw inside a range: fees of `grown` per liquidity ago at the opening.
    pub(crate) fn inside_last(&self, token: usize, [lower, upper]: [i64; 2], grown: &BigUint) -> BigUint {
        let opening = self.view.world.market.opening();
        let (below, above) =
            (self.growth_below(token, lower, opening), self.growth_below(token, upper, opening));
        wrapped(above + (BigUint::one() << 257u32) - below - grown)
    }

    /// Fees per liquidity that a range earned since the opening: only while the price was inside.
    pub(crate) fn earned(&self, token: usize, [lower, upper]: [i64; 2], time: u64) -> BigUint {
        let inside = self.stretches(time).into_iter().filter(|(_, at)| lower <= *at && *at < upper);
        self.rate(token) * inside.map(|(seconds, _)| seconds).sum::<u64>()
    }
}

fn wrapped(value: BigUint) -> BigUint {
    value % (BigUint::one() << 256u32)
}
