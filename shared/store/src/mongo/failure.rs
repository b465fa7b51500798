//! What goes wrong inside a MongoDB call, and what of it may leave the crate.

use mongodb::error::{Error, ErrorKind, WriteFailure};
use risk_app::stores::StoreError;
use thiserror::Error;

/// The server's code for a key that is there already.
const DUPLICATE_KEY: i32 = 11_000;
/// The server's code for a document that another transaction has changed.
const WRITE_CONFLICT: i32 = 112;

/// Why a call failed. The driver's own errors print addresses and documents, so they end here.
#[derive(Clone, Debug)]
pub(super) enum Failure {
    /// The driver or the server refused.
    Driver(Error),
    /// A document holds a value that this version does not write; the kind of record.
    Malformed(&'static str),
    /// A value given has no place in a 64-bit signed number; its name.
    OutOfRange(&'static str),
    /// The server lacks what this store needs.
    Server(&'static str),
    /// The database cannot be brought to this version.
    Schema(&'static str),
    /// No answer within the time of the call.
    Late,
    /// The lease that the write is made under is another's.
    Fenced,
}

/// The part of a failure that names no address, user or value.
#[derive(Debug, Error)]
enum Cause {
    #[error("mongodb: {0}")]
    Refused(&'static str),
    #[error("mongodb refused with code {0}")]
    Code(i32),
    #[error("mongodb: connection: {0}")]
    Connection(std::io::ErrorKind),
    #[error("{0} is out of range")]
    OutOfRange(&'static str),
    #[error("mongodb: {0}")]
    Server(&'static str),
    #[error("schema: {0}")]
    Schema(&'static str),
    #[error("mongodb did not answer in time")]
    Late,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        // What a transaction's own code failed with comes back through the driver.
        match error.get_custom::<Self>() {
            Some(own) => own.clone(),
            None => Self::Driver(error),
        }
    }
}

impl From<mongodb::bson::error::Error> for Failure {
    fn from(error: mongodb::bson::error::Error) -> Self {
        Self::Driver(error.into())
    }
}

impl Failure {
    /// What the driver's transactions carry it as.
    pub(super) fn into_driver_error(self) -> Error {
        match self {
            Self::Driver(error) => error,
            own => Error::custom(own),
        }
    }

    /// Whether the server said so by this code.
    pub(super) fn has_code(&self, code: i32) -> bool {
        matches!(self, Self::Driver(error) if codes(error).contains(&code))
    }

    /// Whether a document of the same key was there already.
    pub(super) fn is_duplicate(&self) -> bool {
        self.has_code(DUPLICATE_KEY)
    }

    /// Whether another write was first, so that the act may be tried again on what is there now.
    pub(super) fn is_beaten(&self) -> bool {
        self.is_duplicate() || self.has_code(WRITE_CONFLICT)
    }

    /// What the port answers.
    pub(super) fn into_store_error(self) -> StoreError {
        let cause = match self {
            Self::Malformed(what) => return StoreError::Corrupt { what },
            Self::Fenced => return StoreError::Fenced,
            Self::Driver(error) => cause(&error),
            Self::OutOfRange(what) => Cause::OutOfRange(what),
            Self::Server(why) => Cause::Server(why),
            Self::Schema(why) => Cause::Schema(why),
            Self::Late => Cause::Late,
        };
        StoreError::Unavailable(Box::new(cause))
    }
}

/// The server's codes in an error, and in the error that led to it.
fn codes(error: &Error) -> Vec<i32> {
    let mut codes = match error.kind.as_ref() {
        ErrorKind::Command(command) => vec![command.code],
        ErrorKind::Write(WriteFailure::WriteError(one)) => vec![one.code],
        ErrorKind::Write(WriteFailure::WriteConcernError(one)) => vec![one.code],
        ErrorKind::BulkWrite(bulk) => {
            let concerns = bulk.write_concern_errors.iter().map(|one| one.code);
            bulk.write_errors.values().map(|one| one.code).chain(concerns).collect()
        }
        _ => Vec::new(),
    };
    if let Some(source) = std::error::Error::source(error).and_then(|source| source.downcast_ref::<Error>()) {
        codes.extend(self::codes(source));
    }
    codes
}

fn cause(error: &Error) -> Cause {
    match error.kind.as_ref() {
        ErrorKind::ServerSelection { .. } => Cause::Refused("no server of the set can be reached"),
        ErrorKind::Io(error) => Cause::Connection(error.kind()),
        ErrorKind::ConnectionPoolCleared { .. } => Cause::Refused("the connections were lost"),
        ErrorKind::Authentication { .. } => Cause::Refused("the credentials were refused"),
        ErrorKind::DnsResolve { .. } => Cause::Refused("the name of the set cannot be resolved"),
        ErrorKind::InvalidTlsConfig { .. } => Cause::Refused("the TLS options cannot be used"),
        ErrorKind::Transaction { .. } => Cause::Refused("the transaction did not come to an end"),
        ErrorKind::Bson(..) => Cause::Refused("a document could not be written or read"),
        _ => codes(error)
            .first()
            .map_or(Cause::Refused("the driver refused the call"), |code| Cause::Code(*code)),
    }
}
