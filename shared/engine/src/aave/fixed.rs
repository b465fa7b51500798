//! Checked fixed-point integers as the contracts have them: ray (1e27), wad (1e18) and basis points.
//!
//! Source: aave-v3-origin, `WadRayMath.sol`, `PercentageMath.sol`, `MathUtils.sol`. Where the contract reverts on
//! overflow these answer [`Overflow`], so no input can make them panic or wrap.

use risk_model::U256;

/// 1e27: the unit of indices and rates.
pub const RAY: U256 = U256::from_limbs([0x9fd0_803c_e800_0000, 0x033b_2e3c, 0, 0]);
/// 1e18: the unit of health factors.
pub const WAD: U256 = U256::from_limbs([1_000_000_000_000_000_000, 0, 0, 0]);
/// 10,000: the unit of thresholds and bonuses.
pub const BPS: U256 = U256::from_limbs([10_000, 0, 0, 0]);
/// Half a ray, for rounding half up.
const HALF_RAY: U256 = U256::from_limbs([0x4fe8_401e_7400_0000, 0x019d_971e, 0, 0]);

/// A product, sum or power that does not fit 256 bits, or a division by zero: the contract would revert.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Overflow;

/// `a + b`.
pub(crate) fn add(a: U256, b: U256) -> Result<U256, Overflow> {
    a.checked_add(b).ok_or(Overflow)
}

/// `a × b`.
pub(crate) fn mul(a: U256, b: U256) -> Result<U256, Overflow> {
    a.checked_mul(b).ok_or(Overflow)
}

/// `floor(a × b / c)`, the product checked.
pub(crate) fn mul_div_floor(a: U256, b: U256, c: U256) -> Result<U256, Overflow> {
    mul(a, b)?.checked_div(c).ok_or(Overflow)
}

/// `ceil(a × b / c)`, the product checked.
pub(crate) fn mul_div_ceil(a: U256, b: U256, c: U256) -> Result<U256, Overflow> {
    let product = mul(a, b)?;
    let floor = product.checked_div(c).ok_or(Overflow)?;
    if product.checked_rem(c).ok_or(Overflow)?.is_zero() { Ok(floor) } else { add(floor, U256::ONE) }
}

/// `rayMul`, rounded half up.
pub(crate) fn ray_mul(a: U256, b: U256) -> Result<U256, Overflow> {
    Ok(add(mul(a, b)?, HALF_RAY)? / RAY)
}

/// `rayDiv`, rounded half up.
pub(crate) fn ray_div(a: U256, b: U256) -> Result<U256, Overflow> {
    add(mul(a, RAY)?, b / U256::from(2))?.checked_div(b).ok_or(Overflow)
}

/// `percentMul`, rounded half up.
pub(crate) fn percent_mul(value: U256, bps: U256) -> Result<U256, Overflow> {
    Ok(add(mul(value, bps)?, BPS / U256::from(2))? / BPS)
}

/// `percentMulFloor`.
pub(crate) fn percent_mul_floor(value: U256, bps: U256) -> Result<U256, Overflow> {
    mul_div_floor(value, bps, BPS)
}

/// `percentMulCeil`.
pub(crate) fn percent_mul_ceil(value: U256, bps: U256) -> Result<U256, Overflow> {
    mul_div_ceil(value, bps, BPS)
}

/// `percentDiv`, rounded half up.
pub(crate) fn percent_div(value: U256, bps: U256) -> Result<U256, Overflow> {
    add(mul(value, BPS)?, bps / U256::from(2))?.checked_div(bps).ok_or(Overflow)
}

/// `percentDivFloor`.
pub(crate) fn percent_div_floor(value: U256, bps: U256) -> Result<U256, Overflow> {
    mul_div_floor(value, BPS, bps)
}

/// `percentDivCeil`.
pub(crate) fn percent_div_ceil(value: U256, bps: U256) -> Result<U256, Overflow> {
    mul_div_ceil(value, BPS, bps)
}

/// `wadDiv`, rounded half up.
pub(crate) fn wad_div(a: U256, b: U256) -> Result<U256, Overflow> {
    let half = b / U256::from(2);
    add(mul(a, WAD)?, half)?.checked_div(b).ok_or(Overflow)
}

/// `10^exponent`: one whole token in base units.
pub(crate) fn unit(decimals: u8) -> Result<U256, Overflow> {
    U256::from(10).checked_pow(U256::from(decimals)).ok_or(Overflow)
}
