//! API keys in SQLite, by hash.

use async_trait::async_trait;
use risk_app::records::ApiKey;
use risk_app::stores::{ApiKeys, StoreError};
use risk_model::{Timestamp, Wallet};
use rusqlite::{Row, params};

use super::SqliteStore;
use super::column::{self, Record, first, optional_seconds, parse_list, seconds, text_list};
use super::failure::Failure;

const PUT: &str = "INSERT OR REPLACE INTO api_keys
    (hash, label, scopes, wallets, expires_at, created_at, last_used_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
const FIND: &str = "SELECT * FROM api_keys WHERE hash = ?1";
const IS_NEWER_USE: &str =
    "SELECT count(*) FROM api_keys WHERE hash = ?1 AND (last_used_at IS NULL OR last_used_at < ?2)";
const TOUCH: &str = "UPDATE api_keys SET last_used_at = ?2
    WHERE hash = ?1 AND (last_used_at IS NULL OR last_used_at < ?2)";
const COUNT: &str = "SELECT count(*) FROM api_keys";

impl Record for ApiKey {
    const WHAT: &'static str = "API key";

    fn read(row: &Row<'_>) -> Result<Self, Failure> {
        let scopes: String = row.get("scopes")?;
        let wallets: Option<String> = row.get("wallets")?;
        Ok(Self {
            hash: row.get("hash")?,
            label: row.get("label")?,
            scopes: parse_list(&scopes)?,
            wallets: wallets.map(|list| parse_list(&list)).transpose()?,
            expires_at: column::optional_time(row, "expires_at")?,
            created_at: column::time(row, "created_at")?,
            last_used_at: column::optional_time(row, "last_used_at")?,
        })
    }
}

#[async_trait]
impl ApiKeys for SqliteStore {
    async fn put_key(&self, key: &ApiKey) -> Result<(), StoreError> {
        let key = key.clone();
        self.write(move |file| {
            let wallets = key.wallets.map(|list| text_list(list.iter().map(Wallet::lower_hex)));
            file.prepare_cached(PUT)?.execute(params![
                key.hash,
                key.label,
                text_list(key.scopes.into_iter()),
                wallets,
                optional_seconds(key.expires_at)?,
                seconds(key.created_at)?,
                optional_seconds(key.last_used_at)?,
            ])?;
            Ok(())
        })
        .await
    }

    async fn find_key(&self, hash: &[u8; 32]) -> Result<Option<ApiKey>, StoreError> {
        let hash = *hash;
        self.read(move |file| first(&mut *file.prepare_cached(FIND)?, [hash])).await
    }

    async fn touch_key(&self, hash: &[u8; 32], at: Timestamp) -> Result<(), StoreError> {
        let hash = *hash;
        // A look before the write, so that a busy key costs one write a second and not one a request.
        let is_newer = self
            .read(move |file| {
                let mut look = file.prepare_cached(IS_NEWER_USE)?;
                column::count(&mut look, params![hash, seconds(at)?])
            })
            .await?;
        if is_newer == 0 {
            return Ok(());
        }
        self.write(move |file| {
            file.prepare_cached(TOUCH)?.execute(params![hash, seconds(at)?])?;
            Ok(())
        })
        .await
    }

    async fn count_keys(&self) -> Result<u64, StoreError> {
        self.read(|file| column::count(&mut *file.prepare_cached(COUNT)?, [])).await
    }
}
