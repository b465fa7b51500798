//! The report on one lending account: its health by the protocol's oracle and by the market, and what would change it.

use risk_model::{Affects, Figure, Gap, GapReason, HealthFactor, Protocol, Range, Usd};

use super::book::Book;
use super::freshness;
use super::gaps::{Gaps, reason};
use super::motion::Motion;
use super::reserve::{self, Part};
use crate::aave::{AccountData, AccountError, account_data, balances};
use crate::liquidation::{self, Leg};
use crate::position::{LendingAccount, Provenance};
use crate::prepared::Prepared;
use crate::quantity::{base_usd, wad_from};
use crate::report::AccountReport;
use crate::score::liquidation_points;

/// Stable name of an account within its wallet: protocol, chain and pool.
#[must_use]
pub fn account_key(account: &LendingAccount) -> String {
    format!("{}:{}:{:#x}", Protocol::AaveV3, account.market.chain, account.market.pool)
}

/// Reports one account, with what it adds to the wallet's book and gaps.
pub(super) fn report(
    account: &LendingAccount,
    prepared: &Prepared<'_>,
    book: &mut Book,
    gaps: &mut Gaps,
) -> AccountReport {
    let key = account_key(account);
    let market = &account.market;
    let is_doubtful = freshness::check_account(account, &key, prepared, gaps);
    let data = account_data(market, &account.position);
    let parts = reserve::parts(account, &key, prepared, book, gaps);
    let owes = owes(account, data.as_ref());
    let health_factor = health_factor(data.as_ref(), owes);
    if let (Err(error), HealthFactor::Unknown(_)) = (&data, &health_factor) {
        gaps.add(unreadable(&key, error));
    }
    let legs: Option<Vec<Leg>> =
        data.is_ok().then(|| parts.iter().map(|part| part.oracle_leg).collect()).flatten();
    let motion = Motion::of(&health_factor, legs.as_deref(), &parts, prepared, gaps);
    let base = |pick: fn(&AccountData) -> _| dollars(data.as_ref(), pick, market.base_unit);
    let bps = |pick: fn(&AccountData) -> _| basis_points(data.as_ref(), pick);
    AccountReport {
        protocol: Protocol::AaveV3,
        chain: market.chain,
        pool: market.pool,
        block: market.block,
        provenance: account.provenance,
        market_health_factor: market_health_factor(data.as_ref(), owes, &parts),
        collateral: base(|data| data.total_collateral_base),
        debt: base(|data| data.total_debt_base),
        available_borrows: base(|data| data.available_borrows_base),
        liquidation_threshold_bps: bps(|data| data.current_liquidation_threshold),
        ltv_bps: bps(|data| data.ltv),
        e_mode: account.position.e_mode,
        uniform_drop: uniform_drop(&health_factor),
        score: points(&health_factor, &motion.probability_24h, is_doubtful),
        distance_sigmas: motion.distance_sigmas,
        volatility: motion.volatility,
        probability_24h: motion.probability_24h,
        probability_7d: motion.probability_7d,
        reserves: reserve::reports(parts, legs.as_deref(), &health_factor),
        health_factor,
        key,
    }
}

/// Whether anything is owed: known even without a single price. `None` where not even that is.
fn owes(account: &LendingAccount, data: Result<&AccountData, &AccountError>) -> Option<bool> {
    if let Ok(data) = data {
        return Some(!data.total_debt_base.is_zero());
    }
    let mut owed =
        account.position.reserves.iter().map(|part| balances(&account.market, part).map(|(_, owed)| owed));
    owed.try_fold(false, |any, owed| owed.ok().map(|owed| any || !owed.is_zero()))
}

fn health_factor(data: Result<&AccountData, &AccountError>, owes: Option<bool>) -> HealthFactor {
    match (data, owes) {
        (_, Some(false)) => HealthFactor::NoDebt,
        (Ok(data), _) => HealthFactor::Known(data.health_factor),
        (Err(error), _) => HealthFactor::Unknown(error.to_string()),
    }
}

fn unreadable(key: &str, error: &AccountError) -> Gap {
    let reason = match error {
        AccountError::Unpriced { .. } | AccountError::UnknownEMode { .. } => GapReason::Missing,
        AccountError::UnknownReserve
        | AccountError::RepeatedReserve { .. }
        | AccountError::Overflow { .. }
        | AccountError::BlockBeforeUpdate { .. } => GapReason::Malformed,
    };
    let what = format!("health factor of {key}: {error}");
    Gap { what, source: Protocol::AaveV3.name(), reason, affects: Affects::Liquidation, since: None }
}

/// The health factor by market prices: in floats, because they are.
fn market_health_factor(
    data: Result<&AccountData, &AccountError>,
    owes: Option<bool>,
    parts: &[Part],
) -> HealthFactor {
    match (data, owes) {
        (_, Some(false)) => return HealthFactor::NoDebt,
        // What is wrong with the account is wrong at any price.
        (Err(error), _) => return HealthFactor::Unknown(error.to_string()),
        (Ok(_), _) => {}
    }
    let mut legs = Vec::with_capacity(parts.len());
    for part in parts {
        match &part.market_leg {
            Ok(leg) => legs.push(*leg),
            Err(why) => return HealthFactor::Unknown(why.clone()),
        }
    }
    let (n, d) = liquidation::totals(&legs);
    let too_large = || HealthFactor::Unknown("the values are too large or too small to divide".to_owned());
    wad_from(n / d).map_or_else(too_large, HealthFactor::Known)
}

/// The account's part of the liquidation component. What a doubtful source shows may only raise the lower end.
fn points(health_factor: &HealthFactor, probability: &Figure<f64>, is_doubtful: bool) -> Range {
    let range = match health_factor {
        HealthFactor::NoDebt => Range::exactly(0.0),
        HealthFactor::Unknown(_) => Range::UNKNOWN,
        HealthFactor::Known(_) => {
            let ratio = health_factor.ratio().unwrap_or(f64::NAN);
            if ratio.is_nan() {
                Range::UNKNOWN
            } else {
                liquidation_points(ratio, probability.known().copied())
            }
        }
    };
    if is_doubtful { range.widened() } else { range }
}

fn uniform_drop(health_factor: &HealthFactor) -> Figure<f64> {
    match health_factor {
        HealthFactor::NoDebt => Figure::Unknown("nothing is owed, so no fall liquidates".to_owned()),
        HealthFactor::Unknown(why) => Figure::Unknown(why.clone()),
        HealthFactor::Known(_) => health_factor.ratio().and_then(liquidation::uniform_drop).map_or_else(
            || Figure::Unknown("the health factor is 0: no finite rise cures it".to_owned()),
            Figure::Known,
        ),
    }
}

fn dollars(
    data: Result<&AccountData, &AccountError>,
    pick: fn(&AccountData) -> risk_model::U256,
    base_unit: risk_model::U256,
) -> Figure<Usd> {
    match data {
        Err(error) => Figure::Unknown(error.to_string()),
        Ok(data) => base_usd(pick(data), base_unit).and_then(Usd::new).map_or_else(
            || Figure::Unknown("the base currency's unit is not usable".to_owned()),
            Figure::Known,
        ),
    }
}

fn basis_points(
    data: Result<&AccountData, &AccountError>,
    pick: fn(&AccountData) -> risk_model::U256,
) -> Figure<u16> {
    match data {
        Err(error) => Figure::Unknown(error.to_string()),
        Ok(data) => u16::try_from(pick(data))
            .map_or_else(|_| Figure::Unknown("the average is no basis points".to_owned()), Figure::Known),
    }
}

/// The gap of an account that no chain read confirms.
pub(super) fn unconfirmed(account: &LendingAccount, key: &str) -> Option<Gap> {
    (account.provenance == Provenance::Subgraph).then(|| Gap {
        what: format!("{key} from the chain: only its subgraph was read"),
        source: Provenance::Chain.name(),
        reason: GapReason::Unavailable,
        affects: Affects::Liquidation,
        since: Some(account.market.block.timestamp),
    })
}

/// Why a figure that needs this gap's input is unknown.
pub(super) fn because<T>(gap: &Gap) -> Figure<T> {
    Figure::Unknown(reason(gap))
}
