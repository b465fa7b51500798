//! The edge's functions as native code: a verdict in the form that a JavaScript host gets it in.

use risk_edge::{Call, judge, refusal_headers};
use risk_model::validation::Policy;
use serde_json::{Value, json};

use crate::cases::Case;

const POLICY: Policy = Policy { needs_key: true, answers_preflight: false };
/// The id of a request that brings none.
pub(crate) const FRESH_ID: &str = "ffffffffffffffffffffffffffffffff";

/// The verdict on a case.
pub(crate) fn verdict(case: &Case) -> Value {
    let headers: String = case.headers.iter().map(|(name, value)| format!("{name}\n{value}\n")).collect();
    let head = format!("{}\n{}\n{FRESH_ID}\n{headers}", case.method, case.target);
    let call = Call { head: &head, headers: case.headers.len(), body: Some(&case.body) };
    let text = judge(call, POLICY);
    let lines: Vec<&str> = text.split('\n').collect();
    let some = |place: usize| Some(lines[place]).filter(|line| !line.is_empty());
    if lines[0] == "accepted" {
        let seconds = some(5).map(|seconds| seconds.parse::<u32>().expect("seconds"));
        return json!({
            "accepted": true, "request_id": lines[1], "target": lines[2], "wallet": some(3),
            "cache_key": some(4), "cache_seconds": seconds, "quota_key": some(6),
        });
    }
    let (body, headers) = lines[2..].split_last().expect("a body");
    let every = refusal_headers();
    let every: Vec<&str> = every.split('\n').chain(["x-request-id", lines[1]]).collect();
    let headers: Vec<&[&str]> = every.chunks(2).chain(headers.chunks(2)).collect();
    let status: u16 = lines[0].parse().expect("a status");
    json!({"accepted": false, "request_id": lines[1], "status": status, "headers": headers, "body": body})
}
