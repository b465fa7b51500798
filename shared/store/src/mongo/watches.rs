//! The watch list in MongoDB.

use std::collections::BTreeMap;

use async_trait::async_trait;
use mongodb::bson::{Document, doc};
use mongodb::options::{DeleteManyModel, WriteModel};
use risk_app::records::Watch;
use risk_app::stores::{StoreError, Watches};
use risk_app::sweeping::Lane;
use risk_model::{ChannelId, OwnThresholds, Severity, Wallet};
use serde::{Deserialize, Serialize};

use super::base::{Base, KEYS_A_QUERY, NEAR, Query, WATCHES};
use super::failure::Failure;
use super::record::{self, Record, document, keys, seconds, time};
use super::{BATCH, MongoStore, READ, WRITE, answer};

#[derive(Serialize, Deserialize)]
pub(super) struct WatchBody {
    #[serde(rename = "_id")]
    wallet: String,
    label: Option<String>,
    health_factor_threshold: Option<f64>,
    thresholds: BTreeMap<String, f64>,
    channels: Option<Vec<String>>,
    min_severity: Option<String>,
    created_at: i64,
    updated_at: i64,
}

impl Record for Watch {
    const WHAT: &'static str = "watch";
    type Body = WatchBody;

    fn of(body: WatchBody) -> Option<Self> {
        let mut thresholds = OwnThresholds::new();
        for (name, value) in body.thresholds {
            thresholds.set(name.parse().ok()?, value).ok()?;
        }
        Some(Self {
            wallet: body.wallet.parse().ok()?,
            label: body.label,
            health_factor_threshold: body.health_factor_threshold,
            thresholds,
            channels: match body.channels {
                Some(names) => Some(record::parsed(&names)?),
                None => None,
            },
            min_severity: match body.min_severity {
                Some(name) => Some(name.parse().ok()?),
                None => None,
            },
            created_at: time(body.created_at)?,
            updated_at: time(body.updated_at)?,
        })
    }
}

fn body(watch: &Watch) -> Result<WatchBody, Failure> {
    Ok(WatchBody {
        wallet: watch.wallet.lower_hex(),
        label: watch.label.clone(),
        health_factor_threshold: watch.health_factor_threshold,
        thresholds: watch.thresholds.iter().map(|(name, value)| (name.name().to_owned(), value)).collect(),
        channels: watch.channels.as_ref().map(|names| names.iter().map(ChannelId::to_string).collect()),
        min_severity: watch.min_severity.map(|severity| Severity::name(severity).to_owned()),
        created_at: seconds(watch.created_at)?,
        updated_at: seconds(watch.updated_at)?,
    })
}

/// Everything changes but the beginning.
fn put(base: &Base, watch: &Watch) -> Result<WriteModel, Failure> {
    let mut fields = document(&body(watch)?)?;
    fields.remove("_id");
    let created_at = fields.remove("created_at");
    let update = doc! { "$set": fields, "$setOnInsert": { "created_at": created_at } };
    Ok(base.upsert(WATCHES, &watch.wallet.lower_hex(), update))
}

/// A page of a collection whose keys are wallets.
fn page(collection: &'static str, after: Option<&str>, last: Option<&str>, limit: u32) -> Query {
    // Every wallet is over the empty text, so that one form serves the first page too.
    let mut range = doc! { "$gt": after.unwrap_or_default() };
    if let Some(last) = last {
        range.insert("$lte", last);
    }
    Query::of(collection, doc! { "_id": range }).order(doc! { "_id": 1 }).page(0, limit)
}

/// A wallet near liquidation.
pub(super) struct Near(pub(super) Wallet);

#[derive(Deserialize)]
pub(super) struct NearBody {
    #[serde(rename = "_id")]
    wallet: String,
}

impl Record for Near {
    const WHAT: &'static str = "wallet";
    type Body = NearBody;

    fn of(body: NearBody) -> Option<Self> {
        body.wallet.parse().ok().map(Self)
    }
}

/// The next watched wallets among those near liquidation.
async fn page_near(
    base: &Base,
    after: Option<String>,
    last: &str,
    limit: u32,
) -> Result<Vec<Watch>, Failure> {
    let most = usize::try_from(limit).unwrap_or(usize::MAX);
    let mut after = after;
    let mut found = Vec::new();
    // Some of those near may not be watched any more; they make a page of the one list no page of the other.
    while found.len() < most {
        let near: Vec<Near> = base.all(page(NEAR, after.as_deref(), Some(last), limit)).await?;
        let near: Vec<Wallet> = near.into_iter().map(|Near(wallet)| wallet).collect();
        let Some(furthest) = near.last() else { break };
        after = Some(furthest.lower_hex());
        let mut watched: Vec<Watch> = find(base, &near).await?;
        watched.sort_by_key(|watch| watch.wallet);
        found.extend(watched);
    }
    found.truncate(most);
    Ok(found)
}

async fn find(base: &Base, wallets: &[Wallet]) -> Result<Vec<Watch>, Failure> {
    base.of_each("_id", &keys(wallets), &Query::of(WATCHES, Document::new())).await
}

/// The writes that note which wallets are near liquidation and which are not.
pub(super) fn near_models(base: &Base, near: &[(Wallet, bool)]) -> Vec<WriteModel> {
    // Of a wallet that is named twice the last counts.
    let near: BTreeMap<Wallet, bool> = near.iter().copied().collect();
    let (near, far): (Vec<_>, Vec<_>) = near.into_iter().partition(|(_, is_near)| *is_near);
    let of = |some: &[(Wallet, bool)]| some.iter().map(|(wallet, _)| wallet.lower_hex()).collect::<Vec<_>>();
    let drop = |some: &[(Wallet, bool)]| -> WriteModel {
        let filter = doc! { "_id": { "$in": of(some) } };
        DeleteManyModel::builder().namespace(base.namespace(NEAR)).filter(filter).build().into()
    };
    let put = |wallet: &String| base.upsert(NEAR, wallet, doc! { "$set": { "is_near": true } });
    far.chunks(KEYS_A_QUERY).map(drop).chain(of(&near).iter().map(put)).collect()
}

#[async_trait]
impl Watches for MongoStore {
    async fn put_watches(&self, watches: &[Watch]) -> Result<(), StoreError> {
        answer(BATCH, async {
            let base = self.base().await?;
            let models: Result<_, Failure> = watches.iter().map(|watch| put(base, watch)).collect();
            base.write(models?).await
        })
        .await
    }

    async fn remove_watches(&self, wallets: &[Wallet]) -> Result<u64, StoreError> {
        answer(BATCH, async { self.base().await?.delete_each(WATCHES, &keys(wallets)).await }).await
    }

    async fn find_watches(&self, wallets: &[Wallet]) -> Result<Vec<Watch>, StoreError> {
        answer(BATCH, async { find(self.base().await?, wallets).await }).await
    }

    async fn page_watches(&self, after: Option<Wallet>, limit: u32) -> Result<Vec<Watch>, StoreError> {
        let after = after.map(|wallet| wallet.lower_hex());
        answer(READ, async { self.base().await?.all(page(WATCHES, after.as_deref(), None, limit)).await })
            .await
    }

    async fn page_lane(
        &self,
        lane: Lane,
        after: Option<Wallet>,
        last: Wallet,
        limit: u32,
    ) -> Result<Vec<Watch>, StoreError> {
        let (after, last) = (after.map(|wallet| wallet.lower_hex()), last.lower_hex());
        answer(WRITE, async {
            let base = self.base().await?;
            match lane {
                Lane::Every => base.all(page(WATCHES, after.as_deref(), Some(&last), limit)).await,
                Lane::Near => page_near(base, after, &last, limit).await,
            }
        })
        .await
    }

    async fn count_watches(&self) -> Result<u64, StoreError> {
        answer(READ, async { self.base().await?.count(WATCHES, every()).await }).await
    }
}

/// Every document whose key is a text, counted from the index of keys.
pub(super) fn every() -> Document {
    doc! { "_id": { "$gte": "" } }
}
