//! The Comets of a chain as one of the protocols that are read in rounds.

use std::collections::{BTreeSet, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use alloy_primitives::Bytes;
use risk_app::ports::WalletQuery;
use risk_engine::compound_v3::{Account, Comet, Position};
use risk_engine::lending;
use risk_engine::position::{Block, LendingAccount, Provenance};
use risk_model::{Address, ChainId, Gap, GapReason, Protocol, Timestamp, U256};

use super::reader::{Reader, Source};
use super::{Part, Wanted, gap};
use crate::alchemy::{Answer, Group};
use crate::compound::comets::{CometAddress, comets_of};
use crate::compound::questions::Questions;
use crate::compound::v3::{
    Ask, UserBasic, assets, balance_call, finish, hints, read_collateral, read_user, user_input, wanted,
};
use crate::json_rpc::Fault;
use crate::multicall::{self, ContractCall, MULTICALL3};

/// Views in one `eth_call`.
const PER_AGGREGATE: usize = 400;
/// The longest view of a Comet is that of an asset.
const WORDS_PER_VIEW: usize = 8;
/// A wallet's state in a Comet; of a collateral of it, three less.
const WORDS_PER_USER: usize = 5;

/// The Comets of a chain.
pub(super) struct CompoundV3Source {
    chain: ChainId,
    comets: &'static [CometAddress],
    /// What to ask of each Comet at once.
    learned: Mutex<Vec<BTreeSet<Ask>>>,
}

impl CompoundV3Source {
    pub(super) fn new(chain: ChainId) -> Self {
        Self { chain, comets: comets_of(chain), learned: Mutex::new(Vec::new()) }
    }

    fn learned(&self) -> Vec<BTreeSet<Ask>> {
        self.learned.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Source for CompoundV3Source {
    fn protocol(&self) -> Protocol {
        Protocol::CompoundV3
    }

    /// One call a Comet: everything that leads to further questions, in one aggregate.
    fn hints(&self) -> Vec<ContractCall> {
        if !self.learned().is_empty() {
            return Vec::new();
        }
        let aggregate = |comet: &CometAddress| {
            let calls: Vec<ContractCall> = hints().iter().map(|ask| ask.call(comet.address)).collect();
            ContractCall { target: MULTICALL3, input: multicall::encode(&calls) }
        };
        self.comets.iter().map(aggregate).collect()
    }

    fn begin<'a>(&'a self, wanted: Wanted<'a>, answers: &[Option<Bytes>]) -> Box<dyn Reader + 'a> {
        let mut ahead = self.learned();
        if ahead.is_empty() {
            ahead = answers.iter().map(|answer| asks_of(answer.as_ref())).collect();
        }
        ahead.resize(self.comets.len(), BTreeSet::new());
        Box::new(CompoundV3Reader {
            source: self,
            wanted,
            is_wanted: wanted.wants(self.protocol()),
            questions: ahead.into_iter().map(Questions::new).collect(),
            asked: Vec::new(),
            users: None,
            balances: None,
        })
    }

    fn unread(&self, reason: GapReason, since: Option<Timestamp>) -> Vec<Gap> {
        gap::account(self.protocol(), self.chain, reason, since).into()
    }

    fn own_tokens(&self) -> HashSet<Address> {
        self.comets.iter().map(|comet| comet.address).collect()
    }
}

fn asks_of(hint: Option<&Bytes>) -> BTreeSet<Ask> {
    let asked = hints();
    let answers = hint.and_then(|output| multicall::decode(output, asked.len())).unwrap_or_default();
    let mut questions = Questions::new(BTreeSet::new());
    let mut by_ask: Vec<(Ask, Answer)> =
        asked.into_iter().zip(answers.into_iter().map(|answer| answer.ok_or(Fault::Reverted))).collect();
    by_ask.sort_by_key(|(ask, _)| *ask);
    questions.ask(by_ask.iter().map(|(ask, _)| *ask).collect());
    questions.take(by_ask.into_iter().map(|(_, answer)| answer));
    wanted(&questions)
}

struct CompoundV3Reader<'a> {
    source: &'a CompoundV3Source,
    wanted: Wanted<'a>,
    is_wanted: bool,
    /// By Comet.
    questions: Vec<Questions<Ask>>,
    /// How many views of each Comet are in the round under way.
    asked: Vec<usize>,
    /// What every Comet says of every wallet: wallet by wallet in the order of the queries, each Comet by Comet.
    users: Option<Vec<Result<UserBasic, GapReason>>>,
    /// The balances of the collaterals that wallets turned out to have, once they are asked for.
    balances: Option<Vec<Answer>>,
}

impl CompoundV3Reader<'_> {
    fn queries(&self) -> &[WalletQuery] {
        if self.is_wanted { self.wanted.queries } else { &[] }
    }

    /// Wallet by wallet: every Comet is asked the same of one, which takes it fewer bytes in a row.
    fn user_calls(&self) -> Vec<ContractCall> {
        let of = |query: &WalletQuery| {
            let input = user_input(query.wallet.address());
            let call =
                move |comet: &CometAddress| ContractCall { target: comet.address, input: input.clone() };
            self.source.comets.iter().map(call)
        };
        self.queries().iter().flat_map(of).collect()
    }

    /// What a Comet says of a wallet, each by its place.
    fn user(&self, comet: usize, wallet: usize) -> Option<&Result<UserBasic, GapReason>> {
        self.users.as_ref()?.get(wallet * self.source.comets.len() + comet)
    }

    /// Comet by Comet, wallet by wallet, collateral by collateral; nothing of a Comet whose assets are not known.
    fn balance_calls(&self) -> Vec<ContractCall> {
        let mut calls = Vec::new();
        for (place, (comet, questions)) in self.source.comets.iter().zip(&self.questions).enumerate() {
            let assets = assets(questions).unwrap_or_default();
            for (wallet, query) in self.queries().iter().enumerate() {
                let user = self.user(place, wallet).and_then(|user| user.as_ref().ok());
                let offsets = user.into_iter().flat_map(|user| &user.offsets);
                let held = offsets.filter_map(|offset| assets.get(usize::from(*offset)));
                calls.extend(held.map(|asset| balance_call(comet.address, query.wallet.address(), *asset)));
            }
        }
        calls
    }

    /// The Comets at the block; what was learned of them is kept for the next read.
    fn comets(&self, block: Block) -> Vec<Result<Arc<Comet>, GapReason>> {
        let wanted: Vec<BTreeSet<Ask>> = self.questions.iter().map(wanted).collect();
        let comets = self.source.comets.iter().zip(&self.questions).zip(&wanted);
        let read = comets.map(|((comet, questions), wanted)| {
            if !questions.is_complete(wanted) {
                return Err(GapReason::Unavailable);
            }
            finish(questions, comet, self.source.chain, block).map(Arc::new)
        });
        let read: Vec<_> = read.collect();
        if read.iter().any(Result::is_ok) {
            *self.source.learned.lock().unwrap_or_else(PoisonError::into_inner) = wanted;
        }
        read
    }
}

fn group(calls: Vec<ContractCall>, reply_words: usize) -> Group {
    Group { calls, per_aggregate: PER_AGGREGATE, reply_words }
}

impl Reader for CompoundV3Reader<'_> {
    fn ask(&mut self) -> Vec<Group> {
        let mut views = Vec::new();
        self.asked.clear();
        for (comet, questions) in self.source.comets.iter().zip(&mut self.questions) {
            let wanted = wanted(questions);
            let asks = questions.ask(wanted);
            self.asked.push(asks.len());
            views.extend(asks.iter().map(|ask| ask.call(comet.address)));
        }
        let is_settled = views.is_empty();
        let mut groups = vec![group(views, WORDS_PER_VIEW)];
        if self.users.is_none() {
            groups.push(group(self.user_calls(), WORDS_PER_USER));
        } else if self.balances.is_none()
            && self.questions.iter().all(|one| assets(one).is_ok() || is_settled)
        {
            groups.push(group(self.balance_calls(), WORDS_PER_USER));
            self.balances = Some(Vec::new());
        }
        if groups.iter().all(|group| group.calls.is_empty()) { Vec::new() } else { groups }
    }

    fn take(&mut self, answers: Vec<Vec<Answer>>) {
        let mut answers = answers.into_iter();
        let mut views = answers.next().unwrap_or_default().into_iter();
        for (questions, count) in self.questions.iter_mut().zip(&self.asked) {
            questions.take(views.by_ref().take(*count));
        }
        let Some(rest) = answers.next() else { return };
        if self.users.is_none() {
            let read = |answer: Answer| {
                let output = answer.map_err(Fault::reason)?;
                read_user(&output).ok_or(GapReason::Malformed)
            };
            self.users = Some(rest.into_iter().map(read).collect());
        } else if let Some(balances) = &mut self.balances {
            *balances = rest;
        }
    }

    fn finish(
        self: Box<Self>,
        block: Block,
        since: Option<Timestamp>,
        parts: &mut [Part],
    ) -> HashSet<Address> {
        let comets = self.comets(block);
        if self.is_wanted {
            let mut faults: Vec<Option<GapReason>> = vec![None; parts.len()];
            let mut balances = self.balances.iter().flatten();
            for (place, comet) in comets.iter().enumerate() {
                let known = self.questions.get(place).and_then(|questions| assets(questions).ok());
                let assets = known.map_or(0, |assets| assets.len());
                for (wallet, part) in parts.iter_mut().enumerate() {
                    match account(comet, self.user(place, wallet), assets, &mut balances) {
                        Ok(account) => part.accounts.extend(account),
                        Err(reason) => faults[wallet] = faults[wallet].or(Some(reason)),
                    }
                }
            }
            for (part, fault) in parts.iter_mut().zip(faults) {
                self.settle(part, fault, (block, since));
            }
        }
        self.source.own_tokens()
    }
}

impl CompoundV3Reader<'_> {
    /// Says that every Comet was read, or that one was not.
    fn settle(&self, part: &mut Part, fault: Option<GapReason>, (block, since): (Block, Option<Timestamp>)) {
        let (protocol, chain) = (self.source.protocol(), self.source.chain);
        match fault {
            None => part.readings.push(gap::read_at(&format!("{protocol} account"), chain, block)),
            Some(reason) => part.gaps.extend(gap::account(protocol, chain, reason, since)),
        }
    }
}

/// A wallet's account in a Comet, if it has one there. A wallet that the Comet says has nothing has nothing, whether
/// or not the Comet itself could be read.
fn account<'a>(
    comet: &Result<Arc<Comet>, GapReason>,
    user: Option<&Result<UserBasic, GapReason>>,
    assets: usize,
    balances: &mut impl Iterator<Item = &'a Answer>,
) -> Result<Option<LendingAccount>, GapReason> {
    let user = user.ok_or(GapReason::Unavailable)?.as_ref().map_err(|reason| *reason)?;
    if user.is_empty() {
        return Ok(None);
    }
    let mut collaterals = Vec::with_capacity(user.offsets.len());
    for offset in &user.offsets {
        let place = usize::from(*offset);
        // An offset beyond the assets was not asked for.
        let answer = if place < assets { balances.next() } else { None };
        collaterals.push((place, amount(answer)));
    }
    let collaterals: Result<Vec<(usize, U256)>, GapReason> =
        collaterals.into_iter().map(|(place, amount)| Ok((place, amount?))).collect();
    let position = Position { principal: user.principal, collaterals: collaterals? };
    let comet = Arc::clone(comet.as_ref().map_err(|reason| *reason)?);
    Ok(Some(LendingAccount {
        account: lending::Account::CompoundV3(Account { comet, position }),
        provenance: Provenance::Chain,
    }))
}

fn amount(answer: Option<&Answer>) -> Result<U256, GapReason> {
    let output = answer.ok_or(GapReason::Unavailable)?.as_ref().map_err(|fault| fault.reason())?;
    read_collateral(output).ok_or(GapReason::Malformed)
}

#[cfg(test)]
mod tests;
