//! The routes of the API: their paths and methods, who is counted on them, and what each takes in.

use crate::request::{MAX_BODY_BYTES, MAX_IMPORT_BYTES};
use crate::text::joined;

/// What a route takes in besides its headers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takes {
    /// Whatever comes: nothing of it is looked at.
    Anything,
    /// No query; a body is not looked at.
    NoQuery,
    /// A page to a browser, whose query is answered in words on the page; no query to a program.
    Page,
    /// The form that begins a session.
    SessionForm,
    /// The query of a summary.
    SummaryQuery,
    /// The query of one wallet.
    WalletQuery,
    /// The filter of alerts.
    AlertsQuery,
    /// The filter of the event stream.
    StreamQuery,
    /// A page of the watch list.
    WatchesQuery,
    /// A file of watches. What its lines say is told by the server alone, to those who may write.
    WatchFile,
    /// What to assess.
    AnalyzeBody,
    /// What to try.
    SimulateBody,
    /// What to replay.
    BacktestBody,
    /// An alert's id in the path and an empty body.
    AlertId,
    /// A channel's name in the path and an empty body.
    ChannelId,
    /// A wallet in the path.
    WalletPath,
    /// A wallet in the path and how to watch it.
    WatchBody,
    /// A wallet in the path and an empty body.
    WalletPathAlone,
}

impl Takes {
    /// Most bytes of its body; none where no body is looked at.
    #[must_use]
    pub const fn body_limit(self) -> Option<usize> {
        match self {
            Self::SessionForm
            | Self::AnalyzeBody
            | Self::SimulateBody
            | Self::BacktestBody
            | Self::AlertId
            | Self::ChannelId
            | Self::WatchBody
            | Self::WalletPathAlone => Some(MAX_BODY_BYTES),
            Self::WatchFile => Some(MAX_IMPORT_BYTES),
            _ => None,
        }
    }
}

/// Who may use a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Everybody, uncounted.
    Open,
    /// Everybody, counted by client address.
    Counted,
    /// A principal, counted by client address, and by principal and wallet.
    Principal,
}

/// A route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Route {
    /// Its path, with at most one `{segment}`.
    pub template: &'static str,
    /// The template up to its segment; all of it where it has none.
    before: &'static str,
    /// The template after its segment, if it has one.
    after: Option<&'static str>,
    /// Its methods; GET answers HEAD as well.
    pub methods: &'static [(&'static str, Takes)],
    /// Who may use it.
    pub access: Access,
    /// Seconds for which an edge may keep a good answer to GET; 0 for not at all.
    pub edge_seconds: u32,
}

const fn route(template: &'static str, access: Access, methods: &'static [(&'static str, Takes)]) -> Route {
    let (before, after) = parts(template);
    Route { template, before, after, methods, access, edge_seconds: 0 }
}

/// What stands before and after a template's segment.
const fn parts(template: &'static str) -> (&'static str, Option<&'static str>) {
    let bytes = template.as_bytes();
    let (mut at, mut open) = (0, 0);
    while at < bytes.len() {
        match bytes[at] {
            b'{' => open = at,
            b'}' => return (template.split_at(open).0, Some(template.split_at(at + 1).1)),
            _ => {}
        }
        at += 1;
    }
    (template, None)
}

const fn kept(seconds: u32, route: Route) -> Route {
    Route { edge_seconds: seconds, ..route }
}

use Access::{Counted, Open, Principal};

/// Every route. The server's handlers stand in the same order.
pub static ROUTES: [Route; 26] = [
    route("/", Counted, &[("GET", Takes::Page)]),
    route("/session", Counted, &[("POST", Takes::SessionForm)]),
    route("/session/end", Counted, &[("POST", Takes::NoQuery)]),
    kept(300, route("/style.css", Open, &[("GET", Takes::Anything)])),
    kept(300, route("/assets/{file}", Open, &[("GET", Takes::Anything)])),
    kept(60, route("/docs", Open, &[("GET", Takes::Anything)])),
    kept(60, route("/openapi.json", Open, &[("GET", Takes::Anything)])),
    route("/metrics", Open, &[("GET", Takes::Anything)]),
    kept(60, route("/api/info", Open, &[("GET", Takes::NoQuery)])),
    // The server keeps its own verdict for a second as well.
    kept(1, route("/api/risk/health", Open, &[("GET", Takes::NoQuery)])),
    route("/api/risk/health/live", Open, &[("GET", Takes::NoQuery)]),
    route("/api/risk/status", Counted, &[("GET", Takes::NoQuery)]),
    route("/api/risk/summary", Principal, &[("GET", Takes::SummaryQuery)]),
    route("/api/risk/analyze", Principal, &[("POST", Takes::AnalyzeBody)]),
    route("/api/risk/simulate", Principal, &[("POST", Takes::SimulateBody)]),
    route("/api/risk/backtest", Principal, &[("POST", Takes::BacktestBody)]),
    route("/api/risk/positions", Principal, &[("GET", Takes::WalletQuery)]),
    route("/api/risk/alerts", Principal, &[("GET", Takes::AlertsQuery)]),
    route("/api/risk/alerts/{id}/acknowledge", Principal, &[("POST", Takes::AlertId)]),
    route("/api/risk/alerts/{id}/resolve", Principal, &[("POST", Takes::AlertId)]),
    route("/api/risk/stream", Principal, &[("GET", Takes::StreamQuery)]),
    route("/api/risk/watches", Principal, &[("GET", Takes::WatchesQuery)]),
    route("/api/risk/watches:import", Principal, &[("POST", Takes::WatchFile)]),
    route(
        "/api/risk/watches/{wallet}",
        Principal,
        &[("GET", Takes::WalletPath), ("PUT", Takes::WatchBody), ("DELETE", Takes::WalletPathAlone)],
    ),
    route(
        "/api/risk/wallets/{wallet}",
        Principal,
        &[("GET", Takes::WalletPath), ("DELETE", Takes::WalletPathAlone)],
    ),
    route("/api/risk/channels/{id}/test", Principal, &[("POST", Takes::ChannelId)]),
];

impl Route {
    /// The route of a path and the text of its segment, percent-encoded as it came; empty where it has none.
    #[must_use]
    pub fn find(path: &str) -> Option<(&'static Self, &str)> {
        ROUTES.iter().find_map(|route| Some((route, route.segment(path)?)))
    }

    fn segment<'a>(&self, path: &'a str) -> Option<&'a str> {
        let Some(after) = self.after else { return (path == self.template).then_some("") };
        let segment = path.strip_prefix(self.before)?.strip_suffix(after)?;
        (!segment.is_empty() && !segment.contains('/')).then_some(segment)
    }

    /// What a method of it takes, if it has the method.
    #[must_use]
    pub fn takes(&self, method: &str) -> Option<Takes> {
        let asked = if method == "HEAD" { "GET" } else { method };
        self.methods.iter().find(|(known, _)| *known == asked).map(|(_, takes)| *takes)
    }

    /// Its methods as `Allow` lists them.
    #[must_use]
    pub fn allow(&self) -> String {
        let mut allow = String::new();
        for (method, _) in self.methods {
            let comma = if allow.is_empty() { "" } else { "," };
            let head = if *method == "GET" { ",HEAD" } else { "" };
            allow = joined(&[&allow, comma, method, head]);
        }
        allow
    }

    /// The path with its segment filled in.
    #[must_use]
    pub fn path(&self, segment: &str) -> String {
        match self.after {
            Some(after) => joined(&[self.before, segment, after]),
            None => self.template.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_template_finds_itself_and_nothing_beside_it() {
        for route in &ROUTES {
            let path = route.path("x%2fy");
            let (found, segment) = Route::find(&path).unwrap();
            assert_eq!(found.template, route.template);
            assert_eq!(segment, if route.template.contains('{') { "x%2fy" } else { "" });
            for beside in [format!("{path}/"), format!("/{path}"), path.to_uppercase(), format!("{path}//x")]
            {
                assert!(
                    beside == path || Route::find(&beside).is_none_or(|(found, _)| found != route),
                    "{beside}"
                );
            }
        }
        for none in ["", "*", "/api", "/api/risk/watches/", "/api/risk/alerts//resolve", "/api/risk/alerts/1"]
        {
            assert_eq!(Route::find(none), None, "{none}");
        }
    }

    #[test]
    fn get_answers_head_and_allow_says_so() {
        let (watch, _) = Route::find("/api/risk/watches/a").unwrap();
        assert_eq!(watch.allow(), "GET,HEAD,PUT,DELETE");
        assert_eq!(watch.takes("HEAD"), Some(Takes::WalletPath));
        assert_eq!(watch.takes("get"), None);
        assert_eq!(watch.takes("POST"), None);
    }
}
