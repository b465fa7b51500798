//! The list of coins: what it saves, and what becomes of one that is wrong or absent.

use std::time::Duration;

use serde_json::json;

use super::*;
use crate::coingecko::CoinGeckoSettings;
use crate::provider::Said;
use crate::testing::{Answer, NOON, Provider, Seen, SetClock, client, reply, sample};

const USDC_ETHEREUM: &str = "ethereum:0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48";
const USDC_BASE: &str = "base:0x833589fcd6edb6e08f4c7c32d4f71b54bda02913";
const SPAM: &str = "polygon:0x00000000000000000000000000000000000000bd";

fn list() -> Answer {
    Answer::ok(json!([
        {"id": "usd-coin", "symbol": "usdc", "name": "USDC", "platforms": {
            "ethereum": "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48",
            "base": "0x833589fcd6edb6e08f4c7c32d4f71b54bda02913", "solana": "EPjF", "": ""}},
        {"id": "no-platforms", "symbol": "x", "name": "x"},
        {"id": "of-elsewhere", "platforms": {"ethereum": null, "polygon-pos": "not an address"}},
    ]))
}

fn prices(seen: &Seen) -> Answer {
    let entry = json!({"usd": 1.5, "last_updated_at": NOON});
    let names = seen.query.get("ids").or_else(|| seen.query.get("contract_addresses"));
    let names = names.into_iter().flat_map(|names| names.split(','));
    let entries: serde_json::Map<_, _> = names.map(|name| (name.to_owned(), entry.clone())).collect();
    Answer::ok(serde_json::Value::Object(entries))
}

fn coingecko(provider: &Provider, clock: &Arc<SetClock>) -> CoinGecko {
    let mut settings = CoinGeckoSettings::new(provider.base_url.clone(), Key::new("CG-test"));
    settings.requests_per_minute = None;
    settings.deadline = Duration::from_millis(800);
    CoinGecko::new(&client(), settings, clock.clone()).unwrap()
}

fn assets() -> Vec<Asset> {
    let mut assets: Vec<Asset> =
        [USDC_ETHEREUM, USDC_BASE, SPAM].iter().map(|text| text.parse().unwrap()).collect();
    assets.extend(ChainId::ALL.map(Asset::native));
    assets
}

#[tokio::test]
async fn assets_of_all_chains_are_one_request_after_the_list_and_a_token_on_two_chains_is_one_coin() {
    let provider =
        Provider::answering(|seen| if seen.path == "/coins/list" { list() } else { prices(seen) }).await;
    let clock = SetClock::at(NOON);
    let coingecko = coingecko(&provider, &clock);
    let found = coingecko.prices(&assets()).await;
    for asset in assets() {
        let is_priced = matches!(found.said[&asset], Said::Price(_));
        assert_eq!(is_priced, asset.to_string() != SPAM, "{asset}");
    }
    coingecko.prices(&assets()).await;
    let seen = provider.seen();
    let paths: Vec<_> = seen.iter().map(|seen| seen.path.as_str()).collect();
    assert_eq!(paths, ["/coins/list", "/simple/price", "/simple/price"]);
    assert_eq!(seen[0].query["include_platform"], "true");
    assert_eq!(seen[1].query["ids"], "ethereum,polygon-ecosystem-token,usd-coin");
    clock.pass(KEEP_SECONDS);
    coingecko.prices(&assets()).await;
    assert_eq!(provider.seen()[3].path, "/coins/list");
}

#[tokio::test]
async fn without_a_list_contracts_are_asked_for_by_address_and_the_list_again_after_five_minutes() {
    let refuse = |seen: &Seen| {
        if seen.path == "/coins/list" { Answer::status(403) } else { prices(seen) }
    };
    let provider = Provider::answering(refuse).await;
    let clock = SetClock::at(NOON);
    let coingecko = coingecko(&provider, &clock);
    for _ in 0..2 {
        let found = coingecko.prices(&assets()).await;
        assert!(found.said.values().all(|said| matches!(said, Said::Price(_))), "{found:?}");
    }
    // The list once; then the coins, and the contracts of three chains, twice.
    assert_eq!(provider.seen().len(), 1 + 2 * 4);
    clock.pass(RETRY_SECONDS);
    provider.change(|seen| if seen.path == "/coins/list" { list() } else { prices(seen) });
    coingecko.prices(&assets()).await;
    assert_eq!(provider.seen().len(), 1 + 2 * 4 + 2);
}

#[tokio::test]
async fn an_old_list_serves_while_no_new_one_can_be_had() {
    let provider =
        Provider::answering(|seen| if seen.path == "/coins/list" { list() } else { prices(seen) }).await;
    let clock = SetClock::at(NOON);
    let coingecko = coingecko(&provider, &clock);
    coingecko.names(&assets()).await;
    provider.change(|_| Answer::status(401));
    clock.pass(KEEP_SECONDS);
    let names = coingecko.names(&assets()).await;
    assert_eq!(names[&assets()[1]], Name::Id("usd-coin".into()));
    assert_eq!(provider.seen().len(), 2);
}

#[tokio::test]
async fn native_coins_need_no_list() {
    let provider = Provider::answering(|_| Answer::status(500)).await;
    let natives = ChainId::ALL.map(Asset::native);
    let names = coingecko(&provider, &SetClock::at(NOON)).names(&natives).await;
    assert_eq!(names[&natives[0]], Name::Id("ethereum".into()));
    assert!(provider.seen().is_empty());
}

#[test]
fn a_contract_that_two_coins_claim_is_asked_for_by_address() {
    let asset: Asset = USDC_BASE.parse().unwrap();
    let address = asset.address().unwrap();
    let twice = json!([
        {"id": "usd-coin", "platforms": {"base": address}}, {"id": "usd-fake", "platforms": {"base": address}},
    ]);
    let Parsed::Ok(listing) = read_listing(&reply(200, twice)) else { panic!("not read") };
    assert_eq!(name_of(Coin::of(&asset), Some(&listing)), Name::Contract(ChainId::Base, address));
}

#[test]
fn an_id_that_would_change_the_request_is_not_taken() {
    let address = Address::repeat_byte(7);
    for id in ["", "a&x=1", "a,b", "../ping", "a b", &"x".repeat(200)] {
        let list = json!([
            {"id": id, "platforms": {"base": address}},
            {"id": "good", "platforms": {"base": Address::repeat_byte(8)}},
        ]);
        let Parsed::Ok(listing) = read_listing(&reply(200, list)) else { panic!("{id}") };
        assert_eq!(name_of(Coin::Contract(ChainId::Base, address), Some(&listing)), Name::Unlisted, "{id}");
    }
}

#[test]
fn what_is_no_list_of_coins_is_a_fault() {
    let errors = [
        (200, json!({"status": {"error_code": 429}}).to_string(), "throttled"),
        (401, json!({"error": {"status": {"error_code": 10002}}}).to_string(), "refused"),
        (200, json!({}).to_string(), "malformed"),
        (200, "[]".to_owned(), "malformed"),
        (200, json!([{"id": "x", "platforms": {}}]).to_string(), "malformed"),
        (200, json!([{"id": 5}]).to_string(), "malformed"),
        (200, "[{\"id\":\"usd-co".to_owned(), "malformed"),
        (200, format!("[{}{{\"id\":\"x\"}}]", "{\"id\":\"x\"},".repeat(MAX_COINS)), "malformed"),
        (503, "<html>".to_owned(), "failed"),
    ];
    for (status, body, expected) in errors {
        let found = match read_listing(&reply(status, &body)) {
            Parsed::Ok(_) => "read",
            Parsed::Failed { .. } => "failed",
            Parsed::Throttled { .. } => "throttled",
            Parsed::Refused { .. } => "refused",
            Parsed::Malformed { .. } => "malformed",
        };
        assert_eq!(found, expected, "{}", &body[..body.len().min(60)]);
    }
}

#[test]
fn the_documented_list_is_read() {
    let Some(examples) = sample("coingecko_doc_examples.json") else {
        return;
    };
    let Parsed::Ok(listing) = read_listing(&reply(200, &examples["examples"]["/coins/list"])) else {
        panic!("not read")
    };
    let ondo = "ethereum:0xfaba6f8e4a5e8ab82f62fe7c39859fa577269be3".parse().unwrap();
    assert_eq!(name_of(Coin::of(&ondo), Some(&listing)), Name::Id("ondo-finance".into()));
}
