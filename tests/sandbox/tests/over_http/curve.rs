//! Curve's registry and pools, compared with the independently told truth.

use alloy_primitives::{Address, U256};
use alloy_sol_types::sol;
use serde_json::{Value, json};

use crate::support::*;

sol! {
    function get_pool_from_lp_token(address token) returns (address);
    function get_coins(address pool) returns (address[8]);
    function get_balances(address pool) returns (uint256[8]);
    function get_virtual_price() returns (uint256);
    function A_precise() returns (uint256);
    function stored_rates() returns (uint256[]);
    function totalSupply() returns (uint256);
}

const REGISTRY: &str = "0xF98B45FA17DE75FB1aD0e7aFD971b0ca00e379fC";
const DAI: &str = "0x6B175474E89094C44Da98b954EedeAC495271d0F";

#[tokio::test]
async fn lp_tokens_are_told_from_others_and_their_pools_pay_their_share_of_each_coin() {
    let probe = Probe::start(1).await;
    let wallet = probe.wallet("curve_lp").await;
    let (number, hash) = probe.head("eth-mainnet").await;
    let at = json!({"blockHash": hash});
    let (_, told) = probe.get(&format!("/control/expected/{wallet}?chain=1&block={number}")).await;
    let pools = told["chains"][0]["pools"].as_array().expect("pools");
    assert_eq!(pools.len(), 2);
    let none = probe.call(REGISTRY, &get_pool_from_lp_tokenCall { token: address(DAI) }, &at).await;
    assert_eq!(none, Address::ZERO);
    for told in pools {
        let (pool, lp_token) = (told["pool"].as_str().expect("pool"), told["lp_token"].as_str().expect("LP"));
        let found = probe.call(REGISTRY, &get_pool_from_lp_tokenCall { token: address(lp_token) }, &at).await;
        assert_eq!(found, address(pool));
        let held = probe.call(lp_token, &balanceOfCall { owner: address(&wallet) }, &at).await;
        assert_eq!(held.to_string(), told["lp_raw"].as_str().expect("raw"));
        let price = probe.call(pool, &get_virtual_priceCall {}, &at).await;
        assert_eq!(price.to_string(), told["virtual_price_wad"].as_str().expect("wad"));
        let wad = U256::from(10).pow(U256::from(18));
        assert!(price > wad && price < wad * U256::from(2), "{price}");
        let supply = probe.call(lp_token, &totalSupplyCall {}, &at).await;
        let balances = probe.call(REGISTRY, &get_balancesCall { pool: found }, &at).await;
        let coins = probe.call(REGISTRY, &get_coinsCall { pool: found }, &at).await;
        let legs = told["legs"].as_array().expect("legs");
        for ((leg, balance), coin) in legs.iter().zip(balances).zip(coins) {
            assert_eq!(coin.to_checksum(None), leg["underlying"].as_str().expect("coin"));
            assert_eq!((balance * held / supply).to_string(), leg["amount_raw"].as_str().expect("raw"));
        }
        assert!(coins.iter().skip(legs.len()).all(|coin| coin.is_zero()));
    }
}

#[tokio::test]
async fn only_the_newer_pool_has_rates_and_is_its_own_lp_token() {
    let probe = Probe::start(1).await;
    let wallet = probe.wallet("curve_lp").await;
    let (_, told) = probe.get(&format!("/control/expected/{wallet}")).await;
    let address_of = |place: usize, field: &str| {
        told["chains"][0]["pools"][place][field].as_str().expect("address").to_owned()
    };
    let (old, new) = (address_of(0, "pool"), address_of(1, "pool"));
    assert_ne!(old, address_of(0, "lp_token"));
    assert_eq!(new, address_of(1, "lp_token"));
    let latest = json!("latest");
    for call in [
        probe.try_call("eth-mainnet", &old, &stored_ratesCall {}, &latest).await,
        probe.try_call("eth-mainnet", &old, &A_preciseCall {}, &latest).await,
        probe.try_call("eth-mainnet", &old, &totalSupplyCall {}, &latest).await,
    ] {
        assert_ne!(call["error"], Value::Null, "{call}");
    }
    let rates = probe.call(&new, &stored_ratesCall {}, &latest).await;
    assert_eq!(rates, [1_200_000_000_000_000_000_u64, 1_000_000_000_000_000_000].map(U256::from));
}
