//! What a range of liquidity holds at a price and has earned in fees, in the contracts' own integers.
//!
//! Source: Uniswap v3-core, `SqrtPriceMath.sol` (`getAmount0Delta`, `getAmount1Delta`, rounded down as for a burn),
//! `FullMath.sol`, `Tick.sol` (`getFeeGrowthInside`); v3-periphery, `NonfungiblePositionManager.sol` (`collect`).

use alloy_primitives::U512;
use risk_model::U256;

/// 2^96: the unit of square root prices.
pub const Q96: U256 = U256::from_limbs([0, 0x1_0000_0000, 0, 0]);

/// `floor(a × b ÷ c)` with a product of 512 bits; `None` where `c` is zero or the result does not fit.
#[must_use]
pub fn mul_div(a: U256, b: U256, c: U256) -> Option<U256> {
    let quotient = (U512::from(a) * U512::from(b)).checked_div(U512::from(c))?;
    U256::checked_from_limbs_slice(quotient.as_limbs())
}

/// What `liquidity` between two square root prices (Q64.96, `lower` under `upper`) holds of each token at a third,
/// base units; `None` where a price is zero or a number does not fit.
#[must_use]
pub fn amounts(liquidity: u128, lower: U256, upper: U256, price: U256) -> Option<[U256; 2]> {
    let price = price.clamp(lower, upper);
    let liquidity = U256::from(liquidity);
    let first = mul_div(liquidity << 96, upper.checked_sub(price)?, upper)?.checked_div(price)?;
    let second = mul_div(liquidity, price.checked_sub(lower)?, Q96)?;
    Some([first, second])
}

/// Fees earned inside a range per unit of liquidity since ever, Q128.128. Only differences of it mean anything, and
/// like every sum of it here they wrap around 2^256, as the contract lets them.
#[must_use]
pub fn fee_growth_inside(
    global: U256,
    (below, is_above_lower): (U256, bool),
    (above, is_below_upper): (U256, bool),
) -> U256 {
    let below = if is_above_lower { below } else { global.wrapping_sub(below) };
    let above = if is_below_upper { above } else { global.wrapping_sub(above) };
    global.wrapping_sub(below).wrapping_sub(above)
}

/// Fees that `collect` would pay after the position's own account of them is brought up to date: what was owed
/// already, and what grew since. Both are kept in 128 bits, which wrap as the contract lets them.
#[must_use]
pub fn fees_owed(liquidity: u128, inside: U256, inside_last: U256, owed: u128) -> Option<u128> {
    let grown = mul_div(inside.wrapping_sub(inside_last), U256::from(liquidity), U256::ONE << 128)?;
    Some(owed.wrapping_add(grown.wrapping_to::<u128>()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_product_of_512_bits_is_divided_exactly() {
        assert_eq!(mul_div(U256::MAX, U256::MAX, U256::MAX), Some(U256::MAX));
        assert_eq!(mul_div(U256::MAX, U256::from(2), U256::from(4)), Some(U256::MAX >> 1));
        assert_eq!(mul_div(U256::from(7), U256::from(3), U256::from(2)), Some(U256::from(10)));
        assert_eq!(mul_div(U256::MAX, U256::from(2), U256::ONE), None);
        assert_eq!(mul_div(U256::ONE, U256::ONE, U256::ZERO), None);
        assert_eq!(Q96, U256::ONE << 96);
    }

    #[test]
    fn fees_grow_inside_only_while_the_price_is_inside() {
        let [global, below, above] = [1_000_u64, 300, 200].map(U256::from);
        let inside =
            |above_lower, below_upper| fee_growth_inside(global, (below, above_lower), (above, below_upper));
        assert_eq!(inside(true, true), U256::from(500));
        // Under the range, what the lower tick calls outside is what lies above it: 300 − 200 between the ticks.
        assert_eq!(inside(false, true), U256::from(100));
        assert_eq!(inside(true, false), U256::from(200).wrapping_sub(U256::from(300)));
    }

    #[test]
    fn growth_that_passed_the_end_of_the_number_is_still_growth() {
        let last = U256::MAX - U256::from(9);
        let inside = last.wrapping_add(U256::from(5) << 128);
        assert_eq!(fees_owed(7, inside, last, 1), Some(36));
        assert_eq!(fees_owed(0, U256::MAX, U256::ZERO, 11), Some(11));
        assert_eq!(fees_owed(u128::MAX, U256::MAX, U256::ZERO, 0), Some(u128::MAX));
    }
}
