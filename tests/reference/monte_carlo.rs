//! Monte Carlo of a wallet against numpy with the same covariance and innovations of its own.
//!
//! Both are samples. The reference draws 20 times as many paths, in groups as large as ours, and the spread over its
//! groups is the error that ours may have: the two lie within five of them, for draws that the seed fixes.

use risk_engine::covariance::{Symmetric, cholesky};
use risk_engine::market_risk::Tails;
use risk_engine::simulation::{Horizon, Innovations, monte_carlo_tails};
use serde_json::{Value, json};

use crate::draw::Draw;
use crate::driver::{answered, number};
use crate::gauge::Gauge;

const CASES: usize = 12;

/// A daily covariance, row by row, and what is held (owed below zero) of each asset.
#[derive(Debug)]
struct Wallet {
    covariance: Vec<Vec<f64>>,
    exposures: Vec<f64>,
}

impl Wallet {
    fn draw(draw: &mut Draw) -> Self {
        let count = draw.index(6) + 1;
        let (market, own): (Vec<f64>, Vec<f64>) =
            (0..count).map(|_| (draw.between(0.0, 0.05), draw.magnitude(0.005, 0.05))).unzip();
        let entry = |row: usize, column: usize| {
            market[row] * market[column] + if row == column { own[row] * own[row] } else { 0.0 }
        };
        let covariance = (0..count).map(|row| (0..count).map(|column| entry(row, column)).collect());
        let covariance = covariance.collect();
        let exposures = (0..count).map(|_| draw.magnitude(100.0, 1e5) * draw.one_of(&[1.0, 1.0, -1.0]));
        Self { covariance, exposures: exposures.collect() }
    }

    fn question(&self) -> Value {
        json!({ "covariance": self.covariance, "exposures": self.exposures })
    }

    fn tails(&self, horizon: Horizon) -> Tails {
        let matrix = Symmetric::from_pairs(self.exposures.len(), |row, column| self.covariance[row][column]);
        let factor = cholesky(&matrix).expect("a positive definite matrix");
        let innovations = Innovations::standard().expect("the standard draws");
        monte_carlo_tails(&factor, &self.exposures, innovations, horizon).expect("tails")
    }
}

#[test]
fn monte_carlo_tails_are_numpys_within_their_sampling_error() {
    let Some(answered) = answered("monte_carlo.py", "monte carlo", CASES, Wallet::draw, Wallet::question)
    else {
        return;
    };
    let mut gauge =
        Gauge::relative("Monte Carlo VaR and ES, 1 and 7 days, standard errors apart (numpy)", 5.0);
    for (wallet, answer) in &answered {
        for (horizon, name) in [(Horizon::Day, "day"), (Horizon::Week, "week")] {
            let tails = wallet.tails(horizon);
            for (seen, field) in [
                (tails.at_95.var, "var_95"),
                (tails.at_95.es, "es_95"),
                (tails.at_99.var, "var_99"),
                (tails.at_99.es, "es_99"),
            ] {
                let wanted = &answer[name][field];
                let apart = (seen - number(wanted, "value")) / number(wanted, "error");
                gauge.near(1.0 + apart, 1.0, 0.0, &(name, field, seen, wanted, wallet));
            }
        }
    }
    gauge.report(8 * CASES);
}
