//! Which model answers an account's chances of liquidation, and what it says.
//!
//! Everything pegged alike: depeg jumps. One collateral against one debt: the closed form. The rest: filtered
//! historical simulation, with depeg jumps beside it where a part of the account is a loop. A model whose input is
//! missing is not replaced by another: none of them is known never to be lower than the one it would stand in for.

use risk_model::{Asset, Gap, GapReason};

use super::super::part::Valued;
use super::gap;
use crate::liquidation::Leg;
use crate::prepared::Prepared;
use crate::probability::depeg::{self, Peg, PeggedLeg};
use crate::probability::volatility::{DAILY_LAMBDA, Volatility, ordinary, regime};
use crate::probability::{Estimate, Model, first_passage, paths};
use crate::returns::combine;

/// Both horizons and what they were computed with.
pub(super) struct Chances {
    pub(super) day: Estimate,
    pub(super) week: Estimate,
    pub(super) model: Model,
}

impl Chances {
    /// What needs no model.
    pub(super) fn certain(value: f64) -> Self {
        Self { day: Estimate::exactly(value), week: Estimate::exactly(value), model: Model::certain() }
    }
}

/// What an account holds and owes of one asset, USD or the account's unit.
pub(super) struct Exposure {
    asset: Asset,
    peg: Option<Peg>,
    is_base: bool,
    n: f64,
    d: f64,
}

impl Exposure {
    /// The parts that count, by asset, in the order of the parts.
    pub(super) fn by_asset(parts: &[Valued<'_>], legs: &[Leg]) -> Vec<Self> {
        let mut all: Vec<Self> = Vec::with_capacity(legs.len());
        for (part, leg) in parts.iter().zip(legs) {
            let (n, d) = (leg.weighted_collateral_usd, leg.debt_usd);
            if n == 0.0 && d == 0.0 {
                continue;
            }
            if let Some(known) = all.iter_mut().find(|one| one.asset == part.asset) {
                known.n += n;
                known.d += d;
                continue;
            }
            let peg = Peg::of(&part.part.symbol);
            let is_base = peg.is_some_and(|peg| peg.is_base(&part.part.symbol));
            all.push(Self { asset: part.asset, peg, is_base, n, d });
        }
        all
    }

    fn pegged(&self) -> Option<PeggedLeg> {
        let peg = self.peg.filter(|_| !self.is_base)?;
        Some(PeggedLeg { peg, weighted_collateral_usd: self.n, debt_usd: self.d })
    }
}

/// The chances of an account whose health factor is above 1.
///
/// # Errors
/// The gap of the history that the account's model needs.
pub(super) fn of(exposures: &[Exposure], prepared: &Prepared<'_>) -> Result<Chances, Gap> {
    let pegs: Vec<Option<Peg>> = exposures.iter().map(|one| one.peg).collect();
    let is_alike = pegs.first().is_some_and(Option::is_some) && pegs.windows(2).all(|two| two[0] == two[1]);
    if is_alike {
        return by_jumps(exposures, prepared);
    }
    if let [a, b] = exposures
        && let Some((held, owed)) = one_against_one(a, b)
    {
        return by_closed_form(held, owed, prepared);
    }
    let paths = by_paths(exposures, prepared)?;
    let legs = loops(exposures);
    if legs.is_empty() { Ok(paths) } else { beside(paths, exposures, &legs) }
}

fn one_against_one<'a>(a: &'a Exposure, b: &'a Exposure) -> Option<(&'a Exposure, &'a Exposure)> {
    let is_pair = |held: &Exposure, owed: &Exposure| held.d == 0.0 && owed.n == 0.0;
    match (is_pair(a, b), is_pair(b, a)) {
        (true, _) => Some((a, b)),
        (_, true) => Some((b, a)),
        _ => None,
    }
}

fn totals(exposures: &[Exposure]) -> (f64, f64) {
    exposures.iter().fold((0.0, 0.0), |(n, d), one| (n + one.n, d + one.d))
}

fn unusable() -> Gap {
    gap("the amounts or closes are too large or too small", GapReason::Malformed)
}

/// Daily moves of one asset's price over another's.
fn pair(held: &Exposure, owed: &Exposure, prepared: &Prepared<'_>) -> Result<Vec<f64>, Gap> {
    let series = [(prepared.returns(&held.asset)?, 1.0), (prepared.returns(&owed.asset)?, -1.0)];
    combine(&series, prepared.parameters().min_observations, |one| one)
        .map_err(|_| gap("the assets share too few days", GapReason::TooShort))
}

fn by_closed_form(held: &Exposure, owed: &Exposure, prepared: &Prepared<'_>) -> Result<Chances, Gap> {
    let volatility = regime(&pair(held, owed, prepared)?).ok_or_else(unusable)?;
    let at = |days: f64| closed(held.n / owed.d, &volatility, days).ok_or_else(unusable);
    let count = u32::try_from(volatility.observations).map_or(f64::INFINITY, f64::from);
    let model = Model {
        name: "closed_form".to_owned(),
        parameters: vec![
            ("daily_volatility", volatility.value),
            ("window_daily_volatility", volatility.long_run),
            ("present_daily_volatility", volatility.present),
            ("lambda", DAILY_LAMBDA),
            ("observations_days", count),
        ],
    };
    Ok(Chances { day: at(1.0)?, week: at(7.0)?, model })
}

/// The closed form, with the interval that the volatility's own one leaves. Day is the unit of time on both sides.
fn closed(factor: f64, volatility: &Volatility, days: f64) -> Option<Estimate> {
    let at = |share: f64| first_passage(factor, volatility.value * share, days);
    let value = at(1.0)?;
    let low = at((1.0 - volatility.relative_error).max(0.0))?.min(value);
    Some(Estimate { value, low, high: at(1.0 + volatility.relative_error)?.max(value) })
}

fn by_jumps(exposures: &[Exposure], prepared: &Prepared<'_>) -> Result<Chances, Gap> {
    // The widest pair speaks for all: the shares of a diffusion this small do not matter.
    let mut widest = 0.0_f64;
    for held in exposures.iter().filter(|one| one.n > 0.0) {
        for owed in exposures.iter().filter(|one| one.d > 0.0 && one.asset != held.asset) {
            let spread = ordinary(&pair(held, owed, prepared)?).ok_or_else(unusable)?;
            widest = widest.max(spread);
        }
    }
    let (n, d) = totals(exposures);
    let legs: Vec<PeggedLeg> = exposures.iter().filter_map(Exposure::pegged).collect();
    let at = |days: f64| depeg::passage(n, d, &legs, widest, days).ok_or_else(unusable);
    Ok(Chances { day: at(1.0)?, week: at(7.0)?, model: depeg::model(&pegs_of(&legs), Some(widest)) })
}

fn by_paths(exposures: &[Exposure], prepared: &Prepared<'_>) -> Result<Chances, Gap> {
    let mut legs = Vec::with_capacity(exposures.len());
    for one in exposures {
        legs.push((prepared.paths(&one.asset)?, one.n - one.d));
    }
    let [day, week] = paths::passage(&legs).ok_or_else(unusable)?;
    let observations = legs.iter().map(|(paths, _)| paths.observations()).min().unwrap_or(0);
    Ok(Chances { day, week, model: prepared.draws().model(observations) })
}

/// The legs of pegs that the account both holds and owes.
fn loops(exposures: &[Exposure]) -> Vec<PeggedLeg> {
    let has = |peg: Peg, side: fn(&Exposure) -> f64| {
        exposures.iter().any(|one| one.peg == Some(peg) && side(one) > 0.0)
    };
    let legs = exposures.iter().filter_map(Exposure::pegged);
    legs.filter(|leg| has(leg.peg, |one| one.n) && has(leg.peg, |one| one.d)).collect()
}

fn beside(paths: Chances, exposures: &[Exposure], legs: &[PeggedLeg]) -> Result<Chances, Gap> {
    let (n, d) = totals(exposures);
    let jump = |days: f64| depeg::jump(n, d, legs, days).ok_or_else(unusable);
    Ok(Chances {
        day: paths.day.or(jump(1.0)?),
        week: paths.week.or(jump(7.0)?),
        model: paths.model.and(depeg::model(&pegs_of(legs), None)),
    })
}

fn pegs_of(legs: &[PeggedLeg]) -> Vec<Peg> {
    let mut pegs: Vec<Peg> = legs.iter().map(|leg| leg.peg).collect();
    pegs.sort_unstable();
    pegs.dedup();
    pegs
}
