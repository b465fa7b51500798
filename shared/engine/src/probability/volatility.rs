//! The volatility that a closed form is answered by: the window's, or half-way to the present regime's where that is
//! larger.

use libm::sqrt;

use super::estimate::Z_95;
use crate::market_risk::standard_deviation;

/// Decay of the daily exponentially weighted variance (RiskMetrics 1996; risk-math C.4).
pub const DAILY_LAMBDA: f64 = 0.94;
/// Returns whose mean square the weighted variance begins with.
const SEED_RETURNS: usize = 60;

/// A volatility and how well its sample tells it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Volatility {
    /// Standard deviation of one step's log move, fraction.
    pub value: f64,
    /// The same over the whole window, equally weighted.
    pub long_run: f64,
    /// The same by the exponentially weighted variance.
    pub present: f64,
    /// Steps in the window.
    pub observations: usize,
    /// Half the width of the 95 % interval, as a share of `value`: `1.96 ÷ √(2n)` with the effective n.
    pub relative_error: f64,
}

/// The window's standard deviation or, where the exponentially weighted variance is the larger, that half-way between
/// the two: variance returns to its mean, and a day after a crash is not all of the crash. In a lull the window keeps a
/// calm month from passing for a calm market. Half-way was chosen by `make backtest`: the weighted variance alone, its
/// larger and this one catch the same liquidations at one threshold, and this one with the fewest false alarms.
/// `None` for fewer than two moves or where one is not finite.
#[must_use]
pub fn regime(moves: &[f64]) -> Option<Volatility> {
    let long_run = standard_deviation(moves)?;
    let present = sqrt(weighted_variance(moves, DAILY_LAMBDA)?);
    let observations = moves.len();
    let all = f64::from(u32::try_from(observations).ok()?);
    // The weights (1 − λ)λᵏ count for (1 + λ) ÷ (1 − λ) equal ones.
    let few = ((1.0 + DAILY_LAMBDA) / (1.0 - DAILY_LAMBDA)).min(all);
    let effective = if present > long_run { few } else { all };
    let half_way = sqrt(f64::midpoint(long_run * long_run, present * present));
    let value = long_run.max(half_way);
    let relative_error = Z_95 / sqrt(2.0 * effective);
    value.is_finite().then_some(Volatility { value, long_run, present, observations, relative_error })
}

/// The exponentially weighted mean square after the last move: `v = λv + (1 − λ)r²`, begun with the mean square of
/// the first 60. `None` for no moves or a result that is not finite.
#[must_use]
pub fn weighted_variance(moves: &[f64], lambda: f64) -> Option<f64> {
    let first = moves.get(..moves.len().min(SEED_RETURNS)).filter(|first| !first.is_empty())?;
    let count = f64::from(u32::try_from(first.len()).ok()?);
    let seed = first.iter().map(|one| one * one).sum::<f64>() / count;
    let variance = moves.iter().fold(seed, |variance, one| lambda * variance + (1.0 - lambda) * one * one);
    variance.is_finite().then_some(variance)
}

/// Spread of the ordinary moves: the median of |r| ÷ 0.6745, which is σ of a normal and does not see rare jumps.
/// `None` for no moves or where the median is not finite.
#[must_use]
pub fn ordinary(moves: &[f64]) -> Option<f64> {
    let mut sizes: Vec<f64> = moves.iter().map(|one| one.abs()).collect();
    sizes.sort_by(f64::total_cmp);
    let median = *sizes.get(sizes.len() / 2)?;
    median.is_finite().then_some(median / 0.674_489_750_196_081_7)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fresh_crash_raises_the_volatility_at_once_and_a_lull_does_not_lower_it() {
        let calm: Vec<f64> = (0..300).map(|day| if day % 2 == 0 { 0.01 } else { -0.01 }).collect();
        let mut crashed = calm.clone();
        crashed.extend([-0.2, 0.1]);
        let (before, after) = (regime(&calm).unwrap(), regime(&crashed).unwrap());
        assert!((before.value - 0.01).abs() < 1e-4, "{before:?}");
        assert!(after.value > 0.035 && after.value > 1.9 * after.long_run, "{after:?}");
        let mut lull = [0.05, -0.05].repeat(100);
        lull.extend([0.0; 60]);
        let still = regime(&lull).unwrap();
        assert!((still.value - still.long_run).abs() < 1e-15 && still.present < 0.01, "{still:?}");
    }

    #[test]
    fn the_ordinary_moves_are_blind_to_a_jump() {
        let mut moves: Vec<f64> = (0..101).map(|day| f64::from(day - 50) * 1e-5).collect();
        let before = ordinary(&moves).unwrap();
        moves[0] = -0.5;
        assert!((ordinary(&moves).unwrap() / before - 1.0).abs() < 0.05);
        assert_eq!((ordinary(&[]), regime(&[0.1]), weighted_variance(&[], 0.94)), (None, None, None));
    }
}
