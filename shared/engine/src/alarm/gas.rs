//! The rule of `gas_spike`: gas is far above its normal on a chain where an account needs a cure.
//!
//! The normal is an exponentially weighted mean of the logarithm of the gas price, with a time constant of a day:
//! what stays for half a day becomes the normal. It moves at most once an hour, so that a spike of minutes weighs
//! four parts in a hundred. Source of the weight: `1 − e^(−Δt/τ)`, the exact one for uneven spacing (Eckner, 2019).

use std::collections::BTreeMap;

use libm::{exp, log};
use risk_model::{ChainId, HealthFactor, Severity};

use super::cure::cure;
use super::memory::{Memory, NormalGas};
use super::signal::{Rising, Text};
use super::{Condition, Thresholds};
use crate::report::{AccountReport, GasCost, Report};

/// Time constant of the normal, seconds.
const TIME_CONSTANT_SECONDS: f64 = 86_400.0;
/// Least time between two moves of the normal, seconds.
const MOVES_EVERY_SECONDS: u64 = 3_600;
/// How far above the line of need an account must be to need no cure.
const NEED_BAND: f64 = 0.05;

/// The condition of each chain on which an account owes, or may owe.
pub(super) fn spikes(report: &Report, memory: &Memory, thresholds: &Thresholds) -> Vec<(ChainId, Condition)> {
    let owing = report.accounts.iter().filter(|account| account.health_factor != HealthFactor::NoDebt);
    let mut by_chain: BTreeMap<ChainId, Vec<&AccountReport>> = BTreeMap::new();
    for account in owing {
        by_chain.entry(account.chain).or_default().push(account);
    }
    let judge = |(chain, accounts): (ChainId, Vec<&AccountReport>)| {
        (chain, spike(chain, &accounts, report, memory, thresholds))
    };
    by_chain.into_iter().map(judge).collect()
}

fn spike(
    chain: ChainId,
    accounts: &[&AccountReport],
    report: &Report,
    memory: &Memory,
    thresholds: &Thresholds,
) -> Condition {
    // A cure is recommended from the closing line of the liquidation alert down.
    let own = thresholds.own_health_factor.map_or(0.0, |line| line.close);
    let need = thresholds.health_factor.close.max(own);
    let known = accounts.iter().filter_map(|account| Some((*account, account.health_factor.ratio()?)));
    let worst = known.min_by(|a, b| a.1.total_cmp(&b.1).then_with(|| a.0.key.cmp(&b.0.key)));
    let all_known = accounts.iter().all(|one| one.is_confirmed && one.health_factor.ratio().is_some());
    let Some((account, factor)) = worst else { return Condition::Unknown };
    let gwei = report.gas.iter().find(|(one, _)| *one == chain).map(|(_, gwei)| *gwei);
    let normal = memory.gas.get(&chain).map(|normal| normal.gwei).filter(|gwei| is_usable(*gwei));
    let cost = report.repayment_gas.iter().find(|cost| cost.chain == chain);
    let judged = match (gwei.filter(|gwei| is_usable(*gwei)), normal, cost) {
        (Some(gwei), Some(normal), Some(cost)) => {
            judge(&Prices { gwei, normal, cost }, factor, account, report, thresholds)
        }
        _ => Condition::Unknown,
    };
    // Gas that is not dear is clear whoever needs it.
    if factor < need || matches!(judged, Condition::Clear { .. }) {
        return judged;
    }
    if !all_known {
        return Condition::Unknown;
    }
    if factor >= need + NEED_BAND {
        let message = format!("no account on {chain} needs a cure: the lowest health factor is {factor:.4}");
        return Condition::Clear { message, measured: None };
    }
    match judged {
        Condition::Firing { message, measured, .. } => {
            Condition::Between { message, measured: Some(measured) }
        }
        other => other,
    }
}

struct Prices<'a> {
    gwei: f64,
    normal: f64,
    /// Of a repayment.
    cost: &'a GasCost,
}

fn judge(
    prices: &Prices<'_>,
    factor: f64,
    account: &AccountReport,
    report: &Report,
    thresholds: &Thresholds,
) -> Condition {
    let Prices { gwei, normal, cost } = *prices;
    let chain = account.chain;
    let multiple = gwei / normal;
    let line = thresholds.gas_multiple;
    // Ten times next to nothing is still next to nothing: what a repayment costs has to be past its own line too.
    let usd = cost.usd.known();
    let within = usd.map(|usd| multiple.min(line.open * usd.value() / thresholds.gas_min_usd));
    let worth = usd.map_or_else(String::new, |usd| format!(" ({usd})"));
    let message = format!(
        "gas on {chain} is {gwei:.2} gwei, {multiple:.1} times its normal of {normal:.2}, and {} may need a cure: \
         health factor {factor:.4}",
        account.key
    );
    let action = format!(
        "Have {:.6} {}{worth} at hand for each repayment's gas, and offer {gwei:.2} gwei or more. {}",
        cost.tokens,
        chain.native_symbol(),
        cure(account, report, None)
    );
    let severity = if factor < thresholds.health_factor_high { Severity::High } else { Severity::Medium };
    Rising { low: within.unwrap_or(0.0), high: within.unwrap_or(multiple), line, severity }
        .judge(Text { message, action })
}

fn is_usable(gwei: f64) -> bool {
    gwei.is_finite() && gwei > 0.0
}

/// The normals after a report. Chains without an account are forgotten where the report would have one.
pub(super) fn after(old: &BTreeMap<ChainId, NormalGas>, report: &Report) -> BTreeMap<ChainId, NormalGas> {
    let mut kept = if super::is_full(report) { BTreeMap::new() } else { old.clone() };
    for (chain, gwei) in &report.gas {
        let has_account = report.accounts.iter().any(|account| account.chain == *chain);
        if has_account && is_usable(*gwei) {
            kept.insert(*chain, moved(old.get(chain), *gwei, report));
        }
    }
    // Gas that was not told is no reason to forget what it normally is.
    for (chain, normal) in old {
        if report.accounts.iter().any(|account| account.chain == *chain) {
            kept.entry(*chain).or_insert(*normal);
        }
    }
    kept
}

fn moved(old: Option<&NormalGas>, gwei: f64, report: &Report) -> NormalGas {
    let Some(old) = old.filter(|old| is_usable(old.gwei)) else {
        return NormalGas { gwei, at: report.at };
    };
    let seconds = report.at.seconds_since(old.at);
    if old.at > report.at {
        return NormalGas { gwei: old.gwei, at: report.at };
    }
    if seconds < MOVES_EVERY_SECONDS {
        return *old;
    }
    let weight = 1.0 - exp(-(seconds as f64) / TIME_CONSTANT_SECONDS);
    let mean = exp((1.0 - weight) * log(old.gwei) + weight * log(gwei));
    NormalGas { gwei: if is_usable(mean) { mean } else { gwei }, at: report.at }
}
