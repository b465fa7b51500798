//! The writer: members of an object in turn, as serde_json writes them.

/// An object being written.
#[derive(Debug)]
pub struct Writer(String);

impl Default for Writer {
    fn default() -> Self {
        Self::new()
    }
}

impl Writer {
    /// An object without members.
    #[must_use]
    pub fn new() -> Self {
        Self(String::with_capacity(256))
    }

    /// Adds a text.
    pub fn text(&mut self, name: &str, value: &str) -> &mut Self {
        self.begin(name);
        quote(&mut self.0, value);
        self
    }

    /// Adds a value that is JSON already: a number, a list.
    pub fn raw(&mut self, name: &str, json: &str) -> &mut Self {
        self.begin(name);
        self.0.push_str(json);
        self
    }

    /// The object.
    #[must_use]
    pub fn finish(mut self) -> String {
        self.0.push_str(if self.0.is_empty() { "{}" } else { "}" });
        self.0
    }

    fn begin(&mut self, name: &str) {
        self.0.push(if self.0.is_empty() { '{' } else { ',' });
        quote(&mut self.0, name);
        self.0.push(':');
    }
}

/// Appends a text in quotes, with the escapes that it needs and no others.
pub fn quote(into: &mut String, text: &str) {
    into.push('"');
    let mut from = 0;
    for (at, byte) in text.bytes().enumerate() {
        let short = match byte {
            b'"' | b'\\' => char::from(byte),
            0x08 => 'b',
            0x0c => 'f',
            b'\n' => 'n',
            b'\r' => 'r',
            b'\t' => 't',
            0..=0x1f => 'u',
            _ => continue,
        };
        into.push_str(&text[from..at]);
        from = at + 1;
        into.push('\\');
        into.push(short);
        if short == 'u' {
            into.push_str(if byte < 0x10 { "000" } else { "001" });
            into.push(char::from_digit(u32::from(byte % 16), 16).unwrap_or_default());
        }
    }
    into.push_str(&text[from..]);
    into.push('"');
}
