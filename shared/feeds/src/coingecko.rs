//! CoinGecko v3: prices of coins and contracts in chunks, and daily closes.
//!
//! Prices and charts (with the list of coins) have a breaker and a rate budget each, so that a cold start's
//! histories cannot starve prices.

mod charts;
mod hourly;
mod listing;
mod prices;
mod replies;

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use risk_app::ports::{Clock, UpstreamHealth};
use risk_http::{Client, Policy, Request, SetupError, Upstream};

use crate::gaps::health;
use crate::key::Key;

use listing::KeptListing;

pub use charts::ChartFault;
pub use listing::Name;

/// The provider's name in quotes, gaps and readings.
pub const COINGECKO: &str = "coingecko";
/// The public host of the Demo plan.
pub const DEMO_BASE_URL: &str = "https://api.coingecko.com/api/v3";
/// The public host of paid plans.
pub const PRO_BASE_URL: &str = "https://pro-api.coingecko.com/api/v3";
/// Requests a minute taken as allowed unless set: what the Demo plan has always granted (its page now says 100).
pub const DEFAULT_REQUESTS_PER_MINUTE: NonZeroU32 = NonZeroU32::MIN.saturating_add(29);

/// Largest reply to a price request: 100 tokens take about 20 KB.
const MAX_PRICES_BYTES: usize = 512 * 1024;
/// Largest reply to a chart or list request: a year of days takes about 60 KB, the list of coins some 4 MB.
const MAX_CHART_BYTES: usize = 16 * 1024 * 1024;

/// The kind of key: it decides the header and how far back charts go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CoinGeckoPlan {
    /// The free Demo plan: 365 days of history.
    #[default]
    Demo,
    /// Any paid plan.
    Pro,
}

impl CoinGeckoPlan {
    const fn header(self) -> &'static str {
        match self {
            Self::Demo => "x-cg-demo-api-key",
            Self::Pro => "x-cg-pro-api-key",
        }
    }

    /// The longest history it gives, days.
    const fn longest_history_days(self) -> u32 {
        match self {
            Self::Demo => 365,
            Self::Pro => 3_650,
        }
    }
}

/// Where and how CoinGecko is asked. Not `Debug`: a base URL may hold a key.
#[derive(Clone)]
pub struct CoinGeckoSettings {
    /// The base URL, up to and with `/api/v3`.
    pub base_url: String,
    /// The key; without one nothing is asked and every answer is a gap `not_configured` (keyless calls are limited
    /// to one address each).
    pub key: Option<Key>,
    /// The key's plan.
    pub plan: CoinGeckoPlan,
    /// Requests a minute that the plan allows, half of them for prices, half for charts; `None` is unlimited.
    pub requests_per_minute: Option<NonZeroU32>,
    /// The longest that one call may take, retries included.
    pub deadline: Duration,
}

impl CoinGeckoSettings {
    /// The Demo plan's settings: 30 requests a minute, 6 s a call.
    #[must_use]
    pub fn new(base_url: impl Into<String>, key: Option<Key>) -> Self {
        Self {
            base_url: base_url.into(),
            key,
            plan: CoinGeckoPlan::Demo,
            requests_per_minute: Some(DEFAULT_REQUESTS_PER_MINUTE),
            deadline: Duration::from_secs(6),
        }
    }
}

/// CoinGecko, asked through two upstreams of one host.
pub struct CoinGecko {
    prices: Upstream,
    charts: Upstream,
    key: Option<Key>,
    plan: CoinGeckoPlan,
    deadline: Duration,
    listing: tokio::sync::Mutex<KeptListing>,
    clock: Arc<dyn Clock>,
}

impl CoinGecko {
    /// Makes the adapter; nothing is asked yet.
    ///
    /// # Errors
    /// The base URL or a limit cannot be used.
    pub fn new(
        client: &Client,
        settings: CoinGeckoSettings,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, SetupError> {
        let policy = |name: &'static str, max_response_bytes: usize| {
            let mut policy = Policy::new(name);
            policy.deadline = settings.deadline;
            policy.attempt_timeout = settings.deadline * 2 / 5;
            policy.max_response_bytes = max_response_bytes;
            if let Some(requests) = settings.requests_per_minute {
                limit_to_half(&mut policy, requests);
            }
            policy
        };
        Ok(Self {
            prices: client.upstream(&settings.base_url, policy(COINGECKO, MAX_PRICES_BYTES))?,
            charts: client.upstream(&settings.base_url, policy("coingecko_charts", MAX_CHART_BYTES))?,
            key: settings.key,
            plan: settings.plan,
            deadline: settings.deadline,
            listing: tokio::sync::Mutex::default(),
            clock,
        })
    }

    /// How its upstreams are doing; none where no key is configured, since none is asked.
    #[must_use]
    pub fn upstreams(&self) -> Vec<UpstreamHealth> {
        match self.key {
            Some(_) => vec![health(&self.prices), health(&self.charts)],
            None => Vec::new(),
        }
    }

    /// The longest one call takes.
    pub(crate) const fn deadline(&self) -> Duration {
        self.deadline
    }

    fn request(&self, path_and_query: String, key: &Key) -> Request {
        Request::get(path_and_query).header(self.plan.header(), key.reveal())
    }
}

/// Half of a minute's allowance, such that no minute sees more of it: two thirds of the half at once, the rest
/// spread over the minute.
fn limit_to_half(policy: &mut Policy, requests_per_minute: NonZeroU32) {
    let half = (requests_per_minute.get() / 2).max(1);
    let burst = (half * 2 / 3).max(1);
    let spread = (half - burst).max(1);
    policy.burst = burst;
    policy.rate_per_second = Some(f64::from(spread) / 60.0);
}

#[cfg(test)]
mod tests;
