//! The service on MongoDB: several processes keep one state, and a server that is gone or hangs is told as 503 in time.

use std::time::Duration;

use futures::future::join_all;
use risk_tests::{Host, Mongo, Reply, Stack};
use serde_json::{Value, json};
use tokio::time::Instant;

/// Longest that an answer may take while the server is away: the reads of one request, one after the other.
const IN_TIME: Duration = Duration::from_secs(15);

async fn store_check(stack: &Stack) -> (u16, String) {
    let health = stack.get("/api/risk/health").await.unwrap();
    let checks = health.json["checks"].as_array().unwrap();
    let store = checks.iter().find(|check| check["component"] == "store").unwrap();
    (health.status, format!("{}: {}", store["name"], store["state"]).replace('"', ""))
}

/// The standing alerts of a wallet, by kind.
async fn kinds(stack: &Stack, wallet: &str) -> Vec<Value> {
    let reply = stack.get(&format!("/api/risk/alerts?wallet={wallet}&resolved=false")).await.unwrap();
    assert_eq!(reply.status, 200, "{}", reply.text);
    reply.json["alerts"].as_array().unwrap().iter().map(|alert| alert["alert_type"].clone()).collect()
}

async fn watch(stack: &Stack, wallet: &str) -> Reply {
    let path = format!("/api/risk/watches/{wallet}");
    stack.send("PUT", &path, Some(json!({"label": "mine"}))).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_keep_one_state_and_it_survives_both_and_the_server() {
    let Some(mut mongo) = Mongo::start().await.unwrap() else { return };
    let settings = [("MONGODB_URI", mongo.uri.as_str())];
    let mut first = Stack::start(Host::Container, &settings).await.unwrap();
    let second = Stack::beside(&first, &settings).await.unwrap();
    let wallet = first.wallet("near").await.unwrap();
    assert_eq!(watch(&first, &wallet).await.status, 201);
    let told = second.get(&format!("/api/risk/watches/{wallet}")).await.unwrap();
    assert_eq!((told.status, &told.json["label"]), (200, &json!("mine")), "{}", told.text);
    let summary = second.get(&format!("/api/risk/summary?wallet={wallet}")).await.unwrap();
    assert_eq!((summary.status, &summary.json["risk_level"]), (200, &json!("critical")), "{}", summary.text);
    let before = kinds(&first, &wallet).await;
    assert!(!before.is_empty() && before == kinds(&second, &wallet).await, "{before:?}");
    let report = second.sweep().await.unwrap();
    assert_eq!(report["wallets"], 1, "{report}");

    first.api.kill();
    mongo.kill();
    mongo.restart().await.unwrap();
    first.restart_api().await.unwrap();
    assert_eq!(first.get(&format!("/api/risk/watches/{wallet}")).await.unwrap().json["label"], "mine");
    assert_eq!(kinds(&first, &wallet).await, before);
    assert_eq!(store_check(&first).await, (200, "mongodb: up".to_owned()));
    assert_eq!(first.get("/api/info").await.unwrap().json["store"], "mongodb");
    let file = first.data_dir().join("risk.sqlite");
    assert!(!file.exists(), "something was kept beside the database");
}

/// What is read and what is written, at once; every answer came in time.
async fn ask(stack: &Stack, wallet: &str) -> Vec<Reply> {
    let paths = [
        format!("/api/risk/alerts?wallet={wallet}"),
        "/api/risk/watches".to_owned(),
        format!("/api/risk/watches/{wallet}"),
    ];
    let began = Instant::now();
    let reads = join_all(paths.iter().map(|path| stack.get(path)));
    let (reads, written) = tokio::join!(reads, watch(stack, wallet));
    assert!(began.elapsed() < IN_TIME, "{:?}", began.elapsed());
    let mut replies: Vec<Reply> = reads.into_iter().map(Result::unwrap).collect();
    replies.push(written);
    replies
}

fn assert_away(replies: &[Reply], uri: &str) {
    for reply in replies {
        assert_eq!(reply.status, 503, "{}", reply.text);
        assert_eq!(reply.headers["content-type"], "application/problem+json");
        assert!(reply.json["type"].as_str().unwrap().ends_with("store-unavailable"), "{}", reply.text);
        assert!(reply.headers.contains_key("retry-after"));
        assert!(!reply.text.contains(uri.trim_start_matches("mongodb://")), "{}", reply.text);
    }
}

/// Asks until everything answers again.
async fn assert_back(stack: &Stack, wallet: &str) {
    for _ in 0..20 {
        let replies = ask(stack, wallet).await;
        if replies.iter().all(|reply| reply.status == 200) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    panic!("it did not come back");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_was_killed_is_told_as_503_in_time_and_everything_is_back_with_it() {
    let Some(mut mongo) = Mongo::start().await.unwrap() else { return };
    let uri = mongo.uri.clone();
    let stack = Stack::start(Host::Container, &[("MONGODB_URI", &uri)]).await.unwrap();
    let wallet = stack.wallet("near").await.unwrap();
    assert_eq!(watch(&stack, &wallet).await.status, 201);
    let before = kinds(&stack, &wallet).await;
    let path = format!("/api/risk/summary?wallet={wallet}");
    let answered = stack.get(&path).await.unwrap().json;
    mongo.kill();
    assert_away(&ask(&stack, &wallet).await, &uri);
    let again = stack.get(&path).await.unwrap();
    assert_eq!(again.status, 200, "{}", again.text);
    assert_eq!(again.json["last_updated"], answered["last_updated"]);
    assert_eq!(again.json["stale"]["because"], "the store cannot be reached", "{}", again.json["stale"]);
    assert!(again.json["stale"]["age_seconds"].as_u64().unwrap() >= 1, "{}", again.json["stale"]);
    let fresh = stack.get(&format!("{path}&max_age=0")).await.unwrap();
    let other = stack
        .get(&format!("/api/risk/summary?wallet={}", stack.wallet("safe").await.unwrap()))
        .await
        .unwrap();
    assert_away(&[fresh, other], &uri);
    assert_eq!(store_check(&stack).await, (503, "mongodb: down".to_owned()));
    let began = Instant::now();
    let sweep = stack.sweep().await.unwrap_err().to_string();
    assert!(sweep.contains("the store is unavailable"), "{sweep}");
    assert!(began.elapsed() < IN_TIME, "{:?}", began.elapsed());
    mongo.restart().await.unwrap();
    assert_back(&stack, &wallet).await;
    let fresh = stack.get(&format!("{path}&max_age=0")).await.unwrap();
    assert!(fresh.status == 200 && fresh.json["stale"].is_null(), "{}", fresh.text);
    assert_eq!(kinds(&stack, &wallet).await, before);
    assert_eq!(stack.sweep().await.unwrap()["wallets"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_hangs_holds_nobody_up_for_longer_than_the_deadline() {
    let Some(mongo) = Mongo::start().await.unwrap() else { return };
    let stack = Stack::start(Host::Container, &[("MONGODB_URI", &mongo.uri)]).await.unwrap();
    let wallet = stack.wallet("near").await.unwrap();
    assert_eq!(watch(&stack, &wallet).await.status, 201);
    mongo.hang().unwrap();
    for _ in 0..2 {
        assert_away(&ask(&stack, &wallet).await, &mongo.uri);
    }
    mongo.go_on().unwrap();
    assert_back(&stack, &wallet).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_is_none_ends_the_process_with_64_and_is_not_printed() {
    let stack = Stack::start(Host::Container, &[]).await.unwrap();
    let mut environment = stack.environment.clone();
    environment.push(("MONGODB_URI".to_owned(), "mongo://me:hunter2@127.0.0.1".to_owned()));
    let output = risk_tests::process::command("risk-api", &environment).unwrap().output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(64), "{said}");
    assert!(said.contains("MONGODB_URI") && !said.contains("hunter2"), "{said}");
}
