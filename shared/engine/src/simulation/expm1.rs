//! `eˣ − 1` of some numbers at once, in operations that a vector unit can carry.

/// Numbers beyond this are divided by [`PARTS`] first.
const NEAR: f64 = 1.0;
/// Numbers beyond this are left to the general function.
const MOST: f64 = 2.0;
/// What a number that is not near is divided by: its result is doubled as often as this is halved.
const PARTS: f64 = 4.0;
/// The polynomial `(eˣ − 1) ÷ x` on −1 to 1 whose largest relative error is least (Remez), to 2.8e-15: the coefficients of
/// even powers and of odd ones, highest first.
const EVEN: [f64; 7] = [
    1.605_866_911_894_240_2e-10,
    2.505_645_566_727_181_6e-8,
    2.755_725_438_816_315e-6,
    1.984_127_021_682_035_2e-4,
    8.333_333_332_403_029e-3,
    1.666_666_666_667_487e-1,
    0.999_999_999_999_998_9,
];
const ODD: [f64; 6] = [
    2.124_898_272_486_584_2e-9,
    2.755_270_881_754_411e-7,
    2.480_161_459_880_634_5e-5,
    1.388_888_881_066_523_6e-3,
    4.166_666_666_762_182e-2,
    4.999_999_999_999_669_7e-1,
];

/// `eˣ − 1` to within 5e-15 relative; of each number by itself, whatever the others are.
#[inline(always)]
pub(super) fn expm1<const L: usize>(numbers: &[f64; L]) -> [f64; L] {
    let mut is_far = false;
    let mut results = [0.0; L];
    for (result, x) in results.iter_mut().zip(numbers) {
        *result = near(*x);
        is_far |= x.abs() > NEAR;
    }
    if is_far {
        correct_far(numbers, &mut results);
    }
    results
}

/// The result of a number up to [`NEAR`], in fused steps: the same on every machine, since each is rounded once.
#[inline(always)]
fn near(x: f64) -> f64 {
    let square = x * x;
    let [e0, e1, e2, e3, e4, e5, e6] = EVEN;
    let [o0, o1, o2, o3, o4, o5] = ODD;
    let add = f64::mul_add;
    let even = add(
        add(add(add(add(add(e0, square, e1), square, e2), square, e3), square, e4), square, e5),
        square,
        e6,
    );
    let odd = add(add(add(add(add(o0, square, o1), square, o2), square, o3), square, o4), square, o5);
    add(odd, square, even * x)
}

/// The results of those beyond, by `e²ʸ − 1 = y(y + 2)`.
#[inline(always)]
fn correct_far<const L: usize>(numbers: &[f64; L], results: &mut [f64; L]) {
    let mut is_further = false;
    for (result, number) in results.iter_mut().zip(numbers) {
        let part = near(number / PARTS);
        let half = part * (part + 2.0);
        let whole = half * (half + 2.0);
        *result = if number.abs() > NEAR { whole } else { *result };
        is_further |= number.abs() > MOST;
    }
    if is_further {
        correct_furthest(numbers, results);
    }
}

/// Kept apart, for what it needs of single numbers would slow down what is done with all at once.
#[cold]
#[inline(never)]
fn correct_furthest(numbers: &[f64], results: &mut [f64]) {
    for (result, number) in results.iter_mut().zip(numbers) {
        if number.abs() > MOST {
            *result = libm::expm1(*number);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_general_function_to_the_last_bits() {
        for step in -6_000..=6_000_i32 {
            let x = f64::from(step) / 1_000.0;
            let [seen, tiny] = expm1(&[x, x * 1e-9]);
            assert!((seen - libm::expm1(x)).abs() <= 5e-15 * libm::expm1(x).abs(), "{x}: {seen}");
            assert!((tiny - libm::expm1(x * 1e-9)).abs() <= 5e-15 * libm::expm1(x * 1e-9).abs());
            // The same beside any other number.
            assert_eq!(expm1(&[x, 3.0, -9.0])[0].to_bits(), seen.to_bits());
        }
        let edges = expm1(&[f64::NEG_INFINITY, f64::INFINITY, 0.0]);
        assert_eq!(edges.map(f64::to_bits), [-1.0, f64::INFINITY, 0.0].map(f64::to_bits));
    }
}
