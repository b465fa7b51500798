//! Opening the file: pragmas, migrations, and the lock that lets several processes start at once.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::Duration;

use rusqlite::Connection;
use rusqlite_migration::{M, Migrations};

use super::failure::Failure;

/// How long a statement waits for another process's write.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// How often the opening lock is tried, and the pause between: 10 s in all.
const LOCK_ATTEMPTS: u32 = 400;
const LOCK_PAUSE: Duration = Duration::from_millis(25);
/// Statements kept compiled on a connection; every statement of the crate fits.
const KEPT_STATEMENTS: usize = 96;
/// The write-ahead log is cut back to this after a checkpoint, bytes.
const LOG_LIMIT_BYTES: i64 = 64 * 1024 * 1024;

const STEPS: &[M<'_>] = &[
    M::up(include_str!("../../migrations/0001-first-tables.sql")),
    M::up(include_str!("../../migrations/0002-closes.sql")),
    M::up(include_str!("../../migrations/0003-hourly-closes.sql")),
    M::up(include_str!("../../migrations/0004-known-markets.sql")),
    M::up(include_str!("../../migrations/0005-outbox-and-leases.sql")),
    M::up(include_str!("../../migrations/0006-alarm-memory.sql")),
    M::up(include_str!("../../migrations/0007-events.sql")),
    M::up(include_str!("../../migrations/0008-packed-bodies.sql")),
];
const MIGRATIONS: Migrations<'_> = Migrations::from_slice(STEPS);
/// The schema that this version writes, as `user_version` has it.
#[expect(clippy::cast_possible_wrap, reason = "there are some tens of steps")]
pub(super) const NEWEST_SCHEMA: i64 = STEPS.len() as i64;

/// Opens, creates and migrates the file as needed, and answers a writing and a reading connection.
pub(super) fn connect(path: &Path) -> Result<(Connection, Connection), Failure> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder)?;
    }
    // Neither the change to WAL nor the look at the schema version before a migration is guarded by SQLite against a
    // second process that does the same at that moment, so only one at a time comes here.
    let lock = lock(path)?;
    let mut writer = prepared(path)?;
    writer.pragma_update(None, "journal_mode", "WAL")?;
    // FULL: in WAL mode NORMAL may lose the last commits on power loss, and an alert that was acknowledged or opened
    // must stay so. It costs one fsync a commit, and a commit is a whole batch.
    writer.pragma_update(None, "synchronous", "FULL")?;
    writer.pragma_update(None, "journal_size_limit", LOG_LIMIT_BYTES)?;
    migrate(&mut writer)?;
    drop(lock);
    let reader = prepared(path)?;
    reader.pragma_update(None, "query_only", true)?;
    Ok((writer, reader))
}

/// A connection with what both need.
pub(super) fn prepared(path: &Path) -> Result<Connection, Failure> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "trusted_schema", false)?;
    connection.set_prepared_statement_cache_capacity(KEPT_STATEMENTS);
    Ok(connection)
}

fn migrate(connection: &mut Connection) -> Result<(), Failure> {
    use rusqlite_migration::{Error, MigrationDefinitionError};
    MIGRATIONS.to_latest(connection).map_err(|error| match error {
        Error::RusqliteError { err, .. } => Failure::Sqlite(err),
        Error::MigrationDefinition(MigrationDefinitionError::DatabaseTooFarAhead) => {
            Failure::Schema("written by a newer version of this service")
        }
        _ => Failure::Schema("the migration failed"),
    })
}

/// Takes the opening lock, held until the file is dropped.
pub(super) fn lock(path: &Path) -> Result<File, Failure> {
    let file = OpenOptions::new().create(true).truncate(false).write(true).open(lock_path(path))?;
    for _ in 0..LOCK_ATTEMPTS {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) => sleep(LOCK_PAUSE),
            Err(TryLockError::Error(error)) => return Err(error.into()),
        }
    }
    Err(Failure::File(std::io::ErrorKind::TimedOut))
}

/// Beside the file, with `.lock` behind its whole name.
fn lock_path(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    PathBuf::from(name)
}
