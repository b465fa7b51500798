//! Reading the `Retry-After` header.

use std::time::Duration;

use http::HeaderMap;
use http::header::{DATE, RETRY_AFTER};
use jiff::fmt::rfc2822;

/// Longest wait believed; a longer one is read as this, so that later sums cannot overflow.
const LONGEST: Duration = Duration::from_secs(24 * 3600);

/// The wait a reply asks for (RFC 9110 10.2.3): seconds (some providers send a fraction), or a date, which is
/// measured against the reply's own `Date` so that our clock does not matter. Anything else is `None`.
pub(crate) fn read_retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse::<f64>() {
        if seconds.is_nan() || seconds < 0.0 {
            return None;
        }
        return Some(Duration::try_from_secs_f64(seconds).unwrap_or(LONGEST).min(LONGEST));
    }
    let until = rfc2822::parse(text).ok()?.timestamp();
    let sent = rfc2822::parse(headers.get(DATE)?.to_str().ok()?.trim()).ok()?.timestamp();
    // A date already past asks for no wait.
    Some(Duration::try_from(until.duration_since(sent)).unwrap_or(Duration::ZERO).min(LONGEST))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(retry_after: &'static str, date: Option<&'static str>) -> Option<Duration> {
        let mut headers = HeaderMap::new();
        headers.insert(RETRY_AFTER, http::HeaderValue::from_static(retry_after));
        if let Some(date) = date {
            headers.insert(DATE, http::HeaderValue::from_static(date));
        }
        read_retry_after(&headers)
    }

    #[test]
    fn seconds_whole_or_fractional_are_read_and_capped_at_a_day() {
        assert_eq!(read("30", None), Some(Duration::from_secs(30)));
        assert_eq!(read("0.5", None), Some(Duration::from_millis(500)));
        assert_eq!(read("99999999999999999999", None), Some(LONGEST));
        assert_eq!(read("inf", None), Some(LONGEST));
    }

    #[test]
    fn a_date_is_measured_against_the_date_of_the_reply() {
        let sent = Some("Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(read("Sun, 06 Nov 1994 08:50:07 GMT", sent), Some(Duration::from_secs(30)));
        assert_eq!(read("Sun, 06 Nov 1994 08:00:00 GMT", sent), Some(Duration::ZERO));
        assert_eq!(read("Sun, 06 Nov 1994 08:50:07 GMT", None), None);
    }

    #[test]
    fn nonsense_is_no_wait_at_all_rather_than_a_guess() {
        for text in ["-5", "NaN", "soon", ""] {
            assert_eq!(read(text, None), None, "{text}");
        }
    }
}
