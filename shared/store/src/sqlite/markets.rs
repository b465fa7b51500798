//! The markets known of wallets, in SQLite.

use std::collections::BTreeMap;

use risk_model::{B256, KnownMarkets, Timestamp, Wallet};
use rusqlite::{Connection, Row, Transaction, params};

use super::column::{self, Record, all, bytes, parse_list, seconds, text_list};
use super::failure::Failure;

const FIND: &str = "SELECT wallet, chain, ids FROM known_markets
    WHERE wallet IN (SELECT unhex(value) FROM json_each(?1)) ORDER BY wallet, chain";
const PUT: &str = "INSERT INTO known_markets (wallet, chain, at, ids) VALUES (?1, ?2, ?3, ?4)
    ON CONFLICT (wallet, chain) DO UPDATE SET at = excluded.at, ids = excluded.ids
        WHERE excluded.at >= known_markets.at";

struct OfChain(Wallet, KnownMarkets);

impl Record for OfChain {
    const WHAT: &'static str = "market list";

    fn read(row: &Row<'_>) -> Result<Self, Failure> {
        let ids: String = row.get("ids")?;
        let chain = column::name(row, "chain")?;
        Ok(Self(column::wallet(row, "wallet")?, KnownMarkets { chain, ids: parse_list(&ids)? }))
    }
}

/// The markets of those of these wallets (a list of hex) of which any chain was looked through.
pub(super) fn of(file: &Connection, wallets: &str) -> Result<Vec<(Wallet, Vec<KnownMarkets>)>, Failure> {
    let rows: Vec<OfChain> = all(&mut *file.prepare_cached(FIND)?, [wallets])?;
    let mut by_wallet: BTreeMap<Wallet, Vec<KnownMarkets>> = BTreeMap::new();
    for OfChain(wallet, markets) in rows {
        by_wallet.entry(wallet).or_default().push(markets);
    }
    Ok(by_wallet.into_iter().collect())
}

/// Keeps what was found now, chain by chain, unless something newer is there.
pub(super) fn put(
    file: &Transaction<'_>,
    at: Timestamp,
    found: &[(Wallet, Vec<KnownMarkets>)],
) -> Result<(), Failure> {
    let mut put = file.prepare_cached(PUT)?;
    let at = seconds(at)?;
    for (wallet, chains) in found {
        for KnownMarkets { chain, ids } in chains {
            put.execute(params![
                bytes(*wallet),
                chain.name(),
                at,
                text_list(ids.iter().map(B256::to_string))
            ])?;
        }
    }
    Ok(())
}
