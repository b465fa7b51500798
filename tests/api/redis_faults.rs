//! A network to Redis that fails under requests: they are answered in time, within the limits, and their work is done.

use std::time::Duration;

use futures::future::join_all;
use risk_tests::stack::{ADMIN_KEY, answer};
use risk_tests::{Fault, Host, Proxy, Redis, Stack};
use serde_json::Value;
use tokio::time::Instant;

/// The statuses of requests that come at once, and the longest that one took.
async fn ask(stack: &Stack, count: usize, path: &str) -> (Vec<u16>, Duration) {
    let asking = (0..count).map(|_| async {
        let began = Instant::now();
        let request = stack.request("GET", path).unwrap().header("x-api-key", ADMIN_KEY);
        (answer(request).await.unwrap().status, began.elapsed())
    });
    let answered = join_all(asking).await;
    let longest = answered.iter().map(|(_, time)| *time).max().unwrap_or_default();
    (answered.into_iter().map(|(status, _)| status).collect(), longest)
}

async fn quota_state(stack: &Stack) -> Value {
    // A verdict is told again for a second.
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    let health = stack.get("/api/risk/health").await.unwrap().json;
    let checks = health["checks"].as_array().unwrap();
    checks.iter().find(|check| check["component"] == "quota").unwrap()["state"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_the_network_to_redis_does_requests_are_answered_in_time_and_within_the_limit() {
    let Some(redis) = Redis::start().await.unwrap() else { return };
    let faults =
        [Fault::Delay(Duration::from_secs(2)), Fault::Swallow, Fault::Reset, Fault::CutAnswerAfter(2)];
    for fault in faults {
        let (proxy, url) = Proxy::before(&redis.url).await.unwrap();
        let settings = [("REDIS_URL", url.as_str()), ("RATE_LIMIT_PER_MINUTE", "20")];
        let stack = Stack::start(Host::Container, &settings).await.unwrap();
        let wallet = stack.wallet("liquidatable").await.unwrap();
        proxy.set(fault);
        let (statuses, longest) = ask(&stack, 60, "/api/risk/alerts").await;
        let let_in = statuses.iter().filter(|status| **status == 200).count();
        assert!(statuses.iter().all(|status| [200, 429].contains(status)), "{fault:?}: {statuses:?}");
        assert!((1..=10).contains(&let_in), "{fault:?}: {let_in} of the half of 20 were let in");
        assert!(longest < Duration::from_secs(2), "{fault:?}: one waited {longest:?}");
        assert_eq!(quota_state(&stack).await, "alone", "{fault:?}");

        // What happens is stored and answered although nobody can be told of it.
        let began = Instant::now();
        let analysis = stack.analyze(&wallet).await.unwrap();
        assert_eq!(analysis.status, 200, "{}", analysis.text);
        assert!(began.elapsed() < Duration::from_secs(10), "{fault:?}: {:?}", began.elapsed());
        let opened = analysis.json["transitions"]["opened"].as_array().unwrap().len();
        assert!(opened > 0, "{}", analysis.text);
        let metrics = answer(stack.request("GET", "/metrics").unwrap()).await.unwrap().text;
        let lost =
            metrics.lines().find_map(|line| line.strip_prefix("events_lost_total ")?.parse::<u64>().ok());
        assert!(lost.is_some_and(|lost| lost > 0), "{fault:?}: {metrics}");

        proxy.set(Fault::None);
        // Redis is left alone for a second, and then one request finds out.
        tokio::time::sleep(Duration::from_millis(1_200)).await;
        ask(&stack, 1, "/api/risk/alerts").await;
        assert_eq!(quota_state(&stack).await, "shared", "{fault:?}");
    }
}
