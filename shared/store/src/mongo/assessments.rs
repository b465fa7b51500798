//! Assessments, known tokens and the one write of a batch, in MongoDB.

use async_trait::async_trait;
use futures::FutureExt;
use futures::future::BoxFuture;
use mongodb::ClientSession;
use mongodb::bson::{Document, doc};
use mongodb::options::WriteModel;
use risk_app::records::{Applied, AssessmentRecord, Commit};
use risk_app::stores::{Assessments, StoreError};
use risk_engine::alarm::Memory;
use risk_model::{Asset, KnownMarkets, Range, Wallet};
use serde::{Deserialize, Serialize};

use super::base::{ASSESSMENTS, Base, Query, TOKENS};
use super::failure::Failure;
use super::record::{self, Record, document, keys, literal, seconds, time, unless_newer};
use super::transaction::{Sees, transact};
use super::{BATCH, MongoStore, answer, markets, memories, moves, sweeps, watches};

/// Both assessments that are kept of a wallet: its newest informative one, and an uninformative one only while that is
/// the newer of the two.
struct OfWallet {
    known: Option<AssessmentRecord>,
    blind: Option<AssessmentRecord>,
}

#[derive(Deserialize)]
struct WalletBody {
    #[serde(rename = "_id")]
    wallet: String,
    known: Option<AssessmentBody>,
    blind: Option<AssessmentBody>,
}

#[derive(Serialize, Deserialize)]
struct AssessmentBody {
    at: i64,
    level: String,
    score_at_least: f64,
    score_at_most: f64,
    body: String,
}

impl Record for OfWallet {
    const WHAT: &'static str = "assessment";
    type Body = WalletBody;

    fn of(body: WalletBody) -> Option<Self> {
        let wallet = body.wallet.parse().ok()?;
        let read = |body: Option<AssessmentBody>, is_informative| match body {
            Some(body) => Some(Some(assessment(wallet, is_informative, body)?)),
            None => Some(None),
        };
        Some(Self { known: read(body.known, true)?, blind: read(body.blind, false)? })
    }
}

fn assessment(wallet: Wallet, is_informative: bool, body: AssessmentBody) -> Option<AssessmentRecord> {
    let score = Range { at_least: body.score_at_least, at_most: body.score_at_most };
    let (at, level) = (time(body.at)?, body.level.parse().ok()?);
    Some(AssessmentRecord { wallet, at, level, score, is_informative, body: body.body })
}

/// A document of known tokens.
struct KnownTokens(Wallet, Vec<Asset>);

#[derive(Deserialize)]
struct TokensBody {
    #[serde(rename = "_id")]
    wallet: String,
    assets: Vec<String>,
}

impl Record for KnownTokens {
    const WHAT: &'static str = "token list";
    type Body = TokensBody;

    fn of(body: TokensBody) -> Option<Self> {
        Some(Self(body.wallet.parse().ok()?, record::parsed(&body.assets)?))
    }
}

/// The write of an assessment. An older one never replaces a newer one, and an informative one ends what was blind
/// before it.
fn put(base: &Base, one: &AssessmentRecord) -> Result<WriteModel, Failure> {
    let at = seconds(one.at)?;
    let body = AssessmentBody {
        at,
        level: one.level.name().to_owned(),
        score_at_least: one.score.at_least,
        score_at_most: one.score.at_most,
        body: one.body.clone(),
    };
    let new = literal(document(&body)?);
    let fields = if one.is_informative {
        doc! {
            "known": { "$cond": [{ "$gt": ["$known.at", at] }, "$known", new] },
            "blind": { "$cond": [{ "$gt": ["$blind.at", at] }, "$blind", "$$REMOVE"] },
        }
    } else {
        let is_newer = doc! { "$or": [{ "$gt": ["$known.at", at] }, { "$gt": ["$blind.at", at] }] };
        doc! { "blind": { "$cond": [is_newer, { "$ifNull": ["$blind", "$$REMOVE"] }, new] } }
    };
    Ok(base.upsert(ASSESSMENTS, &one.wallet.lower_hex(), vec![doc! { "$set": fields }]))
}

fn put_tokens(base: &Base, at: i64, (wallet, assets): &(Wallet, Vec<Asset>)) -> WriteModel {
    let wallet = wallet.lower_hex();
    let assets: Vec<String> = assets.iter().map(Asset::to_string).collect();
    base.upsert(TOKENS, &wallet, unless_newer(at, doc! { "_id": &wallet, "at": at, "assets": assets }))
}

/// The batch, inside its transaction.
fn commit<'b>(
    base: &'b Base,
    session: &'b mut ClientSession,
    commit: &'b Commit,
) -> BoxFuture<'b, Result<Applied, Failure>> {
    async move {
        if let Some(fence) = &commit.fence {
            sweeps::pass_fence(base, session, fence).await?;
        }
        let at = seconds(commit.at)?;
        let models: Result<Vec<_>, Failure> = commit.assessments.iter().map(|one| put(base, one)).collect();
        let mut models = models?;
        models.extend(watches::near_models(base, &commit.near));
        models.extend(commit.tokens.iter().map(|one| put_tokens(base, at, one)));
        models.extend(markets::models(base, at, &commit.markets));
        models.extend(memories::models(base, at, &commit.memories));
        let (applied, moved) =
            moves::apply(base, session, &commit.transitions, (commit.at, &commit.routes)).await?;
        models.extend(moved);
        base.write_in(session, models).await?;
        Ok(applied)
    }
    .boxed()
}

#[async_trait]
impl Assessments for MongoStore {
    async fn latest(&self, wallets: &[Wallet]) -> Result<Vec<AssessmentRecord>, StoreError> {
        answer(BATCH, async {
            let query = Query::of(ASSESSMENTS, Document::new());
            let found: Vec<OfWallet> = self.base().await?.of_each("_id", &keys(wallets), &query).await?;
            Ok(found.into_iter().filter_map(|one| one.blind.or(one.known)).collect())
        })
        .await
    }

    async fn last_known(&self, wallets: &[Wallet]) -> Result<Vec<AssessmentRecord>, StoreError> {
        answer(BATCH, async {
            let query = Query::of(ASSESSMENTS, Document::new()).fields(doc! { "known": 1 });
            let found: Vec<OfWallet> = self.base().await?.of_each("_id", &keys(wallets), &query).await?;
            Ok(found.into_iter().filter_map(|one| one.known).collect())
        })
        .await
    }

    async fn tokens(&self, wallets: &[Wallet]) -> Result<Vec<(Wallet, Vec<Asset>)>, StoreError> {
        answer(BATCH, async {
            let query = Query::of(TOKENS, Document::new());
            let found: Vec<KnownTokens> = self.base().await?.of_each("_id", &keys(wallets), &query).await?;
            Ok(found.into_iter().map(|KnownTokens(wallet, assets)| (wallet, assets)).collect())
        })
        .await
    }

    async fn markets(&self, wallets: &[Wallet]) -> Result<Vec<(Wallet, Vec<KnownMarkets>)>, StoreError> {
        answer(BATCH, async { markets::of(self.base().await?, wallets).await }).await
    }

    async fn memories(&self, wallets: &[Wallet]) -> Result<Vec<(Wallet, Memory)>, StoreError> {
        answer(BATCH, async { memories::of(self.base().await?, wallets).await }).await
    }

    async fn commit(&self, commit: Commit) -> Result<Applied, StoreError> {
        let is_blind = commit.fence.is_none() && commit.transitions.is_empty();
        let sees = if is_blind { Sees::Nothing } else { Sees::Snapshot };
        answer(BATCH, async { transact(self.base().await?, sees, &commit, self::commit).await }).await
    }
}
