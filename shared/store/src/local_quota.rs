//! Quotas counted by this process alone: several processes each grant the quota.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use async_trait::async_trait;
use governor::clock::{Clock, MonotonicClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota as Rate, RateLimiter};
use risk_app::sharing::{Allowance, Quota, QuotaState};

/// Every this many checks the keys whose quota is whole again are let go.
const CHECKS_BETWEEN_CLEANINGS: u32 = 4_096;

/// One limit over many keys.
struct Limiter<C: Clock> {
    inner: RateLimiter<String, DashMapStateStore<String>, C, StateInformationMiddleware>,
    clock: C,
    per_minute: u32,
    checks: AtomicU32,
}

impl<C: Clock + Clone> Limiter<C> {
    fn new(per_minute: NonZeroU32, clock: &C) -> Self {
        let inner =
            RateLimiter::new(Rate::per_minute(per_minute), DashMapStateStore::default(), clock.clone());
        Self { inner, clock: clock.clone(), per_minute: per_minute.get(), checks: AtomicU32::new(0) }
    }

    fn take(&self, key: &str) -> Allowance {
        self.clean_at_times();
        match self.inner.check_key(&key.to_owned()) {
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

/// Counts in memory, each limit over keys of its own.
pub struct LocalQuota<C: Clock = MonotonicClock> {
    limiters: RwLock<BTreeMap<NonZeroU32, Arc<Limiter<C>>>>,
    clock: C,
}

impl LocalQuota {
    /// Nothing counted yet.
    #[must_use]
    pub fn new() -> Self {
        Self::with_clock(MonotonicClock)
    }
}

impl Default for LocalQuota {
    fn default() -> Self {
        Self::new()
    }
}

impl<C: Clock + Clone> LocalQuota<C> {
    fn with_clock(clock: C) -> Self {
        Self { limiters: RwLock::default(), clock }
    }

    /// Counts one request, at once.
    pub(crate) fn count(&self, key: &str, per_minute: NonZeroU32) -> Allowance {
        self.limiter(per_minute).take(key)
    }

    fn limiter(&self, per_minute: NonZeroU32) -> Arc<Limiter<C>> {
        let known = self.limiters.read().unwrap_or_else(PoisonError::into_inner).get(&per_minute).cloned();
        known.unwrap_or_else(|| {
            let mut limiters = self.limiters.write().unwrap_or_else(PoisonError::into_inner);
            let fresh = || Arc::new(Limiter::new(per_minute, &self.clock));
            Arc::clone(limiters.entry(per_minute).or_insert_with(fresh))
        })
    }
}

#[async_trait]
impl<C: Clock + Clone + Send + Sync> Quota for LocalQuota<C>
where
    C::Instant: Send + Sync,
{
    async fn take(&self, key: &str, per_minute: NonZeroU32) -> Allowance {
        self.count(key, per_minute)
    }

    fn since(&self) -> Option<Duration> {
        None
    }

    fn state(&self) -> QuotaState {
        QuotaState::Memory
    }
}

#[cfg(test)]
mod tests {
    use governor::clock::FakeRelativeClock;

    use super::*;

    const THREE: NonZeroU32 = NonZeroU32::new(3).unwrap();

    fn quota() -> (LocalQuota<FakeRelativeClock>, FakeRelativeClock) {
        let clock = FakeRelativeClock::default();
        (LocalQuota::with_clock(clock.clone()), clock)
    }

    #[test]
    fn a_quota_counts_down_refuses_and_comes_back_with_time() {
        let (quota, clock) = quota();
        let left: Vec<u32> = (0..3).map(|_| quota.count("me", THREE).remaining).collect();
        assert_eq!(left, [2, 1, 0]);
        let refused = quota.count("me", THREE);
        let wanted = Allowance { limit: 3, remaining: 0, reset_seconds: 60, retry_after_seconds: Some(20) };
        assert_eq!(refused, wanted);
        clock.advance(Duration::from_secs(20));
        assert_eq!(quota.count("me", THREE).retry_after_seconds, None);
        assert_eq!(quota.count("me", THREE).retry_after_seconds, Some(20));
    }

    #[test]
    fn keys_that_are_whole_again_are_let_go() {
        let (quota, clock) = quota();
        for number in 0..1_000_u32 {
            quota.count(&number.to_string(), THREE);
        }
        let limiter = quota.limiter(THREE);
        assert_eq!(limiter.inner.len(), 1_000);
        clock.advance(Duration::from_secs(61));
        for _ in 0..CHECKS_BETWEEN_CLEANINGS {
            quota.count("another", THREE);
        }
        assert!(limiter.inner.len() <= 1, "{} keys are kept", limiter.inner.len());
    }
}
