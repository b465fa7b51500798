//! The thresholds of every alert, with their defaults: a line to open at and a safer one to close at.

/// An opening and a closing line. The band between them keeps a figure that trembles from opening an alert twice.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Line {
    /// The alert opens from here on.
    pub open: f64,
    /// The alert closes only beyond here.
    pub close: f64,
}

/// Symbols of tokens that promise one US dollar, upper case. An address list would have to be kept for every chain;
/// the symbol is only believed of a lending market's reserve or of a holding worth something.
pub const STABLECOINS: [&str; 19] = [
    "USDC", "USDC.E", "USDBC", "USDT", "USDT0", "USD₮0", "DAI", "XDAI", "LUSD", "FRAX", "GHO", "PYUSD",
    "USDS", "CRVUSD", "USDE", "RLUSD", "TUSD", "SUSD", "USDP",
];

/// When alerts open, close, and how bad they are.
#[derive(Clone, Debug, PartialEq)]
pub struct Thresholds {
    /// `liquidation_risk`, health factor of an account whose chance of liquidation is not known: opens under 1.20
    /// (medium), closes above 1.25.
    pub health_factor: Line,
    /// `liquidation_risk`, health factor of any account: opens under 1.05, closes above 1.07.
    pub health_factor_always: Line,
    /// `liquidation_risk`, health factor that a watch asked to be told under; `None` unless it did.
    pub own_health_factor: Option<Line>,
    /// Health factor under which `liquidation_risk` is high: 1.10.
    pub health_factor_high: f64,
    /// Health factor under which `liquidation_risk` is critical: 1.05.
    pub health_factor_critical: f64,
    /// `liquidation_risk`, chance of liquidation within 24 h, fraction: opens (high) from 0.10, closes under 0.02.
    /// The band is wide so that one episode is one alert.
    pub probability_24h: Line,
    /// Chance within 24 h from which `liquidation_risk` is critical: 0.25.
    pub probability_24h_critical: f64,
    /// `high_volatility`, points of the volatility component: opens from 80, closes under 70.
    pub volatility_points: Line,
    /// `value_at_risk`, one-day VaR 99 ÷ net worth: opens from 0.25, closes under 0.20.
    pub var_99_share: Line,
    /// `over_exposure`, share of the largest asset: opens from 0.90, closes under 0.85.
    pub asset_share: Line,
    /// `over_exposure` is only for a largest asset worth at least this, USD: 10,000.
    pub over_exposure_min_usd: f64,
    /// `low_liquidity`, days to sell: opens from 5, closes under 4.
    pub liquidity_days: Line,
    /// `stablecoin_depeg`, |price − 1|: opens (medium) from 0.005, closes under 0.003.
    pub depeg: Line,
    /// Depeg that is high: 0.02.
    pub depeg_high: f64,
    /// Depeg that is critical: 0.05.
    pub depeg_critical: f64,
    /// `stablecoin_depeg` is only for an exposure (held, supplied or owed) of at least this, USD: 100.
    pub depeg_min_usd: f64,
    /// `oracle_divergence`, |oracle − market| ÷ market: opens from 0.05, closes under 0.03.
    pub divergence: Line,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self {
            health_factor: Line { open: 1.20, close: 1.25 },
            health_factor_always: Line { open: 1.05, close: 1.07 },
            own_health_factor: None,
            health_factor_high: 1.10,
            health_factor_critical: 1.05,
            probability_24h: Line { open: 0.10, close: 0.02 },
            probability_24h_critical: 0.25,
            volatility_points: Line { open: 80.0, close: 70.0 },
            var_99_share: Line { open: 0.25, close: 0.20 },
            asset_share: Line { open: 0.90, close: 0.85 },
            over_exposure_min_usd: 10_000.0,
            liquidity_days: Line { open: 5.0, close: 4.0 },
            depeg: Line { open: 0.005, close: 0.003 },
            depeg_high: 0.02,
            depeg_critical: 0.05,
            depeg_min_usd: 100.0,
            divergence: Line { open: 0.05, close: 0.03 },
        }
    }
}

impl Thresholds {
    /// Opens `liquidation_risk` under another health factor too (a watch's own), with a band to the closing line as
    /// wide as the service's. The lines of high and critical stay, so an alert that opens late opens with the severity
    /// it has.
    pub fn open_liquidation_under(&mut self, health_factor: f64) {
        if health_factor.is_finite() {
            let band = self.health_factor.close - self.health_factor.open;
            self.own_health_factor = Some(Line { open: health_factor, close: health_factor + band });
        }
    }
}
