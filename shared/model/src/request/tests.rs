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
