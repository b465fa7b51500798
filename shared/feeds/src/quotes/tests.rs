//! Quotes over the wire from two scripted providers.

use risk_model::{Affects, ChainId, GapReason};
use serde_json::json;

use super::*;
use crate::coingecko::CoinGeckoSettings;
use crate::defillama::DefiLlamaSettings;
use crate::key::Key;
use crate::testing::{Answer, NOON, Provider, Seen, SetClock, client};

const USDC: &str = "ethereum:0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48";
const SPAM: &str = "ethereum:0x00000000000000000000000000000000000000bd";

struct Setup {
    coingecko: Provider,
    defillama: Provider,
    clock: Arc<SetClock>,
    quotes: MarketQuotes,
}

fn coingecko_says(eth: f64) -> impl Fn(&Seen) -> Answer + Send + Sync {
    let usdc = USDC.split(':').nth(1).unwrap();
    move |seen| match seen.path.as_str() {
        "/coins/list" => Answer::ok(json!([{"id": "usd-coin", "platforms": {"ethereum": usdc}}])),
        _ => Answer::ok(json!({
            "ethereum": {"usd": eth, "usd_24h_vol": 9e9, "last_updated_at": NOON - 40},
            "usd-coin": {"usd": 1.0, "usd_24h_vol": 8e9, "last_updated_at": NOON - 60},
        })),
    }
}

fn defillama_says(eth: f64) -> Answer {
    let entry = |price: f64| json!({"price": price, "timestamp": NOON - 80, "confidence": 0.99});
    Answer::ok(json!({"coins": {"coingecko:ethereum": entry(eth), USDC: entry(0.9998)}}))
}

async fn setup() -> Setup {
    let coingecko = Provider::answering(coingecko_says(2_000.0)).await;
    let defillama = Provider::answering(|_| defillama_says(2_001.0)).await;
    let clock = SetClock::at(NOON);
    let client = client();
    let mut one = CoinGeckoSettings::new(coingecko.base_url.clone(), Key::new("CG-test"));
    let mut other = DefiLlamaSettings::new(defillama.base_url.clone());
    (one.requests_per_minute, other.requests_per_second) = (None, None);
    (one.deadline, other.deadline) = (Duration::from_millis(800), Duration::from_millis(800));
    let one = CoinGecko::new(&client, one, clock.clone()).unwrap();
    let other = DefiLlama::new(&client, &other, clock.clone()).unwrap();
    let quotes = MarketQuotes::new(Arc::new(one), Arc::new(other), QuoteLimits::default(), clock.clone());
    Setup { coingecko, defillama, clock, quotes }
}

fn assets() -> Vec<Asset> {
    vec![
        Asset::native(ChainId::Ethereum),
        Asset::native(ChainId::Base),
        USDC.parse().unwrap(),
        SPAM.parse().unwrap(),
    ]
}

fn is_priced(found: &Found<Quote>, eth: f64) -> bool {
    found.values[&assets()[0]].usd.total_cmp(&eth).is_eq()
}

#[tokio::test]
async fn confirmed_quotes_come_with_their_readings_and_only_the_spam_token_has_a_gap() {
    let setup = setup().await;
    let found = setup.quotes.quotes(&assets()).await;
    for asset in &assets()[..3] {
        assert_eq!(found.values[asset].confirmed_by, Some("defillama"), "{asset}");
    }
    assert_eq!(found.values.len(), 3);
    let spam = &found.asset_gaps[&assets()[3]];
    assert_eq!((spam.len(), spam[0].reason, spam[0].affects), (1, GapReason::Missing, Affects::Value));
    assert!(spam[0].what.contains(SPAM), "{}", spam[0].what);
    assert_eq!(found.asset_gaps.len(), 1);
    assert!(found.gaps.is_empty());
    let readings: Vec<_> =
        found.readings.iter().map(|read| (read.source, read.observed_at.seconds())).collect();
    assert_eq!(readings, [("coingecko", NOON - 60), ("defillama", NOON - 80)]);
    // One for the list of coins, one for all prices; one for all.
    assert_eq!((setup.coingecko.seen().len(), setup.defillama.seen().len()), (2, 1));
}

#[tokio::test]
async fn quotes_are_kept_for_twenty_seconds_and_then_asked_again() {
    let setup = setup().await;
    setup.quotes.quotes(&assets()).await;
    setup.coingecko.change(coingecko_says(1_400.0));
    setup.defillama.change(|_| defillama_says(1_401.0));
    setup.clock.pass(19);
    assert!(is_priced(&setup.quotes.quotes(&assets()).await, 2_000.0));
    assert_eq!((setup.coingecko.seen().len(), setup.defillama.seen().len()), (2, 1));
    setup.clock.pass(1);
    assert!(is_priced(&setup.quotes.quotes(&assets()).await, 1_400.0));
}

#[tokio::test]
async fn a_whole_provider_down_is_one_gap_also_from_the_kept_quotes_and_for_five_seconds_only() {
    let setup = setup().await;
    setup.coingecko.change(|_| Answer::status(500));
    for _ in 0..2 {
        let found = setup.quotes.quotes(&assets()).await;
        assert_eq!(found.values[&assets()[0]].source, "defillama");
        assert_eq!(
            (found.values[&assets()[2]].usd, found.values[&assets()[2]].volume_24h_usd),
            (0.9998, None)
        );
        assert_eq!(found.gaps.len(), 1);
        let gap = &found.gaps[0];
        assert_eq!((gap.source, gap.affects), ("coingecko", Affects::Confirmation));
        // The spam token might have had a price there.
        assert_eq!(found.asset_gaps.len(), 1);
        let spam = &found.asset_gaps[&assets()[3]][0];
        assert_eq!(
            (spam.source, spam.reason, spam.affects),
            ("coingecko", GapReason::Unavailable, Affects::Value)
        );
        setup.clock.pass(4);
    }
    assert_eq!(setup.defillama.seen().len(), 1);
    setup.clock.pass(1);
    setup.quotes.quotes(&assets()).await;
    assert_eq!(setup.defillama.seen().len(), 2);
}

#[tokio::test]
async fn both_providers_down_give_no_quote_a_gap_for_each_provider_and_one_for_each_asset() {
    let setup = setup().await;
    setup.coingecko.change(|_| Answer::status(503));
    setup.defillama.change(|_| Answer::ok("not json"));
    let found = setup.quotes.quotes(&assets()).await;
    assert!(found.values.is_empty() && found.readings.is_empty());
    let sources: Vec<_> = found.gaps.iter().map(|gap| gap.source).collect();
    assert_eq!(sources, ["coingecko", "defillama"]);
    for asset in assets() {
        let gaps = &found.asset_gaps[&asset];
        assert_eq!((gaps.len(), gaps[0].affects), (1, Affects::Value));
    }
}

#[tokio::test]
async fn a_divergent_price_is_no_price() {
    let setup = setup().await;
    setup.defillama.change(|_| defillama_says(1_400.0));
    let found = setup.quotes.quotes(&assets()).await;
    let eth = Asset::native(ChainId::Ethereum);
    assert!(!found.values.contains_key(&eth));
    assert_eq!(found.asset_gaps[&eth][0].reason, GapReason::Divergent);
    assert!(found.values.contains_key(&assets()[2]));
}

#[tokio::test]
async fn asking_for_nothing_asks_nobody() {
    let setup = setup().await;
    let found = setup.quotes.quotes(&[]).await;
    assert!(found.values.is_empty() && found.gaps.is_empty());
    assert!(setup.coingecko.seen().is_empty() && setup.defillama.seen().is_empty());
}
