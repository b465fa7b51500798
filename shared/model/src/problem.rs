//! Problems: what is refused or fails leaves as `application/problem+json` (RFC 9457), from the server and from the edge.

use std::borrow::Cow;

use crate::json::Writer;
use crate::rejection::{Code, Rejection};
use crate::text::joined;

/// The media type of a problem.
pub const MEDIA_TYPE: &str = "application/problem+json";
/// What a client without a valid key is told to bring (RFC 9110, section 11.6.1).
const CHALLENGE: &str = "ApiKey realm=\"risk-manager\", header=\"x-api-key\"";

/// What kind of problem it is. Each has a stable `type`, a title and a status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A request that cannot be taken apart.
    Malformed,
    /// No or no valid API key.
    Unauthenticated,
    /// A right or a wallet that the principal does not have.
    Forbidden,
    /// No such route or thing, or somebody else's.
    NotFound,
    /// The route does not take the method.
    MethodNotAllowed,
    /// The body is too long.
    BodyTooLarge,
    /// The URL is too long.
    UrlTooLong,
    /// The body is of another media type.
    UnsupportedMediaType,
    /// Fields are refused, each by name.
    RefusedValues,
    /// A quota is used up.
    QuotaExceeded,
    /// The headers are too long.
    HeadersTooLarge,
    /// A failure of ours.
    Internal,
    /// Something that this host does not offer.
    NotOffered,
    /// As much goes on already as this process takes.
    Busy,
    /// The service behind the edge cannot be reached, or something in between answered for it.
    OriginUnavailable,
    /// No provider could be read and nothing was known.
    ProvidersUnavailable,
    /// The store is away.
    StoreUnavailable,
    /// It took too long.
    Timeout,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 18] = [
        Self::Malformed,
        Self::Unauthenticated,
        Self::Forbidden,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::BodyTooLarge,
        Self::UrlTooLong,
        Self::UnsupportedMediaType,
        Self::RefusedValues,
        Self::QuotaExceeded,
        Self::HeadersTooLarge,
        Self::Internal,
        Self::NotOffered,
        Self::Busy,
        Self::OriginUnavailable,
        Self::ProvidersUnavailable,
        Self::StoreUnavailable,
        Self::Timeout,
    ];

    /// The stable end of its `type`, its title and its HTTP status.
    #[must_use]
    pub const fn meaning(self) -> (&'static str, &'static str, u16) {
        match self {
            Self::Malformed => ("malformed-request", "Malformed request", 400),
            Self::Unauthenticated => ("unauthenticated", "No valid API key", 401),
            Self::Forbidden => ("forbidden", "Not yours to do", 403),
            Self::NotFound => ("not-found", "Not found", 404),
            Self::MethodNotAllowed => ("method-not-allowed", "Method not allowed", 405),
            Self::BodyTooLarge => ("body-too-large", "Body too large", 413),
            Self::UrlTooLong => ("url-too-long", "URL too long", 414),
            Self::UnsupportedMediaType => ("unsupported-media-type", "Unsupported media type", 415),
            Self::RefusedValues => ("refused-values", "Refused values", 422),
            Self::QuotaExceeded => ("quota-exceeded", "Too many requests", 429),
            Self::HeadersTooLarge => ("headers-too-large", "Headers too large", 431),
            Self::Internal => ("internal-error", "Internal error", 500),
            Self::NotOffered => ("not-offered", "Not offered on this host", 501),
            Self::Busy => ("busy", "Too much at once", 503),
            Self::OriginUnavailable => ("origin-unavailable", "Service unreachable", 502),
            Self::ProvidersUnavailable => ("providers-unavailable", "Providers unavailable", 503),
            Self::StoreUnavailable => ("store-unavailable", "Store unavailable", 503),
            Self::Timeout => ("timeout", "Took too long", 504),
        }
    }

    /// Its HTTP status.
    #[must_use]
    pub const fn status(self) -> u16 {
        self.meaning().2
    }
}

/// Refused fields that a problem tells, at most.
pub const MOST_ERRORS: usize = 50;

/// A refusal or failure in words for the client. They hold no secret and nothing of the inside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What kind.
    pub kind: Kind,
    /// What is the matter with this request.
    pub detail: String,
    /// The refused fields.
    pub errors: Vec<Rejection>,
    /// For [`Kind::MethodNotAllowed`]: the methods that the route takes.
    pub allow: Option<String>,
    /// Seconds after which it is worth asking again.
    pub retry_after_seconds: Option<u64>,
}

impl Problem {
    /// A problem with words for the client.
    pub fn new(kind: Kind, detail: impl Into<String>) -> Self {
        Self { kind, detail: detail.into(), errors: Vec::new(), allow: None, retry_after_seconds: None }
    }

    /// The refusal of a request's fields. The first [`MOST_ERRORS`] are told: a small body can hold thousands that are wrong.
    #[must_use]
    pub fn refused(mut errors: Vec<Rejection>) -> Self {
        let (kind, detail) = classify(&errors);
        errors.truncate(MOST_ERRORS);
        Self { errors, ..Self::new(kind, detail) }
    }

    /// The headers of its answer but the security headers and the request id: names in lower case.
    #[must_use]
    pub fn headers(&self) -> Vec<(&'static str, Cow<'_, str>)> {
        let mut headers = vec![("content-type", Cow::Borrowed(MEDIA_TYPE))];
        if let Some(allow) = &self.allow {
            headers.push(("allow", allow.into()));
        }
        if let Some(seconds) = self.retry_after_seconds {
            headers.push(("retry-after", seconds.to_string().into()));
        }
        if self.kind == Kind::Unauthenticated {
            headers.push(("www-authenticate", CHALLENGE.into()));
        }
        headers
    }

    /// Its body for a request: the members of RFC 9457, the refused fields, and `gaps`, a list of JSON of what the server
    /// could not read, which an edge never has.
    #[must_use]
    pub fn body(&self, request_id: &str, gaps: Option<&str>) -> String {
        self.write_body(Writer::new(), request_id, gaps)
    }

    /// Writes [`Problem::body`] with a writer that has written no member yet.
    #[must_use]
    pub fn write_body(&self, mut body: Writer, request_id: &str, gaps: Option<&str>) -> String {
        let (name, title, status) = self.kind.meaning();
        body.plain("type", "urn:risk-manager:problem:", name)
            .plain("title", title, "")
            .number("status", u32::from(status))
            .text("detail", &self.detail)
            .text("instance", &joined(&["urn:risk-manager:request:", request_id]));
        if !self.errors.is_empty() {
            body.list("errors", &self.errors, Rejection::write);
        }
        if let Some(gaps) = gaps {
            body.raw("gaps", gaps);
        }
        body.finish()
    }
}

impl From<Vec<Rejection>> for Problem {
    fn from(errors: Vec<Rejection>) -> Self {
        Self::refused(errors)
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
        many if many.len() > MOST_ERRORS => {
            let most = MOST_ERRORS.to_string();
            joined(&[&many.len().to_string(), " fields are refused, of which the first ", &most, " are told"])
        }
        many => joined(&[&many.len().to_string(), " fields are refused"]),
    };
    (Kind::RefusedValues, detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_that_cannot_be_taken_apart_is_malformed_and_a_refused_field_is_not() {
        let cases = [
            ("body", Code::Malformed, Kind::Malformed),
            ("body", Code::WrongType, Kind::Malformed),
            ("query", Code::Malformed, Kind::Malformed),
            ("body", Code::TooLong, Kind::BodyTooLarge),
            ("query", Code::TooLong, Kind::UrlTooLong),
            ("wallet", Code::Malformed, Kind::RefusedValues),
            ("label", Code::TooLong, Kind::RefusedValues),
            ("wallet", Code::Required, Kind::RefusedValues),
            ("limit", Code::OutOfRange, Kind::RefusedValues),
        ];
        for (field, code, kind) in cases {
            assert_eq!(Problem::refused(vec![Rejection::new(field, code)]).kind, kind, "{field} {code:?}");
        }
    }

    #[test]
    fn of_thousands_of_refused_fields_the_first_are_told_and_all_are_counted() {
        let errors = |count: usize| {
            (0..count).map(|place| Rejection::new(format!("f{place}"), Code::UnknownField)).collect()
        };
        let problem = Problem::refused(errors(6_000));
        assert_eq!((problem.errors.len(), problem.errors[49].field.as_str()), (MOST_ERRORS, "f49"));
        assert_eq!(problem.detail, "6000 fields are refused, of which the first 50 are told");
        assert!(problem.body("id", None).len() < 8_192);
        let few = Problem::refused(errors(MOST_ERRORS));
        assert_eq!((few.errors.len(), few.detail.as_str()), (50, "50 fields are refused"));
    }

    #[test]
    fn every_kind_has_a_name_of_its_own_and_the_status_of_an_error() {
        let names: std::collections::BTreeSet<_> = Kind::ALL.iter().map(|kind| kind.meaning().0).collect();
        assert_eq!(names.len(), Kind::ALL.len());
        assert!(Kind::ALL.iter().all(|kind| (400..600).contains(&kind.status())));
    }

    #[test]
    fn the_body_is_rfc_9457_with_the_refused_fields() {
        let errors = vec![
            Rejection::new("wallet", Code::BadChecksum),
            Rejection::with_message("limit", Code::OutOfRange, "limit must be from 1 to 200"),
        ];
        let body = Problem::refused(errors).body("abc", None);
        let expected = concat!(
            r#"{"type":"urn:risk-manager:problem:refused-values","title":"Refused values","status":422,"#,
            r#""detail":"2 fields are refused","instance":"urn:risk-manager:request:abc","errors":["#,
            r#"{"field":"wallet","code":"bad_checksum","message":"wallet has a wrong EIP-55 checksum"},"#,
            r#"{"field":"limit","code":"out_of_range","message":"limit must be from 1 to 200"}]}"#,
        );
        assert_eq!(body, expected);
    }

    #[test]
    fn only_a_problem_that_has_them_has_further_headers() {
        let names =
            |problem: &Problem| problem.headers().into_iter().map(|(name, _)| name).collect::<Vec<_>>();
        assert_eq!(names(&Problem::new(Kind::NotFound, "a")), ["content-type"]);
        assert_eq!(names(&Problem::new(Kind::Unauthenticated, "a")), ["content-type", "www-authenticate"]);
        let mut busy = Problem::new(Kind::QuotaExceeded, "a");
        busy.retry_after_seconds = Some(7);
        assert_eq!(busy.headers()[1], ("retry-after", "7".into()));
    }
}
