//! The channels that alerts are delivered to: their names and kinds.

use std::fmt;
use std::str::FromStr;

use crate::named::named;
use crate::rejection::Code;

/// Longest name of a channel, bytes.
pub const MAX_CHANNEL_ID_BYTES: usize = 64;

/// The name that an operator gave a channel: lower-case letters, digits, `-` and `_`, a letter or digit first.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ChannelId(String);

impl ChannelId {
    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ChannelId {
    type Err = Code;

    fn from_str(text: &str) -> Result<Self, Code> {
        let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        match text.as_bytes() {
            [] => Err(Code::Malformed),
            bytes if bytes.len() > MAX_CHANNEL_ID_BYTES => Err(Code::TooLong),
            [first, rest @ ..]
                if is_plain(*first)
                    && rest.iter().all(|byte| is_plain(*byte) || matches!(byte, b'-' | b'_')) =>
            {
                Ok(Self(text.to_owned()))
            }
            _ => Err(Code::Malformed),
        }
    }
}

impl fmt::Display for ChannelId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

named! {
    /// What a channel speaks.
    ChannelKind {
        /// A Slack incoming webhook.
        Slack = "slack",
        /// PagerDuty Events API v2.
        PagerDuty = "pager_duty",
        /// A signed webhook after Standard Webhooks.
        Webhook = "webhook",
        /// A Discord webhook.
        Discord = "discord",
        /// A chat of a Telegram bot.
        Telegram = "telegram",
        /// A bus of Amazon EventBridge.
        EventBridge = "event_bridge",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_short_lower_case_and_plain() {
        for good in ["a", "0", "risk-desk_2", &"x".repeat(64)] {
            assert_eq!(good.parse::<ChannelId>().unwrap().as_str(), good);
        }
        for bad in ["", "-a", "_a", "A", "a b", "a/b", "ä", "a\n"] {
            assert_eq!(bad.parse::<ChannelId>(), Err(Code::Malformed), "{bad:?}");
        }
        assert_eq!("x".repeat(65).parse::<ChannelId>(), Err(Code::TooLong));
    }
}
