//! Positions in liquidity pools: seen through to their tokens, and counted at the least that they are worth.

use risk_model::AlertKind;

use super::*;
use crate::alarm::Condition;
use crate::pool::{PoolPosition, PoolToken};
use crate::report::PoolReport;
use crate::uniswap::tick::sqrt_ratio_at;
use crate::uniswap::{Pool, Position, TickState};

/// The tick at which a WETH (18 decimals, first) is 2,000 USDC (6 decimals, second), within a ten-thousandth.
const FAIR: i32 = -200_311;

fn edge(tick: i32) -> TickState {
    TickState { tick, fee_growth_outside: [U256::ZERO; 2] }
}

fn token(byte: u8, symbol: &str, decimals: u8) -> PoolToken {
    PoolToken { asset: asset(byte), symbol: symbol.into(), decimals }
}

/// A position around the fair price in a pool whose price is at a tick, with a WETH and a dollar of fees owed.
fn liquidity(tick: i32) -> Position {
    let pool = Pool {
        chain: ChainId::Ethereum,
        address: risk_model::Address::repeat_byte(0x88),
        fee_pips: 500,
        tokens: [token(1, "WETH", 18), token(3, "USDC", 6)],
        sqrt_price: sqrt_ratio_at(tick).unwrap(),
        tick,
        fee_growth_global: [U256::ZERO; 2],
        average_tick: Some(FAIR),
        block: block(),
    };
    Position {
        pool: Arc::new(pool),
        token_id: U256::from(1),
        liquidity: 5_000_000_000_000_000,
        lower: edge(FAIR - 2_000),
        upper: edge(FAIR + 2_000),
        fee_growth_inside_last: [U256::ZERO; 2],
        tokens_owed: [1_000_000_000_000_000_000, 1_000_000],
    }
}

fn wallet_with(position: Position) -> WalletPositions {
    WalletPositions { pools: vec![PoolPosition::UniswapV3(position)], ..positions(vec![], vec![]) }
}

fn only(report: &Report) -> &PoolReport {
    let [pool] = &report.pools[..] else { panic!("{:?}", report.pools) };
    pool
}

fn known(figure: &Figure<Usd>) -> f64 {
    figure.known().unwrap().value()
}

#[test]
fn a_position_is_seen_through_to_its_tokens() {
    let report = report(&wallet_with(liquidity(FAIR)), &market_data());
    assert_eq!(report.gaps, []);
    let pool = only(&report);
    let (value, claim) = (known(&pool.value), known(&pool.claim_value));
    assert!(value <= claim && claim / value - 1.0 < 1e-6, "{value} {claim}");
    assert!((known(&pool.fees_value) - 2_001.0).abs() < 1e-9);
    assert!((known(&report.portfolio_value) / value - 1.0).abs() < 1e-12);
    let shares = report.concentration.by_asset.known().unwrap();
    assert_eq!(shares.iter().map(|(asset, ..)| *asset).collect::<Vec<_>>(), [asset(1), asset(3)]);
    let by_protocol = report.concentration.by_protocol.known().unwrap();
    assert_eq!(by_protocol.shares, [("uniswap_v3".to_owned(), 1.0)]);
    assert!(known(&report.market.var_99) > 0.01 * value);
    let range = pool.range.as_ref().unwrap();
    assert!(range.is_in_range && range.lower < 2_000.0 && range.upper > 2_000.0, "{range:?}");
    assert!((range.price / 2_000.0 - 1.0).abs() < 1e-4, "{range:?}");
    assert_eq!(range.market_price, Figure::Known(2_000.0));
}

#[test]
fn a_pool_that_was_moved_away_from_the_market_is_named_and_changes_no_figure() {
    let honest = report(&wallet_with(liquidity(FAIR)), &market_data());
    for tick in [FAIR - 6_000, FAIR - 1_000, FAIR + 1_000, FAIR + 6_000] {
        let moved = report(&wallet_with(liquidity(tick)), &market_data());
        assert_eq!(names(&moved, Affects::Confirmation).len(), 1);
        assert_eq!(names(&moved, Affects::Confirmation)[0].1, GapReason::Divergent);
        assert_eq!(moved.portfolio_value, honest.portfolio_value);
        assert_eq!(moved.score, honest.score);
        assert!(known(&only(&moved).claim_value) > known(&only(&honest).claim_value));
    }
}

#[test]
fn an_average_away_from_the_market_is_named_too() {
    let mut position = liquidity(FAIR);
    Arc::make_mut(&mut position.pool).average_tick = Some(FAIR + 700);
    let report = report(&wallet_with(position), &market_data());
    let named = names(&report, Affects::Confirmation);
    assert!(
        named.len() == 1 && named[0].0.starts_with("30-minute average price of uniswap_v3:"),
        "{named:?}"
    );
}

#[test]
fn a_token_without_a_price_leaves_the_value_unknown_and_the_amounts_told() {
    let mut data = market_data();
    data.quotes.remove(&asset(3));
    let report = report(&wallet_with(liquidity(FAIR)), &data);
    assert!(matches!(report.portfolio_value, Figure::Unknown(_)));
    assert!(matches!(only(&report).value, Figure::Unknown(_)));
    assert!(
        only(&report).legs.iter().all(|leg| leg.amount.known().is_some() && leg.counted.known().is_none())
    );
    assert_eq!(report.components.concentration, Range::UNKNOWN);
    assert_eq!(report.level, RiskLevel::Unknown);
}

#[test]
fn an_impossible_position_is_a_gap_and_no_zero() {
    let mut position = liquidity(FAIR);
    position.upper = edge(FAIR - 3_000);
    let report = report(&wallet_with(position), &market_data());
    assert_eq!(names(&report, Affects::Value)[0].1, GapReason::Malformed);
    assert!(matches!(report.net_worth, Figure::Unknown(_)));
    assert!(only(&report).legs.iter().all(|leg| leg.amount.known().is_none() && leg.price.known().is_some()));
}

#[test]
fn a_position_of_an_old_block_is_not_taken_for_the_present() {
    let mut position = liquidity(FAIR);
    Arc::make_mut(&mut position.pool).block.timestamp = Timestamp::new(now().seconds() - 3_600);
    let report = report(&wallet_with(position), &market_data());
    assert_eq!(names(&report, Affects::Value)[0].1, GapReason::Stale);
    assert!(matches!(report.portfolio_value, Figure::Unknown(_)));
}

#[test]
fn a_stablecoin_in_a_pool_is_watched_for_its_peg() {
    let condition = |usd: f64| {
        let mut data = market_data();
        data.quotes.insert(asset(3), quote(usd));
        let report = report(&wallet_with(liquidity(FAIR)), &data);
        let signals = crate::alarm::signals(
            &report,
            &crate::alarm::Memory::default(),
            &crate::alarm::Thresholds::default(),
        );
        let is_peg = |signal: &&crate::alarm::Signal| signal.identity.kind == AlertKind::StablecoinDepeg;
        signals.iter().find(is_peg).unwrap().condition.clone()
    };
    assert!(matches!(condition(0.9), Condition::Firing { .. }), "{:?}", condition(0.9));
    assert!(!matches!(condition(1.0), Condition::Firing { .. }), "{:?}", condition(1.0));
}
