//! The distributions that backtests are judged by: χ² with one and two degrees of freedom, and the binomial.

use libm::{erfc, exp, sqrt};

/// P(χ²₁ > x): `erfc(√(x/2))`. 1 for x of 0 or less.
#[must_use]
pub fn chi_squared_1_survival(x: f64) -> f64 {
    erfc(sqrt(x.max(0.0) / 2.0))
}

/// P(χ²₂ > x): `exp(−x/2)`. 1 for x of 0 or less.
#[must_use]
pub fn chi_squared_2_survival(x: f64) -> f64 {
    exp(-x.max(0.0) / 2.0)
}

/// P(X ≤ `successes`) of `trials` independent ones that succeed with the chance `probability` each; `None` for a chance
/// outside 0 to 1.
///
/// Summed outwards from the mode by the ratio of neighbouring terms and divided by the sum of all of them, so neither a
/// logarithm of a factorial nor a term too small for a float takes part.
#[must_use]
pub fn binomial_cdf(successes: u32, trials: u32, probability: f64) -> Option<f64> {
    if !(0.0..=1.0).contains(&probability) {
        return None;
    }
    if successes >= trials || probability <= 0.0 {
        return Some(1.0);
    }
    if probability >= 1.0 {
        return Some(0.0);
    }
    let odds = probability / (1.0 - probability);
    let mode = mode(trials, probability);
    let below = terms_below(mode, trials, odds);
    let above = terms_above(mode, trials, odds);
    // `below[i]` is the term of `mode − 1 − i`, `above[i]` that of `mode + 1 + i`, each divided by the mode's own. Sums go
    // from the small terms to the large ones.
    let sum = |terms: &[f64]| terms.iter().rev().sum::<f64>();
    let all = sum(&below) + sum(&above) + 1.0;
    let at_most = if successes < mode {
        let skipped = usize::try_from(mode - 1 - successes).ok()?;
        sum(below.get(skipped..).unwrap_or_default())
    } else {
        let taken = usize::try_from(successes - mode).ok()?.min(above.len());
        sum(&below) + 1.0 + sum(above.get(..taken)?)
    };
    Some((at_most / all).min(1.0))
}

/// The most likely number of successes, `floor((n + 1)·p)`, by halving: no float is cut to a whole number.
fn mode(trials: u32, probability: f64) -> u32 {
    let wanted = (f64::from(trials) + 1.0) * probability;
    let (mut low, mut high) = (0, trials);
    while low < high {
        let middle = high - (high - low) / 2;
        if f64::from(middle) <= wanted {
            low = middle;
        } else {
            high = middle - 1;
        }
    }
    low
}

/// `P(k − 1) = P(k)·k ÷ ((n − k + 1)·odds)`, from the mode down while it is a normal float.
fn terms_below(mode: u32, trials: u32, odds: f64) -> Vec<f64> {
    let next = |term: f64, k: u32| term * f64::from(k) / ((f64::from(trials) - f64::from(k) + 1.0) * odds);
    products((1..=mode).rev(), next)
}

/// `P(k + 1) = P(k)·(n − k)·odds ÷ (k + 1)`, from the mode up while it is a normal float.
fn terms_above(mode: u32, trials: u32, odds: f64) -> Vec<f64> {
    let next = |term: f64, k: u32| term * f64::from(trials - k) * odds / (f64::from(k) + 1.0);
    products(mode..trials, next)
}

/// The running products. A subnormal float times a ratio near 1 may be itself again, so the sum ends before these.
fn products(steps: impl Iterator<Item = u32>, next: impl Fn(f64, u32) -> f64) -> Vec<f64> {
    let terms = steps.scan(1.0, |term, k| {
        *term = next(*term, k);
        (*term >= f64::MIN_POSITIVE).then_some(*term)
    });
    terms.collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn near(seen: f64, wanted: f64) {
        assert!((seen / wanted - 1.0).abs() < 1e-12, "{seen:e} is not {wanted:e}");
    }

    /// scipy.stats.chi2.sf.
    #[test]
    fn the_tails_of_chi_squared_are_those_of_scipy() {
        for (x, one, two) in [
            (1e-10, 0.999_992_021_155_392_1, 0.999_999_999_95),
            (0.5, 0.479_500_122_186_953_37, 0.778_800_783_071_404_9),
            (5.025_167_926_8, 0.024_981_503_052_738_892, 0.081_058_516_160_184_2),
            (9.894_654_433_3, 0.001_657_595_754_691_937, 0.007_102_366_670_180_545),
            (30.0, 4.320_463_057_827_496e-8, 3.059_023_205_018_258e-7),
            (200.0, 2.088_487_583_762_569e-45, 3.720_075_976_020_818e-44),
            (700.0, 2.990_226_975_124_623e-154, 9.929_590_396_265_144e-153),
        ] {
            near(chi_squared_1_survival(x), one);
            near(chi_squared_2_survival(x), two);
        }
        near(chi_squared_1_survival(-1.0), 1.0);
        near(chi_squared_2_survival(0.0), 1.0);
    }

    /// The sum in 40-digit arithmetic (mpmath).
    #[test]
    fn the_binomial_is_exact_to_twelve_digits() {
        for (k, n, p, wanted) in [
            (4, 250, 0.01, 0.892_187_626_903_625_3),
            (9, 250, 0.01, 0.999_749_809_931_259_5),
            (24, 365, 0.05, 0.928_395_678_187_624_8),
            (34, 365, 0.05, 0.999_789_329_982_022_7),
            (0, 250, 0.01, 0.081_058_516_162_181_46),
            (54, 1_095, 0.05, 0.494_484_344_995_825_2),
            (480, 10_000, 0.05, 0.185_824_496_642_744_47),
            (3, 10, 0.5, 0.171_875),
            (990, 1_000, 0.99, 0.542_699_407_825_109_2),
            (2, 1_000, 0.5, 4.670_993_743_244_795_5e-296),
        ] {
            near(binomial_cdf(k, n, p).unwrap(), wanted);
        }
    }

    #[test]
    fn the_edges_of_the_binomial_are_what_they_mean() {
        assert_eq!(binomial_cdf(0, 0, 0.5), Some(1.0));
        assert_eq!(binomial_cdf(0, 5, 0.0), Some(1.0));
        assert_eq!(binomial_cdf(4, 5, 1.0), Some(0.0));
        assert_eq!(binomial_cdf(5, 5, 1.0), Some(1.0));
        assert_eq!(binomial_cdf(1, 5, f64::NAN), None);
        assert_eq!(binomial_cdf(1, 5, 1.5), None);
        assert!((binomial_cdf(2_000_000_000, u32::MAX, 0.5).unwrap()).abs() < 1e-300);
    }

    proptest! {
        #[test]
        fn the_binomial_rises_with_the_successes_and_mirrors(k in 0_u32..300, n in 1_u32..300, p in 0.0_f64..1.0) {
            let k = k.min(n - 1);
            let here = binomial_cdf(k, n, p).unwrap();
            prop_assert!((0.0..=1.0).contains(&here));
            prop_assert!(binomial_cdf(k + 1, n, p).unwrap() >= here - 1e-14);
            let mirrored = 1.0 - binomial_cdf(n - k - 1, n, 1.0 - p).unwrap();
            prop_assert!((here - mirrored).abs() < 1e-11);
        }
    }
}
