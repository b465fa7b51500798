//! Market risk in the report: each method's tails with what they were made of, and how the assets move together.

use risk_model::{Asset, Figure, Usd};

use crate::covariance::Symmetric;
use crate::returns::Window;

/// Market risk of the whole wallet at current positions; losses are positive.
#[derive(Clone, Debug, PartialEq)]
pub struct MarketRisk {
    /// Daily returns used.
    pub observations: usize,
    /// Days asked for.
    pub window_days: u32,
    /// Annualised standard deviation of daily P&L ÷ net worth (365 days), fraction.
    pub volatility: Figure<f64>,
    /// The same by RiskMetrics' exponentially weighted variance, which looks at the last weeks, fraction.
    pub ewma_volatility: Figure<f64>,
    /// Annualised volatility in a crisis: by the covariance, but with every two assets that promise no dollar correlated
    /// at 0.9 at least, fraction of net worth. A wallet that owes what falls with what it holds may have less than in calm.
    pub stressed_volatility: Figure<f64>,
    /// One-day historical VaR at 95 %, USD.
    pub var_95: Figure<Usd>,
    /// One-day historical VaR at 99 %, USD.
    pub var_99: Figure<Usd>,
    /// One-day historical expected shortfall at 95 %, USD.
    pub es_95: Figure<Usd>,
    /// One-day historical expected shortfall at 99 %, USD.
    pub es_99: Figure<Usd>,
    /// VaR and expected shortfall by every method and horizon, in a fixed order.
    pub methods: Vec<MethodRisk>,
    /// Largest fall of the current portfolio's value over the window from a running peak that includes the start, fraction.
    pub max_drawdown: Figure<f64>,
    /// How the largest assets move together; empty for a wallet without any that move.
    pub correlation: Figure<Correlation>,
    /// Effective number of bets: `exp` of the entropy of the principal components' shares of the variance; `None` inside
    /// for a wallet that does not move.
    pub effective_bets: Figure<Option<f64>>,
}

/// A way to estimate a loss.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Method {
    /// The window's own days at today's positions.
    Historical,
    /// Normal, with RiskMetrics' exponentially weighted variance.
    Ewma,
    /// Normal, bent by skewness and excess kurtosis.
    CornishFisher,
    /// The window's surprises at tomorrow's volatility.
    FilteredHistorical,
    /// Correlated Student-t moves.
    MonteCarlo,
}

impl Method {
    /// All of them, in the report's order.
    pub const ALL: [Self; 5] =
        [Self::Historical, Self::Ewma, Self::CornishFisher, Self::FilteredHistorical, Self::MonteCarlo];

    /// The snake-case name used in answers.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Historical => "historical",
            Self::Ewma => "ewma",
            Self::CornishFisher => "cornish_fisher",
            Self::FilteredHistorical => "filtered_historical",
            Self::MonteCarlo => "monte_carlo",
        }
    }
}

/// The loss by one method over one horizon, and everything it takes to compute it again.
#[derive(Clone, Debug, PartialEq)]
pub struct MethodRisk {
    /// The method.
    pub method: Method,
    /// Days ahead.
    pub horizon_days: u32,
    /// The days whose returns went in; `None` where there are none.
    pub window: Option<Window>,
    /// Equally likely profits and losses that the tails are of: days, windows of days, or paths; for a method by formula
    /// the days that its moments are of.
    pub scenarios: usize,
    /// What is done, in words.
    pub basis: &'static str,
    /// Seed of the generator, where one was used.
    pub seed: Option<u64>,
    /// Every parameter by name.
    pub parameters: Vec<(&'static str, f64)>,
    /// The tails, or why there are none.
    pub tails: Figure<Tails>,
}

/// VaR and expected shortfall, USD: finite, ES never under VaR, 99 % never under 95 %.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tails {
    /// Value at risk at 95 %.
    pub var_95: Usd,
    /// Value at risk at 99 %.
    pub var_99: Usd,
    /// Expected shortfall at 95 %.
    pub es_95: Usd,
    /// Expected shortfall at 99 %.
    pub es_99: Usd,
}

impl Tails {
    /// No loss at all.
    pub const NONE: Self = Self { var_95: Usd::ZERO, var_99: Usd::ZERO, es_95: Usd::ZERO, es_99: Usd::ZERO };

    /// The tails of a profit and loss that cannot be worse than `-most` USD; `None` where one is not finite.
    #[must_use]
    pub fn at_most(tails: &crate::market_risk::Tails, most: f64) -> Option<Self> {
        // Adding nothing turns the negative zero of a still wallet into a plain one.
        let usd = |loss: f64| Usd::new(loss.min(most) + 0.0);
        Some(Self {
            var_95: usd(tails.at_95.var)?,
            var_99: usd(tails.at_99.var)?,
            es_95: usd(tails.at_95.es)?,
            es_99: usd(tails.at_99.es)?,
        })
    }
}

/// Pearson correlation of daily log returns from the wallet's Ledoit-Wolf covariance.
#[derive(Clone, Debug, PartialEq)]
pub struct Correlation {
    /// The assets with the largest exposures, ten at most, largest first.
    pub assets: Vec<(Asset, String)>,
    /// Their correlations, by the assets' order.
    pub matrix: Symmetric,
    /// Weight of the target in the covariance, 0 to 1.
    pub shrinkage: f64,
    /// Daily returns used.
    pub observations: usize,
}
