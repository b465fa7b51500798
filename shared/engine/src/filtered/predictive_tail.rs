//! The loss that tomorrow passes with a given chance, from a sample of equally likely days.
//!
//! Of `n` days and a tomorrow drawn alike, tomorrow's loss is over the sample's k-th largest with the chance
//! `k ÷ (n + 1)` exactly, whatever the distribution (Weibull's plotting position; Hyndman and Fan (1996), *Sample
//! quantiles in statistical packages*, type 6). The order statistic `ceil(αn)` of a plain historical VaR is passed more
//! often than α: 1.16 % of the days for 345 days at 1 %.
//!
//! Under `α = 1 ÷ (n + 1)`, beyond the worst day, the tail goes on as a Pareto tail with the index 3 (Gopikrishnan et al.
//! (1998), *Inverse cubic law for the distribution of stock price variations*). With it the chance to pass the VaR is
//! again α exactly for any tail of that index, since the chance to pass the worst day is `1 ÷ (n + 1)`.

use libm::pow;

use crate::market_risk::Tail;

/// Index of the Pareto tail beyond the worst day.
pub const TAIL_INDEX: f64 = 3.0;

/// VaR and expected shortfall of tomorrow at the worst `tail_bps` of the days (100 bps is the 99 % VaR), from equally
/// likely profits of any unit; losses are positive, in that unit.
///
/// The shortfall is the mean of the VaR over all smaller tails, so it takes the days beyond the worst one into account,
/// is never under the VaR, and never falls as the tail gets smaller. `None` without profits, for a profit that is not
/// finite, and for a tail of 0 or of more than all days.
#[must_use]
pub fn predictive_tail(profits: &[f64], tail_bps: u16) -> Option<Tail> {
    let mut losses: Vec<f64> = profits.iter().map(|profit| -profit).collect();
    if losses.iter().any(|loss| !loss.is_finite()) || !(1..=10_000).contains(&tail_bps) {
        return None;
    }
    losses.sort_by(|a, b| b.total_cmp(a));
    let count = f64::from(u32::try_from(losses.len()).ok()?) + 1.0;
    let worst = *losses.first()?;
    let rank = losses.len().checked_add(1)?.checked_mul(usize::from(tail_bps))?;
    // In whole numbers, since 0.07 × 100 is over 7 in floats.
    let (whole, part) = (rank / 10_000, f64::from(u16::try_from(rank % 10_000).ok()?) / 10_000.0);
    // Ranks are tails times `count`: the integral below is over ranks, and divided by the tail's own rank at the end.
    let beyond = if worst > 0.0 { TAIL_INDEX / (TAIL_INDEX - 1.0) } else { 1.0 };
    let tail = if whole == 0 {
        let var = if worst > 0.0 { worst * pow(part, -1.0 / TAIL_INDEX) } else { worst };
        Tail { var, es: var * beyond }
    } else {
        let at = |rank: usize| losses.get(rank.saturating_sub(1)).or(losses.last()).copied();
        let (upper, lower) = (at(whole)?, at(whole.saturating_add(1))?);
        let var = upper + part * (lower - upper);
        let between: f64 = losses.windows(2).take(whole.saturating_sub(1)).map(mean_of_pair).sum();
        let area = worst * beyond + between + part * (upper + var) / 2.0;
        let ranks = f64::from(tail_bps) / 10_000.0 * count;
        Tail { var, es: (area / ranks).max(var) }
    };
    (tail.var.is_finite() && tail.es.is_finite()).then_some(tail)
}

fn mean_of_pair(pair: &[f64]) -> f64 {
    pair.iter().sum::<f64>() / 2.0
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn near(seen: f64, wanted: f64) {
        assert!((seen / wanted - 1.0).abs() < 1e-12, "{seen} is not {wanted}");
    }

    #[test]
    fn between_two_days_the_loss_lies_on_the_line_between_them() {
        // 99 losses of 1 to 99: the rank of 5 % is 5, of 2.5 % it is 2.5.
        let profits: Vec<f64> = (1..=99).map(|loss| -f64::from(loss)).collect();
        near(predictive_tail(&profits, 500).unwrap().var, 95.0);
        near(predictive_tail(&profits, 250).unwrap().var, 97.5);
        near(predictive_tail(&profits, 100).unwrap().var, 99.0);
        // ∫ over ranks 0..1 of 99·u^(−1/3), then the trapezes of ranks 1..5.
        let wanted = (99.0 * 1.5 + 98.5 + 97.5 + 96.5 + 95.5) / 5.0;
        near(predictive_tail(&profits, 500).unwrap().es, wanted);
    }

    #[test]
    fn beyond_the_worst_day_the_tail_goes_on_by_its_index() {
        // 39 days: the rank of 1 % is 0.4.
        let mut profits = vec![0.01; 39];
        profits[7] = -0.2;
        let tail = predictive_tail(&profits, 100).unwrap();
        near(tail.var, 0.2 * pow(0.4, -1.0 / 3.0));
        near(tail.es, 1.5 * tail.var);
    }

    #[test]
    fn days_that_all_gained_lose_nothing_beyond_them() {
        let tail = predictive_tail(&[1.0, 2.0, 3.0], 100).unwrap();
        near(tail.var, -1.0);
        near(tail.es, -1.0);
        near(predictive_tail(&[1.0, 2.0, 3.0], 10_000).unwrap().var, -3.0);
    }

    #[test]
    fn nothing_and_impossible_tails_have_no_loss() {
        assert_eq!(predictive_tail(&[], 100), None);
        assert_eq!(predictive_tail(&[1.0], 0), None);
        assert_eq!(predictive_tail(&[1.0], 10_001), None);
        assert_eq!(predictive_tail(&[1.0, f64::NAN], 100), None);
        assert_eq!(predictive_tail(&[f64::MAX, -f64::MAX, f64::INFINITY], 100), None);
    }

    proptest! {
        #[test]
        fn a_smaller_tail_never_loses_less_and_the_shortfall_is_never_under_the_loss(
            profits in prop::collection::vec(-1e9_f64..1e9, 1..200), a in 1_u16..5_000, b in 1_u16..5_000,
        ) {
            let small = predictive_tail(&profits, a.min(b)).unwrap();
            let large = predictive_tail(&profits, a.max(b)).unwrap();
            let slack = 1e-12 * small.es.abs();
            prop_assert!(small.var >= large.var && small.es >= large.es - slack);
            prop_assert!(small.es >= small.var && large.es >= large.var);
        }

        #[test]
        fn a_worse_day_never_makes_the_tail_better(
            profits in prop::collection::vec(-1e6_f64..1e6, 1..100), day in 0_usize..100, worse in 0.0_f64..1e6,
        ) {
            let day = day % profits.len();
            let before = predictive_tail(&profits, 100).unwrap();
            let mut profits = profits;
            profits[day] -= worse;
            let after = predictive_tail(&profits, 100).unwrap();
            prop_assert!(after.var >= before.var && after.es >= before.es - 1e-6);
        }
    }
}
