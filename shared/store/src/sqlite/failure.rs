//! What goes wrong inside a SQLite call, and what of it may leave the crate.

use risk_app::stores::StoreError;
use rusqlite::ErrorCode;
use thiserror::Error;

/// Why a call on a connection failed. rusqlite's own errors print paths and statements, so they end here.
#[derive(Debug)]
pub(super) enum Failure {
    /// SQLite or a column conversion refused.
    Sqlite(rusqlite::Error),
    /// A column holds a value that this version does not write.
    Unreadable,
    /// The same, with the kind of record.
    Malformed(&'static str),
    /// A value given has no place in a 64-bit signed column; its name.
    OutOfRange(&'static str),
    /// The file or its folder cannot be used.
    File(std::io::ErrorKind),
    /// The schema cannot be brought to this version.
    Schema(&'static str),
    /// The connection's thread has ended.
    Closed,
    /// The lease that the write is made under is another's.
    Fenced,
}

/// The part of a failure that names no path, statement or value.
#[derive(Debug, Error)]
enum Cause {
    #[error("sqlite: {0}")]
    Sqlite(rusqlite::ffi::Error),
    #[error("sqlite refused the call")]
    Refused,
    #[error("{0} is out of range")]
    OutOfRange(&'static str),
    #[error("file: {0}")]
    File(std::io::ErrorKind),
    #[error("schema: {0}")]
    Schema(&'static str),
    #[error("the connection is closed")]
    Closed,
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::File(error.kind())
    }
}

impl From<tokio_rusqlite::Error<Self>> for Failure {
    fn from(error: tokio_rusqlite::Error<Self>) -> Self {
        match error {
            tokio_rusqlite::Error::Error(failure) => failure,
            _ => Self::Closed,
        }
    }
}

impl Failure {
    /// The same failure, with a column that cannot be read told as a malformed record of this kind.
    pub(super) fn of(self, what: &'static str) -> Self {
        match self {
            Self::Unreadable
            | Self::Sqlite(
                rusqlite::Error::FromSqlConversionFailure(..)
                | rusqlite::Error::IntegralValueOutOfRange(..)
                | rusqlite::Error::InvalidColumnType(..)
                | rusqlite::Error::Utf8Error(..),
            ) => Self::Malformed(what),
            other => other,
        }
    }

    /// What the port answers.
    pub(super) fn into_store_error(self) -> StoreError {
        let cause = match self {
            Self::Malformed(what) => return StoreError::Corrupt { what },
            Self::Fenced => return StoreError::Fenced,
            Self::Unreadable => return StoreError::Corrupt { what: "value" },
            Self::Sqlite(error) => match error.sqlite_error() {
                Some(code) if matches!(code.code, ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                    return StoreError::Corrupt { what: "database file" };
                }
                Some(code) => Cause::Sqlite(*code),
                None => Cause::Refused,
            },
            Self::OutOfRange(what) => Cause::OutOfRange(what),
            Self::File(kind) => Cause::File(kind),
            Self::Schema(why) => Cause::Schema(why),
            Self::Closed => Cause::Closed,
        };
        StoreError::Unavailable(Box::new(cause))
    }
}
