//! `POST /session`: the form with the API key that the page asks with.

use std::fmt;

use percent_encoding::percent_decode;

use super::Parsed;
use crate::rejection::{Code, Rejection};

const FIELD: &str = "api_key";

/// The form's one field.
#[derive(Clone, PartialEq, Eq)]
pub struct SessionRequest {
    /// The key as it was typed, without blanks around it: it may be none.
    pub api_key: String,
}

impl SessionRequest {
    /// Parses the form.
    ///
    /// # Errors
    /// The refused field; `form` where it has another.
    pub fn parse(form: &[u8]) -> Parsed<Self> {
        let refuse = |field: &str, code| vec![Rejection::new(field, code)];
        let mut found = None;
        for pair in form.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()) {
            let value = pair.strip_prefix(FIELD.as_bytes()).and_then(|rest| rest.strip_prefix(b"="));
            let value = value.ok_or_else(|| refuse("form", Code::UnknownField))?;
            let text = percent_decode(value).decode_utf8().map_err(|_| refuse(FIELD, Code::Malformed))?;
            if found.replace(text.trim().to_owned()).is_some() {
                return Err(refuse(FIELD, Code::Repeated));
            }
        }
        Ok(Self { api_key: found.ok_or_else(|| refuse(FIELD, Code::Required))? })
    }
}

impl fmt::Debug for SessionRequest {
    /// Without the key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionRequest")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::tests::refused;

    #[test]
    fn the_form_has_its_one_field_once() {
        assert_eq!(SessionRequest::parse(b"api_key=%20rm_1%32%20").unwrap().api_key, "rm_12");
        let cases = [
            (&b""[..], "api_key", Code::Required),
            (b"api_key=a&api_key=b", "api_key", Code::Repeated),
            (b"other=1", "form", Code::UnknownField),
            (b"api_key=%ff", "api_key", Code::Malformed),
        ];
        for (form, field, code) in cases {
            assert_eq!(refused(SessionRequest::parse(form)), [(field.to_owned(), code)]);
        }
    }
}
