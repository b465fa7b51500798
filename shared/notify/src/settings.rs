//! The channels as an operator writes them: one list in YAML or JSON, with every problem told at once by its path.

mod fields;

use std::collections::HashSet;
use std::time::Duration;

use risk_http::Reach;
use risk_model::{ChannelId, ChannelKind, Code, Rejection, Severity};
use serde_json::Value;

use crate::secret::Secret;
use crate::webhook::SigningSecret;
use fields::Fields;

/// Longest text read, bytes.
const MOST_BYTES: usize = 256 * 1024;
/// Most channels.
const MOST_CHANNELS: usize = 100;
/// Most secrets of a webhook that are in force at once.
const MOST_SECRETS: usize = 4;
/// Seconds that one attempt may take.
const TIMEOUT_SECONDS: (u64, u64, u64) = (1, 15, 30);

const SLACK: &[&str] = &["https://hooks.slack.com/services/", "https://hooks.slack-gov.com/services/"];
const PAGER_DUTY: &[&str] = &["https://events.pagerduty.com", "https://events.eu.pagerduty.com"];
const DISCORD: &[&str] = &["https://discord.com/api/webhooks/", "https://discordapp.com/api/webhooks/"];
const TELEGRAM: &[&str] = &["https://api.telegram.org"];

/// One channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChannelSettings {
    /// `id`: its name.
    pub id: ChannelId,
    /// `min_severity`: alerts under it are not sent there; `low`.
    pub min_severity: Severity,
    /// `timeout_seconds`: the longest one attempt may take, 1 to 30; 15.
    pub timeout: Duration,
    /// `kind`, and what it needs.
    pub endpoint: Endpoint,
}

/// Where a channel is and how it lets us in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// `slack`.
    Slack {
        /// `url`: the whole URL of the incoming webhook.
        url: Secret,
    },
    /// `pager_duty`.
    PagerDuty {
        /// `url`: `https://events.pagerduty.com` (default) or the European one.
        url: Secret,
        /// `routing_key`: the integration key, 32 letters and digits.
        routing_key: Secret,
    },
    /// `webhook`.
    Webhook {
        /// `url`.
        url: Secret,
        /// `secrets`: one to four `whsec_…`; each signs, so an old one may stay while a new one is put in.
        secrets: Vec<SigningSecret>,
    },
    /// `discord`.
    Discord {
        /// `url`: the whole URL of the webhook.
        url: Secret,
    },
    /// `telegram`.
    Telegram {
        /// `url`: `https://api.telegram.org` (default).
        url: Secret,
        /// `bot_token`.
        bot_token: Secret,
        /// `chat_id`: a number, or `@name` of a channel.
        chat_id: String,
    },
}

impl Endpoint {
    /// What it speaks.
    #[must_use]
    pub const fn kind(&self) -> ChannelKind {
        match self {
            Self::Slack { .. } => ChannelKind::Slack,
            Self::PagerDuty { .. } => ChannelKind::PagerDuty,
            Self::Webhook { .. } => ChannelKind::Webhook,
            Self::Discord { .. } => ChannelKind::Discord,
            Self::Telegram { .. } => ChannelKind::Telegram,
        }
    }
}

/// Reads a list of channels, in YAML or JSON; nothing at all is no channels. They come in the order of their names.
///
/// Every URL must be the provider's own over `https`; with [`Reach::PublicAndLoopback`] it may also be one of this
/// machine, for development and tests. A webhook's may be any public one.
///
/// # Errors
/// Every problem at once, `channels[2].url` and so on; never a value that is secret.
pub fn channels_of(text: &str, reach: Reach) -> Result<Vec<ChannelSettings>, Vec<Rejection>> {
    if text.trim().is_empty() {
        return Ok(Vec::new());
    }
    if text.len() > MOST_BYTES {
        return Err(vec![Rejection::new("channels", Code::TooLong)]);
    }
    let list: Vec<Value> = serde_saphyr::from_str(text).map_err(|_| {
        vec![Rejection::with_message("channels", Code::Malformed, "channels is no list in YAML or JSON")]
    })?;
    if list.len() > MOST_CHANNELS {
        return Err(vec![Rejection::new("channels", Code::TooLong)]);
    }
    let mut problems = Vec::new();
    let mut channels = Vec::new();
    let mut names = HashSet::new();
    for (place, item) in list.iter().enumerate() {
        let path = format!("channels[{place}]");
        let Some(channel) = channel_of(item, &path, reach, &mut problems) else { continue };
        if !names.insert(channel.id.clone()) {
            problems.push(Rejection::new(format!("{path}.id"), Code::Repeated));
        }
        channels.push(channel);
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    channels.sort_by(|one, other| one.id.cmp(&other.id));
    Ok(channels)
}

/// One channel; `None` where it has problems, which are kept.
fn channel_of(
    item: &Value,
    path: &str,
    reach: Reach,
    problems: &mut Vec<Rejection>,
) -> Option<ChannelSettings> {
    let Some(map) = item.as_object() else {
        problems.push(Rejection::new(path, Code::WrongType));
        return None;
    };
    let mut fields = Fields::new(map, path, reach, problems);
    let id = fields.parsed("id", None);
    let kind = fields.parsed("kind", None);
    let min_severity = fields.parsed("min_severity", Some(Severity::Low));
    let seconds = fields.within("timeout_seconds", TIMEOUT_SECONDS);
    let endpoint = endpoint_of(kind?, &mut fields);
    fields.refuse_the_rest();
    Some(ChannelSettings {
        id: id?,
        min_severity: min_severity?,
        timeout: Duration::from_secs(seconds?),
        endpoint: endpoint?,
    })
}

fn endpoint_of(kind: ChannelKind, fields: &mut Fields<'_>) -> Option<Endpoint> {
    Some(match kind {
        ChannelKind::Slack => Endpoint::Slack { url: fields.url(SLACK, None)? },
        ChannelKind::Discord => Endpoint::Discord { url: fields.url(DISCORD, None)? },
        ChannelKind::PagerDuty => {
            let url = fields.url(PAGER_DUTY, PAGER_DUTY.first().copied());
            let routing_key = fields.secret("routing_key", is_routing_key);
            Endpoint::PagerDuty { url: url?, routing_key: routing_key? }
        }
        ChannelKind::Webhook => {
            let url = fields.url(&["https://"], None);
            let secrets = fields.list("secrets", MOST_SECRETS);
            Endpoint::Webhook { url: url?, secrets: secrets? }
        }
        ChannelKind::Telegram => {
            let url = fields.url(TELEGRAM, TELEGRAM.first().copied());
            let bot_token = fields.secret("bot_token", is_bot_token);
            let chat_id = fields.text_or_number("chat_id", is_chat_id);
            Endpoint::Telegram { url: url?, bot_token: bot_token?, chat_id: chat_id? }
        }
        ChannelKind::EventBridge => {
            fields.refuse("kind", Code::Unsupported);
            return None;
        }
    })
}

fn is_routing_key(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// `123456:` and at least 30 letters, digits, `-` or `_`.
fn is_bot_token(text: &str) -> bool {
    text.split_once(':').is_some_and(|(bot, key)| {
        let is_key = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        (1..=20).contains(&bot.len())
            && bot.bytes().all(|byte| byte.is_ascii_digit())
            && (30..=100).contains(&key.len())
            && key.bytes().all(is_key)
    })
}

fn is_chat_id(text: &str) -> bool {
    let is_name = |name: &str| {
        (4..=32).contains(&name.len())
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    };
    text.parse::<i64>().is_ok_and(|number| number != 0) || text.strip_prefix('@').is_some_and(is_name)
}

#[cfg(test)]
mod tests;
