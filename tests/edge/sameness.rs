//! The API, the edge's functions as native code, and the module in Node give the same verdict and the same bytes.

use risk_tests::{Host, Stack};
use serde_json::{Value, json};

use crate::cases::{self, Case};
use crate::draw::Draw;
use crate::driver;
use crate::native::verdict;
use crate::wire::{Answer, Wire};

/// Generated cases.
const DRAWN: usize = 100_000;
const SEED: u64 = 20_260_101;

fn native(case: &Case) -> Value {
    // What HTTP itself adds on the wire.
    verdict(&case.clone().with("host", "127.0.0.1:65535"))
}

/// Why the two differ, if they do. What the edge lets pass the API must not refuse for what the request is: with a key
/// of the right shape that nobody has, it says so and does nothing else.
fn difference(case: &Case, answer: &Answer, verdict: &Value) -> Option<String> {
    if verdict["accepted"] == true {
        let is_unknown_key = answer.status == 401 && answer.text().contains("the API key is not valid");
        let is_page = answer.header("content-type").is_some_and(|kind| kind.starts_with("text/html"));
        let passed = answer.status < 400 || is_unknown_key || is_page;
        // HEAD has no body to read the reason from.
        let passed = passed || (case.method == "HEAD" && answer.status == 401);
        return (!passed).then(|| format!("the edge accepts, the API {}: {}", answer.status, answer.text()));
    }
    if verdict["status"] != answer.status {
        return Some(format!("{} is not {}: {}", verdict["status"], answer.status, answer.text()));
    }
    for pair in verdict["headers"].as_array().into_iter().flatten() {
        let (name, value) = (pair[0].as_str().unwrap_or_default(), pair[1].as_str().unwrap_or_default());
        if name != "x-request-id" && answer.header(name) != Some(value) {
            return Some(format!("{name} is {value:?}, not {:?}", answer.header(name)));
        }
    }
    let own = answer.header("x-request-id").unwrap_or_default();
    let theirs = verdict["request_id"].as_str().unwrap_or_default();
    let expected = verdict["body"].as_str().unwrap_or_default().replace(theirs, own);
    if case.method == "HEAD" {
        let length = expected.len().to_string();
        return (answer.header("content-length") != Some(&length)).then(|| "another length".to_owned());
    }
    (expected.as_bytes() != answer.body).then(|| format!("{expected} is not {}", answer.text()))
}

async fn stack() -> Stack {
    Stack::start(
        Host::Container,
        &[("RATE_LIMIT_PER_MINUTE", "1000000"), ("CLIENT_RATE_LIMIT_PER_MINUTE", "10000000")],
    )
    .await
    .expect("a service")
}

#[tokio::test]
async fn the_cases_file_is_judged_alike_by_the_api_the_edge_and_its_module() {
    let all = cases::all();
    assert!(all.len() >= 500, "{} cases", all.len());
    let stack = stack().await;
    let mut wire = Wire::to(&stack.url);
    let (mut refused, mut differences) = (0, Vec::new());
    for case in &all {
        let answer = wire.send(case).await.unwrap_or_else(|error| panic!("{error}: {case:?}"));
        let verdict = native(case);
        refused += usize::from(verdict["accepted"] == false);
        differences.extend(
            difference(case, &answer, &verdict).map(|difference| format!("{difference}\n{case:.300?}")),
        );
    }
    assert!(differences.is_empty(), "{} differences:\n{}", differences.len(), differences.join("\n"));
    assert!(refused > 300 && all.len() - refused > 60, "{refused} of {} are refused", all.len());
    if !driver::is_ready("the module in Node") {
        return;
    }
    let questions: Vec<Value> =
        all.iter().map(|case| case.clone().with("host", "127.0.0.1:65535").question()).collect();
    for (case, verdict) in all.iter().zip(driver::ask("verdicts.mjs", &questions)) {
        assert_eq!(verdict, native(case), "{case:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_thousand_generated_requests_are_judged_alike() {
    let stack = stack().await;
    let mut draw = Draw::seeded(SEED);
    let drawn: Vec<Case> = (0..DRAWN).map(|_| draw.case()).collect();
    let tasks: Vec<_> = drawn
        .chunks(DRAWN / 4)
        .map(|part| {
            let (part, url) = (part.to_vec(), stack.url.clone());
            tokio::spawn(async move {
                let (mut wire, mut counts) = (Wire::to(&url), [0_usize; 2]);
                for case in &part {
                    let answer = wire.send(case).await.unwrap_or_else(|error| panic!("{error}: {case:?}"));
                    let verdict = native(case);
                    counts[usize::from(verdict["accepted"] == true)] += 1;
                    if let Some(difference) = difference(case, &answer, &verdict) {
                        panic!("{difference}\n{case:?}");
                    }
                }
                counts
            })
        })
        .collect();
    let mut counts = [0_usize; 2];
    for task in tasks {
        let part = task.await.expect("no difference");
        counts = [counts[0] + part[0], counts[1] + part[1]];
    }
    assert_eq!(counts[0] + counts[1], DRAWN);
    assert!(counts.iter().all(|count| *count > DRAWN / 10), "refused and accepted: {counts:?}");
}

#[test]
fn the_comparison_sees_a_difference_of_one_byte() {
    let case = Case::new("GET", "/nothing");
    let verdict = native(&case);
    let headers =
        [("content-type", "application/problem+json"), ("cache-control", "no-store"), ("x-request-id", "a")];
    let headers: Vec<(String, String)> =
        headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let body = verdict["body"].as_str().unwrap().replace(&"f".repeat(32), "a").into_bytes();
    let mut answer = Answer { status: 404, headers, body };
    assert_eq!(difference(&case, &answer, &verdict), None);
    answer.body[20] ^= 1;
    assert!(difference(&case, &answer, &verdict).is_some());
    assert!(difference(&case, &answer, &json!({"accepted": true})).is_some());
}

#[test]
fn the_module_is_within_its_forty_kibibytes() {
    if !driver::is_ready("the module's size") {
        return;
    }
    let packed = driver::ask("packed.mjs", &[json!("edge-wasm/pkg/web/risk_edge_bg.wasm")]);
    assert!(packed[0].as_u64().unwrap() <= 40 * 1024, "{} bytes by brotli", packed[0]);
}

#[test]
fn the_packages_types_are_those_that_a_strict_typescript_host_expects() {
    if !driver::is_ready("the TypeScript types") {
        return;
    }
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
    let mut compiler = std::process::Command::new(format!("{root}/.tools/edge/node_modules/.bin/tsc"));
    compiler.current_dir(root).args(["--noEmit", "--strict", "--target", "es2022", "--module", "nodenext"]);
    let output = compiler.arg("tests/edge/drivers/types.ts").output().expect("tsc starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}
