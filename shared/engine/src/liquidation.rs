//! Distance to liquidation: which prices, or which common fall, bring a health factor to 1 (risk-math C.2).
//!
//! With N = Σ threshold × collateral and D = Σ debt, both in USD, the health factor is N ÷ D, and every formula here
//! solves N = D for one unknown. Health factors of different accounts are never mixed: each liquidates alone.

mod carry;
mod joint;

use libm::{log, sqrt};
use risk_model::Usd;

use crate::report::LiquidationPrice;

pub use carry::{Carry, Rates, SECONDS_PER_YEAR, interest_only};
pub use joint::{WorstMove, log_shock_to_liquidation, worst_joint_move};

/// What one asset adds to each side of an account's health factor.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Leg {
    /// Threshold × collateral value, USD: its part of N.
    pub weighted_collateral_usd: f64,
    /// Debt value, USD: its part of D.
    pub debt_usd: f64,
    /// Price that both are valued at, USD for one whole token.
    pub price_usd: f64,
}

/// N and D of an account, USD.
#[must_use]
pub fn totals(legs: &[Leg]) -> (f64, f64) {
    legs.iter().fold((0.0, 0.0), |(n, d), leg| (n + leg.weighted_collateral_usd, d + leg.debt_usd))
}

/// The price of one asset alone at which the health factor is 1, all other prices still.
///
/// `P* = (D₋ₖ − N₋ₖ) ÷ (LTₖ·qₖ − dₖ)`. The sign of the denominator says whether the account is long or short of it:
/// a long one liquidates below, a short one above, and one that is neither never through this price.
#[must_use]
pub fn single_asset_price(legs: &[Leg], asset: usize) -> LiquidationPrice {
    let Some(leg) = legs.get(asset) else {
        return LiquidationPrice::Unknown("no such asset in the account".to_owned());
    };
    let others: Vec<Leg> =
        legs.iter().enumerate().filter(|(index, _)| *index != asset).map(|(_, leg)| *leg).collect();
    let (n, d) = totals(&others);
    if d + leg.debt_usd <= 0.0 {
        return LiquidationPrice::Never;
    }
    let slope = (leg.weighted_collateral_usd - leg.debt_usd) / leg.price_usd;
    let price = (d - n) / slope;
    match (slope, Usd::new(price)) {
        (0.0, _) => LiquidationPrice::Never,
        (slope, Some(price)) if slope > 0.0 && price.value() > 0.0 => LiquidationPrice::Below(price),
        (slope, Some(_)) if slope > 0.0 => LiquidationPrice::Never,
        // Short of it and already under at every price: over nothing at all.
        (slope, Some(price)) if slope < 0.0 => {
            LiquidationPrice::Above(if price.value() > 0.0 { price } else { Usd::ZERO })
        }
        _ => LiquidationPrice::Unknown("the amounts are too large or too small to divide".to_owned()),
    }
}

/// Uniform fall of every collateral at which the health factor is 1, debt still: `1 − 1/HF`, fraction; negative when
/// it is already under 1. `None` for a factor of 0, which no finite rise cures.
#[must_use]
pub fn uniform_drop(health_factor: f64) -> Option<f64> {
    let drop = 1.0 - 1.0 / health_factor;
    drop.is_finite().then_some(drop)
}

/// Size of a common shock at which the health factor is 1 when each price moves by `−beta × shock`:
/// `s* = (N − D) ÷ (Σ βᵢNᵢ − Σ βⱼDⱼ)`. `betas` is by leg. `None` where no shock of this direction liquidates.
#[must_use]
pub fn shock_to_liquidation(legs: &[Leg], betas: &[f64]) -> Option<f64> {
    let (n, d) = totals(legs);
    let slope: f64 =
        legs.iter().zip(betas).map(|(leg, beta)| beta * (leg.weighted_collateral_usd - leg.debt_usd)).sum();
    let shock = (n - d) / slope;
    (shock.is_finite() && shock > 0.0).then_some(shock)
}

/// Sensitivity of ln HF to each asset's log price, by leg: `g = N_k/N − D_k/D` (delta method). `None` where either
/// side is zero.
#[must_use]
pub fn sensitivities(legs: &[Leg]) -> Option<Vec<f64>> {
    let (n, d) = totals(legs);
    let usable = n > 0.0 && d > 0.0 && n.is_finite() && d.is_finite();
    usable.then(|| legs.iter().map(|leg| leg.weighted_collateral_usd / n - leg.debt_usd / d).collect())
}

/// Distance to liquidation in standard deviations: `ln(HF) ÷ (σ·√T)`, with the volatility and the time in the same
/// unit. Negative when already under 1; `None` where the factor does not move or is 0.
#[must_use]
pub fn distance_sigmas(health_factor: f64, volatility: f64, time: f64) -> Option<f64> {
    let distance = log(health_factor) / (volatility * sqrt(time));
    distance.is_finite().then_some(distance)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HF: f64 = 1.743_197_074_902_661_6;
    const AVERAGE_LT: f64 = 0.804_938_458_797_036_7;

    /// The account of C.1.2: WETH at 8300 bps and WBTC at 7800 bps against 1 USDC of debt.
    fn example() -> [Leg; 3] {
        let weth_share = (AVERAGE_LT - 0.78) / 0.05;
        let collateral = HF / AVERAGE_LT;
        let leg = |weighted, debt, price| Leg {
            weighted_collateral_usd: weighted,
            debt_usd: debt,
            price_usd: price,
        };
        [
            leg(0.83 * weth_share * collateral, 0.0, 364.925_071_44 / 0.171_022_997_4),
            leg(0.78 * (1.0 - weth_share) * collateral, 0.0, 7_959.109_028_75 / 0.122_215_702_6),
            leg(0.0, 1.0, 1.0),
        ]
    }

    fn near(seen: f64, wanted: f64) {
        assert!((seen / wanted - 1.0).abs() < 1e-9, "{seen} is not {wanted}");
    }

    fn factor(legs: &[Leg], asset: usize) -> f64 {
        match single_asset_price(legs, asset) {
            LiquidationPrice::Below(price) => price.value() / legs[asset].price_usd,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_reference_example_liquidates_where_the_reference_says() {
        let legs = example();
        near(totals(&legs).0 / totals(&legs).1, 1.743_197_074_9);
        near(uniform_drop(HF).unwrap(), 0.426_341_396_3);
        near(factor(&legs, 0), 0.171_022_997_4);
        near(factor(&legs, 1), 0.122_215_702_6);
        near(shock_to_liquidation(&legs, &[1.2, 1.0, 0.0]).unwrap(), 0.386_578_109_6);
    }

    #[test]
    fn the_delta_method_gives_the_reference_volatility() {
        let g = sensitivities(&example()).unwrap();
        let (weth, wbtc, correlation) = (0.75 * g[0], 0.55 * g[1], 0.82);
        near(sqrt(weth * weth + wbtc * wbtc + 2.0 * correlation * weth * wbtc), 0.623_803_714_2);
    }

    #[test]
    fn a_health_factor_of_1_067_falls_through_at_6_28_percent_not_6_7() {
        near(uniform_drop(1.067).unwrap(), 0.067 / 1.067);
    }

    #[test]
    fn a_debt_asset_liquidates_above_a_price() {
        // 150 of weighted collateral against 100 of a coin at $10: it liquidates at $15.
        let legs = [
            Leg { weighted_collateral_usd: 150.0, debt_usd: 0.0, price_usd: 1.0 },
            Leg { weighted_collateral_usd: 0.0, debt_usd: 100.0, price_usd: 10.0 },
        ];
        assert_eq!(single_asset_price(&legs, 1), LiquidationPrice::Above(Usd::new(15.0).unwrap()));
    }

    #[test]
    fn an_asset_on_both_sides_takes_the_sign_of_its_net() {
        let both = |weighted, debt| {
            [
                Leg { weighted_collateral_usd: weighted, debt_usd: debt, price_usd: 10.0 },
                Leg { weighted_collateral_usd: 0.0, debt_usd: 40.0, price_usd: 1.0 },
            ]
        };
        // Net long 100 − 20 of it against 40 of something else: half the price is left.
        assert_eq!(
            single_asset_price(&both(100.0, 20.0), 0),
            LiquidationPrice::Below(Usd::new(5.0).unwrap())
        );
        assert_eq!(single_asset_price(&both(20.0, 20.0), 0), LiquidationPrice::Never);
        // Net short and under at every price.
        assert_eq!(single_asset_price(&both(20.0, 100.0), 0), LiquidationPrice::Above(Usd::ZERO));
    }

    #[test]
    fn an_asset_that_the_rest_can_carry_never_liquidates_alone() {
        let legs = [
            Leg { weighted_collateral_usd: 50.0, debt_usd: 0.0, price_usd: 1.0 },
            Leg { weighted_collateral_usd: 120.0, debt_usd: 0.0, price_usd: 1.0 },
            Leg { weighted_collateral_usd: 0.0, debt_usd: 100.0, price_usd: 1.0 },
        ];
        assert_eq!(single_asset_price(&legs, 0), LiquidationPrice::Never);
        assert!(matches!(single_asset_price(&legs, 1), LiquidationPrice::Below(_)));
    }
}
