//! The receivers take what the real ones take, refuse what they refuse, and count by the message's id.

use serde_json::{Value, json};

use crate::support::*;

/// With headers of a signed webhook.
pub(crate) fn signed(request: reqwest::RequestBuilder) -> reqwest::RequestBuilder {
    let signature = format!("v1,{}=", "a".repeat(43));
    request
        .header("webhook-id", "msg_1")
        .header("webhook-timestamp", "1700000000")
        .header("webhook-signature", signature)
}

async fn slack(probe: &Probe, body: &Value) -> (u16, String) {
    let request = probe.client.post(probe.url("/receivers/slack/services/T/B/x")).body(body.to_string());
    let answer = request.send().await.expect("answer");
    (answer.status().as_u16(), answer.text().await.expect("body"))
}

#[tokio::test]
async fn slack_takes_block_kit_within_its_limits_only() {
    let probe = Probe::start(1).await;
    let section =
        |text: String| json!({"blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": text}}]});
    for good in [json!({"text": "hi"}), section("a".repeat(3_000)), section("a &amp; b".to_owned())] {
        assert_eq!(slack(&probe, &good).await, (200, "ok".to_owned()), "{good}");
    }
    let header =
        |text: String| json!({"blocks": [{"type": "header", "text": {"type": "plain_text", "text": text}}]});
    let block = |id: &str| json!({"type": "divider", "block_id": id});
    let bad = [
        (section("a".repeat(3_001)), "invalid_blocks"),
        (section(String::new()), "invalid_blocks"),
        (section("<!channel>".to_owned()), "invalid_blocks"),
        (section("a & b".to_owned()), "invalid_blocks"),
        (header("a".repeat(151)), "invalid_blocks"),
        (json!({"blocks": [block("a"), block("a")]}), "invalid_blocks"),
        (json!({"blocks": vec![json!({"type": "divider"}); 51]}), "invalid_blocks"),
        (
            json!({"blocks": [{"type": "section", "fields": vec![json!({"type": "mrkdwn", "text": "x"}); 11]}]}),
            "invalid_blocks",
        ),
        (json!({}), "no_text"),
        (json!([1]), "invalid_payload"),
    ];
    for (payload, error) in bad {
        assert_eq!(slack(&probe, &payload).await, (400, error.to_owned()), "{payload}");
    }
}

#[tokio::test]
async fn pagerduty_takes_events_within_its_limits_only() {
    let probe = Probe::start(1).await;
    let event = |summary: String, key: String| {
        json!({"routing_key": "0".repeat(32), "event_action": "trigger", "dedup_key": key,
               "payload": {"summary": summary, "source": "risk", "severity": "critical"}})
    };
    let post = |event: Value| {
        let probe = &probe;
        async move { probe.post("/receivers/pagerduty/v2/enqueue", &event).await }
    };
    let (status, body) = post(event("s".repeat(1_024), "k1".to_owned())).await;
    assert_eq!((status, body["dedup_key"].as_str()), (202, Some("k1")));
    let mut heavy = event("s".to_owned(), "k".to_owned());
    heavy["payload"]["custom_details"] = json!({"text": "x".repeat(600_000)});
    let mut severe = event("s".to_owned(), "k".to_owned());
    severe["payload"]["severity"] = json!("dire");
    for bad in [
        event("s".repeat(1_025), "k".to_owned()),
        event(String::new(), "k".to_owned()),
        event("s".to_owned(), "k".repeat(256)),
        json!({"event_action": "trigger"}),
        json!({"routing_key": "0".repeat(32), "event_action": "resolve"}),
        heavy,
        severe,
    ] {
        let (status, body) = post(bad).await;
        assert_eq!((status, body["status"].as_str()), (400, Some("invalid event")));
    }
}

#[tokio::test]
async fn a_webhook_wants_the_three_headers_and_a_small_body_of_the_specified_shape() {
    let probe = Probe::start(1).await;
    let body = json!({"type": "a.b", "timestamp": "2026-01-01T00:00:00Z", "data": {}}).to_string();
    let post = |body: String| probe.client.post(probe.url("/receivers/webhook/one")).body(body);
    let status = |request: reqwest::RequestBuilder| async move {
        request.send().await.expect("answer").status().as_u16()
    };
    assert_eq!(status(signed(post(body.clone()))).await, 200);
    assert_eq!(status(post(body.clone())).await, 400);
    assert_eq!(status(signed(post("{\"a\":1}".to_owned()))).await, 400);
    let long = json!({"type": "a.b", "timestamp": "2026-01-01T00:00:00Z", "data": {"x": "x".repeat(20_000)}});
    assert_eq!(status(signed(post(long.to_string()))).await, 400);
    let (_, hooks) = probe.get("/control/received/webhook").await;
    assert_eq!(hooks[0]["headers"]["webhook-id"], "msg_1");
    assert_eq!((hooks[0]["json"]["type"].as_str(), hooks[0]["text"].as_str()), (Some("a.b"), Some(&*body)));
    assert_eq!((hooks[0]["accepted"].as_bool(), hooks[1]["accepted"].as_bool()), (Some(true), Some(false)));
}

#[tokio::test]
async fn discord_takes_embeds_within_their_limits_and_mentions_nobody() {
    let probe = Probe::start(1).await;
    let message = |embed: Value| json!({"embeds": [embed], "allowed_mentions": {"parse": []}});
    let post = |message: Value, query: &'static str| {
        let probe = &probe;
        async move { probe.post(&format!("/receivers/discord/api/webhooks/1/token{query}"), &message).await }
    };
    let good = message(json!({"title": "t", "description": "d".repeat(4_096)}));
    assert_eq!(post(good.clone(), "").await.0, 204);
    let (status, kept) = post(good, "?wait=true").await;
    assert!(status == 200 && kept["id"].is_string(), "{kept}");
    let field = json!({"name": "n", "value": "v".repeat(1_025)});
    for bad in [
        message(json!({"title": "t".repeat(257)})),
        message(json!({"description": "d".repeat(4_097)})),
        message(json!({"fields": [field]})),
        message(json!({"description": "d".repeat(4_096), "footer": {"text": "f".repeat(2_000)}})),
        json!({"embeds": [{"title": "t"}]}),
        json!({"embeds": [{"title": "t"}], "allowed_mentions": {"parse": ["everyone"]}}),
    ] {
        assert_eq!(post(bad.clone(), "?wait=true").await.0, 400, "{bad}");
    }
}

#[tokio::test]
async fn telegram_takes_a_token_and_closed_html_within_its_length() {
    let probe = Probe::start(1).await;
    let token = format!("bot1:{}", "k".repeat(30));
    let post = |bot: String, text: String| {
        let body = json!({"chat_id": "5", "text": text, "parse_mode": "HTML"});
        let probe = &probe;
        async move { probe.post(&format!("/receivers/telegram/{bot}/sendMessage"), &body).await.0 }
    };
    let long = format!("<b>{}</b>", "a".repeat(4_096));
    assert_eq!(post(token.clone(), long).await, 200);
    assert_eq!(post("bot1:short".to_owned(), "x".to_owned()).await, 404);
    for bad in
        ["", "<b>open", "</b>", "<i>crossed<b></i></b>", "<img>", "a & b", "a > b", &"🦀".repeat(2_049)]
    {
        assert_eq!(post(token.clone(), bad.to_owned()).await, 400, "{bad}");
    }
}

#[tokio::test]
async fn what_was_taken_is_counted_by_its_id_and_a_repeat_is_marked() {
    let probe = Probe::start(1).await;
    let message = |id: &str| {
        json!({"text": "hi", "blocks": [{"type": "context", "block_id": id,
                "elements": [{"type": "mrkdwn", "text": "x"}]}]})
    };
    for id in ["1.0.desk", "1.0.desk", "2.0.desk"] {
        assert_eq!(slack(&probe, &message(id)).await.0, 200);
    }
    assert_eq!(slack(&probe, &json!({})).await.0, 400);
    let (_, count) = probe.get("/control/received/slack/count").await;
    let wanted = json!({"accepted": 3, "refused": 1, "distinct": 2, "ids": {"1.0.desk": 2, "2.0.desk": 1}});
    assert_eq!(count, wanted);
    let (_, received) = probe.get("/control/received/slack").await;
    let repeated: Vec<bool> =
        received.as_array().expect("list").iter().map(|one| one["repeated"] == true).collect();
    assert_eq!(repeated, [false, true, false, false]);
}
