//! Whole reads of a chain when something fails: always a gap, never an empty wallet.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use super::*;

#[tokio::test]
async fn a_block_that_vanishes_is_read_again_at_a_newer_one() {
    let node = node().await;
    let positions = positions(&node.base_url, None);
    let calls = AtomicU32::new(0);
    node.state().tamper = Some(Box::new(move |method, params| {
        let is_pinned = method == "eth_call" && params[1].is_object();
        let is_first = is_pinned && calls.fetch_add(1, Ordering::Relaxed) < 2;
        is_first.then(|| json!({ "error": { "code": -32000, "message": "header not found" } }))
    }));
    let read = read(&positions, &[query(ANN, &[])], SWEPT).await;
    assert_eq!((read[0].accounts.len(), read[0].gaps.len()), (1, 0));
}

#[tokio::test]
async fn blocks_that_keep_vanishing_are_a_gap_and_no_empty_wallet() {
    let node = node().await;
    let positions = positions(&node.base_url, None);
    node.state().tamper = Some(Box::new(|method, params| {
        (method == "eth_call" && params[1].is_object())
            .then(|| json!({ "error": { "code": -32000, "message": "header not found" } }))
    }));
    let read = read(&positions, &[query(ANN, &[])], SWEPT).await;
    assert!(read[0].accounts.is_empty() && read[0].readings.is_empty());
    assert_eq!(reasons(&read[0], Affects::Liquidation), [GapReason::Unavailable]);
    assert_eq!(reasons(&read[0], Affects::Value), [GapReason::Unavailable; 2]);
    let since = read[0].gaps.iter().find(|gap| gap.affects == Affects::Liquidation).unwrap().since;
    assert!(since.is_some(), "the node answered, only not to this");
}

#[tokio::test]
async fn one_wallet_that_cannot_be_read_is_a_gap_of_its_own_only() {
    let node = node().await;
    let market = market_of(CHAIN);
    let call = UiPoolDataProvider::getUserReservesDataCall { provider: market.provider, user: ANN.address() };
    node.state().views.remove(&(market.ui_data, call.abi_encode().into()));
    let read = read(&positions(&node.base_url, None), &[query(ANN, &[]), query(BOB, &[])], SWEPT).await;
    assert_eq!(reasons(&read[0], Affects::Liquidation), [GapReason::Malformed]);
    assert_eq!(reasons(&read[0], Affects::Value), [GapReason::Malformed]);
    assert!(read[1].gaps.is_empty());
}

#[tokio::test]
async fn an_unreadable_token_is_named_and_the_others_are_held() {
    let node = node().await;
    let mute = Address::repeat_byte(0x77);
    for token in [SPAM, mute] {
        add_balance(&mut node.state(), token, ANN.address(), 7);
    }
    add_token(&mut node.state(), SPAM, "SPAM", 9);
    let gone = Address::repeat_byte(0x78);
    let read = read(&positions(&node.base_url, None), &[query(ANN, &[SPAM, mute, gone])], SWEPT).await;
    assert_eq!(read[0].holdings.len(), 1);
    let named: Vec<_> = read[0].gaps.iter().map(|gap| (gap.what.as_str(), gap.reason, gap.affects)).collect();
    let what = |token| format!("balance of {}", Asset::contract(CHAIN, token));
    assert_eq!(
        named,
        [
            (what(mute).as_str(), GapReason::Malformed, Affects::Value),
            (what(gone).as_str(), GapReason::Malformed, Affects::Value)
        ]
    );
}

#[tokio::test]
async fn an_unreadable_market_leaves_the_tokens() {
    let node = node().await;
    add_balance(&mut node.state(), MULTICALL3, ANN.address(), 3);
    let list = (market_of(CHAIN).pool, Pool::getReservesListCall {}.abi_encode().into());
    node.state().views.remove(&list);
    let read = read(&positions(&node.base_url, None), &[query(ANN, &[])], SWEPT).await;
    assert_eq!(read[0].holdings.len(), 1);
    assert_eq!(reasons(&read[0], Affects::Liquidation), [GapReason::Malformed]);
}

#[tokio::test]
async fn a_pool_of_an_unknown_revision_is_read_and_said_to_be_unverified() {
    let node = node().await;
    let revision = U256::from(40).to_be_bytes_vec();
    node.state().view(market_of(CHAIN).pool, &Pool::POOL_REVISIONCall {}, revision);
    let read = read(&positions(&node.base_url, None), &[query(ANN, &[]), query(BOB, &[])], SWEPT).await;
    assert_eq!(read[0].accounts.len(), 1);
    assert_eq!(reasons(&read[0], Affects::Confirmation), [GapReason::UnverifiedRules]);
    assert!(read[1].gaps.is_empty(), "without an account no rule matters");
}

#[tokio::test]
async fn without_a_key_every_part_is_a_gap_and_nothing_is_asked() {
    let positions = positions(DEFAULT_URL, None);
    let read = read(&positions, &[query(ANN, &[])], SWEPT).await;
    assert_eq!(reasons(&read[0], Affects::Liquidation), [GapReason::NotConfigured]);
    assert_eq!(reasons(&read[0], Affects::Value), [GapReason::NotConfigured; 2]);
    assert!(positions.upstreams().is_empty());
}

#[tokio::test]
async fn when_the_chain_is_down_the_subgraph_stands_in_and_the_gap_stays() {
    let graph = Provider::answering(|_| Answer::ok(indexed(&[ANN], 30))).await;
    let positions = positions("http://127.0.0.1:1", Some(&graph.base_url));
    for depth in [SWEPT, Depth::Discover] {
        let read = read(&positions, &[query(ANN, &[]), query(BOB, &[])], depth).await;
        assert_eq!(read[0].accounts.len(), 1);
        assert_eq!(read[0].accounts[0].provenance, Provenance::Subgraph);
        assert_eq!(reasons(&read[0], Affects::Liquidation), [GapReason::Unavailable]);
        assert!(read[1].accounts.is_empty());
        assert_eq!(reasons(&read[1], Affects::Liquidation), [GapReason::Unavailable]);
        assert_eq!(read[0].readings[0].source, "the_graph");
    }
}

#[tokio::test]
async fn an_account_that_only_the_subgraph_knows_is_divergent_and_is_not_shown() {
    let node = node().await;
    let graph = Provider::answering(|_| Answer::ok(indexed(&[ANN, BOB], 30))).await;
    let positions = positions(&node.base_url, Some(&graph.base_url));
    let read = read(&positions, &[query(ANN, &[]), query(BOB, &[])], Depth::Discover).await;
    assert!(read[0].gaps.is_empty());
    assert!(read[1].accounts.is_empty());
    assert_eq!(reasons(&read[1], Affects::Confirmation), [GapReason::Divergent]);
}

#[tokio::test]
async fn a_subgraph_that_fails_or_lags_leaves_the_chain_unconfirmed_and_a_sweep_does_not_ask_it() {
    let node = node().await;
    let graph = Provider::answering(|_| Answer::ok(indexed(&[ANN], 3600))).await;
    let positions = positions(&node.base_url, Some(&graph.base_url));
    let stale = read(&positions, &[query(ANN, &[])], Depth::Discover).await;
    assert_eq!(reasons(&stale[0], Affects::Confirmation), [GapReason::Stale]);
    graph.change(|_| Answer::ok(json!({ "errors": [{ "message": "auth error: API key not found" }] })));
    let refused = read(&positions, &[query(ANN, &[])], Depth::Discover).await;
    assert_eq!(reasons(&refused[0], Affects::Confirmation), [GapReason::Refused]);
    assert_eq!((refused[0].accounts.len(), refused[0].gaps.len()), (1, 1));
    let asked = graph.seen().len();
    let swept = read(&positions, &[query(ANN, &[])], SWEPT).await;
    assert!(swept[0].gaps.is_empty() && graph.seen().len() == asked);
}

#[tokio::test]
async fn nobody_waits_long_for_a_subgraph_that_hangs_once_the_contracts_have_spoken() {
    let node = node().await;
    let graph = Provider::answering(|_| {
        let wait = Duration::from_secs(30);
        Answer { wait, ..Answer::ok("{}") }
    })
    .await;
    let positions = positions(&node.base_url, Some(&graph.base_url));
    let queries = [query(ANN, &[])];
    let reading = read(&positions, &queries, Depth::Discover);
    let read = tokio::time::timeout(Duration::from_secs(4), reading).await.unwrap();
    assert_eq!((read[0].accounts.len(), read[0].gaps.len()), (1, 1));
    assert_eq!(reasons(&read[0], Affects::Confirmation), [GapReason::Unavailable]);
}

#[tokio::test]
async fn a_node_that_answers_in_other_shapes_opens_its_breaker() {
    let node = node().await;
    node.state().tamper = Some(Box::new(|_, _| Some(json!({ "result": { "unexpected": true } }))));
    let positions = positions(&node.base_url, None);
    for _ in 0..3 {
        let read = read(&positions, &[query(ANN, &[])], SWEPT).await;
        assert_eq!(reasons(&read[0], Affects::Liquidation).len(), 1);
    }
    assert_eq!(positions.upstreams()[0].breaker, "open");
}

#[tokio::test]
async fn a_token_list_that_fails_leaves_the_known_tokens_and_a_gap() {
    let node = node().await;
    add_token(&mut node.state(), SPAM, "SPAM", 9);
    add_balance(&mut node.state(), SPAM, ANN.address(), 7);
    node.state().tamper = Some(Box::new(|method, _| {
        (method == "alchemy_getTokenBalances")
            .then(|| json!({ "error": { "code": -32601, "message": "method not found" } }))
    }));
    let read = read(&positions(&node.base_url, None), &[query(ANN, &[SPAM])], Depth::Discover).await;
    assert_eq!(read[0].holdings.len(), 1);
    assert_eq!(reasons(&read[0], Affects::Value), [GapReason::Unsupported]);
}

#[tokio::test]
async fn hostile_replies_are_gaps_and_never_an_empty_wallet() {
    for reply in [
        "",
        "[]",
        "{}",
        "null",
        "[{\"id\":0,\"result\":null}]",
        "<html></html>",
        "[{\"id\":0,\"result\":\"0x",
    ] {
        let node = node().await;
        let positions = positions(&node.base_url, None);
        node.state().reply = Some((200, reply.to_owned()));
        let read = read(&positions, &[query(ANN, &[])], SWEPT).await;
        assert_eq!(reasons(&read[0], Affects::Liquidation).len(), 1, "{reply}");
        assert!(read[0].holdings.is_empty() && read[0].accounts.is_empty(), "{reply}");
    }
}
