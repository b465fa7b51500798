//! What a caller of quotas and events sees while the network to Redis delays, swallows, cuts and resets: nobody waits
//! beyond the bound, no door opens, and what was lost is told as missed.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use risk_app::events::{Event, EventKind, Events, Heard};
use risk_app::sharing::{Quota, QuotaState};
use risk_store::{RedisEvents, RedisQuota};
use risk_tests::{Fault, Proxy, Redis};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};
use tokio::time::{Instant, sleep, timeout};

use crate::samples::{at, wallet};

/// So few a minute that none comes back during a test.
const SEVEN: NonZeroU32 = NonZeroU32::new(7).unwrap();
/// Longer than Redis is left alone after a failure.
const PAUSE: Duration = Duration::from_millis(1_200);
/// Within which every take answers: a quarter of a second for Redis, and a busy machine.
const BOUND: Duration = Duration::from_millis(900);

/// Two processes' quotas, each behind the same proxy.
async fn two_quotas(redis: &Redis) -> (Proxy, [Arc<RedisQuota>; 2]) {
    let (proxy, url) = Proxy::before(&redis.url).await.unwrap();
    (proxy, [(); 2].map(|()| Arc::new(RedisQuota::new(&url).unwrap())))
}

/// Takes `each` times from each at the same time; answers how many were let in and the longest that one took.
async fn let_in(quotas: &[Arc<RedisQuota>; 2], each: usize, key: &'static str) -> (usize, Duration) {
    let mut asking = tokio::task::JoinSet::new();
    for quota in quotas {
        for _ in 0..each {
            let quota = Arc::clone(quota);
            asking.spawn(async move {
                let began = Instant::now();
                let allowance = quota.take(key, SEVEN).await;
                (allowance.retry_after_seconds.is_none(), began.elapsed())
            });
        }
    }
    let took = asking.join_all().await;
    let longest = took.iter().map(|(_, time)| *time).max().unwrap_or_default();
    (took.iter().filter(|(is_let_in, _)| *is_let_in).count(), longest)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn answers_that_come_later_but_in_time_still_count_together() {
    let Some(redis) = Redis::start().await.unwrap() else { return };
    let (proxy, quotas) = two_quotas(&redis).await;
    // Connecting takes several answers, and would be too late.
    assert_eq!(let_in(&quotas, 1, "before").await.0, 2);
    proxy.set(Fault::Delay(Duration::from_millis(30)));
    let (count, longest) = let_in(&quotas, 64, "late").await;
    assert_eq!(count, 7);
    assert!(longest >= Duration::from_millis(60), "nothing was delayed: {longest:?}");
    assert!(quotas.iter().all(|quota| quota.state() == QuotaState::Shared));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn whatever_the_network_does_each_process_lets_in_half_at_most_and_nobody_waits() {
    let faults = [
        ("delayed", Fault::Delay(Duration::from_millis(400))),
        ("swallowed", Fault::Swallow),
        ("reset", Fault::Reset),
        ("cut at once", Fault::CutAnswerAfter(0)),
        ("cut in its middle", Fault::CutAnswerAfter(5)),
    ];
    for (key, fault) in faults {
        for is_connected in [false, true] {
            let Some(redis) = Redis::start().await.unwrap() else { return };
            let (proxy, quotas) = two_quotas(&redis).await;
            if is_connected {
                assert_eq!(let_in(&quotas, 1, "before").await.0, 2);
            }
            proxy.set(fault);
            let (count, longest) = let_in(&quotas, 64, key).await;
            assert!(count <= 7, "{key}: {count} were let in");
            assert!(longest < BOUND, "{key}: one waited {longest:?}");
            assert!(quotas.iter().all(|quota| quota.state() == QuotaState::Alone), "{key}");
            proxy.set(Fault::None);
            sleep(PAUSE).await;
            for quota in &quotas {
                quota.take("probe", SEVEN).await;
                assert_eq!(quota.state(), QuotaState::Shared, "{key}: it is not found again");
            }
            assert_eq!(let_in(&quotas, 64, "after").await.0, 7, "{key}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_network_that_comes_and_goes_opens_no_door() {
    let Some(redis) = Redis::start().await.unwrap() else { return };
    let (proxy, quotas) = two_quotas(&redis).await;
    let changing = async {
        for round in 0..60_u64 {
            proxy.set(match round % 5 {
                0 => Fault::Reset,
                1 => Fault::Delay(Duration::from_millis(300)),
                2 => Fault::Swallow,
                3 => Fault::CutAnswerAfter(3),
                _ => Fault::None,
            });
            sleep(Duration::from_millis(60)).await;
        }
        proxy.set(Fault::None);
    };
    let asking = async {
        let (mut all, mut longest) = (0, Duration::ZERO);
        for _ in 0..40 {
            let (count, time) = let_in(&quotas, 20, "flapping").await;
            all += count;
            longest = longest.max(time);
            sleep(Duration::from_millis(50)).await;
        }
        (all, longest)
    };
    let began = Instant::now();
    let ((all, longest), ()) = tokio::join!(asking, changing);
    assert!(longest < BOUND, "one waited {longest:?}");
    // Seven of Redis and three of each process, and what came back to each of the three in the meantime.
    let back = usize::try_from(began.elapsed().as_secs() / 8 + 1).unwrap();
    assert!(all <= 13 + 3 * back, "{all} were let in within {:?}", began.elapsed());
}

fn event(number: u64) -> Event {
    Event {
        wallet: wallet(number),
        kind: EventKind::Assessed,
        at: at(number),
        data: format!("{{\"n\":{number}}}"),
    }
}

/// The next thing heard: a number, or `None` for something missed.
async fn next(listener: &mut Receiver<Heard>) -> Option<u64> {
    match timeout(Duration::from_secs(30), listener.recv()).await.expect("something is heard") {
        Ok(Heard::Event(event)) => Some(event.at.seconds() - at(0).seconds()),
        Ok(Heard::Missed) | Err(RecvError::Lagged(_)) => None,
        Err(RecvError::Closed) => panic!("nobody tells any more"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn events_that_come_late_are_heard_in_order_and_none_is_missed() {
    let Some(redis) = Redis::start().await.unwrap() else { return };
    let (proxy, url) = Proxy::before(&redis.url).await.unwrap();
    let (here, there) = (RedisEvents::new(&url).unwrap(), RedisEvents::new(&url).unwrap());
    let mut listener = there.subscribe().await.unwrap();
    proxy.set(Fault::Delay(Duration::from_millis(60)));
    for number in 0..20 {
        here.publish(&[event(number)]).await.unwrap();
    }
    for number in 0..20 {
        assert_eq!(next(&mut listener).await, Some(number));
    }
    assert_eq!(listener.try_recv(), Err(TryRecvError::Empty));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_listener_whose_connection_is_reset_or_cut_hears_that_it_missed_something() {
    for fault in [Fault::Reset, Fault::CutAnswerAfter(0), Fault::CutAnswerAfter(40)] {
        let Some(redis) = Redis::start().await.unwrap() else { return };
        let (proxy, url) = Proxy::before(&redis.url).await.unwrap();
        let (here, there) = (RedisEvents::new(&redis.url).unwrap(), RedisEvents::new(&url).unwrap());
        let mut listener = there.subscribe().await.unwrap();
        here.publish(&[event(0)]).await.unwrap();
        assert_eq!(next(&mut listener).await, Some(0), "{fault:?}");
        proxy.set(fault);
        here.publish(&[event(1)]).await.unwrap();
        sleep(Duration::from_millis(300)).await;
        proxy.set(Fault::None);
        assert_eq!(next(&mut listener).await, None, "{fault:?}");
        here.publish(&[event(2)]).await.unwrap();
        assert_eq!(next(&mut listener).await, Some(2), "{fault:?}");
    }
}

/// Whatever breaks, with times in which all is well between: a listener is back within a second.
async fn change(to_sender: &Proxy, to_listener: &Proxy) {
    let delay = Fault::Delay(Duration::from_millis(700));
    let for_listener =
        [Fault::Reset, Fault::None, Fault::CutAnswerAfter(70), Fault::None, delay, Fault::None];
    let for_sender = [Fault::None, Fault::Reset, Fault::None, Fault::CutAnswerAfter(2), Fault::None, delay];
    for round in 0..12 {
        to_listener.set(for_listener[round % 6]);
        let steps = if round % 2 == 0 { 1 } else { 7 };
        for step in 0..steps {
            to_sender.set(for_sender[(round + step) % 6]);
            sleep(Duration::from_millis(300)).await;
        }
    }
    to_sender.set(Fault::None);
    to_listener.set(Fault::None);
}

/// Tells one event after the other; answers how many, the longest that one took and how many failed.
async fn tell(events: &RedisEvents, is_over: &AtomicBool) -> (u64, Duration, u32) {
    let (mut number, mut longest, mut failures) = (0, Duration::ZERO, 0);
    while !is_over.load(Ordering::SeqCst) {
        let began = Instant::now();
        failures += u32::from(events.publish(&[event(number)]).await.is_err());
        longest = longest.max(began.elapsed());
        number += 1;
        sleep(Duration::from_millis(10)).await;
    }
    (number, longest, failures)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_network_that_comes_and_goes_loses_no_event_without_a_word() {
    let Some(redis) = Redis::start().await.unwrap() else { return };
    let (to_sender, sender_url) = Proxy::before(&redis.url).await.unwrap();
    let (to_listener, listener_url) = Proxy::before(&redis.url).await.unwrap();
    let (here, there) = (RedisEvents::new(&sender_url).unwrap(), RedisEvents::new(&listener_url).unwrap());
    let mut listener = there.subscribe().await.unwrap();
    let is_over = AtomicBool::new(false);
    let ((told, longest, failures), ()) = tokio::join!(tell(&here, &is_over), async {
        change(&to_sender, &to_listener).await;
        is_over.store(true, Ordering::SeqCst);
    });
    assert!(longest < Duration::from_secs(2), "one waited {longest:?}");
    assert!(failures > 0, "no fault met the sender");
    // The listener is back within a second of the end, and then hears everything.
    sleep(Duration::from_secs(3)).await;
    while here.publish(&[event(told)]).await.is_err() {}
    let (mut expected, mut has_missed, mut heard, mut gaps) = (0, false, 0, 0);
    while expected <= told {
        let Some(number) = next(&mut listener).await else {
            has_missed = true;
            continue;
        };
        assert!(number >= expected, "{number} was heard where {expected} was next");
        if number > expected {
            gaps += 1;
            assert!(has_missed, "from {expected} to {number} was lost without a word");
        }
        (expected, has_missed, heard) = (number + 1, false, heard + 1);
    }
    let told_of = format!("{heard} of {told} heard, {gaps} gaps, {failures} not told");
    assert!(gaps > 2 && heard > told / 4, "{told_of}: the faults met nobody");
}
