//! Historical tails and drawdown: what the window's own days say.

use super::{TAIL_95_BPS, TAIL_99_BPS, Tail, Tails};

/// Historical VaR and expected shortfall of the worst `tail_bps` of the days (100 bps is the 99 % VaR).
///
/// VaR is the order statistic `k = ceil(αn)` of the losses, largest first; the shortfall is that of Acerbi and Tasche,
/// `VaR + Σ max(L − VaR, 0) ÷ (αn)`. `None` without days, with an α of 0, or where a number is not finite.
#[must_use]
pub fn historical_tail(profits: &[f64], tail_bps: u16) -> Option<Tail> {
    let mut losses: Vec<f64> = profits.iter().map(|profit| -profit).collect();
    let last = rank(losses.len(), tail_bps)?.checked_sub(1)?;
    let (_, var, _) = losses.select_nth_unstable_by(last, |a, b| b.total_cmp(a));
    tail(*var, profits.iter().map(|profit| -profit), profits.len(), tail_bps)
}

/// [`historical_tail`] at 95 and at 99 %.
#[must_use]
pub fn historical_tails(profits: &[f64]) -> Option<Tails> {
    let mut losses: Vec<f64> = profits.iter().map(|profit| -profit).collect();
    let last_95 = rank(losses.len(), TAIL_95_BPS)?.checked_sub(1)?;
    let last_99 = rank(losses.len(), TAIL_99_BPS)?.checked_sub(1)?;
    let (worse, var_95, _) = losses.select_nth_unstable_by(last_95, |a, b| b.total_cmp(a));
    let var_95 = *var_95;
    // The 99 % loss is among the worse ones, or is the same.
    let var_99 = if last_99 < last_95 {
        *worse.select_nth_unstable_by(last_99, |a, b| b.total_cmp(a)).1
    } else {
        var_95
    };
    let losses = || profits.iter().map(|profit| -profit);
    Some(Tails {
        at_95: tail(var_95, losses(), profits.len(), TAIL_95_BPS)?,
        at_99: tail(var_99, losses(), profits.len(), TAIL_99_BPS)?,
    })
}

/// The place of the VaR among `count` losses, largest first and from 1: `k = ceil(αn)`, in whole numbers, for 0.07 × 100
/// is over 7 in floats and would be rounded up to 8.
pub(crate) fn rank(count: usize, tail_bps: u16) -> Option<usize> {
    Some(count.checked_mul(usize::from(tail_bps))?.div_ceil(10_000))
}

/// The tail behind a VaR: at least the losses beyond it, of `count` in all.
fn tail(var: f64, losses: impl Iterator<Item = f64>, count: usize, tail_bps: u16) -> Option<Tail> {
    let worst = f64::from(u32::try_from(count).ok()?) * f64::from(tail_bps) / 10_000.0;
    let beyond: f64 = losses.map(|loss| (loss - var).max(0.0)).sum();
    let es = var + beyond / worst;
    (var.is_finite() && es.is_finite()).then_some(Tail { var, es })
}

/// Largest fall from a running peak, fraction of that peak; the path's first value is its first peak. `None` for an
/// empty path, or one that does not start above zero, of which no fraction can be taken.
#[must_use]
pub fn max_drawdown(path: &[f64]) -> Option<f64> {
    let mut peak = *path.first().filter(|start| **start > 0.0)?;
    let mut worst = 0.0_f64;
    for value in path {
        peak = peak.max(*value);
        worst = worst.max((peak - value) / peak);
    }
    worst.is_finite().then_some(worst)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::standard_deviation;
    use super::*;

    /// The series of the reference.
    const RETURNS: [f64; 20] = [
        -0.081, 0.012, -0.023, 0.034, -0.045, 0.051, -0.006, 0.017, -0.062, 0.028, -0.011, 0.009, 0.043,
        -0.037, 0.022, -0.019, 0.031, -0.055, 0.004, 0.014,
    ];

    fn near(seen: f64, wanted: f64) {
        assert!((seen / wanted - 1.0).abs() < 1e-9, "{seen} is not {wanted}");
    }

    #[test]
    fn the_reference_series_has_the_reference_statistics() {
        near(standard_deviation(&RETURNS).unwrap(), 0.037_104_546_5);
        for (bps, var, es) in [(500, 0.081, 0.081), (1_000, 0.062, 0.071_5), (700, 0.062, 0.075_571_428_6)] {
            let tail = historical_tail(&RETURNS, bps).unwrap();
            near(tail.var, var);
            near(tail.es, es);
        }
    }

    #[test]
    fn the_reference_drawdown_includes_the_start() {
        let path: Vec<f64> = std::iter::once(1.0)
            .chain(RETURNS.iter().scan(1.0, |value, change| {
                *value *= 1.0 + change;
                Some(*value)
            }))
            .collect();
        near(max_drawdown(&path).unwrap(), 0.105_814_980_7);
        assert_eq!(max_drawdown(&[1.0, 0.5, 2.0]), Some(0.5));
    }

    #[test]
    fn nothing_has_no_statistics() {
        assert_eq!(standard_deviation(&[1.0]), None);
        assert_eq!(historical_tail(&[], 100), None);
        assert_eq!(historical_tail(&RETURNS, 0), None);
        assert_eq!(max_drawdown(&[]), None);
        assert_eq!(max_drawdown(&[0.0, 1.0]), None);
        assert_eq!(historical_tail(&[f64::NEG_INFINITY, 1.0], 10_000), None);
    }

    proptest! {
        #[test]
        fn the_worse_tail_is_the_larger_loss_and_the_shortfall_is_never_less(
            profits in prop::collection::vec(-1e9_f64..1e9, 2..400),
        ) {
            let at_95 = historical_tail(&profits, 500).unwrap();
            let at_99 = historical_tail(&profits, 100).unwrap();
            prop_assert!(at_99.var >= at_95.var);
            prop_assert!(at_95.es >= at_95.var && at_99.es >= at_99.var);
            prop_assert!(at_99.es >= at_95.es - 1e-6);
            prop_assert_eq!(historical_tails(&profits), Some(Tails { at_95, at_99 }));
        }

        #[test]
        fn the_order_of_the_days_changes_no_tail(profits in prop::collection::vec(-1e9_f64..1e9, 2..100)) {
            let mut reversed = profits.clone();
            reversed.reverse();
            let var = |profits: &[f64]| historical_tail(profits, 500).map(|tail| tail.var);
            prop_assert_eq!(var(&profits), var(&reversed));
        }
    }
}
