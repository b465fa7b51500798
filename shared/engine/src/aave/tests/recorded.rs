//! Account maths against recorded health-factor, balance and interest vectors.

use std::path::PathBuf;

use serde_json::Value;

use super::*;
use crate::specimen::reserve;

/// A recorded file beside the workspace; `None`, loudly, where the recorded figures are not there.
pub(super) fn recorded(name: &str) -> Option<Value> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    match std::fs::read_to_string(root.join("../shared/data").join(name)) {
        Ok(text) => Some(serde_json::from_str(&text).unwrap()),
        Err(_) => {
            println!("SKIPPED: ../shared/data/{name} is not there");
            None
        }
    }
}

pub(super) fn big(value: &Value) -> U256 {
    match value {
        Value::String(text) => number(text),
        other => U256::from(other.as_u64().unwrap()),
    }
}

pub(super) fn small(value: &Value) -> u16 {
    u16::try_from(big(value)).unwrap()
}

/// A market of the case's reserves at its time, and the user's position. One case asks for a time before the last
/// update, which no chain can show; its indices are moved there by the library's own signed formula.
fn case_account(case: &Value) -> (Market, Position) {
    let now = case["currentTimestamp"].as_u64().unwrap();
    let mut market = Market { rounding: Rounding::HalfUp, revision: Some(7), reserves: vec![], ..market() };
    market.block.timestamp = Timestamp::new(now);
    let mut position = Position::default();
    for (index, user) in case["userReserves"].as_array().unwrap().iter().enumerate() {
        let given = &user["reserve"];
        let decimals = u8::try_from(given["decimals"].as_u64().unwrap()).unwrap();
        let id = u16::try_from(index).unwrap();
        let mut reserve = reserve(
            id,
            given["symbol"].as_str().unwrap(),
            decimals,
            1,
            small(&given["baseLTVasCollateral"]),
            small(&given["reserveLiquidationThreshold"]),
        );
        reserve.liquidity_index = big(&given["liquidityIndex"]);
        reserve.liquidity_rate = big(&given["liquidityRate"]);
        reserve.variable_borrow_index = big(&given["variableBorrowIndex"]);
        reserve.variable_borrow_rate = big(&given["variableBorrowRate"]);
        reserve.last_update = given["lastUpdateTimestamp"].as_u64().unwrap();
        reserve.price = Some(big(&given["priceInMarketReferenceCurrency"]));
        if reserve.last_update > now {
            rewind(&mut reserve, now);
        }
        market.reserves.push(reserve);
        position.reserves.push(ReservePosition {
            reserve: index,
            scaled_a_token: big(&user["scaledATokenBalance"]),
            scaled_variable_debt: big(&user["scaledVariableDebt"]),
            stable_debt: None,
            is_collateral: user["usageAsCollateralEnabledOnUser"].as_bool().unwrap(),
        });
    }
    (market, position)
}

/// `1 + r·t` and `1 + r·t + t·(t−1)/2·r²` for a negative t, with the library's rate a second.
fn rewind(reserve: &mut Reserve, now: u64) {
    let back = U256::from(reserve.last_update - now);
    let income = RAY - reserve.liquidity_rate * back / SECONDS_PER_YEAR;
    let a_second = reserve.variable_borrow_rate / SECONDS_PER_YEAR;
    let square = fixed::ray_mul(a_second, a_second).unwrap();
    let owed = RAY + back * (back + U256::ONE) * square / U256::from(2) - back * a_second;
    reserve.liquidity_index = fixed::ray_mul(income, reserve.liquidity_index).unwrap();
    reserve.variable_borrow_index = fixed::ray_mul(owed, reserve.variable_borrow_index).unwrap();
    reserve.last_update = now;
}

/// `numerator ÷ denominator` in decimal text with as many places as `like`, rounded half up.
fn decimal(numerator: U256, denominator: U256, like: &str) -> String {
    let places = like.split_once('.').map_or(0, |(_, fraction)| fraction.len());
    let scale = U256::from(10).pow(U256::from(places));
    // By parts: the numerators are large, and so are the scales.
    let (whole, rest) = (numerator / denominator, numerator % denominator);
    let mut fraction = U256::ZERO;
    let mut rest = rest;
    for _ in 0..places {
        rest *= U256::from(10);
        fraction = fraction * U256::from(10) + rest / denominator;
        rest %= denominator;
    }
    if rest * U256::from(2) >= denominator {
        fraction += U256::ONE;
    }
    let whole = whole + fraction / scale;
    if places == 0 {
        whole.to_string()
    } else {
        format!("{whole}.{:0>places$}", (fraction % scale).to_string())
    }
}

#[test]
fn the_real_user_summaries_agree_to_the_last_digit() {
    let Some(file) = recorded("user_summary_vectors.json") else {
        return;
    };
    for case in file["cases"].as_array().unwrap() {
        let (market, position) = case_account(case);
        let parts = reserve_amounts(&market, &position).unwrap();
        // The library never rounds to the currency's base units, so the sums are taken from the exact balances.
        let (mut collateral, mut debt, mut weighted) = (U256::ZERO, U256::ZERO, U256::ZERO);
        for (part, reserve) in parts.iter().zip(&market.reserves) {
            let scale = U256::from(10).pow(U256::from(18 - reserve.decimals)) * reserve.price.unwrap();
            collateral += part.supplied * scale;
            debt += part.owed * scale;
            weighted += part.supplied * scale * U256::from(part.threshold_bps);
        }
        let reference =
            U256::from(10).pow(U256::from(18 + case["marketReferenceCurrencyDecimals"].as_u64().unwrap()));
        let checks = [
            ("totalCollateralMarketReferenceCurrency", collateral, reference),
            ("totalBorrowsMarketReferenceCurrency", debt, reference),
            ("healthFactor", weighted, debt * BPS),
            ("currentLiquidationThreshold", weighted, collateral * BPS),
        ];
        for (name, numerator, denominator) in checks {
            let expected = case["expected"][name].as_str().unwrap();
            assert_eq!(decimal(numerator, denominator, expected), expected, "{} {name}", case["name"]);
        }
        assert_summary_is_close(case, &market, &position);
    }
}

/// The account itself: its totals are the library's cut to base units, one a reserve at most, and its health factor is
/// within 1e-9 where the average threshold is not cut (risk-math C.1.2), and never above it where it is.
fn assert_summary_is_close(case: &Value, market: &Market, position: &Position) {
    let data = account_data(market, position).unwrap();
    let factor = |data: AccountData| f64::from(data.health_factor) / 1e18;
    let expected: f64 = case["expected"]["healthFactor"].as_str().unwrap().parse().unwrap();
    let relative =
        f64::from(data.weighted_collateral) / 1e4 / f64::from(data.total_debt_base) / expected - 1.0;
    assert!(relative.abs() < 1e-9, "{} {relative}", case["name"]);
    assert!(factor(data) < expected && factor(data) > expected * 0.999_8, "{}", case["name"]);
    let modern = Market { rounding: Rounding::AgainstUser, revision: Some(11), ..market.clone() };
    let relative = factor(account_data(&modern, position).unwrap()) / expected - 1.0;
    assert!(relative.abs() < 1e-9, "{} {relative}", case["name"]);
}

#[test]
fn the_recorded_balance_agrees_to_the_last_digit() {
    let Some(file) = recorded("user_summary_vectors.json") else {
        return;
    };
    for vector in file["balance_vectors"].as_array().unwrap() {
        let mut market = Market { rounding: Rounding::HalfUp, ..market() };
        market.block.timestamp = Timestamp::new(vector["currentTimestamp"].as_u64().unwrap());
        market.reserves[0].last_update = vector["lastUpdateTimestamp"].as_u64().unwrap();
        market.reserves[0].liquidity_index = big(&vector["liquidityIndex"]);
        market.reserves[0].liquidity_rate = big(&vector["currentLiquidityRate"]);
        let (supplied, _) = balances(&market, &supply(0, big(&vector["scaledATokenBalance"]))).unwrap();
        assert_eq!(supplied, big(&vector["expectedATokenBalance"]));
    }
}

#[test]
fn the_recorded_interest_agrees() {
    let Some(file) = recorded("user_summary_vectors.json") else {
        return;
    };
    for vector in file["compound_interest_vectors"].as_array().unwrap() {
        let seconds = big(&vector["currentTimestamp"]) - big(&vector["lastUpdateTimestamp"]);
        let (rate, expected) = (big(&vector["rate"]), big(&vector["expected"]));
        if vector["kind"] == "linear" {
            assert_eq!(linear(rate, seconds).unwrap(), expected);
        } else {
            // The second version of the protocol cut the rate to whole rays a second: at most one ray each second.
            let seen = compounded_binomial(rate, seconds).unwrap();
            assert!(seen >= expected && seen - expected <= seconds, "{seen} {expected}");
        }
    }
}

#[test]
fn the_recorded_factors_agree() {
    let Some(file) = recorded("user_summary_vectors.json") else {
        return;
    };
    for vector in file["health_factor_vectors"].as_array().unwrap() {
        let mut market = market();
        market.reserves[WETH].liquidation_threshold_bps = small(&vector["liquidationThresholdBps"]);
        market.reserves[WETH].price = Some(U256::from(10).pow(U256::from(18)));
        market.reserves[USDC] = Reserve { decimals: 18, id: 2, ..market.reserves[WETH].clone() };
        let parts = vec![supply(WETH, big(&vector["collateral"])), debt(USDC, big(&vector["debt"]))];
        let seen = account_data(&market, &Position { e_mode: 0, reserves: parts }).unwrap().health_factor;
        let expected: f64 = vector["expected"].as_str().unwrap().parse().unwrap();
        if expected < 0.0 {
            assert_eq!(seen, U256::MAX, "no debt");
        } else {
            assert!((f64::from(seen) / 1e18 / expected - 1.0).abs() < 1e-15, "{seen}");
        }
    }
}

#[test]
fn the_mock_summaries_agree_in_and_out_of_an_e_mode() {
    let Some(file) = recorded("user_summary_vectors.json") else {
        return;
    };
    for vector in file["synthetic_mock_vectors"].as_array().unwrap() {
        let mut market = market();
        market.reserves =
            vec![reserve(0, "SIX", 6, 100, 5_000, 6_000), reserve(1, "EIGHTEEN", 18, 100, 5_000, 6_000)];
        market.e_modes[0] = EModeCategory {
            ltv_bps: 6_000,
            liquidation_threshold_bps: 7_000,
            collateral_bitmap: 3,
            ltv_zero_bitmap: 0,
            ..market.e_modes[0].clone()
        };
        let part = |index, decimals| ReservePosition {
            scaled_variable_debt: tokens(100, decimals),
            ..supply(index, tokens(200, decimals))
        };
        let e_mode = u8::try_from(vector["eMode"].as_u64().unwrap()).unwrap();
        let data =
            account_data(&market, &Position { e_mode, reserves: vec![part(0, 6), part(1, 18)] }).unwrap();
        let expected = &vector["expected"];
        let float = |text: &Value| text.as_str().unwrap().parse::<f64>().unwrap();
        assert!((f64::from(data.health_factor) / 1e18 - float(&expected["healthFactor"])).abs() < 1e-15);
        assert_eq!(data.available_borrows_base, big(&expected["availableBorrowsUSD"]) * market.base_unit);
        assert_eq!(data.ltv, big(&expected["currentLoanToValueBps"]));
        assert_eq!(data.current_liquidation_threshold, big(&expected["currentLiquidationThresholdBps"]));
    }
}
