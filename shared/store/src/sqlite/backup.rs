//! A copy of the file while services write to it, and a copy put in the file's place while none has it open.

use std::fs::{File, OpenOptions};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension};

use super::connection::{self, NEWEST_SCHEMA};
use super::failure::Failure;
use crate::backup::{BackupError, Copied, ID_STEP, sync_folder};

/// Copies the database as it is at one moment, while others read and write it. The copy holds no page of what was
/// deleted. It is there whole, checked and written through to the disk, or not at all.
///
/// # Errors
/// The copy could not be made; `to` is there already.
pub fn back_up(database: &Path, to: &Path) -> Result<Copied, BackupError> {
    if !database.is_file() {
        return Err(BackupError::Missing);
    }
    let partial = beside(to, ".partial");
    // Both are kept from others: the file holds hashes of keys and what wallets are watched.
    reserve(to)?;
    let copied = copy_checked(database, &partial).and_then(|copied| {
        std::fs::rename(&partial, to)?;
        sync_folder(to)?;
        Ok(copied)
    });
    if copied.is_err() {
        // What is left of them is nobody's backup.
        let _ = std::fs::remove_file(&partial);
        let _ = std::fs::remove_file(to);
    }
    copied
}

fn copy_checked(database: &Path, partial: &Path) -> Result<Copied, BackupError> {
    match std::fs::remove_file(partial) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error.into()),
        _ => {}
    }
    reserve(partial)?;
    let source = connection::prepared(database).map_err(of_failure)?;
    // One read transaction: writers go on, and what they commit meanwhile is not in the copy.
    source
        .execute("VACUUM INTO ?1", [partial.to_str().ok_or(BackupError::File(ErrorKind::InvalidInput))?])?;
    drop(source);
    File::open(partial)?.sync_all()?;
    check(partial)
}

/// Copies what a connection sees, its log included, in one read transaction: writers go on, and what they commit
/// meanwhile is not in the copy.
fn copy(source: &Connection, to: &Path) -> Result<(), BackupError> {
    let to = to.to_str().ok_or(BackupError::File(ErrorKind::InvalidInput))?;
    source.execute("VACUUM INTO ?1", [to])?;
    Ok(())
}

/// Puts a copy in the database's place. What was there is kept beside it; the answer tells where.
///
/// # Errors
/// A process has the database open; the copy is not whole or not of this service.
pub fn restore(from: &Path, database: &Path) -> Result<(Copied, Option<PathBuf>), BackupError> {
    let folder = database.parent().filter(|folder| !folder.as_os_str().is_empty());
    if !from.is_file() {
        return Err(BackupError::Missing);
    }
    check(from)?;
    if let Some(folder) = folder {
        std::fs::create_dir_all(folder)?;
    }
    // No process opens the file while this is held.
    let lock = connection::lock(database).map_err(of_failure)?;
    let incoming = beside(database, ".incoming");
    match std::fs::remove_file(&incoming) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error.into()),
        _ => {}
    }
    let restored = take_over(from, &incoming, database);
    if restored.is_err() {
        let _ = std::fs::remove_file(&incoming);
    }
    drop(lock);
    restored
}

fn take_over(
    from: &Path,
    incoming: &Path,
    database: &Path,
) -> Result<(Copied, Option<PathBuf>), BackupError> {
    demand_unused(database)?;
    reserve(incoming)?;
    copy(&Connection::open_with_flags(from, OpenFlags::SQLITE_OPEN_READ_ONLY)?, incoming)?;
    let connection = Connection::open_with_flags(incoming, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    move_ids_on(&connection)?;
    drop(connection);
    File::open(incoming)?.sync_all()?;
    let copied = check(incoming)?;
    let replaced = set_aside(database)?;
    std::fs::rename(incoming, database)?;
    sync_folder(database)?;
    Ok((copied, replaced))
}

/// Gives what is there a second name, so that at no moment there is no database; answers it. A log that a killed process
/// left is moved away with it: it must not come to be the new file's.
fn set_aside(database: &Path) -> Result<Option<PathBuf>, BackupError> {
    let logs = ["-wal", "-shm"];
    if !database.exists() && !logs.iter().any(|log| beside(database, log).exists()) {
        return Ok(None);
    }
    let replaced = free_name(database)?;
    if database.exists() {
        // Not every file system has links.
        std::fs::hard_link(database, &replaced).or_else(|_| std::fs::copy(database, &replaced).map(drop))?;
    }
    for log in logs.iter().filter(|log| beside(database, log).exists()) {
        std::fs::rename(beside(database, log), beside(&replaced, log))?;
    }
    Ok(Some(replaced))
}

/// Refuses a database that any process has open: only a file that nobody else has open leaves the WAL mode.
fn demand_unused(database: &Path) -> Result<(), BackupError> {
    if !database.exists() {
        return Ok(());
    }
    let connection = Connection::open_with_flags(database, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    let left = connection
        .pragma_update_and_check(None, "journal_mode", "DELETE", |row| row.get::<_, String>(0))
        .map_err(|error| match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => BackupError::InUse,
            _ => error.into(),
        });
    match left {
        Ok(mode) if mode == "delete" => Ok(()),
        Ok(_) => Err(BackupError::InUse),
        // A file that is damaged beyond opening is one to restore over.
        Err(BackupError::Foreign | BackupError::Damaged(_)) => Ok(()),
        Err(error) => Err(error),
    }
}

/// Checks a copy to its last page, and counts what it holds.
fn check(copy: &Path) -> Result<Copied, BackupError> {
    let connection = Connection::open_with_flags(copy, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let found: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let has_tables = connection
        .query_row("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'watches'", [], |_| Ok(()))
        .optional()?;
    if found < 1 || has_tables.is_none() {
        return Err(BackupError::Foreign);
    }
    if found > NEWEST_SCHEMA {
        return Err(BackupError::Newer { found, known: NEWEST_SCHEMA });
    }
    demand_whole(&connection, copy)?;
    let verdict: String = connection.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
    if verdict != "ok" {
        return Err(BackupError::Damaged(verdict));
    }
    let count = |table: &str| -> Result<u64, BackupError> {
        let rows: i64 =
            connection.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0))?;
        Ok(u64::try_from(rows).unwrap_or_default())
    };
    let (watches, alerts, api_keys) = (count("watches")?, count("alerts")?, count("api_keys")?);
    Ok(Copied { watches, alerts, api_keys, bytes: std::fs::metadata(copy)?.len() })
}

/// Refuses a file that is cut: what is missing of its last page SQLite would read as zeros.
fn demand_whole(connection: &Connection, copy: &Path) -> Result<(), BackupError> {
    // Pages may still be in a log beside it.
    if beside(copy, "-wal").metadata().is_ok_and(|log| log.len() > 0) {
        return Ok(());
    }
    let number = |pragma| connection.pragma_query_value(None, pragma, |row| row.get::<_, i64>(0));
    let expected = number("page_count")? * number("page_size")?;
    let is_whole =
        u64::try_from(expected).is_ok_and(|expected| expected == copy.metadata().map_or(0, |it| it.len()));
    if is_whole { Ok(()) } else { Err(BackupError::Damaged("its end is missing".to_owned())) }
}

fn move_ids_on(connection: &Connection) -> Result<(), BackupError> {
    for table in ["alerts", "events"] {
        let is_there = connection
            .query_row("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?1", [table], |_| Ok(()))
            .optional()?;
        if is_there.is_none() {
            // An older schema: the migration makes the table, and no id of it was ever told.
            continue;
        }
        let moved = connection
            .execute("UPDATE sqlite_sequence SET seq = seq + ?2 WHERE name = ?1", (table, ID_STEP))?;
        if moved == 0 {
            connection
                .execute("INSERT INTO sqlite_sequence (name, seq) VALUES (?1, ?2)", (table, ID_STEP))?;
        }
    }
    Ok(())
}

/// Makes an empty file that only its owner reads.
fn reserve(path: &Path) -> Result<(), BackupError> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop).map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => BackupError::Exists,
        kind => BackupError::File(kind),
    })
}

/// The first name beside the database that no earlier restore took.
fn free_name(database: &Path) -> Result<PathBuf, BackupError> {
    let names = (1..10_000).map(|number| beside(database, &format!(".replaced-{number}")));
    names.into_iter().find(|name| !name.exists()).ok_or(BackupError::Exists)
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

fn of_failure(failure: Failure) -> BackupError {
    match failure {
        Failure::Sqlite(error) => error.into(),
        Failure::File(kind) => BackupError::File(kind),
        _ => BackupError::Foreign,
    }
}
