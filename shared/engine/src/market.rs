//! Market data shared by every wallet of a batch: quotes, daily closes and gas, each with its source and time.

use std::collections::HashMap;
use std::sync::Arc;

use risk_model::{Asset, ChainId, Gap, Protocol, Timestamp};

use crate::position::Reading;

/// A market price in USD.
#[derive(Clone, Debug, PartialEq)]
pub struct Quote {
    /// USD for one whole token, finite and above zero.
    pub usd: f64,
    /// The provider it is from.
    pub source: &'static str,
    /// The time it is of.
    pub observed_at: Timestamp,
    /// USD traded in the last 24 h, where the provider says so.
    pub volume_24h_usd: Option<f64>,
    /// A second provider that agrees within the divergence limit.
    pub confirmed_by: Option<&'static str>,
}

/// Daily UTC closes of one asset, oldest first; a day without a close is `None`, never filled here.
#[derive(Clone, Debug, PartialEq)]
pub struct DailyCloses {
    /// Days since the Unix epoch of the first entry.
    pub first_day: u64,
    /// USD closes of consecutive days.
    pub closes: Vec<Option<f64>>,
    /// The provider they are from.
    pub source: &'static str,
}

impl DailyCloses {
    /// The close of a day since the epoch, if there is one.
    #[must_use]
    pub fn on(&self, day: u64) -> Option<f64> {
        let index = usize::try_from(day.checked_sub(self.first_day)?).ok()?;
        self.closes.get(index).copied().flatten()
    }
}

/// Hourly closes of one asset, oldest first; an hour without a close is `None`, never filled here.
#[derive(Clone, Debug, PartialEq)]
pub struct HourlyCloses {
    /// Hours since the Unix epoch of the first entry.
    pub first_hour: u64,
    /// USD closes of consecutive hours: the last price of each.
    pub closes: Vec<Option<f64>>,
    /// The provider they are from.
    pub source: &'static str,
}

impl HourlyCloses {
    /// The close of an hour since the epoch, if there is one.
    #[must_use]
    pub fn on(&self, hour: u64) -> Option<f64> {
        let index = usize::try_from(hour.checked_sub(self.first_hour)?).ok()?;
        self.closes.get(index).copied().flatten()
    }
}

/// Gas of one chain.
#[derive(Clone, Debug, PartialEq)]
pub struct Gas {
    /// Gwei per gas for inclusion in a few blocks.
    pub propose_gwei: f64,
    /// Base fee of the next block, gwei, where the provider says so.
    pub base_fee_gwei: Option<f64>,
    /// The provider it is from.
    pub source: &'static str,
    /// The time it is of.
    pub observed_at: Timestamp,
}

/// What everybody together has in a protocol.
#[derive(Clone, Debug, PartialEq)]
pub struct ValueLocked {
    /// USD, finite and not under zero.
    pub usd: f64,
    /// The provider it is from.
    pub source: &'static str,
    /// When it was read: the provider tells no time of its own.
    pub observed_at: Timestamp,
}

/// What the markets say, once for a whole batch.
#[derive(Clone, Debug, Default)]
pub struct MarketData {
    /// Quotes by asset; an asset that is absent has no price.
    pub quotes: HashMap<Asset, Quote>,
    /// Daily closes by asset; an asset that is absent has no history.
    pub closes: HashMap<Asset, Arc<DailyCloses>>,
    /// Hourly closes by asset; an asset that is absent has none.
    pub hourly: HashMap<Asset, Arc<HourlyCloses>>,
    /// Gas by chain.
    pub gas: HashMap<ChainId, Gas>,
    /// The value locked in each protocol that was asked about, or why it is not known.
    pub value_locked: HashMap<Protocol, Result<ValueLocked, Gap>>,
    /// Why an asset's quote or closes are missing, or unconfirmed.
    pub asset_gaps: HashMap<Asset, Vec<Gap>>,
    /// Gaps that are of no one asset (gas, a whole provider).
    pub gaps: Vec<Gap>,
    /// What was read.
    pub readings: Vec<Reading>,
}
