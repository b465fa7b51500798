//! The gaps and readings of one chain's positions, worded once.

use risk_engine::position::{Block, Reading};
use risk_model::{Affects, Asset, ChainId, Gap, GapReason, Protocol, Timestamp};

use crate::alchemy::ALCHEMY;
use crate::the_graph::THE_GRAPH;

/// The gaps of a wallet whose account could not be read: its health factor and what it is worth are both open.
pub(super) fn account(
    protocol: Protocol,
    chain: ChainId,
    reason: GapReason,
    since: Option<Timestamp>,
) -> [Gap; 2] {
    [Affects::Liquidation, Affects::Value].map(|affects| Gap {
        what: format!("{protocol} account on {chain}"),
        source: ALCHEMY,
        reason,
        affects,
        since,
    })
}

/// The gap of a wallet none of whose tokens could be read.
pub(super) fn tokens(chain: ChainId, reason: GapReason, since: Option<Timestamp>) -> Gap {
    Gap { what: format!("tokens on {chain}"), source: ALCHEMY, reason, affects: Affects::Value, since }
}

/// The gap of one token that could not be read.
pub(super) fn token(asset: Asset, reason: GapReason, since: Option<Timestamp>) -> Gap {
    Gap { what: format!("balance of {asset}"), source: ALCHEMY, reason, affects: Affects::Value, since }
}

/// The gap of a wallet whose tokens could not be discovered, so that only known ones were read.
pub(super) fn discovery(chain: ChainId, reason: GapReason, since: Option<Timestamp>) -> Gap {
    Gap {
        what: format!("token discovery on {chain}"),
        source: ALCHEMY,
        reason,
        affects: Affects::Value,
        since,
    }
}

/// The gap of a wallet of which it is not known which of a protocol's markets it is in: it may owe in any of them.
pub(super) fn markets(
    protocol: Protocol,
    chain: ChainId,
    reason: GapReason,
    since: Option<Timestamp>,
) -> Gap {
    let what = format!("{protocol} markets on {chain}");
    Gap { what, source: ALCHEMY, reason, affects: Affects::Liquidation, since }
}

/// The gap of an account in a market whose contract version this build does not know.
pub(super) fn unverified_rules(protocol: Protocol, chain: ChainId) -> Gap {
    Gap {
        what: format!("rules of the {protocol} pool on {chain}"),
        source: ALCHEMY,
        reason: GapReason::UnverifiedRules,
        affects: Affects::Confirmation,
        since: None,
    }
}

/// The gap of a wallet that the subgraph did not confirm.
pub(super) fn confirmation(chain: ChainId, reason: GapReason, since: Option<Timestamp>) -> Gap {
    Gap {
        what: format!("aave_v3 account on {chain} in the subgraph"),
        source: THE_GRAPH,
        reason,
        affects: Affects::Confirmation,
        since,
    }
}

/// A read of the contracts at a block.
pub(super) fn read_at(what: &str, chain: ChainId, block: Block) -> Reading {
    let observed_at = block.timestamp;
    Reading { what: what.to_owned(), source: ALCHEMY, chain: Some(chain), block: Some(block), observed_at }
}

/// A read of the provider's token list, which is of no block.
pub(super) fn discovered(chain: ChainId, observed_at: Timestamp) -> Reading {
    let what = "token discovery".to_owned();
    Reading { what, source: ALCHEMY, chain: Some(chain), block: None, observed_at }
}

/// A read of the subgraph.
pub(super) fn indexed(chain: ChainId, block: Block) -> Reading {
    Reading { source: THE_GRAPH, ..read_at("aave_v3 account", chain, block) }
}
