//! Filtered historical simulation against a numpy re-implementation, its shortfall by integrating the VaR.

use risk_engine::filtered::{FilterParameters, filter, predictive_tail, var_es};
use serde_json::json;

use crate::draw::Draw;
use crate::driver::{answered, number};
use crate::gauge::Gauge;

const CASES: usize = 1_000;
const TOLERANCE: f64 = 1e-9;

#[test]
fn the_predictive_tail_is_numpys_weibull_quantile_and_the_integral_over_it() {
    let draw_one = |draw: &mut Draw| {
        let (count, scale) = (draw.index(500) + 1, draw.magnitude(1e-3, 1e6));
        let profits: Vec<f64> = draw.market_returns(count).iter().map(|one| one * scale).collect();
        (profits, draw.one_of(&[50_u16, 100, 250, 500, 1_000]))
    };
    let question =
        |(profits, bps): &(Vec<f64>, u16)| json!({ "ask": "tail", "profits": profits, "tail_bps": bps });
    let Some(answered) = answered("filtered.py", "predictive tail", CASES, draw_one, question) else {
        return;
    };
    let mut inside = Gauge::relative("predictive VaR inside the sample (numpy quantile, weibull)", TOLERANCE);
    let mut var = Gauge::relative("predictive VaR with its Pareto tail (numpy)", TOLERANCE);
    let mut es = Gauge::relative("predictive ES (numpy trapezes under the VaR)", TOLERANCE);
    for (case, answer) in &answered {
        let tail = predictive_tail(&case.0, case.1).expect("a tail");
        if let Some(wanted) = answer["weibull"].as_f64() {
            inside.near(tail.var, wanted, 0.0, case);
        }
        let size = case.0.iter().fold(0.0_f64, |most, one| most.max(one.abs()));
        var.near(tail.var, number(answer, "var"), 1e-14 * size, case);
        es.near(tail.es, number(answer, "es"), 1e-12 * size, case);
    }
    inside.report(CASES / 2);
    var.report(CASES);
    es.report(CASES);
}

#[test]
fn filtered_historical_simulation_is_numpys() {
    let draw_one = |draw: &mut Draw| {
        let count = draw.index(400) + 60;
        let exposure = draw.magnitude(10.0, 1e7) * draw.one_of(&[1.0, 1.0, -1.0]);
        (draw.market_returns(count), exposure, draw.one_of(&[100_u16, 500]))
    };
    let question = |(returns, exposure, bps): &(Vec<f64>, f64, u16)| json!({ "ask": "simulation", "returns": returns, "exposure": exposure, "tail_bps": bps });
    let Some(answered) = answered("filtered.py", "filtered simulation", CASES, draw_one, question) else {
        return;
    };
    let mut tails = Gauge::relative("filtered historical VaR and ES of one asset (numpy)", TOLERANCE);
    for (case, answer) in &answered {
        let (returns, exposure, bps) = case;
        let filtered = filter(returns, &FilterParameters::default()).expect("a filter");
        let tail = var_es(&filtered, *exposure, *bps).expect("a tail");
        tails.near(tail.var, number(answer, "var"), 0.0, case);
        tails.near(tail.es, number(answer, "es"), 0.0, case);
    }
    tails.report(2 * CASES);
}
