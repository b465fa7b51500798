//! A market beside Aave V3 at a block: indexes, prices and what an account has of it.

use alloy_primitives::Address;
use num_bigint::BigUint;

use crate::account::half_up::{self, Amounts};
use crate::account::{self, Totals};
use crate::wallets::fork::{ForkAccount, ForkPosition};
use crate::world::fork::{Fork, ForkReserve, Kind, SPARK_E_MODE};
use crate::world::view::View;

/// Wei of an ether.
const ETHER: u128 = 1_000_000_000_000_000_000;

/// The oracle's price of a reserve: wei of an ether in V2, USD with 8 decimals in Spark.
pub(crate) fn price(view: &View<'_>, fork: &Fork, reserve: &ForkReserve) -> u128 {
    let asset = view.token(reserve.token).map_or(usize::MAX, |token| token.asset);
    let e8 = view.oracle_e8(asset);
    match fork.kind {
        Kind::Spark => e8,
        Kind::AaveV2 => e8 * ETHER / view.oracle_e8(view.chain.native_asset).max(1),
    }
}

/// Normalized income and normalized variable debt (RAY) of a reserve.
pub(crate) fn indexes(view: &View<'_>, fork: &Fork, reserve: &ForkReserve) -> (BigUint, BigUint) {
    let seconds = view.timestamp.saturating_sub(reserve.last_update);
    let income = account::normalized_income(reserve.liquidity_index, reserve.supply_rate, seconds);
    let debt = half_up::compounded(fork.kind, reserve.borrow_rate, seconds);
    (income, half_up::grown(reserve.borrow_index, &debt))
}

/// What a position is owed and owes at the variable and at the stable rate, base units.
pub(crate) fn balances(
    view: &View<'_>,
    fork: &Fork,
    reserve: &ForkReserve,
    position: &ForkPosition,
) -> [BigUint; 3] {
    let (income, debt) = indexes(view, fork, reserve);
    let (principal, rate, since) = position.stable;
    let stable = half_up::compounded(fork.kind, rate, view.timestamp.saturating_sub(since));
    [
        half_up::grown(position.scaled_supply, &income),
        half_up::grown(position.scaled_debt, &debt),
        half_up::grown(principal, &stable),
    ]
}

/// An account's reserves in amounts, by position.
pub(crate) fn amounts(view: &View<'_>, fork: &Fork, account: &ForkAccount) -> Vec<Amounts> {
    let known = account.positions.iter().filter_map(|position| {
        let reserve = fork.reserves.get(position.reserve)?;
        Some((position, reserve, view.token(reserve.token)?))
    });
    known
        .map(|(position, reserve, token)| {
            let [supplied, variable, stable] = balances(view, fork, reserve, position);
            let inside = account.e_mode != 0 && reserve.e_mode == account.e_mode;
            let (_, ltv, threshold, _) = SPARK_E_MODE;
            Amounts {
                supplied,
                owed: variable + stable,
                collateral: position.collateral,
                price: BigUint::from(price(view, fork, reserve)),
                decimals: token.decimals,
                ltv_bps: if inside { ltv } else { reserve.ltv_bps },
                threshold_bps: if inside { threshold } else { reserve.threshold_bps },
            }
        })
        .collect()
}

/// The account of a user in the market at a place of the chain's.
pub(crate) fn account_of(view: &View<'_>, fork: usize, user: Address) -> Option<ForkAccount> {
    let wallet = view.world.wallet(user);
    let held = wallet.on(view.chain.facts.id)?;
    held.forks.iter().find(|account| account.fork == fork).cloned()
}

/// What `getUserAccountData` says of an address.
pub(crate) fn totals(view: &View<'_>, place: usize, fork: &Fork, user: Address) -> Totals {
    let account = account_of(view, place, user);
    account.map_or_else(Totals::default, |account| half_up::totals(&amounts(view, fork, &account)))
}
