//! Events within one process.

use std::sync::Arc;

use async_trait::async_trait;
use risk_app::events::{Event, Events, Heard};
use risk_app::stores::StoreError;
use tokio::sync::broadcast::{Receiver, Sender};

/// Events that wait for a slow listener before it loses the oldest.
pub(crate) const WAITING: usize = 8_192;

/// Tells every listener of this process at once.
#[derive(Debug)]
pub struct MemoryEvents {
    heard: Sender<Heard>,
}

impl MemoryEvents {
    /// Nobody listens yet.
    #[must_use]
    pub fn new() -> Self {
        Self { heard: Sender::new(WAITING) }
    }
}

impl Default for MemoryEvents {
    fn default() -> Self {
        Self::new()
    }
}

#[async_trait]
impl Events for MemoryEvents {
    async fn publish(&self, events: &[Event]) -> Result<(), StoreError> {
        for event in events {
            // That nobody listens is no error.
            let _ = self.heard.send(Heard::Event(Arc::new(event.clone())));
        }
        Ok(())
    }

    async fn subscribe(&self) -> Result<Receiver<Heard>, StoreError> {
        Ok(self.heard.subscribe())
    }

    fn name(&self) -> &'static str {
        "memory"
    }
}
