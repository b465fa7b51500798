//! Routes and the OpenAPI document are the same set, and every answer carries the headers.

use std::collections::BTreeSet;

use axum::body::Body;
use axum::http::Method;
use risk_model::route::ROUTES;
use serde_json::Value;

use super::{World, get, request, send};

/// A path that fits a template.
fn example(template: &str) -> String {
    template
        .replace("{file}", "wallet.js")
        .replace("{id}", "1")
        .replace("{wallet}", "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed")
}

fn documented(document: &Value, template: &str) -> BTreeSet<String> {
    let item =
        document["paths"][template].as_object().unwrap_or_else(|| panic!("{template} is not documented"));
    item.keys().map(|method| method.to_uppercase()).collect()
}

#[tokio::test]
async fn every_route_is_documented_with_its_methods_and_nothing_else_is() {
    let world = World::open();
    let document = get(&world.router, "/openapi.json").await.json();
    for template in ROUTES.iter().map(|route| route.template) {
        let patch = request(Method::PATCH, &example(template), &[], Body::empty());
        let reply = send(&world.router, patch).await;
        reply.problem(405, "method-not-allowed");
        let allowed = reply.header("allow").split(',').map(|method| method.trim().to_owned());
        let allowed: BTreeSet<String> = allowed.filter(|method| method != "HEAD").collect();
        assert_eq!(allowed, documented(&document, template), "{template}");
    }
    assert_eq!(document["paths"].as_object().unwrap().len(), ROUTES.len());
}

#[tokio::test]
async fn the_document_is_openapi_3_1_with_problem_key_and_unique_operations() {
    let world = World::open();
    let document = get(&world.router, "/openapi.json").await.json();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    assert_eq!(document["info"]["version"], "1.2.3");
    let key = &document["components"]["securitySchemes"]["api_key"];
    assert_eq!((key["in"].as_str(), key["name"].as_str()), (Some("header"), Some("x-api-key")));
    let problem = &document["components"]["schemas"]["ProblemBody"]["properties"];
    for field in ["type", "title", "status", "detail", "instance", "errors", "gaps"] {
        assert!(problem[field].is_object(), "{field}");
    }
    let refused = &document["paths"]["/api/risk/summary"]["get"]["responses"]["422"]["content"];
    assert_eq!(refused["application/problem+json"]["schema"]["$ref"], "#/components/schemas/ProblemBody");
    let mut names = BTreeSet::new();
    for item in document["paths"].as_object().unwrap().values() {
        for operation in item.as_object().unwrap().values() {
            assert!(names.insert(operation["operationId"].as_str().unwrap().to_owned()), "{operation}");
        }
    }
}

#[tokio::test]
async fn every_reference_of_the_document_leads_somewhere() {
    fn references(value: &Value, found: &mut BTreeSet<String>) {
        match value {
            Value::Object(fields) => {
                found.extend(fields.get("$ref").and_then(Value::as_str).map(str::to_owned));
                fields.values().for_each(|field| references(field, found));
            }
            Value::Array(items) => items.iter().for_each(|item| references(item, found)),
            _ => {}
        }
    }
    let document = get(&World::open().router, "/openapi.json").await.json();
    let mut found = BTreeSet::new();
    references(&document, &mut found);
    assert!(found.len() > 10);
    for reference in found {
        assert!(document.pointer(reference.trim_start_matches('#')).is_some(), "{reference} leads nowhere");
    }
}

#[tokio::test]
async fn every_answer_also_of_an_error_carries_the_security_headers() {
    let world = World::open();
    for path in ["/", "/api/risk/health", "/style.css", "/nothing", "/api/risk/summary", "/%ff"] {
        let reply = get(&world.router, path).await;
        assert_eq!(reply.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(reply.header("x-frame-options"), "DENY");
        assert!(reply.header("content-security-policy").starts_with("default-src 'self';"));
        assert_eq!(reply.header("referrer-policy"), "no-referrer");
        assert!(!reply.header("permissions-policy").is_empty());
        assert_eq!(reply.header("x-request-id").len(), 32);
        assert_eq!(reply.header("server"), "");
        assert_eq!(reply.header("strict-transport-security"), "");
        assert_eq!(reply.header("access-control-allow-origin"), "");
    }
}

#[tokio::test]
async fn the_request_id_of_the_client_comes_back_and_tls_before_us_is_told_to_browsers() {
    let headers = [("x-request-id", "Mine-1"), ("x-forwarded-proto", "https")];
    let reply = send(&World::open().router, request(Method::GET, "/nothing", &headers, Body::empty())).await;
    assert_eq!(reply.header("x-request-id"), "Mine-1");
    assert_eq!(reply.problem(404, "not-found")["instance"], "urn:risk-manager:request:Mine-1");
    assert_eq!(reply.header("strict-transport-security"), "max-age=31536000");
}

#[tokio::test]
async fn cors_is_for_the_named_origins_alone() {
    let world = World::of(|settings| settings.cors_origins = vec!["https://app.example".into()]);
    let ask = |origin| {
        let headers = [("origin", origin), ("access-control-request-method", "GET")];
        request(Method::OPTIONS, "/api/risk/summary", &headers, Body::empty())
    };
    let allowed = send(&world.router, ask("https://app.example")).await;
    assert_eq!(allowed.header("access-control-allow-origin"), "https://app.example");
    assert_eq!(allowed.header("x-frame-options"), "DENY");
    let other = send(&world.router, ask("https://evil.example")).await;
    assert_eq!(other.header("access-control-allow-origin"), "");
}

#[tokio::test]
async fn large_answers_are_compressed_for_those_who_take_it() {
    let world = World::open();
    let plain = get(&world.router, "/openapi.json").await;
    let headers = [("accept-encoding", "gzip")];
    let packed = send(&world.router, request(Method::GET, "/openapi.json", &headers, Body::empty())).await;
    assert_eq!(packed.header("content-encoding"), "gzip");
    assert!(packed.body.len() * 3 < plain.body.len(), "{} of {}", packed.body.len(), plain.body.len());
    let small =
        send(&world.router, request(Method::GET, "/api/risk/health/live", &headers, Body::empty())).await;
    assert_eq!(small.header("content-encoding"), "");
}
