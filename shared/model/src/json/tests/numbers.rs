//! Numbers at all their edges, beside `str::parse`, which answers the nearest float.

use proptest::prelude::*;

use super::decimal::nearest;

/// Numbers at the edges of what floats and whole numbers hold.
const EDGES: &str = "
    0 -0 0.0 0e999999999999 -0.000e-999999999999999999999 5e-324 2.4703282292062327e-324
    2.4703282292062328e-324 3e-324 7e-324 2.2250738585072011e-308 2.2250738585072012e-308
    2.2250738585072014e-308 1.7976931348623157e308 1.7976931348623158e308 1.7976931348623159e308
    179769313486231580793e289 2e308 3.5e308 1e309 1e400 1e999999999999999999999999 1e-400
    123e-99999999999999 9007199254740991 9007199254740992 9007199254740993 9007199254740995
    18446744073709551615 18446744073709551616 -9223372036854775808 -9223372036854775809 1e22 1e23
    8.5e22 1e-22 1e-23 999999999999999e22 1000000000000000e22 0.1 0.3 100000000000000000000000
";

/// A number as somebody may write it.
pub(super) fn written() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "-?(0|[1-9][0-9]{0,4})(\\.[0-9]{1,4})?",
        2 => "-?(0|[1-9][0-9]{0,24})(\\.[0-9]{1,24})?([eE][+-]?[0-9]{1,3})?",
        1 => "-?(0|[1-9][0-9]{17,20})",
        1 => "-?[1-9](\\.[0-9]{1,17})?[eE][+-]?(0{0,3}[0-9]{1,3}|[0-9]{8,25})",
    ]
}

fn check(text: &str) {
    let (ours, theirs) = (nearest(text.as_bytes()), text.parse::<f64>().unwrap());
    assert_eq!(ours.to_bits(), theirs.to_bits(), "{text:.200}: {ours:e} is not {theirs:e}");
}

/// A number, and numbers next to it on both sides.
fn check_around(digits: &str) {
    let (whole, exponent) = digits.split_once('e').unwrap_or((digits, "0"));
    let point = if whole.contains('.') { "" } else { "." };
    check(digits);
    for tail in ["0", "1", "00000000000000000000000000000000001", &format!("{}1", "0".repeat(1_000))] {
        check(&format!("{whole}{point}{tail}e{exponent}"));
    }
    let below: String = whole.strip_suffix(|last: char| last != '.' && last != '0').map_or_else(
        || whole.to_owned(),
        |rest| {
            let last = whole.as_bytes()[whole.len() - 1] - 1;
            format!("{rest}{}", char::from(last))
        },
    );
    check(&format!("{below}{point}{}e{exponent}", "9".repeat(40)));
}

/// Half of a decimal under one, exactly.
fn halved(text: &str) -> String {
    let mut left = 0;
    let fraction = text.strip_prefix("0.").unwrap();
    let digits: String = fraction
        .chars()
        .chain(['0'])
        .map(|digit| {
            let whole = left * 10 + digit.to_digit(10).unwrap();
            left = whole % 2;
            char::from_digit(whole / 2, 10).unwrap()
        })
        .collect();
    format!("0.{}", digits.trim_end_matches('0'))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3_000))]

    #[test]
    fn any_number_is_the_nearest_float(text in written()) {
        check(&text);
    }

    #[test]
    fn every_float_is_read_from_its_digits(bits: u64, digits in 0_usize..30) {
        let float = f64::from_bits(bits);
        prop_assume!(float.is_finite());
        check(&format!("{float:e}"));
        check(&format!("{float:.digits$e}"));
    }

    #[test]
    fn the_middle_between_two_floats_goes_to_the_even_one(
        odd in (1_u128 << 53)..(1 << 54), up in 0_u32..70, down in 0_u32..32,
    ) {
        let odd = odd | 1;
        check_around(&(odd << up).to_string());
        check_around(&format!("{}e-{down}", odd * 5_u128.pow(down)));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn so_does_the_middle_between_two_of_the_smallest(significand in 0_u64..(1 << 52)) {
        // Odd units of 2^-1074, halved: 1,075 digits after the point.
        let exact = format!("{:.1074}", f64::from_bits(significand | 1));
        check(&exact);
        check_around(&halved(&exact));
    }
}

#[test]
fn the_edges_of_the_floats() {
    for edge in EDGES.split_whitespace() {
        check(edge);
    }
    check(&"9".repeat(400));
    check(&format!("0.{}1", "0".repeat(500)));
    check(&format!("0.{}1e600", "0".repeat(500)));
    check(&format!("1{}e-600", "0".repeat(500)));
    check(&format!("{}.{}e-65000", "7".repeat(30_000), "3".repeat(30_000)));
    check(&format!("0.{}e300", "1".repeat(60_000)));
}
