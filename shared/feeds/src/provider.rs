//! What one price provider says of a batch of assets, before two of them are compared.

use std::collections::HashMap;
use std::hash::Hash;

use risk_model::{Affects, Asset, Gap, GapReason, Timestamp};

/// A price as one provider gives it.
#[derive(Clone, Debug, PartialEq)]
pub struct Price {
    /// USD for one whole token, finite and above zero.
    pub usd: f64,
    /// The time it is of.
    pub observed_at: Timestamp,
    /// USD traded in the last 24 h, where the provider says so.
    pub volume_24h_usd: Option<f64>,
}

/// What one provider says of one asset.
#[derive(Clone, Debug, PartialEq)]
pub enum Said {
    /// A price.
    Price(Price),
    /// It answered, without a price that can be used: missing, malformed or stale.
    Without(GapReason),
    /// The request that asked for it failed.
    Unheard {
        /// Why.
        reason: GapReason,
        /// The provider's last good answer, where there was one.
        since: Option<Timestamp>,
    },
}

/// What one provider says of a batch.
#[derive(Clone, Debug)]
pub struct ProviderPrices {
    /// By asset, one entry for each that was asked.
    pub said: HashMap<Asset, Said>,
    /// One gap for all requests that failed.
    pub failure: Option<Gap>,
}

impl ProviderPrices {
    /// Spreads what was said of names to the assets that go by them; one of which nothing is said is missing.
    pub(crate) fn new<N: Eq + Hash>(
        names: impl IntoIterator<Item = (Asset, N)>,
        said_of: &HashMap<N, Said>,
        failure: Option<Gap>,
    ) -> Self {
        let said = |name: &N| said_of.get(name).cloned().unwrap_or(Said::Without(GapReason::Missing));
        Self { said: names.into_iter().map(|(asset, name)| (asset, said(&name))).collect(), failure }
    }
}

/// The answer of a provider that is not configured: nothing heard, one gap.
pub(crate) fn not_configured(source: &'static str, assets: &[Asset]) -> ProviderPrices {
    let reason = GapReason::NotConfigured;
    let said = assets.iter().map(|asset| (*asset, Said::Unheard { reason, since: None })).collect();
    let gap = Gap { what: "prices".to_owned(), source, reason, affects: Affects::Confirmation, since: None };
    ProviderPrices { said, failure: Some(gap) }
}
