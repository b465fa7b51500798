//! One chain at one block, as a request that may be under faults sees it.

use std::sync::OnceLock;

use alloy_primitives::Address;
use num_bigint::BigUint;

use crate::account::{self, Holding, Totals};
use crate::faults::Effects;
use crate::market::DAY;
use crate::wallets::Account;
use crate::world::World;
use crate::world::asset::to_e8;
use crate::world::chain::Chain;
use crate::world::token::{Reserve, Token};

/// A chain's state at a block.
pub(crate) struct View<'a> {
    /// The world.
    pub(crate) world: &'a World,
    /// The chain.
    pub(crate) chain: &'a Chain,
    /// Block number.
    pub(crate) number: u64,
    /// Block time in seconds since the epoch.
    pub(crate) timestamp: u64,
    /// Faults in force for this request.
    pub(crate) effects: &'a Effects,
    indexes: OnceLock<Vec<(BigUint, BigUint)>>,
}

/// What a Chainlink aggregator last reported.
pub(crate) struct Round {
    /// Round number.
    pub(crate) id: u64,
    /// USD with 8 decimals.
    pub(crate) answer_e8: u128,
    /// When, in seconds since the epoch.
    pub(crate) updated_at: u64,
}

impl<'a> View<'a> {
    /// The state at block `number`.
    pub(crate) fn new(world: &'a World, chain: &'a Chain, number: u64, effects: &'a Effects) -> Self {
        let timestamp = chain.timestamp(number);
        Self { world, chain, number, timestamp, effects, indexes: OnceLock::new() }
    }

    /// Oracle price of an asset in USD with 8 decimals.
    pub(crate) fn oracle_e8(&self, asset: usize) -> u128 {
        let seen_at = self.timestamp.saturating_sub(self.effects.oracle_lag_seconds);
        let price = self.world.market.oracle_e8(asset, seen_at);
        match self.effects.price_factor {
            Some(factor) => to_e8(price as f64 / 1e8 * factor),
            None => price,
        }
    }

    /// The last round of an asset's feed: at each heartbeat, and whenever the price was moved.
    pub(crate) fn round(&self, asset: usize) -> Round {
        let seen_at = self.timestamp.saturating_sub(self.effects.oracle_lag_seconds);
        let known = self.world.market.assets().get(asset);
        let heartbeat = if known.is_some_and(|asset| asset.annual_volatility < 0.05) { DAY } else { 3_600 };
        let phase = u64::try_from(asset).unwrap_or(0) * 131 % heartbeat;
        let id = (seen_at.saturating_sub(phase)) / heartbeat;
        let beat = id * heartbeat + phase;
        let updated_at = self.world.market.moved_at(asset, seen_at).map_or(beat, |moved| moved.max(beat));
        Round { id, answer_e8: self.oracle_e8(asset), updated_at }
    }

    /// Normalized income and normalized variable debt (RAY) of a reserve at this block.
    pub(crate) fn indexes(&self, reserve: usize) -> (BigUint, BigUint) {
        let all = self.indexes.get_or_init(|| {
            let accrue = |reserve: &Reserve| {
                let seconds = self.timestamp.saturating_sub(reserve.last_update);
                (
                    account::normalized_income(reserve.liquidity_index, reserve.supply_rate, seconds),
                    account::normalized_debt(reserve.borrow_index, reserve.borrow_rate, seconds),
                )
            };
            self.chain.reserves.iter().map(accrue).collect()
        });
        all.get(reserve).cloned().unwrap_or_default()
    }

    /// An account's holdings as the pool values them at this block.
    pub(crate) fn holdings(&self, account: &Account) -> Vec<Holding> {
        let mode = self.chain.e_mode(account.e_mode);
        let known = account.positions.iter().filter_map(|position| {
            Some((position, self.chain.reserves.get(position.reserve)?, self.token(position.reserve)?))
        });
        known
            .map(|(position, reserve, token)| {
                let reserve = self.governed(reserve);
                let (income, debt_index) = self.indexes(reserve.id);
                let inside = mode.filter(|mode| mode.takes(reserve.id));
                Holding {
                    scaled_supply: position.scaled_supply,
                    scaled_debt: position.scaled_debt,
                    collateral: position.collateral,
                    income,
                    debt_index,
                    price_e8: self.oracle_e8(token.asset),
                    decimals: token.decimals,
                    ltv_bps: inside.map_or(reserve.ltv_bps, |mode| mode.ltv_bps),
                    threshold_bps: inside.map_or(reserve.threshold_bps, |mode| mode.threshold_bps),
                }
            })
            .collect()
    }

    /// What `getUserAccountData` says of an address; zeros and no health factor without an account.
    pub(crate) fn totals(&self, user: Address) -> Totals {
        let wallet = self.world.wallet(user);
        let account = wallet.on(self.chain.facts.id).and_then(|held| held.account.as_ref());
        account.map_or_else(Totals::default, |account| account::totals(&self.holdings(account)))
    }

    /// A reserve under the terms of this block.
    pub(crate) fn governed(&self, reserve: &Reserve) -> Reserve {
        self.world.governed.apply(self.chain.facts.id, self.timestamp, reserve)
    }

    /// The token of a place.
    pub(crate) fn token(&self, place: usize) -> Option<&'a Token> {
        self.chain.tokens.get(place)
    }
}
