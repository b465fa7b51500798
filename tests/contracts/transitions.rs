//! Cases of what a commit does to alerts.

use std::sync::Arc;

use risk_app::records::{Alert, Applied};
use risk_app::stores::Store;
use risk_engine::alarm::Transition;
use risk_model::{AlertKind, AlertState, Severity};

use crate::samples::{
    ODD_TEXT, alert, at, escalation, every_alert, opened, opening, opening_of, resolution, transact, wallet,
};

pub(crate) async fn opening_gives_an_alert_with_every_figure(store: Arc<dyn Store>) {
    let Transition::Open { identity, .. } = opening_of(1, ODD_TEXT, AlertKind::DataBlind, Severity::Low)
    else {
        unreachable!("an opening opens");
    };
    let opening = Transition::Open {
        identity: identity.clone(),
        severity: Severity::Low,
        message: ODD_TEXT.to_owned(),
        action: format!("{ODD_TEXT}{ODD_TEXT}"),
        measured: f64::INFINITY,
        threshold: -1.25e-300,
    };
    let alert = opened(&store, 7, opening).await;
    let expected = Alert {
        id: alert.id,
        wallet: wallet(1),
        account: ODD_TEXT.to_owned(),
        kind: AlertKind::DataBlind,
        severity: Severity::Low,
        state: AlertState::Open,
        message: ODD_TEXT.to_owned(),
        action: format!("{ODD_TEXT}{ODD_TEXT}"),
        measured: f64::INFINITY,
        threshold: -1.25e-300,
        clear_sweeps: 0,
        opened_at: at(7),
        updated_at: at(7),
        acknowledged_at: None,
        resolved_at: None,
        resolution: None,
        told: 1,
    };
    assert_eq!(alert, expected);
    assert_eq!(store.find_alert(alert.id).await.unwrap(), Some(expected));
    assert_eq!(alert.standing().identity, identity);
}

pub(crate) async fn opening_what_already_stands_changes_nothing(store: Arc<dyn Store>) {
    let first = opened(&store, 1, opening(1, "main")).await;
    let again = opening_of(1, "main", AlertKind::LiquidationRisk, Severity::Critical);
    assert_eq!(transact(&store, 2, vec![again.clone()]).await, Applied::default());
    store.acknowledge(first.id, at(3), &[]).await.unwrap();
    assert_eq!(
        transact(&store, 4, vec![again]).await,
        Applied::default(),
        "an acknowledged alert stands too"
    );
    let only = every_alert(&store).await;
    assert_eq!(only.len(), 1);
    assert_eq!((only[0].severity, only[0].opened_at), (Severity::Medium, at(1)));
}

pub(crate) async fn opening_twice_in_one_batch_opens_once(store: Arc<dyn Store>) {
    let applied = transact(&store, 1, vec![opening(1, "main"), opening(1, "main"), opening(2, "main")]).await;
    assert_eq!(applied.opened.len(), 2);
    assert_eq!(store.count_standing().await.unwrap(), 2);
}

pub(crate) async fn identities_differ_by_wallet_account_and_kind(store: Arc<dyn Store>) {
    let mut openings = vec![opening(2, "")];
    for account in ["", "main", "Main", "main ", "main\0", "main\0a", "main\0b"] {
        openings.push(opening(1, account));
    }
    let kinds = AlertKind::ALL.iter().filter(|kind| **kind != AlertKind::LiquidationRisk);
    openings.extend(kinds.map(|kind| opening_of(1, "", *kind, Severity::High)));
    let applied = transact(&store, 1, openings.clone()).await;
    assert_eq!(applied.opened.len(), openings.len());
    assert!(applied.opened.is_sorted_by(|a, b| a.id < b.id), "ids rise in the order of opening");
    assert_eq!(transact(&store, 2, openings).await, Applied::default());
}

pub(crate) async fn escalating_raises_in_place_and_never_lowers(store: Arc<dyn Store>) {
    let first = opened(&store, 1, opening(1, "main")).await;
    for same_or_lower in [Severity::Low, Severity::Medium] {
        let applied = transact(&store, 2, vec![escalation(first.id, same_or_lower)]).await;
        assert_eq!(applied, Applied::default(), "{same_or_lower} is not above medium");
        assert_eq!(alert(&store, first.id).await, first);
    }
    let applied = transact(&store, 3, vec![escalation(first.id, Severity::Critical)]).await;
    let raised = Alert {
        severity: Severity::Critical,
        message: "now critical".to_owned(),
        action: "repay 500 USDC".to_owned(),
        measured: 1.04,
        threshold: 1.05,
        updated_at: at(3),
        told: 2,
        ..first.clone()
    };
    assert_eq!(applied, Applied { escalated: vec![raised.clone()], ..Applied::default() });
    assert_eq!(transact(&store, 4, vec![escalation(first.id, Severity::High)]).await, Applied::default());
    assert_eq!(every_alert(&store).await, [raised]);
}

pub(crate) async fn escalating_an_acknowledged_alert_keeps_it_acknowledged(store: Arc<dyn Store>) {
    let first = opened(&store, 1, opening(1, "main")).await;
    store.acknowledge(first.id, at(2), &[]).await.unwrap();
    let applied = transact(&store, 3, vec![escalation(first.id, Severity::High)]).await;
    assert_eq!(applied.escalated.len(), 1);
    let raised = &applied.escalated[0];
    assert_eq!((raised.state, raised.acknowledged_at), (AlertState::Acknowledged, Some(at(2))));
}

pub(crate) async fn refreshing_changes_figures_and_not_severity(store: Arc<dyn Store>) {
    let first = opened(&store, 1, opening(1, "main")).await;
    let refresh = Transition::Refresh {
        id: first.id,
        clear_sweeps: 1,
        message: "health factor is 1.31".to_owned(),
        action: "nothing".to_owned(),
        measured: Some(1.31),
    };
    assert_eq!(transact(&store, 2, vec![refresh]).await, Applied::default(), "a refresh is not told");
    let expected = Alert {
        message: "health factor is 1.31".to_owned(),
        action: "nothing".to_owned(),
        measured: 1.31,
        clear_sweeps: 1,
        updated_at: at(2),
        ..first.clone()
    };
    assert_eq!(alert(&store, first.id).await, expected);

    let without_figure = Transition::Refresh {
        id: first.id,
        clear_sweeps: 2,
        message: "no debt".to_owned(),
        action: String::new(),
        measured: None,
    };
    transact(&store, 3, vec![without_figure]).await;
    let seen = alert(&store, first.id).await;
    assert_eq!((seen.clear_sweeps, seen.message.as_str()), (2, "no debt"));
    assert!((seen.measured - 1.31).abs() < 1e-12, "the last figure stays");

    let applied = transact(&store, 4, vec![escalation(first.id, Severity::High)]).await;
    assert_eq!(applied.escalated[0].clear_sweeps, 0, "what got worse is not clear");
}

pub(crate) async fn resolving_by_transition_happens_once(store: Arc<dyn Store>) {
    let first = opened(&store, 1, opening(1, "main")).await;
    let applied = transact(&store, 2, vec![resolution(first.id, "two clear sweeps")]).await;
    let ended = Alert {
        state: AlertState::Resolved,
        updated_at: at(2),
        resolved_at: Some(at(2)),
        resolution: Some("two clear sweeps".to_owned()),
        told: 2,
        ..first.clone()
    };
    assert_eq!(applied, Applied { resolved: vec![ended.clone()], ..Applied::default() });
    assert_eq!(transact(&store, 3, vec![resolution(first.id, "again")]).await, Applied::default());
    assert_eq!(every_alert(&store).await, [ended]);
}

pub(crate) async fn transitions_of_resolved_or_unknown_alerts_change_nothing(store: Arc<dyn Store>) {
    let first = opened(&store, 1, opening(1, "main")).await;
    let ended = store.resolve(first.id, at(2), "by hand", &[]).await.unwrap().unwrap();
    for id in [first.id, first.id + 1, 0, u64::MAX] {
        let refresh = Transition::Refresh {
            id,
            clear_sweeps: 1,
            message: String::new(),
            action: String::new(),
            measured: Some(0.0),
        };
        let late = vec![escalation(id, Severity::Critical), refresh, resolution(id, "late")];
        assert_eq!(transact(&store, 3, late).await, Applied::default());
    }
    assert_eq!(every_alert(&store).await, [ended]);
}

pub(crate) async fn reopening_after_resolve_gives_a_new_id(store: Arc<dyn Store>) {
    let first = opened(&store, 1, opening(1, "main")).await;
    let in_one_batch = vec![resolution(first.id, "over"), opening(1, "main")];
    let applied = transact(&store, 2, in_one_batch).await;
    assert_eq!((applied.resolved.len(), applied.opened.len()), (1, 1));
    let second = &applied.opened[0];
    assert!(second.id > first.id);
    store.resolve(second.id, at(3), "over", &[]).await.unwrap();
    let third = opened(&store, 4, opening(1, "main")).await;
    assert!(third.id > second.id);
    assert_eq!(every_alert(&store).await.len(), 3);
    assert_eq!(store.count_standing().await.unwrap(), 1);
}
