//! The raw driver doing the same: the same rows by prepared statements in one transaction, on a file of the same schema and
//! the same pragmas, bodies packed as the store packs them.

use std::path::Path;

use anyhow::Context;
use lz4_flex::block::{compress, decompress};
use risk_app::records::{Commit, Watch};
use risk_model::{Asset, B256, Wallet};
use rusqlite::{Connection, Transaction, TransactionBehavior, params};
use serde_json::Value;

const WATCH: &str =
    "INSERT INTO watches (wallet, label, created_at, updated_at, thresholds) VALUES (?1, ?2, ?3, ?4, '{}')
    ON CONFLICT (wallet) DO UPDATE SET label = excluded.label, updated_at = excluded.updated_at";
const ASSESSMENT: &str =
    "INSERT INTO assessments (wallet, is_informative, at, level, score_at_least, score_at_most, body, unpacked_bytes)
    VALUES (?1, 1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (wallet, is_informative) DO UPDATE SET at = excluded.at,
        level = excluded.level, score_at_least = excluded.score_at_least, score_at_most = excluded.score_at_most,
        body = excluded.body, unpacked_bytes = excluded.unpacked_bytes";
const TOKENS: &str = "INSERT INTO known_tokens (wallet, at, assets) VALUES (?1, ?2, ?3)
    ON CONFLICT (wallet) DO UPDATE SET at = excluded.at, assets = excluded.assets";
const MARKETS: &str = "INSERT INTO known_markets (wallet, chain, at, ids) VALUES (?1, ?2, ?3, ?4)
    ON CONFLICT (wallet, chain) DO UPDATE SET at = excluded.at, ids = excluded.ids";
const MEMORY: &str = "INSERT INTO alarm_memories (wallet, at, memory) VALUES (?1, ?2, ?3)
    ON CONFLICT (wallet) DO UPDATE SET at = excluded.at, memory = excluded.memory";
const NEAR: &str = "INSERT INTO near_wallets (wallet) VALUES (?1) ON CONFLICT (wallet) DO NOTHING";

/// Text as long as what the store keeps of the memory of this benchmark.
const MEMORY_TEXT: &str = r#"{"v":1,"accounts":{"aave_v3:ethereum:main":{"peaks":[2,"1.75e0","1.8e0"]}}}"#;

/// A connection to a file that the store has made.
pub(crate) struct Raw(Connection);

impl Raw {
    pub(crate) fn open(path: &Path) -> anyhow::Result<Self> {
        let connection = Connection::open(path)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "foreign_keys", true)?;
        connection.set_prepared_statement_cache_capacity(96);
        Ok(Self(connection))
    }

    fn transaction(&mut self) -> anyhow::Result<Transaction<'_>> {
        Ok(self.0.transaction_with_behavior(TransactionBehavior::Immediate)?)
    }

    pub(crate) fn put_watches(&mut self, watches: &[Watch]) -> anyhow::Result<()> {
        let file = self.transaction()?;
        {
            let mut put = file.prepare_cached(WATCH)?;
            for watch in watches {
                put.execute(params![bytes(watch.wallet), watch.label, 1_700_000_000, 1_700_000_000])?;
            }
        }
        Ok(file.commit()?)
    }

    /// The rows that the store writes of a page.
    pub(crate) fn commit(&mut self, page: &Commit) -> anyhow::Result<()> {
        let at = i64::try_from(page.at.seconds())?;
        let file = self.transaction()?;
        {
            let mut put = file.prepare_cached(ASSESSMENT)?;
            for one in &page.assessments {
                let (least, most) = (one.score.at_least, one.score.at_most);
                let (body, length) = (compress(one.body.as_bytes()), i64::try_from(one.body.len())?);
                put.execute(params![bytes(one.wallet), at, one.level.name(), least, most, body, length])?;
            }
            let mut put = file.prepare_cached(NEAR)?;
            for (wallet, _) in page.near.iter().filter(|(_, is_near)| *is_near) {
                put.execute([bytes(*wallet)])?;
            }
            let mut put = file.prepare_cached(TOKENS)?;
            for (wallet, assets) in &page.tokens {
                put.execute(params![bytes(*wallet), at, list(assets.iter().map(Asset::to_string))])?;
            }
            let mut put = file.prepare_cached(MARKETS)?;
            for (wallet, chains) in &page.markets {
                for one in chains {
                    let ids = list(one.ids.iter().map(B256::to_string));
                    put.execute(params![bytes(*wallet), one.chain.name(), at, ids])?;
                }
            }
            let mut put = file.prepare_cached(MEMORY)?;
            for (wallet, _) in &page.memories {
                put.execute(params![bytes(*wallet), at, MEMORY_TEXT])?;
            }
        }
        Ok(file.commit()?)
    }

    /// How many of these watches there are, each read by its key.
    pub(crate) fn find_watches(&self, wallets: &[Wallet]) -> anyhow::Result<usize> {
        let mut find =
            self.0.prepare_cached("SELECT wallet, label, created_at FROM watches WHERE wallet = ?1")?;
        let mut found = 0;
        for wallet in wallets {
            let mut rows = find.query([bytes(*wallet)])?;
            while let Some(row) = rows.next()? {
                let label: Option<String> = row.get(1)?;
                found += usize::from(label.is_some());
            }
        }
        Ok(found)
    }

    /// The length of the bodies of these wallets' assessments together.
    pub(crate) fn latest(&self, wallets: &[Wallet]) -> anyhow::Result<usize> {
        let mut find = self
            .0
            .prepare_cached("SELECT at, level, body, unpacked_bytes FROM assessments WHERE wallet = ?1")?;
        let mut length = 0;
        for wallet in wallets {
            let mut rows = find.query([bytes(*wallet)])?;
            let row = rows.next()?.context("an assessment")?;
            let (level, body, unpacked): (String, Vec<u8>, i64) = (row.get(1)?, row.get(2)?, row.get(3)?);
            let body = String::from_utf8(decompress(&body, usize::try_from(unpacked)?)?)?;
            length += body.len() + usize::from(level.is_empty());
        }
        Ok(length)
    }
}

fn bytes(wallet: Wallet) -> [u8; 20] {
    wallet.address().into_array()
}

fn list(items: impl Iterator<Item = String>) -> String {
    Value::from_iter(items).to_string()
}
