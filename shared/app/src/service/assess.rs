//! Assessing a batch: positions, then market data of its distinct assets, then the maths, then one write.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use rayon::prelude::*;
use risk_engine::alarm::{self, Judgement, Memory, Standing, Thresholds, Transition};
use risk_engine::lending::{Lending, Unit};
use risk_engine::market::MarketData;
use risk_engine::pool::PoolPosition;
use risk_engine::position::WalletPositions;
use risk_engine::report::{AccountReport, Report};
use risk_engine::{Prepared, assess};
use risk_model::request::Scope;
use risk_model::{
    Affects, Asset, ChainId, Gap, GapReason, HealthFactor, KnownMarkets, Protocol, Severity, Timestamp,
    Wallet,
};

use super::hourly::simulated_assets;
use super::{AppError, NearLine, Service};
use crate::ports::{Depth, Found, WalletQuery};
use crate::records::{Applied, AssessmentRecord, Commit, Watch};
use crate::summary::Summary;
use crate::sweeping::Fence;

/// Batches of this many wallets are computed on all cores; smaller ones are done before a thread would start.
const PARALLEL_FROM: usize = 64;

/// One assessed wallet.
#[derive(Clone, Debug)]
pub struct Assessed {
    /// The report.
    pub report: Report,
    /// Its summary body.
    pub summary: Summary,
    /// Whether anything of its positions was read.
    pub is_informative: bool,
}

impl Service {
    /// Reads and computes a batch without storing anything. Wallets in `undiscovered` get the gap that their
    /// token list is missing.
    pub(super) async fn assess(
        &self,
        queries: &[WalletQuery],
        depth: Depth,
        scope: &Scope,
        undiscovered: &HashSet<Wallet>,
    ) -> Vec<(Report, Outcome)> {
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
        let now = self.ports.clock.now();
        let parameters = self.settings.parameters.clone();
        let outcomes: Vec<Outcome> = positions.iter().map(Outcome::of).collect();
        let mut reports = compute(positions, market, now, parameters).await;
        let left_out = self.settings.left_out(scope);
        for report in &mut reports {
            report.left_out.clone_from(&left_out);
        }
        reports.into_iter().zip(outcomes).collect()
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

    /// Assesses a batch, decides its alerts against the standing ones, and writes all of it in one act.
    pub(super) async fn assess_and_commit(
        &self,
        queries: &[WalletQuery],
        watches: &[Watch],
        (depth, undiscovered): (Depth, &HashSet<Wallet>),
        fence: Option<Fence>,
    ) -> Result<(Vec<Assessed>, Applied), AppError> {
        let assessed = self.assess(queries, depth, &Scope::default(), undiscovered).await;
        let wallets: Vec<Wallet> = queries.iter().map(|query| query.wallet).collect();
        let standing = self.standing(&wallets).await?;
        let memories: HashMap<Wallet, Memory> =
            self.ports.store.memories(&wallets).await?.into_iter().collect();
        let watches: HashMap<Wallet, &Watch> = watches.iter().map(|watch| (watch.wallet, watch)).collect();
        let mut commit = Commit { at: self.ports.clock.now(), fence, ..Commit::default() };
        let everywhere = self.routes(None);
        let mut done = Vec::with_capacity(assessed.len());
        for (report, outcome) in assessed {
            let before = standing.get(&report.wallet).map_or(&[][..], Vec::as_slice);
            let watch = watches.get(&report.wallet).copied();
            let thresholds = self.thresholds(watch);
            let remembered = memories.get(&report.wallet).cloned().unwrap_or_default();
            let Judgement { transitions, memory } = alarm::judge(&report, before, &remembered, &thresholds);
            if memory != remembered {
                commit.memories.push((report.wallet, memory));
            }
            let (active, critical) = counts_after(before, &transitions);
            let summary = Summary::of(&report, active, critical);
            commit.assessments.push(record(&report, &summary, outcome.is_informative)?);
            if !transitions.is_empty() {
                // Nearly every wallet goes everywhere, so that one list is shared.
                let own = watch.filter(|watch| watch.channels.is_some() || watch.min_severity.is_some());
                let routes = own.map_or_else(|| Arc::clone(&everywhere), |watch| self.routes(Some(watch)));
                commit.routes.insert(report.wallet, routes);
            }
            commit.transitions.extend(transitions);
            if let Some(is_near) = is_near(&report, self.settings.near) {
                commit.near.push((report.wallet, is_near));
            }
            let is_informative = outcome.is_informative;
            outcome.keep(report.wallet, depth, &mut commit);
            done.push(Assessed { report, summary, is_informative });
        }
        let at = commit.at;
        let applied = self.ports.store.commit(commit).await?;
        count(&done, &applied);
        self.tell_commit(at, &done, &applied).await;
        Ok((done, applied))
    }

    async fn standing(&self, wallets: &[Wallet]) -> Result<HashMap<Wallet, Vec<Standing>>, AppError> {
        let mut by_wallet: HashMap<Wallet, Vec<Standing>> = HashMap::new();
        for alert in self.ports.store.standing(wallets).await? {
            by_wallet.entry(alert.wallet).or_default().push(alert.standing());
        }
        Ok(by_wallet)
    }

    fn thresholds(&self, watch: Option<&Watch>) -> Thresholds {
        let mut thresholds = self.settings.thresholds.clone();
        if let Some(open) = watch.and_then(|watch| watch.health_factor_threshold) {
            thresholds.open_liquidation_under(open);
        }
        for (name, value) in watch.into_iter().flat_map(|watch| watch.thresholds.iter()) {
            thresholds.set(name, value);
        }
        thresholds
    }
}

/// Whether a wallet is near liquidation; `None` where it may be and nobody knows: then it is read as often as before.
fn is_near(report: &Report, line: NearLine) -> Option<bool> {
    let under = |account: &AccountReport| {
        let is_close = account.health_factor.ratio().is_some_and(|factor| factor < line.health_factor);
        is_close || account.probability_24h.known().is_some_and(|chance| chance.value >= line.probability_24h)
    };
    if report.accounts.iter().any(under) {
        return Some(true);
    }
    let is_open = report.gaps.iter().any(|gap| gap.affects == Affects::Liquidation)
        || report.accounts.iter().any(|account| matches!(account.health_factor, HealthFactor::Unknown(_)));
    (!is_open).then_some(false)
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
    fn keep(self, wallet: Wallet, depth: Depth, commit: &mut Commit) {
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

/// The maths of a batch; a large one on all cores.
async fn compute(
    positions: Vec<WalletPositions>,
    market: MarketData,
    now: Timestamp,
    parameters: risk_engine::Parameters,
) -> Vec<Report> {
    let page = off_the_runtime(move || {
        let prepared = Prepared::new(&market, now, &parameters);
        if positions.len() < PARALLEL_FROM {
            return positions.iter().map(|wallet| assess(wallet, &prepared)).collect();
        }
        positions.par_iter().map(|wallet| assess(wallet, &prepared)).collect()
    });
    page.await
}

/// Runs maths where it holds up no request: even one wallet's simulated paths take milliseconds.
pub(super) async fn off_the_runtime<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()))
}

fn record(report: &Report, summary: &Summary, is_informative: bool) -> Result<AssessmentRecord, AppError> {
    Ok(AssessmentRecord {
        wallet: report.wallet,
        at: report.at,
        level: report.level,
        score: report.score,
        is_informative,
        body: serde_json::to_string(summary)?,
    })
}

/// Standing alerts after the transitions: all, and the critical ones.
fn counts_after(before: &[Standing], transitions: &[Transition]) -> (u64, u64) {
    let mut severities: HashMap<u64, Severity> =
        before.iter().map(|alert| (alert.id, alert.severity)).collect();
    let mut opened = Vec::new();
    for transition in transitions {
        match transition {
            Transition::Open { severity, .. } => opened.push(*severity),
            Transition::Escalate { id, severity, .. } => {
                severities.insert(*id, *severity);
            }
            Transition::Resolve { id, .. } => {
                severities.remove(id);
            }
            Transition::Refresh { .. } => {}
        }
    }
    let all = severities.into_values().chain(opened);
    all.fold((0, 0), |(active, critical), severity| {
        (active + 1, critical + u64::from(severity == Severity::Critical))
    })
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

fn count(done: &[Assessed], applied: &Applied) {
    for assessed in done {
        metrics::counter!("assessments_total", "level" => assessed.report.level.name()).increment(1);
    }
    for (transition, alerts) in
        [("opened", &applied.opened), ("escalated", &applied.escalated), ("resolved", &applied.resolved)]
    {
        for alert in alerts {
            metrics::counter!(
                "alerts_total",
                "transition" => transition,
                "kind" => alert.kind.name(),
                "severity" => alert.severity.name()
            )
            .increment(1);
        }
    }
}
