//! `GET` and `DELETE /api/risk/wallets/{wallet}`: all that is kept of a wallet, to take away or to have deleted.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use risk_app::alert::AlertBody;
use risk_app::records::AssessmentRecord;
use risk_app::service::WalletData;
use risk_app::summary::rfc3339;
use risk_app::traces::{Erased, KeptEvent, KeptMessage, Traces};
use risk_model::request::WalletRequest;
use risk_model::{Asset, B256, KnownMarkets, Wallet};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::watch::WatchBody;
use crate::answer::json;
use crate::caller::Caller;
use crate::problem::{Problem, Refusals};
use crate::state::Api;

/// What the service cannot delete, because it is not the wallet's alone or is elsewhere.
const REMAINS: [&str; 6] = [
    "what channels were sent: an incident that was opened there stays open there",
    "API keys that name the wallet in their list of wallets",
    "backups made before, and the log lines of requests and sweeps (their lifetime is the operator's)",
    "pages of SQLite's write-ahead log, until they are written over",
    "answers that other processes of the API keep in memory: for FRESH_SECONDS, or an hour while the store is away",
    "what a question about the wallet that is under way at this moment writes after it: ask again a minute later to be sure",
];

/// Everything that is kept of a wallet.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WalletDataBody {
    /// EIP-55 address.
    wallet_address: String,
    /// When it was read, RFC 3339.
    exported_at: String,
    /// How it is watched; null where it is not.
    watch: Option<WatchBody>,
    /// Its newest assessment, as `/api/risk/summary` answers it.
    latest_assessment: Option<AssessmentBody>,
    /// Its newest assessment of which anything could be read, where that is another one.
    last_known_assessment: Option<AssessmentBody>,
    /// The tokens known of it; null where they were never looked for.
    tokens: Option<Vec<String>>,
    /// The markets known of it, by the chains on which they were looked for.
    markets: Vec<MarketsBody>,
    /// Whether sweeps read it more often, because it is near liquidation.
    is_near: bool,
    /// What the alarms remember between two sweeps, as it is kept.
    #[schema(value_type = Option<Object>)]
    alarm_memory: Option<Value>,
    /// Every alert, newest first.
    alerts: Vec<AlertBody>,
    /// Messages to channels that wait or were given up. What was delivered is not kept.
    messages: Vec<MessageBody>,
    /// What was told to listeners of other processes and is still kept.
    events: Vec<EventBody>,
}

/// An assessment as it is kept.
#[derive(Debug, Serialize, ToSchema)]
struct AssessmentBody {
    /// RFC 3339.
    at: String,
    /// Its level, or `unknown`.
    risk_level: String,
    /// The summary.
    #[schema(value_type = Object)]
    summary: Value,
}

/// Markets known on a chain.
#[derive(Debug, Serialize, ToSchema)]
struct MarketsBody {
    /// The chain.
    chain: String,
    /// Their ids.
    ids: Vec<String>,
}

/// A message that waits or was given up.
#[derive(Debug, Serialize, ToSchema)]
struct MessageBody {
    /// Its id: alert, sequence and channel.
    id: String,
    /// The channel.
    channel: String,
    /// What it tells of the alert.
    happening: String,
    /// When that happened, RFC 3339.
    at: String,
    /// `waiting` or `given_up`.
    state: &'static str,
    /// Attempts that failed so far.
    attempts: u32,
    /// When it is tried next, RFC 3339.
    due: Option<String>,
    /// When it was given up, RFC 3339.
    given_up_at: Option<String>,
    /// Why the last attempt failed.
    why: Option<String>,
    /// The alert as it then was.
    alert: AlertBody,
}

/// An event that is kept.
#[derive(Debug, Serialize, ToSchema)]
struct EventBody {
    /// Its kind.
    event: String,
    /// RFC 3339.
    at: String,
    /// What was told.
    #[schema(value_type = Object)]
    data: Value,
}

/// What was deleted of a wallet, and what could not be.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ErasedBody {
    /// EIP-55 address.
    wallet_address: String,
    /// How much of each kind is gone.
    erased: ErasedCounts,
    /// What is not gone, in words.
    remains: [&'static str; 6],
}

/// How much of each kind is gone.
#[derive(Debug, Serialize, ToSchema)]
struct ErasedCounts {
    /// Watches.
    watches: u64,
    /// Assessments.
    assessments: u64,
    /// Lists of tokens.
    token_lists: u64,
    /// Lists of markets, one a chain.
    market_lists: u64,
    /// What the alarms remembered.
    alarm_memories: u64,
    /// Alerts.
    alerts: u64,
    /// Of them those that stood: no channel hears of their end.
    standing_alerts: u64,
    /// Messages that waited or were given up.
    messages: u64,
    /// Events.
    events: u64,
}

/// Text that is JSON, or the text itself where it is none: nothing that is kept is left out.
fn value_of(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| Value::from(text))
}

impl From<&AssessmentRecord> for AssessmentBody {
    fn from(record: &AssessmentRecord) -> Self {
        Self {
            at: rfc3339(record.at),
            risk_level: record.level.name().to_owned(),
            summary: value_of(&record.body),
        }
    }
}

impl From<&KeptMessage> for MessageBody {
    fn from(kept: &KeptMessage) -> Self {
        let message = &kept.message;
        Self {
            id: message.id.to_string(),
            channel: message.id.channel.to_string(),
            happening: message.happening.name().to_owned(),
            at: rfc3339(message.at),
            state: if kept.due.is_some() { "waiting" } else { "given_up" },
            attempts: kept.attempts,
            due: kept.due.map(rfc3339),
            given_up_at: kept.given_up_at.map(rfc3339),
            why: kept.why.clone(),
            alert: AlertBody::from(&message.alert),
        }
    }
}

impl From<&KeptEvent> for EventBody {
    fn from(event: &KeptEvent) -> Self {
        Self { event: event.kind.clone(), at: rfc3339(event.at), data: value_of(&event.data) }
    }
}

impl From<&KnownMarkets> for MarketsBody {
    fn from(markets: &KnownMarkets) -> Self {
        Self {
            chain: markets.chain.name().to_owned(),
            ids: markets.ids.iter().map(B256::to_string).collect(),
        }
    }
}

impl From<Erased> for ErasedCounts {
    fn from(erased: Erased) -> Self {
        Self {
            watches: erased.watches,
            assessments: erased.assessments,
            token_lists: erased.token_lists,
            market_lists: erased.market_lists,
            alarm_memories: erased.memories,
            alerts: erased.alerts,
            standing_alerts: erased.standing_alerts,
            messages: erased.messages,
            events: erased.events,
        }
    }
}

impl WalletDataBody {
    fn of(wallet: Wallet, data: &WalletData) -> Self {
        let traces = data.traces.as_ref();
        let messages = |traces: &Traces| traces.messages.iter().map(Into::into).collect();
        let events = |traces: &Traces| traces.events.iter().map(Into::into).collect();
        Self {
            wallet_address: wallet.to_string(),
            exported_at: rfc3339(data.at),
            watch: data.watch.as_ref().map(Into::into),
            latest_assessment: data.latest.as_ref().map(Into::into),
            last_known_assessment: data.last_known.as_ref().map(Into::into),
            tokens: data.tokens.as_ref().map(|tokens| tokens.iter().map(Asset::to_string).collect()),
            markets: data.markets.iter().map(Into::into).collect(),
            is_near: traces.is_some_and(|traces| traces.is_near),
            alarm_memory: traces.and_then(|traces| traces.memory.as_deref()).map(value_of),
            alerts: data.alerts.iter().map(Into::into).collect(),
            messages: traces.map(messages).unwrap_or_default(),
            events: traces.map(events).unwrap_or_default(),
        }
    }
}

/// Everything that is kept of a wallet.
///
/// Read part after part, so what a sweep writes meanwhile may be in one and not yet in another. A wallet of which nothing
/// is kept is answered with nothing in it.
#[utoipa::path(
    get,
    path = "/api/risk/wallets/{wallet}",
    tag = "wallets",
    params(("wallet" = String, Path, description = "0x and 40 hex digits")),
    responses((status = 200, description = "All of it", body = WalletDataBody), Refusals),
    security(("api_key" = []))
)]
pub(crate) async fn show(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Path(wallet): Path<String>,
) -> Result<Response, Problem> {
    let wallet = WalletRequest::of_path(&wallet)?.wallet;
    caller.admit(&api, wallet).await?;
    let body = json(&WalletDataBody::of(wallet, &api.service.wallet_data(wallet).await?))?;
    Ok(([(header::CACHE_CONTROL, "no-store")], body).into_response())
}

/// Deletes everything that is kept of a wallet, and watches it no longer.
///
/// Takes a key that may write. Alerts that stand end without a message. `remains` says what is not the service's to delete.
/// Whoever asks about the wallet afterwards begins anew.
#[utoipa::path(
    delete,
    path = "/api/risk/wallets/{wallet}",
    tag = "wallets",
    params(("wallet" = String, Path, description = "0x and 40 hex digits")),
    responses((status = 200, description = "It is gone", body = ErasedBody), Refusals),
    security(("api_key" = []))
)]
pub(crate) async fn remove(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Path(wallet): Path<String>,
) -> Result<Response, Problem> {
    let wallet = WalletRequest::of_path(&wallet)?.wallet;
    caller.admit(&api, wallet).await?;
    let erased = api.service.forget(wallet).await?.into();
    json(&ErasedBody { wallet_address: wallet.to_string(), erased, remains: REMAINS })
}
