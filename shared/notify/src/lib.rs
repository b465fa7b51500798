//! Who gets told: the channels that alerts are delivered to, behind `risk_app::ports::Channels`.
//!
//! One attempt is one request through `risk-http`, and its answer is a `Receipt`; retrying is the caller's. What is
//! sent of which happening (a happening that a channel has no message for is accepted without a request):
//!
//! | channel | opened | escalated | acknowledged | resolved |
//! |---|---|---|---|---|
//! | Slack, Discord, Telegram | message | message | – | message |
//! | PagerDuty | trigger | trigger, same incident | acknowledge | resolve |
//! | webhook | `alert.opened` | `alert.escalated` | `alert.acknowledged` | `alert.resolved` |
//!
//! People who read a chat see the acknowledgement where it was made; machines must know of it.
//!
//! Nothing this crate returns, logs or prints contains a secret, a URL or a body.

mod answer;
mod body;
mod channels;
mod discord;
mod news;
mod pager_duty;
mod secret;
mod settings;
mod slack;
mod telegram;
mod webhook;
mod wording;

pub use channels::{ConfiguredChannels, Surroundings};
pub use secret::Secret;
pub use settings::{ChannelSettings, Endpoint, channels_of};
pub use webhook::SigningSecret;
