//! The rule of `parameter_change`: governance changed the terms of an asset, to the loss of an account that uses it.
//!
//! A change is news for a day. The terms that an account had before it are the accepted ones until the present ones
//! have stood unchanged for the notice period; then those are accepted, and the alert closes as any other. Better
//! terms are accepted at once and told to nobody. Caps are not looked at: no cap changes the health of an account.

use std::collections::BTreeMap;

use risk_model::{Asset, HealthFactor, Severity, Timestamp};

use super::cure::cure;
use super::memory::{AccountMemory, MAX_TERMS, Memory};
use super::{Condition, Thresholds};
use crate::lending::Terms;
use crate::position::Provenance;
use crate::quantity::whole;
use crate::report::{AccountReport, Report, ReserveReport};

/// Differences under this are rounding, fraction.
const TOLERANCE: f64 = 1e-9;

/// The terms of an asset for an account, all of them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AssetTerms {
    /// Share of the supply's value that counts before liquidation, fraction.
    pub liquidation_threshold: f64,
    /// The rest.
    pub terms: Terms,
}

/// What is remembered of an asset's terms.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TermsMemory {
    /// Those that the owner is taken to know.
    pub accepted: AssetTerms,
    /// Worse ones that are in force, and since when they have stood as they are.
    pub pending: Option<(AssetTerms, Timestamp)>,
}

/// One thing that got worse.
struct Loss {
    what: String,
    severity: Severity,
}

fn terms_of(reserve: &ReserveReport) -> AssetTerms {
    AssetTerms { liquidation_threshold: reserve.liquidation_threshold, terms: reserve.terms }
}

/// What is worse for a part of an account under the present terms.
fn losses(reserve: &ReserveReport, before: &AssetTerms, owes: bool) -> Vec<Loss> {
    let now = terms_of(reserve);
    let symbol = &reserve.symbol;
    let mut losses = Vec::new();
    let mut add = |severity, what: String| losses.push(Loss { what, severity });
    let percent = |share: f64| format!("{:.2} %", 100.0 * share);
    if reserve.is_collateral {
        if fell(before.liquidation_threshold, now.liquidation_threshold) {
            let severity = if owes { Severity::Medium } else { Severity::Low };
            let (from, to) = (percent(before.liquidation_threshold), percent(now.liquidation_threshold));
            add(severity, format!("liquidation threshold of {symbol} {from} to {to}"));
        }
        let (ltv_before, ltv) =
            (before.terms.loan_to_value.unwrap_or(0.0), now.terms.loan_to_value.unwrap_or(0.0));
        if fell(ltv_before, ltv) {
            let severity = if ltv <= 0.0 && owes { Severity::Medium } else { Severity::Low };
            add(severity, format!("loan to value of {symbol} {} to {}", percent(ltv_before), percent(ltv)));
        }
        if let (Some(from), Some(to)) = (before.terms.liquidation_bonus, now.terms.liquidation_bonus)
            && fell(to, from)
        {
            add(Severity::Low, format!("liquidation bonus of {symbol} {} to {}", percent(from), percent(to)));
        }
    }
    if now.terms.is_paused && !before.terms.is_paused {
        add(Severity::High, format!("{symbol} is paused: it can be neither repaid nor withdrawn"));
    } else if now.terms.is_frozen && !before.terms.is_frozen {
        add(Severity::Medium, format!("{symbol} is frozen: no more of it can be supplied"));
    }
    losses
}

fn fell(before: f64, now: f64) -> bool {
    before - now > TOLERANCE
}

/// Where an account stands by the terms of its assets; `measured` counts what got worse. An account of which no terms
/// are remembered is unknown.
pub(super) fn change(
    account: &AccountReport,
    report: &Report,
    memory: &Memory,
    thresholds: &Thresholds,
) -> Condition {
    let known = memory.account(&account.key).filter(|known| !known.terms.is_empty());
    let Some(known) = known.filter(|_| account.provenance == Provenance::Chain) else {
        return Condition::Unknown;
    };
    let owes = account.health_factor != HealthFactor::NoDebt;
    // What another e-mode changed the owner chose.
    let is_comparable = known.e_mode == account.e_mode;
    let accepted =
        |one: &ReserveReport| Some(known.terms.get(&one.asset)?.accepted).filter(|_| is_comparable);
    let mut found: Vec<Loss> = account
        .reserves
        .iter()
        .filter_map(|one| Some(losses(one, &accepted(one)?, owes)))
        .flatten()
        .collect();
    found.sort_by(|a, b| b.severity.cmp(&a.severity).then_with(|| a.what.cmp(&b.what)));
    let count = f64::from(u32::try_from(found.len()).unwrap_or(u32::MAX));
    if found.is_empty() {
        let message = format!("{}: the terms are those of before", account.key);
        return Condition::Clear { message, measured: Some(0.0) };
    }
    let before = factor_under(account, &accepted);
    let now = account.health_factor.ratio();
    let changes: Vec<&str> = found.iter().map(|loss| loss.what.as_str()).collect();
    let worst = found.iter().map(|loss| loss.severity).max().unwrap_or(Severity::Low);
    let has_moved = before.zip(now).is_some_and(|(before, now)| fell(before, now));
    let by_factor = match now.filter(|_| has_moved) {
        Some(factor) if factor < thresholds.health_factor_critical => Severity::Critical,
        Some(factor) if factor < thresholds.health_factor_high => Severity::High,
        _ => Severity::Low,
    };
    Condition::Firing {
        severity: worst.max(by_factor),
        message: format!("{}: {}; {}", account.key, changes.join(", "), what_it_does(before, now, owes)),
        action: action(account, report, &found),
        measured: count,
        threshold: 1.0,
    }
}

fn what_it_does(before: Option<f64>, now: Option<f64>, owes: bool) -> String {
    match (before, now) {
        (Some(before), Some(now)) => {
            format!("health factor {now:.4}, {before:.4} under the terms of before")
        }
        _ if owes => "what it does to the health factor is not known".to_owned(),
        _ => "nothing is owed".to_owned(),
    }
}

fn action(account: &AccountReport, report: &Report, found: &[Loss]) -> String {
    let is_paused = account.reserves.iter().any(|one| one.terms.is_paused);
    let way = if is_paused && found.iter().any(|loss| loss.severity == Severity::High) {
        "What is paused cannot be moved: cure the account by its other assets, and watch for the pause to end. "
    } else {
        ""
    };
    format!("{way}{}", cure(account, report, None))
}

/// The health factor that the account would have, all else equal, under other thresholds: its own, corrected by
/// `Σ supplied × price × threshold` of those over that of the present ones. `None` where a price is missing.
fn factor_under(
    account: &AccountReport,
    accepted: &impl Fn(&ReserveReport) -> Option<AssetTerms>,
) -> Option<f64> {
    let now = account.health_factor.ratio()?;
    let (mut counts_now, mut counts_before) = (0.0, 0.0);
    for one in account.reserves.iter().filter(|one| one.is_collateral) {
        let before = accepted(one).map_or(one.liquidation_threshold, |terms| terms.liquidation_threshold);
        let value = match one.oracle_price.known() {
            Some(price) => whole(one.supplied, one.decimals) * price.value(),
            // What counts for nothing in either needs no price.
            None if before <= 0.0 && one.liquidation_threshold <= 0.0 => 0.0,
            None => return None,
        };
        counts_now += value * one.liquidation_threshold;
        counts_before += value * before;
    }
    let factor = now * counts_before / counts_now;
    factor.is_finite().then_some(factor)
}

/// The e-mode and the terms to remember of an account.
pub(super) fn after(
    old: Option<&AccountMemory>,
    account: &AccountReport,
    at: Timestamp,
    thresholds: &Thresholds,
) -> (u8, BTreeMap<Asset, TermsMemory>) {
    if account.provenance != Provenance::Chain {
        // An indexer knows the terms of some block ago, or none.
        return old.map_or((account.e_mode, BTreeMap::new()), |old| (old.e_mode, old.terms.clone()));
    }
    let same_mode = old.filter(|old| old.e_mode == account.e_mode);
    let owes = account.health_factor != HealthFactor::NoDebt;
    let terms = account.reserves.iter().take(MAX_TERMS).map(|reserve| {
        let known = same_mode.and_then(|old| old.terms.get(&reserve.asset));
        let next = known.map_or_else(
            || TermsMemory { accepted: terms_of(reserve), pending: None },
            |known| known.after(reserve, owes, at, thresholds.parameter_notice_seconds),
        );
        (reserve.asset, next)
    });
    (account.e_mode, terms.collect())
}

impl TermsMemory {
    fn after(&self, reserve: &ReserveReport, owes: bool, at: Timestamp, notice_seconds: u64) -> Self {
        let now = terms_of(reserve);
        if losses(reserve, &self.accepted, owes).is_empty() {
            return Self { accepted: now, pending: None };
        }
        match self.pending {
            Some((seen, since)) if seen == now && since <= at => {
                if at.seconds_since(since) >= notice_seconds {
                    return Self { accepted: now, pending: None };
                }
                *self
            }
            _ => Self { accepted: self.accepted, pending: Some((now, at)) },
        }
    }
}
