//! The Graph: wallets' Aave V3 rows as an indexer knows them, with the block it knows them at.
//!
//! The gateway answers HTTP 200 to everything, so what went wrong is read from the error's prefix; and it passes
//! answers of indexers that lag as plain successes, so every answer is dated by its own `_meta`.

mod account;
mod query;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use futures::future::try_join_all;
use risk_app::ports::{Clock, UpstreamHealth};
use risk_engine::aave::{Market, Position};
use risk_engine::position::Block;
use risk_http::{CallError, Client, Policy, Request, SetupError, Upstream};
use risk_model::{GapReason, Timestamp, Wallet};

use crate::gaps::{health, last_success, reason_of};
use crate::key::Key;
use crate::markets::MarketAddresses;

use query::{Page, UserReserve, read_page};

/// The provider's name in gaps and readings.
pub const THE_GRAPH: &str = "the_graph";
/// The public gateway.
pub const DEFAULT_BASE_URL: &str = "https://gateway.thegraph.com/api";

/// Wallets asked for in one query.
const WALLETS_PER_QUERY: usize = 250;
/// Most pages of one query: more than so many wallets can have rows for every reserve of a market.
const MAX_PAGES: usize = 40;
/// Oldest block taken. The gateway itself passes indexers that are 30 minutes behind.
const MAX_LAG_SECONDS: u64 = 1800;

/// Where the gateway is and how it lets us in.
#[derive(Clone, Debug)]
pub struct TheGraphSettings {
    /// Base URL, up to and including `/api`.
    pub base_url: String,
    /// The key; without one nothing is asked.
    pub key: Option<Key>,
    /// Most requests a second, where the plan has a limit.
    pub rate_per_second: Option<f64>,
    /// The longest that one call may take, retries included; well under the gateway's own 60 s of trying indexers.
    pub deadline: Duration,
}

/// The gateway.
pub struct TheGraph {
    access: Option<(Upstream, Key)>,
    clock: Arc<dyn Clock>,
}

/// What an indexer knows of a batch of wallets in one market, all at one block of its own.
#[derive(Clone, Debug)]
pub struct IndexedAccounts {
    /// The market as far as the wallets use it.
    pub market: Arc<Market>,
    /// Positions of the wallets that have one.
    pub positions: HashMap<Wallet, Position>,
    /// Wallets of which a row could not be read: not in `positions`.
    pub unreadable: HashSet<Wallet>,
}

/// Why an indexer's answer is not there or not taken.
#[derive(Clone, Debug, thiserror::Error)]
pub enum IndexFault {
    /// There is no key.
    #[error("no key is configured")]
    NotConfigured,
    /// The indexer is too far behind.
    #[error("the indexer is behind")]
    Stale,
    /// It took longer than a confirmation is worth.
    #[error("the answer took too long")]
    TooLong,
    /// The answer contradicts itself, or the indexer says that it failed.
    #[error("the answer cannot be used")]
    Malformed,
    /// The gateway gave no answer.
    #[error(transparent)]
    Call(#[from] CallError),
}

impl IndexFault {
    /// The reason of the gap it leaves.
    #[must_use]
    pub const fn reason(&self) -> GapReason {
        match self {
            Self::NotConfigured => GapReason::NotConfigured,
            Self::Stale => GapReason::Stale,
            Self::TooLong => GapReason::Unavailable,
            Self::Malformed => GapReason::Malformed,
            Self::Call(error) => reason_of(error),
        }
    }
}

impl TheGraph {
    /// The gateway behind its breaker and budgets.
    ///
    /// # Errors
    /// The base URL cannot be used. It is not shown.
    pub fn new(
        client: &Client,
        settings: &TheGraphSettings,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, SetupError> {
        let policy = Policy {
            deadline: settings.deadline,
            attempt_timeout: settings.deadline * 3 / 5,
            rate_per_second: settings.rate_per_second,
            burst: 10,
            max_response_bytes: 16 * 1024 * 1024,
            ..Policy::new(THE_GRAPH)
        };
        let upstream = client.upstream(&settings.base_url, policy)?;
        Ok(Self { access: settings.key.clone().map(|key| (upstream, key)), clock })
    }

    /// The state of the gateway; none without a key.
    #[must_use]
    pub fn upstreams(&self) -> Vec<UpstreamHealth> {
        self.access.iter().map(|(upstream, _)| health(upstream)).collect()
    }

    /// The gateway's last good answer.
    #[must_use]
    pub fn last_success(&self) -> Option<Timestamp> {
        self.access.as_ref().and_then(|(upstream, _)| last_success(upstream, self.clock.now()))
    }

    /// The accounts of distinct wallets in a market, as its subgraph knows them.
    ///
    /// # Errors
    /// There is no answer, or none that is fresh and whole.
    pub async fn accounts(
        &self,
        market: &MarketAddresses,
        wallets: &[Wallet],
    ) -> Result<IndexedAccounts, IndexFault> {
        let (upstream, key) = self.access.as_ref().ok_or(IndexFault::NotConfigured)?;
        // The first answer sets the block that all others are asked at.
        let (first, rest) = wallets.split_at(wallets.len().min(WALLETS_PER_QUERY));
        let subgraph = market.subgraph.ok_or(IndexFault::NotConfigured)?;
        let gateway = Gateway { upstream, key, subgraph };
        let (block, mut rows) = gateway.rows(first, None).await?;
        if self.clock.now().seconds_since(block.timestamp) > MAX_LAG_SECONDS {
            return Err(IndexFault::Stale);
        }
        let others = rest.chunks(WALLETS_PER_QUERY).map(|chunk| gateway.rows(chunk, Some(block)));
        for (_, more) in try_join_all(others).await? {
            rows.extend(more);
        }
        account::build(market, block, wallets, &rows).ok_or(IndexFault::Malformed)
    }
}

/// One subgraph behind the gateway.
struct Gateway<'a> {
    upstream: &'a Upstream,
    key: &'a Key,
    subgraph: &'a str,
}

impl Gateway<'_> {
    /// Every row of the wallets, page by page in order of id, all at one block.
    async fn rows(
        &self,
        wallets: &[Wallet],
        mut at: Option<Block>,
    ) -> Result<(Block, Vec<UserReserve>), IndexFault> {
        let mut rows: Vec<UserReserve> = Vec::new();
        for _ in 0..MAX_PAGES {
            let last_id = rows.last().map_or("", |row| row.id.as_str());
            let page = self.page(wallets, last_id, at).await?;
            let block = page.block().ok_or(IndexFault::Malformed)?;
            if page.has_errors() || at.is_some_and(|pinned| pinned.hash != block.hash) {
                return Err(IndexFault::Malformed);
            }
            at = Some(block);
            let is_last = page.user_reserves.len() < query::ROWS_PER_PAGE;
            let is_ordered = page.user_reserves.iter().all(|row| row.id.as_str() > last_id);
            if !is_ordered {
                return Err(IndexFault::Malformed);
            }
            rows.extend(page.user_reserves);
            if is_last {
                return Ok((block, rows));
            }
        }
        Err(IndexFault::Malformed)
    }

    async fn page(&self, wallets: &[Wallet], last_id: &str, at: Option<Block>) -> Result<Page, CallError> {
        let body = query::body(wallets, last_id, at.map(|block| block.hash));
        let path = format!("/subgraphs/id/{}", self.subgraph);
        let request = Request::post_json(path, &body).bearer(self.key.reveal());
        self.upstream.call(&request, read_page).await
    }
}

#[cfg(test)]
pub(crate) mod tests;
