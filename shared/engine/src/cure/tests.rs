//! Cures that lead where they say.

use proptest::prelude::*;

use super::*;
use crate::aave::{self, Market, Position, Rounding};
use crate::specimen::{USDC, WBTC, WETH, borrower, debt, market, supply, tokens};

fn cures(market: &Market, position: &Position) -> Vec<Recommendation> {
    let account = Account::Aave(aave::Account { market: market.clone().into(), position: position.clone() });
    recommend(&account, &account.facts(), Some(1.0), &Parameters::default())
}

#[test]
fn a_close_account_is_told_every_way_out_in_exact_amounts() {
    // 16,600 of weighted collateral against 16,000: repaying 16,000 − 16,600 ÷ 1.5 reaches 1.5.
    let found = cures(&market(), &borrower(16_000));
    let [repay, add, sell] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!(
        (repay.action, repay.symbol.as_str(), repay.amount.as_str()),
        (Action::Repay, "USDC", "4933.333334")
    );
    // (1.5 × 16,000 − 16,600) ÷ 0.83 ÷ 2,000 WETH.
    assert_eq!((add.action, add.symbol.as_str()), (Action::AddCollateral, "WETH"));
    assert!(add.amount.starts_with("4.4578313253"), "{}", add.amount);
    // (1.5 × 16,000 − 16,600) ÷ (1.5 × 0.99 − 0.83) of WETH, and 99 % of that in USDC.
    assert_eq!((sell.action, sell.symbol.as_str()), (Action::SellCollateral, "WETH"));
    assert!(sell.amount.starts_with("5.64885496183206"), "{}", sell.amount);
    let proceeds = sell.proceeds.as_ref().unwrap();
    assert_eq!((proceeds.symbol.as_str(), proceeds.amount.as_str()), ("USDC", "11184.732824"));
    assert_eq!(repay.severity, Severity::Critical);
    assert!((repay.value.known().unwrap().value() - 4_933.33).abs() < 0.01);
    for one in found {
        assert!(one.health_factor_after.ratio().unwrap() >= 1.5 - 1e-9, "{one:?}");
    }
}

#[test]
fn a_safe_account_or_one_without_debt_needs_no_cure() {
    assert_eq!(cures(&market(), &borrower(13_000)), []);
    assert_eq!(cures(&market(), &Position { e_mode: 0, reserves: vec![supply(WETH, tokens(1, 18))] }), []);
    let mut unpriced = market();
    unpriced.reserves[WETH].price = None;
    assert_eq!(cures(&unpriced, &borrower(16_000)), []);
}

#[test]
fn where_the_largest_debt_is_too_small_its_whole_repayment_is_told_with_what_it_reaches() {
    let mut wbtc = debt(WBTC, tokens(1, 7));
    wbtc.is_collateral = false;
    let parts = vec![supply(WETH, tokens(5, 18)), debt(USDC, tokens(8_000, 6)), wbtc];
    let mut market = market();
    market.reserves[WBTC].price = Some(tokens(75_000, 8));
    let found = cures(&market, &Position { e_mode: 0, reserves: parts });
    // What reaches the target comes first.
    let repay = found.last().unwrap();
    assert!(found[0].action != Action::Repay && found[0].health_factor_after.ratio().unwrap() >= 1.5 - 1e-9);
    assert_eq!((repay.symbol.as_str(), repay.amount.as_str()), ("USDC", "8000"));
    assert!((repay.health_factor_after.ratio().unwrap() - 8_300.0 / 7_500.0).abs() < 1e-9);
}

#[test]
fn a_frozen_or_paused_reserve_takes_no_more() {
    let mut frozen = market();
    frozen.reserves[WETH].is_frozen = true;
    assert!(cures(&frozen, &borrower(16_000)).iter().all(|one| one.action != Action::AddCollateral));
    frozen.reserves[USDC].is_paused = true;
    assert_eq!(cures(&frozen, &borrower(16_000)), []);
}

proptest! {
    #[test]
    fn every_cure_that_is_not_a_whole_repayment_reaches_the_target(
        usdc in 13_300_u64..200_000, index in 1_000_000_000_u64..3_000_000_000, half_up: bool,
    ) {
        let mut market = market();
        market.rounding = if half_up { Rounding::HalfUp } else { Rounding::AgainstUser };
        for reserve in &mut market.reserves {
            reserve.liquidity_index = U256::from(index) * U256::from(1_000_000_000_000_000_000_u64) + U256::from(index);
            reserve.variable_borrow_index = reserve.liquidity_index + U256::from(index / 3);
        }
        let mut position = borrower(usdc);
        position.reserves.push(supply(WBTC, U256::from(1_234_567)));
        for one in cures(&market, &position) {
            if let Some(factor) = one.health_factor_after.ratio() {
                prop_assert!(factor >= 1.5 - 1e-9, "{:?}", one);
                prop_assert!(factor < 1.51, "{:?}", one);
            }
        }
    }
}
