//! What a worse position or market does to every figure of risk, on wallets of several assets.
//!
//! Debt that rises, and the price of a collateral that falls (oracle and market alike, the asset not owed itself),
//! never raise a health factor, and never lower either chance of liquidation nor the liquidation component while one
//! model answers. Where the change calls for another model (a first debt in a second asset ends the closed form), its
//! chance may be lower by what the two differ in: their intervals then still meet, and the component is never under the
//! points of the health factor. The whole score follows wherever liquidation makes it. Where the spread makes it, it may fall with a price: what has become a
//! smaller part of the wallet weighs less in its volatility, its concentration and its time to sell, and what is owed
//! may hedge what is held. That is the meaning of these three; it never falls by more than they explain.

use proptest::prelude::*;

use super::*;
use crate::aave::{Position, ReservePosition};

const EPSILON: f64 = 1e-9;
/// Whole tokens of WETH, WBTC and USDC that make similar values.
const DECIMALS: [u8; 3] = [18, 8, 6];
const USD: [u64; 3] = [2_000, 60_000, 1];

/// Values in USD by reserve, supplied and owed in one account and held beside it, and prices in per mille of [`USD`].
#[derive(Clone, Debug)]
struct Situation {
    supplied: [u64; 3],
    owed: [u64; 3],
    held: [u64; 3],
    prices: [u64; 3],
}

fn situation() -> impl Strategy<Value = Situation> {
    let some = || prop::array::uniform3(prop_oneof![Just(0_u64), 100_u64..100_000]);
    (some(), prop::array::uniform3(prop_oneof![2 => Just(0_u64), 1 => 100_u64..40_000]), some(), prices())
        .prop_map(|(supplied, owed, held, prices)| Situation { supplied, owed, held, prices })
}

fn prices() -> impl Strategy<Value = [u64; 3]> {
    prop::array::uniform3(200_u64..3_000)
}

/// Base units of a reserve that are worth so many USD at its own price.
fn units(reserve: usize, usd: u64) -> U256 {
    tokens(usd, DECIMALS[reserve]) / U256::from(USD[reserve])
}

impl Situation {
    fn market(&self) -> crate::aave::Market {
        let mut market = market();
        for (reserve, per_mille) in market.reserves.iter_mut().zip(self.prices) {
            reserve.price = reserve.price.map(|price| price * U256::from(per_mille) / U256::from(1_000));
        }
        market
    }

    fn data(&self) -> MarketData {
        let mut data = market_data();
        for (byte, (usd, per_mille)) in (1..4).zip(USD.into_iter().zip(self.prices)) {
            let thousandths = u32::try_from(usd * per_mille).unwrap();
            data.quotes.insert(asset(byte), quote(f64::from(thousandths) / 1_000.0));
        }
        data
    }

    fn wallet(&self) -> WalletPositions {
        let parts = (0..3).map(|reserve| ReservePosition {
            scaled_variable_debt: units(reserve, self.owed[reserve]),
            ..supply(reserve, units(reserve, self.supplied[reserve]))
        });
        let position = Position { e_mode: 0, reserves: parts.collect() };
        let held = (0..3).filter(|reserve| self.held[*reserve] > 0).map(|reserve| {
            let byte = u8::try_from(reserve).unwrap() + 1;
            let decimals = DECIMALS[reserve];
            crate::position::Holding {
                decimals,
                amount: units(reserve, self.held[reserve]),
                ..holding(byte, "HELD", 1)
            }
        });
        positions(vec![account(self.market(), position)], held.collect())
    }

    fn report(&self) -> Report {
        report(&self.wallet(), &self.data())
    }
}

fn components(report: &Report) -> [Range; 4] {
    let parts = report.components;
    [parts.liquidation, parts.volatility, parts.concentration, parts.liquidity]
}

/// Every figure that must not say less risk.
fn check_no_safer(before: &Report, after: &Report) -> Result<(), TestCaseError> {
    let [old, new] = [before, after].map(|report| &report.accounts[0]);
    let ratio = |factor: &HealthFactor| match factor {
        HealthFactor::NoDebt => f64::INFINITY,
        _ => factor.ratio().unwrap(),
    };
    prop_assert!(ratio(&new.health_factor) <= ratio(&old.health_factor));
    prop_assert!(
        ratio(&new.market_health_factor) <= ratio(&old.market_health_factor) * (1.0 + EPSILON),
        "{:?} {:?}",
        old.market_health_factor,
        new.market_health_factor
    );
    let is_one_model = name_of_model(old) == name_of_model(new);
    for (old, new) in [
        (&old.probability_24h, &new.probability_24h),
        (&old.probability_7d, &new.probability_7d),
        (&before.liquidation_probability_24h, &after.liquidation_probability_24h),
        (&before.liquidation_probability_7d, &after.liquidation_probability_7d),
    ] {
        let (old, new) = (old.known().unwrap(), new.known().unwrap());
        if is_one_model {
            prop_assert!(new.value >= old.value - EPSILON, "{old:?} {new:?}");
        } else {
            prop_assert!(new.high >= old.low - EPSILON, "{old:?} {new:?}");
        }
    }
    check_score(before, after, is_one_model, ratio(&old.health_factor))
}

fn name_of_model(account: &crate::report::AccountReport) -> Option<&str> {
    account.probability_model.as_ref().map(|model| model.name.as_str()).filter(|name| *name != "certain")
}

fn check_score(
    before: &Report,
    after: &Report,
    is_one_model: bool,
    factor: f64,
) -> Result<(), TestCaseError> {
    let (was, is) = (before.components.liquidation, after.components.liquidation);
    if is_one_model {
        prop_assert!(is.at_least >= was.at_least - EPSILON, "{was:?} {is:?}");
        prop_assert!(is.at_most >= was.at_most - EPSILON, "{was:?} {is:?}");
        // The score is never under its liquidation component, so where that made it, it cannot fall.
        if before.score.at_most.to_bits() == was.at_most.to_bits() {
            prop_assert!(after.score.at_most >= before.score.at_most - EPSILON);
            prop_assert!(after.score.at_least >= before.score.at_least - EPSILON);
        }
    }
    prop_assert!(is.at_least >= crate::score::health_factor_points(factor) - EPSILON, "{factor} {is:?}");
    prop_assert!(
        after.score.at_most >= is.at_most - EPSILON && after.score.at_least >= is.at_least - EPSILON
    );
    let fall = |index: usize| (components(before)[index].at_most - components(after)[index].at_most).max(0.0);
    let [_, volatility, concentration, liquidity] = crate::score::WEIGHTS;
    let explained = fall(0) + volatility * fall(1) + concentration * fall(2) + liquidity * fall(3);
    prop_assert!(after.score.at_most >= before.score.at_most - explained - EPSILON);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn more_debt_of_any_asset_is_never_safer(before in situation(), reserve in 0_usize..3, more in 1_u64..50_000) {
        let mut after = before.clone();
        after.owed[reserve] += more;
        check_no_safer(&before.report(), &after.report())?;
    }

    #[test]
    fn a_lower_price_of_a_collateral_is_never_safer(before in situation(), reserve in 0_usize..3, keep in 1_u64..1_000) {
        let mut before = before;
        before.owed[reserve] = 0;
        let mut after = before.clone();
        after.prices[reserve] = (before.prices[reserve] * keep / 1_000).max(1);
        check_no_safer(&before.report(), &after.report())?;
    }

    #[test]
    fn less_collateral_is_never_safer(before in situation(), reserve in 0_usize..3, keep in 0_u64..1_000) {
        let mut after = before.clone();
        after.supplied[reserve] = before.supplied[reserve] * keep / 1_000;
        check_no_safer(&before.report(), &after.report())?;
    }
    #[test]
    fn a_gap_in_the_market_is_never_safer(before in situation(), byte in 1_u8..4, kind in 0_usize..3) {
        let (wallet, mut data) = (before.wallet(), before.data());
        let whole = report(&wallet, &data);
        match kind {
            0 => drop(data.quotes.remove(&asset(byte))),
            1 => drop(data.closes.remove(&asset(byte))),
            _ => drop(data.hourly.remove(&asset(byte))),
        }
        let partial = report(&wallet, &data);
        prop_assert!(partial.score.at_most >= whole.score.at_most - EPSILON, "{:?} {:?}", whole.score, partial.score);
        for (was, is) in components(&whole).into_iter().zip(components(&partial)) {
            prop_assert!(is.at_most >= was.at_most - EPSILON, "{was:?} {is:?}");
        }
        prop_assert_eq!(&partial.accounts[0].health_factor, &whole.accounts[0].health_factor);
    }

    #[test]
    fn the_order_of_a_markets_reserves_changes_no_figure(before in situation(), turn in 0_usize..3) {
        let straight = before.report();
        let mut wallet = before.wallet();
        let mut turned = before.market();
        turned.reserves.rotate_left(turn);
        let mut parts = match &wallet.accounts[0].account {
            crate::lending::Account::Aave(account) => account.position.clone(),
            _ => unreachable!(),
        };
        parts.reserves.iter_mut().for_each(|part| part.reserve = (part.reserve + 3 - turn) % 3);
        wallet.accounts = vec![account(turned, parts)];
        let other = report(&wallet, &before.data());
        prop_assert_eq!(&other.accounts[0].health_factor, &straight.accounts[0].health_factor);
        let near = |a: Range, b: Range| (a.at_least - b.at_least).abs() < 1e-6 && (a.at_most - b.at_most).abs() < 1e-6;
        prop_assert!(near(other.score, straight.score), "{:?} {:?}", other.score, straight.score);
        prop_assert!(near(other.components.volatility, straight.components.volatility));
        prop_assert!(near(other.components.concentration, straight.components.concentration));
        prop_assert!(near(other.components.liquidity, straight.components.liquidity));
    }

    #[test]
    fn the_same_inputs_give_the_same_bytes(before in situation()) {
        // Maps built anew iterate in another order.
        let text = || format!("{:?}", before.report());
        prop_assert_eq!(text(), text());
    }
}

#[test]
fn a_wallet_whose_largest_holding_halves_is_less_concentrated_and_that_is_what_concentration_means() {
    let concentration = |per_mille| {
        let situation = Situation {
            supplied: [0; 3],
            owed: [0; 3],
            held: [80_000, 0, 20_000],
            prices: [per_mille, 1_000, 1_000],
        };
        situation.report().components.concentration.known().unwrap()
    };
    let (whole, halved) = (concentration(1_000), concentration(500));
    assert!((whole - 68.0).abs() < 1e-6 && (halved - 100.0 * 5.0 / 9.0).abs() < 1e-6, "{whole} {halved}");
}
