//! The rule of `oracle_stale`: a price that the protocol liquidates by has not been updated for too long.
//!
//! The protocols take their oracle's last answer whatever its age. Feeds differ in their heartbeat, which no contract
//! tells: the line is a day's heartbeat, the longest in use, and an hour. Where a source does not say when it was
//! updated its age is unknown, and unknown is not fresh.

use risk_model::{Figure, HealthFactor, Severity};

use super::cure::cure;
use super::signal::{Rising, Text};
use super::{Condition, Thresholds};
use crate::report::{AccountReport, Report, ReserveReport};

/// Where an account that owes stands by the oldest of the prices that its health depends on.
pub(super) fn stale(account: &AccountReport, report: &Report, thresholds: &Thresholds) -> Condition {
    if account.health_factor == HealthFactor::NoDebt {
        let message = format!("nothing is owed on {}", account.key);
        return Condition::Clear { message, measured: None };
    }
    let counts =
        |one: &&ReserveReport| !one.owed.is_zero() || (one.is_collateral && one.liquidation_threshold > 0.0);
    let used: Vec<&ReserveReport> = account.reserves.iter().filter(counts).collect();
    let age =
        |one: &ReserveReport| one.oracle_updated_at.map(|updated| report.at.seconds_since(updated) as f64);
    let oldest = used
        .iter()
        .filter_map(|one| Some((*one, age(one)?)))
        .max_by(|a, b| a.1.total_cmp(&b.1).then_with(|| b.0.asset.cmp(&a.0.asset)));
    let Some((reserve, seconds)) = oldest else { return Condition::Unknown };
    let is_complete = used.iter().all(|one| one.oracle_updated_at.is_some());
    let message = format!(
        "{}: the oracle price of {} is {:.1} hours old",
        account.key,
        reserve.symbol,
        seconds / 3_600.0
    );
    let prices = match (&reserve.oracle_price, &reserve.market_price) {
        (Figure::Known(oracle), Figure::Known(market)) => {
            format!(" It still liquidates by {oracle} where the market pays {market}.")
        }
        _ => String::new(),
    };
    let action =
        format!("Reckon with a jump when the oracle moves again.{prices} {}", cure(account, report, None));
    let is_near = [&account.health_factor, &account.market_health_factor]
        .iter()
        .any(|factor| factor.ratio().is_some_and(|factor| factor < thresholds.health_factor.close));
    Rising {
        low: seconds,
        high: if is_complete { seconds } else { f64::INFINITY },
        line: thresholds.oracle_age_seconds,
        severity: if is_near { Severity::High } else { Severity::Medium },
    }
    .judge(Text { message, action })
}
