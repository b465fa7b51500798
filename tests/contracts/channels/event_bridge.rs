//! EventBridge: what it is sent, filtered by real rules into a queue, and what its refusals mean.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use risk_app::delivery::Receipt;
use risk_app::ports::Channels;
use risk_model::{Happening, Severity, Timestamp};
use risk_notify::{ConfiguredChannels, Event};
use risk_tests::Moto;
use risk_tests::moto::REGION;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::bench::{SECRET, configured, desk, message};

fn on(base: &str) -> ConfiguredChannels {
    configured(&[
        json!({"id": "desk", "kind": "event_bridge", "url": base, "region": REGION, "timeout_seconds": 1}),
    ])
}

/// A queue behind a rule on our bus; its URL.
async fn queue_behind(moto: &Moto, pattern: &Value) -> anyhow::Result<String> {
    moto.ask("events", "AWSEvents.CreateEventBus", &json!({"Name": "risk-manager"})).await?;
    let made = moto.ask("sqs", "AmazonSQS.CreateQueue", &json!({"QueueName": "alerts"})).await?;
    let url = made["QueueUrl"].as_str().unwrap_or_default().to_owned();
    let asked = json!({"QueueUrl": url, "AttributeNames": ["QueueArn"]});
    let attributes = moto.ask("sqs", "AmazonSQS.GetQueueAttributes", &asked).await?;
    let rule = json!({"Name": "alerts", "EventBusName": "risk-manager", "EventPattern": pattern.to_string()});
    moto.ask("events", "AWSEvents.PutRule", &rule).await?;
    let targets = json!([{"Id": "queue", "Arn": attributes["Attributes"]["QueueArn"]}]);
    let target = json!({"Rule": "alerts", "EventBusName": "risk-manager", "Targets": targets});
    moto.ask("events", "AWSEvents.PutTargets", &target).await?;
    Ok(url)
}

/// The events in a queue, in the order of their detail types.
async fn events_in(moto: &Moto, queue: &str) -> anyhow::Result<Vec<Value>> {
    let mut events = Vec::new();
    loop {
        let asked = json!({"QueueUrl": queue, "MaxNumberOfMessages": 10, "VisibilityTimeout": 600});
        let answer = moto.ask("sqs", "AmazonSQS.ReceiveMessage", &asked).await?;
        let Some(messages) = answer["Messages"].as_array().filter(|list| !list.is_empty()) else { break };
        for message in messages {
            events.push(serde_json::from_str(message["Body"].as_str().unwrap_or_default())?);
        }
    }
    events.sort_by_key(|event: &Value| event["detail-type"].to_string());
    Ok(events)
}

#[tokio::test]
async fn alerts_go_through_a_rule_into_a_queue_and_other_events_beside_it() -> anyhow::Result<()> {
    let Some(moto) = Moto::start().await? else { return Ok(()) };
    let pattern = json!({"source": ["risk-manager"], "detail-type": [{"prefix": "Alert"}],
                         "detail": {"alert": {"severity": ["critical"]}}});
    let queue = queue_behind(&moto, &pattern).await?;
    let channels = on(&moto.base_url);
    for severity in [Severity::Low, Severity::Critical] {
        for (happening, sequence) in Happening::ALL.iter().zip(0..) {
            let receipt = channels.send(&message(17, sequence, *happening, severity)).await;
            assert_eq!(receipt, Receipt::Accepted, "{severity} {happening}");
        }
    }
    assert_eq!(channels.test(&desk(), Timestamp::new(1_700_000_000)).await, Receipt::Accepted);

    let events = events_in(&moto, &queue).await?;
    let kinds: Vec<&str> = events.iter().filter_map(|event| event["detail-type"].as_str()).collect();
    assert_eq!(kinds, ["AlertEscalated", "AlertOpened", "AlertResolved"]);
    assert_eq!(events[1]["source"], "risk-manager");
    let detail = &events[1]["detail"];
    assert_eq!(
        (detail["message_id"].as_str(), detail["alert"]["id"].as_u64()),
        (Some("17.0.desk"), Some(17))
    );
    assert_eq!(detail["alert"]["measured"], 1.0312);
    Ok(())
}

#[tokio::test]
async fn events_are_published_in_tens_and_those_not_taken_are_named() -> anyhow::Result<()> {
    let Some(moto) = Moto::start().await? else { return Ok(()) };
    let queue = queue_behind(&moto, &json!({"source": ["risk-manager"]})).await?;
    let channels = on(&moto.base_url);
    let bus = channels.event_bus(&desk()).expect("a bus");
    let event = |detail_type, shard| Event {
        detail_type,
        at: Timestamp::new(1_700_000_000),
        detail: json!({"sweep": "s1", "shard": shard}),
    };
    let shards: Vec<Event> = (0..25).map(|shard| event("SweepShardRequested", shard)).collect();
    assert_eq!(bus.publish(&shards).await, Ok(()));
    assert_eq!(events_in(&moto, &queue).await?.len(), 25);

    // Without a detail type an entry fails alone, within an answer of 200.
    let mixed: Vec<Event> =
        (0..25).map(|shard| event(if shard % 12 == 0 { "" } else { "SweepShardRequested" }, shard)).collect();
    let failure = bus.publish(&mixed).await.expect_err("three are not taken");
    assert_eq!(failure.places, [0, 12, 24]);
    assert_eq!(failure.why, "EventBridge did not take the event: InvalidArgument");
    assert_eq!(events_in(&moto, &queue).await?.len(), 22);
    Ok(())
}

#[tokio::test]
async fn a_bus_that_does_not_exist_is_gone() -> anyhow::Result<()> {
    let Some(moto) = Moto::start().await? else { return Ok(()) };
    let receipt = on(&moto.base_url).send(&message(1, 0, Happening::Opened, Severity::High)).await;
    let Receipt::Gone { why } = receipt else { panic!("{receipt:?}") };
    assert_eq!(why, "EventBridge refused the events: ResourceNotFoundException");
    Ok(())
}

/// A server that gives one answer to everything.
async fn answering(status: u16, body: Value) -> String {
    async fn answer(State((status, body)): State<(u16, Arc<Value>)>) -> Response {
        if status == 0 {
            tokio::time::sleep(Duration::from_secs(30)).await;
        }
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
        (status, [("content-type", "application/x-amz-json-1.1")], body.to_string()).into_response()
    }
    let router = Router::new().route("/", post(answer)).with_state((status, Arc::new(body)));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let base = format!("http://{}", listener.local_addr().expect("its address"));
    tokio::spawn(async move { axum::serve(listener, router).await });
    base
}

#[tokio::test]
async fn each_refusal_means_what_it_says_and_shows_no_secret() {
    let failed =
        |code: &str| json!({"FailedEntryCount": 1, "Entries": [{"ErrorCode": code, "ErrorMessage": SECRET}]});
    let error = |code: &str| json!({"__type": code, "message": SECRET});
    let cases = [
        (200, json!({"FailedEntryCount": 0, "Entries": [{"EventId": "1"}]}), "Accepted"),
        (200, failed("InternalFailure"), "Later"),
        (200, failed("ThrottlingException"), "Later"),
        (200, json!({"FailedEntryCount": 1}), "Later"),
        (200, json!("what?"), "Later"),
        (500, error("InternalException"), "Later"),
        (503, json!(null), "Later"),
        (400, error("ThrottlingException"), "Later"),
        (400, error("ExpiredTokenException"), "Later"),
        (400, error("AccessDeniedException"), "Later"),
        (400, error("ResourceNotFoundException"), "Gone"),
        (400, error("ValidationException"), "Refused"),
        (413, json!(null), "Refused"),
    ];
    for (status, body, wanted) in cases {
        let channels = on(&answering(status, body.clone()).await);
        let receipt = channels.send(&message(1, 0, Happening::Opened, Severity::High)).await;
        let shown = format!("{receipt:?} {channels:?}");
        assert!(shown.starts_with(wanted), "{status} {body}: {shown}");
        for secret in [SECRET, "http://", "127.0.0.1"] {
            assert!(!shown.contains(secret), "{shown}");
        }
    }
}

#[tokio::test]
async fn a_bus_that_hangs_is_left_in_time() {
    let channels = on(&answering(0, json!({})).await);
    let started = Instant::now();
    let receipt = channels.send(&message(1, 0, Happening::Opened, Severity::High)).await;
    let why = "event_bridge did not answer in time".to_owned();
    assert_eq!(receipt, Receipt::Later { why, after_seconds: None });
    assert!(started.elapsed() < Duration::from_secs(3), "{:?}", started.elapsed());
}
