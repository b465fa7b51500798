//! Liquidity in Uniswap V3 pools that wallets provide, each position an NFT.

use alloy_primitives::{Address, U256, keccak256};
use num_bigint::BigUint;
use num_traits::Zero;

use super::{Plan, catalogue};
use crate::liquidity::{growth, tick_at};
use crate::world::chain::Chain;
use crate::world::pool::PoolView;
use crate::world::token::base_units;
use crate::world::view::View;

/// A position as it is thought of.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Provide {
    /// Place in the chain's pools: their order is the same on every chain that has them.
    pub(crate) pool: usize,
    /// Its range around the price at the start, in ticks: 1,000 are about 10 %.
    pub(crate) range: [i64; 2],
    /// Liquidity.
    pub(crate) liquidity: u128,
    /// Fees since the manager last looked, whole tokens.
    pub(crate) grown: [f64; 2],
    /// Fees that the manager had counted, whole tokens.
    pub(crate) counted: [f64; 2],
}

/// A position as the contracts keep it.
#[derive(Clone, Debug)]
pub(crate) struct Provided {
    /// The NFT's number.
    pub(crate) id: U256,
    /// Place in the chain's pools.
    pub(crate) pool: usize,
    /// Ends of its range.
    pub(crate) ticks: [i64; 2],
    /// Liquidity.
    pub(crate) liquidity: u128,
    /// Fees per liquidity since the manager last looked, as of the opening of the market, Q128.128.
    pub(crate) grown: [BigUint; 2],
    /// Fees that the manager had counted, base units.
    pub(crate) counted: [u128; 2],
}

/// Makes a wallet's positions on a chain.
pub(crate) fn realise(view: &View<'_>, owner: Address, plans: &[Provide]) -> Vec<Provided> {
    plans.iter().enumerate().filter_map(|(place, plan)| one(view, owner, place, plan)).collect()
}

fn one(view: &View<'_>, owner: Address, place: usize, plan: &Provide) -> Option<Provided> {
    let pool = PoolView::new(view, plan.pool)?;
    let start = tick_at(&pool.fair_sqrt_price(view.world.market.opening()));
    let units = |whole: [f64; 2]| -> Option<[u128; 2]> {
        let [first, second] = pool.pool.tokens.map(|token| view.token(token).map(|token| token.decimals));
        Some([base_units(whole[0], first?).ok()?, base_units(whole[1], second?).ok()?])
    };
    let number = keccak256(format!("{owner} {} {place}", view.chain.facts.id));
    let mut id = [0u8; 4];
    id.copy_from_slice(&number[..4]);
    Some(Provided {
        id: U256::from(u32::from_be_bytes(id)),
        pool: plan.pool,
        ticks: plan.range.map(|ticks| (start + ticks).div_euclid(pool.pool.spacing) * pool.pool.spacing),
        liquidity: plan.liquidity,
        grown: units(plan.grown)?.map(|amount| growth(amount, plan.liquidity)),
        counted: units(plan.counted)?,
    })
}

impl Provided {
    /// Fees that a collect would pay at the view's block, base units.
    pub(crate) fn fees(&self, view: &View<'_>) -> [BigUint; 2] {
        let Some(pool) = PoolView::new(view, self.pool) else { return [BigUint::zero(), BigUint::zero()] };
        let [first, second] = &self.grown;
        [(0, first), (1, second)].map(|(token, grown)| {
            let per_liquidity = grown + pool.earned(token, self.ticks, view.timestamp);
            ((per_liquidity * self.liquidity) >> 128u32)
                + self.counted.get(token).copied().unwrap_or_default()
        })
    }
}

/// The position of an NFT on a chain: only named wallets provide liquidity.
pub(crate) fn find(view: &View<'_>, id: U256) -> Option<Provided> {
    catalogue::ENTRIES.iter().find_map(|entry| {
        let wallet = view.world.wallet(entry.address());
        wallet.on(view.chain.facts.id)?.liquidity.iter().find(|position| position.id == id).cloned()
    })
}

/// Liquidity of all positions that end at a tick of a pool.
pub(crate) fn at_tick(view: &View<'_>, pool: usize, tick: i64) -> u128 {
    let of = |chain: &Chain, address: Address| -> u128 {
        let wallet = view.world.wallet(address);
        let held = wallet.on(chain.facts.id).map(|held| held.liquidity.clone()).unwrap_or_default();
        let ends = held.iter().filter(|one| one.pool == pool && one.ticks.contains(&tick));
        ends.map(|one| one.liquidity).sum()
    };
    catalogue::ENTRIES.iter().map(|entry| of(view.chain, entry.address())).sum()
}

/// The holdings of the named wallet that provides liquidity.
pub(crate) fn uniswap_lp() -> Vec<Plan> {
    let provide = |pool, range, liquidity, grown, counted| Provide { pool, range, liquidity, grown, counted };
    let ethereum = vec![
        provide(0, [-2_000, 2_400], 5_000_000_000_000_000, [120.5, 0.043], [3.25, 0.001_5]),
        provide(1, [4_000, 9_000], 900_000_000_000_000, [0.0, 0.0], [77.123_456, 0.019_876_543]),
        provide(0, [-500, 500], 0, [0.0, 0.0], [0.0, 0.0]),
        provide(3, [-3_000, 3_000], 2_000_000_000_000, [0.001, 0.02], [0.0, 0.0]),
    ];
    let arbitrum = vec![provide(0, [-6_000, 1_000], 40_000_000_000_000, [0.002, 4.5], [0.0, 0.0])];
    vec![
        Plan { chain_id: 1, native: 0.25, liquidity: ethereum, ..Plan::default() },
        Plan { chain_id: 42161, native: 0.05, liquidity: arbitrum, ..Plan::default() },
    ]
}
