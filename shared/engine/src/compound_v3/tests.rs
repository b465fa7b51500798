//! Comets by hand, their edges, and what holds of every account.

use proptest::prelude::*;
use risk_model::{ChainId, GapReason, HealthFactor};

use super::*;
use crate::lending::{Change, Facts, Lending, Standing, Unit};
use crate::specimen::{asset, block, tokens};

/// Index of each collateral in [`comet`].
const WETH: usize = 0;
const WBTC: usize = 1;

const WAD: u64 = 1_000_000_000_000_000_000;

fn percent(share: u64) -> U256 {
    U256::from(share) * U256::from(WAD / 100)
}

fn collateral(byte: u8, symbol: &str, decimals: u8, price: u64, factors: [u64; 3]) -> Collateral {
    let [borrow_factor, liquidate_factor, liquidation_factor] = factors.map(percent);
    Collateral {
        asset: asset(byte),
        symbol: symbol.into(),
        decimals,
        price: Some(tokens(price, 8)),
        price_updated_at: None,
        borrow_factor,
        liquidate_factor,
        liquidation_factor,
        supply_cap: U256::MAX,
        supplied: Some(U256::ZERO),
    }
}

fn flat(rate: u64) -> Curve {
    Curve { base: U256::from(rate), slope_low: U256::ZERO, slope_high: U256::ZERO, kink: percent(80) }
}

/// A Comet that lends USDC and accrued at its block, at indexes of 1.
fn comet() -> Comet {
    Comet {
        chain: ChainId::Ethereum,
        address: Address::repeat_byte(0xc3),
        block: block(),
        quote: Quote::Usd,
        base: Base {
            asset: asset(3),
            symbol: "USDC".into(),
            decimals: 6,
            price: Some(tokens(1, 8)),
            price_updated_at: None,
            available: Some(U256::MAX),
        },
        collaterals: vec![
            collateral(1, "WETH", 18, 2_000, [82, 85, 95]),
            collateral(2, "WBTC", 8, 60_000, [70, 77, 90]),
        ],
        supply_index: INDEX_SCALE,
        borrow_index: INDEX_SCALE,
        total_supply: tokens(1_000_000, 6),
        total_borrow: tokens(500_000, 6),
        last_accrual: block().timestamp.seconds(),
        supply_curve: flat(0),
        borrow_curve: flat(0),
        is_supply_paused: false,
        is_withdraw_paused: false,
    }
}

fn account(principal: i128, weth: U256, wbtc: U256) -> Account {
    Account {
        comet: Arc::new(comet()),
        position: Position { principal, collaterals: vec![(WETH, weth), (WBTC, wbtc)] },
    }
}

fn with(account: &Account, change: impl FnOnce(&mut Comet)) -> Account {
    let mut comet = Comet::clone(&account.comet);
    change(&mut comet);
    Account { comet: Arc::new(comet), position: account.position.clone() }
}

fn standing(account: &Account) -> Standing {
    account.facts().standing.unwrap()
}

/// Ten ether against so many USDC: safe up to 17,000, may borrow up to 16,400.
fn borrower(usdc: i128) -> Account {
    account(-usdc * 1_000_000, tokens(10, 18), U256::ZERO)
}

#[test]
fn the_margin_is_the_contract_s_by_hand() {
    let account = account(-10_000_000_000, tokens(10, 18), tokens(5, 7));
    let found = sums(&account).unwrap();
    // 20,000 × 0.85 + 30,000 × 0.77; 20,000 × 0.82 + 30,000 × 0.70.
    assert_eq!((found.debt, found.safe), (tokens(10_000, 8), tokens(40_100, 8)));
    assert_eq!((found.borrowable, found.collateral), (tokens(37_400, 8), tokens(50_000, 8)));
    assert!(!found.is_liquidatable() && found.is_borrow_collateralized());
    let standing = standing(&account);
    assert_eq!(standing.health_factor, HealthFactor::Known(percent(401)));
    assert_eq!((standing.liquidation_threshold_bps, standing.ltv_bps), (Some(8_020), Some(7_480)));
    assert_eq!(standing.available_borrows, Some(27_400.0));
    let facts = account.facts();
    assert_eq!(facts.unit, Unit::Usd);
    assert!(facts.parts[0].owed == tokens(10_000, 6) && !facts.parts[0].counts_as_collateral());
    assert!(facts.parts[1].counts_as_collateral());
}

#[test]
fn at_exactly_nothing_left_it_is_not_liquidatable_and_one_unit_below_it_is() {
    assert!(!standing(&borrower(17_000)).is_liquidatable);
    assert_eq!(standing(&borrower(17_000)).health_factor, HealthFactor::Known(U256::from(WAD)));
    let over = account(-17_000_000_001, tokens(10, 18), U256::ZERO);
    assert!(standing(&over).is_liquidatable);
    assert!(sums(&borrower(16_400)).unwrap().is_borrow_collateralized());
    assert!(!sums(&account(-16_400_000_001, tokens(10, 18), U256::ZERO)).unwrap().is_borrow_collateralized());
}

#[test]
fn interest_accrues_by_the_utilization_before_it() {
    // Supplies 1,000,000 at index 1.1 and debts 500,000 at index 1.32: utilization is exactly 0.6.
    let comet = Comet {
        supply_index: U256::from(1_100_000_000_000_000_u64),
        borrow_index: U256::from(1_320_000_000_000_000_u64),
        last_accrual: block().timestamp.seconds() - 1_000_000,
        supply_curve: Curve {
            base: U256::ZERO,
            slope_low: U256::from(1_000_000_000_u64),
            slope_high: U256::from(90_000_000_000_u64),
            kink: percent(50),
        },
        borrow_curve: Curve {
            base: U256::from(100_000_000_u64),
            slope_low: U256::from(1_500_000_000_u64),
            slope_high: U256::from(90_000_000_000_u64),
            kink: percent(80),
        },
        ..comet()
    };
    let found = indexes(&comet).unwrap();
    // 0.5 × 1e9 + 0.1 × 90e9 and 0.1e9 + 0.6 × 1.5e9, a second.
    assert_eq!(found.supply_rate, U256::from(9_500_000_000_u64));
    assert_eq!(found.borrow_rate, U256::from(1_000_000_000_u64));
    // A million seconds: 0.0095 and 0.001 of the index.
    assert_eq!(found.supply, U256::from(1_110_450_000_000_000_u64));
    assert_eq!(found.borrow, U256::from(1_321_320_000_000_000_u64));
    let debtor =
        Account { comet: Arc::new(comet), position: Position { principal: -7, collaterals: vec![] } };
    // floor(7 × 1.32132): a present debt is floored.
    assert_eq!(sums(&debtor).unwrap().owed, U256::from(9));
}

#[test]
fn a_supply_of_the_base_token_earns_and_secures_nothing() {
    let supplier = account(5_000_000, U256::ZERO, tokens(1, 8));
    let facts = supplier.facts();
    assert_eq!((facts.owes, facts.parts.len()), (Some(false), 2));
    assert_eq!(facts.standing.unwrap().health_factor, HealthFactor::NoDebt);
    assert_eq!(facts.parts[0].supplied, tokens(5, 6));
    assert!(!facts.parts[0].counts_as_collateral() && facts.parts[0].supply_rate.is_some());
    assert_eq!(facts.parts[1].supply_rate, Some(0.0));
}

#[test]
fn an_absorption_takes_all_collateral_and_credits_what_the_factors_leave() {
    // 20,000 against 17,500: 19,000 are credited, so 1,500 come back and 1,000 are lost.
    let found = borrower(17_500).liquidation().unwrap();
    assert_eq!((found.debt_asset, found.repaid), (asset(3), tokens(19_000, 6)));
    assert_eq!(
        (found.collateral_asset, found.seized, found.protocol_fee),
        (asset(1), tokens(10, 18), tokens(10, 18))
    );
    assert_eq!((found.repaid_value, found.seized_value, found.liquidator_value), (19_000.0, 20_000.0, 0.0));
    // Beyond what is credited the reserves pay.
    assert_eq!(borrower(21_000).liquidation().unwrap().repaid, tokens(21_000, 6));
    let both = account(-60_000_000_000, tokens(10, 18), tokens(5, 7));
    let found = both.liquidation().unwrap();
    assert_eq!((found.collateral_asset, found.seized_value), (asset(2), 50_000.0));
    assert_eq!(borrower(17_000).liquidation(), None);
}

#[test]
fn a_comet_of_another_quote_is_told_in_base_tokens() {
    // The feeds quote bitcoin; the base token is at 0.5 of one.
    let account = with(&borrower(10_000), |comet| {
        comet.quote = Quote::Base;
        comet.base.price = Some(tokens(5, 7));
    });
    let facts = account.facts();
    assert_eq!(facts.unit, Unit::Asset(asset(3)));
    assert_eq!((facts.parts[0].price, facts.parts[1].price), (Some(1.0), Some(4_000.0)));
    let standing = facts.standing.unwrap();
    assert_eq!((standing.debt, standing.collateral), (10_000.0, 40_000.0));
    assert_eq!(standing.health_factor, HealthFactor::Known(percent(340)));
}

#[test]
fn what_is_missing_or_does_not_fit_is_a_fault_and_never_health() {
    let reason = |account: &Account| account.facts().standing.unwrap_err().reason;
    let account = borrower(1_000);
    let unpriced = with(&account, |comet| comet.collaterals[WETH].price = None);
    assert_eq!((reason(&unpriced), unpriced.facts().owes), (GapReason::Missing, Some(true)));
    assert_eq!(reason(&with(&account, |comet| comet.base.price = None)), GapReason::Missing);
    // A feed that no balance needs is not asked.
    assert!(with(&account, |comet| comet.collaterals[WBTC].price = None).facts().standing.is_ok());
    assert_eq!(reason(&with(&account, |comet| comet.base.price = Some(U256::MAX))), GapReason::Malformed);
    let early = with(&account, |comet| comet.last_accrual += 1);
    assert_eq!((reason(&early), early.facts().unreadable_parts), (GapReason::Malformed, 1));
    let absurd = with(&account, |comet| {
        comet.borrow_curve = flat(u64::MAX);
        comet.last_accrual -= 1_000_000;
    });
    assert_eq!(reason(&absurd), GapReason::Malformed);
    let position = |collaterals| Position { principal: -1, collaterals };
    let twice = Account { position: position(vec![(WETH, U256::ONE), (WETH, U256::ONE)]), ..account.clone() };
    assert_eq!(reason(&twice), GapReason::Malformed);
    let unknown = Account { position: position(vec![(24, U256::ONE)]), ..account };
    assert_eq!(reason(&unknown), GapReason::Malformed);
}

#[test]
fn changes_round_as_the_contract_does() {
    let indexed = with(&borrower(10_000), |comet| {
        comet.supply_index = U256::from(1_100_000_000_000_000_u64);
        comet.borrow_index = U256::from(1_300_000_000_000_000_u64);
    });
    let after = |change| indexed.changed(&change).unwrap().position.principal;
    let base = asset(3);
    // 13,000 are owed; a debt's principal is rounded up and a supply's down.
    assert_eq!(after(Change::Repay { asset: base, amount: U256::MAX }), 0);
    assert_eq!(after(Change::Repay { asset: base, amount: tokens(3_000, 6) }), -7_692_307_693);
    assert_eq!(after(Change::Borrow { asset: base, amount: U256::ONE }), -10_000_000_001);
    assert_eq!(after(Change::Supply { asset: base, amount: tokens(13_001, 6) }), 909_090);
    assert_eq!(after(Change::Withdraw { asset: base, amount: U256::MAX }), -10_000_000_000);
    let supplier = indexed.changed(&Change::Supply { asset: base, amount: tokens(13_001, 6) }).unwrap();
    // A borrow takes the supply of 0.999999 out first and owes the rest.
    let borrowed = supplier.changed(&Change::Borrow { asset: base, amount: tokens(2, 6) }).unwrap();
    assert_eq!(borrowed.position.principal, -769_232);
    let left = indexed.changed(&Change::Withdraw { asset: asset(1), amount: U256::MAX }).unwrap();
    assert_eq!(left.position.collaterals[WETH].1, U256::ZERO);
    assert!(indexed.changed(&Change::Borrow { asset: asset(1), amount: U256::ONE }).is_err());
    assert!(indexed.changed(&Change::Supply { asset: asset(1), amount: U256::MAX }).is_err());
    assert!(indexed.changed(&Change::Supply { asset: base, amount: U256::MAX }).is_err());
    assert!(indexed.changed(&Change::EMode(1)).is_err());
}

fn health(facts: &Facts) -> U256 {
    match facts.standing.as_ref().unwrap().health_factor {
        HealthFactor::Known(factor) => factor,
        _ => U256::MAX,
    }
}

proptest! {
    #[test]
    fn health_falls_with_debt_and_rises_with_collateral_and_its_price(
        weth in 1_u64..u64::MAX, owed in 1_i128..1_000_000_000_000, more in 1_u64..u64::MAX, factor in 0.01_f64..0.99,
    ) {
        let before = account(-owed, U256::from(weth), U256::ZERO);
        let owing = before.changed(&Change::Borrow { asset: asset(3), amount: U256::from(more) }).unwrap();
        let backed = before.changed(&Change::Supply { asset: asset(1), amount: U256::from(more) }).unwrap();
        let cheaper = before.repriced(&|one| if *one == asset(1) { factor } else { 1.0 });
        let here = health(&before.facts());
        prop_assert!(health(&owing.facts()) <= here);
        prop_assert!(health(&backed.facts()) >= here);
        prop_assert!(health(&cheaper.facts()) <= here);
    }

    #[test]
    fn an_absorption_costs_the_penalty_of_the_factors_and_happens_only_under_water(
        weth in 1_u64..100_000, wbtc in 0_u64..1_000, usdc in 1_i128..100_000_000,
    ) {
        let account = account(-usdc * 1_000_000, tokens(weth, 18), tokens(wbtc, 8));
        let facts = account.facts();
        let absorbed = account.liquidation();
        prop_assert_eq!(absorbed.is_some(), facts.standing.unwrap().is_liquidatable);
        if let Some(one) = absorbed {
            let penalty = one.seized_value - one.repaid_value;
            let most = f64::from(u32::try_from(weth).unwrap()) * 2_000.0 * 0.05
                + f64::from(u32::try_from(wbtc).unwrap()) * 60_000.0 * 0.1;
            prop_assert!(penalty <= most * (1.0 + 1e-12), "{} is more than {}", penalty, most);
        }
    }

    #[test]
    fn no_numbers_make_it_panic(
        principal in any::<i128>(), index in any::<[u64; 4]>(), price in any::<[u64; 4]>(), balance in any::<[u64; 4]>(),
    ) {
        let wild = Account {
            position: Position { principal, collaterals: vec![(WETH, U256::from_limbs(balance))] },
            ..with(&borrower(1), |comet| {
                comet.borrow_index = U256::from_limbs(index);
                comet.collaterals[WETH].price = Some(U256::from_limbs(price));
            })
        };
        let _ = (wild.facts(), wild.liquidation(), wild.repriced(&|_| 1e300).facts());
        let _ = wild.changed(&Change::Repay { asset: asset(3), amount: U256::from_limbs(balance) });
    }
}
