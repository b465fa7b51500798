//! Reads typed values from one map, and keeps every problem under the field's path.

use std::str::FromStr;

use risk_http::Reach;
use risk_model::{Code, Rejection};
use serde_json::{Map, Value};

use crate::secret::Secret;

/// Longest text of a field, bytes.
const MOST_TEXT: usize = 2_048;

pub(super) struct Fields<'a> {
    map: &'a Map<String, Value>,
    path: &'a str,
    reach: Reach,
    problems: &'a mut Vec<Rejection>,
    known: Vec<&'static str>,
}

impl<'a> Fields<'a> {
    pub(super) const fn new(
        map: &'a Map<String, Value>,
        path: &'a str,
        reach: Reach,
        problems: &'a mut Vec<Rejection>,
    ) -> Self {
        Self { map, path, reach, problems, known: Vec::new() }
    }

    pub(super) fn refuse(&mut self, name: &str, code: Code) {
        self.problems.push(Rejection::new(format!("{}.{name}", self.path), code));
    }

    fn refuse_because(&mut self, name: &str, code: Code, why: &str) {
        let field = format!("{}.{name}", self.path);
        let message = format!("{field} {why}");
        self.problems.push(Rejection::with_message(field, code, message));
    }

    /// The value, null being none.
    fn value(&mut self, name: &'static str) -> Option<&'a Value> {
        self.known.push(name);
        self.map.get(name).filter(|value| !value.is_null())
    }

    /// The text, where there is one; another type is a problem.
    fn optional(&mut self, name: &'static str) -> Result<Option<&'a str>, ()> {
        match self.value(name) {
            None => Ok(None),
            Some(Value::String(text)) if text.len() > MOST_TEXT => {
                self.refuse(name, Code::TooLong);
                Err(())
            }
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => {
                self.refuse(name, Code::WrongType);
                Err(())
            }
        }
    }

    fn required(&mut self, name: &'static str) -> Option<&'a str> {
        let text = self.optional(name).ok()?;
        if text.is_none() {
            self.refuse(name, Code::Required);
        }
        text
    }

    /// A value of a type that parses from text; required where it has no default.
    pub(super) fn parsed<T: FromStr<Err = Code>>(
        &mut self,
        name: &'static str,
        default: Option<T>,
    ) -> Option<T> {
        let text = match (self.optional(name).ok()?, default) {
            (Some(text), _) => text,
            (None, Some(default)) => return Some(default),
            (None, None) => {
                self.refuse(name, Code::Required);
                return None;
            }
        };
        text.parse().map_err(|code| self.refuse(name, code)).ok()
    }

    /// A whole number from `least` to `most`.
    pub(super) fn within(
        &mut self,
        name: &'static str,
        (least, default, most): (u64, u64, u64),
    ) -> Option<u64> {
        let Some(value) = self.value(name) else { return Some(default) };
        let number = value.as_u64().filter(|number| (least..=most).contains(number));
        if number.is_none() {
            self.refuse_because(
                name,
                Code::OutOfRange,
                &format!("must be a whole number from {least} to {most}"),
            );
        }
        number
    }

    /// A text that only its sender sees.
    pub(super) fn secret(&mut self, name: &'static str, is_good: fn(&str) -> bool) -> Option<Secret> {
        let text = self.required(name)?;
        if !is_good(text) {
            self.refuse(name, Code::Malformed);
            return None;
        }
        Some(Secret::new(text))
    }

    /// A text, or a number that YAML made of it.
    pub(super) fn text_or_number(&mut self, name: &'static str, is_good: fn(&str) -> bool) -> Option<String> {
        let text = match self.value(name) {
            Some(Value::Number(number)) => number.to_string(),
            _ => self.required(name)?.to_owned(),
        };
        if !is_good(&text) {
            self.refuse(name, Code::Malformed);
            return None;
        }
        Some(text)
    }

    /// One to `most` texts that parse.
    pub(super) fn list<T: FromStr<Err = Code>>(&mut self, name: &'static str, most: usize) -> Option<Vec<T>> {
        let items = match self.value(name) {
            Some(Value::Array(items)) => items,
            Some(_) => {
                self.refuse(name, Code::WrongType);
                return None;
            }
            None => {
                self.refuse(name, Code::Required);
                return None;
            }
        };
        if items.is_empty() || items.len() > most {
            self.refuse_because(name, Code::OutOfRange, &format!("must have 1 to {most} items"));
            return None;
        }
        let mut parsed = Vec::with_capacity(items.len());
        for (place, item) in items.iter().enumerate() {
            match item.as_str().ok_or(Code::WrongType).and_then(str::parse) {
                Ok(value) => parsed.push(value),
                Err(code) => self.refuse(&format!("{name}[{place}]"), code),
            }
        }
        (parsed.len() == items.len()).then_some(parsed)
    }

    /// `url`: one that starts as the provider's do, or, where the reach has this machine, one of it.
    pub(super) fn url(&mut self, beginnings: &[&str], default: Option<&str>) -> Option<Secret> {
        let url = match (self.optional("url").ok()?, default) {
            (Some(url), _) => url,
            (None, Some(default)) => return Some(Secret::new(default)),
            (None, None) => {
                self.refuse("url", Code::Required);
                return None;
            }
        };
        if let Err(why) = self.reach.check(url) {
            self.refuse_because("url", Code::Malformed, why);
            return None;
        }
        // The host must end where the beginning does: "https://events.pagerduty.com" + ".example.org" is another's.
        let is_theirs = beginnings.iter().any(|beginning| {
            let rest = url.strip_prefix(beginning);
            rest.is_some_and(|rest| beginning.ends_with('/') || rest.is_empty() || rest.starts_with('/'))
        });
        if !(is_theirs || self.reach.is_here(url)) {
            self.refuse_because(
                "url",
                Code::Unsupported,
                &format!("must start with {}", beginnings.join(" or ")),
            );
            return None;
        }
        Some(Secret::new(url))
    }

    /// Refuses what was not asked for: a misspelled setting must not be passed over.
    pub(super) fn refuse_the_rest(&mut self) {
        let unknown: Vec<&String> =
            self.map.keys().filter(|name| !self.known.contains(&name.as_str())).collect();
        for name in unknown {
            self.refuse(name, Code::UnknownField);
        }
    }
}
