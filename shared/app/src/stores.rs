//! The ports to what is kept. One contract suite runs against every adapter.

use async_trait::async_trait;
use risk_engine::alarm::Memory;
use risk_model::{Asset, ChannelId, KnownMarkets, Timestamp, Wallet};
use thiserror::Error;

use crate::delivery::{Delivery, MessageId, OutboxState, Route, Settlement, SwitchedOff};
use crate::records::{
    Alert, AlertFilter, ApiKey, Applied, AssessmentRecord, Commit, KeptCloses, KeptHourly, SweepReport, Watch,
};
use crate::sweeping::{Lane, Lease};
use crate::traces::{Erased, Traces};

/// Why a store could not do it. Never carries a path, a URI or a statement.
#[derive(Debug, Error)]
pub enum StoreError {
    /// It cannot be reached or did not answer in time.
    #[error("the store is unavailable")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The lease that the write was made under is another's by now.
    #[error("another run has taken the lease")]
    Fenced,
    /// What it holds cannot be understood.
    #[error("the store holds a malformed {what}")]
    Corrupt {
        /// Kind of record.
        what: &'static str,
    },
}

/// The watch list.
#[async_trait]
pub trait Watches: Send + Sync {
    /// Adds or changes; `created_at` of a known wallet stays.
    async fn put_watches(&self, watches: &[Watch]) -> Result<(), StoreError>;
    /// Removes; answers how many were there.
    async fn remove_watches(&self, wallets: &[Wallet]) -> Result<u64, StoreError>;
    /// Those of these wallets that are watched, in no order.
    async fn find_watches(&self, wallets: &[Wallet]) -> Result<Vec<Watch>, StoreError>;
    /// A page in the order of the address, after a wallet.
    async fn page_watches(&self, after: Option<Wallet>, limit: u32) -> Result<Vec<Watch>, StoreError>;
    /// A page of a lane in the order of the address: after a wallet, to a last one.
    async fn page_lane(
        &self,
        lane: Lane,
        after: Option<Wallet>,
        last: Wallet,
        limit: u32,
    ) -> Result<Vec<Watch>, StoreError>;
    /// How many there are.
    async fn count_watches(&self) -> Result<u64, StoreError>;
}

/// Assessments, the tokens and markets known of a wallet, and the one write of a batch.
#[async_trait]
pub trait Assessments: Send + Sync {
    /// The newest assessment of each wallet that has one, in no order.
    async fn latest(&self, wallets: &[Wallet]) -> Result<Vec<AssessmentRecord>, StoreError>;
    /// The newest informative assessment of each wallet that has one, in no order.
    async fn last_known(&self, wallets: &[Wallet]) -> Result<Vec<AssessmentRecord>, StoreError>;
    /// The tokens known of each wallet whose tokens were ever discovered (the list may be empty), in no order.
    async fn tokens(&self, wallets: &[Wallet]) -> Result<Vec<(Wallet, Vec<Asset>)>, StoreError>;
    /// The markets known of each wallet, by the chains on which they were ever discovered, in no order.
    async fn markets(&self, wallets: &[Wallet]) -> Result<Vec<(Wallet, Vec<KnownMarkets>)>, StoreError>;
    /// What the alarms remember of each wallet of which anything is remembered, in no order. What cannot be read is
    /// not remembered: it is never an error.
    async fn memories(&self, wallets: &[Wallet]) -> Result<Vec<(Wallet, Memory)>, StoreError>;
    /// Writes a batch in one act: all of it or none, and with each alert that opens, escalates or resolves the messages
    /// that tell it. Opening an identity that already stands (another run was first)
    /// changes nothing; a transition of an alert that no longer stands changes nothing. An older assessment or memory
    /// never replaces a newer one. [`StoreError::Fenced`] where the commit is fenced by a lease that has changed hands.
    async fn commit(&self, commit: Commit) -> Result<Applied, StoreError>;
}

/// Alerts.
#[async_trait]
pub trait Alerts: Send + Sync {
    /// Every alert of these wallets that is not resolved, by id.
    async fn standing(&self, wallets: &[Wallet]) -> Result<Vec<Alert>, StoreError>;
    /// A page, newest first, and how many match the filter in all (without `before`, `skip` and `limit`).
    async fn list(&self, filter: &AlertFilter) -> Result<(Vec<Alert>, u64), StoreError>;
    /// One alert.
    async fn find_alert(&self, id: u64) -> Result<Option<Alert>, StoreError>;
    /// Open becomes acknowledged; any other state stays. What changed is told along `routes` in the same act. Answers
    /// the alert as it then is.
    async fn acknowledge(
        &self,
        id: u64,
        at: Timestamp,
        routes: &[Route],
    ) -> Result<Option<Alert>, StoreError>;
    /// Open or acknowledged becomes resolved; resolved stays as it was. What changed is told along `routes` in the
    /// same act. Answers the alert as it then is.
    async fn resolve(
        &self,
        id: u64,
        at: Timestamp,
        resolution: &str,
        routes: &[Route],
    ) -> Result<Option<Alert>, StoreError>;
    /// How many are not resolved.
    async fn count_standing(&self) -> Result<u64, StoreError>;
}

/// Daily closes, kept so that a process that starts anew does not ask for every history again.
#[async_trait]
pub trait Closes: Send + Sync {
    /// The kept closes of those of these assets that have any, in no order.
    async fn closes(&self, assets: &[Asset]) -> Result<Vec<KeptCloses>, StoreError>;
    /// Keeps them in place of what was kept before.
    async fn put_closes(&self, histories: &[KeptCloses]) -> Result<(), StoreError>;
    /// The hourly closes kept of these assets, in no order.
    async fn hourly(&self, assets: &[Asset]) -> Result<Vec<KeptHourly>, StoreError>;
    /// Keeps hourly closes; those of an asset replace what was kept of it.
    async fn put_hourly(&self, histories: &[KeptHourly]) -> Result<(), StoreError>;
}

/// API keys, by hash.
#[async_trait]
pub trait ApiKeys: Send + Sync {
    /// Adds a key, or replaces the one of the same hash.
    async fn put_key(&self, key: &ApiKey) -> Result<(), StoreError>;
    /// The key of a hash.
    async fn find_key(&self, hash: &[u8; 32]) -> Result<Option<ApiKey>, StoreError>;
    /// Notes a use.
    async fn touch_key(&self, hash: &[u8; 32], at: Timestamp) -> Result<(), StoreError>;
    /// How many there are.
    async fn count_keys(&self) -> Result<u64, StoreError>;
}

/// Reports of sweeps and the leases that keep two of a shard apart.
#[async_trait]
pub trait Sweeps: Send + Sync {
    /// Keeps a report.
    async fn record(&self, report: &SweepReport) -> Result<(), StoreError>;
    /// The newest reports of a lane, or of all lanes, newest first.
    async fn recent(&self, lane: Option<Lane>, limit: u32) -> Result<Vec<SweepReport>, StoreError>;
    /// Takes or renews the lease of a name for `holder` until `until`; `None` while another's has not run out at `now`.
    async fn lease(
        &self,
        name: &str,
        holder: &str,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Option<Lease>, StoreError>;
    /// Gives a lease back if `holder` has it. `is_done` ends the pass, so that the next one begins at the first wallet;
    /// otherwise the next holder goes on at the cursor.
    async fn release(&self, name: &str, holder: &str, is_done: bool) -> Result<(), StoreError>;
}

/// Messages that wait to be delivered. They are written by the acts that move an alert, in the same act.
#[async_trait]
pub trait Outbox: Send + Sync {
    /// The channels that have messages due at `now`, in the order of their names.
    async fn due_channels(&self, now: Timestamp) -> Result<Vec<ChannelId>, StoreError>;
    /// Takes up to `limit` messages to a channel that are due at `now`, longest due first, and keeps them from other
    /// takers until `until`. Of the messages of one alert only the earliest that still waits can be taken, so that
    /// they arrive in order.
    async fn take(
        &self,
        channel: &ChannelId,
        now: Timestamp,
        until: Timestamp,
        limit: u32,
    ) -> Result<Vec<Delivery>, StoreError>;
    /// Notes what became of messages. One that no longer waits stays as it is.
    async fn settle(&self, at: Timestamp, settled: &[(MessageId, Settlement)]) -> Result<(), StoreError>;
    /// How it stands.
    async fn outbox(&self) -> Result<OutboxState, StoreError>;
    /// The channels that are switched off because they said that they are gone, in the order of their names.
    async fn switched_off(&self) -> Result<Vec<SwitchedOff>, StoreError>;
    /// Switches a channel off; one that is off stays off since when it was.
    async fn switch_off(&self, channel: &SwitchedOff) -> Result<(), StoreError>;
    /// Switches a channel on again.
    async fn switch_on(&self, channel: &ChannelId) -> Result<(), StoreError>;
}

/// All that is kept of a wallet, for those who ask for it or want it gone.
#[async_trait]
pub trait Wallets: Send + Sync {
    /// What is kept of each of these wallets beside what the other ports answer, in no order; none of a wallet of which
    /// there is nothing such.
    async fn traces(&self, wallets: &[Wallet]) -> Result<Vec<Traces>, StoreError>;
    /// Deletes everything that is kept of these wallets, in one act: watches, assessments, tokens, markets, memories,
    /// alerts in every state, messages that wait or were given up, events. Ids of alerts are not given again.
    async fn erase(&self, wallets: &[Wallet]) -> Result<Erased, StoreError>;
}

/// Every store at once, for wiring: one adapter serves all ports.
pub trait Store: Watches + Assessments + Alerts + Closes + ApiKeys + Sweeps + Outbox + Wallets {
    /// The adapter's name: `sqlite`, `mongodb`, `memory`.
    fn name(&self) -> &'static str;
}
