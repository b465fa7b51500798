//! The one way to write a query: parameters in one order, addresses in lower case, defaults left out. What it says is
//! what the client's own query said.

use super::{
    AlertsRequest, DEFAULT_PAGE, ImportRequest, StreamRequest, SummaryRequest, WalletRequest, WatchesRequest,
};
use crate::alert::AlertKind;
use crate::severity::Severity;
use crate::text::joined;
use crate::wallet::Wallet;

/// A query being written.
#[derive(Default)]
struct Writer(String);

impl Writer {
    fn with(mut self, name: &str, value: Option<&str>) -> Self {
        if let Some(value) = value {
            let join = if self.0.is_empty() { "" } else { "&" };
            self.0 = joined(&[&self.0, join, name, "=", value]);
        }
        self
    }

    fn number(self, name: &str, value: Option<u64>) -> Self {
        self.with(name, value.map(|value| value.to_string()).as_deref())
    }

    fn wallet(self, name: &str, wallet: Option<Wallet>) -> Self {
        self.with(name, wallet.map(|wallet| wallet.lower_hex()).as_deref())
    }
}

/// A page's length, where it is not the one that is meant without.
fn length(limit: u32) -> Option<u64> {
    Some(limit).filter(|limit| *limit != DEFAULT_PAGE).map(u64::from)
}

impl SummaryRequest {
    /// Its query, without `?`.
    #[must_use]
    pub fn canonical(&self) -> String {
        let age = self.max_age_seconds.map(u64::from);
        Writer::default().wallet("wallet", Some(self.wallet)).number("max_age", age).0
    }
}

impl WalletRequest {
    /// Its query, without `?`.
    #[must_use]
    pub fn canonical(&self) -> String {
        Writer::default().wallet("wallet", Some(self.wallet)).0
    }
}

impl AlertsRequest {
    /// Its query, without `?`.
    #[must_use]
    pub fn canonical(&self) -> String {
        Writer::default()
            .wallet("wallet", self.wallet)
            .with("severity", self.severity.map(Severity::name))
            .with("alert_type", self.kind.map(AlertKind::name))
            .with("resolved", self.resolved.map(|is_so| if is_so { "true" } else { "false" }))
            .number("limit", length(self.limit))
            .number("skip", Some(self.skip).filter(|skip| *skip != 0).map(u64::from))
            .number("cursor", self.cursor)
            .0
    }
}

impl WatchesRequest {
    /// Its query, without `?`.
    #[must_use]
    pub fn canonical(&self) -> String {
        Writer::default().number("limit", length(self.limit)).wallet("cursor", self.cursor).0
    }
}

impl StreamRequest {
    /// Its query, without `?`.
    #[must_use]
    pub fn canonical(&self) -> String {
        Writer::default().wallet("wallet", self.wallet).0
    }
}

impl ImportRequest {
    /// Its query, without `?`.
    #[must_use]
    pub fn canonical(&self) -> String {
        Writer::default().with("partial", Some("true").filter(|_| self.is_partial)).0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WALLET: &str = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed";

    #[test]
    fn a_canonical_query_says_the_same_and_is_its_own_canonical_form() {
        let queries = [
            "",
            "limit=50&skip=0",
            "skip=7&limit=200&resolved=true",
            "cursor=18446744073709551615&alert_type=liquidation_risk&severity=critical",
            "%77allet=0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed&skip=%2B1",
        ];
        for query in queries {
            let asked = AlertsRequest::parse(query).unwrap();
            let canonical = asked.canonical();
            assert_eq!(AlertsRequest::parse(&canonical).as_ref(), Ok(&asked), "{query}");
            assert_eq!(AlertsRequest::parse(&canonical).unwrap().canonical(), canonical);
        }
        let summary = SummaryRequest::parse(&format!("max_age=030&wallet={WALLET}")).unwrap();
        assert_eq!(summary.canonical(), format!("wallet={}&max_age=30", WALLET.to_lowercase()));
        assert_eq!(SummaryRequest::parse(&summary.canonical()), Ok(summary));
        let watches = WatchesRequest::parse(&format!("limit=3&cursor={WALLET}")).unwrap();
        assert_eq!(watches.canonical(), format!("limit=3&cursor={}", WALLET.to_lowercase()));
    }
}
