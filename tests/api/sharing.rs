//! What a process says of state that others of its deployment do not see, and the settings that it does not start with.

use std::process::Output;

use risk_tests::process::command;
use risk_tests::{Host, Redis, Stack};
use serde_json::{Value, json};

/// The health's word on the state, where it has one, and its verdict.
async fn verdict(stack: &Stack) -> (Option<Value>, Value) {
    let health = stack.get("/api/risk/health").await.unwrap().json;
    let checks = health["checks"].as_array().expect("checks");
    let state = checks.iter().find(|check| check["component"] == "state");
    (state.map(|check| json!([check["name"], check["state"]])), health["status"].clone())
}

#[tokio::test(flavor = "multi_thread")]
async fn one_process_on_embedded_state_has_nothing_to_share_and_several_say_that_they_do_not() {
    let alone = Stack::start(Host::Container, &[]).await.unwrap();
    assert_eq!(verdict(&alone).await.0, None);
    assert!(!alone.api.printed().contains("not shared"), "{}", alone.api.printed());

    let expected = json!(["store, quota, events", "not_shared"]);
    let one_of_three = Stack::beside(&alone, &[("REPLICAS", "3")]).await.unwrap();
    assert_eq!(verdict(&one_of_three).await, (Some(expected.clone()), "degraded".into()));
    let printed = one_of_three.api.printed();
    assert!(printed.contains("state is not shared") && printed.contains("store, quota, events"), "{printed}");

    let lambda = Stack::start(Host::Lambda, &[]).await.unwrap();
    assert_eq!(verdict(&lambda).await, (Some(expected), "degraded".into()));
    assert!(lambda.api.printed().contains("state is not shared"), "{}", lambda.api.printed());
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_redis_it_is_the_store_alone_that_is_not_shared() {
    let Some(redis) = Redis::start().await.unwrap() else { return };
    let stack = Stack::start(Host::Container, &[("REPLICAS", "2"), ("REDIS_URL", &redis.url)]).await.unwrap();
    assert_eq!(verdict(&stack).await.0, Some(json!(["store", "not_shared"])));
}

/// Starts a binary with these settings and waits for its end.
async fn ended(name: &str, settings: &[(&str, &str)]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let mut environment: Vec<(String, String)> =
        settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    environment.push(("DATA_DIR".to_owned(), folder.path().to_str().unwrap().to_owned()));
    environment.push(("PORT".to_owned(), "0".to_owned()));
    let mut command = command(name, &environment).unwrap();
    let output = tokio::task::spawn_blocking(move || command.output());
    tokio::time::timeout(std::time::Duration::from_secs(10), output).await.expect("it ends").unwrap().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redis_url_that_cannot_be_used_ends_every_binary_with_64_and_is_not_told() {
    for name in ["risk-api", "risk-sweep"] {
        let output = ended(name, &[("REDIS_URL", "rediss://me:hunter2@redis.example:6379")]).await;
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(64), "{error}");
        assert!(error.contains("REDIS_URL: must be redis://") && !error.contains("hunter2"), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn production_refuses_embedded_state_under_both_hosts_with_64() {
    for host in [("REPLICAS", "3"), ("AWS_LAMBDA_RUNTIME_API", "127.0.0.1:9")] {
        for redis in ["", "redis://127.0.0.1:9"] {
            let mut settings = vec![("ENV", "production"), host];
            if !redis.is_empty() {
                settings.push(("REDIS_URL", redis));
            }
            for key in ["ALCHEMY_API_KEY", "COINGECKO_API_KEY", "ETHERSCAN_API_KEY", "THEGRAPH_API_KEY"] {
                settings.push((key, "some"));
            }
            let output = ended("risk-api", &settings).await;
            let error = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), Some(64), "{error}");
            assert!(error.contains("embedded state is not shared"), "{error}");
        }
    }
}
