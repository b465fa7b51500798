//! Tests of what becomes of each error.

use std::sync::Arc;

use risk_model::{Affects, Code, GapReason, Timestamp};

use super::*;

fn store_away() -> AppError {
    AppError::Store(StoreError::Unavailable("disk of host 7 is full".into()))
}

#[test]
fn what_is_written_is_what_is_documented() {
    let gap = GapBody::from(&Gap {
        what: "positions".into(),
        source: "alchemy",
        reason: GapReason::Unavailable,
        affects: Affects::Liquidation,
        since: None,
    });
    let mut problem = Problem::refused(vec![Rejection::new("wallet", Code::BadChecksum)]);
    for gaps in [Vec::new(), vec![gap]] {
        problem.0.gaps = gaps;
        let written = problem.body("abc");
        let read: ProblemBody = serde_json::from_str(&written).unwrap();
        assert_eq!(serde_json::to_string(&read).unwrap(), written);
    }
}

#[test]
fn a_store_that_is_away_is_told_without_its_cause_and_the_log_gets_it() {
    for error in [store_away(), AppError::Shared(Arc::new(store_away()))] {
        let problem = Problem::from(error);
        assert_eq!(problem.kind(), Kind::StoreUnavailable);
        assert_eq!(problem.0.words.retry_after_seconds, Some(STORE_RETRY_SECONDS));
        assert!(!problem.body("a").contains("host 7"));
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
        assert_eq!(problem.0.gaps.len(), 3);
        assert_eq!(problem.0.words.retry_after_seconds, Some(PROVIDERS_RETRY_SECONDS));
    }
}

#[test]
fn a_missing_thing_is_named() {
    let problem = Problem::from(AppError::Shared(Arc::new(AppError::NotFound("alert"))));
    assert_eq!((problem.kind(), problem.detail()), (Kind::NotFound, "there is no such alert"));
}
