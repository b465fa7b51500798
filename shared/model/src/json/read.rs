//! The reader: bytes in, an object or the place of the first byte that cannot be.

use std::borrow::Cow;

use super::{Fault, Fields, Value, decimal};
use crate::scan;

/// How deep lists and objects may lie in each other: what is deeper would use up the stack.
const MAX_DEPTH: usize = 127;

/// Fields whose names are compared one by one.
const FEW: usize = 16;

type Read<T> = Result<T, Fault>;

/// Reads an object: its members by their first occurrence, and the names that stand again.
///
/// # Errors
/// The bytes are no JSON, or no object, or hold an object in which a name stands twice.
pub(crate) fn object(bytes: &[u8]) -> Read<(Fields<'_>, Vec<Cow<'_, str>>)> {
    let mut reader = Reader { bytes, at: 0, depth: 0 };
    let mut repeated = Vec::new();
    let fields = match reader.token() {
        Some(b'{') => reader.fields(Some(&mut repeated))?,
        Some(b'[') => return Err(Fault::NoObject),
        _ => {
            reader.value()?;
            return Err(Fault::NoObject);
        }
    };
    if reader.token().is_some() { reader.unexpected() } else { Ok((fields, repeated)) }
}

struct Reader<'a> {
    bytes: &'a [u8],
    /// The next byte to read.
    at: usize,
    depth: usize,
}

impl<'a> Reader<'a> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    /// The next byte that is not white.
    fn token(&mut self) -> Option<u8> {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.peek() {
            self.at += 1;
        }
        self.peek()
    }

    /// Goes past a byte where it is the next one.
    fn pass(&mut self, byte: u8) -> bool {
        let is_there = self.peek() == Some(byte);
        self.at += usize::from(is_there);
        is_there
    }

    /// The next byte cannot be.
    fn unexpected<T>(&self) -> Read<T> {
        self.fault(self.at + 1)
    }

    /// The last of so many bytes cannot be.
    #[cold]
    fn fault<T>(&self, read: usize) -> Read<T> {
        let before = self.bytes.get(..read).unwrap_or(self.bytes);
        let is_end = |byte: &u8| *byte == b'\n';
        let column = before.iter().rev().take_while(|byte| !is_end(byte)).count();
        Err(Fault::Malformed { line: 1 + before.iter().filter(|byte| is_end(byte)).count(), column })
    }

    fn value(&mut self) -> Read<Value<'a>> {
        match self.token() {
            Some(b'"') => Ok(Value::Text(self.text()?)),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b'{') => Ok(Value::Object(self.fields(None)?)),
            Some(b'[') => Ok(Value::List(self.list()?)),
            Some(b'n') => self.word(b"null", Value::Null),
            Some(b't') => self.word(b"true", Value::Bool(true)),
            Some(b'f') => self.word(b"false", Value::Bool(false)),
            _ => self.unexpected(),
        }
    }

    fn word(&mut self, word: &[u8], value: Value<'a>) -> Read<Value<'a>> {
        if word.iter().all(|letter| self.pass(*letter)) { Ok(value) } else { self.unexpected() }
    }

    /// Goes into a list or an object, past its bracket.
    fn enter(&mut self) -> Read<()> {
        if self.depth == MAX_DEPTH {
            return self.unexpected();
        }
        self.depth += 1;
        self.at += 1;
        Ok(())
    }

    /// Whether another item comes before the closing bracket; goes past the comma before it, or past the bracket.
    fn has_next(&mut self, is_first: bool, bracket: u8) -> Read<bool> {
        let next = self.token();
        if next == Some(bracket) {
            self.depth -= 1;
            self.at += 1;
            return Ok(false);
        }
        if is_first && next.is_some() {
            return Ok(true);
        }
        if !self.pass(b',') || self.token() == Some(bracket) {
            return self.unexpected();
        }
        Ok(true)
    }

    fn list(&mut self) -> Read<Vec<Value<'a>>> {
        self.enter()?;
        let mut items = Vec::new();
        while self.has_next(items.is_empty(), b']')? {
            items.push(self.value()?);
        }
        Ok(items)
    }

    /// Names that stand again go to `repeated`; without it they are a fault.
    fn fields(&mut self, mut repeated: Option<&mut Vec<Cow<'a, str>>>) -> Read<Fields<'a>> {
        self.enter()?;
        let mut fields: Fields<'a> = Vec::new();
        let mut names = Names::default();
        let mut is_first = true;
        while self.has_next(is_first, b'}')? {
            is_first = false;
            if self.token() != Some(b'"') {
                return self.unexpected();
            }
            let name = self.text()?;
            self.token();
            if !self.pass(b':') {
                return self.unexpected();
            }
            let value = self.value()?;
            match &mut repeated {
                _ if names.is_new(&name, &fields) => fields.push((name, value)),
                Some(repeated) => repeated.push(name),
                None => return Err(Fault::Repeated),
            }
        }
        Ok(fields)
    }

    fn text(&mut self) -> Read<Cow<'a, str>> {
        self.at += 1;
        let mut from = self.at;
        // Filled from the first escape on.
        let mut unescaped = Vec::new();
        loop {
            self.at += scan::escaped(&self.bytes[self.at..]);
            let plain = &self.bytes[from..self.at];
            if self.pass(b'"') {
                if unescaped.is_empty() {
                    let text = std::str::from_utf8(plain).map(Cow::Borrowed);
                    return text.or_else(|error| self.fault(self.at - (plain.len() - error.valid_up_to())));
                }
                unescaped.extend_from_slice(plain);
                return String::from_utf8(unescaped).map(Cow::Owned).or_else(|error| {
                    let left = error.as_bytes().len() - error.utf8_error().valid_up_to();
                    self.fault(self.at - left)
                });
            }
            if !self.pass(b'\\') {
                return self.unexpected();
            }
            unescaped.extend_from_slice(plain);
            self.escape(&mut unescaped)?;
            from = self.at;
        }
    }

    fn escape(&mut self, unescaped: &mut Vec<u8>) -> Read<()> {
        let letter = match self.peek() {
            Some(letter @ (b'"' | b'\\' | b'/')) => letter,
            Some(b'b') => 0x08,
            Some(b'f') => 0x0c,
            Some(b'n') => b'\n',
            Some(b'r') => b'\r',
            Some(b't') => b'\t',
            Some(b'u') => {
                self.at += 1;
                let letter = self.letter()?;
                unescaped.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes());
                return Ok(());
            }
            _ => return self.unexpected(),
        };
        self.at += 1;
        unescaped.push(letter);
        Ok(())
    }

    /// The character of one `\u` escape, or of two that are a pair of surrogates.
    fn letter(&mut self) -> Read<char> {
        let mut code = self.four_digits()?;
        if (0xd800..0xdc00).contains(&code) {
            if !(self.pass(b'\\') && self.pass(b'u')) {
                return self.unexpected();
            }
            let low = self.four_digits()?;
            if !(0xdc00..0xe000).contains(&low) {
                return self.fault(self.at);
            }
            code = 0x1_0000 + ((code - 0xd800) << 10) + (low - 0xdc00);
        }
        // A low surrogate alone is no character.
        char::from_u32(code).map_or_else(|| self.fault(self.at), Ok)
    }

    fn four_digits(&mut self) -> Read<u32> {
        let Some(digits) = self.bytes.get(self.at..self.at + 4) else {
            return self.fault(self.bytes.len());
        };
        self.at += 4;
        let code =
            digits.iter().try_fold(0, |code, digit| Some(code * 16 + char::from(*digit).to_digit(16)?));
        code.map_or_else(|| self.fault(self.at), Ok)
    }

    fn number(&mut self) -> Read<Value<'a>> {
        let from = self.at;
        let is_negative = self.pass(b'-');
        // A zero stands alone.
        if self.pass(b'0') && matches!(self.peek(), Some(b'0'..=b'9')) {
            return self.unexpected();
        }
        if self.at == from + usize::from(is_negative) {
            self.digits()?;
        }
        let mut is_whole = !is_negative;
        if self.pass(b'.') {
            is_whole = false;
            self.digits()?;
        }
        if self.pass(b'e') || self.pass(b'E') {
            is_whole = false;
            let _has_sign = self.pass(b'+') || self.pass(b'-');
            self.digits()?;
        }
        let text = &self.bytes[from..self.at];
        let whole = |text: &[u8]| {
            let add = |whole: u64, digit: &u8| whole.checked_mul(10)?.checked_add(u64::from(digit - b'0'));
            text.iter().try_fold(0, add)
        };
        if let Some(whole) = Some(text).filter(|_| is_whole).and_then(whole) {
            return Ok(Value::Whole(whole));
        }
        let number = decimal::nearest(text);
        if number.is_finite() { Ok(Value::Number(number)) } else { self.fault(self.at) }
    }

    /// Goes past digits, of which there is one at least.
    fn digits(&mut self) -> Read<()> {
        let rest = &self.bytes[self.at..];
        let count = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if count == 0 {
            return self.unexpected();
        }
        self.at += count;
        Ok(())
    }
}

/// What tells the names of an object apart.
#[derive(Default)]
struct Names {
    /// The places of the fields in the order of their names, once they are many: thousands are told apart in little time.
    sorted: Vec<usize>,
}

impl Names {
    /// Whether a name is none of the fields before it.
    fn is_new(&mut self, name: &str, fields: &Fields) -> bool {
        if fields.len() < FEW {
            return fields.iter().all(|(known, _)| known != name);
        }
        while self.sorted.len() < fields.len() {
            let place = self.place_of(&fields[self.sorted.len()].0, fields).unwrap_or_else(|place| place);
            self.sorted.insert(place, self.sorted.len());
        }
        self.place_of(name, fields).is_err()
    }

    fn place_of(&self, name: &str, fields: &Fields) -> Result<usize, usize> {
        self.sorted.binary_search_by(|place| (*fields[*place].0).cmp(name))
    }
}
