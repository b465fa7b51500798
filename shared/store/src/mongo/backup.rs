//! A copy of a database while services write to it, as `mongodump` lays one out (a folder of `.bson` files), and a copy put
//! into a database that holds nothing.

use std::collections::BTreeMap;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{BufReader, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use mongodb::bson::{Document, RawDocumentBuf, doc};
use mongodb::options::SessionOptions;
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;
use tokio::task::spawn_blocking;

use super::base::{ALERTS, API_KEYS, Base, COLLECTIONS, COUNTERS, WATCHES};
use super::failure::Failure;
use super::{MongoStore, migrations};
use crate::backup::{BackupError, Copied, ID_STEP, sync_folder};

/// What says that a copy is whole; written last.
const MANIFEST: &str = "risk-manager.json";
/// Documents are handed on in heaps of so many bytes.
const HEAP_BYTES: usize = 1 << 20;
/// Longest document of the server.
const MAX_DOCUMENT_BYTES: usize = 16 << 20;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Manifest {
    /// How many migrations the database had seen.
    schema: usize,
    /// Documents of each collection.
    documents: BTreeMap<String, u64>,
}

impl MongoStore {
    /// Copies the database as it is at one moment (a snapshot session: MongoDB keeps that moment for five minutes, unless
    /// `minSnapshotHistoryWindowInSeconds` says longer), while others read and write it. The folder is there whole, written
    /// through to the disk and for its owner alone, or not at all.
    ///
    /// # Errors
    /// The database cannot be read; a file cannot be written; `to` is there already.
    pub async fn back_up(&self, to: &Path) -> Result<Copied, BackupError> {
        let base = self.base().await.map_err(of_failure)?;
        if to.exists() {
            return Err(BackupError::Exists);
        }
        let partial = beside(to);
        if partial.exists() {
            std::fs::remove_dir_all(&partial)?;
        }
        make_folder(&partial)?;
        let copied = copy(base, &partial).await;
        let copied = match copied {
            Ok(copied) => {
                let (from, to) = (partial.clone(), to.to_owned());
                spawn_blocking(move || put_there(&from, &to)).await.map_err(lost).flatten().map(|()| copied)
            }
            Err(error) => Err(error),
        };
        if copied.is_err() {
            // What is left of it is nobody's backup.
            let _ = std::fs::remove_dir_all(&partial);
        }
        copied
    }

    /// Puts a copy into this database, which holds nothing yet; nothing may use it meanwhile. The ids of alerts and sweeps
    /// go on a million later, as no message may get the id of one that was sent after the copy was made.
    ///
    /// # Errors
    /// The copy is not whole, or of another version; the database holds something, also what a restore left that was ended
    /// half way.
    pub async fn restore(&self, from: &Path) -> Result<Copied, BackupError> {
        let (folder, manifest) = (from.to_owned(), read_manifest(from)?);
        let known = migrations::newest();
        if manifest.schema != known {
            let [found, known] =
                [manifest.schema, known].map(|schema| i64::try_from(schema).unwrap_or(i64::MAX));
            return Err(BackupError::of_schema(found, known));
        }
        let (checked, manifest) =
            spawn_blocking(move || (check(&folder, &manifest), manifest)).await.map_err(lost)?;
        let bytes = checked?;
        let base = self.base().await.map_err(of_failure)?;
        for name in COLLECTIONS.into_iter().filter(|name| *name != COUNTERS) {
            let found =
                base.documents(name).find_one(doc! {}).await.map_err(Failure::from).map_err(of_failure)?;
            if found.is_some() {
                return Err(BackupError::NotEmpty);
            }
        }
        for name in COLLECTIONS {
            let path = from.join(file_name(name));
            if name == COUNTERS {
                restore_counters(base, path).await?;
            } else {
                insert(base, name, path).await?;
            }
        }
        Ok(manifest.told(bytes))
    }
}

impl Manifest {
    fn told(&self, bytes: u64) -> Copied {
        let [watches, alerts, api_keys] =
            [WATCHES, ALERTS, API_KEYS].map(|name| self.documents.get(name).copied().unwrap_or_default());
        Copied { watches, alerts, api_keys, bytes }
    }
}

async fn copy(base: &Base, folder: &Path) -> Result<Copied, BackupError> {
    let snapshot = SessionOptions::builder().snapshot(true).build();
    let session = base.client().start_session().with_options(snapshot).await;
    let mut session = session.map_err(Failure::from).map_err(of_failure)?;
    let mut manifest = Manifest { schema: migrations::newest(), documents: BTreeMap::new() };
    let mut bytes = 0;
    for name in COLLECTIONS {
        let (heaps, given) = mpsc::channel(2);
        let path = folder.join(file_name(name));
        let writing = spawn_blocking(move || write(&path, given));
        let mut heap = Vec::with_capacity(HEAP_BYTES);
        let mut count = 0;
        let found = base.snapshot(name).find(doc! {}).session(&mut session).await;
        let mut found = found.map_err(Failure::from).map_err(of_failure)?;
        while let Some(document) = found.next(&mut session).await {
            heap.extend(document.map_err(Failure::from).map_err(of_failure)?.as_bytes());
            count += 1;
            if heap.len() >= HEAP_BYTES && heaps.send(std::mem::take(&mut heap)).await.is_err() {
                break;
            }
        }
        // A writer that has ended says why below.
        let _ = heaps.send(heap).await;
        drop(heaps);
        bytes += writing.await.map_err(lost)??;
        manifest.documents.insert(name.to_owned(), count);
    }
    let text = serde_json::to_vec(&manifest).map_err(|_| BackupError::Foreign)?;
    let (path, told) = (folder.join(MANIFEST), manifest.told(bytes));
    let (heaps, given) = mpsc::channel(1);
    let _ = heaps.send(text).await;
    drop(heaps);
    spawn_blocking(move || write(&path, given)).await.map_err(lost)??;
    Ok(told)
}

/// Writes what is given to a new file, through to the disk.
fn write(path: &Path, mut given: mpsc::Receiver<Vec<u8>>) -> Result<u64, BackupError> {
    let mut file = OpenOptions::new().write(true).create_new(true).open(path)?;
    let mut bytes = 0;
    while let Some(heap) = given.blocking_recv() {
        file.write_all(&heap)?;
        bytes += heap.len() as u64;
    }
    file.sync_all()?;
    Ok(bytes)
}

fn read_manifest(folder: &Path) -> Result<Manifest, BackupError> {
    let text = match std::fs::read(folder.join(MANIFEST)) {
        Err(error) if error.kind() == ErrorKind::NotFound && !folder.exists() => {
            return Err(BackupError::Missing);
        }
        Err(_) => return Err(BackupError::Foreign),
        Ok(text) => text,
    };
    serde_json::from_slice(&text).map_err(|_| BackupError::Foreign)
}

/// Reads every document of a copy; the bytes of all.
fn check(folder: &Path, manifest: &Manifest) -> Result<u64, BackupError> {
    let mut bytes = 0;
    for name in COLLECTIONS {
        let mut documents = documents(&folder.join(file_name(name)))?;
        let mut count = 0;
        while let Some(document) = documents.next()? {
            count += 1;
            bytes += document.as_bytes().len() as u64;
        }
        if manifest.documents.get(name) != Some(&count) {
            return Err(BackupError::Damaged(format!("{name} holds {count} documents")));
        }
    }
    Ok(bytes)
}

struct Documents(BufReader<File>);

fn documents(path: &Path) -> Result<Documents, BackupError> {
    match File::open(path) {
        Ok(file) => Ok(Documents(BufReader::new(file))),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            Err(BackupError::Damaged("a file is missing".to_owned()))
        }
        Err(error) => Err(error.into()),
    }
}

impl Documents {
    /// The next document: its length, 32 bits from the lowest, and the rest of it.
    fn next(&mut self) -> Result<Option<RawDocumentBuf>, BackupError> {
        let damaged = |_| BackupError::Damaged("a document is cut".to_owned());
        let mut length = [0; 4];
        match self.0.read(&mut length)? {
            0 => return Ok(None),
            read => self.0.read_exact(&mut length[read..]).map_err(damaged)?,
        }
        let whole = usize::try_from(i32::from_le_bytes(length)).unwrap_or_default();
        if !(length.len()..=MAX_DOCUMENT_BYTES).contains(&whole) {
            return Err(BackupError::Damaged("a document has no length".to_owned()));
        }
        let mut bytes = vec![0; whole];
        bytes[..4].copy_from_slice(&length);
        self.0.read_exact(&mut bytes[4..]).map_err(damaged)?;
        let document = RawDocumentBuf::from_bytes(bytes).ok();
        // Every element is looked at: a length that is right says nothing of what is between.
        let document = document.filter(|document| document.iter().all(|element| element.is_ok()));
        document.map(Some).ok_or_else(|| BackupError::Damaged("a document cannot be read".to_owned()))
    }
}

async fn insert(base: &Base, name: &'static str, path: PathBuf) -> Result<(), BackupError> {
    let (heaps, mut given) = mpsc::channel::<Vec<RawDocumentBuf>>(2);
    let reading = spawn_blocking(move || -> Result<(), BackupError> {
        let mut documents = documents(&path)?;
        let (mut heap, mut bytes) = (Vec::new(), 0);
        while let Some(document) = documents.next()? {
            bytes += document.as_bytes().len();
            heap.push(document);
            if bytes >= HEAP_BYTES {
                bytes = 0;
                if heaps.blocking_send(std::mem::take(&mut heap)).is_err() {
                    return Ok(());
                }
            }
        }
        if !heap.is_empty() {
            // Who does not listen any more has failed, and says why.
            let _ = heaps.blocking_send(heap);
        }
        Ok(())
    });
    while let Some(heap) = given.recv().await {
        base.collection(name).insert_many(heap).await.map_err(Failure::from).map_err(of_failure)?;
    }
    reading.await.map_err(lost)?
}

async fn restore_counters(base: &Base, path: PathBuf) -> Result<(), BackupError> {
    let read = spawn_blocking(move || -> Result<Vec<RawDocumentBuf>, BackupError> {
        let mut documents = documents(&path)?;
        let mut all = Vec::new();
        while let Some(document) = documents.next()? {
            all.push(document);
        }
        Ok(all)
    });
    for counter in read.await.map_err(lost)?? {
        let counter = Document::try_from(counter).map_err(|_| BackupError::Foreign)?;
        let (Some(name), Ok(last)) = (counter.get("_id").cloned(), counter.get_i64("last")) else {
            return Err(BackupError::Foreign);
        };
        let on = doc! { "$set": { "last": last.saturating_add(ID_STEP) } };
        let done = base.documents(COUNTERS).update_one(doc! { "_id": name }, on).upsert(true).await;
        done.map_err(Failure::from).map_err(of_failure)?;
    }
    Ok(())
}

/// Gives a whole copy its name, so that the name survives a loss of power too.
fn put_there(from: &Path, to: &Path) -> Result<(), BackupError> {
    sync_folder(&from.join(MANIFEST))?;
    std::fs::rename(from, to)?;
    sync_folder(to)
}

fn file_name(collection: &str) -> String {
    format!("{collection}.bson")
}

fn beside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".partial");
    name.into()
}

/// A folder that its owner alone may look into: it holds what wallets are watched, and hashes of keys.
fn make_folder(path: &Path) -> Result<(), BackupError> {
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    Ok(builder.create(path)?)
}

fn of_failure(failure: Failure) -> BackupError {
    BackupError::Store(failure.into_store_error())
}

fn lost(_: tokio::task::JoinError) -> BackupError {
    BackupError::File(ErrorKind::Other)
}
