//! Monte Carlo of 10,000 paths, and the same work on shared 32-bit scenarios as numpy's best batch does it.
#![expect(clippy::cast_possible_truncation, reason = "32-bit scenarios are what is measured")]

use std::io::Write;
use std::path::Path;

use anyhow::Context;
use risk_engine::covariance::{Lower, cholesky};
use risk_engine::market_risk::{Tails, historical_tails};
use risk_engine::random::normals;
use risk_engine::simulation::{
    Column, Horizon, Innovations, linear_sums, linear_tails, monte_carlo_tails, monte_carlo_tails_in_full,
};
use serde_json::Value;

use crate::statistics::Market;
use crate::{clock, compare, reference};

/// Wallets that are measured.
const WALLETS: usize = 256;
const PATHS: u32 = 10_000;

/// Shared scenarios: simple returns by asset, then path.
pub(crate) struct Scenarios {
    pub(crate) columns: Vec<Column>,
    factor: Lower,
}

impl Scenarios {
    /// Normal scenarios of the market's covariance.
    pub(crate) fn new(market: &Market) -> anyhow::Result<Self> {
        let covariance = market.covariance().context("no covariance")?.covariance;
        let factor = cholesky(&covariance).map_err(|error| anyhow::anyhow!("{error}"))?;
        let column = |row: &Vec<f64>| {
            let cell = |path: u32| {
                let draws = [normals(2, [path, 0, 0, 0]), normals(2, [path, 1, 0, 0])].concat();
                row.iter().zip(draws).map(|(entry, draw)| entry * draw).sum::<f64>() as f32
            };
            Column::new((0..PATHS).map(cell).collect())
        };
        let columns: Option<Vec<Column>> = factor.rows().iter().map(column).collect();
        Ok(Self { columns: columns.context("a scenario is not finite")?, factor })
    }

    /// The scenarios as 32-bit floats, one asset after the other.
    pub(crate) fn write(&self, folder: &Path) -> anyhow::Result<()> {
        let cells = self.columns.iter().flat_map(|column| column.rows().iter().copied());
        write(&folder.join("scenarios.f32"), cells.flat_map(f32::to_le_bytes))
    }

    fn rows(&self) -> Vec<&[f32]> {
        self.columns.iter().map(Column::rows).collect()
    }
}

/// Writes bytes to a file.
pub(crate) fn write(path: &Path, bytes: impl Iterator<Item = u8>) -> anyhow::Result<()> {
    let mut file = std::io::BufWriter::new(std::fs::File::create(path)?);
    for byte in bytes {
        file.write_all(&[byte])?;
    }
    Ok(file.flush()?)
}

/// Prints the comparison, the parts of our time, and what 32 bits cost.
pub(crate) fn print(market: &Market, scenarios: &Scenarios, python: &Value) -> anyhow::Result<()> {
    let wallets: Vec<Vec<f64>> = (0..WALLETS).map(Market::exposures).collect();
    let innovations = Innovations::standard().context("no innovations")?;
    let covariance = market.covariance().context("no covariance")?.covariance;
    let simulate = |index: usize, horizon| {
        // The wallet's own factor each time, as in an assessment.
        let factor = cholesky(&covariance).ok()?;
        monte_carlo_tails(&factor, &wallets[index], innovations, horizon)
    };
    simulate(0, Horizon::Day).context("no tails")?;
    let day = clock::each(20, WALLETS, |index| simulate(index, Horizon::Day));
    let own = reference::number(python, "monte_carlo_us")?;
    compare("Monte Carlo, 1 day, beside numpy's own paths a wallet", day, own, Some(100.0));
    let week = clock::each(20, WALLETS, |index| simulate(index, Horizon::Week));
    compare("Monte Carlo, 7 days, beside the same", week, own, None);
    let batch = reference::number(python, "batch_us")?;
    let columns: Vec<&Column> = scenarios.columns.iter().collect();
    let shared = clock::each(20, WALLETS, |index| linear_tails(&columns, &wallets[index]));
    compare("shared f32 scenarios, the tail proven, beside numpy's best batch", shared, batch, Some(5.0));
    compare("Monte Carlo, 1 day, beside numpy's best batch", day, batch, Some(5.0));
    let product = clock::each(20, WALLETS, |index| linear_sums(&columns, &wallets[index]));
    println!(
        "  of which the product alone {product:.2} µs ({:.1} in numpy's batch, in f32)",
        reference::number(python, "product_us")?
    );
    precision(scenarios, &wallets, innovations)?;
    agreement(&columns, &wallets[0], python)
}

/// What numbers of fewer bits cost: the largest relative difference of any VaR or ES from 64-bit floats throughout, with
/// every path valued; and of a plain product in 32 bits, which is what numpy's batch has.
fn precision(scenarios: &Scenarios, wallets: &[Vec<f64>], innovations: &Innovations) -> anyhow::Result<()> {
    let rows = scenarios.rows();
    let (mut plain, mut proven) = (0.0_f64, 0.0_f64);
    let columns: Vec<&Column> = scenarios.columns.iter().collect();
    for wallet in wallets {
        let cells = |path: usize| rows.iter().zip(wallet).map(move |(row, usd)| (row[path], *usd));
        let exact = |path: usize| cells(path).map(|(cell, usd)| usd * f64::from(cell)).sum();
        let single =
            |path: usize| f64::from(cells(path).fold(0.0, |sum, (cell, usd)| sum + usd as f32 * cell));
        let of = |profit: &dyn Fn(usize) -> f64| {
            let profits: Vec<f64> = (0..rows[0].len()).map(profit).collect();
            historical_tails(&profits).context("no tails")
        };
        let exact = of(&exact)?;
        plain = plain.max(apart(&of(&single)?, &exact));
        proven = proven.max(apart(&linear_tails(&columns, wallet).context("no tails")?, &exact));
        let full = monte_carlo_tails_in_full(&scenarios.factor, wallet, innovations, Horizon::Day);
        let filtered = monte_carlo_tails(&scenarios.factor, wallet, innovations, Horizon::Day);
        proven = proven.max(apart(&filtered.context("no tails")?, &full.context("no tails")?));
    }
    println!(
        "  against 64 bits throughout, largest relative difference of any VaR or ES: {proven:.1e} of ours (chosen in 16 bits, added up in 64), {plain:.1e} of a product in 32"
    );
    anyhow::ensure!(proven < 1e-12, "the choice in 16 bits changed a tail");
    Ok(())
}

fn apart(a: &Tails, b: &Tails) -> f64 {
    let pairs = [
        (a.at_95.var, b.at_95.var),
        (a.at_99.var, b.at_99.var),
        (a.at_95.es, b.at_95.es),
        (a.at_99.es, b.at_99.es),
    ];
    pairs.iter().map(|(a, b)| (a / b - 1.0).abs()).fold(0.0, f64::max)
}

/// numpy's batch and ours must have found the same losses.
fn agreement(columns: &[&Column], wallet: &[f64], python: &Value) -> anyhow::Result<()> {
    let found = linear_tails(columns, wallet).context("no tails")?;
    let numpy = reference::number(python, "batch_var_99")?;
    anyhow::ensure!((found.at_99.var / numpy - 1.0).abs() < 1e-4, "{} is not {numpy}", found.at_99.var);
    Ok(())
}
