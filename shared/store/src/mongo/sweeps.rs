//! Sweep reports and the leases that keep two sweeps of a shard apart, in MongoDB.

use async_trait::async_trait;
use mongodb::ClientSession;
use mongodb::bson::{Bson, Document, doc};
use mongodb::options::ReturnDocument;
use risk_app::records::SweepReport;
use risk_app::stores::{StoreError, Sweeps};
use risk_app::sweeping::{Fence, Lane, Lease};
use risk_model::{Timestamp, Wallet};
use serde::{Deserialize, Serialize};

use super::base::{Base, LEASES, Query, SWEEPS};
use super::failure::Failure;
use super::record::{Record, document, integer, literal, natural, read, seconds, time};
use super::{MongoStore, READ, WRITE, answer};
use crate::KEPT_SWEEPS;

#[derive(Serialize, Deserialize)]
pub(super) struct ReportBody {
    started_at: i64,
    finished_at: i64,
    wallets: i64,
    unknown: i64,
    opened: i64,
    escalated: i64,
    resolved: i64,
    lane: String,
    shard: String,
    stopped: Option<String>,
}

impl Record for SweepReport {
    const WHAT: &'static str = "sweep report";
    type Body = ReportBody;

    fn of(body: ReportBody) -> Option<Self> {
        Some(Self {
            started_at: time(body.started_at)?,
            finished_at: time(body.finished_at)?,
            wallets: natural(body.wallets)?,
            unknown: natural(body.unknown)?,
            opened: natural(body.opened)?,
            escalated: natural(body.escalated)?,
            resolved: natural(body.resolved)?,
            lane: body.lane,
            shard: body.shard,
            stopped: body.stopped,
        })
    }
}

fn body(report: &SweepReport) -> Result<ReportBody, Failure> {
    Ok(ReportBody {
        started_at: seconds(report.started_at)?,
        finished_at: seconds(report.finished_at)?,
        wallets: integer(report.wallets, "a count")?,
        unknown: integer(report.unknown, "a count")?,
        opened: integer(report.opened, "a count")?,
        escalated: integer(report.escalated, "a count")?,
        resolved: integer(report.resolved, "a count")?,
        lane: report.lane.clone(),
        shard: report.shard.clone(),
        stopped: report.stopped.clone(),
    })
}

#[derive(Deserialize)]
pub(super) struct LeaseBody {
    token: i64,
    cursor: Option<String>,
    began_at: i64,
}

impl Record for Lease {
    const WHAT: &'static str = "lease";
    type Body = LeaseBody;

    fn of(body: LeaseBody) -> Option<Self> {
        let cursor = match body.cursor {
            Some(wallet) => Some(wallet.parse().ok()?),
            None => None,
        };
        Some(Self { token: natural(body.token)?, cursor, began_at: time(body.began_at)? })
    }
}

async fn record(base: &Base, report: &SweepReport) -> Result<(), Failure> {
    let id = base.next_numbers(SWEEPS, 1).await?;
    let reports = base.collection(SWEEPS);
    // An update and not an insertion, because the server's clock is what retention is counted by.
    let put = doc! { "$set": document(&body(report)?)?, "$currentDate": { "kept_at": true } };
    reports.update_one(doc! { "_id": id }, put).upsert(true).await?;
    reports.delete_many(doc! { "_id": { "$lte": id - i64::from(KEPT_SWEEPS) } }).await?;
    Ok(())
}

/// Who holds a lease after a claim of it. A renewal keeps the token and what the pass has done; a change of hands raises
/// the token and goes on at the cursor.
fn claim(holder: &str, now: i64, until: i64) -> Vec<Document> {
    let is_renewal = doc! { "$eq": ["$holder", literal(holder)] };
    let raised = doc! { "$add": [{ "$ifNull": ["$token", 0_i64] }, 1_i64] };
    let is_new_pass =
        doc! { "$and": [{ "$eq": [{ "$ifNull": ["$cursor", null] }, null] }, { "$not": [&is_renewal] }] };
    vec![doc! { "$set": {
        "token": { "$cond": [is_renewal, "$token", raised] },
        "began_at": { "$cond": [is_new_pass, now, "$began_at"] },
        "holder": literal(holder),
        "until": until,
    } }]
}

async fn lease(
    base: &Base,
    (name, holder): (&str, &str),
    (now, until): (i64, i64),
) -> Result<Option<Lease>, Failure> {
    let free = doc! { "_id": name, "$or": [{ "holder": holder }, { "until": { "$lte": now } }] };
    let leases = base.collection(LEASES);
    let claimed = leases.find_one_and_update(free, claim(holder, now, until));
    let claimed = claimed.upsert(true).return_document(ReturnDocument::After).await.map_err(Failure::from);
    match claimed {
        Ok(claimed) => claimed.map(|document| read(&document)).transpose(),
        // Another holds it: the filter matched nothing, and the insertion that followed met the name.
        Err(failure) if failure.is_duplicate() => Ok(None),
        Err(failure) => Err(failure),
    }
}

/// Moves the cursor of a lease, or refuses where it has changed hands. The count of commits makes it a write even where
/// nothing else changes, so that a taker of the lease and this transaction cannot both go through.
pub(super) async fn pass_fence(
    base: &Base,
    session: &mut ClientSession,
    fence: &Fence,
) -> Result<(), Failure> {
    let token = integer(fence.token, "a token")?;
    let held = doc! { "_id": &fence.lease, "token": token, "holder": { "$ne": "" } };
    let mut moved = doc! { "$inc": { "commits": 1_i64 } };
    if let Some(cursor) = fence.cursor {
        moved.insert("$set", doc! { "cursor": Wallet::lower_hex(&cursor) });
    }
    let passed = base.collection(LEASES).update_one(held, moved).session(session).await?;
    if passed.matched_count == 1 { Ok(()) } else { Err(Failure::Fenced) }
}

#[async_trait]
impl Sweeps for MongoStore {
    async fn record(&self, report: &SweepReport) -> Result<(), StoreError> {
        answer(WRITE, async { record(self.base().await?, report).await }).await
    }

    async fn recent(&self, lane: Option<Lane>, limit: u32) -> Result<Vec<SweepReport>, StoreError> {
        let filter = lane.map_or_else(Document::new, |lane| doc! { "lane": lane.name() });
        let query = Query::of(SWEEPS, filter).order(doc! { "_id": -1 }).page(0, limit).history();
        answer(READ, async { self.base().await?.all(query).await }).await
    }

    async fn lease(
        &self,
        name: &str,
        holder: &str,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Option<Lease>, StoreError> {
        answer(WRITE, async {
            lease(self.base().await?, (name, holder), (seconds(now)?, seconds(until)?)).await
        })
        .await
    }

    async fn release(&self, name: &str, holder: &str, is_done: bool) -> Result<(), StoreError> {
        answer(WRITE, async {
            let mut given_back = doc! { "holder": "", "until": 0_i64 };
            if is_done {
                given_back.insert("cursor", Bson::Null);
            }
            let held = doc! { "_id": name, "holder": holder };
            self.base().await?.collection(LEASES).update_one(held, doc! { "$set": given_back }).await?;
            Ok(())
        })
        .await
    }
}
