//! What is sent of which happening.

use risk_app::delivery::Receipt;
use risk_app::ports::Channels;
use risk_model::{ChannelKind, Happening, Severity, Timestamp};

use crate::bench::{Bench, desk, message};

pub(crate) async fn every_happening_of_every_severity_arrives_within_the_limits(bench: Bench) {
    let mut sent = 0;
    for (severity, alert) in Severity::ALL.into_iter().zip(1..) {
        for (happening, sequence) in Happening::ALL.iter().zip(0..) {
            let receipt = bench.send(&message(alert, sequence, *happening, severity)).await;
            assert_eq!(receipt, Receipt::Accepted, "{severity} {happening}");
            sent += u64::from(bench.kind.tells(*happening));
        }
    }
    let count = bench.count().await;
    assert_eq!((count["accepted"].as_u64(), count["refused"].as_u64()), (Some(sent), Some(0)), "{count}");
    assert_eq!(count["distinct"].as_u64(), Some(sent), "{count}");
    assert_eq!(bench.requests().await, sent);
}

pub(crate) async fn what_has_no_message_is_accepted_without_a_request(bench: Bench) {
    for happening in Happening::ALL.iter().filter(|one| !bench.kind.tells(**one)) {
        let receipt = bench.send(&message(1, 1, *happening, Severity::High)).await;
        assert_eq!(receipt, Receipt::Accepted, "{happening}");
    }
    assert_eq!(bench.requests().await, 0);
}

pub(crate) async fn a_message_that_is_sent_again_is_seen_to_be_the_same(bench: Bench) {
    let one = message(7, 0, Happening::Opened, Severity::High);
    for message in [&one, &one, &message(7, 1, Happening::Escalated, Severity::Critical), &one] {
        assert_eq!(bench.send(message).await, Receipt::Accepted);
    }
    let count = bench.count().await;
    assert_eq!((count["accepted"].as_u64(), count["distinct"].as_u64()), (Some(4), Some(2)), "{count}");
    let repeated: Vec<bool> = bench.received().await.iter().map(|one| one["repeated"] == true).collect();
    assert_eq!(repeated, [false, true, false, true]);
}

pub(crate) async fn a_test_says_that_it_is_one(bench: Bench) {
    let receipt = bench.channels.test(&desk(), Timestamp::new(1_700_000_000)).await;
    assert_eq!(receipt, Receipt::Accepted);
    let received = bench.received().await;
    assert_eq!(received.len(), 1);
    let text = received[0]["text"].as_str().expect("a body");
    assert!(text.contains("This is a test of Risk Manager"), "{text}");
}

pub(crate) async fn a_channel_of_another_name_is_gone(bench: Bench) {
    let listed = bench.channels.list();
    assert_eq!(listed.len(), 1);
    assert_eq!((&listed[0].id, listed[0].min_severity), (&desk(), Severity::Low));
    assert_eq!(bench.kind.name.parse::<ChannelKind>(), Ok(listed[0].kind));
    let mut elsewhere = message(1, 0, Happening::Opened, Severity::High);
    elsewhere.id.channel = "elsewhere".parse().expect("a name");
    let Receipt::Gone { why } = bench.send(&elsewhere).await else { panic!("not gone") };
    assert!(why.contains("elsewhere"), "{why}");
    assert_eq!(bench.requests().await, 0);
}
