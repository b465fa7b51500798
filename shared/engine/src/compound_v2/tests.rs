//! The Comptroller's sums by hand, its edges, and what holds of every account.

use proptest::prelude::*;
use risk_model::{ChainId, GapReason, HealthFactor};

use super::*;
use crate::lending::{Change, Facts, Lending};
use crate::specimen::{asset, block, tokens};

/// Index of each market in [`comptroller`].
const ETH: usize = 0;
const USDC: usize = 1;
const WBTC: usize = 2;

const WAD: u64 = 1_000_000_000_000_000_000;

fn market(byte: u8, symbol: &str, decimals: u8, usd: u64, factor_percent: u64) -> Market {
    Market {
        c_token: Address::repeat_byte(byte + 100),
        asset: asset(byte),
        symbol: symbol.into(),
        decimals,
        // 0.02 of the underlying for one cToken of 8 decimals.
        exchange_rate: tokens(2, decimals) * U256::from(WAD) / tokens(100, 8),
        price: Some(tokens(usd, 36 - decimals)),
        price_updated_at: None,
        collateral_factor: U256::from(factor_percent) * U256::from(WAD / 100),
        borrow_rate: Some(U256::from(10_000_000_000_u64)),
        supply_rate: Some(U256::from(5_000_000_000_u64)),
        cash: Some(U256::MAX),
        protocol_seize_share: U256::from(28 * (WAD / 1_000)),
        is_mint_paused: false,
        is_deprecated: false,
    }
}

fn comptroller() -> Comptroller {
    Comptroller {
        chain: ChainId::Ethereum,
        address: Address::repeat_byte(0x3d),
        block: block(),
        close_factor: U256::from(WAD / 2),
        liquidation_incentive: U256::from(WAD / 100 * 108),
        markets: vec![
            market(1, "ETH", 18, 2_000, 80),
            market(3, "USDC", 6, 1, 75),
            market(2, "WBTC", 8, 60_000, 70),
        ],
    }
}

fn part(market: usize, c_tokens: u64, owed: U256, is_entered: bool) -> MarketPosition {
    MarketPosition { market, c_tokens: tokens(c_tokens, 8), owed, is_entered }
}

fn account(positions: Vec<MarketPosition>) -> Account {
    Account { comptroller: Arc::new(comptroller()), positions }
}

/// Ten ether (500 cETH) against so many USDC: 16,000 USD of borrowing power.
fn borrower(usdc: U256) -> Account {
    account(vec![part(ETH, 500, U256::ZERO, true), part(USDC, 0, usdc, true)])
}

fn standing(account: &Account) -> crate::lending::Standing {
    account.facts().standing.unwrap()
}

fn with(account: &Account, change: impl FnOnce(&mut Comptroller)) -> Account {
    let mut comptroller = Comptroller::clone(&account.comptroller);
    change(&mut comptroller);
    Account { comptroller: Arc::new(comptroller), positions: account.positions.clone() }
}

#[test]
fn the_sums_are_the_contract_s_by_hand() {
    let account = borrower(tokens(10_000, 6));
    let sums = liquidity(&account).unwrap();
    assert_eq!((sums.collateral, sums.borrow), (tokens(16_000, 18), tokens(10_000, 18)));
    assert_eq!((sums.excess(), sums.shortfall()), (tokens(6_000, 18), U256::ZERO));
    let standing = standing(&account);
    assert_eq!(standing.health_factor, HealthFactor::Known(U256::from(WAD / 10 * 16)));
    assert!(!standing.is_liquidatable);
    assert!((standing.collateral - 20_000.0).abs() < 1e-9 && (standing.debt - 10_000.0).abs() < 1e-9);
    assert_eq!((standing.liquidation_threshold_bps, standing.ltv_bps), (Some(8_000), Some(8_000)));
}

#[test]
fn every_product_is_truncated_in_the_contract_s_order() {
    // factor × rate = 2 × 1.5 of a wad's last place: 3e-36 truncates to 0 before the price is seen.
    let small = with(&borrower(U256::ZERO), |comptroller| {
        comptroller.markets[ETH].collateral_factor = U256::from(2);
        comptroller.markets[ETH].exchange_rate = U256::from(WAD / 4);
    });
    assert_eq!(liquidity(&small).unwrap().collateral, U256::ZERO);
    // 0.7 × 0.333… = 0.2333…: the product ends in …3333, not …3334; × 3 USD, × 7 cTokens.
    let odd = with(&borrower(U256::ZERO), |comptroller| {
        let market = &mut comptroller.markets[ETH];
        market.collateral_factor = U256::from(WAD / 10 * 7);
        market.exchange_rate = U256::from(333_333_333_333_333_335_u64);
        market.price = Some(U256::from(3 * WAD));
    });
    let odd =
        Account { positions: vec![MarketPosition { c_tokens: U256::from(7), ..odd.positions[0] }], ..odd };
    // floor(0.7e18 × 333333333333333335 ÷ 1e18) = 233333333333333334; × 3 = 700000000000000002; × 7 ÷ 1e18 = 4.
    assert_eq!(liquidity(&odd).unwrap().collateral, U256::from(4));
}

#[test]
fn only_entered_markets_count_but_the_others_keep_their_value() {
    let outside = account(vec![
        part(ETH, 500, U256::ZERO, false),
        part(WBTC, 5, U256::ZERO, true),
        part(USDC, 0, tokens(1_000, 6), true),
    ]);
    // 0.1 WBTC × 60,000 × 0.7.
    assert_eq!(liquidity(&outside).unwrap().collateral, tokens(4_200, 18));
    let facts = outside.facts();
    let ether = facts.parts.iter().find(|part| &*part.symbol == "ETH").unwrap();
    assert_eq!(ether.supplied, tokens(10, 18));
    assert!(!ether.counts_as_collateral() && !ether.is_collateral);
    // Its missing price is no matter for the account either.
    let unpriced = with(&outside, |comptroller| comptroller.markets[ETH].price = None);
    assert_eq!(standing(&unpriced).health_factor, standing(&outside).health_factor);
}

#[test]
fn a_debt_equal_to_the_collateral_is_not_liquidatable_and_one_unit_more_is() {
    let exact = borrower(tokens(16_000, 6));
    assert_eq!(standing(&exact).health_factor, HealthFactor::Known(U256::from(WAD)));
    assert!(!standing(&exact).is_liquidatable);
    assert_eq!(exact.liquidation(), None);
    let over = borrower(tokens(16_000, 6) + U256::ONE);
    assert!(standing(&over).is_liquidatable);
    assert_eq!(liquidity(&over).unwrap().shortfall(), U256::from(1_000_000_000_000_u64));
}

#[test]
fn a_liquidation_repays_by_the_close_factor_and_seizes_with_the_incentive() {
    let found = borrower(tokens(17_000, 6)).liquidation().unwrap();
    assert_eq!((found.debt_asset, found.repaid), (asset(3), tokens(8_500, 6)));
    // 8,500 × 1.08 ÷ 2,000 = 4.59 ether, of which 2.8 % go to the reserves.
    assert_eq!((found.collateral_asset, found.seized), (asset(1), tokens(459, 16)));
    assert_eq!(found.protocol_fee, tokens(12_852, 13));
    assert!((found.repaid_value - 8_500.0).abs() < 1e-9 && (found.seized_value - 9_180.0).abs() < 1e-9);
    assert!((found.liquidator_value - 9_180.0 * 0.972).abs() < 1e-9);
}

#[test]
fn a_thin_collateral_bounds_what_one_liquidation_may_repay() {
    // 0.01 ether, worth 20 USD, against 8,000 USDC: 20 ÷ 1.08 can be repaid for all of it, not half the debt.
    let parts = vec![
        MarketPosition { c_tokens: tokens(5, 7), ..part(ETH, 0, U256::ZERO, true) },
        part(USDC, 0, tokens(8_000, 6), true),
    ];
    let found = account(parts.clone()).liquidation().unwrap();
    let balance = account(parts.clone()).facts().parts[0].supplied;
    assert!(found.seized <= balance && balance - found.seized < tokens(1, 9), "{found:?}");
    assert!((found.repaid_value - 20.0 / 1.08).abs() < 1e-5);
    let both = [parts, vec![part(WBTC, 5, U256::ZERO, false)]].concat();
    // cTokens of a market that was not entered can be seized as well.
    let found = account(both).liquidation().unwrap();
    assert_eq!((found.collateral_asset, found.repaid), (asset(2), tokens(4_000, 6)));
}

#[test]
fn a_debt_in_a_deprecated_market_may_be_liquidated_in_full_without_a_shortfall() {
    let healthy = borrower(tokens(1_000, 6));
    assert!(!standing(&healthy).is_liquidatable);
    let deprecated = with(&healthy, |comptroller| comptroller.markets[USDC].is_deprecated = true);
    assert!(standing(&deprecated).is_liquidatable);
    assert_eq!(deprecated.liquidation().unwrap().repaid, tokens(1_000, 6));
}

#[test]
fn what_is_missing_or_does_not_fit_is_a_fault_and_never_health() {
    let reason = |account: &Account| account.facts().standing.unwrap_err().reason;
    let account = borrower(tokens(1_000, 6));
    let unpriced = with(&account, |comptroller| comptroller.markets[ETH].price = None);
    assert_eq!(reason(&unpriced), GapReason::Missing);
    assert_eq!(unpriced.facts().owes, Some(true));
    assert_eq!(unpriced.liquidation(), None);
    let huge = with(&account, |comptroller| comptroller.markets[USDC].price = Some(U256::MAX));
    assert_eq!(reason(&huge), GapReason::Malformed);
    let outside = Account { positions: vec![part(USDC, 0, U256::ONE, false)], ..account.clone() };
    assert_eq!(reason(&outside), GapReason::Malformed);
    let twice = Account { positions: vec![account.positions[0]; 2], ..account.clone() };
    assert_eq!(reason(&twice), GapReason::Malformed);
    let unknown = Account { positions: vec![part(9, 1, U256::ZERO, true)], ..account };
    assert_eq!(reason(&unknown), GapReason::Malformed);
    assert_eq!(unknown.facts().unreadable_parts, 1);
}

#[test]
fn changes_do_what_the_ctokens_would() {
    let account = borrower(tokens(10_000, 6));
    let after = |change| account.changed(&change).unwrap();
    let owed = |account: &Account| account.positions[1].owed;
    assert_eq!(owed(&after(Change::Repay { asset: asset(3), amount: tokens(4_000, 6) })), tokens(6_000, 6));
    assert_eq!(owed(&after(Change::Repay { asset: asset(3), amount: U256::MAX })), U256::ZERO);
    assert_eq!(
        owed(&after(Change::Borrow { asset: asset(3), amount: U256::ONE })),
        tokens(10_000, 6) + U256::ONE
    );
    let all = after(Change::Withdraw { asset: asset(1), amount: tokens(10, 18) });
    assert_eq!(all.positions[0].c_tokens, U256::ZERO);
    let none = after(Change::Withdraw { asset: asset(1), amount: U256::from(199_999_999) });
    assert_eq!(none.positions[0].c_tokens, tokens(500, 8), "less than one cToken burns none");
    let more = after(Change::Supply { asset: asset(2), amount: tokens(1, 7) });
    assert_eq!((more.positions[2].c_tokens, more.positions[2].is_entered), (tokens(5, 8), true));
    assert!(account.changed(&Change::EMode(1)).is_err());
    assert!(account.changed(&Change::Repay { asset: asset(77), amount: U256::ONE }).is_err());
    assert!(account.changed(&Change::Borrow { asset: asset(3), amount: U256::MAX }).is_err());
}

#[test]
fn of_two_markets_of_one_underlying_a_change_takes_the_one_that_the_wallet_uses() {
    let old = account(vec![part(3, 0, tokens(1, 8), true), part(ETH, 500, U256::ZERO, true)]);
    let old = with(&old, |comptroller| {
        let mut legacy = market(2, "WBTC", 8, 60_000, 0);
        legacy.c_token = Address::repeat_byte(9);
        comptroller.markets.push(legacy);
    });
    let repaid = old.changed(&Change::Repay { asset: asset(2), amount: U256::MAX }).unwrap();
    assert_eq!(repaid.facts().owes, Some(false));
    let supplied = old.changed(&Change::Supply { asset: asset(2), amount: tokens(1, 8) }).unwrap();
    assert_eq!(supplied.positions[2].market, WBTC, "the one that counts as collateral");
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
        c_tokens in 1_u64..1_000_000, usdc in 1_u64..1_000_000_000, more in 1_u64..1_000_000, factor in 0.01_f64..0.99,
    ) {
        let positions = vec![part(ETH, c_tokens, U256::ZERO, true), part(USDC, 0, U256::from(usdc), true)];
        let before = account(positions);
        let owing = before.changed(&Change::Borrow { asset: asset(3), amount: U256::from(more) }).unwrap();
        let backed = before.changed(&Change::Supply { asset: asset(1), amount: tokens(more, 12) }).unwrap();
        let cheaper = before.repriced(&|one| if *one == asset(1) { factor } else { 1.0 });
        let here = health(&before.facts());
        prop_assert!(health(&owing.facts()) <= here);
        prop_assert!(health(&backed.facts()) >= here);
        prop_assert!(health(&cheaper.facts()) <= here);
    }

    #[test]
    fn a_liquidation_takes_no_more_than_there_is_and_only_from_the_liquidatable(
        ether in 1_u64..10_000, usdc in 1_u64..10_000_000, wbtc in 0_u64..1_000,
    ) {
        let account = account(vec![
            part(ETH, ether, U256::ZERO, true),
            part(USDC, 0, tokens(usdc, 6), true),
            part(WBTC, wbtc, U256::ZERO, false),
        ]);
        let facts = account.facts();
        let liquidation = account.liquidation();
        prop_assert_eq!(liquidation.is_some(), facts.standing.unwrap().is_liquidatable);
        if let Some(one) = liquidation {
            let held = facts.parts.iter().find(|part| part.asset == one.collateral_asset).unwrap().supplied;
            prop_assert!(one.seized <= held && one.protocol_fee <= one.seized);
            prop_assert!(one.repaid * U256::from(2) <= tokens(usdc, 6));
            prop_assert!(one.seized_value >= one.repaid_value);
        }
    }

    #[test]
    fn no_numbers_make_it_panic(
        rate in any::<[u64; 4]>(), price in any::<[u64; 4]>(), tokens in any::<[u64; 4]>(), owed in any::<[u64; 4]>(),
    ) {
        let wild = with(&borrower(U256::from_limbs(owed)), |comptroller| {
            comptroller.markets[ETH].exchange_rate = U256::from_limbs(rate);
            comptroller.markets[USDC].price = Some(U256::from_limbs(price));
        });
        let mut wild = wild;
        wild.positions[0].c_tokens = U256::from_limbs(tokens);
        let _ = (wild.facts(), wild.liquidation(), wild.repriced(&|_| 1e300).facts());
    }
}
