//! Alerts in SQLite. A partial unique index holds "at most one standing alert of an identity" whoever writes.

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use risk_app::delivery::Route;
use risk_app::records::{Alert, AlertFilter, Applied};
use risk_app::stores::{Alerts, StoreError};
use risk_engine::alarm::Transition;
use risk_model::{Happening, Timestamp, Wallet};
use rusqlite::types::Value;
use rusqlite::{Row, Transaction, params, params_from_iter};

use super::column::{self, Record, all, bytes, first, hex_list, integer, optional_seconds, seconds};
use super::failure::Failure;
use super::{SqliteStore, outbox};
use crate::transition::{self, Target};

const OPEN: &str =
    "INSERT INTO alerts (wallet, account, kind, severity, state, message, action, measured, threshold,
        clear_sweeps, opened_at, updated_at, acknowledged_at, resolved_at, resolution, told)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)
    ON CONFLICT (wallet, account, kind) WHERE state <> 'resolved' DO NOTHING RETURNING *";
const SAVE: &str = "UPDATE alerts SET severity = ?2, state = ?3, message = ?4, action = ?5, measured = ?6,
        threshold = ?7, clear_sweeps = ?8, updated_at = ?9, acknowledged_at = ?10, resolved_at = ?11, resolution = ?12,
        told = ?13
    WHERE id = ?1";
const FIND: &str = "SELECT * FROM alerts WHERE id = ?1";
pub(super) const STANDING: &str = "SELECT * FROM alerts
    WHERE wallet IN (SELECT unhex(value) FROM json_each(?1)) AND state <> 'resolved' ORDER BY id";
const COUNT_STANDING: &str = "SELECT count(*) FROM alerts WHERE state <> 'resolved'";

impl Record for Alert {
    const WHAT: &'static str = "alert";

    fn read(row: &Row<'_>) -> Result<Self, Failure> {
        Ok(Self {
            id: column::natural(row, "id")?,
            wallet: column::wallet(row, "wallet")?,
            account: row.get("account")?,
            kind: column::name(row, "kind")?,
            severity: column::name(row, "severity")?,
            state: column::name(row, "state")?,
            message: row.get("message")?,
            action: row.get("action")?,
            measured: column::real(row, "measured")?,
            threshold: column::real(row, "threshold")?,
            clear_sweeps: row.get("clear_sweeps")?,
            opened_at: column::time(row, "opened_at")?,
            updated_at: column::time(row, "updated_at")?,
            acknowledged_at: column::optional_time(row, "acknowledged_at")?,
            resolved_at: column::optional_time(row, "resolved_at")?,
            resolution: row.get("resolution")?,
            told: row.get("told")?,
        })
    }
}

/// Carries out a batch's transitions in order, inside its transaction.
pub(super) fn apply(
    file: &Transaction<'_>,
    transitions: &[Transition],
    (at, routes): (Timestamp, &HashMap<Wallet, Arc<[Route]>>),
) -> Result<Applied, Failure> {
    let mut applied = Applied::default();
    for one in transitions {
        let moved = match transition::target(one, at) {
            Target::New(alert) => open(file, &alert)?,
            Target::Existing(id) => alter(file, id, |alert| transition::alter(alert, one, at))?
                .and_then(|(alert, has_changed)| has_changed.then_some(alert)),
        };
        if let Some(alert) = moved {
            if let (Some(happening), Some(routes)) = (transition::happening(one), routes.get(&alert.wallet)) {
                outbox::put(file, &alert, happening, (at, routes))?;
            }
            transition::note(&mut applied, one, alert);
        }
    }
    Ok(applied)
}

/// Writes a new alert and answers it with its id; `None` where one of the identity stands.
fn open(file: &Transaction<'_>, alert: &Alert) -> Result<Option<Alert>, Failure> {
    let mut statement = file.prepare_cached(OPEN)?;
    first(
        &mut statement,
        params![
            bytes(alert.wallet),
            alert.account,
            alert.kind.name(),
            alert.severity.name(),
            alert.state.name(),
            alert.message,
            alert.action,
            alert.measured,
            alert.threshold,
            alert.clear_sweeps,
            seconds(alert.opened_at)?,
            seconds(alert.updated_at)?,
            optional_seconds(alert.acknowledged_at)?,
            optional_seconds(alert.resolved_at)?,
            alert.resolution,
            alert.told,
        ],
    )
}

/// Lets `change` alter an alert and writes it where that says that something changed. Answers the alert as it then is
/// and whether it changed; `None` where there is none. The transaction is immediate: nobody else writes in between.
fn alter(
    file: &Transaction<'_>,
    id: u64,
    change: impl FnOnce(&mut Alert) -> bool,
) -> Result<Option<(Alert, bool)>, Failure> {
    let Some(mut alert) = find(file, id)? else {
        return Ok(None);
    };
    let has_changed = change(&mut alert);
    if has_changed {
        save(file, &alert)?;
    }
    Ok(Some((alert, has_changed)))
}

fn find(file: &Transaction<'_>, id: u64) -> Result<Option<Alert>, Failure> {
    // An id that no column holds is nobody's.
    let Ok(id) = i64::try_from(id) else {
        return Ok(None);
    };
    first(&mut *file.prepare_cached(FIND)?, [id])
}

fn save(file: &Transaction<'_>, alert: &Alert) -> Result<(), Failure> {
    file.prepare_cached(SAVE)?.execute(params![
        integer(alert.id, "an id")?,
        alert.severity.name(),
        alert.state.name(),
        alert.message,
        alert.action,
        alert.measured,
        alert.threshold,
        alert.clear_sweeps,
        seconds(alert.updated_at)?,
        optional_seconds(alert.acknowledged_at)?,
        optional_seconds(alert.resolved_at)?,
        alert.resolution,
        alert.told,
    ])?;
    Ok(())
}

/// Writes the messages of an alert that changed, and answers the alert.
fn tell(
    file: &Transaction<'_>,
    altered: Option<(Alert, bool)>,
    happening: Happening,
    told: (Timestamp, &[Route]),
) -> Result<Option<Alert>, Failure> {
    let Some((alert, has_changed)) = altered else { return Ok(None) };
    if has_changed {
        outbox::put(file, &alert, happening, told)?;
    }
    Ok(Some(alert))
}

/// The conditions of a filter without its place in the list, and their parameters.
fn conditions(filter: &AlertFilter) -> (Vec<&'static str>, Vec<Value>) {
    let mut clauses = Vec::new();
    let mut values = Vec::new();
    if let Some(wallets) = &filter.wallets {
        clauses.push("wallet IN (SELECT unhex(value) FROM json_each(?))");
        values.push(Value::from(hex_list(wallets)));
    }
    if let Some(severity) = filter.severity {
        clauses.push("severity = ?");
        values.push(Value::from(severity.name().to_owned()));
    }
    if let Some(kind) = filter.kind {
        clauses.push("kind = ?");
        values.push(Value::from(kind.name().to_owned()));
    }
    match filter.resolved {
        Some(true) => clauses.push("state = 'resolved'"),
        Some(false) => clauses.push("state <> 'resolved'"),
        None => {}
    }
    (clauses, values)
}

/// `WHERE` and the clauses, or nothing.
fn joined(clauses: &[&str]) -> String {
    if clauses.is_empty() { String::new() } else { format!("WHERE {}", clauses.join(" AND ")) }
}

fn list(file: &Transaction<'_>, filter: &AlertFilter) -> Result<(Vec<Alert>, u64), Failure> {
    let (mut clauses, mut values) = conditions(filter);
    let mut count = file.prepare_cached(&format!("SELECT count(*) FROM alerts {}", joined(&clauses)))?;
    let total = column::count(&mut count, params_from_iter(&values))?;
    if let Some(before) = filter.before {
        clauses.push("id < ?");
        // No id reaches the largest that a column holds.
        values.push(Value::from(i64::try_from(before).unwrap_or(i64::MAX)));
    }
    let page = format!("SELECT * FROM alerts {} ORDER BY id DESC LIMIT ? OFFSET ?", joined(&clauses));
    values.extend([Value::from(i64::from(filter.limit)), Value::from(i64::from(filter.skip))]);
    Ok((all(&mut *file.prepare_cached(&page)?, params_from_iter(&values))?, total))
}

#[async_trait]
impl Alerts for SqliteStore {
    async fn standing(&self, wallets: &[Wallet]) -> Result<Vec<Alert>, StoreError> {
        let wallets = hex_list(wallets);
        self.read(move |file| all(&mut *file.prepare_cached(STANDING)?, [wallets])).await
    }

    async fn list(&self, filter: &AlertFilter) -> Result<(Vec<Alert>, u64), StoreError> {
        let filter = filter.clone();
        self.read(move |file| list(file, &filter)).await
    }

    async fn find_alert(&self, id: u64) -> Result<Option<Alert>, StoreError> {
        self.read(move |file| find(file, id)).await
    }

    async fn acknowledge(
        &self,
        id: u64,
        at: Timestamp,
        routes: &[Route],
    ) -> Result<Option<Alert>, StoreError> {
        let routes = routes.to_vec();
        self.write(move |file| {
            let altered = alter(file, id, |alert| transition::acknowledge(alert, at))?;
            tell(file, altered, Happening::Acknowledged, (at, &routes))
        })
        .await
    }

    async fn resolve(
        &self,
        id: u64,
        at: Timestamp,
        resolution: &str,
        routes: &[Route],
    ) -> Result<Option<Alert>, StoreError> {
        let (resolution, routes) = (resolution.to_owned(), routes.to_vec());
        self.write(move |file| {
            let altered = alter(file, id, |alert| transition::resolve(alert, at, &resolution))?;
            tell(file, altered, Happening::Resolved, (at, &routes))
        })
        .await
    }

    async fn count_standing(&self) -> Result<u64, StoreError> {
        self.read(|file| column::count(&mut *file.prepare_cached(COUNT_STANDING)?, [])).await
    }
}
