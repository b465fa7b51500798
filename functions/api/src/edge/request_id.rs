//! The id of a request: the client's own where it is a sane one, else one that no other request has.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::http::{HeaderMap, HeaderValue};
use risk_model::headers::Headers;

use crate::gate;

/// 64 random bits of this process; the other 64 bits of an id count its requests.
/// Without randomness ids are still unique within the process, which is all that the log needs.
static PROCESS: LazyLock<u64> = LazyLock::new(|| getrandom::u64().unwrap_or_default());
static COUNT: AtomicU64 = AtomicU64::new(0);

/// Text of `A–Z a–z 0–9 - _`, as the header that carries it.
#[derive(Clone, Debug)]
pub(super) struct RequestId(HeaderValue);

impl RequestId {
    /// The id of a request with these headers.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let given = Headers(&gate::lines(headers)).request_id().map(|id| HeaderValue::try_from(&*id));
        given.and_then(Result::ok).map_or_else(Self::new, Self)
    }

    fn new() -> Self {
        let text = format!("{:016x}{:016x}", *PROCESS, COUNT.fetch_add(1, Ordering::Relaxed));
        // Hex digits are a header's text; the fallback is never taken.
        Self(HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static("none")))
    }

    /// Its text.
    pub(super) fn as_str(&self) -> &str {
        self.0.to_str().unwrap_or_default()
    }

    /// As a header.
    pub(super) fn header(&self) -> HeaderValue {
        self.0.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id_of(given: &str) -> String {
        let value = HeaderValue::from_bytes(given.as_bytes()).unwrap();
        let headers = HeaderMap::from_iter([(super::super::REQUEST_ID, value)]);
        RequestId::of(&headers).as_str().to_owned()
    }

    #[test]
    fn a_sane_id_of_the_client_stays() {
        assert_eq!(id_of("Trace-1_a"), "Trace-1_a");
        assert_eq!(id_of(&"a".repeat(64)), "a".repeat(64));
    }

    #[test]
    fn any_other_id_is_replaced_by_128_bits() {
        for given in ["", "a b", "a\"b", "../x", "é", &"a".repeat(65)] {
            let id = id_of(given);
            assert_ne!(id, given);
            assert_eq!(id.len(), 32, "{id}");
            assert!(id.bytes().all(|byte| byte.is_ascii_hexdigit()), "{id}");
        }
    }

    #[test]
    fn no_two_requests_get_the_same_id() {
        assert_ne!(RequestId::of(&HeaderMap::new()).as_str(), RequestId::of(&HeaderMap::new()).as_str());
    }
}
