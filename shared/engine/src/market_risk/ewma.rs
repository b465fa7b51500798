//! Volatility that forgets: the exponentially weighted mean of RiskMetrics.

/// RiskMetrics' decay for daily returns (J.P. Morgan and Reuters, 1996, *RiskMetrics technical document*, 4th ed.): half
/// of the weight lies on the last 11.2 days. It is not the decay of weekly or hourly returns.
pub const LAMBDA: f64 = 0.94;

/// Variance expected of the day after the last: `σ² ← λσ² + (1 − λ)r²` over all values, oldest first, seeded with the
/// square of the first, mean zero. In the values' unit squared.
///
/// `None` for no values, a λ outside 0 to 1, or a result that is not finite.
#[must_use]
pub fn ewma_variance(values: &[f64], lambda: f64) -> Option<f64> {
    let seed = values.first()?;
    if !(0.0..=1.0).contains(&lambda) {
        return None;
    }
    let fresh = 1.0 - lambda;
    let variance =
        values.iter().fold(seed * seed, |variance, value| lambda * variance + fresh * (value * value));
    variance.is_finite().then_some(variance)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reference_series_has_the_reference_variance() {
        let returns = [
            -0.081, 0.012, -0.023, 0.034, -0.045, 0.051, -0.006, 0.017, -0.062, 0.028, -0.011, 0.009, 0.043,
            -0.037, 0.022, -0.019, 0.031, -0.055, 0.004, 0.014,
        ];
        let variance = ewma_variance(&returns, LAMBDA).unwrap();
        assert!((variance / 0.002_724_439_051_289_648 - 1.0).abs() < 1e-12, "{variance}");
        assert!((libm::sqrt(variance) / 0.052_196_159_4 - 1.0).abs() < 1e-9);
    }

    #[test]
    fn without_its_seed_it_is_the_raw_weights_sum_of_the_reference_and_their_mean_where_normalised() {
        let returns = [
            -0.081, 0.012, -0.023, 0.034, -0.045, 0.051, -0.006, 0.017, -0.062, 0.028, -0.011, 0.009, 0.043,
            -0.037, 0.022, -0.019, 0.031, -0.055, 0.004, 0.014,
        ];
        // The seed is one more day before the first, of no return where there is none.
        let unseeded: Vec<f64> = std::iter::once(0.0).chain(returns).collect();
        let raw = ewma_variance(&unseeded, LAMBDA).unwrap();
        assert!((raw / 0.000_821_052_0 - 1.0).abs() < 1e-7, "{raw}");
        let normalised = raw / (1.0 - libm::pow(LAMBDA, 20.0));
        assert!((normalised / 0.001_156_584_3 - 1.0).abs() < 1e-7, "{normalised}");
    }

    #[test]
    fn what_cannot_be_weighted_has_no_variance() {
        assert_eq!(ewma_variance(&[], LAMBDA), None);
        assert_eq!(ewma_variance(&[0.1], 1.5), None);
        assert_eq!(ewma_variance(&[1e200], LAMBDA), None);
    }
}
