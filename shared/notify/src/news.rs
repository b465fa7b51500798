//! What is told: a happening of an alert, or that this is a test.

use risk_app::delivery::Message;
use risk_model::{ChannelId, Timestamp};

/// One thing to tell a channel.
#[derive(Clone, Copy, Debug)]
pub(crate) enum News<'a> {
    /// Something happened to an alert.
    Happened(&'a Message),
    /// An operator tries the channel.
    Test {
        /// Which.
        channel: &'a ChannelId,
        /// When.
        at: Timestamp,
    },
}

/// What a test says.
pub(crate) const TEST_TITLE: &str = "Test of this channel";
/// What a test says after it.
pub(crate) const TEST_TEXT: &str = "This is a test of Risk Manager. Nothing is the matter.";

impl News<'_> {
    /// The same at every attempt and never that of other news.
    pub(crate) fn id(&self) -> String {
        match self {
            Self::Happened(message) => message.id.to_string(),
            Self::Test { channel, at } => format!("test.{}.{channel}", at.seconds()),
        }
    }

    /// When it happened.
    pub(crate) fn at(&self) -> Timestamp {
        match self {
            Self::Happened(message) => message.at,
            Self::Test { at, .. } => *at,
        }
    }
}
