//! `POST /session` and `/session/end`: the API key that the page asks with, kept in a cookie that no script can read.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use risk_model::request::SessionRequest;
use utoipa::ToSchema;

use super::front;
use crate::auth::Principal;
use crate::caller::Client;
use crate::input::body;
use crate::problem::{Kind, Problem};
use crate::settings::AuthMode;
use crate::state::Api;

/// The cookie's name. Only the pages read it: the API itself takes a key from its header alone, so that no other site
/// can make a browser call it.
const COOKIE: &str = "rm_key";
/// Half a day.
const MAX_AGE_SECONDS: u32 = 43_200;

/// The form.
#[derive(ToSchema)]
#[expect(dead_code, reason = "the documented form of a body that is parsed here")]
pub(crate) struct SessionForm {
    /// `rm_` and 64 hex digits.
    api_key: String,
}

/// The key in a request's cookie.
pub(crate) fn key_of(headers: &HeaderMap) -> Option<&str> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    let pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.into_iter().find(|(name, _)| *name == COOKIE).map(|(_, value)| value)
}

/// Lets the page ask with an API key, for half a day.
#[utoipa::path(
    post,
    path = "/session",
    tag = "pages",
    request_body(content = SessionForm, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 303, description = "The key is good; a cookie is set"),
        (status = 401, description = "The key is not valid", body = String, content_type = "text/html")
    )
)]
pub(crate) async fn begin(
    State(api): State<Arc<Api>>,
    client: Client,
    request: Request,
) -> Result<Response, Problem> {
    let is_tls = client.notes().is_tls;
    let text = SessionRequest::parse(&body(request).await?)?.api_key;
    if api.settings.auth_mode == AuthMode::Open {
        return Ok(to_front(None));
    }
    match Principal::of_key(&api, Some(&text)).await {
        Ok(_) => Ok(to_front(Some(cookie(&text, MAX_AGE_SECONDS, is_tls)?))),
        Err(problem) if problem.kind() == Kind::Unauthenticated => front::refuse_key(&api, &problem),
        Err(problem) => Err(problem),
    }
}

/// Forgets the key of the page.
#[utoipa::path(
    post,
    path = "/session/end",
    tag = "pages",
    responses((status = 303, description = "The cookie is taken back"))
)]
pub(crate) async fn end(client: Client) -> Result<Response, Problem> {
    Ok(to_front(Some(cookie("", 0, client.notes().is_tls)?)))
}

fn cookie(value: &str, max_age_seconds: u32, is_tls: bool) -> Result<HeaderValue, Problem> {
    let secure = if is_tls { "; Secure" } else { "" };
    let text =
        format!("{COOKIE}={value}; HttpOnly; SameSite=Strict; Path=/; Max-Age={max_age_seconds}{secure}");
    HeaderValue::try_from(text).map_err(|_| Problem::internal("a cookie that is no header"))
}

fn to_front(cookie: Option<HeaderValue>) -> Response {
    let mut response = (StatusCode::SEE_OTHER, [(header::LOCATION, "/")]).into_response();
    if let Some(cookie) = cookie {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_is_found_among_other_cookies() {
        let mut headers = HeaderMap::new();
        assert_eq!(key_of(&headers), None);
        headers.append(header::COOKIE, HeaderValue::from_static("a=b; xrm_key=no; rm_key=rm_12; c=d"));
        assert_eq!(key_of(&headers), Some("rm_12"));
    }

    #[test]
    fn the_cookie_is_closed_to_scripts_and_other_sites_and_to_plain_text_behind_tls() {
        let plain = cookie("rm_1", 60, false).unwrap();
        assert_eq!(plain, "rm_key=rm_1; HttpOnly; SameSite=Strict; Path=/; Max-Age=60");
        assert!(cookie("rm_1", 60, true).unwrap().to_str().unwrap().ends_with("; Secure"));
    }
}
