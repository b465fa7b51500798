//! The loops over 16-bit numbers on an x86-64 with 256-bit vectors (AVX2).

use core::arch::x86_64::__m256i;

use pulp::core_arch::x86::Avx2;
use pulp::x86::V3;
use pulp::{cast, i16x16};

use super::WORD;

/// Lanes of a vector.
const LANES: usize = 16;
/// Columns that are added in one walk over the rows.
const TOGETHER: usize = 8;

/// Adds `weight × column ÷ 2¹⁵` to every row of whole vectors, and gives how many rows those are; 0 without the
/// instructions.
pub(super) fn add_weighted(sums: &mut [i16], columns: &[&[i16]], weights: &[i16]) -> usize {
    let Some(simd) = V3::try_new() else { return 0 };
    let sums = vectors_mut(sums);
    let rows = sums.len() * LANES;
    let groups = columns.chunks(TOGETHER).zip(weights.chunks(TOGETHER));
    for (columns, weights) in groups {
        let mut eight = [(&[][..], 0); TOGETHER];
        for ((place, column), weight) in eight.iter_mut().zip(columns).zip(weights) {
            *place = (vectors(column.get(..rows).unwrap_or_default()), *weight);
        }
        let [a, b, c, d, ..] = eight;
        simd.vectorize(
            #[inline(always)]
            || match columns.len() {
                1 => walk(simd.avx2, sums, [a]),
                2 => walk(simd.avx2, sums, [a, b]),
                3 => walk(simd.avx2, sums, [a, b, c]),
                4 => walk(simd.avx2, sums, [a, b, c, d]),
                TOGETHER => walk(simd.avx2, sums, eight),
                // Five to seven: four, and the rest one by one.
                _ => {
                    walk(simd.avx2, sums, [a, b, c, d]);
                    for one in eight.iter().take(columns.len()).skip(4) {
                        walk(simd.avx2, sums, [*one]);
                    }
                }
            },
        );
    }
    rows
}

#[inline(always)]
fn walk<const K: usize>(avx2: Avx2, sums: &mut [i16x16], columns: [(&[i16x16], i16); K]) {
    let weights: [__m256i; K] = columns.map(|(_, weight)| cast([weight; LANES]));
    let columns = columns.map(|(column, _)| column.get(..sums.len()).unwrap_or_default());
    if columns.iter().any(|column| column.len() < sums.len()) {
        return;
    }
    for (index, sum) in sums.iter_mut().enumerate() {
        let mut total: __m256i = cast(*sum);
        for (column, weight) in columns.iter().zip(&weights) {
            let product = avx2._mm256_mulhrs_epi16(cast(column[index]), *weight);
            total = avx2._mm256_add_epi16(total, product);
        }
        *sum = cast(total);
    }
}

/// Adds `weight × x² ÷ 2³⁰`, saturating, or makes the largest number where x is at a limit or over, to every row of whole
/// vectors, and gives how many rows those are; 0 without the instructions.
pub(super) fn add_squares(sums: &mut [i16], x: &[i16], weight: i16, limit: i16) -> usize {
    let Some(simd) = V3::try_new() else { return 0 };
    let (sums, x) = (vectors_mut(sums), vectors(x));
    let rows = sums.len().min(x.len()) * LANES;
    simd.vectorize(
        #[inline(always)]
        || {
            let avx2 = simd.avx2;
            let [weight, limit, most]: [__m256i; 3] =
                [cast([weight; LANES]), cast([limit; LANES]), cast([i16::MAX; LANES])];
            for (sum, x) in sums.iter_mut().zip(x) {
                let x: __m256i = cast(*x);
                let bend = avx2._mm256_mulhrs_epi16(avx2._mm256_mulhrs_epi16(x, x), weight);
                let bent = avx2._mm256_adds_epi16(cast(*sum), bend);
                *sum = cast(avx2._mm256_blendv_epi8(most, bent, avx2._mm256_cmpgt_epi16(limit, x)));
            }
        },
    );
    rows
}

/// A bit for each row that is not under a threshold, by words; `None` without the instructions.
pub(super) fn at_least(sums: &[i16], threshold: i16) -> Option<Vec<u64>> {
    let simd = V3::try_new()?;
    let (whole, rest) = sums.as_chunks::<WORD>();
    let mut words = vec![0_u64; whole.len() + usize::from(!rest.is_empty())];
    simd.vectorize(
        #[inline(always)]
        || {
            let threshold: __m256i = cast([threshold; LANES]);
            for (word, rows) in words.iter_mut().zip(whole) {
                if let [a, b, c, d] = vectors(rows) {
                    let low = under(simd.avx2, *a, *b, threshold);
                    let high = under(simd.avx2, *c, *d, threshold);
                    *word = !(u64::from(low) | u64::from(high) << 32);
                }
            }
        },
    );
    if let Some(last) = words.get_mut(whole.len()) {
        *last =
            (0_u32..).zip(rest).fold(0, |bits, (place, sum)| bits | u64::from(*sum >= threshold) << place);
    }
    Some(words)
}

/// A bit for each of 32 rows that is under a threshold.
#[inline(always)]
fn under(avx2: Avx2, first: i16x16, second: i16x16, threshold: __m256i) -> u32 {
    let first = avx2._mm256_cmpgt_epi16(threshold, cast(first));
    let second = avx2._mm256_cmpgt_epi16(threshold, cast(second));
    // Packing goes by halves of a vector; the quarters are put in their order again.
    let packed = avx2._mm256_permute4x64_epi64::<0b11_01_10_00>(avx2._mm256_packs_epi16(first, second));
    avx2._mm256_movemask_epi8(packed).cast_unsigned()
}

/// Rows as whole vectors; the rest is left out.
#[inline(always)]
fn vectors(rows: &[i16]) -> &[i16x16] {
    pulp::bytemuck::cast_slice(rows.as_chunks::<LANES>().0)
}

fn vectors_mut(rows: &mut [i16]) -> &mut [i16x16] {
    pulp::bytemuck::cast_slice_mut(rows.as_chunks_mut::<LANES>().0)
}
