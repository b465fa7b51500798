//! The loss of a place among some hundreds, by counting them in buckets.

use super::vectors::at_the_widest;

/// Buckets that losses are counted in.
const BUCKETS: usize = 128;
/// The last bucket.
const LAST: f64 = 127.0;
const TWO_TO_52: f64 = 4_503_599_627_370_496.0;
/// Losses under which they are not worth counting.
const FEW: usize = 64;
/// Lanes of a minimum and a sum.
const LANES: usize = 8;
/// Mean distances from the least loss that the buckets reach over: the tail beyond them is thin.
const REACH: f64 = 4.0;

/// Losses counted in buckets. A loss's bucket never falls as it grows, so all that is in doubt is the order within one.
#[derive(Debug)]
pub(super) struct Counted<'a> {
    losses: &'a [f64],
    /// By loss; empty where counting is not worth it or not possible.
    buckets: Vec<u8>,
    counts: [u32; BUCKETS],
}

impl<'a> Counted<'a> {
    /// Counts losses.
    pub(super) fn new(losses: &'a [f64]) -> Self {
        let mut counted = Self { losses, buckets: Vec::new(), counts: [0; BUCKETS] };
        let (least, mean) = least_and_mean(losses);
        let scale = LAST / (REACH * (mean - least));
        if losses.len() < FEW || !(scale.is_normal() && least.is_finite()) {
            return counted;
        }
        counted.buckets = at_the_widest(
            #[inline(always)]
            || {
                let mut buckets = vec![0; losses.len()];
                for (bucket, loss) in buckets.iter_mut().zip(losses) {
                    *bucket = bucket_of((loss - least) * scale);
                }
                buckets
            },
        );
        for bucket in &counted.buckets {
            if let Some(count) = counted.counts.get_mut(usize::from(*bucket)) {
                *count += 1;
            }
        }
        counted
    }

    /// The loss of a place, largest first and from 1; `None` for fewer losses than that.
    pub(super) fn largest(&self, place: usize) -> Option<f64> {
        let index = place.checked_sub(1).filter(|index| *index < self.losses.len())?;
        if self.buckets.is_empty() {
            return nth(&mut self.losses.to_vec(), index);
        }
        let mut above = 0;
        for (bucket, count) in self.counts.iter().enumerate().rev() {
            let count = usize::try_from(*count).ok()?;
            if above + count > index {
                return nth(&mut self.inside(u8::try_from(bucket).ok()?, count), index - above);
            }
            above += count;
        }
        None
    }

    /// The losses of a bucket of so many.
    fn inside(&self, bucket: u8, count: usize) -> Vec<f64> {
        // Every loss is written, and the next one over it where it is of another bucket: nothing has to be guessed.
        let (mut inside, mut next) = (vec![0.0; count + 1], 0);
        for (loss, of) in self.losses.iter().zip(&self.buckets) {
            if let Some(place) = inside.get_mut(next) {
                *place = *loss;
            }
            next += usize::from(*of == bucket);
        }
        inside.truncate(count);
        inside
    }
}

/// The bucket of a scaled distance; the last one has all that is further.
#[inline(always)]
const fn bucket_of(scaled: f64) -> u8 {
    // With 2⁵² added a float's lowest bits are the whole number: a conversion that stays in vectors.
    let [lowest, ..] = (scaled.clamp(0.0, LAST) + TWO_TO_52).to_bits().to_le_bytes();
    lowest
}

fn least_and_mean(losses: &[f64]) -> (f64, f64) {
    let (least, sum) = at_the_widest(
        #[inline(always)]
        || {
            let (mut least, mut sums) = ([f64::INFINITY; LANES], [0.0; LANES]);
            let (groups, rest) = losses.as_chunks::<LANES>();
            for group in groups {
                for ((least, sum), loss) in least.iter_mut().zip(&mut sums).zip(group) {
                    *least = if *loss < *least { *loss } else { *least };
                    *sum += loss;
                }
            }
            let least = least.iter().chain(rest).copied().fold(f64::INFINITY, f64::min);
            (least, sums.iter().chain(rest).sum::<f64>())
        },
    );
    (least, sum / u32::try_from(losses.len()).map_or(f64::NAN, f64::from))
}

/// The loss at an index, largest first, by partition.
fn nth(losses: &mut [f64], index: usize) -> Option<f64> {
    (index < losses.len()).then(|| *losses.select_nth_unstable_by(index, |a, b| b.total_cmp(a)).1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn largest(losses: &[f64], place: usize) -> Option<f64> {
        Counted::new(losses).largest(place)
    }

    proptest! {
        #[test]
        fn it_is_the_loss_that_sorting_finds(
            losses in prop::collection::vec(prop_oneof![-10.0..10.0, Just(0.0), Just(-0.0), 1e9..1e12], 1..700),
            word: u32,
        ) {
            let index = crate::random::choice(word, losses.len());
            let mut sorted: Vec<f64> = losses.clone();
            sorted.sort_by(|a, b| b.total_cmp(a));
            prop_assert_eq!(largest(&losses, index + 1), sorted.get(index).copied());
        }
    }

    #[test]
    fn a_place_that_is_not_there_has_no_loss_and_equal_ones_are_what_they_are() {
        assert_eq!(largest(&[], 1), None);
        assert_eq!(largest(&[1.0], 0), None);
        assert_eq!(largest(&[1.0], 2), None);
        assert_eq!(largest(&[3.5; 600], 500), Some(3.5));
        assert!(largest(&[f64::NAN; 600], 500).is_some_and(f64::is_nan));
        let mut far = [1.0; 600];
        far[17] = f64::INFINITY;
        assert_eq!((largest(&far, 1), largest(&far, 2)), (Some(f64::INFINITY), Some(1.0)));
    }
}
