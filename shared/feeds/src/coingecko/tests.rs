//! CoinGecko over the wire: what is asked, what each reply means.

use std::fmt::Write as _;

use risk_engine::market::DailyCloses;
use risk_model::{Address, Asset, ChainId, GapReason};
use serde_json::{Value, json};

use super::*;
use crate::provider::{ProviderPrices, Said};
use crate::testing::{Answer, NOON, Provider, Seen, SetClock, client, sample};

const KEY: &str = "CG-0123456789abcdef";

fn coingecko(provider: &Provider, change: impl FnOnce(&mut CoinGeckoSettings)) -> CoinGecko {
    let mut settings = CoinGeckoSettings::new(provider.base_url.clone(), Key::new(KEY));
    settings.requests_per_minute = None;
    settings.deadline = Duration::from_millis(1_500);
    change(&mut settings);
    CoinGecko::new(&client(), settings, SetClock::at(NOON)).unwrap()
}

fn token(chain: ChainId, number: u64) -> Asset {
    Asset::contract(chain, Address::left_padding_from(&number.to_be_bytes()))
}

/// Answers prices and charts, and refuses the list of coins, so that contracts are asked for by address.
fn without_list(
    script: impl Fn(&Seen) -> Answer + Send + Sync + 'static,
) -> impl Fn(&Seen) -> Answer + Send + Sync + 'static {
    move |seen| {
        if seen.path == "/coins/list" { Answer::status(401) } else { script(seen) }
    }
}

/// What was asked beside the list of coins.
fn asked(provider: &Provider) -> Vec<Seen> {
    provider.seen().into_iter().filter(|seen| seen.path != "/coins/list").collect()
}

fn priced(names: &str, usd: f64) -> Value {
    names.split(',').map(|name| (name.to_owned(), entry(usd))).collect::<serde_json::Map<_, _>>().into()
}

fn entry(usd: f64) -> Value {
    json!({"usd": usd, "usd_24h_vol": 1_000_000.5, "last_updated_at": NOON - 30})
}

/// Prices everything it is asked at 2 USD.
fn price_all(seen: &Seen) -> Answer {
    let names = seen.query.get("ids").or_else(|| seen.query.get("contract_addresses")).unwrap();
    Answer::ok(priced(names, 2.0))
}

fn usd(prices: &ProviderPrices, asset: &Asset) -> Option<f64> {
    match &prices.said[asset] {
        Said::Price(price) => Some(price.usd),
        Said::Without(_) | Said::Unheard { .. } => None,
    }
}

#[tokio::test]
async fn two_hundred_fifty_tokens_and_the_coin_of_a_chain_cost_four_requests_with_the_key_in_a_header() {
    let provider = Provider::answering(without_list(price_all)).await;
    let mut assets: Vec<Asset> = (1..=250).map(|number| token(ChainId::Base, number)).collect();
    assets.push(Asset::native(ChainId::Base));
    let prices = coingecko(&provider, |_| {}).prices(&assets).await;
    assert!(assets.iter().all(|asset| usd(&prices, asset) == Some(2.0)));
    assert!(prices.failure.is_none());
    let seen = asked(&provider);
    assert_eq!(seen.len(), 4);
    for request in &seen {
        assert_eq!(request.headers["x-cg-demo-api-key"], KEY);
        assert_eq!(request.query["vs_currencies"], "usd");
        assert_eq!(request.query["precision"], "full");
        assert_eq!(request.query["include_last_updated_at"], "true");
        assert!(!request.query.values().any(|value| value.contains(KEY)));
        let addresses = request.query.get("contract_addresses").map_or(0, |list| list.split(',').count());
        assert!(addresses <= 100, "{addresses}");
    }
    assert_eq!(seen.iter().filter(|request| request.path == "/simple/token_price/base").count(), 3);
}

#[tokio::test]
async fn the_coins_of_all_chains_are_one_request_of_two_ids() {
    let provider = Provider::answering(|_| {
        Answer::ok(json!({
            "ethereum": entry(2_000.0), "polygon-ecosystem-token": entry(0.4), "somebody-else": {"usd": -7},
        }))
    })
    .await;
    let assets: Vec<Asset> = ChainId::ALL.into_iter().map(Asset::native).collect();
    let prices = coingecko(&provider, |settings| settings.plan = CoinGeckoPlan::Pro).prices(&assets).await;
    for asset in &assets {
        let expected = if asset.chain == ChainId::Polygon { 0.4 } else { 2_000.0 };
        assert_eq!(usd(&prices, asset), Some(expected), "{asset}");
    }
    let seen = provider.seen();
    assert_eq!(seen.len(), 1);
    assert_eq!(seen[0].query["ids"], "ethereum,polygon-ecosystem-token");
    assert_eq!(seen[0].headers["x-cg-pro-api-key"], KEY);
}

#[tokio::test]
async fn an_absent_token_is_missing_and_an_absurd_one_malformed_and_neither_is_zero() {
    let provider = Provider::answering(without_list(|seen| {
        let mut reply = json!({});
        let hostile = [
            json!({"usd": 0, "last_updated_at": NOON}),
            json!({"usd": -5.0, "last_updated_at": NOON}),
            json!({"usd": 1e300, "last_updated_at": NOON}),
            json!({"usd": "12", "last_updated_at": NOON}),
            json!({"usd": 5.0}),
            json!({"usd": 5.0, "last_updated_at": NOON + 9_999}),
            json!([5.0]),
        ];
        // The first is absent, the second null, the third good but in upper case.
        for (name, value) in seen.query["contract_addresses"].split(',').skip(3).zip(hostile) {
            reply[name] = value;
        }
        let names: Vec<&str> = seen.query["contract_addresses"].split(',').collect();
        reply[names[1]] = json!({"usd": null});
        reply[names[2].to_uppercase()] = json!({"usd": 3.0, "usd_24h_vol": -1.0, "last_updated_at": NOON});
        Answer::ok(reply)
    }))
    .await;
    let assets: Vec<Asset> = (1..=10).map(|number| token(ChainId::Ethereum, number)).collect();
    let prices = coingecko(&provider, |_| {}).prices(&assets).await;
    assert_eq!(prices.said[&assets[0]], Said::Without(GapReason::Missing));
    assert_eq!(prices.said[&assets[1]], Said::Without(GapReason::Missing));
    let Said::Price(good) = &prices.said[&assets[2]] else { panic!("not priced") };
    assert_eq!((good.usd, good.volume_24h_usd), (3.0, None));
    for asset in &assets[3..] {
        assert_eq!(prices.said[asset], Said::Without(GapReason::Malformed), "{asset}");
    }
}

#[tokio::test]
async fn a_name_that_comes_twice_in_different_case_has_no_price() {
    let provider = Provider::answering(without_list(|seen| {
        let name = &seen.query["contract_addresses"];
        let mut body = String::new();
        write!(body, "{{\"{name}\":{},\"{}\":{}}}", entry(1.0), name.to_uppercase(), entry(9.0)).unwrap();
        Answer::ok(body)
    }))
    .await;
    let asset = token(ChainId::Ethereum, 0xabc);
    let prices = coingecko(&provider, |_| {}).prices(&[asset]).await;
    assert_eq!(prices.said[&asset], Said::Without(GapReason::Malformed));
}

#[tokio::test]
async fn one_chain_failing_leaves_the_others_and_is_one_gap() {
    let provider = Provider::answering(without_list(|seen| {
        if seen.path.ends_with("polygon-pos") { Answer::status(503) } else { price_all(seen) }
    }))
    .await;
    let polygon: Vec<Asset> = (1..=3).map(|number| token(ChainId::Polygon, number)).collect();
    let assets = [&polygon[..], &[token(ChainId::Arbitrum, 1)]].concat();
    let prices = coingecko(&provider, |_| {}).prices(&assets).await;
    assert_eq!(usd(&prices, &assets[3]), Some(2.0));
    for asset in &polygon {
        assert!(matches!(prices.said[asset], Said::Unheard { reason: GapReason::Unavailable, .. }));
    }
    let gap = prices.failure.unwrap();
    assert_eq!((gap.source, gap.reason), ("coingecko", GapReason::Unavailable));
    assert_eq!(gap.what, "prices (1 of 2 requests failed)");
    // The other request's success is the last good answer.
    assert!(gap.since.is_some());
}

#[tokio::test]
async fn without_a_key_nothing_is_asked_and_the_gap_says_not_configured() {
    let provider = Provider::answering(price_all).await;
    let coingecko = coingecko(&provider, |settings| settings.key = None);
    let asset = Asset::native(ChainId::Ethereum);
    let prices = coingecko.prices(&[asset]).await;
    assert_eq!(prices.failure.unwrap().reason, GapReason::NotConfigured);
    let closes = coingecko.daily_closes(&Name::Id("ethereum".into()), 30).await;
    assert_eq!(closes, Err(ChartFault::Failed { reason: GapReason::NotConfigured, since: None }));
    assert!(provider.seen().is_empty() && coingecko.upstreams().is_empty());
}

#[tokio::test]
async fn a_hang_is_a_gap_within_the_deadline() {
    let provider =
        Provider::answering(|_| Answer { wait: Duration::from_secs(30), ..Answer::status(200) }).await;
    let coingecko = coingecko(&provider, |settings| {
        settings.deadline = Duration::from_millis(400);
    });
    let asset = token(ChainId::Base, 1);
    let prices = coingecko.prices(std::slice::from_ref(&asset));
    let prices = tokio::time::timeout(Duration::from_millis(900), prices).await.expect("no answer in time");
    assert!(matches!(prices.said[&asset], Said::Unheard { reason: GapReason::Unavailable, .. }));
}

#[tokio::test]
async fn refusals_do_not_open_the_breaker_and_failures_do() {
    let provider = Provider::answering(|_| Answer {
        status: 401,
        ..Answer::ok(json!({"status": {"error_code": 10002, "error_message": KEY}}))
    })
    .await;
    let coingecko = coingecko(&provider, |_| {});
    for number in 1..=8 {
        let prices = coingecko.prices(&[token(ChainId::Base, number)]).await;
        assert_eq!(prices.failure.unwrap().reason, GapReason::Refused);
    }
    assert_eq!(asked(&provider).len(), 8, "a refusal is not tried again");
    assert_eq!(provider.seen().len(), 9, "nor is the list of coins asked for each time");
    assert_eq!(coingecko.upstreams()[0].breaker, "closed");
    provider.change(|_| Answer::ok(json!({"status": {"error_code": 500, "error_message": "internal"}})));
    for number in 1..=8 {
        coingecko.prices(&[token(ChainId::Base, number)]).await;
    }
    assert_eq!(coingecko.upstreams()[0].breaker, "open");
    assert_eq!(coingecko.upstreams()[1].breaker, "closed", "charts have a breaker of their own");
}

#[tokio::test]
async fn a_chart_is_asked_by_contract_or_coin_and_never_beyond_the_plan() {
    let day = NOON / 86_400;
    let point = |day: u64, price: f64| json!([day * 86_400_000, price]);
    let chart = json!({"prices": [point(day - 1, 1.0), point(day, 2.0), [NOON * 1_000, 3.0]]});
    let provider = Provider::answering(move |_| Answer::ok(&chart)).await;
    let coingecko = coingecko(&provider, |_| {});
    let contract = token(ChainId::Optimism, 7);
    let expected =
        DailyCloses { first_day: day - 2, closes: vec![Some(1.0), Some(2.0)], source: "coingecko" };
    let address = contract.address().unwrap();
    for name in [Name::Contract(contract.chain, address), Name::Id("polygon-ecosystem-token".into())] {
        assert_eq!(coingecko.daily_closes(&name, 400).await, Ok(expected.clone()));
    }
    assert_eq!(coingecko.daily_closes(&Name::Unlisted, 400).await, Err(ChartFault::Missing));
    let seen = provider.seen();
    assert_eq!(seen.len(), 2);
    assert_eq!(seen[0].path, format!("/coins/optimistic-ethereum/contract/{address:#x}/market_chart"));
    assert_eq!(seen[1].path, "/coins/polygon-ecosystem-token/market_chart");
    assert!(
        seen.iter().all(|request| request.query["days"] == "365" && request.query["interval"] == "daily")
    );
}

#[tokio::test]
async fn a_throttled_provider_is_a_gap_that_says_so_and_its_breaker_stays_closed() {
    let provider = Provider::answering(|_| Answer::status(429)).await;
    let coingecko = coingecko(&provider, |settings| {
        settings.deadline = Duration::from_millis(600);
    });
    for _ in 0..7 {
        let prices = coingecko.prices(&[Asset::native(ChainId::Ethereum)]).await;
        assert_eq!(prices.failure.unwrap().reason, GapReason::Throttled);
    }
    assert_eq!(coingecko.upstreams()[0].breaker, "closed");
}

#[tokio::test]
async fn the_documented_price_of_a_token_is_read_to_the_last_digit() {
    let Some(examples) = sample("coingecko_doc_examples.json") else {
        return;
    };
    let body = examples["examples"]["/simple/token_price/{id}"].clone();
    let provider = Provider::answering(without_list(move |_| Answer::ok(&body))).await;
    let asset: Asset = "ethereum:0x2260fac5e5542a773aa44fbcfedf7c193bc2c599".parse().unwrap();
    let prices = coingecko(&provider, |_| {}).prices(&[asset]).await;
    let Said::Price(price) = &prices.said[&asset] else { panic!("not priced") };
    assert_eq!((price.usd, price.volume_24h_usd), (76_721.0, Some(181_232_010.106_898_16)));
    assert_eq!(price.observed_at.seconds(), 1_779_094_527);
}

#[test]
fn half_the_allowance_is_never_exceeded_in_a_minute() {
    for allowed in [1, 2, 10, 30, 100, 500] {
        let mut policy = Policy::new("x");
        limit_to_half(&mut policy, NonZeroU32::new(allowed).unwrap());
        let in_a_minute = f64::from(policy.burst) + policy.rate_per_second.unwrap() * 60.0;
        assert!(in_a_minute <= f64::from((allowed / 2).max(2)), "{allowed}: {in_a_minute}");
    }
}
