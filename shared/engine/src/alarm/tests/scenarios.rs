//! Every alert type of an account, a chain and a wallet through its life: opens, stays, escalates, stands through gaps,
//! resolves after two clear sweeps on full data.

use risk_model::{
    Affects, AlertKind, ChainId, Figure, Gap, GapReason, HealthFactor, Severity, Timestamp, Usd,
};

use super::super::{Thresholds, Transition};
use super::borrowing;
use super::life::{Life, Told, at, opens, resolves};
use crate::liquidation::Carry;
use crate::report::{GasCost, Report};
use crate::specimen::now;

/// HF 2.075, 1.328, 1.2029 and 1.0509.
const SAFE: u64 = 8_000;
const FALLEN: u64 = 12_500;
const NEAR: u64 = 13_800;
const NEXT_TO: u64 = 15_796;

#[test]
fn a_fall_of_the_health_factor_is_told_where_it_lands_low() {
    let kind = AlertKind::HealthFactorDrop;
    let (safe, fallen, next_to) = (borrowing(SAFE), borrowing(FALLEN), borrowing(NEXT_TO));
    let mut life = Life::default();
    assert_eq!(life.told(0, &safe, kind), Told::None);
    // A fall of 15.7 %, to 1.75: far enough, and not low enough.
    assert_eq!(life.told(10, &borrowing(9_486), kind), Told::None);
    opens(&mut life, 20, &fallen, kind, Severity::Medium);
    assert_eq!(life.told(40, &next_to, kind), Told::Escalated(Severity::High));
    assert_eq!(life.told(50, &fallen, kind), Told::Stands(Severity::High));
    resolves(&mut life, 60, &safe, kind);
}

#[test]
fn a_fall_is_forgotten_after_its_window_and_a_slow_one_is_none() {
    let kind = AlertKind::HealthFactorDrop;
    let mut life = Life::default();
    life.sweep(0, &borrowing(SAFE));
    assert_eq!(life.told(10, &borrowing(FALLEN), kind), Told::Opened(Severity::Medium));
    let told: Vec<Told> = (1..=24).map(|half| life.told(half * 120, &borrowing(FALLEN), kind)).collect();
    assert!(told.contains(&Told::Resolved), "{told:?}");
    assert_eq!(life.told(3_000, &borrowing(FALLEN), kind), Told::None);
    let mut slow = Life::default();
    for (step, usdc) in (SAFE..NEAR).step_by(400).enumerate() {
        let minutes = u64::try_from(step).unwrap() * 1_440;
        assert_eq!(slow.told(minutes, &borrowing(usdc), kind), Told::None, "{usdc}");
    }
}

#[test]
fn nothing_owed_before_is_no_height_to_fall_from_and_the_cure_is_in_amounts() {
    let kind = AlertKind::HealthFactorDrop;
    let mut life = Life::default();
    life.sweep(0, &borrowing(SAFE));
    let mut free = borrowing(SAFE);
    free.accounts[0].health_factor = HealthFactor::NoDebt;
    life.sweep(10, &free);
    assert_eq!(life.told(20, &borrowing(FALLEN), kind), Told::None);
    let mut life = Life::default();
    life.sweep(0, &borrowing(SAFE));
    let (message, action) = life.words(10, &borrowing(FALLEN), kind);
    assert!(message.contains("1.3280, 36.0 % under its highest of the last 24 h (2.0750)"), "{message}");
    // D − E/1.5 with E = 16,600: 1,433.33.
    assert!(
        action.starts_with("Repay about 1433 USDC ($1433.33) for a health factor of about 1.50, or supply"),
        "{action}"
    );
}

/// Gas of Ethereum, with an ether at $2,000: 300,000 units of gas at 20 gwei are $12.
fn gas(mut report: Report, gwei: f64) -> Report {
    let tokens = 300_000.0 * gwei * 1e-9;
    report.gas = vec![(ChainId::Ethereum, gwei)];
    let usd = Figure::Known(Usd::new(tokens * 2_000.0).unwrap());
    report.repayment_gas = vec![GasCost { chain: ChainId::Ethereum, tokens, usd }];
    report
}

#[test]
fn dear_gas_is_told_where_an_account_needs_a_cure() {
    let kind = AlertKind::GasSpike;
    let near = |gwei| gas(borrowing(NEAR), gwei);
    let mut life = Life::default();
    assert_eq!(life.told(0, &near(10.0), kind), Told::None, "nothing is normal yet");
    assert_eq!(life.told(10, &near(25.0), kind), Told::None);
    opens(&mut life, 20, &near(35.0), kind, Severity::Medium);
    assert_eq!(life.told(40, &gas(borrowing(NEXT_TO), 35.0), kind), Told::Escalated(Severity::High));
    let mut silent = near(15.0);
    (silent.gas, silent.repayment_gas) = (vec![], vec![]);
    for later in [50, 60, 70] {
        assert_eq!(
            life.told(later, &silent, kind),
            Told::Stands(Severity::High),
            "unknown gas closes nothing"
        );
    }
    resolves(&mut life, 80, &near(15.0), kind);
}

#[test]
fn cheap_gas_and_accounts_that_need_nothing_are_no_reason() {
    let kind = AlertKind::GasSpike;
    let mut cheap = Life::default();
    let mut idle = Life::default();
    let mut blind = Life::default();
    for (minutes, factor) in [(0, 1.0), (10, 30.0), (20, 100.0)] {
        assert_eq!(cheap.told(minutes, &gas(borrowing(NEAR), 0.01 * factor), kind), Told::None);
        assert_eq!(idle.told(minutes, &gas(borrowing(SAFE), 10.0 * factor), kind), Told::None);
        let mut unpriced = gas(borrowing(NEAR), 10.0 * factor);
        unpriced.repayment_gas[0].usd = Figure::Unknown("no price".into());
        assert_eq!(blind.told(minutes, &unpriced, kind), Told::None, "its cost is not known");
    }
    let mut life = Life::default();
    life.sweep(0, &gas(borrowing(NEAR), 10.0));
    let (message, action) = life.words(10, &gas(borrowing(NEAR), 40.0), kind);
    assert!(message.contains("40.00 gwei, 4.0 times its normal of 10.00"), "{message}");
    assert!(action.starts_with("Have 0.012000 ETH ($24.00) at hand"), "{action}");
    assert!(action.contains("Repay 27"), "{action}");
}

#[test]
fn gas_that_stays_high_becomes_the_normal() {
    let kind = AlertKind::GasSpike;
    let mut life = Life::default();
    life.sweep(0, &gas(borrowing(NEAR), 10.0));
    let told: Vec<Told> =
        (1..=288).map(|sweep| life.told(sweep * 10, &gas(borrowing(NEAR), 35.0), kind)).collect();
    assert_eq!(told[0], Told::Opened(Severity::Medium));
    assert!(told.contains(&Told::Resolved) && !told[1..].contains(&Told::Opened(Severity::Medium)));
}

/// The report with an oracle that was updated so many hours ago.
fn aged(mut report: Report, hours: u64) -> Report {
    let updated = Timestamp::new(now().seconds() - hours * 3_600);
    report.accounts[0].reserves[0].oracle_updated_at = Some(updated);
    report
}

#[test]
fn an_oracle_without_an_update_for_longer_than_a_day_is_told() {
    let kind = AlertKind::OracleStale;
    let mut life = Life::default();
    assert_eq!(life.told(0, &aged(borrowing(SAFE), 23), kind), Told::None);
    opens(&mut life, 10, &aged(borrowing(SAFE), 26), kind, Severity::Medium);
    assert_eq!(life.told(30, &aged(borrowing(NEAR), 26), kind), Told::Escalated(Severity::High));
    let mut silent = borrowing(SAFE);
    silent.accounts[0].reserves[0].oracle_updated_at = None;
    for later in [40, 50, 60] {
        let told = life.told(later, &silent, kind);
        assert_eq!(told, Told::Stands(Severity::High), "an unknown age is not fresh");
    }
    resolves(&mut life, 70, &borrowing(SAFE), kind);
}

/// The report with so many days until interest liquidates.
fn lasting(days: f64) -> Report {
    let mut report = borrowing(NEAR);
    report.accounts[0].carry = Figure::Known(Carry::Liquidates { years: days / 365.0 });
    report
}

#[test]
fn interest_that_liquidates_within_a_month_is_told() {
    let kind = AlertKind::CarryLiquidation;
    let mut life = Life::default();
    assert_eq!(life.told(0, &lasting(40.0), kind), Told::None);
    opens(&mut life, 10, &lasting(20.0), kind, Severity::Medium);
    assert_eq!(life.told(30, &lasting(7.0), kind), Told::Escalated(Severity::High));
    assert_eq!(life.told(40, &lasting(35.0), kind), Told::Stands(Severity::High));
    let mut unread = lasting(90.0);
    unread.accounts[0].carry = Figure::Unknown("a rate was not read".into());
    for later in [50, 60, 70] {
        assert_eq!(life.told(later, &unread, kind), Told::Stands(Severity::High));
    }
    resolves(&mut life, 80, &lasting(90.0), kind);
    let mut next_to = borrowing(15_900);
    next_to.accounts[0].carry = Figure::Known(Carry::Liquidates { years: 0.01 });
    assert_eq!(Life::default().told(0, &next_to, kind), Told::None, "liquidation_risk stands for it");
    // HF^(45/20) is 1.515: the factor from which interest takes 45 days.
    let (_, action) = Life::default().words(0, &lasting(20.0), kind);
    assert!(
        action.starts_with("Repay about 2845 USDC ($2845.49) for a health factor of about 1.52"),
        "{action}"
    );
}

fn blind(usdc: u64) -> Report {
    let mut report = borrowing(usdc);
    let what = "aave_v3 accounts on ethereum".into();
    let reason = GapReason::Unavailable;
    report.gaps.push(Gap { what, source: "alchemy", reason, affects: Affects::Liquidation, since: None });
    report.accounts.clear();
    report
}

#[test]
fn a_wallet_that_cannot_be_read_is_told_after_its_budget() {
    let kind = AlertKind::DataBlind;
    let safe = borrowing(SAFE);
    let mut life = Life::default();
    life.sweep(0, &safe);
    assert_eq!(life.told(10, &blind(SAFE), kind), Told::None);
    assert_eq!(life.told(20, &blind(SAFE), kind), Told::None);
    assert_eq!(life.told(30, &safe, kind), Told::None, "seen again: the budget begins anew");
    assert_eq!(life.told(40, &blind(SAFE), kind), Told::None);
    assert_eq!(life.told(50, &blind(SAFE), kind), Told::None);
    opens(&mut life, 60, &blind(SAFE), kind, Severity::Medium);
    resolves(&mut life, 80, &safe, kind);
    let mut patient = Life {
        thresholds: Thresholds { blindness_budget_seconds: 0, ..Thresholds::default() },
        ..Life::default()
    };
    assert_eq!(patient.told(0, &blind(SAFE), kind), Told::Opened(Severity::Medium));
}

#[test]
fn a_wallet_that_was_near_liquidation_has_no_time_to_be_blind() {
    let kind = AlertKind::DataBlind;
    let mut life = Life::default();
    life.sweep(0, &borrowing(14_000));
    opens(&mut life, 10, &blind(SAFE), kind, Severity::High);
    let mut unknown = Life::default();
    unknown.sweep(0, &borrowing(SAFE));
    for minutes in [10, 20] {
        assert_eq!(unknown.told(minutes, &blind(SAFE), kind), Told::None);
    }
    unknown.told(30, &blind(SAFE), kind);
    let mut half_seen = blind(SAFE);
    half_seen.accounts = borrowing(14_000).accounts;
    assert_eq!(unknown.told(40, &half_seen, kind), Told::Escalated(Severity::High));
}

#[test]
fn what_resolved_by_itself_rests_unless_it_comes_back_worse() {
    let kind = AlertKind::CarryLiquidation;
    let mut life = Life::default();
    assert_eq!(life.told(0, &lasting(20.0), kind), Told::Opened(Severity::Medium));
    life.told(10, &lasting(90.0), kind);
    assert_eq!(life.told(20, &lasting(90.0), kind), Told::Resolved);
    assert_eq!(life.told(30, &lasting(20.0), kind), Told::None, "it rests");
    assert_eq!(life.told(40, &lasting(7.0), kind), Told::Opened(Severity::High), "worse than it was");
    life.told(50, &lasting(90.0), kind);
    assert_eq!(life.told(60, &lasting(90.0), kind), Told::Resolved);
    assert_eq!(life.told(89, &lasting(7.0), kind), Told::None);
    assert_eq!(life.told(90, &lasting(7.0), kind), Told::Opened(Severity::High), "half an hour is over");
    life.standing.clear();
    assert_eq!(life.told(100, &lasting(7.0), kind), Told::Opened(Severity::High), "by hand is no rest");
}

#[test]
fn a_critical_liquidation_risk_never_rests() {
    let kind = AlertKind::LiquidationRisk;
    let (safe, critical) = (borrowing(SAFE), borrowing(16_000));
    let mut life = Life::default();
    assert_eq!(life.told(0, &critical, kind), Told::Opened(Severity::Critical));
    life.told(10, &safe, kind);
    assert_eq!(life.told(20, &safe, kind), Told::Resolved);
    assert_eq!(life.told(21, &critical, kind), Told::Opened(Severity::Critical));
}

#[test]
fn every_alert_says_what_to_do_in_amounts() {
    let mut report = gas(aged(borrowing(NEAR), 30), 40.0);
    report.accounts[0].carry = Figure::Known(Carry::Liquidates { years: 0.02 });
    let mut life = Life::default();
    life.sweep(0, &gas(borrowing(SAFE), 10.0));
    let mut seen = 0;
    for transition in life.sweep(10, &report) {
        if let Transition::Open { identity, action, .. } = transition {
            let of_account = identity.account.starts_with("aave") || identity.kind == AlertKind::GasSpike;
            assert!(!of_account || action.contains("USDC ($"), "{identity:?}: {action}");
            seen += 1;
        }
    }
    assert!(seen >= 4, "{seen}");
    assert_eq!(at(10, &report).at, now().plus_seconds(600));
}
