//! A file of watches, CSV or JSON, taken apart line by line: what can be stored, and what is wrong with the rest.

use std::collections::HashMap;
use std::fmt;

use risk_model::headers::Headers;
use risk_model::problem::MOST_ERRORS;
use risk_model::request::{CsvHeader, MAX_IMPORT_LINES, Parsed, WatchLine};
use risk_model::{Code, Rejection, Wallet};
use serde::de::{Deserialize, Deserializer, IgnoredAny, SeqAccess, Visitor};
use serde_json::value::RawValue;

/// How a file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// RFC 4180, with a header.
    Csv,
    /// A list of objects.
    Json,
}

impl Format {
    /// The format that a request names; the gate lets no other pass.
    pub(crate) fn of(headers: Headers) -> Self {
        if headers.is_of("text/csv") { Self::Csv } else { Self::Json }
    }
}

/// A file taken apart.
#[derive(Debug, Default)]
pub(crate) struct WatchFile {
    /// The good lines, each of another wallet.
    pub(crate) lines: Vec<WatchLine>,
    /// The refused lines: how many.
    pub(crate) refused: u32,
    /// What is wrong with them, the first [`MOST_ERRORS`].
    pub(crate) errors: Vec<Rejection>,
    /// What is wrong with them: how many errors in all.
    pub(crate) errors_total: usize,
    first_lines: HashMap<Wallet, u32>,
}

impl WatchFile {
    /// Takes a file apart. Only wallets of `allowed` are taken, every one where it is `None`.
    ///
    /// # Errors
    /// What is wrong with the file as a whole: it cannot be taken apart, has too many lines, or has a wrong header.
    pub(crate) fn read(format: Format, bytes: &[u8], allowed: Option<&[Wallet]>) -> Parsed<Self> {
        let mut file = Self::default();
        match format {
            Format::Csv => file.read_csv(bytes, allowed)?,
            Format::Json => file.read_json(bytes, allowed)?,
        }
        Ok(file)
    }

    /// Lines of the file, without the header.
    pub(crate) fn total(&self) -> usize {
        self.lines.len() + usize::try_from(self.refused).unwrap_or(usize::MAX)
    }

    /// A line is where it begins in the file, the header being line 1.
    fn read_csv(&mut self, bytes: &[u8], allowed: Option<&[Wallet]>) -> Parsed<()> {
        // Lines of another length are told one by one; a byte order mark is passed over by the reader.
        let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(bytes);
        let unread = |_| vec![Rejection::with_message("body", Code::Malformed, "body cannot be read as CSV")];
        let names = reader.byte_headers().map_err(unread)?;
        let on_first = |refused: Vec<Rejection>| refused.into_iter().map(|one| one.on_line(1)).collect();
        let header =
            CsvHeader::parse(names.iter()).map_err(|refused| -> Vec<Rejection> { on_first(refused) })?;
        let mut record = csv::ByteRecord::new();
        let mut place = Place { line: 1, byte: 0 };
        while reader.read_byte_record(&mut record).map_err(unread)? {
            if self.total() == MAX_IMPORT_LINES {
                return Err(too_many());
            }
            let began = record.position().map_or(0, csv::Position::byte);
            place.advance(bytes, usize::try_from(began).unwrap_or(usize::MAX));
            let cells: Vec<&[u8]> = record.iter().collect();
            self.take(place.line, header.line(cells.into_iter()), allowed);
        }
        Ok(())
    }

    /// A line is the object's place in the list, from 1.
    fn read_json(&mut self, bytes: &[u8], allowed: Option<&[Wallet]>) -> Parsed<()> {
        let items: Items = serde_json::from_slice(bytes).map_err(|error| vec![explain(&error)])?;
        if items.count > MAX_IMPORT_LINES {
            return Err(too_many());
        }
        for (line, item) in (1..).zip(items.items) {
            self.take(line, WatchLine::parse(item.get().as_bytes()), allowed);
        }
        Ok(())
    }

    fn take(&mut self, line: u32, parsed: Parsed<WatchLine>, allowed: Option<&[Wallet]>) {
        let refused = match parsed {
            Err(refused) => refused,
            Ok(watch) => match self.refusal(&watch, allowed) {
                Some(refusal) => vec![refusal],
                None => {
                    self.first_lines.insert(watch.wallet, line);
                    return self.lines.push(watch);
                }
            },
        };
        self.refused += 1;
        self.errors_total += refused.len();
        let room = MOST_ERRORS - self.errors.len();
        self.errors.extend(refused.into_iter().take(room).map(|one| one.on_line(line)));
    }

    fn refusal(&self, watch: &WatchLine, allowed: Option<&[Wallet]>) -> Option<Rejection> {
        const FIELD: &str = "wallet_address";
        if allowed.is_some_and(|allowed| !allowed.contains(&watch.wallet)) {
            return Some(Rejection::new(FIELD, Code::Forbidden));
        }
        let first = self.first_lines.get(&watch.wallet)?;
        let message = format!("{FIELD} is on line {first} already");
        Some(Rejection::with_message(FIELD, Code::Repeated, message))
    }
}

/// A place in a text. The reader's own count of lines is one behind where they end with CRLF, and before blank ones.
struct Place {
    line: u32,
    byte: usize,
}

impl Place {
    /// Goes on to the first byte from `byte` on that ends no line.
    fn advance(&mut self, text: &[u8], byte: usize) {
        let from = byte.clamp(self.byte, text.len());
        let ends = |byte: &u8| matches!(byte, b'\r' | b'\n');
        let next = from + text[from..].iter().take_while(|byte| ends(byte)).count();
        for at in self.byte..next {
            let is_end = text[at] == b'\n' || (text[at] == b'\r' && text.get(at + 1) != Some(&b'\n'));
            self.line += u32::from(is_end);
        }
        self.byte = next;
    }
}

fn too_many() -> Vec<Rejection> {
    let message = format!("body has more than {MAX_IMPORT_LINES} lines");
    vec![Rejection::with_message("body", Code::TooLong, message)]
}

/// What was wrong with the JSON, without echoing any of it.
fn explain(error: &serde_json::Error) -> Rejection {
    if error.is_data() {
        return Rejection::with_message("body", Code::WrongType, "body must be a JSON list of objects");
    }
    let message = format!("body is not valid JSON (line {}, column {})", error.line(), error.column());
    Rejection::with_message("body", Code::Malformed, message)
}

/// The items of a list as they are written, as many as a file may have; all are counted.
struct Items<'a> {
    items: Vec<&'a RawValue>,
    count: usize,
}

impl<'de> Deserialize<'de> for Items<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct List;
        impl<'de> Visitor<'de> for List {
            type Value = Items<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of objects")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
                let mut items = Vec::new();
                while items.len() < MAX_IMPORT_LINES {
                    let Some(item) = list.next_element()? else { break };
                    items.push(item);
                }
                let mut count = items.len();
                while list.next_element::<IgnoredAny>()?.is_some() {
                    count += 1;
                }
                Ok(Items { items, count })
            }
        }
        deserializer.deserialize_seq(List)
    }
}

#[cfg(test)]
mod tests;
