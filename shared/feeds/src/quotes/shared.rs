//! What both providers said of assets, shared between processes: one asks, the others take its word for as long as they
//! would keep their own. Only what both answered is shared; failures are each process's own to find.

use std::time::Duration;

use risk_app::sharing::SharedCache;
use risk_model::{Asset, GapReason, Timestamp};
use serde::{Deserialize, Serialize};

use crate::provider::{Price, Said};

/// How long a process that said that it asks is waited for, and its claim stands.
pub(super) const CLAIM: Duration = Duration::from_secs(3);
/// Between two looks at whether its answer is there.
pub(super) const LOOK: Duration = Duration::from_millis(50);
/// Looks in all: a process that died costs the others no more than this.
pub(super) const LOOKS: u32 = 30;
/// How far another process's clock may be ahead of ours.
const AHEAD_SECONDS: u64 = 2;
const VERSION: u8 = 1;

/// What was said of one asset, and when both were asked.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Shared {
    pub(super) coingecko: Said,
    pub(super) defillama: Said,
    pub(super) read_at: Timestamp,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SharedText {
    v: u8,
    at: u64,
    /// By provider; null where it knows no price.
    coingecko: Option<PriceText>,
    defillama: Option<PriceText>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PriceText {
    /// The shortest text that reads back as the same number; a JSON number may not.
    usd: String,
    at: u64,
    volume: Option<String>,
}

/// The name of an asset's entry.
pub(super) fn name(asset: &Asset) -> String {
    format!("price:{asset}")
}

/// The entry; none where a provider did not answer.
pub(super) fn written(shared: &Shared) -> Option<Vec<u8>> {
    let text = SharedText {
        v: VERSION,
        at: shared.read_at.seconds(),
        coingecko: price_text(&shared.coingecko)?,
        defillama: price_text(&shared.defillama)?,
    };
    serde_json::to_vec(&text).ok()
}

/// What an entry says; none where it is no entry of ours, not of the last `keep_seconds`, or says what no provider does.
pub(super) fn read(bytes: &[u8], now: Timestamp, keep_seconds: u64) -> Option<Shared> {
    let text: SharedText = serde_json::from_slice(bytes).ok()?;
    let is_ours = text.v == VERSION && text.at <= now.seconds().saturating_add(AHEAD_SECONDS);
    let read_at = Timestamp::new(text.at);
    if !is_ours || now.seconds_since(read_at) >= keep_seconds {
        return None;
    }
    Some(Shared {
        coingecko: said(text.coingecko, read_at)?,
        defillama: said(text.defillama, read_at)?,
        read_at,
    })
}

fn price_text(said: &Said) -> Option<Option<PriceText>> {
    match said {
        Said::Price(price) => Some(Some(PriceText {
            usd: format!("{:e}", price.usd),
            at: price.observed_at.seconds(),
            volume: price.volume_24h_usd.map(|volume| format!("{volume:e}")),
        })),
        Said::Without(GapReason::Missing) => Some(None),
        Said::Without(_) | Said::Unheard { .. } => None,
    }
}

fn said(text: Option<PriceText>, read_at: Timestamp) -> Option<Said> {
    let Some(text) = text else { return Some(Said::Without(GapReason::Missing)) };
    let number = |text: String| text.parse::<f64>().ok().filter(|number| number.is_finite());
    let usd = number(text.usd).filter(|usd| *usd > 0.0)?;
    let volume_24h_usd = match text.volume {
        None => None,
        Some(volume) => Some(number(volume).filter(|volume| *volume >= 0.0)?),
    };
    // A price of later than it was asked for would count as fresh for longer than any does.
    let is_past = text.at <= read_at.seconds().saturating_add(60);
    is_past.then(|| Said::Price(Price { usd, observed_at: Timestamp::new(text.at), volume_24h_usd }))
}

/// The entries of assets that are there and can be used, and the assets of which none is.
pub(super) async fn recall(
    cache: &dyn SharedCache,
    assets: Vec<Asset>,
    now: Timestamp,
    keep_seconds: u64,
) -> (Vec<(Asset, Shared)>, Vec<Asset>) {
    let names: Vec<String> = assets.iter().map(name).collect();
    let mut kept = cache.get(&names).await.into_iter();
    let (mut found, mut missing) = (Vec::new(), Vec::new());
    for asset in assets {
        let entry = kept.next().flatten().and_then(|bytes| read(&bytes, now, keep_seconds));
        match entry {
            Some(shared) => found.push((asset, shared)),
            None => missing.push(asset),
        }
    }
    (found, missing)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::new(1_700_000_000);

    fn price(usd: f64) -> Said {
        Said::Price(Price {
            usd,
            observed_at: Timestamp::new(1_699_999_990),
            volume_24h_usd: Some(1.0 / 3.0),
        })
    }

    #[test]
    fn what_both_said_reads_back_to_the_last_bit_for_its_time() {
        let shared = Shared {
            coingecko: price(0.1 + 0.2),
            defillama: Said::Without(GapReason::Missing),
            read_at: NOW,
        };
        let bytes = written(&shared).unwrap();
        assert_eq!(read(&bytes, NOW, 20), Some(shared.clone()));
        assert_eq!(read(&bytes, NOW.plus_seconds(19), 20), Some(shared));
        assert_eq!(read(&bytes, NOW.plus_seconds(20), 20), None);
        assert_eq!(read(&bytes, Timestamp::new(NOW.seconds() - 3), 20), None, "from a clock far ahead");
    }

    #[test]
    fn what_a_provider_did_not_answer_is_not_shared() {
        let unheard = Said::Unheard { reason: GapReason::Unavailable, since: None };
        for silent in [unheard, Said::Without(GapReason::Malformed)] {
            let shared = Shared { coingecko: price(2.0), defillama: silent, read_at: NOW };
            assert_eq!(written(&shared), None);
        }
    }

    #[test]
    fn what_no_provider_says_is_not_believed() {
        let entry = |usd: &str, at: u64| {
            format!(
                r#"{{"v":1,"at":{},"coingecko":{{"usd":"{usd}","at":{at},"volume":null}},"defillama":null}}"#,
                NOW.seconds()
            )
        };
        assert!(read(entry("2e3", NOW.seconds()).as_bytes(), NOW, 20).is_some());
        let odd = ["0", "-1", "NaN", "inf", "1e999", "", "two"].map(|usd| entry(usd, NOW.seconds()));
        let others = [entry("2e3", NOW.seconds() + 3_600), "{}".to_owned(), "[]".to_owned(), String::new()];
        let newer = entry("2e3", NOW.seconds()).replace("\"v\":1", "\"v\":2");
        for text in odd.into_iter().chain(others).chain([newer]) {
            assert_eq!(read(text.as_bytes(), NOW, 20), None, "{text}");
        }
    }
}
