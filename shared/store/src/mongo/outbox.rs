//! The outbox in MongoDB: a message is a copy of its alert, written in the transaction that moved the alert.

use async_trait::async_trait;
use mongodb::bson::{Bson, Document, doc};
use mongodb::options::{DeleteOneModel, InsertOneModel, UpdateOneModel, WriteModel};
use risk_app::delivery::{DeadLetter, Delivery, Message, MessageId, OutboxState, Settlement, SwitchedOff};
use risk_app::records::Alert;
use risk_app::stores::{Outbox, StoreError};
use risk_model::{ChannelId, Happening, Timestamp};
use serde::{Deserialize, Serialize};

use super::alerts::{self, AlertBody};
use super::base::{Base, CHANNELS_OFF, OUTBOX, Query};
use super::failure::Failure;
use super::record::{Record, document, integer, natural, seconds, time};
use super::taking::take;
use super::{BATCH, MongoStore, READ, WRITE, answer};
use crate::{KEPT_DEAD_LETTERS, SHOWN_DEAD_LETTERS};

/// A message. What was delivered is deleted; what was given up stays as a dead letter.
#[derive(Serialize, Deserialize)]
pub(super) struct LetterBody {
    #[serde(rename = "_id")]
    id: String,
    alert_id: i64,
    sequence: u32,
    channel: String,
    happening: String,
    at: i64,
    alert: AlertBody,
    attempts: u32,
    /// Whether it is still to be delivered: what every index begins with.
    waiting: bool,
    /// Not before; a taker moves it to the end of its time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) due: Option<i64>,
    /// When it was given up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) given_up_at: Option<i64>,
    /// Why the last attempt failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) why: Option<String>,
}

impl Record for Delivery {
    const WHAT: &'static str = "message";
    type Body = LetterBody;

    fn of(body: LetterBody) -> Option<Self> {
        let id = MessageId {
            alert: natural(body.alert_id)?,
            sequence: body.sequence,
            channel: body.channel.parse().ok()?,
        };
        let message = Message {
            id,
            happening: body.happening.parse().ok()?,
            alert: Alert::of(body.alert)?,
            at: time(body.at)?,
        };
        Some(Self { message, attempts: body.attempts })
    }
}

#[derive(Deserialize)]
pub(super) struct DeadBody {
    alert_id: i64,
    sequence: u32,
    channel: String,
    attempts: u32,
    given_up_at: i64,
    why: String,
}

impl Record for DeadLetter {
    const WHAT: &'static str = "dead letter";
    type Body = DeadBody;

    fn of(body: DeadBody) -> Option<Self> {
        let channel = body.channel.parse().ok()?;
        let id = MessageId { alert: natural(body.alert_id)?, sequence: body.sequence, channel };
        Some(Self { id, attempts: body.attempts, at: time(body.given_up_at)?, why: body.why })
    }
}

#[derive(Deserialize)]
pub(super) struct OffBody {
    #[serde(rename = "_id")]
    channel: String,
    at: i64,
    why: String,
}

impl Record for SwitchedOff {
    const WHAT: &'static str = "switched-off channel";
    type Body = OffBody;

    fn of(body: OffBody) -> Option<Self> {
        Some(Self { channel: body.channel.parse().ok()?, at: time(body.at)?, why: body.why })
    }
}

/// When a message happened.
struct HappenedAt(Timestamp);

#[derive(Deserialize)]
struct AtBody {
    at: i64,
}

impl Record for HappenedAt {
    const WHAT: &'static str = "message";
    type Body = AtBody;

    fn of(body: AtBody) -> Option<Self> {
        time(body.at).map(Self)
    }
}

/// The key of a message.
struct Key(String);

#[derive(Deserialize)]
struct KeyBody {
    #[serde(rename = "_id")]
    id: String,
}

impl Record for Key {
    const WHAT: &'static str = "message";
    type Body = KeyBody;

    fn of(body: KeyBody) -> Option<Self> {
        Some(Self(body.id))
    }
}

/// The write of a message that tells a channel what just happened to an alert.
pub(super) fn put(
    base: &Base,
    alert: &Alert,
    happening: Happening,
    (channel, at): (&ChannelId, Timestamp),
) -> Result<WriteModel, Failure> {
    let id = MessageId { alert: alert.id, sequence: alert.told.saturating_sub(1), channel: channel.clone() };
    let letter = LetterBody {
        id: id.to_string(),
        alert_id: integer(alert.id, "an id")?,
        sequence: id.sequence,
        channel: channel.to_string(),
        happening: happening.name().to_owned(),
        at: seconds(at)?,
        alert: alerts::body(alert)?,
        attempts: 0,
        waiting: true,
        due: Some(seconds(at)?),
        given_up_at: None,
        why: None,
    };
    let model = InsertOneModel::builder().namespace(base.namespace(OUTBOX)).document(document(&letter)?);
    Ok(model.build().into())
}

/// The write that notes what became of a message. One that no longer waits stays as it is.
fn settlement(
    base: &Base,
    at: Timestamp,
    (id, settlement): &(MessageId, Settlement),
) -> Result<WriteModel, Failure> {
    let (namespace, waits) = (base.namespace(OUTBOX), doc! { "_id": id.to_string(), "waiting": true });
    let update = match settlement {
        Settlement::Delivered => {
            return Ok(DeleteOneModel::builder().namespace(namespace).filter(waits).build().into());
        }
        Settlement::Held { at, why } => doc! { "$set": { "due": seconds(*at)?, "why": why } },
        Settlement::Again { at, why } => {
            doc! { "$set": { "due": seconds(*at)?, "why": why }, "$inc": { "attempts": 1_i64 } }
        }
        Settlement::Dead { why } => doc! {
            "$set": { "waiting": false, "given_up_at": seconds(at)?, "why": why },
            "$inc": { "attempts": 1_i64 },
            "$unset": { "due": "" },
        },
    };
    Ok(UpdateOneModel::builder().namespace(namespace).filter(waits).update(update).build().into())
}

/// Those given up, newest first.
fn dead() -> Query {
    let newest = doc! { "given_up_at": -1, "alert_id": -1, "sequence": -1 };
    Query::of(OUTBOX, doc! { "waiting": false }).order(newest)
}

async fn settle(base: &Base, at: Timestamp, settled: &[(MessageId, Settlement)]) -> Result<(), Failure> {
    let models: Result<_, Failure> = settled.iter().map(|one| settlement(base, at, one)).collect();
    base.write(models?).await?;
    if settled.iter().any(|(_, one)| matches!(one, Settlement::Dead { .. })) {
        let over: Vec<Key> =
            base.all(dead().page(KEPT_DEAD_LETTERS, u32::MAX).fields(doc! { "_id": 1 })).await?;
        let over: Vec<String> = over.into_iter().map(|Key(id)| id).collect();
        base.delete_each(OUTBOX, &over).await?;
    }
    Ok(())
}

async fn state(base: &Base) -> Result<OutboxState, Failure> {
    let waits = doc! { "waiting": true };
    let oldest = Query::of(OUTBOX, waits.clone()).order(doc! { "at": 1 }).fields(doc! { "at": 1 });
    let oldest: Option<HappenedAt> = base.first(oldest).await?;
    Ok(OutboxState {
        waiting: base.count(OUTBOX, waits).await?,
        oldest: oldest.map(|HappenedAt(at)| at),
        dead: base.count(OUTBOX, doc! { "waiting": false }).await?,
        dead_letters: base.all(dead().page(0, SHOWN_DEAD_LETTERS)).await?,
    })
}

async fn due_channels(base: &Base, now: i64) -> Result<Vec<ChannelId>, Failure> {
    let due = doc! { "waiting": true, "due": due_by(now) };
    let named = base.collection(OUTBOX).distinct("channel", due).max_time(READ).await?;
    let channels = named.iter().map(|name| name.as_str().and_then(|name| name.parse().ok()));
    let mut channels: Vec<ChannelId> =
        channels.collect::<Option<_>>().ok_or(Failure::Malformed("message"))?;
    channels.sort_unstable();
    Ok(channels)
}

/// Due at a time or before it. Said as "under the next second", which is the same for whole seconds: a server that the
/// tests run against leaves the bound itself out where an index answers `$lte`.
pub(super) fn due_by(now: i64) -> Bson {
    doc! { "$lt": now.saturating_add(1) }.into()
}

#[async_trait]
impl Outbox for MongoStore {
    async fn due_channels(&self, now: Timestamp) -> Result<Vec<ChannelId>, StoreError> {
        answer(READ, async { due_channels(self.base().await?, seconds(now)?).await }).await
    }

    async fn take(
        &self,
        channel: &ChannelId,
        now: Timestamp,
        until: Timestamp,
        limit: u32,
    ) -> Result<Vec<Delivery>, StoreError> {
        answer(BATCH, async {
            let base = self.base().await?;
            let _turn = self.taking.lock().await;
            take(base, channel, (seconds(now)?, seconds(until)?), limit).await
        })
        .await
    }

    async fn settle(&self, at: Timestamp, settled: &[(MessageId, Settlement)]) -> Result<(), StoreError> {
        answer(BATCH, async { settle(self.base().await?, at, settled).await }).await
    }

    async fn outbox(&self) -> Result<OutboxState, StoreError> {
        answer(WRITE, async { state(self.base().await?).await }).await
    }

    async fn switched_off(&self) -> Result<Vec<SwitchedOff>, StoreError> {
        let query = Query::of(CHANNELS_OFF, Document::new()).order(doc! { "_id": 1 });
        answer(READ, async { self.base().await?.all(query).await }).await
    }

    async fn switch_off(&self, channel: &SwitchedOff) -> Result<(), StoreError> {
        answer(WRITE, async {
            let off = doc! { "$setOnInsert": { "at": seconds(channel.at)?, "why": &channel.why } };
            let base = self.base().await?;
            base.write(vec![base.upsert(CHANNELS_OFF, channel.channel.as_str(), off)]).await
        })
        .await
    }

    async fn switch_on(&self, channel: &ChannelId) -> Result<(), StoreError> {
        answer(WRITE, async {
            let off = doc! { "_id": channel.as_str() };
            self.base().await?.collection(CHANNELS_OFF).delete_one(off).await?;
            Ok(())
        })
        .await
    }
}
