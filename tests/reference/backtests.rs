//! The verdicts on a VaR against scipy: Kupiec by the binomial's own likelihood, and every distribution by its tail.

use risk_engine::backtest::Verdict;
use risk_engine::backtest::distribution::{binomial_cdf, chi_squared_1_survival, chi_squared_2_survival};
use serde_json::json;

use crate::draw::Draw;
use crate::driver::{answered, number};
use crate::gauge::Gauge;

const CASES: usize = 2_000;
const TOLERANCE: f64 = 1e-9;

#[test]
fn chi_squared_and_binomial_are_scipys() {
    let draw_one = |draw: &mut Draw| {
        let trials = draw.whole(1, 2_000);
        let any = draw.magnitude(1e-4, 1.0);
        let probability = draw.one_of(&[0.01, 0.05, any]);
        (draw.magnitude(1e-12, 600.0), draw.whole(0, trials), trials, probability)
    };
    let question = |(x, successes, trials, probability): &(f64, u64, u64, f64)| json!({ "ask": "distributions", "x": x, "successes": successes, "trials": trials, "probability": probability });
    let Some(answered) = answered("backtests.py", "distributions", CASES, draw_one, question) else {
        return;
    };
    let mut squares = Gauge::relative("χ² tails, one and two degrees (scipy chi2.sf)", 1e-12);
    let mut binomial = Gauge::relative("binomial distribution (scipy binom.cdf)", TOLERANCE);
    for (case, answer) in &answered {
        let (x, successes, trials, probability) = *case;
        squares.near(chi_squared_1_survival(x), number(answer, "one"), 0.0, case);
        squares.near(chi_squared_2_survival(x), number(answer, "two"), 0.0, case);
        let [successes, trials] = [successes, trials].map(|one| u32::try_from(one).expect("a count"));
        let seen = binomial_cdf(successes, trials, probability).expect("a chance");
        // scipy's incomplete beta function gives up digits where nothing is left.
        binomial.near(seen, number(answer, "binomial"), 1e-250, case);
    }
    squares.report(2 * CASES);
    binomial.report(CASES);
}

#[test]
fn every_verdict_is_scipys() {
    let draw_one = |draw: &mut Draw| {
        let (count, tail) = (draw.whole(1, 1_200), draw.one_of(&[0.01, 0.05]));
        // Exceedances that come as they should, too often, or in clusters; and days that are missing.
        let (often, again) = (tail * draw.magnitude(0.2, 5.0), draw.one_of(&[0.0, 0.0, 0.3]));
        let mut hit = false;
        let mut day = 0;
        let days: Vec<(u64, bool)> = (0..count)
            .map(|_| {
                day += if draw.chance(0.01) { draw.whole(2, 4) } else { 1 };
                hit = draw.chance(if hit { often + again } else { often });
                (day, hit)
            })
            .collect();
        (days, tail)
    };
    let question =
        |(days, tail): &(Vec<(u64, bool)>, f64)| json!({ "ask": "verdict", "days": days, "tail": tail });
    let Some(answered) = answered("backtests.py", "verdicts", CASES, draw_one, question) else {
        return;
    };
    let mut statistics = Gauge::relative("Kupiec and Christoffersen statistics (scipy)", TOLERANCE);
    let mut p_values = Gauge::relative("their p-values (scipy chi2.sf)", TOLERANCE);
    let mut zones = Gauge::exact("Basel's zone (scipy binom.cdf)");
    for (case, answer) in &answered {
        let verdict = Verdict::of(&case.0, case.1).expect("a verdict");
        let tests = [
            ("unconditional", Some(verdict.unconditional)),
            ("independence", verdict.independence),
            ("conditional", verdict.conditional),
        ];
        for (name, test) in tests {
            let Some(test) = test else {
                assert!(answer[name].is_null(), "{name} {answer} {case:?}");
                continue;
            };
            // A difference of log likelihoods of up to 1e4: 1e-16 of that is lost.
            let (statistic, p_value) = (number(&answer[name], "statistic"), number(&answer[name], "p_value"));
            statistics.near(test.statistic, statistic, 1e-11, case);
            p_values.near(test.p_value, p_value, 1e-11 * p_value.max(1e-5).sqrt(), case);
        }
        zones.same(&json!(verdict.zone.name()), &answer["zone"], case);
    }
    statistics.report(CASES);
    p_values.report(CASES);
    zones.report(CASES);
}
