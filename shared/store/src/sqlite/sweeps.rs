//! Sweep reports and the leases that keep two sweeps of a shard apart, in SQLite.

use async_trait::async_trait;
use risk_app::records::SweepReport;
use risk_app::stores::{StoreError, Sweeps};
use risk_app::sweeping::{Fence, Lane, Lease};
use risk_model::{Address, Timestamp, Wallet};
use rusqlite::{Row, Transaction, params};

use super::SqliteStore;
use super::column::{self, Record, all, bytes, first, integer, seconds};
use super::failure::Failure;
use crate::KEPT_SWEEPS;

const RECORD: &str = "INSERT INTO sweeps
    (started_at, finished_at, wallets, unknown, opened, escalated, resolved, stopped, lane, shard)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
const DROP_OLDEST: &str = "DELETE FROM sweeps WHERE id <= (SELECT max(id) FROM sweeps) - ?1";
const RECENT: &str = "SELECT * FROM sweeps WHERE ?2 IS NULL OR lane = ?2 ORDER BY id DESC LIMIT ?1";
// A renewal keeps the token and what the pass has done; a change of hands raises the token and goes on at the cursor.
const LEASE: &str = "INSERT INTO sweep_leases (name, holder, until, token, cursor, began_at)
    VALUES (?1, ?2, ?4, 1, NULL, ?3)
    ON CONFLICT (name) DO UPDATE SET until = excluded.until,
        token = token + (holder <> excluded.holder), holder = excluded.holder,
        began_at = iif(cursor IS NULL AND holder <> excluded.holder, excluded.began_at, began_at)
        WHERE holder = excluded.holder OR until <= ?3
    RETURNING token, cursor, began_at";
const RELEASE: &str = "UPDATE sweep_leases SET holder = '', until = 0, cursor = iif(?3, NULL, cursor)
    WHERE name = ?1 AND holder = ?2";
const FENCE: &str =
    "UPDATE sweep_leases SET cursor = ifnull(?3, cursor) WHERE name = ?1 AND token = ?2 AND holder <> ''";

impl Record for Lease {
    const WHAT: &'static str = "lease";

    fn read(row: &Row<'_>) -> Result<Self, Failure> {
        let cursor: Option<[u8; 20]> = row.get("cursor")?;
        Ok(Self {
            token: column::natural(row, "token")?,
            cursor: cursor.map(|bytes| Wallet::new(Address::from(bytes))),
            began_at: column::time(row, "began_at")?,
        })
    }
}

impl Record for SweepReport {
    const WHAT: &'static str = "sweep report";

    fn read(row: &Row<'_>) -> Result<Self, Failure> {
        Ok(Self {
            started_at: column::time(row, "started_at")?,
            finished_at: column::time(row, "finished_at")?,
            wallets: column::natural(row, "wallets")?,
            unknown: column::natural(row, "unknown")?,
            opened: column::natural(row, "opened")?,
            escalated: column::natural(row, "escalated")?,
            resolved: column::natural(row, "resolved")?,
            lane: row.get("lane")?,
            shard: row.get("shard")?,
            stopped: row.get("stopped")?,
        })
    }
}

#[async_trait]
impl Sweeps for SqliteStore {
    async fn record(&self, report: &SweepReport) -> Result<(), StoreError> {
        let report = report.clone();
        self.write(move |file| {
            file.prepare_cached(RECORD)?.execute(params![
                seconds(report.started_at)?,
                seconds(report.finished_at)?,
                integer(report.wallets, "a count")?,
                integer(report.unknown, "a count")?,
                integer(report.opened, "a count")?,
                integer(report.escalated, "a count")?,
                integer(report.resolved, "a count")?,
                report.stopped,
                report.lane,
                report.shard,
            ])?;
            file.prepare_cached(DROP_OLDEST)?.execute([KEPT_SWEEPS])?;
            Ok(())
        })
        .await
    }

    async fn recent(&self, lane: Option<Lane>, limit: u32) -> Result<Vec<SweepReport>, StoreError> {
        let lane = lane.map(Lane::name);
        self.read(move |file| all(&mut *file.prepare_cached(RECENT)?, params![limit, lane])).await
    }

    async fn lease(
        &self,
        name: &str,
        holder: &str,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Option<Lease>, StoreError> {
        let (name, holder) = (name.to_owned(), holder.to_owned());
        self.write(move |file| {
            let mut lease = file.prepare_cached(LEASE)?;
            first(&mut lease, params![name, holder, seconds(now)?, seconds(until)?])
        })
        .await
    }

    async fn release(&self, name: &str, holder: &str, is_done: bool) -> Result<(), StoreError> {
        let (name, holder) = (name.to_owned(), holder.to_owned());
        self.write(move |file| {
            file.prepare_cached(RELEASE)?.execute(params![name, holder, is_done])?;
            Ok(())
        })
        .await
    }
}

/// Moves the cursor of a lease, or refuses where it has changed hands.
pub(super) fn pass_fence(file: &Transaction<'_>, fence: &Fence) -> Result<(), Failure> {
    let token = integer(fence.token, "a token")?;
    let moved = file.prepare_cached(FENCE)?.execute(params![fence.lease, token, fence.cursor.map(bytes)])?;
    if moved == 1 { Ok(()) } else { Err(Failure::Fenced) }
}
