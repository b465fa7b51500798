//! CoinGecko's list of coins: it turns contracts of all chains into coin ids, so that one request prices a hundred
//! assets of any chain, one chart serves a token on five chains, and unlisted (spam) tokens cost nothing.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fmt;
use std::sync::Arc;

use risk_http::{Parsed, Reply};
use risk_model::{Address, Asset, ChainId, Timestamp};
use serde::de::{Error as _, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use tokio::time::timeout;

use super::CoinGecko;
use super::replies::read_object;
use crate::coins::Coin;
use crate::key::Key;

/// How long a list is taken as current. A token listed since then has no price of this source until the next.
const KEEP_SECONDS: u64 = 6 * 3_600;
/// How long after a failure it is asked again; until then contracts are asked for by address.
const RETRY_SECONDS: u64 = 300;
/// Most coins of a list; there are under 20,000.
const MAX_COINS: usize = 200_000;
const MAX_ID_CHARS: usize = 128;

/// What CoinGecko calls an asset.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Name {
    /// The id of its coin.
    Id(Arc<str>),
    /// Its contract: there is no list to look it up in, or the list contradicts itself about it.
    Contract(ChainId, Address),
    /// The list does not hold it, so there is nothing to ask.
    Unlisted,
}

/// The ids of contracts; `None` where two coins claim one contract.
#[derive(Default)]
pub(super) struct Listing(HashMap<(ChainId, Address), Option<Arc<str>>>);

/// The list in use and when to ask for the next.
#[derive(Default)]
pub(super) struct KeptListing {
    listing: Option<Arc<Listing>>,
    ask_at: Timestamp,
}

impl CoinGecko {
    /// What it calls each of these assets. At most one request, a few times a day.
    pub async fn names(&self, assets: &[Asset]) -> HashMap<Asset, Name> {
        let has_contracts = assets.iter().any(|asset| asset.address().is_some());
        let listing = match &self.key {
            Some(key) if has_contracts => self.listing(key).await,
            _ => None,
        };
        assets.iter().map(|asset| (*asset, name_of(Coin::of(asset), listing.as_deref()))).collect()
    }

    /// The list, asked for anew where it is old; an old one serves where no new one can be had.
    async fn listing(&self, key: &Key) -> Option<Arc<Listing>> {
        // Half the time of a call, so that prices by contract can still be had after a list that hangs.
        let patience = self.deadline / 2;
        let mut kept = timeout(patience, self.listing.lock()).await.ok()?;
        let now = self.clock.now();
        if now < kept.ask_at {
            return kept.listing.clone();
        }
        let request = self.request("/coins/list?include_platform=true".to_owned(), key);
        let answer = timeout(patience, self.charts.call(&request, read_listing)).await;
        if let Ok(Ok(listing)) = answer {
            *kept = KeptListing { listing: Some(Arc::new(listing)), ask_at: now.plus_seconds(KEEP_SECONDS) };
        } else {
            tracing::warn!("the coin list of coingecko could not be read");
            kept.ask_at = now.plus_seconds(RETRY_SECONDS);
        }
        kept.listing.clone()
    }
}

fn name_of(coin: Coin, listing: Option<&Listing>) -> Name {
    match (coin, listing) {
        (Coin::Listed(id), _) => Name::Id(id.into()),
        (Coin::Contract(chain, address), None) => Name::Contract(chain, address),
        (Coin::Contract(chain, address), Some(Listing(ids))) => match ids.get(&(chain, address)) {
            Some(Some(id)) => Name::Id(Arc::clone(id)),
            Some(None) => Name::Contract(chain, address),
            None => Name::Unlisted,
        },
    }
}

/// The list of a reply. One that holds no contract of our chains is no list of coins.
pub(super) fn read_listing(reply: &Reply) -> Parsed<Listing> {
    // Errors are objects.
    if reply.body.trim_ascii_start().starts_with(b"{") {
        return read_object(reply).and_then(|_| Parsed::malformed("no list of coins"));
    }
    if let Some(fault) = reply.status_fault() {
        return fault;
    }
    reply.json::<Listing>().and_then(|listing| {
        if listing.0.is_empty() { Parsed::malformed("a list without a coin") } else { Parsed::Ok(listing) }
    })
}

/// One coin of the list; of its platforms only those of our chains are read.
#[derive(Deserialize)]
struct ListedCoin {
    id: String,
    #[serde(default)]
    platforms: Platforms,
}

#[derive(Default, Deserialize)]
struct Platforms {
    ethereum: Option<String>,
    #[serde(rename = "optimistic-ethereum")]
    optimism: Option<String>,
    #[serde(rename = "polygon-pos")]
    polygon: Option<String>,
    base: Option<String>,
    #[serde(rename = "arbitrum-one")]
    arbitrum: Option<String>,
}

impl Platforms {
    /// The contracts that can be read; the list also holds empty ones.
    fn contracts(self) -> impl Iterator<Item = (ChainId, Address)> {
        let texts = [
            (ChainId::Ethereum, self.ethereum),
            (ChainId::Optimism, self.optimism),
            (ChainId::Polygon, self.polygon),
            (ChainId::Base, self.base),
            (ChainId::Arbitrum, self.arbitrum),
        ];
        texts.into_iter().filter_map(|(chain, text)| Some((chain, text?.parse().ok()?)))
    }
}

impl Listing {
    fn add(&mut self, coin: ListedCoin) {
        let is_plain = |id: &str| id.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c));
        if coin.id.is_empty() || coin.id.len() > MAX_ID_CHARS || !is_plain(&coin.id) {
            return;
        }
        let id: Arc<str> = coin.id.into();
        for contract in coin.platforms.contracts() {
            match self.0.entry(contract) {
                Entry::Vacant(place) => {
                    place.insert(Some(Arc::clone(&id)));
                }
                Entry::Occupied(mut place) => {
                    place.insert(None);
                }
            }
        }
    }
}

impl<'de> Deserialize<'de> for Listing {
    /// Reads coin by coin: of megabytes only what is used stays in memory.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Coins;
        impl<'de> Visitor<'de> for Coins {
            type Value = Listing;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of coins")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut coins: A) -> Result<Listing, A::Error> {
                let mut listing = Listing::default();
                let mut count = 0_usize;
                while let Some(coin) = coins.next_element::<ListedCoin>()? {
                    count += 1;
                    if count > MAX_COINS {
                        return Err(A::Error::custom("more coins than there are"));
                    }
                    listing.add(coin);
                }
                Ok(listing)
            }
        }
        deserializer.deserialize_seq(Coins)
    }
}

#[cfg(test)]
mod tests;
