//! The gateway on loopback: paging, freshness, and errors inside HTTP 200.

use std::sync::Mutex;
use std::time::Duration;

use axum::Router;
use axum::http::HeaderMap;
use risk_model::{Address, B256, ChainId};
use serde_json::{Value, json};

use super::account::tests::row;
pub(crate) use super::account::tests::row as sample_row;
use super::*;
use crate::markets::market_of;
use crate::testing::{NOON, SetClock, client};

type Script = dyn Fn(&Value) -> Value + Send + Sync;

/// A gateway that answers by a function of the request's body and keeps what it was sent.
struct GatewayServer {
    graph: TheGraph,
    seen: Arc<Mutex<Vec<(String, Value)>>>,
    server: tokio::task::JoinHandle<()>,
}

impl Drop for GatewayServer {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn serving(script: impl Fn(&Value) -> Value + Send + Sync + 'static) -> GatewayServer {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let (kept, script): (_, Arc<Script>) = (Arc::clone(&seen), Arc::new(script));
    let answer = move |headers: HeaderMap, body: String| {
        let body: Value = serde_json::from_str(&body).unwrap();
        let bearer = headers["authorization"].to_str().unwrap().to_owned();
        let reply = script(&body);
        kept.lock().unwrap().push((bearer, body));
        async move { reply.to_string() }
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base_url = format!("http://{}/api", listener.local_addr().unwrap());
    let path = "/api/subgraphs/id/Cd2gEDVeqnjBn1hSeqFMitw8Q1iiyV9FYUZkLNRcL87g";
    let router = Router::new().route(path, axum::routing::post(answer));
    let server = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    let settings = TheGraphSettings {
        base_url,
        key: Key::new("sandbox"),
        rate_per_second: None,
        deadline: Duration::from_secs(8),
    };
    let graph = TheGraph::new(&client(), &settings, SetClock::at(NOON)).unwrap();
    GatewayServer { graph, seen, server }
}

fn wallets(count: u64) -> Vec<Wallet> {
    (1..=count).map(|at| Wallet::new(Address::left_padding_from(&at.to_be_bytes()))).collect()
}

fn page(rows: &[Value], age_seconds: u64) -> Value {
    let block = json!({ "number": 7, "hash": B256::repeat_byte(7), "timestamp": NOON - age_seconds });
    json!({ "data": { "_meta": { "block": block, "hasIndexingErrors": false }, "userReserves": rows } })
}

/// A row that is old enough for any test block.
fn old_row(wallet: Wallet, asset: u8) -> Value {
    let mut row = row(wallet, asset, "5", "0");
    row["reserve"]["lastUpdateTimestamp"] = json!(NOON - 10_000);
    row
}

async fn read(server: &GatewayServer, wallets: &[Wallet]) -> Result<IndexedAccounts, IndexFault> {
    server.graph.accounts(&market_of(ChainId::Ethereum), wallets).await
}

#[tokio::test]
async fn pages_follow_each_other_by_id_at_the_block_of_the_first() {
    let users = wallets(300);
    let all: Vec<Value> = users.iter().flat_map(|user| (1..=5).map(|asset| old_row(*user, asset))).collect();
    let server = serving(move |body| {
        let (asked, last) = (&body["variables"]["users"], body["variables"]["lastId"].as_str().unwrap());
        let is_next = |row: &&Value| {
            row["id"].as_str().unwrap() > last && asked.as_array().unwrap().contains(&row["user"]["id"])
        };
        let rows: Vec<Value> = all.iter().filter(is_next).take(1000).cloned().collect();
        page(&rows, 24)
    })
    .await;
    let found = read(&server, &users).await.unwrap();
    assert_eq!(found.positions.len(), 300);
    assert!(found.positions.values().all(|position| position.reserves.len() == 5));
    let seen = server.seen.lock().unwrap();
    assert_eq!(seen.len(), 3, "250 wallets in two pages, 50 in one");
    assert!(seen.iter().all(|(bearer, _)| bearer == "Bearer sandbox"));
    let pinned: Vec<bool> =
        seen.iter().map(|(_, body)| body["query"].as_str().unwrap().contains("block: {hash")).collect();
    assert_eq!(pinned, [false, true, true]);
}

#[tokio::test]
async fn an_indexer_that_is_behind_is_stale() {
    let server = serving(|_| page(&[], 1801)).await;
    assert!(matches!(read(&server, &wallets(1)).await, Err(IndexFault::Stale)));
    let server = serving(|_| page(&[], 1799)).await;
    assert!(read(&server, &wallets(1)).await.is_ok());
}

#[tokio::test]
async fn an_answer_that_cannot_be_trusted_is_malformed() {
    let with = |pointer: &'static str, value: Value| {
        move |_: &Value| {
            let mut page = page(&[], 10);
            *page.pointer_mut(pointer).unwrap() = value.clone();
            page
        }
    };
    let server = serving(with("/data/_meta/hasIndexingErrors", json!(true))).await;
    assert!(matches!(read(&server, &wallets(1)).await, Err(IndexFault::Malformed)));
    let server = serving(with("/data/_meta/block/timestamp", Value::Null)).await;
    assert!(matches!(read(&server, &wallets(1)).await, Err(IndexFault::Malformed)));
}

#[tokio::test]
async fn rows_that_never_end_or_go_backwards_are_malformed() {
    let rows: Vec<Value> = (0..1000).map(|_| old_row(wallets(1)[0], 1)).collect();
    let server = serving(move |_| page(&rows, 10)).await;
    assert!(matches!(read(&server, &wallets(1)).await, Err(IndexFault::Malformed)));
    assert_eq!(server.seen.lock().unwrap().len(), 2);
}

#[tokio::test]
async fn a_wrong_key_is_refused_once_and_leaves_the_breaker_closed() {
    let server = serving(|_| json!({ "errors": [{ "message": "auth error: API key not found" }] })).await;
    let fault = read(&server, &wallets(1)).await.unwrap_err();
    assert_eq!(fault.reason(), GapReason::Refused);
    assert!(!fault.to_string().contains("sandbox"));
    assert_eq!(server.seen.lock().unwrap().len(), 1);
    assert_eq!(server.graph.upstreams()[0].breaker, "closed");
}

#[tokio::test]
async fn bad_indexers_are_tried_again_and_then_unavailable() {
    let server = serving(|_| json!({ "errors": [{ "message": "bad indexers: {0x1: Timeout}" }] })).await;
    let fault = read(&server, &wallets(1)).await.unwrap_err();
    assert_eq!(fault.reason(), GapReason::Unavailable);
    assert_eq!(server.seen.lock().unwrap().len(), 3);
}

#[tokio::test]
async fn without_a_key_nothing_is_asked() {
    let settings = TheGraphSettings {
        base_url: "http://127.0.0.1:1".to_owned(),
        key: None,
        rate_per_second: None,
        deadline: Duration::from_secs(8),
    };
    let graph = TheGraph::new(&client(), &settings, SetClock::at(NOON)).unwrap();
    let fault = graph.accounts(&market_of(ChainId::Ethereum), &wallets(1)).await.unwrap_err();
    assert_eq!(fault.reason(), GapReason::NotConfigured);
    assert!(graph.upstreams().is_empty() && graph.last_success().is_none());
}
