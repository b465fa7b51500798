//! The contract of the cache that processes share, over a real Redis: entries live their time, one process fetches, and a
//! Redis that is away, emptied or out of its mind costs nobody more than a moment.

use std::sync::Arc;
use std::time::Duration;

use risk_app::sharing::SharedCache;
use risk_store::RedisCache;
use risk_tests::{Fault, Proxy, Redis};
use tokio::time::{Instant, sleep};

/// Long for a test.
const LONG: Duration = Duration::from_secs(60);
/// Within which every call answers, whatever Redis does.
const BOUND: Duration = Duration::from_millis(700);

fn names(of: &[&str]) -> Vec<String> {
    of.iter().map(|name| (*name).to_owned()).collect()
}

/// The caches of two processes.
fn two(url: &str) -> [Arc<RedisCache>; 2] {
    [(); 2].map(|()| Arc::new(RedisCache::new(url).unwrap()))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_one_process_keeps_another_gets_in_the_order_asked_until_its_time_is_over() {
    let Some(redis) = Redis::start().await.unwrap() else { return };
    let [here, there] = two(&redis.url);
    let long: Vec<u8> = (0..200_000_u32).flat_map(|number| (number % 1_000).to_be_bytes()).collect();
    let odd = "a b\r\n}{é\u{0}".to_owned();
    let entries =
        [("one".to_owned(), b"1".to_vec()), ("long".to_owned(), long.clone()), (odd.clone(), vec![])];
    here.settle(&entries, &[], LONG).await;
    let mut asked = names(&["long", "none", "one"]);
    asked.push(odd);
    let kept = there.get(&asked).await;
    assert_eq!(kept, [Some(long), None, Some(b"1".to_vec()), Some(vec![])]);
    assert_eq!(there.get(&[]).await, Vec::<Option<Vec<u8>>>::new());
    here.settle(&[("soon".to_owned(), b"x".to_vec())], &[], Duration::from_secs(3)).await;
    assert_eq!(there.get(&names(&["soon"])).await, [Some(b"x".to_vec())]);
    sleep(Duration::from_millis(3_100)).await;
    assert_eq!(there.get(&names(&["soon"])).await, [None]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_fifty_that_miss_the_same_one_fetches_and_a_claim_ends_with_its_time_or_its_entry() {
    let Some(redis) = Redis::start().await.unwrap() else { return };
    let caches = two(&redis.url);
    let mut asking = tokio::task::JoinSet::new();
    for number in 0..50 {
        let cache = Arc::clone(&caches[number % 2]);
        asking.spawn(async move { cache.claim(&names(&["a", "b"]), LONG).await });
    }
    let claimed = asking.join_all().await;
    for which in 0..2 {
        assert_eq!(claimed.iter().filter(|claims| claims[which]).count(), 1);
    }
    caches[0].settle(&[], &names(&["a"]), LONG).await;
    assert_eq!(caches[1].claim(&names(&["b", "a"]), Duration::from_secs(2)).await, [false, true]);
    sleep(Duration::from_millis(2_100)).await;
    assert_eq!(caches[0].claim(&names(&["a"]), LONG).await, [true], "a claim whose process died");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_somebody_else_wrote_under_its_names_is_not_there() {
    let Some(redis) = Redis::start().await.unwrap() else { return };
    let cache = RedisCache::new(&redis.url).unwrap();
    for command in ["SET risk:cache:{text} hello", "LPUSH risk:cache:{list} 1", "SET risk:cache:{empty} \"\""]
    {
        redis.ask(command).await.unwrap();
    }
    assert_eq!(cache.get(&names(&["text", "empty"])).await, [None, None]);
    // A value of another type makes the server refuse the batch.
    assert_eq!(cache.get(&names(&["list"])).await, [None]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn whatever_the_network_does_nobody_waits_and_everybody_fetches_for_themselves() {
    let faults =
        [Fault::Delay(Duration::from_secs(1)), Fault::Swallow, Fault::Reset, Fault::CutAnswerAfter(1)];
    for fault in faults {
        let Some(redis) = Redis::start().await.unwrap() else { return };
        let (proxy, url) = Proxy::before(&redis.url).await.unwrap();
        let cache = RedisCache::new(&url).unwrap();
        cache.settle(&[("one".to_owned(), b"1".to_vec())], &[], LONG).await;
        assert_eq!(cache.get(&names(&["one"])).await, [Some(b"1".to_vec())]);
        proxy.set(fault);
        for _ in 0..20 {
            let began = Instant::now();
            assert_eq!(cache.get(&names(&["one", "two"])).await, [None, None], "{fault:?}");
            assert_eq!(cache.claim(&names(&["one", "two"]), LONG).await, [true, true], "{fault:?}");
            cache.settle(&[("two".to_owned(), b"2".to_vec())], &names(&["two"]), LONG).await;
            assert!(began.elapsed() < BOUND, "{fault:?}: {:?}", began.elapsed());
        }
        proxy.set(Fault::None);
        sleep(Duration::from_millis(1_200)).await;
        assert_eq!(
            cache.get(&names(&["one"])).await,
            [Some(b"1".to_vec())],
            "{fault:?}: it is not asked again"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn emptied_it_has_nothing_and_restarted_it_is_asked_over_a_new_connection_at_once() {
    let Some(mut redis) = Redis::start_own().await.unwrap() else { return };
    let cache = RedisCache::new(&redis.url).unwrap();
    let entry = [("one".to_owned(), b"1".to_vec())];
    cache.settle(&entry, &[], LONG).await;
    redis.ask("FLUSHALL").await.unwrap();
    assert_eq!(cache.get(&names(&["one"])).await, [None]);
    cache.settle(&entry, &[], LONG).await;
    redis.restart().await.unwrap();
    assert_eq!(cache.get(&names(&["one"])).await, [None]);
    cache.settle(&entry, &[], LONG).await;
    assert_eq!(cache.get(&names(&["one"])).await, [Some(b"1".to_vec())]);
}
