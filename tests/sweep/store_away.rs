//! A store that goes away in the middle of a sweep: what was decided by then is written when it is back.

use std::time::Duration;

use mongodb::Client;
use mongodb::bson::{Document, doc};
use risk_tests::{Host, Mongo, Stack};
use serde_json::json;

use crate::standing;

/// Lets writes of whole batches fail, as a server does that is to be stopped, or no longer.
async fn fail_batches(mongo: &Mongo, mode: &str) {
    let data: Document = doc! { "failCommands": ["bulkWrite"], "errorCode": 8_000 };
    let point = doc! { "configureFailPoint": "failCommand", "mode": mode, "data": data };
    let client = Client::with_uri_str(&mongo.uri).await.unwrap();
    client.database("admin").run_command(point).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn alerts_that_were_decided_before_the_store_went_away_are_written_when_it_is_back() {
    let Some(mongo) = Mongo::start().await.unwrap() else { return };
    let stack = Stack::start(Host::Container, &[("MONGODB_URI", &mongo.uri)]).await.unwrap();
    for name in ["safe", "near"] {
        let path = format!("/api/risk/watches/{}", stack.wallet(name).await.unwrap());
        assert_eq!(stack.send("PUT", &path, None).await.unwrap().status, 201);
    }
    let (before, _) = standing(&stack).await;
    fail_batches(&mongo, "alwaysOn").await;
    stack.control("POST", "crash", json!({"asset": "*", "factor": 0.35})).await.unwrap();
    let mut sweep = stack.begin_sweep().unwrap();
    sweep.word_within("wait", 30).await.expect("it says that it waits for the store");
    assert_eq!(standing(&stack).await.0, before, "nothing is written yet");
    fail_batches(&mongo, "off").await;
    let status = loop {
        if let Some(status) = sweep.ended().unwrap() {
            break status;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    assert!(!status.success(), "the pass is not done, and that is told");
    let (crashed, identities) = standing(&stack).await;
    assert!(crashed > before && crashed == identities, "{before} alerts, then {crashed}");

    let again = stack.sweep().await.unwrap();
    assert_eq!(again["wallets"], 2, "the cursor stayed: {again} {}", sweep.printed());
    assert_eq!(standing(&stack).await, (crashed, identities), "what stood by then stands once");
}
