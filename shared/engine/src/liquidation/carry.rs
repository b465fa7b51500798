//! Carry: what interest alone does to a health factor (risk-math C.2).

use libm::{exp, log};

use super::Leg;

/// Seconds of a year, as lending protocols count it.
pub const SECONDS_PER_YEAR: f64 = 31_536_000.0;
/// Time beyond which nobody waits, years.
const LONGEST_YEARS: f64 = 1_000.0;

/// Yearly rates of one leg, as fractions, continuously compounded.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rates {
    /// What the collateral earns.
    pub supply: f64,
    /// What the debt costs.
    pub borrow: f64,
}

/// Where interest alone leads.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Carry {
    /// To a health factor of 1 in so many years.
    Liquidates {
        /// Years from now; 0 where it is 1 or less already.
        years: f64,
    },
    /// Not within a thousand years.
    Never,
}

/// Time until `Σ Nₖe^{sₖt} = Σ Dₖe^{bₖt}` with every price still. For one collateral and one debt it is
/// `ln(HF) ÷ (b − s)`. By bisection from the first tenth of a year on that is under; interest that first helps and
/// then hurts is found too. `None` where a number is not finite or nothing is owed.
#[must_use]
pub fn interest_only(legs: &[Leg], rates: &[Rates]) -> Option<Carry> {
    let usable = legs.len() == rates.len()
        && rates.iter().all(|one| one.supply.is_finite() && one.borrow.is_finite())
        && legs.iter().all(|leg| leg.weighted_collateral_usd.is_finite() && leg.debt_usd.is_finite());
    if !usable || legs.iter().all(|leg| leg.debt_usd <= 0.0) {
        return None;
    }
    let legs_and_rates = || legs.iter().zip(rates);
    let collateral = logs(legs_and_rates().map(|(leg, one)| (leg.weighted_collateral_usd, one.supply)));
    let debt = logs(legs_and_rates().map(|(leg, one)| (leg.debt_usd, one.borrow)));
    // ln N − ln D with the largest exponent taken out, so that a thousand years of a high rate do not overflow.
    let is_under = |years: f64| log_sum(&collateral, years) <= log_sum(&debt, years);
    if is_under(0.0) {
        return Some(Carry::Liquidates { years: 0.0 });
    }
    let (mut safe, mut under) = (0.0, 1.0 / 365.0);
    while !is_under(under) {
        safe = under;
        under *= 1.1;
        if under > LONGEST_YEARS {
            return Some(Carry::Never);
        }
    }
    for _ in 0..100 {
        let middle = f64::midpoint(safe, under);
        if middle <= safe || middle >= under {
            // No number lies between.
            break;
        }
        if is_under(middle) { under = middle } else { safe = middle }
    }
    Some(Carry::Liquidates { years: under })
}

/// The logarithms of what is above zero, each with its rate.
fn logs(parts: impl Iterator<Item = (f64, f64)>) -> Vec<(f64, f64)> {
    parts.filter(|(amount, _)| *amount > 0.0).map(|(amount, rate)| (log(amount), rate)).collect()
}

/// ln Σ aₖe^(rₖt), of ln a and r; −∞ where nothing is positive.
fn log_sum(parts: &[(f64, f64)], years: f64) -> f64 {
    let exponents = || parts.iter().map(|(amount, rate)| amount + rate * years);
    let largest = exponents().fold(f64::NEG_INFINITY, f64::max);
    if largest == f64::NEG_INFINITY {
        return largest;
    }
    largest + log(exponents().map(|one| exp(one - largest)).sum())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leg(weighted: f64, debt: f64) -> Leg {
        Leg { weighted_collateral_usd: weighted, debt_usd: debt, price_usd: 1.0 }
    }

    fn rates(supply: f64, borrow: f64) -> Rates {
        Rates { supply, borrow }
    }

    #[test]
    fn one_against_one_takes_the_logarithm_over_the_spread() {
        let seen = interest_only(&[leg(1.05, 0.0), leg(0.0, 1.0)], &[rates(0.02, 0.0), rates(0.0, 0.08)]);
        let Some(Carry::Liquidates { years }) = seen else { panic!("{seen:?}") };
        assert!((years / (log(1.05) / 0.06) - 1.0).abs() < 1e-9, "{years}");
    }

    #[test]
    fn interest_that_pays_never_liquidates_and_what_is_under_is_under_now() {
        let legs = [leg(1.05, 0.0), leg(0.0, 1.0)];
        assert_eq!(interest_only(&legs, &[rates(0.08, 0.0), rates(0.0, 0.02)]), Some(Carry::Never));
        let under = interest_only(&[leg(0.9, 0.0), leg(0.0, 1.0)], &[rates(0.0, 0.0); 2]);
        assert_eq!(under, Some(Carry::Liquidates { years: 0.0 }));
        assert_eq!(interest_only(&[leg(1.0, 0.0)], &[rates(0.0, 0.0)]), None);
        assert_eq!(interest_only(&legs, &[rates(f64::NAN, 0.0), rates(0.0, 0.0)]), None);
    }

    #[test]
    fn several_rates_are_each_compounded_by_their_own() {
        let legs = [leg(0.8, 0.0), leg(0.4, 0.2), leg(0.0, 0.9)];
        let rates = [rates(0.01, 0.0), rates(0.0, 0.05), rates(0.0, 0.12)];
        let Some(Carry::Liquidates { years }) = interest_only(&legs, &rates) else { panic!() };
        let n = 0.8 * exp(0.01 * years) + 0.4;
        let d = 0.2 * exp(0.05 * years) + 0.9 * exp(0.12 * years);
        assert!((n / d - 1.0).abs() < 1e-9, "{n} {d}");
    }
}
