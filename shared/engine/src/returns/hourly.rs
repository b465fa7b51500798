//! Hourly log returns on UTC hours, with short holes filled and long ones refused, as the daily ones are.

use risk_model::{GapReason, Timestamp};

use super::{latest_run, log_return};
use crate::market::HourlyCloses;
use crate::parameters::Parameters;

const HOUR_SECONDS: u64 = 3_600;

/// Log returns of one asset on consecutive UTC hours.
#[derive(Clone, Debug, PartialEq)]
pub struct HourlyReturns {
    /// Hours since the epoch of the last return; it is the move from the close of the hour before.
    last_hour: u64,
    returns: Vec<f64>,
}

impl HourlyReturns {
    /// The returns of the last `window_hours` hours that are over at `now`.
    ///
    /// # Errors
    /// Why there are none: nothing usable (`missing`), a last close that is too old (`stale`, with its end), or too
    /// few (`too_short`).
    pub fn of(
        closes: &HourlyCloses,
        now: Timestamp,
        parameters: &Parameters,
    ) -> Result<Self, (GapReason, Option<Timestamp>)> {
        let this_hour = now.seconds() / HOUR_SECONDS;
        let start = this_hour.saturating_sub(u64::from(parameters.window_hours).saturating_add(1));
        let run = latest_run(|hour| closes.on(hour), start..this_hour, parameters.max_fill_hours)
            .ok_or((GapReason::Missing, None))?;
        let last_hour = run.last_day();
        if last_hour.saturating_add(parameters.hourly_max_age_hours) < this_hour {
            let end = last_hour.saturating_add(1).saturating_mul(HOUR_SECONDS);
            return Err((GapReason::Stale, Some(Timestamp::new(end))));
        }
        let returns: Vec<f64> = run.closes.windows(2).map(log_return).collect();
        if returns.len() < parameters.min_hourly_observations.max(2) {
            return Err((GapReason::TooShort, None));
        }
        Ok(Self { last_hour, returns })
    }

    /// One log return an hour, oldest first.
    #[must_use]
    pub fn returns(&self) -> &[f64] {
        &self.returns
    }

    /// Hours since the epoch of the last one.
    #[must_use]
    pub const fn last_hour(&self) -> u64 {
        self.last_hour
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW_HOUR: u64 = 480_000;

    fn series(
        closes: Vec<Option<f64>>,
        ended_hours_ago: u64,
    ) -> Result<HourlyReturns, (GapReason, Option<Timestamp>)> {
        let first_hour = NOW_HOUR - ended_hours_ago - u64::try_from(closes.len()).unwrap();
        let closes = HourlyCloses { first_hour, closes, source: "test" };
        let parameters = Parameters { min_hourly_observations: 2, ..Parameters::default() };
        HourlyReturns::of(&closes, Timestamp::new(NOW_HOUR * HOUR_SECONDS + 1_800), &parameters)
    }

    #[test]
    fn holes_are_filled_or_start_anew_and_the_unfinished_hour_is_left_out() {
        let filled = series(vec![Some(1.0), None, None, Some(2.0)], 0).unwrap();
        assert_eq!(filled.returns(), [0.0, 0.0, libm::log(2.0)]);
        assert_eq!(filled.last_hour(), NOW_HOUR - 1);
        let mut broken = vec![Some(1.0); 5];
        broken.extend([None, None, None]);
        broken.extend([Some(2.0); 4]);
        assert_eq!(series(broken, 0).unwrap().returns().len(), 3);
    }

    #[test]
    fn what_is_old_short_or_absent_says_so() {
        assert!(series(vec![Some(1.0); 9], 23).is_ok());
        let stale = series(vec![Some(1.0); 9], 24);
        assert_eq!(stale, Err((GapReason::Stale, Some(Timestamp::new((NOW_HOUR - 24) * HOUR_SECONDS)))));
        assert_eq!(series(vec![Some(1.0); 2], 0), Err((GapReason::TooShort, None)));
        assert_eq!(series(vec![None, Some(f64::NAN), Some(-1.0)], 0), Err((GapReason::Missing, None)));
    }
}
