//! The router over a real service, a store in memory and small fakes of the providers.

mod alerts;
mod contract;
mod hosts;
mod keys;
mod operators;
mod pages;
mod refusals;
mod wallet_data;
mod wallets;
mod watches;
mod what_if;
mod world;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::BodyExt;
use serde_json::Value;
use tower::ServiceExt;

pub(crate) use world::{Mode, World, account_wallet, other_wallet};

/// An answer with its body read.
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// Fails unless it is a whole problem of this status and kind; answers its body.
    pub(crate) fn problem(&self, status: u16, kind: &str) -> Value {
        let body = self.json();
        assert_eq!(self.status.as_u16(), status, "{body}");
        assert_eq!(self.header("content-type"), "application/problem+json");
        assert_eq!(body["type"], format!("urn:risk-manager:problem:{kind}"));
        assert_eq!(body["status"], status);
        assert!(!body["title"].as_str().unwrap().is_empty() && !body["detail"].as_str().unwrap().is_empty());
        let instance = format!("urn:risk-manager:request:{}", self.header("x-request-id"));
        assert_eq!(body["instance"], instance.as_str());
        body
    }

    /// The refused fields and their codes.
    pub(crate) fn refused(&self) -> Vec<(String, String)> {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let errors = self.json()["errors"].as_array().cloned().unwrap_or_default();
        errors.iter().map(|error| (text(&error["field"]), text(&error["code"]))).collect()
    }
}

pub(crate) fn request(
    method: Method,
    path: &str,
    headers: &[(&str, &str)],
    body: impl Into<Body>,
) -> Request<Body> {
    let mut builder = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        builder = builder.header(*name, *value);
    }
    builder.body(body.into()).unwrap()
}

pub(crate) async fn send(router: &Router, request: Request<Body>) -> Reply {
    let (parts, body) = router.clone().oneshot(request).await.unwrap().into_parts();
    let body = body.collect().await.unwrap().to_bytes().to_vec();
    Reply { status: parts.status, headers: parts.headers, body }
}

pub(crate) async fn get(router: &Router, path: &str) -> Reply {
    send(router, request(Method::GET, path, &[], Body::empty())).await
}

pub(crate) async fn post(router: &Router, path: &str, body: &str) -> Reply {
    let headers = [("content-type", "application/json")];
    send(router, request(Method::POST, path, &headers, body.to_owned())).await
}

pub(crate) async fn put(router: &Router, path: &str, body: &str) -> Reply {
    let headers = [("content-type", "application/json")];
    send(router, request(Method::PUT, path, &headers, body.to_owned())).await
}

pub(crate) async fn delete(router: &Router, path: &str) -> Reply {
    send(router, request(Method::DELETE, path, &[], Body::empty())).await
}
