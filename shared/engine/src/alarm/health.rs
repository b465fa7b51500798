//! The rules of `health_factor_drop` and `carry_liquidation`: where an account comes from, and where interest leads.

use libm::pow;
use risk_model::{Figure, HealthFactor, Severity};

use super::cure::cure;
use super::memory::Memory;
use super::{Condition, Thresholds};
use crate::liquidation::Carry;
use crate::report::{AccountReport, Report};

/// Days of a year, as lending protocols count it.
const DAYS_PER_YEAR: f64 = 365.0;

/// Where an account stands by the fall of its health factor from the highest of the last window. It fires only where
/// the fall lands under a factor that matters, and says so whatever the cause: prices, interest, or somebody who
/// borrowed more. `liquidation_risk` alone is ever critical.
pub(super) fn drop(
    account: &AccountReport,
    report: &Report,
    memory: &Memory,
    thresholds: &Thresholds,
) -> Condition {
    let factor = match &account.health_factor {
        HealthFactor::Unknown(_) => return Condition::Unknown,
        HealthFactor::NoDebt if account.is_confirmed => {
            let message = format!("nothing is owed on {}", account.key);
            return Condition::Clear { message, measured: None };
        }
        HealthFactor::NoDebt => return Condition::Unknown,
        HealthFactor::Known(_) => account.health_factor.ratio().unwrap_or(0.0),
    };
    let peaks = memory.account(&account.key).and_then(|account| account.peaks);
    let window = thresholds.fall_window_seconds;
    // Without a past the present is the highest.
    let highest = peaks.and_then(|peaks| peaks.reference(report.at, window)).unwrap_or(factor).max(factor);
    let fall = if highest > 0.0 { 1.0 - factor / highest } else { 0.0 };
    let message = format!(
        "{}: health factor {factor:.4}, {:.1} % under its highest of the last {} h ({highest:.4})",
        account.key,
        100.0 * fall,
        window / 3_600
    );
    let (line, landing) = (thresholds.health_factor_fall, thresholds.fall_matters_under);
    if fall >= line.open && factor < landing.open {
        let is_high = factor < thresholds.health_factor_high;
        return Condition::Firing {
            severity: if is_high { Severity::High } else { Severity::Medium },
            message,
            action: cure(account, report, None),
            measured: fall,
            threshold: line.open,
        };
    }
    if !account.is_confirmed {
        return Condition::Unknown;
    }
    if fall < line.close || factor > landing.close {
        return Condition::Clear { message, measured: Some(fall) };
    }
    Condition::Between { message, measured: Some(fall) }
}

/// Where an account stands by the days until interest alone liquidates it, prices still. An account so near 1 that
/// `liquidation_risk` stands in any case opens no second alert here; one that stands stays.
pub(super) fn carry(account: &AccountReport, report: &Report, thresholds: &Thresholds) -> Condition {
    let line = thresholds.carry_days;
    let factor = match &account.health_factor {
        HealthFactor::NoDebt if account.is_confirmed => {
            let message = format!("nothing is owed on {}", account.key);
            return Condition::Clear { message, measured: None };
        }
        HealthFactor::NoDebt | HealthFactor::Unknown(_) => return Condition::Unknown,
        HealthFactor::Known(_) => account.health_factor.ratio().unwrap_or(0.0),
    };
    let days = match &account.carry {
        Figure::Unknown(_) => return Condition::Unknown,
        Figure::Known(Carry::Never) => {
            let message = format!("{}: interest alone never liquidates it", account.key);
            return if account.is_confirmed {
                Condition::Clear { message, measured: None }
            } else {
                Condition::Unknown
            };
        }
        Figure::Known(Carry::Liquidates { years }) => years * DAYS_PER_YEAR,
    };
    let message = format!(
        "{}: interest alone liquidates it in {days:.1} days, at the present rates and prices",
        account.key
    );
    if factor < thresholds.health_factor_always.open {
        return Condition::Between { message, measured: Some(days) };
    }
    if days < line.open {
        let severity = if days < line.open / 4.0 { Severity::High } else { Severity::Medium };
        let action = cure(account, report, Some(lasting(factor, days, line.close)));
        return Condition::Firing { severity, message, action, measured: days, threshold: line.open };
    }
    match (account.is_confirmed, days > line.close) {
        (true, true) => Condition::Clear { message, measured: Some(days) },
        (true, false) => Condition::Between { message, measured: Some(days) },
        (false, _) => Condition::Unknown,
    }
}

/// The health factor from which interest takes so many days: `t = ln(HF) ÷ spread` makes it `HF^(wanted ÷ days)`.
/// Exact for one collateral against one debt.
fn lasting(factor: f64, days: f64, wanted: f64) -> f64 {
    let target = pow(factor, wanted / days);
    if target.is_finite() { target.min(10.0) } else { 10.0 }
}
