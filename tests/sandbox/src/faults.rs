//! Faults: which provider misbehaves how, for how long, and what that does to one request.

pub(crate) mod replies;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

use crate::draw::Draw;

/// Somebody who answers requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Provider {
    /// Alchemy JSON-RPC, all chains.
    Alchemy,
    /// CoinGecko v3.
    Coingecko,
    /// Etherscan V2.
    Etherscan,
    /// The Graph gateway.
    Thegraph,
    /// DefiLlama.
    Llama,
    /// Slack incoming webhooks.
    Slack,
    /// PagerDuty Events v2.
    Pagerduty,
    /// A subscriber's webhook.
    Webhook,
    /// Discord webhooks.
    Discord,
    /// The Telegram Bot API.
    Telegram,
}

impl Provider {
    /// Everybody.
    pub(crate) const ALL: [Self; 10] = [
        Self::Alchemy,
        Self::Coingecko,
        Self::Etherscan,
        Self::Thegraph,
        Self::Llama,
        Self::Slack,
        Self::Pagerduty,
        Self::Webhook,
        Self::Discord,
        Self::Telegram,
    ];
}

/// A way to misbehave.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    /// Answers `ms` late (1000 when not given).
    Latency,
    /// Takes the request and does not answer for 60 s, then closes.
    Hang,
    /// HTTP 429 with the provider's body, and `retry_after` seconds when given.
    #[serde(rename = "status_429")]
    Status429,
    /// HTTP 500 with the provider's body.
    #[serde(rename = "status_500")]
    Status500,
    /// Sends half of the answer and closes the connection.
    Reset,
    /// A complete HTTP answer whose JSON is cut in half.
    Truncated,
    /// Valid JSON of another shape.
    WrongJson,
    /// HTTP 200 that says it failed, in the provider's own way; `mode` "multicall" instead lets every
    /// `every`-th inner call of an aggregate fail.
    #[serde(rename = "error_in_200")]
    ErrorIn200,
    /// Knows nothing of `assets` (of all tokens when not given).
    MissingTokens,
    /// Answers from a block (or price time) `seconds` ago (3600 when not given).
    StaleBlock,
    /// Replaces the newest `depth` blocks (3 when not given) just before a call pinned by block hash.
    Reorg,
    /// Price sources report what they knew `seconds` ago (259200 when not given).
    StaleOracle,
    /// Prices are multiplied by `factor` (1.1 when not given).
    DivergentPrice,
    /// Refuses the credentials.
    Auth,
    /// Says that it is no more, as far as it has words for that: 410, or 404 or 403.
    Gone,
}

/// A fault as it is commanded.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Fault {
    /// Who.
    pub(crate) provider: Provider,
    /// How.
    pub(crate) kind: Kind,
    /// Delay in milliseconds, for latency.
    pub(crate) ms: Option<u64>,
    /// Seconds in the `Retry-After` header of a 429.
    pub(crate) retry_after: Option<u64>,
    /// Share of requests that it hits, 0 to 1; all when not given.
    pub(crate) probability: Option<f64>,
    /// How many requests it hits before it ends; unlimited when not given.
    pub(crate) times: Option<u64>,
    /// Age in seconds, for stale blocks and oracles.
    pub(crate) seconds: Option<u64>,
    /// Blocks replaced by a reorganisation.
    pub(crate) depth: Option<u64>,
    /// Multiplier, for divergent prices.
    pub(crate) factor: Option<f64>,
    /// Tickers, for missing tokens.
    pub(crate) assets: Option<Vec<String>>,
    /// The error text, instead of the usual one.
    pub(crate) message: Option<String>,
    /// "multicall" for errors inside an aggregate.
    pub(crate) mode: Option<String>,
    /// Every how-many-eth inner call fails; all when not given.
    pub(crate) every: Option<u64>,
}

/// What the faults in force do to one request.
#[derive(Clone, Debug, Default)]
pub(crate) struct Effects {
    /// Wait before answering, in milliseconds.
    pub(crate) latency_ms: u64,
    /// The fault that replaces the answer.
    pub(crate) reply: Option<Fault>,
    /// Which tokens are unknown.
    pub(crate) missing: Option<Missing>,
    /// How old the newest block is, in seconds, beyond its usual age.
    pub(crate) block_lag_seconds: u64,
    /// How old the oracles' knowledge is, in seconds.
    pub(crate) oracle_lag_seconds: u64,
    /// What prices are multiplied by.
    pub(crate) price_factor: Option<f64>,
    /// Every how-many-eth inner call of an aggregate fails.
    pub(crate) failing_calls: Option<u64>,
}

/// Tokens that a provider does not know.
#[derive(Clone, Debug)]
pub(crate) enum Missing {
    /// None of them.
    All,
    /// Not these tickers.
    Named(Vec<String>),
}

impl Effects {
    /// Whether the provider pretends not to know a token or coin of this ticker.
    pub(crate) fn hides(&self, symbol: &str) -> bool {
        match &self.missing {
            None => false,
            Some(Missing::All) => true,
            Some(Missing::Named(names)) => names.iter().any(|name| name.eq_ignore_ascii_case(symbol)),
        }
    }

    /// The kind of the fault that replaces the answer.
    pub(crate) fn reply_kind(&self) -> Option<Kind> {
        self.reply.as_ref().map(|fault| fault.kind)
    }

    /// The error text of the replacing fault, or the usual one.
    pub(crate) fn message_or<'a>(&'a self, usual: &'a str) -> &'a str {
        self.reply.as_ref().and_then(|fault| fault.message.as_deref()).unwrap_or(usual)
    }

    fn add(&mut self, fault: &Fault) {
        match fault.kind {
            Kind::Latency => self.latency_ms += fault.ms.unwrap_or(1000),
            Kind::MissingTokens => {
                self.missing = Some(fault.assets.clone().map_or(Missing::All, Missing::Named));
            }
            Kind::StaleBlock => self.block_lag_seconds = fault.seconds.unwrap_or(3_600),
            Kind::StaleOracle => self.oracle_lag_seconds = fault.seconds.unwrap_or(259_200),
            Kind::DivergentPrice => self.price_factor = Some(fault.factor.unwrap_or(1.1)),
            Kind::ErrorIn200 if fault.mode.as_deref() == Some("multicall") => {
                self.failing_calls = Some(fault.every.unwrap_or(1).max(1));
            }
            _ => self.reply = Some(fault.clone()),
        }
    }
}

/// The faults in force.
pub(crate) struct FaultBook {
    seed: u64,
    drawn: AtomicU64,
    faults: Mutex<Vec<Fault>>,
}

impl FaultBook {
    /// No faults.
    pub(crate) fn new(seed: u64) -> Self {
        Self { seed, drawn: AtomicU64::new(0), faults: Mutex::new(Vec::new()) }
    }

    /// Puts a fault in force; it replaces one of the same provider and kind.
    pub(crate) fn set(&self, fault: Fault) {
        let mut faults = self.lock();
        faults.retain(|old| old.provider != fault.provider || old.kind != fault.kind);
        faults.push(fault);
    }

    /// Ends the faults of a provider, or all.
    pub(crate) fn clear(&self, provider: Option<Provider>) {
        self.lock().retain(|fault| provider.is_some_and(|one| fault.provider != one));
    }

    /// The faults in force.
    pub(crate) fn all(&self) -> Vec<Fault> {
        self.lock().clone()
    }

    /// What happens to the next request of a provider. Reorganisations wait for [`FaultBook::take_reorg`].
    pub(crate) fn fire(&self, provider: Provider) -> Effects {
        let mut effects = Effects::default();
        let mut faults = self.lock();
        for fault in faults.iter_mut().filter(|fault| fault.provider == provider) {
            let replaced = effects.reply.is_some() && replaces(fault);
            if fault.kind != Kind::Reorg && !replaced && self.hits(fault) {
                effects.add(fault);
            }
        }
        faults.retain(|fault| fault.times != Some(0));
        effects
    }

    /// The depth of a reorganisation that happens now, if one is in force.
    pub(crate) fn take_reorg(&self, provider: Provider) -> Option<u64> {
        let mut faults = self.lock();
        let armed = |fault: &&mut Fault| fault.provider == provider && fault.kind == Kind::Reorg;
        let fault = faults.iter_mut().find(armed)?;
        let depth = fault.depth.unwrap_or(3);
        let hit = self.hits(fault);
        faults.retain(|fault| fault.times != Some(0));
        hit.then_some(depth)
    }

    fn hits(&self, fault: &mut Fault) -> bool {
        if let Some(probability) = fault.probability {
            let draw = self.drawn.fetch_add(1, Ordering::SeqCst);
            if Draw::new(self.seed, &[b"fault", &draw.to_be_bytes()]).unit() >= probability {
                return false;
            }
        }
        fault.times = fault.times.map(|left| left.saturating_sub(1));
        true
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Fault>> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a fault replaces the whole answer, so that only one of its sort can hit a request.
fn replaces(fault: &Fault) -> bool {
    let mut alone = Effects::default();
    alone.add(fault);
    alone.reply.is_some()
}
