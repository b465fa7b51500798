//! Trials whose outcome is known by hand.

use risk_model::{HealthFactor, U256};

use super::*;
use crate::specimen::{account, asset, borrower, holding, market, market_data, now, positions, tokens};
use crate::stress::Jump;

const KEY: &str = "aave_v3:ethereum:0x8787878787878787878787878787878787878787";

fn try_it(wallet: &WalletPositions, trial: &Trial) -> Result<Simulation, Refusal> {
    simulate(wallet, &market_data(), now(), &Parameters::default(), trial)
}

fn trial(steps: Vec<Step>) -> Trial {
    Trial { shock: None, gas_factor: 1.0, steps }
}

fn act(act: Act) -> Step {
    Step::Account { key: KEY.to_owned(), act }
}

fn shock(factor: f64, is_oracle_frozen: bool) -> Option<Shock> {
    Some(Shock { name: "shock".to_owned(), jump: Jump::Risk(factor), is_oracle_frozen })
}

#[test]
fn nothing_tried_changes_nothing() {
    let wallet = positions(vec![account(market(), borrower(8_000))], vec![holding(9, "UNI", 3)]);
    let same = try_it(&wallet, &trial(vec![])).unwrap();
    assert_eq!(same.before, same.after);
    assert!(same.from_outside.is_empty());
}

#[test]
fn a_crash_is_the_account_at_the_lower_price_to_the_last_digit() {
    let wallet = positions(vec![account(market(), borrower(8_000))], vec![]);
    let crashed = try_it(&wallet, &Trial { shock: shock(0.5, false), ..trial(vec![]) }).unwrap();
    let mut cheaper = market();
    cheaper.reserves[0].price = Some(tokens(1_000, 8));
    let wanted = account(cheaper, borrower(8_000)).account.facts().standing.unwrap().health_factor;
    assert_eq!(crashed.after.health_factor, wanted);
    assert_eq!(crashed.after.market_health_factor_of(KEY), Some(wanted.ratio().unwrap()));
    assert!(!crashed.after.recommendations.is_empty() || wanted.ratio().unwrap() > 1.25);
}

#[test]
fn a_frozen_oracle_leaves_the_protocols_factor_and_moves_the_markets() {
    let wallet = positions(vec![account(market(), borrower(8_000))], vec![]);
    let frozen = try_it(&wallet, &Trial { shock: shock(0.5, true), ..trial(vec![]) }).unwrap();
    assert_eq!(frozen.after.health_factor, frozen.before.health_factor);
    assert!((frozen.after.market_health_factor_of(KEY).unwrap() - 8_300.0 / 8_000.0).abs() < 1e-9);
}

#[test]
fn a_repayment_takes_the_wallets_tokens_first_and_tells_what_came_from_outside() {
    let mut usdc = holding(3, "USDC", 0);
    (usdc.decimals, usdc.amount) = (6, tokens(1_000, 6));
    let wallet = positions(vec![account(market(), borrower(8_000))], vec![usdc]);
    let repaid = try_it(&wallet, &trial(vec![act(Act::Repay(asset(3), "3000".to_owned()))])).unwrap();
    assert_eq!(repaid.from_outside, [Outside { asset: asset(3), decimals: 6, amount: tokens(2_000, 6) }]);
    assert!(repaid.after.holdings.is_empty());
    assert_eq!(repaid.after.health_factor, HealthFactor::Known("3320000000000000000".parse().unwrap()));
}

#[test]
fn more_than_is_owed_repays_what_is_owed() {
    let wallet = positions(vec![account(market(), borrower(8_000))], vec![]);
    let repaid = try_it(&wallet, &trial(vec![act(Act::Repay(asset(3), "9000".to_owned()))])).unwrap();
    assert_eq!(repaid.after.health_factor, HealthFactor::NoDebt);
    assert_eq!(repaid.from_outside[0].amount, tokens(8_000, 6));
}

#[test]
fn a_withdrawal_lands_in_the_wallet_and_a_swap_costs() {
    let steps = vec![
        act(Act::Withdraw(asset(1), "2".to_owned())),
        Step::Swap { from: asset(1), into: asset(3), amount: "1".to_owned() },
    ];
    let wallet = positions(vec![account(market(), borrower(8_000))], vec![]);
    let after = try_it(&wallet, &trial(steps)).unwrap().after;
    let held: Vec<_> = after.holdings.iter().map(|one| (one.asset, one.amount)).collect();
    assert!(held.contains(&(asset(1), tokens(1, 18))), "{held:?}");
    assert!(held.contains(&(asset(3), tokens(1_980, 6))), "{held:?}");
    assert_eq!(after.health_factor, HealthFactor::Known("1660000000000000000".parse().unwrap()));
}

#[test]
fn what_cannot_be_done_is_refused_by_its_step() {
    let wallet = positions(vec![account(market(), borrower(8_000))], vec![]);
    let good = act(Act::Supply(asset(1), "1".to_owned()));
    for (bad, word) in [
        (Step::Account { key: "elsewhere".to_owned(), act: Act::EMode(1) }, "no account"),
        (act(Act::Borrow(asset(77), "1".to_owned())), "not in this market"),
        (act(Act::Borrow(asset(3), "0.0000001".to_owned())), "places"),
        (Step::Swap { from: asset(9), into: asset(1), amount: "1".to_owned() }, "holds no"),
    ] {
        let refusal = try_it(&wallet, &trial(vec![good.clone(), bad.clone()])).unwrap_err();
        assert_eq!(refusal.step, Some(1));
        assert!(refusal.message.contains(word), "{bad:?}: {refusal}");
    }
}

#[test]
fn a_replay_without_closes_is_refused_rather_than_left_out() {
    let wallet = positions(vec![account(market(), borrower(8_000))], vec![]);
    let jump = Jump::Days { from: 100, to: 101 };
    let shock = Some(Shock { name: "replay".to_owned(), jump, is_oracle_frozen: false });
    let refusal = try_it(&wallet, &Trial { shock, ..trial(vec![]) }).unwrap_err();
    assert_eq!(refusal.step, None);
}

#[test]
fn amounts_are_exact_to_the_last_place() {
    assert_eq!(parse_units("1.5", 6), Ok(U256::from(1_500_000)));
    assert_eq!(parse_units("0.000001", 6), Ok(U256::ONE));
    assert_eq!(parse_units("7.10", 1), Ok(U256::from(71)));
    assert!(parse_units("0.0000001", 6).is_err());
    assert!(parse_units("1e3", 6).is_err() && parse_units("", 6).is_err() && parse_units(".5", 6).is_err());
    assert!(parse_units(&"9".repeat(80), 0).is_err());
}

impl Report {
    fn market_health_factor_of(&self, key: &str) -> Option<f64> {
        self.accounts.iter().find(|account| account.key == key)?.market_health_factor.ratio()
    }
}
