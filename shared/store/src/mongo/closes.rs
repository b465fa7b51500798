//! Daily and hourly closes in MongoDB. The server deletes those that nobody kept anew for long (`kept_at`).

use async_trait::async_trait;
use mongodb::bson::{Document, doc};
use mongodb::options::WriteModel;
use risk_app::records::{KeptCloses, KeptHourly};
use risk_app::stores::{Closes, StoreError};
use risk_engine::market::{DailyCloses, HourlyCloses};
use risk_model::Asset;
use serde::{Deserialize, Serialize};

use super::base::{Base, CLOSES, HOURLY_CLOSES, Query};
use super::failure::Failure;
use super::record::{Record, document, integer, natural, seconds, time};
use super::{BATCH, MongoStore, answer};

#[derive(Serialize, Deserialize)]
pub(super) struct DailyBody {
    #[serde(rename = "_id")]
    asset: String,
    first_day: i64,
    closes: Vec<Option<f64>>,
    source: String,
    window_days: u32,
}

#[derive(Serialize, Deserialize)]
pub(super) struct HourlyBody {
    #[serde(rename = "_id")]
    asset: String,
    first_hour: i64,
    closes: Vec<Option<f64>>,
    source: String,
    read_at: i64,
}

impl Record for KeptCloses {
    const WHAT: &'static str = "history";
    type Body = DailyBody;

    fn of(body: DailyBody) -> Option<Self> {
        let source = known_source(&body.source)?;
        let closes = DailyCloses { first_day: natural(body.first_day)?, closes: body.closes, source };
        Some(Self { asset: body.asset.parse().ok()?, closes, window_days: body.window_days })
    }
}

impl Record for KeptHourly {
    const WHAT: &'static str = "hourly history";
    type Body = HourlyBody;

    fn of(body: HourlyBody) -> Option<Self> {
        let source = known_source(&body.source)?;
        let closes = HourlyCloses { first_hour: natural(body.first_hour)?, closes: body.closes, source };
        Some(Self { asset: body.asset.parse().ok()?, closes, read_at: time(body.read_at)? })
    }
}

/// The providers that give histories; closes of any other were written by another version and are read anew.
const SOURCES: [&str; 1] = ["coingecko"];

fn known_source(name: &str) -> Option<&'static str> {
    SOURCES.into_iter().find(|known| *known == name)
}

fn daily(kept: &KeptCloses) -> Result<DailyBody, Failure> {
    Ok(DailyBody {
        asset: kept.asset.to_string(),
        first_day: integer(kept.closes.first_day, "a day")?,
        closes: kept.closes.closes.clone(),
        source: kept.closes.source.to_owned(),
        window_days: kept.window_days,
    })
}

fn hourly(kept: &KeptHourly) -> Result<HourlyBody, Failure> {
    Ok(HourlyBody {
        asset: kept.asset.to_string(),
        first_hour: integer(kept.closes.first_hour, "an hour")?,
        closes: kept.closes.closes.clone(),
        source: kept.closes.source.to_owned(),
        read_at: seconds(kept.read_at)?,
    })
}

/// Keeps a history in place of what was kept of its asset; the server notes when.
fn put(base: &Base, collection: &str, asset: Asset, body: &impl Serialize) -> Result<WriteModel, Failure> {
    let mut fields = document(body)?;
    fields.remove("_id");
    let update = doc! { "$set": fields, "$currentDate": { "kept_at": true } };
    Ok(base.upsert(collection, &asset.to_string(), update))
}

async fn of_each<T: Record>(
    base: &Base,
    collection: &'static str,
    assets: &[Asset],
) -> Result<Vec<T>, Failure> {
    let mut names: Vec<String> = assets.iter().map(Asset::to_string).collect();
    names.sort_unstable();
    names.dedup();
    base.of_each("_id", &names, &Query::of(collection, Document::new()).history()).await
}

#[async_trait]
impl Closes for MongoStore {
    async fn closes(&self, assets: &[Asset]) -> Result<Vec<KeptCloses>, StoreError> {
        answer(BATCH, async { of_each(self.base().await?, CLOSES, assets).await }).await
    }

    async fn put_closes(&self, histories: &[KeptCloses]) -> Result<(), StoreError> {
        answer(BATCH, async {
            let base = self.base().await?;
            let models: Result<_, Failure> =
                histories.iter().map(|one| put(base, CLOSES, one.asset, &daily(one)?)).collect();
            base.write(models?).await
        })
        .await
    }

    async fn hourly(&self, assets: &[Asset]) -> Result<Vec<KeptHourly>, StoreError> {
        answer(BATCH, async { of_each(self.base().await?, HOURLY_CLOSES, assets).await }).await
    }

    async fn put_hourly(&self, histories: &[KeptHourly]) -> Result<(), StoreError> {
        answer(BATCH, async {
            let base = self.base().await?;
            let models: Result<_, Failure> =
                histories.iter().map(|one| put(base, HOURLY_CLOSES, one.asset, &hourly(one)?)).collect();
            base.write(models?).await
        })
        .await
    }
}
