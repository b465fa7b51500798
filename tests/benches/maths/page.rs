//! Whole assessments: what a page costs as wallets grow, and how it scales on two threads.

use std::hint::black_box;

use rayon::prelude::*;
use risk_engine::market::MarketData;
use risk_engine::position::WalletPositions;
use risk_engine::simulation::{Draws, Innovations};
use risk_engine::{Parameters, Prepared, assess};

use crate::clock;
use crate::wallets::{NOW, page};

const LARGEST: u16 = 10_000;
/// Pages that are timed; the best counts.
const ROUNDS: usize = 3;

/// Prints both.
pub(crate) fn print() -> anyhow::Result<()> {
    let (wallets, data) = page(LARGEST);
    let drawn = clock::each(1, 1, |_| {
        let innovations = Innovations::new(Draws { seed: 1, ..Draws::default() })?;
        // A wallet of eight assets asks for the first eight factors.
        let factor = risk_engine::covariance::Lower::zero(8);
        risk_engine::simulation::monte_carlo_tails(
            &factor,
            &[1.0; 8],
            &innovations,
            risk_engine::simulation::Horizon::Day,
        )
    });
    println!("whole assessments; the innovations are drawn once a process: {:.1} ms", drawn / 1e3);
    println!("{:>9} {:>14} {:>14} {:>14}", "wallets", "first, µs", "each further", "all, µs each");
    for count in [10, 100, 1_000, 10_000] {
        let wallets = &wallets[..count];
        let parameters = Parameters::default();
        let mut first = 0.0;
        let all = clock::each(1, 1, |_| {
            let prepared = Prepared::new(&data, NOW, &parameters);
            first = clock::each(1, 1, |_| assess(&wallets[0], &prepared));
            wallets[1..].iter().for_each(|wallet| drop(black_box(assess(wallet, &prepared))));
        });
        let further = (all - first) / (count - 1) as f64;
        println!("{count:>9} {first:>14.0} {further:>14.1} {:>14.1}", all / count as f64);
    }
    let one = best(1, &wallets, &data)?;
    let two = best(2, &wallets, &data)?;
    println!(
        "a page of {LARGEST} wallets: {:.0} ms on one thread, {:.0} ms on two, {:.2} × (aim 1.8, on the wall: only an idle machine shows it)",
        one * 1e3,
        two * 1e3,
        one / two
    );
    Ok(())
}

fn best(threads: usize, wallets: &[WalletPositions], data: &MarketData) -> anyhow::Result<f64> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build()?;
    let parameters = Parameters::default();
    let once = || {
        let prepared = Prepared::new(data, NOW, &parameters);
        pool.install(|| wallets.par_iter().for_each(|wallet| drop(black_box(assess(wallet, &prepared)))));
    };
    Ok((0..ROUNDS).map(|_| clock::wall(once)).fold(f64::INFINITY, f64::min))
}
