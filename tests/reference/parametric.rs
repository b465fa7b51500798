//! Moments, normal quantiles, and tails by formula against scipy.
//!
//! The shortfalls are checked by numerical integration of the quantiles, which shares no formula with ours.

use risk_engine::market_risk::{CornishFisher, Shape, normal_quantile, normal_tail};
use serde_json::json;

use crate::draw::Draw;
use crate::driver::{answered, number};
use crate::gauge::Gauge;

const CASES: usize = 1_500;
const TOLERANCE: f64 = 1e-9;
const TAILS_BPS: [u16; 6] = [1, 50, 100, 250, 500, 1_000];

#[test]
fn the_moments_of_a_sample_are_scipys() {
    let returns = |draw: &mut Draw| {
        let count = draw.index(700) + 5;
        draw.market_returns(count)
    };
    let question = |returns: &Vec<f64>| json!({ "ask": "moments", "returns": returns });
    let Some(answered) = answered("parametric.py", "moments", CASES, returns, question) else {
        return;
    };
    let mut moments = Gauge::relative("mean, deviation, skewness, excess kurtosis (scipy.stats)", TOLERANCE);
    for (returns, answer) in &answered {
        let shape = Shape::of(returns).expect("returns that differ");
        for (seen, field) in [
            (shape.mean, "mean"),
            (shape.deviation, "deviation"),
            (shape.skewness, "skewness"),
            (shape.kurtosis, "kurtosis"),
        ] {
            moments.near(seen, number(answer, field), 1e-15, returns);
        }
    }
    moments.report(4 * CASES);
}

#[test]
fn normal_quantiles_and_tails_are_scipys() {
    let draw_one = |draw: &mut Draw| {
        let p = draw.magnitude(1e-300, 1.0);
        (if draw.chance(0.3) { 1.0 - p } else { p }, draw.between(-0.01, 0.01), draw.magnitude(1e-4, 10.0))
    };
    let question = |(p, mean, deviation): &(f64, f64, f64)| json!({ "ask": "normal", "p": p, "mean": mean, "deviation": deviation, "tails_bps": TAILS_BPS });
    let Some(answered) = answered("parametric.py", "normal", CASES, draw_one, question) else {
        return;
    };
    let mut quantile = Gauge::relative("Φ⁻¹(p), 1e-300 to 1 (scipy norm.ppf)", 1e-12);
    let mut var = Gauge::relative("normal VaR (scipy norm.ppf)", TOLERANCE);
    let mut es = Gauge::relative("normal ES (integral of x·φ, Gauss-Legendre)", TOLERANCE);
    for (case, answer) in &answered {
        let (p, mean, deviation) = *case;
        if p > 0.0 && p < 1.0 {
            let seen = normal_quantile(p).expect("a chance between 0 and 1");
            quantile.near(seen, number(answer, "quantile"), 1e-15, case);
        }
        for (index, bps) in TAILS_BPS.into_iter().enumerate() {
            let tail = normal_tail(mean, deviation, bps).expect("a tail");
            let wanted = &answer["tails"][index];
            var.near(tail.var, number(wanted, "var"), 1e-15, case);
            es.near(tail.es, number(wanted, "es"), 1e-15, case);
        }
    }
    quantile.report(CASES / 2);
    var.report(CASES);
    es.report(CASES);
}

#[test]
fn cornish_and_fishers_tails_are_the_integral_of_its_quantiles_inside_its_domain_only() {
    let draw_one = |draw: &mut Draw| Shape {
        mean: draw.between(-0.01, 0.01),
        deviation: draw.magnitude(1e-3, 1.0),
        skewness: draw.between(-1.8, 1.8),
        kurtosis: draw.between(-1.0, 9.0),
    };
    let question = |shape: &Shape| {
        let Shape { mean, deviation, skewness, kurtosis } = shape;
        json!({
            "ask": "cornish_fisher", "mean": mean, "deviation": deviation, "skewness": skewness,
            "kurtosis": kurtosis, "tails_bps": TAILS_BPS,
        })
    };
    let Some(answered) = answered("parametric.py", "cornish fisher", CASES, draw_one, question) else {
        return;
    };
    let mut var = Gauge::relative("Cornish-Fisher VaR (numpy polynomial at scipy's quantile)", TOLERANCE);
    let mut es = Gauge::relative("Cornish-Fisher ES (integral of its quantiles, Gauss-Legendre)", TOLERANCE);
    let mut domain = Gauge::exact("Cornish-Fisher domain (least slope of the polynomial, numpy)");
    for (shape, answer) in &answered {
        let slope = number(answer, "least_slope");
        let expansion = CornishFisher::new(*shape);
        if slope.abs() > 1e-9 {
            domain.same(&expansion.is_ok(), &(slope > 0.0), shape);
        }
        let Ok(expansion) = expansion else { continue };
        for (index, bps) in TAILS_BPS.into_iter().enumerate() {
            let tail = expansion.tail(bps).expect("a tail");
            let wanted = &answer["tails"][index];
            var.near(tail.var, number(wanted, "var"), 1e-13, shape);
            es.near(tail.es, number(wanted, "es"), 1e-13, shape);
        }
    }
    domain.report(CASES / 2);
    var.report(CASES);
    es.report(CASES);
}
