//! The contract of quotas, over memory and over a real Redis; and what is seen when that Redis fails.

mod degraded;

use std::num::NonZeroU32;
use std::sync::Arc;

use risk_app::sharing::{Quota, QuotaState};
use risk_store::{LocalQuota, RedisQuota};
use risk_tests::Redis;

/// So few a minute that none comes back during a test: one in eight and a half seconds.
const SEVEN: NonZeroU32 = NonZeroU32::new(7).unwrap();

/// Takes from several handles at the same time, `each` times from each; answers how many were let in.
async fn let_in(handles: &[Arc<dyn Quota>], each: usize, key: &'static str) -> usize {
    let mut asking = tokio::task::JoinSet::new();
    for handle in handles {
        for _ in 0..each {
            let handle = Arc::clone(handle);
            asking.spawn(async move { handle.take(key, SEVEN).await.retry_after_seconds.is_none() });
        }
    }
    asking.join_all().await.into_iter().filter(|is_let_in| *is_let_in).count()
}

async fn counts_down_and_then_says_when_the_next_is_let_in(quota: Arc<dyn Quota>) {
    for (remaining, whole) in [(6, 9), (5, 18), (4, 26), (3, 35), (2, 43), (1, 52), (0, 60)] {
        let allowance = quota.take("one", SEVEN).await;
        assert_eq!((allowance.limit, allowance.retry_after_seconds), (7, None));
        assert_eq!(allowance.remaining, remaining);
        // Of what came back since the first was taken there may be a second's worth on a busy machine.
        assert!((whole - 1..=whole).contains(&allowance.reset_seconds), "{allowance:?}");
    }
    let refused = quota.take("one", SEVEN).await;
    assert_eq!((refused.remaining, refused.retry_after_seconds), (0, Some(9)));
    assert_eq!(quota.take("another", SEVEN).await.remaining, 6, "one key's quota is not another's");
}

async fn lets_in_exactly_the_limit_of_64_that_come_together(quota: Arc<dyn Quota>) {
    assert_eq!(let_in(&[Arc::clone(&quota)], 64, "crowd").await, 7);
    assert_eq!(let_in(&[quota], 64, "crowd").await, 0, "those refused cost nothing and change nothing");
}

async fn gives_back_what_time_gives_back(quota: Arc<dyn Quota>) {
    let a_second = NonZeroU32::new(60).unwrap();
    for _ in 0..60 {
        quota.take("slow", a_second).await;
    }
    assert!(quota.take("slow", a_second).await.retry_after_seconds.is_some());
    tokio::time::sleep(std::time::Duration::from_millis(1_100)).await;
    assert_eq!(quota.take("slow", a_second).await.retry_after_seconds, None);
}

async fn takes_any_key(quota: Arc<dyn Quota>) {
    let keys =
        [String::new(), "a b\r\nc".to_owned(), "}{".to_owned(), "é\u{0}".to_owned(), "x".repeat(100_000)];
    for key in &keys {
        assert_eq!(quota.take(key, SEVEN).await.remaining, 6);
        assert_eq!(quota.take(key, SEVEN).await.remaining, 5);
    }
}

/// Makes two tests of each case.
macro_rules! hold_every_quota_to {
    ($($case:ident),+ $(,)?) => {
        mod memory {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn $case() {
                super::$case(std::sync::Arc::new(super::LocalQuota::new())).await;
            })+
        }
        mod redis {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn $case() {
                let Some(redis) = super::Redis::start().await.unwrap() else { return };
                super::$case(std::sync::Arc::new(super::RedisQuota::new(&redis.url).unwrap())).await;
            })+
        }
    };
}

hold_every_quota_to! {
    counts_down_and_then_says_when_the_next_is_let_in,
    lets_in_exactly_the_limit_of_64_that_come_together,
    gives_back_what_time_gives_back,
    takes_any_key,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_processes_let_in_exactly_the_limit_together() {
    let Some(redis) = Redis::start().await.unwrap() else { return };
    let handle = || Arc::new(RedisQuota::new(&redis.url).unwrap()) as Arc<dyn Quota>;
    let handles = [handle(), handle()];
    assert_eq!(handles[0].state(), QuotaState::Unasked);
    assert_eq!(let_in(&handles, 64, "shared").await, 7);
    assert!(handles.iter().all(|handle| handle.state() == QuotaState::Shared));
}

#[tokio::test]
async fn what_is_kept_goes_when_the_quota_is_whole_again() {
    let Some(redis) = Redis::start().await.unwrap() else { return };
    let quota = RedisQuota::new(&redis.url).unwrap();
    quota.take("gone", NonZeroU32::new(600).unwrap()).await;
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    assert!(redis.ask("DBSIZE").await.unwrap().starts_with(":0"));
}

#[tokio::test]
async fn a_count_from_a_clock_that_was_ahead_keeps_nobody_out_for_longer_than_a_minute() {
    let Some(redis) = Redis::start().await.unwrap() else { return };
    let answer = redis.ask("SET risk:quota:{late} 9000000000000000").await.unwrap();
    assert!(answer.starts_with("+OK"), "{answer}");
    let refused = RedisQuota::new(&redis.url).unwrap().take("late", SEVEN).await;
    assert_eq!((refused.reset_seconds, refused.retry_after_seconds), (60, Some(9)));
}
