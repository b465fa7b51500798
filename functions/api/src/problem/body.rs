//! The body of a problem, and the problems that wallet routes document.

use std::collections::BTreeMap;

use risk_app::summary::GapBody;
use risk_model::problem::{Kind, MEDIA_TYPE};
use serde::{Deserialize, Serialize};
use utoipa::openapi::{Content, Ref, RefOr, Response, ResponseBuilder};
use utoipa::{IntoResponses, ToSchema};

/// Why a request was refused or failed (RFC 9457), as documented; `risk_model::problem` writes it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ProblemBody {
    /// Stable name of the kind of problem: `urn:risk-manager:problem:…`. Clients may match on it.
    #[serde(rename = "type")]
    pub kind: String,
    /// The kind in words.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What is the matter with this request.
    pub detail: String,
    /// The request: `urn:risk-manager:request:` and the id that `X-Request-Id` gives.
    pub instance: String,
    /// The refused fields, for 400, 413, 414 and 422.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<RejectionBody>,
    /// What could not be read, from where, why and since when, for 503.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gaps: Vec<GapBody>,
}

/// One refused field.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RejectionBody {
    /// The line of a file, from 1; absent where the request is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// The field's name, `chains[2]` for an item, `body` or `query` for the whole.
    pub field: String,
    /// The rule it broke, stable: `required`, `unknown_field`, `bad_checksum`, `out_of_range` …
    pub code: String,
    /// The rule in words.
    pub message: String,
}

impl From<risk_model::Rejection> for RejectionBody {
    fn from(refused: risk_model::Rejection) -> Self {
        Self {
            line: refused.line,
            field: refused.field,
            code: refused.code.name().to_owned(),
            message: refused.message,
        }
    }
}

/// The problems that every wallet route may answer, for the OpenAPI document.
pub(crate) struct Refusals;

impl IntoResponses for Refusals {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let kinds = [
            Kind::Malformed,
            Kind::Unauthenticated,
            Kind::Forbidden,
            Kind::NotFound,
            Kind::BodyTooLarge,
            Kind::UrlTooLong,
            Kind::UnsupportedMediaType,
            Kind::RefusedValues,
            Kind::QuotaExceeded,
            Kind::Internal,
            Kind::ProvidersUnavailable,
            Kind::Timeout,
        ];
        kinds.into_iter().map(documented).collect()
    }
}

fn documented(kind: Kind) -> (String, RefOr<Response>) {
    let (_, title, status) = kind.meaning();
    let content = Content::new(Some(Ref::from_schema_name("ProblemBody")));
    let response = ResponseBuilder::new().description(title).content(MEDIA_TYPE, content).build();
    (status.to_string(), RefOr::T(response))
}
