//! Verdicts, and that no input whatever makes the module fail.

use proptest::prelude::*;
use risk_model::json::quote;
use serde_json::Value;

use super::*;
use crate::room;
use crate::{checksum_address, is_address, limits, refusal_headers, security_headers};

const POLICY: Policy = Policy { needs_key: true, answers_preflight: false };
const OPEN: Policy = Policy { needs_key: false, answers_preflight: false };

/// The lines of the verdict on a request; its headers as lines.
fn verdict(method: &str, target: &str, headers: &str, body: &[u8]) -> Vec<String> {
    let head = format!("{method}\n{target}\nfresh\n{headers}");
    let call = Call { head: &head, headers: headers.lines().count() / 2, body: Some(body) };
    judge(call, POLICY).split('\n').map(str::to_owned).collect()
}

#[test]
fn a_refusal_is_a_whole_answer() {
    let lines = verdict("DELETE", "/api/info", "x-request-id\nmine\n", b"");
    assert_eq!(lines[..2], ["405", "mine"]);
    assert_eq!(lines[2..lines.len() - 1].join(" "), "allow GET,HEAD");
    assert_eq!(refusal_headers(), "content-type\napplication/problem+json\ncache-control\nno-store");
    let body: Value = serde_json::from_str(&lines[lines.len() - 1]).unwrap();
    assert_eq!(body["instance"], "urn:risk-manager:request:mine");
}

#[test]
fn an_accepted_request_comes_with_its_normalised_form() {
    let lines = verdict("GET", "/api/info?&", "", b"");
    assert_eq!(lines, ["accepted", "fresh", "/api/info", "", "GET /api/info", "60", ""]);
}

#[test]
fn a_latin_1_value_counts_by_its_bytes_as_it_does_at_the_server() {
    let value = "é".repeat(20_000);
    assert_eq!(verdict("GET", "/api/info", &format!("a\n{value}\n"), b"")[0], "accepted");
    let value = "é".repeat(33_000);
    assert_eq!(verdict("GET", "/api/info", &format!("a\n{value}\n"), b"")[0], "431");
}

#[test]
fn a_line_feed_where_none_may_be_moves_nothing_into_another_place() {
    for head in [
        "GET\n/api/info\n/\nfresh\na\nb\n",
        "G\nET\n/api/info\nfresh\na\nb\n",
        "GET\n/api/info\nfresh\na\nb\nc\nd\n",
        "GET\n/api/info\nfresh\n",
        "GET",
    ] {
        assert!(judge(Call { head, headers: 1, body: None }, OPEN).starts_with("400\n"), "{head:?}");
    }
}

#[test]
fn an_id_of_the_host_s_own_is_as_plain_as_a_client_s() {
    for (id, told) in [("a-1", "a-1"), ("", ""), ("a\"b", ""), (&"a".repeat(65), "")] {
        let head = format!("GET\n/api/info\n{id}\n");
        let text = judge(Call { head: &head, headers: 0, body: None }, OPEN);
        assert_eq!(text.split('\n').nth(1), Some(told));
    }
}

#[test]
fn the_failures_of_an_origin_are_problems() {
    assert!(failure(false, "no answer", "a").starts_with("502\na\n"));
    assert!(failure(true, "no answer", "a").starts_with("504\na\n"));
}

#[test]
fn limits_are_json_and_headers_are_lines() {
    let limits: Value = serde_json::from_str(&limits()).unwrap();
    assert_eq!((&limits["body_bytes"], &limits["page_items"]), (&65_536.into(), &200.into()));
    let headers = security_headers();
    let headers: Vec<&str> = headers.split('\n').collect();
    assert!(headers.len().is_multiple_of(2) && headers.contains(&"strict-transport-security"));
}

#[test]
fn an_address_has_its_checksum_or_one_case() {
    let form = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed";
    assert_eq!(checksum_address(&form.to_lowercase()).as_deref(), Some(form));
    assert!(is_address(form) && !is_address(&form.replace("5aA", "5AA")));
}

#[test]
fn the_room_judges_what_lies_in_it_whatever_it_is_told_of_its_lengths() {
    room::room(1_000);
    let lengths = [0, 1, 999, 1_000, 1_001, usize::MAX];
    for (head, body) in lengths.iter().flat_map(|head| lengths.map(|body| (*head, body))) {
        for how in 0..8 {
            assert!(room::judge(head, 0, body, how) > 100, "every one of these is refused in words");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn no_text_and_no_bytes_make_it_fail(
        method in ".{0,12}", path in "\\PC{0,60}", headers in "(?s).{0,80}", count in 0_usize..4, id in ".{0,20}",
        body in prop::collection::vec(any::<u8>(), 0..200), needs_key: bool, answers_preflight: bool,
    ) {
        let head = format!("{method}\n{path}\n{id}\n{headers}");
        let call = Call { head: &head, headers: count, body: Some(&body) };
        let text = judge(call, Policy { needs_key, answers_preflight });
        let lines = text.split('\n').count();
        prop_assert!(if text.starts_with("accepted\n") { lines == 7 } else { lines >= 3 && lines % 2 == 1 }, "{}", text);
        let _ = (checksum_address(&path), is_address(&headers), failure(needs_key, &path, &id));
    }

    #[test]
    fn nor_do_bytes_in_the_place_of_a_known_routes_body(
        body in prop::collection::vec(any::<u8>(), 0..400), name in "(?s).{0,40}",
        route in prop::sample::select(vec!["/api/risk/analyze", "/api/risk/simulate", "/api/risk/backtest", "/session"]),
    ) {
        let mut named = "{".to_owned();
        quote(&mut named, &name);
        named.push_str(":1}");
        for (media_type, body) in [
            ("application/json", body.as_slice()),
            ("application/json", named.as_bytes()),
            ("application/x-www-form-urlencoded", &body),
        ] {
            let head = format!("POST\n{route}\na\ncontent-type\n{media_type}\n");
            let text = judge(Call { head: &head, headers: 1, body: Some(body) }, OPEN);
            let last = text.rsplit('\n').next().unwrap();
            prop_assert!(text.starts_with("accepted\n") || serde_json::from_str::<Value>(last).is_ok(), "{}", text);
        }
    }
}
