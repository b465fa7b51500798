//! Cases of many who write at once. The SQLite ones also run over several stores on one file (`file.rs`).

use std::sync::Arc;

use futures::future::join_all;
use risk_app::stores::Store;
use risk_model::{AlertState, Severity};

use crate::samples::{alert, at, escalation, every_alert, opened, opening, transact};

/// Runs a future per store at the same time, each on a task of its own.
pub(crate) async fn at_once<T: Send + 'static, F: Future<Output = T> + Send + 'static>(
    stores: impl Iterator<Item = Arc<dyn Store>>,
    act: impl Fn(Arc<dyn Store>, u64) -> F,
) -> Vec<T> {
    let tasks = (0..).zip(stores).map(|(number, store)| tokio::spawn(act(store, number)));
    join_all(tasks.collect::<Vec<_>>()).await.into_iter().map(|done| done.expect("a task")).collect()
}

/// Every store given opens the same identity; one alert may come of it.
pub(crate) async fn open_once(stores: Vec<Arc<dyn Store>>) {
    let watcher = Arc::clone(&stores[0]);
    let opened = at_once(stores.into_iter(), |store, number| async move {
        transact(&store, number, vec![opening(1, "main"), opening(number + 10, "own")]).await.opened
    })
    .await;
    let writers = opened.len();
    let firsts = opened.iter().flatten().filter(|alert| alert.account == "main").count();
    assert_eq!(firsts, 1, "more than one writer was told that it opened the alert");
    assert_eq!(every_alert(&watcher).await.len(), writers + 1);
}

pub(crate) async fn fifty_writers_of_one_identity_open_one_alert(store: Arc<dyn Store>) {
    open_once(vec![store; 50]).await;
}

/// Every store given asks for the lease; one may have it.
pub(crate) async fn lease_once(stores: Vec<Arc<dyn Store>>) {
    let taken = at_once(stores.into_iter(), |store, number| async move {
        store.lease("every:0/1", &format!("holder {number}"), at(0), at(60)).await.expect("the lease")
    })
    .await;
    assert_eq!(taken.into_iter().flatten().count(), 1);
}

pub(crate) async fn fifty_takers_of_the_lease_are_one_holder(store: Arc<dyn Store>) {
    lease_once(vec![store; 50]).await;
}

/// Every store given acknowledges or resolves the same alert; the first resolution stays.
pub(crate) async fn end_once(stores: Vec<Arc<dyn Store>>) {
    let watcher = Arc::clone(&stores[0]);
    let id = opened(&watcher, 1, opening(1, "main")).await.id;
    at_once(stores.into_iter(), |store, number| async move {
        if number.is_multiple_of(2) {
            store.acknowledge(id, at(100 + number), &[]).await.expect("the act");
        } else {
            store.resolve(id, at(100 + number), &format!("by {number}"), &[]).await.expect("the act");
        }
    })
    .await;
    let over = alert(&watcher, id).await;
    assert_eq!(over.state, AlertState::Resolved);
    let resolved_at = over.resolved_at.expect("a time");
    let first_words = format!("by {}", resolved_at.seconds_since(at(100)));
    assert_eq!(over.resolution, Some(first_words), "words and time are of one act");
}

pub(crate) async fn acknowledging_and_resolving_at_once_ends_resolved(store: Arc<dyn Store>) {
    end_once(vec![store; 20]).await;
}

/// Every store given raises the same alert to the same severity; one is told that it did.
pub(crate) async fn escalate_once(stores: Vec<Arc<dyn Store>>) {
    let watcher = Arc::clone(&stores[0]);
    let id = opened(&watcher, 1, opening(1, "main")).await.id;
    let told = at_once(stores.into_iter(), |store, number| async move {
        transact(&store, number, vec![escalation(id, Severity::Critical)]).await.escalated.len()
    })
    .await;
    assert_eq!(told.into_iter().sum::<usize>(), 1, "an escalation is delivered once");
    assert_eq!(alert(&watcher, id).await.severity, Severity::Critical);
}

pub(crate) async fn fifty_escalations_at_once_are_told_once(store: Arc<dyn Store>) {
    escalate_once(vec![store; 50]).await;
}
