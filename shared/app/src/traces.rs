//! What is kept of a wallet beside what the other ports answer, and what goes when all of it is deleted.

use risk_model::{Timestamp, Wallet};

use crate::delivery::Message;

/// What the store holds of a wallet that no other port answers.
#[derive(Clone, Debug, PartialEq)]
pub struct Traces {
    /// Whose.
    pub wallet: Wallet,
    /// Whether it counts as near liquidation.
    pub is_near: bool,
    /// What the alarms remember, JSON as it is kept.
    pub memory: Option<String>,
    /// Its messages that wait or were given up, in the order of alert, channel and sequence.
    pub messages: Vec<KeptMessage>,
    /// What was told of it to listeners of other processes and is still kept, oldest first.
    pub events: Vec<KeptEvent>,
}

/// A message that is kept.
#[derive(Clone, Debug, PartialEq)]
pub struct KeptMessage {
    /// It.
    pub message: Message,
    /// Attempts that failed so far.
    pub attempts: u32,
    /// Not before; `None` where it was given up.
    pub due: Option<Timestamp>,
    /// When it was given up.
    pub given_up_at: Option<Timestamp>,
    /// Why the last attempt failed.
    pub why: Option<String>,
}

/// An event that is kept for the listeners of other processes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptEvent {
    /// Its kind, by name.
    pub kind: String,
    /// When it happened.
    pub at: Timestamp,
    /// What was told, JSON.
    pub data: String,
}

/// How much went of each kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Erased {
    /// Watches.
    pub watches: u64,
    /// Assessments, the latest and the last known ones.
    pub assessments: u64,
    /// Lists of known tokens.
    pub token_lists: u64,
    /// Lists of known markets, one a chain.
    pub market_lists: u64,
    /// What the alarms remembered.
    pub memories: u64,
    /// Alerts, resolved ones and those that stood.
    pub alerts: u64,
    /// Of them those that stood: channels were told that they opened, and hear of no end.
    pub standing_alerts: u64,
    /// Messages that waited or were given up.
    pub messages: u64,
    /// Events.
    pub events: u64,
}
