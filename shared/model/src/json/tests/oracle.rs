//! What serde_json makes of an object, with repeated names kept at the top and refused below.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value, error::Category};

use crate::json::Fault;

/// Why it refuses.
#[derive(Debug)]
pub(super) enum Refusal {
    /// A number is larger than any float.
    TooLarge,
    Other(Fault),
}

const REPEATED: &str = "repeated";

/// The members of an object.
pub(super) fn object(bytes: &[u8]) -> Result<Vec<(String, Value)>, Refusal> {
    serde_json::from_slice(bytes).map(|Whole(members)| members).map_err(|error| match error.classify() {
        Category::Data if error.to_string().starts_with(REPEATED) => Refusal::Other(Fault::Repeated),
        Category::Data => Refusal::Other(Fault::NoObject),
        _ if error.to_string().starts_with("number out of range") => Refusal::TooLarge,
        _ => Refusal::Other(Fault::Malformed { line: error.line(), column: error.column() }),
    })
}

struct Whole(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Whole {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Members)
    }
}

struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = Whole;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Whole, A::Error> {
        let mut members = Vec::new();
        while let Some((name, Strict(value))) = map.next_entry()? {
            members.push((name, value));
        }
        Ok(Whole(members))
    }
}

/// A value in which no name stands twice.
struct Strict(Value);

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Any)
    }
}

struct Any;

impl<'de> Visitor<'de> for Any {
    type Value = Strict;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Strict, E> {
        Ok(Strict(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Strict, E> {
        Ok(Strict(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Strict, E> {
        Ok(Strict(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Strict, E> {
        Ok(Strict(value.into()))
    }

    fn visit_str<E>(self, value: &str) -> Result<Strict, E> {
        Ok(Strict(value.into()))
    }

    fn visit_unit<E>(self) -> Result<Strict, E> {
        Ok(Strict(Value::Null))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Strict, A::Error> {
        let mut list = Vec::new();
        while let Some(Strict(item)) = items.next_element()? {
            list.push(item);
        }
        Ok(Strict(Value::Array(list)))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Strict, A::Error> {
        let mut fields = Map::new();
        while let Some((name, Strict(value))) = map.next_entry::<String, Strict>()? {
            if fields.insert(name, value).is_some() {
                return Err(A::Error::custom(REPEATED));
            }
        }
        Ok(Strict(Value::Object(fields)))
    }
}
