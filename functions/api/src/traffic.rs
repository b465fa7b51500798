//! Latencies and errors of the last minutes, of this process alone: a ring of ten-second slots.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hdrhistogram::Histogram;
use risk_model::Timestamp;

/// Seconds of one slot.
const SLOT_SECONDS: u64 = 10;
/// Slots of the longest window, 15 minutes.
const SLOTS: usize = 90;
/// Longest latency told apart, microseconds.
const MOST_MICROSECONDS: u64 = 60_000_000;

struct Slot {
    /// Which ten seconds since the epoch it is of.
    number: u64,
    errors: u64,
    latencies: Histogram<u32>,
}

/// What happened within a window that ends now.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Window {
    /// Length of the window.
    pub(crate) seconds: u64,
    /// Requests answered.
    pub(crate) requests: u64,
    /// Of them with a status of 500 and over.
    pub(crate) errors: u64,
    /// Median, 95th and 99th percentile, milliseconds; `None` without a request.
    pub(crate) percentiles_ms: Option<[f64; 3]>,
}

/// The ring.
pub(crate) struct Traffic {
    slots: Mutex<Vec<Option<Slot>>>,
}

impl Default for Traffic {
    fn default() -> Self {
        Self { slots: Mutex::new(std::iter::repeat_with(|| None).take(SLOTS).collect()) }
    }
}

impl Traffic {
    /// The windows that are told, seconds.
    pub(crate) const WINDOWS: [u64; 2] = [60, 900];

    /// Counts an answer.
    pub(crate) fn record(&self, now: Timestamp, took: Duration, is_error: bool) {
        let number = now.seconds() / SLOT_SECONDS;
        let microseconds = u64::try_from(took.as_micros()).unwrap_or(u64::MAX).clamp(1, MOST_MICROSECONDS);
        let mut slots = self.lock();
        let Some(place) = slots.get_mut(index(number)) else { return };
        if let Some(slot) = place.as_mut() {
            if slot.number != number {
                slot.number = number;
                slot.errors = 0;
                slot.latencies.reset();
            }
        } else {
            // Two figures of precision; the bounds are constants that the histogram accepts.
            let Ok(latencies) = Histogram::new_with_bounds(1, MOST_MICROSECONDS, 2) else { return };
            *place = Some(Slot { number, errors: 0, latencies });
        }
        if let Some(slot) = place {
            slot.errors += u64::from(is_error);
            slot.latencies.saturating_record(microseconds);
        }
    }

    /// What happened in the last `seconds`, to the slot.
    pub(crate) fn window(&self, now: Timestamp, seconds: u64) -> Window {
        let last = now.seconds() / SLOT_SECONDS;
        let first = (last + 1).saturating_sub(seconds / SLOT_SECONDS);
        let (mut errors, mut all) = (0, None::<Histogram<u32>>);
        for slot in self.lock().iter().flatten().filter(|slot| (first..=last).contains(&slot.number)) {
            errors += slot.errors;
            match all.as_mut() {
                None => all = Some(slot.latencies.clone()),
                // Both have the same bounds, which is all that an addition can fail on.
                Some(all) => drop(all.add(&slot.latencies)),
            }
        }
        let requests = all.as_ref().map_or(0, Histogram::len);
        let percentiles_ms = all
            .filter(|all| !all.is_empty())
            .map(|all| [0.50, 0.95, 0.99].map(|quantile| milliseconds(all.value_at_quantile(quantile))));
        Window { seconds, requests, errors, percentiles_ms }
    }

    /// A request that panicked while counting leaves at worst one count wrong.
    fn lock(&self) -> MutexGuard<'_, Vec<Option<Slot>>> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn index(number: u64) -> usize {
    usize::try_from(number % SLOTS as u64).unwrap_or(0)
}

fn milliseconds(microseconds: u64) -> f64 {
    Duration::from_micros(microseconds).as_secs_f64() * 1_000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::new(1_700_000_000);

    #[test]
    fn a_window_without_requests_has_no_percentiles() {
        let window = Traffic::default().window(NOW, 60);
        assert_eq!(window, Window { seconds: 60, requests: 0, errors: 0, percentiles_ms: None });
    }

    #[test]
    fn percentiles_are_of_the_requests_in_the_window() {
        let traffic = Traffic::default();
        for millisecond in 1..=100_u64 {
            traffic.record(NOW, Duration::from_millis(millisecond), millisecond > 98);
        }
        let window = traffic.window(NOW, 60);
        assert_eq!((window.requests, window.errors), (100, 2));
        let [p50, p95, p99] = window.percentiles_ms.unwrap();
        for (measured, exact) in [(p50, 50.0), (p95, 95.0), (p99, 99.0)] {
            assert!((measured - exact).abs() <= exact * 0.01, "{measured} is not {exact}");
        }
    }

    #[test]
    fn what_is_older_than_the_window_does_not_count_and_slots_are_used_again() {
        let traffic = Traffic::default();
        traffic.record(NOW, Duration::from_secs(20), true);
        let later = NOW.plus_seconds(70);
        traffic.record(later, Duration::from_millis(1), false);
        assert_eq!((traffic.window(later, 60).requests, traffic.window(later, 60).errors), (1, 0));
        assert_eq!((traffic.window(later, 900).requests, traffic.window(later, 900).errors), (2, 1));
        let round = NOW.plus_seconds(900);
        traffic.record(round, Duration::from_millis(2), false);
        assert_eq!((traffic.window(round, 900).requests, traffic.window(round, 900).errors), (2, 0));
    }
}
