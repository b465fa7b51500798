//! Assessments, known tokens and the one write of a batch, in SQLite.

use async_trait::async_trait;
use risk_app::records::{Applied, AssessmentRecord, Commit};
use risk_app::stores::{Assessments, StoreError};
use risk_engine::alarm::Memory;
use risk_model::{Asset, KnownMarkets, Range, Timestamp, Wallet};
use rusqlite::{Row, Transaction, params};

use super::column::{self, Record, all, bytes, hex_list, parse_list, seconds, text_list};
use super::failure::Failure;
use super::{SqliteStore, alerts, markets, memories, sweeps, watches};

// The uninformative row exists only while it is the newer one.
pub(super) const LATEST: &str = "SELECT * FROM assessments AS one
    WHERE wallet IN (SELECT unhex(value) FROM json_each(?1)) AND (is_informative = 0 OR NOT EXISTS
        (SELECT 1 FROM assessments AS other WHERE other.wallet = one.wallet AND other.is_informative = 0))";
pub(super) const LAST_KNOWN: &str = "SELECT * FROM assessments
    WHERE wallet IN (SELECT unhex(value) FROM json_each(?1)) AND is_informative = 1";
const PUT: &str =
    "INSERT INTO assessments (wallet, is_informative, at, level, score_at_least, score_at_most, body, unpacked_bytes)
    SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8
    WHERE ?2 = 1 OR NOT EXISTS
        (SELECT 1 FROM assessments WHERE wallet = ?1 AND is_informative = 1 AND at > ?3)
    ON CONFLICT (wallet, is_informative) DO UPDATE SET at = excluded.at, level = excluded.level,
        score_at_least = excluded.score_at_least, score_at_most = excluded.score_at_most, body = excluded.body,
        unpacked_bytes = excluded.unpacked_bytes
        WHERE excluded.at >= assessments.at";
const DROP_OLDER_UNINFORMATIVE: &str =
    "DELETE FROM assessments WHERE wallet = ?1 AND is_informative = 0 AND at <= ?2";
const TOKENS: &str = "SELECT wallet, assets FROM known_tokens
    WHERE wallet IN (SELECT unhex(value) FROM json_each(?1))";
const PUT_TOKENS: &str = "INSERT INTO known_tokens (wallet, at, assets) VALUES (?1, ?2, ?3)
    ON CONFLICT (wallet) DO UPDATE SET at = excluded.at, assets = excluded.assets
        WHERE excluded.at >= known_tokens.at";

impl Record for AssessmentRecord {
    const WHAT: &'static str = "assessment";

    fn read(row: &Row<'_>) -> Result<Self, Failure> {
        Ok(Self {
            wallet: column::wallet(row, "wallet")?,
            at: column::time(row, "at")?,
            level: column::name(row, "level")?,
            score: Range {
                at_least: column::real(row, "score_at_least")?,
                at_most: column::real(row, "score_at_most")?,
            },
            is_informative: row.get("is_informative")?,
            body: unpacked(row.get("body")?, row.get("unpacked_bytes")?)?,
        })
    }
}

/// Longest body that is believed, bytes: a hundred times the longest seen.
const MAX_BODY_BYTES: usize = 16 << 20;

/// The text of a stored body: `length` bytes once unpacked, or as it is where it was not packed.
fn unpacked(stored: Vec<u8>, length: Option<i64>) -> Result<String, Failure> {
    let bytes = match length {
        None => stored,
        Some(length) => {
            let length = usize::try_from(length).ok().filter(|length| *length <= MAX_BODY_BYTES);
            let length = length.ok_or(Failure::Unreadable)?;
            let bytes = lz4_flex::block::decompress(&stored, length).map_err(|_| Failure::Unreadable)?;
            if bytes.len() != length {
                return Err(Failure::Unreadable);
            }
            bytes
        }
    };
    String::from_utf8(bytes).map_err(|_| Failure::Unreadable)
}

/// A row of known tokens.
struct KnownTokens(Wallet, Vec<Asset>);

impl Record for KnownTokens {
    const WHAT: &'static str = "token list";

    fn read(row: &Row<'_>) -> Result<Self, Failure> {
        let assets: String = row.get("assets")?;
        Ok(Self(column::wallet(row, "wallet")?, parse_list(&assets)?))
    }
}

fn put_assessments(file: &Transaction<'_>, assessments: &[AssessmentRecord]) -> Result<(), Failure> {
    let mut put = file.prepare_cached(PUT)?;
    let mut drop_older = file.prepare_cached(DROP_OLDER_UNINFORMATIVE)?;
    for one in assessments {
        let (wallet, at) = (bytes(one.wallet), seconds(one.at)?);
        put.execute(params![
            wallet,
            one.is_informative,
            at,
            one.level.name(),
            one.score.at_least,
            one.score.at_most,
            lz4_flex::block::compress(one.body.as_bytes()),
            i64::try_from(one.body.len()).map_err(|_| Failure::OutOfRange("a length"))?,
        ])?;
        if one.is_informative {
            drop_older.execute(params![wallet, at])?;
        }
    }
    Ok(())
}

fn put_tokens(file: &Transaction<'_>, at: Timestamp, tokens: &[(Wallet, Vec<Asset>)]) -> Result<(), Failure> {
    let mut put = file.prepare_cached(PUT_TOKENS)?;
    let at = seconds(at)?;
    for (wallet, assets) in tokens {
        put.execute(params![bytes(*wallet), at, text_list(assets.iter().map(Asset::to_string))])?;
    }
    Ok(())
}

#[async_trait]
impl Assessments for SqliteStore {
    async fn latest(&self, wallets: &[Wallet]) -> Result<Vec<AssessmentRecord>, StoreError> {
        let wallets = hex_list(wallets);
        self.read(move |file| all(&mut *file.prepare_cached(LATEST)?, [wallets])).await
    }

    async fn last_known(&self, wallets: &[Wallet]) -> Result<Vec<AssessmentRecord>, StoreError> {
        let wallets = hex_list(wallets);
        self.read(move |file| all(&mut *file.prepare_cached(LAST_KNOWN)?, [wallets])).await
    }

    async fn tokens(&self, wallets: &[Wallet]) -> Result<Vec<(Wallet, Vec<Asset>)>, StoreError> {
        let wallets = hex_list(wallets);
        self.read(move |file| {
            let rows: Vec<KnownTokens> = all(&mut *file.prepare_cached(TOKENS)?, [wallets])?;
            Ok(rows.into_iter().map(|KnownTokens(wallet, assets)| (wallet, assets)).collect())
        })
        .await
    }

    async fn markets(&self, wallets: &[Wallet]) -> Result<Vec<(Wallet, Vec<KnownMarkets>)>, StoreError> {
        let wallets = hex_list(wallets);
        self.read(move |file| markets::of(file, &wallets)).await
    }

    async fn memories(&self, wallets: &[Wallet]) -> Result<Vec<(Wallet, Memory)>, StoreError> {
        let wallets = hex_list(wallets);
        self.read(move |file| memories::of(file, &wallets)).await
    }

    async fn commit(&self, commit: Commit) -> Result<Applied, StoreError> {
        self.write(move |file| {
            if let Some(fence) = &commit.fence {
                sweeps::pass_fence(file, fence)?;
            }
            put_assessments(file, &commit.assessments)?;
            watches::put_near(file, &commit.near)?;
            put_tokens(file, commit.at, &commit.tokens)?;
            markets::put(file, commit.at, &commit.markets)?;
            memories::put(file, commit.at, &commit.memories)?;
            alerts::apply(file, &commit.transitions, (commit.at, &commit.routes))
        })
        .await
    }
}
