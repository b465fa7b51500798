//! Aave V2 and V3 accounts, to the last digit, against our own transcription of the contracts into Python's integers.

use risk_engine::aave::{Rounding, account_data, balances};
use risk_model::U256;
use serde_json::{Value, json};

use crate::aave_market::{Case, Shape};
use crate::draw::Draw;
use crate::driver::ask;
use crate::gauge::Gauge;

const CASES: usize = 3_000;

const SHAPE: Shape = Shape {
    generations: &[
        (Rounding::PerSecond, None),
        (Rounding::PerSecond, None),
        (Rounding::HalfUp, Some(1)),
        (Rounding::HalfUp, Some(7)),
        (Rounding::AgainstUser, Some(9)),
        (Rounding::AgainstUser, Some(10)),
        (Rounding::AgainstUser, Some(11)),
        (Rounding::AgainstUser, None),
    ],
    longest_age: 400 * 86_400,
    highest_rate: 2.0,
    least_usd: 1e-6,
    has_stable_debt: true,
};

#[test]
fn every_figure_of_an_account_is_the_contracts_to_the_last_digit() {
    let mut draw = Draw::named("aave contract");
    let cases: Vec<Case> = (0..CASES).map(|_| Case::draw(&mut draw, &SHAPE)).collect();
    let questions: Vec<Value> = cases.iter().map(Case::question).collect();
    let Some(answers) = ask("aave_contract.py", &questions) else {
        return;
    };
    let mut account = Gauge::exact("Aave V2 and V3 account data, integers (transcribed contracts)");
    let mut balance = Gauge::exact("Aave V2 and V3 balances with interest, integers (transcribed contracts)");
    for (case, answer) in cases.iter().zip(&answers) {
        let data = account_data(&case.market, &case.position).expect("a drawn account computes");
        let seen = [
            data.total_collateral_base,
            data.total_debt_base,
            data.available_borrows_base,
            data.current_liquidation_threshold,
            data.ltv,
            data.health_factor,
            data.weighted_collateral,
        ];
        account.same(&json!(seen.map(|one| one.to_string())), &answer["account"], case);
        for (part, wanted) in case.position.reserves.iter().zip(answer["balances"].as_array().expect("parts"))
        {
            let (supplied, owed): (U256, U256) =
                balances(&case.market, part).expect("a drawn balance computes");
            balance.same(&json!([supplied.to_string(), owed.to_string()]), wanted, case);
        }
    }
    account.report(CASES);
    balance.report(2 * CASES);
}
