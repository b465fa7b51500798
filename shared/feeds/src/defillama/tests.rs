//! DefiLlama over the wire: one request for all chains, confidence, age, and what a reply without coins means.

use risk_model::{Address, ChainId};
use serde_json::json;

use super::*;
use crate::testing::{Answer, NOON, Provider, Seen, SetClock, client, reply, sample_body};

fn defillama(provider: &Provider) -> DefiLlama {
    let mut settings = DefiLlamaSettings::new(provider.base_url.clone());
    settings.requests_per_second = None;
    settings.deadline = Duration::from_millis(1_500);
    DefiLlama::new(&client(), &settings, SetClock::at(NOON)).unwrap()
}

fn entry(price: f64, confidence: f64) -> Value {
    json!({"decimals": 6, "symbol": "X", "price": price, "timestamp": NOON - 60, "confidence": confidence})
}

fn names(seen: &Seen) -> Vec<String> {
    let list = seen.path.strip_prefix("/prices/current/").unwrap();
    list.split(',').map(str::to_owned).collect()
}

#[tokio::test]
async fn assets_of_all_chains_share_requests_of_a_hundred() {
    let provider = Provider::answering(|seen| {
        // It echoes the case it was sent; a different one must be found too.
        let coins: serde_json::Map<_, _> =
            names(seen).iter().map(|name| (name.to_uppercase(), entry(3.0, 0.99))).collect();
        Answer::ok(json!({"coins": coins}))
    })
    .await;
    let mut assets: Vec<Asset> = ChainId::ALL.into_iter().map(Asset::native).collect();
    for (chain, number) in ChainId::ALL.into_iter().cycle().zip(1_u64..=148) {
        assets.push(Asset::contract(chain, Address::left_padding_from(&number.to_be_bytes())));
    }
    let prices = defillama(&provider).prices(&assets).await;
    for asset in &assets {
        let Said::Price(price) = &prices.said[asset] else { panic!("{asset} has no price") };
        assert_eq!((price.usd, price.observed_at.seconds()), (3.0, NOON - 60));
        assert_eq!(price.volume_24h_usd, None);
    }
    // 148 tokens and two native coins.
    let asked: Vec<usize> = provider.seen().iter().map(|seen| names(seen).len()).collect();
    assert_eq!(asked.iter().sum::<usize>(), 150);
    assert_eq!(asked.len(), 2);
}

#[test]
fn a_price_of_low_or_no_confidence_is_missing_and_an_impossible_one_malformed() {
    let now = Timestamp::new(NOON);
    let cases = [
        (json!({"price": 2.0, "timestamp": NOON, "confidence": 0.19}), GapReason::Missing),
        (json!({"price": 2.0, "timestamp": NOON}), GapReason::Missing),
        (json!({"timestamp": NOON, "confidence": 0.9}), GapReason::Missing),
        (json!({"price": 0.0, "timestamp": NOON, "confidence": 0.9}), GapReason::Malformed),
        (json!({"price": -1.0, "timestamp": NOON, "confidence": 0.9}), GapReason::Malformed),
        (json!({"price": 2.0, "confidence": 0.9}), GapReason::Malformed),
        (json!({"price": 2.0, "timestamp": NOON + 4_000, "confidence": 0.9}), GapReason::Malformed),
        (json!({"price": "2.0", "timestamp": NOON, "confidence": 0.9}), GapReason::Malformed),
        (json!("2.0"), GapReason::Malformed),
    ];
    for (value, reason) in cases {
        let shown = value.to_string();
        let entries = HashMap::from([("base:0x1".to_owned(), value)]);
        assert_eq!(said(&entries, "base:0x1", now), Said::Without(reason), "{shown}");
    }
    assert_eq!(said(&HashMap::new(), "base:0x1", now), Said::Without(GapReason::Missing));
    let edge = HashMap::from([("base:0x1".to_owned(), entry(2.0, 0.20))]);
    assert!(matches!(said(&edge, "base:0x1", now), Said::Price(_)));
}

#[tokio::test]
async fn a_reply_without_coins_is_a_failure_that_opens_the_breaker_and_a_gap() {
    let provider = Provider::answering(|_| Answer::ok(json!({"message": "hello"}))).await;
    let defillama = defillama(&provider);
    let assets = [Asset::native(ChainId::Ethereum)];
    for _ in 0..6 {
        let prices = defillama.prices(&assets).await;
        assert!(matches!(prices.said[&assets[0]], Said::Unheard { .. }));
        assert_eq!(prices.failure.as_ref().unwrap().source, "defillama");
    }
    assert_eq!(defillama.upstreams()[0].breaker, "open");
}

#[test]
fn statuses_and_bodies_mean_what_they_say() {
    use risk_http::Verdict;
    let cases = [
        (200, json!({"coins": {}}).to_string(), Verdict::Success),
        (200, json!({"coins": []}).to_string(), Verdict::Failure),
        (200, "{\"coins\":{\"a\":".to_owned(), Verdict::Failure),
        (502, "<html>".to_owned(), Verdict::Failure),
        (429, String::new(), Verdict::Throttled(None)),
        (414, String::new(), Verdict::Refused),
    ];
    for (status, body, expected) in cases {
        assert_eq!(read_coins(&reply(status, &body)).verdict(), expected, "{status} {body}");
    }
}

#[test]
fn recorded_replies_are_read() {
    for (number, names) in [
        (1, vec!["solana:j1toso1uck3rlmjorhttrvwy9hj7x8v9yyac6y7kgcpn"]),
        (2, vec!["solana:9becn9apemhspbpqefgjidriekki46fvqdyppsqxpa2d"]),
        (3, vec![]),
        (4, vec!["coingecko:arbitrum", "coingecko:dai", "coingecko:chainlink"]),
    ] {
        let Some(body) = sample_body(&format!("defillama_current_0{number}.json")) else {
            return;
        };
        let Parsed::Ok(entries) = read_coins(&reply(200, &body)) else { panic!("not read") };
        for name in &names {
            let Said::Price(price) = said(&entries, name, Timestamp::new(NOON)) else { panic!("{name}") };
            let recorded = body["coins"].as_object().unwrap().iter();
            let (_, recorded) = recorded.into_iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).unwrap();
            assert_eq!(Some(price.usd), recorded["price"].as_f64());
            assert_eq!(price.observed_at.seconds(), recorded["timestamp"].as_u64().unwrap());
        }
    }
}
