//! Every catalogue wallet's summary beside the sandbox's own, independent computation.

mod pools;

use risk_tests::{Host, Stack};
use serde_json::Value;

/// The account of the summary for a market of the expectation: same chain, same contract, and same market of it where
/// one contract holds many.
fn account<'a>(summary: &'a Value, chain: &str, market: &Value) -> &'a Value {
    let accounts = summary["accounts"].as_array().unwrap();
    let pool = market["pool"].as_str().unwrap();
    accounts
        .iter()
        .find(|account| {
            let is_market =
                market["market"].as_str().is_none_or(|id| account["key"].as_str().unwrap().ends_with(id));
            account["chain"] == chain && account["pool"] == pool && is_market
        })
        .unwrap_or_else(|| panic!("no account for {chain} {pool} in {summary}"))
}

fn known(figure: &Value) -> f64 {
    assert_eq!(figure["state"], "known", "{figure}");
    figure["value"].as_f64().unwrap()
}

fn assert_close(seen: f64, expected: f64, what: &str) {
    let scale = expected.abs().max(1e-9);
    assert!((seen - expected).abs() / scale < 1e-9, "{what}: {seen} is not {expected}");
}

/// `1.083400000000000001` as its wad text.
fn wad(decimal: &str) -> String {
    let digits = decimal.replace('.', "");
    digits.trim_start_matches('0').to_owned()
}

fn compare_account(account: &Value, market: &Value, name: &str) {
    assert_eq!(account["protocol"], market["protocol"], "{name}");
    let expected = market["health_factor_wad"].as_str();
    match expected {
        None => assert_eq!(account["health_factor"]["state"], "no_debt", "{name}"),
        Some(expected) => {
            assert_eq!(
                wad(account["health_factor"]["value"].as_str().unwrap()),
                expected,
                "{name}: health factor"
            );
        }
    }
    match market["protocol"].as_str() {
        Some("morpho_blue") => compare_morpho(account, market, name),
        _ => compare_aave(account, market, name),
    }
}

/// Quoted in the loan token, so in USD by its market price.
fn compare_morpho(account: &Value, market: &Value, name: &str) {
    for field in ["collateral_usd", "debt_usd", "available_borrows_usd"] {
        assert_close(known(&account[field]), market[field].as_f64().unwrap(), &format!("{name}: {field}"));
    }
    let rows = account["reserves"].as_array().unwrap();
    let amount = |symbol: &Value, field: &str| {
        let row = rows.iter().find(|row| row["symbol"] == *symbol);
        row.map_or("0", |row| row[field].as_str().unwrap()).to_owned()
    };
    for (symbol, field, raw) in [
        ("loan", "supplied", "supplied_raw"),
        ("loan", "owed", "borrowed_raw"),
        ("collateral", "supplied", "collateral_raw"),
    ] {
        assert_eq!(amount(&market[symbol], field), market[raw].as_str().unwrap(), "{name}: {raw}");
    }
    if market["collateral_raw"] != "0" {
        assert_eq!(account["ltv_bps"]["value"], market["lltv_bps"], "{name}: threshold");
    }
}

fn compare_aave(account: &Value, market: &Value, name: &str) {
    for (field, base) in [
        ("collateral_usd", "total_collateral_base"),
        ("debt_usd", "total_debt_base"),
        ("available_borrows_usd", "available_borrows_base"),
    ] {
        let units =
            market[base].as_str().unwrap().parse::<f64>().unwrap() / market["base_unit"].as_f64().unwrap();
        let expected = units * market["unit_usd"].as_f64().unwrap();
        assert_close(known(&account[field]), expected, &format!("{name}: {field}"));
    }
    for (field, base) in
        [("liquidation_threshold_bps", "current_liquidation_threshold_bps"), ("ltv_bps", "ltv_bps")]
    {
        let expected = market[base].as_u64().or_else(|| market[base].as_str()?.parse().ok());
        assert_eq!(account[field]["value"].as_u64(), expected, "{name}: {field}");
    }
}

async fn compare(stack: &Stack, name: &str, address: &str) {
    let reply = stack.analyze(address).await.unwrap();
    assert_eq!(reply.status, 200, "{name}: {}", reply.text);
    let summary = &reply.json["assessment"];
    let (mut markets, mut open_pools) = (0, 0);
    for (chain, id) in [("ethereum", 1), ("arbitrum", 42161)] {
        let read = ["accounts", "pools"].into_iter().flat_map(|part| summary[part].as_array().unwrap());
        let at = read.into_iter().find(|one| one["chain"] == chain);
        let block = at.map(|account| format!("?chain={id}&block={}", account["block"])).unwrap_or_default();
        let expected =
            stack.control("GET", &format!("expected/{address}{block}"), Value::Null).await.unwrap();
        let chains = expected["chains"].as_array().unwrap();
        for expected in chains.iter().filter(|expected| expected["chain_id"] == id) {
            for market in expected["markets"].as_array().unwrap() {
                compare_account(account(summary, chain, market), market, name);
                markets += 1;
            }
            for pool in expected["pools"].as_array().unwrap().iter().filter(|pool| pool["is_open"] == true) {
                pools::compare(summary, chain, pool, name);
                open_pools += 1;
            }
        }
    }
    assert_eq!(summary["accounts"].as_array().unwrap().len(), markets, "{name}: accounts");
    assert_eq!(summary["pools"].as_array().unwrap().len(), open_pools, "{name}: pools");
    compare_totals(stack, summary, name, address).await;
}

async fn compare_totals(stack: &Stack, summary: &Value, name: &str, address: &str) {
    let expected = stack.control("GET", &format!("expected/{address}"), Value::Null).await.unwrap();
    let chains = expected["chains"].as_array().unwrap();
    let has_unpriced = chains.iter().any(|chain| !chain["unpriced_tokens"].as_array().unwrap().is_empty());
    if has_unpriced {
        assert_eq!(summary["total_portfolio_value_usd"]["state"], "unknown", "{name}");
        assert!(!summary["gaps"].as_array().unwrap().is_empty(), "{name}");
        return;
    }
    let totals = &expected["totals"];
    let held = ["tokens_usd", "supplied_usd", "liquidity_usd"].map(|part| totals[part].as_f64().unwrap());
    let gross: f64 = held.iter().sum();
    // Interest accrues between the two reads, a few parts in a billion a second.
    let near = |seen: f64, expected: f64, what: &str| {
        assert!(
            (seen - expected).abs() <= 1e-6 * expected.abs().max(1e-6),
            "{name} {what}: {seen} is not {expected}"
        );
    };
    near(known(&summary["total_portfolio_value_usd"]), gross, "value");
    near(known(&summary["total_debt_usd"]), totals["debt_usd"].as_f64().unwrap(), "debt");
    assert_ne!(summary["risk_level"], "unknown", "{name}: {}", summary["gaps"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_summary_of_every_catalogue_wallet_equals_an_independent_computation() {
    let stack = Stack::start(Host::Container, &[]).await.unwrap();
    let catalogue = stack.control("GET", "catalogue", Value::Null).await.unwrap();
    let wallets = catalogue.as_array().unwrap();
    assert!(wallets.len() >= 12, "{catalogue}");
    for wallet in wallets {
        compare(&stack, wallet["name"].as_str().unwrap(), wallet["address"].as_str().unwrap()).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_named_wallets_stand_where_their_names_say() {
    for host in Host::ALL {
        let stack = Stack::start(host, &[]).await.unwrap();
        let mut scores = Vec::new();
        for (name, levels) in [
            ("no_debt", &["low", "medium", "high"][..]),
            ("near", &["high", "critical"]),
            ("liquidatable", &["critical"]),
        ] {
            let wallet = stack.wallet(name).await.unwrap();
            let reply = stack.get(&format!("/api/risk/summary?wallet={wallet}")).await.unwrap();
            assert_eq!(reply.status, 200, "{host:?} {name}: {}", reply.text);
            let level = reply.json["risk_level"].as_str().unwrap();
            assert!(levels.contains(&level), "{host:?} {name} is {level}: {}", reply.json["gaps"]);
            scores.push(known(&reply.json["liquidation_risk"]));
        }
        assert!(scores.is_sorted(), "{scores:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recommendation_names_an_amount_that_cures() {
    let stack = Stack::start(Host::Container, &[]).await.unwrap();
    let wallet = stack.wallet("near").await.unwrap();
    let reply = stack.analyze(&wallet).await.unwrap();
    let advice = reply.json["assessment"]["recommendations"].as_array().unwrap();
    assert!(!advice.is_empty(), "{}", reply.text);
    for one in advice {
        let after: f64 = one["health_factor_after"]["value"].as_str().unwrap().parse().unwrap();
        assert!(after >= 1.5 - 1e-9, "{one}");
        assert!(one["amount"].as_str().unwrap().parse::<f64>().unwrap() > 0.0, "{one}");
    }
}
