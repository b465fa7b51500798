//! Morpho Blue accounts against the protocol's own kit, and at the edges of every input.

mod recorded;

use proptest::prelude::*;
use risk_model::{Address, B256, GapReason, HealthFactor, Timestamp};

use super::*;
use crate::lending::{Change, Lending, Unit};
use crate::specimen::{asset, block, now};

/// Collateral's token byte, 18 decimals.
const WETH: u8 = 1;
/// Loan's token byte, 6 decimals.
const USDC: u8 = 3;

fn number(text: &str) -> U256 {
    text.parse().unwrap()
}

fn token(byte: u8, symbol: &str, decimals: u8) -> Token {
    Token { asset: asset(byte), symbol: symbol.into(), decimals }
}

/// The market of the reference figures: @morpho-org/blue-sdk 6.4.0 was run on it.
fn market() -> Market {
    Market {
        chain: ChainId::Ethereum,
        morpho: Address::repeat_byte(0xbb),
        id: B256::repeat_byte(0x1d),
        block: block(),
        loan: token(USDC, "USDC", 6),
        collateral: Some(token(WETH, "WETH", 18)),
        price: Some(number("1987654321000000000000000000")),
        price_updated_at: None,
        lltv: number("860000000000000000"),
        borrow_rate: Some(U256::from(1_585_489_599)),
        fee: number("100000000000000000"),
        totals: Totals {
            supply_assets: number("150000000000000"),
            supply_shares: number("145000000000000000000"),
            borrow_assets: number("123456789012345"),
            borrow_shares: number("120000000000000000000"),
            last_update: block().timestamp.seconds(),
        },
    }
}

fn borrower() -> Position {
    Position {
        supply_shares: U256::ZERO,
        borrow_shares: number("8000000000000000"),
        collateral: number("5000000000000000000"),
    }
}

fn account(market: Market, position: Position) -> Account {
    Account { market: market.into(), position }
}

#[test]
fn a_position_is_what_the_reference_kit_says_to_the_last_digit() {
    let found = standing(&market(), &borrower()).unwrap();
    assert_eq!(found.borrowed, number("8230452601"));
    assert_eq!(found.max_borrow, number("8546913580"));
    assert_eq!(found.health_factor, number("1038450009293723408"));
    assert_eq!(found.ltv, Some(number("828157342455725731")));
    let price = liquidation_price(&market(), &borrower()).unwrap().unwrap();
    assert_eq!(price, number("1914058744418604651162790698"));
    assert!(!found.is_liquidatable());
}

#[test]
fn the_incentive_is_what_the_reference_kit_says_to_the_last_digit() {
    for (lltv, factor) in [
        ("385000000000000000", "1150000000000000000"),
        ("625000000000000000", "1126760563380281690"),
        ("770000000000000000", "1074113856068743286"),
        ("860000000000000000", "1043841336116910229"),
        ("915000000000000000", "1026167265264238070"),
        ("945000000000000000", "1016776817488561260"),
        ("965000000000000000", "1010611419909044972"),
        ("980000000000000000", "1006036217303822937"),
        ("1000000000000000000", "1000000000000000000"),
        ("9000000000000000000", "1000000000000000000"),
    ] {
        assert_eq!(incentive_factor(number(lltv)), number(factor), "{lltv}");
    }
}

/// Thirty days at 5 % a year and a fee of 10 %.
fn month_old() -> Market {
    let mut market = market();
    market.totals.last_update -= 30 * 86_400;
    market
}

#[test]
fn interest_to_the_block_comes_first_and_is_what_the_reference_kit_says() {
    let totals = accrued(&month_old()).unwrap();
    assert_eq!(totals.borrow_assets, number("123965189621259"));
    assert_eq!(totals.supply_assets, number("150508400608914"));
    assert_eq!(totals.supply_shares, number("145048995934816064428"));
    assert_eq!(totals.supplied(number("9000000000000000")).unwrap(), number("9338745137"));
    let found = standing(&month_old(), &borrower()).unwrap();
    assert_eq!(found.borrowed, number("8264345975"));
    assert_eq!(found.health_factor, number("1034191163566334116"));
    assert_eq!(found.ltv, Some(number("831567731640797716")));
    let price = liquidation_price(&month_old(), &borrower()).unwrap();
    assert_eq!(price, Some(number("1921940924418604651162790698")));
}

fn priced(price: &str) -> Market {
    Market { price: Some(number(price)), ..market() }
}

#[test]
fn a_liquidation_takes_all_of_the_debt_at_once() {
    let moved = liquidated(&priced("1900000000000000000000000000"), &borrower()).unwrap().unwrap();
    assert_eq!(moved.seized, number("4521729809473684210"), "the reference kit's seizable collateral");
    assert_eq!(moved.repaid, number("8230452601"));
    assert_eq!(moved.bad_debt, U256::ZERO);
    assert_eq!(liquidated(&market(), &borrower()).unwrap(), None, "healthy");
}

#[test]
fn a_debt_that_the_collateral_cannot_pay_is_left_to_the_lenders() {
    let moved = liquidated(&priced("1700000000000000000000000000"), &borrower()).unwrap().unwrap();
    assert_eq!(moved.seized, borrower().collateral);
    assert_eq!(moved.repaid, number("8143000002"), "the reference kit's repaid shares, as assets");
    assert_eq!(moved.repaid + moved.bad_debt, number("8230452602"), "both parts are rounded up");
    // Where it is worth nothing the whole debt is bad.
    let moved = liquidated(&priced("0"), &borrower()).unwrap().unwrap();
    assert_eq!((moved.repaid, moved.seized), (U256::ZERO, borrower().collateral));
    assert_eq!(moved.bad_debt, number("8230452601"));
}

#[test]
fn equality_is_healthy_and_one_unit_under_is_not() {
    let edge = liquidation_price(&market(), &borrower()).unwrap().unwrap();
    // One unit of the loan token's worth of collateral value, so that no step is lost to a floor.
    let unit = ORACLE_PRICE_SCALE / borrower().collateral;
    let at = |steps: u64| {
        let price = edge - unit + unit * U256::from(steps);
        standing(&Market { price: Some(price), ..market() }, &borrower()).unwrap()
    };
    let first_healthy = (0..5).find(|steps| !at(*steps).is_liquidatable()).unwrap();
    let (found, under) = (at(first_healthy), at(first_healthy - 1));
    assert_eq!((found.max_borrow, found.health_factor), (found.borrowed, HealthFactor::WAD));
    assert_eq!(under.max_borrow, under.borrowed - U256::ONE);
    assert!(under.health_factor < HealthFactor::WAD);
}

#[test]
fn an_account_is_counted_in_its_loan_token() {
    let position = Position { supply_shares: number("9000000000000000"), ..borrower() };
    let facts = account(market(), position).facts();
    assert_eq!(facts.unit, Unit::Asset(asset(USDC)));
    assert!(facts.key.starts_with("morpho_blue:ethereum:0xbbbb") && facts.key.ends_with("1d1d"));
    let [weth, usdc] = &facts.parts[..] else { panic!("{:?}", facts.parts) };
    assert!((weth.price.unwrap() - 1_987.654_321).abs() < 1e-9 && usdc.price == Some(1.0));
    assert!(weth.counts_as_collateral() && (weth.threshold - 0.86).abs() < 1e-15);
    assert!(!usdc.counts_as_collateral() && usdc.counts(), "what is lent secures nothing");
    assert_eq!((usdc.supplied, usdc.owed), (number("9310344827"), number("8230452601")));
    assert_eq!(usdc.available_liquidity, Some(number("26543210987655")));
    let rate = usdc.borrow_rate.unwrap();
    assert!((rate - 0.05).abs() < 1e-9);
    assert!((usdc.supply_rate.unwrap() / rate - 0.823_045_260_082_3 * 0.9).abs() < 1e-12);
    let standing = facts.standing.unwrap();
    assert_eq!(standing.health_factor, HealthFactor::Known(number("1038450009293723408")));
    assert_eq!(standing.liquidation_threshold_bps, Some(8_600));
    assert!((standing.debt - 8_230.452_601).abs() < 1e-9);
    assert!((standing.available_borrows.unwrap() - 316.460_979).abs() < 1e-9);
    assert_eq!(facts.owes, Some(true));
}

#[test]
fn a_lender_owes_nothing_and_needs_no_price() {
    let position = Position { supply_shares: number("9000000000000000"), ..Position::default() };
    let idle = Market { collateral: None, price: None, lltv: U256::ZERO, ..market() };
    let facts = account(idle, position).facts();
    assert_eq!(facts.parts.len(), 1);
    assert_eq!(facts.owes, Some(false));
    assert_eq!(facts.standing.unwrap().health_factor, HealthFactor::NoDebt);
}

#[test]
fn without_a_price_or_a_rate_a_debt_is_unknown_and_known_to_be_one() {
    let unpriced = account(Market { price: None, ..market() }, borrower()).facts();
    assert_eq!(unpriced.standing.unwrap_err().reason, GapReason::Missing);
    assert_eq!((unpriced.owes, unpriced.unreadable_parts), (Some(true), 0));
    assert_eq!(unpriced.parts[0].price, None);
    let unrated = Market { borrow_rate: None, ..month_old() };
    let facts = account(unrated, borrower()).facts();
    assert_eq!(facts.standing.unwrap_err().reason, GapReason::Missing);
    assert_eq!((facts.owes, facts.unreadable_parts, facts.parts.len()), (Some(true), 1, 1));
    // At the block of the accrual itself no interest is due.
    assert!(standing(&Market { borrow_rate: None, ..market() }, &borrower()).is_ok());
    let mut early = market();
    early.block.timestamp = Timestamp::new(early.totals.last_update - 1);
    assert_eq!(standing(&early, &borrower()), Err(MarketError::BlockBeforeUpdate));
}

#[test]
fn a_repayment_burns_the_shares_that_the_contract_would() {
    let before = account(month_old(), borrower());
    let after = before.changed(&Change::Repay { asset: asset(USDC), amount: number("1000000000") }).unwrap();
    let ratio = |account: &Account| account.facts().standing.unwrap().health_factor.ratio().unwrap();
    assert!(ratio(&after) > ratio(&before));
    assert_eq!(after.market.totals.last_update, block().timestamp.seconds());
    let fresh = account(market(), borrower());
    let after = fresh.changed(&Change::Repay { asset: asset(USDC), amount: number("1000000000") }).unwrap();
    assert_eq!(borrower().borrow_shares - after.position.borrow_shares, number("972000008748005"));
    let all = fresh.changed(&Change::Repay { asset: asset(USDC), amount: U256::MAX }).unwrap();
    assert_eq!(all.position.borrow_shares, U256::ZERO);
    assert_eq!(all.facts().standing.unwrap().health_factor, HealthFactor::NoDebt);
}

#[test]
fn every_change_moves_what_it_names_and_nothing_else() {
    let before = account(market(), borrower());
    let ether = number("1000000000000000000");
    let more = before.changed(&Change::Supply { asset: asset(WETH), amount: ether }).unwrap();
    assert_eq!(more.position.collateral, borrower().collateral + ether);
    let less = more.changed(&Change::Withdraw { asset: asset(WETH), amount: ether }).unwrap();
    assert_eq!(less, before);
    let lent = before.changed(&Change::Supply { asset: asset(USDC), amount: U256::from(5_000_000) }).unwrap();
    let back = lent.changed(&Change::Withdraw { asset: asset(USDC), amount: U256::MAX }).unwrap();
    assert_eq!(back.position, before.position);
    let owes = before.changed(&Change::Borrow { asset: asset(USDC), amount: U256::from(1_000_000) }).unwrap();
    let owed = |account: &Account| account.facts().parts[1].owed;
    assert!((1_000_000..=1_000_001).contains(&u64::try_from(owed(&owes) - owed(&before)).unwrap()));
    assert!(before.changed(&Change::Borrow { asset: asset(WETH), amount: ether }).is_err());
    assert!(before.changed(&Change::Supply { asset: asset(9), amount: ether }).is_err());
    assert!(before.changed(&Change::EMode(1)).is_err());
}

#[test]
fn only_the_ratio_of_the_two_prices_moves_the_oracle() {
    let factor = |collateral: f64, loan: f64| {
        let moved = account(market(), borrower())
            .repriced(&move |one| if *one == asset(WETH) { collateral } else { loan });
        moved.facts().standing.unwrap().health_factor.ratio().unwrap()
    };
    let near = |seen: f64, wanted: f64| assert!((seen / wanted - 1.0).abs() < 1e-9, "{seen} {wanted}");
    near(factor(1.0, 1.0), 1.038_450_009_3);
    near(factor(0.9, 1.0), 1.038_450_009_3 * 0.9);
    near(factor(1.0, 0.8), 1.038_450_009_3 / 0.8);
    near(factor(0.8, 0.8), 1.038_450_009_3);
    assert!(factor(0.0, 1.0) <= 0.0 && factor(0.0, 0.0) <= 0.0, "worthless collateral secures nothing");
}

#[test]
fn a_liquidation_is_told_in_the_accounts_unit() {
    let told = account(priced("1900000000000000000000000000"), borrower()).liquidation().unwrap();
    assert_eq!((told.debt_asset, told.collateral_asset), (asset(USDC), asset(WETH)));
    assert!((told.repaid_value - 8_230.452_601).abs() < 1e-6);
    assert!((told.seized_value / told.repaid_value - 1.043_841_336).abs() < 1e-9);
    assert!(account(market(), borrower()).liquidation().is_none());
}

proptest! {
    #[test]
    fn nothing_that_a_hostile_contract_answers_panics(
        numbers in prop::array::uniform11(any::<[u64; 4]>()), small: bool, decimals: (u8, u8), late: u32,
    ) {
        let n = numbers.map(|limbs| if small { U256::from(limbs[0]) } else { U256::from_limbs(limbs) });
        let mut market = market();
        market.loan.decimals = decimals.0;
        market.collateral = Some(token(WETH, "WETH", decimals.1));
        (market.price, market.lltv, market.borrow_rate, market.fee) = (Some(n[0]), n[1], Some(n[2]), n[3]);
        market.totals = Totals {
            supply_assets: n[4], supply_shares: n[5], borrow_assets: n[6], borrow_shares: n[7],
            last_update: now().seconds().saturating_sub(u64::from(late)),
        };
        let position = Position { supply_shares: n[8], borrow_shares: n[9], collateral: n[10] };
        let account = account(market, position);
        let _ = (account.facts(), account.liquidation(), account.repriced(&|_| 0.5).facts());
        for change in [
            Change::Supply { asset: asset(WETH), amount: n[0] }, Change::Withdraw { asset: asset(USDC), amount: n[1] },
            Change::Repay { asset: asset(USDC), amount: n[2] }, Change::Borrow { asset: asset(USDC), amount: n[3] },
        ] {
            let _ = account.changed(&change).map(|after| after.facts());
        }
    }

    #[test]
    fn the_factor_tells_what_the_contract_decides(price in 1_u64..4_000_000_000, shares in 1_u64.., more in 1_u64..) {
        let market = Market { price: Some(U256::from(price) * number("1000000000000000000")), ..market() };
        let at = |shares| standing(&market, &Position { borrow_shares: U256::from(shares), ..borrower() }).unwrap();
        let found = at(shares);
        prop_assert_eq!(found.is_liquidatable(), found.health_factor < HealthFactor::WAD);
        prop_assert!(at(shares.saturating_add(more)).health_factor <= found.health_factor);
    }
}
