//! Curve of Ethereum as one of the protocols that are read in rounds.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use alloy_primitives::Bytes;
use risk_engine::pool::PoolPosition;
use risk_engine::position::Block;
use risk_model::{Address, Affects, ChainId, Gap, GapReason, Protocol, Timestamp};

use super::reader::{Reader, Source};
use super::tokens::{Lists, tokens_of};
use super::{Part, Wanted, gap};
use crate::alchemy::{ALCHEMY, Answer, Group, ListFault, TokenList};
use crate::curve::{Ask, Found, Pools, PoolsRead, Registered};
use crate::multicall::ContractCall;

/// Tokens remembered; when there are more, remembering begins anew.
const MAX_LEARNED: usize = 200_000;
/// Searches of the registry in one `eth_call`: some of its factories look through all of their pools, which takes some
/// 2 million gas the first time and a fifth of it the next in the same call.
const SEARCHES_PER_AGGREGATE: usize = 50;
/// Views in one `eth_call`: those of pools with rates take some 100,000 gas each.
const VIEWS_PER_AGGREGATE: usize = 250;
/// The longest of their replies is the registry's.
const WORDS_PER_VIEW: usize = 8;

/// Curve of a chain. Whether a token is an LP token is asked once in a process: a pool has one from its first hour to
/// its last, and a wallet's other tokens would be asked about at every sweep.
pub(super) struct CurveSource {
    chain: ChainId,
    learned: Mutex<Learned>,
}

#[derive(Debug, Default)]
struct Learned {
    /// Tokens and the pools that they are LP tokens of, if any.
    pools: HashMap<Address, Option<Address>>,
    /// What the pools of LP tokens are made of.
    coins: HashMap<Address, Vec<Address>>,
}

impl CurveSource {
    pub(super) fn new(chain: ChainId) -> Self {
        Self { chain, learned: Mutex::new(Learned::default()) }
    }

    fn learned(&self) -> MutexGuard<'_, Learned> {
        self.learned.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The read of these wallets with what was learned of their tokens.
    fn read(&self, wallets: Vec<(Address, BTreeSet<Address>)>, is_wanted: bool) -> PoolsRead {
        let learned = self.learned();
        let tokens: BTreeSet<Address> = wallets.iter().flat_map(|(_, tokens)| tokens).copied().collect();
        let known = tokens.iter().filter_map(|token| Some((*token, *learned.pools.get(token)?)));
        let known: Registered = known.collect();
        let coins = known.keys().filter(|_| is_wanted).filter_map(|token| learned.coins.get(token));
        let coins = coins.flatten().copied().collect();
        PoolsRead::new(self.chain, wallets, (known, &coins), is_wanted)
    }

    fn learn(&self, registered: &Registered, pools: &Pools) {
        let mut learned = self.learned();
        if learned.pools.len() >= MAX_LEARNED {
            *learned = Learned::default();
        }
        learned.pools.extend(registered);
        for (token, pool) in pools {
            if let Ok(pool) = pool {
                let coins = pool.tokens.iter().filter_map(|coin| coin.asset.address()).collect();
                learned.coins.insert(*token, coins);
            }
        }
    }

    fn gap(&self, what: &str, reason: GapReason, since: Option<Timestamp>) -> Gap {
        Gap {
            what: format!("{} {what} on {}", self.protocol(), self.chain),
            source: ALCHEMY,
            reason,
            affects: Affects::Value,
            since,
        }
    }
}

impl Source for CurveSource {
    fn protocol(&self) -> Protocol {
        Protocol::Curve
    }

    fn hints(&self) -> Vec<ContractCall> {
        Vec::new()
    }

    fn needs_token_lists(&self) -> bool {
        true
    }

    fn begin<'a>(&'a self, wanted: Wanted<'a>, _hints: &[Option<Bytes>]) -> Box<dyn Reader + 'a> {
        let is_wanted = wanted.wants(self.protocol());
        let wallets = if is_wanted || wanted.wants_tokens() { tokens_of(wanted, None) } else { Vec::new() };
        let read = self.read(wallets, is_wanted);
        Box::new(CurveReader { source: self, wanted, is_wanted, unlisted: Vec::new(), read })
    }

    fn unread(&self, reason: GapReason, since: Option<Timestamp>) -> Vec<Gap> {
        vec![self.gap("positions", reason, since)]
    }

    fn own_tokens(&self) -> HashSet<Address> {
        let learned = self.learned();
        learned.pools.iter().filter(|(_, pool)| pool.is_some()).map(|(token, _)| *token).collect()
    }
}

struct CurveReader<'a> {
    source: &'a CurveSource,
    wanted: Wanted<'a>,
    is_wanted: bool,
    /// Why a wallet's tokens were not all listed, by query.
    unlisted: Vec<Option<GapReason>>,
    read: PoolsRead,
}

impl Reader for CurveReader<'_> {
    fn listed(&mut self, lists: Lists<'_>) {
        if self.is_wanted || self.wanted.wants_tokens() {
            let open = |list: &Result<TokenList, ListFault>| match list {
                Ok(list) => list.is_cut.then_some(GapReason::Unsupported),
                Err(fault) => Some(fault.reason()),
            };
            self.unlisted = lists.iter().map(open).collect();
            self.read = self.source.read(tokens_of(self.wanted, Some(lists)), self.is_wanted);
        }
    }

    fn ask(&mut self) -> Vec<Group> {
        let asks = self.read.ask();
        // Searches come first in the order of questions.
        let (searches, views): (Vec<Ask>, Vec<Ask>) = asks.into_iter().partition(|ask| ask.is_search());
        let group = |asks: &[Ask], per_aggregate| Group {
            calls: asks.iter().map(|ask| ask.call()).collect(),
            per_aggregate,
            reply_words: WORDS_PER_VIEW,
        };
        if searches.is_empty() && views.is_empty() {
            return Vec::new();
        }
        vec![group(&searches, SEARCHES_PER_AGGREGATE), group(&views, VIEWS_PER_AGGREGATE)]
    }

    fn take(&mut self, answers: Vec<Vec<Answer>>) {
        self.read.take(answers.into_iter().flatten());
    }

    fn finish(
        self: Box<Self>,
        block: Block,
        since: Option<Timestamp>,
        parts: &mut [Part],
    ) -> HashSet<Address> {
        let registered = self.read.registered();
        let lp_tokens = registered.iter().filter(|(_, pool)| pool.is_some()).map(|(token, _)| *token);
        if !self.is_wanted {
            self.source.learn(&registered, &Pools::new());
            return lp_tokens.collect();
        }
        let pools = self.read.pools(&registered, block);
        self.source.learn(&registered, &pools);
        for (place, (found, part)) in self.read.finish(&pools).into_iter().zip(parts).enumerate() {
            self.add(part, found, (block, since));
            let unlisted =
                self.unlisted.get(place).copied().flatten().filter(|_| !self.wanted.wants_tokens());
            part.gaps.extend(unlisted.map(|reason| gap::discovery(self.source.chain, reason, since)));
        }
        // An LP token whose pool cannot be read stays a holding: it is kept, and asked again.
        lp_tokens.filter(|token| pools.get(token).is_some_and(Result::is_ok)).collect()
    }
}

impl CurveReader<'_> {
    fn add(&self, part: &mut Part, found: Found, (block, since): (Block, Option<Timestamp>)) {
        let (protocol, chain) = (self.source.protocol(), self.source.chain);
        match found.unsearched {
            None => part.readings.push(gap::read_at(&format!("{protocol} positions"), chain, block)),
            Some(reason) => part.gaps.push(self.source.gap("positions", reason, since)),
        }
        part.pools.extend(found.positions.into_iter().map(PoolPosition::Curve));
        for (pool, reason) in found.unread {
            part.gaps.push(self.source.gap(&format!("position in {pool:#x}"), reason, since));
        }
    }
}
