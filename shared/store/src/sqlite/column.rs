//! How values go into columns and come back.

use std::fmt::Write as _;
use std::str::FromStr;

use risk_model::{Address, Timestamp, Wallet};
use rusqlite::{Params, Row, Statement};

use super::failure::Failure;

/// A record that reads itself from a row.
pub(super) trait Record: Sized {
    /// Its kind, for a row that cannot be understood.
    const WHAT: &'static str;

    /// Reads the columns.
    fn read(row: &Row<'_>) -> Result<Self, Failure>;
}

/// Every row of a query.
pub(super) fn all<T: Record>(statement: &mut Statement<'_>, params: impl Params) -> Result<Vec<T>, Failure> {
    statement.query_and_then(params, |row| T::read(row).map_err(|failure| failure.of(T::WHAT)))?.collect()
}

/// The first row of a query, if it has any.
pub(super) fn first<T: Record>(
    statement: &mut Statement<'_>,
    params: impl Params,
) -> Result<Option<T>, Failure> {
    let mut rows = statement.query(params)?;
    let Some(row) = rows.next()? else { return Ok(None) };
    T::read(row).map(Some).map_err(|failure| failure.of(T::WHAT))
}

/// The one number of a counting query.
pub(super) fn count(statement: &mut Statement<'_>, params: impl Params) -> Result<u64, Failure> {
    let number: i64 = statement.query_row(params, |row| row.get(0))?;
    u64::try_from(number).map_err(|_| Failure::Unreadable)
}

/// The 20 bytes.
pub(super) fn bytes(wallet: Wallet) -> [u8; 20] {
    wallet.address().into_array()
}

/// Wallets as a JSON array of hex digits: one parameter for `unhex(value)` over `json_each`, however many they are.
pub(super) fn hex_list(wallets: &[Wallet]) -> String {
    let mut list = String::with_capacity(2 + wallets.len() * 43);
    list.push('[');
    for (index, wallet) in wallets.iter().enumerate() {
        let comma = if index == 0 { "" } else { "," };
        // Writing to a String cannot fail.
        let _ = write!(list, "{comma}\"{:x}\"", wallet.address());
    }
    list.push(']');
    list
}

/// Seconds, or a refusal of a time that no column holds.
pub(super) fn seconds(time: Timestamp) -> Result<i64, Failure> {
    integer(time.seconds(), "a time")
}

/// Seconds of a time that may be absent.
pub(super) fn optional_seconds(time: Option<Timestamp>) -> Result<Option<i64>, Failure> {
    time.map(seconds).transpose()
}

/// A count, or a refusal of one that no column holds.
pub(super) fn integer(value: u64, what: &'static str) -> Result<i64, Failure> {
    i64::try_from(value).map_err(|_| Failure::OutOfRange(what))
}

/// A wallet column.
pub(super) fn wallet(row: &Row<'_>, column: &str) -> Result<Wallet, Failure> {
    let bytes: [u8; 20] = row.get(column)?;
    Ok(Wallet::new(Address::from(bytes)))
}

/// A time column.
pub(super) fn time(row: &Row<'_>, column: &str) -> Result<Timestamp, Failure> {
    natural(row, column).map(Timestamp::new)
}

/// A time column that may be NULL.
pub(super) fn optional_time(row: &Row<'_>, column: &str) -> Result<Option<Timestamp>, Failure> {
    let seconds: Option<i64> = row.get(column)?;
    seconds
        .map(|seconds| u64::try_from(seconds).map(Timestamp::new).map_err(|_| Failure::Unreadable))
        .transpose()
}

/// A column of a number that is never negative.
pub(super) fn natural(row: &Row<'_>, column: &str) -> Result<u64, Failure> {
    let number: i64 = row.get(column)?;
    u64::try_from(number).map_err(|_| Failure::Unreadable)
}

/// A REAL column; NULL is the NaN that SQLite could not hold.
pub(super) fn real(row: &Row<'_>, column: &str) -> Result<f64, Failure> {
    let number: Option<f64> = row.get(column)?;
    Ok(number.unwrap_or(f64::NAN))
}

/// A column that holds the name of an enumeration's member.
pub(super) fn name<T: FromStr>(row: &Row<'_>, column: &str) -> Result<T, Failure> {
    let text: String = row.get(column)?;
    text.parse().map_err(|_| Failure::Unreadable)
}

/// Things that print and parse, as a JSON array of text.
pub(super) fn text_list(items: impl Iterator<Item = String>) -> String {
    serde_json::Value::from_iter(items).to_string()
}

/// A JSON array of text, read back.
pub(super) fn parse_list<T: FromStr>(text: &str) -> Result<Vec<T>, Failure> {
    let items: Vec<String> = serde_json::from_str(text).map_err(|_| Failure::Unreadable)?;
    items.iter().map(|item| item.parse().map_err(|_| Failure::Unreadable)).collect()
}
