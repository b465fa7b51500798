//! Which error becomes which answer: everything that is refused or fails leaves as `application/problem+json` (RFC 9457).
//!
//! | error | status |
//! | --- | --- |
//! | `body` or `query` that cannot be taken apart | 400 |
//! | no or no valid API key | 401 |
//! | a right or a wallet that the principal does not have | 403 |
//! | no such route, alert or watch, or somebody else's | 404 |
//! | body over 64 KiB, URL over 8 KiB, headers over 32 KiB, body that is not JSON | 413, 414, 431, 415 |
//! | refused values, each field by name | 422 |
//! | quota used up | 429 |
//! | no provider could be read and nothing was known; the store is away | 503 |
//! | over the time of a request | 504 |
//! | anything else: the request id only, the cause goes to the log | 500 |

mod body;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use risk_app::AppError;
use risk_app::stores::StoreError;
use risk_app::summary::GapBody;
use risk_model::{Code, Gap, Rejection};

pub(crate) use body::{MEDIA_TYPE, Refusals};
pub use body::{ProblemBody, RejectionBody};

/// Seconds after which it is worth asking providers again: their breakers try anew about then.
const PROVIDERS_RETRY_SECONDS: u64 = 30;
/// Seconds after which it is worth asking the store again.
const STORE_RETRY_SECONDS: u64 = 5;

/// What kind of problem it is. Each has a stable `type`, a title and a status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Malformed,
    Unauthenticated,
    Forbidden,
    NotFound,
    MethodNotAllowed,
    BodyTooLarge,
    UrlTooLong,
    UnsupportedMediaType,
    RefusedValues,
    QuotaExceeded,
    HeadersTooLarge,
    Internal,
    ProvidersUnavailable,
    StoreUnavailable,
    Timeout,
}

impl Kind {
    /// The stable end of its `type`, its title and its status.
    pub(crate) const fn meaning(self) -> (&'static str, &'static str, StatusCode) {
        match self {
            Self::Malformed => ("malformed-request", "Malformed request", StatusCode::BAD_REQUEST),
            Self::Unauthenticated => ("unauthenticated", "No valid API key", StatusCode::UNAUTHORIZED),
            Self::Forbidden => ("forbidden", "Not yours to do", StatusCode::FORBIDDEN),
            Self::NotFound => ("not-found", "Not found", StatusCode::NOT_FOUND),
            Self::MethodNotAllowed => {
                ("method-not-allowed", "Method not allowed", StatusCode::METHOD_NOT_ALLOWED)
            }
            Self::BodyTooLarge => ("body-too-large", "Body too large", StatusCode::PAYLOAD_TOO_LARGE),
            Self::UrlTooLong => ("url-too-long", "URL too long", StatusCode::URI_TOO_LONG),
            Self::UnsupportedMediaType => {
                ("unsupported-media-type", "Unsupported media type", StatusCode::UNSUPPORTED_MEDIA_TYPE)
            }
            Self::RefusedValues => ("refused-values", "Refused values", StatusCode::UNPROCESSABLE_ENTITY),
            Self::QuotaExceeded => ("quota-exceeded", "Too many requests", StatusCode::TOO_MANY_REQUESTS),
            Self::HeadersTooLarge => {
                ("headers-too-large", "Headers too large", StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE)
            }
            Self::Internal => ("internal-error", "Internal error", StatusCode::INTERNAL_SERVER_ERROR),
            Self::ProvidersUnavailable => {
                ("providers-unavailable", "Providers unavailable", StatusCode::SERVICE_UNAVAILABLE)
            }
            Self::StoreUnavailable => {
                ("store-unavailable", "Store unavailable", StatusCode::SERVICE_UNAVAILABLE)
            }
            Self::Timeout => ("timeout", "Took too long", StatusCode::GATEWAY_TIMEOUT),
        }
    }
}

/// A refusal or failure on its way out. The edge of the router gives it its request id and writes its body.
#[derive(Clone, Debug)]
pub(crate) struct Problem(Box<Details>);

#[derive(Clone, Debug)]
struct Details {
    kind: Kind,
    detail: String,
    errors: Vec<Rejection>,
    gaps: Vec<GapBody>,
    retry_after_seconds: Option<u64>,
    cause: Option<String>,
}

impl Problem {
    /// A problem with words for the client. They hold no secret and nothing of the inside.
    pub(crate) fn new(kind: Kind, detail: impl Into<String>) -> Self {
        Self(Box::new(Details {
            kind,
            detail: detail.into(),
            errors: Vec::new(),
            gaps: Vec::new(),
            retry_after_seconds: None,
            cause: None,
        }))
    }

    /// A failure of ours: the client gets the request id, the log gets the cause.
    pub(crate) fn internal(cause: impl Into<String>) -> Self {
        Self::new(Kind::Internal, "the request failed; its id is in instance").caused_by(cause)
    }

    /// A quota that is used up.
    pub(crate) fn quota(retry_after_seconds: u64) -> Self {
        let mut problem = Self::new(Kind::QuotaExceeded, "the quota of this minute is used up");
        problem.0.retry_after_seconds = Some(retry_after_seconds);
        problem
    }

    fn caused_by(mut self, cause: impl Into<String>) -> Self {
        self.0.cause = Some(cause.into());
        self
    }

    fn retry_after(mut self, seconds: u64) -> Self {
        self.0.retry_after_seconds = Some(seconds);
        self
    }

    /// What kind it is.
    pub(crate) const fn kind(&self) -> Kind {
        self.0.kind
    }

    /// What the client is told.
    pub(crate) fn detail(&self) -> &str {
        &self.0.detail
    }

    /// What the log is told, where somebody should act.
    pub(crate) fn cause(&self) -> Option<&str> {
        self.0.cause.as_deref()
    }

    /// The body of a request's problem.
    pub(crate) fn body(&self, request_id: &str) -> ProblemBody {
        let (name, title, status) = self.0.kind.meaning();
        ProblemBody {
            kind: format!("urn:risk-manager:problem:{name}"),
            title: title.to_owned(),
            status: status.as_u16(),
            detail: self.0.detail.clone(),
            instance: format!("urn:risk-manager:request:{request_id}"),
            errors: self.0.errors.iter().map(Into::into).collect(),
            gaps: self.0.gaps.clone(),
        }
    }

    /// The refusal of a request's fields.
    pub(crate) fn refused(errors: Vec<Rejection>) -> Self {
        let (kind, detail) = classify(&errors);
        let mut problem = Self::new(kind, detail);
        problem.0.errors = errors;
        problem
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

/// The kind and the words of refused fields: what makes the request unreadable as a whole comes first.
fn classify(errors: &[Rejection]) -> (Kind, String) {
    for error in errors {
        let kind = match (error.field.as_str(), error.code) {
            ("body", Code::TooLong) => Kind::BodyTooLarge,
            ("query", Code::TooLong) => Kind::UrlTooLong,
            ("body" | "query", Code::Malformed | Code::WrongType) => Kind::Malformed,
            _ => continue,
        };
        return (kind, error.message.clone());
    }
    let detail = match errors {
        [one] => one.message.clone(),
        many => format!("{} fields are refused", many.len()),
    };
    (Kind::RefusedValues, detail)
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
        let mut response = self.kind().meaning().2.into_response();
        if let Some(seconds) = self.0.retry_after_seconds {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.kind() == Kind::Unauthenticated {
            let challenge = HeaderValue::from_static("ApiKey realm=\"risk-manager\", header=\"x-api-key\"");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
        }
        response.extensions_mut().insert(self);
        response
    }
}

#[cfg(test)]
mod tests;
