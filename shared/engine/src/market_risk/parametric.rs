//! Tails by formula: normal, and Cornish and Fisher's expansion inside the domain where it is a quantile.

use std::fmt;

use libm::{exp, log, sqrt};

use super::{TAIL_95_BPS, TAIL_99_BPS, Tail, Tails};
use crate::probability::normal_cdf;

/// Mean, deviation and shape of a sample.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shape {
    /// Mean.
    pub mean: f64,
    /// Sample standard deviation (n − 1).
    pub deviation: f64,
    /// Skewness, biased (central moments divided by n).
    pub skewness: f64,
    /// Excess kurtosis, biased.
    pub kurtosis: f64,
}

impl Shape {
    /// The shape of a sample; `None` for fewer than two values, values that are all the same, or a moment that is not
    /// finite.
    #[must_use]
    pub fn of(values: &[f64]) -> Option<Self> {
        let count = f64::from(u32::try_from(values.len()).ok().filter(|count| *count >= 2)?);
        let mean = values.iter().sum::<f64>() / count;
        let mut powers = [0.0_f64; 3];
        for value in values {
            let apart = value - mean;
            let square = apart * apart;
            powers[0] += square;
            powers[1] += square * apart;
            powers[2] += square * square;
        }
        let [second, third, fourth] = powers.map(|power| power / count);
        let shape = Self {
            mean,
            deviation: sqrt(powers[0] / (count - 1.0)),
            skewness: third / (second * sqrt(second)),
            kurtosis: fourth / (second * second) - 3.0,
        };
        let parts = [shape.mean, shape.deviation, shape.skewness, shape.kurtosis];
        (second > 0.0 && parts.iter().all(|part| part.is_finite())).then_some(shape)
    }

    /// The shape of the sum of `days` independent such days: mean and variance grow with them, skewness falls with their
    /// root and excess kurtosis with their number.
    #[must_use]
    pub fn over(self, days: f64) -> Self {
        Self {
            mean: self.mean * days,
            deviation: self.deviation * sqrt(days),
            skewness: self.skewness / sqrt(days),
            kurtosis: self.kurtosis / days,
        }
    }
}

/// VaR and expected shortfall of a normal profit and loss: `−(μ + σz)` and `σφ(z)/α − μ` with `z = Φ⁻¹(α)`.
///
/// `None` for an α of 0 or 1, or a result that is not finite.
#[must_use]
pub fn normal_tail(mean: f64, deviation: f64, tail_bps: u16) -> Option<Tail> {
    let alpha = alpha(tail_bps)?;
    let z = normal_quantile(alpha)?;
    let var = -(mean + deviation * z);
    let es = deviation * normal_density(z) / alpha - mean;
    (var.is_finite() && es.is_finite()).then_some(Tail { var, es })
}

/// Cornish and Fisher's expansion of a distribution's quantiles by its skewness and excess kurtosis.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CornishFisher(Shape);

/// A shape for which the expansion is no quantile, because it falls somewhere.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OutsideDomain {
    /// Skewness.
    pub skewness: f64,
    /// Excess kurtosis.
    pub kurtosis: f64,
}

impl fmt::Display for OutsideDomain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { skewness, kurtosis } = self;
        write!(
            f,
            "skewness {skewness:.2} and excess kurtosis {kurtosis:.2} lie outside the domain in which the expansion is monotone"
        )
    }
}

impl CornishFisher {
    /// The expansion of a shape inside its domain: `S²/9 − 4(K/8 − S²/6)(1 − K/8 + 5S²/36) ≤ 0` and `K/8 ≥ S²/6`
    /// (Maillard 2012; the printed minus before 5S²/36 is a misprint, see the test).
    ///
    /// # Errors
    /// [`OutsideDomain`] elsewhere.
    pub fn new(shape: Shape) -> Result<Self, OutsideDomain> {
        let Shape { skewness: s, kurtosis: k, .. } = shape;
        let curvature = k / 8.0 - s * s / 6.0;
        let discriminant = s * s / 9.0 - 4.0 * curvature * (1.0 - k / 8.0 + 5.0 * s * s / 36.0);
        if curvature >= 0.0 && discriminant <= 0.0 {
            Ok(Self(shape))
        } else {
            Err(OutsideDomain { skewness: s, kurtosis: k })
        }
    }

    /// The adjusted quantile: `z + (z²−1)S/6 + (z³−3z)K/24 − (2z³−5z)S²/36`.
    #[must_use]
    pub fn quantile(&self, z: f64) -> f64 {
        expansion(z, self.0.skewness, self.0.kurtosis)
    }

    /// `VaR = −(μ + σz')` and its shortfall, the mean of that over all levels beyond:
    /// `σφ(z)/α·(1 + zS/6 + (z²−1)K/24 − (2z²−1)S²/36) − μ`.
    ///
    /// `None` as for [`normal_tail`].
    #[must_use]
    pub fn tail(&self, tail_bps: u16) -> Option<Tail> {
        let alpha = alpha(tail_bps)?;
        let z = normal_quantile(alpha)?;
        let Shape { mean, deviation, skewness: s, kurtosis: k } = self.0;
        let var = -(mean + deviation * self.quantile(z));
        let square = z * z;
        let bend = 1.0 + z * s / 6.0 + (square - 1.0) * k / 24.0 - (2.0 * square - 1.0) * s * s / 36.0;
        let es = deviation * normal_density(z) / alpha * bend - mean;
        (var.is_finite() && es.is_finite()).then_some(Tail { var, es })
    }

    /// Both levels.
    #[must_use]
    pub fn tails(&self) -> Option<Tails> {
        Some(Tails { at_95: self.tail(TAIL_95_BPS)?, at_99: self.tail(TAIL_99_BPS)? })
    }
}

fn expansion(z: f64, s: f64, k: f64) -> f64 {
    let square = z * z;
    z + (square - 1.0) * s / 6.0 + z * (square - 3.0) * k / 24.0 - z * (2.0 * square - 5.0) * s * s / 36.0
}

fn alpha(tail_bps: u16) -> Option<f64> {
    (1..10_000).contains(&tail_bps).then(|| f64::from(tail_bps) / 10_000.0)
}

/// φ(x).
#[must_use]
pub fn normal_density(x: f64) -> f64 {
    exp(-x * x / 2.0) / sqrt(2.0 * std::f64::consts::PI)
}

/// Φ⁻¹(p): Acklam's rational approximation, refined by one step of Halley's method to the last bits.
///
/// `None` outside 0 < p < 1.
#[must_use]
pub fn normal_quantile(p: f64) -> Option<f64> {
    if !(p > 0.0 && p < 1.0) {
        return None;
    }
    // Only the lower half, whose tail the distribution function resolves.
    if p > 0.5 {
        return normal_quantile(1.0 - p).map(|x| -x);
    }
    let x = approximate_quantile(p);
    let error = (normal_cdf(x) - p) / normal_density(x);
    let refined = x - error / (1.0 + x * error / 2.0);
    Some(if refined.is_finite() { refined } else { x })
}

/// Acklam (2003), *An algorithm for computing the inverse normal cumulative distribution function*: within 1.2e-9.
fn approximate_quantile(p: f64) -> f64 {
    const A: [f64; 6] = [
        -3.969_683_028_665_376e1,
        2.209_460_984_245_205e2,
        -2.759_285_104_469_687e2,
        1.383_577_518_672_69e2,
        -3.066_479_806_614_716e1,
        2.506_628_277_459_239,
    ];
    const B: [f64; 6] = [
        -5.447_609_879_822_406e1,
        1.615_858_368_580_409e2,
        -1.556_989_798_598_866e2,
        6.680_131_188_771_972e1,
        -1.328_068_155_288_572e1,
        1.0,
    ];
    const C: [f64; 6] = [
        -7.784_894_002_430_293e-3,
        -3.223_964_580_411_365e-1,
        -2.400_758_277_161_838,
        -2.549_732_539_343_734,
        4.374_664_141_464_968,
        2.938_163_982_698_783,
    ];
    const D: [f64; 5] = [
        7.784_695_709_041_462e-3,
        3.224_671_290_700_398e-1,
        2.445_134_137_142_996,
        3.754_408_661_907_416,
        1.0,
    ];
    let horner = |coefficients: &[f64], x: f64| coefficients.iter().fold(0.0, |sum, one| sum * x + one);
    if p < 0.024_25 {
        let q = sqrt(-2.0 * log(p));
        return horner(&C, q) / horner(&D, q);
    }
    let q = p - 0.5;
    horner(&A, q * q) * q / horner(&B, q * q)
}

#[cfg(test)]
mod tests;
