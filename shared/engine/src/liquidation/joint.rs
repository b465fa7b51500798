//! The worst joint move: the likeliest log move of all prices that brings an account to liquidation (risk-math C.2).

use libm::{exp, sqrt};

use super::{Leg, totals};

/// Most refinements; each is a Newton step on the tangent plane, and three are usual.
const MAX_STEPS: usize = 50;
/// A point on the border is good to this share of D.
const TOLERANCE: f64 = 1e-12;

/// The nearest point of the border N(eˣ) = D(eˣ), by the covariance of the log moves.
#[derive(Clone, Debug, PartialEq)]
pub struct WorstMove {
    /// Log move of each leg's price.
    pub log_moves: Vec<f64>,
    /// How far it is: `√(xᵀΣ⁻¹x)`, standard deviations of the horizon that Σ is of. Negative where N ≤ D already.
    pub sigmas: f64,
}

/// Minimises `xᵀΣ⁻¹x` subject to `N(eˣ) = D(eˣ)`: x lies along Σ∇h with h = ln N − ln D, and each step solves the
/// constraint linearised at the last point, `x' = −Σg·(h − gᵀx) ÷ (gᵀΣg)`. The first step, from 0, is the delta
/// method's `−ln(HF)·Σg ÷ (gᵀΣg)`. Σ is never inverted, so it may be singular.
///
/// `covariance` is by leg, rows first, of the log moves over the horizon. `None` where nothing moves the factor, the
/// border is not reached, or a number is not finite.
#[must_use]
pub fn worst_joint_move(legs: &[Leg], covariance: &[Vec<f64>]) -> Option<WorstMove> {
    let is_square = covariance.len() == legs.len() && covariance.iter().all(|row| row.len() == legs.len());
    let (n, d) = totals(legs);
    if !is_square || n <= 0.0 || d <= 0.0 {
        return None;
    }
    let mut moves = vec![0.0; legs.len()];
    let mut best: Option<WorstMove> = None;
    for _ in 0..MAX_STEPS {
        let moved = shifted(legs, &moves);
        let (n_there, d_there) = totals(&moved);
        let h = libm::log(n_there) - libm::log(d_there);
        let g: Vec<f64> =
            moved.iter().map(|leg| leg.weighted_collateral_usd / n_there - leg.debt_usd / d_there).collect();
        let spread: Vec<f64> = covariance.iter().map(|row| dot(row, &g)).collect();
        let variance = dot(&g, &spread);
        if !(variance > 0.0 && variance.is_finite() && h.is_finite()) {
            break;
        }
        // How far along Σg the linearised border lies.
        let along = (dot(&g, &moves) - h) / variance;
        let next: Vec<f64> = spread.iter().map(|one| along * one).collect();
        let change = next.iter().zip(&moves).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        moves = next;
        let sigmas = along.abs() * sqrt(variance);
        if change < TOLERANCE && h.abs() < 1e-9 {
            let sign = if n > d { 1.0 } else { -1.0 };
            best = Some(WorstMove { log_moves: moves.clone(), sigmas: sign * sigmas });
            break;
        }
    }
    best.filter(|found| found.sigmas.is_finite() && found.log_moves.iter().all(|one| one.is_finite()))
}

/// Size of a common log shock, each price moving by `e^(−β·s)`, at which the factor is 1, by bisection on 0 to 50;
/// `betas` is by leg. `None` where no shock of this direction and size liquidates.
#[must_use]
pub fn log_shock_to_liquidation(legs: &[Leg], betas: &[f64]) -> Option<f64> {
    let surplus = |shock: f64| {
        let moves: Vec<f64> = betas.iter().map(|beta| -beta * shock).collect();
        let (n, d) = totals(&shifted(legs, &moves));
        n - d
    };
    let (mut safe, mut under) = (0.0, 50.0);
    if betas.len() != legs.len() || surplus(safe).is_nan() || surplus(safe) <= 0.0 {
        return None;
    }
    // The surplus need not fall all the way: the first doubling under 0 brackets the nearest border there is.
    let mut step = 1e-3;
    while step <= under && surplus(step) > 0.0 {
        safe = step;
        step *= 1.25;
    }
    if !(step <= under && surplus(step).is_finite()) {
        return None;
    }
    under = step;
    for _ in 0..200 {
        let middle = f64::midpoint(safe, under);
        if surplus(middle) > 0.0 { safe = middle } else { under = middle }
    }
    Some(under)
}

fn shifted(legs: &[Leg], moves: &[f64]) -> Vec<Leg> {
    let move_one = |(leg, log_move): (&Leg, &f64)| {
        let factor = exp(*log_move);
        Leg {
            weighted_collateral_usd: leg.weighted_collateral_usd * factor,
            debt_usd: leg.debt_usd * factor,
            price_usd: leg.price_usd * factor,
        }
    };
    legs.iter().zip(moves).map(move_one).collect()
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leg(weighted: f64, debt: f64) -> Leg {
        Leg { weighted_collateral_usd: weighted, debt_usd: debt, price_usd: 1.0 }
    }

    #[test]
    fn one_against_one_is_exactly_the_delta_methods_distance() {
        let found =
            worst_joint_move(&[leg(1.5, 0.0), leg(0.0, 1.0)], &[vec![0.04, 0.0], vec![0.0, 0.0]]).unwrap();
        assert!((found.sigmas - libm::log(1.5) / 0.2).abs() < 1e-9, "{found:?}");
        assert!((found.log_moves[0] + libm::log(1.5)).abs() < 1e-9 && found.log_moves[1] == 0.0);
    }

    #[test]
    fn the_nearest_point_of_two_collaterals_is_on_the_border_and_nearer_than_its_neighbours() {
        let legs = [leg(0.9, 0.0), leg(0.6, 0.0), leg(0.0, 1.0)];
        let (a, b, rho) = (0.2_f64, 0.1_f64, 0.5_f64);
        let covariance =
            vec![vec![a * a, rho * a * b, 0.0], vec![rho * a * b, b * b, 0.0], vec![0.0, 0.0, 0.0]];
        let found = worst_joint_move(&legs, &covariance).unwrap();
        let (n, d) = totals(&shifted(&legs, &found.log_moves));
        assert!((n / d - 1.0).abs() < 1e-9);
        let distance = |x: f64, y: f64| {
            let scale = 1.0 - rho * rho;
            sqrt((x * x / (a * a) - 2.0 * rho * x * y / (a * b) + y * y / (b * b)) / scale)
        };
        let [x, y, _] = found.log_moves[..] else { panic!() };
        assert!((distance(x, y) - found.sigmas).abs() < 1e-9, "{found:?}");
        for other in [x - 0.01, x + 0.01, x - 0.1, x + 0.1] {
            let on_border = libm::log((1.0 - 0.9 * exp(other)) / 0.6);
            assert!(distance(other, on_border) > found.sigmas, "{other}");
        }
    }

    #[test]
    fn an_account_under_one_is_a_negative_distance_away_and_nothing_moves_nothing() {
        let covariance = vec![vec![0.04, 0.0], vec![0.0, 0.0]];
        let under = worst_joint_move(&[leg(0.8, 0.0), leg(0.0, 1.0)], &covariance).unwrap();
        assert!((under.sigmas - libm::log(0.8) / 0.2).abs() < 1e-9);
        assert_eq!(worst_joint_move(&[leg(1.5, 0.0), leg(0.0, 1.0)], &[vec![0.0; 2], vec![0.0; 2]]), None);
        assert_eq!(worst_joint_move(&[leg(1.5, 0.0)], &[]), None);
        assert_eq!(worst_joint_move(&[leg(f64::NAN, 1.0)], &[vec![1.0]]), None);
    }

    #[test]
    fn the_log_shock_solves_its_own_equation_and_is_further_than_the_linear_one() {
        let legs = [leg(0.9, 0.0), leg(0.6, 0.0), leg(0.0, 1.0)];
        let shock = log_shock_to_liquidation(&legs, &[1.2, 1.0, 0.0]).unwrap();
        assert!((0.9 * exp(-1.2 * shock) + 0.6 * exp(-shock) - 1.0).abs() < 1e-9);
        assert!(shock > super::super::shock_to_liquidation(&legs, &[1.2, 1.0, 0.0]).unwrap());
        assert_eq!(log_shock_to_liquidation(&legs, &[-1.0, -1.0, 0.0]), None);
        assert_eq!(log_shock_to_liquidation(&[leg(0.5, 1.0)], &[1.0]), None);
    }
}
