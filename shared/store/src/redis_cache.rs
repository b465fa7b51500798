//! A cache in Redis that several processes share: whoever misses something first fetches it for all of them.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

use async_trait::async_trait;
use redis::{FromRedisValue, Pipeline, RedisError};
use risk_app::sharing::SharedCache;

use crate::redis_connection::{RedisConnection, UnusableUrl, reason};
use crate::redis_quota::Breaker;

/// Longest that anybody waits for Redis, connecting included: a provider would answer soon after.
const DEADLINE: Duration = Duration::from_millis(150);
/// How long Redis is left alone after it failed.
const PAUSE: Duration = Duration::from_secs(1);
/// Shorter values are kept as they are.
const PACKED_FROM_BYTES: usize = 256;
/// Longest value that is believed, bytes.
const MAX_BYTES: usize = 1 << 20;
/// Entries live up to this share of their time less, so that those which came together do not end together.
const JITTER: u32 = 10;

const PLAIN: u8 = 0;
const PACKED: u8 = 1;

/// A cache in Redis. Nothing connects before the first use.
pub struct RedisCache {
    connection: RedisConnection,
    breaker: Breaker,
}

impl RedisCache {
    /// A cache at a URL: `redis://[user:password@]host[:port][/database]`.
    ///
    /// # Errors
    /// It is none.
    pub fn new(url: &str) -> Result<Self, UnusableUrl> {
        Ok(Self { connection: RedisConnection::new(url, DEADLINE)?, breaker: Breaker::new(PAUSE) })
    }

    /// The answers of some commands; none where Redis did not give them.
    async fn run<T: FromRedisValue>(&self, commands: &Pipeline) -> Option<T> {
        // The driver takes an empty batch for a mistake.
        if commands.is_empty() || !self.breaker.lets_pass() {
            return None;
        }
        let failure = match tokio::time::timeout(DEADLINE, self.ask(commands)).await {
            Ok(Ok(answers)) => {
                self.breaker.close();
                return Some(answers);
            }
            Ok(Err(error)) => reason(&error),
            Err(_) => "no answer in time",
        };
        self.connection.let_go().await;
        if self.breaker.open() {
            tracing::warn!(reason = failure, "the cache in Redis is not asked: this process asks by itself");
        }
        metrics::counter!("shared_cache_unreachable_total").increment(1);
        None
    }

    async fn ask<T: FromRedisValue>(&self, commands: &Pipeline) -> Result<T, RedisError> {
        match commands.query_async(&mut self.connection.get().await?).await {
            // A server that was restarted, or that closes what is idle: a new connection tells.
            Err(error) if error.is_connection_dropped() || error.is_io_error() => {
                self.connection.let_go().await;
                commands.query_async(&mut self.connection.get().await?).await
            }
            answered => answered,
        }
    }
}

#[async_trait]
impl SharedCache for RedisCache {
    async fn get(&self, names: &[String]) -> Vec<Option<Vec<u8>>> {
        let mut commands = Pipeline::with_capacity(names.len());
        // One by one and not MGET: on a cluster the names may lie on different nodes.
        for name in names {
            commands.get(key(name));
        }
        let kept: Vec<Option<Vec<u8>>> = self.run(&commands).await.unwrap_or_default();
        let mut values: Vec<_> = kept.into_iter().map(|value| unpacked(&value?)).collect();
        values.resize(names.len(), None);
        let hits = values.iter().filter(|value| value.is_some()).count();
        metrics::counter!("shared_cache_total", "outcome" => "hit").increment(hits as u64);
        metrics::counter!("shared_cache_total", "outcome" => "miss").increment((names.len() - hits) as u64);
        values
    }

    async fn claim(&self, names: &[String], time: Duration) -> Vec<bool> {
        let mut commands = Pipeline::with_capacity(names.len());
        for name in names {
            commands.cmd("SET").arg(claim(name)).arg(1).arg("NX").arg("PX").arg(milliseconds(time));
        }
        let set: Vec<Option<String>> = self.run(&commands).await.unwrap_or_default();
        if set.len() != names.len() {
            return vec![true; names.len()];
        }
        set.iter().map(Option::is_some).collect()
    }

    async fn settle(&self, entries: &[(String, Vec<u8>)], claims: &[String], time: Duration) {
        let mut commands = Pipeline::with_capacity(entries.len() + claims.len());
        for (name, value) in entries.iter().filter(|(_, value)| value.len() <= MAX_BYTES) {
            let time = milliseconds(less(name, time));
            commands.cmd("SET").arg(key(name)).arg(packed(value)).arg("PX").arg(time).ignore();
        }
        for name in claims {
            commands.cmd("DEL").arg(claim(name)).ignore();
        }
        let _: Option<()> = self.run(&commands).await;
    }
}

/// The braces keep an entry and its claim on one node of a cluster.
fn key(name: &str) -> String {
    format!("risk:cache:{{{name}}}")
}

fn claim(name: &str) -> String {
    format!("risk:cache:{{{name}}}:claim")
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX).max(1)
}

/// A time up to a tenth shorter, by the name.
fn less(name: &str, time: Duration) -> Duration {
    let mut hasher = DefaultHasher::new();
    name.hash(&mut hasher);
    let share = u32::try_from(hasher.finish() % 1_000).unwrap_or_default();
    time - time * share / (1_000 * JITTER)
}

fn packed(value: &[u8]) -> Vec<u8> {
    let (how, body) = if value.len() < PACKED_FROM_BYTES {
        (PLAIN, value.to_vec())
    } else {
        (PACKED, lz4_flex::block::compress_prepend_size(value))
    };
    let mut bytes = Vec::with_capacity(body.len() + 1);
    bytes.push(how);
    bytes.extend(body);
    bytes
}

/// The value; none where it is not one of ours, or says that it is longer than any is.
fn unpacked(bytes: &[u8]) -> Option<Vec<u8>> {
    let (how, body) = bytes.split_first()?;
    match *how {
        PLAIN => Some(body.to_vec()),
        PACKED => {
            let (length, block) = body.split_first_chunk::<4>()?;
            let length =
                usize::try_from(u32::from_le_bytes(*length)).ok().filter(|length| *length <= MAX_BYTES)?;
            let value = lz4_flex::block::decompress(block, length).ok()?;
            (value.len() == length).then_some(value)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_come_back_and_long_ones_are_shorter_meanwhile() {
        for length in [0, 1, 255, 256, 100_000] {
            let value = vec![7; length];
            let kept = packed(&value);
            assert!(length < PACKED_FROM_BYTES || kept.len() < length / 2, "{length}");
            assert_eq!(unpacked(&kept), Some(value));
        }
    }

    #[test]
    fn what_is_none_of_ours_is_not_there() {
        let too_long = [&[PACKED][..], &u32::MAX.to_le_bytes(), &[1, 2, 3]].concat();
        let whole = packed(&[7; 1_000]);
        let cut = whole[..whole.len() - 1].to_vec();
        for bytes in [vec![], vec![9, 1], vec![PACKED], vec![PACKED, 1, 0], too_long, cut] {
            assert_eq!(unpacked(&bytes), None, "{bytes:?}");
        }
    }

    #[test]
    fn entries_of_one_moment_end_at_different_ones() {
        let time = Duration::from_secs(20);
        let times: std::collections::BTreeSet<_> =
            (0..100).map(|number: u32| less(&format!("asset {number}"), time)).collect();
        assert!(times.len() > 50);
        assert!(times.iter().all(|one| (Duration::from_secs(18)..=time).contains(one)), "{times:?}");
    }
}
