//! Tests of the breaker on its own, in real time with short periods.

use super::*;

const OPEN: Duration = Duration::from_millis(200);

fn breaker(failures: u32) -> Breaker {
    let mut policy = Policy::new("test");
    policy.breaker_failures = failures;
    policy.breaker_open = OPEN;
    Breaker::new(&policy)
}

fn feed(breaker: &Breaker, verdict: Verdict) {
    let admission = breaker.admit().expect("closed or probing");
    breaker.settle(admission, verdict);
}

async fn wait_until_half_open() {
    tokio::time::sleep(OPEN + OPEN / 4).await;
}

#[tokio::test]
async fn only_failures_in_a_row_open_it_and_a_success_breaks_the_row() {
    let breaker = breaker(2);
    for _ in 0..5 {
        feed(&breaker, Verdict::Failure);
        feed(&breaker, Verdict::Success);
    }
    assert_eq!(breaker.state().0, BreakerState::Closed);
    feed(&breaker, Verdict::Failure);
    feed(&breaker, Verdict::Failure);
    assert_eq!(breaker.state().0, BreakerState::Open);
    assert!(breaker.peek().is_err());
    assert!(breaker.admit().is_err());
}

#[tokio::test]
async fn a_throttle_and_a_refusal_neither_open_it_nor_break_a_row_of_failures() {
    let breaker = breaker(2);
    for _ in 0..20 {
        feed(&breaker, Verdict::Throttled(None));
        feed(&breaker, Verdict::Refused);
    }
    assert_eq!(breaker.state().0, BreakerState::Closed);
    feed(&breaker, Verdict::Failure);
    feed(&breaker, Verdict::Refused);
    feed(&breaker, Verdict::Throttled(None));
    feed(&breaker, Verdict::Failure);
    assert_eq!(breaker.state().0, BreakerState::Open);
}

#[tokio::test]
async fn half_open_lets_one_probe_through_and_its_success_closes() {
    let breaker = breaker(1);
    feed(&breaker, Verdict::Failure);
    wait_until_half_open().await;
    let probe = breaker.admit().expect("the first probe");
    assert_eq!(breaker.state().0, BreakerState::HalfOpen);
    assert_eq!(breaker.admit().err(), Some(PROBE_WAIT));
    breaker.settle(probe, Verdict::Success);
    assert_eq!(breaker.state().0, BreakerState::Closed);
    let both = (breaker.admit(), breaker.admit());
    assert!(both.0.is_ok() && both.1.is_ok());
}

#[tokio::test]
async fn a_probe_that_is_dropped_unsettled_leaves_room_for_the_next() {
    let breaker = breaker(1);
    feed(&breaker, Verdict::Failure);
    wait_until_half_open().await;
    drop(breaker.admit().expect("the first probe"));
    assert!(breaker.admit().is_ok());
}

#[tokio::test]
async fn a_refused_probe_closes_it_because_the_upstream_answers() {
    let breaker = breaker(1);
    feed(&breaker, Verdict::Failure);
    wait_until_half_open().await;
    feed(&breaker, Verdict::Refused);
    assert_eq!(breaker.state().0, BreakerState::Closed);
}

#[tokio::test]
async fn a_failed_probe_opens_it_for_twice_as_long() {
    let breaker = breaker(1);
    feed(&breaker, Verdict::Failure);
    let first = breaker.peek().unwrap_err();
    assert!(first <= OPEN, "{first:?}");
    wait_until_half_open().await;
    feed(&breaker, Verdict::Failure);
    let second = breaker.peek().unwrap_err();
    assert!(second > OPEN && second <= OPEN * 2, "{second:?}");
}

#[tokio::test]
async fn a_late_reply_from_before_it_opened_does_not_decide_for_the_probe() {
    let breaker = breaker(1);
    let late_success = breaker.admit().expect("closed");
    let late_failure = breaker.admit().expect("closed");
    feed(&breaker, Verdict::Failure);
    wait_until_half_open().await;
    let probe = breaker.admit().expect("the probe");
    breaker.settle(late_success, Verdict::Success);
    assert_eq!(breaker.state().0, BreakerState::HalfOpen);
    breaker.settle(late_failure, Verdict::Failure);
    assert_eq!(breaker.state().0, BreakerState::HalfOpen);
    breaker.settle(probe, Verdict::Success);
    assert_eq!(breaker.state().0, BreakerState::Closed);
}

#[test]
fn open_periods_double_up_to_the_cap() {
    let seen = Seen { state: BreakerState::Closed, epoch: 0, open_for: Duration::ZERO, reopens_at: None };
    let first = Duration::from_secs(100);
    let periods = OpenPeriods { next: first, longest: LONGEST_OPEN, seen: Arc::new(Mutex::new(seen)) };
    let seconds: Vec<u64> = periods.take(4).map(|period| period.as_secs()).collect();
    assert_eq!(seconds, [100, 200, 300, 300]);
}
