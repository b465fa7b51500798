//! What several processes share for a while and may lose at any time: counts of quotas, and cached bytes.

use std::num::NonZeroU32;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;

/// What a quota still allows after a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowance {
    /// Requests a minute.
    pub limit: u32,
    /// Requests that could follow at once.
    pub remaining: u32,
    /// Seconds until the quota is whole again.
    pub reset_seconds: u64,
    /// Seconds until the next request is allowed, where this one was not.
    pub retry_after_seconds: Option<u64>,
}

/// Counts requests by the generic cell rate algorithm (GCRA): `per_minute` at once, and as many come back in a minute.
#[async_trait]
pub trait Quota: Send + Sync {
    /// Counts one request of a key. It never fails: where the shared count cannot be reached, this process counts by
    /// itself, and more strictly.
    async fn take(&self, key: &str, per_minute: NonZeroU32) -> Allowance;
    /// Where it counts: `memory`, `redis`, or `redis, alone` while the shared count cannot be reached.
    fn state(&self) -> &'static str;
}

/// The right to compute what a cache does not hold, given to one process at a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// Of which key.
    pub key: String,
    /// Known to its holder alone.
    pub token: String,
}

/// Bytes kept for a while. Whatever it holds may be gone at any time; a cache that cannot be reached holds nothing and
/// grants every claim.
#[async_trait]
pub trait Cache: Send + Sync {
    /// What is kept of each key, in the order given.
    async fn get(&self, keys: &[String]) -> Vec<Option<Bytes>>;
    /// Keeps values for about `keep` (a little longer or shorter, so that what was kept together does not go together).
    async fn put(&self, values: Vec<(String, Bytes)>, keep: Duration);
    /// Forgets keys.
    async fn forget(&self, keys: &[String]);
    /// The right to compute the value of a key; `None` while another holds it, at most for `hold`.
    async fn claim(&self, key: &str, hold: Duration) -> Option<Claim>;
    /// Gives a claim back. One that has run out and is another's by now stays theirs.
    async fn release(&self, claim: Claim);
}
