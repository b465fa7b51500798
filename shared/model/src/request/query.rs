//! A query string taken apart once: strict percent-decoding, no repeated and no unknown parameter.

use percent_encoding::percent_decode_str;

use super::{MAX_QUERY_BYTES, Parsed};
use crate::rejection::{Code, Rejection};

/// The parameters not yet taken, and what was refused so far.
pub(super) struct Query {
    fields: Vec<(String, String)>,
    refused: Vec<Rejection>,
}

impl Query {
    pub(super) fn parse(text: &str) -> Parsed<Self> {
        if text.len() > MAX_QUERY_BYTES {
            let message = format!("query is longer than {MAX_QUERY_BYTES} bytes");
            return Err(vec![Rejection::with_message("query", Code::TooLong, message)]);
        }
        let mut query = Self { fields: Vec::new(), refused: Vec::new() };
        for pair in text.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            match (decode(name), decode(value)) {
                (Some(name), Some(value)) => query.add(name, value),
                (Some(name), None) => query.refuse(&name, Code::Malformed),
                (None, _) => query.refuse("query", Code::Malformed),
            }
        }
        Ok(query)
    }

    fn add(&mut self, name: String, value: String) {
        if self.fields.iter().any(|(known, _)| *known == name) {
            self.refuse(&name, Code::Repeated);
        } else {
            self.fields.push((name, value));
        }
    }

    fn refuse(&mut self, field: &str, code: Code) {
        self.refused.push(Rejection::new(field, code));
    }

    fn take(&mut self, name: &str) -> Option<String> {
        let at = self.fields.iter().position(|(known, _)| known == name)?;
        Some(self.fields.swap_remove(at).1)
    }

    /// A parameter that may be absent, parsed by `parse`.
    pub(super) fn optional<T>(
        &mut self,
        name: &str,
        parse: impl FnOnce(&str) -> Result<T, Code>,
    ) -> Option<T> {
        match parse(&self.take(name)?) {
            Ok(value) => Some(value),
            Err(code) => {
                self.refuse(name, code);
                None
            }
        }
    }

    /// A parameter that must be there.
    pub(super) fn required<T>(
        &mut self,
        name: &str,
        parse: impl FnOnce(&str) -> Result<T, Code>,
    ) -> Option<T> {
        if self.fields.iter().all(|(known, _)| known != name)
            && self.refused.iter().all(|rejection| rejection.field != name)
        {
            self.refuse(name, Code::Required);
            return None;
        }
        self.optional(name, parse)
    }

    /// A whole number within bounds, both included.
    pub(super) fn integer(&mut self, name: &str, least: u32, most: u32) -> Option<u32> {
        let text = self.take(name)?;
        match text.parse::<i64>().ok().map(u32::try_from) {
            None => self.refuse(name, Code::Malformed),
            Some(Ok(number)) if (least..=most).contains(&number) => return Some(number),
            Some(_) => {
                let message = format!("{name} must be from {least} to {most}");
                self.refused.push(Rejection::with_message(name, Code::OutOfRange, message));
            }
        }
        None
    }

    /// The built request, unless anything was refused or is left over.
    pub(super) fn finish<T>(mut self, build: impl FnOnce() -> Option<T>) -> Parsed<T> {
        let left: Vec<String> = self.fields.drain(..).map(|(name, _)| name).collect();
        for name in left {
            self.refuse(&name, Code::UnknownField);
        }
        match build() {
            Some(request) if self.refused.is_empty() => Ok(request),
            _ => Err(self.refused),
        }
    }
}

/// Percent-decodes with `+` as a space; `None` where the bytes are not UTF-8.
fn decode(text: &str) -> Option<String> {
    let spaced = text.replace('+', " ");
    percent_decode_str(&spaced).decode_utf8().ok().map(std::borrow::Cow::into_owned)
}
