//! A request that passed, and its normalised form: what a cache or a quota may key on.

use super::Head;
use crate::channel::ChannelId;
use crate::request::{
    AlertsRequest, ImportRequest, StreamRequest, SummaryRequest, WalletRequest, WatchesRequest,
};
use crate::route::{Access, Route};
use crate::text::joined;
use crate::wallet::Wallet;

/// What an accepted request asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    /// Something whose query is not looked at.
    AsSent,
    /// Something without parameters.
    Nothing,
    /// A summary.
    Summary(SummaryRequest),
    /// Positions.
    Positions(WalletRequest),
    /// Alerts.
    Alerts(AlertsRequest),
    /// The event stream.
    Stream(StreamRequest),
    /// The watch list.
    Watches(WatchesRequest),
    /// To take over a file of watches.
    Import(ImportRequest),
    /// One alert by its id.
    Alert(u64),
    /// One channel by its name.
    Channel(ChannelId),
    /// The wallet of a path: its watch, how to watch it, or all that is kept of it.
    OfWallet(Wallet),
    /// What a body says, about a wallet or about none.
    Body(Option<Wallet>),
}

/// A request that passed every check that it can pass by itself.
#[derive(Clone, Debug)]
pub struct Accepted<'a> {
    pub(super) head: Head<'a>,
    pub(super) route: Option<&'static Route>,
    pub(super) asked: Asked,
}

impl Accepted<'_> {
    /// Its route; none of a preflight.
    #[must_use]
    pub const fn route(&self) -> Option<&'static Route> {
        self.route
    }

    /// The one wallet that it is about, if it is about one.
    #[must_use]
    pub const fn wallet(&self) -> Option<Wallet> {
        match &self.asked {
            Asked::Summary(request) => Some(request.wallet),
            Asked::Positions(request) => Some(request.wallet),
            Asked::Alerts(request) => request.wallet,
            Asked::Stream(request) => request.wallet,
            Asked::OfWallet(wallet) => Some(*wallet),
            Asked::Body(wallet) => *wallet,
            _ => None,
        }
    }

    /// Path and query in their canonical form: the same for all requests that say the same, and saying the same.
    #[must_use]
    pub fn target(&self) -> String {
        let path = self.path();
        let query = match &self.asked {
            Asked::Summary(request) => request.canonical(),
            Asked::Positions(request) => request.canonical(),
            Asked::Alerts(request) => request.canonical(),
            Asked::Stream(request) => request.canonical(),
            Asked::Watches(request) => request.canonical(),
            Asked::Import(request) => request.canonical(),
            // What nobody looks at is handed on as it came.
            Asked::AsSent => self.head.query().to_owned(),
            Asked::Nothing | Asked::Alert(_) | Asked::Channel(_) | Asked::OfWallet(_) | Asked::Body(_) => {
                String::new()
            }
        };
        if query.is_empty() { path } else { joined(&[&path, "?", &query]) }
    }

    fn path(&self) -> String {
        match (self.route, &self.asked) {
            (Some(route), Asked::Alert(id)) => route.path(&id.to_string()),
            (Some(route), Asked::Channel(id)) => route.path(id.as_str()),
            (Some(route), Asked::OfWallet(wallet)) => route.path(&wallet.lower_hex()),
            _ => self.head.path().to_owned(),
        }
    }

    /// Seconds for which an edge may keep a good answer, and the key it is kept under; never for what a principal asks.
    #[must_use]
    pub fn cache(&self) -> Option<(u32, String)> {
        let route = self.route.filter(|route| route.edge_seconds > 0 && route.access == Access::Open)?;
        (self.head.method == "GET").then(|| (route.edge_seconds, joined(&["GET ", &self.path()])))
    }

    /// What it counts against besides its principal or client: `wallet:0x…`, `wallets` or `client`; none where nothing
    /// is counted.
    #[must_use]
    pub fn quota_key(&self) -> Option<String> {
        match self.route?.access {
            Access::Open => None,
            Access::Counted => Some("client".to_owned()),
            Access::Principal => Some(
                self.wallet()
                    .map_or_else(|| "wallets".to_owned(), |wallet| joined(&["wallet:", &wallet.lower_hex()])),
            ),
        }
    }
}
