//! Counts what each provider was asked.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::Serialize;

use crate::faults::Provider;

/// Distinct method names kept a provider; more are counted together as "other".
const METHODS: usize = 100;

/// Requests of one provider.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Count {
    /// HTTP requests.
    requests: u64,
    /// JSON-RPC calls by method (each item of a batch), or HTTP requests by route.
    methods: BTreeMap<String, u64>,
}

/// Requests of every provider since the last clearing.
#[derive(Default)]
pub(crate) struct Counters {
    counts: Mutex<BTreeMap<Provider, Count>>,
}

impl Counters {
    /// Counts an HTTP request.
    pub(crate) fn request(&self, provider: Provider) {
        self.lock().entry(provider).or_default().requests += 1;
    }

    /// Counts a method or route.
    pub(crate) fn method(&self, provider: Provider, method: &str) {
        let mut counts = self.lock();
        let methods = &mut counts.entry(provider).or_default().methods;
        let full = methods.len() >= METHODS && !methods.contains_key(method);
        let name = if full || method.len() > 80 { "other" } else { method };
        *methods.entry(name.to_owned()).or_default() += 1;
    }

    /// All counts; a provider that was never asked is there with zero.
    pub(crate) fn all(&self) -> BTreeMap<Provider, Count> {
        let counts = self.lock();
        Provider::ALL.iter().map(|one| (*one, counts.get(one).cloned().unwrap_or_default())).collect()
    }

    /// Starts again at zero.
    pub(crate) fn clear(&self) {
        self.lock().clear();
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Provider, Count>> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
