//! The configured channels: the adapter behind `risk_app::ports::Channels`.

use std::sync::Arc;

use async_trait::async_trait;
use risk_app::delivery::{Channel, Message, Receipt};
use risk_app::ports::{Channels, Clock};
use risk_http::{Destination, Destinations, Reach, SetupError};
use risk_model::{ChannelId, Timestamp};

use crate::news::News;
use crate::secret::Secret;
use crate::settings::{ChannelSettings, Endpoint};
use crate::webhook::SigningSecret;
use crate::{discord, pager_duty, slack, telegram, webhook};

/// Bytes that are read of an answer. A webhook's is its status alone.
const MOST_ANSWER_BYTES: usize = 16 * 1024;

/// What the channels need of the process.
#[derive(Clone)]
pub struct Surroundings {
    /// How requests name their sender.
    pub user_agent: String,
    /// How far they may reach.
    pub reach: Reach,
    /// The time: a webhook's signature holds that of the attempt.
    pub clock: Arc<dyn Clock>,
}

/// Every channel that an operator configured, ready to send.
pub struct ConfiguredChannels {
    listed: Vec<Channel>,
    /// In the order of `listed`, which is that of the names.
    lines: Vec<Line>,
    clock: Arc<dyn Clock>,
}

/// What a channel sends with.
enum Line {
    Slack(Destination),
    PagerDuty(Destination, Secret),
    Webhook(Destination, Vec<SigningSecret>),
    Discord(Destination),
    Telegram(Destination, Secret, String),
}

impl ConfiguredChannels {
    /// Makes the channels. It opens nothing yet.
    ///
    /// # Errors
    /// The client cannot be made, or a URL is out of reach.
    pub fn new(mut settings: Vec<ChannelSettings>, around: Surroundings) -> Result<Self, SetupError> {
        settings.sort_by(|one, other| one.id.cmp(&other.id));
        let destinations = Destinations::new(&around.user_agent, around.reach)?;
        let mut lines = Vec::with_capacity(settings.len());
        for channel in &settings {
            lines.push(Line::new(channel, &destinations)?);
        }
        let listed = settings.into_iter().map(|channel| Channel {
            kind: channel.endpoint.kind(),
            id: channel.id,
            min_severity: channel.min_severity,
        });
        Ok(Self { listed: listed.collect(), lines, clock: around.clock })
    }

    async fn tell(&self, channel: &ChannelId, news: News<'_>) -> Receipt {
        let place = self.listed.binary_search_by(|listed| listed.id.cmp(channel)).ok();
        let Some(line) = place.and_then(|place| self.lines.get(place)) else {
            return Receipt::Gone { why: format!("no channel {channel} is configured") };
        };
        line.send(news, self.clock.now()).await
    }
}

impl Line {
    fn new(channel: &ChannelSettings, destinations: &Destinations) -> Result<Self, SetupError> {
        let at = |url: &Secret, most_bytes: usize| {
            destinations.at(channel.endpoint.kind().name(), url.expose(), channel.timeout, most_bytes)
        };
        Ok(match &channel.endpoint {
            Endpoint::Slack { url } => Self::Slack(at(url, MOST_ANSWER_BYTES)?),
            Endpoint::PagerDuty { url, routing_key } => {
                Self::PagerDuty(at(url, MOST_ANSWER_BYTES)?, routing_key.clone())
            }
            Endpoint::Webhook { url, secrets } => Self::Webhook(at(url, 0)?, secrets.clone()),
            Endpoint::Discord { url } => Self::Discord(at(url, MOST_ANSWER_BYTES)?),
            Endpoint::Telegram { url, bot_token, chat_id } => {
                Self::Telegram(at(url, MOST_ANSWER_BYTES)?, bot_token.clone(), chat_id.clone())
            }
        })
    }

    async fn send(&self, news: News<'_>, now: Timestamp) -> Receipt {
        match self {
            Self::Slack(place) => slack::send(place, news).await,
            Self::PagerDuty(place, routing_key) => pager_duty::send(place, routing_key, news).await,
            Self::Webhook(place, secrets) => webhook::send(place, secrets, news, now).await,
            Self::Discord(place) => discord::send(place, news).await,
            Self::Telegram(place, token, chat) => telegram::send(place, (token, chat), news).await,
        }
    }
}

#[async_trait]
impl Channels for ConfiguredChannels {
    fn list(&self) -> &[Channel] {
        &self.listed
    }

    async fn send(&self, message: &Message) -> Receipt {
        self.tell(&message.id.channel, News::Happened(message)).await
    }

    async fn test(&self, channel: &ChannelId, at: Timestamp) -> Receipt {
        self.tell(channel, News::Test { channel, at }).await
    }
}

impl std::fmt::Debug for ConfiguredChannels {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ConfiguredChannels").field("listed", &self.listed).finish_non_exhaustive()
    }
}
