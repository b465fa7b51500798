//! The rule of `liquidation_risk`: where an account stands by its health factor and its chance within 24 hours.
//!
//! Where the chance is known for certain it decides, because it knows how much the account's own assets move: a factor
//! of 1.1 is days away for one and an hour for another. A fixed line on the factor stands in where the chance is not
//! known, and a line close to 1 stands in any case. `make backtest` measures the rule beside the fixed line.

use risk_model::Severity;

use super::{Line, Thresholds};

/// Where an account stands.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Stand {
    /// Past an opening line.
    Firing {
        /// How bad.
        severity: Severity,
        /// The figure: the factor, or the chance where only that one is past its line.
        measured: f64,
        /// The line that it passed.
        threshold: f64,
    },
    /// Beyond every closing line.
    Clear,
    /// Neither.
    Between,
}

/// Where a known health factor stands; `chance` is that of liquidation within 24 hours, fraction, and `None` where it
/// is unknown or something is missing that could make it another.
///
/// Without a chance it is never [`Stand::Clear`].
#[must_use]
pub fn stand(factor: f64, chance: Option<f64>, thresholds: &Thresholds) -> Stand {
    let line = factor_line(chance, thresholds);
    let by_factor = (factor < line.open).then(|| factor_severity(factor, thresholds));
    let by_chance = chance.and_then(|chance| chance_severity(chance, thresholds));
    match (by_factor, by_chance, chance) {
        (None, Some(severity), Some(chance)) => {
            Stand::Firing { severity, measured: chance, threshold: thresholds.probability_24h.open }
        }
        (Some(severity), by_chance, _) => {
            let severity = by_chance.map_or(severity, |one| one.max(severity));
            Stand::Firing { severity, measured: factor, threshold: line.open }
        }
        (None, _, Some(chance)) if factor > line.close && chance < thresholds.probability_24h.close => {
            Stand::Clear
        }
        _ => Stand::Between,
    }
}

/// The line on the factor in force: the nearest to 1 where the chance is known, a watch's own where it is higher.
fn factor_line(chance: Option<f64>, thresholds: &Thresholds) -> Line {
    let service = match chance {
        Some(_) => thresholds.health_factor_always,
        None => thresholds.health_factor,
    };
    match thresholds.own_health_factor {
        // Somebody asked to be told from there: no chance, however small, takes that back.
        Some(own) if chance.is_none() || own.open > service.open => own,
        _ => service,
    }
}

fn factor_severity(factor: f64, thresholds: &Thresholds) -> Severity {
    match factor {
        under if under < thresholds.health_factor_critical => Severity::Critical,
        under if under < thresholds.health_factor_high => Severity::High,
        _ => Severity::Medium,
    }
}

fn chance_severity(chance: f64, thresholds: &Thresholds) -> Option<Severity> {
    (chance >= thresholds.probability_24h.open).then_some(if chance >= thresholds.probability_24h_critical {
        Severity::Critical
    } else {
        Severity::High
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(factor: f64, chance: Option<f64>) -> Stand {
        stand(factor, chance, &Thresholds::default())
    }

    #[test]
    fn a_known_chance_decides_and_an_unknown_one_leaves_the_fixed_line() {
        assert_eq!(at(1.15, Some(0.001)), Stand::Clear);
        assert_eq!(at(1.15, Some(0.05)), Stand::Between);
        assert!(matches!(at(1.35, Some(0.12)), Stand::Firing { severity: Severity::High, .. }));
        assert!(matches!(at(1.15, None), Stand::Firing { severity: Severity::Medium, .. }));
        assert!(matches!(at(1.22, None), Stand::Between));
        assert_eq!(at(9.0, None), Stand::Between);
    }

    #[test]
    fn close_to_one_no_chance_is_small_enough() {
        assert!(matches!(at(1.04, Some(0.0)), Stand::Firing { severity: Severity::Critical, .. }));
        assert_eq!(at(1.06, Some(0.0)), Stand::Between);
        assert_eq!(at(1.08, Some(0.0)), Stand::Clear);
    }

    #[test]
    fn a_watchs_own_line_holds_whatever_the_chance() {
        let mut thresholds = Thresholds::default();
        thresholds.open_liquidation_under(1.5);
        assert!(matches!(
            stand(1.4, Some(0.0), &thresholds),
            Stand::Firing { severity: Severity::Medium, .. }
        ));
        assert_eq!(stand(1.52, Some(0.0), &thresholds), Stand::Between);
        assert_eq!(stand(1.6, Some(0.0), &thresholds), Stand::Clear);
        thresholds.open_liquidation_under(1.01);
        assert!(matches!(stand(1.03, Some(0.0), &thresholds), Stand::Firing { .. }));
        assert_eq!(stand(1.03, None, &thresholds), Stand::Between);
    }
}
