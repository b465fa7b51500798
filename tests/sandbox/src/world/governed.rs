//! What somebody decided about reserves, gas and protocols: terms other than the table's, from a time on.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use serde::Deserialize;

use crate::world::token::Reserve;

/// New terms of a reserve of Aave V3; what is absent stays.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Decision {
    /// Base LTV in bps.
    pub(crate) ltv_bps: Option<u16>,
    /// Base liquidation threshold in bps.
    pub(crate) threshold_bps: Option<u16>,
    /// Base liquidation bonus in bps.
    pub(crate) bonus_bps: Option<u16>,
    /// Whether new borrows and supplies are refused.
    pub(crate) frozen: Option<bool>,
    /// Whether nothing moves.
    pub(crate) paused: Option<bool>,
}

/// Decisions about one reserve, each from a time on.
type Decisions = Vec<(u64, Decision)>;

/// Decisions by chain and reserve, gas by chain, and what is left in protocols by slug.
#[derive(Debug, Default)]
pub(crate) struct Governed {
    reserves: RwLock<HashMap<(u64, usize), Decisions>>,
    gas: RwLock<HashMap<u64, f64>>,
    locked: RwLock<HashMap<String, f64>>,
}

impl Governed {
    /// Changes a reserve's terms from a time on.
    pub(crate) fn decide(&self, chain: u64, reserve: usize, from: u64, decision: Decision) {
        let mut reserves = self.reserves.write().unwrap_or_else(PoisonError::into_inner);
        reserves.entry((chain, reserve)).or_default().push((from, decision));
    }

    /// A reserve under every decision up to a time.
    pub(crate) fn apply(&self, chain: u64, time: u64, reserve: &Reserve) -> Reserve {
        let mut reserve = reserve.clone();
        let reserves = self.reserves.read().unwrap_or_else(PoisonError::into_inner);
        let decisions = reserves.get(&(chain, reserve.id)).into_iter().flatten();
        for (_, decision) in decisions.filter(|(from, _)| *from <= time) {
            reserve.ltv_bps = decision.ltv_bps.unwrap_or(reserve.ltv_bps);
            reserve.threshold_bps = decision.threshold_bps.unwrap_or(reserve.threshold_bps);
            reserve.bonus_bps = decision.bonus_bps.unwrap_or(reserve.bonus_bps);
            reserve.frozen = decision.frozen.unwrap_or(reserve.frozen);
            reserve.paused = decision.paused.unwrap_or(reserve.paused);
        }
        reserve
    }

    /// Makes the gas oracle's prices of a chain so many times the usual ones.
    pub(crate) fn set_gas(&self, chain: u64, factor: f64) {
        self.gas.write().unwrap_or_else(PoisonError::into_inner).insert(chain, factor);
    }

    /// How many times the usual price gas costs.
    pub(crate) fn gas_factor(&self, chain: u64) -> f64 {
        self.gas.read().unwrap_or_else(PoisonError::into_inner).get(&chain).copied().unwrap_or(1.0)
    }

    /// Leaves a share of its value in a protocol.
    pub(crate) fn set_locked(&self, slug: &str, factor: f64) {
        self.locked.write().unwrap_or_else(PoisonError::into_inner).insert(slug.to_owned(), factor);
    }

    /// Which share of its value is left in a protocol.
    pub(crate) fn locked_factor(&self, slug: &str) -> f64 {
        self.locked.read().unwrap_or_else(PoisonError::into_inner).get(slug).copied().unwrap_or(1.0)
    }

    /// Takes every decision back.
    pub(crate) fn clear(&self) {
        self.reserves.write().unwrap_or_else(PoisonError::into_inner).clear();
        self.gas.write().unwrap_or_else(PoisonError::into_inner).clear();
        self.locked.write().unwrap_or_else(PoisonError::into_inner).clear();
    }
}
