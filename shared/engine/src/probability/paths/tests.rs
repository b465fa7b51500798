//! The simulation against the closed form, its monotony, and its bounds.

use proptest::prelude::*;

use super::*;
use crate::probability::first_passage;

/// Normal hourly returns of this volatility a year, by sums of twelve uniform draws.
fn normals(seed: u64, annual: f64, hours: u64) -> Vec<f64> {
    let hourly = annual / sqrt(8_760.0);
    let one =
        |hour: u64| (0..12).map(|part| draw::unit(draw::bits(seed, hour * 12 + part))).sum::<f64>() - 6.0;
    (0..hours).map(|hour| hourly * one(hour)).collect()
}

fn filtered(seed: u64, annual: f64) -> Filtered {
    Filtered::of(&normals(seed, annual, 2_000)).unwrap()
}

/// A dollar that does not move.
fn still(draws: &Draws) -> AssetPaths {
    draws.paths(&Filtered::of(&[0.0; 100]).unwrap(), 0)
}

#[test]
fn one_normal_asset_against_a_dollar_agrees_with_the_closed_form() {
    let draws = Draws::new(1, 2_000);
    let asset = filtered(3, 0.8);
    let (paths, dollar) = (draws.paths(&asset, 0), still(&draws));
    for factor in [1.02, 1.05, 1.1, 1.2, 1.3] {
        let [day, week] = passage(&[(&paths, factor), (&dollar, -1.0)]).unwrap();
        for (seen, hours) in [(day, 24), (week, 168)] {
            let sigma = sqrt(asset.expected_variance(hours));
            let wanted = first_passage(factor, sigma, 1.0).unwrap();
            let slack = 2.5 * sqrt(wanted * (1.0 - wanted) / f64::from(PATHS)) + 0.004;
            assert!((seen.value - wanted).abs() < slack, "{factor} {hours} h: {seen:?} for {wanted}");
        }
    }
}

#[test]
fn a_hedge_is_seen_because_the_same_hour_is_drawn_for_all() {
    let draws = Draws::new(1, 2_000);
    let eth = normals(3, 0.8, 2_000);
    let twin: Vec<f64> = eth.iter().map(|one| one * 1.000_1).collect();
    let paths = |returns: &[f64]| draws.paths(&Filtered::of(returns).unwrap(), 0);
    let (long, twin, other) = (paths(&eth), paths(&twin), paths(&normals(9, 0.8, 2_000)));
    let hedged = passage(&[(&long, 1.1), (&twin, -1.0)]).unwrap();
    let open = passage(&[(&long, 1.1), (&other, -1.0)]).unwrap();
    assert!(hedged[1].value < 0.01 && open[1].value > 0.4, "{hedged:?} {open:?}");
}

#[test]
fn what_cannot_be_reached_is_zero_with_an_interval_and_what_is_reached_is_one() {
    let draws = Draws::new(1, 2_000);
    let (paths, dollar) = (draws.paths(&filtered(3, 0.8), 0), still(&draws));
    let far = passage(&[(&paths, 1_000.0), (&dollar, -1.0)]).unwrap();
    assert!(far.iter().all(|one| one.value == 0.0 && one.high > 0.0 && one.high < 0.002), "{far:?}");
    assert!(passage(&[(&paths, 0.99), (&dollar, -1.0)]).unwrap()[0].value >= 1.0);
    assert_eq!(passage(&[(&paths, f64::NAN)]), None);
    assert!(passage(&[]).unwrap()[0].value >= 1.0, "nothing covers nothing: 0 is not above 0");
}

#[test]
fn a_lagging_or_short_history_is_stood_in_for_by_its_own_hours() {
    assert_eq!(on_window(&[1.0, 2.0, 3.0], 5, 0), [3.0, 2.0, 1.0, 3.0, 2.0]);
    assert_eq!(on_window(&[1.0, 2.0, 3.0], 4, 1), [3.0, 3.0, 2.0, 1.0]);
    assert_eq!(on_window(&[], 2, 0), [0.0, 0.0]);
}

#[test]
fn the_same_seed_gives_the_same_chances_to_the_last_bit() {
    let run = || {
        let draws = Draws::new(5, 2_000);
        passage(&[(&draws.paths(&filtered(3, 0.8), 0), 1.1), (&still(&draws), -1.0)]).unwrap()
    };
    assert_eq!(run(), run());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn a_chance_never_falls_when_debt_rises_collateral_falls_or_time_grows(
        held in prop::array::uniform3(0.0_f64..1e7), owed in prop::array::uniform3(0.0_f64..1e7),
        which in 0_usize..3, more in 0.0_f64..1e6, less in 0.0_f64..1.0,
    ) {
        static ASSETS: std::sync::LazyLock<[AssetPaths; 3]> = std::sync::LazyLock::new(|| {
            let draws = Draws::new(2, 500);
            [(3, 0.9), (4, 1.2), (5, 0.3)].map(|(seed, annual)| draws.paths(&filtered(seed, annual), 0))
        });
        let chance = |held: [f64; 3], owed: [f64; 3]| {
            let legs: Vec<_> = ASSETS.iter().zip(held.iter().zip(owed)).map(|(paths, (n, d))| (paths, n - d)).collect();
            passage(&legs).unwrap()
        };
        let before = chance(held, owed);
        prop_assert!(before[1].value >= before[0].value);
        prop_assert!(before.iter().all(|one| 0.0 <= one.low && one.low <= one.value && one.value <= one.high && one.high <= 1.0));
        let (mut indebted, mut fallen) = (owed, held);
        indebted[which] += more;
        fallen[which] *= less;
        for worse in [chance(held, indebted), chance(fallen, owed)] {
            prop_assert!(worse[0].value >= before[0].value && worse[1].value >= before[1].value);
        }
    }
}
