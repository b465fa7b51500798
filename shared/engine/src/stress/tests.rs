//! Shocks by hand, and what no shock may do.

use risk_model::Range;

use super::*;
use crate::parameters::Parameters;
use crate::specimen::{
    TODAY, account, asset, borrower, closes, holding, market, market_data, now, positions, quote,
};
use crate::{assess, market::MarketData};

fn stressed(data: &MarketData, shock: &Shock, usdc: u64) -> (Report, StressReport) {
    let parameters = Parameters::default();
    let prepared = Prepared::new(data, now(), &parameters);
    let report = assess(&positions(vec![account(market(), borrower(usdc))], vec![]), &prepared);
    let stressed = apply(&report, shock, &prepared);
    (report, stressed)
}

fn shock(jump: Jump) -> Shock {
    Shock { name: "shock".to_owned(), jump, is_oracle_frozen: false }
}

fn usd(figure: &Figure<Usd>) -> f64 {
    figure.known().unwrap().value()
}

#[test]
fn a_crash_moves_what_is_at_risk_and_leaves_the_dollars() {
    // Ten WETH at $2,000 against 8,000 USDC: HF 16,600 ÷ 8,000.
    let (report, after) = stressed(&market_data(), &shock(Jump::Risk(0.7)), 8_000);
    assert!((usd(&after.change) + 6_000.0).abs() < 1e-6);
    assert!((usd(&after.net_worth) - 6_000.0).abs() < 1e-6);
    let ratio = after.health_factor.ratio().unwrap() / report.health_factor.ratio().unwrap();
    assert!((ratio - 0.7).abs() < 1e-12, "{ratio}");
    assert!(after.liquidated.is_empty());
    let (_, after) = stressed(&market_data(), &shock(Jump::Risk(0.4)), 8_000);
    assert!(after.health_factor.ratio().unwrap() < 1.0);
    assert_eq!(after.liquidated.len(), 1);
}

#[test]
fn a_frozen_oracle_hides_the_crash_from_the_protocol_only() {
    let frozen = Shock { is_oracle_frozen: true, ..shock(Jump::Risk(0.5)) };
    let (report, after) = stressed(&market_data(), &frozen, 9_000);
    assert_eq!(after.health_factor, report.health_factor);
    assert!((after.market_health_factor.ratio().unwrap() - 8_300.0 / 9_000.0).abs() < 1e-9);
    assert!(after.liquidated.is_empty());
    assert!((usd(&after.change) + 10_000.0).abs() < 1e-6);
}

#[test]
fn a_debt_that_loses_its_peg_helps_who_owes_it() {
    let jump = Jump::Assets(BTreeMap::from([(asset(3), 0.88)]));
    let (report, after) = stressed(&market_data(), &shock(jump), 8_000);
    assert!((usd(&after.change) - 960.0).abs() < 1e-6);
    assert!(after.health_factor.ratio().unwrap() > report.health_factor.ratio().unwrap());
}

#[test]
fn a_replay_moves_each_asset_as_its_closes_moved_and_one_without_closes_is_unknown() {
    let data = market_data();
    let days = Jump::Days { from: TODAY - 30, to: TODAY - 29 };
    let (_, after) = stressed(&data, &shock(days.clone()), 8_000);
    let close = |byte, day| data.closes[&asset(byte)].on(day).unwrap();
    let moved = |byte| close(byte, TODAY - 29) / close(byte, TODAY - 30) - 1.0;
    assert!((usd(&after.change) - (20_000.0 * moved(1) - 8_000.0 * moved(3))).abs() < 1e-6);
    let mut blind = market_data();
    blind.closes.remove(&asset(3));
    let (_, after) = stressed(&blind, &shock(days), 8_000);
    assert!(after.change.known().is_none());
    assert!(matches!(after.health_factor, HealthFactor::Unknown(_)));
}

#[test]
fn the_worst_day_of_the_window_is_the_largest_loss_of_the_positions_as_they_are() {
    let (report, _) = stressed(&market_data(), &shock(Jump::Risk(1.0)), 8_000);
    let worst = report.stress.iter().find(|one| one.name == "worst_day").unwrap();
    let (from, to) = worst.days.unwrap();
    assert_eq!(to, from + 1);
    let var: f64 = usd(&report.market.var_99);
    assert!(-usd(&worst.change) >= var, "the worst day is no better than the 99 % VaR");
    let week = report.stress.iter().find(|one| one.name == "worst_week").unwrap();
    assert_eq!(week.days.map(|(from, to)| to - from), Some(7));
}

#[test]
fn what_is_not_known_before_a_shock_is_not_known_after_it() {
    let mut data = market_data();
    data.quotes.remove(&asset(1));
    let (report, after) = stressed(&data, &shock(Jump::Risk(0.9)), 8_000);
    assert!(report.net_worth.known().is_none() && after.change.known().is_none());
    assert!(matches!(after.market_health_factor, HealthFactor::Unknown(_)));
    assert_ne!(report.score, Range::exactly(0.0));
}

#[test]
fn tokens_alone_have_no_health_factor_and_lose_what_they_lose() {
    let mut data = market_data();
    data.quotes.insert(asset(9), quote(4.0));
    data.closes.insert(asset(9), std::sync::Arc::new(closes(4.0, 0.05, 1.0)));
    let parameters = Parameters::default();
    let prepared = Prepared::new(&data, now(), &parameters);
    let report = assess(&positions(vec![], vec![holding(9, "UNI", 100)]), &prepared);
    let after = apply(&report, &shock(Jump::Risk(0.5)), &prepared);
    assert_eq!(after.health_factor, HealthFactor::NoDebt);
    assert!((usd(&after.change) + 200.0).abs() < 1e-9);
}
