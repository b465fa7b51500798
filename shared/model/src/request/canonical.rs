//! The one way to write a query: parameters in one order, addresses in lower case, defaults left out. What it says is
//! what the client's own query said.

use std::fmt::Display;

use super::{
    AlertsRequest, DEFAULT_PAGE, ImportRequest, StreamRequest, SummaryRequest, WalletRequest, WatchesRequest,
};

/// A query being written.
#[derive(Default)]
struct Writer(String);

impl Writer {
    fn with(mut self, name: &str, value: Option<impl Display>) -> Self {
        if let Some(value) = value {
            let join = if self.0.is_empty() { "" } else { "&" };
            self.0 = format!("{}{join}{name}={value}", self.0);
        }
        self
    }
}

impl SummaryRequest {
    /// Its query, without `?`.
    #[must_use]
    pub fn canonical(&self) -> String {
        Writer::default()
            .with("wallet", Some(self.wallet.lower_hex()))
            .with("max_age", self.max_age_seconds)
            .0
    }
}

impl WalletRequest {
    /// Its query, without `?`.
    #[must_use]
    pub fn canonical(&self) -> String {
        Writer::default().with("wallet", Some(self.wallet.lower_hex())).0
    }
}

impl AlertsRequest {
    /// Its query, without `?`.
    #[must_use]
    pub fn canonical(&self) -> String {
        Writer::default()
            .with("wallet", self.wallet.map(|wallet| wallet.lower_hex()))
            .with("severity", self.severity)
            .with("alert_type", self.kind)
            .with("resolved", self.resolved)
            .with("limit", Some(self.limit).filter(|limit| *limit != DEFAULT_PAGE))
            .with("skip", Some(self.skip).filter(|skip| *skip != 0))
            .with("cursor", self.cursor)
            .0
    }
}

impl WatchesRequest {
    /// Its query, without `?`.
    #[must_use]
    pub fn canonical(&self) -> String {
        Writer::default()
            .with("limit", Some(self.limit).filter(|limit| *limit != DEFAULT_PAGE))
            .with("cursor", self.cursor.map(|wallet| wallet.lower_hex()))
            .0
    }
}

impl StreamRequest {
    /// Its query, without `?`.
    #[must_use]
    pub fn canonical(&self) -> String {
        Writer::default().with("wallet", self.wallet.map(|wallet| wallet.lower_hex())).0
    }
}

impl ImportRequest {
    /// Its query, without `?`.
    #[must_use]
    pub fn canonical(&self) -> String {
        Writer::default().with("partial", Some(true).filter(|_| self.is_partial)).0
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
