//! The collections and indexes of the database: steps that are recorded, and run once, by one process at a time.

use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use mongodb::bson::oid::ObjectId;
use mongodb::bson::{DateTime, Document, doc};
use mongodb::options::IndexOptions;
use mongodb::{Collection, IndexModel};

use super::base::{ALERTS, Base, CLOSES, COLLECTIONS, COUNTERS, HOURLY_CLOSES, OUTBOX, SWEEPS};
use super::failure::Failure;

const RECORDS: &str = "migrations";
const LOCKS: &str = "migration_locks";
const LOCK: &str = "migrations";
/// A process that holds the lock for longer is taken for dead, milliseconds.
const LOCK_MILLIS: i64 = 60_000;
/// How often the lock is tried, and the pause between: 20 s in all.
const LOCK_ATTEMPTS: u32 = 200;
const LOCK_PAUSE: Duration = Duration::from_millis(100);
/// Closes that nobody has kept anew for so long are of an asset that no wallet holds any more.
const CLOSES_RETENTION: Duration = Duration::from_secs(60 * 24 * 3600);
/// Sweep reports are kept for so long at most.
const SWEEPS_RETENTION: Duration = Duration::from_secs(400 * 24 * 3600);
/// The server's code for a collection that is there already.
const NAMESPACE_EXISTS: i32 = 48;

/// A step: its name, and what it does. It may be done again where the process that did it died before it was recorded.
type Step = (&'static str, fn(&Base) -> BoxFuture<'_, Result<(), Failure>>);

/// Numbered from 1 by their place; a step that was released is never changed.
const STEPS: &[Step] = &[("first collections", |base| first_collections(base).boxed())];

/// How many steps this version knows.
pub(super) const fn newest() -> usize {
    STEPS.len()
}

/// Brings the database to this version.
pub(super) async fn run(base: &Base) -> Result<(), Failure> {
    if done(base).await? == STEPS.len() {
        return Ok(());
    }
    let holder = lock(base).await?;
    let migrated = migrate(base).await;
    locks(base).delete_one(doc! { "_id": LOCK, "holder": holder }).await?;
    migrated
}

/// How many steps are recorded.
async fn done(base: &Base) -> Result<usize, Failure> {
    let records = base.documents(RECORDS);
    let newest = records.find_one(doc! { "_id": { "$gte": 1_i64 } }).sort(doc! { "_id": -1 }).await?;
    let Some(newest) = newest else { return Ok(0) };
    let number = newest.get_i64("_id").ok().and_then(|number| usize::try_from(number).ok());
    let number = number.ok_or(Failure::Malformed("migration"))?;
    if number > STEPS.len() {
        return Err(Failure::Schema("written by a newer version of this service"));
    }
    Ok(number)
}

async fn migrate(base: &Base) -> Result<(), Failure> {
    let records = base.documents(RECORDS);
    let done = done(base).await?;
    for (number, (name, step)) in (1_i64..).zip(STEPS).skip(done) {
        step(base).await?;
        records.insert_one(doc! { "_id": number, "name": *name, "at": now(base).await? }).await?;
    }
    Ok(())
}

fn locks(base: &Base) -> Collection<Document> {
    base.documents(LOCKS)
}

/// The server's time: the clocks of processes may differ.
async fn now(base: &Base) -> Result<DateTime, Failure> {
    let hello = base.database().run_command(doc! { "hello": 1 }).await?;
    hello.get_datetime("localTime").copied().map_err(|_| Failure::Server("the server does not tell its time"))
}

/// Takes the lock; who holds it now.
async fn lock(base: &Base) -> Result<ObjectId, Failure> {
    let holder = ObjectId::new();
    for _ in 0..LOCK_ATTEMPTS {
        let now = now(base).await?;
        let until = DateTime::from_millis(now.timestamp_millis().saturating_add(LOCK_MILLIS));
        let free = doc! { "_id": LOCK, "until": { "$lt": now } };
        let held = doc! { "$set": { "holder": holder, "until": until } };
        // Where it is held the filter matches nothing, and the insertion that follows meets its key.
        match locks(base).update_one(free, held).upsert(true).await.map_err(Failure::from) {
            Ok(_) => return Ok(holder),
            Err(failure) if failure.is_beaten() => tokio::time::sleep(LOCK_PAUSE).await,
            Err(failure) => return Err(failure),
        }
    }
    Err(Failure::Schema("another process is migrating and does not end"))
}

async fn first_collections(base: &Base) -> Result<(), Failure> {
    for name in COLLECTIONS {
        create(base, name).await?;
    }
    // Made here and not at their first use, where two processes would race to make them.
    for counter in [ALERTS, SWEEPS] {
        let zero = doc! { "$setOnInsert": { "last": 0_i64 } };
        base.documents(COUNTERS).update_one(doc! { "_id": counter }, zero).upsert(true).await?;
    }
    create_alert_indexes(base).await?;
    let outbox = [
        doc! { "waiting": 1, "channel": 1, "due": 1, "alert_id": 1 },
        doc! { "waiting": 1, "channel": 1, "alert_id": 1, "sequence": 1 },
        doc! { "waiting": 1, "due": 1, "channel": 1 },
        doc! { "waiting": 1, "at": 1 },
        doc! { "alert.wallet": 1 },
        doc! { "waiting": 1, "given_up_at": -1, "alert_id": -1, "sequence": -1 },
    ];
    create_indexes(base, OUTBOX, outbox.into_iter().map(index)).await?;
    let reports = [index(doc! { "lane": 1, "_id": -1 }), expiring(SWEEPS_RETENTION)];
    create_indexes(base, SWEEPS, reports).await?;
    create_indexes(base, CLOSES, [expiring(CLOSES_RETENTION)]).await?;
    create_indexes(base, HOURLY_CLOSES, [expiring(CLOSES_RETENTION)]).await
}

async fn create_alert_indexes(base: &Base) -> Result<(), Failure> {
    // At most one standing alert of an identity, whoever writes.
    let standing = IndexOptions::builder()
        .name("standing".to_owned())
        .unique(true)
        .partial_filter_expression(doc! { "standing": true })
        .build();
    let standing =
        IndexModel::builder().keys(doc! { "wallet": 1, "account": 1, "kind": 1 }).options(standing).build();
    let lists = [
        doc! { "wallet": 1, "_id": -1 },
        doc! { "standing": 1, "wallet": 1, "_id": -1 },
        doc! { "severity": 1, "_id": -1 },
        doc! { "kind": 1, "_id": -1 },
        doc! { "standing": 1, "_id": -1 },
    ];
    let lists = lists.map(index);
    create_indexes(base, ALERTS, [standing].into_iter().chain(lists)).await
}

fn index(keys: Document) -> IndexModel {
    IndexModel::builder().keys(keys).build()
}

/// The server deletes a document so long after its `kept_at`.
fn expiring(after: Duration) -> IndexModel {
    let options = IndexOptions::builder().expire_after(after).build();
    IndexModel::builder().keys(doc! { "kept_at": 1 }).options(options).build()
}

async fn create(base: &Base, name: &str) -> Result<(), Failure> {
    match base.database().create_collection(name).await.map_err(Failure::from) {
        Err(failure) if !failure.has_code(NAMESPACE_EXISTS) => Err(failure),
        _ => Ok(()),
    }
}

async fn create_indexes(
    base: &Base,
    name: &str,
    indexes: impl IntoIterator<Item = IndexModel>,
) -> Result<(), Failure> {
    base.collection(name).create_indexes(indexes).await?;
    Ok(())
}
