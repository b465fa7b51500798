//! `POST /api/risk/watches:import`: a file of watches. Each line is parsed by the same types as the body of a `PUT`.

use std::borrow::Cow;

use super::body::Body;
use super::query::Query;
use super::{Parsed, WatchRequest, watch};
use crate::json::Value;
use crate::rejection::{Code, Rejection};
use crate::threshold::ThresholdName;
use crate::wallet::Wallet;

/// Longest accepted file, bytes.
pub const MAX_IMPORT_BYTES: usize = 5 * 1024 * 1024;
/// Most lines of a file, without its header.
pub const MAX_IMPORT_LINES: usize = 50_000;

const WALLET: &str = "wallet_address";
const CHANNELS: &str = "channels";
/// What a threshold's column begins with.
const THRESHOLDS: &str = "thresholds";
/// The cell that says "delivered nowhere", which an empty one does not.
const NOWHERE: &str = "[]";

/// The query of an import.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ImportRequest {
    /// Whether the good lines are stored where others are refused; otherwise it is all or nothing.
    pub is_partial: bool,
}

impl ImportRequest {
    /// Parses the query string (without `?`).
    ///
    /// # Errors
    /// Every refused parameter.
    pub fn parse(query: &str) -> Parsed<Self> {
        let mut query = Query::parse(query)?;
        let partial = query.optional("partial", |text| text.parse().map_err(|_| Code::Malformed));
        query.finish(|| Some(Self { is_partial: partial.unwrap_or(false) }))
    }
}

/// One wallet of a file and how to watch it.
#[derive(Clone, Debug, PartialEq)]
pub struct WatchLine {
    /// Which.
    pub wallet: Wallet,
    /// How.
    pub settings: WatchRequest,
}

impl WatchLine {
    /// Parses an object of the JSON form: `wallet_address`, and the fields of the body of a `PUT`.
    ///
    /// # Errors
    /// Every refused field; `body` where it is no JSON object.
    pub fn parse(object: &[u8]) -> Parsed<Self> {
        Self::of(Body::parse(object)?)
    }

    fn of(mut body: Body) -> Parsed<Self> {
        let wallet = body.required(WALLET, str::parse);
        let settings = watch::settings(&mut body);
        body.finish(|| Some(Self { wallet: wallet?, settings }))
    }
}

/// A column of the CSV form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Column {
    Text(&'static str),
    Number(&'static str),
    /// A number of the object `thresholds`.
    Threshold(&'static str),
    Channels,
}

impl Column {
    fn of(name: &str) -> Option<Self> {
        if let Some(own) = name.strip_prefix(THRESHOLDS).and_then(|rest| rest.strip_prefix('.')) {
            let mut names = ThresholdName::ALL.iter().map(|known| known.name()).chain(["health_factor"]);
            return names.find(|known| *known == own).map(Self::Threshold);
        }
        match name {
            WALLET => Some(Self::Text(WALLET)),
            "label" => Some(Self::Text("label")),
            "min_severity" => Some(Self::Text("min_severity")),
            "health_factor_threshold" => Some(Self::Number("health_factor_threshold")),
            CHANNELS => Some(Self::Channels),
            _ => None,
        }
    }

    fn name(self) -> String {
        match self {
            Self::Text(name) | Self::Number(name) => name.to_owned(),
            Self::Threshold(name) => format!("{THRESHOLDS}.{name}"),
            Self::Channels => CHANNELS.to_owned(),
        }
    }
}

/// The header of a CSV file: the names of the fields of the JSON form, those of `thresholds` as `thresholds.carry_days`.
///
/// A cell holds a text or a number as it is; `channels` holds names with blanks between them, or `[]` for "nowhere". An
/// empty cell is an absent field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CsvHeader(Vec<Column>);

impl CsvHeader {
    /// Parses the names of the first line.
    ///
    /// # Errors
    /// Every name that is not known or stands twice; `wallet_address` where it is missing.
    pub fn parse<'a>(names: impl Iterator<Item = &'a [u8]>) -> Parsed<Self> {
        let mut columns = Vec::new();
        let mut refused = Vec::new();
        for name in names {
            let text = String::from_utf8_lossy(name);
            match Column::of(&text) {
                Some(column) if columns.contains(&column) => {
                    refused.push(Rejection::new(column.name(), Code::Repeated));
                }
                Some(column) => columns.push(column),
                None => refused
                    .push(Rejection::new(text.chars().take(64).collect::<String>(), Code::UnknownField)),
            }
        }
        if !columns.contains(&Column::Text(WALLET)) {
            refused.push(Rejection::new(WALLET, Code::Required));
        }
        if refused.is_empty() { Ok(Self(columns)) } else { Err(refused) }
    }

    /// Parses the cells of a line.
    ///
    /// # Errors
    /// Every refused field; `line` where it has another number of cells than the header.
    pub fn line<'a>(&self, cells: impl ExactSizeIterator<Item = &'a [u8]>) -> Parsed<WatchLine> {
        if cells.len() != self.0.len() {
            let message = format!("the line has {} cells, and the header {}", cells.len(), self.0.len());
            return Err(vec![Rejection::with_message("line", Code::Malformed, message)]);
        }
        let mut fields = Vec::new();
        let mut thresholds = Vec::new();
        for (column, cell) in self.0.iter().zip(cells).filter(|(_, cell)| !cell.is_empty()) {
            let cell = std::str::from_utf8(cell)
                .map_err(|_| vec![Rejection::new(column.name(), Code::Malformed)])?;
            match column {
                Column::Text(name) => fields.push(((*name).into(), text(cell))),
                Column::Number(name) => fields.push(((*name).into(), number(cell))),
                // A header has each column once.
                Column::Threshold(name) => thresholds.push(((*name).into(), number(cell))),
                Column::Channels => fields.push((CHANNELS.into(), names(cell))),
            }
        }
        if !thresholds.is_empty() {
            fields.push((THRESHOLDS.into(), Value::Object(thresholds)));
        }
        WatchLine::of(Body::of(fields))
    }
}

fn text(cell: &str) -> Value<'_> {
    Value::Text(Cow::Borrowed(cell))
}

/// A number; what is none stays a text, which is then of the wrong type.
fn number(cell: &str) -> Value<'_> {
    let number = cell.parse().ok().filter(|number: &f64| number.is_finite());
    number.map_or_else(|| text(cell), Value::Number)
}

fn names(cell: &str) -> Value<'_> {
    let listed = if cell == NOWHERE { "" } else { cell };
    Value::List(listed.split_whitespace().map(text).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::tests::refused;

    const ADDRESS: &str = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed";

    fn header(text: &'static str) -> Parsed<CsvHeader> {
        CsvHeader::parse(text.split(',').map(str::as_bytes))
    }

    fn line(names: &'static str, cells: &str) -> Parsed<WatchLine> {
        let cells: Vec<&[u8]> = cells.split(',').map(str::as_bytes).collect();
        header(names).unwrap().line(cells.into_iter())
    }

    #[test]
    fn a_line_of_csv_says_what_the_object_of_the_same_fields_says() {
        let names =
            "label,wallet_address,thresholds.carry_days,channels,min_severity,thresholds.health_factor";
        let object = format!(
            r#"{{"wallet_address":"{ADDRESS}","label":"desk","channels":["a","b"],"min_severity":"high",
                "thresholds":{{"carry_days":60,"health_factor":1.5}}}}"#
        );
        let parsed = line(names, &format!("desk,{ADDRESS},60,a b,high,1.5"));
        assert_eq!(parsed, WatchLine::parse(object.as_bytes()));
        assert_eq!(parsed.unwrap().settings.health_factor, Some(1.5));
        let bare = line(names, &format!(",{ADDRESS},,,,")).unwrap();
        assert_eq!(bare.settings, WatchRequest::default());
        let nowhere = line("wallet_address,channels", &format!("{ADDRESS},[]")).unwrap();
        assert_eq!(nowhere.settings.channels, Some(Vec::new()));
    }

    #[test]
    fn each_refused_cell_is_named_as_its_field() {
        let names =
            "wallet_address,label,health_factor_threshold,thresholds.carry_days,channels,min_severity";
        let cells = format!("0x12,{},high,-1,desk DESK,loud", "x".repeat(101));
        let mut found = refused(line(names, &cells));
        found.sort_by(|one, other| one.0.cmp(&other.0));
        let expected = [
            ("channels[1]", Code::Malformed),
            ("health_factor_threshold", Code::WrongType),
            ("label", Code::TooLong),
            ("min_severity", Code::Unsupported),
            ("thresholds.carry_days", Code::OutOfRange),
            ("wallet_address", Code::WrongLength),
        ];
        assert_eq!(found, expected.map(|(field, code)| (field.to_owned(), code)));
        for cell in ["nan", "inf", "1e999", "1,5"] {
            let code = refused(line("wallet_address,health_factor_threshold", &format!("{ADDRESS},{cell}")));
            assert!(matches!(code[0].1, Code::WrongType | Code::Malformed), "{cell}: {code:?}");
        }
        let bytes = header("wallet_address,label").unwrap().line([ADDRESS.as_bytes(), b"\xff"].into_iter());
        assert_eq!(refused(bytes), [("label".to_owned(), Code::Malformed)]);
        assert_eq!(refused(line("wallet_address", "a,b")), [("line".to_owned(), Code::Malformed)]);
        assert_eq!(refused(line("wallet_address", "")), [("wallet_address".to_owned(), Code::Required)]);
    }

    #[test]
    fn a_header_has_known_names_once_each_and_the_wallet() {
        assert_eq!(
            refused(header("label,label,thresholds.luck,Label")),
            [
                ("label".to_owned(), Code::Repeated),
                ("thresholds.luck".to_owned(), Code::UnknownField),
                ("Label".to_owned(), Code::UnknownField),
                ("wallet_address".to_owned(), Code::Required),
            ]
        );
        for name in ThresholdName::ALL {
            let column = format!("thresholds.{name}");
            assert!(CsvHeader::parse([&b"wallet_address"[..], column.as_bytes()].into_iter()).is_ok());
        }
    }

    #[test]
    fn an_object_is_refused_as_the_body_of_a_put_is() {
        let parse = |rest: &str| WatchLine::parse(format!("{{{rest}}}").as_bytes());
        assert_eq!(refused(parse("")), [("wallet_address".to_owned(), Code::Required)]);
        let both = format!(r#""wallet_address":"{ADDRESS}","wallet_address":"{ADDRESS}","x":1"#);
        assert_eq!(
            refused(parse(&both)),
            [("wallet_address".to_owned(), Code::Repeated), ("x".to_owned(), Code::UnknownField)]
        );
        assert_eq!(refused(WatchLine::parse(b"7")), [("body".to_owned(), Code::WrongType)]);
    }

    #[test]
    fn the_query_says_whether_the_good_lines_are_to_be_stored() {
        assert!(!ImportRequest::parse("").unwrap().is_partial);
        assert!(ImportRequest::parse("partial=true").unwrap().is_partial);
        assert_eq!(refused(ImportRequest::parse("partial=1")), [("partial".to_owned(), Code::Malformed)]);
        assert_eq!(refused(ImportRequest::parse("all=1")), [("all".to_owned(), Code::UnknownField)]);
    }
}
