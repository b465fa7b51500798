//! The Lambda@Edge package in Node: CloudFront's viewer-request events in, requests and answers out, within its limits.

use std::path::Path;

use serde_json::{Value, json};

use crate::cases::{self, Case};
use crate::driver;
use crate::native::verdict;

const WALLET: &str = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed";
/// Longest body that CloudFront hands to a viewer request, bytes.
const MAX_EVENT_BODY: usize = 40 * 1024;
/// Longest answer that a viewer request may make, bytes.
const MAX_ANSWER: usize = 40 * 1024;
/// Largest package of a viewer request, bytes.
const MAX_PACKAGE: u64 = 1024 * 1024;

/// The event of a request, as CloudFront documents it.
fn event(case: &Case) -> Value {
    use base64::Engine;
    let mut headers = serde_json::Map::new();
    for (name, value) in &case.headers {
        let lines = headers.entry(name.to_lowercase()).or_insert_with(|| json!([]));
        lines.as_array_mut().unwrap().push(json!({"key": name, "value": value}));
    }
    let (uri, querystring) = case.target.split_once('?').unwrap_or((&case.target, ""));
    let seen = &case.body[..case.body.len().min(MAX_EVENT_BODY)];
    let body = json!({
        "inputTruncated": seen.len() < case.body.len(), "action": "read-only", "encoding": "base64",
        "data": base64::engine::general_purpose::STANDARD.encode(seen),
    });
    let request = json!({
        "clientIp": "203.0.113.9", "method": case.method, "uri": uri, "querystring": querystring,
        "headers": headers, "body": body,
    });
    let config = json!({"distributionId": "E1", "eventType": "viewer-request", "requestId": "a=="});
    json!({"Records": [{"cf": {"config": config, "request": request}}]})
}

fn answers(cases: &[Case]) -> Vec<Value> {
    driver::ask("viewer_request.mjs", &cases.iter().map(event).collect::<Vec<_>>())
}

#[test]
fn a_viewer_request_is_refused_with_the_api_s_own_bytes_within_cloudfronts_limits() {
    if !driver::is_ready("Lambda@Edge") {
        return;
    }
    let whole = |case: &Case| case.body.len() <= MAX_EVENT_BODY && !case.target.ends_with('?');
    let cases: Vec<Case> = cases::all()
        .into_iter()
        .filter(|case| case.headers.iter().all(|(name, _)| name != "x-request-id"))
        .filter(whole)
        .map(|case| case.with("x-request-id", "same"))
        .collect();
    let mut refused = 0;
    for (case, answer) in cases.iter().zip(answers(&cases)) {
        assert!(answer.to_string().len() <= MAX_ANSWER || answer["uri"].is_string(), "{case:.200?}");
        let verdict = verdict(case);
        if answer["headers"]["x-edge-validation"][0]["value"] == "too-long" {
            assert!(verdict["body"].as_str().unwrap().len() > MAX_ANSWER / 2, "{case:.200?}");
            continue;
        }
        if verdict["accepted"] == true {
            let query = answer["querystring"].as_str().unwrap();
            let mark = if query.is_empty() { "" } else { "?" };
            let target = format!("{}{mark}{query}", answer["uri"].as_str().unwrap());
            assert_eq!(verdict["target"], target, "{case:.300?}");
            assert_eq!(answer["headers"]["x-request-id"][0]["value"], "same");
        } else {
            assert_eq!(answer["status"], verdict["status"].to_string(), "{case:.300?}");
            assert_eq!(answer["body"], verdict["body"], "{case:.300?}");
            assert_eq!(answer["headers"]["x-content-type-options"][0]["value"], "nosniff");
            refused += 1;
        }
    }
    assert!(refused > 300, "{refused}");
}

#[test]
fn a_body_that_cloudfront_cuts_short_is_left_to_the_service_and_the_rest_is_still_judged() {
    if !driver::is_ready("Lambda@Edge") {
        return;
    }
    let long = |target: &str| {
        let body = format!("{{\"wallet_address\":\"{WALLET}\",\"x\":\"{}\"}}", "a".repeat(50_000));
        let key = format!("rm_{}", "5b".repeat(32));
        let case = Case::new("POST", target).with("x-api-key", &key).with("content-type", "application/json");
        case.body(&body)
    };
    let many = Case::new("POST", "/api/risk/analyze")
        .with("x-api-key", &format!("rm_{}", "5b".repeat(32)))
        .with("content-type", "application/json")
        .body(&format!(
            "{{{}\"y\":1}}",
            (0..2_000).map(|number| format!("\"{number}\":1,")).collect::<String>()
        ));
    let seen = answers(&[long("/api/risk/analyze"), long("/api/risk/analyze?a=1"), many]);
    assert_eq!(seen[0]["uri"], "/api/risk/analyze");
    assert_eq!(seen[1]["status"], "422");
    assert_eq!(seen[2]["status"], "422");
    assert!(seen[2]["body"].as_str().unwrap().len() < MAX_ANSWER, "as long as CloudFront takes");
}

#[test]
fn the_package_is_within_the_megabyte_that_a_viewer_request_may_have() {
    if !driver::is_ready("Lambda@Edge") {
        return;
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../edge-wasm/pkg/lambda-edge");
    let sizes = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().metadata().unwrap().len());
    // Unpacked already.
    let size: u64 = sizes.sum();
    assert!(size < MAX_PACKAGE, "{size}");
}
