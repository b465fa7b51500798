//! The tails of many losses without sorting them: bounds in 16 bits choose the candidates, and only those are looked at
//! exactly.

use super::levels::Sums;
use super::order::Counted;
use super::vectors::{at_least, at_the_widest};
use crate::market_risk::{TAIL_95_BPS, TAIL_99_BPS, Tail, Tails, rank};

/// Sums that a threshold is guessed from where nothing better is known.
const SAMPLE: usize = 512;
/// Times that a threshold is tried before every row is looked at: a guess, the place among the bounds, and what the
/// losses of the one before prove.
const TRIES: usize = 3;
/// Lanes of a sum: a fixed number of partial sums, so that it is the same on every machine.
const LANES: usize = 8;

/// Tails of losses of which `unit × sum + slack` is an upper bound, or nothing is known where the sum is the largest
/// number. `exact` gives the losses of some rows, in their order. Rows are asked about until every other row is proven to
/// lose no more than the VaR at 95 %. `guess` is a loss a little under that VaR; a bad one costs time and not the answer.
///
/// `None` without rows, or where a tail is not finite.
pub(super) fn certified(
    bounds: &Sums,
    guess: Option<f64>,
    mut exact: impl FnMut(&[u32]) -> Vec<f64>,
) -> Option<Tails> {
    let rows = bounds.sums.len();
    let rank_95 = rank(rows, TAIL_95_BPS)?;
    let mut threshold = match guess {
        Some(loss) => bounds.level(loss),
        None => bounds.sampled_level(rank_95)?,
    };
    for _ in 0..TRIES {
        let candidates = at_least(&bounds.sums, threshold);
        if candidates.len() < rank_95 {
            threshold = bounds.level_of_place(rank_95)?;
            continue;
        }
        let losses = exact(&candidates);
        let counted = Counted::new(&losses);
        let known = counted.largest(rank_95)?;
        // The worst loss of a place among some rows is at most that among all; a threshold over what it proves is
        // followed by asking about every row that could be worse.
        let proven = bounds.level(known);
        if proven >= threshold {
            return of_candidates(&losses, &counted, known, rows);
        }
        threshold = proven;
    }
    in_full(rows, exact)
}

/// Tails by the losses of every row.
pub(super) fn in_full(rows: usize, mut exact: impl FnMut(&[u32]) -> Vec<f64>) -> Option<Tails> {
    let all: Vec<u32> = (0..u32::try_from(rows).ok()?).collect();
    let losses = exact(&all);
    let counted = Counted::new(&losses);
    let known = counted.largest(rank(rows, TAIL_95_BPS)?)?;
    of_candidates(&losses, &counted, known, rows)
}

impl Sums {
    /// The least sum of a row that can lose so much: every other row loses less.
    #[expect(clippy::cast_possible_truncation, reason = "it is whole and within 16 bits")]
    fn level(&self, loss: f64) -> i16 {
        let least = ((loss - self.slack) / self.unit).floor();
        least.clamp(f64::from(i16::MIN), f64::from(i16::MAX)) as i16
    }

    /// A level that a few more rows than the worst of that place reach, going by some of them.
    fn sampled_level(&self, place: usize) -> Option<i16> {
        let stride = (self.sums.len() / SAMPLE).max(1);
        let mut sample: Vec<i16> = self.sums.iter().step_by(stride).copied().collect();
        let expected = place / stride;
        // Two standard deviations of how many of the worst are in the sample.
        let index = (expected + 2 * expected.isqrt() + 1).min(sample.len().checked_sub(1)?);
        Some(*sample.select_nth_unstable_by(index, |a, b| b.cmp(a)).1)
    }

    /// The least sum of a row that can be among the worst of that place.
    fn level_of_place(&self, place: usize) -> Option<i16> {
        let mut ordered = self.sums.clone();
        let index = place.checked_sub(1).filter(|index| *index < ordered.len())?;
        let at_place = *ordered.select_nth_unstable_by(index, |a, b| b.cmp(a)).1;
        // That many rows lose at least this.
        Some(self.level(f64::from(at_place) * self.unit - self.slack))
    }
}

/// Both tails of `count` losses by the candidates among them, which are at least all beyond the VaR at 95 %.
fn of_candidates(candidates: &[f64], counted: &Counted<'_>, var_95: f64, count: usize) -> Option<Tails> {
    let var_99 = counted.largest(rank(count, TAIL_99_BPS)?)?;
    let at_95 = tail(candidates, var_95, count, TAIL_95_BPS)?;
    let at_99 = tail(candidates, var_99, count, TAIL_99_BPS)?;
    Some(Tails { at_95, at_99 })
}

/// The tail behind a VaR, `VaR + Σ max(L − VaR, 0) ÷ (αn)`, its sum in lanes.
fn tail(losses: &[f64], var: f64, count: usize, tail_bps: u16) -> Option<Tail> {
    let worst = f64::from(u32::try_from(count).ok()?) * f64::from(tail_bps) / 10_000.0;
    let beyond: f64 = at_the_widest(
        #[inline(always)]
        || {
            let mut sums = [0.0; LANES];
            let (groups, rest) = losses.as_chunks::<LANES>();
            for group in groups {
                for (sum, loss) in sums.iter_mut().zip(group) {
                    *sum += beyond(*loss, var);
                }
            }
            sums.iter().sum::<f64>() + rest.iter().map(|loss| beyond(*loss, var)).sum::<f64>()
        },
    );
    let es = var + beyond / worst;
    (var.is_finite() && es.is_finite()).then_some(Tail { var, es })
}

/// How far a loss is beyond a VaR; a loss that is no number is let through.
#[inline(always)]
fn beyond(loss: f64, var: f64) -> f64 {
    let beyond = loss - var;
    if beyond < 0.0 { 0.0 } else { beyond }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::levels::{Levels, Term, weighted};
    use super::*;
    use crate::market_risk::historical_tails;

    /// Bounds that are the losses, and one above them by `over` in every other row.
    fn bounds(losses: &[f32], over: f32) -> Sums {
        let upper: Vec<f32> = losses
            .iter()
            .enumerate()
            .map(|(row, loss)| if row % 2 == 0 { loss + over } else { *loss })
            .collect();
        let column = Levels::of(&upper, 2_000.0);
        weighted(&[Term { column: &column, load: 1.0 }], 2_000.0).unwrap()
    }

    fn seen(losses: &[f32], over: f32, guess: Option<f64>) -> Tails {
        let exact =
            |rows: &[u32]| rows.iter().map(|row| f64::from(losses[usize::try_from(*row).unwrap()])).collect();
        certified(&bounds(losses, over), guess, exact).unwrap()
    }

    proptest! {
        #[test]
        fn the_filter_finds_the_tails_that_sorting_finds_whatever_is_guessed(
            losses in prop::collection::vec(prop_oneof![-1e3_f32..1e3, Just(0.0), Just(7.5)], 1..3_000),
            over in prop_oneof![Just(0.0_f32), 0.0_f32..500.0], guess in prop::option::of(-2e3_f64..2e3),
        ) {
            let profits: Vec<f64> = losses.iter().map(|loss| -f64::from(*loss)).collect();
            let (seen, wanted) = (seen(&losses, over, guess), historical_tails(&profits).unwrap());
            prop_assert_eq!((seen.at_95.var, seen.at_99.var), (wanted.at_95.var, wanted.at_99.var));
            prop_assert!((seen.at_95.es - wanted.at_95.es).abs() <= 1e-9 * wanted.at_95.es.abs().max(1.0));
            prop_assert!((seen.at_99.es - wanted.at_99.es).abs() <= 1e-9 * wanted.at_99.es.abs().max(1.0));
        }
    }

    #[test]
    fn no_losses_and_losses_that_are_no_numbers_have_no_tails() {
        let none = Sums { sums: Vec::new(), unit: 1.0, slack: 0.0 };
        assert_eq!(certified(&none, None, |_| Vec::new()), None);
        for wrong in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert_eq!(certified(&bounds(&[1.0; 600], 0.0), None, |rows| vec![wrong; rows.len()]), None);
        }
    }
}
