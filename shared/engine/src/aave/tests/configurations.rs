//! The reserve configurations of a real market: they load, price, and keep their e-mode.

use serde_json::Value;

use super::recorded::{big, recorded, small};
use super::*;
use crate::specimen::{asset, reserve};

/// The recorded market, its e-mode bitmap made of the reserves' categories.
fn recorded_market(file: &Value) -> Market {
    let mut market = Market { reserves: vec![], ..market() };
    let category = &file["eModes"]["1"];
    let mut bitmap = 0_u128;
    for (index, given) in file["reserves"].as_object().unwrap().values().enumerate() {
        let id = u16::try_from(index).unwrap();
        let decimals = u8::try_from(given["decimals"].as_u64().unwrap()).unwrap();
        let mut reserve = reserve(
            id,
            given["symbol"].as_str().unwrap(),
            decimals,
            1,
            small(&given["ltv"]),
            small(&given["liquidationThreshold"]),
        );
        reserve.asset =
            Asset::contract(ChainId::Ethereum, given["underlying"].as_str().unwrap().parse().unwrap());
        reserve.liquidation_bonus_bps = small(&given["liquidationBonus"]);
        reserve.price = Some(big(&given["oracleLatestAnswer"]));
        reserve.is_active = given["isActive"].as_bool().unwrap();
        // One adapter (rETH) does not tell its decimals; the market's currency has eight.
        assert!(given["oracleDecimals"].is_null() || given["oracleDecimals"] == 8);
        if given["eModeCategory"] == 1 {
            bitmap |= 1 << id;
        }
        market.reserves.push(reserve);
    }
    market.e_modes = vec![EModeCategory {
        ltv_bps: small(&category["ltv"]),
        liquidation_threshold_bps: small(&category["liquidationThreshold"]),
        collateral_bitmap: bitmap,
        ..market.e_modes[0].clone()
    }];
    market
}

#[test]
fn every_reserve_of_a_real_market_loads_and_prices() {
    let Some(file) = recorded("aave_v3_ethereum_2023-11.json") else {
        return;
    };
    let market = recorded_market(&file);
    assert_eq!(market.reserves.len(), 25);
    assert_ne!(market.reserves[0].asset, asset(1));
    let usdc = market.reserves.iter().position(|reserve| reserve.symbol.as_ref() == "USDC").unwrap();
    for e_mode in [0, 1] {
        for (index, reserve) in market.reserves.iter().enumerate().filter(|(index, _)| *index != usdc) {
            let parts = vec![supply(index, tokens(3, reserve.decimals)), debt(usdc, tokens(2, 6))];
            let position = Position { e_mode, reserves: parts };
            let data = account_data(&market, &position).unwrap();
            let member = e_mode == 1 && market.e_modes[0].collateral_bitmap & (1 << reserve.id) != 0;
            let threshold = if member { 9_300 } else { reserve.liquidation_threshold_bps };
            let price = f64::from(reserve.price.unwrap());
            let wanted = 3.0 * price * f64::from(threshold)
                / 1e4
                / (2.0 * f64::from(market.reserves[usdc].price.unwrap()));
            let seen = f64::from(data.health_factor) / 1e18;
            assert!((seen - wanted).abs() <= 1e-9 * wanted, "{} {seen} {wanted}", reserve.symbol);
        }
    }
}

#[test]
fn the_real_e_mode_holds_ether_and_what_follows_it() {
    let Some(file) = recorded("aave_v3_ethereum_2023-11.json") else {
        return;
    };
    let market = recorded_market(&file);
    let members = market.reserves.iter().filter(|reserve| threshold_bps(&market, 1, reserve) == Ok(9_300));
    let symbols: Vec<&str> = members.map(|reserve| reserve.symbol.as_ref()).collect();
    assert!(symbols.contains(&"WETH") && symbols.contains(&"wstETH"), "{symbols:?}");
}
