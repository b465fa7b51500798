//! The store in MongoDB (8.0 or newer; a replica set or a sharded cluster, because every commit is one transaction).
//!
//! Several processes may share a database. Writes are acknowledged by the majority of the set and reads see only what
//! the majority has, so what was acknowledged survives the loss of any one server. Every call has a deadline, after
//! which it is `Unavailable`: a set that hangs holds nobody up for longer.

mod alerts;
mod api_keys;
mod assessments;
mod backup;
mod base;
mod closes;
mod failure;
mod markets;
mod memories;
mod migrations;
mod moves;
mod outbox;
mod record;
mod sweeps;
mod taking;
mod transaction;
mod wallets;
mod watches;

use std::str::FromStr;
use std::time::Duration;

use mongodb::options::{ConnectionString, ReadPreference};
use risk_app::stores::{Store, StoreError};
use thiserror::Error;
use tokio::sync::{Mutex, OnceCell};

use base::Base;
use failure::Failure;

/// Longest that a read may take, with finding a server and connecting to it.
const READ: Duration = Duration::from_secs(5);
/// Longest that a write of a few documents may take.
const WRITE: Duration = Duration::from_secs(10);
/// Longest that a batch may take: a page of a sweep, a file of watches.
const BATCH: Duration = Duration::from_secs(30);
/// Longest name of a database, bytes (the server's own bound).
const MAX_DATABASE_BYTES: usize = 63;

/// From which members of a replica set closes and sweep reports are read. Everything else is read from the primary.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HistoryReads {
    /// The primary alone.
    #[default]
    Primary,
    /// The primary, or a secondary while there is none.
    PrimaryPreferred,
    /// Secondaries alone.
    Secondary,
    /// A secondary, or the primary while there is none.
    SecondaryPreferred,
    /// Whichever answers soonest.
    Nearest,
}

impl HistoryReads {
    /// Every one.
    pub const ALL: [Self; 5] =
        [Self::Primary, Self::PrimaryPreferred, Self::Secondary, Self::SecondaryPreferred, Self::Nearest];

    /// The name that MongoDB gives it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Primary => "primary",
            Self::PrimaryPreferred => "primaryPreferred",
            Self::Secondary => "secondary",
            Self::SecondaryPreferred => "secondaryPreferred",
            Self::Nearest => "nearest",
        }
    }

    fn preference(self) -> ReadPreference {
        match self {
            Self::Primary => ReadPreference::Primary,
            Self::PrimaryPreferred => ReadPreference::PrimaryPreferred { options: None },
            Self::Secondary => ReadPreference::Secondary { options: None },
            Self::SecondaryPreferred => ReadPreference::SecondaryPreferred { options: None },
            Self::Nearest => ReadPreference::Nearest { options: None },
        }
    }
}

/// A text that names no read preference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownPreference;

impl FromStr for HistoryReads {
    type Err = UnknownPreference;

    fn from_str(text: &str) -> Result<Self, UnknownPreference> {
        Self::ALL.into_iter().find(|one| one.name() == text).ok_or(UnknownPreference)
    }
}

/// Why no store can be made of an address. It does not say which: there may be a password in it.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum UnusableMongo {
    /// The address.
    #[error("must be mongodb://[user:password@]host[:port],…[/?options] or mongodb+srv://…")]
    Address,
    /// The name of the database.
    #[error("must be 1 to 63 letters, digits, - and _")]
    Database,
}

/// A store in a MongoDB database.
pub struct MongoStore {
    address: ConnectionString,
    database: String,
    history: HistoryReads,
    base: OnceCell<Base>,
    /// Takers of this process wait for each other here, where they would otherwise race for the same messages.
    taking: Mutex<()>,
}

impl MongoStore {
    /// A store in a database of this name. Touches nothing: the first use connects and brings the database to this
    /// version. An opening that fails is tried again at the next use.
    ///
    /// # Errors
    /// The address or the name cannot be one.
    pub fn new(uri: &str, database: &str, history: HistoryReads) -> Result<Self, UnusableMongo> {
        let is_named = (1..=MAX_DATABASE_BYTES).contains(&database.len())
            && database.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
        if !is_named {
            return Err(UnusableMongo::Database);
        }
        let address = ConnectionString::parse(uri).map_err(|_| UnusableMongo::Address)?;
        let database = database.to_owned();
        Ok(Self { address, database, history, base: OnceCell::new(), taking: Mutex::new(()) })
    }

    async fn base(&self) -> Result<&Base, Failure> {
        self.base.get_or_try_init(|| Base::open(&self.address, &self.database, self.history)).await
    }
}

/// What a call comes to within its time.
async fn answer<T>(limit: Duration, call: impl Future<Output = Result<T, Failure>>) -> Result<T, StoreError> {
    let done = tokio::time::timeout(limit, call).await.unwrap_or(Err(Failure::Late));
    done.map_err(Failure::into_store_error)
}

impl Store for MongoStore {
    fn name(&self) -> &'static str {
        "mongodb"
    }
}

#[cfg(test)]
mod tests;
