//! What each kind says in its own words.

use risk_app::delivery::Receipt;
use risk_model::{AlertKind, Happening, Severity};
use serde_json::Value;

use crate::bench::{Bench, Kind, message};

/// Sends the happenings of one alert in their order; the bodies that arrived.
async fn life(bench: &Bench, alert: u64) -> Vec<Value> {
    for (happening, sequence) in Happening::ALL.iter().zip(0..) {
        let severity = if sequence == 0 { Severity::Medium } else { Severity::Critical };
        let receipt = bench.send(&message(alert, sequence, *happening, severity)).await;
        assert_eq!(receipt, Receipt::Accepted);
    }
    bench.received().await.into_iter().map(|one| one["json"].clone()).collect()
}

fn texts<'a>(bodies: &'a [Value], pointer: &str) -> Vec<&'a str> {
    bodies.iter().map(|body| body.pointer(pointer).and_then(Value::as_str).unwrap_or_default()).collect()
}

#[tokio::test]
async fn pager_duty_keeps_one_incident_an_alert_through_its_life() {
    let bench = Bench::start(Kind::named("pager_duty")).await;
    let bodies = life(&bench, 1).await;
    assert_eq!(texts(&bodies, "/event_action"), ["trigger", "trigger", "acknowledge", "resolve"]);
    let keys = texts(&bodies, "/dedup_key");
    assert!(keys.iter().all(|key| *key == keys[0]) && keys[0].len() == 64, "{keys:?}");
    assert_eq!(texts(&bodies, "/payload/severity"), ["warning", "critical", "", ""]);
    assert_eq!(texts(&bodies, "/payload/component")[0], "aave_v3:ethereum:core");
    assert!(texts(&bodies, "/payload/summary")[1].starts_with("Now critical: liquidation risk: "));
    let details = &bodies[0]["payload"]["custom_details"]["alert"];
    assert_eq!((details["measured"].as_f64(), details["threshold"].as_f64()), (Some(1.0312), Some(1.05)));
    assert!(bodies[3].get("payload").is_none());

    let mut others = vec![message(2, 0, Happening::Opened, Severity::Medium)];
    others.push(message(1, 0, Happening::Opened, Severity::Medium));
    others[1].alert.kind = AlertKind::DataBlind;
    for other in &others {
        assert_eq!(bench.send(other).await, Receipt::Accepted);
    }
    let received = bench.received().await;
    let keys: std::collections::HashSet<String> =
        received.iter().map(|one| one["json"]["dedup_key"].to_string()).collect();
    assert_eq!(keys.len(), 3, "another alert is another incident");
}

#[tokio::test]
async fn pager_duty_does_not_take_an_event_that_it_refused() {
    let bench = Bench::start(Kind::named("pager_duty")).await;
    bench.arm("auth", serde_json::json!({})).await;
    let receipt = bench.send(&message(1, 0, Happening::Opened, Severity::High)).await;
    assert_eq!(receipt, Receipt::Refused { why: "PagerDuty answered 400".to_owned() });
}

#[tokio::test]
async fn a_webhook_names_the_event_and_carries_the_alert_as_the_api_does() {
    let bench = Bench::start(Kind::named("webhook")).await;
    let bodies = life(&bench, 17).await;
    let wanted = ["alert.opened", "alert.escalated", "alert.acknowledged", "alert.resolved"];
    assert_eq!(texts(&bodies, "/type"), wanted);
    assert_eq!(texts(&bodies, "/timestamp")[0], "2023-11-14T22:13:20Z");
    let alert = &bodies[3]["data"]["alert"];
    for (field, value) in [
        ("alert_type", "liquidation_risk"),
        ("state", "resolved"),
        ("severity", "critical"),
        ("resolution", "health factor is back over 1.10"),
        ("action", "Repay 120.5 USDC (120.50 USD) for a health factor of 1.25."),
    ] {
        assert_eq!(alert[field], value, "{alert}");
    }
    let received = bench.received().await;
    assert_eq!(received[0]["headers"]["webhook-id"], "msg_17_0_desk");
    assert_eq!(received[0]["headers"]["webhook-timestamp"], "1700000000");
    assert_eq!(received[0]["headers"]["content-type"], "application/json");
}

#[tokio::test]
async fn chats_say_what_is_the_matter_the_figures_and_what_to_do_until_it_is_over() {
    for name in ["slack", "discord", "telegram"] {
        let bench = Bench::start(Kind::named(name)).await;
        life(&bench, 17).await;
        let received = bench.received().await;
        assert_eq!(received.len(), 3, "{name}");
        let bodies: Vec<String> =
            received.iter().map(|one| one["text"].as_str().expect("a body").replace('\\', "")).collect();
        for body in &bodies {
            for part in ["health factor 1.0312", "1.05", "0xa5", "aave_v3:ethereum:core", "alert 17"] {
                assert!(body.to_lowercase().contains(part), "{name}: {part} is not in {body}");
            }
        }
        assert!(bodies[0].contains("Medium: liquidation risk") && bodies[0].contains("Repay 120.5 USDC"));
        assert!(bodies[1].contains("Now critical: liquidation risk"), "{}", bodies[1]);
        assert!(bodies[2].contains("Resolved: liquidation risk") && !bodies[2].contains("Repay"));
        assert!(bodies[2].contains("health factor is back over 1.10"), "{}", bodies[2]);
    }
}

#[tokio::test]
async fn slack_shows_a_fallback_and_blocks() {
    let bench = Bench::start(Kind::named("slack")).await;
    let bodies = life(&bench, 17).await;
    assert!(texts(&bodies, "/text")[0].starts_with("Medium: liquidation risk: "));
    let kinds: Vec<&Value> =
        bodies[0]["blocks"].as_array().expect("blocks").iter().map(|block| &block["type"]).collect();
    assert_eq!(kinds, ["header", "section", "section", "section", "context"]);
}
