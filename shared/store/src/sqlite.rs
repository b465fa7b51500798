//! The store in one SQLite file: WAL, one writing and one reading connection, each on a thread of its own.
//!
//! Several processes may share the file. Every write is one `BEGIN IMMEDIATE` transaction, so what it looked at
//! cannot change before it writes; a write waits up to 5 s for another process's and is then `Unavailable`. What was
//! acknowledged survives the loss of power (`synchronous=FULL`).

mod alerts;
mod api_keys;
mod assessments;
mod backup;
mod closes;
mod column;
mod connection;
mod events;
mod failure;
mod markets;
mod memories;
mod outbox;
mod sweeps;
mod wallets;
mod watches;

use std::path::{Path, PathBuf};

use risk_app::stores::{Store, StoreError};
use rusqlite::{Transaction, TransactionBehavior};
use tokio::sync::OnceCell;
use tokio_rusqlite::Connection;

pub use backup::{back_up, restore};
pub use events::SqliteEvents;
use failure::Failure;

/// A store in a SQLite file.
pub struct SqliteStore {
    path: PathBuf,
    connections: OnceCell<Connections>,
}

/// Reads have their own connection, so that they do not wait behind a bulk write.
struct Connections {
    writer: Connection,
    reader: Connection,
}

impl SqliteStore {
    /// A store at this path. Touches nothing: the first use opens the file, creates it and its folder where they are
    /// missing, and migrates it. An opening that fails is tried again at the next use.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), connections: OnceCell::new() }
    }

    /// A store at this path, opened and migrated now.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] where the file cannot be opened, locked or migrated, or was written by a newer
    /// version; [`StoreError::Corrupt`] where it is no SQLite database.
    pub async fn open(path: &Path) -> Result<Self, StoreError> {
        let store = Self::new(path);
        store.connections().await.map_err(Failure::into_store_error)?;
        Ok(store)
    }

    async fn connections(&self) -> Result<&Connections, Failure> {
        self.connections
            .get_or_try_init(|| async {
                let path = self.path.clone();
                let opened = tokio::task::spawn_blocking(move || connection::connect(&path)).await;
                let (writer, reader) = opened.map_err(|_| Failure::Closed)??;
                Ok(Connections { writer: writer.into(), reader: reader.into() })
            })
            .await
    }

    /// Runs `act` on one snapshot of the file.
    async fn read<T, F>(&self, act: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Transaction<'_>) -> Result<T, Failure> + Send + 'static,
    {
        let run = async {
            let connections = self.connections().await?;
            let answer = transact(&connections.reader, TransactionBehavior::Deferred, act).await?;
            Ok(answer)
        };
        run.await.map_err(Failure::into_store_error)
    }

    /// Runs `act` as one write: all of it or, where it fails, none. It is carried out even if the caller stops waiting.
    async fn write<T, F>(&self, act: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Transaction<'_>) -> Result<T, Failure> + Send + 'static,
    {
        let run = async {
            let connections = self.connections().await?;
            let answer = transact(&connections.writer, TransactionBehavior::Immediate, act).await?;
            Ok(answer)
        };
        run.await.map_err(Failure::into_store_error)
    }
}

/// One transaction on a connection's own thread.
async fn transact<T, F>(connection: &Connection, behavior: TransactionBehavior, act: F) -> Result<T, Failure>
where
    T: Send + 'static,
    F: FnOnce(&Transaction<'_>) -> Result<T, Failure> + Send + 'static,
{
    let done = connection.call(move |connection| {
        let transaction = connection.transaction_with_behavior(behavior)?;
        let answer = act(&transaction)?;
        transaction.commit()?;
        Ok(answer)
    });
    done.await.map_err(Failure::from)
}

impl Store for SqliteStore {
    fn name(&self) -> &'static str {
        "sqlite"
    }
}

#[cfg(test)]
mod tests;
