//! MongoDB's own driver doing the same: the same documents, acknowledged by the same majority, a page in one transaction.

use futures::{FutureExt, TryStreamExt};
use mongodb::bson::{Document, doc};
use mongodb::options::{Acknowledgment, ClientOptions, UpdateOneModel, WriteConcern, WriteModel};
use mongodb::{Client, Namespace};
use risk_app::records::{Commit, Watch};
use risk_model::{Asset, B256, Wallet};

/// Keys of one query, as many as the store asks for at once.
const KEYS_A_QUERY: usize = 500;

/// A client of a database that nobody else uses.
pub(crate) struct RawMongo {
    client: Client,
    database: String,
}

impl RawMongo {
    pub(crate) async fn open(uri: &str, database: String) -> anyhow::Result<Self> {
        let mut options = ClientOptions::parse(uri).await?;
        options.write_concern =
            Some(WriteConcern::builder().w(Acknowledgment::Majority).journal(true).build());
        Ok(Self { client: Client::with_options(options)?, database })
    }

    fn put(&self, collection: &str, key: String, fields: Document) -> WriteModel {
        let update = UpdateOneModel::builder()
            .namespace(Namespace::new(&self.database, collection))
            .filter(doc! { "_id": key })
            .update(doc! { "$set": fields })
            .upsert(true);
        update.build().into()
    }

    pub(crate) async fn put_watches(&self, watches: &[Watch]) -> anyhow::Result<()> {
        let put = |watch: &Watch| {
            let fields = doc! {
                "label": &watch.label, "thresholds": {}, "health_factor_threshold": null, "channels": null,
                "min_severity": null, "created_at": 1_700_000_000_i64, "updated_at": 1_700_000_000_i64,
            };
            self.put("watches", watch.wallet.lower_hex(), fields)
        };
        self.client.bulk_write(watches.iter().map(put).collect::<Vec<_>>()).await?;
        Ok(())
    }

    /// The documents that the store writes of a page.
    pub(crate) async fn commit(&self, page: &Commit) -> anyhow::Result<()> {
        let mut session = self.client.start_session().await?;
        let done = session.start_transaction().and_run((self, page), |session, (raw, page)| {
            async move { raw.client.bulk_write(raw.models(page)).session(session).await }.boxed()
        });
        done.await?;
        Ok(())
    }

    fn models(&self, page: &Commit) -> Vec<WriteModel> {
        let at = i64::try_from(page.at.seconds()).unwrap_or(i64::MAX);
        let assessments = page.assessments.iter().map(|one| {
            let (least, most) = (one.score.at_least, one.score.at_most);
            let known = doc! {
                "at": at, "level": one.level.name(), "score_at_least": least, "score_at_most": most, "body": &one.body,
            };
            self.put("assessments", one.wallet.lower_hex(), doc! { "known": known })
        });
        let near = page.near.iter().filter(|(_, is_near)| *is_near);
        let near =
            near.map(|(wallet, _)| self.put("near_wallets", wallet.lower_hex(), doc! { "near": true }));
        let tokens = page.tokens.iter().map(|(wallet, assets)| {
            let assets: Vec<String> = assets.iter().map(Asset::to_string).collect();
            self.put("known_tokens", wallet.lower_hex(), doc! { "at": at, "assets": assets })
        });
        let markets = page.markets.iter().flat_map(|(wallet, chains)| {
            chains.iter().map(|one| {
                let ids: Vec<String> = one.ids.iter().map(B256::to_string).collect();
                let key = format!("{}:{}", wallet.lower_hex(), one.chain.name());
                self.put("known_markets", key, doc! { "at": at, "ids": ids })
            })
        });
        let memories = page.memories.iter().map(|(wallet, _)| {
            self.put(
                "alarm_memories",
                wallet.lower_hex(),
                doc! { "at": at, "memory": crate::raw::MEMORY_TEXT },
            )
        });
        assessments.chain(near).chain(tokens).chain(markets).chain(memories).collect()
    }

    /// How many of these watches there are.
    pub(crate) async fn find_watches(&self, wallets: &[Wallet]) -> anyhow::Result<usize> {
        Ok(self.find("watches", wallets).await?.len())
    }

    /// The length of the bodies of these wallets' assessments together.
    pub(crate) async fn latest(&self, wallets: &[Wallet]) -> anyhow::Result<usize> {
        let found = self.find("assessments", wallets).await?;
        let body =
            |document: &Document| Some(document.get_document("known").ok()?.get_str("body").ok()?.len());
        Ok(found.iter().filter_map(body).sum())
    }

    async fn find(&self, collection: &str, wallets: &[Wallet]) -> anyhow::Result<Vec<Document>> {
        let collection = self.client.database(&self.database).collection::<Document>(collection);
        let mut found = Vec::with_capacity(wallets.len());
        for some in wallets.chunks(KEYS_A_QUERY) {
            let keys: Vec<String> = some.iter().map(Wallet::lower_hex).collect();
            let documents = collection.find(doc! { "_id": { "$in": keys } }).await?;
            found.extend(documents.try_collect::<Vec<_>>().await?);
        }
        Ok(found)
    }
}
