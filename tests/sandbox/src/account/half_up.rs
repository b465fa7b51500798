//! The arithmetic of Aave V2 and of the 3.0 line in arbitrary-precision integers, after protocol-v2 and aave-v3-core:
//! half-up products everywhere, and the health factor from the average threshold cut to whole basis points.

use num_bigint::BigUint;
use num_traits::Zero;

use super::{SECONDS_PER_YEAR, Totals, WAD, ray_mul};
use crate::world::fork::Kind;
use crate::world::token::RAY;

/// One reserve of an account at a block, in amounts.
#[derive(Clone, Debug)]
pub(crate) struct Amounts {
    /// Supplied, base units.
    pub(crate) supplied: BigUint,
    /// Owed at both rates, base units.
    pub(crate) owed: BigUint,
    /// Whether the owner uses the supply as collateral.
    pub(crate) collateral: bool,
    /// Oracle price in the market's base units.
    pub(crate) price: BigUint,
    /// Decimals of the token.
    pub(crate) decimals: u8,
    /// LTV in force, bps.
    pub(crate) ltv_bps: u16,
    /// Threshold in force, bps; a reserve without one is no collateral.
    pub(crate) threshold_bps: u16,
}

/// A scaled amount at an index, rounded half up.
pub(crate) fn grown(scaled: u128, index: &BigUint) -> BigUint {
    ray_mul(&BigUint::from(scaled), index)
}

/// Interest compounded over `seconds` at a yearly RAY rate, by the first terms of the binomial. V2 cuts the rate to
/// whole rays a second first.
pub(crate) fn compounded(kind: Kind, rate: u128, seconds: u64) -> BigUint {
    let ray = BigUint::from(RAY);
    if seconds == 0 {
        return ray;
    }
    let (one_less, two_less) = (seconds - 1, seconds.saturating_sub(2));
    let year = BigUint::from(SECONDS_PER_YEAR);
    let rate = BigUint::from(rate);
    let (first, two, three) = match kind {
        Kind::AaveV2 => {
            let second = &rate / &year;
            let two = ray_mul(&second, &second);
            let three = ray_mul(&two, &second);
            (second * seconds, two, three)
        }
        Kind::Spark => {
            let two = ray_mul(&rate, &rate) / (&year * &year);
            let three = ray_mul(&two, &rate) / &year;
            (&rate * seconds / &year, two, three)
        }
    };
    let second = two * seconds * one_less / 2u32;
    let third = three * seconds * one_less * two_less / 6u32;
    ray + first + second + third
}

/// Adds an account up.
pub(crate) fn totals(all: &[Amounts]) -> Totals {
    let (mut collateral, mut debt) = (BigUint::zero(), BigUint::zero());
    let (mut sum_threshold, mut sum_ltv) = (BigUint::zero(), BigUint::zero());
    for one in all {
        let unit = BigUint::from(10u8).pow(u32::from(one.decimals));
        if one.collateral && one.threshold_bps != 0 {
            let value = &one.supplied * &one.price / &unit;
            sum_threshold += &value * one.threshold_bps;
            sum_ltv += &value * one.ltv_bps;
            collateral += value;
        }
        debt += &one.owed * &one.price / &unit;
    }
    let average = |sum: &BigUint| if collateral.is_zero() { BigUint::zero() } else { sum / &collateral };
    let (threshold_bps, ltv_bps) = (average(&sum_threshold), average(&sum_ltv));
    let percent = |bps: &BigUint| (&collateral * bps + 5_000u32) / 10_000u32;
    let borrowable = percent(&ltv_bps);
    let health = (!debt.is_zero()).then(|| (percent(&threshold_bps) * WAD + &debt / 2u32) / &debt);
    Totals {
        available_borrows_base: if borrowable > debt { borrowable - &debt } else { BigUint::zero() },
        collateral_base: collateral,
        debt_base: debt,
        threshold_bps,
        ltv_bps,
        health_factor_wad: health,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn v2_compounds_at_whole_rays_a_second() {
        // Evaluated from MathUtils.sol by hand in another language's integers.
        let rate = 31_203_948_710_293_847_102_938_471;
        for (seconds, wanted) in [
            (0, "1000000000000000000000000000"),
            (1, "1000000000989470722675477140"),
            (1_234_567, "1001222314328757415941477906"),
        ] {
            assert_eq!(compounded(Kind::AaveV2, rate, seconds).to_string(), wanted);
        }
    }

    #[test]
    fn the_health_factor_is_taken_from_the_average_threshold_cut_to_whole_basis_points() {
        let one = |supplied: u64, owed: u64, threshold_bps| Amounts {
            supplied: BigUint::from(supplied),
            owed: BigUint::from(owed),
            collateral: supplied > 0,
            price: BigUint::from(1u8),
            decimals: 0,
            ltv_bps: 0,
            threshold_bps,
        };
        // (1,000 × 8,000 + 2,000 × 7,001) ÷ 3,000 = 7,334; 3,000 × 7,334 → 2,200.2, half up 2,200.
        let seen = totals(&[one(1_000, 0, 8_000), one(2_000, 0, 7_001), one(0, 1_000, 0)]);
        assert_eq!(seen.threshold_bps.to_string(), "7334");
        assert_eq!(seen.health_factor_wad.expect("debt").to_string(), "2200000000000000000");
        assert!(totals(&[one(1, 0, 8_000)]).health_factor_wad.is_none());
    }
}
