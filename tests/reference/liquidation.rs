//! Liquidation prices, common shocks and sensitivities: the SDK is asked for the health factor at the moved prices.

use risk_engine::aave::{account_data, reserve_amounts};
use risk_engine::liquidation::{
    Leg, sensitivities, shock_to_liquidation, single_asset_price, totals, uniform_drop,
};
use risk_engine::report::LiquidationPrice;
use risk_model::U256;
use serde_json::{Map, Value, json};

use crate::aave_market::Case;
use crate::aave_sdk::{SHAPE, is_refused_in_e_mode, steps_usd};
use crate::draw::Draw;
use crate::driver::{ask, decimal};
use crate::gauge::Gauge;

const CASES: usize = 400;

/// A drawn account with debt, each asset on one side only where `one_sided`, and its legs.
fn accounts(name: &str, one_sided: bool) -> Vec<(Case, Vec<Leg>)> {
    let mut draw = Draw::named(name);
    let mut found = Vec::with_capacity(CASES);
    while found.len() < CASES {
        let mut case = Case::draw(&mut draw, &SHAPE);
        for part in case.position.reserves.iter_mut().filter(|part| !part.scaled_a_token.is_zero()) {
            if one_sided {
                part.scaled_variable_debt = U256::ZERO;
            }
        }
        let data = account_data(&case.market, &case.position).expect("a drawn account computes");
        if data.total_debt_base.is_zero() || data.weighted_collateral.is_zero() || is_refused_in_e_mode(&case)
        {
            continue;
        }
        let legs = legs(&case);
        found.push((case, legs));
    }
    found
}

/// What the roundings of amounts on both sides may be worth, relative to the health factor at the moved prices.
fn step(case: &Case, legs: &[Leg], prices: &[(usize, f64)]) -> f64 {
    let mut moves = vec![1.0; legs.len()];
    for (asset, usd) in prices {
        moves[*asset] = usd / legs[*asset].price_usd;
    }
    let n: f64 = legs.iter().zip(&moves).map(|(leg, by)| leg.weighted_collateral_usd * by).sum();
    let d: f64 = legs.iter().zip(&moves).map(|(leg, by)| leg.debt_usd * by).sum();
    steps_usd(case).iter().zip(&moves).map(|(step, by)| step * by.max(1.0)).sum::<f64>() * (1.0 / n + 1.0 / d)
}

fn legs(case: &Case) -> Vec<Leg> {
    let amounts = reserve_amounts(&case.market, &case.position).expect("a drawn account computes");
    let legs = amounts.iter().zip(&case.position.reserves).map(|(amounts, part)| Leg {
        weighted_collateral_usd: f64::from(amounts.collateral_base) * f64::from(amounts.threshold_bps) / 1e12,
        debt_usd: f64::from(amounts.debt_base) / 1e8,
        price_usd: price_usd(case, part.reserve),
    });
    legs.collect()
}

fn price_usd(case: &Case, reserve: usize) -> f64 {
    f64::from(case.market.reserves[reserve].price.expect("a price")) / 1e8
}

/// The question of a case with some prices moved, USD by reserve.
fn moved(case: &Case, prices: &[(usize, f64)]) -> Value {
    let texts: Map<String, Value> = prices
        .iter()
        .map(|(reserve, usd)| {
            (case.market.reserves[*reserve].id.to_string(), json!(format!("{:.16}", usd * 1e8)))
        })
        .collect();
    let mut question = case.question();
    question["moved"] = Value::Object(texts);
    question
}

#[test]
fn at_its_liquidation_price_the_sdks_health_factor_is_one_and_passes_it_there() {
    let mut draw = Draw::named("liquidation asset");
    let accounts = accounts("liquidation price", false);
    let asked: Vec<(usize, LiquidationPrice, f64)> = accounts
        .iter()
        .map(|(case, legs)| {
            let asset = draw.index(legs.len());
            let found = single_asset_price(legs, asset);
            let usd = match &found {
                LiquidationPrice::Below(usd) | LiquidationPrice::Above(usd) => usd.value(),
                LiquidationPrice::Never => price_usd(case, asset),
                LiquidationPrice::Unknown(why) => panic!("{why}: {case:?}"),
            };
            (asset, found, usd)
        })
        .collect();
    let questions: Vec<Value> = accounts
        .iter()
        .zip(&asked)
        .flat_map(|((case, _), (asset, _, usd))| {
            [1.0, 0.9, 1.1].map(|factor| moved(case, &[(*asset, usd * factor)]))
        })
        .collect();
    let Some(answers) = ask("aave_sdk.mjs", &questions) else {
        return;
    };
    let mut at_price =
        Gauge::relative("health factor at a single liquidation price (@aave/math-utils)", 1e-9);
    for (((case, legs), (asset, found, usd)), answers) in accounts.iter().zip(&asked).zip(answers.chunks(3)) {
        let [here, below, above] = [0, 1, 2].map(|at| decimal(&answers[at], "health_factor"));
        match found {
            LiquidationPrice::Below(_) => assert!(below < 1.0 && above > 1.0, "{below} {above} {case:?}"),
            LiquidationPrice::Above(_) if *usd > 0.0 => {
                assert!(below > 1.0 && above < 1.0, "{below} {above} {case:?}");
            }
            // Under at every price, or over: the side does not change.
            _ => {
                assert!((below < 1.0) == (above < 1.0), "{below} {above} {case:?}");
                continue;
            }
        }
        at_price.near(here, 1.0, step(case, legs, &[(*asset, *usd)]), case);
    }
    at_price.report(CASES / 4);
}

#[test]
fn after_the_uniform_drop_and_after_the_common_shock_the_sdks_health_factor_is_one() {
    let mut draw = Draw::named("shock betas");
    let accounts = accounts("common shock", true);
    let mut questions = Vec::new();
    let mut expected = Vec::new();
    for (case, legs) in &accounts {
        let (n, d) = totals(legs);
        let kept = 1.0 - uniform_drop(n / d).expect("a positive factor");
        let collateral = legs.iter().enumerate().filter(|(_, leg)| leg.weighted_collateral_usd > 0.0);
        let prices: Vec<(usize, f64)> =
            collateral.map(|(asset, leg)| (asset, leg.price_usd * kept)).collect();
        questions.push(moved(case, &prices));
        expected.push((true, case, step(case, legs, &prices)));
        let betas: Vec<f64> = legs.iter().map(|_| draw.between(0.2, 1.5)).collect();
        let shock = shock_to_liquidation(legs, &betas).unwrap_or(f64::NAN);
        let prices = legs.iter().zip(&betas).map(|(leg, beta)| leg.price_usd * (1.0 - beta * shock));
        let prices: Vec<(usize, f64)> = prices.enumerate().collect();
        // A shock that takes a price under nothing is a number without a market.
        if shock.is_finite() && prices.iter().all(|(_, usd)| *usd > 0.0) {
            questions.push(moved(case, &prices));
            expected.push((false, case, step(case, legs, &prices)));
        }
    }
    let Some(answers) = ask("aave_sdk.mjs", &questions) else {
        return;
    };
    let mut dropped = Gauge::relative("health factor after the uniform drop (@aave/math-utils)", 1e-9);
    let mut shocked = Gauge::relative("health factor after the beta shock (@aave/math-utils)", 1e-9);
    for ((is_drop, case, step), answer) in expected.iter().zip(&answers) {
        let gauge = if *is_drop { &mut dropped } else { &mut shocked };
        gauge.near(decimal(answer, "health_factor"), 1.0, *step, case);
    }
    dropped.report(CASES);
    shocked.report(CASES / 10);
}

#[test]
fn the_sensitivities_are_the_slopes_of_the_sdks_health_factor() {
    const STEP: f64 = 1e-4;
    let mut draw = Draw::named("sensitivity asset");
    let accounts = accounts("sensitivities", false);
    let assets: Vec<usize> = accounts.iter().map(|(_, legs)| draw.index(legs.len())).collect();
    let questions: Vec<Value> = accounts
        .iter()
        .zip(&assets)
        .flat_map(|((case, legs), asset)| {
            [STEP, -STEP].map(|step| moved(case, &[(*asset, legs[*asset].price_usd * step.exp())]))
        })
        .collect();
    let Some(answers) = ask("aave_sdk.mjs", &questions) else {
        return;
    };
    // A central difference over h is off by h²/6 of the third derivative, which is under 1 here.
    let mut slopes = Gauge::relative("sensitivity of ln HF, by central difference (@aave/math-utils)", 1e-9);
    for (((case, legs), asset), answers) in accounts.iter().zip(&assets).zip(answers.chunks(2)) {
        let [up, down] = [0, 1].map(|at| decimal(&answers[at], "health_factor").ln());
        let seen = sensitivities(legs).expect("both sides are there")[*asset];
        slopes.near(seen, (up - down) / (2.0 * STEP), STEP * STEP + 2.0 * step(case, legs, &[]), case);
    }
    slopes.report(CASES);
}
