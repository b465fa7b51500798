//! What an answer means: taken, later, never, or gone; and that each attempt is one request.

use std::time::Duration;

use risk_app::delivery::{Message, Receipt};
use risk_app::ports::Channels;
use risk_model::{Happening, Severity};
use serde_json::json;
use tokio::time::Instant;

use crate::bench::{Bench, message};

fn opened() -> Message {
    message(1, 0, Happening::Opened, Severity::High)
}

/// Which receipt it is, and the wait that it names.
fn sort(receipt: &Receipt) -> (&'static str, Option<u64>) {
    match receipt {
        Receipt::Accepted => ("accepted", None),
        Receipt::Later { after_seconds, .. } => ("later", *after_seconds),
        Receipt::Refused { .. } => ("refused", None),
        Receipt::Gone { .. } => ("gone", None),
    }
}

/// One attempt under a fault, and one after it: one request each, and the second is taken.
async fn under(bench: &Bench, fault: &str, more: serde_json::Value) -> (&'static str, Option<u64>) {
    bench.arm(fault, more).await;
    let receipt = bench.send(&opened()).await;
    assert_eq!(bench.requests().await, 1, "one attempt is one request");
    bench.heal().await;
    assert_eq!(bench.send(&opened()).await, Receipt::Accepted, "it goes on after the fault");
    sort(&receipt)
}

pub(crate) async fn a_429_is_later_and_says_when(bench: Bench) {
    assert_eq!(under(&bench, "status_429", json!({"retry_after": 7})).await, ("later", Some(7)));
}

pub(crate) async fn a_500_is_later(bench: Bench) {
    assert_eq!(under(&bench, "status_500", json!({})).await, ("later", None));
}

pub(crate) async fn a_receiver_that_hangs_is_left_in_time_and_delays_nobody(bench: Bench) {
    bench.arm("hang", json!({})).await;
    let (beside, started) = (bench.beside(), Instant::now());
    let other = async {
        let receipt = beside.send(&opened()).await;
        (receipt, started.elapsed())
    };
    let message = opened();
    let (receipt, (others, others_took)) = tokio::join!(bench.send(&message), other);
    assert_eq!(sort(&receipt), ("later", None));
    assert!(started.elapsed() < Duration::from_secs(3), "{:?}", started.elapsed());
    assert_eq!(others, Receipt::Accepted);
    assert!(others_took < Duration::from_millis(900), "{others_took:?}");
}

pub(crate) async fn a_connection_that_breaks_is_later_though_the_message_came(bench: Bench) {
    assert_eq!(under(&bench, "reset", json!({})).await, ("later", None));
    // The receiver tells by the id that it has it.
    let count = bench.count().await;
    assert_eq!((count["accepted"].as_u64(), count["distinct"].as_u64()), (Some(2), Some(1)), "{count}");
}

pub(crate) async fn a_success_with_an_error_inside_is_no_success(bench: Bench) {
    // Of a webhook the status alone counts.
    let wanted = if bench.kind.name == "webhook" { "accepted" } else { "later" };
    for fault in ["error_in_200", "wrong_json", "truncated"] {
        bench.arm(fault, json!({})).await;
        assert_eq!(sort(&bench.send(&opened()).await), (wanted, None), "{fault}");
        bench.heal().await;
    }
    assert_eq!(bench.requests().await, 3);
}

pub(crate) async fn refused_credentials_are_what_the_kind_says(bench: Bench) {
    let wanted = match bench.kind.name {
        "pager_duty" => "refused",
        "webhook" => "later",
        _ => "gone",
    };
    assert_eq!(under(&bench, "auth", json!({})).await, (wanted, None));
}

pub(crate) async fn a_destination_that_is_gone_is_gone(bench: Bench) {
    // PagerDuty has no such answer: it would be one that no attempt changes.
    let wanted = if bench.kind.name == "pager_duty" { "refused" } else { "gone" };
    assert_eq!(under(&bench, "gone", json!({})).await, (wanted, None));
}

pub(crate) async fn nobody_listening_is_later(bench: Bench) {
    let Receipt::Later { why, after_seconds: None } = bench.at_nobody().send(&opened()).await else {
        panic!("not later")
    };
    assert!(why.contains("connection"), "{why}");
}
