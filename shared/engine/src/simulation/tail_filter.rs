//! The tails of many losses without sorting them: a filter finds the candidates, and only those are looked at exactly.

use super::vectors::at_the_widest;
use crate::market_risk::{TAIL_95_BPS, TAIL_99_BPS, Tail, Tails, rank, tail};

/// Losses that a threshold is guessed from where nothing better is known.
const SAMPLE: usize = 512;
/// Places in the sorted sample that are tried as the threshold, in turn: 7, 16 and 50 % of the rows.
const PLACES: [usize; 3] = [36, 80, 256];
/// Rows whose comparisons are one word of bits.
const WORD: usize = 32;
/// Comparisons that are made at once.
const LANES: usize = 8;

/// Tails of losses that are what they say; `None` without any, or where one is not finite.
#[must_use]
pub fn tails(losses: &[f32]) -> Option<Tails> {
    if !losses.iter().fold(true, |finite, loss| finite & loss.is_finite()) {
        return None;
    }
    certified(losses, 0.0, None, |rows| {
        let exact = rows.iter().filter_map(|row| losses.get(usize::try_from(*row).ok()?));
        exact.map(|loss| f64::from(*loss)).collect()
    })
}

/// Tails of losses of which `upper` is an upper bound, but for `slack`: `exact` gives the losses of some rows, in their
/// order. Rows are asked about until every other row is proven to lose less than the VaR at 95 %. The bounds have to be
/// finite. `guess` is a loss a little under that VaR; a bad one costs time and not the answer.
///
/// `None` without rows, or where a tail is not finite.
pub(super) fn certified(
    upper: &[f32],
    slack: f64,
    guess: Option<f32>,
    mut exact: impl FnMut(&[u32]) -> Vec<f64>,
) -> Option<Tails> {
    let rank_95 = rank(upper.len(), TAIL_95_BPS)?;
    let sampled = PLACES.iter().filter_map(|place| sampled(upper, *place));
    for first in guess.into_iter().chain(sampled) {
        let mut threshold = first;
        // The worst loss of a place among some rows is at most that among all. A threshold under it, by the slack, is
        // proven by asking about every row over that one.
        for _ in 0..2 {
            let rows = at_least(upper, threshold);
            if rows.len() < rank_95 {
                break;
            }
            let losses = exact(&rows);
            let mut ordered = losses.clone();
            let known = worst(&mut ordered, rank_95)?;
            if known >= f64::from(threshold) + slack {
                return of_candidates(&losses, &mut ordered, known, upper.len());
            }
            threshold = super::single(known - slack).next_down();
        }
    }
    let all: Vec<u32> = (0..u32::try_from(upper.len()).ok()?).collect();
    let losses = exact(&all);
    let mut ordered = losses.clone();
    let known = worst(&mut ordered, rank_95)?;
    of_candidates(&losses, &mut ordered, known, upper.len())
}

/// The loss at a place of a sorted sample; `None` for fewer losses than that.
fn sampled(losses: &[f32], place: usize) -> Option<f32> {
    let mut sample: Vec<f32> = losses.iter().step_by((losses.len() / SAMPLE).max(1)).copied().collect();
    (place < sample.len()).then(|| *sample.select_nth_unstable_by(place, |a, b| b.total_cmp(a)).1)
}

/// The rows that are not under a threshold, in their order.
fn at_least(losses: &[f32], threshold: f32) -> Vec<u32> {
    at_the_widest(
        #[inline(always)]
        || {
            let mut rows = Vec::with_capacity(losses.len() / 8);
            for (first, word) in (0_u32..).step_by(WORD).zip(losses.chunks(WORD)) {
                // Of a known length nearly always, which is what the comparisons are laid out for.
                let mut bits = match word.as_array::<WORD>() {
                    Some(whole) => passing(whole, threshold),
                    None => passing(word, threshold),
                };
                while bits != 0 {
                    rows.push(first + bits.trailing_zeros());
                    bits &= bits - 1;
                }
            }
            rows
        },
    )
}

/// A bit for each loss that is not under a threshold: a branch a loss would be guessed wrong too often.
#[inline(always)]
fn passing(losses: &[f32], threshold: f32) -> u32 {
    // Lane by lane, so that eight comparisons are one instruction, and their bits come together at the end.
    let mut lanes = [0_u32; LANES];
    for (group, first) in losses.chunks(LANES).zip((0_u32..).step_by(LANES)) {
        for ((lane, loss), place) in lanes.iter_mut().zip(group).zip(first..) {
            *lane |= u32::from(*loss >= threshold) << place;
        }
    }
    lanes.iter().fold(0, |bits, lane| bits | lane)
}

/// The loss of a place, largest first and from 1; everything before that place loses as much or more afterwards.
fn worst(losses: &mut [f64], place: usize) -> Option<f64> {
    let index = place.checked_sub(1).filter(|index| *index < losses.len())?;
    Some(*losses.select_nth_unstable_by(index, |a, b| b.total_cmp(a)).1)
}

/// Both tails of `count` losses by the candidates among them, in the order of their rows, the worst of which stand first
/// in `ordered`.
fn of_candidates(candidates: &[f64], ordered: &mut [f64], var_95: f64, count: usize) -> Option<Tails> {
    let at_95: Tail = tail(var_95, candidates.iter().copied(), count, TAIL_95_BPS)?;
    let worse = ordered.get_mut(..rank(count, TAIL_95_BPS)?)?;
    let var_99 = worst(worse, rank(count, TAIL_99_BPS)?)?;
    let at_99: Tail = tail(var_99, candidates.iter().copied(), count, TAIL_99_BPS)?;
    Some(Tails { at_95, at_99 })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::market_risk::historical_tails;

    proptest! {
        #[test]
        fn the_filter_finds_the_tails_that_sorting_finds(
            losses in prop::collection::vec(prop_oneof![-1e3_f32..1e3, Just(0.0), Just(7.5)], 1..3_000),
        ) {
            let profits: Vec<f64> = losses.iter().map(|loss| -f64::from(*loss)).collect();
            let (seen, wanted) = (tails(&losses).unwrap(), historical_tails(&profits).unwrap());
            prop_assert_eq!((seen.at_95.var, seen.at_99.var), (wanted.at_95.var, wanted.at_99.var));
            prop_assert!((seen.at_95.es - wanted.at_95.es).abs() <= 1e-9 * wanted.at_95.es.abs());
            prop_assert!((seen.at_99.es - wanted.at_99.es).abs() <= 1e-9 * wanted.at_99.es.abs());
        }

        #[test]
        fn a_loose_bound_costs_time_and_not_the_answer(
            losses in prop::collection::vec(-1e3_f32..1e3, 600..2_000), over in 0.0_f32..500.0,
        ) {
            // Every other row's bound is too high, so that the first threshold proves nothing.
            let upper: Vec<f32> =
                losses.iter().enumerate().map(|(row, loss)| if row % 2 == 0 { loss + over } else { *loss }).collect();
            let exact = |rows: &[u32]| rows.iter().map(|row| f64::from(losses[usize::try_from(*row).unwrap()])).collect();
            prop_assert_eq!(certified(&upper, 0.0, None, exact), tails(&losses));
        }
    }

    #[test]
    fn no_losses_and_losses_that_are_no_numbers_have_no_tails() {
        assert_eq!(tails(&[]), None);
        assert_eq!(tails(&[f32::NAN; 600]), None);
        assert_eq!(tails(&[f32::INFINITY; 600]), None);
    }
}
