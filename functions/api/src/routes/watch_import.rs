//! `POST /api/risk/watches:import`: a file of watches, stored in bulk.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;
use risk_model::headers::Headers;
use risk_model::request::{ImportRequest, MAX_IMPORT_BYTES};
use serde::Serialize;
use utoipa::ToSchema;

use super::watch::WatchSettings;
use crate::answer::json;
use crate::caller::Caller;
use crate::gate;
use crate::input::query;
use crate::problem::{Problem, Refusals, RejectionBody};
use crate::state::Api;
use crate::watch_file::{Format, WatchFile};

/// A line as documented; it is parsed by `risk_model::request::WatchLine`.
#[derive(ToSchema)]
#[expect(dead_code, reason = "the documented form of a line that the model parses itself")]
pub(crate) struct ImportLine {
    /// 0x and 40 hex digits.
    wallet_address: String,
    #[schema(inline)]
    #[serde(flatten)]
    settings: WatchSettings,
}

/// What became of a file.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ImportBody {
    /// Lines stored.
    pub imported: u64,
    /// Of them, wallets that were not watched before.
    pub created: u64,
    /// Of them, wallets that were.
    pub updated: u64,
    /// Lines refused; none without `partial=true`.
    pub refused: u32,
    /// Why lines were refused, the first 50.
    pub errors: Vec<RejectionBody>,
    /// Why lines were refused: how many errors in all.
    pub errors_total: usize,
}

/// Watches every wallet of a file, or changes how.
///
/// CSV with a header of `wallet_address` and any of `label`, `health_factor_threshold`, `thresholds.` and a threshold's
/// name, `channels` (names with blanks between them, `[]` for nowhere), `min_severity`; an empty cell is an absent field.
/// Or a JSON list of the same objects as `PUT` takes, with `wallet_address`. At most 5 MiB and 50,000 lines. Each line
/// replaces all that was set of its wallet before. Nothing is stored where a line is refused, unless `partial=true`. A
/// wallet may stand on one line. New wallets are assessed by the next sweeps, not at once. Should the store fail in the
/// middle, what was stored stays, and the same file may be sent again.
#[utoipa::path(
    post,
    path = "/api/risk/watches:import",
    tag = "watches",
    params(("partial" = Option<bool>, Query, description = "Store the good lines where others are refused; false")),
    request_body(content((String = "text/csv"), (Vec<ImportLine> = "application/json"))),
    responses((status = 200, description = "What was stored", body = ImportBody), Refusals),
    security(("api_key" = []))
)]
pub(crate) async fn run(
    State(api): State<Arc<Api>>,
    caller: Caller,
    request: Request,
) -> Result<Response, Problem> {
    let asked = ImportRequest::parse(query(request.uri()))?;
    let allowed = caller.admit_all(&api).await?;
    let format = Format::of(Headers(&gate::lines(request.headers())));
    let bytes = gate::bounded(request.into_body(), MAX_IMPORT_BYTES).await?;
    // Tens of thousands of checksums hold up no other request.
    let read = tokio::task::spawn_blocking(move || WatchFile::read(format, &bytes, allowed.as_deref())).await;
    let file = read.map_err(|error| Problem::internal(error.to_string()))??;
    if file.refused > 0 && !asked.is_partial {
        let (refused, total) = (file.refused, file.total());
        let told = file.errors.len();
        let detail = format!(
            "{refused} of {total} lines are refused, so nothing was stored; {told} of {} errors are told",
            file.errors_total
        );
        return Err(Problem::of_lines(file.errors, detail));
    }
    let stored = api.service.import(&file.lines).await?;
    json(&ImportBody {
        imported: stored.created + stored.updated,
        created: stored.created,
        updated: stored.updated,
        refused: file.refused,
        errors: file.errors.into_iter().map(Into::into).collect(),
        errors_total: file.errors_total,
    })
}
