//! `eˣ − 1` of eight numbers at once, in operations that a vector unit can carry.

/// Numbers beyond this are left to the general function.
const MOST: f64 = 2.0;
/// `1 ÷ n!` for n from 13 down to 1.
const COEFFICIENTS: [f64; 13] = [
    1.605_904_383_682_161_3e-10,
    2.087_675_698_786_81e-9,
    2.505_210_838_544_172e-8,
    2.755_731_922_398_589e-7,
    2.755_731_922_398_589_3e-6,
    2.480_158_730_158_73e-5,
    1.984_126_984_126_984e-4,
    1.388_888_888_888_889e-3,
    8.333_333_333_333_333e-3,
    4.166_666_666_666_666_4e-2,
    1.666_666_666_666_666_6e-1,
    0.5,
    1.0,
];

/// `eˣ − 1` to within 5e-15 relative: Taylor's polynomial of a quarter of x, doubled twice by `e²ʸ − 1 = y(y + 2)`.
#[inline(always)]
pub(super) fn expm1<const L: usize>(numbers: [f64; L]) -> [f64; L] {
    let quarters = numbers.map(|number| number * 0.25);
    let mut results = [0.0; L];
    // Term by term rather than number by number, so that the numbers wait for each other and not for themselves.
    for coefficient in COEFFICIENTS {
        for (result, quarter) in results.iter_mut().zip(&quarters) {
            *result = *result * quarter + coefficient;
        }
    }
    let mut is_far = false;
    for ((result, quarter), number) in results.iter_mut().zip(&quarters).zip(&numbers) {
        let once = *result * quarter;
        let twice = once * (once + 2.0);
        *result = twice * (twice + 2.0);
        is_far |= number.abs() > MOST;
    }
    if is_far {
        for (result, number) in results.iter_mut().zip(&numbers) {
            if number.abs() > MOST {
                *result = libm::expm1(*number);
            }
        }
    }
    results
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_general_function_to_the_last_bits() {
        for step in -3_000..=3_000_i32 {
            let x = f64::from(step) / 1_000.0;
            let [seen, tiny] = expm1([x, x * 1e-9]);
            assert!((seen - libm::expm1(x)).abs() <= 5e-15 * libm::expm1(x).abs(), "{x}: {seen}");
            assert!((tiny - libm::expm1(x * 1e-9)).abs() <= 5e-15 * libm::expm1(x * 1e-9).abs());
        }
        let edges = expm1([f64::NEG_INFINITY, f64::INFINITY, 0.0]);
        assert_eq!(edges.map(f64::to_bits), [-1.0, f64::INFINITY, 0.0].map(f64::to_bits));
    }
}
