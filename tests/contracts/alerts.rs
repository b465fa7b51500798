//! Cases of the list of alerts and what people do to them.

use std::sync::Arc;

use risk_app::records::{Alert, AlertFilter};
use risk_app::stores::Store;
use risk_model::{AlertKind, AlertState, Severity};

use crate::samples::{ODD_TEXT, alert, at, every_alert, opened, opening, opening_of, transact, wallet};

pub(crate) async fn nothing_is_answered_where_nothing_is(store: Arc<dyn Store>) {
    for id in [0, 1, u64::MAX] {
        assert_eq!(store.find_alert(id).await.unwrap(), None);
        assert_eq!(store.acknowledge(id, at(1), &[]).await.unwrap(), None);
        assert_eq!(store.resolve(id, at(1), "x", &[]).await.unwrap(), None);
    }
    assert_eq!(store.standing(&[wallet(1)]).await.unwrap(), []);
    assert_eq!(store.standing(&[]).await.unwrap(), []);
    assert_eq!(store.count_standing().await.unwrap(), 0);
    let filter =
        AlertFilter { before: Some(u64::MAX), skip: u32::MAX, limit: u32::MAX, ..AlertFilter::default() };
    assert_eq!(store.list(&filter).await.unwrap(), (vec![], 0));
}

pub(crate) async fn acknowledging_happens_once(store: Arc<dyn Store>) {
    let first = opened(&store, 1, opening(1, "main")).await;
    let seen = Alert {
        state: AlertState::Acknowledged,
        acknowledged_at: Some(at(5)),
        updated_at: at(5),
        told: 2,
        ..first.clone()
    };
    for time in [5, 6, 7] {
        assert_eq!(store.acknowledge(first.id, at(time), &[]).await.unwrap(), Some(seen.clone()));
    }
    assert_eq!(alert(&store, first.id).await, seen);
    assert_eq!(store.count_standing().await.unwrap(), 1);
}

pub(crate) async fn resolving_happens_once_and_keeps_the_first_words(store: Arc<dyn Store>) {
    let first = opened(&store, 1, opening(1, "main")).await;
    let seen = store.acknowledge(first.id, at(2), &[]).await.unwrap().unwrap();
    let over = Alert {
        state: AlertState::Resolved,
        resolved_at: Some(at(5)),
        updated_at: at(5),
        resolution: Some(ODD_TEXT.to_owned()),
        told: 3,
        ..seen
    };
    assert_eq!(store.resolve(first.id, at(5), ODD_TEXT, &[]).await.unwrap(), Some(over.clone()));
    assert_eq!(store.resolve(first.id, at(6), "other words", &[]).await.unwrap(), Some(over.clone()));
    assert_eq!(alert(&store, first.id).await, over);
    assert_eq!(store.count_standing().await.unwrap(), 0);
}

pub(crate) async fn a_resolved_alert_is_not_acknowledged(store: Arc<dyn Store>) {
    let first = opened(&store, 1, opening(1, "main")).await;
    let over = store.resolve(first.id, at(2), "by hand", &[]).await.unwrap();
    assert_eq!(store.acknowledge(first.id, at(3), &[]).await.unwrap(), over);
    assert_eq!(store.find_alert(first.id).await.unwrap(), over);
}

pub(crate) async fn standing_alerts_are_those_not_resolved_by_id(store: Arc<dyn Store>) {
    let openings = vec![opening(3, "b"), opening(1, "b"), opening(3, "a"), opening(2, ""), opening(1, "")];
    let all = transact(&store, 1, openings).await.opened;
    let seen = store.acknowledge(all[1].id, at(2), &[]).await.unwrap().unwrap();
    store.resolve(all[2].id, at(2), "over", &[]).await.unwrap();
    let standing = store.standing(&[wallet(1), wallet(3), wallet(3), wallet(8)]).await.unwrap();
    assert_eq!(standing, [all[0].clone(), seen, all[4].clone()]);
}

/// Every filter by one thing, and one by everything.
fn filters() -> Vec<AlertFilter> {
    let wallets =
        [None, Some(vec![]), Some(vec![wallet(1)]), Some(vec![wallet(0), wallet(2), wallet(2), wallet(9)])];
    let mut filters = Vec::from(wallets.map(|wallets| AlertFilter { wallets, ..AlertFilter::default() }));
    filters.extend(Severity::ALL.map(|one| AlertFilter { severity: Some(one), ..AlertFilter::default() }));
    filters
        .extend(AlertKind::ALL.iter().map(|one| AlertFilter { kind: Some(*one), ..AlertFilter::default() }));
    filters.extend([true, false].map(|one| AlertFilter { resolved: Some(one), ..AlertFilter::default() }));
    filters.push(AlertFilter {
        wallets: Some(vec![wallet(1)]),
        severity: Some(Severity::High),
        kind: Some(AlertKind::HighVolatility),
        resolved: Some(true),
        ..AlertFilter::default()
    });
    filters.into_iter().map(|filter| AlertFilter { limit: 1_000, ..filter }).collect()
}

/// What a filter should keep, said once more.
fn is_named(filter: &AlertFilter, alert: &Alert) -> bool {
    filter.wallets.as_ref().is_none_or(|list| list.contains(&alert.wallet))
        && filter.severity.is_none_or(|one| one == alert.severity)
        && filter.kind.is_none_or(|one| one == alert.kind)
        && filter.resolved.is_none_or(|one| one == alert.resolved_at.is_some())
}

pub(crate) async fn each_filter_keeps_what_it_names_and_counts_it(store: Arc<dyn Store>) {
    let mut openings = Vec::new();
    for number in 0..3 {
        for (kind, severity) in AlertKind::ALL.iter().zip(Severity::ALL.iter().cycle()) {
            openings.push(opening_of(number, "main", *kind, *severity));
        }
    }
    let opened = transact(&store, 1, openings).await.opened;
    // Some of every kind of filter's, and what the last filter names.
    let is_over = |one: &Alert| one.id.is_multiple_of(5) || one.kind == AlertKind::HighVolatility;
    for one in opened.iter().filter(|one| is_over(one)) {
        store.resolve(one.id, at(2), "over", &[]).await.unwrap();
    }
    let every = every_alert(&store).await;
    assert!(every.is_sorted_by(|a, b| a.id > b.id), "newest first");
    let mut sizes = Vec::new();
    for filter in filters() {
        let kept: Vec<Alert> = every.iter().filter(|alert| is_named(&filter, alert)).cloned().collect();
        let total = u64::try_from(kept.len()).unwrap();
        sizes.push(total);
        assert_eq!(store.list(&filter).await.unwrap(), (kept, total), "{filter:?}");
    }
    let (of_no_wallet, others) = (sizes.remove(1), sizes);
    assert_eq!(of_no_wallet, 0, "no wallet allowed is nobody's alert, not everybody's");
    assert!(others.iter().all(|total| *total > 0), "a filter that keeps nothing proves nothing: {others:?}");
}

pub(crate) async fn the_count_is_of_all_matches_and_not_of_the_page(store: Arc<dyn Store>) {
    let openings = (0..10).map(|number| opening(number, "main")).collect();
    let opened = transact(&store, 1, openings).await.opened;
    let filter = AlertFilter { before: Some(opened[8].id), skip: 2, limit: 3, ..AlertFilter::default() };
    let (page, total) = store.list(&filter).await.unwrap();
    assert_eq!(total, 10);
    assert_eq!(page, [opened[5].clone(), opened[4].clone(), opened[3].clone()]);
    let (none, total) = store.list(&AlertFilter::default()).await.unwrap();
    assert_eq!((none.len(), total), (0, 10), "a limit of nothing answers nothing");
}

pub(crate) async fn pages_stay_stable_while_alerts_open(store: Arc<dyn Store>) {
    let openings = (0..60).map(|number| opening(number, "main")).collect();
    let before_walk: Vec<u64> =
        transact(&store, 1, openings).await.opened.iter().rev().map(|alert| alert.id).collect();
    let newest = before_walk[0];
    let writer = {
        let store = Arc::clone(&store);
        tokio::spawn(async move {
            for number in 100..160 {
                opened(&store, 2, opening(number, "main")).await;
            }
        })
    };
    let mut filter = AlertFilter { before: Some(newest + 1), limit: 7, ..AlertFilter::default() };
    let mut walked = Vec::new();
    loop {
        let (page, _) = store.list(&filter).await.unwrap();
        let Some(last) = page.last() else { break };
        filter.before = Some(last.id);
        walked.extend(page.iter().map(|alert| alert.id));
    }
    assert_eq!(walked, before_walk, "a cursor neither repeats nor skips");
    writer.await.unwrap();
    assert_eq!(every_alert(&store).await.len(), 120);
}
