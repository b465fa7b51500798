//! `parameter_change`: what governance did, told with the health factor before and after, for a day.

use risk_model::{AlertKind, Severity};

use super::calm;
use super::life::{Life, Told, opens, resolves};
use crate::aave::{Market, Position};
use crate::assess::assess_one;
use crate::parameters::Parameters;
use crate::position::Provenance;
use crate::report::Report;
use crate::specimen::{USDC, WBTC, WETH, account, borrower, debt, market, now, positions, supply, tokens};

const KIND: AlertKind = AlertKind::ParameterChange;

fn held(position: Position, change: impl Fn(&mut Market)) -> Report {
    let mut market = market();
    change(&mut market);
    assess_one(&positions(vec![account(market, position)], vec![]), &calm(), now(), &Parameters::default())
}

fn owing(usdc: u64, threshold_bps: u16) -> Report {
    held(borrower(usdc), |market| market.reserves[WETH].liquidation_threshold_bps = threshold_bps)
}

#[test]
fn a_lower_threshold_opens_escalates_and_resolves_when_it_is_taken_back() {
    let before = owing(8_000, 8_300);
    let mut life = Life::default();
    assert_eq!(life.told(0, &before, KIND), Told::None);
    opens(&mut life, 10, &owing(8_000, 8_000), KIND, Severity::Medium);
    assert_eq!(life.told(30, &owing(15_000, 8_000), KIND), Told::Escalated(Severity::High));
    assert_eq!(life.told(40, &owing(15_000, 7_800), KIND), Told::Escalated(Severity::Critical));
    resolves(&mut life, 50, &before, KIND);
}

#[test]
fn the_factor_before_is_that_of_the_account_under_the_terms_of_before() {
    let position = || Position {
        e_mode: 0,
        reserves: vec![
            supply(WETH, tokens(10, 18)),
            supply(WBTC, tokens(1, 8)),
            debt(USDC, tokens(40_000, 6)),
        ],
    };
    let before = held(position(), |_| {});
    let after = held(position(), |market| market.reserves[WBTC].liquidation_threshold_bps = 7_000);
    let mut life = Life::default();
    life.sweep(0, &before);
    let (message, action) = life.words(10, &after, KIND);
    let factor = |report: &Report| report.accounts[0].health_factor.ratio().unwrap();
    let told = format!(
        "liquidation threshold of WBTC 78.00 % to 70.00 %; health factor {:.4}, {:.4} under the terms of before",
        factor(&after),
        factor(&before)
    );
    assert!(message.ends_with(&told), "{message} is not {told}");
    assert!(action.contains("USDC ($"), "{action}");
}

#[test]
fn new_terms_are_news_for_a_day_and_then_the_accepted_ones() {
    let mut life = Life::default();
    life.sweep(0, &owing(8_000, 8_300));
    let new = owing(8_000, 8_000);
    assert_eq!(life.told(10, &new, KIND), Told::Opened(Severity::Medium));
    assert_eq!(life.told(1_400, &new, KIND), Told::Stands(Severity::Medium));
    // The day of the notice begins anew with what changes in it.
    let newer = owing(8_000, 7_900);
    assert_eq!(life.told(1_440, &newer, KIND), Told::Stands(Severity::Medium));
    assert_eq!(life.told(2_870, &newer, KIND), Told::Stands(Severity::Medium));
    assert_eq!(life.told(2_880, &newer, KIND), Told::Stands(Severity::Medium), "accepted after this sweep");
    assert_eq!(life.told(2_890, &newer, KIND), Told::Stands(Severity::Medium), "clear once");
    assert_eq!(life.told(2_900, &newer, KIND), Told::Resolved);
    assert_eq!(life.told(4_400, &newer, KIND), Told::None);
}

#[test]
fn a_freeze_a_pause_and_a_loan_to_value_of_zero_are_told_by_name() {
    type Change = fn(&mut Market);
    let cases: [(Change, Severity, &str); 4] = [
        (|market| market.reserves[WETH].is_frozen = true, Severity::Medium, "WETH is frozen"),
        (|market| market.reserves[USDC].is_paused = true, Severity::High, "USDC is paused"),
        (
            |market| market.reserves[WETH].ltv_bps = 0,
            Severity::Medium,
            "loan to value of WETH 80.50 % to 0.00 %",
        ),
        (
            |market| market.reserves[WETH].liquidation_bonus_bps = 11_000,
            Severity::Low,
            "liquidation bonus of WETH 5.00 % to 10.00 %",
        ),
    ];
    for (change, severity, text) in cases {
        let mut life = Life::default();
        life.sweep(0, &held(borrower(8_000), |_| {}));
        let (message, _) = life.words(10, &held(borrower(8_000), change), KIND);
        assert!(message.contains(text), "{message}");
        assert_eq!(life.told(20, &held(borrower(8_000), change), KIND), Told::Stands(severity));
    }
}

#[test]
fn better_terms_are_taken_silently_and_losing_them_is_a_loss() {
    let mut life = Life::default();
    life.sweep(0, &owing(8_000, 8_000));
    assert_eq!(life.told(10, &owing(8_000, 8_300), KIND), Told::None);
    assert_eq!(life.told(20, &owing(8_000, 8_000), KIND), Told::Opened(Severity::Medium));
}

#[test]
fn what_the_owner_chose_is_no_change_of_terms() {
    let in_mode = |e_mode| held(Position { e_mode, ..borrower(8_000) }, |_| {});
    let mut life = Life::default();
    life.sweep(0, &in_mode(1));
    assert_eq!(life.told(10, &in_mode(0), KIND), Told::None, "leaving an e-mode");
    assert_eq!(life.told(20, &owing(12_000, 8_300), KIND), Told::None, "borrowing more");
    assert_eq!(life.told(30, &owing(12_000, 8_200), KIND), Told::Opened(Severity::Medium));
}

#[test]
fn without_a_past_or_a_chain_read_nothing_is_told_and_nothing_closed() {
    let mut life = Life::default();
    assert_eq!(life.told(0, &owing(8_000, 8_000), KIND), Told::None);
    let mut indexed = owing(8_000, 7_000);
    indexed.accounts[0].provenance = Provenance::Subgraph;
    assert_eq!(life.told(10, &indexed, KIND), Told::None);
    assert_eq!(life.told(20, &owing(8_000, 7_900), KIND), Told::Opened(Severity::Medium));
    let mut better = owing(8_000, 8_300);
    better.accounts[0].provenance = Provenance::Subgraph;
    for minutes in [30, 40, 50] {
        assert_eq!(life.told(minutes, &better, KIND), Told::Stands(Severity::Medium));
    }
    life.memory = super::super::Memory::default();
    assert_eq!(life.told(60, &owing(8_000, 7_900), KIND), Told::Stands(Severity::Medium));
}
