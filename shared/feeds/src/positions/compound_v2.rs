//! Compound V2's Comptroller as one of the protocols that are read in rounds.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use alloy_primitives::Bytes;
use risk_app::ports::{Depth, WalletQuery};
use risk_engine::compound_v2::{Account, MarketPosition};
use risk_engine::lending;
use risk_engine::position::{Block, LendingAccount, Provenance};
use risk_model::{Address, Asset, ChainId, Gap, GapReason, Protocol, Timestamp, U256};

use super::reader::{Reader, Source};
use super::{Part, Wanted, gap};
use crate::alchemy::{Answer, Group};
use crate::compound::questions::Questions;
use crate::compound::v2::{
    Ask, ReadComptroller, entered_call, finish, hinted, list, owed_call, read_entered, wanted,
};
use crate::contracts::Erc20;
use crate::erc20::read_balance;
use crate::json_rpc::Fault;
use crate::multicall::ContractCall;

/// Market views in one `eth_call`: those that accrue take some 100,000 gas each.
const VIEWS_PER_AGGREGATE: usize = 250;
/// Wallets' views in one `eth_call`.
const USERS_PER_AGGREGATE: usize = 400;
/// Most words of most views.
const WORDS_PER_VIEW: usize = 3;

/// The Comptroller of a chain.
pub(super) struct CompoundV2Source {
    chain: ChainId,
    learned: Mutex<Learned>,
}

#[derive(Clone, Debug, Default)]
struct Learned {
    asks: BTreeSet<Ask>,
    /// The cTokens, to tell them from holdings when the Comptroller cannot be read.
    c_tokens: HashSet<Address>,
}

impl CompoundV2Source {
    pub(super) fn new(chain: ChainId) -> Self {
        Self { chain, learned: Mutex::new(Learned::default()) }
    }

    fn learned(&self) -> Learned {
        self.learned.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

const HINTS: [Ask; 2] = [Ask::Markets, Ask::Oracle];

impl Source for CompoundV2Source {
    fn protocol(&self) -> Protocol {
        Protocol::CompoundV2
    }

    fn hints(&self) -> Vec<ContractCall> {
        if self.learned().asks.is_empty() { HINTS.map(Ask::call).to_vec() } else { Vec::new() }
    }

    fn begin<'a>(&'a self, wanted: Wanted<'a>, hints: &[Option<Bytes>]) -> Box<dyn Reader + 'a> {
        let learned = self.learned().asks;
        let ahead = if learned.is_empty() { asks_of(hints) } else { learned };
        Box::new(CompoundV2Reader {
            source: self,
            wanted,
            is_wanted: wanted.wants(self.protocol()),
            questions: Questions::new(ahead),
            has_views: false,
            entered: None,
            users: None,
        })
    }

    fn unread(&self, reason: GapReason, since: Option<Timestamp>) -> Vec<Gap> {
        gap::account(self.protocol(), self.chain, reason, since).into()
    }

    fn own_tokens(&self) -> HashSet<Address> {
        self.learned().c_tokens
    }
}

fn asks_of(hints: &[Option<Bytes>]) -> BTreeSet<Ask> {
    let mut questions = Questions::new(BTreeSet::new());
    questions.ask(BTreeSet::from(HINTS));
    questions.take(hints.iter().map(|hint| hint.clone().ok_or(Fault::Reverted)));
    hinted(&questions)
}

struct CompoundV2Reader<'a> {
    source: &'a CompoundV2Source,
    wanted: Wanted<'a>,
    is_wanted: bool,
    questions: Questions<Ask>,
    /// Whether the round under way has market views.
    has_views: bool,
    /// The markets that each wallet has entered.
    entered: Option<Vec<Answer>>,
    users: Option<Users>,
}

/// What is asked of wallets once the markets they have entered are known, and the answers.
struct Users {
    wallets: Vec<Result<Vec<UserMarket>, GapReason>>,
    answers: Option<Vec<Answer>>,
}

/// One market of one wallet.
struct UserMarket {
    c_token: Address,
    is_entered: bool,
}

impl CompoundV2Reader<'_> {
    fn queries(&self) -> &[WalletQuery] {
        if self.is_wanted { self.wanted.queries } else { &[] }
    }

    /// The markets to read of each wallet: those entered, and those whose cTokens it may hold. Which these are is not
    /// told by the Comptroller: a question about a few wallets asks every cToken, a sweep those found before.
    fn user_markets(&self, entered: &[Answer], c_tokens: &[Address]) -> Users {
        let wallets = self.queries().iter().zip(entered).map(|(query, answer)| {
            let output = answer.as_ref().map_err(|fault| fault.reason())?;
            let entered = read_entered(output).ok_or(GapReason::Malformed)?;
            let known: HashSet<Address> = query.known_tokens.iter().filter_map(Asset::address).collect();
            let is_asked = |token: &Address| match self.wanted.depth {
                Depth::Discover => true,
                Depth::Known { .. } => known.contains(token),
            };
            let others = c_tokens.iter().filter(|token| !entered.contains(token) && is_asked(token));
            let of = |is_entered| move |c_token: &Address| UserMarket { c_token: *c_token, is_entered };
            Ok(entered.iter().map(of(true)).chain(others.map(of(false))).collect())
        });
        Users { wallets: wallets.collect(), answers: None }
    }

    fn user_calls(&self, users: &Users) -> Vec<ContractCall> {
        let wallets = self.queries().iter().zip(&users.wallets);
        let markets = wallets.flat_map(|(query, markets)| {
            let owner = query.wallet.address();
            markets.iter().flatten().map(move |market| (owner, market))
        });
        markets
            .flat_map(|(owner, market)| {
                let held = ContractCall::new(market.c_token, &Erc20::balanceOfCall { owner });
                let owed = market.is_entered.then(|| owed_call(market.c_token, owner));
                [Some(held), owed].into_iter().flatten()
            })
            .collect()
    }

    fn comptroller(&self, block: Block) -> Result<ReadComptroller, GapReason> {
        let wanted = wanted(&self.questions);
        if !self.questions.is_complete(&wanted) {
            return Err(GapReason::Unavailable);
        }
        let read = finish(&self.questions, self.source.chain, block)?;
        let learned = Learned { asks: wanted, c_tokens: read.list.iter().copied().collect() };
        *self.source.learned.lock().unwrap_or_else(PoisonError::into_inner) = learned;
        Ok(read)
    }
}

fn group(calls: Vec<ContractCall>, per_aggregate: usize) -> Group {
    Group { calls, per_aggregate, reply_words: WORDS_PER_VIEW }
}

impl Reader for CompoundV2Reader<'_> {
    fn ask(&mut self) -> Vec<Group> {
        let views: Vec<ContractCall> =
            self.questions.ask(wanted(&self.questions)).iter().map(|ask| ask.call()).collect();
        self.has_views = !views.is_empty();
        let mut groups: Vec<Group> =
            self.has_views.then(|| group(views, VIEWS_PER_AGGREGATE)).into_iter().collect();
        match (&self.entered, &self.users) {
            (None, _) => {
                let calls = self.queries().iter().map(|query| entered_call(query.wallet.address())).collect();
                groups.push(group(calls, USERS_PER_AGGREGATE));
            }
            (Some(entered), None) => {
                // Without the list of markets nothing can be told of any wallet; that is said at the end.
                let users = self.user_markets(entered, &list(&self.questions).unwrap_or_default());
                let calls = self.user_calls(&users);
                self.users = Some(users);
                if !calls.is_empty() {
                    groups.push(group(calls, USERS_PER_AGGREGATE));
                }
            }
            (Some(_), Some(_)) => {}
        }
        groups
    }

    fn take(&mut self, answers: Vec<Vec<Answer>>) {
        let mut answers = answers.into_iter();
        if self.has_views {
            self.questions.take(answers.next().unwrap_or_default());
        }
        match (&self.entered, &mut self.users) {
            (None, _) => self.entered = answers.next(),
            (Some(_), Some(users)) if users.answers.is_none() => users.answers = answers.next(),
            (Some(_), _) => {}
        }
    }

    fn finish(
        mut self: Box<Self>,
        block: Block,
        since: Option<Timestamp>,
        parts: &mut [Part],
    ) -> HashSet<Address> {
        let read = self.comptroller(block);
        if self.is_wanted {
            let users = self.users.take();
            let mut answers =
                users.as_ref().and_then(|users| users.answers.as_deref()).unwrap_or_default().iter();
            let mut wallets = users.iter().flat_map(|users| &users.wallets);
            for part in parts {
                let markets = match wallets.next() {
                    Some(Ok(markets)) => Ok(markets.as_slice()),
                    Some(Err(reason)) => Err(*reason),
                    None => Err(GapReason::Unavailable),
                };
                let answered = markets.map(|markets| take_answers(markets, &mut answers));
                let positions = read.as_ref().map_err(|reason| *reason).and_then(|read| {
                    let positions = positions(&read.by_token, &answered?)?;
                    Ok((!positions.is_empty())
                        .then(|| Account { comptroller: Arc::clone(&read.comptroller), positions }))
                });
                self.add(part, positions, (block, since));
            }
        }
        match read {
            Ok(read) => read.list.into_iter().collect(),
            Err(_) => list(&self.questions)
                .map_or_else(|| self.source.own_tokens(), |list| list.into_iter().collect()),
        }
    }
}

/// One market of one wallet as answered: cTokens, and what is owed where it is entered.
struct Answered<'a> {
    market: &'a UserMarket,
    c_tokens: Option<&'a Answer>,
    owed: Option<&'a Answer>,
}

fn take_answers<'a>(
    markets: &'a [UserMarket],
    answers: &mut impl Iterator<Item = &'a Answer>,
) -> Vec<Answered<'a>> {
    let mut take = |market: &'a UserMarket| Answered {
        market,
        c_tokens: answers.next(),
        owed: if market.is_entered { answers.next() } else { None },
    };
    markets.iter().map(&mut take).collect()
}

/// A wallet's part of each market that it has entered or holds; none where it has nothing at all.
fn positions(
    by_token: &HashMap<Address, Result<usize, GapReason>>,
    answered: &[Answered<'_>],
) -> Result<Vec<MarketPosition>, GapReason> {
    let mut positions = Vec::with_capacity(answered.len());
    for one in answered {
        let c_tokens = amount(one.c_tokens)?;
        let owed = if one.market.is_entered { amount(one.owed)? } else { U256::ZERO };
        let is_entered = one.market.is_entered;
        if !is_entered && c_tokens.is_zero() {
            continue;
        }
        let market = by_token.get(&one.market.c_token).copied().unwrap_or(Err(GapReason::Malformed))?;
        positions.push(MarketPosition { market, c_tokens, owed, is_entered });
    }
    let is_anything = positions.iter().any(|part| !part.c_tokens.is_zero() || !part.owed.is_zero());
    Ok(if is_anything { positions } else { Vec::new() })
}

fn amount(answer: Option<&Answer>) -> Result<U256, GapReason> {
    let output = answer.ok_or(GapReason::Unavailable)?.as_ref().map_err(|fault| fault.reason())?;
    read_balance(Some(output)).ok_or(GapReason::Malformed)
}

impl CompoundV2Reader<'_> {
    fn add(
        &self,
        part: &mut Part,
        account: Result<Option<Account>, GapReason>,
        (block, since): (Block, Option<Timestamp>),
    ) {
        let (protocol, chain) = (self.source.protocol(), self.source.chain);
        match account {
            Ok(account) => {
                part.readings.push(gap::read_at(&format!("{protocol} account"), chain, block));
                part.accounts.extend(account.map(|account| LendingAccount {
                    account: lending::Account::CompoundV2(account),
                    provenance: Provenance::Chain,
                }));
            }
            Err(reason) => part.gaps.extend(gap::account(protocol, chain, reason, since)),
        }
    }
}

#[cfg(test)]
mod tests;
