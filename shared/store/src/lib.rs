//! Where things are kept: SQLite for a service on one machine, MongoDB for one on several, memory for tests and trials;
//! quotas are counted in Redis or in this process. One contract suite holds each to the ports of `risk_app::stores` and `risk_app::sharing`.

mod alarm_memory;
mod backup;
mod local_quota;
mod memory;
mod memory_events;
mod mongo;
mod redis_cache;
mod redis_connection;
mod redis_events;
mod redis_quota;
mod sqlite;
mod transition;
#[cfg(test)]
mod twins;

pub use backup::{BackupError, Copied};
pub use local_quota::LocalQuota;
pub use memory::MemoryStore;
pub use memory_events::MemoryEvents;
pub use mongo::{HistoryReads, MongoStore, UnknownPreference, UnusableMongo};
pub use redis_cache::RedisCache;
pub use redis_connection::{UnusableUrl, check_redis_url};
pub use redis_events::RedisEvents;
pub use redis_quota::RedisQuota;
pub use sqlite::{SqliteEvents, SqliteStore, back_up, restore};

/// How many sweep reports are kept; recording one more drops the oldest.
pub const KEPT_SWEEPS: u32 = 1_000;
/// How many dead letters are kept; one more drops the oldest.
pub const KEPT_DEAD_LETTERS: u32 = 1_000;
/// How many of them the state of the outbox shows.
const SHOWN_DEAD_LETTERS: u32 = 20;
/// How many events are kept for the listeners of other processes; more drop the oldest.
pub const KEPT_EVENTS: u32 = 50_000;
