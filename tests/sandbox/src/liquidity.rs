//! Uniswap V3 arithmetic in arbitrary-precision integers, after the contracts' source (v3-core: TickMath,
//! SqrtPriceMath). It shares no code with the service: the contract's constants are computed from their definition.

use std::sync::LazyLock;

use num_bigint::BigUint;
use num_traits::{One, ToPrimitive, Zero};

/// Highest tick; the lowest is its negative.
const MAX_TICK: i64 = 887_272;
/// Bits behind the point while the constants are computed.
const BITS: u32 = 640;

/// `2^128 ÷ √1.0001^(2^k)` to the nearest integer, for each bit k of a tick.
static FACTORS: LazyLock<Vec<BigUint>> = LazyLock::new(|| {
    let mut root = ((BigUint::from(10_000u32) << (2 * BITS)) / 10_001u32).sqrt();
    let mut factors = Vec::new();
    for _ in 0..20 {
        factors.push((&root + (BigUint::one() << (BITS - 129))) >> (BITS - 128));
        root = (&root * &root) >> BITS;
    }
    factors
});

/// The square root price at a tick, Q64.96, as `getSqrtRatioAtTick` cuts and rounds it.
pub(crate) fn sqrt_at(tick: i64) -> BigUint {
    let distance = tick.unsigned_abs().min(MAX_TICK.unsigned_abs());
    let mut ratio = BigUint::one() << 128u32;
    for (bit, factor) in FACTORS.iter().enumerate() {
        if distance >> bit & 1 == 1 {
            ratio = (ratio * factor) >> 128u32;
        }
    }
    if tick > 0 {
        ratio = ((BigUint::one() << 256u32) - BigUint::one()) / ratio;
    }
    (ratio + ((BigUint::one() << 32u32) - BigUint::one())) >> 32u32
}

/// The greatest tick whose square root price is not above this one.
pub(crate) fn tick_at(sqrt_price: &BigUint) -> i64 {
    let root = sqrt_price.to_f64().unwrap_or(f64::MAX) / 2f64.powi(96);
    let guess = (2.0 * root.ln() / 1.0001f64.ln()).floor();
    let mut tick = guess.to_i64().unwrap_or_default().clamp(-MAX_TICK, MAX_TICK);
    while tick > -MAX_TICK && sqrt_at(tick) > *sqrt_price {
        tick -= 1;
    }
    while tick < MAX_TICK && sqrt_at(tick + 1) <= *sqrt_price {
        tick += 1;
    }
    tick
}

/// The square root price, Q64.96, at which two tokens trade at these prices (USD of whole tokens).
pub(crate) fn sqrt_price(usd: [f64; 2], decimals: [u8; 2]) -> BigUint {
    let [first, second] = usd.map(|usd| BigUint::from((usd * 1e12).round().to_u128().unwrap_or_default()));
    let [first_unit, second_unit] = decimals.map(|decimals| BigUint::from(10u8).pow(u32::from(decimals)));
    let (over, under) = (first * second_unit, second * first_unit);
    if under.is_zero() {
        return sqrt_at(MAX_TICK) - BigUint::one();
    }
    let root = ((over << 192u32) / under).sqrt();
    root.clamp(sqrt_at(-MAX_TICK), sqrt_at(MAX_TICK) - BigUint::one())
}

/// What liquidity between two ticks holds of each token at a square root price, as a burn pays it out.
pub(crate) fn amounts(liquidity: u128, [lower, upper]: [i64; 2], sqrt_price: &BigUint) -> [BigUint; 2] {
    let (lower, upper) = (sqrt_at(lower), sqrt_at(upper));
    let price = sqrt_price.clone().clamp(lower.clone(), upper.clone());
    let first = (BigUint::from(liquidity) << 96u32) * (&upper - &price) / upper / &price;
    let second = (BigUint::from(liquidity) * (price - lower)) >> 96u32;
    [first, second]
}

/// `amount` tokens per `liquidity`, as Q128.128, rounded up so that the amount is not lost to rounding.
pub(crate) fn growth(amount: u128, liquidity: u128) -> BigUint {
    if liquidity == 0 {
        return BigUint::zero();
    }
    ((BigUint::from(amount) << 128u32) + (liquidity - 1)) / liquidity
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_those_of_the_contracts_own_tests() {
        for (tick, wanted) in [
            (0, "79228162514264337593543950336"),
            (50, "79426470787362580746886972461"),
            (-50, "79030349367926598376800521322"),
            (198_500, "1618217197739229985234250281431963"),
            (250_000, "21246587762933397357449903968194344"),
            (-738_203, "7409801140451"),
            (MAX_TICK, "1461446703485210103287273052203988822378723970342"),
            (-MAX_TICK, "4295128739"),
        ] {
            assert_eq!(sqrt_at(tick).to_string(), wanted, "{tick}");
            assert_eq!(tick_at(&sqrt_at(tick)), tick);
        }
        assert_eq!(tick_at(&(sqrt_at(1_000) - BigUint::one())), 999);
    }

    #[test]
    fn amounts_are_the_goldens_of_the_sdk() {
        let amounts = |tick| amounts(5_000_000_000_000_000, [196_000, 201_000], &sqrt_at(tick));
        let of = |first: u64, second: u64| [BigUint::from(first), BigUint::from(second)];
        assert_eq!(amounts(195_000), of(61_356_608_283, 0));
        assert_eq!(amounts(198_500), of(28_763_498_334, 11_999_306_945_317_314_511));
        assert_eq!(amounts(202_000), [BigUint::zero(), BigUint::from(25_596_218_072_982_531_572u128)]);
    }

    #[test]
    fn a_price_is_the_ratio_of_two() {
        let root = sqrt_price([2_000.0, 1.0], [18, 6]);
        let price = (root.to_f64().unwrap() / 2f64.powi(96)).powi(2) * 1e12;
        assert!((price / 2_000.0 - 1.0).abs() < 1e-12, "{price}");
    }
}
