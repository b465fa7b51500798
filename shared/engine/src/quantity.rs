//! Amounts as numbers and as text: the one place where exact integers become floats for statistics.

use risk_model::U256;

/// Whole tokens of an amount in base units. Finite for every input: U256 is under 1.2e77.
pub(crate) fn whole(amount: U256, decimals: u8) -> f64 {
    f64::from(amount) / power_of_ten(decimals)
}

/// Base units of one whole token: exact up to 1e22, and correctly rounded at each step beyond.
pub(crate) fn power_of_ten(decimals: u8) -> f64 {
    // `powi` may differ between targets.
    (0..decimals).fold(1.0, |unit, _| unit * 10.0)
}

/// USD of an amount of a currency whose one USD is `base_unit` base units; `None` where that is not a finite number.
pub(crate) fn base_usd(amount: U256, base_unit: U256) -> Option<f64> {
    let usd = f64::from(amount) / f64::from(base_unit);
    usd.is_finite().then_some(usd)
}

/// Decimal text of whole tokens, exact, without trailing zeros.
pub(crate) fn decimal_text(amount: U256, decimals: u8) -> String {
    let digits = amount.to_string();
    let places = usize::from(decimals);
    let padded = format!("{digits:0>width$}", width = places + 1);
    let (whole, fraction) = padded.split_at(padded.len() - places);
    let fraction = fraction.trim_end_matches('0');
    if fraction.is_empty() { whole.to_owned() } else { format!("{whole}.{fraction}") }
}

/// A wad from a ratio; `None` where the ratio is negative, not finite or does not fit.
pub(crate) fn wad_from(ratio: f64) -> Option<U256> {
    let scaled = ratio * 1e18;
    (scaled.is_finite() && scaled >= 0.0).then(|| U256::try_from(scaled).ok()).flatten()
}

/// A price times a factor, in floats; what does not fit is the largest price there is.
pub(crate) fn scaled_price(price: U256, factor: f64) -> U256 {
    if factor.to_bits() == 1.0_f64.to_bits() {
        return price;
    }
    U256::try_from(f64::from(price) * factor).unwrap_or(U256::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimal_text_is_exact_at_both_ends() {
        let text = |amount: u64, decimals| decimal_text(U256::from(amount), decimals);
        assert_eq!(text(1, 18), "0.000000000000000001");
        assert_eq!(text(1_500_000, 6), "1.5");
        assert_eq!(text(2_000_000, 6), "2");
        assert_eq!(text(0, 6), "0");
        assert_eq!(text(7, 0), "7");
        assert!(decimal_text(U256::MAX, 255).starts_with("0.000"));
    }

    #[test]
    fn the_largest_amount_is_still_a_finite_number() {
        assert!(whole(U256::MAX, 0).is_finite());
        assert!(whole(U256::MAX, 255) > 0.0);
        assert_eq!(base_usd(U256::from(1), U256::ZERO), None);
        assert_eq!(wad_from(f64::NAN), None);
        assert_eq!(wad_from(1.5), Some(U256::from(1_500_000_000_000_000_000_u64)));
    }
}
