//! A market of Aave's shape as one of the protocols that are read in rounds: Aave V3, Aave V2, Spark.

use std::collections::{BTreeSet, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use alloy_primitives::Bytes;
use risk_engine::aave;
use risk_engine::lending::Account;
use risk_engine::position::{Block, LendingAccount, Provenance};
use risk_model::{Address, Gap, GapReason, Protocol, Timestamp};

use super::aave_users::Users;
use super::reader::{Reader, Source};
use super::{Part, Wanted, gap};
use crate::aave::{Ask, MarketRead, ReadMarket, hinted_asks, hints};
use crate::alchemy::{Answer, Group};
use crate::markets::MarketAddresses;
use crate::multicall::ContractCall;

/// Market views in one `eth_call`: some 20 million gas.
const VIEWS_PER_AGGREGATE: usize = 250;
/// The longest of their replies is a reserve's.
const WORDS_PER_VIEW: usize = 15;
/// Reserves of a market whose list is not known yet.
const RESERVES_AHEAD: usize = 60;

/// The market of a chain.
pub(super) struct AaveSource {
    market: MarketAddresses,
    learned: Mutex<Learned>,
}

#[derive(Clone, Debug, Default)]
struct Learned {
    asks: BTreeSet<Ask>,
    /// The market's own tokens, to tell them from holdings when the market cannot be read.
    own_tokens: HashSet<Address>,
}

impl AaveSource {
    pub(super) fn new(market: MarketAddresses) -> Self {
        Self { market, learned: Mutex::new(Learned::default()) }
    }

    fn learned(&self) -> Learned {
        self.learned.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Source for AaveSource {
    fn protocol(&self) -> Protocol {
        self.market.protocol
    }

    fn hints(&self) -> Vec<ContractCall> {
        if self.learned().asks.is_empty() { hints(&self.market) } else { Vec::new() }
    }

    fn begin<'a>(&'a self, wanted: Wanted<'a>, hints: &[Option<Bytes>]) -> Box<dyn Reader + 'a> {
        let learned = self.learned();
        let known =
            if learned.asks.is_empty() { hinted_asks(self.market.protocol, hints) } else { learned.asks };
        let is_wanted = wanted.wants(self.protocol());
        let queries = if is_wanted { wanted.queries } else { &[] };
        Box::new(AaveReader {
            source: self,
            structure: MarketRead::new(self.market, known),
            asks: Vec::new(),
            is_wanted,
            users: Users::new(&self.market, queries, wanted.depth),
        })
    }

    fn unread(&self, reason: GapReason, since: Option<Timestamp>) -> Vec<Gap> {
        gap::account(self.protocol(), self.market.chain, reason, since).into()
    }

    fn own_tokens(&self) -> HashSet<Address> {
        self.learned().own_tokens
    }
}

struct AaveReader<'a> {
    source: &'a AaveSource,
    is_wanted: bool,
    structure: MarketRead,
    /// The market views of the round under way.
    asks: Vec<Ask>,
    users: Users<'a>,
}

impl AaveReader<'_> {
    fn users(&self) -> Group {
        // Rows are longer where stable rates have words of their own.
        let words = if self.source.protocol() == Protocol::AaveV3 { 4 } else { 7 };
        let reserves = Some(self.structure.reserves_ahead()).filter(|reserves| *reserves > 0);
        self.users.ask(reserves.unwrap_or(RESERVES_AHEAD), words)
    }

    fn market(&self, block: Block) -> Result<ReadMarket, GapReason> {
        if !self.structure.missing().is_empty() {
            return Err(GapReason::Malformed);
        }
        let read = self.structure.finish(block)?;
        let learned = Learned { asks: self.structure.wanted(), own_tokens: read.own_tokens.clone() };
        *self.source.learned.lock().unwrap_or_else(PoisonError::into_inner) = learned;
        Ok(read)
    }
}

impl Reader for AaveReader<'_> {
    fn ask(&mut self) -> Vec<Group> {
        self.asks = self.structure.missing();
        let views = Group {
            calls: self.asks.iter().map(|ask| ask.call(&self.source.market)).collect(),
            per_aggregate: VIEWS_PER_AGGREGATE,
            reply_words: WORDS_PER_VIEW,
        };
        if self.asks.is_empty() && !self.users.is_open() { Vec::new() } else { vec![views, self.users()] }
    }

    fn take(&mut self, answers: Vec<Vec<Answer>>) {
        let mut answers = answers.into_iter();
        self.structure.take(&self.asks, answers.next().unwrap_or_default());
        self.users.take(answers.next().unwrap_or_default(), self.structure.deposit_tokens().as_ref());
        self.structure.want_categories(self.users.e_modes());
    }

    fn finish(
        self: Box<Self>,
        block: Block,
        since: Option<Timestamp>,
        parts: &mut [Part],
    ) -> HashSet<Address> {
        let market = self.market(block);
        if self.is_wanted {
            for (place, part) in parts.iter_mut().enumerate() {
                self.add_account(part, &market, place, (block, since));
            }
        }
        match market {
            Ok(market) => market.own_tokens,
            Err(_) => self.source.own_tokens(),
        }
    }
}

impl AaveReader<'_> {
    /// Adds what the contracts say of a wallet's account; a wallet without a position has no account.
    fn add_account(
        &self,
        part: &mut Part,
        market: &Result<ReadMarket, GapReason>,
        place: usize,
        (block, since): (Block, Option<Timestamp>),
    ) {
        let (protocol, chain) = (self.source.protocol(), self.source.market.chain);
        let position = market.as_ref().map_err(|reason| *reason);
        let position = position.and_then(|market| Ok((market, self.users.position(place, market)?)));
        match position {
            Ok((market, position)) => {
                part.is_account_known |= protocol == Protocol::AaveV3;
                part.readings.push(gap::read_at(&format!("{protocol} account"), chain, block));
                if position.is_some() && !market.has_known_rules {
                    part.gaps.push(gap::unverified_rules(protocol, chain));
                }
                part.accounts.extend(position.map(|position| LendingAccount {
                    account: Account::Aave(aave::Account { market: Arc::clone(&market.market), position }),
                    provenance: Provenance::Chain,
                }));
            }
            Err(reason) => part.gaps.extend(gap::account(protocol, chain, reason, since)),
        }
    }
}
