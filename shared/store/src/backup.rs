//! What a copy of a store holds, and why one is not made or not put in place.

use std::fs::File;
use std::io::ErrorKind;
use std::path::Path;

use risk_app::stores::StoreError;
use rusqlite::ErrorCode;
use thiserror::Error;

/// How far a restore moves the ids of alerts and events on: what was given after the copy was made was told to channels
/// and listeners, who would take another's message of the same id for a repeat.
pub(crate) const ID_STEP: i64 = 1_000_000;

/// What a copy holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Copied {
    /// Watches.
    pub watches: u64,
    /// Alerts, in every state.
    pub alerts: u64,
    /// API keys.
    pub api_keys: u64,
    /// Its length, or the lengths of its files together.
    pub bytes: u64,
}

/// Why a copy was not made or not put in place. Nothing was changed then.
#[derive(Debug, Error)]
pub enum BackupError {
    /// There is no such database.
    #[error("there is no database file to copy")]
    Missing,
    /// The copy would overwrite a file.
    #[error("the file to write is there already")]
    Exists,
    /// A process has the database open.
    #[error("a process has the database open: end the API and the sweeps first")]
    InUse,
    /// It is none of this service's databases.
    #[error("the copy is no database of this service")]
    Foreign,
    /// It was written by a newer version.
    #[error(
        "the copy was written by a newer version of this service (schema {found}, known are up to {known})"
    )]
    Newer {
        /// The copy's schema.
        found: i64,
        /// The newest that this version knows.
        known: i64,
    },
    /// It was written by an older version, which can put it in place; this one can go on from there.
    #[error(
        "the copy was written by an older version of this service (schema {found}, this one has {known}): restore it with that \
         one"
    )]
    Older {
        /// The copy's schema.
        found: i64,
        /// This version's.
        known: i64,
    },
    /// The database is to hold nothing.
    #[error("the database holds something: restore into one of another name (MONGODB_DATABASE)")]
    NotEmpty,
    /// It is damaged.
    #[error("the copy is damaged: {0}")]
    Damaged(String),
    /// A file could not be read or written.
    #[error("file: {0}")]
    File(ErrorKind),
    /// SQLite refused.
    #[error("sqlite: {0}")]
    Sqlite(#[source] rusqlite::Error),
    /// The database could not be read or written.
    #[error(transparent)]
    Store(StoreError),
}

impl BackupError {
    /// Why a copy of one schema has no place in a database of another.
    pub(crate) const fn of_schema(found: i64, known: i64) -> Self {
        if found > known { Self::Newer { found, known } } else { Self::Older { found, known } }
    }
}

impl From<std::io::Error> for BackupError {
    fn from(error: std::io::Error) -> Self {
        Self::File(error.kind())
    }
}

impl From<rusqlite::Error> for BackupError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::NotADatabase) => Self::Foreign,
            Some(ErrorCode::DatabaseCorrupt) => Self::Damaged("it cannot be read".to_owned()),
            _ => Self::Sqlite(error),
        }
    }
}

/// Writes a changed name through to the disk.
pub(crate) fn sync_folder(path: &Path) -> Result<(), BackupError> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or_else(|| Path::new(".")))?.sync_all()?;
    Ok(())
}
