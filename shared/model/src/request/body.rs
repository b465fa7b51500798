//! A JSON body taken apart once: one flat object, no repeated and no unknown field.

use std::borrow::Cow;

use super::{MAX_BODY_BYTES, MAX_LIST, Parsed};
use crate::json::{self, Fields, Value};
use crate::rejection::{Code, Rejection};
use crate::text::joined;

/// Longest name of the client's own that is repeated to it, characters: it may be all of the body.
const MAX_NAME: usize = 64;

/// The fields not yet taken, and what was refused so far.
///
/// Its methods stay functions of their own wherever they are called: the edge's module has no room for copies of them.
pub(super) struct Body<'a> {
    fields: Fields<'a>,
    refused: Vec<Rejection>,
}

impl<'a> Body<'a> {
    pub(super) fn parse(bytes: &'a [u8]) -> Parsed<Self> {
        if bytes.len() > MAX_BODY_BYTES {
            let message = joined(&["body is longer than ", &MAX_BODY_BYTES.to_string(), " bytes"]);
            return Err(vec![Rejection::with_message("body", Code::TooLong, message)]);
        }
        let (fields, repeated) = json::object(bytes).map_err(|fault| vec![fault.into()])?;
        let mut body = Self::of(fields);
        for name in repeated {
            body.refuse_name(&name, Code::Repeated);
        }
        Ok(body)
    }

    /// A body of fields that have distinct names.
    pub(super) fn of(fields: Fields<'a>) -> Self {
        Self { fields, refused: Vec::new() }
    }

    #[inline(never)]
    fn refuse(&mut self, field: &str, code: Code) {
        self.refused.push(Rejection::new(field, code));
    }

    /// Refuses a field by a name that is the client's own.
    #[inline(never)]
    fn refuse_name(&mut self, name: &str, code: Code) {
        let end = name.char_indices().nth(MAX_NAME).map_or(name.len(), |(end, _)| end);
        self.refuse(&name[..end], code);
    }

    /// Refuses a field for a reason of its own.
    pub(super) fn refuse_with(&mut self, field: &str, code: Code, message: &str) {
        self.refused.push(Rejection::with_message(field, code, message));
    }

    /// The field's value; `null` counts as absent.
    #[inline(never)]
    fn take(&mut self, name: &str) -> Option<Value<'a>> {
        let at = self.fields.iter().position(|(known, _)| known == name)?;
        Some(self.fields.swap_remove(at).1).filter(|value| *value != Value::Null)
    }

    /// The value of a field by what it must be.
    fn take_as<T>(&mut self, name: &str, of: impl FnOnce(Value<'a>) -> Option<T>) -> Option<T> {
        let taken = of(self.take(name)?);
        if taken.is_none() {
            self.refuse(name, Code::WrongType);
        }
        taken
    }

    /// Whether the field is there; `null` counts as absent.
    #[inline(never)]
    pub(super) fn has(&self, name: &str) -> bool {
        self.fields.iter().any(|(known, value)| known == name && *value != Value::Null)
    }

    /// The same, and refuses it where it is not.
    #[inline(never)]
    fn require(&mut self, name: &str) -> bool {
        let is_there = self.has(name);
        if !is_there {
            self.take(name);
            self.refuse(name, Code::Required);
        }
        is_there
    }

    #[inline(never)]
    fn take_text(&mut self, name: &str) -> Option<Cow<'a, str>> {
        self.take_as(name, |value| match value {
            Value::Text(text) => Some(text),
            _ => None,
        })
    }

    /// A string field that must be there, parsed by `parse`.
    pub(super) fn required<T>(
        &mut self,
        name: &str,
        parse: impl FnOnce(&str) -> Result<T, Code>,
    ) -> Option<T> {
        if self.require(name) { self.optional(name, parse) } else { None }
    }

    /// A string field that may be absent, parsed by `parse`.
    pub(super) fn optional<T>(
        &mut self,
        name: &str,
        parse: impl FnOnce(&str) -> Result<T, Code>,
    ) -> Option<T> {
        let text = self.take_text(name)?;
        parse(&text).map_err(|code| self.refuse(name, code)).ok()
    }

    /// `true` or `false`.
    #[inline(never)]
    pub(super) fn boolean(&mut self, name: &str) -> Option<bool> {
        self.take_as(name, |value| match value {
            Value::Bool(is_so) => Some(is_so),
            _ => None,
        })
    }

    /// A text of at most `most` characters, none of them a control character.
    #[inline(never)]
    pub(super) fn text(&mut self, name: &str, most: usize) -> Option<String> {
        let text = self.take_text(name)?;
        if text.chars().count() > most {
            self.refuse_with(
                name,
                Code::TooLong,
                &joined(&[name, " is longer than ", &most.to_string(), " characters"]),
            );
            return None;
        }
        if text.chars().any(char::is_control) {
            self.refuse(name, Code::Malformed);
            return None;
        }
        Some(text.into_owned())
    }

    /// A number above `above` and at most `most`.
    #[inline(never)]
    pub(super) fn number(&mut self, name: &str, above: f64, most: f64) -> Option<f64> {
        let number = self.take_as(name, |value| value.as_f64())?;
        if number > above && number <= most {
            return Some(number);
        }
        let message = joined(&[name, " must be above ", &plain(above), " and at most ", &plain(most)]);
        self.refuse_with(name, Code::OutOfRange, &message);
        None
    }

    /// A number from `least` to `most`.
    #[inline(never)]
    pub(super) fn number_between(&mut self, name: &str, least: f64, most: f64) -> Option<f64> {
        let number = self.take_as(name, |value| value.as_f64())?;
        if (least..=most).contains(&number) {
            return Some(number);
        }
        let message = joined(&[name, " must be from ", &plain(least), " to ", &plain(most)]);
        self.refuse_with(name, Code::OutOfRange, &message);
        None
    }

    /// As [`Body::number`], and it must be there.
    pub(super) fn required_number(&mut self, name: &str, above: f64, most: f64) -> Option<f64> {
        if self.require(name) { self.number(name, above, most) } else { None }
    }

    /// A whole number from 0 to `most` that must be there.
    #[inline(never)]
    pub(super) fn whole(&mut self, name: &str, most: u32) -> Option<u32> {
        if !self.require(name) {
            return None;
        }
        let whole = self.take_as(name, |value| match value {
            Value::Whole(whole) => Some(whole),
            _ => None,
        })?;
        let within = u32::try_from(whole).ok().filter(|whole| *whole <= most);
        if within.is_none() {
            self.refuse(name, Code::OutOfRange);
        }
        within
    }

    /// The items of a list of at most `most`; absent is empty.
    #[inline(never)]
    fn take_list(&mut self, name: &str, most: usize) -> Vec<Value<'a>> {
        let items = self.take_as(name, |value| match value {
            Value::List(items) => Some(items),
            _ => None,
        });
        let items = items.unwrap_or_default();
        if items.len() > most {
            self.refuse_with(
                name,
                Code::TooLong,
                &joined(&[name, " has more than ", &most.to_string(), " items"]),
            );
            return Vec::new();
        }
        items
    }

    /// A list of at most `most` objects, each taken apart by `parse`; absent is empty. What is refused inside is named
    /// as `name[index].field`.
    pub(super) fn objects<T>(
        &mut self,
        name: &str,
        most: usize,
        parse: impl Fn(Self) -> Parsed<T>,
    ) -> Vec<T> {
        let items = self.take_list(name, most);
        let mut parsed = Vec::with_capacity(items.len());
        for (index, item) in items.into_iter().enumerate() {
            parsed.extend(self.inner(&item_of(name, index), item, &parse));
        }
        parsed
    }

    /// An object taken apart by `parse`, if it is there.
    pub(super) fn object<T>(&mut self, name: &str, parse: impl Fn(Self) -> Parsed<T>) -> Option<T> {
        let item = self.take(name)?;
        self.inner(name, item, &parse)
    }

    fn inner<T>(&mut self, name: &str, item: Value<'a>, parse: &impl Fn(Self) -> Parsed<T>) -> Option<T> {
        let Value::Object(fields) = item else {
            self.refuse(name, Code::WrongType);
            return None;
        };
        match parse(Self::of(fields)) {
            Ok(parsed) => Some(parsed),
            Err(refused) => {
                self.refuse_under(name, refused);
                None
            }
        }
    }

    #[inline(never)]
    fn refuse_under(&mut self, name: &str, refused: Vec<Rejection>) {
        let under = |one: Rejection| Rejection { field: joined(&[name, ".", &one.field]), ..one };
        self.refused.extend(refused.into_iter().map(under));
    }

    /// A list of at most [`MAX_LIST`] strings, each parsed by `parse`; absent is empty.
    pub(super) fn list<T>(&mut self, name: &str, parse: impl Fn(&str) -> Result<T, Code>) -> Vec<T> {
        let items = self.take_list(name, MAX_LIST);
        let mut parsed = Vec::with_capacity(items.len());
        for (index, item) in items.iter().enumerate() {
            let one = if let Value::Text(text) = item { parse(text) } else { Err(Code::WrongType) };
            match one {
                Ok(value) => parsed.push(value),
                Err(code) => self.refuse(&item_of(name, index), code),
            }
        }
        parsed
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
            self.refuse_name(&name, Code::UnknownField);
        }
        self.refused
    }
}

/// The name of an item of a list.
pub(super) fn item_of(name: &str, index: usize) -> String {
    joined(&[name, "[", &index.to_string(), "]"])
}

/// A bound in plain decimals, at most four of them: the standard printing of floats is a tenth of the edge's module.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "bounds are constants of ours, at most 10^15 and of at most four decimals"
)]
fn plain(bound: f64) -> String {
    let parts = (bound.abs() * 10_000.0).round() as u64;
    let sign = if bound < 0.0 { "-" } else { "" };
    // The one before the decimals keeps their zeros.
    let decimals = (10_000 + parts % 10_000).to_string();
    let text = joined(&[sign, &(parts / 10_000).to_string(), ".", &decimals[1..]]);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::plain;
    use crate::threshold::ThresholdName;

    #[test]
    fn a_bound_is_printed_as_floats_are() {
        let thresholds =
            ThresholdName::ALL.iter().map(|name| name.bounds()).flat_map(|(least, most)| [least, most]);
        let others = [0.0, 1.0, -1.0, 10.0, 100.0, 1_000.0, 1e15, -1e15, 0.5, 1.05, 0.005, 99.999];
        for bound in thresholds.chain(others) {
            assert_eq!(plain(bound), format!("{bound}"));
        }
    }
}
