//! Files of watches under both hosts: what is stored, what is refused by line, and what is refused as a whole.

use risk_tests::stack::{ADMIN_KEY, answer};
use risk_tests::{Host, Reply, Stack};
use serde_json::{Value, json};

const IMPORT: &str = "/api/risk/watches:import";
const LINES: usize = 10_000;

fn address(number: usize) -> String {
    format!("0x{number:040x}")
}

async fn send(stack: &Stack, query: &str, media_type: &str, body: Vec<u8>) -> Reply {
    with_key(stack, ADMIN_KEY, query, media_type, body).await
}

async fn with_key(stack: &Stack, key: &str, query: &str, media_type: &str, body: Vec<u8>) -> Reply {
    let request = stack.request("POST", &format!("{IMPORT}{query}")).unwrap();
    let request = request.header("x-api-key", key).header("content-type", media_type).body(body);
    answer(request).await.unwrap()
}

async fn watched(stack: &Stack) -> usize {
    let page = stack.get("/api/risk/watches?limit=200").await.unwrap().json;
    page["watches"].as_array().unwrap().len()
}

fn lines_of(reply: &Reply) -> Vec<(u64, String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let errors = reply.json["errors"].as_array().unwrap();
    errors
        .iter()
        .map(|one| (one["line"].as_u64().unwrap(), text(&one["field"]), text(&one["code"])))
        .collect()
}

/// A spreadsheet's file: a byte order mark, CRLF, and quotes.
fn spreadsheet(count: usize) -> Vec<u8> {
    let mut text =
        "\u{feff}wallet_address,label,thresholds.health_factor,channels,min_severity\r\n".to_owned();
    for number in 1..=count {
        text += &format!("{},\"desk, \"\"{number}\"\"\",1.5,a b,high\r\n", address(number));
    }
    text.into_bytes()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_ten_thousand_lines_is_stored_and_sent_again_changes_nothing_but_the_time() {
    for host in Host::ALL {
        let stack = Stack::start(host, &[]).await.unwrap();
        let reply = send(&stack, "", "text/csv; charset=utf-8", spreadsheet(LINES)).await;
        assert_eq!(reply.status, 200, "{host:?}: {}", reply.text);
        let expected = json!({
            "imported": LINES, "created": LINES, "updated": 0, "refused": 0, "errors": [], "errors_total": 0,
        });
        assert_eq!(reply.json, expected);
        let last = stack.get(&format!("/api/risk/watches/{}", address(LINES))).await.unwrap().json;
        assert_eq!(last["label"], format!("desk, \"{LINES}\""));
        assert_eq!(last["health_factor_threshold"], 1.5);
        assert_eq!((&last["channels"], &last["min_severity"]), (&json!(["a", "b"]), &json!("high")));
        let again = send(&stack, "", "text/csv", spreadsheet(LINES)).await;
        assert_eq!((&again.json["created"], &again.json["updated"]), (&json!(0), &json!(LINES)));
        let after = stack.get(&format!("/api/risk/watches/{}", address(LINES))).await.unwrap().json;
        assert_eq!((&after["created_at"], &after["label"]), (&last["created_at"], &last["label"]));
        let list =
            json!([{"wallet_address": address(1), "label": "one"}, {"wallet_address": address(20_000)}]);
        let reply = send(&stack, "", "application/json", list.to_string().into_bytes()).await;
        assert_eq!(
            (&reply.json["created"], &reply.json["updated"]),
            (&json!(1), &json!(1)),
            "{}",
            reply.text
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_bad_line_keeps_the_whole_file_out_unless_the_good_ones_are_asked_for() {
    let text = format!(
        "wallet_address,health_factor_threshold\n{},1.5\n{},0.5\nnobody,\n{},2\n",
        address(1),
        address(2),
        address(1)
    );
    let expected = [
        (3, "health_factor_threshold".to_owned(), "out_of_range".to_owned()),
        (4, "wallet_address".to_owned(), "missing_prefix".to_owned()),
        (5, "wallet_address".to_owned(), "repeated".to_owned()),
    ];
    for host in Host::ALL {
        let stack = Stack::start(host, &[]).await.unwrap();
        let reply = send(&stack, "", "text/csv", text.clone().into_bytes()).await;
        assert_eq!(reply.status, 422, "{host:?}: {}", reply.text);
        assert_eq!(reply.headers["content-type"], "application/problem+json");
        assert_eq!(lines_of(&reply), expected);
        assert!(reply.text.contains("3 of 4 lines are refused, so nothing was stored"), "{}", reply.text);
        assert_eq!(watched(&stack).await, 0);
        let reply = send(&stack, "?partial=true", "text/csv", text.clone().into_bytes()).await;
        assert_eq!(reply.status, 200, "{}", reply.text);
        assert_eq!((&reply.json["imported"], &reply.json["refused"]), (&json!(1), &json!(3)));
        assert_eq!(lines_of(&reply), expected);
        assert_eq!(watched(&stack).await, 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_file_or_too_much_of_one_is_refused_as_a_whole() {
    let many: String = (0..=50_000).map(|number| format!("{}\n", address(number))).collect();
    let many = format!("wallet_address\n{many}").into_bytes();
    let deep = format!("[{}", "[".repeat(100_000)).into_bytes();
    let cases: [(&str, &str, Vec<u8>, u16, &str); 8] = [
        ("", "text/plain", b"wallet_address\n".to_vec(), 415, "text/csv or application/json"),
        ("", "text/csv", many, 413, "more than 50000 lines"),
        ("", "text/csv", vec![b'a'; 5 * 1024 * 1024 + 1], 413, "longer than 5242880 bytes"),
        ("", "text/csv", b"address\n".to_vec(), 422, "address"),
        ("", "application/json", deep, 400, "not valid JSON"),
        ("", "application/json", b"{}".to_vec(), 400, "list of objects"),
        ("?partial=1", "text/csv", b"wallet_address\n".to_vec(), 422, "partial"),
        ("?wallet=1", "text/csv", b"wallet_address\n".to_vec(), 422, "wallet"),
    ];
    for host in Host::ALL {
        let stack = Stack::start(host, &[]).await.unwrap();
        for (query, media_type, body, status, words) in cases.clone() {
            let reply = send(&stack, query, media_type, body).await;
            assert_eq!(reply.status, status, "{host:?} {words}: {}", reply.text);
            assert!(reply.text.contains(words), "{words}: {}", reply.text);
        }
        assert_eq!(watched(&stack).await, 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_imports_what_it_may_write_and_see_and_is_counted_once() {
    let stack = Stack::start(Host::Container, &[("RATE_LIMIT_PER_MINUTE", "5")]).await.unwrap();
    let reader = stack.mint_key(&["reader", "read"]).await.unwrap();
    let narrow = stack.mint_key(&["desk", "read,write", &address(2)]).await.unwrap();
    let text = format!("wallet_address\n{}\n{}\n", address(1), address(2)).into_bytes();
    assert_eq!(with_key(&stack, &reader, "", "text/csv", text.clone()).await.status, 403);
    let unknown = format!("rm_{}", "0".repeat(64));
    // Far more than a socket holds: it is refused before it is read, and told all the same.
    let long = vec![b'a'; 5 * 1024 * 1024];
    assert_eq!(with_key(&stack, &unknown, "", "text/csv", long).await.status, 401);
    let reply = with_key(&stack, &narrow, "?partial=true", "text/csv", text.clone()).await;
    assert_eq!(reply.headers["ratelimit-remaining"], "4", "once for the file");
    assert_eq!(lines_of(&reply), [(2, "wallet_address".to_owned(), "forbidden".to_owned())]);
    assert_eq!(reply.json["imported"], 1);
    assert_eq!(watched(&stack).await, 1);
}
