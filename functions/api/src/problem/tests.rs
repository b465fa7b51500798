//! Tests of what becomes of each error.

use std::sync::Arc;

use risk_model::{Affects, GapReason, Timestamp};

use super::*;

fn one(field: &str, code: Code) -> Problem {
    Problem::refused(vec![Rejection::new(field, code)])
}

fn store_away() -> AppError {
    AppError::Store(StoreError::Unavailable("disk of host 7 is full".into()))
}

#[test]
fn a_request_that_cannot_be_taken_apart_is_malformed_and_a_refused_field_is_not() {
    let cases = [
        ("body", Code::Malformed, Kind::Malformed),
        ("body", Code::WrongType, Kind::Malformed),
        ("query", Code::Malformed, Kind::Malformed),
        ("body", Code::TooLong, Kind::BodyTooLarge),
        ("query", Code::TooLong, Kind::UrlTooLong),
        ("wallet", Code::Malformed, Kind::RefusedValues),
        ("label", Code::TooLong, Kind::RefusedValues),
        ("wallet", Code::Required, Kind::RefusedValues),
        ("limit", Code::OutOfRange, Kind::RefusedValues),
    ];
    for (field, code, kind) in cases {
        assert_eq!(one(field, code).kind(), kind, "{field} {code:?}");
    }
}

#[test]
fn every_kind_has_a_name_of_its_own() {
    let kinds = [
        Kind::Malformed,
        Kind::Unauthenticated,
        Kind::Forbidden,
        Kind::NotFound,
        Kind::MethodNotAllowed,
        Kind::BodyTooLarge,
        Kind::UrlTooLong,
        Kind::UnsupportedMediaType,
        Kind::RefusedValues,
        Kind::QuotaExceeded,
        Kind::HeadersTooLarge,
        Kind::Internal,
        Kind::ProvidersUnavailable,
        Kind::StoreUnavailable,
        Kind::Timeout,
    ];
    let names: std::collections::BTreeSet<_> = kinds.iter().map(|kind| kind.meaning().0).collect();
    assert_eq!(names.len(), kinds.len());
    assert!(kinds.iter().all(|kind| kind.meaning().2.as_u16() >= 400));
}

#[test]
fn the_body_is_rfc_9457_with_the_refused_fields() {
    let errors = vec![
        Rejection::new("wallet", Code::BadChecksum),
        Rejection::with_message("limit", Code::OutOfRange, "limit must be from 1 to 200"),
    ];
    let body = serde_json::to_value(Problem::refused(errors).body("abc")).unwrap();
    let expected = serde_json::json!({
        "type": "urn:risk-manager:problem:refused-values",
        "title": "Refused values",
        "status": 422,
        "detail": "2 fields are refused",
        "instance": "urn:risk-manager:request:abc",
        "errors": [
            {"field": "wallet", "code": "bad_checksum", "message": "wallet has a wrong EIP-55 checksum"},
            {"field": "limit", "code": "out_of_range", "message": "limit must be from 1 to 200"},
        ],
    });
    assert_eq!(body, expected);
}

#[test]
fn a_store_that_is_away_is_told_without_its_cause_and_the_log_gets_it() {
    for error in [store_away(), AppError::Shared(Arc::new(store_away()))] {
        let problem = Problem::from(error);
        assert_eq!(problem.kind(), Kind::StoreUnavailable);
        assert_eq!(problem.0.retry_after_seconds, Some(STORE_RETRY_SECONDS));
        assert!(!serde_json::to_string(&problem.body("a")).unwrap().contains("host 7"));
        assert!(problem.cause().unwrap().contains("host 7"));
    }
}

#[test]
fn what_we_did_wrong_gives_the_request_id_only() {
    let corrupt = || AppError::Store(StoreError::Corrupt { what: "alert" });
    let body = || AppError::Body(serde_json::from_str::<u8>("x").unwrap_err());
    for error in
        [corrupt(), body(), AppError::Shared(Arc::new(corrupt())), AppError::Shared(Arc::new(body()))]
    {
        let problem = Problem::from(error);
        assert_eq!(problem.kind(), Kind::Internal);
        assert_eq!(problem.detail(), "the request failed; its id is in instance");
        assert!(problem.cause().is_some());
    }
}

#[test]
fn nothing_known_names_each_provider_once_with_its_reason_and_since_when() {
    let gap = |source, since| Gap {
        what: "positions".into(),
        source,
        reason: GapReason::Unavailable,
        affects: Affects::Liquidation,
        since,
    };
    let gaps = vec![
        gap("alchemy", Some(Timestamp::new(1_700_000_000))),
        gap("the_graph", None),
        gap("the_graph", None),
    ];
    let expected = "no provider of positions could be read and nothing was known before: \
                    alchemy (unavailable since 2023-11-14T22:13:20Z), the_graph (unavailable)";
    for error in
        [AppError::NothingKnown(gaps.clone()), AppError::Shared(Arc::new(AppError::NothingKnown(gaps)))]
    {
        let problem = Problem::from(error);
        assert_eq!(problem.kind(), Kind::ProvidersUnavailable);
        assert_eq!(problem.detail(), expected);
        assert_eq!(problem.body("a").gaps.len(), 3);
        assert_eq!(problem.0.retry_after_seconds, Some(PROVIDERS_RETRY_SECONDS));
    }
}

#[test]
fn a_missing_thing_is_named() {
    let problem = Problem::from(AppError::Shared(Arc::new(AppError::NotFound("alert"))));
    assert_eq!((problem.kind(), problem.detail()), (Kind::NotFound, "there is no such alert"));
}
