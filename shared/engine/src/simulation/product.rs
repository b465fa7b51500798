//! The matrix product of scenarios and wallets, in tiles that stay in registers.
//!
//! Each sum is over the columns in their order, so a wallet's losses are the same to the last bit alone and in a batch.

/// Rows of one wallet that are summed at once, and rows of each of four wallets: both fill eight registers of four lanes.
const ALONE: usize = 32;
const TOGETHER: usize = 8;

/// Loss of one wallet in every row: `Σ load × column`. A column that is shorter than the others ends the rows.
#[must_use]
pub fn losses(columns: &[&[f32]], loads: &[f32]) -> Vec<f32> {
    let loads: Vec<[f32; 1]> = loads.iter().map(|load| [*load]).collect();
    let [losses] = product::<1, ALONE>(columns, &loads);
    losses
}

/// As [`losses`] of four wallets with the same columns in one walk over the scenarios: `loads` is by column, then wallet.
#[must_use]
pub fn losses_of_four(columns: &[&[f32]], loads: &[[f32; 4]]) -> [Vec<f32>; 4] {
    product::<4, TOGETHER>(columns, loads)
}

fn product<const W: usize, const L: usize>(columns: &[&[f32]], loads: &[[f32; W]]) -> [Vec<f32>; W] {
    let rows = columns.iter().map(|column| column.len()).min().unwrap_or(0);
    let tiles: Vec<(&[[f32; L]], &[f32; W])> =
        columns.iter().map(|column| column.as_chunks::<L>().0).zip(loads).collect();
    let mut losses: [Vec<f32>; W] = std::array::from_fn(|_| Vec::with_capacity(rows));
    for tile in 0..rows / L {
        let mut sums = [[0.0_f32; L]; W];
        for (column, loads) in &tiles {
            let Some(values) = column.get(tile) else { break };
            for (sums, load) in sums.iter_mut().zip(*loads) {
                for (sum, value) in sums.iter_mut().zip(values) {
                    *sum += load * value;
                }
            }
        }
        for (losses, sums) in losses.iter_mut().zip(&sums) {
            losses.extend_from_slice(sums);
        }
    }
    for row in rows - rows % L..rows {
        for (wallet, losses) in losses.iter_mut().enumerate() {
            let cells = columns.iter().filter_map(|column| column.get(row)).zip(loads);
            losses.push(cells.fold(0.0, |sum, (value, loads)| sum + loads[wallet] * value));
        }
    }
    losses
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wallet_loses_the_same_alone_and_in_a_batch_and_as_a_plain_sum() {
        let cell = |row: u16, column: u16| f32::from(row * 7 % 31) * 0.01 - f32::from(column) * 0.03;
        let columns: Vec<Vec<f32>> =
            (0..5).map(|column| (0..101).map(|row| cell(row, column)).collect()).collect();
        let columns: Vec<&[f32]> = columns.iter().map(Vec::as_slice).collect();
        let loads: Vec<[f32; 4]> = (0..5_u8).map(|k| [1.0, f32::from(k), -2.5, 0.1]).collect();
        let together = losses_of_four(&columns, &loads);
        for (wallet, losses_in_batch) in together.iter().enumerate() {
            let own: Vec<f32> = loads.iter().map(|loads| loads[wallet]).collect();
            assert_eq!(&losses(&columns, &own), losses_in_batch);
            for (row, loss) in losses_in_batch.iter().enumerate() {
                let plain =
                    columns.iter().zip(&own).fold(0.0, |sum, (column, load)| sum + load * column[row]);
                assert_eq!(loss.to_bits(), plain.to_bits());
            }
        }
        assert_eq!(losses(&[], &[]), Vec::<f32>::new());
    }
}
