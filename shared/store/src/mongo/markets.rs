//! The markets known of wallets, in MongoDB: one document a wallet, with each chain that was looked through.

use std::collections::BTreeMap;

use mongodb::bson::{Document, doc};
use mongodb::options::WriteModel;
use risk_model::{B256, KnownMarkets, Wallet};
use serde::Deserialize;

use super::base::{Base, MARKETS, Query};
use super::failure::Failure;
use super::record::{self, Record, keys, literal};

struct OfWallet(Wallet, Vec<KnownMarkets>);

#[derive(Deserialize)]
struct MarketsBody {
    #[serde(rename = "_id")]
    wallet: String,
    chains: BTreeMap<String, ChainBody>,
}

#[derive(Deserialize)]
struct ChainBody {
    ids: Vec<String>,
}

impl Record for OfWallet {
    const WHAT: &'static str = "market list";
    type Body = MarketsBody;

    fn of(body: MarketsBody) -> Option<Self> {
        let of_chain = |(chain, found): (String, ChainBody)| {
            Some(KnownMarkets { chain: chain.parse().ok()?, ids: record::parsed(&found.ids)? })
        };
        Some(Self(body.wallet.parse().ok()?, body.chains.into_iter().map(of_chain).collect::<Option<_>>()?))
    }
}

/// The markets of those of these wallets of which any chain was looked through.
pub(super) async fn of(base: &Base, wallets: &[Wallet]) -> Result<Vec<(Wallet, Vec<KnownMarkets>)>, Failure> {
    let query = Query::of(MARKETS, Document::new());
    let found: Vec<OfWallet> = base.of_each("_id", &keys(wallets), &query).await?;
    Ok(found.into_iter().map(|OfWallet(wallet, markets)| (wallet, markets)).collect())
}

/// The writes that keep what was found now, chain by chain, unless something newer is there.
pub(super) fn models<'a>(
    base: &'a Base,
    at: i64,
    found: &'a [(Wallet, Vec<KnownMarkets>)],
) -> impl Iterator<Item = WriteModel> + 'a {
    let looked = found.iter().filter(|(_, chains)| !chains.is_empty());
    looked.map(move |(wallet, chains)| {
        let mut fields = Document::new();
        for KnownMarkets { chain, ids } in chains {
            let field = format!("chains.{}", chain.name());
            let ids: Vec<String> = ids.iter().map(B256::to_string).collect();
            let is_older = doc! { "$gt": [format!("${field}.at"), at] };
            let kept =
                doc! { "$cond": [is_older, format!("${field}"), literal(doc! { "at": at, "ids": ids })] };
            fields.insert(field, kept);
        }
        base.upsert(MARKETS, &wallet.lower_hex(), vec![doc! { "$set": fields }])
    })
}
