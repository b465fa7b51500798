//! A small GraphQL reader: one operation, fields with aliases, arguments and selections; no fragments.

use serde_json::{Map, Number, Value};

/// Deepest nesting of a query.
const DEPTH: usize = 12;

/// One selected field.
#[derive(Debug, Default)]
pub(super) struct Field {
    /// The name it has in the answer.
    pub(super) alias: String,
    /// The name it has in the schema.
    pub(super) name: String,
    /// Arguments, variables put in.
    pub(super) arguments: Map<String, Value>,
    /// Fields selected below it.
    pub(super) selection: Vec<Field>,
}

/// Reads a query into its top-level fields.
pub(super) fn parse(query: &str, variables: &Map<String, Value>) -> Result<Vec<Field>, String> {
    let tokens = tokenize(query)?;
    let mut reader = Reader { tokens, place: 0, variables };
    if reader.peek() != Some("{") {
        reader.skip_header()?;
    }
    reader.selection(0)
}

/// Cuts a value down to what a field selects; a field that the type lacks fails the whole query.
pub(super) fn project(value: &Value, field: &Field) -> Result<Value, String> {
    match value {
        Value::Array(items) => items.iter().map(|item| project(item, field)).collect(),
        Value::Object(known) => {
            let kind = known.get("__typename").and_then(Value::as_str).unwrap_or("Query");
            if field.selection.is_empty() {
                return Err(format!("Field \"{}\" of type \"{kind}\" must have a selection", field.name));
            }
            let select = |inner: &Field| {
                let missing = || format!("Type `{kind}` has no field `{}`", inner.name);
                let value = known.get(&inner.name).ok_or_else(missing)?;
                Ok((inner.alias.clone(), project(value, inner)?))
            };
            field.selection.iter().map(select).collect::<Result<Map<_, _>, String>>().map(Value::Object)
        }
        plain => Ok(plain.clone()),
    }
}

struct Reader<'a> {
    tokens: Vec<String>,
    place: usize,
    variables: &'a Map<String, Value>,
}

impl Reader<'_> {
    fn peek(&self) -> Option<&str> {
        self.tokens.get(self.place).map(String::as_str)
    }

    fn next(&mut self) -> Result<String, String> {
        let token = self.tokens.get(self.place).cloned().ok_or("unexpected end of query")?;
        self.place += 1;
        Ok(token)
    }

    fn expect(&mut self, wanted: &str) -> Result<(), String> {
        let found = self.next()?;
        if found == wanted { Ok(()) } else { Err(format!("expected {wanted}, found {found}")) }
    }

    /// Skips `query Name($a: T = 1, …)`.
    fn skip_header(&mut self) -> Result<(), String> {
        self.expect("query")?;
        let mut depth = 0usize;
        while let Some(token) = self.peek() {
            match token {
                "(" => depth += 1,
                ")" => depth = depth.saturating_sub(1),
                "{" if depth == 0 => return Ok(()),
                _ => {}
            }
            self.place += 1;
        }
        Err("query without a selection".to_owned())
    }

    fn selection(&mut self, depth: usize) -> Result<Vec<Field>, String> {
        if depth > DEPTH {
            return Err("query is nested too deeply".to_owned());
        }
        self.expect("{")?;
        let mut fields = Vec::new();
        while self.peek() != Some("}") {
            fields.push(self.field(depth)?);
        }
        self.expect("}")?;
        Ok(fields)
    }

    fn field(&mut self, depth: usize) -> Result<Field, String> {
        let mut name = self.identifier()?;
        let alias = name.clone();
        if self.peek() == Some(":") {
            self.expect(":")?;
            name = self.identifier()?;
        }
        let mut field = Field { alias, name, ..Field::default() };
        if self.peek() == Some("(") {
            self.expect("(")?;
            field.arguments = self.pairs(")", depth)?;
        }
        if self.peek() == Some("{") {
            field.selection = self.selection(depth + 1)?;
        }
        Ok(field)
    }

    fn identifier(&mut self) -> Result<String, String> {
        let token = self.next()?;
        let fits = token.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if fits { Ok(token) } else { Err(format!("unexpected {token}")) }
    }

    /// `name: value` pairs up to a closing token.
    fn pairs(&mut self, close: &str, depth: usize) -> Result<Map<String, Value>, String> {
        let mut pairs = Map::new();
        while self.peek() != Some(close) {
            let name = self.identifier()?;
            self.expect(":")?;
            let value = self.value(depth)?;
            pairs.insert(name, value);
        }
        self.expect(close)?;
        Ok(pairs)
    }

    fn value(&mut self, depth: usize) -> Result<Value, String> {
        if depth > DEPTH {
            return Err("value is nested too deeply".to_owned());
        }
        let token = self.next()?;
        if let Some(name) = token.strip_prefix('$') {
            return Ok(self.variables.get(name).cloned().unwrap_or(Value::Null));
        }
        if let Some(text) = token.strip_prefix('"') {
            return Ok(Value::String(text.to_owned()));
        }
        match token.as_str() {
            "{" => self.pairs("}", depth + 1).map(Value::Object),
            "[" => {
                let mut items = Vec::new();
                while self.peek() != Some("]") {
                    items.push(self.value(depth + 1)?);
                }
                self.expect("]")?;
                Ok(Value::Array(items))
            }
            "true" => Ok(Value::Bool(true)),
            "false" => Ok(Value::Bool(false)),
            "null" => Ok(Value::Null),
            other => {
                Ok(other.parse::<Number>().map_or_else(|_| Value::String(other.to_owned()), Value::Number))
            }
        }
    }
}

/// Splits a query; a string token keeps its opening quote, commas are spaces.
fn tokenize(query: &str) -> Result<Vec<String>, String> {
    let mut tokens = Vec::new();
    let mut rest = query.chars().peekable();
    while let Some(first) = rest.next() {
        match first {
            '#' => while rest.next_if(|c| *c != '\n').is_some() {},
            '"' => {
                let mut text = String::from('"');
                loop {
                    match rest.next() {
                        None => return Err("string without an end".to_owned()),
                        Some('"') => break,
                        Some('\\') => text.extend(rest.next()),
                        Some(c) => text.push(c),
                    }
                }
                tokens.push(text);
            }
            c if c.is_whitespace() || c == ',' => {}
            c if c.is_ascii_alphanumeric() || "_$-".contains(c) => {
                let mut word = String::from(c);
                while let Some(c) = rest.next_if(|c| c.is_ascii_alphanumeric() || "_.-".contains(*c)) {
                    word.push(c);
                }
                tokens.push(word);
            }
            c => tokens.push(c.to_string()),
        }
    }
    Ok(tokens)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn arguments_take_variables_and_literals_and_aliases_name_the_answer() {
        let variables = json!({"users": ["0xa"], "last": "0x1"});
        let query = "query Q($users: [String!]!, $last: ID! = \"\") { # comment\n rows: userReserves(first: 5, \
                     where: {user_in: $users, id_gt: $last, reserve_: {symbol: \"A\"}}) { id user { id } } }";
        let fields = parse(query, variables.as_object().expect("object")).expect("parses");
        assert_eq!(fields.len(), 1);
        assert_eq!((fields[0].alias.as_str(), fields[0].name.as_str()), ("rows", "userReserves"));
        assert_eq!(fields[0].arguments["where"]["user_in"], json!(["0xa"]));
        assert_eq!(fields[0].arguments["where"]["id_gt"], json!("0x1"));
        assert_eq!(fields[0].arguments["first"], json!(5));
        assert_eq!(fields[0].selection[1].selection[0].name, "id");
    }

    #[test]
    fn only_what_is_selected_comes_back_and_an_unknown_field_fails() {
        let value = json!([{"__typename": "Row", "id": "1", "other": 2}]);
        let good = parse("{ rows { key: id } }", &Map::new()).expect("parses");
        assert_eq!(project(&value, &good[0]).expect("projects"), json!([{"key": "1"}]));
        let bad = parse("{ rows { liquidationThreshold } }", &Map::new()).expect("parses");
        assert_eq!(
            project(&value, &bad[0]).expect_err("fails"),
            "Type `Row` has no field `liquidationThreshold`"
        );
    }

    #[test]
    fn a_query_that_never_ends_or_nests_for_ever_is_refused() {
        assert!(parse("{ a { b ", &Map::new()).is_err());
        assert!(parse(&"{ a ".repeat(50), &Map::new()).is_err());
        assert!(parse("{ a(x: \"open", &Map::new()).is_err());
    }
}
