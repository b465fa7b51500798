//! Amazon EventBridge: events on a bus, for whoever subscribes. `AlertOpened`, `AlertEscalated` and `AlertResolved` are
//! told as a channel; `SweepCompleted`, `SweepShardRequested` and the like are published by whoever has the bus.

mod sweeps;
mod transport;

use std::fmt;

use aws_sdk_eventbridge::config::retry::RetryConfig;
use aws_sdk_eventbridge::config::timeout::TimeoutConfig;
use aws_sdk_eventbridge::config::{
    BehaviorVersion, Config, Credentials, IdentityCache, Region, StalledStreamProtectionConfig,
};
use aws_sdk_eventbridge::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_eventbridge::operation::put_events::{PutEventsError, PutEventsOutput};
use aws_sdk_eventbridge::primitives::DateTime;
use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use risk_app::delivery::{Message, Receipt};
use risk_app::summary::rfc3339;
use risk_http::Destination;
use risk_model::{Happening, Timestamp};
use serde_json::{Value, json};

use crate::body::AlertBody;
use crate::news::{News, TEST_TEXT};
use crate::secret::Secret;

/// The `source` of every event.
const SOURCE: &str = "risk-manager";
/// Most entries of one `PutEvents`.
const MOST_ENTRIES: usize = 10;

/// What AWS knows the process by. Boot reads it; a function's environment holds it for as long as the process lives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AwsCredentials {
    /// `AWS_ACCESS_KEY_ID`.
    pub access_key_id: String,
    /// `AWS_SECRET_ACCESS_KEY`.
    pub secret_access_key: Secret,
    /// `AWS_SESSION_TOKEN`, where the credentials are temporary.
    pub session_token: Option<Secret>,
}

/// One event for a bus.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// The `detail-type` that rules filter by, `SweepCompleted`.
    pub detail_type: &'static str,
    /// When it happened.
    pub at: Timestamp,
    /// The `detail`, an object. EventBridge takes at most 256 KB an event.
    pub detail: Value,
}

/// Events that the bus did not take, by their place in what was given: publish those again.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{} events were not taken: {why}", places.len())]
pub struct NotPublished {
    /// Which, rising.
    pub places: Vec<usize>,
    /// Why the first of them was not, in words for operators.
    pub why: String,
}

/// A bus.
#[derive(Clone)]
pub struct EventBus {
    client: aws_sdk_eventbridge::Client,
    bus: String,
}

impl EventBus {
    /// A bus of a region. Requests go to `destination`, which is the region's endpoint; its time limit is theirs.
    pub(crate) fn new(
        bus: &str,
        region: &str,
        credentials: &AwsCredentials,
        (url, destination): (&str, Destination),
    ) -> Self {
        let token = credentials.session_token.as_ref().map(|token| token.expose().to_owned());
        let secret = credentials.secret_access_key.expose();
        let config = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(region.to_owned()))
            .endpoint_url(url)
            .credentials_provider(Credentials::new(&credentials.access_key_id, secret, token, None, "boot"))
            .identity_cache(IdentityCache::no_cache())
            // One attempt is one request, and the destination has the clock.
            .retry_config(RetryConfig::disabled())
            .timeout_config(TimeoutConfig::disabled())
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .http_client(transport::client(destination))
            .build();
        Self { client: aws_sdk_eventbridge::Client::from_conf(config), bus: bus.to_owned() }
    }

    /// Publishes events in their order, ten a request.
    ///
    /// # Errors
    /// Which events were not taken; the others were.
    pub async fn publish(&self, events: &[Event]) -> Result<(), NotPublished> {
        let (mut places, mut why) = (Vec::new(), None);
        for (chunk, first) in events.chunks(MOST_ENTRIES).zip((0..).step_by(MOST_ENTRIES)) {
            let (failed, reason) = match self.put(chunk).await {
                Ok(output) => failed_of(&output),
                Err(error) => ((0..chunk.len()).collect(), Some(describe(&error))),
            };
            places.extend(failed.into_iter().map(|place| first + place));
            why = why.or(reason);
        }
        match why {
            Some(why) if !places.is_empty() => Err(NotPublished { places, why }),
            _ => Ok(()),
        }
    }

    async fn put(&self, events: &[Event]) -> Result<PutEventsOutput, SdkError<PutEventsError>> {
        let entry = |event: &Event| {
            let seconds = i64::try_from(event.at.seconds()).unwrap_or(i64::MAX);
            PutEventsRequestEntry::builder()
                .source(SOURCE)
                .event_bus_name(&self.bus)
                .detail_type(event.detail_type)
                .time(DateTime::from_secs(seconds))
                .detail(event.detail.to_string())
                .build()
        };
        self.client.put_events().set_entries(Some(events.iter().map(entry).collect())).send().await
    }

    /// Sends once.
    pub(crate) async fn send(&self, news: News<'_>) -> Receipt {
        let Some(event) = event(news) else { return Receipt::Accepted };
        match self.put(&[event]).await {
            Ok(output) => match failed_of(&output) {
                (failed, _) if failed.is_empty() => Receipt::Accepted,
                (_, why) => {
                    Receipt::Later { why: why.unwrap_or_else(|| UNNAMED.to_owned()), after_seconds: None }
                }
            },
            Err(error) => receipt(&error),
        }
    }
}

impl fmt::Debug for EventBus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventBus").field("bus", &self.bus).finish_non_exhaustive()
    }
}

const UNNAMED: &str = "EventBridge did not take the event";

/// The event; none for an acknowledgement.
fn event(news: News<'_>) -> Option<Event> {
    let (detail_type, detail) = match news {
        News::Happened(message) => (
            detail_type(message)?,
            json!({
                "message_id": news.id(),
                "at": rfc3339(message.at),
                "alert": AlertBody::from(&message.alert),
            }),
        ),
        News::Test { channel, .. } => (
            "ChannelTest",
            json!({"message_id": news.id(), "channel": channel.as_str(), "message": TEST_TEXT}),
        ),
    };
    Some(Event { detail_type, at: news.at(), detail })
}

const fn detail_type(message: &Message) -> Option<&'static str> {
    match message.happening {
        Happening::Opened => Some("AlertOpened"),
        Happening::Escalated => Some("AlertEscalated"),
        Happening::Resolved => Some("AlertResolved"),
        Happening::Acknowledged => None,
    }
}

/// The places of entries that failed within an answer that says 200, and why the first did.
fn failed_of(output: &PutEventsOutput) -> (Vec<usize>, Option<String>) {
    let entries = output.entries();
    let is_failed = |place: &usize| entries.get(*place).is_none_or(|entry| entry.error_code().is_some());
    let mut failed: Vec<usize> = (0..entries.len()).filter(is_failed).collect();
    if failed.is_empty() && output.failed_entry_count() > 0 {
        failed = (0..entries.len().max(1)).collect();
    }
    let code =
        entries.iter().find_map(|entry| entry.error_code()).map(|code| format!("{UNNAMED}: {}", name(code)));
    let why = code.or_else(|| (!failed.is_empty()).then(|| UNNAMED.to_owned()));
    (failed, why)
}

/// What a refusal means. Credentials and rights may be mended while the event waits; a bus that is not there is a
/// matter of configuration; an event that is not valid stays so.
fn receipt(error: &SdkError<PutEventsError>) -> Receipt {
    let why = describe(error);
    let status = error.raw_response().map(|response| response.status().as_u16());
    let code = error.code().unwrap_or_default();
    let is_ours = matches!(error, SdkError::ServiceError(_))
        && status.is_some_and(|status| (400..500).contains(&status));
    match code {
        "ResourceNotFoundException" => Receipt::Gone { why },
        "ThrottlingException"
        | "Throttling"
        | "InternalException"
        | "InternalFailure"
        | "ServiceUnavailable"
        | "RequestTimeout"
        | "AccessDeniedException"
        | "ExpiredTokenException"
        | "ExpiredToken"
        | "UnrecognizedClientException"
        | "InvalidClientTokenId"
        | "InvalidSignatureException"
        | "SignatureDoesNotMatch"
        | "IncompleteSignature" => Receipt::Later { why, after_seconds: None },
        _ if is_ours && status != Some(429) => Receipt::Refused { why },
        _ => Receipt::Later { why, after_seconds: None },
    }
}

/// In words of ours: the service's own text may hold what it was asked with.
fn describe(error: &SdkError<PutEventsError>) -> String {
    if let Some(cause) = transport::reason(error) {
        return cause;
    }
    let code = error.code().map(name).filter(|code| !code.is_empty());
    let status = error.raw_response().map(|response| response.status().as_u16());
    match (code, status) {
        (Some(code), _) => format!("EventBridge refused the events: {code}"),
        (None, Some(status)) => format!("EventBridge answered {status}"),
        (None, None) => "EventBridge was not asked: the request could not be made".to_owned(),
    }
}

/// A code as a name alone.
fn name(code: &str) -> String {
    code.chars().filter(char::is_ascii_alphanumeric).take(64).collect()
}
