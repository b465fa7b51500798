//! Replay of a lending account: its health factor along a path of prices, the alerts of a rule, and their lead.

use risk_model::Timestamp;

use super::path::PricePath;
use super::shortage::{Missing, Shortage};
use crate::filtered::{FilterParameters, filter};
use crate::liquidation::{Leg, sensitivities};
use crate::probability::first_passage;

/// One asset's part of a lending account, at amounts that stay as they are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LendingTerm {
    /// Whole tokens supplied as collateral × liquidation threshold (fraction).
    pub weighted_collateral: f64,
    /// Whole tokens owed.
    pub debt: f64,
}

/// One step of a replay, as a rule sees it: the past and the present, nothing later.
#[derive(Clone, Copy, Debug)]
pub struct Moment<'a> {
    /// When.
    pub at: Timestamp,
    /// Σ weighted collateral ÷ Σ debt at this step's prices.
    pub health_factor: f64,
    /// The terms at this step's prices, by asset.
    pub legs: &'a [Leg],
    path: &'a PricePath,
    step: usize,
}

impl Moment<'_> {
    /// Seconds from one price to the next.
    #[must_use]
    pub const fn step_seconds(&self) -> u64 {
        self.path.step_seconds()
    }

    /// Log returns of one asset over the last steps up to this one, oldest first: as many of `most` as there are without
    /// a hole.
    #[must_use]
    pub fn returns(&self, asset: usize, most: usize) -> Vec<f64> {
        self.path.returns(asset, self.step, most)
    }

    /// Moves of ln HF over the last steps by the delta method, at this step's weights: `Σ g·r`, as far back as every asset
    /// that takes part has prices, `most` at most. `None` where no weight can be told.
    #[must_use]
    pub fn moves(&self, most: usize) -> Option<Vec<f64>> {
        let weights = sensitivities(self.legs)?;
        let mut moves: Option<Vec<f64>> = None;
        for (asset, weight) in weights.iter().enumerate().filter(|(_, weight)| **weight != 0.0) {
            let returns = self.returns(asset, most);
            let sum = moves.get_or_insert_with(|| vec![0.0; returns.len()]);
            let shared = sum.len().min(returns.len());
            sum.drain(..sum.len() - shared);
            for (sum, one) in sum.iter_mut().zip(returns.iter().skip(returns.len() - shared)) {
                *sum += weight * one;
            }
        }
        moves
    }
}

/// When an alert would have stood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Episode {
    /// The first step at which the rule held.
    pub from: Timestamp,
    /// The first step after it at which it did not; `None` where it stood to the end.
    pub until: Option<Timestamp>,
}

/// What happened to an account, and what the rule said.
#[derive(Clone, Debug, PartialEq)]
pub struct LendingReplay {
    /// The health factor of each step with all its prices, oldest first, up to the first one under 1.
    pub health: Vec<(Timestamp, f64)>,
    /// The first step with a health factor under 1: the account is gone from there on, and the replay ends.
    pub liquidatable_at: Option<Timestamp>,
    /// When the rule held.
    pub episodes: Vec<Episode>,
    /// Seconds from the beginning of the alert that stands at `liquidatable_at` until then: 0 where it began only there,
    /// `None` where none stands or nothing was liquidated.
    pub lead_seconds: Option<u64>,
    /// Steps at which the rule could not tell; an alert that stood before them stays.
    pub undecided: usize,
    /// Which prices are missing.
    pub missing: Vec<Missing>,
}

/// Replays an account along `path` from the time `from`. `rule` says of each step whether it warns, `None` where it
/// cannot tell. `terms` are by asset of the path.
///
/// # Errors
/// [`Shortage`] where nothing is owed, an amount is impossible, or an asset that takes part has no price after `from`.
pub fn replay_lending(
    terms: &[LendingTerm],
    path: &PricePath,
    from: Timestamp,
    rule: &dyn Fn(&Moment<'_>) -> Option<bool>,
) -> Result<LendingReplay, Shortage> {
    check(terms)?;
    let mut replay = LendingReplay {
        health: Vec::new(),
        liquidatable_at: None,
        episodes: Vec::new(),
        lead_seconds: None,
        undecided: 0,
        missing: missing(terms, path, from)?,
    };
    for step in path.steps_from(from) {
        let at = path.time(step);
        let Some((legs, health_factor)) = health(terms, path, step) else { continue };
        replay.health.push((at, health_factor));
        replay.hear(at, rule(&Moment { at, health_factor, legs: &legs, path, step }));
        if health_factor < 1.0 {
            replay.liquidatable_at = Some(at);
            let standing = replay.episodes.last().filter(|episode| episode.until.is_none());
            replay.lead_seconds = standing.map(|episode| at.seconds_since(episode.from));
            break;
        }
    }
    Ok(replay)
}

impl LendingReplay {
    fn hear(&mut self, at: Timestamp, warns: Option<bool>) {
        let standing = self.episodes.last_mut().filter(|episode| episode.until.is_none());
        match (warns, standing) {
            (None, _) => self.undecided = self.undecided.saturating_add(1),
            (Some(true), None) => self.episodes.push(Episode { from: at, until: None }),
            (Some(false), Some(episode)) => episode.until = Some(at),
            (Some(true), Some(_)) | (Some(false), None) => {}
        }
    }
}

/// The rule that warns under a health factor.
pub fn health_factor_below(limit: f64) -> impl Fn(&Moment<'_>) -> Option<bool> {
    move |moment| Some(moment.health_factor < limit)
}

/// The rule that warns where the chance of a health factor of 1 within `ahead_seconds` is at least `probability`: the
/// closed form of [`first_passage`] with the filtered volatility of the last `window` moves of ln HF. It cannot tell
/// where there are fewer than `min_moves` of them without a hole.
pub fn passage_at_least(
    probability: f64,
    ahead_seconds: u32,
    window: usize,
    min_moves: usize,
    filter_parameters: FilterParameters,
) -> impl Fn(&Moment<'_>) -> Option<bool> {
    move |moment| {
        if moment.health_factor <= 1.0 {
            return Some(true);
        }
        let moves = moment.moves(window).filter(|moves| moves.len() >= min_moves)?;
        let volatility = filter(&moves, &filter_parameters)?.volatility;
        let step_seconds = f64::from(u32::try_from(moment.step_seconds()).ok()?);
        let steps = f64::from(ahead_seconds) / step_seconds;
        Some(first_passage(moment.health_factor, volatility, steps)? >= probability)
    }
}

fn check(terms: &[LendingTerm]) -> Result<(), Shortage> {
    for (asset, term) in terms.iter().enumerate() {
        let sound = |amount: f64| amount.is_finite() && amount >= 0.0;
        if !sound(term.weighted_collateral) || !sound(term.debt) {
            return Err(Shortage::ImpossibleAmount { asset });
        }
    }
    if !terms.iter().any(|term| term.debt > 0.0) {
        return Err(if terms.is_empty() { Shortage::NoPositions } else { Shortage::NoDebt });
    }
    Ok(())
}

fn takes_part(term: &LendingTerm) -> bool {
    term.weighted_collateral > 0.0 || term.debt > 0.0
}

/// The legs and the health factor of a step; `None` where a price is missing or a sum is not finite.
fn health(terms: &[LendingTerm], path: &PricePath, step: usize) -> Option<(Vec<Leg>, f64)> {
    let mut legs = Vec::with_capacity(terms.len());
    let (mut weighted, mut owed) = (0.0, 0.0);
    for (asset, term) in terms.iter().enumerate() {
        // What takes no part needs no price; any other than 0 would do as well.
        let price_usd = if takes_part(term) { path.close(asset, step)? } else { 1.0 };
        let leg = Leg {
            weighted_collateral_usd: term.weighted_collateral * price_usd,
            debt_usd: term.debt * price_usd,
            price_usd,
        };
        weighted += leg.weighted_collateral_usd;
        owed += leg.debt_usd;
        legs.push(leg);
    }
    let health_factor = weighted / owed;
    health_factor.is_finite().then_some((legs, health_factor))
}

fn missing(terms: &[LendingTerm], path: &PricePath, from: Timestamp) -> Result<Vec<Missing>, Shortage> {
    let steps = path.steps_from(from);
    if steps.is_empty() {
        return Err(Shortage::ImpossiblePeriod);
    }
    let mut all = Vec::new();
    for (asset, _) in terms.iter().enumerate().filter(|(_, term)| takes_part(term)) {
        let absent = steps.clone().filter(|step| path.close(asset, *step).is_none()).count();
        if absent == steps.len() {
            return Err(Shortage::NoCloses { asset });
        }
        if absent > 0 {
            all.push(Missing { asset, steps: absent });
        }
    }
    Ok(all)
}

#[cfg(test)]
mod tests;
