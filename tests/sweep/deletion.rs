//! A wallet whose data is deleted while a sweep has it in hand: the sweep brings nothing of it back.

use std::time::Duration;

use risk_tests::{Host, Stack};
use serde_json::{Value, json};
use tokio::time::sleep;

use super::{wallet, watch_many};

#[tokio::test(flavor = "multi_thread")]
async fn of_a_wallet_that_is_deleted_while_a_sweep_reads_it_nothing_comes_back() {
    let stack = Stack::start(Host::Container, &[("CHAINS", "ethereum")]).await.unwrap();
    watch_many(&stack, 24).await;
    let (deleted, kept) = (wallet(3), wallet(4));
    stack.control("POST", "crash", json!({"asset": "*", "factor": 0.7})).await.unwrap();
    let slow = json!({"provider": "alchemy", "kind": "latency", "ms": 1_000});
    stack.control("POST", "fault", slow).await.unwrap();
    stack.control("DELETE", "counters", Value::Null).await.unwrap();
    let mut sweep = stack.begin_sweep().unwrap();
    // It has its page, and waits for the node.
    for _ in 0..1_000 {
        let counters = stack.control("GET", "counters", Value::Null).await.unwrap();
        if counters["alchemy"]["requests"].as_u64().unwrap_or(0) > 0 {
            break;
        }
        sleep(Duration::from_millis(5)).await;
    }
    let gone = stack.send("DELETE", &format!("/api/risk/wallets/{deleted}"), None).await.unwrap();
    assert_eq!((gone.status, &gone.json["erased"]["watches"]), (200, &json!(1)), "{}", gone.text);
    assert!(sweep.ended().unwrap().is_none(), "the sweep was over before: {}", sweep.printed());
    while sweep.ended().unwrap().is_none() {
        sleep(Duration::from_millis(20)).await;
    }
    assert!(sweep.printed().contains("\"wallets\":23"), "{}", sweep.printed());
    let left = stack.get(&format!("/api/risk/wallets/{deleted}")).await.unwrap().json;
    for field in ["watch", "latest_assessment", "last_known_assessment", "tokens", "alarm_memory"] {
        assert_eq!(left[field], Value::Null, "{field} is back");
    }
    for field in ["markets", "alerts", "messages"] {
        assert_eq!(left[field], json!([]), "{field} are back");
    }
    assert_eq!(left["is_near"], false);
    let other = stack.get(&format!("/api/risk/wallets/{kept}")).await.unwrap().json;
    assert!(other["latest_assessment"].is_object(), "the others were not written: {other}");
}
