//! What one Aave liquidation may take, to the last digit, against our own transcription of the contracts into Python's
//! integers (no package computes it): the call goes through and takes just that, and no call takes more of that debt.

use std::sync::Arc;

use risk_engine::aave::{Account, RAY, Rounding, account_data, normalized_income, reserve_amounts};
use risk_engine::lending::{Lending, Liquidation};
use risk_model::{Protocol, U256};
use serde_json::{Value, json};

use crate::aave_market::{Case, Shape};
use crate::draw::Draw;
use crate::driver::ask;
use crate::gauge::Gauge;

const CASES: usize = 2_000;

const SHAPE: Shape = Shape {
    generations: &[
        (Rounding::PerSecond, None),
        (Rounding::HalfUp, Some(1)),
        (Rounding::HalfUp, Some(7)),
        (Rounding::AgainstUser, Some(9)),
        (Rounding::AgainstUser, Some(10)),
        (Rounding::AgainstUser, Some(11)),
    ],
    longest_age: 30 * 86_400,
    highest_rate: 0.5,
    least_usd: 100.0,
    has_stable_debt: true,
};

/// A liquidatable account and what we say that a liquidation takes of it.
fn drawn(draw: &mut Draw) -> Option<(Case, Liquidation)> {
    let mut case = Case::draw(draw, &SHAPE);
    for reserve in &mut case.market.reserves {
        reserve.liquidation_protocol_fee_bps = Some(draw.one_of(&[0, 1_000, 2_000]));
        reserve.liquidation_bonus_bps = draw.one_of(&[10_100, 10_500, 10_750, 11_500]);
    }
    let account = Account { market: Arc::new(case.market.clone()), position: case.position.clone() };
    let found = account.liquidation()?;
    Some((case, found))
}

/// One whose larger debt cannot be repaid up to the cap, half of all that is owed, without leaving dust of it.
fn drawn_near_dust(draw: &mut Draw) -> Option<(Case, Liquidation)> {
    let mut case = Case::draw(draw, &SHAPE);
    let now = case.market.block.timestamp.seconds();
    if case.market.reserves.len() < 3 || case.market.revision.is_none_or(|revision| revision < 7) {
        return None;
    }
    let larger = draw.between(2_200.0, 3_500.0);
    let smaller = larger - draw.between(1_050.0, 1_950.0);
    let held = (larger + smaller) * draw.between(0.955, 0.995) / 0.8;
    case.position.e_mode = 0;
    case.position.reserves.truncate(3);
    for (part, (supplied, owed)) in
        case.position.reserves.iter_mut().zip([(held, 0.0), (0.0, larger), (0.0, smaller)])
    {
        let reserve = &mut case.market.reserves[part.reserve];
        (reserve.liquidity_index, reserve.variable_borrow_index, reserve.last_update) = (RAY, RAY, now);
        (reserve.price, reserve.liquidation_threshold_bps) = (Some(U256::from(100_000_000)), 8_000);
        (reserve.liquidation_bonus_bps, reserve.liquidation_protocol_fee_bps) =
            (draw.one_of(&[10_100, 10_500]), Some(draw.one_of(&[0, 1_000])));
        let unit = 10_f64.powi(i32::from(reserve.decimals));
        part.scaled_a_token = U256::from((supplied * unit).trunc());
        part.scaled_variable_debt = U256::from((owed * unit).trunc());
        (part.stable_debt, part.is_collateral) = (None, supplied > 0.0);
    }
    let account = Account { market: Arc::new(case.market.clone()), position: case.position.clone() };
    let found = account.liquidation()?;
    Some((case, found))
}

fn question(case: &Case, found: &Liquidation) -> Value {
    let (market, position) = (&case.market, &case.position);
    let data = account_data(market, position).expect("a drawn account computes");
    let amounts = reserve_amounts(market, position).expect("a drawn account computes");
    let place = |asset| {
        let is_it = |reserve: usize| market.reserves[reserve].asset == asset;
        position.reserves.iter().position(|part| is_it(part.reserve)).expect("a reserve of the account")
    };
    let side = |place: usize, amount: U256| {
        let reserve = &market.reserves[position.reserves[place].reserve];
        json!({
            "amount": amount.to_string(),
            "price": reserve.price.expect("a price").to_string(),
            "unit": U256::from(10).pow(U256::from(reserve.decimals)).to_string(),
        })
    };
    let (debt, collateral) = (place(found.debt_asset), place(found.collateral_asset));
    let seized = &market.reserves[position.reserves[collateral].reserve];
    let mut held = side(collateral, amounts[collateral].supplied);
    held["scaled"] = position.reserves[collateral].scaled_a_token.to_string().into();
    held["index"] = normalized_income(market, seized).expect("an index").to_string().into();
    let category = &market.e_modes[0];
    let is_member = position.e_mode == category.id && category.collateral_bitmap >> seized.id & 1 == 1;
    json!({
        "rules": match (market.protocol, market.revision) {
            (Protocol::AaveV2, _) => "half",
            (_, Some(1)) => "reserve",
            (_, Some(11)) => "directed",
            _ => "position",
        },
        "ceils_debt": market.rounding == Rounding::AgainstUser,
        "health_factor": data.health_factor.to_string(),
        "total_debt": data.total_debt_base.to_string(),
        "debt": side(debt, amounts[debt].owed),
        "collateral": held,
        "bonus": if is_member { category.liquidation_bonus_bps } else { seized.liquidation_bonus_bps },
        "fee": seized.liquidation_protocol_fee_bps,
        "repaid": found.repaid.to_string(),
    })
}

#[test]
fn a_liquidation_takes_what_the_contracts_let_it_take_and_none_takes_more_of_that_debt() {
    let mut draw = Draw::named("aave liquidation");
    let mut cases = Vec::with_capacity(CASES);
    while cases.len() < CASES {
        cases.extend(drawn(&mut draw));
        if cases.len() % 8 == 0 {
            cases.extend(drawn_near_dust(&mut draw));
        }
    }
    let questions: Vec<Value> = cases.iter().map(|(case, found)| question(case, found)).collect();
    let Some(answers) = ask("aave_liquidation.py", &questions) else {
        return;
    };
    let mut taken = Gauge::exact("Aave liquidation: repaid, seized, fee, integers (transcribed contracts)");
    let mut refused = Gauge::exact("the largest that leaves no dust, integers (transcribed contracts)");
    for ((case, found), answer) in cases.iter().zip(&answers) {
        let seen = json!([found.repaid, found.seized, found.protocol_fee].map(|one| one.to_string()));
        // Offering everything takes the most, or is refused for what it would leave. Then one unit more is refused too.
        if answer["everything"].is_null() {
            refused.same(&seen, &answer["call"], case);
            refused.same(&answer["one_more"], &Value::Null, case);
        } else {
            taken.same(&seen, &answer["everything"], case);
        }
    }
    taken.report(CASES / 2);
    refused.report(20);
}
