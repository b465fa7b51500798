//! Account arithmetic against figures worked by hand and against recorded ones.

use std::path::Path;

use serde_json::Value;

use super::*;

fn plain(units: f64, price_usd: f64, decimals: u8, threshold_bps: u16) -> Holding {
    let unit = 10f64.powi(i32::from(decimals));
    Holding {
        scaled_supply: num_traits::ToPrimitive::to_u128(&(units * unit).round()).expect("amount"),
        scaled_debt: 0,
        collateral: true,
        income: BigUint::from(RAY),
        debt_index: BigUint::from(RAY),
        price_e8: crate::world::asset::to_e8(price_usd),
        decimals,
        ltv_bps: 7500,
        threshold_bps,
    }
}

#[test]
fn the_taylor_terms_of_ten_percent_over_a_year_are_exact() {
    // 1 + 0.1 + 0.1²/2 + 0.1³/6 = 1.105166666…, computed by hand.
    let grown = normalized_debt(RAY, RAY / 10, SECONDS_PER_YEAR);
    assert_eq!(grown.to_string(), "1105166666666666666666666667");
    assert_eq!(
        normalized_income(RAY, RAY / 10, SECONDS_PER_YEAR).to_string(),
        "1100000000000000000000000000"
    );
}

#[test]
fn balances_round_down_and_debts_round_up() {
    let index = BigUint::from(RAY) + 1u32;
    assert_eq!(balance(10, &index).to_string(), "10");
    assert_eq!(owed(10, &index).to_string(), "11");
    assert_eq!(owed(10, &BigUint::from(RAY)).to_string(), "10");
}

#[test]
fn a_health_factor_worked_by_hand_comes_out() {
    // 2 ETH at 2000 with LT 83 % over 2,000.5 USDC: 3320 / 2000.5.
    let mut debt = plain(0.0, 1.0, 6, 0);
    debt.collateral = false;
    debt.scaled_debt = 2_000_500_000;
    let all = totals(&[plain(2.0, 2000.0, 18, 8300), debt]);
    assert_eq!(all.collateral_base.to_string(), "400000000000");
    assert_eq!(all.debt_base.to_string(), "200050000000");
    assert_eq!(all.health_factor_wad.expect("debt").to_string(), "1659585103724068982");
    assert_eq!(all.threshold_bps.to_string(), "8300");
    assert_eq!(all.available_borrows_base.to_string(), "99950000000");
}

#[test]
fn no_debt_has_no_health_factor_and_the_flag_decides_what_counts() {
    let mut unflagged = plain(1.0, 60000.0, 8, 7800);
    unflagged.collateral = false;
    let all = totals(&[plain(1.0, 2000.0, 18, 8300), unflagged]);
    assert_eq!(all.health_factor_wad, None);
    assert_eq!(all.collateral_base.to_string(), "200000000000");
}

#[test]
fn the_average_threshold_is_cut_but_the_health_factor_is_not_made_from_it() {
    // The shape of the math-utils example: WETH at 83 % with WBTC at 78 %, against a stablecoin.
    let mut debt = plain(0.0, 1.0, 6, 0);
    debt.collateral = false;
    debt.scaled_debt = 1_000_000_000;
    let all = totals(&[plain(1.0, 1000.0, 18, 8300), plain(0.1, 10_001.0, 8, 7800), debt]);
    // (1000·8300 + 1000.1·7800) / 2000.1 = 8049.8…, cut; HF = 1.6100780 exactly.
    assert_eq!(all.threshold_bps.to_string(), "8049");
    assert_eq!(all.health_factor_wad.expect("debt").to_string(), "1610078000000000000");
}

/// Recorded cases of the reference library, from beside the workspace.
fn recorded_cases() -> Option<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/user_summary_vectors.json");
    let text = std::fs::read_to_string(path).ok()?;
    serde_json::from_str(&text).ok()
}

fn integer(value: &Value) -> u128 {
    value.as_str().expect("decimal string").parse().expect("integer")
}

fn recorded_holding(row: &Value, now: u64) -> Holding {
    let reserve = &row["reserve"];
    let seconds = now.saturating_sub(reserve["lastUpdateTimestamp"].as_u64().expect("time"));
    let of = |name: &str| integer(&reserve[name]);
    Holding {
        scaled_supply: integer(&row["scaledATokenBalance"]),
        scaled_debt: integer(&row["scaledVariableDebt"]),
        collateral: row["usageAsCollateralEnabledOnUser"].as_bool().expect("flag"),
        income: normalized_income(of("liquidityIndex"), of("liquidityRate"), seconds),
        debt_index: normalized_debt(of("variableBorrowIndex"), of("variableBorrowRate"), seconds),
        price_e8: of("priceInMarketReferenceCurrency"),
        decimals: u8::try_from(reserve["decimals"].as_u64().expect("decimals")).expect("small"),
        ltv_bps: u16::try_from(of("baseLTVasCollateral")).expect("bps"),
        threshold_bps: u16::try_from(of("reserveLiquidationThreshold")).expect("bps"),
    }
}

#[test]
fn recorded_accounts_come_out_as_the_reference_library_has_them() {
    let Some(file) = recorded_cases() else {
        println!("SKIPPED: ../shared/data/user_summary_vectors.json is not there");
        return;
    };
    let number = |text: &str| text.parse::<f64>().expect("number");
    let mut compared = 0;
    for case in file["cases"].as_array().expect("cases") {
        let now = case["currentTimestamp"].as_u64().expect("time");
        let rows = case["userReserves"].as_array().expect("rows").iter();
        // One case lies before its reserves' last update: interest backwards, which no chain ever does.
        if rows.clone().any(|row| row["reserve"]["lastUpdateTimestamp"].as_u64() > Some(now)) {
            continue;
        }
        compared += 1;
        let all = totals(&rows.map(|row| recorded_holding(row, now)).collect::<Vec<_>>());
        let decimals = case["marketReferenceCurrencyDecimals"].as_i64().expect("decimals");
        let unit = 10f64.powi(i32::try_from(decimals).expect("small"));
        let expected = |name: &str| number(case["expected"][name].as_str().expect("expected"));
        let close = |ours: f64, name: &str| {
            let theirs = expected(name);
            assert!((ours / theirs - 1.0).abs() < 1e-9, "{} {name}: {ours} against {theirs}", case["name"]);
        };
        // The library keeps fractions of the base unit that the contract cuts, hence a tolerance.
        close(number(&all.collateral_base.to_string()) / unit, "totalCollateralMarketReferenceCurrency");
        close(number(&all.debt_base.to_string()) / unit, "totalBorrowsMarketReferenceCurrency");
        let health = all.health_factor_wad.expect("debt").to_string();
        close(number(&health) / 1e18, "healthFactor");
    }
    assert!(compared > 0, "no case was compared");
}
