//! What several processes share for a while and may lose at any time: the counts of quotas, and what they asked providers.

use std::num::NonZeroU32;
use std::time::Duration;

use async_trait::async_trait;

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

/// Where a quota counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QuotaState {
    /// In the memory of this process, as it was told to.
    Memory,
    /// In Redis, which nobody had to ask yet.
    Unasked,
    /// In Redis, with every process that shares it.
    Shared,
    /// In this process alone and more strictly, while Redis cannot be reached.
    Alone,
}

impl QuotaState {
    /// The lower-case name used in answers.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Memory => "not_shared",
            Self::Unasked => "not_asked_yet",
            Self::Shared => "shared",
            Self::Alone => "alone",
        }
    }
}

/// Counts requests by the generic cell rate algorithm (GCRA): `per_minute` at once, and as many come back in a minute.
#[async_trait]
pub trait Quota: Send + Sync {
    /// Counts one request of a key. It never fails: where the shared count cannot be reached, this process counts by
    /// itself, and more strictly.
    async fn take(&self, key: &str, per_minute: NonZeroU32) -> Allowance;
    /// Where it counts.
    fn state(&self) -> QuotaState;
    /// For how long it has counted there; `None` where it counts in memory because it was told to, or nowhere yet.
    fn since(&self) -> Option<Duration>;
}

/// A cache that several processes share. It may lose anything at any time, and never fails: what cannot be reached is not
/// there. What it gives is somebody's word, so whoever takes it checks it.
#[async_trait]
pub trait SharedCache: Send + Sync {
    /// What is kept under each of these names, in their order.
    async fn get(&self, names: &[String]) -> Vec<Option<Vec<u8>>>;
    /// For which of these names, in their order, this process is the one to fetch what is not there: no other has claimed
    /// it within the last `time`. Where that cannot be asked, for all of them.
    async fn claim(&self, names: &[String], time: Duration) -> Vec<bool>;
    /// Keeps entries for `time` or a little less, each another little, and gives these claims back.
    async fn settle(&self, entries: &[(String, Vec<u8>)], claims: &[String], time: Duration);
}
