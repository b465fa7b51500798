//! The report on one lending account: its health by the protocol's oracle and by the market, and what would change it.

use risk_model::{Affects, Figure, Gap, GapReason, HealthFactor, Range, Usd};

use super::book::Book;
use super::freshness;
use super::gaps::{Gaps, reason};
use super::loss;
use super::motion::Motion;
use super::part::{self, Valued};
use crate::lending::{Facts, Fault, Lending, Standing, Unit};
use crate::liquidation::{self, Leg};
use crate::position::{LendingAccount, Provenance};
use crate::prepared::Prepared;
use crate::probability::Estimate;
use crate::quantity::wad_from;
use crate::report::AccountReport;
use crate::score::liquidation_points;

/// Stable name of an account within its wallet: protocol, chain and contract.
#[must_use]
pub fn account_key(account: &LendingAccount) -> String {
    account.account.facts().key
}

/// Reports one account by its facts, with what it adds to the wallet's book and gaps.
pub(super) fn report(
    account: &LendingAccount,
    facts: &Facts,
    prepared: &Prepared<'_>,
    book: &mut Book,
    gaps: &mut Gaps,
) -> AccountReport {
    let is_doubtful = freshness::check_account(facts, account.provenance, prepared, gaps);
    let unit_usd = unit_usd(facts, prepared);
    if let (Err(gap), true) = (&unit_usd, facts.owes != Some(false)) {
        gaps.add(gap.clone());
    }
    let parts = part::value(facts, unit_usd.as_ref().ok().copied(), prepared, book, gaps);
    let health_factor = health_factor(facts);
    if let (Err(fault), HealthFactor::Unknown(_)) = (&facts.standing, &health_factor) {
        gaps.add(unreadable(facts, fault));
    }
    let legs: Option<Vec<Leg>> =
        facts.standing.is_ok().then(|| parts.iter().map(|part| part.oracle_leg).collect()).flatten();
    let motion = Motion::of(&health_factor, legs.as_deref(), &parts, prepared, gaps);
    let usd = |pick: fn(&Standing) -> Option<f64>| dollars(facts, pick, unit_usd.as_ref());
    AccountReport {
        protocol: facts.protocol,
        chain: facts.chain,
        pool: facts.contract,
        block: facts.block,
        provenance: account.provenance,
        is_confirmed: !is_doubtful,
        market_health_factor: market_health_factor(facts, &parts),
        collateral: usd(|standing| Some(standing.collateral)),
        debt: usd(|standing| Some(standing.debt)),
        available_borrows: usd(|standing| standing.available_borrows),
        liquidation_threshold_bps: basis_points(facts, |standing| standing.liquidation_threshold_bps),
        ltv_bps: basis_points(facts, |standing| standing.ltv_bps),
        e_mode: facts.e_mode,
        uniform_drop: uniform_drop(&health_factor),
        score: points(&health_factor, &motion.probability_24h, is_doubtful, facts),
        distance_sigmas: motion.distance_sigmas,
        worst_move: motion.worst_move,
        carry: motion.carry,
        volatility: motion.volatility,
        probability_24h: motion.probability_24h,
        probability_7d: motion.probability_7d,
        probability_model: motion.model,
        liquidation_loss: loss::report(&account.account, facts, unit_usd.as_ref(), prepared),
        reserves: part::reports(&parts, legs.as_deref(), &health_factor, unit_usd.as_ref().err()),
        health_factor,
        key: facts.key.clone(),
    }
}

/// USD of one of the unit that the account is quoted in, by the market.
pub(super) fn unit_usd(facts: &Facts, prepared: &Prepared<'_>) -> Result<f64, Gap> {
    match facts.unit {
        Unit::Usd => Ok(1.0),
        Unit::Asset(asset) => prepared.price(&asset),
    }
}

fn health_factor(facts: &Facts) -> HealthFactor {
    match (&facts.standing, facts.owes) {
        (_, Some(false)) => HealthFactor::NoDebt,
        (Ok(standing), _) => standing.health_factor.clone(),
        (Err(fault), _) => HealthFactor::Unknown(fault.to_string()),
    }
}

fn unreadable(facts: &Facts, fault: &Fault) -> Gap {
    Gap {
        what: format!("health factor of {}: {fault}", facts.key),
        source: facts.protocol.name(),
        reason: fault.reason,
        affects: Affects::Liquidation,
        since: None,
    }
}

/// The health factor by market prices: in floats, because they are.
fn market_health_factor(facts: &Facts, parts: &[Valued<'_>]) -> HealthFactor {
    match (&facts.standing, facts.owes) {
        (_, Some(false)) => return HealthFactor::NoDebt,
        // What is wrong with the account is wrong at any price.
        (Err(fault), _) => return HealthFactor::Unknown(fault.to_string()),
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
fn points(
    health_factor: &HealthFactor,
    probability: &Figure<Estimate>,
    is_doubtful: bool,
    facts: &Facts,
) -> Range {
    // The contract's own comparison decides: a rounded factor of 1 may be on either side of it.
    let certain = facts.standing.as_ref().is_ok_and(|standing| standing.is_liquidatable);
    let probability = if certain { &Figure::Known(Estimate::exactly(1.0)) } else { probability };
    let range = match health_factor {
        HealthFactor::NoDebt => Range::exactly(0.0),
        HealthFactor::Unknown(_) => Range::UNKNOWN,
        HealthFactor::Known(_) => {
            let ratio = health_factor.ratio().unwrap_or(f64::NAN);
            if ratio.is_nan() {
                Range::UNKNOWN
            } else {
                liquidation_points(ratio, probability.known().map(|chance| chance.value))
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

fn dollars(facts: &Facts, pick: fn(&Standing) -> Option<f64>, unit_usd: Result<&f64, &Gap>) -> Figure<Usd> {
    let standing = match &facts.standing {
        Ok(standing) => standing,
        Err(fault) => return Figure::Unknown(fault.to_string()),
    };
    let Some(value) = pick(standing) else {
        return Figure::Unknown(format!("{} has no such number", facts.protocol));
    };
    match unit_usd {
        Ok(usd) => Usd::new(value * usd)
            .map_or_else(|| Figure::Unknown("the value is too large".to_owned()), Figure::Known),
        Err(gap) => because(gap),
    }
}

fn basis_points(facts: &Facts, pick: fn(&Standing) -> Option<u16>) -> Figure<u16> {
    match &facts.standing {
        Err(fault) => Figure::Unknown(fault.to_string()),
        Ok(standing) => pick(standing).map_or_else(
            || Figure::Unknown(format!("{} has no such number for this account", facts.protocol)),
            Figure::Known,
        ),
    }
}

/// The gap of an account that no chain read confirms.
pub(super) fn unconfirmed(facts: &Facts, provenance: Provenance) -> Option<Gap> {
    (provenance == Provenance::Subgraph).then(|| Gap {
        what: format!("{} from the chain: only its subgraph was read", facts.key),
        source: Provenance::Chain.name(),
        reason: GapReason::Unavailable,
        affects: Affects::Liquidation,
        since: Some(facts.block.timestamp),
    })
}

/// Why a figure that needs this gap's input is unknown.
pub(super) fn because<T>(gap: &Gap) -> Figure<T> {
    Figure::Unknown(reason(gap))
}
