//! The endpoints against a node on loopback.

use std::time::Duration;

use alloy_primitives::Address;
use risk_http::CallError;
use risk_model::{GapReason, Timestamp, Wallet};
use serde_json::json;

use super::*;
use crate::testing::{NOON, client};
use crate::testing_node::Node;

const NOW: Timestamp = Timestamp::new(NOON);
const WALLET: Wallet = Wallet::new(Address::repeat_byte(0x11));

fn alchemy(url: &str, key: Option<&str>) -> Alchemy {
    let settings = AlchemySettings {
        url: url.to_owned(),
        key: key.and_then(Key::new),
        rate_per_second: None,
        deadline: Duration::from_secs(8),
    };
    Alchemy::new(&client(), &settings, &ChainId::ALL).unwrap()
}

#[test]
fn a_missing_key_leaves_no_endpoint_and_a_url_without_one_needs_none() {
    assert!(alchemy(DEFAULT_URL, None).endpoint(ChainId::Ethereum).is_none());
    assert!(alchemy(DEFAULT_URL, None).upstreams().is_empty());
    assert_eq!(alchemy("http://127.0.0.1:1/{network}", None).upstreams().len(), 5);
}

#[test]
fn nothing_that_prints_holds_the_key() {
    let shown = format!("{:?}", alchemy(DEFAULT_URL, Some("0123456789abcdef0123")));
    assert!(!shown.contains("0123456789abcdef"), "{shown}");
}

#[tokio::test]
async fn the_chain_is_checked_once_with_the_first_block() {
    let node = Node::of(ChainId::Base).await;
    let alchemy = alchemy(&node.base_url, None);
    let endpoint = alchemy.endpoint(ChainId::Base).unwrap();
    let head = endpoint.head(&[], NOW).await.unwrap();
    assert_eq!((head.block.number, head.block.hash), (100, node.state().hash()));
    endpoint.head(&[], NOW).await.unwrap();
    assert_eq!(node.asked(), [vec!["eth_getBlockByNumber", "eth_chainId"], vec!["eth_getBlockByNumber"]]);
}

#[tokio::test]
async fn a_sweep_shares_a_head_of_its_own_time_for_some_seconds() {
    let node = Node::of(ChainId::Base).await;
    let alchemy = alchemy(&node.base_url, None);
    let endpoint = alchemy.endpoint(ChainId::Base).unwrap();
    let before = Timestamp::new(NOON - 1);
    assert_eq!(endpoint.shared_head(before, NOW), None);
    let block = endpoint.head(&[], NOW).await.unwrap().block;
    assert_eq!(endpoint.shared_head(before, NOW.plus_seconds(9)), Some(block));
    assert_eq!(endpoint.shared_head(before, NOW.plus_seconds(10)), None, "too old");
    assert_eq!(endpoint.shared_head(NOW, NOW.plus_seconds(1)), None, "maybe of before the sweep");
}

#[tokio::test]
async fn an_endpoint_of_another_chain_is_a_malformed_gap() {
    let node = Node::of(ChainId::Base).await;
    let alchemy = alchemy(&node.base_url, None);
    let fault = alchemy.endpoint(ChainId::Ethereum).unwrap().head(&[], NOW).await.unwrap_err();
    assert!(matches!(fault, ReadFault::WrongChain) && fault.reason() == GapReason::Malformed);
}

#[tokio::test]
async fn a_dead_endpoint_is_an_unavailable_gap_and_its_error_shows_no_url() {
    let alchemy = alchemy("http://127.0.0.1:1/v2/{key}", Some("0123456789abcdef0123"));
    let fault = alchemy.endpoint(ChainId::Ethereum).unwrap().head(&[], NOW).await.unwrap_err();
    assert_eq!(fault.reason(), GapReason::Unavailable);
    assert!(!fault.to_string().contains("0123456789") && !fault.to_string().contains("127.0.0.1"), "{fault}");
}

#[tokio::test]
async fn a_token_list_is_read_page_by_page() {
    let node = Node::of(ChainId::Ethereum).await;
    let row = |byte: u8, balance: &str| json!({ "contractAddress": Address::repeat_byte(byte), "tokenBalance": balance });
    node.state().token_pages.insert(
        WALLET.address(),
        vec![
            json!({ "tokenBalances": [row(1, "0x5"), row(2, "0x0")], "pageKey": "1" }),
            json!({ "tokenBalances": [row(3, "0x5"), row(1, "0x5")] }),
        ],
    );
    let alchemy = alchemy(&node.base_url, None);
    let list = alchemy.endpoint(ChainId::Ethereum).unwrap().token_list(WALLET).await.unwrap();
    assert_eq!(Vec::from_iter(list.tokens), [Address::repeat_byte(1), Address::repeat_byte(3)]);
    assert!(!list.is_cut);
    assert_eq!(node.asked().len(), 2);
}

#[tokio::test]
async fn a_list_that_turns_in_a_circle_ends() {
    let node = Node::of(ChainId::Ethereum).await;
    let page = json!({ "tokenBalances": [], "pageKey": "0" });
    node.state().token_pages.insert(WALLET.address(), vec![page]);
    let alchemy = alchemy(&node.base_url, None);
    let fault = alchemy.endpoint(ChainId::Ethereum).unwrap().token_list(WALLET).await.unwrap_err();
    assert!(matches!(fault, ListFault::Malformed));
    assert_eq!(node.asked().len(), 2);
}

#[tokio::test]
async fn an_endpoint_without_token_lists_says_so() {
    let node = Node::of(ChainId::Ethereum).await;
    node.state().tamper = Some(Box::new(|method, _| {
        (method == "alchemy_getTokenBalances")
            .then(|| json!({ "error": { "code": -32601, "message": "method not found" } }))
    }));
    let alchemy = alchemy(&node.base_url, None);
    let fault = alchemy.endpoint(ChainId::Ethereum).unwrap().token_list(WALLET).await.unwrap_err();
    assert_eq!(fault.reason(), GapReason::Unsupported);
}

#[tokio::test]
async fn a_limit_inside_http_200_is_throttled_and_does_not_count_as_a_failure() {
    let node = Node::of(ChainId::Ethereum).await;
    node.state().tamper = Some(Box::new(|_, _| {
        Some(json!({ "error": { "code": 429, "message": "exceeded its compute units per second capacity" } }))
    }));
    let alchemy = alchemy(&node.base_url, None);
    let head = alchemy.endpoint(ChainId::Ethereum).unwrap().head(&[], NOW);
    let fault = tokio::time::timeout(Duration::from_secs(12), head).await.unwrap().unwrap_err();
    assert!(matches!(fault, ReadFault::Call(CallError::Throttled { .. })), "{fault}");
    let ethereum =
        alchemy.upstreams().into_iter().find(|upstream| upstream.name == "alchemy_ethereum").unwrap();
    assert_eq!((ethereum.failures, ethereum.breaker), (0, "closed"));
}
