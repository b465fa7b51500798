//! The headers of a request as its validation sees them, and the security headers of every answer.

use std::borrow::Cow;

use crate::scan;

/// The header of an API key.
pub const KEY_HEADER: &str = "x-api-key";
/// The header in which earlier clients name their wallet. It proves nothing; it can only narrow.
pub const WALLET_HEADER: &str = "x-wallet-address";
/// The header of the request id, in and out.
pub const REQUEST_ID_HEADER: &str = "x-request-id";
/// Longest request id taken from a client, bytes.
const MAX_REQUEST_ID_BYTES: usize = 64;

/// Nothing from elsewhere, no script at all, no frame around us, forms to ourselves.
const CSP: &str = "default-src 'self'; script-src 'none'; object-src 'none'; base-uri 'none'; form-action 'self'; \
                   frame-ancestors 'none'";
/// The policy of the one page that runs a script: our own files, and WebAssembly of theirs.
pub const SCRIPT_CSP: &str = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; object-src 'none'; \
                              base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// The security headers of every answer, names in lower case.
pub const SECURITY_HEADERS: [(&str, &str); 5] = [
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("content-security-policy", CSP),
    ("referrer-policy", "no-referrer"),
    ("permissions-policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
];
/// The further header of an answer that went over TLS.
pub const TLS_HEADER: (&str, &str) = ("strict-transport-security", "max-age=31536000");

/// Name and value of every header line, in their order.
#[derive(Clone, Copy, Debug)]
pub struct Headers<'a>(pub &'a [(&'a str, &'a [u8])]);

impl<'a> Headers<'a> {
    /// Bytes of all names and values together.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.0.iter().map(|(name, value)| name.len() + value.len()).sum()
    }

    /// The header's value. Several lines of one name are one value with commas (RFC 9110, section 5.3), which is what
    /// an edge hands on; so a header that may stand once is refused when it stands twice, by whoever reads it first.
    /// Empty where it is no visible ASCII.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<Cow<'a, str>> {
        let mut lines =
            self.0.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| text(value));
        let first = lines.next()?;
        let mut whole = Cow::Borrowed(first);
        for line in lines {
            let owned = whole.to_mut();
            owned.push_str(", ");
            owned.push_str(line);
        }
        Some(whole)
    }

    /// The client's own request id, where it is 1 to 64 letters, digits, `-` and `_`.
    #[must_use]
    pub fn request_id(&self) -> Option<Cow<'a, str>> {
        self.get(REQUEST_ID_HEADER).filter(|id| is_request_id(id))
    }

    /// Whether the body is of a media type, whatever its parameters.
    #[must_use]
    pub fn is_of(&self, media_type: &str) -> bool {
        let given = self.get("content-type").unwrap_or_default();
        given.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case(media_type)
    }

    /// The length that the request says its body has, bytes.
    #[must_use]
    pub fn content_length(&self) -> Option<usize> {
        self.get("content-length")?.parse().ok()
    }

    /// Whether the client asks for HTML by name: programs send `*/*` or JSON.
    #[must_use]
    pub fn wants_html(&self) -> bool {
        self.get("accept").unwrap_or_default().split(',').any(|part| {
            let mut words = part.split(';').map(str::trim);
            words.next() == Some("text/html") && !words.any(|word| word == "q=0")
        })
    }
}

/// Whether a text may be a request's id: 1 to 64 letters, digits, `-` and `_`.
#[must_use]
pub fn is_request_id(text: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    (1..=MAX_REQUEST_ID_BYTES).contains(&text.len()) && text.bytes().all(is_allowed)
}

/// A value as text: empty where a byte is neither visible ASCII, space nor tab.
fn text(value: &[u8]) -> &str {
    let is_text = scan::is_visible(value) || value.iter().all(|byte| matches!(byte, b'\t' | b' '..=b'~'));
    if is_text { std::str::from_utf8(value).unwrap_or_default() } else { "" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_no_case_and_lines_of_one_name_are_one_value() {
        let lines: [(&str, &[u8]); 3] = [("X-Api-Key", b"a"), ("accept", b"b"), ("x-api-key", b"c")];
        let headers = Headers(&lines);
        assert_eq!(headers.get("x-API-key").as_deref(), Some("a, c"));
        assert_eq!(headers.get("cookie"), None);
        assert_eq!(headers.bytes(), 9 + 6 + 9 + 3);
        let odd: [(&str, &[u8]); 1] = [("x-api-key", "é".as_bytes())];
        assert_eq!(Headers(&odd).get("x-api-key").as_deref(), Some(""));
    }

    #[test]
    fn a_request_id_is_short_and_plain_and_stands_once() {
        let id = |values: &[&str]| {
            let lines: Vec<(&str, &[u8])> =
                values.iter().map(|value| (REQUEST_ID_HEADER, value.as_bytes())).collect();
            Headers(&lines).request_id().map(Cow::into_owned)
        };
        assert_eq!(id(&["Trace-1_a"]).as_deref(), Some("Trace-1_a"));
        assert_eq!(id(&[&"a".repeat(64)]), Some("a".repeat(64)));
        for odd in [&[""][..], &["a b"], &["a\"b"], &["../x"], &["é"], &[&"a".repeat(65)], &["a", "b"], &[]]
        {
            assert_eq!(id(odd), None, "{odd:?}");
        }
    }

    #[test]
    fn html_goes_to_those_who_ask_for_it_by_name() {
        let cases = [
            ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", true),
            ("application/json, text/html;q=0.5", true),
            ("text/html; q=0", false),
            ("*/*", false),
            ("application/json", false),
            ("", false),
        ];
        for (accept, html) in cases {
            assert_eq!(Headers(&[("accept", accept.as_bytes())]).wants_html(), html, "{accept}");
        }
        assert!(!Headers(&[]).wants_html());
    }

    #[test]
    fn a_media_type_is_told_apart_from_its_parameters_and_from_two_of_them() {
        let is_json = |lines: &[(&str, &[u8])]| Headers(lines).is_of("application/json");
        assert!(is_json(&[("content-type", b"Application/JSON; charset=utf-8")]));
        assert!(!is_json(&[("content-type", b"application/jsonx")]));
        assert!(!is_json(&[("content-type", b"application/json"), ("content-type", b"application/json")]));
        assert!(!is_json(&[]));
    }
}
