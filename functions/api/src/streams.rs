//! How many may listen to the event stream at once: of each principal, and in all.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;

use crate::auth::PrincipalId;
use crate::problem::{Kind, Problem};

/// Seconds after which it is worth asking for a stream again.
const RETRY_SECONDS: u64 = 30;

/// How streams are offered.
#[derive(Clone, Debug)]
pub struct StreamSettings {
    /// Streams of one principal at once.
    pub per_principal: u32,
    /// Streams of this process at once.
    pub in_all: u32,
    /// Becomes true when the process is to end: every stream ends then.
    pub closing: watch::Receiver<bool>,
}

impl StreamSettings {
    /// Sixteen of a principal and a thousand in all.
    #[must_use]
    pub fn new(closing: watch::Receiver<bool>) -> Self {
        Self { per_principal: 16, in_all: 1_000, closing }
    }
}

/// Who listens.
#[derive(Default)]
pub(crate) struct Streams {
    seats: Arc<Mutex<HashMap<PrincipalId, u32>>>,
}

impl Streams {
    /// A seat for one more stream of a principal.
    pub(crate) fn take(&self, settings: &StreamSettings, principal: PrincipalId) -> Result<Seat, Problem> {
        let mut seats = self.seats.lock().unwrap_or_else(PoisonError::into_inner);
        let own = seats.get(&principal).copied().unwrap_or_default();
        if own >= settings.per_principal {
            let detail = format!("{own} streams are open already, the most of one principal");
            return Err(Problem::new(Kind::QuotaExceeded, detail).retry_after(RETRY_SECONDS));
        }
        if seats.values().sum::<u32>() >= settings.in_all {
            let detail = "as many streams are open as this process offers";
            return Err(Problem::new(Kind::Busy, detail).retry_after(RETRY_SECONDS));
        }
        seats.insert(principal, own + 1);
        metrics::gauge!("event_streams").increment(1.0);
        Ok(Seat { seats: Arc::clone(&self.seats), principal })
    }
}

/// One open stream; it is counted for as long as it is held.
pub(crate) struct Seat {
    seats: Arc<Mutex<HashMap<PrincipalId, u32>>>,
    principal: PrincipalId,
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut seats = self.seats.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = seats.get_mut(&self.principal) {
            *own = own.saturating_sub(1);
            if *own == 0 {
                seats.remove(&self.principal);
            }
        }
        metrics::gauge!("event_streams").decrement(1.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seats_are_bounded_by_principal_and_in_all_and_given_back() {
        let (_open, closing) = watch::channel(false);
        let settings = StreamSettings { per_principal: 2, in_all: 3, closing };
        let streams = Streams::default();
        let (one, other) = (PrincipalId::of_hash(&[1; 32]), PrincipalId::of_hash(&[2; 32]));
        let refused = |principal| streams.take(&settings, principal).err().map(|problem| problem.kind());
        let first = streams.take(&settings, one).unwrap();
        let _second = streams.take(&settings, one).unwrap();
        assert_eq!(refused(one), Some(Kind::QuotaExceeded));
        let third = streams.take(&settings, other).unwrap();
        assert_eq!(refused(other), Some(Kind::Busy));
        drop(first);
        assert_eq!(refused(one), None);
        drop(third);
        assert!(!streams.seats.lock().unwrap().contains_key(&other), "nothing is kept of who has gone");
    }
}
