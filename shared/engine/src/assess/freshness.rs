//! Freshness, checked where it is used: blocks, oracle updates, and the oracle against the market.

use risk_model::{Affects, Gap, GapReason, Protocol, Timestamp};

use super::account::unconfirmed;
use super::gaps::Gaps;
use crate::lending::Facts;
use crate::pool;
use crate::position::{Block, Holding, Provenance};
use crate::prepared::Prepared;

/// Names what is doubtful about an account's inputs; whether anything is, so that its score is a lower end only.
pub(super) fn check_account(
    facts: &Facts,
    provenance: Provenance,
    prepared: &Prepared<'_>,
    gaps: &mut Gaps,
) -> bool {
    let unconfirmed = unconfirmed(facts, provenance);
    let mut is_doubtful = unconfirmed.is_some();
    unconfirmed.into_iter().for_each(|gap| gaps.add(gap));
    if let Some(reason) = doubt(facts.block, prepared) {
        is_doubtful = true;
        for affects in [Affects::Liquidation, Affects::Value] {
            gaps.add(Gap {
                what: format!("{} at block {}", facts.key, facts.block.number),
                source: provenance.name(),
                reason,
                affects,
                since: Some(facts.block.timestamp),
            });
        }
    }
    is_doubtful | check_oracles(facts, prepared, gaps)
}

/// The gap of a token amount whose block is doubtful, if it is.
pub(super) fn check_holding(holding: &Holding, prepared: &Prepared<'_>) -> Option<Gap> {
    doubt(holding.block, prepared).map(|reason| Gap {
        what: format!("tokens on {} at block {}", holding.asset.chain, holding.block.number),
        source: Protocol::Tokens.name(),
        reason,
        affects: Affects::Value,
        since: Some(holding.block.timestamp),
    })
}

/// The gap of a pool position whose block is doubtful, if it is.
pub(super) fn check_pool(facts: &pool::Facts, prepared: &Prepared<'_>) -> Option<Gap> {
    doubt(facts.block, prepared).map(|reason| Gap {
        what: format!("{} at block {}", facts.key, facts.block.number),
        source: facts.protocol.name(),
        reason,
        affects: Affects::Value,
        since: Some(facts.block.timestamp),
    })
}

/// Why a block cannot be taken for the present: too old, or from the future.
fn doubt(block: Block, prepared: &Prepared<'_>) -> Option<GapReason> {
    let parameters = prepared.parameters();
    if block.timestamp.seconds_since(prepared.now()) > parameters.max_clock_skew_seconds {
        return Some(GapReason::Malformed);
    }
    let age = prepared.now().seconds_since(block.timestamp);
    (age > parameters.block_max_age_seconds).then_some(GapReason::Stale)
}

/// The protocols take their oracle's last answer whatever its age, so its age is checked here, for every part that
/// the account's health depends on.
fn check_oracles(facts: &Facts, prepared: &Prepared<'_>, gaps: &mut Gaps) -> bool {
    let mut is_doubtful = false;
    for part in facts.parts.iter().filter(|part| part.counts() && facts.owes != Some(false)) {
        let what = format!("oracle price of {} in {}", part.symbol, facts.key);
        let source = facts.protocol.name();
        let Some(updated) = part.price_updated_at.map(Timestamp::new) else {
            let affects = Affects::Confirmation;
            gaps.add(Gap {
                what: format!("age of the {what}"),
                source,
                reason: GapReason::Missing,
                affects,
                since: None,
            });
            continue;
        };
        if prepared.now().seconds_since(updated) > prepared.parameters().oracle_max_age_seconds {
            is_doubtful = true;
            let affects = Affects::Liquidation;
            gaps.add(Gap { what, source, reason: GapReason::Stale, affects, since: Some(updated) });
        }
    }
    is_doubtful
}

/// The gap of an oracle that differs from the market, if it does.
pub(super) fn divergence(
    symbol: &str,
    facts: &Facts,
    oracle_usd: f64,
    market_usd: f64,
    prepared: &Prepared<'_>,
) -> Option<Gap> {
    let distance = (oracle_usd - market_usd).abs() / market_usd;
    // Written so that a distance that is no number is a divergence too.
    let agrees = distance <= prepared.parameters().max_divergence;
    (!agrees).then(|| Gap {
        what: format!("oracle price of {symbol} in {} against the market", facts.key),
        source: facts.protocol.name(),
        reason: GapReason::Divergent,
        affects: Affects::Confirmation,
        since: None,
    })
}
