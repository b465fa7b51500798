//! Sweep reports and the lease that keeps two sweeps apart, in SQLite.

use async_trait::async_trait;
use risk_app::records::SweepReport;
use risk_app::stores::{StoreError, Sweeps};
use risk_model::Timestamp;
use rusqlite::{Row, params};

use super::SqliteStore;
use super::column::{self, Record, all, integer, seconds};
use super::failure::Failure;
use crate::KEPT_SWEEPS;

const RECORD: &str = "INSERT INTO sweeps
    (started_at, finished_at, wallets, unknown, opened, escalated, resolved, stopped)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
const DROP_OLDEST: &str = "DELETE FROM sweeps WHERE id <= (SELECT max(id) FROM sweeps) - ?1";
const RECENT: &str = "SELECT * FROM sweeps ORDER BY id DESC LIMIT ?1";
const LEASE: &str = "INSERT INTO sweep_lease (only, holder, until) VALUES (1, ?1, ?3)
    ON CONFLICT (only) DO UPDATE SET holder = excluded.holder, until = excluded.until
        WHERE sweep_lease.holder = excluded.holder OR sweep_lease.until <= ?2";
const RELEASE: &str = "DELETE FROM sweep_lease WHERE holder = ?1";

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
            ])?;
            file.prepare_cached(DROP_OLDEST)?.execute([KEPT_SWEEPS])?;
            Ok(())
        })
        .await
    }

    async fn recent(&self, limit: u32) -> Result<Vec<SweepReport>, StoreError> {
        self.read(move |file| all(&mut *file.prepare_cached(RECENT)?, [limit])).await
    }

    async fn lease(&self, holder: &str, now: Timestamp, until: Timestamp) -> Result<bool, StoreError> {
        let holder = holder.to_owned();
        self.write(move |file| {
            let taken =
                file.prepare_cached(LEASE)?.execute(params![holder, seconds(now)?, seconds(until)?])?;
            Ok(taken == 1)
        })
        .await
    }

    async fn release(&self, holder: &str) -> Result<(), StoreError> {
        let holder = holder.to_owned();
        self.write(move |file| {
            file.prepare_cached(RELEASE)?.execute([holder])?;
            Ok(())
        })
        .await
    }
}
