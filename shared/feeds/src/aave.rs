//! Aave V3, its fork Spark, and Aave V2 on chain: a market's reserves, oracle prices and e-modes, and wallets' parts of
//! them, at one pinned block.
//!
//! The market's structure is read from the Pool's own views, whose layouts never changed, and not from the data
//! provider's aggregate, whose tuple differs between versions.

mod ask;
mod configuration;
mod market;
mod user;

use risk_engine::aave::Rounding;
use risk_model::Protocol;

pub use ask::{Ask, hinted_asks, hints};
pub use market::{MarketRead, ReadMarket};
pub use user::{Rows, bitmap_call, is_in_use, rows_call};

/// How a pool of this revision rounds, and whether its rules are known.
///
/// Sources, each a `POOL_REVISION` in its repository:
/// * V3 (aave-v3-core, aave-v3-origin and the upgrade repositories of bgd-labs): 1 to 3 are 3.0.x, 4 is 3.1, 6 is 3.2,
///   7 is 3.3, 8 is 3.4 (all half-up), 9 is 3.5 (directional rounding), 10 is 3.6, 11 is 3.7. 5 was never seen on a
///   chain; either neighbour has its rules.
/// * Spark (sparklend-deployments): 1 to 3 are Aave's 3.0.x, 4 is SparkLend 1.0.0, half-up too. Its successor rounds
///   against the user (sparklend-v1-core, ROUNDING_MITIGATION_REPORT.md) under a revision that is not settled yet.
/// * V2 (protocol-v2, rescue-mission-phase-1): `LENDINGPOOL_REVISION` 2, and 3, which rescues tokens and no more.
///
/// What is not known is taken to round against the user where the protocol has a line that does: the lower health
/// factor of the two.
#[must_use]
pub const fn rules_of(protocol: Protocol, revision: Option<u64>) -> (Rounding, bool) {
    match (protocol, revision) {
        (Protocol::AaveV2, Some(2 | 3)) => (Rounding::PerSecond, true),
        (Protocol::AaveV2, _) => (Rounding::PerSecond, false),
        (Protocol::Spark, Some(1..=4)) => (Rounding::HalfUp, true),
        (Protocol::Spark, _) => (Rounding::AgainstUser, false),
        (_, Some(1..=8)) => (Rounding::HalfUp, true),
        (_, Some(9..=11)) => (Rounding::AgainstUser, true),
        _ => (Rounding::AgainstUser, false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_revisions_round_as_their_source_and_unknown_ones_against_the_user() {
        let of = |revision| rules_of(Protocol::AaveV3, revision);
        for revision in 1..=8 {
            assert_eq!(of(Some(revision)), (Rounding::HalfUp, true));
        }
        for revision in 9..=11 {
            assert_eq!(of(Some(revision)), (Rounding::AgainstUser, true));
        }
        for revision in [None, Some(0), Some(12), Some(u64::MAX)] {
            assert_eq!(of(revision), (Rounding::AgainstUser, false));
        }
    }

    #[test]
    fn sparks_next_revision_and_an_unknown_one_of_v2_are_not_taken_for_known() {
        assert_eq!(rules_of(Protocol::Spark, Some(4)), (Rounding::HalfUp, true));
        for revision in [Some(5), None] {
            assert_eq!(rules_of(Protocol::Spark, revision), (Rounding::AgainstUser, false));
            assert_eq!(rules_of(Protocol::AaveV2, revision), (Rounding::PerSecond, false));
        }
        assert_eq!(rules_of(Protocol::AaveV2, Some(3)), (Rounding::PerSecond, true));
    }
}
