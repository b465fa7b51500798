//! Accounts in the markets beside Aave V3, in whole tokens.

use crate::world::chain::Chain;
use crate::world::fork::{ForkReserve, Kind};
use crate::world::token::{base_units, scale_down};

/// A yearly rate of 7.1 %, RAY, that every stable debt was taken at.
const STABLE_RATE: u128 = 71_203_948_710_293_847_102_938_471;
/// Seconds before the reserve's own last update at which it was.
const STABLE_AGE: u64 = 11_111_111;

/// An account as it is thought of.
#[derive(Clone, Debug)]
pub(crate) struct ForkPlan {
    /// In which market.
    pub(crate) kind: Kind,
    /// Supplied as collateral.
    pub(crate) supply: Vec<(&'static str, f64)>,
    /// Borrowed at the variable rate.
    pub(crate) debt: Vec<(&'static str, f64)>,
    /// Borrowed at a stable rate.
    pub(crate) stable: Vec<(&'static str, f64)>,
    /// E-mode category.
    pub(crate) e_mode: u8,
}

/// An account in a market beside Aave V3.
#[derive(Clone, Debug)]
pub(crate) struct ForkAccount {
    /// Place of the market in [`Chain::forks`].
    pub(crate) fork: usize,
    /// E-mode category, 0 for none.
    pub(crate) e_mode: u8,
    /// Positions, by reserve id.
    pub(crate) positions: Vec<ForkPosition>,
}

/// One reserve of it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ForkPosition {
    /// Reserve id.
    pub(crate) reserve: usize,
    /// Scaled aToken balance.
    pub(crate) scaled_supply: u128,
    /// Scaled variable debt.
    pub(crate) scaled_debt: u128,
    /// Stable debt: principal, rate and the time of both; a principal of 0 for none.
    pub(crate) stable: (u128, u128, u64),
    /// Whether the supply is used as collateral.
    pub(crate) collateral: bool,
}

/// The account that a plan describes.
pub(crate) fn realise(chain: &Chain, plan: &ForkPlan) -> Option<ForkAccount> {
    let fork = chain.forks.iter().position(|fork| fork.kind == plan.kind)?;
    let reserves = &chain.forks.get(fork)?.reserves;
    let mut positions: Vec<ForkPosition> = Vec::new();
    let mut change = |symbol: &str, units: f64, apply: &dyn Fn(&mut ForkPosition, &ForkReserve, u128)| {
        let token = chain.token_named(symbol)?;
        let (id, reserve) = reserves.iter().enumerate().find(|(_, reserve)| reserve.token == token)?;
        let raw = base_units(units, chain.tokens.get(token)?.decimals).ok()?;
        let at = positions.iter().position(|position| position.reserve == id).unwrap_or_else(|| {
            positions.push(ForkPosition { reserve: id, ..ForkPosition::default() });
            positions.len() - 1
        });
        apply(positions.get_mut(at)?, reserve, raw);
        Some(())
    };
    for (symbol, units) in &plan.supply {
        change(symbol, *units, &|position, reserve, raw| {
            position.scaled_supply = scale_down(raw, reserve.liquidity_index).unwrap_or_default();
            position.collateral = true;
        })?;
    }
    for (symbol, units) in &plan.debt {
        change(symbol, *units, &|position, reserve, raw| {
            position.scaled_debt = scale_down(raw, reserve.borrow_index).unwrap_or_default();
        })?;
    }
    for (symbol, units) in &plan.stable {
        change(symbol, *units, &|position, reserve, raw| {
            position.stable = (raw, STABLE_RATE, reserve.last_update.saturating_sub(STABLE_AGE));
        })?;
    }
    positions.sort_by_key(|position| position.reserve);
    Some(ForkAccount { fork, e_mode: plan.e_mode, positions })
}
