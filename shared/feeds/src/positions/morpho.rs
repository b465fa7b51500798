//! Morpho Blue of a chain as one of the protocols that are read in rounds: every market that a wallet is in is an
//! account of its own.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use alloy_primitives::Bytes;
use risk_app::ports::{Depth, WalletQuery};
use risk_engine::lending::Account;
use risk_engine::morpho::{self, Position};
use risk_engine::position::{Block, LendingAccount, Provenance};
use risk_model::{Address, B256, ChainId, Gap, GapReason, KnownMarkets, Protocol, Timestamp};

use super::reader::{Reader, Source};
use super::{Part, Wanted, gap};
use crate::alchemy::{Answer, Group, History, Marks};
use crate::morpho::{Ask, Deployment, MarketRead, position_call, read_position};
use crate::multicall::ContractCall;

/// Views in one `eth_call`: an oracle of several feeds and vaults takes some 300,000 gas.
const PER_AGGREGATE: usize = 100;
/// The longest of their replies is a market's.
const WORDS_PER_VIEW: usize = 6;

/// The contract of a chain.
pub(super) struct MorphoSource {
    deployment: Deployment,
}

impl MorphoSource {
    pub(super) const fn new(deployment: Deployment) -> Self {
        Self { deployment }
    }
}

impl Source for MorphoSource {
    fn protocol(&self) -> Protocol {
        Protocol::MorphoBlue
    }

    fn hints(&self) -> Vec<ContractCall> {
        Vec::new()
    }

    fn history(&self) -> Option<&History> {
        Some(&self.deployment.history)
    }

    fn begin<'a>(&'a self, wanted: Wanted<'a>, _: &[Option<Bytes>]) -> Box<dyn Reader + 'a> {
        let is_wanted = wanted.wants(self.protocol());
        let queries = if is_wanted { wanted.queries } else { &[] };
        Box::new(MorphoReader {
            deployment: &self.deployment,
            wallets: queries.iter().map(|query| WalletMarkets::known(query, wanted)).collect(),
            markets: BTreeMap::new(),
            is_begun: false,
            asks: Vec::new(),
        })
    }

    fn unread(&self, reason: GapReason, since: Option<Timestamp>) -> Vec<Gap> {
        gap::account(self.protocol(), self.deployment.chain, reason, since).into()
    }

    fn own_tokens(&self) -> HashSet<Address> {
        // Neither what is lent nor what is owed is a token here.
        HashSet::new()
    }
}

/// A wallet's markets, and what became of its part of each.
struct WalletMarkets {
    owner: Address,
    positions: BTreeMap<B256, Result<Position, GapReason>>,
    /// Why it is not known which markets it is in, if it is not.
    unknown: Option<GapReason>,
    /// Whether its history was looked through now.
    is_discovered: bool,
}

impl WalletMarkets {
    fn known(query: &WalletQuery, wanted: Wanted<'_>) -> Self {
        let known: Vec<&KnownMarkets> =
            query.known_markets.iter().filter(|markets| markets.chain == wanted.chain).collect();
        // Where it is discovered now, `discovered` tells what came of that.
        let is_missing = known.is_empty() || wanted.depth == Depth::Discover;
        let ids = known.iter().flat_map(|markets| &markets.ids);
        Self {
            owner: query.wallet.address(),
            positions: ids.map(|id| (*id, Err(GapReason::Unavailable))).collect(),
            unknown: is_missing.then_some(GapReason::Missing),
            is_discovered: false,
        }
    }

    fn discover(&mut self, found: &Result<Marks, GapReason>) {
        match found {
            Err(reason) => self.unknown = Some(*reason),
            Ok(marks) => {
                for id in &marks.ids {
                    self.positions.entry(*id).or_insert(Err(GapReason::Unavailable));
                }
                self.is_discovered = !marks.is_cut;
                self.unknown = marks.is_cut.then_some(GapReason::Unsupported);
            }
        }
    }

    /// What to read again without looking: all markets but those in which it has nothing.
    fn kept(&self) -> impl Iterator<Item = B256> {
        let kept = self.positions.iter().filter(|(_, position)| **position != Ok(Position::default()));
        kept.map(|(id, _)| *id)
    }
}

struct MorphoReader<'a> {
    deployment: &'a Deployment,
    wallets: Vec<WalletMarkets>,
    markets: BTreeMap<B256, MarketRead>,
    is_begun: bool,
    /// The market views of the round under way.
    asks: Vec<(B256, Ask)>,
}

impl MorphoReader<'_> {
    fn positions(&self) -> Vec<ContractCall> {
        let of = |wallet: &WalletMarkets| {
            let owner = wallet.owner;
            wallet.positions.keys().map(move |id| position_call(self.deployment, *id, owner)).collect()
        };
        self.wallets.iter().flat_map(|wallet| -> Vec<ContractCall> { of(wallet) }).collect()
    }

    /// The market views to ask now.
    fn views(&mut self) -> Vec<ContractCall> {
        let missing =
            self.markets.iter().flat_map(|(id, market)| market.missing().into_iter().map(|ask| (*id, ask)));
        let asked: Vec<((B256, Ask), ContractCall)> = missing
            .filter_map(|(id, ask)| Some(((id, ask), self.markets.get(&id)?.call(ask, self.deployment)?)))
            .collect();
        let (asks, calls) = asked.into_iter().unzip();
        self.asks = asks;
        calls
    }

    fn take_positions(&mut self, answers: &[Answer]) {
        let mut answers = answers.iter();
        for position in self.wallets.iter_mut().flat_map(|wallet| wallet.positions.values_mut()) {
            if let Some(answer) = answers.next() {
                *position = read_position(answer);
            }
        }
        // A market in which nobody has anything is read no further.
        let used: BTreeSet<B256> = self.wallets.iter().flat_map(WalletMarkets::kept).collect();
        self.markets.retain(|id, _| used.contains(id));
    }
}

fn group(calls: Vec<ContractCall>) -> Group {
    Group { calls, per_aggregate: PER_AGGREGATE, reply_words: WORDS_PER_VIEW }
}

impl Reader for MorphoReader<'_> {
    fn discovered(&mut self, found: &[Result<Marks, GapReason>]) {
        self.wallets.iter_mut().zip(found).for_each(|(wallet, found)| wallet.discover(found));
    }

    fn ask(&mut self) -> Vec<Group> {
        if !self.is_begun {
            let ids = self.wallets.iter().flat_map(|wallet| wallet.positions.keys());
            self.markets = ids.map(|id| (*id, MarketRead::new(*id))).collect();
        }
        let views = self.views();
        if views.is_empty() {
            return Vec::new();
        }
        if self.is_begun { vec![group(views)] } else { vec![group(views), group(self.positions())] }
    }

    fn take(&mut self, answers: Vec<Vec<Answer>>) {
        let mut answers = answers.into_iter();
        let views = answers.next().unwrap_or_default();
        for ((id, ask), answer) in self.asks.drain(..).zip(&views) {
            if let Some(market) = self.markets.get_mut(&id) {
                market.take(ask, answer);
            }
        }
        if !self.is_begun {
            self.is_begun = true;
            self.take_positions(&answers.next().unwrap_or_default());
        }
    }

    fn finish(
        self: Box<Self>,
        block: Block,
        since: Option<Timestamp>,
        parts: &mut [Part],
    ) -> HashSet<Address> {
        let chain = self.deployment.chain;
        let markets: BTreeMap<B256, Result<Arc<morpho::Market>, GapReason>> = self
            .markets
            .iter()
            .map(|(id, market)| (*id, market.finish(self.deployment, block).map(Arc::new)))
            .collect();
        for (wallet, part) in self.wallets.iter().zip(parts) {
            match wallet.unknown {
                Some(reason) => part.gaps.push(gap::markets(Protocol::MorphoBlue, chain, reason, since)),
                None => part.readings.push(gap::read_at("morpho_blue accounts", chain, block)),
            }
            if wallet.is_discovered {
                part.markets.push(KnownMarkets { chain, ids: wallet.kept().collect() });
            }
            add_accounts(part, wallet, &markets, (chain, since));
        }
        HashSet::new()
    }
}

fn add_accounts(
    part: &mut Part,
    wallet: &WalletMarkets,
    markets: &BTreeMap<B256, Result<Arc<morpho::Market>, GapReason>>,
    (chain, since): (ChainId, Option<Timestamp>),
) {
    let mut unread = BTreeSet::new();
    for (id, position) in &wallet.positions {
        let market = markets.get(id).cloned().unwrap_or(Err(GapReason::Unavailable));
        match (position, market) {
            (Ok(position), _) if *position == Position::default() => {}
            (Ok(position), Ok(market)) => part.accounts.push(LendingAccount {
                account: Account::Morpho(morpho::Account { market, position: *position }),
                provenance: Provenance::Chain,
            }),
            (Err(reason), _) => {
                unread.insert(*reason);
            }
            (Ok(_), Err(reason)) => {
                unread.insert(reason);
            }
        }
    }
    for reason in unread {
        part.gaps.extend(gap::account(Protocol::MorphoBlue, chain, reason, since));
    }
}
