//! Hourly closes of CoinGecko, bucketed to UTC hours.

use risk_engine::market::HourlyCloses;
use risk_http::{Parsed, Reply};
use risk_model::Timestamp;
use serde::Deserialize;

use super::charts::{Chart, MAX_POINTS, chart_path};
use super::replies::{is_unknown_coin, read_object};
use super::{COINGECKO, ChartFault, CoinGecko, Name};
use crate::figures::{past, price_usd};

const HOUR_SECONDS: u64 = 3_600;
/// A point this close to a full hour is the close of the hour that ended there; any other is no close ("now" is not).
const BOUNDARY_SECONDS: u64 = 900;
/// The longest span that the provider gives in hours.
const MAX_DAYS: u32 = 90;

impl CoinGecko {
    /// The closes of the last `hours` completed UTC hours, 48 to 2,160, without leading or trailing hours that have
    /// none. The interval is left out of the request: 2 to 90 days come by the hour on every plan.
    ///
    /// # Errors
    /// No such coin or no close in that time; or the reason of the failure.
    pub async fn hourly_closes(&self, name: &Name, hours: u32) -> Result<HourlyCloses, ChartFault> {
        let days = hours.div_ceil(24).clamp(2, MAX_DAYS);
        let path = chart_path(name, &format!("days={days}"));
        let read = |reply: &Reply, now: Timestamp| read_hourly(reply, now, days);
        self.chart(path, "hourly closes", read).await
    }
}

/// The closes of a reply; `None` where the provider has none.
fn read_hourly(reply: &Reply, now: Timestamp, days: u32) -> Parsed<Option<HourlyCloses>> {
    if is_unknown_coin(reply) {
        return Parsed::Ok(None);
    }
    read_object(reply).and_then(|object| match Chart::deserialize(object) {
        Ok(chart) if chart.prices.len() > MAX_POINTS => Parsed::malformed("more points than a chart has"),
        Ok(chart) => bucket(&chart.prices, now, days).map_or_else(Parsed::malformed, Parsed::Ok),
        Err(_) => Parsed::malformed("a chart without readable prices"),
    })
}

/// Buckets points (milliseconds, USD) to UTC hours by the full hour that each lies next to. The hour that has not
/// ended has no close. One impossible figure condemns the chart.
fn bucket(
    points: &[(u64, Option<f64>)],
    now: Timestamp,
    days: u32,
) -> Result<Option<HourlyCloses>, &'static str> {
    let this_hour = now.seconds() / HOUR_SECONDS;
    let first_hour = this_hour.saturating_sub(u64::from(days) * 24);
    let mut closes: Vec<Option<f64>> = Vec::new();
    closes.resize(usize::try_from(this_hour.saturating_sub(first_hour)).unwrap_or_default(), None);
    for (milliseconds, price) in points {
        let seconds = milliseconds / 1_000;
        past(seconds, now).ok_or("a point from the future")?;
        let Some(price) = price else { continue };
        let price = price_usd(*price).ok_or("a price that no market can mean")?;
        let next_to = seconds.saturating_add(HOUR_SECONDS / 2) / HOUR_SECONDS;
        if seconds.abs_diff(next_to * HOUR_SECONDS) > BOUNDARY_SECONDS {
            continue;
        }
        let place = next_to.checked_sub(1).and_then(|hour| hour.checked_sub(first_hour));
        if let Some(close) = place.and_then(|place| closes.get_mut(usize::try_from(place).ok()?)) {
            *close = Some(price);
        }
    }
    Ok(trimmed(first_hour, &closes))
}

/// Without the hours before the first and after the last close.
fn trimmed(first_hour: u64, closes: &[Option<f64>]) -> Option<HourlyCloses> {
    let first = closes.iter().position(Option::is_some)?;
    let last = closes.iter().rposition(Option::is_some)?;
    let first_hour = first_hour + u64::try_from(first).ok()?;
    Some(HourlyCloses { first_hour, closes: closes.get(first..=last)?.to_vec(), source: COINGECKO })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::NOON;

    const HOUR: u64 = NOON / HOUR_SECONDS;

    fn at(hour: u64, seconds: u64) -> u64 {
        (hour * HOUR_SECONDS + seconds) * 1_000
    }

    fn closes(points: &[(u64, Option<f64>)], now: u64) -> Option<HourlyCloses> {
        bucket(points, Timestamp::new(now), 2).unwrap()
    }

    #[test]
    fn a_point_next_to_a_full_hour_closes_the_hour_before_it_and_now_closes_none() {
        let points = [
            (at(HOUR - 2, 240), Some(10.0)),
            (at(HOUR - 2, 3_590), Some(11.0)),
            (at(HOUR, 5), Some(12.0)),
            (at(HOUR, 1_700), Some(99.0)),
        ];
        let found = closes(&points, NOON + 1_800).unwrap();
        assert_eq!((found.first_hour, found.closes), (HOUR - 3, vec![Some(10.0), Some(11.0), Some(12.0)]));
    }

    #[test]
    fn a_missing_hour_stays_a_hole_and_impossible_figures_condemn_the_chart() {
        let points = [(at(HOUR - 5, 0), Some(1.0)), (at(HOUR - 4, 0), None), (at(HOUR - 3, 0), Some(2.0))];
        assert_eq!(closes(&points, NOON).unwrap().closes, [Some(1.0), None, Some(2.0)]);
        let now = Timestamp::new(NOON);
        assert!(bucket(&[(at(HOUR - 1, 0), Some(-1.0))], now, 2).is_err());
        assert!(bucket(&[(at(HOUR + 9, 0), Some(1.0))], now, 2).is_err());
        assert_eq!(closes(&[], NOON), None);
        assert_eq!(closes(&[(at(HOUR - 999, 0), Some(1.0))], NOON), None);
    }
}
