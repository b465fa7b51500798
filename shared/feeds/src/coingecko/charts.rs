//! Daily closes of CoinGecko, bucketed to UTC days.

use risk_engine::market::DailyCloses;
use risk_http::{CallError, Parsed, Reply};
use risk_model::{Affects, Gap, GapReason, Timestamp};
use serde::Deserialize;

use super::replies::{is_unknown_coin, read_object};
use super::{COINGECKO, CoinGecko, Name};
use crate::coins::platform_id;
use crate::figures::{past, price_usd};
use crate::gaps::gap_of_call;

/// Most points read of a chart: ten years of days or one of hours.
pub(super) const MAX_POINTS: usize = 10_000;
/// A daily point carries the time at which its day ended; this much later still counts as that day's end.
const BAR_DELAY_SECONDS: u64 = 3_600;
/// The last point of a chart is "now" unless it lies this close after midnight.
const TRAILING_BAR_SECONDS: u64 = 60;
const DAY_SECONDS: u64 = 86_400;

/// Why there are no closes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChartFault {
    /// The provider answered and has none: asking again soon will not help.
    Missing,
    /// The provider could not be asked, or its answer not be used.
    Failed {
        /// Why.
        reason: GapReason,
        /// Its last good answer, where there was one.
        since: Option<Timestamp>,
    },
}

/// A chart; its market caps and volumes are not read.
#[derive(Deserialize)]
pub(super) struct Chart {
    pub(super) prices: Vec<(u64, Option<f64>)>,
}

impl CoinGecko {
    /// The closes of the last `days` completed UTC days (as many of them as the plan gives), without leading or
    /// trailing days that have none.
    ///
    /// # Errors
    /// No such coin or no close in that time; or the reason of the failure.
    pub async fn daily_closes(&self, name: &Name, days: u32) -> Result<DailyCloses, ChartFault> {
        let days = days.clamp(1, self.plan.longest_history_days());
        let path = chart_path(name, &format!("days={days}&interval=daily"));
        self.chart(path, "daily closes", |reply, now| read_chart(reply, now, days)).await
    }

    /// Asks for a chart and reads it.
    pub(super) async fn chart<T>(
        &self,
        path: Option<String>,
        what: &'static str,
        read: impl Fn(&Reply, Timestamp) -> Parsed<Option<T>>,
    ) -> Result<T, ChartFault> {
        let Some(key) = &self.key else {
            return Err(ChartFault::Failed { reason: GapReason::NotConfigured, since: None });
        };
        let Some(path) = path else {
            return Err(ChartFault::Missing);
        };
        let request = self.request(path, key);
        let now = self.clock.now();
        match self.charts.call(&request, |reply: &Reply| read(reply, now)).await {
            Ok(closes) => closes.ok_or(ChartFault::Missing),
            Err(error) => Err(self.chart_fault(&error, what, now)),
        }
    }

    fn chart_fault(&self, error: &CallError, what: &str, now: Timestamp) -> ChartFault {
        let gap: Gap = gap_of_call(&self.charts, COINGECKO, error, what, Affects::Volatility, now);
        ChartFault::Failed { reason: gap.reason, since: gap.since }
    }
}

/// The path of a coin's chart over a span; `None` for what the provider does not list.
pub(super) fn chart_path(name: &Name, span: &str) -> Option<String> {
    let query = format!("market_chart?vs_currency=usd&{span}&precision=full");
    match name {
        Name::Id(id) => Some(format!("/coins/{id}/{query}")),
        Name::Contract(chain, address) => {
            Some(format!("/coins/{}/contract/{address:#x}/{query}", platform_id(*chain)))
        }
        Name::Unlisted => None,
    }
}

/// The closes of a reply; `None` where the provider has none.
pub(super) fn read_chart(reply: &Reply, now: Timestamp, days: u32) -> Parsed<Option<DailyCloses>> {
    if is_unknown_coin(reply) {
        return Parsed::Ok(None);
    }
    read_object(reply).and_then(|object| match Chart::deserialize(object) {
        Ok(chart) if chart.prices.len() > MAX_POINTS => Parsed::malformed("more points than a chart has"),
        Ok(chart) => bucket(chart.prices, now, days).map_or_else(Parsed::malformed, Parsed::Ok),
        Err(_) => Parsed::malformed("a chart without readable prices"),
    })
}

/// Buckets points (milliseconds, USD) to UTC days: a day's close is the last price up to its end. The trailing
/// point is "now" and no close; the day that has not ended has none. One impossible figure condemns the chart.
///
/// CoinGecko's daily point of 00:00 is the close of the day *before* it (docs: the last completed day comes about
/// 35 minutes after midnight).
fn bucket(
    mut points: Vec<(u64, Option<f64>)>,
    now: Timestamp,
    days: u32,
) -> Result<Option<DailyCloses>, &'static str> {
    points.sort_by_key(|(milliseconds, _)| *milliseconds);
    if points.iter().any(|(milliseconds, _)| past(milliseconds / 1_000, now).is_none()) {
        return Err("a point from the future");
    }
    points.pop_if(|(milliseconds, _)| (*milliseconds / 1_000) % DAY_SECONDS > TRAILING_BAR_SECONDS);
    let first_day = now.day().saturating_sub(u64::from(days));
    let mut closes: Vec<Option<f64>> = Vec::new();
    closes.resize(usize::try_from(days).unwrap_or_default(), None);
    for (milliseconds, price) in points {
        let seconds = milliseconds / 1_000;
        // A null is CoinGecko's own "no price then".
        let Some(price) = price else { continue };
        let price = price_usd(price).ok_or("a price that no market can mean")?;
        let day = seconds.saturating_sub(BAR_DELAY_SECONDS) / DAY_SECONDS;
        let place = day.checked_sub(first_day).and_then(|place| usize::try_from(place).ok());
        if let Some(close) = place.and_then(|place| closes.get_mut(place)) {
            *close = Some(price);
        }
    }
    Ok(trimmed(first_day, &closes))
}

/// Without the days before the first and after the last close.
fn trimmed(first_day: u64, closes: &[Option<f64>]) -> Option<DailyCloses> {
    let first = closes.iter().position(Option::is_some)?;
    let last = closes.iter().rposition(Option::is_some)?;
    let first_day = first_day + u64::try_from(first).ok()?;
    Some(DailyCloses { first_day, closes: closes.get(first..=last)?.to_vec(), source: COINGECKO })
}

#[cfg(test)]
mod tests;
