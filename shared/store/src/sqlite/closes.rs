//! Daily and hourly closes in SQLite.

use async_trait::async_trait;
use risk_app::records::{KeptCloses, KeptHourly};
use risk_app::stores::{Closes, StoreError};
use risk_engine::market::{DailyCloses, HourlyCloses};
use risk_model::{Asset, Timestamp};
use rusqlite::{Row, params};

use super::SqliteStore;
use super::column::{self, Record, all, integer};
use super::failure::Failure;

const PUT: &str =
    "INSERT INTO closes (asset, first_day, closes, source, window_days) VALUES (?1, ?2, ?3, ?4, ?5)
    ON CONFLICT (asset) DO UPDATE SET first_day = excluded.first_day, closes = excluded.closes,
        source = excluded.source, window_days = excluded.window_days";
const FIND: &str = "SELECT * FROM closes WHERE asset IN (SELECT value FROM json_each(?1))";

const PUT_HOURLY: &str =
    "INSERT INTO hourly_closes (asset, first_hour, closes, source, read_at) VALUES (?1, ?2, ?3, ?4, ?5)
    ON CONFLICT (asset) DO UPDATE SET first_hour = excluded.first_hour, closes = excluded.closes,
        source = excluded.source, read_at = excluded.read_at";
const FIND_HOURLY: &str = "SELECT * FROM hourly_closes WHERE asset IN (SELECT value FROM json_each(?1))";

impl Record for KeptCloses {
    const WHAT: &'static str = "history";

    fn read(row: &Row<'_>) -> Result<Self, Failure> {
        let (asset, closes, source): (String, String, String) =
            (row.get("asset")?, row.get("closes")?, row.get("source")?);
        Ok(Self {
            asset: asset.parse().map_err(|_| Failure::Unreadable)?,
            closes: DailyCloses {
                first_day: column::natural(row, "first_day")?,
                closes: serde_json::from_str(&closes).map_err(|_| Failure::Unreadable)?,
                source: known_source(&source).ok_or(Failure::Unreadable)?,
            },
            window_days: row.get("window_days")?,
        })
    }
}

impl Record for KeptHourly {
    const WHAT: &'static str = "hourly history";

    fn read(row: &Row<'_>) -> Result<Self, Failure> {
        let (asset, closes, source): (String, String, String) =
            (row.get("asset")?, row.get("closes")?, row.get("source")?);
        Ok(Self {
            asset: asset.parse().map_err(|_| Failure::Unreadable)?,
            closes: HourlyCloses {
                first_hour: column::natural(row, "first_hour")?,
                closes: serde_json::from_str(&closes).map_err(|_| Failure::Unreadable)?,
                source: known_source(&source).ok_or(Failure::Unreadable)?,
            },
            read_at: Timestamp::new(column::natural(row, "read_at")?),
        })
    }
}

/// The providers that give histories; closes of any other were written by another version and are read anew.
const SOURCES: [&str; 1] = ["coingecko"];

fn known_source(name: &str) -> Option<&'static str> {
    SOURCES.into_iter().find(|known| *known == name)
}

#[async_trait]
impl Closes for SqliteStore {
    async fn closes(&self, assets: &[Asset]) -> Result<Vec<KeptCloses>, StoreError> {
        let names: Vec<String> = assets.iter().map(ToString::to_string).collect();
        self.read(move |file| {
            let names = serde_json::to_string(&names).map_err(|_| Failure::Unreadable)?;
            all(&mut *file.prepare_cached(FIND)?, [names])
        })
        .await
    }

    async fn put_closes(&self, histories: &[KeptCloses]) -> Result<(), StoreError> {
        let histories = histories.to_vec();
        self.write(move |file| {
            let mut put = file.prepare_cached(PUT)?;
            for history in &histories {
                let closes =
                    serde_json::to_string(&history.closes.closes).map_err(|_| Failure::Unreadable)?;
                put.execute(params![
                    history.asset.to_string(),
                    integer(history.closes.first_day, "a day")?,
                    closes,
                    history.closes.source,
                    history.window_days,
                ])?;
            }
            Ok(())
        })
        .await
    }

    async fn hourly(&self, assets: &[Asset]) -> Result<Vec<KeptHourly>, StoreError> {
        let names: Vec<String> = assets.iter().map(ToString::to_string).collect();
        self.read(move |file| {
            let names = serde_json::to_string(&names).map_err(|_| Failure::Unreadable)?;
            all(&mut *file.prepare_cached(FIND_HOURLY)?, [names])
        })
        .await
    }

    async fn put_hourly(&self, histories: &[KeptHourly]) -> Result<(), StoreError> {
        let histories = histories.to_vec();
        self.write(move |file| {
            let mut put = file.prepare_cached(PUT_HOURLY)?;
            for history in &histories {
                let closes =
                    serde_json::to_string(&history.closes.closes).map_err(|_| Failure::Unreadable)?;
                put.execute(params![
                    history.asset.to_string(),
                    integer(history.closes.first_hour, "an hour")?,
                    closes,
                    history.closes.source,
                    integer(history.read_at.seconds(), "a time")?,
                ])?;
            }
            Ok(())
        })
        .await
    }
}
