//! Covariance, its factors and what is made of them, against scikit-learn and numpy.

use risk_engine::covariance::{
    Pair, Shrunk, Symmetric, centred, cholesky, correlation, effective_bets, eigen, ledoit_wolf,
    stressed_correlation,
};
use serde_json::{Value, json};

use crate::draw::Draw;
use crate::driver::{answered, number, numbers};
use crate::gauge::Gauge;

const CASES: usize = 1_000;
const TOLERANCE: f64 = 1e-9;

/// Columns of returns with a common market in them, and an amount of each.
#[derive(Debug)]
struct Assets {
    columns: Vec<Vec<f64>>,
    exposures: Vec<f64>,
}

impl Assets {
    fn draw(draw: &mut Draw) -> Self {
        // More days than assets: with fewer, eigenvalues coincide, and with them the number of bets is no one number.
        let (count, days) = (draw.index(12) + 1, draw.index(340) + 60);
        let market = draw.market_returns(days);
        let columns = (0..count).map(|_| {
            let (beta, own) = (draw.between(-0.5, 1.5), draw.magnitude(0.05, 2.0));
            market.iter().map(|one| beta * one + own * draw.market_return()).collect()
        });
        let columns: Vec<Vec<f64>> = columns.collect();
        let exposures = (0..count).map(|_| draw.magnitude(10.0, 1e6) * draw.one_of(&[1.0, 1.0, -1.0]));
        let exposures = exposures.collect();
        Self { columns, exposures }
    }

    fn question(&self) -> Value {
        json!({ "ask": "shrunk", "columns": self.columns, "exposures": self.exposures })
    }

    fn shrunk(&self) -> Shrunk {
        let columns: Vec<Vec<f64>> = self.columns.iter().map(|column| centred(column)).collect();
        let days = columns.first().map_or(0, Vec::len);
        ledoit_wolf(columns.len(), days, |a, b| Pair::of(&columns[a], &columns[b])).expect("a covariance")
    }
}

fn flat(matrix: &Symmetric) -> Vec<f64> {
    (0..matrix.size()).flat_map(|row| matrix.row(row).to_vec()).collect()
}

/// Compares entry by entry; what is under a millionth of the largest entry is compared with that.
fn compare(gauge: &mut Gauge, seen: &[f64], wanted: &[f64], case: &Assets) {
    assert_eq!(seen.len(), wanted.len(), "{case:?}");
    let largest = wanted.iter().fold(0.0_f64, |most, one| most.max(one.abs()));
    for (seen, wanted) in seen.iter().zip(wanted) {
        gauge.near(*seen, *wanted, 1e-15 * largest, case);
    }
}

#[test]
fn the_shrunk_covariance_and_its_factors_are_scikit_learns_and_numpys() {
    let asked = answered("covariance.py", "covariance", CASES, Assets::draw, Assets::question);
    let Some(answered) = asked else { return };
    let mut matrix = Gauge::relative("Ledoit-Wolf covariance, every entry (scikit-learn)", TOLERANCE);
    let mut shrinkage = Gauge::relative("Ledoit-Wolf shrinkage (scikit-learn)", TOLERANCE);
    let mut related = Gauge::relative("correlation of it (numpy)", TOLERANCE);
    let mut lower = Gauge::relative("Cholesky factor of it (numpy)", TOLERANCE);
    let mut values = Gauge::relative("its eigenvalues (numpy eigvalsh)", TOLERANCE);
    let mut bets = Gauge::relative("effective number of bets (numpy)", TOLERANCE);
    for (assets, answer) in &answered {
        let shrunk = assets.shrunk();
        compare(&mut matrix, &flat(&shrunk.covariance), &numbers(answer, "covariance"), assets);
        shrinkage.near(shrunk.shrinkage, number(answer, "shrinkage"), 1e-15, assets);
        let correlation = correlation(&shrunk.covariance).expect("variances above zero");
        compare(&mut related, &flat(&correlation), &numbers(answer, "correlation"), assets);
        let factor = cholesky(&shrunk.covariance).expect("a positive definite matrix");
        let factor: Vec<f64> = factor.rows().concat();
        compare(&mut lower, &factor, &numbers(answer, "cholesky"), assets);
        let (eigenvalues, _) = eigen(&shrunk.covariance).expect("a finite matrix");
        compare(&mut values, &eigenvalues, &numbers(answer, "eigenvalues"), assets);
        let count = effective_bets(&shrunk.covariance, &assets.exposures).expect("something moves");
        bets.near(count, number(answer, "bets"), 0.0, assets);
    }
    matrix.report(CASES);
    shrinkage.report(CASES);
    related.report(CASES);
    lower.report(CASES);
    values.report(CASES);
    bets.report(CASES);
}

#[test]
fn the_stressed_correlation_is_numpys_spectral_repair_and_refused_where_that_moves_too_far() {
    let draw_one = |draw: &mut Draw| {
        let assets = Assets::draw(draw);
        let is_risk: Vec<bool> = assets.columns.iter().map(|_| draw.chance(0.7)).collect();
        (assets, is_risk)
    };
    let question = |(assets, is_risk): &(Assets, Vec<bool>)| {
        let correlation = correlation(&assets.shrunk().covariance).expect("variances above zero");
        json!({ "ask": "stressed", "correlation": flat(&correlation), "is_risk": is_risk, "floor": 0.9 })
    };
    let Some(answered) = answered("covariance.py", "stressed correlation", CASES, draw_one, question) else {
        return;
    };
    let mut entries = Gauge::relative("stressed correlation, every entry (numpy)", 1e-9);
    let mut refused = 0;
    for ((assets, is_risk), answer) in &answered {
        let own = correlation(&assets.shrunk().covariance).expect("variances above zero");
        let moved = number(answer, "moved");
        match stressed_correlation(&own, is_risk, 0.9) {
            Some(stressed) => {
                assert!(moved <= 0.05 + 1e-9, "{moved} {assets:?} {is_risk:?}");
                // A repaired matrix has eigenvalues of zero: its entries are good to the square root of nothing much.
                let wanted = numbers(answer, "stressed");
                for (seen, wanted) in flat(&stressed).iter().zip(&wanted) {
                    entries.near(*seen, *wanted, 1e-12, assets);
                }
            }
            None => {
                assert!(moved > 0.05 - 1e-9, "{moved} {assets:?} {is_risk:?}");
                refused += 1;
            }
        }
    }
    assert!(refused < CASES * 9 / 10, "{refused} were refused");
    entries.report(CASES);
}
