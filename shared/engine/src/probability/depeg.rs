//! Depeg jumps: the chance of liquidation where collateral and debt promise the same price (risk-math C.3).
//!
//! Pegged prices lie still until one breaks, so σ of the still days says nothing. A break is a Poisson event of its
//! coin; its depth in log has a Pareto tail, `P(depth > x) = (2 % ÷ x)^α`. The rates are pooled over the coins of a
//! group and apply to each, so a coin that never broke is not taken for one that cannot. On top lies a small diffusion
//! by the ordinary moves.

use libm::{exp, log, log1p, pow};

use super::estimate::{Estimate, Model};
use super::first_passage;
use crate::market_risk::DAYS_PER_YEAR;

/// Depth from which a fall counts as a break, log.
pub const BREAK_FROM: f64 = 0.02;

/// What a token promises to be worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Peg {
    /// A US dollar.
    Dollar,
    /// Ether: staked and restaked ether.
    Ether,
    /// Bitcoin: wrapped bitcoin.
    Bitcoin,
}

/// How often a group's coins break and how deep.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Breaks {
    /// Breaks of 2 % or more, per coin and year.
    pub rate: f64,
    /// Both ends of the rate's 95 % interval (exact Poisson on the count).
    pub rate_interval: (f64, f64),
    /// The tail's exponent: smaller is deeper.
    pub tail: f64,
}

impl Peg {
    /// The peg of a token by its symbol (any case); `None` for one that promises none. A base itself (ETH, BTC) is in
    /// its group. Yield-bearing forms (wstETH, sUSDe) keep the ratio's slow growth, which only adds safety.
    #[must_use]
    pub fn of(symbol: &str) -> Option<Self> {
        let symbol = symbol.to_uppercase();
        let is_in = |list: &[&str]| list.contains(&symbol.as_str());
        if crate::stablecoin::STABLECOINS.contains(&symbol.as_str()) || is_in(&DOLLARS) {
            Some(Self::Dollar)
        } else if is_in(&ETHERS) {
            Some(Self::Ether)
        } else if is_in(&BITCOINS) {
            Some(Self::Bitcoin)
        } else {
            None
        }
    }

    /// Whether a token is the thing itself, which cannot break from itself.
    #[must_use]
    pub fn is_base(self, symbol: &str) -> bool {
        let symbol = symbol.to_uppercase();
        match self {
            Self::Dollar => false,
            Self::Ether => ["ETH", "WETH"].contains(&symbol.as_str()),
            Self::Bitcoin => symbol == "BTC",
        }
    }

    /// The group's breaks, by daily closes, oracle rounds and the 15-minute record of 2021–2023.
    ///
    /// Dollar: nine breaks in 15 coin-years of USDC, USDT, DAI, FRAX, LUSD and UST (USDC 12 %, DAI 11 %, FRAX 12 %
    /// and three small ones, USDT 5 %, UST 5 % and its end); Hill's estimate of the tail is 0.67. Ether: four of
    /// wstETH against its own ratio in 2.2 years (2 to 4.9 %, 1.9 by Hill; taken as 1.5, because restaked ether has
    /// broken deeper than staked ether and has no such history). Bitcoin: three of WBTC in 3 years (2 to 3.8 %),
    /// same tail.
    #[must_use]
    pub const fn breaks(self) -> Breaks {
        match self {
            Self::Dollar => Breaks { rate: 0.6, rate_interval: (0.27, 1.14), tail: 0.67 },
            Self::Ether => Breaks { rate: 1.8, rate_interval: (0.49, 4.65), tail: 1.5 },
            Self::Bitcoin => Breaks { rate: 1.0, rate_interval: (0.21, 2.92), tail: 1.5 },
        }
    }
}

/// Dollars beside the payment coins that [`crate::stablecoin::STABLECOINS`] lists: savings and staking shares, and coins of
/// the past; upper case.
const DOLLARS: [&str; 8] = ["SUSDE", "SDAI", "SUSDS", "STUSDT", "SFRAX", "BUSD", "GUSD", "FEI"];
const ETHERS: [&str; 14] = [
    "ETH", "WETH", "STETH", "WSTETH", "RETH", "CBETH", "WEETH", "EETH", "EZETH", "RSETH", "OSETH", "ETHX",
    "FRXETH", "SFRXETH",
];
const BITCOINS: [&str; 7] = ["BTC", "WBTC", "TBTC", "CBBTC", "LBTC", "EBTC", "FBTC"];

/// A leg that may break: of its peg, with its part of N and of D, USD.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PeggedLeg {
    /// What it promises.
    pub peg: Peg,
    /// Threshold × collateral, USD.
    pub weighted_collateral_usd: f64,
    /// Debt, USD.
    pub debt_usd: f64,
}

/// Chance that one break of one leg brings N ≤ D within `days`: `1 − exp(−T·Σ λₖ·P(depthₖ))`.
///
/// Leg k alone must fall so far that its net part Nₖ − Dₖ loses N − D: `exp(−x) = 1 − (N − D) ÷ (Nₖ − Dₖ)`; one that
/// is net short liquidates where it rises, by the same depths. That prices come back, and that two break at once, are
/// left out: the first makes it too unsafe, the second too safe, by λT of the figure. `None` for what is not finite.
#[must_use]
pub fn jump(n: f64, d: f64, legs: &[PeggedLeg], days: f64) -> Option<Estimate> {
    if !(n.is_finite() && d.is_finite() && days.is_finite()) {
        return None;
    }
    if n <= d {
        return Some(Estimate::exactly(1.0));
    }
    let years = days.max(0.0) / DAYS_PER_YEAR;
    let mut expected = [0.0; 3];
    for leg in legs {
        let breaks = leg.peg.breaks();
        let beyond = depth_tail(n - d, leg.weighted_collateral_usd - leg.debt_usd, breaks.tail);
        let (low, high) = breaks.rate_interval;
        for (sum, rate) in expected.iter_mut().zip([breaks.rate, low, high]) {
            *sum += years * rate * beyond;
        }
    }
    let chance = |expected: f64| (1.0 - exp(-expected)).clamp(0.0, 1.0);
    let [value, low, high] = expected.map(chance);
    (value.is_finite() && high.is_finite()).then_some(Estimate { value, low, high })
}

/// P(depth) that takes `distance` off a net part.
fn depth_tail(distance: f64, net: f64, tail: f64) -> f64 {
    let depth = if net > distance {
        -log1p(-distance / net)
    } else if net < 0.0 {
        log(1.0 - distance / net)
    } else {
        return 0.0;
    };
    if depth <= BREAK_FROM { 1.0 } else { pow(BREAK_FROM / depth, tail) }
}

/// The whole chance where everything is pegged alike: a break, or the small diffusion of ln HF by `ordinary` moves a
/// day. `None` for what is not finite.
#[must_use]
pub fn passage(n: f64, d: f64, legs: &[PeggedLeg], ordinary: f64, days: f64) -> Option<Estimate> {
    let diffused = Estimate::exactly(first_passage(n / d, ordinary, days)?);
    Some(jump(n, d, legs, days)?.or(diffused))
}

/// What [`passage`] and [`jump`] were computed with.
#[must_use]
pub fn model(pegs: &[Peg], ordinary: Option<f64>) -> Model {
    let mut parameters = vec![("break_from", BREAK_FROM)];
    parameters.extend(ordinary.map(|ordinary| ("ordinary_daily_volatility", ordinary)));
    for peg in pegs {
        let breaks = peg.breaks();
        let (rate, tail) = match peg {
            Peg::Dollar => ("dollar_breaks_per_coin_year", "dollar_tail"),
            Peg::Ether => ("ether_breaks_per_coin_year", "ether_tail"),
            Peg::Bitcoin => ("bitcoin_breaks_per_coin_year", "bitcoin_tail"),
        };
        parameters.extend([(rate, breaks.rate), (tail, breaks.tail)]);
    }
    Model { name: "depeg_jump".to_owned(), parameters }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn held(weighted: f64) -> PeggedLeg {
        PeggedLeg { peg: Peg::Dollar, weighted_collateral_usd: weighted, debt_usd: 0.0 }
    }

    #[test]
    fn a_loop_has_the_chance_of_a_break_deep_enough() {
        // HF 1.05: a fall of ln 1.05 = 4.879 %, (0.02 / 0.04879)^0.67 of the breaks, 0.6 a year.
        let seen = jump(1.05, 1.0, &[held(1.05)], 7.0).unwrap();
        let wanted = 1.0 - exp(-0.6 * 7.0 / 365.0 * pow(0.02 / log(1.05), 0.67));
        assert!((seen.value / wanted - 1.0).abs() < 1e-12, "{seen:?} {wanted}");
        assert!(seen.low < seen.value && seen.value < seen.high);
    }

    #[test]
    fn a_leg_that_the_others_can_carry_cannot_break_the_account() {
        assert_eq!(jump(1.5, 1.0, &[held(0.5)], 7.0), Some(Estimate::exactly(0.0)));
        assert!(jump(1.5, 1.0, &[held(0.6)], 7.0).unwrap().value > 0.0);
        let short = PeggedLeg { debt_usd: 1.0, ..held(0.0) };
        assert!(jump(1.05, 1.0, &[short], 7.0).unwrap().value > 0.0);
        assert_eq!(jump(1.0, 1.0, &[], 7.0), Some(Estimate::exactly(1.0)));
        assert_eq!(jump(f64::NAN, 1.0, &[], 7.0), None);
    }

    #[test]
    fn symbols_have_their_pegs() {
        assert_eq!(Peg::of("wstETH"), Some(Peg::Ether));
        assert_eq!(
            (Peg::of("usdc"), Peg::of("cbBTC"), Peg::of("LINK")),
            (Some(Peg::Dollar), Some(Peg::Bitcoin), None)
        );
        assert!(Peg::Ether.is_base("weth") && !Peg::Ether.is_base("wstETH"));
    }

    proptest! {
        #[test]
        fn it_is_a_chance_that_rises_with_debt_and_time_and_as_collateral_falls(
            parts in prop::collection::vec((0.0_f64..1e6, 0.0_f64..1e6), 1..5), ordinary in 0.0_f64..0.1,
            which in 0_usize..5, more in 0.0_f64..1e5, less in 0.0_f64..1.0, days in 0.0_f64..400.0, later in 0.0_f64..99.0,
        ) {
            let chance = |parts: &[(f64, f64)], days: f64| {
                let legs: Vec<PeggedLeg> = parts.iter()
                    .map(|(n, d)| PeggedLeg { peg: Peg::Dollar, weighted_collateral_usd: *n, debt_usd: *d }).collect();
                let (n, d) = parts.iter().fold((0.0, 0.0), |(n, d), part| (n + part.0, d + part.1));
                passage(n, d.max(1e-9), &legs, ordinary, days).unwrap()
            };
            let before = chance(&parts, days);
            prop_assert!((0.0..=1.0).contains(&before.value) && before.low <= before.value && before.value <= before.high);
            let which = which % parts.len();
            let (mut indebted, mut fallen) = (parts.clone(), parts.clone());
            indebted[which].1 += more;
            fallen[which].0 *= less;
            prop_assert!(chance(&indebted, days).value >= before.value - 1e-12);
            prop_assert!(chance(&fallen, days).value >= before.value - 1e-12);
            prop_assert!(chance(&parts, days + later).value >= before.value - 1e-12);
        }
    }
}
