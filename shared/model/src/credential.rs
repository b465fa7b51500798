//! The shape of credentials: what can be told of an API key or a token without knowing any.

/// What every API key begins with.
pub const KEY_PREFIX: &str = "rm_";
/// Random bytes of an API key.
pub const KEY_BYTES: usize = 32;
/// Longest token looked at, bytes.
const MAX_TOKEN_BYTES: usize = 4 * 1024;

/// Whether a text has the shape of an API key: `rm_` and 64 lower-case hex digits. It says nothing about whether there
/// is such a key.
#[must_use]
pub fn is_key_shaped(text: &str) -> bool {
    let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    text.strip_prefix(KEY_PREFIX)
        .is_some_and(|digits| digits.len() == 2 * KEY_BYTES && digits.bytes().all(is_digit))
}

/// Whether a text has the shape of a bearer token (`b64token` of RFC 6750, section 2.1), at most 4 KiB of it.
#[must_use]
pub fn is_token_shaped(text: &str) -> bool {
    let body = text.trim_end_matches('=');
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte);
    !body.is_empty() && text.len() <= MAX_TOKEN_BYTES && body.bytes().all(is_allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_its_prefix_and_64_lower_case_digits() {
        let digits = "0123456789abcdef".repeat(4);
        assert!(is_key_shaped(&format!("rm_{digits}")));
        for text in [
            String::new(),
            digits.clone(),
            format!("rm_{}", &digits[1..]),
            format!("rm_{digits}0"),
            format!("rm_{}", digits.to_uppercase()),
            format!("RM_{digits}"),
            format!(" rm_{digits}"),
            format!("rm_{}é", &digits[2..]),
        ] {
            assert!(!is_key_shaped(&text), "{text:?}");
        }
    }

    #[test]
    fn a_token_is_base64_of_either_alphabet() {
        for good in ["a", "eyJhbGciOi.J9-_~", "ab+/==", &"a".repeat(4096)] {
            assert!(is_token_shaped(good), "{good}");
        }
        for bad in ["", "==", "a b", "a=b", "é", "a\n", &"a".repeat(4097)] {
            assert!(!is_token_shaped(bad), "{bad}");
        }
    }
}
