//! Liquidations of every generation against integers computed apart from them, and what no rule may break.

use proptest::prelude::*;
use risk_model::Protocol;

use super::*;
use crate::aave::Account;
use crate::lending::{Lending, Liquidation, Unit};
use crate::specimen::{asset, debt, market, supply, tokens};

/// A pool of one of the generations, with prices in dollars of 8 decimals.
fn pool(protocol: Protocol, revision: Option<u64>, rounding: Rounding) -> Market {
    Market { protocol, revision, rounding, ..market() }
}

fn newest() -> Market {
    pool(Protocol::AaveV3, Some(11), Rounding::AgainstUser)
}

/// One collateral of 18 decimals against one debt of 6.
fn taken(mut market: Market, threshold_bps: u16, [supplied, owed]: [U256; 2]) -> Option<Liquidation> {
    market.reserves[WETH].liquidation_threshold_bps = threshold_bps;
    let position = Position { e_mode: 0, reserves: vec![supply(WETH, supplied), debt(USDC, owed)] };
    Account { market: Arc::new(market), position }.liquidation()
}

/// $24,000 of a collateral with a bonus of 5 % and a fee of 10 % against $20,000.
fn example(market: Market, threshold_bps: u16) -> Liquidation {
    taken(market, threshold_bps, [tokens(12, 18), tokens(20_000, 6)]).unwrap()
}

/// Threshold × 24 ÷ 20: health factors of about 0.98 and 0.94.
const EARLY: u16 = 8_167;
const LATE: u16 = 7_833;

fn near(seen: f64, wanted: f64) {
    assert!((seen - wanted).abs() < 1e-6, "{seen} is not {wanted}");
}

#[test]
fn the_reference_example_repays_half_over_0_95_and_all_under_it() {
    for rounding in [Rounding::HalfUp, Rounding::AgainstUser] {
        for (protocol, revision) in
            [(Protocol::AaveV3, 3), (Protocol::AaveV3, 7), (Protocol::AaveV3, 11), (Protocol::Spark, 4)]
        {
            let market = || pool(protocol, Some(revision), rounding);
            let early = example(market(), EARLY);
            near(early.repaid_value, 10_000.0);
            near(early.seized_value, 10_500.0);
            near(early.liquidator_value - early.repaid_value, 450.0);
            let late = example(market(), LATE);
            near(late.repaid_value, 20_000.0);
            near(late.seized_value - late.repaid_value, 1_000.0);
        }
    }
}

#[test]
fn v2_never_lets_more_than_half_be_repaid_and_keeps_no_fee() {
    let mut market = pool(Protocol::AaveV2, None, Rounding::PerSecond);
    market.reserves[WETH].liquidation_protocol_fee_bps = Some(0);
    let late = example(market, LATE);
    near(late.repaid_value, 10_000.0);
    near(late.liquidator_value, 10_500.0);
    assert_eq!(late.protocol_fee, U256::ZERO);
}

/// Revision, rounding, then repaid, seized and fee at about 0.98, and at about 0.94.
type Case = (Protocol, Option<u64>, Rounding, [u64; 3], [u64; 3]);

/// Computed from the contracts' source in arbitrary-precision integers elsewhere.
const INDEPENDENT: [Case; 6] = [
    (
        Protocol::AaveV2,
        None,
        Rounding::PerSecond,
        [9_938_271_606, 4_905_285_033_060_306_661, 0],
        [9_938_271_606, 4_905_285_033_060_306_661, 0],
    ),
    (
        Protocol::AaveV3,
        Some(3),
        Rounding::HalfUp,
        [9_938_271_606, 4_905_285_033_060_306_661, 30_848_689_090_231_344],
        [19_876_543_211, 9_810_570_065_627_038_059, 61_697_378_177_358_658],
    ),
    (
        Protocol::Spark,
        Some(4),
        Rounding::HalfUp,
        [9_938_271_606, 4_905_285_033_060_306_661, 30_848_689_090_231_344],
        [19_876_543_211, 9_810_570_065_627_038_059, 61_697_378_177_358_658],
    ),
    (
        Protocol::AaveV3,
        Some(7),
        Rounding::HalfUp,
        [9_938_271_605, 4_905_285_032_566_731_397, 30_848_689_087_127_314],
        [19_876_543_211, 9_810_570_065_627_038_059, 61_697_378_177_358_658],
    ),
    (
        Protocol::AaveV3,
        Some(9),
        Rounding::AgainstUser,
        [9_938_271_605, 4_905_285_032_566_731_397, 30_848_689_087_127_314],
        [19_876_543_211, 9_810_570_065_627_038_059, 61_697_378_177_358_658],
    ),
    (
        Protocol::AaveV3,
        Some(11),
        Rounding::AgainstUser,
        [9_938_271_605, 4_905_285_032_566_731_396, 30_848_689_087_127_315],
        [19_876_543_211, 9_810_570_065_627_038_059, 61_697_378_177_358_659],
    ),
];

/// A bonus of 5.37 %, a fee of 12.34 % and prices that divide badly.
fn odd((protocol, revision, rounding): (Protocol, Option<u64>, Rounding)) -> Market {
    let mut market = pool(protocol, revision, rounding);
    market.reserves[WETH].price = Some(U256::from(213_456_789_012_u64));
    market.reserves[USDC].price = Some(U256::from(99_987_654_u64));
    market.reserves[WETH].liquidation_bonus_bps = 10_537;
    let fee = if protocol == Protocol::AaveV2 { 0 } else { 1_234 };
    market.reserves[WETH].liquidation_protocol_fee_bps = Some(fee);
    market
}

fn moved(liquidation: &Liquidation) -> [U256; 3] {
    [liquidation.repaid, liquidation.seized, liquidation.protocol_fee]
}

#[test]
fn what_is_repaid_and_seized_equals_an_independent_computation_in_every_generation() {
    let amounts = [number("9876543210987654321"), U256::from(19_876_543_211_u64)];
    for (protocol, revision, rounding, early, late) in INDEPENDENT {
        let market = || odd((protocol, revision, rounding));
        let of = |threshold| moved(&taken(market(), threshold, amounts).unwrap());
        assert_eq!(of(9_238), early.map(U256::from), "{protocol} {revision:?}");
        assert_eq!(of(8_862), late.map(U256::from), "{protocol} {revision:?}");
    }
}

#[test]
fn a_collateral_that_is_worth_less_is_taken_whole_and_repays_what_it_pays_for() {
    let amounts = |owed| [number("9300000000000000001"), U256::from(owed)];
    let debt = 19_876_543_211_u64;
    for (protocol, revision, rounding, fee, owed) in [
        (Protocol::AaveV2, None, Rounding::PerSecond, 0_u64, 3 * debt),
        (Protocol::AaveV3, Some(3), Rounding::HalfUp, 58_486_470_532_409_604, debt),
        (Protocol::AaveV3, Some(7), Rounding::HalfUp, 58_486_470_532_409_604, debt),
        (Protocol::AaveV3, Some(11), Rounding::AgainstUser, 58_486_470_532_409_605, debt),
    ] {
        let seen = taken(odd((protocol, revision, rounding)), 8_000, amounts(owed)).unwrap();
        let wanted = [U256::from(18_842_111_174_u64), amounts(owed)[0], U256::from(fee)];
        assert_eq!(moved(&seen), wanted, "{protocol} {revision:?}");
    }
}

#[test]
fn the_cap_is_half_of_the_whole_position_since_3_3_and_half_of_the_reserve_before() {
    let owed = |market: Market| {
        let mut market = market;
        market.reserves[WETH].liquidation_threshold_bps = EARLY;
        let reserves =
            vec![supply(WETH, tokens(12, 18)), debt(USDC, tokens(8_000, 6)), debt(WBTC, tokens(2, 7))];
        Account { market: Arc::new(market), position: Position { e_mode: 0, reserves } }
            .liquidation()
            .unwrap()
    };
    // $8,000 and $12,000: either may be repaid up to $10,000 of the $20,000, so the $12,000 costs the wallet most.
    let new = owed(newest());
    assert_eq!((new.debt_asset, new.repaid), (asset(2), U256::from(16_666_666)));
    let old = owed(pool(Protocol::AaveV3, Some(3), Rounding::HalfUp));
    assert_eq!((old.debt_asset, old.repaid), (asset(2), tokens(1, 7)));
}

#[test]
fn a_small_position_may_be_repaid_whole_at_once_since_3_3() {
    let amounts = [tokens(1, 18), tokens(1_700, 6)];
    let all = taken(newest(), 8_300, amounts).unwrap();
    assert_eq!(all.repaid, amounts[1]);
    let half = taken(pool(Protocol::Spark, Some(4), Rounding::HalfUp), 8_300, amounts).unwrap();
    assert_eq!(half.repaid, tokens(850, 6));
}

#[test]
fn dust_is_left_on_neither_side_since_3_3() {
    // $2,050 against $2,010: half repaid would leave $995 of the collateral, so only as much as leaves $1,000 may be.
    let mut market = newest();
    market.reserves[WETH].price = Some(U256::from(2_050) * U256::from(100_000_000));
    let amounts = [tokens(1, 18), tokens(2_010, 6)];
    let seen = taken(market.clone(), 9_700, amounts).unwrap();
    assert_eq!(seen.repaid, U256::from(1_000_000_000));
    near(2_050.0 - seen.seized_value, 1_000.0);
    // Before 3.3 half is half.
    let old = Market { revision: Some(3), rounding: Rounding::HalfUp, ..market };
    assert_eq!(taken(old, 9_700, amounts).unwrap().repaid, tokens(1_005, 6));
}

#[test]
fn the_e_modes_bonus_applies_to_its_own_collateral() {
    let mut market = newest();
    market.e_modes[0].liquidation_threshold_bps = EARLY;
    let reserves = vec![supply(WETH, tokens(12, 18)), debt(USDC, tokens(20_000, 6))];
    let position = Position { e_mode: 1, reserves };
    let seen = Account { market: Arc::new(market), position }.liquidation().unwrap();
    near(seen.seized_value, 10_100.0);
}

#[test]
fn a_pair_that_is_paused_or_no_collateral_cannot_be_liquidated() {
    let change = |change: fn(&mut Market)| {
        let mut market = newest();
        change(&mut market);
        taken(market, LATE, [tokens(12, 18), tokens(20_000, 6)])
    };
    assert!(change(|_| ()).is_some());
    assert_eq!(change(|market| market.reserves[USDC].is_paused = true), None);
    assert_eq!(change(|market| market.reserves[WETH].is_active = false), None);
    assert_eq!(change(|market| market.reserves[WETH].price = None), None);
    assert_eq!(change(|market| market.reserves[WETH].liquidation_protocol_fee_bps = None), None);
    assert_eq!(taken(newest(), 8_400, [tokens(12, 18), tokens(20_000, 6)]), None);
}

#[test]
fn the_value_of_an_ether_market_is_in_ether() {
    let mut market = pool(Protocol::AaveV2, None, Rounding::PerSecond);
    market.unit = Unit::Asset(risk_model::Asset::native(risk_model::ChainId::Ethereum));
    market.base_unit = WAD;
    market.reserves[WETH].price = Some(WAD);
    market.reserves[USDC].price = Some(WAD / U256::from(2_000));
    market.reserves[WETH].liquidation_protocol_fee_bps = Some(0);
    let seen = taken(market, LATE, [tokens(12, 18), tokens(20_000, 6)]).unwrap();
    near(seen.repaid_value, 5.0);
    near(seen.seized_value, 5.25);
}

proptest! {
    #[test]
    fn nothing_is_taken_that_is_not_there_and_the_owner_never_gains(
        supplied in 1_u64..1_000_000_000, other in 0_u64..1_000_000_000, owed in 1_u64..2_000_000_000,
        price in 1_u64..1_000_000_000_000, bonus in 10_000_u16..12_000, fee in 0_u16..10_000, threshold in 1_u16..10_000, version in 0_usize..6,
    ) {
        let (protocol, revision, rounding, ..) = INDEPENDENT[version];
        let mut market = pool(protocol, revision, rounding);
        for reserve in [WETH, WBTC] {
            market.reserves[reserve].price = Some(U256::from(price));
            market.reserves[reserve].liquidation_bonus_bps = bonus;
            market.reserves[reserve].liquidation_protocol_fee_bps = Some(fee);
            market.reserves[reserve].liquidation_threshold_bps = threshold;
        }
        let milli = U256::from(10_u64.pow(12));
        let reserves = vec![
            supply(WETH, U256::from(supplied) * milli), supply(WBTC, U256::from(other)), debt(USDC, U256::from(owed) * U256::from(1_000)),
        ];
        let account = Account { market: Arc::new(market), position: Position { e_mode: 0, reserves } };
        let facts = account.facts();
        let Some(found) = account.liquidation() else { return Ok(()) };
        prop_assert!(facts.standing.unwrap().is_liquidatable);
        let part = |asset| facts.parts.iter().find(|part| part.asset == asset).unwrap();
        prop_assert!(found.repaid <= part(found.debt_asset).owed);
        prop_assert!(found.seized <= part(found.collateral_asset).supplied);
        prop_assert!(found.protocol_fee <= found.seized);
        // A base unit of either token is what rounding may give.
        let grain = part(found.debt_asset).price.unwrap() / 1e6 + part(found.collateral_asset).price.unwrap() / 1e8;
        prop_assert!(found.seized_value >= found.repaid_value - 2.0 * grain);
    }
}

#[test]
fn the_fee_is_no_more_than_the_deposit_tokens_that_the_liquidators_part_leaves() {
    // Seen on a real pool: where all is seized, rounding up what is burned may leave a unit less than the fee.
    let index = "1027331203847102938471029384".parse().unwrap();
    let mut clipped = 0;
    for extra in 0..200_u64 {
        let mut market = newest();
        market.reserves[WETH].liquidity_index = index;
        let scaled = tokens(10, 18) + U256::from(extra * 7_919);
        let found = taken(market, LATE, [scaled, tokens(30_000, 6)]).unwrap();
        let balance = mul_div_floor(scaled, index, RAY).unwrap();
        let burned = |amount| fixed::mul_div_ceil(amount, RAY, index).unwrap();
        assert!(found.seized <= balance);
        assert!(burned(found.seized - found.protocol_fee) + burned(found.protocol_fee) <= scaled + U256::ONE);
        clipped += u32::from(found.seized < balance);
    }
    assert!((1..200).contains(&clipped), "{clipped}");
}
