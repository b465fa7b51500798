//! How values go into documents and come back.

use std::collections::BTreeSet;
use std::str::FromStr;

use mongodb::bson::{self, Bson, Document, RawDocument, doc};
use risk_model::{Timestamp, Wallet};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::failure::Failure;

/// A record that reads itself from the body of a document.
pub(super) trait Record: Sized {
    /// Its kind, for a document that cannot be understood.
    const WHAT: &'static str;
    /// The document.
    type Body: DeserializeOwned;

    /// Reads the fields; `None` where one holds what this version does not write.
    fn of(body: Self::Body) -> Option<Self>;
}

/// Reads a document.
pub(super) fn read<T: Record>(document: &RawDocument) -> Result<T, Failure> {
    let body = bson::deserialize_from_slice(document.as_bytes()).map_err(|_| Failure::Malformed(T::WHAT))?;
    T::of(body).ok_or(Failure::Malformed(T::WHAT))
}

/// Writes a body.
pub(super) fn document(body: &impl Serialize) -> Result<Document, Failure> {
    Ok(bson::serialize_to_document(body)?)
}

/// The stages of an update that puts `body` in place of what is there, unless that is newer.
pub(super) fn unless_newer(at: i64, body: Document) -> Vec<Document> {
    // `$literal`: what a body holds is never read as an expression.
    let newest = vec![Bson::from(doc! { "$gt": ["$at", at] }), "$$ROOT".into(), literal(body)];
    vec![doc! { "$replaceWith": { "$cond": newest } }]
}

/// A value in an expression that is nothing but itself.
pub(super) fn literal(value: impl Into<Bson>) -> Bson {
    doc! { "$literal": value.into() }.into()
}

/// The keys of wallets, each once, in their order.
pub(super) fn keys(wallets: &[Wallet]) -> Vec<String> {
    let distinct: BTreeSet<String> = wallets.iter().map(Wallet::lower_hex).collect();
    distinct.into_iter().collect()
}

/// Seconds, or a refusal of a time that no document holds.
pub(super) fn seconds(time: Timestamp) -> Result<i64, Failure> {
    integer(time.seconds(), "a time")
}

/// Seconds of a time that may be absent.
pub(super) fn optional_seconds(time: Option<Timestamp>) -> Result<Option<i64>, Failure> {
    time.map(seconds).transpose()
}

/// A count, or a refusal of one that no document holds.
pub(super) fn integer(value: u64, what: &'static str) -> Result<i64, Failure> {
    i64::try_from(value).map_err(|_| Failure::OutOfRange(what))
}

/// A number that is never negative.
pub(super) fn natural(number: i64) -> Option<u64> {
    u64::try_from(number).ok()
}

/// A time.
pub(super) fn time(seconds: i64) -> Option<Timestamp> {
    natural(seconds).map(Timestamp::new)
}

/// A time that may be absent.
pub(super) fn optional_time(seconds: Option<i64>) -> Option<Option<Timestamp>> {
    seconds.map_or(Some(None), |seconds| time(seconds).map(Some))
}

/// Texts that parse, as what they say.
pub(super) fn parsed<T: FromStr>(texts: &[String]) -> Option<Vec<T>> {
    texts.iter().map(|text| text.parse().ok()).collect()
}
