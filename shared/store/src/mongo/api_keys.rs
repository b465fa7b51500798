//! API keys in MongoDB, by hash.

use std::fmt::Write as _;

use async_trait::async_trait;
use mongodb::bson::doc;
use risk_app::records::ApiKey;
use risk_app::stores::{ApiKeys, StoreError};
use risk_model::{Timestamp, Wallet};
use serde::{Deserialize, Serialize};

use super::base::{API_KEYS, Query};
use super::failure::Failure;
use super::record::{self, Record, document, optional_seconds, optional_time, seconds, time};
use super::watches::every;
use super::{MongoStore, READ, WRITE, answer};

#[derive(Serialize, Deserialize)]
pub(super) struct KeyBody {
    #[serde(rename = "_id")]
    hash: String,
    label: String,
    scopes: Vec<String>,
    wallets: Option<Vec<String>>,
    expires_at: Option<i64>,
    created_at: i64,
    last_used_at: Option<i64>,
}

impl Record for ApiKey {
    const WHAT: &'static str = "API key";
    type Body = KeyBody;

    fn of(body: KeyBody) -> Option<Self> {
        Some(Self {
            hash: bytes(&body.hash)?,
            label: body.label,
            scopes: body.scopes,
            wallets: match body.wallets {
                Some(wallets) => Some(record::parsed(&wallets)?),
                None => None,
            },
            expires_at: optional_time(body.expires_at)?,
            created_at: time(body.created_at)?,
            last_used_at: optional_time(body.last_used_at)?,
        })
    }
}

fn hex(hash: &[u8; 32]) -> String {
    let mut text = String::with_capacity(64);
    for byte in hash {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

fn bytes(text: &str) -> Option<[u8; 32]> {
    let mut hash = [0; 32];
    if text.len() != 64 {
        return None;
    }
    for (index, byte) in hash.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(2 * index..2 * index + 2)?, 16).ok()?;
    }
    Some(hash)
}

fn body(key: &ApiKey) -> Result<KeyBody, Failure> {
    Ok(KeyBody {
        hash: hex(&key.hash),
        label: key.label.clone(),
        scopes: key.scopes.clone(),
        wallets: key.wallets.as_ref().map(|list| list.iter().map(Wallet::lower_hex).collect()),
        expires_at: optional_seconds(key.expires_at)?,
        created_at: seconds(key.created_at)?,
        last_used_at: optional_seconds(key.last_used_at)?,
    })
}

#[async_trait]
impl ApiKeys for MongoStore {
    async fn put_key(&self, key: &ApiKey) -> Result<(), StoreError> {
        answer(WRITE, async {
            let keys = self.base().await?.documents(API_KEYS);
            keys.replace_one(doc! { "_id": hex(&key.hash) }, document(&body(key)?)?).upsert(true).await?;
            Ok(())
        })
        .await
    }

    async fn find_key(&self, hash: &[u8; 32]) -> Result<Option<ApiKey>, StoreError> {
        let key = Query::of(API_KEYS, doc! { "_id": hex(hash) });
        answer(READ, async { self.base().await?.first(key).await }).await
    }

    async fn touch_key(&self, hash: &[u8; 32], at: Timestamp) -> Result<(), StoreError> {
        answer(WRITE, async {
            let at = seconds(at)?;
            let base = self.base().await?;
            // A look before the write, so that a busy key costs one write a second and not one a request.
            let older = doc! { "_id": hex(hash), "$or": [{ "last_used_at": null }, { "last_used_at": { "$lt": at } }] };
            if base.count(API_KEYS, older).await? > 0 {
                let touch = doc! { "$max": { "last_used_at": at } };
                base.collection(API_KEYS).update_one(doc! { "_id": hex(hash) }, touch).await?;
            }
            Ok(())
        })
        .await
    }

    async fn count_keys(&self) -> Result<u64, StoreError> {
        answer(READ, async { self.base().await?.count(API_KEYS, every()).await }).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_is_64_digits_and_nothing_else() {
        let hash = std::array::from_fn(|index| u8::try_from(index * 8).unwrap());
        assert_eq!(bytes(&hex(&hash)), Some(hash));
        for text in ["", "00", &"0".repeat(63), &"0".repeat(66), &"g".repeat(64), &"é".repeat(32)] {
            assert_eq!(bytes(text), None, "{text}");
        }
    }
}
