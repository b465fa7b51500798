//! Compound V2 and V3 accounts, to the last digit, against our own transcription of the contracts into Python's integers.

use std::sync::Arc;

use risk_engine::compound_v2::{self, Comptroller, MarketPosition, liquidity};
use risk_engine::compound_v3::{self, Base, Collateral, Comet, Curve, INDEX_SCALE, Quote, indexes, sums};
use risk_engine::lending::Lending;
use risk_engine::position::Block;
use risk_model::{Address, Asset, B256, ChainId, Timestamp, U256};
use serde_json::{Value, json};

use crate::draw::Draw;
use crate::driver::answered;
use crate::gauge::Gauge;

const CASES: usize = 2_000;
const NOW: u64 = 1_750_000_000;

fn block() -> Block {
    Block { number: 1, hash: B256::ZERO, timestamp: Timestamp::new(NOW) }
}

fn token(index: usize) -> Asset {
    Asset::contract(ChainId::Ethereum, Address::repeat_byte(u8::try_from(index).expect("a few") + 1))
}

fn ten(power: u64) -> U256 {
    U256::from(10).pow(U256::from(power))
}

/// A share of a wad, in whole percent.
fn percent(draw: &mut Draw, low: u64, high: u64) -> U256 {
    U256::from(draw.whole(low, high)) * ten(16)
}

fn v2_account(draw: &mut Draw) -> compound_v2::Account {
    let count = draw.index(6) + 1;
    let markets: Vec<compound_v2::Market> = (0..count)
        .map(|index| {
            let decimals = draw.one_of(&[6_u8, 8, 18]);
            compound_v2::Market {
                c_token: Address::repeat_byte(0xC0),
                asset: token(index),
                symbol: format!("T{index}").into(),
                decimals,
                // 0.02 of the underlying for one cToken, and what has come in since.
                exchange_rate: U256::from(draw.whole(20_000_000, 60_000_000)) * ten(u64::from(decimals)),
                price: Some(draw.digits(1, 12) * ten(u64::from(36 - decimals) - 6)),
                price_updated_at: None,
                collateral_factor: percent(draw, 0, 90),
                borrow_rate: None,
                supply_rate: None,
                cash: None,
                protocol_seize_share: ten(16) * U256::from(28) / U256::from(10),
                is_mint_paused: false,
                is_deprecated: false,
            }
        })
        .collect();
    let positions = markets
        .iter()
        .enumerate()
        .map(|(market, one)| {
            let is_entered = draw.chance(0.85);
            let most = u64::from(one.decimals) + 5;
            MarketPosition {
                market,
                c_tokens: if draw.chance(0.7) { draw.digits(1, 15) } else { U256::ZERO },
                owed: if is_entered && draw.chance(0.5) { draw.digits(1, most) } else { U256::ZERO },
                is_entered,
            }
        })
        .collect();
    let comptroller = Comptroller {
        chain: ChainId::Ethereum,
        address: Address::repeat_byte(1),
        block: block(),
        close_factor: percent(draw, 5, 90),
        liquidation_incentive: percent(draw, 100, 120),
        markets,
    };
    compound_v2::Account { comptroller: Arc::new(comptroller), positions }
}

/// With the liquidation that the engine chose, so that the contract's arithmetic can be run on it.
fn v2_question(account: &compound_v2::Account) -> Value {
    let text = |number: U256| number.to_string();
    let comptroller = &account.comptroller;
    let place = |asset: Asset| comptroller.markets.iter().position(|market| market.asset == asset);
    let taken = account.liquidation().map(|taken| {
        json!({
            "debt": place(taken.debt_asset),
            "repaid": text(taken.repaid),
            "collateral": place(taken.collateral_asset),
        })
    });
    let markets: Vec<Value> = comptroller
        .markets
        .iter()
        .map(|market| {
            json!({
                "exchange_rate": text(market.exchange_rate),
                "price": market.price.map(text),
                "collateral_factor": text(market.collateral_factor),
                "protocol_seize_share": text(market.protocol_seize_share),
            })
        })
        .collect();
    let positions: Vec<Value> = account
        .positions
        .iter()
        .map(|part| {
            json!({
                "market": part.market,
                "c_tokens": text(part.c_tokens),
                "owed": text(part.owed),
                "is_entered": part.is_entered,
            })
        })
        .collect();
    json!({
        "ask": "v2",
        "markets": markets,
        "positions": positions,
        "close_factor": text(comptroller.close_factor),
        "liquidation_incentive": text(comptroller.liquidation_incentive),
        "taken": taken,
    })
}

#[test]
fn the_comptrollers_sums_and_what_it_lets_be_seized_are_the_contracts() {
    let Some(answered) = answered("compound.py", "compound v2", CASES, v2_account, v2_question) else {
        return;
    };
    let mut account_gauge = Gauge::exact("Compound V2 liquidity and shortfall, integers (transcribed)");
    let mut seizure = Gauge::exact("Compound V2 seized and kept for a repayment (transcribed)");
    for (account, answer) in &answered {
        let found = liquidity(account).expect("a drawn account computes");
        let seen = [found.collateral, found.borrow, found.excess(), found.shortfall()];
        account_gauge.same(&json!(seen.map(|one| one.to_string())), &answer["sums"], account);
        if let Some(taken) = account.liquidation() {
            let seen = json!({
                "seized": taken.seized.to_string(),
                "kept": taken.protocol_fee.to_string(),
                "is_allowed": true,
            });
            seizure.same(&seen, &answer["taken"], account);
        }
    }
    account_gauge.report(CASES);
    seizure.report(CASES / 10);
}

fn curve(draw: &mut Draw) -> Curve {
    Curve {
        base: draw.digits(1, 10),
        slope_low: draw.digits(8, 10),
        slope_high: draw.digits(9, 11),
        kink: percent(draw, 60, 95),
    }
}

fn collateral(draw: &mut Draw, index: usize) -> Collateral {
    let liquidate = draw.whole(50, 95);
    Collateral {
        asset: token(index + 1),
        symbol: format!("C{index}").into(),
        decimals: draw.one_of(&[6_u8, 8, 18]),
        price: Some(draw.digits(3, 13)),
        price_updated_at: None,
        borrow_factor: U256::from(liquidate - draw.whole(0, 20)) * ten(16),
        liquidate_factor: U256::from(liquidate) * ten(16),
        liquidation_factor: percent(draw, 85, 99),
        supply_cap: U256::MAX,
        supplied: None,
    }
}

fn v3_account(draw: &mut Draw) -> compound_v3::Account {
    let count = draw.index(24) + 1;
    let collaterals: Vec<Collateral> = (0..count).map(|index| collateral(draw, index)).collect();
    let decimals = draw.one_of(&[6_u8, 18]);
    let total_supply = draw.digits(u64::from(decimals), u64::from(decimals) + 9);
    let index = |draw: &mut Draw| INDEX_SCALE + U256::from(draw.whole(0, 600_000_000_000_000));
    let comet = Comet {
        chain: ChainId::Ethereum,
        address: Address::repeat_byte(1),
        block: block(),
        quote: Quote::Usd,
        base: Base {
            asset: token(0),
            symbol: "BASE".into(),
            decimals,
            price: Some(draw.digits(7, 9)),
            price_updated_at: None,
            available: None,
        },
        supply_index: index(draw),
        borrow_index: index(draw),
        total_supply,
        // A utilization of more than a few times leaves the 64 bits of a rate, and the contract reverts.
        total_borrow: total_supply * U256::from(draw.whole(0, 120)) / U256::from(100),
        last_accrual: NOW - draw.whole(0, 30 * 86_400),
        supply_curve: curve(draw),
        borrow_curve: curve(draw),
        is_supply_paused: false,
        is_withdraw_paused: false,
        collaterals,
    };
    let size = i128::try_from(draw.digits(1, u64::from(decimals) + 8)).expect("a principal");
    let principal = draw.one_of(&[-size, -size, -size, size, 0]);
    let held = (0..count).filter_map(|place| {
        let most = u64::from(comet.collaterals[place].decimals) + 4;
        draw.chance(0.4).then(|| (place, draw.digits(1, most)))
    });
    let position = compound_v3::Position { principal, collaterals: held.collect() };
    compound_v3::Account { comet: Arc::new(comet), position }
}

fn v3_question(account: &compound_v3::Account) -> Value {
    let text = |number: U256| number.to_string();
    let comet = &account.comet;
    let rate = |curve: &Curve| [curve.base, curve.slope_low, curve.slope_high, curve.kink].map(text);
    let collaterals: Vec<Value> = account
        .position
        .collaterals
        .iter()
        .map(|(place, balance)| {
            let one = &comet.collaterals[*place];
            let factors = [one.borrow_factor, one.liquidate_factor, one.liquidation_factor];
            json!({
                "balance": text(*balance),
                "price": one.price.map(text),
                "decimals": one.decimals,
                "factors": factors.map(text),
            })
        })
        .collect();
    let (indexes, totals) =
        ([comet.supply_index, comet.borrow_index], [comet.total_supply, comet.total_borrow]);
    json!({
        "ask": "v3",
        "elapsed": NOW - comet.last_accrual,
        "indexes": indexes.map(text),
        "totals": totals.map(text),
        "curves": [rate(&comet.supply_curve), rate(&comet.borrow_curve)],
        "base_price": comet.base.price.map(text),
        "base_decimals": comet.base.decimals,
        "principal": account.position.principal.to_string(),
        "collaterals": collaterals,
    })
}

#[test]
fn a_comets_indexes_sums_and_verdicts_are_the_contracts() {
    let Some(answered) = answered("compound.py", "compound v3", CASES, v3_account, v3_question) else {
        return;
    };
    let mut interest = Gauge::exact("Compound III indexes and rates, integers (transcribed)");
    let mut account_gauge = Gauge::exact("Compound III sums and both verdicts (transcribed)");
    for (account, answer) in &answered {
        let found = indexes(&account.comet).expect("a drawn Comet computes");
        let seen = [found.supply, found.borrow, found.supply_rate, found.borrow_rate];
        interest.same(&json!(seen.map(|one| one.to_string())), &answer["indexes"], account);
        let found = sums(account).expect("a drawn account computes");
        let figures = [found.supplied, found.owed, found.debt, found.collateral];
        let weighted = [found.borrowable, found.safe, found.credited];
        let seen = json!({
            "figures": figures.map(|one| one.to_string()),
            "weighted": weighted.map(|one| one.to_string()),
            "is_liquidatable": found.is_liquidatable(),
            "is_borrow_collateralized": found.is_borrow_collateralized(),
        });
        account_gauge.same(&seen, &answer["account"], account);
    }
    interest.report(CASES);
    account_gauge.report(CASES);
}
