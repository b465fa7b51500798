//! Monte Carlo against its closed form, and the filter against looking at every path.

use proptest::prelude::*;

use super::*;
use crate::covariance::{Symmetric, cholesky};
use crate::market_risk::Tail;
use crate::simulation::Draws;

fn factor(deviations: &[f64], rho: f64) -> Lower {
    let covariance = Symmetric::from_pairs(deviations.len(), |a, b| {
        let correlation = if a == b { 1.0 } else { rho };
        correlation * deviations[a] * deviations[b]
    });
    cholesky(&covariance).unwrap()
}

fn standard() -> &'static Innovations {
    Innovations::standard().unwrap()
}

#[test]
fn a_day_of_one_asset_has_the_tail_of_student_s_t() {
    let many = Innovations::new(Draws { paths: 200_000, ..Draws::default() }).unwrap();
    let Tails { at_95, at_99 } =
        monte_carlo_tails(&factor(&[0.04], 0.0), &[1_000.0], &many, Horizon::Day).unwrap();
    // scipy.stats.t.ppf(0.05 | 0.01, 5)·√(3/5), through e^x − 1; two hundred thousand paths are within 2 %.
    for (seen, quantile) in [(at_95, -1.560_849_758), (at_99, -2.606_463_569)] {
        let wanted = -1_000.0 * libm::expm1(0.04 * quantile);
        assert!((seen.var / wanted - 1.0).abs() < 0.02, "{} {wanted}", seen.var);
        assert!(seen.es > seen.var);
    }
}

#[test]
fn assets_that_move_together_lose_together_and_a_hedge_takes_the_loss_away() {
    let moves = |rho: f64, exposures: &[f64; 2]| {
        monte_carlo_tails(&factor(&[0.05, 0.05], rho), exposures, standard(), Horizon::Week)
            .unwrap()
            .at_99
            .var
    };
    let (bound, free) = (moves(0.95, &[500.0, 500.0]), moves(0.0, &[500.0, 500.0]));
    // Two equal halves without correlation move by 1/√2 of what one does.
    assert!((0.65..0.85).contains(&(free / bound)), "{free} {bound}");
    assert!(moves(0.95, &[500.0, -500.0]) < 0.4 * bound);
}

#[test]
fn what_does_not_move_loses_nothing_and_what_does_not_fit_has_no_tails() {
    let none = Tail { var: 0.0, es: 0.0 };
    let still = monte_carlo_tails(&Lower::zero(2), &[1.0, 2.0], standard(), Horizon::Day).unwrap();
    assert_eq!((still.at_95, still.at_99), (none, none));
    let one = factor(&[0.1], 0.0);
    assert_eq!(monte_carlo_tails(&one, &[1.0, 2.0], standard(), Horizon::Day), None);
    assert_eq!(monte_carlo_tails(&one, &[f64::INFINITY], standard(), Horizon::Day), None);
    assert_eq!(monte_carlo_tails(&Lower::zero(0), &[], standard(), Horizon::Day), None);
}

/// How many paths are valued, time after time, to tell a wallet's tails.
fn asked(deviations: &[f64], rho: f64, exposures: &[f64], horizon: Horizon) -> Vec<usize> {
    let factor = factor(deviations, rho);
    let factors = standard().factors(exposures.len(), horizon).unwrap();
    let loads = factor.transposed_times(exposures);
    let size = sqrt(loads.iter().map(|load| load * load).sum::<f64>());
    let (bounds, linear) = bounds(&factor, exposures, &loads, size, &factors).unwrap();
    let guess = typical(&factor, exposures, &loads, size, linear, horizon);
    let mut asked = Vec::new();
    let valued = |paths: &[u32]| {
        asked.push(paths.len());
        valued(&factor, exposures, &factors, paths)
    };
    certified(&bounds, Some(guess), valued).unwrap();
    asked
}

#[test]
fn a_usual_wallet_is_proven_at_once_by_valuing_few_more_paths_than_its_tail_has() {
    let deviations = [0.032, 0.032, 0.033, 0.034, 0.035, 0.036, 0.037, 0.038];
    let long = [1_000.0, 1_101.0, 1_202.0, 1_303.0, 1_404.0, 500.0, 400.0, 300.0];
    let owing = [1_000.0, 1_101.0, 1_202.0, 1_303.0, 1_404.0, -400.0, -425.0, -450.0];
    for horizon in Horizon::ALL {
        for (exposures, rho) in [(long, 0.8), (owing, 0.8), (owing, 0.3)] {
            let asked = asked(&deviations, rho, &exposures, horizon);
            assert!(asked.len() == 1 && asked[0] < 800, "{asked:?} {exposures:?} {horizon:?}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn the_filter_changes_no_bit_of_a_tail_whatever_is_held_and_owed(
        deviations in prop::collection::vec(1e-4_f64..0.2, 8), rho in 0.0_f64..0.95,
        exposures in prop::collection::vec(-1e6_f64..1e6, 8), is_long: bool, week: bool,
    ) {
        let factor = factor(&deviations, rho);
        let exposures: Vec<f64> = exposures.iter().map(|one| if is_long { one.abs() } else { *one }).collect();
        let horizon = if week { Horizon::Week } else { Horizon::Day };
        let filtered = monte_carlo_tails(&factor, &exposures, standard(), horizon).unwrap();
        let full = monte_carlo_tails_in_full(&factor, &exposures, standard(), horizon).unwrap();
        prop_assert_eq!((filtered.at_95.var, filtered.at_99.var), (full.at_95.var, full.at_99.var));
        prop_assert!((filtered.at_95.es / full.at_95.es - 1.0).abs() < 1e-12);
        prop_assert!((filtered.at_99.es / full.at_99.es - 1.0).abs() < 1e-12);
    }

    #[test]
    fn scaling_the_wallet_scales_its_tails(scale in 0.001_f64..1e6, week: bool) {
        let factor = factor(&[0.05, 0.03, 0.001], 0.4);
        let exposures = [1_000.0, -300.0, 5_000.0];
        let horizon = if week { Horizon::Week } else { Horizon::Day };
        let tails = |scale: f64| {
            monte_carlo_tails(&factor, &exposures.map(|one| one * scale), standard(), horizon).unwrap()
        };
        let (one, many) = (tails(1.0), tails(scale));
        for (a, b) in [(one.at_95, many.at_95), (one.at_99, many.at_99)] {
            prop_assert!((b.var / a.var / scale - 1.0).abs() < 1e-9 && (b.es / a.es / scale - 1.0).abs() < 1e-9);
        }
    }
}
