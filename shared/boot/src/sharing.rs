//! What of its state a process keeps to itself although there are others: told at the start and in its health.

use risk_app::sharing::QuotaState;

use crate::host::Host;
use crate::wiring::Wired;

/// Stores and ways of events that end at this machine's disk or this process's memory.
const EMBEDDED: [&str; 2] = ["sqlite", "memory"];

impl Wired {
    /// What other processes of this deployment do not see of this one's state: some of `store`, `quota`, `events`. Nothing
    /// where it is the only process: neither a Lambda, of which there are as many as there are requests at once, nor one
    /// of several [`replicas`](crate::Settings::replicas).
    #[must_use]
    pub fn unshared(&self) -> Vec<&'static str> {
        if self.host != Host::Lambda && self.settings.replicas < 2 {
            return Vec::new();
        }
        let parts = [
            ("store", EMBEDDED.contains(&self.service.store().name())),
            ("quota", self.quota.state() == QuotaState::Memory),
            ("events", EMBEDDED.contains(&self.service.events().name())),
        ];
        parts.into_iter().filter(|(_, is_embedded)| *is_embedded).map(|(part, _)| part).collect()
    }

    /// Says so at the start.
    pub(crate) fn warn_of_what_is_not_shared(&self) {
        let unshared = self.unshared();
        if !unshared.is_empty() {
            tracing::warn!(
                unshared = unshared.join(", "),
                "state is not shared: each process of this deployment has its own"
            );
        }
    }
}
