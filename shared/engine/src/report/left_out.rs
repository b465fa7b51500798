//! What a report cannot tell the absence of, because nobody was asked to read it.

use risk_model::Protocol;

use super::Report;

impl Report {
    /// Whether something of this name (an account's key, an asset) may be there though the report does not hold it.
    #[must_use]
    pub fn may_hide(&self, key: &str) -> bool {
        let protocol = |name: &str| Protocol::ALL.iter().any(|protocol| protocol.name() == name);
        let is_account = key.split(':').next().is_some_and(protocol);
        // An asset may be held in any protocol.
        let hides =
            |name: &String| key.split(':').any(|part| part == name) || (!is_account && protocol(name));
        self.left_out.iter().any(hides)
    }
}
