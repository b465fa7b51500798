//! Reading a batch: positions, then market data of its distinct assets; and the maths over what was read.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use rayon::prelude::*;
use risk_engine::lending::{Lending, Unit};
use risk_engine::market::MarketData;
use risk_engine::pool::PoolPosition;
use risk_engine::position::WalletPositions;
use risk_engine::report::Report;
use risk_engine::{Parameters, Prepared, assess};
use risk_model::request::Scope;
use risk_model::{Affects, Asset, ChainId, Gap, GapReason, KnownMarkets, Protocol, Timestamp, Wallet};

use super::Service;
use super::hourly::simulated_assets;
use crate::ports::{Depth, Found, WalletQuery};
use crate::records::Commit;

/// Batches of this many wallets are computed on all cores; smaller ones are done before a thread would start.
const PARALLEL_FROM: usize = 64;

/// A batch as it was read, before the maths.
pub(super) struct Read {
    positions: Vec<WalletPositions>,
    market: Arc<MarketData>,
    now: Timestamp,
    left_out: Arc<[String]>,
    pub(super) depth: Depth,
}

impl Read {
    /// The same wallets in batches of at most `size`, in order.
    pub(super) fn in_parts(self, size: usize) -> Vec<Self> {
        let Self { positions, market, now, left_out, depth } = self;
        let mut positions = positions.into_iter();
        let part = || {
            let positions: Vec<_> = positions.by_ref().take(size.max(1)).collect();
            let (market, left_out) = (Arc::clone(&market), Arc::clone(&left_out));
            (!positions.is_empty()).then_some(Self { positions, market, now, left_out, depth })
        };
        std::iter::from_fn(part).collect()
    }

    /// The wallets, in order.
    pub(super) fn wallets(&self) -> Vec<Wallet> {
        self.positions.iter().map(|positions| positions.wallet).collect()
    }

    /// The maths of every wallet, and what `made` makes of each report at once, so that no batch of reports is held;
    /// a large batch on all cores.
    pub(super) async fn each<T: Send + 'static>(
        self,
        parameters: Parameters,
        made: impl Fn(Report, Outcome) -> T + Send + Sync + 'static,
    ) -> Vec<T> {
        let done = off_the_runtime(move || {
            let prepared = Prepared::new(&self.market, self.now, &parameters);
            let one = |positions: WalletPositions| {
                let mut report = assess(&positions, &prepared);
                report.left_out = self.left_out.to_vec();
                made(report, Outcome::of(&positions))
            };
            if self.positions.len() < PARALLEL_FROM {
                return self.positions.into_iter().map(one).collect();
            }
            self.positions.into_par_iter().map(one).collect()
        });
        done.await
    }
}

impl Service {
    /// Reads a batch and the market data of its assets. Wallets in `undiscovered` get the gap that their token list is
    /// missing.
    pub(super) async fn read(
        &self,
        queries: &[WalletQuery],
        depth: Depth,
        scope: &Scope,
        undiscovered: &HashSet<Wallet>,
    ) -> Read {
        let mut positions = self.ports.positions.read(queries, depth, scope).await;
        for wallet in positions.iter_mut().filter(|read| undiscovered.contains(&read.wallet)) {
            wallet.gaps.push(no_token_list(wallet.wallet));
        }
        let assets = distinct_assets(&positions);
        let simulated = simulated_assets(&positions);
        let protocols = distinct_protocols(&positions);
        let (mut market, locked) =
            tokio::join!(self.market(&assets, &simulated), self.ports.locked.locked(&protocols));
        market.value_locked = locked;
        let left_out = self.settings.left_out(scope).into();
        Read { positions, market: Arc::new(market), now: self.ports.clock.now(), left_out, depth }
    }

    /// Market data of distinct assets: quotes, closes and gas side by side; hourly closes only of those to simulate.
    pub(super) async fn market(&self, assets: &[Asset], simulated: &[Asset]) -> MarketData {
        let days = self.settings.parameters.window_days;
        let chains: BTreeSet<ChainId> = assets.iter().map(|asset| asset.chain).collect();
        let chains: Vec<ChainId> = chains.into_iter().collect();
        let (quotes, closes, hourly, (gas, gas_gaps, gas_readings)) = tokio::join!(
            self.ports.prices.quotes(assets),
            self.closes(assets, days),
            self.hourly(simulated, self.settings.parameters.window_hours),
            self.ports.gas.gas(&chains),
        );
        let mut market = MarketData { gas, gaps: gas_gaps, readings: gas_readings, ..MarketData::default() };
        market.quotes = absorb(&mut market, quotes);
        market.closes = absorb(&mut market, closes);
        market.hourly = absorb(&mut market, hourly);
        market
    }
}

/// What a read of one wallet says beside its figures.
pub(super) struct Outcome {
    pub(super) is_informative: bool,
    is_discovered: bool,
    tokens: Vec<Asset>,
    markets: Vec<KnownMarkets>,
}

impl Outcome {
    pub(super) fn of(positions: &WalletPositions) -> Self {
        // One token whose contract answers nonsense is a gap, and no reason to forget the others.
        let blocked = |gap: &Gap| gap.affects == Affects::Value && gap.reason != GapReason::Malformed;
        Self {
            is_informative: !positions.readings.is_empty(),
            // A token list is only kept when every chain gave one: a partial one would hide tokens later.
            is_discovered: !positions.gaps.iter().any(blocked),
            tokens: positions
                .holdings
                .iter()
                .map(|holding| holding.asset)
                .filter(|asset| asset.address().is_some())
                .chain(positions.accounts.iter().flat_map(|one| one.account.unlisted_deposits()))
                .chain(positions.pools.iter().filter_map(PoolPosition::receipt))
                .collect(),
            markets: positions.markets.clone(),
        }
    }

    /// Writes what was found of the wallet, so that it is not looked for again.
    pub(super) fn keep(self, wallet: Wallet, depth: Depth, commit: &mut Commit) {
        if depth == Depth::Discover && self.is_discovered {
            commit.tokens.push((wallet, self.tokens));
        }
        if !self.markets.is_empty() {
            commit.markets.push((wallet, self.markets));
        }
    }
}

/// The assets that need a price, once each, in a stable order.
pub(super) fn distinct_assets(positions: &[WalletPositions]) -> Vec<Asset> {
    let mut assets = BTreeSet::new();
    for wallet in positions {
        assets.extend(wallet.holdings.iter().map(|holding| holding.asset));
        assets.extend(wallet.pools.iter().flat_map(PoolPosition::tokens).map(|token| token.asset));
        for account in &wallet.accounts {
            let facts = account.account.facts();
            assets.extend(facts.parts.iter().map(|part| part.asset));
            if let Unit::Asset(asset) = facts.unit {
                assets.insert(asset);
            }
            if facts.owes != Some(false) {
                // What the gas of a liquidation is paid in.
                assets.insert(Asset::native(facts.chain));
            }
        }
    }
    assets.into_iter().collect()
}

/// The protocols that any of the wallets is in, once each.
fn distinct_protocols(positions: &[WalletPositions]) -> Vec<Protocol> {
    let protocols: BTreeSet<Protocol> = positions.iter().flat_map(WalletPositions::protocols).collect();
    protocols.into_iter().collect()
}

/// Moves gaps and readings into the market data and answers the values.
fn absorb<T>(market: &mut MarketData, found: Found<T>) -> HashMap<Asset, T> {
    market.gaps.extend(found.gaps);
    market.readings.extend(found.readings);
    for (asset, gaps) in found.asset_gaps {
        market.asset_gaps.entry(asset).or_default().extend(gaps);
    }
    found.values
}

/// Runs maths where it holds up no request: even one wallet's simulated paths take milliseconds.
pub(super) async fn off_the_runtime<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()))
}

/// The gap of a wallet whose tokens nobody has discovered yet.
fn no_token_list(wallet: Wallet) -> Gap {
    Gap {
        what: format!("token list of {wallet}"),
        source: "alchemy",
        reason: GapReason::Missing,
        affects: Affects::Value,
        since: None,
    }
}
