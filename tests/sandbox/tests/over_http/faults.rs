//! Every fault does what it says, on the wire.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::*;

const PROVIDERS: [&str; 10] = [
    "alchemy",
    "coingecko",
    "etherscan",
    "thegraph",
    "llama",
    "slack",
    "pagerduty",
    "webhook",
    "discord",
    "telegram",
];

/// One healthy request to a provider.
fn request(probe: &Probe, provider: &str) -> reqwest::RequestBuilder {
    let get = |path: &str| probe.client.get(probe.url(path));
    let post = |path: &str, body: Value| probe.client.post(probe.url(path)).body(body.to_string());
    match provider {
        "alchemy" => post(
            "/alchemy/eth-mainnet/v2/key",
            json!({"jsonrpc": "2.0", "id": 5, "method": "eth_blockNumber"}),
        ),
        "coingecko" => get("/coingecko/api/v3/simple/price?ids=ethereum&vs_currencies=usd"),
        "etherscan" => get("/etherscan/v2/api?chainid=1&module=gastracker&action=gasoracle"),
        "thegraph" => post(
            &format!("/thegraph/api/subgraphs/id/{SUBGRAPH}"),
            json!({"query": "{ _meta { block { number } } }"}),
        )
        .header("authorization", "Bearer sandbox"),
        "llama" => get("/llama/prices/current/coingecko:ethereum"),
        "slack" => post("/receivers/slack/T0/B0", json!({"text": "hi"})),
        "pagerduty" => post(
            "/receivers/pagerduty/v2/enqueue",
            json!({"routing_key": "0".repeat(32), "event_action": "resolve", "dedup_key": "k"}),
        ),
        "discord" => post(
            "/receivers/discord/api/webhooks/1/token?wait=true",
            json!({"content": "hi", "allowed_mentions": {"parse": []}}),
        ),
        "telegram" => {
            let path = format!("/receivers/telegram/bot1:{}/sendMessage", "k".repeat(30));
            post(&path, json!({"chat_id": 5, "text": "hi"}))
        }
        _ => crate::receivers::signed(post(
            "/receivers/webhook/one",
            json!({"type": "a.b", "timestamp": "2026-01-01T00:00:00Z", "data": {}}),
        )),
    }
}

/// Status and text of an answer that arrives whole.
async fn exchange(probe: &Probe, provider: &str) -> (u16, String) {
    let answer = request(probe, provider).send().await.expect("answer");
    let status = answer.status().as_u16();
    (status, answer.text().await.expect("body"))
}

#[tokio::test]
async fn throttling_carries_retry_after_and_ends_after_its_times() {
    let probe = Probe::start(1).await;
    for provider in PROVIDERS {
        let healthy = exchange(&probe, provider).await;
        assert!((200..300).contains(&healthy.0), "{provider}");
        let fault = json!({"provider": provider, "kind": "status_429", "retry_after": 7, "times": 1});
        probe.arm(fault).await;
        let answer = request(&probe, provider).send().await.expect("answer");
        assert_eq!(answer.status().as_u16(), 429, "{provider}");
        assert_eq!(answer.headers()["retry-after"], "7");
        assert_eq!(exchange(&probe, provider).await.0, healthy.0, "{provider} again");
    }
}

#[tokio::test]
async fn server_errors_and_refused_credentials_come_in_each_providers_way() {
    let probe = Probe::start(1).await;
    let refused = [401, 401, 200, 200, 403, 403, 400, 401, 401, 401];
    for (provider, wanted) in PROVIDERS.into_iter().zip(refused) {
        probe.arm(json!({"provider": provider, "kind": "status_500"})).await;
        assert_eq!(exchange(&probe, provider).await.0, 500, "{provider}");
        probe.clear_faults().await;
        probe.arm(json!({"provider": provider, "kind": "auth"})).await;
        assert_eq!(exchange(&probe, provider).await.0, wanted, "{provider}");
        probe.clear_faults().await;
    }
}

#[tokio::test]
async fn a_reset_closes_the_connection_before_the_answer_is_whole() {
    let probe = Probe::start(1).await;
    for provider in PROVIDERS {
        probe.arm(json!({"provider": provider, "kind": "reset"})).await;
        let whole = match request(&probe, provider).send().await {
            Ok(answer) => answer.bytes().await.is_ok(),
            Err(_) => false,
        };
        assert!(!whole, "{provider}");
        probe.clear_faults().await;
        assert!(exchange(&probe, provider).await.0 < 300, "{provider} recovers");
    }
}

#[tokio::test]
async fn truncated_answers_are_whole_http_but_half_a_body() {
    let probe = Probe::start(1).await;
    for provider in PROVIDERS {
        let (_, healthy) = exchange(&probe, provider).await;
        probe.arm(json!({"provider": provider, "kind": "truncated"})).await;
        let (status, cut) = exchange(&probe, provider).await;
        assert!(status < 300 && cut.len() < healthy.len(), "{provider}");
        assert!(serde_json::from_str::<Value>(&cut).is_err(), "{provider}: {cut}");
        probe.clear_faults().await;
    }
}

#[tokio::test]
async fn wrong_json_parses_but_has_another_shape() {
    let probe = Probe::start(1).await;
    for provider in PROVIDERS {
        probe.arm(json!({"provider": provider, "kind": "wrong_json"})).await;
        let (status, body) = exchange(&probe, provider).await;
        assert_eq!(status, 200);
        let body: Value = serde_json::from_str(&body).expect("valid JSON");
        let usable = body["result"].is_string()
            || body["result"]["LastBlock"].is_string()
            || body["ethereum"]["usd"].is_number()
            || body["data"]["_meta"]["block"].is_object()
            || body["coins"]["coingecko:ethereum"].is_object();
        assert!(!usable, "{provider}: {body}");
        probe.clear_faults().await;
    }
}

#[tokio::test]
async fn errors_inside_http_200_look_as_each_provider_words_them() {
    let probe = Probe::start(1).await;
    let wanted = [
        ("alchemy", "\"code\":-32000"),
        ("coingecko", "\"error_message\""),
        ("etherscan", "\"NOTOK\""),
        ("thegraph", "\"errors\""),
        ("llama", "\"message\""),
        ("slack", "invalid_payload"),
        ("pagerduty", "invalid event"),
        ("webhook", "false"),
        ("discord", "\"code\":0"),
        ("telegram", "\"ok\":false"),
    ];
    for (provider, text) in wanted {
        probe.arm(json!({"provider": provider, "kind": "error_in_200"})).await;
        let (status, body) = exchange(&probe, provider).await;
        assert_eq!(status, 200, "{provider}");
        assert!(body.contains(text), "{provider}: {body}");
        probe.clear_faults().await;
    }
    let text = "Max daily rate limit reached. 100000 (100%) of 100000 day/limit";
    probe.arm(json!({"provider": "etherscan", "kind": "error_in_200", "message": text})).await;
    assert!(exchange(&probe, "etherscan").await.1.contains(text));
}

#[tokio::test]
async fn errors_hide_in_batch_items_and_in_calls_of_an_aggregate() {
    let probe = Probe::start(1).await;
    probe
        .arm(json!({"provider": "alchemy", "kind": "error_in_200", "mode": "429", "message": "capacity"}))
        .await;
    let batch = json!([{"id": 1, "method": "eth_chainId"}, {"id": 2, "method": "eth_chainId"}]);
    let (status, body) = probe.post("/alchemy/eth-mainnet/v2/key", &batch).await;
    assert_eq!(status, 200);
    for item in body.as_array().expect("items") {
        assert_eq!(item["error"], json!({"code": 429, "message": "capacity"}));
    }
    probe.clear_faults().await;
    probe.arm(json!({"provider": "alchemy", "kind": "error_in_200", "mode": "multicall", "every": 2})).await;
    let calls = (0..4).map(|_| inner(POOL, &getReservesListCall {})).collect();
    let results = probe.call(MULTICALL3, &aggregate3Call { calls }, &json!("latest")).await;
    let worked: Vec<bool> = results.iter().map(|result| result.success).collect();
    assert_eq!(worked, [false, true, false, true]);
}

#[tokio::test]
async fn a_hang_gives_nothing_and_latency_gives_it_late() {
    let probe = Probe::start(1).await;
    for provider in PROVIDERS {
        probe.arm(json!({"provider": provider, "kind": "hang", "times": 1})).await;
        let answer = request(&probe, provider).timeout(Duration::from_millis(150)).send().await;
        assert!(answer.expect_err("no answer").is_timeout(), "{provider}");
        probe.arm(json!({"provider": provider, "kind": "latency", "ms": 200, "times": 1})).await;
        let early = tokio::time::timeout(Duration::from_millis(100), request(&probe, provider).send()).await;
        assert!(early.is_err(), "{provider} answered early");
        assert!(exchange(&probe, provider).await.0 < 300);
    }
}

#[tokio::test]
async fn a_destination_that_is_gone_says_so_in_its_own_way() {
    let probe = Probe::start(1).await;
    for (provider, wanted) in [("slack", 410), ("webhook", 410), ("discord", 404), ("telegram", 403)] {
        probe.arm(json!({"provider": provider, "kind": "gone"})).await;
        assert_eq!(exchange(&probe, provider).await.0, wanted, "{provider}");
    }
}

#[tokio::test]
async fn a_probability_hits_about_its_share_of_requests() {
    let probe = Probe::start(1).await;
    probe.arm(json!({"provider": "llama", "kind": "status_500", "probability": 0.3})).await;
    let mut hits = 0;
    for _ in 0..200 {
        hits += u32::from(exchange(&probe, "llama").await.0 == 500);
    }
    assert!((40..80).contains(&hits), "{hits} of 200");
}
