//! Aave V3 on chain: a market's reserves, oracle prices and e-modes, and wallets' parts of them, at one pinned block.
//!
//! The market's structure is read from the Pool's own views, whose layouts never changed, and not from the data
//! provider's aggregate, whose tuple differs between versions.

mod ask;
mod configuration;
mod market;
mod user;

use risk_engine::aave::Rounding;

pub use ask::{Ask, hinted_asks, hints};
pub use market::{MarketRead, ReadMarket};
pub use user::{Account, user_call};

/// How a Pool of this revision rounds, and whether that is known.
///
/// Source: `POOL_REVISION` of aave-v3-origin: 1 to 3 are 3.0.x, then 3.1 is 4 and each minor release adds one or
/// two; 3.3 is 7, 3.4 is 8 (half-up still), 3.5 is 9 (directional rounding, docs/3.5), 3.6 is 10, 3.7 is 11.
/// What is not known is taken to round against the user: the lower health factor of the two.
#[must_use]
pub const fn rules_of(revision: Option<u64>) -> (Rounding, bool) {
    match revision {
        Some(1..=8) => (Rounding::HalfUp, true),
        Some(9..=11) => (Rounding::AgainstUser, true),
        _ => (Rounding::AgainstUser, false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_revisions_round_as_their_source_and_unknown_ones_against_the_user() {
        for revision in 1..=8 {
            assert_eq!(rules_of(Some(revision)), (Rounding::HalfUp, true));
        }
        for revision in 9..=11 {
            assert_eq!(rules_of(Some(revision)), (Rounding::AgainstUser, true));
        }
        for revision in [None, Some(0), Some(12), Some(u64::MAX)] {
            assert_eq!(rules_of(revision), (Rounding::AgainstUser, false));
        }
    }
}
