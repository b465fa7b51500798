//! Cases of copies of a MongoDB database: a copy holds everything, and what is no whole copy of ours is never put in place.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use risk_app::stores::{Assessments, Watches};
use risk_store::{BackupError, HistoryReads, MongoStore};
use tempfile::TempDir;

use crate::samples::{every_alert, opened, opening, wallet, watch};

/// An empty store; `None`, and said so, where no server is installed.
async fn store() -> Option<Arc<MongoStore>> {
    let (uri, name) = risk_tests::mongo::database().await.expect("the server")?;
    Some(Arc::new(MongoStore::new(&uri, &name, HistoryReads::default()).expect("an address")))
}

/// A store with more watches than go into one heap of a copy, and an alert; and a copy of it.
async fn copied(folder: &TempDir) -> Option<(Arc<MongoStore>, PathBuf)> {
    let store = store().await?;
    let watches: Vec<_> = (1..=3_000).map(watch).collect();
    store.put_watches(&watches).await.unwrap();
    opened(&as_store(&store), 1, opening(1, "main")).await;
    let copy = folder.path().join("copy");
    let told = store.back_up(&copy).await.unwrap();
    assert_eq!((told.watches, told.alerts, told.api_keys), (3_000, 1, 0));
    Some((store, copy))
}

fn as_store(store: &Arc<MongoStore>) -> Arc<dyn risk_app::stores::Store> {
    Arc::clone(store) as _
}

#[tokio::test]
async fn a_restored_copy_holds_what_was_copied_and_gives_no_id_again() {
    let folder = tempfile::tempdir().unwrap();
    let Some((first, copy)) = copied(&folder).await else { return };
    // Told to channels after the copy was made.
    let late = opened(&as_store(&first), 2, opening(2, "main")).await;
    let second = store().await.unwrap();
    let told = second.restore(&copy).await.unwrap();
    assert_eq!((told.watches, told.alerts), (3_000, 1));
    let wallets: Vec<_> = (1..=3_000).map(wallet).collect();
    assert_eq!(second.find_watches(&wallets).await.unwrap(), first.find_watches(&wallets).await.unwrap());
    assert_eq!(second.latest(&wallets).await.unwrap(), first.latest(&wallets).await.unwrap());
    let kept = every_alert(&as_store(&second)).await;
    assert_eq!(
        kept,
        every_alert(&as_store(&first)).await.into_iter().filter(|one| one.id != late.id).collect::<Vec<_>>()
    );
    assert!(opened(&as_store(&second), 3, opening(3, "main")).await.id > late.id, "an id came twice");
    // One standing alert of an identity, as before: the indexes are there.
    assert_eq!(every_alert(&as_store(&second)).await.len(), 2);
}

#[cfg(unix)]
#[tokio::test]
async fn a_copy_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let Some((_, copy)) = copied(&folder).await else { return };
    assert_eq!(fs::metadata(&copy).unwrap().permissions().mode() & 0o777, 0o700);
}

#[tokio::test]
async fn what_is_damaged_foreign_newer_or_absent_is_refused_and_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let Some((first, copy)) = copied(&folder).await else { return };
    let target = store().await.unwrap();
    assert!(matches!(first.back_up(&copy).await, Err(BackupError::Exists)));
    assert!(matches!(target.restore(&folder.path().join("none")).await, Err(BackupError::Missing)));
    let odd = folder.path().join("odd");
    fs::create_dir(&odd).unwrap();
    assert!(matches!(target.restore(&odd).await, Err(BackupError::Foreign)));
    assert!(matches!(target.restore(Path::new("/dev/null")).await, Err(BackupError::Foreign)));

    let watches = copy.join("watches.bson");
    let whole = fs::read(&watches).unwrap();
    let mut spoiled = whole.clone();
    spoiled[4] = 0x7f;
    let mut endless = whole.clone();
    endless[..4].copy_from_slice(&i32::MAX.to_le_bytes());
    for (what, bytes) in [
        ("cut", &whole[..whole.len() - 1]),
        ("half", &whole[..whole.len() / 2]),
        ("empty", &[]),
        ("spoiled", &spoiled),
        ("endless", &endless),
    ] {
        fs::write(&watches, bytes).unwrap();
        let refused = target.restore(&copy).await;
        assert!(matches!(refused, Err(BackupError::Damaged(_))), "{what}: {refused:?}");
    }
    fs::remove_file(&watches).unwrap();
    assert!(matches!(target.restore(&copy).await, Err(BackupError::Damaged(_))));
    fs::write(&watches, &whole).unwrap();
    let manifest = copy.join("risk-manager.json");
    let text = fs::read_to_string(&manifest).unwrap();
    fs::write(&manifest, text.replacen("\"schema\":1", "\"schema\":99", 1)).unwrap();
    assert!(matches!(target.restore(&copy).await, Err(BackupError::Newer { found: 99, .. })));
    fs::write(&manifest, text).unwrap();
    assert_eq!(target.count_watches().await.unwrap(), 0, "a refused copy left something");

    target.restore(&copy).await.unwrap();
    assert!(matches!(target.restore(&copy).await, Err(BackupError::NotEmpty)));
    assert_eq!(target.count_watches().await.unwrap(), 3_000);
}
