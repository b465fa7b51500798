//! The score: points of each component, the whole, its level and what made it.
//!
//! `overall = max(weighted, liquidation)` with `weighted = 0.40·liquidation + 0.25·volatility + 0.20·concentration +
//! 0.15·liquidity`. Every function of a figure is monotone, so a missing figure leaves a range whose ends are real.

use risk_model::{Range, RiskLevel};

use crate::report::{Components, Driver};

/// Weights of liquidation, volatility, concentration and liquidity in the weighted score; they sum to 1.
pub const WEIGHTS: [f64; 4] = [0.40, 0.25, 0.20, 0.15];
/// Annualised volatility of the wallet's equity that is worth all points of its component, fraction.
pub const FULL_VOLATILITY: f64 = 1.5;

/// Points of a health factor: 0 above 2; 20·(2−h)/0.5 down to 1.5; 20 + 40·(1.5−h)/0.3 down to 1.2;
/// 60 + 35·(1.2−h)/0.2 down to 1; 95 to 100 under 1. Falls as the factor rises, without a step.
#[must_use]
pub fn health_factor_points(health_factor: f64) -> f64 {
    match health_factor {
        h if h >= 2.0 => 0.0,
        h if h >= 1.5 => 20.0 * (2.0 - h) / 0.5,
        h if h >= 1.2 => 20.0 + 40.0 * (1.5 - h) / 0.3,
        h if h >= 1.0 => 60.0 + 35.0 * (1.2 - h) / 0.2,
        h => 95.0 + 5.0 * (1.0 - h).clamp(0.0, 1.0),
    }
}

/// Points of an account: those of its health factor, and never under 100 × its 24-hour probability of liquidation.
/// Without the probability they are a lower end only.
#[must_use]
pub fn liquidation_points(health_factor: f64, probability_24h: Option<f64>) -> Range {
    let points = health_factor_points(health_factor);
    match probability_24h {
        Some(probability) => Range::exactly(points.max(100.0 * probability)),
        None => Range::exactly(points).widened(),
    }
}

/// Points of an annualised volatility, fraction: `min(100, 100·σ/1.5)`. Rises with it.
#[must_use]
pub fn volatility_points(volatility: f64) -> f64 {
    (100.0 * volatility / FULL_VOLATILITY).clamp(0.0, 100.0)
}

/// Points of a Herfindahl-Hirschman index: `100·HHI`; 0 for an empty wallet. Rises with it.
#[must_use]
pub fn concentration_points(index: Option<f64>) -> f64 {
    (100.0 * index.unwrap_or(0.0)).clamp(0.0, 100.0)
}

/// Points of a time to sell, days: `100·h/(1+h)`, 50 at one day. Rises with it.
#[must_use]
pub fn exit_points(days: f64) -> f64 {
    if days.is_infinite() { 100.0 } else { 100.0 * days / (1.0 + days) }
}

/// The worse of two: a wallet's liquidation component is its worst account's.
#[must_use]
pub fn worst(a: Range, b: Range) -> Range {
    Range { at_least: a.at_least.max(b.at_least), at_most: a.at_most.max(b.at_most) }
}

/// The whole score, end by end.
#[must_use]
pub fn overall(components: &Components) -> Range {
    let end = |pick: fn(&Range) -> f64| {
        let parts = in_order(components).map(|(_, range)| pick(&range));
        let weighted: f64 = parts.iter().zip(WEIGHTS).map(|(points, weight)| points * weight).sum();
        weighted.max(pick(&components.liquidation)).clamp(0.0, 100.0)
    };
    Range { at_least: end(|range| range.at_least), at_most: end(|range| range.at_most) }
}

/// The level of a score: `Unknown` where its ends lie in different bands.
#[must_use]
pub fn level(score: Range) -> RiskLevel {
    let (low, high) = (RiskLevel::of_score(score.at_least), RiskLevel::of_score(score.at_most));
    if low == high { low } else { RiskLevel::Unknown }
}

/// What each component gives the upper end of the score, largest first, those that give nothing left out. Where the
/// score is the liquidation component itself, that gives all of it, and the others what they give the weighted score.
/// `because` is by component in the order of [`WEIGHTS`].
#[must_use]
pub fn drivers(components: &Components, because: [String; 4]) -> Vec<Driver> {
    let score = overall(components);
    let is_liquidation = score.at_most.to_bits() == components.liquidation.at_most.to_bits();
    let mut drivers: Vec<Driver> = in_order(components)
        .into_iter()
        .zip(WEIGHTS)
        .zip(because)
        .map(|(((component, range), weight), because)| {
            let all = is_liquidation && component == "liquidation";
            let points = if all { range.at_most } else { range.at_most * weight };
            let open = if range.known().is_some() { "" } else { " (not fully known: up to this much)" };
            Driver { component, points, because: format!("{because}{open}") }
        })
        .filter(|driver| driver.points > 0.0)
        .collect();
    drivers.sort_by(|a, b| b.points.total_cmp(&a.points));
    drivers
}

fn in_order(components: &Components) -> [(&'static str, Range); 4] {
    [
        ("liquidation", components.liquidation),
        ("volatility", components.volatility),
        ("concentration", components.concentration),
        ("liquidity", components.liquidity),
    ]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn components(points: [f64; 4]) -> Components {
        let [liquidation, volatility, concentration, liquidity] = points.map(Range::exactly);
        Components { liquidation, volatility, concentration, liquidity }
    }

    #[test]
    fn the_pieces_of_the_health_factor_meet() {
        for (factor, points) in [
            (3.0, 0.0),
            (2.0, 0.0),
            (1.75, 10.0),
            (1.5, 20.0),
            (1.35, 40.0),
            (1.2, 60.0),
            (1.1, 77.5),
            (1.0, 95.0),
            (0.0, 100.0),
        ] {
            assert!((health_factor_points(factor) - points).abs() < 1e-9, "{factor}");
        }
    }

    #[test]
    fn the_score_is_the_worse_of_the_weighted_and_the_liquidation() {
        assert_eq!(overall(&components([95.0, 0.0, 0.0, 0.0])).known(), Some(95.0));
        let weighted = overall(&components([10.0, 100.0, 100.0, 100.0])).known().unwrap();
        assert!((weighted - 64.0).abs() < 1e-9);
        assert_eq!(overall(&components([0.0; 4])), Range::exactly(0.0));
    }

    #[test]
    fn a_level_is_known_where_both_ends_agree_and_only_there() {
        assert_eq!(level(Range { at_least: 81.0, at_most: 100.0 }), RiskLevel::Critical);
        assert_eq!(level(Range { at_least: 79.0, at_most: 100.0 }), RiskLevel::Unknown);
        assert_eq!(level(Range::UNKNOWN), RiskLevel::Unknown);
    }

    #[test]
    fn drivers_add_up_to_a_weighted_score_and_say_what_is_open() {
        let mut parts = components([10.0, 100.0, 100.0, 100.0]);
        let because = || ["a", "b", "c", "d"].map(str::to_owned);
        let made = drivers(&parts, because());
        assert_eq!(
            made.iter().map(|driver| driver.component).collect::<Vec<_>>(),
            ["volatility", "concentration", "liquidity", "liquidation"]
        );
        let sum: f64 = made.iter().map(|driver| driver.points).sum();
        assert!((sum - 64.0).abs() < 1e-9);
        parts.liquidation = Range::exactly(95.0).widened();
        let made = drivers(&parts, because());
        assert_eq!((made[0].component, made[0].points), ("liquidation", 100.0));
        assert!(made[0].because.contains("not fully known"));
    }

    proptest! {
        #[test]
        fn every_component_is_monotone_and_stays_in_bounds(a in 0.0_f64..10.0, more in 0.0_f64..10.0) {
            for rising in [volatility_points as fn(f64) -> f64, exit_points, |index| concentration_points(Some(index))] {
                prop_assert!(rising(a + more) >= rising(a));
                prop_assert!((0.0..=100.0).contains(&rising(a)));
            }
            prop_assert!(health_factor_points(a + more) <= health_factor_points(a));
            prop_assert!((0.0..=100.0).contains(&health_factor_points(a)));
        }

        #[test]
        fn a_worse_component_never_gives_a_better_score(points in prop::array::uniform4(0.0_f64..=100.0), which in 0_usize..4, more in 0.0_f64..100.0) {
            let mut worse = points;
            worse[which] = (worse[which] + more).min(100.0);
            let (before, after) = (overall(&components(points)), overall(&components(worse)));
            prop_assert!(after.at_least >= before.at_least && after.at_most >= before.at_most);
            prop_assert!((0.0..=100.0).contains(&after.at_most));
        }
    }
}
