//! Prices: constant from the start on, moved by command, with a seeded history behind them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use crate::draw::Draw;
use crate::world::asset::{Asset, Follows, to_e8};

/// Seconds of a day.
pub(crate) const DAY: u64 = 86_400;
const HOUR: u64 = 3_600;
/// Days of history before the start.
const DAYS: usize = 800;
/// Share of the common factor in an asset's returns (a correlation of 0.64 between two coins).
const COMMON: f64 = 0.8;

/// Sums of hourly steps by source and day.
type Walks = HashMap<(usize, u64), Arc<[f64]>>;

/// A price change: from `from` on, until the next.
#[derive(Clone, Copy, Debug)]
struct Mark {
    from: u64,
    market_usd: f64,
    oracle_e8: u128,
}

/// The price walk of every asset and the commanded changes since the start.
pub(crate) struct Market {
    seed: u64,
    /// Midnight (UTC) of the day the world began.
    first_midnight: u64,
    assets: Vec<Asset>,
    /// ln(price at midnight k days ago / starting price), by asset, then k.
    closes: Vec<Vec<f64>>,
    marks: RwLock<Vec<Vec<Mark>>>,
    /// Walks of days by source and day.
    hours: Mutex<Walks>,
}

impl Market {
    /// The market of `seed` for a world that begins at `now`.
    pub(crate) fn new(seed: u64, assets: Vec<Asset>, now: u64) -> Self {
        let common = normals(seed, "common");
        let returns: Vec<Vec<f64>> = assets.iter().map(|asset| daily_returns(seed, asset, &common)).collect();
        let closes = assets
            .iter()
            .zip(&returns)
            .map(|(asset, own)| match asset.follows {
                Follows::Dollar => own.clone(),
                Follows::Market => walk(own.iter().copied()),
                Follows::Asset(parent) => {
                    let moved = returns.get(parent).into_iter().flatten().zip(own).map(|(a, b)| a + b);
                    walk(moved)
                }
            })
            .collect();
        let marks = RwLock::new(vec![Vec::new(); assets.len()]);
        let hours = Mutex::default();
        Self { seed, first_midnight: now - now % DAY, assets, closes, marks, hours }
    }

    /// The assets traded.
    pub(crate) fn assets(&self) -> &[Asset] {
        &self.assets
    }

    /// The asset of a ticker, coin id or table key, whatever the case; WETH is ETH.
    pub(crate) fn place_of(&self, name: &str) -> Option<usize> {
        let name = if name.eq_ignore_ascii_case("weth") { "eth" } else { name };
        self.assets.iter().position(|asset| {
            asset.key.eq_ignore_ascii_case(name)
                || asset.symbol.eq_ignore_ascii_case(name)
                || asset.coin_id.eq_ignore_ascii_case(name)
        })
    }

    /// The market price in USD at a time.
    pub(crate) fn price_usd(&self, asset: usize, time: u64) -> f64 {
        if let Some(mark) = self.mark_at(asset, time) {
            return mark.market_usd;
        }
        let base = self.assets.get(asset).map_or(0.0, |asset| asset.base_usd);
        if time >= self.first_midnight { base } else { base * self.log_offset(asset, time).exp() }
    }

    /// The oracle price in USD with 8 decimals at a time. Oracles have no history before the start.
    pub(crate) fn oracle_e8(&self, asset: usize, time: u64) -> u128 {
        self.mark_at(asset, time)
            .map_or_else(|| self.assets.get(asset).map_or(0, |asset| asset.base_e8), |mark| mark.oracle_e8)
    }

    /// When the market opened: from here on prices stand still until they are moved.
    pub(crate) fn opening(&self) -> u64 {
        self.first_midnight
    }

    /// When the price was moved by command, ever.
    pub(crate) fn moved_times(&self, asset: usize) -> Vec<u64> {
        let marks = self.marks.read().unwrap_or_else(PoisonError::into_inner);
        marks.get(asset).into_iter().flatten().map(|mark| mark.from).collect()
    }

    /// When the price was last moved by command, at or before a time.
    pub(crate) fn moved_at(&self, asset: usize, time: u64) -> Option<u64> {
        self.mark_at(asset, time).map(|mark| mark.from)
    }

    /// The traded value of the UTC day that holds `time`, in USD.
    pub(crate) fn volume_usd(&self, asset: usize, time: u64) -> f64 {
        let Some(known) = self.assets.get(asset) else {
            return 0.0;
        };
        let day = (time / DAY).to_be_bytes();
        let noise = Draw::new(self.seed, &[b"volume", known.key.as_bytes(), &day]).normal();
        known.daily_volume_usd * (0.35 * noise).exp()
    }

    /// Moves an asset from `from` on: market price to `market_usd`, oracle to `oracle_usd`, where given.
    pub(crate) fn set(&self, asset: usize, from: u64, market_usd: Option<f64>, oracle_usd: Option<f64>) {
        let market = market_usd.unwrap_or_else(|| self.price_usd(asset, from));
        let oracle = oracle_usd.map_or_else(|| self.oracle_e8(asset, from), to_e8);
        let mut marks = self.marks.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(list) = marks.get_mut(asset) {
            list.push(Mark { from, market_usd: market, oracle_e8: oracle });
        }
    }

    /// Multiplies market and oracle price from `from` on.
    pub(crate) fn multiply(&self, asset: usize, from: u64, factor: f64) {
        let market = self.price_usd(asset, from) * factor;
        let oracle = self.oracle_e8(asset, from) as f64 / 1e8 * factor;
        self.set(asset, from, Some(market), Some(oracle));
    }

    /// Forgets every commanded change.
    pub(crate) fn reset(&self) {
        self.marks.write().unwrap_or_else(PoisonError::into_inner).iter_mut().for_each(Vec::clear);
    }

    fn mark_at(&self, asset: usize, time: u64) -> Option<Mark> {
        let marks = self.marks.read().unwrap_or_else(PoisonError::into_inner);
        marks.get(asset)?.iter().rev().find(|mark| mark.from <= time).copied()
    }

    /// ln(price / starting price) before the first midnight: the daily walk, bridged by the hour.
    fn log_offset(&self, asset: usize, time: u64) -> f64 {
        let back = self.first_midnight - time;
        let Ok(days) = usize::try_from(back.div_ceil(DAY)) else {
            return 0.0;
        };
        let close = |days: usize| {
            self.closes.get(asset).and_then(|list| list.get(days.min(DAYS - 1))).copied().unwrap_or(0.0)
        };
        let into_day = (DAY - back % DAY) % DAY;
        let share = into_day as f64 / DAY as f64;
        let (open, shut) = (close(days), close(days.saturating_sub(1)));
        open + (shut - open) * share + self.bridge(asset, time / DAY, into_day)
    }

    /// Noise inside a day that is 0 at both of its ends (a Brownian bridge over the hours).
    fn bridge(&self, asset: usize, day: u64, into_day: u64) -> f64 {
        let Some(known) = self.assets.get(asset) else {
            return 0.0;
        };
        let (source, sigma) = match known.follows {
            Follows::Asset(parent) => (parent, self.assets.get(parent).map_or(0.0, |p| p.annual_volatility)),
            Follows::Dollar => (asset, known.annual_volatility * 0.3),
            Follows::Market => (asset, known.annual_volatility),
        };
        let hourly = sigma / (365.0f64 * 24.0).sqrt();
        let sums = self.hours(source, day);
        let end = sums.last().copied().unwrap_or(0.0);
        let at = |hour: u64| {
            let sum = usize::try_from(hour).ok().and_then(|hour| sums.get(hour)).copied().unwrap_or(end);
            hourly * (sum - end * hour as f64 / 24.0)
        };
        let (hour, rest) = (into_day / HOUR, (into_day % HOUR) as f64 / HOUR as f64);
        at(hour) + (at(hour + 1) - at(hour)) * rest
    }
}

impl Market {
    /// The hourly walk of a day in standard deviations, kept: a chart of hours asks for each day two dozen times.
    fn hours(&self, source: usize, day: u64) -> Arc<[f64]> {
        let mut kept = self.hours.lock().unwrap_or_else(PoisonError::into_inner);
        let walk = kept.entry((source, day)).or_insert_with(|| {
            let of = |name: &[u8]| Draw::new(self.seed, &[b"hours", name, &day.to_be_bytes()]);
            let (mut own, mut common) = (of(&source.to_be_bytes()), of(b"common"));
            let mut sums = vec![0.0f64];
            for _ in 0..24 {
                let step = COMMON * common.normal() + (1.0 - COMMON * COMMON).sqrt() * own.normal();
                sums.push(sums.last().copied().unwrap_or(0.0) + step);
            }
            sums.into()
        });
        Arc::clone(walk)
    }
}

fn normals(seed: u64, name: &str) -> Vec<f64> {
    let mut draw = Draw::new(seed, &[b"days", name.as_bytes()]);
    (0..DAYS).map(|_| draw.normal()).collect()
}

/// Own daily log returns (or levels, for the dollar) from today backwards.
fn daily_returns(seed: u64, asset: &Asset, common: &[f64]) -> Vec<f64> {
    let sigma = asset.annual_volatility / 365.0f64.sqrt();
    let own = normals(seed, &asset.key);
    match asset.follows {
        Follows::Market => {
            let rest = (1.0 - COMMON * COMMON).sqrt();
            own.iter().zip(common).map(|(own, common)| sigma * (COMMON * common + rest * own)).collect()
        }
        Follows::Asset(_) => own.iter().map(|own| 0.0012 * own).collect(),
        Follows::Dollar => {
            let level = |(days, own): (usize, &f64)| if days == 0 { 0.0 } else { sigma * own };
            own.iter().enumerate().map(level).collect()
        }
    }
}

/// The walk backwards: place k is ln(price k days before the start / price at the start).
fn walk(returns: impl Iterator<Item = f64>) -> Vec<f64> {
    let steps = returns.scan(0.0, |level, step| {
        let here = *level;
        *level -= step;
        Some(here)
    });
    steps.collect()
}
