//! Filtered historical simulation on hourly steps: market paths drawn once and walked by every account (C.3, C.4).
//!
//! Each step of each path draws one hour of the past for all assets, so what moved together moves together; its
//! filtered returns are scaled by the volatility that the path itself has led to. Between two hours the price is taken
//! for a Brownian bridge, whose lowest and highest point are drawn too: an account is checked with its collateral at
//! the lowest and its debt at the highest. That makes one risky asset against a steady one exact between the hours,
//! two that move together a little too unsafe, never too safe, and every chance monotone in amounts, prices and time.

use libm::{exp, log, sqrt};

use super::draw;
use super::estimate::{Estimate, Model, wilson};
use super::filter::{Filtered, HOURLY_LAMBDA, HOURLY_PERSISTENCE, next_variance};

/// Paths drawn.
pub const PATHS: u32 = 2_048;
/// Hours of the nearer horizon.
pub const NEAR_HOURS: u32 = 24;
/// Hours of a whole path: seven days.
pub const FAR_HOURS: u32 = 168;
/// Hours that one point stands for behind the nearer horizon.
const BLOCK_HOURS: u32 = 4;
/// Points of a path: one an hour, then one every four hours.
const POINTS: usize = (NEAR_HOURS + (FAR_HOURS - NEAR_HOURS) / BLOCK_HOURS) as usize;
const NEAR_POINTS: usize = NEAR_HOURS as usize;
/// Furthest that a price is followed, in log: beyond it no single-precision number is left.
const MAX_LOG_MOVE: f64 = 50.0;

/// The draws that every asset's paths share: which hour of the past, and how far out between two hours.
#[derive(Clone, Debug)]
pub struct Draws {
    seed: u64,
    window: u32,
    /// Hours before the newest hour, by path, then step.
    hours_back: Vec<u32>,
    /// −2 ln U, by path, then step.
    excess: Vec<f64>,
}

impl Draws {
    /// Draws for a window of so many hours under a seed; an empty window is taken for one hour.
    #[must_use]
    pub fn new(seed: u64, window: u32) -> Self {
        let window = window.max(1);
        let count = u64::from(PATHS) * u64::from(FAR_HOURS);
        let words = (0..count).map(|counter| draw::bits(seed, counter));
        let (hours_back, excess) =
            words.map(|word| (draw::place(word, window), -2.0 * log(draw::unit(word)))).unzip();
        Self { seed, window, hours_back, excess }
    }

    /// The paths of one asset by its filtered returns, whose last is of the window's hour `lag` hours back.
    ///
    /// Hours of the window that the asset has no return of (before its history began, after its last close) are stood
    /// in for by its own in turn: they keep its volatility, and say nothing of how it moves with the others.
    #[must_use]
    pub fn paths(&self, filtered: &Filtered, lag: u32) -> AssetPaths {
        let residuals = on_window(filtered.residuals(), self.window, lag);
        let mut low = Vec::with_capacity(PATHS as usize * POINTS);
        let mut high = Vec::with_capacity(PATHS as usize * POINTS);
        let steps = FAR_HOURS as usize;
        for (hours, excess) in self.hours_back.chunks_exact(steps).zip(self.excess.chunks_exact(steps)) {
            let mut walk = Walk { level: 0.0, variance: filtered.variance(), long_run: filtered.long_run() };
            let mut point = |range: std::ops::Range<usize>| {
                let (mut lowest, mut highest) = (f64::INFINITY, f64::NEG_INFINITY);
                let draws = hours.get(range.clone()).into_iter().flatten();
                for (back, excess) in draws.zip(excess.get(range).into_iter().flatten()) {
                    let residual = usize::try_from(*back).ok().and_then(|back| residuals.get(back));
                    let (down, up) = walk.step(residual.copied().unwrap_or(0.0), *excess);
                    lowest = lowest.min(down);
                    highest = highest.max(up);
                }
                low.push(factor(lowest));
                high.push(factor(highest));
            };
            (0..NEAR_POINTS).for_each(|hour| point(hour..hour + 1));
            (NEAR_POINTS..steps)
                .step_by(BLOCK_HOURS as usize)
                .for_each(|hour| point(hour..hour + BLOCK_HOURS as usize));
        }
        let lowest = low.iter().copied().fold(f32::INFINITY, f32::min);
        let highest = high.iter().copied().fold(0.0, f32::max);
        AssetPaths { low, high, lowest, highest, observations: filtered.residuals().len() }
    }

    /// What the chances of [`passage`] were computed with. `observations` is the shortest history used.
    #[must_use]
    pub fn model(&self, observations: usize) -> Model {
        let count = |number: usize| u32::try_from(number).map_or(f64::INFINITY, f64::from);
        // A seed above 2⁵³ would not survive as a JSON number; ours is small.
        let seed = u32::try_from(self.seed).map_or(f64::NAN, f64::from);
        Model {
            name: "filtered_historical".to_owned(),
            parameters: vec![
                ("paths", f64::from(PATHS)),
                ("seed", seed),
                ("step_hours", 1.0),
                ("window_hours", f64::from(self.window)),
                ("observations_hours", count(observations)),
                ("lambda", HOURLY_LAMBDA),
                ("persistence", HOURLY_PERSISTENCE),
            ],
        }
    }
}

/// One asset's simulated price factors.
#[derive(Clone, Debug)]
pub struct AssetPaths {
    /// Lowest price ÷ today's of each point, by path.
    low: Vec<f32>,
    /// Highest price ÷ today's of each point, by path.
    high: Vec<f32>,
    lowest: f32,
    highest: f32,
    observations: usize,
}

impl AssetPaths {
    /// Hourly returns that they were drawn from.
    #[must_use]
    pub const fn observations(&self) -> usize {
        self.observations
    }
}

/// A price on its way.
struct Walk {
    level: f64,
    variance: f64,
    long_run: f64,
}

impl Walk {
    /// One hour on: the lowest and the highest log price of it.
    ///
    /// The extremes of a Brownian bridge over a move r with variance v are `(r ∓ √(r² − 2v·ln U)) ÷ 2`; the move is
    /// less v/2, so that the price itself has no drift.
    fn step(&mut self, residual: f64, excess: f64) -> (f64, f64) {
        let move_ = sqrt(self.variance) * residual;
        let drifted = move_ - self.variance / 2.0;
        let reach = sqrt(drifted * drifted + self.variance * excess);
        let extremes = (self.level + (drifted - reach) / 2.0, self.level + (drifted + reach) / 2.0);
        self.level = (self.level + drifted).clamp(-MAX_LOG_MOVE, MAX_LOG_MOVE);
        self.variance = next_variance(self.variance, move_, self.long_run);
        extremes
    }
}

/// Residuals by hours before the window's newest hour.
fn on_window(residuals: &[f64], window: u32, lag: u32) -> Vec<f64> {
    let (length, lag) = (residuals.len().max(1), usize::try_from(lag).unwrap_or(usize::MAX));
    let newest_first = |back: usize| residuals.get(length - 1 - back).copied().unwrap_or(0.0);
    (0..usize::try_from(window).unwrap_or(0))
        .map(|back| match back.checked_sub(lag) {
            Some(own) => newest_first(own % length),
            None => newest_first(back % length),
        })
        .collect()
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "clamped into the range of single precision; 7 digits are meant"
)]
fn narrow(value: f64) -> f32 {
    value.clamp(f64::from(f32::MIN), f64::from(f32::MAX)) as f32
}

fn factor(log_move: f64) -> f32 {
    narrow(exp(log_move.clamp(-MAX_LOG_MOVE, MAX_LOG_MOVE)))
}

/// Chances that an account's N ≤ D (risk-math C.2) at or between any two hours, within 24 hours and within 7 days.
///
/// `legs` is by asset: its paths, and what it adds to N and takes off for D at today's prices (threshold × supplied −
/// owed, USD). The intervals are Wilson's on the count of paths. `None` where an amount is not finite.
#[must_use]
pub fn passage(legs: &[(&AssetPaths, f64)]) -> Option<[Estimate; 2]> {
    let largest = legs.iter().map(|(_, net)| net.abs()).fold(0.0, f64::max);
    if !legs.iter().all(|(_, net)| net.is_finite()) {
        return None;
    }
    // By a power of two, which rounds nothing: a larger debt stays larger in single precision.
    let scale = if largest > 0.0 { libm::ldexp(1.0, -libm::ilogb(largest)) } else { 1.0 };
    let weighted: Vec<(&AssetPaths, f32)> =
        legs.iter().map(|(paths, net)| (*paths, narrow(net * scale))).collect();
    let worst: f32 = weighted
        .iter()
        .map(|(paths, net)| net * if *net >= 0.0 { paths.lowest } else { paths.highest })
        .sum();
    // No path can reach it: the far margin of 1e-5 is for the order in which single precision adds.
    let reach: f32 = weighted.iter().map(|(paths, net)| net.abs() * paths.highest).sum();
    let hits = if worst > 1e-5 * reach { [0, 0] } else { count(&weighted) };
    Some(hits.map(|hits| wilson(hits, PATHS)))
}

fn count(legs: &[(&AssetPaths, f32)]) -> [u32; 2] {
    let rows: Vec<(&[f32], f32)> = legs
        .iter()
        .map(|(paths, net)| (if *net >= 0.0 { paths.low.as_slice() } else { paths.high.as_slice() }, *net))
        .collect();
    let (mut near, mut far) = (0, 0);
    for path in 0..PATHS as usize {
        let mut margins = [0.0_f32; POINTS];
        for (row, net) in &rows {
            let points = row.get(path * POINTS..(path + 1) * POINTS).unwrap_or_default();
            for (margin, point) in margins.iter_mut().zip(points) {
                *margin += net * point;
            }
        }
        let (first, rest) = margins.split_at(NEAR_POINTS);
        let is_near = any_under(first);
        near += u32::from(is_near);
        far += u32::from(is_near || any_under(rest));
    }
    [near, far]
}

/// Without an early way out, so that it is done four at a time.
fn any_under(margins: &[f32]) -> bool {
    margins.iter().fold(false, |any, margin| any | (*margin <= 0.0))
}

#[cfg(test)]
mod tests;
