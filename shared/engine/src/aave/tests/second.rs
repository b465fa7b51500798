//! Aave V2: its interest, its stable debts and an account in ether, against integers computed apart from them.

use risk_model::{Asset, ChainId, Protocol};

use super::*;
use crate::aave::interest::compounded_per_second;
use crate::lending::{Change, Lending, Unit};

fn ether_market() -> Market {
    let mut market = odd_market(Rounding::PerSecond);
    market.protocol = Protocol::AaveV2;
    market.unit = Unit::Asset(Asset::native(ChainId::Ethereum));
    market.base_unit = WAD;
    market.reserves[WETH].price = Some(WAD);
    market.reserves[WETH].liquidation_threshold_bps = 8_250;
    market.reserves[USDC].price = Some(U256::from(412_345_678_901_234_u64));
    market
}

fn account() -> Account {
    let market = ether_market();
    let last_update = market.block.timestamp.seconds() - 54_321_987;
    let rate = number("71203948710293847102938471");
    let mut owed = debt(USDC, U256::from(9_210_987_654_u64));
    owed.stable_debt = Some(StableDebt { principal: U256::from(4_210_987_654_u64), rate, last_update });
    let reserves = vec![supply(WETH, number("12345678901234567890")), owed];
    Account { market: Arc::new(market), position: Position { e_mode: 0, reserves } }
}

#[test]
fn its_compounding_equals_an_independent_computation() {
    let rate = number("31203948710293847102938471");
    for (seconds, wanted) in [
        (0, "1000000000000000000000000000"),
        (1, "1000000000989470722675477140"),
        (2, "1000000001978941446330006591"),
        (1_234_567, "1001222314328757415941477906"),
        (60_000_000, "1061166537489157059090000000"),
    ] {
        assert_eq!(compounded_per_second(rate, U256::from(seconds)).unwrap(), number(wanted), "{seconds}");
    }
}

#[test]
fn an_account_in_ether_with_a_stable_debt_equals_an_independent_computation() {
    let account = account();
    let data = account_data(&account.market, &account.position).unwrap();
    assert_eq!(data.total_collateral_base, number("12695729127119920814"));
    assert_eq!(data.total_debt_base, number("6335370279231127175"));
    assert_eq!(data.available_borrows_base, number("3884691668100409080"));
    assert_eq!(data.health_factor, number("1653254043289333481"));
    let owed = balances(&account.market, &account.position.reserves[1]).unwrap().1;
    assert_eq!(owed, U256::from(10_603_725_606_u64 + 4_760_495_734));
}

#[test]
fn the_facts_are_in_ether_and_the_rate_is_that_of_both_debts() {
    let facts = account().facts();
    let standing = facts.standing.unwrap();
    assert!((standing.collateral - 12.695_729_127_119_92).abs() < 1e-12);
    assert!((standing.debt - 6.335_370_279_231_127).abs() < 1e-12);
    let rate = facts.parts[1].borrow_rate.unwrap();
    let wanted = (10_603_725_606.0 * 0.061_203_948_710_293_85 + 4_760_495_734.0 * 0.071_203_948_710_293_85)
        / 15_364_221_340.0;
    assert!((rate - wanted).abs() < 1e-12, "{rate} is not {wanted}");
}

#[test]
fn a_repayment_pays_the_variable_debt_first_and_then_the_stable_one() {
    let account = account();
    let after = |amount: u64| {
        let asset = account.market.reserves[USDC].asset;
        account.changed(&Change::Repay { asset, amount: U256::from(amount) }).unwrap()
    };
    let part = after(11_603_725_606);
    let owed = &part.position.reserves[1];
    assert_eq!(owed.scaled_variable_debt, U256::ZERO);
    let left = owed.stable_debt.unwrap();
    assert_eq!(left.principal, U256::from(3_760_495_734_u64));
    assert_eq!(stable_debt(&part.market, &part.market.reserves[USDC], &left).unwrap(), left.principal);
    assert_eq!(after(15_364_221_340).position.reserves[1].stable_debt, None);
    assert_eq!(after(1).position.reserves[1].stable_debt, account.position.reserves[1].stable_debt);
}

#[test]
fn a_stable_debt_from_after_the_block_is_no_debt_of_zero() {
    let mut account = account();
    account.position.reserves[1].stable_debt.as_mut().unwrap().last_update += 60_000_000;
    let symbol = "USDC".into();
    assert_eq!(
        account_data(&account.market, &account.position),
        Err(AccountError::BlockBeforeUpdate { symbol })
    );
    assert_eq!(account.facts().owes, None);
}
