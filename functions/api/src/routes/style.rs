//! `GET /style.css`: how the pages look, in light and dark.

use axum::http::header;
use axum::response::{IntoResponse, Response};

const STYLE: &str = include_str!("../../templates/style.css");

/// The style of the pages.
#[utoipa::path(
    get,
    path = "/style.css",
    tag = "pages",
    responses((status = 200, description = "The style", body = String, content_type = "text/css"))
)]
pub(crate) async fn show() -> Response {
    let headers =
        [(header::CONTENT_TYPE, "text/css; charset=utf-8"), (header::CACHE_CONTROL, "public, max-age=300")];
    (headers, STYLE).into_response()
}
