//! Quotas counted in Redis by every process together; while it cannot be reached, by this process and more strictly.

mod breaker;

use std::num::NonZeroU32;
use std::time::Duration;

use async_trait::async_trait;
use redis::{RedisError, Script};
use risk_app::sharing::{Allowance, Quota, QuotaState};
use thiserror::Error;

use crate::LocalQuota;
use crate::redis_connection::{RedisConnection, UnusableUrl, reason};
pub(crate) use breaker::Breaker;

/// Longest that a request waits for Redis, connecting included.
const DEADLINE: Duration = Duration::from_millis(250);
/// How long Redis is left alone after it failed: a Redis that hangs delays one request in so long, not each.
const PAUSE: Duration = Duration::from_secs(1);
/// Counts one request, in one step of the server.
const TAKE: &str = include_str!("redis_quota/take.lua");
const MICROSECONDS: u64 = 1_000_000;

/// Why Redis did not count. It never names the URL.
#[derive(Debug, Error)]
enum Failure {
    #[error("no answer within {} ms", DEADLINE.as_millis())]
    Late,
    #[error("{0}")]
    Redis(&'static str),
}

/// Counts in Redis. Nothing connects before the first request.
pub struct RedisQuota {
    connection: RedisConnection,
    script: Script,
    breaker: Breaker,
    alone: LocalQuota,
}

impl RedisQuota {
    /// A quota at a URL: `redis://[user:password@]host[:port][/database]`.
    ///
    /// # Errors
    /// It is none.
    pub fn new(url: &str) -> Result<Self, UnusableUrl> {
        Ok(Self {
            connection: RedisConnection::new(url, DEADLINE)?,
            script: Script::new(TAKE),
            breaker: Breaker::new(PAUSE),
            alone: LocalQuota::new(),
        })
    }

    async fn shared(&self, key: &str, per_minute: NonZeroU32) -> Result<Allowance, Failure> {
        let within = tokio::time::timeout(DEADLINE, self.ask(key, per_minute));
        let answer = within.await.map_err(|_| Failure::Late)?;
        answer.map_err(|error| Failure::Redis(reason(&error)))
    }

    async fn ask(&self, key: &str, per_minute: NonZeroU32) -> Result<Allowance, RedisError> {
        // The braces keep what may be counted together one day on one node of a cluster.
        let name = format!("risk:quota:{{{key}}}");
        let mut call = self.script.key(name);
        call.arg(per_minute.get());
        let mut connection = self.connection.get().await?;
        let first: Result<[u64; 4], RedisError> = call.invoke_async(&mut connection).await;
        let counted = match first {
            // A server that was restarted, or that closes what is idle: a new connection tells.
            Err(error) if error.is_connection_dropped() || error.is_io_error() => {
                self.connection.let_go().await;
                call.invoke_async(&mut self.connection.get().await?).await?
            }
            other => other?,
        };
        Ok(allowance(per_minute, counted))
    }

    /// Counts here, at half the limit: it is not known what other processes let in meanwhile.
    fn count_alone(&self, key: &str, per_minute: NonZeroU32) -> Allowance {
        metrics::counter!("risk_quota_alone_total").increment(1);
        let half = NonZeroU32::new(per_minute.get() / 2).unwrap_or(NonZeroU32::MIN);
        self.alone.count(key, half)
    }
}

#[async_trait]
impl Quota for RedisQuota {
    async fn take(&self, key: &str, per_minute: NonZeroU32) -> Allowance {
        if !self.breaker.lets_pass() {
            return self.count_alone(key, per_minute);
        }
        match self.shared(key, per_minute).await {
            Ok(allowance) => {
                if self.breaker.close() {
                    tracing::info!("quotas are counted in Redis");
                }
                allowance
            }
            Err(failure) => {
                self.connection.let_go().await;
                if self.breaker.open() {
                    let reason = failure.to_string();
                    tracing::warn!(reason, "Redis does not count: this process does, at half the limit");
                }
                self.count_alone(key, per_minute)
            }
        }
    }

    fn state(&self) -> QuotaState {
        self.breaker.state()
    }

    fn since(&self) -> Option<Duration> {
        self.breaker.since()
    }
}

fn allowance(per_minute: NonZeroU32, [is_let_in, remaining, whole, wait]: [u64; 4]) -> Allowance {
    let limit = per_minute.get();
    Allowance {
        limit,
        remaining: u32::try_from(remaining).unwrap_or(limit).min(limit),
        reset_seconds: whole.div_ceil(MICROSECONDS),
        retry_after_seconds: (is_let_in == 0).then(|| wait.div_ceil(MICROSECONDS).max(1)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_that_cannot_be_used_is_refused_without_being_told() {
        for url in ["", "localhost", "rediss://user:hunter2@localhost", "http://user:hunter2@localhost"] {
            let refused = RedisQuota::new(url).err();
            assert_eq!(refused, Some(UnusableUrl), "{url}");
            assert!(!UnusableUrl.to_string().contains("hunter2"));
        }
    }

    #[test]
    fn half_a_second_of_waiting_is_told_as_a_whole_one() {
        let one = allowance(NonZeroU32::MIN, [0, 0, 500_000, 500_000]);
        let wanted = Allowance { limit: 1, remaining: 0, reset_seconds: 1, retry_after_seconds: Some(1) };
        assert_eq!(one, wanted);
    }
}
