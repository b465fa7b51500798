//! Normal tails and first-passage probabilities against scipy.
//!
//! The time at which a Brownian motion with a drift towards a barrier first passes it is distributed as an inverse
//! Gaussian, which scipy has on its own: no formula is shared with ours.

use risk_engine::probability::{first_passage, first_passage_with_drift, normal_cdf};
use serde_json::{Value, json};

use crate::draw::Draw;
use crate::driver::{ask, number};
use crate::gauge::Gauge;

const CASES: usize = 4_000;

#[test]
fn the_normal_distribution_is_scipys_far_into_both_tails() {
    let mut draw = Draw::named("normal");
    let points: Vec<f64> = (0..CASES).map(|_| draw.between(-37.0, 9.0)).collect();
    let questions: Vec<Value> = points.iter().map(|x| json!({ "ask": "normal", "x": x })).collect();
    let Some(answers) = ask("passage.py", &questions) else {
        return;
    };
    let mut tails = Gauge::relative("Φ(x), −37 to 9 (scipy norm.cdf)", 1e-12);
    for (x, answer) in points.iter().zip(&answers) {
        tails.near(normal_cdf(*x), number(answer, "cdf"), 0.0, x);
    }
    tails.report(CASES);
}

#[test]
fn the_first_passage_is_scipys_inverse_gaussian() {
    let mut draw = Draw::named("first passage");
    let cases: Vec<[f64; 4]> = (0..CASES)
        .map(|_| {
            let factor = 1.0 + draw.magnitude(1e-4, 10.0);
            let volatility = draw.magnitude(0.01, 3.0);
            let years = draw.magnitude(1.0, 365.0) / 365.0;
            let drift = match draw.whole(0, 2) {
                0 => -volatility * volatility / 2.0,
                1 => draw.between(-2.0, -1e-3),
                _ => draw.between(1e-3, 2.0),
            };
            [factor, volatility, years, drift]
        })
        .collect();
    let questions: Vec<Value> = cases
        .iter()
        .map(|[factor, volatility, years, drift]| {
            json!({ "ask": "passage", "barrier": factor.ln(), "volatility": volatility, "years": years, "drift": drift })
        })
        .collect();
    let Some(answers) = ask("passage.py", &questions) else {
        return;
    };
    let mut passages = Gauge::relative("first passage with any drift (scipy invgauss.cdf)", 1e-9);
    let mut martingales = Gauge::relative("first passage of a martingale factor (scipy invgauss.cdf)", 1e-9);
    for (case, answer) in cases.iter().zip(&answers) {
        let [factor, volatility, years, drift] = *case;
        let wanted = number(answer, "probability");
        // Probabilities under 1e-290 are as good as none, and lose digits to the end of the floats.
        let seen = first_passage_with_drift(factor, volatility, years, drift).expect("finite numbers");
        passages.near(seen, wanted, 1e-290, case);
        if drift.to_bits() == (-volatility * volatility / 2.0).to_bits() {
            let seen = first_passage(factor, volatility, years).expect("finite numbers");
            martingales.near(seen, wanted, 1e-290, case);
        }
    }
    passages.report(CASES);
    martingales.report(CASES / 4);
}
