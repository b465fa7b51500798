//! A rejection: which field of a request was refused, by which rule, in words.

use std::fmt;

use crate::json::Writer;
use crate::text::joined;

/// The rule that a value broke. Stable: clients may match on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Code {
    /// A required field is absent.
    Required,
    /// The field is not one that this route knows.
    UnknownField,
    /// The field stands more than once.
    Repeated,
    /// The JSON type is another one.
    WrongType,
    /// The text is not of the field's form.
    Malformed,
    /// An address without `0x`.
    MissingPrefix,
    /// An address that is not 20 bytes.
    WrongLength,
    /// An address with a character that is no hex digit.
    NotHex,
    /// A mixed-case address whose EIP-55 checksum is wrong.
    BadChecksum,
    /// A number outside its bounds.
    OutOfRange,
    /// Too many items or characters.
    TooLong,
    /// A value that this service does not support.
    Unsupported,
    /// A wallet that the principal may not see.
    Forbidden,
}

impl Code {
    /// Its name in answers.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Required => "required",
            Self::UnknownField => "unknown_field",
            Self::Repeated => "repeated",
            Self::WrongType => "wrong_type",
            Self::Malformed => "malformed",
            Self::MissingPrefix => "missing_prefix",
            Self::WrongLength => "wrong_length",
            Self::NotHex => "not_hex",
            Self::BadChecksum => "bad_checksum",
            Self::OutOfRange => "out_of_range",
            Self::TooLong => "too_long",
            Self::Unsupported => "unsupported",
            Self::Forbidden => "forbidden",
        }
    }

    /// What the code says to a person.
    #[must_use]
    pub const fn message(self) -> &'static str {
        match self {
            Self::Required => "is required",
            Self::UnknownField => "is not a field of this request",
            Self::Repeated => "may be given once",
            Self::WrongType => "is of the wrong type",
            Self::Malformed => "is malformed",
            Self::MissingPrefix => "must start with 0x",
            Self::WrongLength => "must be 0x and 40 hex digits",
            Self::NotHex => "must be hex digits",
            Self::BadChecksum => "has a wrong EIP-55 checksum",
            Self::OutOfRange => "is out of range",
            Self::TooLong => "is too long",
            Self::Unsupported => "is not supported",
            Self::Forbidden => "is not a wallet of this API key",
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message())
    }
}

/// One refused field of a request, as server and edge both answer it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejection {
    /// The line of a file, from 1; absent where the request is none.
    pub line: Option<u32>,
    /// The field's name, `chains[2]` for an item, `body` for the whole.
    pub field: String,
    /// The rule it broke.
    pub code: Code,
    /// The rule in words, with bounds where it has them.
    pub message: String,
}

impl Rejection {
    /// A rejection with the code's own message.
    pub fn new(field: impl Into<String>, code: Code) -> Self {
        Self::of(field.into(), code)
    }

    #[inline(never)]
    fn of(field: String, code: Code) -> Self {
        let message = joined(&[&field, " ", code.message()]);
        Self { line: None, field, code, message }
    }

    /// A rejection with a message that says more than the code alone (bounds, the known values).
    pub fn with_message(field: impl Into<String>, code: Code, message: impl Into<String>) -> Self {
        Self { line: None, field: field.into(), code, message: message.into() }
    }

    /// Writes its members into an object of JSON.
    pub fn write(&self, body: &mut Writer) {
        if let Some(line) = self.line {
            body.number("line", line);
        }
        body.text("field", &self.field).plain("code", self.code.name(), "").text("message", &self.message);
    }

    /// The same, of a line of a file.
    #[must_use]
    pub fn on_line(self, line: u32) -> Self {
        Self { line: Some(line), ..self }
    }
}
