//! `GET /assets/{file}`: the script of the wallet field and the edge's module that it checks with.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};

use crate::problem::{Kind, Problem};
use crate::state::Api;

const SCRIPT: &str = include_str!("../../templates/wallet.js");

/// A file of the page's script: `wallet.js`, and `risk_edge.js` and `risk_edge_bg.wasm` where `EDGE_MODULE_DIR` is set.
///
/// The page works without them.
#[utoipa::path(
    get,
    path = "/assets/{file}",
    tag = "pages",
    params(("file" = String, Path, description = "wallet.js, risk_edge.js or risk_edge_bg.wasm")),
    responses(
        (status = 200, description = "The file", body = String, content_type = "text/javascript"),
        (status = 404, description = "There is none", body = crate::ProblemBody,
            content_type = "application/problem+json")
    )
)]
pub(crate) async fn show(State(api): State<Arc<Api>>, Path(file): Path<String>) -> Result<Response, Problem> {
    let module = api.settings.page_module.as_ref();
    let javascript = "text/javascript; charset=utf-8";
    let (media_type, bytes) = match (file.as_str(), module) {
        ("wallet.js", _) => (javascript, Bytes::from_static(SCRIPT.as_bytes())),
        ("risk_edge.js", Some(module)) => (javascript, module.script.clone()),
        ("risk_edge_bg.wasm", Some(module)) => ("application/wasm", module.wasm.clone()),
        _ => return Err(Problem::new(Kind::NotFound, "there is no such file")),
    };
    let headers = [(header::CONTENT_TYPE, media_type), (header::CACHE_CONTROL, "public, max-age=300")];
    Ok((headers, bytes).into_response())
}
