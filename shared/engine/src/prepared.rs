//! What every wallet of a batch shares, computed once: which quotes are fresh, and the return series of each asset.

mod filtered_history;
mod kept_paths;
mod panel;
mod simulated;

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use risk_model::{Affects, Asset, Gap, GapReason, Timestamp};

use crate::covariance::Shrunk;
use crate::market::{MarketData, Quote};
use crate::parameters::Parameters;
use crate::probability::paths::{self, AssetPaths};
use crate::returns::{Series, Shortage, Window};
use crate::simulation::{Column, Draws, Innovations};

pub(crate) use filtered_history::FilteredHistory;
use filtered_history::Weeks;
use panel::Panel;

use self::simulated::Simulated;

/// The source of a gap whose provider was never told.
const MARKET: &str = "market data";

/// Market data checked against a time, with its return series. What a measure needs beyond them is computed when the
/// first wallet asks for it, and kept for the others on whatever thread.
#[derive(Debug)]
pub struct Prepared<'a> {
    market: &'a MarketData,
    now: Timestamp,
    parameters: &'a Parameters,
    series: HashMap<Asset, Result<Series, Gap>>,
    simulated: Simulated,
    panel: OnceLock<Panel>,
    filtered: HashMap<Asset, OnceLock<Option<FilteredHistory>>>,
    weeks: Weeks,
    innovations: OnceLock<Option<Innovations>>,
}

impl<'a> Prepared<'a> {
    /// Checks and computes what a batch shares.
    #[must_use]
    pub fn new(market: &'a MarketData, now: Timestamp, parameters: &'a Parameters) -> Self {
        let series = market.closes.iter().map(|(asset, closes)| {
            let found = Series::of(closes, now.day(), parameters);
            (*asset, found.map_err(|shortage| history_gap(asset, closes.source, shortage)))
        });
        let series: HashMap<Asset, _> = series.collect();
        let filtered = series.keys().map(|asset| (*asset, OnceLock::new())).collect();
        let simulated = Simulated::new(market, now, parameters);
        Self {
            market,
            now,
            parameters,
            series,
            simulated,
            panel: OnceLock::new(),
            filtered,
            weeks: Weeks::default(),
            innovations: OnceLock::new(),
        }
    }

    /// The market data it was made of.
    #[must_use]
    pub const fn market(&self) -> &'a MarketData {
        self.market
    }

    /// The time it was made for.
    #[must_use]
    pub const fn now(&self) -> Timestamp {
        self.now
    }

    /// The parameters it was made with.
    #[must_use]
    pub const fn parameters(&self) -> &'a Parameters {
        self.parameters
    }

    /// The market price of one whole token, USD, finite and above zero.
    ///
    /// # Errors
    /// The gap that names the asset, where there is no fresh quote.
    pub fn price(&self, asset: &Asset) -> Result<f64, Gap> {
        self.quote(asset, Affects::Value).map(|quote| quote.usd)
    }

    /// What is traded of an asset in 24 h, USD, finite and not negative.
    ///
    /// # Errors
    /// The gap that names the asset, where no fresh quote tells it.
    pub fn volume(&self, asset: &Asset) -> Result<f64, Gap> {
        let quote = self.quote(asset, Affects::Liquidity)?;
        let volume = quote.volume_24h_usd.filter(|volume| volume.is_finite() && *volume >= 0.0);
        // A negative zero is a zero: divided by, it would be days without end in the wrong direction.
        volume
            .map(|volume| volume + 0.0)
            .ok_or_else(|| self.told(asset, Affects::Liquidity, "24 h volume", quote.source))
    }

    /// The daily returns of an asset.
    ///
    /// # Errors
    /// The gap that names the asset, where its closes are missing, too few or too old.
    pub fn returns(&self, asset: &Asset) -> Result<&Series, Gap> {
        match self.series.get(asset) {
            Some(Ok(series)) => Ok(series),
            Some(Err(gap)) => Err(gap.clone()),
            None => Err(self.told(asset, Affects::Volatility, "daily closes", MARKET)),
        }
    }

    /// The simulated paths of an asset's price, drawn when they are first asked for and shared by every account.
    ///
    /// # Errors
    /// The gap that names the asset, where its hourly closes are missing, too few or too old.
    pub fn paths(&self, asset: &Asset) -> Result<&AssetPaths, Gap> {
        let what = format!("hourly closes of {asset}");
        self.simulated.paths(asset).unwrap_or_else(|| {
            // The feeds tell it as a note, since not every account needs them; here it is needed.
            let said = self.gaps_of(asset).find(|gap| gap.what == what);
            let (source, reason, since) =
                said.map_or((MARKET, GapReason::Missing, None), |gap| (gap.source, gap.reason, gap.since));
            Err(Gap { what, source, reason, affects: Affects::Volatility, since })
        })
    }

    /// What the paths share.
    #[must_use]
    pub fn draws(&self) -> &paths::Draws {
        self.simulated.draws()
    }

    /// The Ledoit-Wolf covariance of one day's log returns of some assets over a window that all of them have.
    pub(crate) fn covariance(&self, parts: &[(Asset, &Series)], window: Window) -> Option<Shrunk> {
        let known = || self.series.iter().filter_map(|(asset, series)| Some((asset, series.as_ref().ok()?)));
        self.panel.get_or_init(|| Panel::of(known())).covariance(parts, window)
    }

    /// An asset's returns with their volatility taken out; `None` where they cannot be filtered.
    pub(crate) fn filtered(&self, asset: &Asset) -> Option<&FilteredHistory> {
        let series = self.series.get(asset)?.as_ref().ok()?;
        let kept = self.filtered.get(asset)?;
        kept.get_or_init(|| FilteredHistory::of(series, &self.parameters.filter)).as_ref()
    }

    /// An asset's simple returns of a week on paths of filtered historical simulation over some days.
    pub(crate) fn filtered_week(&self, asset: &Asset, window: Window) -> Option<Arc<Column>> {
        self.weeks.column(*asset, self.filtered(asset)?, window, &self.parameters.draws)
    }

    /// The innovations of Monte Carlo; `None` where the parameters ask for impossible ones.
    pub(crate) fn innovations(&self) -> Option<&Innovations> {
        let draws = self.parameters.draws;
        if draws == Draws::default() {
            return Innovations::standard();
        }
        self.innovations.get_or_init(|| Innovations::new(draws)).as_ref()
    }

    /// What the feeds said of an asset, in their order.
    pub fn gaps_of(&self, asset: &Asset) -> impl Iterator<Item = &'a Gap> {
        self.market.asset_gaps.get(asset).into_iter().flatten()
    }

    fn quote(&self, asset: &Asset, affects: Affects) -> Result<&'a Quote, Gap> {
        let Some(quote) = self.market.quotes.get(asset) else {
            return Err(self.told(asset, affects, "price", MARKET));
        };
        let gap = |reason, since| Gap {
            what: format!("price of {asset}"),
            source: quote.source,
            reason,
            affects,
            since,
        };
        if !(quote.usd.is_finite() && quote.usd > 0.0) {
            return Err(gap(GapReason::Malformed, None));
        }
        if quote.observed_at.seconds_since(self.now) > self.parameters.max_clock_skew_seconds {
            return Err(gap(GapReason::Malformed, None));
        }
        if self.now.seconds_since(quote.observed_at) > self.parameters.quote_max_age_seconds {
            return Err(gap(GapReason::Stale, Some(quote.observed_at)));
        }
        Ok(quote)
    }

    /// The feeds' own gap for this, or one that says that there is none.
    fn told(&self, asset: &Asset, affects: Affects, what: &str, source: &'static str) -> Gap {
        let said = self.gaps_of(asset).find(|gap| gap.affects == affects).cloned();
        said.unwrap_or_else(|| Gap {
            what: format!("{what} of {asset}"),
            source,
            reason: GapReason::Missing,
            affects,
            since: None,
        })
    }
}

fn history_gap(asset: &Asset, source: &'static str, shortage: Shortage) -> Gap {
    let (reason, since) = match shortage {
        Shortage::Empty => (GapReason::Missing, None),
        Shortage::Stale { last_day } => {
            (GapReason::Stale, Some(Timestamp::new(last_day.saturating_mul(86_400).saturating_add(86_400))))
        }
        Shortage::TooShort { .. } => (GapReason::TooShort, None),
    };
    Gap { what: format!("daily closes of {asset}"), source, reason, affects: Affects::Volatility, since }
}
