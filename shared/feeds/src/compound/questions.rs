//! Questions and their answers at one block: nothing is asked twice, and each answer says what to ask next.

use std::collections::{BTreeMap, BTreeSet};

use alloy_primitives::Bytes;
use alloy_sol_types::SolCall;
use risk_model::GapReason;

use crate::alchemy::Answer;
use crate::json_rpc::Fault;
use crate::multicall;

/// What was asked of a contract, and what it answered.
#[derive(Debug)]
pub(crate) struct Questions<A> {
    /// What an earlier read, or hints, say to ask at once.
    ahead: BTreeSet<A>,
    asked: Vec<A>,
    answers: BTreeMap<A, Answer>,
}

impl<A: Copy + Ord> Questions<A> {
    pub(crate) const fn new(ahead: BTreeSet<A>) -> Self {
        Self { ahead, asked: Vec::new(), answers: BTreeMap::new() }
    }

    /// What to ask next: everything of `wanted` that was not asked, and the first time what was known ahead.
    pub(crate) fn ask(&mut self, mut wanted: BTreeSet<A>) -> &[A] {
        wanted.append(&mut self.ahead);
        self.asked = wanted.into_iter().filter(|ask| !self.answers.contains_key(ask)).collect();
        &self.asked
    }

    /// The answers to the last [`Questions::ask`], in its order; a missing one is a fault.
    pub(crate) fn take(&mut self, answers: impl IntoIterator<Item = Answer>) {
        let mut answers = answers.into_iter();
        for ask in std::mem::take(&mut self.asked) {
            self.answers.insert(ask, answers.next().unwrap_or(Err(Fault::Malformed)));
        }
    }

    /// Whether everything of `wanted` was asked.
    pub(crate) fn is_complete(&self, wanted: &BTreeSet<A>) -> bool {
        wanted.iter().all(|ask| self.answers.contains_key(ask))
    }

    /// What a contract answered.
    pub(crate) fn output(&self, ask: A) -> Option<&Bytes> {
        self.answers.get(&ask)?.as_ref().ok()
    }

    /// The typed answer.
    pub(crate) fn answer<C: SolCall>(&self, ask: A) -> Option<C::Return> {
        multicall::answer::<C>(self.output(ask))
    }

    /// The typed answer.
    ///
    /// # Errors
    /// Why there is none.
    pub(crate) fn needed<C: SolCall>(&self, ask: A) -> Result<C::Return, GapReason> {
        self.answer::<C>(ask).ok_or_else(|| self.reason(ask))
    }

    /// The typed answer of a function that older versions of a contract do not have: `None` where it reverted, or
    /// returned nothing as a fallback does.
    ///
    /// # Errors
    /// Nobody answered, or something else.
    pub(crate) fn optional<C: SolCall>(&self, ask: A) -> Result<Option<C::Return>, GapReason> {
        match self.answers.get(&ask) {
            Some(Err(Fault::Reverted)) => Ok(None),
            Some(Ok(output)) if output.is_empty() => Ok(None),
            _ => self.needed::<C>(ask).map(Some),
        }
    }

    /// Why an ask has no usable answer.
    pub(crate) fn reason(&self, ask: A) -> GapReason {
        match self.answers.get(&ask) {
            Some(Err(fault)) => fault.reason(),
            Some(Ok(_)) => GapReason::Malformed,
            None => GapReason::Unavailable,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contracts::Erc20;

    fn word(value: u64) -> Answer {
        Ok(risk_model::U256::from(value).to_be_bytes_vec().into())
    }

    #[test]
    fn nothing_is_asked_twice_and_what_was_known_ahead_is_asked_first() {
        let mut questions = Questions::new(BTreeSet::from([3, 4]));
        assert_eq!(questions.ask(BTreeSet::from([1, 3])), [1, 3, 4]);
        questions.take([word(10), word(30)]);
        assert_eq!(questions.ask(BTreeSet::from([1, 2, 3])), [2]);
        questions.take([Err(Fault::Failed)]);
        assert_eq!(questions.ask(BTreeSet::from([1, 2, 3, 4])), [0; 0]);
        assert_eq!(questions.needed::<Erc20::balanceOfCall>(1), Ok(risk_model::U256::from(10)));
        assert_eq!(questions.needed::<Erc20::balanceOfCall>(2), Err(GapReason::Unavailable));
        assert_eq!(questions.reason(4), GapReason::Malformed, "an answer that did not come");
    }

    #[test]
    fn a_function_that_a_version_does_not_have_is_none_and_a_fault_is_none_of_it() {
        let mut questions = Questions::new(BTreeSet::new());
        questions.ask(BTreeSet::from([1, 2, 3, 4, 5]));
        let malformed = Ok(Bytes::from(vec![1]));
        questions.take([Err(Fault::Reverted), Ok(Bytes::new()), Err(Fault::Throttled), malformed, word(7)]);
        let optional = |ask| questions.optional::<Erc20::balanceOfCall>(ask);
        assert_eq!((optional(1), optional(2)), (Ok(None), Ok(None)));
        assert_eq!(optional(3), Err(GapReason::Throttled));
        assert_eq!(optional(4), Err(GapReason::Malformed));
        assert_eq!(optional(5), Ok(Some(risk_model::U256::from(7))));
    }
}
