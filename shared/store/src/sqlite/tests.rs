//! What only this adapter can get wrong: the file itself.

use std::error::Error;
use std::path::PathBuf;
use std::time::Duration;

use risk_app::records::{Commit, Watch};
use risk_app::stores::{Alerts, ApiKeys, Assessments, Sweeps, Watches};
use risk_engine::alarm::Memory;
use risk_model::{Address, OwnThresholds, Timestamp, Wallet};
use rusqlite::Connection;
use tempfile::TempDir;

use super::*;

const WALLET: Wallet = Wallet::new(Address::repeat_byte(7));

struct Sample {
    folder: TempDir,
}

impl Sample {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("secret-place.db")
    }

    /// A migrated file, altered behind the store's back.
    async fn altered(statements: &str) -> (Self, SqliteStore) {
        let sample = Self::new();
        let store = SqliteStore::open(&sample.path()).await.unwrap();
        Connection::open(sample.path()).unwrap().execute_batch(statements).unwrap();
        (sample, store)
    }
}

fn watch() -> Watch {
    let now = Timestamp::new(1);
    Watch {
        wallet: WALLET,
        label: None,
        health_factor_threshold: None,
        thresholds: OwnThresholds::new(),
        channels: None,
        min_severity: None,
        created_at: now,
        updated_at: now,
    }
}

/// Everything an error says, with its sources.
fn story(error: &dyn Error) -> String {
    std::iter::successors(Some(error), |error| (*error).source())
        .map(|error| format!("{error} {error:?}\n"))
        .collect()
}

fn assert_corrupt<T: std::fmt::Debug>(answer: Result<T, StoreError>, expected: &str) {
    match answer {
        Err(StoreError::Corrupt { what }) => assert_eq!(what, expected),
        other => panic!("expected a corrupt {expected}, got {other:?}"),
    }
}

#[tokio::test]
async fn a_name_that_no_version_wrote_is_corrupt_and_not_a_guess() {
    const ALERT: &str =
        "INSERT INTO alerts VALUES (1, unhex('0707070707070707070707070707070707070707'), '', ";
    const REST: &str = "'m', 'a', 1.0, 1.0, 0, 1, 1, NULL, NULL, NULL, 1)";
    for columns in
        ["'moon_risk', 'low', 'open'", "'data_blind', 'mild', 'open'", "'data_blind', 'low', 'napping'"]
    {
        let (_sample, store) = Sample::altered(&format!("{ALERT}{columns}, {REST}")).await;
        assert_corrupt(store.find_alert(1).await, "alert");
        assert_corrupt(store.standing(&[WALLET]).await, "alert");
    }
    let (_sample, store) = Sample::altered(
        "INSERT INTO assessments VALUES (unhex('0707070707070707070707070707070707070707'), 1, 5, 'fine', 0, 0, x'7b7d', NULL)",
    )
    .await;
    assert_corrupt(store.latest(&[WALLET]).await, "assessment");
}

#[tokio::test]
async fn a_body_is_read_as_it_was_packed_or_not_and_never_in_part() {
    const ROW: &str = "INSERT INTO assessments VALUES (unhex('0707070707070707070707070707070707070707'), 1, 5, 'low', 0, 0, ";
    let (_sample, store) = Sample::altered(&format!("{ROW}x'7b7d', NULL)")).await;
    assert_eq!(store.latest(&[WALLET]).await.unwrap()[0].body, "{}", "written before bodies were packed");
    // A block of two literal bytes, and lengths that are not its own.
    let (_sample, store) = Sample::altered(&format!("{ROW}x'207b7d', 2)")).await;
    assert_eq!(store.latest(&[WALLET]).await.unwrap()[0].body, "{}");
    for rest in [
        "x'207b7d', 1)",
        "x'207b7d', 3)",
        "x'207b7d', -1)",
        "x'207b7d', 99999999999)",
        "x'ff', 2)",
        "x'ff', NULL)",
    ] {
        let (_sample, store) = Sample::altered(&format!("{ROW}{rest}")).await;
        assert_corrupt(store.latest(&[WALLET]).await, "assessment");
    }
}

#[tokio::test]
async fn values_out_of_their_range_are_corrupt() {
    let (_sample, store) = Sample::altered(
        "INSERT INTO watches VALUES (unhex('0707070707070707070707070707070707070707'), NULL, NULL, -1, 0, '{}', NULL, NULL);
         INSERT INTO known_tokens VALUES (unhex('0707070707070707070707070707070707070707'), 1, '[\"mars:native\"]');
         INSERT INTO known_markets VALUES (unhex('0707070707070707070707070707070707070707'), 'base', 1, '[\"0x07\"]');
         INSERT INTO api_keys VALUES (zeroblob(32), 'x', 'not json', NULL, NULL, 1, NULL);
         INSERT INTO alerts VALUES (1, unhex('0707070707070707070707070707070707070707'), '', 'data_blind', 'low',
             'open', 'm', 'a', 1.0, 1.0, 256, 1, 1, NULL, NULL, NULL, 1);
         INSERT INTO sweeps VALUES (1, 1, 1, -5, 0, 0, 0, 0, NULL, 'every', '0/1')",
    )
    .await;
    assert_corrupt(store.find_watches(&[WALLET]).await, "watch");
    assert_corrupt(store.tokens(&[WALLET]).await, "token list");
    assert_corrupt(store.markets(&[WALLET]).await, "market list");
    assert_corrupt(store.find_key(&[0; 32]).await, "API key");
    assert_corrupt(store.find_alert(1).await, "alert");
    assert_corrupt(store.recent(None, 1).await, "sweep report");
}

#[tokio::test]
async fn a_memory_that_cannot_be_read_is_none_and_hides_no_other() {
    let (_sample, store) = Sample::altered(
        "INSERT INTO alarm_memories VALUES (unhex('0707070707070707070707070707070707070707'), 1, '{\"v\":9}');
         INSERT INTO alarm_memories VALUES (unhex('0808080808080808080808080808080808080808'), 1, '{\"v\":1}')",
    )
    .await;
    let other = Wallet::new(Address::repeat_byte(8));
    assert_eq!(store.memories(&[WALLET, other]).await.unwrap(), [(other, Memory::default())]);
    let commit =
        Commit { at: Timestamp::new(2), memories: vec![(WALLET, Memory::default())], ..Commit::default() };
    store.commit(commit).await.unwrap();
    assert_eq!(store.memories(&[WALLET]).await.unwrap(), [(WALLET, Memory::default())]);
}

#[tokio::test]
async fn own_thresholds_that_no_version_wrote_are_corrupt() {
    for (thresholds, channels, severity) in [
        ("nonsense", "NULL", "NULL"),
        ("{\"depth\":\"1\"}", "NULL", "NULL"),
        ("{\"depeg\":\"7\"}", "NULL", "NULL"),
        ("{\"depeg\":0.1}", "NULL", "NULL"),
        ("{}", "'[\"De sk\"]'", "NULL"),
        ("{}", "NULL", "'mild'"),
    ] {
        let (_sample, store) = Sample::altered(&format!(
            "INSERT INTO watches VALUES (unhex('0707070707070707070707070707070707070707'), NULL, NULL, 1, 1,
                 '{thresholds}', {channels}, {severity})"
        ))
        .await;
        assert_corrupt(store.find_watches(&[WALLET]).await, "watch");
    }
}

#[tokio::test]
async fn a_file_that_is_no_database_is_corrupt_and_stays_as_it_was() {
    let sample = Sample::new();
    let text = "name,balance\n".repeat(1_000);
    std::fs::write(sample.path(), &text).unwrap();
    assert_corrupt(SqliteStore::open(&sample.path()).await.map(|_| ()), "database file");
    assert_eq!(std::fs::read_to_string(sample.path()).unwrap(), text);
}

#[tokio::test]
async fn a_file_of_a_newer_version_is_refused() {
    let (sample, store) = Sample::altered("PRAGMA user_version = 99").await;
    drop(store);
    let Err(error) = SqliteStore::open(&sample.path()).await else { panic!("it opened a newer file") };
    assert!(story(&error).contains("newer version"), "{}", story(&error));
}

#[tokio::test]
async fn errors_name_neither_the_path_nor_a_statement() {
    let sample = Sample::new();
    std::fs::create_dir(sample.path()).unwrap();
    let Err(of_a_folder) = SqliteStore::open(&sample.path()).await else { panic!("it opened a folder") };
    let (_altered, store) = Sample::altered("DROP TABLE watches").await;
    let of_a_table = store.count_watches().await.unwrap_err();
    for error in [of_a_folder, of_a_table] {
        let story = story(&error);
        assert!(matches!(error, StoreError::Unavailable(_)), "{story}");
        for secret in ["secret-place", "watches", "SELECT"] {
            assert!(!story.contains(secret), "{secret} leaks: {story}");
        }
    }
}

#[tokio::test]
async fn an_opening_that_failed_is_tried_again() {
    let sample = Sample::new();
    let blocked = sample.folder.path().join("data");
    std::fs::write(&blocked, "in the way").unwrap();
    let store = SqliteStore::new(blocked.join("risk.db"));
    assert!(matches!(store.count_watches().await, Err(StoreError::Unavailable(_))));
    std::fs::remove_file(&blocked).unwrap();
    assert_eq!(store.count_watches().await.unwrap(), 0);
}

#[tokio::test]
async fn reads_go_on_while_another_process_writes_and_writes_wait_for_it() {
    let sample = Sample::new();
    let store = SqliteStore::open(&sample.path()).await.unwrap();
    let other = Connection::open(sample.path()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let watches = [watch()];
    let write = store.put_watches(&watches);
    tokio::pin!(write);
    assert!(tokio::time::timeout(Duration::from_millis(100), &mut write).await.is_err(), "it did not wait");
    assert_eq!(store.count_watches().await.unwrap(), 0, "a read goes past the waiting write");
    other.execute_batch("COMMIT").unwrap();
    write.await.unwrap();
    assert_eq!(store.count_watches().await.unwrap(), 1);
}

#[tokio::test]
async fn a_write_that_cannot_get_in_is_unavailable_and_changes_nothing() {
    let sample = Sample::new();
    let store = SqliteStore::open(&sample.path()).await.unwrap();
    let other = Connection::open(sample.path()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let refused = store.put_watches(&[watch()]).await;
    assert!(matches!(refused, Err(StoreError::Unavailable(_))));
    other.execute_batch("COMMIT").unwrap();
    assert_eq!(store.count_watches().await.unwrap(), 0);
    store.put_watches(&[watch()]).await.unwrap();
    assert_eq!(store.count_watches().await.unwrap(), 1, "the connection is usable again");
}

#[tokio::test]
async fn a_time_that_no_column_holds_is_refused_with_its_whole_batch() {
    let sample = Sample::new();
    let store = SqliteStore::new(sample.path());
    let endless = Watch { updated_at: Timestamp::new(u64::MAX), ..watch() };
    let other = Watch { wallet: Wallet::new(Address::repeat_byte(8)), ..watch() };
    let refused = store.put_watches(&[other, endless]).await;
    assert!(matches!(refused, Err(StoreError::Unavailable(_))));
    assert_eq!(store.count_watches().await.unwrap(), 0);
}

#[tokio::test]
async fn the_file_is_kept_so_that_acknowledged_writes_survive_the_loss_of_power() {
    let sample = Sample::new();
    let store = SqliteStore::open(&sample.path()).await.unwrap();
    let read = |file: &Transaction<'_>| {
        let mode: String = file.query_row("PRAGMA journal_mode", [], |row| row.get(0))?;
        let synchronous: i64 = file.query_row("PRAGMA synchronous", [], |row| row.get(0))?;
        Ok((mode, synchronous))
    };
    assert_eq!(store.write(read).await.unwrap(), ("wal".to_owned(), 2));
}

#[tokio::test]
async fn the_lookups_of_every_request_use_an_index() {
    let sample = Sample::new();
    let store = SqliteStore::open(&sample.path()).await.unwrap();
    let plans = store
        .read(|file| {
            let mut plans = Vec::new();
            for statement in [assessments::LATEST, assessments::LAST_KNOWN, alerts::STANDING, watches::FIND] {
                let mut plan = file.prepare(&format!("EXPLAIN QUERY PLAN {statement}"))?;
                let lines = plan.query_map(["[]"], |row| row.get::<_, String>("detail"))?;
                plans.push(lines.collect::<Result<Vec<_>, _>>()?.join("; "));
            }
            let mut take = file.prepare(&format!("EXPLAIN QUERY PLAN {}", outbox::TAKE))?;
            let lines = take.query_map(("desk", 1, 1), |row| row.get::<_, String>("detail"))?;
            plans.push(lines.collect::<Result<Vec<_>, _>>()?.join("; "));
            Ok(plans)
        })
        .await
        .unwrap();
    for plan in plans {
        assert!(!plan.contains("SCAN alerts") && !plan.contains("SCAN assessments"), "{plan}");
        assert!(
            !plan.contains("SCAN one") && !plan.contains("SCAN earlier") && !plan.contains("SCAN watches"),
            "{plan}"
        );
        assert!(plan.contains("SEARCH"), "{plan}");
    }
}
