//! A query string taken apart once: strict percent-decoding, no repeated and no unknown parameter.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

use super::{MAX_QUERY_BYTES, Parsed};
use crate::rejection::{Code, Rejection};
use crate::text::joined;

/// The parameters not yet taken, and what was refused so far.
pub(super) struct Query<'a> {
    fields: Vec<(Cow<'a, str>, Cow<'a, str>)>,
    refused: Vec<Rejection>,
}

impl<'a> Query<'a> {
    #[inline(never)]
    pub(super) fn parse(text: &'a str) -> Parsed<Self> {
        if text.len() > MAX_QUERY_BYTES {
            let message = joined(&["query is longer than ", &MAX_QUERY_BYTES.to_string(), " bytes"]);
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

    #[inline(never)]
    fn add(&mut self, name: Cow<'a, str>, value: Cow<'a, str>) {
        if self.fields.iter().any(|(known, _)| *known == name) {
            self.refuse(&name, Code::Repeated);
        } else {
            self.fields.push((name, value));
        }
    }

    #[inline(never)]
    fn refuse(&mut self, field: &str, code: Code) {
        self.refused.push(Rejection::new(field, code));
    }

    #[inline(never)]
    fn take(&mut self, name: &str) -> Option<Cow<'a, str>> {
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
    #[inline(never)]
    pub(super) fn integer(&mut self, name: &str, least: u32, most: u32) -> Option<u32> {
        let text = self.take(name)?;
        match text.parse::<i64>().ok().map(u32::try_from) {
            None => self.refuse(name, Code::Malformed),
            Some(Ok(number)) if (least..=most).contains(&number) => return Some(number),
            Some(_) => {
                let message =
                    joined(&[name, " must be from ", &least.to_string(), " to ", &most.to_string()]);
                self.refused.push(Rejection::with_message(name, Code::OutOfRange, message));
            }
        }
        None
    }

    /// The built request, unless anything was refused or is left over.
    pub(super) fn finish<T>(self, build: impl FnOnce() -> Option<T>) -> Parsed<T> {
        let refused = self.refusals();
        match build() {
            Some(request) if refused.is_empty() => Ok(request),
            _ => Err(refused),
        }
    }

    /// What was refused, and with it what is left over.
    #[inline(never)]
    fn refusals(mut self) -> Vec<Rejection> {
        for (name, _) in std::mem::take(&mut self.fields) {
            self.refuse(&name, Code::UnknownField);
        }
        self.refused
    }
}

/// Percent-decodes with `+` as a space; `None` where the bytes are not UTF-8.
fn decode(text: &str) -> Option<Cow<'_, str>> {
    if !text.contains(['%', '+']) {
        return Some(Cow::Borrowed(text));
    }
    let spaced = text.replace('+', " ");
    percent_decode_str(&spaced).decode_utf8().ok().map(|text| Cow::Owned(text.into_owned()))
}
