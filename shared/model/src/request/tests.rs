//! What each request parser takes and refuses.

use super::*;

const WALLET: &str = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed";

pub(super) fn refused<T: std::fmt::Debug>(parsed: Parsed<T>) -> Vec<(String, Code)> {
    parsed.unwrap_err().into_iter().map(|rejection| (rejection.field, rejection.code)).collect()
}

#[test]
fn a_summary_query_is_taken_with_its_age() {
    let parsed = SummaryRequest::parse(&format!("wallet={WALLET}&max_age=30")).unwrap();
    assert_eq!(parsed.wallet.to_string(), WALLET);
    assert_eq!(parsed.max_age_seconds, Some(30));
}

#[test]
fn each_bad_query_names_its_parameter_and_rule() {
    let wallet = |rest: &str| format!("wallet={WALLET}{rest}");
    let cases = [
        (String::new(), "wallet", Code::Required),
        ("wallet=0x12".into(), "wallet", Code::WrongLength),
        ("wallet=%FF".into(), "wallet", Code::Malformed),
        (wallet("&wallet=0x12"), "wallet", Code::Repeated),
        (wallet("&max_age=-1"), "max_age", Code::OutOfRange),
        (wallet("&max_age=99999999999"), "max_age", Code::OutOfRange),
        (wallet("&max_age=soon"), "max_age", Code::Malformed),
        (wallet("&colour=red"), "colour", Code::UnknownField),
        (format!("wallet={}", "a".repeat(9000)), "query", Code::TooLong),
    ];
    for (query, field, code) in cases {
        assert_eq!(refused(SummaryRequest::parse(&query)), [(field.to_owned(), code)], "{query}");
    }
}

#[test]
fn alerts_have_defaults_and_bounds() {
    let parsed = AlertsRequest::parse("severity=high&resolved=false").unwrap();
    assert_eq!((parsed.limit, parsed.skip, parsed.resolved), (50, 0, Some(false)));
    assert_eq!(refused(AlertsRequest::parse("limit=-1")), [("limit".to_owned(), Code::OutOfRange)]);
    assert_eq!(refused(AlertsRequest::parse("limit=201")), [("limit".to_owned(), Code::OutOfRange)]);
    assert_eq!(
        refused(AlertsRequest::parse("alert_type=bad")),
        [("alert_type".to_owned(), Code::Unsupported)]
    );
}

#[test]
fn an_analyze_body_is_taken_whole() {
    let body = format!(r#"{{"wallet_address":"{WALLET}","chains":["base"],"force_refresh":true}}"#);
    let parsed = AnalyzeRequest::parse(body.as_bytes()).unwrap();
    assert!(parsed.force_refresh && !parsed.scope.is_whole());
    assert!(parsed.scope.holds(Protocol::AaveV3, ChainId::Base));
    assert!(!parsed.scope.holds(Protocol::AaveV3, ChainId::Ethereum));
}

#[test]
fn each_bad_body_names_its_field_and_rule() {
    let cases: [(&[u8], &str, Code); 10] = [
        (b"", "body", Code::Malformed),
        (b"[]", "body", Code::WrongType),
        (b"{\"a\":", "body", Code::Malformed),
        (b"{\"wallet_address\":\"\xff\"}", "body", Code::Malformed),
        (b"{}", "wallet_address", Code::Required),
        (b"{\"wallet_address\":7}", "wallet_address", Code::WrongType),
        (b"{\"wallet_address\":null}", "wallet_address", Code::Required),
        (b"{\"wallet_address\":\"0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed\",\"x\":1}", "x", Code::UnknownField),
        (
            b"{\"wallet_address\":\"0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed\",\"chains\":[\"base\",\"mars\"]}",
            "chains[1]",
            Code::Unsupported,
        ),
        (
            b"{\"wallet_address\":\"0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed\",\"wallet_address\":\"\"}",
            "wallet_address",
            Code::Repeated,
        ),
    ];
    for (body, field, code) in cases {
        let seen = refused(AnalyzeRequest::parse(body));
        assert_eq!(seen, [(field.to_owned(), code)], "{}", String::from_utf8_lossy(body));
    }
    let deep = format!("{{\"wallet_address\":{}1{}}}", "[".repeat(500), "]".repeat(500));
    assert_eq!(refused(AnalyzeRequest::parse(deep.as_bytes())), [("body".to_owned(), Code::Malformed)]);
}

#[test]
fn a_watch_takes_an_empty_body_and_bounded_fields() {
    assert_eq!(WatchRequest::parse(b"").unwrap(), WatchRequest::default());
    assert_eq!(
        refused(WatchRequest::parse(br#"{"health_factor_threshold":1}"#)),
        [("health_factor_threshold".to_owned(), Code::OutOfRange)]
    );
    assert_eq!(
        refused(WatchRequest::parse(b"{\"label\":\"a\\u0000\"}")),
        [("label".to_owned(), Code::Malformed)]
    );
}

#[test]
fn a_watch_takes_thresholds_channels_and_a_least_severity() {
    let body = br#"{"thresholds":{"health_factor":1.5,"probability_24h":0.2,"cool_down_seconds":0},
        "channels":["desk","night"],"min_severity":"high"}"#;
    let parsed = WatchRequest::parse(body).unwrap();
    assert_eq!((parsed.health_factor, parsed.min_severity), (Some(1.5), Some(Severity::High)));
    let set: Vec<_> = parsed.thresholds.iter().map(|(name, value)| (name.name(), value)).collect();
    assert_eq!(set, [("probability_24h", 0.2), ("cool_down_seconds", 0.0)]);
    let names: Vec<_> = parsed.channels.iter().flatten().map(ToString::to_string).collect();
    assert_eq!(names, ["desk", "night"]);
    let older = WatchRequest::parse(br#"{"health_factor_threshold":1.4}"#).unwrap();
    assert_eq!((older.health_factor, older.channels), (Some(1.4), None));
    assert_eq!(WatchRequest::parse(br#"{"channels":[]}"#).unwrap().channels, Some(Vec::new()));
    assert_eq!(WatchRequest::parse(br#"{"channels":null}"#).unwrap().channels, None);
    assert_eq!(WatchRequest::parse(br#"{"min_severity":null}"#).unwrap().min_severity, None);
}

#[test]
fn each_refused_part_of_a_watch_is_named_by_its_path() {
    let many = format!("{{\"channels\":[{}]}}", vec!["\"a\""; 21].join(","));
    let first = |body: &[u8]| refused(WatchRequest::parse(body)).swap_remove(0);
    for (body, field, code) in [
        (&br#"{"thresholds":{"gas_multiple":1}}"#[..], "thresholds.gas_multiple", Code::OutOfRange),
        (br#"{"thresholds":{"depeg":"0.1"}}"#, "thresholds.depeg", Code::WrongType),
        (br#"{"thresholds":{"depegg":0.1}}"#, "thresholds.depegg", Code::UnknownField),
        (br#"{"thresholds":{"health_factor":1}}"#, "thresholds.health_factor", Code::OutOfRange),
        (br#"{"thresholds":[]}"#, "thresholds", Code::WrongType),
        (
            br#"{"thresholds":{"health_factor":1.3},"health_factor_threshold":1.3}"#,
            "health_factor_threshold",
            Code::Repeated,
        ),
        (br#"{"channels":["desk","De sk"]}"#, "channels[1]", Code::Malformed),
        (br#"{"channels":["desk","desk"]}"#, "channels[1]", Code::Repeated),
        (br#"{"channels":"desk"}"#, "channels", Code::WrongType),
        (many.as_bytes(), "channels", Code::TooLong),
        (br#"{"min_severity":"mild"}"#, "min_severity", Code::Unsupported),
        (br#"{"min_severity":3}"#, "min_severity", Code::WrongType),
    ] {
        assert_eq!(first(body), (field.to_owned(), code), "{}", String::from_utf8_lossy(body));
    }
}
