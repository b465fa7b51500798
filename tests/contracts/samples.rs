//! Wallets, assessments and transitions for the cases.

use std::sync::Arc;

use risk_app::records::{Alert, AlertFilter, Applied, AssessmentRecord, Commit, Watch};
use risk_app::stores::Store;
use risk_engine::alarm::{Identity, Transition};
use risk_model::{Address, AlertKind, OwnThresholds, Range, RiskLevel, Severity, Timestamp, Wallet};

/// Text that stores have been known to trip over.
pub(crate) const ODD_TEXT: &str = concat!(
    "quote ' double \" semicolon ; -- %_ \\ NUL \0 newline \n emoji 🦀👩‍👩‍👧 ",
    "right-to-left \u{202e}שלום عربى \u{fffd}",
);

/// How many a case of a large batch takes: as given, and a fifth of it of MongoDB, whose server in these tests is slow. A
/// batch is then still cut into several queries.
pub(crate) fn many(store: &Arc<dyn Store>, number: u64) -> u64 {
    if store.name() == "mongodb" { number / 5 } else { number }
}

/// A wallet by number; the number is its order.
pub(crate) fn wallet(number: u64) -> Wallet {
    let mut bytes = [0xa5; 20];
    bytes[..8].copy_from_slice(&number.to_be_bytes());
    Wallet::new(Address::from(bytes))
}

/// A time, seconds after some start.
pub(crate) fn at(seconds: u64) -> Timestamp {
    Timestamp::new(1_700_000_000 + seconds)
}

/// A watch without anything optional.
pub(crate) fn watch(number: u64) -> Watch {
    Watch {
        wallet: wallet(number),
        label: None,
        health_factor_threshold: None,
        thresholds: OwnThresholds::new(),
        channels: None,
        min_severity: None,
        created_at: at(0),
        updated_at: at(0),
    }
}

/// An assessment of a wallet at a time.
pub(crate) fn assessment(number: u64, seconds: u64, is_informative: bool) -> AssessmentRecord {
    AssessmentRecord {
        wallet: wallet(number),
        at: at(seconds),
        level: if is_informative { RiskLevel::Medium } else { RiskLevel::Unknown },
        score: if is_informative { Range::exactly(33.3) } else { Range::UNKNOWN },
        is_informative,
        body: format!("{{\"wallet\":{number},\"at\":{seconds},\"informative\":{is_informative}}}"),
    }
}

/// The opening of a medium `liquidation_risk` alert of a wallet's account.
pub(crate) fn opening(number: u64, account: &str) -> Transition {
    opening_of(number, account, AlertKind::LiquidationRisk, Severity::Medium)
}

/// The opening of an alert.
pub(crate) fn opening_of(number: u64, account: &str, kind: AlertKind, severity: Severity) -> Transition {
    Transition::Open {
        identity: Identity { wallet: wallet(number), account: account.to_owned(), kind },
        severity,
        message: format!("health factor of {account} is 1.17"),
        action: "repay 120 USDC".to_owned(),
        measured: 1.17,
        threshold: 1.2,
    }
}

/// The rise of an alert to a severity.
pub(crate) fn escalation(id: u64, severity: Severity) -> Transition {
    Transition::Escalate {
        id,
        severity,
        message: format!("now {severity}"),
        action: "repay 500 USDC".to_owned(),
        measured: 1.04,
        threshold: 1.05,
    }
}

/// The end of an alert.
pub(crate) fn resolution(id: u64, reason: &str) -> Transition {
    Transition::Resolve { id, reason: reason.to_owned() }
}

/// Commits transitions alone.
pub(crate) async fn transact(store: &Arc<dyn Store>, seconds: u64, transitions: Vec<Transition>) -> Applied {
    let commit = Commit { at: at(seconds), transitions, ..Commit::default() };
    store.commit(commit).await.expect("the commit")
}

/// Commits assessments alone.
pub(crate) async fn assess(store: &Arc<dyn Store>, seconds: u64, assessments: Vec<AssessmentRecord>) {
    let commit = Commit { at: at(seconds), assessments, ..Commit::default() };
    assert_eq!(store.commit(commit).await.expect("the commit"), Applied::default());
}

/// Opens one alert and answers it.
pub(crate) async fn opened(store: &Arc<dyn Store>, seconds: u64, opening: Transition) -> Alert {
    let mut applied = transact(store, seconds, vec![opening]).await;
    assert_eq!(applied.opened.len(), 1, "the alert did not open");
    applied.opened.remove(0)
}

/// The alert of an id, which must be there.
pub(crate) async fn alert(store: &Arc<dyn Store>, id: u64) -> Alert {
    store.find_alert(id).await.expect("the alert").expect("an alert of the id")
}

/// Every alert, newest first.
pub(crate) async fn every_alert(store: &Arc<dyn Store>) -> Vec<Alert> {
    let filter = AlertFilter { limit: 100_000, ..AlertFilter::default() };
    let (alerts, total) = store.list(&filter).await.expect("the list");
    assert_eq!(u64::try_from(alerts.len()).expect("a count"), total);
    alerts
}
