//! A JSON body taken apart once: one flat object, no repeated and no unknown field.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use super::strict::{REPEATED_BELOW, Strict};
use super::{MAX_BODY_BYTES, MAX_LIST, Parsed};
use crate::rejection::{Code, Rejection};

/// What a body is.
const EXPECTED: &str = "a JSON object";

/// An object with its fields in order, repeated names kept so that they can be refused.
struct Object(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields;
        impl<'de> Visitor<'de> for Fields {
            type Value = Object;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(EXPECTED)
            }

            fn visit_bool<E: Error>(self, _: bool) -> Result<Object, E> {
                Err(E::custom(EXPECTED))
            }

            fn visit_i64<E: Error>(self, _: i64) -> Result<Object, E> {
                Err(E::custom(EXPECTED))
            }

            fn visit_u64<E: Error>(self, _: u64) -> Result<Object, E> {
                Err(E::custom(EXPECTED))
            }

            fn visit_f64<E: Error>(self, _: f64) -> Result<Object, E> {
                Err(E::custom(EXPECTED))
            }

            fn visit_str<E: Error>(self, _: &str) -> Result<Object, E> {
                Err(E::custom(EXPECTED))
            }

            fn visit_unit<E: Error>(self) -> Result<Object, E> {
                Err(E::custom(EXPECTED))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, _: A) -> Result<Object, A::Error> {
                Err(A::Error::custom(EXPECTED))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object, A::Error> {
                let mut fields = Vec::new();
                while let Some((name, Strict(value))) = map.next_entry()? {
                    fields.push((name, value));
                }
                Ok(Object(fields))
            }
        }
        // By hand, and not `deserialize_map`: serde's own message would bring the printing of floats into the edge's module.
        deserializer.deserialize_any(Fields)
    }
}

/// The fields not yet taken, and what was refused so far.
pub(super) struct Body {
    fields: Vec<(String, Value)>,
    refused: Vec<Rejection>,
}

impl Body {
    pub(super) fn parse(bytes: &[u8]) -> Parsed<Self> {
        if bytes.len() > MAX_BODY_BYTES {
            let message = format!("body is longer than {MAX_BODY_BYTES} bytes");
            return Err(vec![Rejection::with_message("body", Code::TooLong, message)]);
        }
        let Object(fields) = serde_json::from_slice(bytes).map_err(|error| vec![explain(&error)])?;
        let mut body = Self::of(Vec::new());
        for (name, value) in fields {
            if body.fields.iter().any(|(known, _)| *known == name) {
                body.refuse(&name, Code::Repeated);
            } else {
                body.fields.push((name, value));
            }
        }
        Ok(body)
    }

    /// A body of fields that have distinct names.
    pub(super) fn of(fields: Vec<(String, Value)>) -> Self {
        Self { fields, refused: Vec::new() }
    }

    fn refuse(&mut self, field: &str, code: Code) {
        self.refused.push(Rejection::new(field, code));
    }

    /// The field's value; `null` counts as absent.
    fn take(&mut self, name: &str) -> Option<Value> {
        let at = self.fields.iter().position(|(known, _)| known == name)?;
        Some(self.fields.swap_remove(at).1).filter(|value| !value.is_null())
    }

    /// A string field that must be there, parsed by `parse`.
    pub(super) fn required<T>(
        &mut self,
        name: &str,
        parse: impl FnOnce(&str) -> Result<T, Code>,
    ) -> Option<T> {
        let parsed = match self.take(name) {
            None => Err(Code::Required),
            Some(Value::String(text)) => parse(&text),
            Some(_) => Err(Code::WrongType),
        };
        parsed.map_err(|code| self.refuse(name, code)).ok()
    }

    /// A string field that may be absent, parsed by `parse`.
    pub(super) fn optional<T>(
        &mut self,
        name: &str,
        parse: impl FnOnce(&str) -> Result<T, Code>,
    ) -> Option<T> {
        match self.take(name)? {
            Value::String(text) => parse(&text).map_err(|code| self.refuse(name, code)).ok(),
            _ => {
                self.refuse(name, Code::WrongType);
                None
            }
        }
    }

    /// Whether the field is there; `null` counts as absent.
    pub(super) fn has(&self, name: &str) -> bool {
        self.fields.iter().any(|(known, value)| known == name && !value.is_null())
    }

    /// `true` or `false`.
    pub(super) fn boolean(&mut self, name: &str) -> Option<bool> {
        let value = self.take(name)?;
        if value.as_bool().is_none() {
            self.refuse(name, Code::WrongType);
        }
        value.as_bool()
    }

    /// A text of at most `most` characters, none of them a control character.
    pub(super) fn text(&mut self, name: &str, most: usize) -> Option<String> {
        let Value::String(text) = self.take(name)? else {
            self.refuse(name, Code::WrongType);
            return None;
        };
        if text.chars().count() > most {
            let message = format!("{name} is longer than {most} characters");
            self.refused.push(Rejection::with_message(name, Code::TooLong, message));
            return None;
        }
        if text.chars().any(char::is_control) {
            self.refuse(name, Code::Malformed);
            return None;
        }
        Some(text)
    }

    /// A number above `above` and at most `most`.
    pub(super) fn number(&mut self, name: &str, above: f64, most: f64) -> Option<f64> {
        let Some(number) = self.take(name)?.as_f64() else {
            self.refuse(name, Code::WrongType);
            return None;
        };
        if number > above && number <= most {
            return Some(number);
        }
        let message = format!("{name} must be above {} and at most {}", plain(above), plain(most));
        self.refused.push(Rejection::with_message(name, Code::OutOfRange, message));
        None
    }

    /// A number from `least` to `most`.
    pub(super) fn number_between(&mut self, name: &str, least: f64, most: f64) -> Option<f64> {
        let Some(number) = self.take(name)?.as_f64() else {
            self.refuse(name, Code::WrongType);
            return None;
        };
        if (least..=most).contains(&number) {
            return Some(number);
        }
        let message = format!("{name} must be from {least} to {most}");
        self.refused.push(Rejection::with_message(name, Code::OutOfRange, message));
        None
    }

    /// Refuses a field for a reason of its own.
    pub(super) fn refuse_with(&mut self, field: &str, code: Code, message: &str) {
        self.refused.push(Rejection::with_message(field, code, message));
    }

    /// As [`Body::number`], and it must be there.
    pub(super) fn required_number(&mut self, name: &str, above: f64, most: f64) -> Option<f64> {
        if self.has(name) {
            return self.number(name, above, most);
        }
        self.refuse(name, Code::Required);
        None
    }

    /// A whole number from 0 to `most` that must be there.
    pub(super) fn whole(&mut self, name: &str, most: u32) -> Option<u32> {
        let Some(value) = self.take(name) else {
            self.refuse(name, Code::Required);
            return None;
        };
        let whole = value.as_u64().ok_or(Code::WrongType);
        let within = whole.and_then(|whole| u32::try_from(whole).map_err(|_| Code::OutOfRange));
        let within = within.and_then(|whole| if whole <= most { Ok(whole) } else { Err(Code::OutOfRange) });
        within.map_err(|code| self.refuse(name, code)).ok()
    }

    /// A list of at most `most` objects, each taken apart by `parse`; absent is empty. What is refused inside is named
    /// as `name[index].field`.
    pub(super) fn objects<T>(
        &mut self,
        name: &str,
        most: usize,
        parse: impl Fn(Self) -> Parsed<T>,
    ) -> Vec<T> {
        let items = match self.take(name) {
            None => return Vec::new(),
            Some(Value::Array(items)) if items.len() <= most => items,
            Some(Value::Array(_)) => {
                let message = format!("{name} has more than {most} items");
                self.refused.push(Rejection::with_message(name, Code::TooLong, message));
                return Vec::new();
            }
            Some(_) => {
                self.refuse(name, Code::WrongType);
                return Vec::new();
            }
        };
        let mut parsed = Vec::with_capacity(items.len());
        for (index, item) in items.into_iter().enumerate() {
            parsed.extend(self.inner(&format!("{name}[{index}]"), item, &parse));
        }
        parsed
    }

    /// An object taken apart by `parse`, if it is there.
    pub(super) fn object<T>(&mut self, name: &str, parse: impl Fn(Self) -> Parsed<T>) -> Option<T> {
        let item = self.take(name)?;
        self.inner(name, item, &parse)
    }

    fn inner<T>(&mut self, name: &str, item: Value, parse: &impl Fn(Self) -> Parsed<T>) -> Option<T> {
        let Value::Object(fields) = item else {
            self.refuse(name, Code::WrongType);
            return None;
        };
        match parse(Self::of(fields.into_iter().collect())) {
            Ok(parsed) => Some(parsed),
            Err(refused) => {
                let under = refused
                    .into_iter()
                    .map(|one| Rejection { field: format!("{name}.{}", one.field), ..one });
                self.refused.extend(under);
                None
            }
        }
    }

    /// A list of at most [`MAX_LIST`] strings, each parsed by `parse`; absent is empty.
    pub(super) fn list<T>(&mut self, name: &str, parse: impl Fn(&str) -> Result<T, Code>) -> Vec<T> {
        let items = match self.take(name) {
            None => return Vec::new(),
            Some(Value::Array(items)) if items.len() <= MAX_LIST => items,
            Some(Value::Array(_)) => {
                let message = format!("{name} has more than {MAX_LIST} items");
                self.refused.push(Rejection::with_message(name, Code::TooLong, message));
                return Vec::new();
            }
            Some(_) => {
                self.refuse(name, Code::WrongType);
                return Vec::new();
            }
        };
        let mut parsed = Vec::with_capacity(items.len());
        for (index, item) in items.iter().enumerate() {
            match item.as_str().ok_or(Code::WrongType).and_then(&parse) {
                Ok(value) => parsed.push(value),
                Err(code) => self.refuse(&format!("{name}[{index}]"), code),
            }
        }
        parsed
    }

    /// The built request, unless anything was refused or is left over.
    pub(super) fn finish<T>(mut self, build: impl FnOnce() -> Option<T>) -> Parsed<T> {
        let left: Vec<String> = self.fields.drain(..).map(|(name, _)| name).collect();
        for name in left {
            // A name is echoed cut short: it is the client's text, and may be all of the body.
            self.refuse(&name.chars().take(64).collect::<String>(), Code::UnknownField);
        }
        match build() {
            Some(request) if self.refused.is_empty() => Ok(request),
            _ => Err(self.refused),
        }
    }
}

/// A bound in plain decimals, at most three of them: the standard printing of floats is a tenth of the edge's module.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "bounds are constants of ours, under 10^15 and of at most three decimals"
)]
fn plain(bound: f64) -> String {
    let thousandths = (bound.abs() * 1_000.0).round() as u64;
    let sign = if bound < 0.0 { "-" } else { "" };
    let text = format!("{sign}{}.{:03}", thousandths / 1_000, thousandths % 1_000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// What was wrong with the JSON, without echoing any of it.
fn explain(error: &serde_json::Error) -> Rejection {
    if error.is_data() && error.to_string().starts_with(REPEATED_BELOW) {
        return Rejection::with_message("body", Code::Repeated, REPEATED_BELOW);
    }
    if error.is_data() {
        return Rejection::with_message("body", Code::WrongType, "body must be a JSON object");
    }
    let message = format!("body is not valid JSON (line {}, column {})", error.line(), error.column());
    Rejection::with_message("body", Code::Malformed, message)
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn a_bound_is_printed_as_floats_are() {
        for bound in [0.0, 1.0, -1.0, 10.0, 100.0, 1_000.0, 1e15, -1e15, 0.5, 1.05, 0.005, 99.999] {
            assert_eq!(plain(bound), format!("{bound}"));
        }
    }
}
