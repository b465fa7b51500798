//! Hostile and mistaken input under both hosts: the right status, and a problem body that names the field.

use risk_tests::stack::{ADMIN_KEY, answer};
use risk_tests::{Host, Reply, Stack};
use serde_json::json;

const WALLET: &str = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed";

fn assert_problem(reply: &Reply, status: u16, field: Option<&str>, what: &str) {
    assert_eq!(reply.status, status, "{what}: {}", reply.text);
    let content_type = reply.headers["content-type"].to_str().unwrap();
    assert_eq!(content_type, "application/problem+json", "{what}");
    for member in ["type", "title", "status", "instance"] {
        assert!(!reply.json[member].is_null(), "{what}: no {member} in {}", reply.text);
    }
    assert_eq!(reply.json["status"], status, "{what}");
    if let Some(field) = field {
        let fields: Vec<_> =
            reply.json["errors"].as_array().unwrap().iter().map(|one| &one["field"]).collect();
        assert!(fields.iter().any(|one| *one == field), "{what}: {field} is not in {fields:?}");
    }
    for header in ["x-content-type-options", "x-frame-options", "content-security-policy", "x-request-id"] {
        assert!(reply.headers.contains_key(header), "{what}: no {header}");
    }
    assert!(!reply.headers.contains_key("server"), "{what}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_bad_query_is_refused_by_the_name_of_its_parameter() {
    for host in Host::ALL {
        let stack = Stack::start(host, &[]).await.unwrap();
        let wrong_checksum = WALLET.replace("5aA", "5AA");
        let cases = [
            ("/api/risk/summary".to_owned(), 422, "wallet"),
            (format!("/api/risk/summary?wallet={wrong_checksum}"), 422, "wallet"),
            (format!("/api/risk/summary?wallet={}", &WALLET[..40]), 422, "wallet"),
            (format!("/api/risk/summary?wallet={WALLET}&colour=red"), 422, "colour"),
            (format!("/api/risk/summary?wallet={WALLET}&wallet={WALLET}"), 422, "wallet"),
            (format!("/api/risk/summary?wallet={WALLET}&max_age=soon"), 422, "max_age"),
            ("/api/risk/positions?wallet=%FF".to_owned(), 422, "wallet"),
            ("/api/risk/alerts?limit=-1".to_owned(), 422, "limit"),
            ("/api/risk/alerts?limit=many".to_owned(), 422, "limit"),
            ("/api/risk/alerts?severity=extreme".to_owned(), 422, "severity"),
            ("/api/risk/watches?limit=0".to_owned(), 422, "limit"),
            ("/api/risk/watches/0x12".to_owned(), 422, "wallet"),
        ];
        for (path, status, field) in cases {
            let reply = stack.get(&path).await.unwrap();
            assert_problem(&reply, status, Some(field), &format!("{host:?} {path}"));
        }
    }
}

/// Bodies of `analyze`, the status each deserves, the field it names, and what is wrong with it.
fn bad_bodies() -> Vec<(Vec<u8>, u16, Option<&'static str>, &'static str)> {
    let wallet = |rest: &str| format!("{{\"wallet_address\":\"{WALLET}\"{rest}}}").into_bytes();
    vec![
        (b"{".to_vec(), 400, Some("body"), "cut short"),
        (b"[]".to_vec(), 400, Some("body"), "a list"),
        (b"{\"wallet_address\":\"\xff\"}".to_vec(), 400, Some("body"), "bad UTF-8"),
        (b"{}".to_vec(), 422, Some("wallet_address"), "no wallet"),
        (b"{\"wallet_address\":7}".to_vec(), 422, Some("wallet_address"), "wrong type"),
        (wallet(",\"force_refresh\":\"yes\""), 422, Some("force_refresh"), "wrong type"),
        (wallet(",\"chains\":[\"mars\"]"), 422, Some("chains[0]"), "unknown chain"),
        (wallet(",\"color\":1"), 422, Some("color"), "unknown field"),
        (vec![b' '; 70 * 1024], 413, None, "70 KiB"),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn every_bad_body_is_refused_by_the_name_of_its_field() {
    for host in Host::ALL {
        let stack = Stack::start(host, &[]).await.unwrap();
        let post = async |body: Vec<u8>, content_type: &str| {
            let request = stack.request("POST", "/api/risk/analyze").unwrap();
            let request =
                request.header("x-api-key", ADMIN_KEY).header("content-type", content_type).body(body);
            answer(request).await.unwrap()
        };
        for (body, status, field, what) in bad_bodies() {
            let reply = post(body, "application/json").await;
            assert_problem(&reply, status, field, &format!("{host:?} {what}"));
        }
        let reply = post(format!("{{\"wallet_address\":\"{WALLET}\"}}").into_bytes(), "text/plain").await;
        assert_problem(&reply, 415, None, "text/plain");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn paths_and_methods_that_are_not_there_are_problems_too() {
    for host in Host::ALL {
        let stack = Stack::start(host, &[]).await.unwrap();
        assert_problem(&stack.get("/api/risk/nothing").await.unwrap(), 404, None, "no such path");
        let reply = stack.send("DELETE", "/api/risk/summary", None).await.unwrap();
        assert_problem(&reply, 405, None, "no such method");
        assert!(reply.headers.contains_key("allow"));
        let reply = stack.send("POST", "/api/risk/alerts/99/resolve", Some(json!({}))).await.unwrap();
        assert_problem(&reply, 404, None, "no such alert");
        let long = format!("/api/risk/summary?wallet={}", "a".repeat(9_000));
        let reply = stack.get(&long).await.unwrap();
        assert!([413, 414, 422].contains(&reply.status), "{}", reply.text);
    }
}
