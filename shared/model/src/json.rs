//! JSON (RFC 8259) as the API's requests and problems carry it: a strict reader, and a writer that cannot fail.
//!
//! By hand, and not with serde: the edge runs this as WebAssembly, and serde_json is a third of what such a module may
//! weigh. Both are held to serde_json by the tests: the same verdict at the same place, the same values, the same bytes.

mod decimal;
mod read;
mod write;

use std::borrow::Cow;

use crate::rejection::{Code, Rejection};
use crate::text::joined;

pub(crate) use read::object;
pub use write::{Writer, digits, quote};

/// The members of an object, in their order, no name twice.
pub(crate) type Fields<'a> = Vec<(Cow<'a, str>, Value<'a>)>;

/// A value, which borrows its texts where they hold no escape.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value<'a> {
    Null,
    Bool(bool),
    /// A number written as digits alone, within 64 bits.
    Whole(u64),
    /// Any other number.
    Number(f64),
    Text(Cow<'a, str>),
    List(Vec<Value<'a>>),
    Object(Fields<'a>),
}

impl Value<'_> {
    /// The number; `None` where it is none.
    #[expect(clippy::cast_precision_loss, reason = "the nearest number is what JSON means by it")]
    pub(crate) fn as_f64(&self) -> Option<f64> {
        match self {
            Self::Whole(whole) => Some(*whole as f64),
            Self::Number(number) => Some(*number),
            _ => None,
        }
    }
}

/// Why bytes are not the object that was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// No JSON. The place is that of the byte that cannot be: its line from 1, and its column in bytes from 1.
    Malformed {
        /// Line.
        line: usize,
        /// Column.
        column: usize,
    },
    /// JSON, and no object.
    NoObject,
    /// A name stands twice in an object below the whole: the last of two would win unseen.
    Repeated,
}

impl From<Fault> for Rejection {
    /// In words, without echoing anything of the body.
    fn from(fault: Fault) -> Self {
        const BODY: &str = "body";
        match fault {
            Fault::Malformed { line, column } => {
                let message = joined(&[
                    "body is not valid JSON (line ",
                    &line.to_string(),
                    ", column ",
                    &column.to_string(),
                    ")",
                ]);
                Self::with_message(BODY, Code::Malformed, message)
            }
            Fault::NoObject => Self::with_message(BODY, Code::WrongType, "body must be a JSON object"),
            Fault::Repeated => Self::with_message(BODY, Code::Repeated, "a name stands twice in one object"),
        }
    }
}

#[cfg(test)]
mod tests;
