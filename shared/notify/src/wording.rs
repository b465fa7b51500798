//! The words of a message, the same in every channel, and cutting them to what a channel takes.

use risk_app::delivery::Message;
use risk_app::records::Alert;
use risk_app::summary::rfc3339;
use risk_model::Happening;

/// What stands where something was cut off.
const CUT: char = '…';

/// The headline: what is the matter and how bad it is.
pub(crate) fn title(message: &Message) -> String {
    let alert = &message.alert;
    let kind = alert.kind.name().replace('_', " ");
    match message.happening {
        Happening::Opened => format!("{}: {kind}", capital(alert.severity.name())),
        Happening::Escalated => format!("Now {}: {kind}", alert.severity.name()),
        Happening::Acknowledged => format!("Acknowledged: {kind}"),
        Happening::Resolved => format!("Resolved: {kind}"),
    }
}

/// The figures of a message, each with its name. A resolved alert says what ended it.
pub(crate) fn facts(message: &Message) -> Vec<(&'static str, String)> {
    let alert = &message.alert;
    let mut facts = vec![("Wallet", alert.wallet.to_string())];
    if !alert.account.is_empty() {
        facts.push(("Account", alert.account.clone()));
    }
    facts.push(("Severity", alert.severity.name().to_owned()));
    facts.push(("Figure", figure(alert.measured)));
    facts.push(("Threshold", figure(alert.threshold)));
    facts.push(("Open since", rfc3339(alert.opened_at)));
    if message.happening == Happening::Resolved {
        facts.push(("Resolved by", alert.resolution.clone().unwrap_or_else(|| "not told".to_owned())));
    }
    facts
}

/// What to do, while there is something to do.
pub(crate) fn action(message: &Message) -> Option<&str> {
    let has_end = message.happening == Happening::Resolved || message.alert.action.is_empty();
    (!has_end).then_some(message.alert.action.as_str())
}

/// The alert's number and the message's, for people who look for either.
pub(crate) fn reference(alert: &Alert, id: &str) -> String {
    format!("alert {} · message {id}", alert.id)
}

/// A figure to four places, without zeros at the end; small ones by their leading digits.
pub(crate) fn figure(value: f64) -> String {
    if !value.is_finite() {
        return "unknown".to_owned();
    }
    if value.abs() >= 1_000.0 {
        return format!("{value:.2}");
    }
    if value.abs() < 0.000_1 && value.abs() > 0.0 {
        return format!("{value:.2e}");
    }
    let text = format!("{value:.4}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A text without what would change how the rest is shown: control characters, and those that turn the direction of
/// writing. Names of tokens and accounts are written by strangers.
fn is_shown(letter: char) -> bool {
    let turns = matches!(letter, '\u{200e}' | '\u{200f}' | '\u{061c}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    letter == '\n' || !(letter.is_control() || turns)
}

/// The text as `escape` writes each letter, at most `most` long as `length` measures what is written. A longer one
/// ends with an ellipsis, and never within a letter or its escape.
pub(crate) fn within(
    text: &str,
    most: usize,
    escape: impl Fn(char, &mut String),
    length: impl Fn(&str) -> usize,
) -> String {
    let mut whole = String::new();
    let (mut used, mut fitting) = (0, 0);
    let room = most.saturating_sub(length(&CUT.to_string()));
    let mut letter_text = String::new();
    for letter in text.chars().filter(|letter| is_shown(*letter)) {
        letter_text.clear();
        escape(letter, &mut letter_text);
        used += length(&letter_text);
        if used > most {
            whole.truncate(fitting);
            whole.push(CUT);
            return whole;
        }
        whole.push_str(&letter_text);
        if used <= room {
            fitting = whole.len();
        }
    }
    whole
}

/// The text as it is, cut to so many UTF-16 units: the strictest of the ways in which chats count characters.
pub(crate) fn cut(text: &str, most: usize) -> String {
    within(text, most, |letter, into| into.push(letter), utf16)
}

/// The length in UTF-16 units.
pub(crate) fn utf16(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}

/// Writes a letter so that it is no markup of Slack or of HTML.
pub(crate) fn escape_angles(letter: char, into: &mut String) {
    match letter {
        '&' => into.push_str("&amp;"),
        '<' => into.push_str("&lt;"),
        '>' => into.push_str("&gt;"),
        _ => into.push(letter),
    }
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|letter| letter.to_ascii_uppercase()).into_iter().chain(letters).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_is_short_and_one_that_is_none_is_a_word() {
        let cases = [
            (1.17, "1.17"),
            (1.0, "1"),
            (0.0, "0"),
            (-2.5, "-2.5"),
            (12_345.678, "12345.68"),
            (0.000_012, "1.20e-5"),
            (f64::NAN, "unknown"),
            (f64::INFINITY, "unknown"),
        ];
        for (value, text) in cases {
            assert_eq!(figure(value), text);
        }
    }

    #[test]
    fn a_text_that_fits_is_whole_and_a_longer_one_ends_with_an_ellipsis() {
        assert_eq!(cut("abcde", 5), "abcde");
        assert_eq!(cut("abcdef", 5), "abcd…");
        assert_eq!(cut("🦀🦀🦀", 6), "🦀🦀🦀");
        assert_eq!(cut("🦀🦀🦀", 5), "🦀🦀…");
        assert_eq!(cut("abc", 0), "…");
    }

    #[test]
    fn a_cut_never_falls_into_an_escape() {
        for most in 0..30 {
            let text = within("a&b<c>d&&&", most, escape_angles, utf16);
            let plain = text.replace("&amp;", "").replace("&lt;", "").replace("&gt;", "");
            assert!(!plain.contains('&'), "{most}: {text}");
            assert!(utf16(&text) <= most.max(1), "{most}: {text}");
        }
    }

    #[test]
    fn letters_that_change_how_others_are_shown_are_left_out() {
        assert_eq!(cut("a\u{202e}b\0c\u{7}d\ne\u{2066}f", 100), "abcd\nef");
    }
}
