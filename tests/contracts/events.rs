//! The contract of events: over memory, over one SQLite file by two handles, and over a real Redis by two.

use std::sync::Arc;
use std::time::Duration;

use risk_app::events::{Event, EventKind, Events, Heard};
use risk_store::{MemoryEvents, RedisEvents, SqliteEvents, SqliteStore};
use risk_tests::Redis;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::timeout;

use crate::Folder;
use crate::samples::{at, wallet};

/// Where it is told, and where it is listened for.
type Ends = (Arc<dyn Events>, Arc<dyn Events>);

fn event(number: u64) -> Event {
    let kind = EventKind::ALL[usize::try_from(number % 5).unwrap()];
    Event { wallet: wallet(number), kind, at: at(number), data: format!("{{\"é\":{number}}}") }
}

fn batch(numbers: std::ops::Range<u64>) -> Vec<Event> {
    numbers.map(event).collect()
}

async fn next(listener: &mut Receiver<Heard>) -> Result<Heard, RecvError> {
    timeout(Duration::from_secs(15), listener.recv()).await.expect("something is heard")
}

async fn hears(listener: &mut Receiver<Heard>, numbers: std::ops::Range<u64>) {
    for number in numbers {
        assert_eq!(next(listener).await, Ok(Heard::Event(Arc::new(event(number)))), "{number}");
    }
}

async fn what_is_told_after_a_subscription_is_heard_by_everybody_in_order((here, there): Ends) {
    here.publish(&batch(0..3)).await.unwrap();
    let (mut first, mut second) = (there.subscribe().await.unwrap(), there.subscribe().await.unwrap());
    let mut own = here.subscribe().await.unwrap();
    here.publish(&batch(3..1_500)).await.unwrap();
    there.publish(&batch(1_500..1_502)).await.unwrap();
    for listener in [&mut first, &mut second, &mut own] {
        hears(listener, 3..1_502).await;
    }
    let nothing = timeout(Duration::from_millis(1_500), first.recv()).await;
    assert!(nothing.is_err(), "each is heard once: {nothing:?}");
}

async fn a_listener_that_falls_behind_is_told_so_and_goes_on((here, there): Ends) {
    let mut slow = there.subscribe().await.unwrap();
    for part in 0..5 {
        here.publish(&batch(part * 2_000..(part + 1) * 2_000)).await.unwrap();
    }
    let mut quick = there.subscribe().await.unwrap();
    here.publish(&batch(10_000..10_001)).await.unwrap();
    // Over a file or a network the last of what was told before may still be on its way.
    while next(&mut quick).await != Ok(Heard::Event(Arc::new(event(10_000)))) {}
    assert!(matches!(next(&mut slow).await, Err(RecvError::Lagged(_))));
    let rest = std::iter::from_fn(|| slow.try_recv().ok());
    assert_eq!(rest.last(), Some(Heard::Event(Arc::new(event(10_000)))));
}

async fn who_comes_after_everybody_left_hears_what_is_told_from_then_on((here, there): Ends) {
    drop(there.subscribe().await.unwrap());
    here.publish(&batch(0..2)).await.unwrap();
    tokio::time::sleep(Duration::from_millis(1_300)).await;
    let mut listener = there.subscribe().await.unwrap();
    here.publish(&batch(2..4)).await.unwrap();
    hears(&mut listener, 2..4).await;
}

/// Makes three tests of each case.
macro_rules! hold_all_events_to {
    ($($case:ident),+ $(,)?) => {
        mod memory {
            use super::*;
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn $case() {
                let one: Arc<dyn Events> = Arc::new(MemoryEvents::new());
                super::$case((Arc::clone(&one), one)).await;
            })+
        }
        mod sqlite {
            use super::*;
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn $case() {
                let folder = Folder::new();
                let end = || Arc::new(SqliteEvents::new(Arc::new(SqliteStore::new(folder.file()))));
                super::$case((end(), end())).await;
            })+
        }
        mod redis {
            use super::*;
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn $case() {
                let Some(redis) = Redis::start().await.unwrap() else { return };
                let end = || Arc::new(RedisEvents::new(&redis.url).unwrap());
                super::$case((end(), end())).await;
            })+
        }
    };
}

hold_all_events_to! {
    what_is_told_after_a_subscription_is_heard_by_everybody_in_order,
    a_listener_that_falls_behind_is_told_so_and_goes_on,
    who_comes_after_everybody_left_hears_what_is_told_from_then_on,
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redis_that_was_away_is_heard_again_after_a_word_that_something_was_missed() {
    let Some(mut redis) = Redis::start_own().await.unwrap() else { return };
    let (here, there) = (RedisEvents::new(&redis.url).unwrap(), RedisEvents::new(&redis.url).unwrap());
    let mut listener = there.subscribe().await.unwrap();
    here.publish(&batch(0..1)).await.unwrap();
    hears(&mut listener, 0..1).await;
    redis.kill();
    assert!(here.publish(&batch(1..2)).await.is_err());
    redis.restart().await.unwrap();
    assert_eq!(next(&mut listener).await, Ok(Heard::Missed));
    // Which the one who could not tell it says too.
    here.publish(&batch(2..3)).await.unwrap();
    assert_eq!(next(&mut listener).await, Ok(Heard::Missed));
    hears(&mut listener, 2..3).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redis_that_hangs_holds_nobody_up_and_its_listeners_find_out() {
    let Some(redis) = Redis::start_own().await.unwrap() else { return };
    let (here, there) = (RedisEvents::new(&redis.url).unwrap(), RedisEvents::new(&redis.url).unwrap());
    let mut listener = there.subscribe().await.unwrap();
    redis.hang().unwrap();
    let began = tokio::time::Instant::now();
    assert!(here.publish(&batch(0..1)).await.is_err());
    assert!(began.elapsed() < Duration::from_secs(2));
    // A connection on which nothing comes is asked after ten seconds.
    tokio::time::sleep(Duration::from_secs(12)).await;
    redis.go_on().unwrap();
    assert_eq!(next(&mut listener).await, Ok(Heard::Missed));
}
