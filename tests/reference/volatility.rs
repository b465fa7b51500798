//! Volatility filters against arch, and against numpy where arch begins otherwise.
//!
//! arch seeds its recursions with a backcast, a mean of the first squares weighted by 0.94. Ours begin with the first
//! square, the mean of the first 20 or 60, or that of the window. So arch is given our seed where all digits are
//! compared, and its own where only what is left of a seed after 250 days is (0.94^250 = 2e-7).

use risk_engine::filtered::{FilterParameters, filter};
use risk_engine::market_risk::{LAMBDA, ewma_variance};
use risk_engine::probability::filter::Filtered;
use risk_engine::probability::volatility::{DAILY_LAMBDA, ordinary, weighted_variance};
use serde_json::json;

use crate::draw::Draw;
use crate::driver::{answered, number, numbers};
use crate::gauge::Gauge;

const CASES: usize = 600;
const TOLERANCE: f64 = 1e-9;

fn returns(draw: &mut Draw) -> Vec<f64> {
    let count = draw.index(400) + 250;
    draw.market_returns(count)
}

#[test]
fn the_weighted_variances_are_archs() {
    let question = |returns: &Vec<f64>| json!({ "ask": "ewma", "returns": returns });
    let Some(answered) = answered("volatility.py", "ewma", CASES, returns, question) else {
        return;
    };
    let mut seeded = Gauge::relative("EWMA variance, same seed (arch EWMAVariance)", TOLERANCE);
    let mut later = Gauge::relative("EWMA variance, arch's own seed, after 250 days (arch)", 1e-4);
    let mut weighted = Gauge::relative("EWMA variance from the first 60 squares (arch)", TOLERANCE);
    let mut spread = Gauge::relative("ordinary spread, median of |r| (numpy, scipy)", TOLERANCE);
    for (returns, answer) in &answered {
        let seen = ewma_variance(returns, LAMBDA).expect("a variance");
        seeded.near(seen, number(answer, "first_square"), 0.0, returns);
        later.near(seen, number(answer, "backcast"), 0.0, returns);
        let seen = weighted_variance(returns, DAILY_LAMBDA).expect("a variance");
        weighted.near(seen, number(answer, "first_sixty"), 0.0, returns);
        spread.near(ordinary(returns).expect("a spread"), number(answer, "ordinary"), 0.0, returns);
    }
    seeded.report(CASES);
    later.report(CASES);
    weighted.report(CASES);
    spread.report(CASES);
}

#[test]
fn the_daily_filter_is_archs_recursion_with_its_floor() {
    let question = |returns: &Vec<f64>| json!({ "ask": "daily", "returns": returns });
    let Some(answered) = answered("volatility.py", "daily filter", CASES, returns, question) else {
        return;
    };
    let mut residuals = Gauge::relative("daily standardised returns (arch EWMAVariance)", TOLERANCE);
    let mut tomorrow = Gauge::relative("daily volatility of tomorrow (arch EWMAVariance)", TOLERANCE);
    for (returns, answer) in &answered {
        let filtered = filter(returns, &FilterParameters::default()).expect("a filter");
        let wanted = numbers(answer, "standardised");
        assert_eq!(filtered.standardised.len(), wanted.len(), "{returns:?}");
        for (seen, wanted) in filtered.standardised.iter().zip(wanted) {
            residuals.near(*seen, wanted, 0.0, returns);
        }
        tomorrow.near(filtered.volatility, number(answer, "volatility"), 0.0, returns);
    }
    residuals.report(CASES);
    tomorrow.report(CASES);
}

#[test]
fn the_hourly_filter_is_archs_garch_with_fixed_parameters() {
    let question = |returns: &Vec<f64>| json!({ "ask": "hourly", "returns": returns });
    let Some(answered) = answered("volatility.py", "hourly filter", CASES, returns, question) else {
        return;
    };
    let mut residuals = Gauge::relative("hourly residuals (arch GARCH, fixed parameters)", TOLERANCE);
    let mut next = Gauge::relative("variance of the next hour (arch GARCH, fixed parameters)", TOLERANCE);
    let mut ahead = Gauge::relative("variance of the next 24 and 168 hours (arch forecast)", TOLERANCE);
    for (returns, answer) in &answered {
        let filtered = Filtered::of(returns).expect("a filter");
        for (seen, wanted) in filtered.residuals().iter().zip(numbers(answer, "residuals")) {
            residuals.near(*seen, wanted, 1e-13, returns);
        }
        next.near(filtered.variance(), number(answer, "variance"), 0.0, returns);
        ahead.near(filtered.expected_variance(24), number(answer, "day"), 0.0, returns);
        ahead.near(filtered.expected_variance(168), number(answer, "week"), 0.0, returns);
    }
    residuals.report(CASES);
    next.report(CASES);
    ahead.report(CASES);
}
