//! How an account's health factor moves: its volatility, its distance, its chances of liquidation, and its carry.

mod chance;

use libm::{exp, sqrt};
use risk_model::{Affects, Asset, Figure, Gap, GapReason, HealthFactor};

use self::chance::{Chances, Exposure};
use super::account::because;
use super::gaps::Gaps;
use super::part::Valued;
use crate::liquidation::{self, Carry, Leg, Rates, WorstMove};
use crate::market_risk::{DAYS_PER_YEAR, standard_deviation};
use crate::prepared::Prepared;
use crate::probability::{Estimate, Model};
use crate::returns::{Series, shared_window};

/// What a health factor may do.
pub(super) struct Motion {
    pub(super) volatility: Figure<f64>,
    pub(super) distance_sigmas: Figure<f64>,
    pub(super) worst_move: Figure<Vec<(Asset, f64)>>,
    pub(super) carry: Figure<Carry>,
    pub(super) probability_24h: Figure<Estimate>,
    pub(super) probability_7d: Figure<Estimate>,
    pub(super) model: Option<Model>,
}

impl Motion {
    /// The motion of an account by its oracle legs and the market's returns. `legs` is by part.
    pub(super) fn of(
        health_factor: &HealthFactor,
        legs: Option<&[Leg]>,
        parts: &[Valued<'_>],
        prepared: &Prepared<'_>,
        gaps: &mut Gaps,
    ) -> Self {
        let ratio = match health_factor {
            HealthFactor::NoDebt => {
                return Self::still("nothing is owed", Some(Chances::certain(0.0)));
            }
            HealthFactor::Unknown(why) => return Self::still(why, None),
            HealthFactor::Known(_) => health_factor.ratio().unwrap_or(0.0),
        };
        let legs = legs.unwrap_or_default();
        let moves = moves(legs, parts, prepared);
        let joint = moves.as_ref().map_err(Clone::clone).and_then(|moves| worst_move(legs, moves));
        let chances = if ratio <= 1.0 {
            // Already there: no history is needed to tell.
            Ok(Chances::certain(1.0))
        } else {
            chance::of(&Exposure::by_asset(parts, legs), prepared)
        };
        let volatility =
            moves.and_then(|moves| daily_volatility(legs, &moves)).map(|daily| daily * sqrt(DAYS_PER_YEAR));
        if ratio > 1.0 {
            volatility
                .as_ref()
                .err()
                .into_iter()
                .chain(chances.as_ref().err())
                .for_each(|gap| gaps.add(gap.clone()));
        }
        let unknown = |gap: &Gap| because(gap);
        Self {
            distance_sigmas: joint.as_ref().map_or_else(unknown, |found| Figure::Known(found.sigmas)),
            worst_move: joint.as_ref().map_or_else(because, |found| Figure::Known(factors(parts, found))),
            carry: carry(legs, parts),
            probability_24h: chances.as_ref().map_or_else(because, |chances| Figure::Known(chances.day)),
            probability_7d: chances.as_ref().map_or_else(because, |chances| Figure::Known(chances.week)),
            model: chances.ok().map(|chances| chances.model),
            volatility: volatility.map_or_else(|gap| because(&gap), Figure::Known),
        }
    }

    fn still(why: &str, chances: Option<Chances>) -> Self {
        let unknown = || Figure::Unknown(why.to_owned());
        let chance = |pick: fn(&Chances) -> Estimate| {
            chances.as_ref().map_or_else(|| Figure::Unknown(why.to_owned()), |all| Figure::Known(pick(all)))
        };
        Self {
            volatility: unknown(),
            distance_sigmas: unknown(),
            worst_move: Figure::Unknown(why.to_owned()),
            carry: Figure::Unknown(why.to_owned()),
            probability_24h: chance(|all| all.day),
            probability_7d: chance(|all| all.week),
            model: chances.map(|chances| chances.model),
        }
    }
}

/// A gap of what the moves of a health factor need.
pub(super) fn gap(what: &str, reason: GapReason) -> Gap {
    Gap {
        what: format!("moves of the health factor: {what}"),
        source: "market data",
        reason,
        affects: Affects::Volatility,
        since: None,
    }
}

/// The daily returns of every leg that counts, on the days that all of them share; those of other legs are empty.
fn moves(legs: &[Leg], parts: &[Valued<'_>], prepared: &Prepared<'_>) -> Result<Vec<Vec<f64>>, Gap> {
    let counts = |leg: &Leg| leg.weighted_collateral_usd != 0.0 || leg.debt_usd != 0.0;
    let mut all = Vec::with_capacity(legs.len());
    for (part, leg) in parts.iter().zip(legs) {
        all.push(if counts(leg) { Some(prepared.returns(&part.asset)?) } else { None });
    }
    let too_short = || gap("the assets share too few days", GapReason::TooShort);
    let least = prepared.parameters().min_observations;
    let shared = shared_window(all.iter().copied().flatten(), least).map_err(|_| too_short())?;
    let of = |series: Option<&Series>| match (series, shared) {
        (Some(series), Some(window)) => series.log_returns(window).map(<[f64]>::to_vec).ok_or_else(too_short),
        _ => Ok(Vec::new()),
    };
    all.into_iter().map(of).collect()
}

/// Standard deviation of a day's move of ln HF: of `Σ g·r` (delta method).
fn daily_volatility(legs: &[Leg], moves: &[Vec<f64>]) -> Result<f64, Gap> {
    let weights =
        liquidation::sensitivities(legs).ok_or_else(|| gap("no collateral counts", GapReason::Missing))?;
    let days = moves.iter().map(Vec::len).max().unwrap_or(0);
    if days == 0 {
        return Ok(0.0);
    }
    let mut sums = vec![0.0; days];
    for (moves, weight) in moves.iter().zip(weights) {
        sums.iter_mut().zip(moves).for_each(|(sum, one)| *sum += weight * one);
    }
    standard_deviation(&sums)
        .ok_or_else(|| gap("the closes are too large or too small", GapReason::Malformed))
}

/// The likeliest joint move of a day, by the covariance of the shared days.
fn worst_move(legs: &[Leg], moves: &[Vec<f64>]) -> Result<WorstMove, Gap> {
    liquidation::worst_joint_move(legs, &covariances(moves))
        .ok_or_else(|| gap("prices do not move it, or never that far", GapReason::Missing))
}

/// Sample covariances (n − 1) by leg and leg; 0 with a leg that does not count.
fn covariances(moves: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let count = |list: &[f64]| u32::try_from(list.len()).map_or(0.0, f64::from);
    let centred = |list: &Vec<f64>| -> Vec<f64> {
        let mean = list.iter().sum::<f64>() / count(list);
        list.iter().map(|one| one - mean).collect()
    };
    let all: Vec<Vec<f64>> = moves.iter().map(centred).collect();
    let mut covariances = vec![vec![0.0; all.len()]; all.len()];
    for (row, a) in all.iter().enumerate() {
        for (column, b) in all.iter().enumerate().take(row + 1) {
            let n = count(a).min(count(b));
            let one =
                if n < 2.0 { 0.0 } else { a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>() / (n - 1.0) };
            for (row, column) in [(row, column), (column, row)] {
                if let Some(place) = covariances.get_mut(row).and_then(|row| row.get_mut(column)) {
                    *place = one;
                }
            }
        }
    }
    covariances
}

fn factors(parts: &[Valued<'_>], found: &WorstMove) -> Vec<(Asset, f64)> {
    let moved = parts.iter().zip(&found.log_moves).filter(|(_, log_move)| **log_move != 0.0);
    moved.map(|(part, log_move)| (part.asset, exp(*log_move) - 1.0)).collect()
}

/// Where interest alone leads; every leg that counts needs its rate.
fn carry(legs: &[Leg], parts: &[Valued<'_>]) -> Figure<Carry> {
    let mut rates = Vec::with_capacity(legs.len());
    for (leg, part) in legs.iter().zip(parts) {
        let earned = if leg.weighted_collateral_usd > 0.0 { part.part.supply_rate } else { Some(0.0) };
        let paid = if leg.debt_usd > 0.0 { part.part.borrow_rate } else { Some(0.0) };
        let Some((supply, borrow)) = earned.zip(paid) else {
            return Figure::Unknown(format!("the interest of {} was not read", part.part.symbol));
        };
        rates.push(Rates { supply, borrow });
    }
    liquidation::interest_only(legs, &rates)
        .map_or_else(|| Figure::Unknown("the amounts or rates are no numbers".to_owned()), Figure::Known)
}
