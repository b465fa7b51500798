//! Every shape of error body, and the recorded replies.

use risk_http::Verdict;
use serde_json::json;

use super::*;
use crate::testing::{reply, sample_body};

#[test]
fn error_bodies_of_every_shape_mean_what_their_code_says() {
    let throttled = Verdict::Throttled(None);
    let cases = [
        (429, json!({"status": {"error_code": 429, "error_message": "x"}}), throttled),
        (200, json!({"status": {"error_code": 429, "error_message": "x"}}), throttled),
        (401, json!({"error": {"status": {"error_code": 10012, "error_message": "x"}}}), Verdict::Refused),
        (200, json!({"error": {"status": {"error_code": 10005}}}), Verdict::Refused),
        (
            400,
            json!({"timestamp": "t", "error_code": 10012, "status": {"error_message": "x"}}),
            Verdict::Refused,
        ),
        (200, json!({"status": {"error_code": "10011", "error_message": "x"}}), Verdict::Refused),
        (403, json!({"status": {"error_code": 1020}}), Verdict::Refused),
        (200, json!({"status": {"error_code": 503}}), Verdict::Failure),
        (200, json!({"error": "something broke"}), Verdict::Failure),
        (500, json!({"error": "something broke"}), Verdict::Failure),
        (404, json!({"error": "coin not found"}), Verdict::Refused),
        (200, json!([1, 2]), Verdict::Failure),
        (200, json!({"status": {"usd": 0.02}}), Verdict::Success),
        (200, json!({}), Verdict::Success),
    ];
    for (status, body, expected) in cases {
        assert_eq!(read_object(&reply(status, &body)).verdict(), expected, "{status} {body}");
    }
    assert_eq!(read_object(&reply(502, "<html>")).verdict(), Verdict::Failure);
    assert_eq!(read_object(&reply(200, "{\"ethereum\":{\"us")).verdict(), Verdict::Failure);
    assert_eq!(read_object(&reply(200, "{\"a\":{\"usd\":1e999}}")).verdict(), Verdict::Failure);
}

#[test]
fn recorded_replies_are_read() {
    for number in 1..=5 {
        let Some(body) = sample_body(&format!("coingecko_simple_price_0{number}.json")) else {
            return;
        };
        let Parsed::Ok(read) = read_object(&reply(200, &body)) else { panic!("not read") };
        assert_eq!(read.len(), body.as_object().unwrap().len());
    }
}
