//! Cases of the SQLite file alone: restarts, and several processes' worth of stores on one file.

use std::sync::Arc;

use risk_app::events::{Event, EventKind, Events, Heard};
use risk_app::records::{ApiKey, Commit, SweepReport, Watch};
use risk_app::stores::{Store, Wallets, Watches};
use risk_model::{Asset, B256, ChainId, KnownMarkets};
use risk_store::{SqliteEvents, SqliteStore};

use crate::Folder;
use crate::races::{end_once, escalate_once, lease_once, open_once};
use crate::samples::{alert, assessment, at, every_alert, opened, opening, transact, wallet, watch};

#[tokio::test]
async fn making_a_store_touches_nothing() {
    let folder = Folder::new();
    let store = folder.store();
    assert_eq!(store.name(), "sqlite");
    assert!(!folder.file().exists());
    assert_eq!(store.count_watches().await.unwrap(), 0);
    assert!(folder.file().exists());
}

fn key() -> ApiKey {
    ApiKey {
        hash: [9; 32],
        label: "ops".to_owned(),
        scopes: vec!["admin".to_owned()],
        wallets: None,
        expires_at: None,
        created_at: at(0),
        last_used_at: None,
    }
}

/// Whether what one store was told is all there in the next one, which `restart` opens.
pub(crate) async fn survives(before: Arc<dyn Store>, restart: impl AsyncFnOnce() -> Arc<dyn Store>) {
    let report = SweepReport { started_at: at(1), finished_at: at(2), wallets: 3, ..SweepReport::default() };
    before.put_watches(&[watch(1)]).await.unwrap();
    before.put_key(&key()).await.unwrap();
    before.record(&report).await.unwrap();
    assert!(before.lease("every:0/1", "first", at(0), at(60)).await.unwrap().is_some());
    let tokens = vec![(wallet(1), vec![Asset::native(ChainId::Polygon)])];
    let markets =
        vec![(wallet(1), vec![KnownMarkets { chain: ChainId::Base, ids: vec![B256::repeat_byte(3)] }])];
    let commit = Commit {
        at: at(5),
        assessments: vec![assessment(1, 5, true)],
        transitions: vec![opening(1, "main"), opening(1, "other")],
        tokens: tokens.clone(),
        markets: markets.clone(),
        ..Commit::default()
    };
    let alerts = before.commit(commit).await.unwrap().opened;
    let seen = before.acknowledge(alerts[0].id, at(6), &[]).await.unwrap().unwrap();
    before.resolve(alerts[1].id, at(6), "by hand", &[]).await.unwrap();
    drop(before);

    let after = restart().await;
    assert_eq!(after.page_watches(None, 9).await.unwrap(), [watch(1)]);
    assert_eq!(after.find_key(&[9; 32]).await.unwrap(), Some(key()));
    assert_eq!(after.recent(None, 9).await.unwrap(), [report]);
    assert!(after.lease("every:0/1", "second", at(1), at(61)).await.unwrap().is_none());
    assert_eq!(after.latest(&[wallet(1)]).await.unwrap(), [assessment(1, 5, true)]);
    assert_eq!(after.last_known(&[wallet(1)]).await.unwrap(), [assessment(1, 5, true)]);
    assert_eq!(after.tokens(&[wallet(1)]).await.unwrap(), tokens);
    assert_eq!(after.markets(&[wallet(1)]).await.unwrap(), markets);
    assert_eq!(after.standing(&[wallet(1)]).await.unwrap(), [seen]);
    let again = opened(&after, 7, opening(1, "other")).await;
    assert!(again.id > alerts[1].id, "an id came twice");
}

#[tokio::test]
async fn everything_is_there_after_a_restart() {
    let folder = Folder::new();
    let before = Arc::new(SqliteStore::open(&folder.file()).await.unwrap());
    survives(before, async || folder.store()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn processes_that_start_at_once_migrate_one_file_once() {
    for _ in 0..5 {
        let folder = Folder::new();
        open_once((0..8).map(|_| folder.store()).collect()).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_processes_open_one_alert_of_an_identity() {
    let folder = Folder::new();
    let stores = [folder.store(), folder.store()];
    open_once(stores.iter().cycle().take(50).cloned().collect()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_processes_never_sweep_at_once() {
    let folder = Folder::new();
    let stores = [folder.store(), folder.store()];
    lease_once(stores.iter().cycle().take(50).cloned().collect()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_processes_change_one_alert_one_after_the_other() {
    let folder = Folder::new();
    let stores = [folder.store(), folder.store()];
    end_once(stores.iter().cycle().take(40).cloned().collect()).await;
    escalate_once(stores.iter().cycle().take(40).cloned().collect()).await;
}

/// Whether two stores of one place see what the other writes.
pub(crate) async fn read_each_other(api: &Arc<dyn Store>, sweep: &Arc<dyn Store>) {
    for number in 0..50 {
        let one = opened(sweep, number, opening(number, "main")).await;
        assert_eq!(alert(api, one.id).await, one);
        let over = api.resolve(one.id, at(number), "by hand", &[]).await.unwrap().unwrap();
        assert_eq!(alert(sweep, one.id).await, over);
    }
    assert_eq!(every_alert(api).await, every_alert(sweep).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_one_process_writes_another_reads_at_once() {
    let folder = Folder::new();
    read_each_other(&folder.store(), &folder.store()).await;
}

/// Whether a reader ever sees a part of a commit of so many alerts.
pub(crate) async fn see_whole_commits(api: Arc<dyn Store>, sweep: Arc<dyn Store>, alerts: u64) {
    let writer = tokio::spawn(async move {
        for round in 0..10 {
            let openings = (0..alerts).map(|number| opening(round * alerts + number, "main")).collect();
            transact(&sweep, round, openings).await;
        }
    });
    let mut counts = Vec::new();
    while !writer.is_finished() {
        counts.push(api.count_standing().await.unwrap());
    }
    writer.await.unwrap();
    assert!(counts.iter().all(|count| count % alerts == 0), "half a commit was seen: {counts:?}");
    assert!(counts.is_sorted());
    assert!(!counts.is_empty(), "no read met a commit");
    assert_eq!(api.count_standing().await.unwrap(), 10 * alerts);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn reads_see_whole_commits() {
    let folder = Folder::new();
    see_whole_commits(folder.store(), folder.store(), 500).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_erased_wallet_leaves_no_byte_in_the_file_and_whoever_listens_hears_of_a_loss_alone() {
    const MARK: &str = "a label that stands nowhere else";
    let folder = Folder::new();
    let store = Arc::new(SqliteStore::new(folder.file()));
    let events = SqliteEvents::new(Arc::clone(&store));
    store.put_watches(&[Watch { label: Some(MARK.to_owned()), ..watch(1) }]).await.unwrap();
    let mut listener = events.subscribe().await.unwrap();
    let event = |number, data: &str| Event {
        wallet: wallet(number),
        kind: EventKind::Assessed,
        at: at(1),
        data: data.to_owned(),
    };
    events.publish(&[event(1, MARK), event(2, "{}")]).await.unwrap();
    let told = store.traces(&[wallet(1)]).await.unwrap().remove(0).events;
    assert_eq!(
        told.iter().map(|one| (one.kind.as_str(), one.data.as_str())).collect::<Vec<_>>(),
        [("assessed", MARK)]
    );
    let erased = store.erase(&[wallet(1)]).await.unwrap();
    assert_eq!((erased.watches, erased.events), (1, 1));
    assert_eq!(store.traces(&[wallet(1)]).await.unwrap(), []);
    assert_eq!(listener.recv().await, Ok(Heard::Missed));
    assert_eq!(listener.recv().await, Ok(Heard::Event(Arc::new(event(2, "{}")))));
    drop((events, listener));
    let file = folder.file();
    // The last connection that closes writes the log back into the file; the events' poll ends within a second of it.
    drop(store);
    for _ in 0..100 {
        if !file.with_extension("db-wal").exists() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    assert!(!file.with_extension("db-wal").exists(), "the store was not closed");
    let bytes = std::fs::read(&file).unwrap();
    let holds = |text: &[u8]| bytes.windows(text.len()).any(|part| part == text);
    assert!(!holds(MARK.as_bytes()), "what was deleted can still be read");
    assert!(!holds(wallet(1).address().as_slice()), "the address can still be read");
    assert!(holds(wallet(2).address().as_slice()), "the other wallet's event is gone");
}
