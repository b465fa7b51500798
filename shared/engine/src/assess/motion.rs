//! How an account's health factor moves: its volatility by the delta method, its distance and its probabilities.

use libm::sqrt;
use risk_model::{Affects, Figure, Gap, GapReason, HealthFactor};

use super::account::because;
use super::gaps::Gaps;
use super::part::Valued;
use crate::liquidation::{self, Leg};
use crate::market_risk::{DAYS_PER_YEAR, standard_deviation};
use crate::prepared::Prepared;
use crate::probability::first_passage;
use crate::returns::{Series, combine};

/// What a health factor may do.
pub(super) struct Motion {
    pub(super) volatility: Figure<f64>,
    pub(super) distance_sigmas: Figure<f64>,
    pub(super) probability_24h: Figure<f64>,
    pub(super) probability_7d: Figure<f64>,
}

impl Motion {
    /// The motion of an account by its oracle legs and the market's daily returns. `legs` is by part.
    pub(super) fn of(
        health_factor: &HealthFactor,
        legs: Option<&[Leg]>,
        parts: &[Valued<'_>],
        prepared: &Prepared<'_>,
        gaps: &mut Gaps,
    ) -> Self {
        let ratio = match health_factor {
            HealthFactor::NoDebt => return Self::still("nothing is owed", Figure::Known(0.0)),
            HealthFactor::Unknown(why) => return Self::still(why, Figure::Unknown(why.clone())),
            HealthFactor::Known(_) => health_factor.ratio().unwrap_or(0.0),
        };
        let volatility = match daily_volatility(legs.unwrap_or_default(), parts, prepared) {
            Ok(volatility) => Figure::Known(volatility),
            Err(gap) if ratio > 1.0 => {
                let unknown = because(&gap);
                gaps.add(gap);
                unknown
            }
            Err(gap) => because(&gap),
        };
        let probability = |days: f64| passage(ratio, &volatility, days);
        Self {
            distance_sigmas: distance(ratio, &volatility),
            probability_24h: probability(1.0),
            probability_7d: probability(7.0),
            volatility: volatility.map(|daily| daily * sqrt(DAYS_PER_YEAR)),
        }
    }

    fn still(why: &str, probability: Figure<f64>) -> Self {
        Self {
            volatility: Figure::Unknown(why.to_owned()),
            distance_sigmas: Figure::Unknown(why.to_owned()),
            probability_24h: probability.clone(),
            probability_7d: probability,
        }
    }
}

/// Standard deviation of a day's move of ln HF: of `Σ g·r` over the days that all assets share.
fn daily_volatility(legs: &[Leg], parts: &[Valued<'_>], prepared: &Prepared<'_>) -> Result<f64, Gap> {
    let gap = |what: &str, reason| Gap {
        what: format!("moves of the health factor: {what}"),
        source: "market data",
        reason,
        affects: Affects::Volatility,
        since: None,
    };
    let weights =
        liquidation::sensitivities(legs).ok_or_else(|| gap("no collateral counts", GapReason::Missing))?;
    let mut series: Vec<(&Series, f64)> = Vec::with_capacity(parts.len());
    for (part, weight) in parts.iter().zip(&weights).filter(|(_, weight)| **weight != 0.0) {
        series.push((prepared.returns(&part.asset)?, *weight));
    }
    if series.is_empty() {
        return Ok(0.0);
    }
    let moves = combine(&series, prepared.parameters().min_observations, |one| one)
        .map_err(|_| gap("the assets share too few days", GapReason::TooShort))?;
    standard_deviation(&moves)
        .ok_or_else(|| gap("the closes are too large or too small", GapReason::Malformed))
}

fn passage(ratio: f64, daily_volatility: &Figure<f64>, days: f64) -> Figure<f64> {
    if ratio <= 1.0 {
        // Already there: no history is needed to tell.
        return Figure::Known(1.0);
    }
    match daily_volatility {
        Figure::Unknown(why) => Figure::Unknown(why.clone()),
        // Day as the unit of time on both sides; the drift −σ²/2 scales with it.
        Figure::Known(daily) => first_passage(ratio, *daily, days).map_or_else(
            || Figure::Unknown("the health factor or its volatility is too large".to_owned()),
            Figure::Known,
        ),
    }
}

fn distance(ratio: f64, daily_volatility: &Figure<f64>) -> Figure<f64> {
    match daily_volatility {
        Figure::Unknown(why) => Figure::Unknown(why.clone()),
        Figure::Known(daily) => liquidation::distance_sigmas(ratio, *daily, 1.0).map_or_else(
            || Figure::Unknown("the health factor does not move with prices, or is 0".to_owned()),
            Figure::Known,
        ),
    }
}
