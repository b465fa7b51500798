//! What the alarms remember of wallets, in SQLite.

use risk_engine::alarm::Memory;
use risk_model::{Timestamp, Wallet};
use rusqlite::{Connection, Row, Transaction, params};
use tracing::warn;

use super::column::{self, Record, all, bytes, seconds};
use super::failure::Failure;
use crate::alarm_memory::{memory_of, text_of};

const FIND: &str = "SELECT wallet, memory FROM alarm_memories
    WHERE wallet IN (SELECT unhex(value) FROM json_each(?1))";
const PUT: &str = "INSERT INTO alarm_memories (wallet, at, memory) VALUES (?1, ?2, ?3)
    ON CONFLICT (wallet) DO UPDATE SET at = excluded.at, memory = excluded.memory
        WHERE excluded.at >= alarm_memories.at";

/// A row; without a memory where its text is none.
struct OfWallet(Wallet, Option<Memory>);

impl Record for OfWallet {
    const WHAT: &'static str = "alarm memory";

    fn read(row: &Row<'_>) -> Result<Self, Failure> {
        let text: String = row.get("memory")?;
        Ok(Self(column::wallet(row, "wallet")?, memory_of(&text)))
    }
}

/// The memories of those of these wallets (a list of hex) of which anything can be remembered.
pub(super) fn of(file: &Connection, wallets: &str) -> Result<Vec<(Wallet, Memory)>, Failure> {
    let rows: Vec<OfWallet> = all(&mut *file.prepare_cached(FIND)?, [wallets])?;
    let unreadable = rows.iter().filter(|row| row.1.is_none()).count();
    if unreadable > 0 {
        warn!(memories.unreadable = unreadable, "alarm memories that cannot be read count as none");
    }
    Ok(rows.into_iter().filter_map(|OfWallet(wallet, memory)| Some((wallet, memory?))).collect())
}

/// Keeps what is to be remembered, unless something newer is there.
pub(super) fn put(
    file: &Transaction<'_>,
    at: Timestamp,
    memories: &[(Wallet, Memory)],
) -> Result<(), Failure> {
    let mut put = file.prepare_cached(PUT)?;
    let at = seconds(at)?;
    for (wallet, memory) in memories {
        put.execute(params![bytes(*wallet), at, text_of(memory)])?;
    }
    Ok(())
}
