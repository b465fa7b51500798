//! Two processes of the API over one Redis: a limit is one limit.

use futures::future::join_all;
use risk_tests::stack::{ADMIN_KEY, answer};
use risk_tests::{Host, Redis, Stack};
use serde_json::Value;

/// Two processes with stores of their own, and one Redis.
async fn two(redis: &Redis, settings: &[(&str, &str)]) -> [Stack; 2] {
    let mut all = vec![("REDIS_URL", redis.url.as_str())];
    all.extend_from_slice(settings);
    let first = Stack::start(Host::Container, &all).await.unwrap();
    let second = Stack::beside(&first, &all).await.unwrap();
    [first, second]
}

/// The statuses of 64 clients that ask at once, half of them each process, each saying that it is somebody else.
async fn ask_64(stacks: &[Stack; 2], path: &str) -> Vec<u16> {
    let asking = (0..64_u8).map(|number| {
        let request = stacks[usize::from(number % 2)].request("GET", path).unwrap();
        let request = request.header("x-api-key", ADMIN_KEY);
        answer(request.header("x-forwarded-for", format!("203.0.113.{number}")))
    });
    join_all(asking).await.into_iter().map(|reply| reply.unwrap().status).collect()
}

fn count(statuses: &[u16], status: u16) -> usize {
    statuses.iter().filter(|one| **one == status).count()
}

async fn quota_check(stack: &Stack) -> (Value, String) {
    let health = stack.get("/api/risk/health").await.unwrap().json;
    let checks = health["checks"].as_array().unwrap();
    let quota = checks.iter().find(|check| check["component"] == "quota").unwrap();
    (health["status"].clone(), format!("{}: {}", quota["name"], quota["state"]).replace('"', ""))
}

#[tokio::test(flavor = "multi_thread")]
async fn of_64_clients_of_two_processes_exactly_the_limit_is_let_through() {
    let Some(redis) = Redis::start().await.unwrap() else { return };
    let stacks = two(&redis, &[("RATE_LIMIT_PER_MINUTE", "7"), ("FRESH_SECONDS", "60")]).await;
    assert_eq!(quota_check(&stacks[0]).await.1, "redis: not_asked_yet");
    let wallet = stacks[0].wallet("safe").await.unwrap();
    let statuses = ask_64(&stacks, &format!("/api/risk/summary?wallet={wallet}")).await;
    assert_eq!((count(&statuses, 200), count(&statuses, 429)), (7, 57), "{statuses:?}");
    // The verdict of before is told for a second.
    tokio::time::sleep(std::time::Duration::from_millis(1_200)).await;
    assert_eq!(quota_check(&stacks[0]).await.1, "redis: shared");
    let health = stacks[0].get("/api/risk/health").await.unwrap().json;
    let checks = health["checks"].as_array().unwrap();
    let since = &checks.iter().find(|check| check["component"] == "quota").unwrap()["since"];
    let since: jiff::Timestamp = since.as_str().expect("since when").parse().unwrap();
    let checked: jiff::Timestamp = health["checked_at"].as_str().unwrap().parse().unwrap();
    assert!((0..60).contains(&(checked.as_second() - since.as_second())), "{health}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_says_that_it_is_another_each_time_stays_within_its_limit() {
    let Some(redis) = Redis::start().await.unwrap() else { return };
    let stacks = two(&redis, &[("CLIENT_RATE_LIMIT_PER_MINUTE", "7")]).await;
    let statuses = ask_64(&stacks, "/api/risk/alerts").await;
    assert_eq!((count(&statuses, 200), count(&statuses, 429)), (7, 57), "{statuses:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_its_redis_each_process_goes_on_at_half_the_limit_and_says_so() {
    let Some(mut redis) = Redis::start_own().await.unwrap() else { return };
    let stacks = two(&redis, &[("CLIENT_RATE_LIMIT_PER_MINUTE", "7")]).await;
    redis.kill();
    let statuses = ask_64(&stacks, "/api/risk/alerts").await;
    assert_eq!((count(&statuses, 200), count(&statuses, 429)), (6, 58), "{statuses:?}");
    for stack in &stacks {
        assert_eq!(quota_check(stack).await, ("degraded".into(), "redis: alone".to_owned()));
        let metrics = answer(stack.request("GET", "/metrics").unwrap()).await.unwrap().text;
        // 32 of the client, and those three that passed are counted of the key too.
        assert!(metrics.contains("risk_quota_alone_total 35"), "{metrics}");
    }
}
