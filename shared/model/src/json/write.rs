//! The writer: members of an object in turn, as serde_json writes them. Names are the program's own, and need no escape.

use crate::scan;

/// An object being written.
#[derive(Debug)]
pub struct Writer {
    text: String,
    has_members: bool,
}

impl Default for Writer {
    fn default() -> Self {
        Self::new()
    }
}

impl Writer {
    /// An object without members.
    #[must_use]
    pub fn new() -> Self {
        Self::after(String::new())
    }

    /// An object without members, after a text that is no part of it.
    #[must_use]
    pub fn after(mut text: String) -> Self {
        text.push('{');
        Self { text, has_members: false }
    }

    /// Adds a text.
    pub fn text(&mut self, name: &str, value: &str) -> &mut Self {
        self.begin(name);
        quote(&mut self.text, value);
        self
    }

    /// Adds a text of the program's own, in two parts, that needs no escape.
    pub fn plain(&mut self, name: &str, first: &str, second: &str) -> &mut Self {
        self.begin(name);
        for part in ["\"", first, second, "\""] {
            self.text.push_str(part);
        }
        self
    }

    /// Adds a whole number.
    pub fn number(&mut self, name: &str, value: u32) -> &mut Self {
        self.begin(name);
        digits(&mut self.text, value);
        self
    }

    /// Adds a value that is JSON already.
    pub fn raw(&mut self, name: &str, json: &str) -> &mut Self {
        self.begin(name);
        self.text.push_str(json);
        self
    }

    /// Adds a list of objects, each written by `write`.
    pub fn list<T>(&mut self, name: &str, items: &[T], write: impl Fn(&T, &mut Self)) -> &mut Self {
        self.begin(name);
        self.text.push('[');
        for (index, item) in items.iter().enumerate() {
            self.text.push_str(if index == 0 { "{" } else { ",{" });
            self.has_members = false;
            write(item, self);
            self.text.push('}');
        }
        self.text.push(']');
        self.has_members = true;
        self
    }

    /// The object.
    #[must_use]
    pub fn finish(mut self) -> String {
        self.text.push('}');
        self.text
    }

    fn begin(&mut self, name: &str) {
        self.text.push_str(if self.has_members { ",\"" } else { "\"" });
        self.has_members = true;
        self.text.push_str(name);
        self.text.push_str("\":");
    }
}

/// Appends a whole number in decimals.
pub fn digits(into: &mut String, value: u32) {
    if value >= 10 {
        digits(into, value / 10);
    }
    into.push(char::from_digit(value % 10, 10).unwrap_or_default());
}

/// Appends a text in quotes, with the escapes that it needs and no others.
#[inline(never)]
pub fn quote(into: &mut String, text: &str) {
    into.push('"');
    let mut rest = text;
    loop {
        let at = scan::escaped(rest.as_bytes());
        into.push_str(&rest[..at]);
        let Some(byte) = rest.as_bytes().get(at).copied() else { break };
        into.push('\\');
        match byte {
            b'"' | b'\\' => into.push(char::from(byte)),
            0x08 => into.push('b'),
            0x0c => into.push('f'),
            b'\n' => into.push('n'),
            b'\r' => into.push('r'),
            b'\t' => into.push('t'),
            _ => {
                into.push_str(if byte < 0x10 { "u000" } else { "u001" });
                into.push(char::from_digit(u32::from(byte % 16), 16).unwrap_or_default());
            }
        }
        rest = &rest[at + 1..];
    }
    into.push('"');
}
