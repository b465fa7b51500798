//! Morpho Blue accounts, to the last digit, against `MarketUtils` of @morpho-org/blue-sdk.
//!
//! Two conventions of the SDK differ: it calls the liquidation price of a debt without collateral the largest number
//! there is, where ours is none, and its totals are given to it accrued, by its own accrual.

use risk_engine::morpho::{
    Market, Position, Token, Totals, accrued, incentive_factor, liquidated, liquidation_price, standing,
};
use risk_engine::position::Block;
use risk_model::{Address, Asset, B256, ChainId, Timestamp, U256};
use serde_json::{Value, json};

use crate::draw::Draw;
use crate::driver::answered;
use crate::gauge::Gauge;

const CASES: usize = 3_000;
const NOW: u64 = 1_750_000_000;

/// A market and a wallet's part of it, near the border as often as far from it.
fn draw_one(draw: &mut Draw) -> (Market, Position) {
    let digits = draw.whole(6, 27);
    let borrow_assets = draw.digits(digits, digits);
    let wad = U256::from(1_000_000_000_000_000_000_u64);
    // Shares are worth a millionth of an asset at first, and more as interest comes in.
    let borrow_shares = borrow_assets * draw.digits(6, 6);
    let lltv = U256::from(draw.whole(1, 98)) * wad / U256::from(100);
    let position = Position {
        supply_shares: U256::ZERO,
        borrow_shares: if draw.chance(0.05) { U256::ZERO } else { borrow_shares / draw.digits(1, 4) },
        collateral: if draw.chance(0.05) { U256::ZERO } else { draw.digits(4, 24) },
    };
    // The price that makes the loan to value a drawn share of the threshold.
    let owed = position.borrow_shares / U256::from(1_000_000) + U256::ONE;
    let scale = U256::from(10).pow(U256::from(36));
    let price = owed * scale / (position.collateral + U256::ONE) * wad / lltv;
    let price = price * U256::from(draw.whole(300, 3_000)) / U256::from(1_000);
    let token = |byte, decimals| Token {
        asset: Asset::contract(ChainId::Ethereum, Address::repeat_byte(byte)),
        symbol: "TOKEN".into(),
        decimals,
    };
    let market = Market {
        chain: ChainId::Ethereum,
        morpho: Address::repeat_byte(1),
        id: B256::ZERO,
        block: Block { number: 1, hash: B256::ZERO, timestamp: Timestamp::new(NOW) },
        loan: token(2, 6),
        collateral: Some(token(3, 18)),
        price: Some(price),
        price_updated_at: None,
        lltv,
        borrow_rate: Some(draw.digits(6, 10)),
        fee: wad * U256::from(draw.whole(0, 25)) / U256::from(100),
        totals: Totals {
            supply_assets: borrow_assets + draw.digits(1, digits),
            supply_shares: borrow_shares + draw.digits(1, digits),
            borrow_assets,
            borrow_shares,
            last_update: NOW - if draw.chance(0.1) { 0 } else { draw.whole(1, 90 * 86_400) },
        },
    };
    (market, position)
}

fn question((market, position): &(Market, Position)) -> Value {
    let totals = &market.totals;
    let text = |number: U256| number.to_string();
    json!({
        "totalSupplyAssets": text(totals.supply_assets),
        "totalSupplyShares": text(totals.supply_shares),
        "totalBorrowAssets": text(totals.borrow_assets),
        "totalBorrowShares": text(totals.borrow_shares),
        "fee": text(market.fee),
        "price": market.price.map(text),
        "lltv": text(market.lltv),
        "rate": market.borrow_rate.map(text),
        "elapsed": (NOW - totals.last_update).to_string(),
        "borrowShares": text(position.borrow_shares),
        "collateral": text(position.collateral),
    })
}

#[test]
fn every_figure_of_an_account_is_the_sdks_to_the_last_digit() {
    let Some(answered) = answered("morpho.mjs", "morpho", CASES, draw_one, question) else {
        return;
    };
    let mut totals_gauge = Gauge::exact("Morpho totals with interest and fee shares (@morpho-org/blue-sdk)");
    let mut account = Gauge::exact("Morpho debt, value, HF, LTV, liquidation price, LIF (blue-sdk)");
    let mut seizure = Gauge::exact("Morpho largest liquidation (@morpho-org/blue-sdk)");
    let mut unhealthy = 0;
    for (case, answer) in &answered {
        let (market, position) = case;
        let totals = accrued(market).expect("totals that fit");
        let seen = [totals.supply_assets, totals.supply_shares, totals.borrow_assets];
        totals_gauge.same(&json!(seen.map(|one| one.to_string())), &answer["totals"], case);
        let found = standing(market, position).expect("an account that fits");
        let price = liquidation_price(market, position).expect("an account that fits");
        let seen = json!({
            "borrowed": found.borrowed.to_string(),
            "value": found.collateral_value.to_string(),
            "maxBorrow": found.max_borrow.to_string(),
            "healthFactor": found.health_factor.to_string(),
            "ltv": found.ltv.map(|ltv| ltv.to_string()),
            "isHealthy": !found.is_liquidatable(),
            "liquidationPrice": price.map(|price| price.to_string()),
            "incentive": incentive_factor(market.lltv).to_string(),
        });
        account.same(&seen, &answer["account"], case);
        let taken = liquidated(market, position).expect("an account that fits");
        unhealthy += usize::from(taken.is_some());
        let seized = taken.map_or(U256::ZERO, |taken| taken.seized);
        seizure.same(&json!(seized.to_string()), &answer["seizable"], case);
    }
    assert!((CASES / 5..CASES * 4 / 5).contains(&unhealthy), "{unhealthy} of {CASES} are unhealthy");
    totals_gauge.report(CASES);
    account.report(CASES);
    seizure.report(CASES);
}
