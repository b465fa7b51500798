//! What bounds the product: this machine's own arithmetic and memory, measured by the simplest loops that use them up.

use std::hint::black_box;

use risk_engine::simulation::{Column, linear_sums};

use crate::clock;
use crate::statistics::Market;

/// Twelve registers of four lanes, which leaves some of the sixteen for the operands.
const LANES: usize = 48;

/// Prints how far the product of scenarios and wallets, in 16 bits, is from either bound.
pub(crate) fn print(scenarios: &crate::simulation::Scenarios) {
    let columns: Vec<&Column> = scenarios.columns.iter().collect();
    let wallet = Market::exposures(0);
    let cells = (columns.len() * columns[0].rows().len()) as f64;
    let product = clock::each(40, 64, |_| linear_sums(&columns, &wallet));
    let arithmetic = peak();
    // The same bytes: half as many floats as cells of 16 bits.
    let cache = bandwidth(columns.len() * columns[0].rows().len() / 2);
    let memory = bandwidth(16 * 1024 * 1024);
    let done = 2.0 * cells / product / 1e3;
    let moved = 2.0 * cells / product / 1e3;
    println!("what bounds the product of {cells} cells in 16 bits, {product:.2} µs a wallet:");
    println!(
        "  arithmetic: {done:.1} billion operations a second; in 32 bits this build's vectors reach {arithmetic:.1} GFlop/s in registers"
    );
    println!(
        "  memory: {moved:.1} GB/s of scenarios; a plain sum of as many bytes reads {cache:.1} from the cache, {memory:.1} from memory ({:.0} % of the cache's)",
        100.0 * moved / cache
    );
}

/// GFlop/s of multiplications and additions that stay in registers.
fn peak() -> f64 {
    let steps = 20_000_u32;
    let factor = black_box(0.999_9_f32);
    let mut sums = [1.0_f32; LANES];
    let took = clock::each(40, 1, |_| {
        for _ in 0..steps {
            for sum in &mut sums {
                *sum = *sum * factor + factor;
            }
        }
        black_box(&mut sums)[0]
    });
    2.0 * f64::from(steps) * LANES as f64 / took / 1e3
}

/// GB/s of a sum over so many floats.
fn bandwidth(floats: usize) -> f64 {
    let values = vec![1.0_f32; floats];
    let repeats = (64 * 1024 * 1024 / floats).max(1);
    let took = clock::each(8, repeats, |_| {
        let mut sums = [0.0_f32; LANES];
        for tile in black_box(&values).as_chunks::<LANES>().0 {
            for (sum, value) in sums.iter_mut().zip(tile) {
                *sum += value;
            }
        }
        sums
    });
    4.0 * floats as f64 / took / 1e3
}
