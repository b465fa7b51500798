//! Pools that somebody moved away from the market.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use alloy_primitives::Address;

/// By pool: from when on its price is so many times the market's.
#[derive(Debug, Default)]
pub(crate) struct MovedPools(RwLock<HashMap<Address, Vec<(u64, f64)>>>);

impl MovedPools {
    /// Moves a pool from a time on; a factor of 1 brings it back.
    pub(crate) fn set(&self, pool: Address, from: u64, factor: f64) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).entry(pool).or_default().push((from, factor));
    }

    /// The factor in force at a time.
    pub(crate) fn factor(&self, pool: Address, time: u64) -> f64 {
        let moved = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let last = moved.get(&pool).and_then(|list| list.iter().rev().find(|(from, _)| *from <= time));
        last.map_or(1.0, |(_, factor)| *factor)
    }

    /// When it was moved.
    pub(crate) fn times(&self, pool: Address) -> Vec<u64> {
        let moved = self.0.read().unwrap_or_else(PoisonError::into_inner);
        moved.get(&pool).into_iter().flatten().map(|(from, _)| *from).collect()
    }

    /// Brings all of them back.
    pub(crate) fn clear(&self) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).clear();
    }
}
