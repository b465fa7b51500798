//! The market paths of a batch: filtered once for every asset, drawn when the first account needs them.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use risk_model::{Affects, Asset, Gap, Timestamp};

use super::kept_paths;
use crate::market::MarketData;
use crate::parameters::Parameters;
use crate::probability::filter::Filtered;
use crate::probability::paths::{AssetPaths, Draws};
use crate::returns::HourlyReturns;

/// The hourly returns of each asset, filtered, and the paths drawn from them.
#[derive(Debug)]
pub(super) struct Simulated {
    assets: HashMap<Asset, Result<One, Gap>>,
    /// The newest hour of any asset, and the longest history.
    newest_hour: u64,
    window: u32,
    seed: u64,
    draws: OnceLock<Arc<Draws>>,
}

#[derive(Debug)]
struct One {
    filtered: Filtered,
    last_hour: u64,
    paths: OnceLock<Arc<AssetPaths>>,
}

impl Simulated {
    pub(super) fn new(market: &MarketData, now: Timestamp, parameters: &Parameters) -> Self {
        let assets: HashMap<Asset, Result<One, Gap>> = market
            .hourly
            .iter()
            .map(|(asset, closes)| {
                let gap = |(reason, since)| Gap {
                    what: format!("hourly closes of {asset}"),
                    source: closes.source,
                    reason,
                    affects: Affects::Volatility,
                    since,
                };
                let one = HourlyReturns::of(closes, now, parameters).map_err(gap).and_then(|hourly| {
                    let filtered = Filtered::of(hourly.returns())
                        .ok_or_else(|| gap((risk_model::GapReason::Malformed, None)))?;
                    Ok(One { filtered, last_hour: hourly.last_hour(), paths: OnceLock::new() })
                });
                (*asset, one)
            })
            .collect();
        let usable = || assets.values().filter_map(|one| one.as_ref().ok());
        let longest = usable().map(|one| one.filtered.residuals().len()).max().unwrap_or(0);
        Self {
            newest_hour: usable().map(|one| one.last_hour).max().unwrap_or(0),
            window: u32::try_from(longest).unwrap_or(u32::MAX),
            seed: parameters.seed,
            draws: OnceLock::new(),
            assets,
        }
    }

    /// The draws that all paths share.
    pub(super) fn draws(&self) -> &Draws {
        self.draws.get_or_init(|| kept_paths::draws(self.seed, self.window))
    }

    /// The paths of an asset; `None` where nobody gave its hourly closes.
    pub(super) fn paths(&self, asset: &Asset) -> Option<Result<&AssetPaths, Gap>> {
        Some(self.one(asset)?.map(|one| {
            one.paths
                .get_or_init(|| {
                    let lag =
                        u32::try_from(self.newest_hour.saturating_sub(one.last_hour)).unwrap_or(u32::MAX);
                    kept_paths::paths((self.seed, self.window), self.draws(), &one.filtered, lag)
                })
                .as_ref()
        }))
    }

    fn one(&self, asset: &Asset) -> Option<Result<&One, Gap>> {
        self.assets.get(asset).map(|one| one.as_ref().map_err(Clone::clone))
    }
}
