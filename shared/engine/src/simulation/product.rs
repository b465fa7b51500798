//! The matrix product of scenarios and wallets, in tiles that stay in the first cache.
//!
//! Each sum is over the columns in their order, so a wallet's losses are the same to the last bit alone and in a batch.

use super::vectors::at_the_widest;

/// Rows that are summed before the next ones: of eight columns they fill half of a first cache of 32 KB.
const TILE: usize = 512;
/// Columns that are added in one walk over a tile.
const TOGETHER: usize = 4;

/// Loss of one wallet in every row: `Σ load × column`. The shortest column ends the rows.
#[must_use]
pub fn losses(columns: &[&[f32]], loads: &[f32]) -> Vec<f32> {
    losses_of_many(columns, &[loads]).pop().unwrap_or_default()
}

/// As [`losses`] of many wallets with the same columns, in one walk over the scenarios: a tile of them is read from the
/// first cache by every wallet but one.
#[must_use]
pub fn losses_of_many(columns: &[&[f32]], wallets: &[&[f32]]) -> Vec<Vec<f32>> {
    at_the_widest(
        #[inline(always)]
        || in_tiles(columns, wallets),
    )
}

#[inline(always)]
fn in_tiles(columns: &[&[f32]], wallets: &[&[f32]]) -> Vec<Vec<f32>> {
    let rows = columns.iter().map(|column| column.len()).min().unwrap_or(0);
    let mut losses: Vec<Vec<f32>> = wallets.iter().map(|_| vec![0.0; rows]).collect();
    for first in (0..rows).step_by(TILE) {
        let tile = first..rows.min(first + TILE);
        for (losses, loads) in losses.iter_mut().zip(wallets) {
            let Some(sums) = losses.get_mut(tile.clone()) else { continue };
            let mut cells = columns.iter().filter_map(|column| column.get(tile.clone())).zip(*loads);
            while let Some(next) = cells.next() {
                let mut four = [(&[][..], 0.0); TOGETHER];
                let taken = std::iter::once(next).chain(cells.by_ref().take(TOGETHER - 1));
                let count = four
                    .iter_mut()
                    .zip(taken)
                    .map(|(place, (column, load))| *place = (column, *load))
                    .count();
                match four {
                    [a, b, c, d] if count == TOGETHER => add_four(sums, a, b, c, d),
                    few => few.iter().take(count).for_each(|one| add(sums, *one)),
                }
            }
        }
    }
    losses
}

#[inline(always)]
fn add(sums: &mut [f32], (column, load): (&[f32], f32)) {
    for (sum, value) in sums.iter_mut().zip(column) {
        *sum += load * value;
    }
}

#[inline(always)]
fn add_four(sums: &mut [f32], a: (&[f32], f32), b: (&[f32], f32), c: (&[f32], f32), d: (&[f32], f32)) {
    let rows = sums.iter_mut().zip(a.0).zip(b.0).zip(c.0).zip(d.0);
    for ((((sum, of_a), of_b), of_c), of_d) in rows {
        *sum = (((*sum + a.1 * of_a) + b.1 * of_b) + c.1 * of_c) + d.1 * of_d;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wallet_loses_the_same_alone_and_in_a_batch_and_as_a_plain_sum() {
        let cell = |row: u16, column: u16| f32::from(row * 7 % 31) * 0.01 - f32::from(column) * 0.03;
        for assets in 1..10 {
            let columns: Vec<Vec<f32>> =
                (0..assets).map(|column| (0..1_101).map(|row| cell(row, column)).collect()).collect();
            let columns: Vec<&[f32]> = columns.iter().map(Vec::as_slice).collect();
            let wallets = [1.0, -2.5, 0.1].map(|scale: f32| {
                (0..assets).map(|asset| scale * (1.0 + f32::from(asset))).collect::<Vec<f32>>()
            });
            let together = losses_of_many(&columns, &wallets.each_ref().map(Vec::as_slice));
            for (loads, batch) in wallets.iter().zip(&together) {
                assert_eq!(&losses(&columns, loads), batch);
                for (row, loss) in batch.iter().enumerate() {
                    let cells = columns.iter().zip(loads);
                    let plain = cells.fold(0.0, |sum, (column, load)| sum + load * column[row]);
                    assert_eq!(loss.to_bits(), plain.to_bits());
                }
            }
        }
        assert_eq!(losses(&[], &[]), Vec::<f32>::new());
    }
}
