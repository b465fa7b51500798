//! Cases of copies of the SQLite file: what is no whole copy of ours is never put in place.

use std::path::{Path, PathBuf};

use risk_app::stores::{Alerts, Store, Watches};
use risk_store::{BackupError, SqliteStore, back_up, restore};

use crate::Folder;
use crate::samples::{every_alert, opened, opening, wallet, watch};
use std::sync::Arc;

/// A store with a watch and an alert, and a copy of it.
async fn copied(folder: &Folder) -> (Arc<dyn Store>, PathBuf) {
    let store = folder.store();
    store.put_watches(&[watch(1)]).await.unwrap();
    opened(&store, 1, opening(1, "main")).await;
    let copy = folder.file().with_file_name("copy.sqlite");
    let told = back_up(&folder.file(), &copy).unwrap();
    assert_eq!((told.watches, told.alerts, told.api_keys), (1, 1, 0));
    assert_eq!(told.bytes, std::fs::metadata(&copy).unwrap().len());
    (store, copy)
}

fn files(folder: &Path) -> Vec<String> {
    let names = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
    let mut names: Vec<String> = names.map(|name| name.to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[tokio::test]
async fn a_restored_copy_holds_what_was_copied_and_gives_no_id_again() {
    let (folder, target) = (Folder::new(), Folder::new());
    let (store, copy) = copied(&folder).await;
    // Told to channels after the copy was made.
    let late = opened(&store, 2, opening(2, "main")).await;
    let (told, replaced) = restore(&copy, &target.file()).unwrap();
    assert_eq!((told.watches, told.alerts, replaced), (1, 1, None));
    let restored = target.store();
    assert_eq!(restored.page_watches(None, 9).await.unwrap(), [watch(1)]);
    assert_eq!(every_alert(&restored).await.len(), 1);
    assert!(opened(&restored, 3, opening(3, "main")).await.id > late.id, "an id came twice");
    assert_eq!(
        files(target.file().parent().unwrap()).iter().filter(|name| name.contains("incoming")).count(),
        0
    );
}

#[cfg(unix)]
#[tokio::test]
async fn a_copy_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::new();
    let (_store, copy) = copied(&folder).await;
    assert_eq!(std::fs::metadata(&copy).unwrap().permissions().mode() & 0o777, 0o600);
}

#[tokio::test]
async fn a_file_that_any_store_has_open_is_not_replaced() {
    let folder = Folder::new();
    let (store, copy) = copied(&folder).await;
    store.put_watches(&[watch(2)]).await.unwrap();
    assert!(matches!(restore(&copy, &folder.file()), Err(BackupError::InUse)));
    store.put_watches(&[watch(3)]).await.unwrap();
    drop(store);
    assert_eq!(folder.store().count_watches().await.unwrap(), 3);
}

#[tokio::test]
async fn what_is_damaged_foreign_newer_or_absent_is_refused_and_changes_nothing() {
    let folder = Folder::new();
    let (store, copy) = copied(&folder).await;
    store.put_watches(&[watch(2)]).await.unwrap();
    drop(store);
    let odd = folder.file().with_file_name("odd.sqlite");
    let whole = std::fs::read(&copy).unwrap();

    assert!(matches!(restore(&odd, &folder.file()), Err(BackupError::Missing)));
    assert!(matches!(back_up(&odd, &copy), Err(BackupError::Missing)));
    assert!(matches!(back_up(&folder.file(), &copy), Err(BackupError::Exists)));
    assert_eq!(std::fs::read(&copy).unwrap(), whole, "an earlier backup was touched");

    for text in
        ["", "not a database at all, and longer than the header of one would be: 100 bytes and more of text"]
    {
        std::fs::write(&odd, text).unwrap();
        assert!(matches!(restore(&odd, &folder.file()), Err(BackupError::Foreign)), "{text}");
    }
    for cut in [whole.len() / 2, whole.len() - 4_096, whole.len() - 1] {
        std::fs::write(&odd, &whole[..cut]).unwrap();
        let refused = restore(&odd, &folder.file());
        assert!(matches!(refused, Err(BackupError::Damaged(_))), "{cut}: {refused:?}");
    }
    let mut spoiled = whole.clone();
    for page in 1..spoiled.len() / 4_096 {
        spoiled[page * 4_096..page * 4_096 + 64].fill(0xff);
    }
    std::fs::write(&odd, &spoiled).unwrap();
    assert!(matches!(restore(&odd, &folder.file()), Err(BackupError::Damaged(_))));

    std::fs::write(&odd, &whole).unwrap();
    let mut newer = whole.clone();
    // The user version, big-endian at byte 60 of the header.
    newer[60..64].copy_from_slice(&9_999_u32.to_be_bytes());
    std::fs::write(&odd, &newer).unwrap();
    assert!(matches!(restore(&odd, &folder.file()), Err(BackupError::Newer { found: 9_999, .. })));

    let store = SqliteStore::open(&folder.file()).await.unwrap();
    assert_eq!(store.count_watches().await.unwrap(), 2);
    assert_eq!(store.find_watches(&[wallet(2)]).await.unwrap(), [watch(2)]);
    assert_eq!(store.count_standing().await.unwrap(), 1);
}

#[tokio::test]
async fn a_copy_is_put_in_the_place_of_a_file_that_is_damaged() {
    let folder = Folder::new();
    let (store, copy) = copied(&folder).await;
    drop(store);
    std::fs::write(
        folder.file(),
        "overwritten by something else entirely, so that it is no database any more",
    )
    .unwrap();
    let log = folder.file().with_file_name("risk.db-wal");
    std::fs::write(&log, "a log of nothing").unwrap();
    let (_, replaced) = restore(&copy, &folder.file()).unwrap();
    assert_eq!(replaced.unwrap().file_name().unwrap(), "risk.db.replaced-1");
    assert!(!log.exists(), "the old log would be taken for the new file's");
    assert_eq!(folder.store().count_watches().await.unwrap(), 1);
}
