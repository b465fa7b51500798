//! The collapse of xUSD and sdeUSD in November 2025 as recorded: what oracle and market would have shown of it.

use std::path::PathBuf;

use serde_json::Value;

use super::*;
use crate::market::MarketData;
use crate::position::{LendingAccount, Provenance};
use crate::report::AccountReport;
use crate::specimen::{positions, quote};
use crate::{Parameters, Prepared, assess};

const SDEUSD_USDC: &str = "0x0f9563442d64ab3bd3bcb27058db0b0d4046a4c46f0acd811dacae9551d2b129";
const XUSD_USDC: &str = "0x9e90aec7d768403dacc9dd0d8320307fda3f980eed4df43e3e52168a1c667709";
/// The health factor by the oracle that the positions are given on the first day.
const START: f64 = 1.05;

/// The recorded figures; `None`, loudly, where they are not there.
fn recorded() -> Option<Value> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    let path = root.join("../shared/data/morpho_xusd_depeg_2025-11.json");
    let Ok(text) = std::fs::read_to_string(path) else {
        println!("SKIPPED: ../shared/data/morpho_xusd_depeg_2025-11.json is not there");
        return None;
    };
    Some(serde_json::from_str(&text).unwrap())
}

/// A number that the file writes as text or as a number.
fn big(value: &Value) -> U256 {
    number(&value.as_str().map_or_else(|| value.to_string(), str::to_owned))
}

struct Case {
    lltv: U256,
    decimals: u8,
    /// Of the largest borrower, base units.
    collateral: U256,
    /// USD by the market at the start of each day of the month, from the first.
    days: Vec<f64>,
}

fn case(file: &Value, id: &str) -> Case {
    let markets = file["markets"].as_array().unwrap();
    let market = markets.iter().find(|market| market["uniqueKey"] == id).unwrap();
    let token = &market["collateralAsset"];
    let prices = file["collateral_prices"].as_array().unwrap();
    let listed = prices.iter().find(|one| one["address"] == token["address"]).unwrap();
    let mut days: Vec<(u64, f64)> = listed["historicalPriceUsd"]
        .as_array()
        .unwrap()
        .iter()
        .map(|point| (point["x"].as_u64().unwrap(), point["y"].as_f64().unwrap()))
        .collect();
    days.sort_by_key(|day| day.0);
    Case {
        lltv: big(&market["lltv"]),
        decimals: u8::try_from(token["decimals"].as_u64().unwrap()).unwrap(),
        collateral: big(&file["market_top_positions"][id][0]["state"]["collateral"]),
        days: days.into_iter().map(|day| day.1).collect(),
    }
}

/// The largest borrower's collateral with a debt that the oracle calls 1.05, while the oracle says `frozen` for ever.
/// What it owed on each day is not recorded, so the debt is this test's; its collateral and every price are not.
fn frozen_account(case: &Case, frozen: f64) -> Account {
    let scale = U256::from(10).pow(U256::from(36 + 6 - case.decimals));
    let price = U256::try_from(frozen * 1e9).unwrap() * scale / U256::from(1_000_000_000);
    let worth = case.collateral * price / ORACLE_PRICE_SCALE;
    let debt = worth * case.lltv / number("1050000000000000000");
    let one = U256::from(1_000_000);
    let market = Market {
        collateral: Some(token(WETH, "COLLATERAL", case.decimals)),
        price: Some(price),
        lltv: case.lltv,
        totals: Totals {
            supply_assets: debt,
            supply_shares: debt * one,
            borrow_assets: debt,
            borrow_shares: debt * one,
            ..market().totals
        },
        ..market()
    };
    let position =
        Position { supply_shares: U256::ZERO, borrow_shares: debt * one, collateral: case.collateral };
    account(market, position)
}

fn report(account: &Account, market_usd: f64) -> (AccountReport, Vec<String>) {
    let mut data = MarketData::default();
    data.quotes.insert(asset(WETH), quote(market_usd));
    data.quotes.insert(asset(USDC), quote(1.0));
    let account = crate::lending::Account::Morpho(account.clone());
    let held = positions(vec![LendingAccount { account, provenance: Provenance::Chain }], Vec::new());
    let parameters = Parameters::default();
    let report = assess(&held, &Prepared::new(&data, now(), &parameters));
    let divergent = report.gaps.iter().filter(|gap| gap.reason == GapReason::Divergent);
    (report.accounts[0].clone(), divergent.map(|gap| gap.what.clone()).collect())
}

/// The first day of the month, from 1, on which the market's health factor is under 1.
fn first_day_under(case: &Case, frozen: f64) -> usize {
    let account = frozen_account(case, frozen);
    let mut first = None;
    for (place, market_usd) in case.days.iter().enumerate() {
        let (report, divergent) = report(&account, *market_usd);
        let by_oracle = report.health_factor.ratio().unwrap();
        let by_market = report.market_health_factor.ratio().unwrap();
        assert!((by_oracle / START - 1.0).abs() < 1e-6, "day {}: the oracle shows {by_oracle}", place + 1);
        assert!((by_market / (START * market_usd / frozen) - 1.0).abs() < 1e-6);
        if by_market < 1.0 && first.is_none() {
            first = Some(place + 1);
        }
        // From that day on nobody may miss that the two disagree.
        assert_eq!(first.is_some(), !divergent.is_empty(), "day {}: {divergent:?}", place + 1);
    }
    first.unwrap()
}

#[test]
fn the_oracle_of_sdeusd_stood_still_while_its_market_fell_to_nothing() {
    let Some(file) = recorded() else { return };
    let case = case(&file, SDEUSD_USDC);
    let event = &file["liquidations"][0]["data"];
    assert_eq!(event["market"]["uniqueKey"], SDEUSD_USDC);
    // repaid × incentive ÷ seized is the price that the oracle gave on 26 November.
    let quoted = f64::from(big(&event["repaidAssets"])) / 1e6 * f64::from(incentive_factor(case.lltv)) / 1e18;
    let frozen = quoted / (f64::from(big(&event["seizedAssets"])) / 1e18);
    assert!((frozen / case.days[0] - 1.0).abs() < 0.003, "{frozen} is the price from before the collapse");
    assert!(frozen > 300.0 * case.days[25], "the market paid {} that day", case.days[25]);
    assert_eq!(first_day_under(&case, frozen), 7);
}

#[test]
fn a_borrower_against_xusd_looked_safe_to_the_oracle_and_lost_to_the_market_from_the_fourth() {
    let Some(file) = recorded() else { return };
    let case = case(&file, XUSD_USDC);
    // No liquidation is recorded, in a month in which the collateral lost 95 %: the oracle is taken to have stood still.
    assert_eq!(file["dune_bad_debt"]["markets"][1]["market_key"], XUSD_USDC);
    assert_eq!(file["dune_bad_debt"]["markets"][1]["liquidation_count"], 0);
    assert_eq!(first_day_under(&case, case.days[0]), 4);
}

#[test]
fn the_recorded_debt_is_one_that_the_lenders_lose() {
    let Some(file) = recorded() else { return };
    let case = case(&file, SDEUSD_USDC);
    let state = &file["market_top_positions"][SDEUSD_USDC][0]["state"];
    let owed = big(&state["borrowAssets"]);
    let mut account = frozen_account(&case, case.days[0]);
    let mut market = (*account.market).clone();
    market.totals.borrow_assets = owed;
    market.totals.borrow_shares = owed * U256::from(1_000_000);
    account =
        self::account(market, Position { borrow_shares: owed * U256::from(1_000_000), ..account.position });
    let moved = liquidated(&account.market, &account.position).unwrap().unwrap();
    assert_eq!(moved.seized, case.collateral);
    let lost = f64::from(moved.bad_debt) / f64::from(owed);
    assert!((0.92..0.94).contains(&lost), "{lost} of {owed} even at the price from before the collapse");
}
