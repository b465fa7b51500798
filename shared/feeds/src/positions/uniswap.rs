//! Uniswap V3 of a chain as one of the protocols that are read in rounds.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use alloy_primitives::Bytes;
use risk_app::ports::Depth;
use risk_engine::pool::PoolPosition;
use risk_engine::position::Block;
use risk_model::{Address, Affects, Gap, GapReason, Protocol, Timestamp};

use super::reader::{Reader, Source};
use super::{Part, Wanted, gap};
use crate::alchemy::{ALCHEMY, Answer, Group};
use crate::multicall::ContractCall;
use crate::uniswap::{Addresses, Ask, Found, LiquidityRead, MAX_POSITIONS};

/// NFTs asked for before it is known how many a wallet has, for a question that somebody waits for. A sweep asks for
/// none: most wallets have none, and those that have are known the next time.
const BLIND_INDEXES: usize = 4;
/// Wallets whose NFTs are remembered; when there are more, remembering begins anew.
const MAX_LEARNED: usize = 50_000;
/// Counts and numbers of NFTs in one `eth_call`: some 10,000 gas each.
const NUMBERS_PER_AGGREGATE: usize = 500;
const WORDS_PER_NUMBER: usize = 1;
/// Positions, pools and ticks in one `eth_call`: a pool's record may take 100,000 gas to search.
const VIEWS_PER_AGGREGATE: usize = 250;
/// The longest of their replies is a position's.
const WORDS_PER_VIEW: usize = 12;

/// Uniswap V3 of a chain.
pub(super) struct UniswapSource {
    addresses: Addresses,
    /// What there is to ask about wallets that have NFTs.
    learned: Mutex<HashMap<Address, Vec<Ask>>>,
}

impl UniswapSource {
    pub(super) fn new(addresses: Addresses) -> Self {
        Self { addresses, learned: Mutex::new(HashMap::new()) }
    }

    fn learned(&self) -> MutexGuard<'_, HashMap<Address, Vec<Ask>>> {
        self.learned.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn ahead(&self, wallets: &[Address], depth: Depth) -> BTreeSet<Ask> {
        let learned = self.learned();
        let blind = match depth {
            Depth::Discover => BLIND_INDEXES,
            Depth::Known { .. } => 0,
        };
        let ahead = wallets.iter().flat_map(|wallet| match learned.get(wallet) {
            Some(asks) => asks.clone(),
            None => (0..blind).map(|index| Ask::TokenId(*wallet, index)).collect(),
        });
        ahead.collect()
    }
}

impl Source for UniswapSource {
    fn protocol(&self) -> Protocol {
        Protocol::UniswapV3
    }

    fn hints(&self) -> Vec<ContractCall> {
        Vec::new()
    }

    fn begin<'a>(&'a self, wanted: Wanted<'a>, _hints: &[Option<Bytes>]) -> Box<dyn Reader + 'a> {
        let queries = if wanted.wants(self.protocol()) { wanted.queries } else { &[] };
        let wallets: Vec<Address> = queries.iter().map(|query| query.wallet.address()).collect();
        let ahead = self.ahead(&wallets, wanted.depth);
        let read = LiquidityRead::new(self.addresses, wallets.clone(), ahead);
        Box::new(UniswapReader { source: self, wallets, read, asks: Vec::new() })
    }

    fn unread(&self, reason: GapReason, since: Option<Timestamp>) -> Vec<Gap> {
        vec![self.gap("positions", reason, since)]
    }

    fn own_tokens(&self) -> HashSet<Address> {
        // Positions are NFTs, which no list of tokens holds.
        HashSet::new()
    }
}

impl UniswapSource {
    fn gap(&self, what: &str, reason: GapReason, since: Option<Timestamp>) -> Gap {
        Gap {
            what: format!("{} {what} on {}", self.protocol(), self.addresses.chain),
            source: ALCHEMY,
            reason,
            affects: Affects::Value,
            since,
        }
    }
}

struct UniswapReader<'a> {
    source: &'a UniswapSource,
    wallets: Vec<Address>,
    read: LiquidityRead,
    /// The questions of the round under way, those of wallets first.
    asks: Vec<Ask>,
}

impl Reader for UniswapReader<'_> {
    fn ask(&mut self) -> Vec<Group> {
        let (mut asks, views): (Vec<Ask>, Vec<Ask>) =
            self.read.missing().into_iter().partition(|ask| ask.is_of_a_wallet());
        let group = |asks: &[Ask], per_aggregate, reply_words| Group {
            calls: asks.iter().map(|ask| ask.call(&self.source.addresses)).collect(),
            per_aggregate,
            reply_words,
        };
        let groups = vec![
            group(&asks, NUMBERS_PER_AGGREGATE, WORDS_PER_NUMBER),
            group(&views, VIEWS_PER_AGGREGATE, WORDS_PER_VIEW),
        ];
        asks.extend(views);
        self.asks = asks;
        if self.asks.is_empty() { Vec::new() } else { groups }
    }

    fn take(&mut self, answers: Vec<Vec<Answer>>) {
        self.read.take(&self.asks, answers.into_iter().flatten());
    }

    fn finish(
        self: Box<Self>,
        block: Block,
        since: Option<Timestamp>,
        parts: &mut [Part],
    ) -> HashSet<Address> {
        let found = self.read.finish(block);
        self.learn(&found);
        for (found, part) in found.into_iter().zip(parts) {
            match found {
                Ok(found) => self.add(part, found, (block, since)),
                Err(reason) => part.gaps.push(self.source.gap("positions", reason, since)),
            }
        }
        HashSet::new()
    }
}

impl UniswapReader<'_> {
    fn learn(&self, found: &[Result<Found, GapReason>]) {
        let mut learned = self.source.learned();
        // A read that failed is no reason to forget.
        for (wallet, _) in self.wallets.iter().zip(found).filter(|(_, found)| found.is_ok()) {
            let asks = self.read.wanted_of(*wallet);
            if asks.len() == 1 {
                learned.remove(wallet);
                continue;
            }
            if learned.len() >= MAX_LEARNED {
                learned.clear();
            }
            learned.insert(*wallet, asks);
        }
    }

    fn add(&self, part: &mut Part, found: Found, (block, since): (Block, Option<Timestamp>)) {
        let (protocol, chain) = (self.source.protocol(), self.source.addresses.chain);
        part.readings.push(gap::read_at(&format!("{protocol} positions"), chain, block));
        part.pools.extend(found.positions.into_iter().map(PoolPosition::UniswapV3));
        for (name, reason) in found.unread {
            part.gaps.push(self.source.gap(&format!("position {name}"), reason, since));
        }
        if found.is_cut {
            let what = format!("positions after the first {MAX_POSITIONS}");
            part.gaps.push(self.source.gap(&what, GapReason::Unsupported, None));
        }
        for pool in found.unrecorded {
            part.gaps.push(Gap {
                affects: Affects::Confirmation,
                ..self.source.gap(&format!("average price of {pool:#x}"), GapReason::Unavailable, since)
            });
        }
    }
}
