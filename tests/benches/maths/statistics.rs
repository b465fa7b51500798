//! Everything but Monte Carlo: historical VaR and ES, EWMA, drawdown, concentration and the Ledoit-Wolf covariance.

use std::path::Path;

use anyhow::Context;
use risk_engine::Parameters;
use risk_engine::concentration::herfindahl;
use risk_engine::covariance::{Pair, Shrunk, centred, ledoit_wolf};
use risk_engine::market_risk::{LAMBDA, Tails, ewma_variance, historical_tails, max_drawdown};
use risk_engine::returns::{Series, Window, value_path, weighted_sum};
use serde_json::Value;

use crate::wallets::{ASSETS, NOW, asset, market_data};
use crate::{clock, compare, reference};

/// Wallets that are measured.
const WALLETS: usize = 256;

/// What all wallets share.
pub(crate) struct Market {
    series: Vec<Series>,
    window: Window,
    pairs: Vec<Pair>,
}

/// What is computed of a wallet.
struct Statistics {
    tails: Option<Tails>,
    variance: Option<f64>,
    drawdown: Option<f64>,
    concentration: Option<f64>,
    covariance: Option<Shrunk>,
}

impl Market {
    /// The returns of the benchmark's assets and the moments of their pairs.
    pub(crate) fn new() -> anyhow::Result<Self> {
        let data = market_data();
        let series: Option<Vec<Series>> = (0..ASSETS)
            .map(|index| Series::of(data.closes.get(&asset(index))?, NOW.day(), &Parameters::default()).ok())
            .collect();
        let series = series.context("the closes give no series")?;
        let window = series[0].window();
        let columns: Vec<Vec<f64>> = series.iter().map(|one| centred(one.returns())).collect();
        let pairs = columns.iter().flat_map(|a| columns.iter().map(|b| Pair::of(a, b))).collect();
        Ok(Self { series, window, pairs })
    }

    /// Signed exposures of a wallet, USD: five assets held, three owed.
    pub(crate) fn exposures(index: usize) -> Vec<f64> {
        let amount = |place: usize| 1_000.0 + ((index * 37 + place * 101) % 997) as f64;
        (0..usize::from(ASSETS))
            .map(|place| if place < 5 { amount(place) } else { -amount(place) / 4.0 })
            .collect()
    }

    /// The shrunk covariance of all assets from the shared moments.
    pub(crate) fn covariance(&self) -> Option<Shrunk> {
        let size = self.series.len();
        ledoit_wolf(size, self.window.days(), |a, b| self.pairs[a * size + b])
    }

    /// Log returns, one asset after the other, and the wallets' exposures, 64-bit floats.
    pub(crate) fn write(&self, folder: &Path) -> anyhow::Result<()> {
        let returns = self.series.iter().flat_map(|one| one.returns().iter().copied());
        crate::simulation::write(&folder.join("returns.f64"), returns.flat_map(f64::to_le_bytes))?;
        let exposures = (0..WALLETS).flat_map(Self::exposures);
        crate::simulation::write(&folder.join("exposures.f64"), exposures.flat_map(f64::to_le_bytes))
    }

    fn statistics(&self, exposures: &[f64]) -> Statistics {
        let columns: Vec<(&[f64], f64)> = self
            .series
            .iter()
            .zip(exposures)
            .map(|(one, usd)| (one.simple_returns(self.window).unwrap_or_default(), *usd))
            .collect();
        let profits = weighted_sum(&columns);
        let parts: Vec<(&Series, f64)> = self.series.iter().zip(exposures.iter().copied()).collect();
        let path = value_path(&parts, 60).unwrap_or_default();
        let gross: f64 = exposures.iter().map(|usd| usd.abs()).sum();
        Statistics {
            tails: historical_tails(&profits),
            variance: ewma_variance(&profits, LAMBDA),
            drawdown: max_drawdown(&path),
            concentration: herfindahl(exposures.iter().map(|usd| usd.abs() / gross)),
            covariance: self.covariance(),
        }
    }
}

/// Prints the comparison, and how far the results lie apart.
pub(crate) fn print(market: &Market, python: &Value) -> anyhow::Result<()> {
    let wallets: Vec<Vec<f64>> = (0..WALLETS).map(Market::exposures).collect();
    let ours = clock::each(40, WALLETS, |index| market.statistics(&wallets[index]));
    let theirs = reference::number(python, "statistics_us")?;
    compare("all but Monte Carlo, beside numpy + scikit-learn", ours, theirs, Some(40.0));
    compare("the same beside pandas + empyrical", ours, reference::number(python, "empyrical_us")?, None);
    let seen = market.statistics(&wallets[0]);
    let tails = seen.tails.context("no tails")?;
    let shrunk = seen.covariance.context("no covariance")?;
    let pairs = [
        ("var_95", tails.at_95.var),
        ("es_99", tails.at_99.es),
        ("variance", seen.variance.context("no variance")?),
        ("drawdown", seen.drawdown.context("no drawdown")?),
        ("concentration", seen.concentration.context("no index")?),
        ("shrinkage", shrunk.shrinkage),
        ("covariance_70", shrunk.covariance.at(7, 0)),
    ];
    let mut apart = 0.0_f64;
    for (name, value) in pairs {
        apart = apart.max((value / reference::number(python, name)? - 1.0).abs());
    }
    println!("  the first wallet's figures lie {apart:.0e} apart at most (relative)");
    anyhow::ensure!(apart < 1e-9, "the figures differ");
    Ok(())
}
