//! The cases: requests that the API and the edge must judge alike.

use std::path::Path;

use serde_json::{Value, json};

/// A request.
#[derive(Clone, Debug, Default)]
pub(crate) struct Case {
    pub(crate) method: String,
    pub(crate) target: String,
    /// Names and values; a character up to U+00FF of a value stands for a byte.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Case {
    pub(crate) fn new(method: &str, target: &str) -> Self {
        Self { method: method.to_owned(), target: target.to_owned(), ..Self::default() }
    }

    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn body(mut self, body: &str) -> Self {
        self.body = body.as_bytes().to_vec();
        self
    }

    /// As a JavaScript driver takes it.
    pub(crate) fn question(&self) -> Value {
        use base64::Engine;
        let body = base64::engine::general_purpose::STANDARD.encode(&self.body);
        json!({"method": self.method, "target": self.target, "headers": self.headers, "body": body})
    }
}

/// The bytes of a header value.
pub(crate) fn latin_1(value: &str) -> Vec<u8> {
    value.chars().map(|letter| u8::try_from(u32::from(letter)).unwrap_or(b'?')).collect()
}

/// The cases file. A target, a header value and a body are a text, or a list of texts and `[text, times]`.
pub(crate) fn all() -> Vec<Case> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("edge/cases.jsonl");
    let text = std::fs::read_to_string(path).expect("the cases file");
    let mut cases = Vec::new();
    for line in text.lines().filter(|line| !line.is_empty()) {
        let value: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        let headers = value["headers"].as_array().into_iter().flatten();
        let headers = headers.map(|pair| (expand(&pair[0]), expand(&pair[1]))).collect();
        let body = match value["body_hex"].as_str() {
            Some(hex) => unhex(hex),
            None => expand(&value["body"]).into_bytes(),
        };
        cases.push(Case {
            method: expand(&value["method"]),
            target: expand(&value["target"]),
            headers,
            body,
        });
    }
    cases
}

fn expand(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(parts) => parts
            .iter()
            .map(|part| match part {
                Value::Array(pair) => {
                    let times = usize::try_from(pair[1].as_u64().expect("a count")).expect("a count");
                    pair[0].as_str().expect("a text").repeat(times)
                }
                part => part.as_str().expect("a text").to_owned(),
            })
            .collect(),
        other => panic!("{other} is no text"),
    }
}

fn unhex(text: &str) -> Vec<u8> {
    let digit = |letter: char| u8::try_from(letter.to_digit(16).expect("a hex digit")).expect("a hex digit");
    let digits: Vec<u8> = text.chars().map(digit).collect();
    digits.chunks(2).map(|pair| pair[0] * 16 + pair[1]).collect()
}
