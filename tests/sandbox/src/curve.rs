//! Curve's pools and the StableSwap invariant in arbitrary-precision integers, after the contracts' source
//! (curve-contract: SwapTemplateBase.vy; stableswap-ng). It shares no code with the service.

use alloy_primitives::{Address, address, keccak256};
use num_bigint::BigUint;
use num_traits::{ToPrimitive, Zero};

use crate::world::chain::{Chain, Contract};
use crate::world::token::base_units;

/// The MetaRegistry of Ethereum.
const REGISTRY: Address = address!("F98B45FA17DE75FB1aD0e7aFD971b0ca00e379fC");
const WAD: u64 = 1_000_000_000_000_000_000;
/// Most steps of the invariant's search, after which the contract gives up.
const STEPS: usize = 255;

/// One pool as it is deployed: coins with whole balances, and what each stands for in billionths.
struct Terms {
    name: &'static str,
    symbol: &'static str,
    /// Pool and LP token; `None` where the pool is its own LP token, at an address drawn from its name.
    deployed: Option<(Address, Address)>,
    coins: &'static [(&'static str, f64, u64)],
    supply: f64,
    /// Amplification without the factor of 100 that newer pools keep it with.
    amp: u64,
    /// Fee of an exchange, of 1e10.
    fee: u64,
}

const TERMS: [Terms; 2] = [
    Terms {
        name: "Curve.fi DAI/USDC/USDT",
        symbol: "3Crv",
        deployed: Some((
            address!("bEbc44782C7dB0a1A60Cb6fe97d0b483032FF1C7"),
            address!("6c3F90f043a72FA612cbac8115EE7e52BDe6E490"),
        )),
        coins: &[
            ("DAI", 35_123_456.789_012, 1_000_000_000),
            ("USDC", 41_234_567.890_123, 1_000_000_000),
            ("USDT", 88_345_678.901_234, 1_000_000_000),
        ],
        supply: 159_876_543.210_987,
        amp: 2_000,
        fee: 1_500_000,
    },
    Terms {
        name: "wstETH/WETH",
        symbol: "wstETH-ng",
        deployed: None,
        coins: &[("wstETH", 5_000.254_321, 1_200_000_000), ("WETH", 7_500.512_345, 1_000_000_000)],
        supply: 13_100.123_456_789,
        amp: 500,
        fee: 1_000_000,
    },
];

/// A pool on a chain.
#[derive(Clone, Debug)]
pub(crate) struct Pool {
    /// Where it lives.
    pub(crate) address: Address,
    /// Its LP token, which may be the pool itself.
    pub(crate) lp_token: Address,
    /// Name and symbol of the LP token.
    pub(crate) label: (&'static str, &'static str),
    /// Places of its coins on the chain.
    pub(crate) coins: Vec<usize>,
    /// What it holds of each, base units.
    pub(crate) balances: Vec<u128>,
    /// What each coin stands for: brings a balance to 18 decimals when a wad is taken off.
    pub(crate) rates: Vec<BigUint>,
    /// LP tokens in all, base units.
    pub(crate) supply: u128,
    /// Amplification without its factor of 100.
    pub(crate) amp: u64,
    /// Fee of an exchange, of 1e10.
    pub(crate) fee: u64,
}

impl Pool {
    /// Whether it is of the newer kind: its own LP token, with rates and an amplification in hundredths.
    pub(crate) fn is_new(&self) -> bool {
        self.address == self.lp_token
    }

    /// `D`, as the contract's search finds it.
    fn invariant(&self) -> BigUint {
        let coins = self.coins.len();
        let scaled = self.balances.iter().zip(&self.rates).map(|(balance, rate)| rate * *balance / WAD);
        let scaled: Vec<BigUint> = scaled.collect();
        let sum: BigUint = scaled.iter().sum();
        let precision = if self.is_new() { 100u64 } else { 1 };
        let ann = BigUint::from(self.amp * precision) * coins;
        let mut d = sum.clone();
        for _ in 0..STEPS {
            if d.is_zero() {
                break;
            }
            let product = scaled.iter().fold(d.clone(), |product, balance| product * &d / (balance * coins));
            let next = (&ann * &sum / precision + &product * coins) * &d
                / ((&ann - precision) * &d / precision + &product * (coins + 1));
            let distance = if next > d { &next - &d } else { &d - &next };
            d = next;
            if distance <= BigUint::from(1u8) {
                break;
            }
        }
        d
    }

    /// `get_virtual_price`, wad.
    pub(crate) fn virtual_price(&self) -> BigUint {
        self.invariant() * WAD / self.supply
    }

    /// What `remove_liquidity` pays out of each coin.
    pub(crate) fn share(&self, amount: u128) -> Vec<BigUint> {
        self.balances.iter().map(|balance| BigUint::from(*balance) * amount / self.supply).collect()
    }

    /// Whole coins for one unit of the invariant, coin by coin.
    pub(crate) fn coins_per_unit(&self, decimals: &[u8]) -> Vec<f64> {
        let of = |(rate, decimals): (&BigUint, &u8)| {
            10f64.powi(36 - i32::from(*decimals)) / rate.to_f64().unwrap_or(f64::INFINITY)
        };
        self.rates.iter().zip(decimals).map(of).collect()
    }
}

/// Puts the registry and the pools on the chain that has them.
pub(crate) fn deploy(chain: &mut Chain) {
    if chain.facts.id != 1 {
        return;
    }
    chain.contracts.insert(REGISTRY, Contract::CurveRegistry);
    for terms in &TERMS {
        let Some(pool) = pool(chain, terms) else { continue };
        let place = chain.curve.len();
        chain.contracts.insert(pool.lp_token, Contract::CurveLp(place));
        chain.contracts.insert(pool.address, Contract::CurvePool(place));
        chain.curve.push(pool);
    }
}

fn pool(chain: &Chain, terms: &Terms) -> Option<Pool> {
    let drawn = Address::from_slice(&keccak256(format!("risk-sandbox curve {}", terms.name))[12..]);
    let (address, lp_token) = terms.deployed.unwrap_or((drawn, drawn));
    let (mut coins, mut balances, mut rates) = (Vec::new(), Vec::new(), Vec::new());
    for (symbol, whole, billionths) in terms.coins {
        let place = chain.token_named(symbol)?;
        let decimals = chain.tokens.get(place)?.decimals;
        coins.push(place);
        balances.push(base_units(*whole, decimals).ok()?);
        rates.push(BigUint::from(10u8).pow(u32::from(27 - decimals)) * *billionths);
    }
    let supply = base_units(terms.supply, 18).ok()?;
    let label = (terms.name, terms.symbol);
    Some(Pool { address, lp_token, label, coins, balances, rates, supply, amp: terms.amp, fee: terms.fee })
}

/// LP tokens of a wallet by the pool's place, base units.
pub(crate) fn realise(chain: &Chain, plans: &[(usize, f64)]) -> Vec<(usize, u128)> {
    let known = plans.iter().filter(|(place, _)| *place < chain.curve.len());
    known.filter_map(|(place, whole)| Some((*place, base_units(*whole, 18).ok()?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pool(coins: &[(u8, &str)], supply: u128, amp: u64, is_new: bool) -> Pool {
        let lp_token = if is_new { REGISTRY } else { Address::ZERO };
        Pool {
            address: REGISTRY,
            lp_token,
            label: ("", ""),
            coins: (0..coins.len()).collect(),
            balances: coins.iter().map(|(_, balance)| balance.parse().unwrap()).collect(),
            rates: coins
                .iter()
                .map(|(decimals, _)| BigUint::from(10u8).pow(u32::from(36 - decimals)))
                .collect(),
            supply,
            amp,
            fee: 0,
        }
    }

    #[test]
    fn balances_that_are_equal_are_worth_their_sum() {
        let coins = [(18, "1000000000000000000000"), (6, "1000000000"), (6, "1000000000")];
        for is_new in [false, true] {
            let equal = pool(&coins, 3_000_000_000_000_000_000_000, 200, is_new);
            assert_eq!(equal.virtual_price(), BigUint::from(WAD));
        }
    }

    #[test]
    fn balances_that_differ_are_worth_less_than_their_sum_and_more_than_twice_the_lower() {
        let coins = [(18, "100000000000000000000"), (18, "300000000000000000000")];
        let uneven = pool(&coins, 400_000_000_000_000_000_000, 100, true);
        let price = uneven.virtual_price();
        assert!(price < BigUint::from(WAD) && price > BigUint::from(WAD / 2), "{price}");
        assert_eq!(uneven.share(4), [BigUint::from(1u8), BigUint::from(3u8)]);
    }
}
