//! Bounds on figures that come from outside: what no market can mean is refused, not passed on.

use risk_model::Timestamp;

/// Above any price of one whole token: the dearest ever traded are below a thousandth of it.
const HIGHEST_PRICE_USD: f64 = 1e9;
/// Below any price that moves a portfolio, yet far above what rounds to nothing.
const LOWEST_PRICE_USD: f64 = 1e-18;
/// How far a provider's clock may run ahead of ours.
pub(crate) const CLOCK_SKEW_SECONDS: u64 = 300;

/// A price in USD of one whole token, if it can be one.
pub(crate) fn price_usd(value: f64) -> Option<f64> {
    (value.is_finite() && (LOWEST_PRICE_USD..=HIGHEST_PRICE_USD).contains(&value)).then_some(value)
}

/// The time of a figure, if it is not from the future.
pub(crate) fn past(seconds: u64, now: Timestamp) -> Option<Timestamp> {
    (seconds > 0 && seconds <= now.plus_seconds(CLOCK_SKEW_SECONDS).seconds())
        .then(|| Timestamp::new(seconds.min(now.seconds())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_price_that_no_market_can_mean_is_refused() {
        for value in [0.0, -1.0, f64::NAN, f64::INFINITY, 1e10, 1e-19, -0.0] {
            assert_eq!(price_usd(value), None, "{value}");
        }
        for value in [1e-12, 0.9998, 1.0, 76_975.0, 3.0e6] {
            assert_eq!(price_usd(value), Some(value));
        }
    }

    #[test]
    fn a_time_from_the_future_is_refused_and_clock_skew_is_not() {
        let now = Timestamp::new(1_000_000);
        assert_eq!(past(1_000_301, now), None);
        assert_eq!(past(1_000_200, now), Some(now));
        assert_eq!(past(999_000, now), Some(Timestamp::new(999_000)));
        assert_eq!(past(0, now), None);
        assert_eq!(past(u64::MAX, now), None);
    }
}
