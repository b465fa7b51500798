//! API keys as text: `rm_` and 64 hex digits, 256 random bits, kept as their SHA-256 alone.

use risk_app::records::ApiKey;
use risk_app::stores::ApiKeys;
use risk_model::Timestamp;
use risk_model::credential::{KEY_BYTES, KEY_PREFIX, is_key_shaped};
use sha2::{Digest, Sha256};

/// The SHA-256 of a key's text; `None` where the text is not `rm_` and 64 lower-case hex digits.
#[must_use]
pub fn key_hash(text: &str) -> Option<[u8; 32]> {
    is_key_shaped(text).then(|| Sha256::digest(text.as_bytes()).into())
}

/// A new key of 256 random bits: its text, to be shown once, and the record to keep.
///
/// # Errors
/// The system gave no randomness.
pub fn mint_key(label: &str, scopes: &[&str], now: Timestamp) -> anyhow::Result<(String, ApiKey)> {
    let mut bytes = [0_u8; KEY_BYTES];
    getrandom::fill(&mut bytes).map_err(|_| anyhow::anyhow!("the system gave no randomness"))?;
    let text = format!("{KEY_PREFIX}{}", hex::encode(bytes));
    let key = record(Sha256::digest(text.as_bytes()).into(), label, scopes, now);
    Ok((text, key))
}

/// A new admin key where the store holds no key at all. Answers its text, to be printed once.
///
/// # Errors
/// The store failed; the system gave no randomness.
pub async fn mint_first_key(
    store: &(impl ApiKeys + ?Sized),
    now: Timestamp,
) -> anyhow::Result<Option<String>> {
    if store.count_keys().await? > 0 {
        return Ok(None);
    }
    let (text, key) = mint_key("admin", &["admin"], now)?;
    store.put_key(&key).await?;
    Ok(Some(text))
}

/// The admin key of the settings, as a record that no store holds: taken out of the settings, it is valid no more.
pub(crate) fn admin_key(hash: [u8; 32]) -> ApiKey {
    record(hash, "ADMIN_API_KEY", &["admin"], Timestamp::default())
}

fn record(hash: [u8; 32], label: &str, scopes: &[&str], now: Timestamp) -> ApiKey {
    ApiKey {
        hash,
        label: label.to_owned(),
        scopes: scopes.iter().map(|&scope| scope.to_owned()).collect(),
        wallets: None,
        expires_at: None,
        created_at: now,
        last_used_at: None,
    }
}
