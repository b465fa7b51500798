//! The watch list in SQLite.

use std::collections::BTreeMap;

use async_trait::async_trait;
use risk_app::records::Watch;
use risk_app::stores::{StoreError, Watches};
use risk_app::sweeping::Lane;
use risk_model::{ChannelId, OwnThresholds, Severity, ThresholdName, Wallet};
use rusqlite::{Row, Transaction, params};
use serde_json::Value;

use super::SqliteStore;
use super::column::{self, Record, all, bytes, hex_list, seconds, text_list};
use super::failure::Failure;

const PUT: &str = "INSERT INTO watches
    (wallet, label, health_factor_threshold, created_at, updated_at, thresholds, channels, min_severity)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
    ON CONFLICT (wallet) DO UPDATE SET label = excluded.label,
        health_factor_threshold = excluded.health_factor_threshold, updated_at = excluded.updated_at,
        thresholds = excluded.thresholds, channels = excluded.channels, min_severity = excluded.min_severity";
const REMOVE: &str = "DELETE FROM watches WHERE wallet IN (SELECT unhex(value) FROM json_each(?1))";
pub(super) const FIND: &str =
    "SELECT * FROM watches WHERE wallet IN (SELECT unhex(value) FROM json_each(?1))";
// Every address is at least the empty blob, so that one statement serves the first page too.
const PAGE: &str = "SELECT * FROM watches WHERE wallet > ?1 ORDER BY wallet LIMIT ?2";
const PAGE_EVERY: &str = "SELECT * FROM watches WHERE wallet > ?1 AND wallet <= ?2 ORDER BY wallet LIMIT ?3";
const PAGE_NEAR: &str = "SELECT watches.* FROM near_wallets JOIN watches USING (wallet)
    WHERE near_wallets.wallet > ?1 AND near_wallets.wallet <= ?2 ORDER BY near_wallets.wallet LIMIT ?3";
const PUT_NEAR: &str = "INSERT INTO near_wallets (wallet) VALUES (?1) ON CONFLICT (wallet) DO NOTHING";
const DROP_NEAR: &str = "DELETE FROM near_wallets WHERE wallet = ?1";
const COUNT: &str = "SELECT count(*) FROM watches";

impl Record for Watch {
    const WHAT: &'static str = "watch";

    fn read(row: &Row<'_>) -> Result<Self, Failure> {
        Ok(Self {
            wallet: column::wallet(row, "wallet")?,
            label: row.get("label")?,
            health_factor_threshold: row.get("health_factor_threshold")?,
            thresholds: thresholds(&row.get::<_, String>("thresholds")?)?,
            channels: row
                .get::<_, Option<String>>("channels")?
                .map(|text| column::parse_list(&text))
                .transpose()?,
            min_severity: row
                .get::<_, Option<String>>("min_severity")?
                .map(|name| name.parse().map_err(|_| Failure::Unreadable))
                .transpose()?,
            created_at: column::time(row, "created_at")?,
            updated_at: column::time(row, "updated_at")?,
        })
    }
}

/// The written form of a watch's thresholds: each number as its shortest text, because a JSON number may come back
/// another in its last bit.
fn written(own: &OwnThresholds) -> String {
    let fields = own.iter().map(|(name, value)| (name.name().to_owned(), Value::from(value.to_string())));
    Value::Object(fields.collect()).to_string()
}

fn thresholds(text: &str) -> Result<OwnThresholds, Failure> {
    let fields: BTreeMap<String, String> = serde_json::from_str(text).map_err(|_| Failure::Unreadable)?;
    let mut own = OwnThresholds::new();
    for (name, value) in fields {
        let name: ThresholdName = name.parse().map_err(|_| Failure::Unreadable)?;
        let value = value.parse().map_err(|_| Failure::Unreadable)?;
        own.set(name, value).map_err(|_| Failure::Unreadable)?;
    }
    Ok(own)
}

/// Notes which wallets are near liquidation and which are not.
pub(super) fn put_near(file: &Transaction<'_>, near: &[(Wallet, bool)]) -> Result<(), Failure> {
    for (wallet, is_near) in near {
        let statement = if *is_near { PUT_NEAR } else { DROP_NEAR };
        file.prepare_cached(statement)?.execute([bytes(*wallet)])?;
    }
    Ok(())
}

#[async_trait]
impl Watches for SqliteStore {
    async fn put_watches(&self, watches: &[Watch]) -> Result<(), StoreError> {
        let watches = watches.to_vec();
        self.write(move |file| {
            let mut put = file.prepare_cached(PUT)?;
            for watch in &watches {
                put.execute(params![
                    bytes(watch.wallet),
                    watch.label,
                    watch.health_factor_threshold,
                    seconds(watch.created_at)?,
                    seconds(watch.updated_at)?,
                    written(&watch.thresholds),
                    watch.channels.as_ref().map(|names| text_list(names.iter().map(ChannelId::to_string))),
                    watch.min_severity.map(Severity::name),
                ])?;
            }
            Ok(())
        })
        .await
    }

    async fn remove_watches(&self, wallets: &[Wallet]) -> Result<u64, StoreError> {
        let wallets = hex_list(wallets);
        self.write(move |file| {
            let removed = file.prepare_cached(REMOVE)?.execute([wallets])?;
            u64::try_from(removed).map_err(|_| Failure::OutOfRange("a count"))
        })
        .await
    }

    async fn find_watches(&self, wallets: &[Wallet]) -> Result<Vec<Watch>, StoreError> {
        let wallets = hex_list(wallets);
        self.read(move |file| all(&mut *file.prepare_cached(FIND)?, [wallets])).await
    }

    async fn page_watches(&self, after: Option<Wallet>, limit: u32) -> Result<Vec<Watch>, StoreError> {
        let after = after.map(|wallet| bytes(wallet).to_vec()).unwrap_or_default();
        self.read(move |file| all(&mut *file.prepare_cached(PAGE)?, params![after, limit])).await
    }

    async fn page_lane(
        &self,
        lane: Lane,
        after: Option<Wallet>,
        last: Wallet,
        limit: u32,
    ) -> Result<Vec<Watch>, StoreError> {
        let after = after.map(|wallet| bytes(wallet).to_vec()).unwrap_or_default();
        let page = match lane {
            Lane::Every => PAGE_EVERY,
            Lane::Near => PAGE_NEAR,
        };
        self.read(move |file| all(&mut *file.prepare_cached(page)?, params![after, bytes(last), limit])).await
    }

    async fn count_watches(&self) -> Result<u64, StoreError> {
        self.read(|file| column::count(&mut *file.prepare_cached(COUNT)?, [])).await
    }
}
