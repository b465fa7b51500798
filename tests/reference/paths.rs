//! The simulated first passage against a numpy re-implementation with its own random numbers, many more of them.
//!
//! Both are counts, so they agree within four standard errors of both, of which one comparison in 16,000 falls outside
//! by chance; the draws are fixed by the seed.

use risk_engine::probability::filter::Filtered;
use risk_engine::probability::paths::{AssetPaths, Draws, PATHS, passage};
use serde_json::{Value, json};

use crate::draw::Draw;
use crate::driver::{answered, numbers};
use crate::gauge::Gauge;

const CASES: usize = 8;
const HOURS: usize = 1_500;
/// Paths that the reference draws.
const REFERENCE_PATHS: u32 = 8_000;

/// Hourly returns of some assets, and what each adds to N − D.
#[derive(Debug)]
struct Account {
    returns: Vec<Vec<f64>>,
    nets: Vec<f64>,
}

impl Account {
    fn draw(draw: &mut Draw) -> Self {
        let market: Vec<f64> = draw.market_returns(HOURS).iter().map(|one| one * 0.2).collect();
        let assets = draw.index(3) + 1;
        let mut returns: Vec<Vec<f64>> = (0..assets)
            .map(|_| market.iter().map(|one| one + 0.1 * draw.market_return()).collect())
            .collect();
        // A dollar that hardly moves is owed.
        returns.push((0..HOURS).map(|_| 1e-5 * draw.normal()).collect());
        let mut nets: Vec<f64> = (0..assets).map(|_| draw.magnitude(100.0, 1e5)).collect();
        let held: f64 = nets.iter().sum();
        nets.push(-held / (1.0 + draw.magnitude(0.02, 0.25)));
        Self { returns, nets }
    }

    fn question(&self) -> Value {
        json!({ "returns": self.returns, "nets": self.nets, "paths": REFERENCE_PATHS })
    }
}

#[test]
fn the_simulated_first_passage_is_numpys_within_both_errors() {
    let Some(answered) = answered("paths.py", "paths", CASES, Account::draw, Account::question) else {
        return;
    };
    let mut gauge =
        Gauge::relative("simulated first passage, 24 h and 7 d, standard errors apart (numpy)", 4.0);
    for (account, answer) in &answered {
        let draws = Draws::new(1, u32::try_from(HOURS).expect("a count"));
        let paths: Vec<AssetPaths> = account
            .returns
            .iter()
            .map(|returns| draws.paths(&Filtered::of(returns).expect("a filter"), 0))
            .collect();
        let legs: Vec<(&AssetPaths, f64)> = paths.iter().zip(account.nets.iter().copied()).collect();
        let seen = passage(&legs).expect("finite amounts");
        for (seen, wanted) in seen.iter().zip(numbers(answer, "chances")) {
            let variance = wanted.max(1e-3) * (1.0 - wanted).max(1e-3);
            let error = (variance / f64::from(PATHS) + variance / f64::from(REFERENCE_PATHS)).sqrt();
            gauge.near(1.0 + (seen.value - wanted) / error, 1.0, 0.0, &(seen, wanted, &account.nets));
        }
    }
    gauge.report(2 * CASES);
}
