//! Chance that a health factor passes under 1 within a time (risk-math C.3).
//!
//! Here is the closed form: ln HF as a Brownian motion with drift ν = −σ²/2, so HF as a martingale, which is exact for
//! one collateral against one debt that move as lognormal prices. [`paths`] is for everything else; [`depeg`] for what
//! is pegged to what it is owed against, where σ means little until the peg breaks.

pub mod depeg;
pub mod filter;
pub mod paths;
pub mod volatility;

mod draw;
mod estimate;

use libm::{erfc, exp, log, sqrt};

pub use estimate::{Estimate, Model, wilson};

/// P(min over `0..=time` of HF ≤ 1): `Φ((b − νT)/(σ√T)) + exp(2νb/σ²)·Φ((b + νT)/(σ√T))` with b = −ln HF.
///
/// `volatility` is that of ln HF a year, `years` the time in years. With ν = −σ²/2 the weight `exp(2νb/σ²)` is HF
/// itself, and the second term is computed in log space so that a huge weight on a tiny tail does not overflow.
/// 1 for a factor of 1 or less; 0 for one that does not move; `None` for what is not a finite number.
#[must_use]
pub fn first_passage(health_factor: f64, volatility: f64, years: f64) -> Option<f64> {
    first_passage_with_drift(health_factor, volatility, years, -volatility * volatility / 2.0)
}

/// As [`first_passage`] with a drift ν of ln HF a year.
#[must_use]
pub fn first_passage_with_drift(health_factor: f64, volatility: f64, years: f64, drift: f64) -> Option<f64> {
    if [health_factor, volatility, years, drift].iter().any(|number| !number.is_finite())
        || health_factor < 0.0
    {
        return None;
    }
    if health_factor <= 1.0 {
        return Some(1.0);
    }
    let barrier = -log(health_factor);
    if years <= 0.0 || volatility <= 0.0 {
        // Without noise only the drift can carry it to the barrier.
        let reached = years > 0.0 && drift * years <= barrier;
        return Some(if reached { 1.0 } else { 0.0 });
    }
    let spread = volatility * sqrt(years);
    let direct = normal_cdf((barrier - drift * years) / spread);
    let log_reflected = 2.0 * drift * barrier / (volatility * volatility)
        + log_normal_cdf((barrier + drift * years) / spread);
    let probability = direct + exp(log_reflected);
    probability.is_finite().then(|| probability.clamp(0.0, 1.0))
}

/// Φ(x), by the complementary error function: accurate in both tails.
#[must_use]
pub fn normal_cdf(x: f64) -> f64 {
    0.5 * erfc(-x / std::f64::consts::SQRT_2)
}

/// ln Φ(x), also where Φ(x) itself is too small for a float: beyond −37 by its asymptotic series.
fn log_normal_cdf(x: f64) -> f64 {
    if x > -37.0 {
        return log(normal_cdf(x));
    }
    let square = x * x;
    // The first term left out is 945/x¹⁰: 2e-13 where the series takes over, where two terms less would leave 6e-9.
    let series = 1.0 - (1.0 - (3.0 - (15.0 - 105.0 / square) / square) / square) / square;
    -square / 2.0 - log(-x) - 0.5 * log(2.0 * std::f64::consts::PI) + log(series)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn near(seen: f64, wanted: f64) {
        assert!((seen / wanted - 1.0).abs() < 1e-10, "{seen} is not {wanted}");
    }

    #[test]
    fn the_closed_form_gives_the_reference_values() {
        let day = 1.0 / 365.0;
        // The reference's own digits (nine places), and the same formula in 40-digit arithmetic.
        let cases = [
            (1.05, 0.8, 1.0, 0.249_943_668, 0.249_943_668_338_239_27),
            (1.05, 0.8, 7.0, 0.675_643_072, 0.675_643_072_419_659_1),
            (1.2, 0.8, 7.0, 0.109_242_585, 0.109_242_585_330_100_82),
            (1.5, 0.8, 7.0, 3.086_835_84e-4, 3.086_835_842_082_815_6e-4),
            (1.5, 0.8, 30.0, 0.093_967_978, 0.093_967_979_318_482_74),
            (1.1, 0.6, 1.0, 0.002_523_911, 0.002_523_910_885_799_331_6),
        ];
        for (factor, volatility, days, printed, exact) in cases {
            let seen = first_passage(factor, volatility, days * day).unwrap();
            near(seen, exact);
            assert!((seen - printed).abs() < 2e-9, "{factor} {volatility} {days}: {seen}");
        }
        near(first_passage_with_drift(1.2, 0.8, 7.0 * day, 0.0).unwrap(), 0.099_829_616_198_346_21);
    }

    #[test]
    fn the_edges_are_what_they_mean() {
        assert_eq!(first_passage(1.0, 0.8, 1.0), Some(1.0));
        assert_eq!(first_passage(0.0, 0.0, 0.0), Some(1.0));
        assert_eq!(first_passage(1.2, 0.0, 1.0), Some(0.0));
        assert_eq!(first_passage(1.2, 0.8, 0.0), Some(0.0));
        assert_eq!(first_passage(f64::NAN, 0.8, 1.0), None);
        assert_eq!(first_passage(1.2, f64::INFINITY, 1.0), None);
    }

    #[test]
    fn the_logarithm_of_the_tail_is_right_on_both_sides_of_where_its_series_begins() {
        near(log_normal_cdf(-36.999_999), -689.030_548_549_903_5);
        near(log_normal_cdf(-37.000_001), -689.030_622_603_878_7);
        assert!(log_normal_cdf(-1e6) < -4.9e11);
        // The same in 60-digit arithmetic; the reflected term lies at −37.4, where the series has just taken over.
        let case = (1.024_828_551_405_03, 0.012_228_145_931_339_274, 0.005_315_116_069_395_382);
        let seen = first_passage_with_drift(case.0, case.1, case.2, -1.654_422_070_819_786).unwrap();
        near(seen, 7.945_272_429_402_414e-70);
    }

    proptest! {
        #[test]
        fn it_is_a_probability_that_rises_with_time_and_falls_with_the_factor(
            factor in 0.0_f64..1e6, more in 0.0_f64..10.0, volatility in 0.0_f64..20.0, years in 0.0_f64..5.0,
        ) {
            let p = first_passage(factor, volatility, years).unwrap();
            prop_assert!((0.0..=1.0).contains(&p));
            prop_assert!(first_passage(factor, volatility, years + more).unwrap() >= p - 1e-12);
            prop_assert!(first_passage(factor + more, volatility, years).unwrap() <= p + 1e-12);
        }
    }
}
