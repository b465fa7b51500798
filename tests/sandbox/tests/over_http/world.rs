//! Commands: crashes, prices, time, counters, receivers, reset.

use serde_json::{Value, json};

use crate::support::*;

async fn market_price(probe: &Probe) -> f64 {
    let (_, body) = probe.get("/coingecko/api/v3/simple/price?ids=ethereum&vs_currencies=usd").await;
    body["ethereum"]["usd"].as_f64().expect("price")
}

async fn oracle_price(probe: &Probe, block: &Value) -> String {
    probe.call(ORACLE, &getAssetPriceCall { asset: address(WETH) }, block).await.to_string()
}

#[tokio::test]
async fn a_crash_moves_market_and_oracle_from_the_next_block_on() {
    let probe = Probe::start(1).await;
    let (_, hash) = probe.head("eth-mainnet").await;
    let pinned = json!({"blockHash": hash});
    probe.command("crash", &json!({"asset": "WETH", "factor": 0.7})).await;
    assert!((market_price(&probe).await - 1400.0).abs() < 1e-6);
    assert_eq!(oracle_price(&probe, &json!("latest")).await, "140000000000");
    assert_eq!(oracle_price(&probe, &pinned).await, "200000000000", "an older block keeps its price");
    let (_, llama) = probe.get("/llama/prices/current/coingecko:ethereum").await;
    assert!((llama["coins"]["coingecko:ethereum"]["price"].as_f64().expect("price") - 1400.0).abs() < 1e-6);
    let user = address(&probe.wallet("near").await);
    let data = probe.call(POOL, &getUserAccountDataCall { user }, &json!("latest")).await;
    assert!(data.health.to_string().parse::<f64>().expect("number") < 1e18);
    let source = probe.call(ORACLE, &getSourceOfAssetCall { asset: address(WETH) }, &json!("latest")).await;
    let round = probe.call(&source.to_string(), &latestRoundDataCall {}, &json!("latest")).await;
    assert_eq!(round.answer.to_string(), "140000000000");
}

#[tokio::test]
async fn a_crash_of_everything_leaves_the_dollars_and_history_alone() {
    let probe = Probe::start(1).await;
    let path = "/coingecko/api/v3/coins/ethereum/market_chart?vs_currency=usd&days=30&interval=daily";
    let (_, before) = probe.get(path).await;
    probe.command("crash", &json!({"asset": "*", "factor": 0.5})).await;
    let (_, after) = probe.get(path).await;
    assert_eq!(before["prices"][3], after["prices"][3]);
    let last = after["prices"].as_array().expect("prices").last().expect("now").clone();
    assert!((last[1].as_f64().expect("price") - 1000.0).abs() < 1e-6);
    let path = "/coingecko/api/v3/simple/price?ids=usd-coin,wrapped-steth&vs_currencies=usd";
    assert_eq!(probe.get(path).await.1, json!({"usd-coin": {"usd": 1.0}, "wrapped-steth": {"usd": 1200.0}}));
}

#[tokio::test]
async fn market_and_oracle_can_be_set_apart_and_reset_brings_all_back() {
    let probe = Probe::start(1).await;
    let (start, _) = probe.head("eth-mainnet").await;
    probe.command("price", &json!({"asset": "WETH", "market": 1500.0})).await;
    assert!((market_price(&probe).await - 1500.0).abs() < 1e-9);
    assert_eq!(oracle_price(&probe, &json!("latest")).await, "200000000000");
    probe.command("price", &json!({"asset": "WETH", "oracle": 1900.5})).await;
    assert!((market_price(&probe).await - 1500.0).abs() < 1e-9);
    assert_eq!(oracle_price(&probe, &json!("latest")).await, "190050000000");
    probe.command("advance", &json!({"seconds": 1200})).await;
    let (later, _) = probe.head("eth-mainnet").await;
    assert!(later >= start + 100, "100 blocks of 12 s");
    probe.command("fault", &json!({"provider": "alchemy", "kind": "status_500"})).await;
    probe.command("reset", &json!({})).await;
    assert_eq!(oracle_price(&probe, &json!("latest")).await, "200000000000");
    let (_, counters) = probe.get("/control/counters").await;
    assert_eq!(counters["alchemy"]["requests"], 1);
    let (now, _) = probe.head("eth-mainnet").await;
    assert!(now < start + 90);
}

#[tokio::test]
async fn counters_count_requests_by_provider_and_calls_by_method() {
    let probe = Probe::start(1).await;
    let batch = json!([{"id": 1, "method": "eth_chainId"}, {"id": 2, "method": "eth_chainId"}]);
    probe.post("/alchemy/eth-mainnet/v2/key", &batch).await;
    market_price(&probe).await;
    let (_, counters) = probe.get("/control/counters").await;
    assert_eq!(counters["alchemy"], json!({"requests": 1, "methods": {"eth_chainId": 2}}));
    let coingecko = &counters["coingecko"];
    assert_eq!(coingecko["requests"], 1);
    assert_eq!(coingecko["methods"]["/coingecko/api/v3/simple/price"], 1);
    assert_eq!(counters["llama"]["requests"], 0);
    probe.client.delete(probe.url("/control/counters")).send().await.expect("answer");
    assert_eq!(probe.get("/control/counters").await.1["alchemy"]["requests"], 0);
}

#[tokio::test]
async fn the_catalogue_has_checksummed_addresses_and_each_wallet_has_its_truth() {
    let probe = Probe::start(1).await;
    let (_, list) = probe.get("/control/catalogue").await;
    for entry in list.as_array().expect("list") {
        let text = entry["address"].as_str().expect("address");
        assert!(alloy_primitives::Address::parse_checksummed(text, None).is_ok(), "{text}");
    }
    let (_, safe) = probe.get(&format!("/control/expected/{}", probe.wallet("safe").await)).await;
    let holdings = &safe["chains"][0]["tokens"];
    assert_eq!(
        (holdings[0]["symbol"].as_str(), holdings[0]["amount_raw"].as_str()),
        (Some("USDC"), Some("1520250000"))
    );
    let tokens = 0.731_234_567 * 2000.0 + 1520.25 + 210.5 * 8.0;
    assert!((safe["totals"]["tokens_usd"].as_f64().expect("usd") - tokens).abs() < 1e-6);
    let (_, empty) = probe.get(&format!("/control/expected/{}", probe.wallet("empty").await)).await;
    assert_eq!(empty["chains"], json!([]));
    let (_, spam) = probe.get(&format!("/control/expected/{}", probe.wallet("spam").await)).await;
    assert_eq!(spam["chains"][0]["unpriced_tokens"].as_array().expect("list").len(), 124);
}

#[tokio::test]
async fn bad_commands_are_refused_and_change_nothing() {
    let probe = Probe::start(1).await;
    for (what, body, wanted) in [
        ("crash", json!({"asset": "NOPE", "factor": 0.5}), 404),
        ("crash", json!({"asset": "WETH", "factor": -1}), 422),
        ("crash", json!({"asset": "WETH", "factor": 0.5, "typo": 1}), 422),
        ("advance", json!({"seconds": u64::MAX}), 422),
        ("fault", json!({"provider": "nobody", "kind": "hang"}), 422),
        ("fault", json!({"provider": "llama", "kind": "reorg"}), 422),
        ("fault", json!({"provider": "llama", "kind": "hang", "probability": 2}), 422),
    ] {
        let (status, answer) = probe.post(&format!("/control/{what}"), &body).await;
        assert_eq!(status, wanted, "{what} {body}: {answer}");
        assert!(answer["error"].is_string());
    }
    assert!((market_price(&probe).await - 2000.0).abs() < 1e-9);
    assert_eq!(probe.get("/control/fault").await.1, json!({"faults": []}));
}

#[tokio::test]
async fn a_dropped_sandbox_stops_listening() {
    let probe = Probe::start(1).await;
    let url = probe.url("/control/catalogue");
    probe.sandbox.stop().await;
    assert!(client().get(url).send().await.is_err());
}
