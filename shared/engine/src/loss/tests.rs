//! The loss at the line against the reference example, and accounts that have none to tell.

use std::sync::Arc;

use super::*;
use crate::aave::{self, Market, Position, Rounding};
use crate::specimen::{USDC, WBTC, WETH, debt, market, supply, tokens};

fn account(market: Market, reserves: Vec<aave::ReservePosition>) -> Account {
    Account::Aave(aave::Account { market: Arc::new(market), position: Position { e_mode: 0, reserves } })
}

fn told(account: &Account) -> Result<Loss, NoLoss> {
    at_the_line(account, &account.facts())
}

fn near(seen: f64, wanted: f64, tolerance: f64) {
    assert!((seen / wanted - 1.0).abs() < tolerance, "{seen} is not {wanted}");
}

/// $24,000 at a threshold of `bps` against $20,000: bonus 5 %, fee 10 %.
fn example(bps: u16) -> Account {
    let mut market = market();
    market.reserves[WETH].liquidation_threshold_bps = bps;
    account(market, vec![supply(WETH, tokens(12, 18)), debt(USDC, tokens(20_000, 6))])
}

#[test]
fn the_reference_example_loses_500_at_0_98_and_1000_at_0_94() {
    let early = told(&example(8_167)).unwrap();
    near(early.owner_loss(), 500.0, 1e-9);
    near(early.owner_loss_share().unwrap(), 500.0 / 4_000.0, 1e-9);
    assert!(early.drop.abs() < f64::EPSILON);
    // $15 of gas: 5 gwei, a coin of $2,000 and a call of 1.5 million units.
    let gas = gas_usd(1_500_000.0, 5.0, 2_000.0);
    near(gas, 15.0, 1e-12);
    near(early.liquidator_gain() - gas, 435.0, 1e-9);
    let late = told(&example(7_833)).unwrap();
    near(late.owner_loss(), 1_000.0, 1e-9);
    near(late.supply_left.unwrap(), 3_000.0, 1e-9);
    assert!(late.debt_left.unwrap().abs() < 1e-6);
}

#[test]
fn a_healthy_account_is_taken_to_its_line_first() {
    // 30,000 × 0.83 against 20,000: the line is a fall of 1 − 1/1.245, where half of the debt may be repaid.
    for rounding in [Rounding::HalfUp, Rounding::AgainstUser, Rounding::PerSecond] {
        let market = Market { rounding, ..market() };
        let reserves = vec![supply(WETH, tokens(15, 18)), debt(USDC, tokens(20_000, 6))];
        let seen = told(&account(market, reserves)).unwrap();
        near(seen.drop, 1.0 - 1.0 / 1.245, 1e-4);
        near(seen.repaid_value, 10_000.0, 1e-7);
        near(seen.owner_loss(), 500.0, 1e-6);
        near(seen.owner_loss_share().unwrap(), 500.0 / (20_000.0 / 0.83 - 20_000.0), 1e-3);
    }
}

#[test]
fn a_debt_in_the_collaterals_own_asset_falls_with_it() {
    // 10 WETH × 0.83 × 2,000 × f = 2 WETH × 2,000 × f + 6,000: f = 6,000 ÷ 12,600.
    let mut weth = supply(WETH, tokens(10, 18));
    weth.scaled_variable_debt = tokens(2, 18);
    let seen = told(&account(market(), vec![weth, debt(USDC, tokens(6_000, 6))])).unwrap();
    near(1.0 - seen.drop, 6_000.0 / 12_600.0, 1e-7);
}

#[test]
fn without_debt_there_is_no_loss_and_what_is_not_known_is_not_zero() {
    let supplied = || vec![supply(WETH, tokens(1, 18))];
    assert_eq!(told(&account(market(), supplied())), Err(NoLoss::NoDebt));
    let mut loop_of_one = supplied();
    loop_of_one[0].scaled_variable_debt = tokens(5, 17);
    assert!(matches!(told(&account(market(), loop_of_one)), Err(NoLoss::Unknown(_))));
    let owing = || [supplied(), vec![debt(USDC, tokens(1_000, 6))]].concat();
    let mut unpriced = market();
    unpriced.reserves[WETH].price = None;
    assert!(matches!(told(&account(unpriced, owing())), Err(NoLoss::Unknown(_))));
    let mut no_fee = market();
    no_fee.reserves[WETH].liquidation_protocol_fee_bps = None;
    assert!(matches!(told(&account(no_fee, owing())), Err(NoLoss::Unknown(_))));
}

#[test]
fn a_supply_without_a_price_leaves_the_share_open_and_not_the_loss() {
    let mut market = market();
    market.reserves[WBTC].price = None;
    let mut idle = supply(WBTC, tokens(1, 8));
    idle.is_collateral = false;
    let reserves = vec![supply(WETH, tokens(15, 18)), idle, debt(USDC, tokens(20_000, 6))];
    let seen = told(&account(market, reserves)).unwrap();
    near(seen.owner_loss(), 500.0, 1e-6);
    assert_eq!(seen.owner_loss_share(), None);
}
