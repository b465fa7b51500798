//! Verdicts, and that no input whatever makes the module fail.

use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::{checksum_address, is_address, limits, security_headers};

const POLICY: Policy = Policy { needs_key: true, answers_preflight: false };

fn verdict(method: &str, target: &str, headers: &str, body: &[u8]) -> Value {
    let call = Call { method, target, headers, body: Some(body), fresh_id: "fresh" };
    serde_json::from_str(&validate_request(call, POLICY)).unwrap()
}

#[test]
fn a_refusal_is_a_whole_answer() {
    let verdict = verdict("DELETE", "/api/info", "x-request-id\nmine\n", b"");
    assert_eq!((&verdict["accepted"], &verdict["status"]), (&false.into(), &405.into()));
    let headers = verdict["headers"].to_string();
    assert!(headers.contains(r#"["allow","GET,HEAD"]"#) && headers.contains(r#"["x-request-id","mine"]"#));
    let body: Value = serde_json::from_str(verdict["body"].as_str().unwrap()).unwrap();
    assert_eq!(body["instance"], "urn:risk-manager:request:mine");
}

#[test]
fn an_accepted_request_comes_with_its_normalised_form() {
    let verdict = verdict("GET", "/api/info?&", "", b"");
    let expected = serde_json::json!({
        "accepted": true, "request_id": "fresh", "target": "/api/info", "wallet": null,
        "cache_key": "GET /api/info", "cache_seconds": 60, "quota_key": null,
    });
    assert_eq!(verdict, expected);
}

#[test]
fn a_latin_1_value_counts_by_its_bytes_as_it_does_at_the_server() {
    let value = "é".repeat(20_000);
    assert_eq!(verdict("GET", "/api/info", &format!("a\n{value}\n"), b"")["accepted"], true);
    let value = "é".repeat(33_000);
    assert_eq!(verdict("GET", "/api/info", &format!("a\n{value}\n"), b"")["status"], 431);
}

#[test]
fn the_failures_of_an_origin_are_problems() {
    let away: Value = serde_json::from_str(&failure(false, "no answer", "a")).unwrap();
    let slow: Value = serde_json::from_str(&failure(true, "no answer", "a")).unwrap();
    assert_eq!((&away["status"], &slow["status"]), (&502.into(), &504.into()));
}

#[test]
fn limits_and_headers_are_json() {
    let limits: Value = serde_json::from_str(&limits()).unwrap();
    assert_eq!((&limits["body_bytes"], &limits["page_items"]), (&65_536.into(), &200.into()));
    let headers: Vec<(String, String)> = serde_json::from_str(&security_headers()).unwrap();
    assert!(headers.iter().any(|(name, _)| name == "strict-transport-security"));
}

#[test]
fn an_address_has_its_checksum_or_one_case() {
    let form = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed";
    assert_eq!(checksum_address(&form.to_lowercase()).as_deref(), Some(form));
    assert!(is_address(form) && !is_address(&form.replace("5aA", "5AA")));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn no_text_and_no_bytes_make_it_fail(
        method in ".{0,12}", path in "\\PC{0,60}", headers in "(?s).{0,80}", id in ".{0,20}",
        body in prop::collection::vec(any::<u8>(), 0..200), needs_key: bool, answers_preflight: bool,
    ) {
        let call = Call { method: &method, target: &path, headers: &headers, body: Some(&body), fresh_id: &id };
        let text = validate_request(call, Policy { needs_key, answers_preflight });
        prop_assert!(serde_json::from_str::<Value>(&text).unwrap()["accepted"].is_boolean());
        let _ = (checksum_address(&path), is_address(&headers), failure(needs_key, &path, &id));
    }

    #[test]
    fn nor_do_bytes_in_the_place_of_a_known_routes_body(
        body in prop::collection::vec(any::<u8>(), 0..400),
        route in prop::sample::select(vec!["/api/risk/analyze", "/api/risk/simulate", "/api/risk/backtest", "/session"]),
    ) {
        let policy = Policy { needs_key: false, answers_preflight: false };
        for media_type in ["application/json", "application/x-www-form-urlencoded"] {
            let headers = format!("content-type\n{media_type}\n");
            let call = Call { method: "POST", target: route, headers: &headers, body: Some(&body), fresh_id: "a" };
            let text = validate_request(call, policy);
            prop_assert!(serde_json::from_str::<Value>(&text).is_ok());
        }
    }
}
