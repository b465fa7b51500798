//! Compound's contracts, compared with the independently told truth.

use alloy_primitives::{Address, U256};
use alloy_sol_types::sol;
use serde_json::{Value, json};

use crate::support::*;

sol! {
    function getAssetsIn(address account) returns (address[]);
    function getAllMarkets() returns (address[]);
    function exchangeRateCurrent() returns (uint256);
    function borrowBalanceCurrent(address account) returns (uint256);
    function borrowBalanceOf(address account) returns (uint256);
    function isLiquidatable(address account) returns (bool);
    function userBasic(address account) returns (
        int104 principal, uint64 index, uint64 accrued, uint16 assetsIn, uint8 reserved);
    function underlying() returns (address);
}

const COMPTROLLER: &str = "0x3d9819210A31b4961b30EF54bE2aeD79B9c9Cd3B";
const C_ETH: &str = "0x4Ddc2D193948926D02f9B1fE9e1daa0718270ED5";
const C_USDC: &str = "0x39AA39c021dfbaE8faC545936693aC917d5E7563";
const COMET_USDC: &str = "0xc3d688B66703497DAA19211EEdff47f25384cdc3";
const COMET_WETH: &str = "0xA17581A9E3356d9A858b789D68B4d866e593aE94";

/// The accounts that the truth tells of a wallet on a chain, at a block.
async fn accounts(probe: &Probe, wallet: &str, chain: u64, number: u64) -> Vec<Value> {
    let (_, told) = probe.get(&format!("/control/expected/{wallet}?chain={chain}&block={number}")).await;
    let chains = told["chains"].as_array().expect("chains").iter();
    let markets =
        chains.filter(|one| one["chain_id"] == chain).map(|one| one["markets"].as_array().expect("markets"));
    markets.flatten().cloned().collect()
}

fn health(account: &Value) -> f64 {
    account["health_factor_wad"].as_str().expect("a factor").parse::<f64>().expect("number") / 1e18
}

fn raw<'a>(account: &'a Value, symbol: &str, field: &str) -> &'a str {
    let rows = account["positions"].as_array().expect("positions").iter();
    let row = rows.into_iter().find(|row| row["symbol"] == symbol).expect("a position");
    row[field].as_str().expect("decimal")
}

#[tokio::test]
async fn a_comptroller_s_debts_and_rates_are_those_of_the_truth() {
    let probe = Probe::start(5).await;
    let wallet = probe.wallet("compound_v2").await;
    let account = address(&wallet);
    let (number, hash) = probe.head("eth-mainnet").await;
    let at = json!({"blockHash": hash});
    let told = accounts(&probe, &wallet, 1, number).await;
    assert!((1.29..1.31).contains(&health(&told[0])), "{told:?}");
    let owed = probe.call(C_USDC, &borrowBalanceCurrentCall { account }, &at).await;
    assert_eq!(owed.to_string(), raw(&told[0], "cUSDC", "borrowed_raw"));
    let rate = probe.call(C_ETH, &exchangeRateCurrentCall {}, &at).await;
    let held = probe.call(C_ETH, &balanceOfCall { owner: account }, &at).await;
    let supplied = rate * held / U256::from(10).pow(U256::from(18));
    assert_eq!(supplied.to_string(), raw(&told[0], "cETH", "supplied_raw"));
    let entered = probe.call(COMPTROLLER, &getAssetsInCall { account }, &at).await;
    assert_eq!(entered.len(), 3, "the market of cUNI is not entered");
    assert!(probe.call(COMPTROLLER, &getAllMarketsCall {}, &at).await.len() > entered.len());
    let nothing = probe.try_call("eth-mainnet", C_ETH, &underlyingCall {}, &at).await;
    assert_eq!(nothing["result"], "0x", "cETH has no underlying, and a fallback");
}

#[tokio::test]
async fn comets_stand_where_their_names_say_and_owe_what_the_truth_tells() {
    let probe = Probe::start(6).await;
    let (number, hash) = probe.head("eth-mainnet").await;
    let at = json!({"blockHash": hash});
    for (name, comet, symbol, range) in
        [("compound_v3", COMET_USDC, "USDC", 1.19..1.21), ("compound_ether", COMET_WETH, "WETH", 1.03..1.05)]
    {
        let wallet = probe.wallet(name).await;
        let account = address(&wallet);
        let told = accounts(&probe, &wallet, 1, number).await;
        let told = told.iter().find(|one| one["pool"] == comet).expect("an account");
        assert!(range.contains(&health(told)), "{name}: {told}");
        let owed = probe.call(comet, &borrowBalanceOfCall { account }, &at).await;
        assert_eq!(owed.to_string(), raw(told, symbol, "borrowed_raw"), "{name}");
        assert!(!probe.call(comet, &isLiquidatableCall { account }, &at).await);
    }
    let account: Address = address(&probe.wallet("compound_ether").await);
    let basic = probe.call(COMET_WETH, &userBasicCall { account }, &at).await;
    assert_eq!((basic.assetsIn, basic.reserved), (0b110, 0b11), "two of them beyond the sixteenth");
    probe.command("crash", &json!({"asset": "WETH", "factor": 0.7})).await;
    let latest = json!("latest");
    assert!(!probe.call(COMET_WETH, &isLiquidatableCall { account }, &latest).await, "quoted in ether");
    let account = address(&probe.wallet("compound_v3").await);
    probe.command("crash", &json!({"asset": "WBTC", "factor": 0.7})).await;
    assert!(probe.call(COMET_USDC, &isLiquidatableCall { account }, &latest).await);
}
