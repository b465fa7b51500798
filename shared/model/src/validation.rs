//! Everything that can be told of a request from the request alone, in one order: the server and the edge run this.
//!
//! Length of URL and headers, the URL's characters, route, method, the shape of the key, the wallet that earlier clients
//! claim, query, path, length and media type of the body, the body. What takes knowledge comes after it, at the server:
//! quotas, whether there is such a key, what it may do, what is stored.

mod accepted;

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

use crate::credential::is_key_shaped;
use crate::headers::{Headers, KEY_HEADER, WALLET_HEADER};
use crate::problem::{Kind, Problem};
use crate::rejection::{Code, Rejection};
use crate::request::{
    AlertsRequest, AnalyzeRequest, BacktestRequest, ImportRequest, SessionRequest, SimulateRequest,
    StreamRequest, Subject, SummaryRequest, WalletRequest, WatchRequest, WatchesRequest, no_body, no_query,
};
use crate::route::{Access, Route, Takes};
use crate::text::joined;
use crate::wallet::Wallet;

pub use accepted::{Accepted, Asked};

/// Longest accepted path and query, bytes.
pub const MAX_URL_BYTES: usize = 8 * 1024;
/// Longest accepted headers together, bytes.
pub const MAX_HEADER_BYTES: usize = 32 * 1024;

/// What the server's settings decide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Whether wallet routes need an API key.
    pub needs_key: bool,
    /// Whether the server answers `OPTIONS` itself, for browsers of named origins.
    pub answers_preflight: bool,
}

/// A request without its body.
#[derive(Clone, Copy, Debug)]
pub struct Head<'a> {
    method: &'a str,
    /// Path and query, as sent, without what comes after `#`, which is not part of a request.
    target: &'a str,
    path: &'a str,
    query: &'a str,
    headers: Headers<'a>,
}

impl<'a> Head<'a> {
    /// A request of its method, path and query, all as sent, and its headers.
    #[must_use]
    pub fn new(method: &'a str, target: &'a str, headers: Headers<'a>) -> Self {
        let (target, _) = target.split_once('#').unwrap_or((target, ""));
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        Self { method, target, path, query, headers }
    }

    /// The path; `/` where there is none.
    #[must_use]
    pub const fn path(&self) -> &'a str {
        if self.path.is_empty() { "/" } else { self.path }
    }

    /// The query, without `?`.
    #[must_use]
    pub const fn query(&self) -> &'a str {
        self.query
    }

    /// Refuses what is too long or no URL, before anybody looks at what it asks.
    ///
    /// # Errors
    /// The first limit or rule that it breaks.
    pub fn check(&self) -> Result<(), Problem> {
        if !self.has_url_characters() {
            return Err(Problem::new(Kind::Malformed, "the URL holds a character that no URL may hold"));
        }
        if self.target.len() > MAX_URL_BYTES {
            let detail = joined(&["the URL is longer than ", &MAX_URL_BYTES.to_string(), " bytes"]);
            return Err(Problem::new(Kind::UrlTooLong, detail));
        }
        if self.headers.bytes() > MAX_HEADER_BYTES {
            let detail = joined(&["the headers are longer than ", &MAX_HEADER_BYTES.to_string(), " bytes"]);
            return Err(Problem::new(Kind::HeadersTooLarge, detail));
        }
        if percent_decode_str(self.path()).decode_utf8().is_err() {
            return Err(Problem::new(Kind::Malformed, "the path is not UTF-8"));
        }
        Ok(())
    }

    /// Whether an HTTP server takes it as a request's target (WHATWG URL, path and query states).
    fn has_url_characters(&self) -> bool {
        let in_both = |byte: u8| byte > b' ' && !matches!(byte, b'<' | b'>' | 0x7f);
        let in_path = |byte: u8| in_both(byte) && byte != b'`';
        let in_query = |byte: u8| in_both(byte) && byte != b'"';
        self.path.bytes().all(in_path) && self.query.bytes().all(in_query)
    }
}

/// A request whose route is found.
#[derive(Clone, Copy, Debug)]
pub struct Endpoint<'a> {
    head: Head<'a>,
    route: &'static Route,
    takes: Takes,
    segment: &'a str,
}

impl<'a> Endpoint<'a> {
    /// The route of a request.
    ///
    /// # Errors
    /// There is no such route, or it does not take the method.
    pub fn find(head: Head<'a>) -> Result<Self, Problem> {
        let missing = || Problem::new(Kind::NotFound, "there is no such route");
        let (route, segment) = Route::find(head.path()).ok_or_else(missing)?;
        let takes = route.takes(head.method).ok_or_else(|| {
            let detail = "the route does not take this method; Allow lists those that it takes";
            Problem { allow: Some(route.allow()), ..Problem::new(Kind::MethodNotAllowed, detail) }
        })?;
        Ok(Self { head, route, takes, segment })
    }

    /// The route.
    #[must_use]
    pub const fn route(&self) -> &'static Route {
        self.route
    }

    /// Most bytes of its body; none where no body is looked at.
    #[must_use]
    pub const fn body_limit(&self) -> Option<usize> {
        self.takes.body_limit()
    }

    /// Whether its body is a file: only its handler reads it, once it knows that the caller may write.
    #[must_use]
    pub fn takes_file(&self) -> bool {
        self.takes == Takes::WatchFile
    }

    /// Checks all but the body, as far as the headers tell that; answers what is asked but for the body's part of it.
    ///
    /// # Errors
    /// What is refused.
    pub fn check_head(&self, policy: Policy) -> Result<Asked, Problem> {
        if self.route.access == Access::Principal {
            self.check_key(policy)?;
            claimed_wallet(self.head.headers)?;
        }
        let asked = self.parse_head()?;
        let is_of = |media_type| self.head.headers.is_of(media_type);
        if self.takes == Takes::SessionForm && !is_of("application/x-www-form-urlencoded") {
            return Err(Problem::new(Kind::UnsupportedMediaType, "the body must be a form"));
        }
        if self.takes_file() && !is_of("text/csv") && !is_of("application/json") {
            let detail = "the body must be text/csv or application/json";
            return Err(Problem::new(Kind::UnsupportedMediaType, detail));
        }
        self.check_length(self.head.headers.content_length().unwrap_or_default())?;
        Ok(asked)
    }

    fn check_length(&self, bytes: usize) -> Result<(), Problem> {
        self.body_limit().filter(|limit| bytes > *limit).map_or(Ok(()), |limit| Err(body_too_long(limit)))
    }

    fn check_key(&self, policy: Policy) -> Result<(), Problem> {
        if !policy.needs_key {
            return Ok(());
        }
        match self.head.headers.get(KEY_HEADER) {
            None => Err(Problem::new(Kind::Unauthenticated, "the header x-api-key is missing")),
            Some(key) if !is_key_shaped(&key) => Err(no_such_key()),
            Some(_) => Ok(()),
        }
    }

    /// Parses query and path; the whole request where it takes no body.
    fn parse_head(&self) -> Result<Asked, Problem> {
        let query = self.head.query();
        Ok(match self.takes {
            Takes::Anything => Asked::AsSent,
            Takes::Page if self.head.headers.wants_html() => Asked::AsSent,
            Takes::SummaryQuery => Asked::Summary(SummaryRequest::parse(query)?),
            Takes::WalletQuery => Asked::Positions(WalletRequest::parse(query)?),
            Takes::AlertsQuery => Asked::Alerts(AlertsRequest::parse(query)?),
            Takes::StreamQuery => Asked::Stream(StreamRequest::parse(query)?),
            Takes::WatchesQuery => Asked::Watches(WatchesRequest::parse(query)?),
            Takes::WatchFile => Asked::Import(ImportRequest::parse(query)?),
            Takes::AlertId => {
                no_query(query)?;
                let malformed = |_| vec![Rejection::new("id", Code::Malformed)];
                Asked::Alert(self.segment()?.parse().map_err(malformed)?)
            }
            Takes::ChannelId => {
                no_query(query)?;
                let refused = |code| vec![Rejection::new("id", code)];
                Asked::Channel(self.segment()?.parse().map_err(refused)?)
            }
            Takes::WalletPath | Takes::WatchBody | Takes::WalletPathAlone => {
                no_query(query)?;
                Asked::OfWallet(WalletRequest::of_path(&self.segment()?)?.wallet)
            }
            _ => {
                no_query(query)?;
                Asked::Nothing
            }
        })
    }

    fn segment(&self) -> Result<Cow<'a, str>, Problem> {
        let not_text = |_| Problem::new(Kind::Malformed, "the path is not UTF-8");
        percent_decode_str(self.segment).decode_utf8().map_err(not_text)
    }

    /// Takes the body to what [`Endpoint::check_head`] has passed.
    ///
    /// # Errors
    /// What is refused.
    pub fn accept(self, asked: Asked, body: &[u8]) -> Result<Accepted<'a>, Problem> {
        let asked = if self.body_limit().is_some() { self.parse_body(asked, body)? } else { asked };
        Ok(Accepted { head: self.head, route: Some(self.route), asked })
    }

    fn parse_body(&self, asked: Asked, body: &[u8]) -> Result<Asked, Problem> {
        self.check_length(body.len())?;
        let has_type_of_its_own = self.takes == Takes::SessionForm || self.takes_file();
        if !has_type_of_its_own && !body.is_empty() && !self.head.headers.is_of("application/json") {
            return Err(Problem::new(Kind::UnsupportedMediaType, "the body must be application/json"));
        }
        Ok(match self.takes {
            Takes::SessionForm => {
                SessionRequest::parse(body)?;
                asked
            }
            Takes::WatchFile => asked,
            Takes::AnalyzeBody => Asked::Body(Some(AnalyzeRequest::parse(body)?.wallet)),
            Takes::SimulateBody => Asked::Body(Some(SimulateRequest::parse(body)?.wallet)),
            Takes::BacktestBody => match BacktestRequest::parse(body)?.subject {
                Subject::Wallet(wallet) => Asked::Body(Some(wallet)),
                Subject::Portfolio(_) => Asked::Body(None),
            },
            Takes::WatchBody => {
                WatchRequest::parse(body)?;
                asked
            }
            _ => {
                no_body(body)?;
                asked
            }
        })
    }
}

/// Checks a request; without its body all but the body.
///
/// # Errors
/// The problem that the server answers it with, whoever asks.
pub fn validate<'a>(head: Head<'a>, body: Option<&[u8]>, policy: Policy) -> Result<Accepted<'a>, Problem> {
    head.check()?;
    if policy.answers_preflight && head.method == "OPTIONS" {
        return Ok(Accepted { head, route: None, asked: Asked::AsSent });
    }
    let endpoint = Endpoint::find(head)?;
    let asked = endpoint.check_head(policy)?;
    match body {
        Some(body) => endpoint.accept(asked, body),
        None => Ok(Accepted { head, route: Some(endpoint.route), asked }),
    }
}

/// The refusal of a body over the limit of its route, bytes.
#[must_use]
pub fn body_too_long(limit: usize) -> Problem {
    let message = joined(&["body is longer than ", &limit.to_string(), " bytes"]);
    Problem::refused(vec![Rejection::with_message("body", Code::TooLong, message)])
}

/// The refusal of a key: the same whether it has no key's shape or is not known.
#[must_use]
pub fn no_such_key() -> Problem {
    Problem::new(Kind::Unauthenticated, "the API key is not valid")
}

/// The wallet that an earlier client names in its header.
///
/// # Errors
/// It is no address.
pub fn claimed_wallet(headers: Headers) -> Result<Option<Wallet>, Problem> {
    let Some(value) = headers.get(WALLET_HEADER) else { return Ok(None) };
    let parsed = value.parse();
    parsed.map(Some).map_err(|code| Problem::refused(vec![Rejection::new(WALLET_HEADER, code)]))
}

#[cfg(test)]
mod tests;
