//! What every protocol answers to be read: its questions are asked in the same rounds as all others' of its chain.

use std::collections::HashSet;

use alloy_primitives::Bytes;
use risk_engine::position::Block;
use risk_model::{Address, Gap, GapReason, Protocol, Timestamp};

use super::tokens::Lists;
use super::{Part, Wanted};
use crate::alchemy::{Answer, Group, History, Marks};
use crate::multicall::ContractCall;

/// One protocol on one chain. It lives as long as the service and remembers what an earlier read says to ask at once:
/// every answer is read anew, so being wrong costs a call and no more.
pub(super) trait Source: Send + Sync {
    /// Which.
    fn protocol(&self) -> Protocol;

    /// What to ask beside the newest block while nothing is known yet: its answers say what to ask at the pinned block
    /// and are used for nothing else. Empty once a read has been learned from.
    fn hints(&self) -> Vec<ContractCall>;

    /// The contract's events that say which of its markets a wallet is in, where it keeps no list of them.
    fn history(&self) -> Option<&History> {
        None
    }

    /// Whether its positions are found among the wallets' tokens, so that these must be listed.
    fn needs_token_lists(&self) -> bool {
        false
    }

    /// Begins a read at a block that is pinned later. `hints` are the answers to [`Source::hints`], in its order.
    /// Where the scope leaves the protocol out (`wanted.wants`), only what tells its own tokens from holdings is asked.
    fn begin<'a>(&'a self, wanted: Wanted<'a>, hints: &[Option<Bytes>]) -> Box<dyn Reader + 'a>;

    /// The gaps of a wallet of which nothing could be read here.
    fn unread(&self, reason: GapReason, since: Option<Timestamp>) -> Vec<Gap>;

    /// The protocol's own tokens as an earlier read learned them, for when the chain cannot be asked.
    fn own_tokens(&self) -> HashSet<Address>;
}

/// One read of a protocol: asks until nothing is left to ask, then says what it found.
pub(super) trait Reader: Send {
    /// What the wallets' histories said, or why not, one for each query in order: told before anything is asked, where
    /// markets are discovered and the protocol has a [`Source::history`].
    fn discovered(&mut self, found: &[Result<Marks, GapReason>]) {
        let _ = found;
    }

    /// The wallets' token lists, one for each query in order: told before anything is asked, where tokens are
    /// discovered.
    fn listed(&mut self, lists: Lists<'_>) {
        let _ = lists;
    }

    /// What to ask next, at the pinned block; empty when there is nothing. Groups keep their place in the answers.
    fn ask(&mut self) -> Vec<Group>;

    /// The answers to the groups of the last [`Reader::ask`], group by group. A request that failed leaves its calls
    /// with a fault each; nothing is asked twice for it.
    fn take(&mut self, answers: Vec<Vec<Answer>>);

    /// Adds what was found, or the gaps of what was not, to each wallet's part, in the order of the queries. Answers
    /// the protocol's own tokens (receipts and debts), which are no holdings.
    fn finish(
        self: Box<Self>,
        block: Block,
        since: Option<Timestamp>,
        parts: &mut [Part],
    ) -> HashSet<Address>;
}
