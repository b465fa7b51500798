//! What a caller of the quota sees when Redis is emptied, killed, or does not answer.

use std::sync::Arc;
use std::time::Duration;

use risk_app::sharing::{Quota, QuotaState};
use risk_store::RedisQuota;
use risk_tests::Redis;
use tokio::time::Instant;

use super::{SEVEN, let_in};

/// Longer than Redis is left alone after a failure.
const PAUSE: Duration = Duration::from_millis(1_200);

fn quota(redis: &Redis) -> Arc<dyn Quota> {
    Arc::new(RedisQuota::new(&redis.url).unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn emptied_under_load_it_lets_in_one_fresh_burst_and_no_more() {
    let Some(redis) = Redis::start_own().await.unwrap() else { return };
    let handles = [quota(&redis), quota(&redis)];
    assert_eq!(let_in(&handles, 64, "load").await, 7);
    let (during, emptied) = tokio::join!(let_in(&handles, 500, "load"), async {
        tokio::time::sleep(Duration::from_millis(20)).await;
        redis.ask("FLUSHALL").await.unwrap()
    });
    assert!(emptied.starts_with("+OK"), "{emptied}");
    let after = let_in(&handles, 64, "load").await;
    assert_eq!(during + after, 7, "{during} and {after} were let in");
    assert!(handles.iter().all(|handle| handle.state() == QuotaState::Shared), "no call failed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn killed_each_process_lets_in_half_and_restarted_they_count_together_again() {
    let Some(mut redis) = Redis::start_own().await.unwrap() else { return };
    let handles = [quota(&redis), quota(&redis)];
    assert_eq!(let_in(&handles, 10, "before").await, 7);
    redis.kill();
    assert_eq!(let_in(&handles, 64, "while").await, 6, "three of each, which is half of seven");
    assert!(handles.iter().all(|handle| handle.state() == QuotaState::Alone));
    redis.restart().await.unwrap();
    tokio::time::sleep(PAUSE).await;
    for handle in &handles {
        handle.take("probe", SEVEN).await;
        assert_eq!(handle.state(), QuotaState::Shared);
    }
    assert_eq!(let_in(&handles, 64, "after").await, 7);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn restarted_between_two_requests_it_is_asked_over_a_new_connection_at_once() {
    let Some(mut redis) = Redis::start_own().await.unwrap() else { return };
    let handle = quota(&redis);
    assert_eq!(handle.take("one", SEVEN).await.remaining, 6);
    redis.restart().await.unwrap();
    assert_eq!(handle.take("one", SEVEN).await.remaining, 6, "its counts are gone");
    assert_eq!(handle.state(), QuotaState::Shared);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn hung_it_delays_one_request_a_second_by_a_quarter_second_and_the_others_not_at_all() {
    let Some(redis) = Redis::start_own().await.unwrap() else { return };
    let handle = quota(&redis);
    assert_eq!(handle.take("one", SEVEN).await.remaining, 6);
    redis.hang().unwrap();
    let took = async || {
        let started = Instant::now();
        let allowance = handle.take("hung", SEVEN).await;
        assert_eq!(allowance.limit, 3, "half of seven");
        started.elapsed()
    };
    let first = took().await;
    assert!((200..700).contains(&first.as_millis()), "{first:?}");
    for _ in 0..20 {
        let next = took().await;
        assert!(next < Duration::from_millis(100), "{next:?}");
    }
    tokio::time::sleep(PAUSE).await;
    assert!(took().await >= Duration::from_millis(200), "one finds out");
    assert!(took().await < Duration::from_millis(100), "for all the others");
    redis.go_on().unwrap();
    tokio::time::sleep(PAUSE).await;
    assert_eq!(handle.take("again", SEVEN).await.limit, 7);
    assert_eq!(handle.state(), QuotaState::Shared);
}
