//! Figures as a person reads them. A figure that is not known is words, never a number.

use risk_app::summary::{FigureBody, HealthFactorBody, LiquidationPriceBody, ScoreBody};

/// Most places after the point of a token amount.
const PLACES: usize = 6;

/// A figure in words, and whether it is known.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Shown {
    pub(super) text: String,
    pub(super) is_known: bool,
}

fn known(text: String) -> Shown {
    Shown { text, is_known: true }
}

fn unknown(reason: &str) -> Shown {
    Shown { text: format!("unknown: {reason}"), is_known: false }
}

fn figure<T>(figure: &FigureBody<T>, show: impl Fn(&T) -> String) -> Shown {
    match figure {
        FigureBody::Known { value } => known(show(value)),
        FigureBody::Unknown { reason } => unknown(reason),
    }
}

/// US dollars.
pub(super) fn usd(amount: &FigureBody<f64>) -> Shown {
    figure(amount, |value| dollars(*value))
}

/// A fraction as a percentage.
pub(super) fn percent(fraction: &FigureBody<f64>) -> Shown {
    figure(fraction, |value| format!("{:.2} %", value * 100.0))
}

/// Basis points as a percentage.
pub(super) fn bps(points: &FigureBody<u16>) -> Shown {
    figure(points, |value| format!("{:.2} %", f64::from(*value) / 100.0))
}

/// A health factor to four places.
pub(super) fn health(factor: &HealthFactorBody) -> Shown {
    match factor {
        HealthFactorBody::Known { value } => known(value.chars().take(point(value) + 5).collect()),
        HealthFactorBody::NoDebt => known("no debt".to_owned()),
        HealthFactorBody::Unknown { reason } => unknown(reason),
    }
}

/// A score to one place, or the bounds that it lies within.
pub(super) fn score(score: &ScoreBody) -> Shown {
    match score {
        ScoreBody::Known { value } => known(format!("{value:.1}")),
        ScoreBody::Unknown { at_least, at_most, .. } => {
            Shown { text: format!("{at_least:.1} to {at_most:.1}"), is_known: false }
        }
    }
}

/// The price of one asset alone that liquidates.
pub(super) fn liquidation_price(price: &LiquidationPriceBody) -> Shown {
    match price {
        LiquidationPriceBody::Below { usd } => known(format!("under {}", dollars(*usd))),
        LiquidationPriceBody::Above { usd } => known(format!("over {}", dollars(*usd))),
        LiquidationPriceBody::Never => known("never".to_owned()),
        LiquidationPriceBody::Unknown { reason } => unknown(reason),
    }
}

/// `$1,234.56`; small amounts with as many places as they need to be seen.
pub(super) fn dollars(amount: f64) -> String {
    let size = amount.abs();
    let places = if size > 0.0 && size < 1.0 { 6 } else { 2 };
    let digits = format!("{size:.places$}");
    let (whole, cents) = digits.split_at(point(&digits));
    let sign = if amount < 0.0 { "−" } else { "" };
    format!("{sign}${}{cents}", grouped(whole))
}

/// Base units as whole tokens, cut (never rounded up) to six places.
pub(super) fn tokens(base_units: &str, decimals: u8) -> String {
    if base_units.is_empty() || !base_units.bytes().all(|byte| byte.is_ascii_digit()) {
        return base_units.to_owned();
    }
    let decimals = usize::from(decimals);
    let padded = format!("{base_units:0>width$}", width = decimals + 1);
    let (whole, fraction) = padded.split_at(padded.len() - decimals);
    let cut: String = fraction.chars().take(PLACES).collect();
    let cut = cut.trim_end_matches('0');
    let is_dust = whole == "0" && cut.is_empty() && base_units.bytes().any(|byte| byte != b'0');
    match (is_dust, cut) {
        (true, _) => "under 0.000001".to_owned(),
        (false, "") => grouped(whole),
        (false, cut) => format!("{}.{cut}", grouped(whole)),
    }
}

/// An age in the largest unit that says enough.
pub(super) fn age(seconds: u64) -> String {
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds / 60),
        7_200..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} days", seconds / 86_400),
    }
}

fn point(digits: &str) -> usize {
    digits.find('.').unwrap_or(digits.len())
}

/// Digits in threes.
fn grouped(digits: &str) -> String {
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dollars_are_grouped_and_signed_and_small_ones_are_seen() {
        let cases = [
            (0.0, "$0.00"),
            (1_234_567.891, "$1,234,567.89"),
            (-12.5, "−$12.50"),
            (0.000_123, "$0.000123"),
            (999.0, "$999.00"),
        ];
        for (amount, text) in cases {
            assert_eq!(dollars(amount), text);
        }
    }

    #[test]
    fn base_units_become_whole_tokens_without_rounding_up() {
        let cases = [
            ("1500000", 6, "1.5"),
            ("1234567890123456789", 18, "1.234567"),
            ("1999999999999999999", 18, "1.999999"),
            ("1", 18, "under 0.000001"),
            ("0", 18, "0"),
            ("42", 0, "42"),
            ("1000000000000", 6, "1,000,000"),
            ("not a number", 6, "not a number"),
        ];
        for (units, decimals, text) in cases {
            assert_eq!(tokens(units, decimals), text);
        }
    }

    #[test]
    fn what_is_unknown_is_words() {
        let missing = FigureBody::<f64>::Unknown { reason: "no price of X".into() };
        assert_eq!(usd(&missing), Shown { text: "unknown: no price of X".into(), is_known: false });
        let open = ScoreBody::Unknown { reason: "x".into(), at_least: 30.0, at_most: 100.0 };
        assert_eq!(score(&open), Shown { text: "30.0 to 100.0".into(), is_known: false });
        assert_eq!(health(&HealthFactorBody::NoDebt).text, "no debt");
    }

    #[test]
    fn a_health_factor_is_cut_not_rounded_over_one() {
        let just_under = HealthFactorBody::Known { value: "0.999999999999999999".into() };
        assert_eq!(health(&just_under).text, "0.9999");
    }
}
