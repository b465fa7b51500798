//! Which error becomes which answer: everything that is refused or fails leaves as `application/problem+json` (RFC 9457).
//!
//! | error | status |
//! | --- | --- |
//! | `body` or `query` that cannot be taken apart | 400 |
//! | no or no valid API key | 401 |
//! | a right or a wallet that the principal does not have | 403 |
//! | no such route, alert or watch, or somebody else's | 404 |
//! | body over 64 KiB (a file of watches over 5 MiB), URL over 8 KiB, headers over 32 KiB, body of another type | 413, 414, 431, 415 |
//! | refused values, each field by name | 422 |
//! | quota used up | 429 |
//! | no provider could be read and nothing was known; the store is away | 503 |
//! | what this host does not offer; as many streams as it takes | 501, 503 |
//! | over the time of a request | 504 |
//! | anything else: the request id only, the cause goes to the log | 500 |

mod body;

use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use risk_app::AppError;
use risk_app::stores::StoreError;
use risk_app::summary::GapBody;
use risk_model::problem::Problem as Words;
use risk_model::{Gap, Rejection};

pub(crate) use body::Refusals;
pub use body::{ProblemBody, RejectionBody};
pub(crate) use risk_model::problem::Kind;

/// Seconds after which it is worth asking providers again: their breakers try anew about then.
const PROVIDERS_RETRY_SECONDS: u64 = 30;
/// Seconds after which it is worth asking the store again.
const STORE_RETRY_SECONDS: u64 = 5;

/// A refusal or failure on its way out. The edge of the router gives it its request id and writes its body.
#[derive(Clone, Debug)]
pub(crate) struct Problem(Box<Details>);

#[derive(Clone, Debug)]
struct Details {
    words: Words,
    gaps: Vec<GapBody>,
    cause: Option<String>,
}

/// The HTTP status of a kind.
pub(crate) fn status(kind: Kind) -> StatusCode {
    // Every kind has a status of three digits; the fallback is never taken.
    StatusCode::from_u16(kind.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

impl Problem {
    /// A problem with words for the client. They hold no secret and nothing of the inside.
    pub(crate) fn new(kind: Kind, detail: impl Into<String>) -> Self {
        Words::new(kind, detail).into()
    }

    /// A failure of ours: the client gets the request id, the log gets the cause.
    pub(crate) fn internal(cause: impl Into<String>) -> Self {
        Self::new(Kind::Internal, "the request failed; its id is in instance").caused_by(cause)
    }

    /// A quota that is used up.
    pub(crate) fn quota(retry_after_seconds: u64) -> Self {
        Self::new(Kind::QuotaExceeded, "the quota of this minute is used up").retry_after(retry_after_seconds)
    }

    fn caused_by(mut self, cause: impl Into<String>) -> Self {
        self.0.cause = Some(cause.into());
        self
    }

    /// Says after how many seconds it is worth asking again.
    pub(crate) fn retry_after(mut self, seconds: u64) -> Self {
        self.0.words.retry_after_seconds = Some(seconds);
        self
    }

    /// What kind it is.
    pub(crate) const fn kind(&self) -> Kind {
        self.0.words.kind
    }

    /// What the client is told.
    pub(crate) fn detail(&self) -> &str {
        &self.0.words.detail
    }

    /// What the log is told, where somebody should act.
    pub(crate) fn cause(&self) -> Option<&str> {
        self.0.cause.as_deref()
    }

    /// The body of a request's problem.
    pub(crate) fn body(&self, request_id: &str) -> String {
        let gaps = &self.0.gaps;
        // Text and numbers only: it cannot fail, and if it did the rest would still be told.
        let gaps = (!gaps.is_empty()).then(|| serde_json::to_string(gaps).ok()).flatten();
        self.0.words.body(request_id, gaps.as_deref())
    }

    /// The refusal of a request's fields.
    pub(crate) fn refused(errors: Vec<Rejection>) -> Self {
        Words::refused(errors).into()
    }

    /// The refusal of a file for what is wrong with its lines.
    pub(crate) fn of_lines(errors: Vec<Rejection>, detail: String) -> Self {
        Words { errors, ..Words::new(Kind::RefusedValues, detail) }.into()
    }

    /// No provider could be read and nothing was known: says which, and since when.
    fn nothing_known(gaps: &[Gap]) -> Self {
        let gaps: Vec<GapBody> = gaps.iter().map(Into::into).collect();
        let mut sources: Vec<String> = Vec::new();
        for gap in &gaps {
            let since = gap.since.as_deref().map_or_else(String::new, |since| format!(" since {since}"));
            let source = format!("{} ({}{since})", gap.source, gap.reason);
            if !sources.contains(&source) && sources.len() < 10 {
                sources.push(source);
            }
        }
        let named = if sources.is_empty() { String::new() } else { format!(": {}", sources.join(", ")) };
        let detail = format!("no provider of positions could be read and nothing was known before{named}");
        let mut problem = Self::new(Kind::ProvidersUnavailable, detail).retry_after(PROVIDERS_RETRY_SECONDS);
        problem.0.gaps = gaps;
        problem
    }
}

impl From<Words> for Problem {
    fn from(words: Words) -> Self {
        Self(Box::new(Details { words, gaps: Vec::new(), cause: None }))
    }
}

impl From<Vec<Rejection>> for Problem {
    fn from(errors: Vec<Rejection>) -> Self {
        Self::refused(errors)
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        let cause = with_sources(&error);
        match error {
            StoreError::Unavailable(_) => Self::new(Kind::StoreUnavailable, "the store cannot be reached")
                .retry_after(STORE_RETRY_SECONDS)
                .caused_by(cause),
            StoreError::Corrupt { .. } | StoreError::Fenced => Self::internal(cause),
        }
    }
}

impl From<AppError> for Problem {
    fn from(error: AppError) -> Self {
        match error {
            AppError::Store(error) => error.into(),
            AppError::NothingKnown(gaps) => Self::nothing_known(&gaps),
            AppError::NotFound(what) => Self::new(Kind::NotFound, format!("there is no such {what}")),
            AppError::Refused(errors) => Self::refused(errors),
            AppError::Shared(shared) => Self::of_shared(shared.root()),
            AppError::Body(_) => Self::internal(with_sources(&error)),
        }
    }
}

impl Problem {
    /// The same as [`From<AppError>`] for a failure that several requests share.
    fn of_shared(error: &AppError) -> Self {
        match error {
            AppError::NothingKnown(gaps) => Self::nothing_known(gaps),
            AppError::NotFound(what) => AppError::NotFound(what).into(),
            AppError::Store(StoreError::Unavailable(_)) => {
                Self::new(Kind::StoreUnavailable, "the store cannot be reached")
                    .retry_after(STORE_RETRY_SECONDS)
                    .caused_by(with_sources(error))
            }
            other => Self::internal(with_sources(other)),
        }
    }
}

/// An error and what it comes from. Errors of the service never carry paths, statements, keys or addresses of upstreams.
fn with_sources(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        text = format!("{text}: {inner}");
        source = inner.source();
    }
    text
}

impl IntoResponse for Problem {
    /// Status and headers; the edge of the router writes the body, which names the request.
    fn into_response(self) -> Response {
        let mut response = status(self.kind()).into_response();
        for (name, value) in self.0.words.headers() {
            // All of them are visible ASCII.
            if let Ok(value) = HeaderValue::try_from(&*value) {
                response.headers_mut().insert(HeaderName::from_static(name), value);
            }
        }
        response.extensions_mut().insert(self);
        response
    }
}

#[cfg(test)]
mod tests;
