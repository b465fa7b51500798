//! Blocks, batches, balances and metadata.

use alloy_primitives::U256;
use serde_json::{Value, json};

use crate::support::*;

#[tokio::test]
async fn each_chain_has_its_id_and_blocks_that_link_by_hash() {
    let probe = Probe::start(1).await;
    for (slug, id) in [
        ("eth-mainnet", "0x1"),
        ("arb-mainnet", "0xa4b1"),
        ("base-mainnet", "0x2105"),
        ("opt-mainnet", "0xa"),
        ("polygon-mainnet", "0x89"),
    ] {
        assert_eq!(probe.rpc_on(slug, "eth_chainId", &json!([])).await["result"], id);
        let (number, hash) = probe.head(slug).await;
        let child = probe.rpc_on(slug, "eth_getBlockByHash", &json!([hash, false])).await;
        assert_eq!(child["result"]["number"], format!("{number:#x}"));
        let parent = child["result"]["parentHash"].clone();
        let parent = probe.rpc_on(slug, "eth_getBlockByHash", &json!([parent, false])).await;
        assert_eq!(parent["result"]["number"], format!("{:#x}", number - 1));
    }
    let nowhere = probe.post("/alchemy/moon-mainnet/v2/key", &json!({"method": "eth_chainId"})).await;
    assert_eq!(nowhere.0, 404);
}

#[tokio::test]
async fn a_block_hash_that_is_not_on_the_chain_is_refused() {
    let probe = Probe::start(1).await;
    let unknown = json!({"blockHash": format!("0x{}", "ab".repeat(32))});
    let answer = probe.try_call("eth-mainnet", POOL, &getReservesListCall {}, &unknown).await;
    assert_eq!(answer["error"], json!({"code": -32000, "message": "header not found"}));
    let (number, _) = probe.head("eth-mainnet").await;
    let future = json!(format!("{:#x}", number + 1000));
    let answer = probe.try_call("eth-mainnet", POOL, &getReservesListCall {}, &future).await;
    assert_eq!(answer["error"]["code"], -32000);
    let block = probe.rpc("eth_getBlockByNumber", &json!([future, false])).await;
    assert!(block["result"].is_null() && block["error"].is_null());
}

#[tokio::test]
async fn a_batch_answers_every_item_by_id_and_refuses_the_token_api() {
    let probe = Probe::start(1).await;
    let safe = probe.wallet("safe").await;
    let batch = json!([
        {"jsonrpc": "2.0", "id": 1, "method": "eth_blockNumber", "params": []},
        {"jsonrpc": "2.0", "id": "two", "method": "eth_getBalance", "params": [safe, "latest"]},
        {"jsonrpc": "2.0", "id": 3, "method": "alchemy_getTokenBalances", "params": [safe, "erc20"]},
        {"jsonrpc": "2.0", "id": 4, "method": "eth_nonsense", "params": []},
    ]);
    let (status, answer) = probe.post("/alchemy/eth-mainnet/v2/key", &batch).await;
    assert_eq!(status, 200);
    let find =
        |id: Value| answer.as_array().expect("array").iter().find(|item| item["id"] == id).expect("item");
    assert!(find(json!(1))["result"].is_string());
    assert_eq!(find(json!("two"))["result"], format!("{:#x}", 731_234_567_000_000_000u64));
    assert_eq!(find(json!(3))["error"]["code"], -32600);
    assert_eq!(find(json!(4))["error"]["code"], -32601);
    let too_many = Value::Array(vec![json!({"id": 1, "method": "eth_chainId"}); 1001]);
    assert_eq!(probe.post("/alchemy/eth-mainnet/v2/key", &too_many).await.0, 400);
}

#[tokio::test]
async fn what_is_not_json_rpc_is_answered_with_its_error() {
    let probe = Probe::start(1).await;
    let url = probe.url("/alchemy/eth-mainnet/v2/key");
    let answer = probe.client.post(url).body("{not json").send().await.expect("answer");
    assert_eq!(answer.status().as_u16(), 400);
    assert!(answer.text().await.expect("body").contains("-32700"));
    let (status, answer) = probe.post("/alchemy/eth-mainnet/v2/key", &json!({"id": 1})).await;
    assert_eq!((status, answer["error"]["code"].as_i64()), (400, Some(-32600)));
    let answer = probe.rpc("eth_getBalance", &json!(["0x12", "latest"])).await;
    assert_eq!(answer["error"]["code"], -32602);
}

#[tokio::test]
async fn token_balances_come_in_pages_that_join_to_the_whole_list() {
    let probe = Probe::start(1).await;
    let owner = probe.wallet("spam").await;
    let mut seen: Vec<Value> = Vec::new();
    let mut key = Value::Null;
    let mut pages = 0;
    loop {
        let options =
            if key.is_null() { json!({"maxCount": 40}) } else { json!({"maxCount": 40, "pageKey": key}) };
        let answer = probe.rpc("alchemy_getTokenBalances", &json!([owner, "erc20", options])).await;
        let rows = answer["result"]["tokenBalances"].as_array().expect("rows").clone();
        assert!(rows.len() <= 40);
        seen.extend(rows);
        pages += 1;
        assert!(pages < 20, "paging does not end");
        key = answer["result"]["pageKey"].clone();
        if key.is_null() {
            break;
        }
    }
    assert_eq!((pages, seen.len()), (4, 128), "125 worthless ones, WETH, tBTC, and an emptied LINK");
    let first = probe.rpc("alchemy_getTokenBalances", &json!([owner, "erc20"])).await;
    assert_eq!(first["result"]["tokenBalances"].as_array().expect("rows").len(), 100);
    let zero = format!("0x{}", "0".repeat(64));
    let most = format!("0x{}", "f".repeat(64));
    assert!(seen.iter().any(|row| row["tokenBalance"] == zero));
    assert!(seen.iter().any(|row| row["tokenBalance"] == most));
    let weth = seen.iter().find(|row| row["contractAddress"] == WETH.to_lowercase()).expect("WETH");
    let raw = U256::from_be_slice(&unhex(weth["tokenBalance"].as_str().expect("hex")));
    assert_eq!(raw.to_string(), "1200000000000000000");
    let wrong = json!([owner, "erc20", {"pageKey": "00000001-ffff"}]);
    assert_eq!(probe.rpc("alchemy_getTokenBalances", &wrong).await["error"]["code"], -32602);
    let listed = probe.rpc("alchemy_getTokenBalances", &json!([owner, [WETH, USDC]])).await;
    assert_eq!(listed["result"]["tokenBalances"].as_array().expect("rows").len(), 2);
}

#[tokio::test]
async fn metadata_and_symbols_come_as_the_contracts_give_them() {
    let probe = Probe::start(1).await;
    let usdc = probe.rpc("alchemy_getTokenMetadata", &json!([USDC])).await;
    assert_eq!(usdc["result"], json!({"name": "USD Coin", "symbol": "USDC", "decimals": 6, "logo": null}));
    let nothing = probe.rpc("alchemy_getTokenMetadata", &json!([probe.wallet("empty").await])).await;
    assert!(nothing["result"]["decimals"].is_null());
    assert_eq!(probe.call(USDC, &symbolCall {}, &json!("latest")).await, "USDC");
    let maker = "0x9f8F72aA9304c8B593d555F12eF6589cC3A579A2";
    let answer = probe.try_call("eth-mainnet", maker, &symbolCall {}, &json!("latest")).await;
    assert_eq!(answer["result"], format!("0x4d4b52{}", "0".repeat(58)), "32 bytes, not a string");
}

#[tokio::test]
async fn fees_and_native_balances_are_there() {
    let probe = Probe::start(1).await;
    let history = probe.rpc("eth_feeHistory", &json!(["0x5", "latest", [25, 75]])).await;
    let length = |name: &str| history["result"][name].as_array().expect("array").len();
    assert_eq!((length("baseFeePerGas"), length("gasUsedRatio"), length("reward")), (6, 5, 5));
    assert!(quantity(probe.rpc("eth_gasPrice", &json!([])).await["result"].as_str().expect("hex")) > 0);
    let huge = address(&probe.wallet("huge").await);
    let wei = probe.call(MULTICALL3, &getEthBalanceCall { owner: huge }, &json!("latest")).await;
    assert_eq!(wei.to_string(), "50000000000000000000000");
}
