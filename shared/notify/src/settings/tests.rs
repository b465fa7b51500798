//! What the list of channels takes, defaults and refuses.

use super::*;

const KEY: &str = "0123456789abcdef0123456789abcdef";
const WHSEC: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const TOKEN: &str = "123456:abcdefghijklmnopqrstuvwxyz0123456789";

fn problems(text: &str) -> Vec<(String, Code)> {
    let problems = channels_of(text, Reach::Public).unwrap_err();
    problems.into_iter().map(|problem| (problem.field, problem.code)).collect()
}

#[test]
fn a_list_in_yaml_is_read_in_the_order_of_the_names() {
    let text = format!(
        "
- id: ops
  kind: webhook
  url: https://example.com/hook?team=1
  secrets: [{WHSEC}, {WHSEC}]
- id: desk
  kind: slack
  url: https://hooks.slack.com/services/T0/B0/secretsecret
  min_severity: high
  timeout_seconds: 5
- id: on-call
  kind: pager_duty
  routing_key: \"{KEY}\"
- {{id: chat, kind: telegram, bot_token: \"{TOKEN}\", chat_id: -100123}}
- {{id: room, kind: discord, url: https://discord.com/api/webhooks/1/token}}
"
    );
    let channels = channels_of(&text, Reach::Public).unwrap();
    let names: Vec<&str> = channels.iter().map(|channel| channel.id.as_str()).collect();
    assert_eq!(names, ["chat", "desk", "on-call", "ops", "room"]);
    let desk = &channels[1];
    assert_eq!((desk.min_severity, desk.timeout), (Severity::High, Duration::from_secs(5)));
    assert_eq!(channels[2].timeout, Duration::from_secs(15));
    assert_eq!(channels[2].min_severity, Severity::Low);
    let Endpoint::PagerDuty { url, .. } = &channels[2].endpoint else { panic!("{channels:?}") };
    assert_eq!(url.expose(), "https://events.pagerduty.com");
    let Endpoint::Telegram { chat_id, .. } = &channels[0].endpoint else { panic!("{channels:?}") };
    assert_eq!(chat_id, "-100123");
}

#[test]
fn a_list_in_json_is_read_and_nothing_is_no_channels() {
    let text =
        format!(r#"[{{"id":"ops","kind":"webhook","url":"https://1.1.1.1/x","secrets":["{WHSEC}"]}}]"#);
    assert_eq!(channels_of(&text, Reach::Public).unwrap().len(), 1);
    for text in ["", " \n", "[]"] {
        assert_eq!(channels_of(text, Reach::Public), Ok(Vec::new()), "{text:?}");
    }
}

#[test]
fn every_problem_is_told_at_once_by_its_path() {
    let text = r#"[
        {"id": "Desk", "kind": "slack", "url": "http://hooks.slack.com/services/x", "min_severity": "bad"},
        {"id": "a", "kind": "pigeon"},
        {"id": "b", "kind": "pager_duty", "routing_key": "short", "timeout_seconds": 31, "colour": "red"},
        {"id": "c", "kind": "webhook", "url": "https://10.0.0.1/", "secrets": []},
        {"id": "d", "kind": "webhook", "secrets": ["whsec_x", 7]},
        {"id": "e", "kind": "telegram", "bot_token": 5, "chat_id": "here"},
        {"kind": "discord", "url": "https://discord.com.example.org/api/webhooks/1/2"},
        "slack"
    ]"#;
    let expected = [
        ("channels[0].id", Code::Malformed),
        ("channels[0].min_severity", Code::Unsupported),
        ("channels[0].url", Code::Malformed),
        ("channels[1].kind", Code::Unsupported),
        ("channels[2].timeout_seconds", Code::OutOfRange),
        ("channels[2].routing_key", Code::Malformed),
        ("channels[2].colour", Code::UnknownField),
        ("channels[3].url", Code::Malformed),
        ("channels[3].secrets", Code::OutOfRange),
        ("channels[4].url", Code::Required),
        ("channels[4].secrets[0]", Code::Malformed),
        ("channels[4].secrets[1]", Code::WrongType),
        ("channels[5].bot_token", Code::WrongType),
        ("channels[5].chat_id", Code::Malformed),
        ("channels[6].id", Code::Required),
        ("channels[6].url", Code::Unsupported),
        ("channels[7]", Code::WrongType),
    ];
    let found = problems(text);
    let found: Vec<(&str, Code)> = found.iter().map(|(field, code)| (field.as_str(), *code)).collect();
    assert_eq!(found, expected);
}

#[test]
fn a_name_stands_once() {
    let one = format!(r#"{{"id":"a","kind":"pager_duty","routing_key":"{KEY}"}}"#);
    assert_eq!(problems(&format!("[{one},{one}]")), [("channels[1].id".to_owned(), Code::Repeated)]);
}

#[test]
fn a_url_is_the_providers_own_and_cannot_be_continued_to_another_host() {
    let slack = |url: &str| {
        let text = format!(r#"[{{"id":"a","kind":"slack","url":"{url}"}}]"#);
        (channels_of(&text, Reach::Public).is_ok(), channels_of(&text, Reach::PublicAndLoopback).is_ok())
    };
    assert_eq!(slack("https://hooks.slack.com/services/T/B/x"), (true, true));
    assert_eq!(slack("http://127.0.0.1:9000/receivers/slack/services/T"), (false, true));
    for url in [
        "https://hooks.slack.com.example.org/services/T/B/x",
        "https://hooks.slack.com@example.org/services/x",
        "https://example.org/hooks.slack.com/services/",
        "https://169.254.169.254/services/",
    ] {
        assert_eq!(slack(url), (false, false), "{url}");
    }
    let pager = |url: &str| {
        let text = format!(r#"[{{"id":"a","kind":"pager_duty","routing_key":"{KEY}","url":"{url}"}}]"#);
        channels_of(&text, Reach::Public).is_ok()
    };
    assert!(pager("https://events.eu.pagerduty.com"));
    assert!(!pager("https://events.pagerduty.com.example.org"));
}

#[test]
fn no_secret_is_shown_by_settings_or_by_their_problems() {
    let text = format!(
        r#"[{{"id":"a","kind":"pager_duty","routing_key":"{KEY}"}},
            {{"id":"b","kind":"slack","url":"https://hooks.slack.com/services/SECRETPATH"}},
            {{"id":"c","kind":"webhook","url":"https://example.com/SECRETPATH","secrets":["{WHSEC}"]}},
            {{"id":"d","kind":"telegram","bot_token":"{TOKEN}","chat_id":"1"}}]"#
    );
    let shown = format!("{:?}", channels_of(&text, Reach::Public).unwrap());
    let broken =
        text.replace("hooks.slack", "hooks.slick").replace(KEY, "SECRETKEY").replace("whsec_", "wh_");
    let told = format!("{:?}", channels_of(&broken.replace("123456:", ""), Reach::Public).unwrap_err());
    for secret in [KEY, "SECRETPATH", "SECRETKEY", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", TOKEN, "abcdefghij"] {
        assert!(!shown.contains(secret), "{shown}");
        assert!(!told.contains(secret), "{told}");
    }
}

#[test]
fn what_is_no_list_is_refused_without_being_shown() {
    for text in ["{id: a}", "just SECRET", "[", "- a: [1, 2\n", "[1, 1]"] {
        let told = format!("{:?}", channels_of(text, Reach::Public).unwrap_err());
        assert!(!told.contains("SECRET"), "{told}");
    }
    let long = format!("[{}]", " ".repeat(MOST_BYTES));
    assert_eq!(problems(&long), [("channels".to_owned(), Code::TooLong)]);
}
