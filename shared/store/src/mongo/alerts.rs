//! Alerts in MongoDB. A partial unique index holds "at most one standing alert of an identity" whoever writes.

use async_trait::async_trait;
use futures::FutureExt;
use futures::future::BoxFuture;
use mongodb::ClientSession;
use mongodb::bson::{Document, doc};
use risk_app::delivery::Route;
use risk_app::records::{Alert, AlertFilter};
use risk_app::stores::{Alerts, StoreError};
use risk_model::{AlertState, Timestamp, Wallet};
use serde::{Deserialize, Serialize};

use super::base::{ALERTS, Base, Query};
use super::failure::Failure;
use super::moves::{self, Hand};
use super::record::{Record, integer, keys, natural, optional_seconds, optional_time, seconds, time};
use super::transaction::{Sees, transact};
use super::{BATCH, MongoStore, READ, WRITE, answer};

/// An alert as it is kept, and as a message holds a copy of it.
#[derive(Serialize, Deserialize)]
pub(super) struct AlertBody {
    #[serde(rename = "_id")]
    id: i64,
    wallet: String,
    account: String,
    kind: String,
    severity: String,
    state: String,
    /// Whether it is not resolved: what the indexes ask for.
    standing: bool,
    message: String,
    action: String,
    measured: f64,
    threshold: f64,
    clear_sweeps: u8,
    opened_at: i64,
    updated_at: i64,
    acknowledged_at: Option<i64>,
    resolved_at: Option<i64>,
    resolution: Option<String>,
    told: u32,
}

impl Record for Alert {
    const WHAT: &'static str = "alert";
    type Body = AlertBody;

    fn of(body: AlertBody) -> Option<Self> {
        Some(Self {
            id: natural(body.id)?,
            wallet: body.wallet.parse().ok()?,
            account: body.account,
            kind: body.kind.parse().ok()?,
            severity: body.severity.parse().ok()?,
            state: body.state.parse().ok()?,
            message: body.message,
            action: body.action,
            measured: body.measured,
            threshold: body.threshold,
            clear_sweeps: body.clear_sweeps,
            opened_at: time(body.opened_at)?,
            updated_at: time(body.updated_at)?,
            acknowledged_at: optional_time(body.acknowledged_at)?,
            resolved_at: optional_time(body.resolved_at)?,
            resolution: body.resolution,
            told: body.told,
        })
    }
}

/// The document of an alert.
pub(super) fn body(alert: &Alert) -> Result<AlertBody, Failure> {
    Ok(AlertBody {
        id: integer(alert.id, "an id")?,
        wallet: alert.wallet.lower_hex(),
        account: alert.account.clone(),
        kind: alert.kind.name().to_owned(),
        severity: alert.severity.name().to_owned(),
        state: alert.state.name().to_owned(),
        standing: alert.state != AlertState::Resolved,
        message: alert.message.clone(),
        action: alert.action.clone(),
        measured: alert.measured,
        threshold: alert.threshold,
        clear_sweeps: alert.clear_sweeps,
        opened_at: seconds(alert.opened_at)?,
        updated_at: seconds(alert.updated_at)?,
        acknowledged_at: optional_seconds(alert.acknowledged_at)?,
        resolved_at: optional_seconds(alert.resolved_at)?,
        resolution: alert.resolution.clone(),
        told: alert.told,
    })
}

/// The conditions of a filter without its place in the list.
fn conditions(filter: &AlertFilter) -> Document {
    let mut conditions = Document::new();
    if let Some(wallets) = &filter.wallets {
        conditions.insert("wallet", doc! { "$in": keys(wallets) });
    }
    if let Some(severity) = filter.severity {
        conditions.insert("severity", severity.name());
    }
    if let Some(kind) = filter.kind {
        conditions.insert("kind", kind.name());
    }
    if let Some(is_resolved) = filter.resolved {
        conditions.insert("standing", !is_resolved);
    }
    conditions
}

async fn list(base: &Base, filter: &AlertFilter) -> Result<(Vec<Alert>, u64), Failure> {
    let mut conditions = conditions(filter);
    if conditions.is_empty() {
        // Every alert, counted from the index of ids.
        conditions.insert("_id", doc! { "$gt": 0_i64 });
    }
    let total = base.count(ALERTS, conditions.clone()).await?;
    if let Some(before) = filter.before {
        // No id reaches the largest that a document holds.
        conditions.insert("_id", doc! { "$lt": i64::try_from(before).unwrap_or(i64::MAX) });
    }
    let page = Query::of(ALERTS, conditions).order(doc! { "_id": -1 }).page(filter.skip, filter.limit);
    Ok((base.all(page).await?, total))
}

/// What somebody does to one alert, inside its transaction.
fn lay_hand<'b>(
    base: &'b Base,
    session: &'b mut ClientSession,
    hand: &'b Hand,
) -> BoxFuture<'b, Result<Option<Alert>, Failure>> {
    moves::lay_hand(base, session, hand).boxed()
}

impl MongoStore {
    async fn handle(&self, id: u64, hand: Hand) -> Result<Option<Alert>, StoreError> {
        // An id that no document holds is nobody's.
        if i64::try_from(id).is_err() {
            return Ok(None);
        }
        answer(WRITE, async { transact(self.base().await?, Sees::Snapshot, &hand, lay_hand).await }).await
    }
}

#[async_trait]
impl Alerts for MongoStore {
    async fn standing(&self, wallets: &[Wallet]) -> Result<Vec<Alert>, StoreError> {
        answer(BATCH, async {
            let query = Query::of(ALERTS, doc! { "standing": true });
            let mut standing: Vec<Alert> =
                self.base().await?.of_each("wallet", &keys(wallets), &query).await?;
            standing.sort_unstable_by_key(|alert| alert.id);
            Ok(standing)
        })
        .await
    }

    async fn list(&self, filter: &AlertFilter) -> Result<(Vec<Alert>, u64), StoreError> {
        answer(WRITE, async { list(self.base().await?, filter).await }).await
    }

    async fn find_alert(&self, id: u64) -> Result<Option<Alert>, StoreError> {
        let Ok(id) = i64::try_from(id) else { return Ok(None) };
        answer(READ, async { self.base().await?.first(Query::of(ALERTS, doc! { "_id": id })).await }).await
    }

    async fn acknowledge(
        &self,
        id: u64,
        at: Timestamp,
        routes: &[Route],
    ) -> Result<Option<Alert>, StoreError> {
        self.handle(id, Hand { id, at, routes: routes.to_vec(), resolution: None }).await
    }

    async fn resolve(
        &self,
        id: u64,
        at: Timestamp,
        resolution: &str,
        routes: &[Route],
    ) -> Result<Option<Alert>, StoreError> {
        let (routes, resolution) = (routes.to_vec(), Some(resolution.to_owned()));
        self.handle(id, Hand { id, at, routes, resolution }).await
    }

    async fn count_standing(&self) -> Result<u64, StoreError> {
        answer(READ, async { self.base().await?.count(ALERTS, doc! { "standing": true }).await }).await
    }
}
