//! Faults that change what a provider knows: tokens, blocks, oracles, prices.

use serde_json::{Value, json};

use crate::support::*;

/// The body of an answer of the Ethereum subgraph.
async fn ask_graph(probe: &Probe, query: &str) -> String {
    let request = probe.client.post(probe.url(&format!("/thegraph/api/subgraphs/id/{SUBGRAPH}")));
    let request = request.header("authorization", "Bearer sandbox").body(json!({"query": query}).to_string());
    request.send().await.expect("answer").text().await.expect("body")
}

#[tokio::test]
async fn missing_tokens_are_left_out_by_every_provider() {
    let probe = Probe::start(1).await;
    let owner = probe.wallet("near").await;
    for provider in ["coingecko", "llama", "thegraph", "alchemy"] {
        probe.arm(json!({"provider": provider, "kind": "missing_tokens", "assets": ["ETH", "WETH"]})).await;
    }
    let path = "/coingecko/api/v3/simple/price?ids=ethereum,aave&vs_currencies=usd";
    assert_eq!(probe.get(path).await.1, json!({"aave": {"usd": 180.0}}));
    let (_, llama) = probe.get("/llama/prices/current/coingecko:ethereum,coingecko:aave").await;
    assert_eq!(llama["coins"].as_object().expect("coins").len(), 1);
    let query = "{ userReserves(where: {user: \"USER\"}) { reserve { symbol } } }";
    let body = ask_graph(&probe, &query.replace("USER", &owner.to_lowercase())).await;
    assert!(body.contains("LINK") && !body.contains("WETH"), "{body}");
    let listed = probe.rpc("alchemy_getTokenBalances", &json!([owner, [WETH, USDC]])).await;
    let rows = &listed["result"]["tokenBalances"];
    assert!(rows[0]["tokenBalance"].is_null() && rows[0]["error"].is_string());
    assert!(rows[1]["tokenBalance"].is_string());
    probe.arm(json!({"provider": "coingecko", "kind": "missing_tokens"})).await;
    assert_eq!(probe.get(path).await, (200, json!({})));
}

#[tokio::test]
async fn a_stale_block_is_an_old_head_on_chain_and_in_the_subgraph() {
    let probe = Probe::start(1).await;
    let (before, _) = probe.head("eth-mainnet").await;
    probe.arm(json!({"provider": "alchemy", "kind": "stale_block", "seconds": 1200})).await;
    let (stale, _) = probe.head("eth-mainnet").await;
    assert!((98..=101).contains(&(before - stale)), "{}", before - stale);
    probe.arm(json!({"provider": "thegraph", "kind": "stale_block"})).await;
    let body = ask_graph(&probe, "{ _meta { block { number } } }").await;
    let body: Value = serde_json::from_str(&body).expect("json");
    let number = body["data"]["_meta"]["block"]["number"].as_u64().expect("number");
    assert!((298..=304).contains(&(before - number)), "{}", before - number);
    probe.arm(json!({"provider": "llama", "kind": "stale_block", "seconds": 7200})).await;
    let (_, fresh) = probe.get("/control").await;
    let (_, llama) = probe.get("/llama/prices/current/coingecko:ethereum").await;
    let age = fresh["now"].as_u64().expect("now")
        - llama["coins"]["coingecko:ethereum"]["timestamp"].as_u64().expect("timestamp");
    assert!((7200..7300).contains(&age), "{age}");
}

#[tokio::test]
async fn a_reorganisation_takes_the_pinned_block_away_and_a_new_one_can_be_read() {
    let probe = Probe::start(1).await;
    let (number, hash) = probe.head("eth-mainnet").await;
    probe.arm(json!({"provider": "alchemy", "kind": "reorg", "times": 1})).await;
    let pinned = json!({"blockHash": hash});
    let answer = probe.try_call("eth-mainnet", POOL, &getReservesListCall {}, &pinned).await;
    assert_eq!(answer["error"]["message"], "header not found");
    assert!(probe.rpc("eth_getBlockByHash", &json!([hash, false])).await["result"].is_null());
    let block = probe.rpc("eth_getBlockByNumber", &json!([format!("{number:#x}"), false])).await;
    let replaced = block["result"]["hash"].as_str().expect("hash").to_owned();
    assert_ne!(replaced, hash);
    let list = probe.call(POOL, &getReservesListCall {}, &json!({"blockHash": replaced})).await;
    assert_eq!(list.len(), 28);
}

#[tokio::test]
async fn a_stale_oracle_reports_an_old_round_and_does_not_see_a_crash() {
    let probe = Probe::start(1).await;
    let latest = json!("latest");
    let source =
        probe.call(ORACLE, &getSourceOfAssetCall { asset: address(WETH) }, &latest).await.to_string();
    let (_, state) = probe.get("/control").await;
    let now = state["now"].as_u64().expect("now");
    let age = |updated: alloy_primitives::U256| now - u64::try_from(updated).expect("time");
    let fresh = probe.call(&source, &latestRoundDataCall {}, &latest).await;
    assert!(age(fresh.updated) <= 3_700, "within its heartbeat: {}", age(fresh.updated));
    probe.arm(json!({"provider": "alchemy", "kind": "stale_oracle"})).await;
    let stale = probe.call(&source, &latestRoundDataCall {}, &latest).await;
    assert!(age(stale.updated) >= 259_200);
    probe.command("crash", &json!({"asset": "WETH", "factor": 0.5})).await;
    let price = probe.call(ORACLE, &getAssetPriceCall { asset: address(WETH) }, &latest).await;
    assert_eq!(price.to_string(), "200000000000", "it does not see the crash");
    probe.clear_faults().await;
    let price = probe.call(ORACLE, &getAssetPriceCall { asset: address(WETH) }, &latest).await;
    assert_eq!(price.to_string(), "100000000000");
}

#[tokio::test]
async fn a_ratio_adapter_has_an_answer_but_no_rounds() {
    let probe = Probe::start(1).await;
    let latest = json!("latest");
    let staked = address("0x7f39C581F595B53c5cb19bD0b3f8dA6c935E2Ca0");
    let adapter = probe.call(ORACLE, &getSourceOfAssetCall { asset: staked }, &latest).await.to_string();
    let answer = probe.try_call("eth-mainnet", &adapter, &latestRoundDataCall {}, &latest).await;
    assert_eq!(answer["error"]["code"], 3);
    assert_eq!(probe.call(&adapter, &latestAnswerCall {}, &latest).await.to_string(), "240000000000");
}

#[tokio::test]
async fn divergent_prices_differ_by_their_factor_in_one_provider_alone() {
    let probe = Probe::start(1).await;
    probe.arm(json!({"provider": "coingecko", "kind": "divergent_price", "factor": 1.5})).await;
    let (_, gecko) = probe.get("/coingecko/api/v3/simple/price?ids=ethereum&vs_currencies=usd").await;
    assert_eq!(gecko["ethereum"]["usd"], 3000.0);
    let (_, llama) = probe.get("/llama/prices/current/coingecko:ethereum").await;
    assert_eq!(llama["coins"]["coingecko:ethereum"]["price"], 2000.0);
    probe.arm(json!({"provider": "alchemy", "kind": "divergent_price", "factor": 0.9})).await;
    let price = probe.call(ORACLE, &getAssetPriceCall { asset: address(WETH) }, &json!("latest")).await;
    assert_eq!(price.to_string(), "180000000000");
}
