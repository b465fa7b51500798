//! Prices of several assets at even steps of time, daily or hourly, with their holes.

use std::ops::Range;

use libm::log;
use risk_model::Timestamp;

use super::shortage::{MOST_STEPS, Shortage};
use crate::market::DailyCloses;
use crate::returns::BELIEVABLE;

const DAY_SECONDS: u64 = 86_400;

/// Closes at even steps, by asset; a close that is missing or not believable is a hole.
#[derive(Clone, Debug, PartialEq)]
pub struct PricePath {
    first: Timestamp,
    step_seconds: u64,
    steps: usize,
    closes: Vec<Vec<Option<f64>>>,
}

impl PricePath {
    /// A path of any step. `first` is when the first close was made: the end of its hour or day. `closes` are USD by asset;
    /// a row that ends early has holes from there on.
    ///
    /// # Errors
    /// [`Shortage::NoPositions`] without an asset; [`Shortage::ImpossiblePeriod`] for no step, a step of no time, or more
    /// than twice [`MOST_STEPS`].
    pub fn new(first: Timestamp, step_seconds: u64, closes: Vec<Vec<Option<f64>>>) -> Result<Self, Shortage> {
        let steps = closes.iter().map(Vec::len).max().ok_or(Shortage::NoPositions)?;
        if step_seconds == 0 || !(1..=MOST_STEPS.saturating_mul(2)).contains(&steps) {
            return Err(Shortage::ImpossiblePeriod);
        }
        Ok(Self { first, step_seconds, steps, closes })
    }

    /// The path of daily closes over `days` (since the epoch): the close of a day is made at its end.
    ///
    /// # Errors
    /// As for [`PricePath::new`].
    pub fn daily(closes: &[&DailyCloses], days: Range<u64>) -> Result<Self, Shortage> {
        let count = usize::try_from(days.end.saturating_sub(days.start)).unwrap_or(usize::MAX);
        if count > MOST_STEPS.saturating_mul(2) {
            return Err(Shortage::ImpossiblePeriod);
        }
        let first = Timestamp::new(days.start.saturating_add(1).saturating_mul(DAY_SECONDS));
        let rows = closes.iter().map(|one| days.clone().map(|day| one.on(day)).collect());
        Self::new(first, DAY_SECONDS, rows.collect())
    }

    /// Seconds from one close to the next.
    #[must_use]
    pub const fn step_seconds(&self) -> u64 {
        self.step_seconds
    }

    /// When the close of a step was made.
    #[must_use]
    pub fn time(&self, step: usize) -> Timestamp {
        let steps = u64::try_from(step).unwrap_or(u64::MAX);
        self.first.plus_seconds(self.step_seconds.saturating_mul(steps))
    }

    /// The believable close of an asset, USD.
    #[must_use]
    pub fn close(&self, asset: usize, step: usize) -> Option<f64> {
        let close = self.closes.get(asset)?.get(step).copied().flatten();
        close.filter(|close| BELIEVABLE.contains(close))
    }

    /// The steps whose closes were made at `from` or after.
    pub(super) fn steps_from(&self, from: Timestamp) -> Range<usize> {
        let before = from.seconds_since(self.first).div_ceil(self.step_seconds);
        usize::try_from(before).unwrap_or(usize::MAX).min(self.steps)..self.steps
    }

    /// Log returns up to a step, oldest first: as many of `most` as there are without a hole.
    pub(super) fn returns(&self, asset: usize, step: usize, most: usize) -> Vec<f64> {
        let mut returns = Vec::new();
        let mut later = self.close(asset, step);
        for earlier in (0..step).rev().take(most).map(|step| self.close(asset, step)) {
            let (Some(after), Some(before)) = (later, earlier) else { break };
            returns.push(log(after) - log(before));
            later = earlier;
        }
        returns.reverse();
        returns
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_daily_close_is_made_at_the_end_of_its_day() {
        let closes = DailyCloses { first_day: 10, closes: vec![Some(1.0), None, Some(3.0)], source: "test" };
        let path = PricePath::daily(&[&closes], 9..13).unwrap();
        assert_eq!(path.time(0), Timestamp::new(10 * DAY_SECONDS));
        let seen: Vec<Option<f64>> = (0..5).map(|step| path.close(0, step)).collect();
        assert_eq!(seen, [None, Some(1.0), None, Some(3.0), None]);
        assert_eq!(path.steps_from(Timestamp::new(0)), 0..4);
        assert_eq!(path.steps_from(Timestamp::new(11 * DAY_SECONDS)), 1..4);
        assert_eq!(path.steps_from(Timestamp::new(11 * DAY_SECONDS + 1)), 2..4);
        assert!(path.steps_from(Timestamp::new(u64::MAX)).is_empty());
    }

    #[test]
    fn returns_end_at_a_hole_and_know_nothing_later() {
        let row = vec![Some(1.0), None, Some(1.0), Some(2.0), Some(1.0), Some(0.0), Some(7.0)];
        let path = PricePath::new(Timestamp::new(0), 3_600, vec![row]).unwrap();
        assert_eq!(path.returns(0, 4, 10), [log(2.0), -log(2.0)]);
        assert_eq!(path.returns(0, 4, 1), [-log(2.0)]);
        assert_eq!(path.returns(0, 6, 10), [0.0; 0]);
        assert_eq!(path.returns(1, 4, 10), [0.0; 0]);
    }

    #[test]
    fn a_path_without_assets_steps_or_time_is_none() {
        let new = |seconds, closes| PricePath::new(Timestamp::new(0), seconds, closes).unwrap_err();
        assert_eq!(new(1, vec![]), Shortage::NoPositions);
        assert_eq!(new(1, vec![vec![]]), Shortage::ImpossiblePeriod);
        assert_eq!(new(0, vec![vec![Some(1.0)]]), Shortage::ImpossiblePeriod);
        assert_eq!(PricePath::daily(&[], 0..u64::MAX), Err(Shortage::ImpossiblePeriod));
    }
}
