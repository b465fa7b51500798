//! Aave V3 through Multicall3, compared with the independently computed truth.

use std::time::Duration;

use alloy_primitives::U256;
use alloy_sol_types::SolCall;
use num_bigint::BigUint;
use serde_json::{Value, json};

use crate::support::*;

const RAY: u128 = 1_000_000_000_000_000_000_000_000_000;

#[tokio::test]
async fn every_catalogue_account_read_through_multicall_equals_the_expected_one() {
    let probe = Probe::start(7).await;
    let (number, hash) = probe.head("eth-mainnet").await;
    let (_, catalogue) = probe.get("/control/catalogue").await;
    let entries = catalogue.as_array().expect("catalogue");
    assert_eq!(entries.len(), 17);
    let calls = entries
        .iter()
        .map(|entry| {
            let user = address(entry["address"].as_str().expect("address"));
            inner(POOL, &getUserAccountDataCall { user })
        })
        .collect();
    let pinned = json!({"blockHash": hash});
    let results = probe.call(MULTICALL3, &aggregate3Call { calls }, &pinned).await;
    let mut compared = 0;
    for (entry, result) in entries.iter().zip(results) {
        assert!(result.success);
        let seen = getUserAccountDataCall::abi_decode_returns(&result.returnData).expect("decodes");
        let path =
            format!("/control/expected/{}?block={number}", entry["address"].as_str().expect("address"));
        let (_, expected) = probe.get(&path).await;
        compared += u32::from(assert_same(&entry["name"], &seen, &expected));
    }
    assert_eq!(compared, 11, "all but empty, spam and those of other protocols have an account");
}

/// Compares an account on Ethereum to the last digit; false if the truth has none.
fn assert_same(name: &Value, seen: &getUserAccountDataReturn, expected: &Value) -> bool {
    let chains = expected["chains"].as_array().expect("chains");
    let ethereum = chains.iter().find(|chain| chain["chain_id"] == 1);
    let is_v3 = |market: &&Value| market["protocol"] == "aave_v3";
    let markets = ethereum.and_then(|chain| chain["markets"].as_array());
    let Some(market) = markets.and_then(|markets| markets.iter().find(is_v3)) else {
        assert_eq!((seen.collateral, seen.health), (U256::ZERO, U256::MAX), "{name}");
        return false;
    };
    let health = market["health_factor_wad"].as_str().map_or(U256::MAX, |text| text.parse().expect("wad"));
    assert_eq!(seen.health, health, "{name}");
    for (value, field) in [
        (seen.collateral, "total_collateral_base"),
        (seen.debt, "total_debt_base"),
        (seen.available, "available_borrows_base"),
        (seen.threshold, "current_liquidation_threshold_bps"),
        (seen.ltv, "ltv_bps"),
    ] {
        assert_eq!(value.to_string(), market[field].as_str().expect("decimal"), "{name} {field}");
    }
    true
}

#[tokio::test]
async fn catalogue_health_factors_are_what_their_descriptions_say() {
    let probe = Probe::start(1).await;
    let ranges = [
        ("safe", 2.5, 2.7),
        ("near", 1.07, 1.09),
        ("liquidatable", 0.9, 0.999),
        ("emode_loop", 1.02, 1.04),
        ("stablecoins_only", 1.45, 1.55),
        ("emode_zero_lt", 1.05, 1.07),
        ("dust", 1.7, 1.9),
        ("huge", 1.3, 1.4),
        ("contract", 1.65, 1.75),
        ("multi_chain", 1.85, 1.95),
    ];
    for (name, low, high) in ranges {
        let user = address(&probe.wallet(name).await);
        let data = probe.call(POOL, &getUserAccountDataCall { user }, &json!("latest")).await;
        let health = data.health.to_string().parse::<f64>().expect("number") / 1e18;
        assert!((low..high).contains(&health), "{name}: {health}");
    }
    let user = address(&probe.wallet("multi_chain").await);
    let pool = "0x794a61358D6845594F94dc1DB02A252b5b4814aD";
    let data = probe.call_on("arb-mainnet", pool, &getUserAccountDataCall { user }, &json!("latest")).await;
    let health = data.health.to_string().parse::<f64>().expect("number") / 1e18;
    assert!((1.2..1.3).contains(&health), "arbitrum: {health}");
    let code = probe.rpc("eth_getCode", &json!([probe.wallet("contract").await, "latest"])).await;
    assert!(code["result"].as_str().expect("code").len() > 2);
}

#[tokio::test]
async fn a_health_factor_rebuilt_from_raw_reads_is_the_pools_own() {
    let probe = Probe::start(3).await;
    let (_, hash) = probe.head("eth-mainnet").await;
    let at = json!({"blockHash": hash});
    for name in ["near", "emode_zero_lt"] {
        let user = address(&probe.wallet(name).await);
        let call = getUserReservesDataCall { provider: address(PROVIDER), user };
        let reserves = probe.call(UI_DATA, &call, &at).await;
        assert_eq!(reserves.rows.len(), 28);
        let (mut weighted, mut debt) = (BigUint::from(0u8), BigUint::from(0u8));
        for row in &reserves.rows {
            let asset = row.underlying;
            let big = |value: U256| BigUint::from_bytes_be(&value.to_be_bytes::<32>());
            let income = big(probe.call(POOL, &getReserveNormalizedIncomeCall { asset }, &at).await);
            let owed = big(probe.call(POOL, &getReserveNormalizedVariableDebtCall { asset }, &at).await);
            let price = big(probe.call(ORACLE, &getAssetPriceCall { asset }, &at).await);
            let bits = big(probe.call(POOL, &getConfigurationCall { asset }, &at).await);
            let field = |from: u32, width: u32| (&bits >> from) & BigUint::from((1u64 << width) - 1);
            let unit = BigUint::from(10u8).pow(field(48, 8).to_string().parse().expect("decimals"));
            let held = big(row.scaledSupply) * income / RAY;
            // sUSDe (26) counts at 92 % inside e-mode 2, whatever its own threshold of 0 says.
            let inside = reserves.mode == 2 && row.collateral;
            let threshold = if inside { BigUint::from(9200u32) } else { field(16, 16) };
            if row.collateral {
                weighted += held * &price / &unit * threshold;
            }
            let due = (big(row.scaledDebt) * owed + (RAY - 1)) / RAY;
            debt += (due * &price + (&unit - 1u8)) / &unit;
        }
        let health = ((weighted * 10u64.pow(18) + &debt / 2u8) / &debt) / 10_000u32;
        let data = probe.call(POOL, &getUserAccountDataCall { user }, &at).await;
        assert_eq!(data.health.to_string(), health.to_string(), "{name}");
        assert_eq!(data.debt.to_string(), debt.to_string(), "{name}");
    }
}

#[tokio::test]
async fn token_balances_are_the_scaled_ones_times_the_index() {
    let probe = Probe::start(3).await;
    let (_, hash) = probe.head("eth-mainnet").await;
    let at = json!({"blockHash": hash});
    let user = probe.wallet("safe").await;
    let asset = address(WETH);
    let tokens = probe.call(PROTOCOL_DATA, &getReserveTokensAddressesCall { asset }, &at).await;
    let a_token = tokens.a.to_string();
    let scaled = probe.call(&a_token, &scaledBalanceOfCall { owner: address(&user) }, &at).await;
    let balance = probe.call(&a_token, &balanceOfCall { owner: address(&user) }, &at).await;
    let income = probe.call(POOL, &getReserveNormalizedIncomeCall { asset }, &at).await;
    assert_eq!(balance, scaled * income / U256::from(RAY));
    assert!(balance > scaled);
    let idle = probe.call(WETH, &balanceOfCall { owner: tokens.a }, &at).await;
    assert!(idle > U256::from(10u8).pow(U256::from(22u8)), "the aToken holds idle ether");
}

#[tokio::test]
async fn the_reserve_bitmap_agrees_with_the_data_provider_and_the_struct_has_15_words() {
    let probe = Probe::start(3).await;
    let at = json!("latest");
    let asset = address(WETH);
    let bits: U256 = probe.call(POOL, &getConfigurationCall { asset }, &at).await;
    let data = probe.call(PROTOCOL_DATA, &getReserveConfigurationDataCall { asset }, &at).await;
    let mask = U256::from(0xffffu32);
    assert_eq!(bits & mask, data.ltv);
    assert_eq!((bits >> 16usize) & mask, data.threshold);
    assert_eq!((bits >> 32usize) & mask, data.bonus);
    assert_eq!((bits >> 48usize) & U256::from(0xffu8), data.decimals);
    let legacy = probe
        .rpc(
            "eth_call",
            &json!([{"to": POOL,
        "data": format!("0x35ea6a75000000000000000000000000{}", &WETH[2..])}, "latest"]),
        )
        .await;
    assert_eq!(legacy["result"].as_str().expect("result").len(), 2 + 15 * 64, "15 static words");
}

#[tokio::test]
async fn interest_accrues_with_block_time_and_a_pinned_block_stands_still() {
    let probe = Probe::start(5).await;
    let user = address(&probe.wallet("near").await);
    let (_, hash) = probe.head("eth-mainnet").await;
    let pinned = json!({"blockHash": hash});
    let before = probe.call(POOL, &getUserAccountDataCall { user }, &pinned).await;
    probe.command("advance", &json!({"seconds": 30 * 86_400})).await;
    let after = probe.call(POOL, &getUserAccountDataCall { user }, &json!("latest")).await;
    let again = probe.call(POOL, &getUserAccountDataCall { user }, &pinned).await;
    assert_eq!(again.debt, before.debt);
    let number = |value: U256| value.to_string().parse::<f64>().expect("number");
    let growth = number(after.debt) / number(before.debt) - 1.0;
    // USDT is borrowed at a little over 5.45 % a year.
    assert!((0.0044..0.0047).contains(&growth), "{growth}");
}

#[tokio::test]
async fn a_thousand_accounts_come_in_one_call() {
    let probe = Probe::start(9).await;
    let user_of = |index: u32| address(&format!("0x{:040x}", 0xabcd_0000u64 + u64::from(index)));
    let calls = (0..1000)
        .map(|index| {
            inner(UI_DATA, &getUserReservesDataCall { provider: address(PROVIDER), user: user_of(index) })
        })
        .collect();
    let call = aggregate3Call { calls };
    let started = tokio::time::Instant::now();
    let answer = probe.try_call("eth-mainnet", MULTICALL3, &call, &json!("latest")).await;
    let took = started.elapsed();
    println!("1000 wallets never seen before, in one call: {took:?}");
    // About a second on a quiet machine, unoptimised; the bound leaves room for a busy one.
    assert!(took < Duration::from_secs(8), "{took:?}");
    let bytes = unhex(answer["result"].as_str().expect("result"));
    let results = aggregate3Call::abi_decode_returns(&bytes).expect("decodes");
    assert_eq!(results.len(), 1000);
    let with_debt = results.iter().filter(|result| {
        let rows = getUserReservesDataCall::abi_decode_returns(&result.returnData).expect("decodes").rows;
        rows.iter().any(|row| row.scaledDebt > U256::ZERO)
    });
    let with_debt = with_debt.count();
    assert!((400..900).contains(&with_debt), "{with_debt} of 1000 borrow");
    let (_, counters) = probe.get("/control/counters").await;
    assert_eq!(counters["alchemy"]["requests"], 1);
    assert_eq!(counters["alchemy"]["methods"]["eth_call"], 1);
}

#[tokio::test]
async fn drawn_wallets_have_health_factors_from_just_above_one_to_five() {
    let probe = Probe::start(11).await;
    let mut seen: Vec<f64> = Vec::new();
    for index in 0..120u64 {
        let user = address(&format!("0x{:040x}", 0xfeed_0000u64 + index));
        let data = probe.call(POOL, &getUserAccountDataCall { user }, &json!("latest")).await;
        if data.health != U256::MAX {
            seen.push(data.health.to_string().parse::<f64>().expect("number") / 1e18);
        }
    }
    assert!(seen.len() > 50, "{} accounts with debt", seen.len());
    assert!(seen.iter().all(|health| (1.01..5.05).contains(health)), "{seen:?}");
    assert!(seen.iter().any(|health| *health < 1.2) && seen.iter().any(|health| *health > 2.5));
}

#[tokio::test]
async fn a_failing_inner_call_fails_alone_when_it_may() {
    let probe = Probe::start(1).await;
    let good = inner(POOL, &getReservesListCall {});
    let bad = inner(POOL, &symbolCall {});
    let call = aggregate3Call { calls: vec![good.clone(), bad.clone()] };
    let results = probe.call(MULTICALL3, &call, &json!("latest")).await;
    assert_eq!((results[0].success, results[1].success), (true, false));
    let strict = Call3 { allowFailure: false, ..bad };
    let answer: Value = probe
        .try_call("eth-mainnet", MULTICALL3, &aggregate3Call { calls: vec![good, strict] }, &json!("latest"))
        .await;
    assert_eq!(answer["error"]["code"], 3);
    assert_eq!(answer["error"]["message"], "execution reverted");
    let none =
        probe.try_call("eth-mainnet", &probe.wallet("empty").await, &symbolCall {}, &json!("latest")).await;
    assert_eq!(none["result"], "0x");
}
