//! A market of Aave's shape as one of the protocols that are read in rounds: Aave V3, Aave V2, Spark.

use std::collections::{BTreeSet, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use alloy_primitives::Bytes;
use risk_engine::aave;
use risk_engine::lending::Account;
use risk_engine::position::{Block, LendingAccount, Provenance};
use risk_model::{Address, Gap, GapReason, Protocol, Timestamp};

use super::reader::{Reader, Source};
use super::{Part, Wanted, gap};
use crate::aave::{Account as Rows, Ask, MarketRead, ReadMarket, hinted_asks, hints, user_call};
use crate::alchemy::{Answer, Group};
use crate::json_rpc::Fault;
use crate::markets::MarketAddresses;
use crate::multicall::ContractCall;

/// Market views in one `eth_call`: some 20 million gas.
const VIEWS_PER_AGGREGATE: usize = 250;
/// Hex of one view there and back, the longest being a reserve's 15 words.
const BYTES_PER_VIEW: usize = 25 * 64;
/// Wallets in one `eth_call`: 60 reserves take about a million gas each, and nodes stop at some hundred millions.
const WALLETS_PER_AGGREGATE: usize = 100;
/// Hex digits of a word.
const HEX_PER_WORD: usize = 64;
/// Words of one wallet's answer and of the call for it, beside its rows.
const WORDS_PER_WALLET: usize = 16;
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
        Box::new(AaveReader {
            source: self,
            wanted,
            is_wanted: wanted.wants(self.protocol()),
            structure: MarketRead::new(self.market, known),
            asks: Vec::new(),
            users: None,
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
    wanted: Wanted<'a>,
    is_wanted: bool,
    structure: MarketRead,
    /// The market views of the round under way.
    asks: Vec<Ask>,
    users: Option<Vec<Answer>>,
}

impl AaveReader<'_> {
    fn users(&self) -> Group {
        let queries = if self.is_wanted { self.wanted.queries } else { &[] };
        Group {
            calls: queries.iter().map(|query| user_call(&self.source.market, query.wallet)).collect(),
            per_aggregate: WALLETS_PER_AGGREGATE,
            bytes_per_call: self.bytes_per_wallet(),
        }
    }

    /// What a wallet's rows take there and back: rows are longer where stable rates have words of their own.
    fn bytes_per_wallet(&self) -> usize {
        let words = if self.source.protocol() == Protocol::AaveV3 { 4 } else { 7 };
        let reserves = Some(self.structure.reserves_ahead()).filter(|reserves| *reserves > 0);
        (reserves.unwrap_or(RESERVES_AHEAD) * words + WORDS_PER_WALLET) * HEX_PER_WORD
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
            bytes_per_call: BYTES_PER_VIEW,
        };
        match (&self.users, self.asks.is_empty()) {
            (None, _) => vec![views, self.users()],
            (Some(_), false) => vec![views],
            (Some(_), true) => Vec::new(),
        }
    }

    fn take(&mut self, answers: Vec<Vec<Answer>>) {
        let mut answers = answers.into_iter();
        self.structure.take(&self.asks, answers.next().unwrap_or_default());
        if self.users.is_none() {
            let users = answers.next().unwrap_or_default();
            self.structure.want_categories(
                users
                    .iter()
                    .flatten()
                    .filter_map(|output| Rows::read(output).ok())
                    .map(|account| account.e_mode),
            );
            self.users = Some(users);
        }
    }

    fn finish(
        self: Box<Self>,
        block: Block,
        since: Option<Timestamp>,
        parts: &mut [Part],
    ) -> HashSet<Address> {
        let market = self.market(block);
        if self.is_wanted {
            let users = self.users.as_deref().unwrap_or_default();
            for (place, part) in parts.iter_mut().enumerate() {
                let output = users.get(place).cloned().unwrap_or(Err(Fault::Malformed));
                self.add_account(part, &market, &output, (block, since));
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
        output: &Answer,
        (block, since): (Block, Option<Timestamp>),
    ) {
        let (protocol, chain) = (self.source.protocol(), self.source.market.chain);
        let position = market.as_ref().map_err(|reason| *reason).and_then(|market| {
            let output = output.as_ref().map_err(|fault: &Fault| fault.reason())?;
            Ok((market, Rows::read(output)?.position(market)?))
        });
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
