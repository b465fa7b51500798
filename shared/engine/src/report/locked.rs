//! Which protocols a wallet is in.

use std::collections::BTreeSet;

use risk_model::Protocol;

use super::Report;

impl Report {
    /// The protocols that it has an account or a pool in.
    #[must_use]
    pub fn protocols(&self) -> BTreeSet<Protocol> {
        let accounts = self.accounts.iter().map(|account| account.protocol);
        accounts.chain(self.pools.iter().map(|pool| pool.protocol)).collect()
    }
}
