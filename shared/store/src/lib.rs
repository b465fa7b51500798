//! Where things are kept: SQLite for a service, memory for tests and trials. One contract suite holds both to the
//! ports of `risk_app::stores`.

mod alarm_memory;
mod memory;
mod sqlite;
mod transition;
#[cfg(test)]
mod twins;

pub use memory::MemoryStore;
pub use sqlite::SqliteStore;

/// How many sweep reports are kept; recording one more drops the oldest.
pub const KEPT_SWEEPS: u32 = 1_000;
/// How many dead letters are kept; one more drops the oldest.
pub const KEPT_DEAD_LETTERS: u32 = 1_000;
/// How many of them the state of the outbox shows.
const SHOWN_DEAD_LETTERS: u32 = 20;
