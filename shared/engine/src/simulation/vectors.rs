//! Loops at the widest vectors that this machine's processor has, to the same bits on every machine.
//!
//! Most are plain loops that the compiler lays out. Those over 16-bit numbers name their instructions where the processor
//! is an x86-64 with 256-bit vectors, for the compiler does not find them; elsewhere the plain loop beside each runs.

#[cfg(target_arch = "x86_64")]
mod x86;

/// Rows that are counted in 16 bits.
const COUNTED: usize = 4_096;
/// Rows whose comparisons are one word of bits.
const WORD: usize = 64;
/// Set bits of a word that are written down without asking: most words have no more, and the rest cost a wrong guess.
const USUAL: usize = 6;

/// Runs a loop compiled for the processor at hand: with 256-bit vectors where an x86-64 has them, as the target's baseline
/// has it elsewhere. Wider vectors do the same operations on more numbers at once; nothing contracts a product and a sum
/// into one rounding unless it is asked to (`mul_add`), and where it is asked to, every machine does. What the loop calls
/// has to be inlined into it, or it stays at the baseline.
#[inline]
pub(super) fn at_the_widest<T>(work: impl FnOnce() -> T) -> T {
    pulp::Arch::new().dispatch(work)
}

/// Adds `Σ weight × column ÷ 2¹⁵` to every row, each product rounded to the nearest whole number.
pub(super) fn add_weighted(sums: &mut [i16], columns: &[&[i16]], weights: &[i16]) {
    #[cfg(target_arch = "x86_64")]
    let done = x86::add_weighted(sums, columns, weights);
    #[cfg(not(target_arch = "x86_64"))]
    let done = 0;
    add_weighted_from(done, sums, columns, weights);
}

/// From a row on, by the plain loop.
fn add_weighted_from(from: usize, sums: &mut [i16], columns: &[&[i16]], weights: &[i16]) {
    for (column, weight) in columns.iter().zip(weights) {
        for (sum, level) in sums.iter_mut().zip(*column).skip(from) {
            *sum = sum.wrapping_add(product(*level, *weight));
        }
    }
}

/// A product of two numbers of 15 bits as one of 15 bits, to the nearest.
#[expect(
    clippy::cast_possible_truncation,
    reason = "of 31 bits 15 are shifted out; the wrap of −1 × −1 is not used"
)]
const fn product(a: i16, b: i16) -> i16 {
    ((((a as i32 * b as i32) >> 14) + 1) >> 1) as i16
}

/// Adds `weight × x² ÷ 2³⁰` to every row, at most to the largest number; it is the largest where x is at a limit or over.
pub(super) fn add_squares(sums: &mut [i16], x: &[i16], weight: i16, limit: i16) {
    #[cfg(target_arch = "x86_64")]
    let done = x86::add_squares(sums, x, weight, limit);
    #[cfg(not(target_arch = "x86_64"))]
    let done = 0;
    add_squares_from(done, sums, x, weight, limit);
}

/// From a row on, by the plain loop.
fn add_squares_from(from: usize, sums: &mut [i16], x: &[i16], weight: i16, limit: i16) {
    for (sum, x) in sums.iter_mut().zip(x).skip(from) {
        let bend = product(product(*x, *x), weight);
        *sum = if *x >= limit { i16::MAX } else { sum.saturating_add(bend) };
    }
}

/// Makes every row the largest number where another number of it is at a limit or over.
pub(super) fn mark_over(sums: &mut [i16], others: &[i16], limit: i16) {
    at_the_widest(
        #[inline(always)]
        || {
            for (sum, other) in sums.iter_mut().zip(others) {
                *sum = if *other >= limit { i16::MAX } else { *sum };
            }
        },
    );
}

/// How many rows are not under a threshold.
pub(super) fn count_at_least(sums: &[i16], threshold: i16) -> usize {
    at_the_widest(
        #[inline(always)]
        || {
            let mut count = 0;
            for part in sums.chunks(COUNTED) {
                let mut of_part = 0_u16;
                for sum in part {
                    of_part += u16::from(*sum >= threshold);
                }
                count += usize::from(of_part);
            }
            count
        },
    )
}

/// The rows that are not under a threshold, in their order.
pub(super) fn at_least(sums: &[i16], threshold: i16) -> Vec<u32> {
    #[cfg(target_arch = "x86_64")]
    if let Some(words) = x86::at_least(sums, threshold) {
        return rows_of(&words);
    }
    let word = |rows: &[i16]| {
        (0_u32..).zip(rows).fold(0, |bits, (place, sum)| bits | u64::from(*sum >= threshold) << place)
    };
    rows_of(&sums.chunks(WORD).map(word).collect::<Vec<_>>())
}

/// The places of the bits that are set, in their order.
fn rows_of(words: &[u64]) -> Vec<u32> {
    at_the_widest(
        #[inline(always)]
        || {
            let mut count = 0;
            for word in words {
                count += usize::try_from(word.count_ones()).unwrap_or(WORD);
            }
            let mut rows = vec![0; count + WORD];
            let (mut next, mut first) = (0, 0_u32);
            for word in words {
                let mut bits = *word;
                let all = usize::try_from(bits.count_ones()).unwrap_or(WORD);
                let Some(places) = rows.get_mut(next..next + WORD) else { break };
                let (usual, rest) = places.split_at_mut(USUAL);
                for row in usual {
                    *row = first + bits.trailing_zeros();
                    bits &= bits.wrapping_sub(1);
                }
                if bits != 0 {
                    for row in rest.iter_mut().take(all - USUAL) {
                        *row = first + bits.trailing_zeros();
                        bits &= bits.wrapping_sub(1);
                    }
                }
                next += all;
                first += 64;
            }
            rows.truncate(count);
            rows
        },
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_instructions_do_what_the_plain_loops_do(
            columns in prop::collection::vec(prop::collection::vec(-32_767_i16..=32_767, 100), 1..20),
            weights in prop::collection::vec(-32_767_i16..=32_767, 20), threshold: i16,
        ) {
            let columns: Vec<&[i16]> = columns.iter().map(Vec::as_slice).collect();
            let mut plain = vec![0; 100];
            add_weighted_from(0, &mut plain, &columns, &weights);
            let mut sums = vec![0; 100];
            add_weighted(&mut sums, &columns, &weights);
            prop_assert_eq!(&sums, &plain);
            let rows: Vec<u32> = (0_u32..).zip(&sums).filter(|(_, sum)| **sum >= threshold).map(|(row, _)| row).collect();
            prop_assert_eq!(count_at_least(&sums, threshold), rows.len());
            prop_assert_eq!(at_least(&sums, threshold), rows);
            let (mut bent, mut plain) = (sums.clone(), sums);
            add_squares(&mut bent, columns[0], weights[0].max(0), threshold);
            add_squares_from(0, &mut plain, columns[0], weights[0].max(0), threshold);
            prop_assert_eq!(bent, plain);
        }
    }

    #[test]
    fn a_product_is_rounded_to_the_nearest() {
        assert_eq!([product(32_767, 32_767), product(-32_767, 32_767)], [32_766, -32_766]);
        assert_eq!([product(16_384, 3), product(16_384, -3), product(16_384, 1)], [2, -1, 1]);
    }

    #[test]
    fn every_row_is_found_where_all_pass() {
        let rows: Vec<u32> = (0..200).collect();
        assert_eq!(at_least(&[5; 200], 5), rows);
        assert_eq!(at_least(&[i16::MIN; 200], i16::MIN), rows);
        assert_eq!(at_least(&[4; 200], 5), [] as [u32; 0]);
    }
}
