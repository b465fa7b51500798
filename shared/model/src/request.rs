//! The requests of the API, parsed from raw query and body text into values that cannot be wrong.
//!
//! Server and edge call these same functions, so both refuse the same input with the same words.

mod backtest;
mod body;
mod canonical;
mod import;
mod nothing;
mod query;
mod session;
mod simulate;
mod watch;

use crate::alert::AlertKind;
use crate::chain::ChainId;
use crate::channel::ChannelId;
use crate::protocol::Protocol;
use crate::rejection::{Code, Rejection};
use crate::severity::Severity;
use crate::threshold::OwnThresholds;
use crate::wallet::Wallet;

use body::Body;
use query::Query;

pub use backtest::{BacktestRequest, MAX_LINES, MAX_RULES, PortfolioLine, RuleRequest, Subject};
pub use import::{CsvHeader, ImportRequest, MAX_IMPORT_BYTES, MAX_IMPORT_LINES, WatchLine};
pub use nothing::{no_body, no_query};
pub use session::SessionRequest;
pub use simulate::{
    ActionKind, ActionRequest, DayRange, MAX_ACTIONS, MAX_SHOCKS, ShockRequest, ShockTarget, SimulateRequest,
};

/// What a request parser answers: the parsed request, or every field it refuses.
pub type Parsed<T> = Result<T, Vec<Rejection>>;

/// Longest accepted query string, bytes.
pub const MAX_QUERY_BYTES: usize = 8 * 1024;
/// Longest accepted request body, bytes; a file of watches has a limit of its own, [`MAX_IMPORT_BYTES`].
pub const MAX_BODY_BYTES: usize = 64 * 1024;
/// Most protocols or chains in one request.
pub const MAX_LIST: usize = 100;
/// Most alerts or watches on a page.
pub const MAX_PAGE: u32 = 200;
/// Most channels of a watch.
pub const MAX_CHANNELS: usize = 20;
/// Alerts or watches on a page where the request does not say.
pub const DEFAULT_PAGE: u32 = 50;
/// Longest label of a watch, characters.
pub const MAX_LABEL: usize = 100;
/// Longest accepted age of an assessment, seconds.
pub const MAX_AGE_SECONDS: u32 = 86_400;

/// The part of a wallet's world to look at; empty lists mean all that is supported.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    /// Protocols to read.
    pub protocols: Vec<Protocol>,
    /// Chains to read.
    pub chains: Vec<ChainId>,
}

impl Scope {
    /// Whether it leaves nothing out.
    #[must_use]
    pub const fn is_whole(&self) -> bool {
        self.protocols.is_empty() && self.chains.is_empty()
    }

    /// Whether a protocol on a chain is inside.
    #[must_use]
    pub fn holds(&self, protocol: Protocol, chain: ChainId) -> bool {
        (self.protocols.is_empty() || self.protocols.contains(&protocol))
            && (self.chains.is_empty() || self.chains.contains(&chain))
    }
}

/// `GET /api/risk/summary`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SummaryRequest {
    /// Whose.
    pub wallet: Wallet,
    /// Oldest acceptable assessment, seconds; the service's own limit where absent.
    pub max_age_seconds: Option<u32>,
}

impl SummaryRequest {
    /// Parses the query string (without `?`).
    ///
    /// # Errors
    /// Every refused parameter.
    pub fn parse(query: &str) -> Parsed<Self> {
        let mut query = Query::parse(query)?;
        let wallet = query.required("wallet", str::parse);
        let max_age_seconds = query.integer("max_age", 0, MAX_AGE_SECONDS);
        query.finish(|| Some(Self { wallet: wallet?, max_age_seconds }))
    }
}

/// `GET /api/risk/positions` and every other route that takes a wallet alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WalletRequest {
    /// Whose.
    pub wallet: Wallet,
}

impl WalletRequest {
    /// Parses the query string (without `?`).
    ///
    /// # Errors
    /// Every refused parameter.
    pub fn parse(query: &str) -> Parsed<Self> {
        let mut query = Query::parse(query)?;
        let wallet = query.required("wallet", str::parse);
        query.finish(|| Some(Self { wallet: wallet? }))
    }

    /// Parses a path segment.
    ///
    /// # Errors
    /// The refused `wallet`.
    pub fn of_path(segment: &str) -> Parsed<Self> {
        segment.parse().map(|wallet| Self { wallet }).map_err(|code| vec![Rejection::new("wallet", code)])
    }
}

/// `POST /api/risk/analyze`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnalyzeRequest {
    /// Whose.
    pub wallet: Wallet,
    /// Read everything anew even if the last assessment is seconds old.
    pub force_refresh: bool,
    /// What to look at.
    pub scope: Scope,
}

impl AnalyzeRequest {
    /// Parses the JSON body.
    ///
    /// # Errors
    /// Every refused field; `body` where it is no JSON object.
    pub fn parse(body: &[u8]) -> Parsed<Self> {
        let mut body = Body::parse(body)?;
        let wallet = body.required("wallet_address", str::parse);
        let force_refresh = body.boolean("force_refresh").unwrap_or(false);
        let protocols = body.list("protocols", str::parse);
        let chains = body.list("chains", str::parse);
        body.finish(|| Some(Self { wallet: wallet?, force_refresh, scope: Scope { protocols, chains } }))
    }
}

/// `GET /api/risk/alerts`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlertsRequest {
    /// Whose; every wallet the principal may see where absent.
    pub wallet: Option<Wallet>,
    /// Only this severity.
    pub severity: Option<Severity>,
    /// Only this kind.
    pub kind: Option<AlertKind>,
    /// Only resolved (`true`) or only not yet resolved ones (`false`).
    pub resolved: Option<bool>,
    /// Most alerts to answer, 1 to 200.
    pub limit: u32,
    /// How many of the newest to pass over.
    pub skip: u32,
    /// Continue after this alert id (as given by `pagination.next_cursor`).
    pub cursor: Option<u64>,
}

impl AlertsRequest {
    /// Parses the query string (without `?`).
    ///
    /// # Errors
    /// Every refused parameter.
    pub fn parse(query: &str) -> Parsed<Self> {
        let mut query = Query::parse(query)?;
        let parsed = Self {
            wallet: query.optional("wallet", str::parse),
            severity: query.optional("severity", str::parse),
            kind: query.optional("alert_type", str::parse),
            resolved: query.optional("resolved", |text| text.parse().map_err(|_| Code::Malformed)),
            limit: query.integer("limit", 1, MAX_PAGE).unwrap_or(DEFAULT_PAGE),
            skip: query.integer("skip", 0, 1_000_000).unwrap_or(0),
            cursor: query.optional("cursor", |text| text.parse().map_err(|_| Code::Malformed)),
        };
        query.finish(|| Some(parsed))
    }
}

/// `GET /api/risk/stream`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StreamRequest {
    /// Whose; every wallet the principal may see where absent.
    pub wallet: Option<Wallet>,
}

impl StreamRequest {
    /// Parses the query string (without `?`).
    ///
    /// # Errors
    /// Every refused parameter.
    pub fn parse(query: &str) -> Parsed<Self> {
        let mut query = Query::parse(query)?;
        let wallet = query.optional("wallet", str::parse);
        query.finish(|| Some(Self { wallet }))
    }
}

/// `GET /api/risk/watches`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WatchesRequest {
    /// Most watches to answer, 1 to 200.
    pub limit: u32,
    /// Continue after this wallet.
    pub cursor: Option<Wallet>,
}

impl WatchesRequest {
    /// Parses the query string (without `?`).
    ///
    /// # Errors
    /// Every refused parameter.
    pub fn parse(query: &str) -> Parsed<Self> {
        let mut query = Query::parse(query)?;
        let limit = query.integer("limit", 1, MAX_PAGE).unwrap_or(DEFAULT_PAGE);
        let cursor = query.optional("cursor", str::parse);
        query.finish(|| Some(Self { limit, cursor }))
    }
}

/// Body of `PUT /api/risk/watches/{wallet}`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WatchRequest {
    /// A name for people.
    pub label: Option<String>,
    /// Health factor under which `liquidation_risk` opens, above 1 and at most 10: `thresholds.health_factor`, or the
    /// older `health_factor_threshold`.
    pub health_factor: Option<f64>,
    /// The other thresholds.
    pub thresholds: OwnThresholds,
    /// Where its alerts are delivered: nowhere where empty, the service's default routes where `None`.
    pub channels: Option<Vec<ChannelId>>,
    /// Least severity that is delivered.
    pub min_severity: Option<Severity>,
}

impl WatchRequest {
    /// Parses the JSON body; an empty body takes every default.
    ///
    /// # Errors
    /// Every refused field; `body` where it is no JSON object.
    pub fn parse(body: &[u8]) -> Parsed<Self> {
        if body.is_empty() {
            return Ok(Self::default());
        }
        let mut body = Body::parse(body)?;
        let settings = watch::settings(&mut body);
        body.finish(|| Some(settings))
    }
}

#[cfg(test)]
mod tests;
