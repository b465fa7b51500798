//! Quotas: how often one principal may ask about one wallet, and one client address about anything (GCRA).
//!
//! Counts are of this process; several instances each grant the quota.

use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use governor::clock::{Clock, MonotonicClock, Reference};
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};
use risk_model::Wallet;

use crate::auth::PrincipalId;

/// Every this many checks the keys whose quota is whole again are let go.
const CHECKS_BETWEEN_CLEANINGS: u32 = 4_096;

const LIMIT: HeaderName = HeaderName::from_static("ratelimit-limit");
const REMAINING: HeaderName = HeaderName::from_static("ratelimit-remaining");
const RESET: HeaderName = HeaderName::from_static("ratelimit-reset");

/// What a quota still allows after a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Allowance {
    /// Requests a minute.
    pub(crate) limit: u32,
    /// Requests that could follow at once.
    pub(crate) remaining: u32,
    /// Seconds until the quota is whole again.
    pub(crate) reset_seconds: u64,
    /// Seconds until the next request is allowed, where this one was not.
    pub(crate) retry_after_seconds: Option<u64>,
}

impl Allowance {
    /// Writes the `RateLimit-*` headers.
    pub(crate) fn write(&self, headers: &mut HeaderMap) {
        headers.insert(LIMIT, HeaderValue::from(self.limit));
        headers.insert(REMAINING, HeaderValue::from(self.remaining));
        headers.insert(RESET, HeaderValue::from(self.reset_seconds));
    }
}

/// One quota over many keys.
struct Limiter<K: Hash + Eq + Clone, C: Clock> {
    inner: RateLimiter<K, DashMapStateStore<K>, C, StateInformationMiddleware>,
    clock: C,
    per_minute: u32,
    checks: AtomicU32,
}

impl<K: Hash + Eq + Clone, C: Clock + Clone> Limiter<K, C> {
    fn new(per_minute: u32, clock: &C) -> Self {
        let cells = NonZeroU32::new(per_minute).unwrap_or(NonZeroU32::MIN);
        let inner = RateLimiter::new(Quota::per_minute(cells), DashMapStateStore::default(), clock.clone());
        Self { inner, clock: clock.clone(), per_minute: cells.get(), checks: AtomicU32::new(0) }
    }

    fn take(&self, key: &K) -> Allowance {
        self.clean_at_times();
        match self.inner.check_key(key) {
            Ok(state) => {
                let remaining = state.remaining_burst_capacity().min(self.per_minute);
                Allowance {
                    limit: self.per_minute,
                    remaining,
                    reset_seconds: self.seconds_for(self.per_minute - remaining),
                    retry_after_seconds: None,
                }
            }
            Err(refused) => {
                let wait = refused.wait_time_from(self.clock.now());
                Allowance {
                    limit: self.per_minute,
                    remaining: 0,
                    reset_seconds: self.seconds_for(self.per_minute),
                    retry_after_seconds: Some(whole_seconds(wait).max(1)),
                }
            }
        }
    }

    /// Seconds in which so many requests come back.
    fn seconds_for(&self, requests: u32) -> u64 {
        (u64::from(requests) * 60).div_ceil(u64::from(self.per_minute))
    }

    /// Keeps the store to the keys of about the last minute.
    fn clean_at_times(&self) {
        if self.checks.fetch_add(1, Ordering::Relaxed) % CHECKS_BETWEEN_CLEANINGS
            == CHECKS_BETWEEN_CLEANINGS - 1
        {
            self.inner.retain_recent();
            self.inner.shrink_to_fit();
        }
    }
}

fn whole_seconds(duration: Duration) -> u64 {
    duration.as_secs() + u64::from(duration.subsec_nanos() > 0)
}

/// Both quotas.
pub(crate) struct Quotas<C: Clock = MonotonicClock> {
    per_wallet: Limiter<(PrincipalId, Option<Wallet>), C>,
    per_client: Limiter<IpAddr, C>,
}

impl Quotas {
    /// Quotas in requests a minute.
    pub(crate) fn new(per_wallet: u32, per_client: u32) -> Self {
        Self::with_clock(per_wallet, per_client, &MonotonicClock)
    }
}

impl<C: Clock + Clone> Quotas<C>
where
    C::Instant: Reference,
{
    fn with_clock(per_wallet: u32, per_client: u32, clock: &C) -> Self {
        Self { per_wallet: Limiter::new(per_wallet, clock), per_client: Limiter::new(per_client, clock) }
    }

    /// Counts a request of a principal about a wallet, or about none.
    pub(crate) fn take_wallet(&self, principal: PrincipalId, wallet: Option<Wallet>) -> Allowance {
        self.per_wallet.take(&(principal, wallet))
    }

    /// Counts a request of a client. IPv6 clients are counted by their /64: one host has all of it.
    pub(crate) fn take_client(&self, client: IpAddr) -> Allowance {
        self.per_client.take(&network(client))
    }
}

/// The address that a client is counted by.
fn network(client: IpAddr) -> IpAddr {
    match client.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX))),
    }
}

#[cfg(test)]
mod tests {
    use governor::clock::FakeRelativeClock;

    use super::*;

    fn quotas() -> (Quotas<FakeRelativeClock>, FakeRelativeClock) {
        let clock = FakeRelativeClock::default();
        (Quotas::with_clock(3, 5, &clock), clock)
    }

    fn wallet(byte: u8) -> Option<Wallet> {
        Some(Wallet::new(risk_model::Address::repeat_byte(byte)))
    }

    #[test]
    fn a_quota_counts_down_refuses_and_comes_back_with_time() {
        let (quotas, clock) = quotas();
        let me = PrincipalId::ANONYMOUS;
        let left: Vec<u32> = (0..3).map(|_| quotas.take_wallet(me, wallet(1)).remaining).collect();
        assert_eq!(left, [2, 1, 0]);
        let refused = quotas.take_wallet(me, wallet(1));
        assert_eq!(
            refused,
            Allowance { limit: 3, remaining: 0, reset_seconds: 60, retry_after_seconds: Some(20) }
        );
        clock.advance(Duration::from_secs(20));
        assert_eq!(quotas.take_wallet(me, wallet(1)).retry_after_seconds, None);
        assert_eq!(quotas.take_wallet(me, wallet(1)).retry_after_seconds, Some(20));
    }

    #[test]
    fn one_wallets_quota_is_not_anothers_and_one_principals_is_not_anothers() {
        let (quotas, _) = quotas();
        let other = PrincipalId::of_hash(&[7; 32]);
        for _ in 0..4 {
            quotas.take_wallet(PrincipalId::ANONYMOUS, wallet(1));
        }
        assert_eq!(quotas.take_wallet(PrincipalId::ANONYMOUS, wallet(2)).retry_after_seconds, None);
        assert_eq!(quotas.take_wallet(other, wallet(1)).retry_after_seconds, None);
        assert!(quotas.take_wallet(PrincipalId::ANONYMOUS, wallet(1)).retry_after_seconds.is_some());
    }

    #[test]
    fn an_ipv6_client_cannot_leave_its_quota_within_its_own_network() {
        let (quotas, _) = quotas();
        for last in 0..5_u16 {
            let client = Ipv6Addr::new(0x2001, 0xdb8, 0, 1, 0, 0, 0, last);
            assert_eq!(quotas.take_client(client.into()).retry_after_seconds, None);
        }
        let sixth = Ipv6Addr::new(0x2001, 0xdb8, 0, 1, 9, 9, 9, 9);
        assert!(quotas.take_client(sixth.into()).retry_after_seconds.is_some());
        let elsewhere = Ipv6Addr::new(0x2001, 0xdb8, 0, 2, 0, 0, 0, 1);
        assert_eq!(quotas.take_client(elsewhere.into()).retry_after_seconds, None);
    }

    #[test]
    fn keys_that_are_whole_again_are_let_go() {
        let (quotas, clock) = quotas();
        for number in 0..1_000_u32 {
            quotas.take_client(IpAddr::from(number.to_be_bytes()));
        }
        assert_eq!(quotas.per_client.inner.len(), 1_000);
        clock.advance(Duration::from_secs(61));
        for _ in 0..CHECKS_BETWEEN_CLEANINGS {
            quotas.take_client(IpAddr::from([9, 9, 9, 9]));
        }
        assert!(quotas.per_client.inner.len() <= 1, "{} keys are kept", quotas.per_client.inner.len());
    }

    #[test]
    fn the_headers_say_limit_remaining_and_reset() {
        let mut headers = HeaderMap::new();
        let allowance = Allowance { limit: 60, remaining: 59, reset_seconds: 1, retry_after_seconds: None };
        allowance.write(&mut headers);
        assert_eq!(headers["RateLimit-Limit"], "60");
        assert_eq!(headers["RateLimit-Remaining"], "59");
        assert_eq!(headers["RateLimit-Reset"], "1");
    }
}
