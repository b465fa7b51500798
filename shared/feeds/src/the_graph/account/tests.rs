//! Rows by hand made into markets and positions.

use risk_model::{B256, ChainId, Timestamp};
use serde_json::{Value, json};

use super::*;
use crate::markets::market_of;

const ANN: Wallet = Wallet::new(Address::repeat_byte(0xa1));
const BOB: Wallet = Wallet::new(Address::repeat_byte(0xb2));
const BLOCK: Block =
    Block { number: 5, hash: B256::repeat_byte(5), timestamp: Timestamp::new(2_000_000_000) };

/// A row as the subgraph writes it, for tests here and of the gateway.
pub(crate) fn row(wallet: Wallet, asset: u8, supplied: &str, owed: &str) -> Value {
    let asset = Address::repeat_byte(asset);
    json!({
        "id": format!("{}{asset:#x}", wallet.lower_hex()),
        "scaledATokenBalance": supplied, "scaledVariableDebt": owed, "principalStableDebt": "0",
        "usageAsCollateralEnabledOnUser": true,
        "user": { "id": wallet.lower_hex(), "eModeCategoryId": null },
        "reserve": {
            "underlyingAsset": asset, "symbol": "TKN", "decimals": 18, "baseLTVasCollateral": "8000",
            "reserveLiquidationThreshold": "8300", "reserveLiquidationBonus": "10500",
            "liquidityIndex": "1050000000000000000000000000", "variableBorrowIndex": "1060000000000000000000000000",
            "liquidityRate": "0", "variableBorrowRate": "30000000000000000000000000",
            "lastUpdateTimestamp": 1_999_990_000, "isActive": true, "isFrozen": false, "isPaused": false,
            "aToken": { "id": asset }, "vToken": { "id": asset },
            "price": { "priceInEth": "200000000000", "lastUpdateTimestamp": 1_999_999_000,
                "oracle": { "baseCurrencyUnit": "100000000" } },
        },
    })
}

fn built(rows: &[Value]) -> Option<IndexedAccounts> {
    let rows: Vec<UserReserve> =
        rows.iter().map(|row| serde_json::from_value(row.clone()).unwrap()).collect();
    build(&market_of(ChainId::Ethereum), BLOCK, &[ANN, BOB], &rows)
}

#[test]
fn positions_are_built_from_scaled_balances() {
    let built = built(&[row(ANN, 1, "100", "0"), row(ANN, 2, "0", "50"), row(BOB, 2, "7", "0")]).unwrap();
    assert_eq!(built.market.reserves.len(), 2);
    assert_eq!(built.market.reserves.iter().map(|reserve| reserve.id).collect::<Vec<_>>(), [0, 1]);
    let ann = &built.positions[&ANN].reserves;
    assert_eq!((ann[0].scaled_a_token, ann[1].scaled_variable_debt), (U256::from(100), U256::from(50)));
    assert_eq!(built.positions[&BOB].reserves[0].reserve, ann[1].reserve);
    let reserve = &built.market.reserves[0];
    assert_eq!(
        (reserve.price, reserve.price_updated_at),
        (Some(U256::from(200_000_000_000_u64)), Some(1_999_999_000))
    );
    assert!(built.unreadable.is_empty());
}

#[test]
fn rows_of_nothing_and_of_strangers_are_ignored() {
    let stranger = Wallet::new(Address::repeat_byte(0xcc));
    let built = built(&[row(ANN, 1, "0", "0"), row(stranger, 1, "5", "0")]).unwrap();
    assert!(built.positions.is_empty() && built.market.reserves.is_empty());
}

#[test]
fn an_e_mode_is_kept_and_not_replaced_by_none() {
    let mut with_mode = row(ANN, 1, "100", "0");
    with_mode["user"]["eModeCategoryId"] = json!({ "id": "3" });
    assert_eq!(built(&[with_mode.clone()]).unwrap().positions[&ANN].e_mode, 3);
    with_mode["user"]["eModeCategoryId"] = json!({ "id": "many" });
    assert!(built(&[with_mode]).unwrap().unreadable.contains(&ANN));
}

#[test]
fn a_wallet_with_a_row_that_cannot_be_read_is_not_shown_without_it() {
    let change = |pointer: &str, value: Value| {
        let mut bad = row(ANN, 1, "5", "5");
        *bad.pointer_mut(pointer).unwrap() = value;
        built(&[bad, row(ANN, 2, "100", "0"), row(BOB, 2, "7", "0")]).unwrap()
    };
    for (pointer, value) in [
        ("/scaledVariableDebt", json!("-5")),
        ("/scaledATokenBalance", json!("1e18")),
        ("/scaledATokenBalance", json!("")),
        ("/principalStableDebt", json!("5")),
        ("/reserve/liquidityIndex", json!("0")),
        ("/reserve/reserveLiquidationThreshold", json!("83.5")),
        ("/reserve/decimals", json!(200)),
        ("/reserve/lastUpdateTimestamp", json!(3_000_000_000_u64)),
        ("/reserve/aToken/id", json!("none")),
    ] {
        let built = change(pointer, value);
        assert!(built.unreadable.contains(&ANN) && !built.positions.contains_key(&ANN), "{pointer}");
        assert!(built.positions.contains_key(&BOB), "{pointer}");
    }
}

#[test]
fn two_rows_of_one_reserve_contradict_each_other() {
    let built = built(&[row(ANN, 1, "5", "5"), row(ANN, 1, "6", "5")]).unwrap();
    assert!(built.unreadable.contains(&ANN));
}

#[test]
fn rows_priced_in_different_units_are_no_market() {
    let mut other = row(BOB, 2, "7", "0");
    other["reserve"]["price"]["oracle"]["baseCurrencyUnit"] = json!("1");
    assert!(built(&[row(ANN, 1, "5", "5"), other.clone()]).is_none());
    other["reserve"]["price"]["oracle"]["baseCurrencyUnit"] = json!("0");
    assert!(built(&[other]).is_none());
}

#[test]
fn a_price_of_zero_is_no_price() {
    let mut free = row(ANN, 1, "5", "5");
    free["reserve"]["price"]["priceInEth"] = json!("0");
    assert_eq!(built(&[free]).unwrap().market.reserves[0].price, None);
}
