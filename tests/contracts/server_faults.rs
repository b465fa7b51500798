//! Faults of a MongoDB server in the middle of an act: what was told to have happened happened once, and what was not did
//! not happen at all.

use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use mongodb::Client;
use mongodb::bson::{Document, doc};
use risk_app::delivery::{Route, Settlement};
use risk_app::records::{Applied, Commit};
use risk_app::stores::{Store, StoreError};
use risk_app::sweeping::Fence;
use risk_model::Severity;
use risk_store::{HistoryReads, MongoStore};
use risk_tests::Mongo;
use tokio::time::{Instant, timeout};

use crate::samples::{assessment, at, every_alert, opening, wallet, watch};

/// A server of the test's own, whose commands can be made to fail.
struct Faulty {
    mongo: Mongo,
    client: Client,
}

impl Faulty {
    async fn start() -> Option<Self> {
        let mongo = Mongo::start().await.expect("the server")?;
        let client = Client::with_uri_str(&mongo.uri).await.expect("a client");
        Some(Self { mongo, client })
    }

    /// A store whose driver looks at the server twice a second, so that it finds it again soon.
    fn store(&self, options: &str) -> Arc<dyn Store> {
        let uri = format!("{}/?heartbeatFrequencyMS=500{options}", self.mongo.uri);
        Arc::new(MongoStore::new(&uri, "risk", HistoryReads::default()).expect("an address"))
    }

    /// Lets these commands fail: so many times, or until [`Self::heal`].
    async fn fail(&self, times: Option<i32>, commands: &[&str], how: Document) {
        let mode =
            times.map_or_else(|| doc! { "mode": "alwaysOn" }, |times| doc! { "mode": { "times": times } });
        let mut data = doc! { "failCommands": commands };
        data.extend(how);
        let mut point = doc! { "configureFailPoint": "failCommand" };
        point.extend(mode);
        point.insert("data", data);
        self.client.database("admin").run_command(point).await.expect("a fail point");
    }

    async fn heal(&self) {
        let off = doc! { "configureFailPoint": "failCommand", "mode": "off" };
        self.client.database("admin").run_command(off).await.expect("no fail point");
    }
}

fn cut() -> Document {
    doc! { "closeConnection": true }
}

/// As a server answers that has just become a secondary; within a transaction it has the second label, without the first.
fn stepped_down() -> Document {
    doc! { "errorCode": 10_107, "errorLabels": ["RetryableWriteError", "TransientTransactionError"] }
}

fn conflict() -> Document {
    doc! { "errorCode": 112, "errorLabels": ["TransientTransactionError"] }
}

/// A commit that opens and tells one alert, and keeps an assessment.
async fn open(store: &Arc<dyn Store>, number: u64) -> Result<Applied, StoreError> {
    let desk = Route { channel: "desk".parse().unwrap(), min_severity: Severity::Low };
    let commit = Commit {
        at: at(number),
        assessments: vec![assessment(number, number, true)],
        transitions: vec![opening(number, "main")],
        routes: [(wallet(number), [desk].into())].into(),
        ..Commit::default()
    };
    store.commit(commit).await
}

/// So many alerts stand, each told once.
async fn assert_opened(store: &Arc<dyn Store>, count: usize) {
    assert_eq!(every_alert(store).await.len(), count);
    assert_eq!(usize::try_from(store.outbox().await.unwrap().waiting).unwrap(), count);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_commit_that_is_disturbed_in_its_middle_happens_once() {
    let Some(faulty) = Faulty::start().await else { return };
    let store = faulty.store("");
    assert_opened(&store, 0).await;
    let faults: [(&str, Document, i32); 6] = [
        ("find", cut(), 1),
        ("bulkWrite", cut(), 1),
        ("bulkWrite", conflict(), 3),
        ("commitTransaction", cut(), 1),
        ("commitTransaction", doc! { "errorCode": 10_107, "errorLabels": ["RetryableWriteError"] }, 1),
        ("commitTransaction", conflict(), 2),
    ];
    for (number, (command, how, times)) in (1..).zip(faults) {
        faulty.fail(Some(times), &[command], how.clone()).await;
        let applied = open(&store, number).await;
        faulty.heal().await;
        let applied = applied.unwrap_or_else(|error| panic!("{command} {how}: {error:?}"));
        assert_eq!(applied.opened.len(), 1, "{command} {how}");
        assert_opened(&store, usize::try_from(number).unwrap()).await;
        assert_eq!(store.latest(&[wallet(number)]).await.unwrap().len(), 1, "{command} {how}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_lost_connection_or_primary_is_not_noticed_by_any_other_call() {
    let Some(faulty) = Faulty::start().await else { return };
    let store = faulty.store("");
    let opened = open(&store, 1).await.unwrap().opened.remove(0);
    for how in [cut(), stepped_down()] {
        for command in ["find", "aggregate", "update", "findAndModify", "bulkWrite", "delete"] {
            faulty.fail(Some(1), &[command], how.clone()).await;
            let done: Result<(), StoreError> = async {
                store.put_watches(&[watch(1)]).await?;
                store.count_watches().await?;
                store.lease("every:0/1", "me", at(0), at(60)).await?;
                store.release("every:0/1", "me", true).await?;
                store.switch_on(&"desk".parse().unwrap()).await?;
                store.acknowledge(opened.id, at(2), &[]).await?;
                Ok(())
            }
            .await;
            faulty.heal().await;
            done.unwrap_or_else(|error| panic!("{command} {how}: {error:?}"));
        }
    }
    assert_opened(&store, 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_commit_that_cannot_end_is_told_in_time_and_leaves_nothing() {
    let Some(faulty) = Faulty::start().await else { return };
    let store = faulty.store("&serverSelectionTimeoutMS=1000");
    open(&store, 1).await.unwrap();
    faulty.fail(None, &["bulkWrite"], doc! { "errorCode": 8_000 }).await;
    let failed = timeout(Duration::from_secs(35), open(&store, 2)).await.expect("an answer in time");
    assert!(matches!(failed, Err(StoreError::Unavailable(_))), "{failed:?}");
    faulty.heal().await;
    assert_opened(&store, 1).await;
    assert!(store.latest(&[wallet(2)]).await.unwrap().is_empty());
    assert_eq!(open(&store, 2).await.unwrap().opened.len(), 1, "it can be done again");
    assert_opened(&store, 2).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_lease_is_given_back_after_a_commit_that_failed_under_it() {
    let Some(faulty) = Faulty::start().await else { return };
    let store = faulty.store("");
    let token = store.lease("every:0/1", "me", at(0), at(60)).await.unwrap().unwrap().token;
    let fence = Fence { lease: "every:0/1".to_owned(), token, cursor: None };
    let transitions = vec![opening(1, "main")];
    let commit = Commit { at: at(1), transitions, fence: Some(fence), ..Commit::default() };
    faulty.fail(None, &["bulkWrite"], doc! { "errorCode": 8_000 }).await;
    for _ in 0..2 {
        let failed = store.commit(commit.clone()).await;
        assert!(matches!(failed, Err(StoreError::Unavailable(_))), "{failed:?}");
    }
    faulty.heal().await;
    assert_eq!(store.commit(commit).await.unwrap().opened.len(), 1);
    store.release("every:0/1", "me", false).await.unwrap();
    assert!(store.lease("every:0/1", "another", at(1), at(61)).await.unwrap().is_some());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_settlement_that_is_disturbed_counts_its_attempt_once() {
    let Some(faulty) = Faulty::start().await else { return };
    let store = faulty.store("");
    open(&store, 1).await.unwrap();
    let desk = "desk".parse().unwrap();
    let taken = store.take(&desk, at(2), at(9), 5).await.unwrap().remove(0);
    faulty.fail(Some(1), &["bulkWrite"], cut()).await;
    let again = Settlement::Again { at: at(10), why: "busy".to_owned() };
    let settled = store.settle(at(3), &[(taken.message.id, again)]).await;
    faulty.heal().await;
    settled.unwrap();
    assert_eq!(store.take(&desk, at(10), at(19), 5).await.unwrap()[0].attempts, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_slow_server_is_an_error_at_the_deadline_and_holds_up_nothing_else() {
    let Some(faulty) = Faulty::start().await else { return };
    let store = faulty.store("");
    store.put_watches(&[watch(1)]).await.unwrap();
    faulty.fail(None, &["find"], doc! { "blockConnection": true, "blockTimeMS": 9_000 }).await;
    let began = Instant::now();
    let (slow, counted) = tokio::join!(store.page_watches(None, 5), async {
        let counted = store.count_watches().await;
        (counted, began.elapsed())
    });
    assert!(matches!(slow, Err(StoreError::Unavailable(_))), "{slow:?}");
    assert!(began.elapsed() < Duration::from_secs(7), "{:?}", began.elapsed());
    assert_eq!(counted.0.unwrap(), 1);
    assert!(counted.1 < Duration::from_secs(4), "it waited for the slow one: {:?}", counted.1);
    faulty.heal().await;
    assert_eq!(store.page_watches(None, 5).await.unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn more_calls_than_connections_wait_for_their_turn() {
    let Some(faulty) = Faulty::start().await else { return };
    let store = faulty.store("&maxPoolSize=2");
    store.put_watches(&[watch(1)]).await.unwrap();
    let wallets = [wallet(1)];
    let asked = join_all((0..150).map(|_| store.find_watches(&wallets)));
    let answered = asked.await;
    assert!(answered.iter().all(|one| one.as_ref().is_ok_and(|found| found.len() == 1)), "{answered:?}");
}
