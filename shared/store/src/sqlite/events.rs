//! Events between the processes of one SQLite file: a table that is written to and, while somebody listens, polled.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use risk_app::events::{Event, Events, Heard};
use risk_app::stores::StoreError;
use rusqlite::{Row, params};
use tokio::sync::Mutex;
use tokio::sync::broadcast::{Receiver, Sender};

use super::column::{self, Record, all, bytes, seconds};
use super::{Failure, SqliteStore};
use crate::KEPT_EVENTS;
use crate::memory_events::WAITING;

/// How often the table is looked at.
const POLL: Duration = Duration::from_secs(1);
/// Rows read at once: fewer than what waits for a slow listener, so that a full read makes nobody lose any.
const PAGE: u32 = 4_096;

const PUT: &str = "INSERT INTO events (wallet, kind, at, data) VALUES (?1, ?2, ?3, ?4)";
const PRUNE: &str = "DELETE FROM events WHERE id <= (SELECT max(id) FROM events) - ?1";
const LAST: &str = "SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'events'";
const AFTER: &str = "SELECT * FROM events WHERE id > ?1 ORDER BY id LIMIT ?2";

/// A row; one of a kind that this version does not know is heard as missed.
struct Told {
    id: u64,
    event: Option<Event>,
}

impl Record for Told {
    const WHAT: &'static str = "event";

    fn read(row: &Row<'_>) -> Result<Self, Failure> {
        let kind: String = row.get("kind")?;
        let (wallet, at, data) = (column::wallet(row, "wallet")?, column::time(row, "at")?, row.get("data")?);
        let event = kind.parse().ok().map(|kind| Event { wallet, kind, at, data });
        Ok(Self { id: column::natural(row, "id")?, event })
    }
}

/// Events of the processes that share a SQLite file.
pub struct SqliteEvents {
    shared: Arc<Shared>,
}

struct Shared {
    store: Arc<SqliteStore>,
    heard: Sender<Heard>,
    /// Whether the table is polled. Whoever begins or ends that holds the lock.
    is_polling: Mutex<bool>,
}

impl SqliteEvents {
    /// Events over the file of a store. Nothing is read before somebody listens.
    #[must_use]
    pub fn new(store: Arc<SqliteStore>) -> Self {
        let shared = Shared { store, heard: Sender::new(WAITING), is_polling: Mutex::new(false) };
        Self { shared: Arc::new(shared) }
    }
}

#[async_trait]
impl Events for SqliteEvents {
    async fn publish(&self, events: &[Event]) -> Result<(), StoreError> {
        let events = events.to_vec();
        self.shared
            .store
            .write(move |file| {
                let mut put = file.prepare_cached(PUT)?;
                for event in &events {
                    let at = seconds(event.at)?;
                    put.execute(params![bytes(event.wallet), event.kind.name(), at, event.data])?;
                }
                file.prepare_cached(PRUNE)?.execute([KEPT_EVENTS])?;
                Ok(())
            })
            .await
    }

    async fn subscribe(&self) -> Result<Receiver<Heard>, StoreError> {
        let mut is_polling = self.shared.is_polling.lock().await;
        let listener = self.shared.heard.subscribe();
        if !*is_polling {
            let position = self.shared.last().await?;
            tokio::spawn(Arc::clone(&self.shared).poll(position));
            *is_polling = true;
        }
        Ok(listener)
    }

    fn name(&self) -> &'static str {
        "sqlite"
    }
}

impl Shared {
    /// The newest row there ever was.
    async fn last(&self) -> Result<u64, StoreError> {
        self.store.read(|file| column::count(&mut *file.prepare_cached(LAST)?, [])).await
    }

    /// Reads on from a row until nobody listens any more.
    async fn poll(self: Arc<Self>, mut position: u64) {
        let mut is_failing = false;
        loop {
            tokio::time::sleep(POLL).await;
            if self.ends().await {
                return;
            }
            match self.advance(&mut position).await {
                Ok(()) => is_failing = false,
                // Nothing is lost by it: the next look begins where this one failed.
                Err(error) if !is_failing => {
                    is_failing = true;
                    tracing::warn!(cause = error.to_string(), "the events of the store cannot be read");
                }
                Err(_) => {}
            }
        }
    }

    async fn ends(&self) -> bool {
        let mut is_polling = self.is_polling.lock().await;
        *is_polling = self.heard.receiver_count() > 0;
        !*is_polling
    }

    async fn advance(&self, position: &mut u64) -> Result<(), StoreError> {
        loop {
            let after = column_of(*position)?;
            let rows: Vec<Told> = self
                .store
                .read(move |file| all(&mut *file.prepare_cached(AFTER)?, params![after, PAGE]))
                .await?;
            let is_full = u32::try_from(rows.len()).is_ok_and(|length| length == PAGE);
            for Told { id, event } in rows {
                if id != *position + 1 {
                    let _ = self.heard.send(Heard::Missed);
                }
                *position = id;
                let _ = self.heard.send(event.map_or(Heard::Missed, |event| Heard::Event(Arc::new(event))));
            }
            if !is_full {
                return Ok(());
            }
            // Listeners take what waits before more comes.
            tokio::task::yield_now().await;
        }
    }
}

fn column_of(position: u64) -> Result<i64, StoreError> {
    column::integer(position, "an id").map_err(Failure::into_store_error)
}

#[cfg(test)]
mod tests {
    use risk_model::{Address, Timestamp, Wallet};

    use super::*;

    fn event(data: &str) -> Event {
        let wallet = Wallet::new(Address::repeat_byte(7));
        Event {
            wallet,
            kind: risk_app::events::EventKind::Assessed,
            at: Timestamp::new(5),
            data: data.to_owned(),
        }
    }

    #[tokio::test]
    async fn what_was_pruned_or_written_by_a_newer_version_before_it_was_read_is_heard_as_missed() {
        let folder = tempfile::tempdir().unwrap();
        let store = Arc::new(SqliteStore::new(folder.path().join("risk.db")));
        let events = SqliteEvents::new(Arc::clone(&store));
        events.publish(&[event("before")]).await.unwrap();
        let mut listener = events.subscribe().await.unwrap();
        events.publish(&[event("gone"), event("kept"), event("odd")]).await.unwrap();
        let changed = store.write(|file| {
            file.execute("DELETE FROM events WHERE data = 'gone'", [])?;
            file.execute("UPDATE events SET kind = 'of_tomorrow' WHERE data = 'odd'", [])?;
            Ok(())
        });
        changed.await.unwrap();
        assert_eq!(listener.recv().await, Ok(Heard::Missed));
        assert_eq!(listener.recv().await, Ok(Heard::Event(Arc::new(event("kept")))));
        assert_eq!(listener.recv().await, Ok(Heard::Missed));
    }

    #[tokio::test]
    async fn the_table_keeps_the_newest_and_is_polled_only_while_somebody_listens() {
        let folder = tempfile::tempdir().unwrap();
        let store = Arc::new(SqliteStore::new(folder.path().join("risk.db")));
        let events = SqliteEvents::new(Arc::clone(&store));
        let many = usize::try_from(KEPT_EVENTS).unwrap() + 10;
        events.publish(&vec![event("x"); many]).await.unwrap();
        let count =
            store.read(|file| column::count(&mut file.prepare("SELECT count(*) FROM events")?, [])).await;
        assert_eq!(count.unwrap(), u64::from(KEPT_EVENTS));
        drop(events.subscribe().await.unwrap());
        assert!(*events.shared.is_polling.lock().await);
        tokio::time::sleep(POLL + Duration::from_millis(500)).await;
        assert!(!*events.shared.is_polling.lock().await);
        let mut listener = events.subscribe().await.unwrap();
        events.publish(&[event("again")]).await.unwrap();
        assert_eq!(listener.recv().await, Ok(Heard::Event(Arc::new(event("again")))));
    }
}
