//! Cases of a MongoDB database alone: restarts, and several processes' worth of stores on one database.

use std::sync::Arc;

use risk_app::delivery::{MessageId, Route};
use risk_app::records::Commit;
use risk_app::stores::Store;
use risk_model::Severity;
use risk_store::{HistoryReads, MongoStore};
use risk_tests::Mongo;

use crate::file::{read_each_other, see_whole_commits, survives};
use crate::races::{at_once, end_once, escalate_once, lease_once, open_once};
use crate::samples::{at, opening, wallet};

fn store(uri: &str, name: &str) -> Arc<dyn Store> {
    Arc::new(MongoStore::new(uri, name, HistoryReads::default()).expect("an address"))
}

/// So many stores on one fresh database: each another one, as other processes would have. `None`, and said so, where no
/// server is installed.
async fn stores(count: usize) -> Option<Vec<Arc<dyn Store>>> {
    let (uri, name) = risk_tests::mongo::database().await.expect("the server")?;
    Some((0..count).map(|_| store(&uri, &name)).collect())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn everything_is_there_after_the_server_was_killed() {
    let Some(mut mongo) = Mongo::start().await.unwrap() else { return };
    let uri = mongo.uri.clone();
    survives(store(&uri, "risk"), async || {
        mongo.kill();
        mongo.restart().await.unwrap();
        store(&uri, "risk")
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn processes_that_start_at_once_migrate_one_database_once() {
    let Some(stores) = stores(8).await else { return };
    open_once(stores).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_processes_never_sweep_at_once() {
    let Some(stores) = stores(2).await else { return };
    lease_once(stores.iter().cycle().take(50).cloned().collect()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_processes_change_one_alert_one_after_the_other() {
    let Some(stores) = stores(2).await else { return };
    end_once(stores.iter().cycle().take(20).cloned().collect()).await;
    escalate_once(stores.iter().cycle().take(20).cloned().collect()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn four_processes_take_every_message_once() {
    let Some(stores) = stores(4).await else { return };
    let desk = Route { channel: "desk".parse().unwrap(), min_severity: Severity::Low };
    let transitions = (0..60).map(|number| opening(1, &format!("account {number}"))).collect();
    let routes = [(wallet(1), [desk.clone()].into())].into();
    stores[0].commit(Commit { at: at(1), transitions, routes, ..Commit::default() }).await.unwrap();
    let taken = at_once(stores.into_iter(), move |store, _| {
        let channel = desk.channel.clone();
        async move { store.take(&channel, at(2), at(92), 20).await.expect("the messages") }
    })
    .await;
    let mut ids: Vec<MessageId> = taken.into_iter().flatten().map(|one| one.message.id).collect();
    ids.sort();
    assert_eq!(ids.len(), 60);
    ids.dedup();
    assert_eq!(ids.len(), 60, "a message was taken twice");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_one_process_writes_another_reads_at_once() {
    let Some(stores) = stores(2).await else { return };
    read_each_other(&stores[0], &stores[1]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn reads_see_whole_commits() {
    let Some(stores) = stores(2).await else { return };
    see_whole_commits(Arc::clone(&stores[0]), Arc::clone(&stores[1]), 50).await;
}
