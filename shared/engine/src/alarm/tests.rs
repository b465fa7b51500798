//! Signals of whole reports, and the life of alerts.

use std::sync::Arc;

use risk_model::{Affects, AlertKind, Gap, GapReason, Severity};

mod life;
mod properties;
mod scenarios;
mod terms;

use super::*;
use crate::assess::assess_one;
use crate::market::MarketData;
use crate::parameters::Parameters;
use crate::position::WalletPositions;
use crate::specimen::{
    USDC, WETH, account, asset, borrower, closes, debt, holding, market, market_data, now, positions, quote,
    supply, tokens,
};

fn report(wallet: &WalletPositions, data: &MarketData) -> Report {
    assess_one(wallet, data, now(), &Parameters::default())
}

fn borrowing(usdc: u64) -> Report {
    report(&positions(vec![account(market(), borrower(usdc))], vec![]), &calm())
}

/// Closes so still that only the health factor speaks.
fn calm() -> MarketData {
    let mut data = market_data();
    data.closes.insert(asset(1), Arc::new(closes(2_000.0, 0.000_5, 1.0)));
    data
}

fn condition(report: &Report, kind: AlertKind) -> Condition {
    let found = signals(report, &Memory::default(), &Thresholds::default());
    let mut of_kind = found.into_iter().filter(|signal| signal.identity.kind == kind);
    of_kind.next().map(|signal| signal.condition).unwrap()
}

fn severity(condition: &Condition) -> Option<Severity> {
    match condition {
        Condition::Firing { severity, .. } => Some(*severity),
        _ => None,
    }
}

#[test]
fn liquidation_risk_without_a_chance_opens_and_rises_at_the_fixed_lines() {
    let blind = |usdc| {
        let mut data = calm();
        data.closes.clear();
        let wallet = positions(vec![account(market(), borrower(usdc))], vec![]);
        condition(&report(&wallet, &data), AlertKind::LiquidationRisk)
    };
    assert_eq!(severity(&blind(16_000)), Some(Severity::Critical));
    assert_eq!(severity(&blind(15_500)), Some(Severity::High));
    assert_eq!(severity(&blind(14_500)), Some(Severity::Medium));
    assert_eq!(blind(13_500), Condition::Unknown);
}

#[test]
fn liquidation_risk_of_a_known_chance_opens_by_it_and_close_to_one_in_any_case() {
    let at = |usdc| condition(&borrowing(usdc), AlertKind::LiquidationRisk);
    assert_eq!(severity(&at(16_000)), Some(Severity::Critical));
    assert!(matches!(at(15_600), Condition::Between { .. }));
    assert!(matches!(at(14_500), Condition::Clear { .. }));
    assert!(matches!(at(12_000), Condition::Clear { .. }));
}

#[test]
fn the_action_names_the_amounts_of_the_recommendations() {
    let Condition::Firing { action, message, measured, threshold, .. } =
        condition(&borrowing(16_000), AlertKind::LiquidationRisk)
    else {
        panic!("not firing")
    };
    assert!(
        action.starts_with("Repay 4933.333334 USDC ($4933.33) for a health factor of 1.50, or supply 4.4578"),
        "{action}"
    );
    assert!(message.contains("health factor 1.0375"), "{message}");
    assert_eq!((measured, threshold), (1.0375, 1.05));
}

#[test]
fn a_high_chance_fires_where_the_factor_alone_would_not() {
    let mut data = market_data();
    data.closes.insert(asset(1), Arc::new(closes(2_000.0, 0.12, 1.0)));
    let wild = report(&positions(vec![account(market(), borrower(13_000))], vec![]), &data);
    let found = condition(&wild, AlertKind::LiquidationRisk);
    let Condition::Firing { measured, threshold, .. } = found else { panic!("{found:?}") };
    assert!(measured >= 0.10 && (threshold - 0.10).abs() < 1e-12);
}

#[test]
fn an_unknown_account_is_neither_firing_nor_clear() {
    let mut unpriced = market();
    unpriced.reserves[WETH].price = None;
    let blind = report(&positions(vec![account(unpriced, borrower(8_000))], vec![]), &calm());
    assert_eq!(condition(&blind, AlertKind::LiquidationRisk), Condition::Unknown);
    assert!(matches!(condition(&blind, AlertKind::DataBlind), Condition::Between { .. }), "not due yet");
    let mut data = calm();
    data.closes.clear();
    let no_history = report(&positions(vec![account(market(), borrower(8_000))], vec![]), &data);
    assert_eq!(condition(&no_history, AlertKind::LiquidationRisk), Condition::Unknown);
    assert_eq!(severity(&condition(&no_history, AlertKind::DataBlind)), None);
}

#[test]
fn a_stale_source_still_fires_and_never_clears() {
    let stale = |usdc| {
        let mut market = market();
        market.reserves[WETH].price_updated_at = Some(1);
        condition(
            &report(&positions(vec![account(market, borrower(usdc))], vec![]), &calm()),
            AlertKind::LiquidationRisk,
        )
    };
    assert_eq!(severity(&stale(16_000)), Some(Severity::Critical));
    assert_eq!(stale(8_000), Condition::Unknown);
}

#[test]
fn a_depeg_is_told_by_bands_for_coins_that_matter() {
    let at = |usd: f64, whole: u64| {
        let mut data = calm();
        data.quotes.insert(asset(3), quote(usd));
        let lender = crate::aave::Position { e_mode: 0, reserves: vec![supply(USDC, tokens(whole, 6))] };
        let report = report(&positions(vec![account(market(), lender)], vec![]), &data);
        signals(&report, &Memory::default(), &Thresholds::default())
            .into_iter()
            .find(|signal| signal.identity.kind == AlertKind::StablecoinDepeg)
    };
    let fired = |usd| severity(&at(usd, 1_000).unwrap().condition);
    assert_eq!(fired(0.994), Some(Severity::Medium));
    assert_eq!(fired(0.97), Some(Severity::High));
    assert_eq!(fired(1.06), Some(Severity::Critical));
    assert!(matches!(at(0.996, 1_000).unwrap().condition, Condition::Between { .. }));
    assert!(matches!(at(0.999, 1_000).unwrap().condition, Condition::Clear { .. }));
    assert_eq!(at(0.9, 99), None);
}

#[test]
fn a_worthless_namesake_in_the_wallet_is_no_depeg() {
    let mut data = calm();
    data.quotes.insert(asset(9), quote(0.000_001));
    let report = report(&positions(vec![], vec![holding(9, "USDC", 1_000_000)]), &data);
    let kinds = signals(&report, &Memory::default(), &Thresholds::default())
        .into_iter()
        .map(|signal| signal.identity.kind);
    assert!(!kinds.into_iter().any(|kind| kind == AlertKind::StablecoinDepeg));
}

#[test]
fn divergence_exposure_and_time_to_sell_fire_at_their_lines() {
    let mut data = calm();
    data.quotes.insert(asset(1), quote(1_880.0));
    data.quotes.get_mut(&asset(1)).unwrap().volume_24h_usd = Some(30_000.0);
    let report = report(&positions(vec![account(market(), borrower(8_000))], vec![]), &data);
    assert_eq!(severity(&condition(&report, AlertKind::OracleDivergence)), Some(Severity::Medium));
    assert_eq!(severity(&condition(&report, AlertKind::OverExposure)), Some(Severity::Low));
    assert_eq!(severity(&condition(&report, AlertKind::LowLiquidity)), Some(Severity::Medium));
    let calm = borrowing(8_000);
    assert!(matches!(condition(&calm, AlertKind::OracleDivergence), Condition::Clear { .. }));
    assert!(matches!(condition(&calm, AlertKind::LowLiquidity), Condition::Clear { .. }));
    assert!(matches!(condition(&calm, AlertKind::HighVolatility), Condition::Clear { .. }));
}

#[test]
fn leverage_on_a_wild_coin_fires_volatility_and_value_at_risk() {
    let mut data = market_data();
    data.closes.insert(asset(1), Arc::new(closes(2_000.0, 0.08, 1.0)));
    let parts = vec![supply(WETH, tokens(10, 18)), debt(USDC, tokens(15_000, 6))];
    let wild = report(
        &positions(vec![account(market(), crate::aave::Position { e_mode: 0, reserves: parts })], vec![]),
        &data,
    );
    assert!(severity(&condition(&wild, AlertKind::HighVolatility)).is_some());
    assert!(severity(&condition(&wild, AlertKind::ValueAtRisk)).is_some());
}

fn identity() -> Identity {
    Identity { wallet: crate::specimen::wallet(), account: "a".to_owned(), kind: AlertKind::LiquidationRisk }
}

fn firing(severity: Severity) -> Vec<Signal> {
    let condition = Condition::Firing {
        severity,
        message: "m".into(),
        action: "a".into(),
        measured: 1.0,
        threshold: 1.2,
    };
    vec![Signal { identity: identity(), condition }]
}

fn signal(condition: Condition) -> Vec<Signal> {
    vec![Signal { identity: identity(), condition }]
}

fn standing(severity: Severity, clear_sweeps: u8) -> Vec<Standing> {
    vec![Standing { id: 7, identity: identity(), severity, clear_sweeps }]
}

fn clear() -> Condition {
    Condition::Clear { message: "safe".into(), measured: Some(1.3) }
}

#[test]
fn a_condition_opens_once_rises_in_place_and_never_falls_in_severity() {
    assert!(matches!(
        decide(&[], &firing(Severity::Medium), false, &[])[..],
        [Transition::Open { severity: Severity::Medium, .. }]
    ));
    let again = decide(&standing(Severity::Medium, 1), &firing(Severity::Medium), true, &[]);
    assert!(matches!(again[..], [Transition::Refresh { id: 7, clear_sweeps: 0, .. }]));
    let worse = decide(&standing(Severity::Medium, 0), &firing(Severity::Critical), false, &[]);
    assert!(matches!(worse[..], [Transition::Escalate { id: 7, severity: Severity::Critical, .. }]));
    let better = decide(&standing(Severity::Critical, 0), &firing(Severity::Medium), true, &[]);
    assert!(matches!(better[..], [Transition::Refresh { id: 7, clear_sweeps: 0, .. }]));
}

#[test]
fn only_two_clear_sweeps_in_a_row_on_full_data_close_an_alert() {
    let first = decide(&standing(Severity::High, 0), &signal(clear()), true, &[]);
    assert!(matches!(first[..], [Transition::Refresh { id: 7, clear_sweeps: 1, measured: Some(_), .. }]));
    assert!(matches!(
        decide(&standing(Severity::High, 1), &signal(clear()), true, &[])[..],
        [Transition::Resolve { id: 7, .. }]
    ));
    assert_eq!(decide(&standing(Severity::High, 1), &signal(clear()), false, &[]), []);
    assert_eq!(decide(&standing(Severity::High, 1), &signal(Condition::Unknown), true, &[]), []);
    let between = signal(Condition::Between { message: "b".into(), measured: None });
    assert!(matches!(
        decide(&standing(Severity::High, 1), &between, false, &[])[..],
        [Transition::Refresh { clear_sweeps: 0, .. }]
    ));
    assert_eq!(decide(&[], &between, true, &[]), []);
    assert_eq!(decide(&[], &signal(clear()), true, &[]), []);
}

#[test]
fn an_account_that_is_gone_is_clear_on_full_data_only() {
    assert!(matches!(decide(&standing(Severity::High, 1), &[], true, &[])[..], [Transition::Resolve { .. }]));
    assert_eq!(decide(&standing(Severity::High, 1), &[], false, &[]), []);
}

#[test]
fn an_account_that_nobody_was_asked_to_read_is_not_gone() {
    let mut report = borrowing(8_000);
    let alert = |account: &str| Standing {
        id: 7,
        identity: Identity {
            wallet: report.wallet,
            account: account.to_owned(),
            kind: AlertKind::LiquidationRisk,
        },
        severity: Severity::High,
        clear_sweeps: 1,
    };
    let [comet, coin] = [alert("compound_v3:ethereum:0xc3"), alert("ethereum:0xa0")];
    let closes = |report: &Report, alert: &Standing| {
        let judged = judge(report, std::slice::from_ref(alert), &Memory::default(), &Thresholds::default());
        judged.transitions.iter().any(|one| matches!(one, Transition::Resolve { id: 7, .. }))
    };
    for (left_out, comet_closes, coin_closes) in [
        (vec![], true, true),
        (vec!["compound_v3"], false, false),
        (vec!["spark"], true, false),
        (vec!["ethereum"], false, false),
        (vec!["arbitrum"], true, true),
    ] {
        report.left_out = left_out.iter().map(ToString::to_string).collect();
        assert_eq!(closes(&report, &comet), comet_closes, "{left_out:?}");
        assert_eq!(closes(&report, &coin), coin_closes, "{left_out:?}");
    }
}

#[test]
fn full_data_is_data_without_any_gap_that_could_hide_a_risk() {
    let mut full = borrowing(8_000);
    assert!(is_full(&full));
    for affects in Affects::ALL {
        full.gaps =
            vec![Gap { what: "x".into(), source: "y", reason: GapReason::Missing, affects, since: None }];
        assert_eq!(is_full(&full), affects == Affects::Confirmation);
    }
}

#[test]
fn a_watchs_own_line_moves_the_closing_line_with_it() {
    let mut thresholds = Thresholds::default();
    thresholds.open_liquidation_under(1.5);
    assert!((thresholds.own_health_factor.unwrap().close - 1.55).abs() < 1e-12);
    let found = signals(&borrowing(12_000), &Memory::default(), &thresholds);
    let own = found.iter().find(|signal| signal.identity.kind == AlertKind::LiquidationRisk).unwrap();
    assert_eq!(severity(&own.condition), Some(Severity::Medium));
    thresholds.open_liquidation_under(f64::NAN);
    assert!((thresholds.own_health_factor.unwrap().open - 1.5).abs() < 1e-12);
}
