//! What the alarms remember of wallets, in MongoDB.

use mongodb::bson::{Document, doc};
use mongodb::options::WriteModel;
use risk_engine::alarm::Memory;
use risk_model::Wallet;
use serde::Deserialize;
use tracing::warn;

use super::base::{Base, MEMORIES, Query};
use super::failure::Failure;
use super::record::{Record, keys, unless_newer};
use crate::alarm_memory::{memory_of, text_of};

/// A document; without a memory where its text is none.
struct OfWallet(Wallet, Option<Memory>);

#[derive(Deserialize)]
struct MemoryBody {
    #[serde(rename = "_id")]
    wallet: String,
    memory: String,
}

impl Record for OfWallet {
    const WHAT: &'static str = "alarm memory";
    type Body = MemoryBody;

    fn of(body: MemoryBody) -> Option<Self> {
        Some(Self(body.wallet.parse().ok()?, memory_of(&body.memory)))
    }
}

/// The memories of those of these wallets of which anything can be remembered.
pub(super) async fn of(base: &Base, wallets: &[Wallet]) -> Result<Vec<(Wallet, Memory)>, Failure> {
    let query = Query::of(MEMORIES, Document::new());
    let found: Vec<OfWallet> = base.of_each("_id", &keys(wallets), &query).await?;
    let unreadable = found.iter().filter(|one| one.1.is_none()).count();
    if unreadable > 0 {
        warn!(memories.unreadable = unreadable, "alarm memories that cannot be read count as none");
    }
    Ok(found.into_iter().filter_map(|OfWallet(wallet, memory)| Some((wallet, memory?))).collect())
}

/// The writes that keep what is to be remembered, unless something newer is there.
pub(super) fn models<'a>(
    base: &'a Base,
    at: i64,
    memories: &'a [(Wallet, Memory)],
) -> impl Iterator<Item = WriteModel> + 'a {
    memories.iter().map(move |(wallet, memory)| {
        let wallet = wallet.lower_hex();
        let body = doc! { "_id": &wallet, "at": at, "memory": text_of(memory) };
        base.upsert(MEMORIES, &wallet, unless_newer(at, body))
    })
}
