//! Account maths against a second computation of the same rules in arbitrary-precision integers, and its edges.

use proptest::prelude::*;
use risk_model::Timestamp;

use super::interest::{compounded_binomial, compounded_taylor, linear};
use super::*;
use crate::specimen::{USDC, WBTC, WETH, borrower, debt, market, supply, tokens};

mod configurations;
mod liquidation;
mod recorded;
mod second;

fn number(text: &str) -> U256 {
    text.parse().unwrap()
}

/// Three reserves with odd indices and ages; WETH is in e-mode 1.
fn odd_market(rounding: Rounding) -> Market {
    let mut market = Market { rounding, ..market() };
    let block = market.block.timestamp.seconds();
    let state = [
        (
            "1027331203847102938471029384",
            "25433120938471029384710293",
            "1051203948710293847102938471",
            "31203948710293847102938471",
            1_234_567,
            213_377_700_000_u64,
        ),
        (
            "1000203948710293847102938471",
            "203948710293847102938471",
            "1011203948710293847102938471",
            "11203948710293847102938471",
            86_399,
            6_512_345_900_000,
        ),
        (
            "1101203948710293847102938471",
            "41203948710293847102938471",
            "1151203948710293847102938471",
            "61203948710293847102938471",
            12,
            99_987_654,
        ),
    ];
    for (reserve, (index, rate, debt_index, debt_rate, age, price)) in market.reserves.iter_mut().zip(state) {
        reserve.liquidity_index = number(index);
        reserve.liquidity_rate = number(rate);
        reserve.variable_borrow_index = number(debt_index);
        reserve.variable_borrow_rate = number(debt_rate);
        reserve.last_update = block - age;
        reserve.price = Some(U256::from(price));
    }
    market
}

fn odd_position(e_mode: u8) -> Position {
    let mut wbtc = supply(WBTC, U256::from(98_765_432));
    wbtc.scaled_variable_debt = U256::from(1_234);
    let usdc = debt(USDC, U256::from(43_210_987_654_u64));
    Position { e_mode, reserves: vec![supply(WETH, number("12345678901234567890")), wbtc, usdc] }
}

/// Rounding, e-mode, then collateral, debt, available borrows, threshold, LTV, and the health factor.
const INDEPENDENT: [(Rounding, u8, [u64; 5], &str); 4] = [
    (
        Rounding::AgainstUser,
        0,
        [9_142_247_406_061, 4_973_933_203_896, 1_902_865_294_943, 7_948, 7_522],
        "1460896629066967914",
    ),
    (
        Rounding::AgainstUser,
        1,
        [9_142_247_406_061, 4_973_933_203_896, 2_159_762_447_053, 8_244, 7_803],
        "1515360277248754840",
    ),
    (
        Rounding::HalfUp,
        0,
        [9_142_247_406_061, 4_973_933_203_794, 1_902_865_295_045, 7_948, 7_522],
        "1460867675664495864",
    ),
    (
        Rounding::HalfUp,
        1,
        [9_142_247_406_061, 4_973_933_203_794, 2_159_762_447_155, 8_244, 7_803],
        "1515273416982771835",
    ),
];

#[test]
fn the_account_equals_an_independent_integer_computation_in_both_generations() {
    for (rounding, e_mode, [collateral, debt, available, threshold, ltv], factor) in INDEPENDENT {
        let data = account_data(&odd_market(rounding), &odd_position(e_mode)).unwrap();
        let seen = [
            data.total_collateral_base,
            data.total_debt_base,
            data.available_borrows_base,
            data.current_liquidation_threshold,
            data.ltv,
        ];
        assert_eq!(
            seen,
            [collateral, debt, available, threshold, ltv].map(U256::from),
            "{rounding:?} {e_mode}"
        );
        assert_eq!(data.health_factor, number(factor), "{rounding:?} {e_mode}");
    }
}

#[test]
fn the_two_forms_of_compounding_equal_an_independent_computation() {
    let (rate, seconds) = (number("31203948710293847102938471"), U256::from(1_234_567));
    assert_eq!(compounded_taylor(rate, seconds).unwrap(), number("1001222314319560170788405247"));
    assert_eq!(compounded_binomial(rate, seconds).unwrap(), number("1001222314015146127637767142"));
    assert_eq!(linear(U256::ZERO, seconds).unwrap(), RAY);
}

#[test]
fn exactly_one_is_not_liquidatable_and_one_unit_less_is() {
    let factor = |usdc| account_data(&market(), &borrower(usdc)).unwrap().health_factor;
    assert_eq!(factor(16_600), WAD);
    assert!(factor(16_601) < WAD);
}

#[test]
fn without_debt_the_factor_is_the_contracts_largest_number() {
    let position = Position { e_mode: 0, reserves: vec![supply(WETH, tokens(1, 18))] };
    assert_eq!(account_data(&market(), &position).unwrap().health_factor, U256::MAX);
    assert_eq!(account_data(&market(), &Position::default()).unwrap().health_factor, U256::MAX);
}

#[test]
fn a_supply_that_is_not_flagged_is_no_collateral_and_needs_no_price() {
    let mut position = borrower(1_000);
    position.reserves[0].is_collateral = false;
    let mut market = market();
    market.reserves[WETH].price = None;
    let data = account_data(&market, &position).unwrap();
    assert_eq!(data.total_collateral_base, U256::ZERO);
    assert_eq!(data.health_factor, U256::ZERO);
}

#[test]
fn a_base_threshold_of_zero_counts_inside_an_e_mode_since_the_decoupling_only() {
    let factor = |rounding, revision| {
        let mut market = Market { rounding, revision, ..market() };
        market.reserves[WETH].liquidation_threshold_bps = 0;
        market.reserves[WETH].ltv_bps = 0;
        account_data(&market, &Position { e_mode: 1, ..borrower(10_000) }).unwrap().health_factor
    };
    let with_e_mode = U256::from(1_860_000_000_000_000_000_u64);
    assert_eq!(factor(Rounding::AgainstUser, Some(11)), with_e_mode);
    assert_eq!(factor(Rounding::AgainstUser, None), with_e_mode);
    assert_eq!(factor(Rounding::AgainstUser, Some(9)), U256::ZERO);
    assert_eq!(factor(Rounding::HalfUp, Some(7)), U256::ZERO);
}

#[test]
fn what_is_flagged_counts_in_the_total_without_a_threshold_since_the_decoupling_only() {
    let total = |rounding, revision| {
        let mut market = Market { rounding, revision, ..market() };
        market.reserves[WETH].liquidation_threshold_bps = 0;
        let data = account_data(&market, &borrower(10_000)).unwrap();
        (data.total_collateral_base, data.health_factor)
    };
    let value = account_data(&market(), &borrower(10_000)).unwrap().total_collateral_base;
    assert_eq!(total(Rounding::AgainstUser, Some(10)), (value, U256::ZERO));
    assert_eq!(total(Rounding::AgainstUser, Some(9)), (U256::ZERO, U256::ZERO));
    assert_eq!(total(Rounding::HalfUp, Some(8)), (U256::ZERO, U256::ZERO));
}

#[test]
fn collateral_may_lend_nothing_in_an_e_mode_and_still_count_against_liquidation() {
    let mut market = market();
    let position = Position { e_mode: 1, ..borrower(10_000) };
    let before = account_data(&market, &position).unwrap();
    market.e_modes[0].ltv_zero_bitmap = 1 << market.reserves[WETH].id;
    let after = account_data(&market, &position).unwrap();
    assert_eq!((after.ltv, after.available_borrows_base), (U256::ZERO, U256::ZERO));
    assert!(before.ltv > U256::ZERO && after.health_factor == before.health_factor);
}

#[test]
fn a_reserve_outside_the_bitmap_keeps_its_own_threshold_in_an_e_mode() {
    let market = market();
    assert_eq!(threshold_bps(&market, 1, &market.reserves[WETH]), Ok(9_300));
    assert_eq!(threshold_bps(&market, 1, &market.reserves[WBTC]), Ok(7_800));
    assert_eq!(threshold_bps(&market, 0, &market.reserves[WETH]), Ok(8_300));
}

fn error_of(change: fn(&mut Market, &mut Position)) -> AccountError {
    let (mut market, mut position) = (market(), borrower(1_000));
    change(&mut market, &mut position);
    account_data(&market, &position).unwrap_err()
}

#[test]
fn what_is_missing_or_contradicts_itself_is_error_of() {
    assert_eq!(
        error_of(|market, _| market.reserves[WETH].price = None),
        AccountError::Unpriced { symbol: "WETH".into() }
    );
    assert_eq!(
        error_of(|market, _| market.reserves[USDC].price = Some(U256::ZERO)),
        AccountError::Unpriced { symbol: "USDC".into() }
    );
    assert_eq!(error_of(|_, position| position.e_mode = 9), AccountError::UnknownEMode { category: 9 });
    assert_eq!(error_of(|_, position| position.reserves[0].reserve = 99), AccountError::UnknownReserve);
}

#[test]
fn what_cannot_be_on_a_chain_is_error_of() {
    assert_eq!(
        error_of(|_, position| position.reserves[0].reserve = USDC),
        AccountError::RepeatedReserve { symbol: "USDC".into() }
    );
    assert_eq!(
        error_of(|market, _| market.reserves[WETH].last_update += 1_000),
        AccountError::BlockBeforeUpdate { symbol: "WETH".into() }
    );
    assert_eq!(
        error_of(|_, position| position.reserves[0].scaled_a_token = U256::MAX),
        AccountError::Overflow { symbol: "WETH".into() }
    );
    assert_eq!(
        error_of(|market, _| market.reserves[WETH].decimals = 255),
        AccountError::Overflow { symbol: "WETH".into() }
    );
}

fn hostile() -> impl Strategy<Value = U256> {
    prop_oneof![
        Just(U256::ZERO),
        Just(U256::ONE),
        Just(U256::MAX),
        any::<u64>().prop_map(U256::from),
        any::<[u64; 4]>().prop_map(U256::from_limbs),
        (0_u32..256).prop_map(|bit| U256::ONE << bit),
    ]
}

proptest! {
    #[test]
    fn no_number_makes_it_panic(
        numbers in prop::collection::vec(hostile(), 8), decimals: u8, update in 0_u64..=u64::MAX, time in 0_u64..=u64::MAX,
        threshold: u16, id: u16, e_mode: u8, half_up: bool, flagged: bool,
    ) {
        let mut market = market();
        market.rounding = if half_up { Rounding::HalfUp } else { Rounding::AgainstUser };
        market.block.timestamp = Timestamp::new(time);
        let reserve = &mut market.reserves[WETH];
        reserve.id = id;
        reserve.decimals = decimals;
        reserve.last_update = update;
        reserve.liquidation_threshold_bps = threshold;
        [reserve.liquidity_index, reserve.liquidity_rate, reserve.variable_borrow_index, reserve.variable_borrow_rate] =
            [numbers[0], numbers[1], numbers[2], numbers[3]];
        reserve.price = Some(numbers[4]);
        market.base_unit = numbers[5];
        let part = ReservePosition { reserve: WETH, scaled_a_token: numbers[6], scaled_variable_debt: numbers[7], stable_debt: None, is_collateral: flagged };
        let _ = account_data(&market, &Position { e_mode, reserves: vec![part] });
    }

    #[test]
    fn the_factor_never_rises_with_the_debt_and_never_falls_with_a_collateral_price(
        weth in 0_u64..1_000_000, usdc in 1_u64..1_000_000_000, more in 0_u64..1_000_000, price in 1_u64..100_000, half_up: bool,
    ) {
        let rounding = if half_up { Rounding::HalfUp } else { Rounding::AgainstUser };
        let factor = |usdc: u64, price: u64| {
            let mut market = odd_market(rounding);
            market.reserves[WETH].price = Some(U256::from(price));
            let parts = vec![supply(WETH, U256::from(weth)), supply(WBTC, U256::from(5)), debt(USDC, U256::from(usdc))];
            account_data(&market, &Position { e_mode: 0, reserves: parts }).unwrap().health_factor
        };
        prop_assert!(factor(usdc + more, price) <= factor(usdc, price));
        if !half_up {
            // The older generation cuts the average threshold, which may rise when a price falls.
            prop_assert!(factor(usdc, price + more) >= factor(usdc, price));
        }
    }

    #[test]
    fn the_order_of_the_parts_changes_nothing(swap in 0_usize..3) {
        let mut position = odd_position(1);
        let straight = account_data(&odd_market(Rounding::AgainstUser), &position).unwrap();
        position.reserves.rotate_left(swap);
        prop_assert_eq!(account_data(&odd_market(Rounding::AgainstUser), &position).unwrap(), straight);
    }
}

#[test]
fn a_change_is_scaled_as_the_generation_does_it() {
    use crate::lending::{Change, Lending};
    // 7 units at these indexes are 6.81 scaled deposits and 6.08 scaled debts.
    let scaled = |rounding, change: Change| {
        let market = Arc::new(odd_market(rounding));
        let account = Account { market, position: odd_position(0) };
        let changed = account.changed(&change).unwrap().position.reserves;
        let pairs = account.position.reserves.iter().zip(&changed);
        let moved = pairs.map(|(before, after)| {
            before.scaled_a_token.abs_diff(after.scaled_a_token)
                + before.scaled_variable_debt.abs_diff(after.scaled_variable_debt)
        });
        moved.fold(U256::ZERO, |sum, one| sum + one).to::<u64>()
    };
    let (deposit, debt) = (crate::specimen::asset(1), crate::specimen::asset(3));
    let amount = U256::from(7);
    let changes = [
        Change::Supply { asset: deposit, amount },
        Change::Withdraw { asset: deposit, amount },
        Change::Borrow { asset: debt, amount },
        Change::Repay { asset: debt, amount },
    ];
    assert_eq!(changes.map(|change| scaled(Rounding::AgainstUser, change)), [6, 7, 7, 6]);
    assert_eq!(changes.map(|change| scaled(Rounding::HalfUp, change)), [7, 7, 6, 6]);
}
