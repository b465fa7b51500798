//! The order of the checks, and the normalised form.

use super::*;

const WALLET: &str = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed";
const LOWER: &str = "0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed";
const KEYS: Policy = Policy { needs_key: true, answers_preflight: false };
const OPEN: Policy = Policy { needs_key: false, answers_preflight: false };

fn key() -> String {
    format!("rm_{}", "5a".repeat(32))
}

/// Method, target, headers and body of a request, and the kind of its refusal.
type Row<'a> = (&'a str, &'a str, &'a [(&'a str, &'a [u8])], &'a [u8], Option<Kind>);

/// The kind of the refusal; `None` where the request passes.
fn kind(method: &str, target: &str, headers: &[(&str, &[u8])], body: &[u8], policy: Policy) -> Option<Kind> {
    let head = Head::new(method, target, Headers(headers));
    validate(head, Some(body), policy).err().map(|problem| problem.kind)
}

fn accepted<'a>(
    method: &'a str,
    target: &'a str,
    headers: &'a [(&'a str, &'a [u8])],
    body: &[u8],
) -> Accepted<'a> {
    validate(Head::new(method, target, Headers(headers)), Some(body), OPEN).unwrap()
}

#[test]
fn each_check_comes_before_the_next_one() {
    let (key, long) = (key(), "x".repeat(crate::request::MAX_BODY_BYTES + 1));
    let key: (&str, &[u8]) = ("x-api-key", key.as_bytes());
    let json: (&str, &[u8]) = ("content-type", b"application/json");
    let bad_wallet: (&str, &[u8]) = ("x-wallet-address", b"0x12");
    let said: (&str, &[u8]) = ("content-length", b"70000");
    let huge = "a".repeat(MAX_HEADER_BYTES);
    let huge: (&str, &[u8]) = ("cookie", huge.as_bytes());
    let url = format!("/%ff{}", "a".repeat(MAX_URL_BYTES));
    let cases: [Row; 14] = [
        ("GET", "/a b", &[huge], b"", Some(Kind::Malformed)),
        ("GET", &url, &[huge], b"", Some(Kind::UrlTooLong)),
        ("GET", "/%ff", &[huge], b"", Some(Kind::HeadersTooLarge)),
        ("GET", "/%ff", &[], b"", Some(Kind::Malformed)),
        ("BREW", "/api/risk/nothing", &[], b"", Some(Kind::NotFound)),
        ("BREW", "/api/risk/analyze?a=1", &[], b"", Some(Kind::MethodNotAllowed)),
        ("POST", "/api/risk/analyze?a=1", &[bad_wallet], b"", Some(Kind::Unauthenticated)),
        ("POST", "/api/risk/analyze?a=1", &[key, bad_wallet, said], b"", Some(Kind::RefusedValues)),
        ("POST", "/api/risk/analyze?a=1", &[key, said], b"", Some(Kind::RefusedValues)),
        ("POST", "/api/risk/analyze", &[key, said], b"{}", Some(Kind::BodyTooLarge)),
        ("POST", "/api/risk/analyze", &[key], long.as_bytes(), Some(Kind::BodyTooLarge)),
        ("POST", "/api/risk/analyze", &[key], b"{", Some(Kind::UnsupportedMediaType)),
        ("POST", "/api/risk/analyze", &[key, json], b"{", Some(Kind::Malformed)),
        ("POST", "/api/risk/analyze", &[key, json], b"{}", Some(Kind::RefusedValues)),
    ];
    for (method, target, headers, body, expected) in cases {
        assert_eq!(kind(method, target, headers, body, KEYS), expected, "{method} {target}");
    }
}

#[test]
fn a_key_is_judged_by_its_shape_alone_and_only_where_one_is_needed() {
    let target = format!("/api/risk/summary?wallet={WALLET}");
    let key = key();
    let right: &[(&str, &[u8])] = &[("X-API-Key", key.as_bytes())];
    let twice: &[(&str, &[u8])] = &[("x-api-key", key.as_bytes()), ("x-api-key", key.as_bytes())];
    assert_eq!(kind("GET", &target, right, b"", KEYS), None);
    assert_eq!(kind("GET", &target, twice, b"", KEYS), Some(Kind::Unauthenticated));
    assert_eq!(kind("GET", &target, &[("x-api-key", b"rm_1")], b"", KEYS), Some(Kind::Unauthenticated));
    assert_eq!(kind("GET", &target, &[], b"", KEYS), Some(Kind::Unauthenticated));
    assert_eq!(kind("GET", &target, &[], b"", OPEN), None);
    assert_eq!(kind("GET", "/api/risk/health", &[], b"", KEYS), None);
}

#[test]
fn a_preflight_passes_where_the_server_answers_it_and_only_there() {
    let preflight = Policy { needs_key: true, answers_preflight: true };
    assert_eq!(kind("OPTIONS", "/api/risk/summary", &[], b"", preflight), None);
    assert_eq!(kind("OPTIONS", "/api/risk/summary", &[], b"", KEYS), Some(Kind::MethodNotAllowed));
    assert_eq!(kind("OPTIONS", "/%ff", &[], b"", preflight), Some(Kind::Malformed));
}

#[test]
fn a_browser_gets_its_message_on_the_page_and_a_program_a_problem() {
    let html: &[(&str, &[u8])] = &[("accept", b"text/html")];
    assert_eq!(kind("GET", "/?wallet=0x12", html, b"", KEYS), None);
    assert_eq!(accepted("GET", "/?wallet=0x12", html, b"").target(), "/?wallet=0x12");
    assert_eq!(kind("GET", "/?wallet=0x12", &[], b"", KEYS), Some(Kind::RefusedValues));
}

#[test]
fn requests_that_say_the_same_have_the_same_target_and_quota() {
    let same = [
        format!("/api/risk/summary?wallet={WALLET}&max_age=30"),
        format!("/api/risk/summary?max_age=%330&&wallet={LOWER}"),
        format!("/api/risk/summary?max_age=+30&wallet={LOWER}").replace("+", "%2B"),
    ];
    for target in &same {
        let accepted = accepted("GET", target, &[], b"");
        assert_eq!(accepted.target(), format!("/api/risk/summary?wallet={LOWER}&max_age=30"));
        assert_eq!(accepted.quota_key(), Some(format!("wallet:{LOWER}")));
        assert_eq!(accepted.cache(), None);
    }
    let path = format!("/api/risk/watches/{}", WALLET.replace("0x5", "0x%35"));
    let watch = accepted("GET", &path, &[], b"");
    assert_eq!(watch.target(), format!("/api/risk/watches/{LOWER}"));
    assert_eq!(
        accepted("POST", "/api/risk/alerts/%37/resolve", &[], b"").target(),
        "/api/risk/alerts/7/resolve"
    );
    assert_eq!(accepted("GET", "/api/risk/alerts", &[], b"").quota_key().as_deref(), Some("wallets"));
}

#[test]
fn a_wallet_in_a_body_is_counted_by_and_a_portfolio_is_not() {
    let json: &[(&str, &[u8])] = &[("content-type", b"application/json")];
    let body = format!("{{\"wallet_address\":\"{WALLET}\"}}");
    let analyze = accepted("POST", "/api/risk/analyze", json, body.as_bytes());
    assert_eq!(analyze.quota_key(), Some(format!("wallet:{LOWER}")));
    let lines = r#"{"portfolio":[{"asset":"base:native","amount":1}],"from":"2022-05-01","to":"2022-06-30"}"#;
    let backtest = accepted("POST", "/api/risk/backtest", json, lines.as_bytes());
    assert_eq!((backtest.wallet(), backtest.quota_key().as_deref()), (None, Some("wallets")));
}

#[test]
fn only_open_answers_to_get_may_be_kept_under_one_key_each() {
    let info = accepted("GET", "/api/info?", &[], b"");
    assert_eq!((info.cache(), info.target().as_str()), (Some((60, "GET /api/info".into())), "/api/info"));
    let openapi = accepted("GET", "/openapi.json?nocache=1", &[], b"");
    assert_eq!(openapi.cache().unwrap().1, "GET /openapi.json");
    assert_eq!(openapi.target(), "/openapi.json?nocache=1");
    assert_eq!(accepted("HEAD", "/api/info", &[], b"").cache(), None);
    assert_eq!(accepted("GET", "/metrics", &[], b"").cache(), None);
    assert_eq!(
        (openapi.quota_key(), accepted("GET", "/api/risk/status", &[], b"").quota_key()),
        (None, Some("client".into()))
    );
}

#[test]
fn a_body_that_is_not_there_is_not_judged() {
    let head = |target| Head::new("POST", target, Headers(&[("content-length", b"50000")]));
    assert!(validate(head("/api/risk/analyze"), None, OPEN).is_ok());
    assert_eq!(validate(head("/api/risk/analyze?a"), None, OPEN).unwrap_err().kind, Kind::RefusedValues);
}
