//! All that is kept of wallets, told and deleted, in MongoDB. Events are not kept there.

use std::collections::BTreeMap;

use async_trait::async_trait;
use futures::FutureExt;
use futures::future::BoxFuture;
use mongodb::ClientSession;
use mongodb::bson::{Document, doc};
use risk_app::delivery::Delivery;
use risk_app::stores::{StoreError, Wallets};
use risk_app::traces::{Erased, KeptMessage, Traces};
use risk_model::Wallet;
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::base::{
    ALERTS, ASSESSMENTS, Base, KEYS_A_QUERY, MARKETS, MEMORIES, NEAR, OUTBOX, Query, TOKENS, WATCHES,
};
use super::failure::Failure;
use super::outbox::LetterBody;
use super::record::{Record, keys, optional_time};
use super::transaction::{Sees, transact};
use super::watches::Near;
use super::{BATCH, MongoStore, answer};

/// A memory as its document has it, whether it can be understood or not.
struct Remembered(Wallet, String);

#[derive(Deserialize)]
struct RememberedBody {
    #[serde(rename = "_id")]
    wallet: String,
    memory: String,
}

impl Record for Remembered {
    const WHAT: &'static str = "alarm memory";
    type Body = RememberedBody;

    fn of(body: RememberedBody) -> Option<Self> {
        Some(Self(body.wallet.parse().ok()?, body.memory))
    }
}

impl Record for KeptMessage {
    const WHAT: &'static str = "message";
    type Body = LetterBody;

    fn of(body: LetterBody) -> Option<Self> {
        let due = optional_time(body.due)?;
        let given_up_at = optional_time(body.given_up_at)?;
        let why = body.why.clone();
        let Delivery { message, attempts } = Delivery::of(body)?;
        Some(Self { message, attempts, due, given_up_at, why })
    }
}

/// How many assessments or lists of markets a document holds.
struct Parts(usize);

#[derive(Deserialize)]
struct PartsBody {
    known: Option<IgnoredAny>,
    blind: Option<IgnoredAny>,
    #[serde(default)]
    chains: BTreeMap<String, IgnoredAny>,
}

impl Record for Parts {
    const WHAT: &'static str = "wallet";
    type Body = PartsBody;

    fn of(body: PartsBody) -> Option<Self> {
        let assessments = [body.known, body.blind].iter().flatten().count();
        Some(Self(assessments + body.chains.len()))
    }
}

async fn traces(base: &Base, wallets: &[Wallet]) -> Result<Vec<Traces>, Failure> {
    let keys = keys(wallets);
    let mut found: BTreeMap<Wallet, Traces> = BTreeMap::new();
    let new =
        |wallet| Traces { wallet, is_near: false, memory: None, messages: Vec::new(), events: Vec::new() };
    let near: Vec<Near> = base.of_each("_id", &keys, &Query::of(NEAR, Document::new())).await?;
    for Near(wallet) in near {
        found.entry(wallet).or_insert_with(|| new(wallet)).is_near = true;
    }
    let memories: Vec<Remembered> = base.of_each("_id", &keys, &Query::of(MEMORIES, Document::new())).await?;
    for Remembered(wallet, memory) in memories {
        found.entry(wallet).or_insert_with(|| new(wallet)).memory = Some(memory);
    }
    let mut messages: Vec<KeptMessage> =
        base.of_each("alert.wallet", &keys, &Query::of(OUTBOX, Document::new())).await?;
    messages.sort_by_key(|kept| {
        (kept.message.id.alert, kept.message.id.channel.clone(), kept.message.id.sequence)
    });
    for kept in messages {
        let wallet = kept.message.alert.wallet;
        found.entry(wallet).or_insert_with(|| new(wallet)).messages.push(kept);
    }
    Ok(found.into_values().collect())
}

/// Assessments or lists of markets of these wallets, without what is in them.
async fn parts(
    base: &Base,
    session: &mut ClientSession,
    (collection, fields): (&'static str, Document),
    keys: &[String],
) -> Result<u64, Failure> {
    let query = Query::of(collection, Document::new()).fields(fields);
    let found: Vec<Parts> = base.of_each_in(session, "_id", keys, &query).await?;
    u64::try_from(found.iter().map(|Parts(count)| count).sum::<usize>())
        .map_err(|_| Failure::OutOfRange("a count"))
}

/// The wallets whose time is over.
struct Doomed(Vec<Wallet>);

/// The deletion, inside its transaction.
fn erase<'b>(
    base: &'b Base,
    session: &'b mut ClientSession,
    doomed: &'b Doomed,
) -> BoxFuture<'b, Result<Erased, Failure>> {
    async move {
        let mut erased = Erased::default();
        for some in keys(&doomed.0).chunks(KEYS_A_QUERY) {
            erase_some(base, session, some, &mut erased).await?;
        }
        Ok(erased)
    }
    .boxed()
}

async fn erase_some(
    base: &Base,
    session: &mut ClientSession,
    some: &[String],
    erased: &mut Erased,
) -> Result<(), Failure> {
    let of_wallets = |field: &str| doc! { field: { "$in": some } };
    let halves = doc! { "known.at": 1, "blind.at": 1 };
    erased.assessments += parts(base, session, (ASSESSMENTS, halves), some).await?;
    erased.market_lists += parts(base, session, (MARKETS, doc! { "chains": 1 }), some).await?;
    let standing = doc! { "standing": true, "wallet": { "$in": some } };
    erased.standing_alerts +=
        base.collection(ALERTS).count_documents(standing).session(&mut *session).await?;
    for (collection, field, count) in [
        (NEAR, "_id", &mut 0),
        (ASSESSMENTS, "_id", &mut 0),
        (MARKETS, "_id", &mut 0),
        (WATCHES, "_id", &mut erased.watches),
        (TOKENS, "_id", &mut erased.token_lists),
        (MEMORIES, "_id", &mut erased.memories),
        (ALERTS, "wallet", &mut erased.alerts),
        (OUTBOX, "alert.wallet", &mut erased.messages),
    ] {
        let collection = base.collection(collection);
        let deletion = collection.delete_many(of_wallets(field));
        *count += deletion.session(&mut *session).await?.deleted_count;
    }
    Ok(())
}

#[async_trait]
impl Wallets for MongoStore {
    async fn traces(&self, wallets: &[Wallet]) -> Result<Vec<Traces>, StoreError> {
        answer(BATCH, async { traces(self.base().await?, wallets).await }).await
    }

    async fn erase(&self, wallets: &[Wallet]) -> Result<Erased, StoreError> {
        let doomed = Doomed(wallets.to_vec());
        answer(BATCH, async { transact(self.base().await?, Sees::Snapshot, &doomed, erase).await }).await
    }
}
