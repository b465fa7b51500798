//! What is delivered: one message of one happening of one alert to one channel, and how that went.

use risk_model::{ChannelId, ChannelKind, Happening, Severity, Timestamp};

use crate::records::Alert;

/// A message to one channel. It is what the alert was when it happened, whatever becomes of the alert later.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    /// The same at every attempt and never that of another message: what receivers drop repeats by.
    pub id: MessageId,
    /// What happened.
    pub happening: Happening,
    /// The alert, as it was then.
    pub alert: Alert,
    /// When it happened.
    pub at: Timestamp,
}

/// The identity of a message: alert, how many happenings of it were told before, channel.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MessageId {
    /// Of which alert.
    pub alert: u64,
    /// 0 for the first happening of the alert, rising by one.
    pub sequence: u32,
    /// To which channel.
    pub channel: ChannelId,
}

impl std::fmt::Display for MessageId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}.{}", self.alert, self.sequence, self.channel)
    }
}

/// A message that waits to be sent, with what was tried before.
#[derive(Clone, Debug, PartialEq)]
pub struct Delivery {
    /// What to send.
    pub message: Message,
    /// Attempts that failed so far.
    pub attempts: u32,
}

/// What a channel answered to one attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Receipt {
    /// It took the message.
    Accepted,
    /// It did not take it now: try again, not before `after_seconds` where the channel said so.
    Later {
        /// What went wrong, in words for operators: no secret, no URL.
        why: String,
        /// Seconds that the channel asked for.
        after_seconds: Option<u64>,
    },
    /// It will never take this message: trying again changes nothing.
    Refused {
        /// What went wrong, in words for operators: no secret, no URL.
        why: String,
    },
    /// The channel is gone for good: nothing more is to be sent to it until an operator changes it.
    Gone {
        /// What went wrong, in words for operators: no secret, no URL.
        why: String,
    },
}

/// What becomes of a delivery after an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Settlement {
    /// It arrived.
    Delivered,
    /// The channel asked to be left alone until then, which is no failed attempt.
    Held {
        /// When it is tried again.
        at: Timestamp,
        /// What the channel answered.
        why: String,
    },
    /// It failed and is tried again from then on.
    Again {
        /// When.
        at: Timestamp,
        /// Why it failed.
        why: String,
    },
    /// It is given up: an operator finds it among the dead letters.
    Dead {
        /// Why it failed.
        why: String,
    },
}

/// A configured channel, without its secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Channel {
    /// Its name.
    pub id: ChannelId,
    /// What it speaks.
    pub kind: ChannelKind,
    /// Alerts under this severity are not sent to it.
    pub min_severity: Severity,
}

/// Where the messages of a wallet go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// To which channel.
    pub channel: ChannelId,
    /// Alerts of this severity and over. Severity only rises while an alert stands, so who was told of an alert is
    /// told of its end.
    pub min_severity: Severity,
}

/// A channel that nothing is sent to any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SwitchedOff {
    /// Which.
    pub channel: ChannelId,
    /// Since when.
    pub at: Timestamp,
    /// What it answered.
    pub why: String,
}

/// How the outbox stands, for operators.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OutboxState {
    /// Messages that wait.
    pub waiting: u64,
    /// When the oldest of them happened.
    pub oldest: Option<Timestamp>,
    /// Messages that were given up.
    pub dead: u64,
    /// The newest of those given up, at most 20, newest first.
    pub dead_letters: Vec<DeadLetter>,
}

/// A message that was given up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadLetter {
    /// Which.
    pub id: MessageId,
    /// Attempts made.
    pub attempts: u32,
    /// When it was given up.
    pub at: Timestamp,
    /// Why.
    pub why: String,
}
