//! Current prices of CoinGecko: one request per 100 coins of any chains; without the list of coins one per 100
//! contracts of a chain.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use futures::future::join_all;
use risk_http::CallError;
use risk_model::{Affects, Asset, GapReason, Timestamp};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::replies::read_object;
use super::{COINGECKO, CoinGecko, Name};
use crate::coins::platform_id;
use crate::figures::{past, price_usd};
use crate::gaps::gap_of_call;
use crate::key::Key;
use crate::provider::{Price, ProviderPrices, Said, not_configured};

/// Coins or contracts a request. The documented limit is 515, URL length ends it near 180.
const CHUNK: usize = 100;
const WHAT: &str = "vs_currencies=usd&include_24hr_vol=true&include_last_updated_at=true&precision=full";

/// One request: its path and what each asked name is called in the reply.
struct Question {
    path: String,
    names: Vec<(Name, String)>,
}

/// What the reply says of one coin; any of it may be absent or null.
#[derive(Deserialize)]
struct Entry {
    usd: Option<f64>,
    usd_24h_vol: Option<f64>,
    last_updated_at: Option<u64>,
}

impl CoinGecko {
    /// Prices of distinct assets; at most one request per 100 of them, and one a few times a day for their names.
    pub async fn prices(&self, assets: &[Asset]) -> ProviderPrices {
        let Some(key) = &self.key else {
            return not_configured(COINGECKO, assets);
        };
        let names = self.names(assets).await;
        let questions = questions_about(names.values());
        let replies = join_all(questions.iter().map(|question| self.ask(question, key))).await;
        let now = self.clock.now();
        let mut said_of: HashMap<Name, Said> = HashMap::new();
        let mut failures: Vec<&CallError> = Vec::new();
        for (question, reply) in questions.iter().zip(&replies) {
            match reply {
                Ok(entries) => said_of.extend(read_entries(question, entries, now)),
                Err(error) => {
                    let gap =
                        gap_of_call(&self.prices, COINGECKO, error, "prices", Affects::Confirmation, now);
                    let unheard = Said::Unheard { reason: gap.reason, since: gap.since };
                    said_of.extend(question.names.iter().map(|(name, _)| (name.clone(), unheard.clone())));
                    failures.push(error);
                }
            }
        }
        let failure = failures.first().map(|error| {
            let what = format!("prices ({} of {} requests failed)", failures.len(), questions.len());
            gap_of_call(&self.prices, COINGECKO, error, what, Affects::Confirmation, now)
        });
        ProviderPrices::new(names, &said_of, failure)
    }

    async fn ask(&self, question: &Question, key: &Key) -> Result<HashMap<String, Value>, CallError> {
        let request = self.request(question.path.clone(), key);
        self.prices.call(&request, |reply| read_object(reply).map(fold_case)).await
    }
}

/// Entries by lower-case name. A name that comes twice in different case has no one meaning, so it has no entry
/// that can be read.
fn fold_case(object: Map<String, Value>) -> HashMap<String, Value> {
    let mut entries = HashMap::with_capacity(object.len());
    for (name, value) in object {
        entries
            .entry(name.to_ascii_lowercase())
            .and_modify(|twice| *twice = Value::Bool(false))
            .or_insert(value);
    }
    entries
}

fn questions_about<'a>(names: impl Iterator<Item = &'a Name>) -> Vec<Question> {
    let distinct: BTreeSet<&Name> = names.collect();
    let mut ids = Vec::new();
    let mut contracts: BTreeMap<&str, Vec<(Name, String)>> = BTreeMap::new();
    for name in distinct {
        match name {
            Name::Id(id) => ids.push((name.clone(), id.to_string())),
            Name::Contract(chain, address) => {
                contracts
                    .entry(platform_id(*chain))
                    .or_default()
                    .push((name.clone(), format!("{address:#x}")));
            }
            Name::Unlisted => {}
        }
    }
    let of_ids = ids.chunks(CHUNK).map(|chunk| Question {
        path: format!("/simple/price?ids={}&{WHAT}", joined(chunk)),
        names: chunk.to_vec(),
    });
    let of_contracts = contracts.iter().flat_map(|(platform, names)| {
        names.chunks(CHUNK).map(move |chunk| Question {
            path: format!("/simple/token_price/{platform}?contract_addresses={}&{WHAT}", joined(chunk)),
            names: chunk.to_vec(),
        })
    });
    of_ids.chain(of_contracts).collect()
}

fn joined(names: &[(Name, String)]) -> String {
    names.iter().map(|(_, name)| name.as_str()).collect::<Vec<_>>().join(",")
}

fn read_entries(question: &Question, entries: &HashMap<String, Value>, now: Timestamp) -> Vec<(Name, Said)> {
    let said = |text: &String| {
        let entry = entries.get(&text.to_ascii_lowercase());
        entry.map_or(Said::Without(GapReason::Missing), |entry| read(entry, now))
    };
    question.names.iter().map(|(name, text)| (name.clone(), said(text))).collect()
}

/// One coin's entry. No `usd` is "no price"; a price that no market can mean, or without a time, is malformed.
fn read(entry: &Value, now: Timestamp) -> Said {
    let Ok(entry) = Entry::deserialize(entry) else {
        return Said::Without(GapReason::Malformed);
    };
    let Some(usd) = entry.usd else {
        return Said::Without(GapReason::Missing);
    };
    let observed_at = entry.last_updated_at.and_then(|seconds| past(seconds, now));
    match (price_usd(usd), observed_at) {
        (Some(usd), Some(observed_at)) => Said::Price(Price {
            usd,
            observed_at,
            volume_24h_usd: entry.usd_24h_vol.filter(|volume| volume.is_finite() && *volume >= 0.0),
        }),
        _ => Said::Without(GapReason::Malformed),
    }
}
