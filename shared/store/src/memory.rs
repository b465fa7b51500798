//! The store in memory: everything is lost with the process. For tests, trials and the first minutes of a bare start.

mod alerts;
mod api_keys;
mod assessments;
mod closes;
mod outbox;
mod sweeps;
mod wallets;
mod watches;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Mutex, MutexGuard};

use risk_app::delivery::SwitchedOff;
use risk_app::records::{Alert, ApiKey, AssessmentRecord, KeptCloses, KeptHourly, SweepReport, Watch};
use risk_app::stores::{Store, StoreError};
use risk_app::sweeping::Lease;
use risk_engine::alarm::Memory;
use risk_model::{AlertKind, Asset, B256, ChainId, ChannelId, Timestamp, Wallet};
use thiserror::Error;

/// A store in memory. One lock over all of it makes every call one act.
#[derive(Default)]
pub struct MemoryStore {
    shelves: Mutex<Shelves>,
}

/// All that is kept.
#[derive(Default)]
struct Shelves {
    watches: BTreeMap<Wallet, Watch>,
    latest: BTreeMap<Wallet, AssessmentRecord>,
    last_known: BTreeMap<Wallet, AssessmentRecord>,
    tokens: BTreeMap<Wallet, (Timestamp, Vec<Asset>)>,
    markets: BTreeMap<Wallet, BTreeMap<ChainId, (Timestamp, Vec<B256>)>>,
    memories: BTreeMap<Wallet, (Timestamp, Memory)>,
    alerts: BTreeMap<u64, Alert>,
    /// The standing alert of each identity that has one.
    standing: BTreeMap<(Wallet, String, AlertKind), u64>,
    last_alert_id: u64,
    closes: BTreeMap<Asset, KeptCloses>,
    hourly: BTreeMap<Asset, KeptHourly>,
    api_keys: BTreeMap<[u8; 32], ApiKey>,
    /// Newest first.
    sweeps: VecDeque<SweepReport>,
    near: BTreeSet<Wallet>,
    leases: BTreeMap<String, HeldLease>,
    waiting: outbox::Waiting,
    /// Newest first.
    dead: Vec<outbox::GivenUp>,
    channels_off: BTreeMap<ChannelId, SwitchedOff>,
}

/// Who may sweep, until when. It stays when it is given back, so that the token rises for ever.
struct HeldLease {
    /// Empty where nobody has it.
    holder: String,
    until: Timestamp,
    lease: Lease,
}

/// A call panicked half way through, so what is kept may be half of an act.
#[derive(Debug, Error)]
#[error("an earlier call ended half way")]
struct Poisoned;

impl MemoryStore {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn shelves(&self) -> Result<MutexGuard<'_, Shelves>, StoreError> {
        self.shelves.lock().map_err(|_| StoreError::Unavailable(Box::new(Poisoned)))
    }
}

/// A length as the ports count.
fn counted(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

impl Store for MemoryStore {
    fn name(&self) -> &'static str {
        "memory"
    }
}
