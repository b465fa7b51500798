//! Which model answers which account, and what it needs.

use super::*;
use crate::liquidation::Carry;
use crate::specimen::WBTC;

fn of(position: crate::aave::Position, data: &MarketData) -> Report {
    report(&positions(vec![account(market(), position)], vec![]), data)
}

fn two_collaterals(usdc: u64) -> crate::aave::Position {
    aave_position(vec![supply(WETH, tokens(5, 18)), supply(WBTC, tokens(1, 7)), debt(USDC, tokens(usdc, 6))])
}

#[test]
fn several_assets_are_simulated_on_hourly_paths_and_say_so() {
    let report = of(two_collaterals(11_000), &market_data());
    let account = &report.accounts[0];
    let model = account.probability_model.as_ref().unwrap();
    assert_eq!(model.name, "filtered_historical");
    assert!(model.parameters.contains(&("paths", 2_048.0)) && model.parameters.contains(&("seed", 1.0)));
    let (day, week) = (account.probability_24h.known().unwrap(), account.probability_7d.known().unwrap());
    assert!(day.value <= week.value && week.low < week.high, "{day:?} {week:?}");
    let moves = account.worst_move.known().unwrap();
    assert!(
        moves.iter().any(|(asset, change)| *asset == crate::specimen::asset(1) && *change < 0.0),
        "{moves:?}"
    );
}

#[test]
fn a_simulation_without_hourly_closes_is_unknown_and_open_upward_and_nothing_stands_in() {
    let mut data = market_data();
    data.hourly.remove(&crate::specimen::asset(2));
    let account = of(two_collaterals(11_000), &data).accounts.remove(0);
    assert!(matches!(account.probability_24h, Figure::Unknown(_)) && account.probability_model.is_none());
    assert!((account.score.at_most - 100.0).abs() < 1e-12, "{:?}", account.score);
    assert!(account.distance_sigmas.known().is_some(), "daily closes are enough for the distance");
    // One against one needs none.
    let pair = of(borrower(13_000), &data).accounts.remove(0);
    assert_eq!(pair.probability_model.unwrap().name, "closed_form");
}

#[test]
fn a_loop_of_dollars_is_answered_by_jumps_and_never_by_its_stillness() {
    let mut loops = market();
    loops.reserves[WBTC].symbol = "USDT".into();
    loops.reserves[WBTC].price = Some(tokens(1, 8));
    let position = aave_position(vec![supply(USDC, tokens(14_000, 6)), debt(WBTC, tokens(10_000, 8))]);
    let report = report(&positions(vec![account(loops, position)], vec![]), &market_data());
    let account = &report.accounts[0];
    assert_eq!(account.probability_model.as_ref().unwrap().name, "depeg_jump");
    let week = account.probability_7d.known().unwrap();
    assert!(week.value > 0.002 && week.low < week.value && week.value < week.high, "{week:?}");
}

#[test]
fn interest_alone_has_its_time() {
    let mut costly = market();
    costly.reserves[USDC].variable_borrow_rate = crate::aave::RAY / risk_model::U256::from(10);
    let report = report(&positions(vec![account(costly, borrower(13_000))], vec![]), &market_data());
    let account = &report.accounts[0];
    let Figure::Known(Carry::Liquidates { years }) = account.carry else { panic!("{:?}", account.carry) };
    let wanted = account.health_factor.ratio().unwrap().ln() / 0.1;
    assert!((years / wanted - 1.0).abs() < 0.06, "{years} {wanted}");
}
