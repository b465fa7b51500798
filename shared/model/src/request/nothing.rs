//! Requests of routes that take no query, or no body.

use super::Parsed;
use super::body::Body;
use crate::rejection::{Code, Rejection};

/// Most unknown names that are refused one by one.
const MAX_NAMES: usize = 20;
/// Longest part of an unknown name that is repeated, characters.
const MAX_NAME: usize = 64;

/// Refuses every parameter of a query (without `?`), by its name as it was written.
///
/// # Errors
/// Every parameter.
pub fn no_query(query: &str) -> Parsed<()> {
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    // A name is the client's text: what an answer repeats of it is bounded in length and number.
    let names = pairs.map(|pair| pair.split('=').next().unwrap_or_default().chars().take(MAX_NAME));
    let refused: Vec<Rejection> = names
        .take(MAX_NAMES)
        .map(|name| Rejection::new(name.collect::<String>(), Code::UnknownField))
        .collect();
    if refused.is_empty() { Ok(()) } else { Err(refused) }
}

/// Refuses a body; an empty JSON object counts as none.
///
/// # Errors
/// Every field; `body` where it is no JSON object.
pub fn no_body(body: &[u8]) -> Parsed<()> {
    if body.is_empty() { Ok(()) } else { Body::parse(body)?.finish(|| Some(())) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::tests::refused;

    #[test]
    fn parameters_are_refused_by_name_within_bounds() {
        assert_eq!(no_query(""), Ok(()));
        assert_eq!(no_query("&&"), Ok(()));
        assert_eq!(
            refused(no_query("a=1&b")),
            [("a".into(), Code::UnknownField), ("b".into(), Code::UnknownField)]
        );
        assert_eq!(refused(no_query(&"é".repeat(100)))[0].0.chars().count(), 64);
        assert_eq!(refused(no_query(&"a&".repeat(100))).len(), 20);
    }

    #[test]
    fn a_body_is_empty_or_an_empty_object() {
        assert_eq!(no_body(b""), Ok(()));
        assert_eq!(no_body(b" {} "), Ok(()));
        assert_eq!(refused(no_body(b"[]")), [("body".into(), Code::WrongType)]);
        assert_eq!(refused(no_body(b"{\"note\":1}")), [("note".into(), Code::UnknownField)]);
    }
}
