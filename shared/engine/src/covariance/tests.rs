//! The covariance against the reference's values, and what must hold of any.

use proptest::prelude::*;

use super::*;

/// The golden sample: six rows of three columns.
const SAMPLE: [[f64; 3]; 6] = [
    [0.01, 0.02, -0.01],
    [-0.02, -0.03, 0.01],
    [0.03, 0.01, 0.02],
    [-0.01, 0.0, -0.02],
    [0.02, 0.04, 0.01],
    [-0.03, -0.02, 0.0],
];

fn shrunk(columns: &[Vec<f64>]) -> Option<Shrunk> {
    let columns: Vec<Vec<f64>> = columns.iter().map(|column| centred(column)).collect();
    let days = columns.first().map_or(0, Vec::len);
    ledoit_wolf(columns.len(), days, |a, b| Pair::of(&columns[a], &columns[b]))
}

fn sample() -> Shrunk {
    let columns: Vec<Vec<f64>> = (0..3).map(|index| SAMPLE.iter().map(|row| row[index]).collect()).collect();
    shrunk(&columns).unwrap()
}

fn near(seen: f64, wanted: f64) {
    assert!((seen / wanted - 1.0).abs() < 1e-9, "{seen} is not {wanted}");
}

#[test]
fn the_reference_sample_is_shrunk_as_the_reference_shrinks_it() {
    let Shrunk { covariance, shrinkage, .. } = sample();
    near(shrinkage, 0.278_184_780_503_366_7);
    near(covariance.at(0, 0), 4.483_785_931_335_75e-4);
    near(covariance.at(0, 1), 3.007_563_414_569_305_5e-4);
    near(covariance.at(2, 2), 2.418_592_386_664_826_8e-4);
    assert_eq!(covariance.at(0, 1).to_bits(), covariance.at(1, 0).to_bits());
}

#[test]
fn one_column_keeps_its_variance_and_none_has_no_covariance() {
    let one = shrunk(&[vec![1.0, 2.0, 3.0]]).unwrap();
    near(one.covariance.at(0, 0), 2.0 / 3.0);
    assert_eq!(one.shrinkage.to_bits(), 0.0_f64.to_bits());
    assert_eq!(shrunk(&[]), None);
    assert_eq!(shrunk(&[vec![1.0]]), None);
    assert_eq!(shrunk(&[vec![f64::INFINITY, 1.0]]), None);
}

#[test]
fn the_factor_times_itself_is_the_matrix_and_an_impossible_matrix_is_refused() {
    let covariance = sample().covariance;
    let factor = cholesky(&covariance).unwrap();
    for (a, left) in factor.rows().iter().enumerate() {
        for (b, right) in factor.rows().iter().enumerate() {
            let product: f64 = left.iter().zip(right).map(|(x, y)| x * y).sum();
            assert!((product - covariance.at(a, b)).abs() < 1e-18);
        }
    }
    let impossible = Symmetric::from_pairs(2, |row, column| if row == column { 1.0 } else { 1.5 });
    assert_eq!(cholesky(&impossible), Err(NotPositive { row: 1 }));
    assert_eq!(cholesky(&Symmetric::zero(1)), Err(NotPositive { row: 0 }));
}

#[test]
fn independent_equal_assets_are_as_many_bets_as_they_are_and_copies_are_one() {
    let own = Symmetric::from_pairs(4, |row, column| {
        if row == column { 0.04 + f64::from(u8::try_from(row).unwrap()) * 1e-9 } else { 0.0 }
    });
    assert!((effective_bets(&own, &[1.0; 4]).unwrap() - 4.0).abs() < 1e-6);
    assert!((effective_bets(&own, &[1.0, 0.0, 0.0, 0.0]).unwrap() - 1.0).abs() < 1e-9);
    let same = Symmetric::from_pairs(4, |_, _| 0.04);
    assert!((effective_bets(&same, &[1.0; 4]).unwrap() - 1.0).abs() < 1e-6);
    assert_eq!(effective_bets(&Symmetric::zero(2), &[1.0, 1.0]), None);
    assert_eq!(effective_bets(&same, &[1.0]), None);
}

#[test]
fn a_crisis_binds_the_risk_assets_and_leaves_the_others_alone() {
    let calm = Symmetric::from_pairs(3, |row, column| match (row, column) {
        (1, 0) => 0.5,
        (2, _) if row != column => 0.05,
        _ => 1.0,
    });
    let stressed = stressed_correlation(&calm, &[true, true, false], 0.9).unwrap();
    near(stressed.at(0, 1), 0.9);
    near(stressed.at(0, 2), 0.05);
    assert!(cholesky(&stressed).is_ok());
}

#[test]
fn a_crisis_that_no_market_could_show_is_repaired_where_little_is_missing_and_refused_otherwise() {
    let with_third = |rho: f64| {
        let calm = Symmetric::from_pairs(3, |row, column| match (row, column) {
            (1, 0) => 0.0,
            (2, 0) => rho,
            (2, 1) => -rho,
            _ => 1.0,
        });
        stressed_correlation(&calm, &[true, true, false], 0.9)
    };
    // Two assets that move together at 0.9 cannot be bound to a third at +0.7 and −0.7.
    assert_eq!(with_third(0.7), None);
    // At 0.23 the smallest eigenvalue is a hair under zero.
    let repaired = with_third(0.23).unwrap();
    let (values, _) = eigen(&repaired).unwrap();
    assert!(values.iter().all(|value| *value > -1e-12), "{values:?}");
    assert!((repaired.at(0, 1) - 0.9).abs() < 0.05);
    assert_eq!(stressed_correlation(&repaired, &[true], 0.9), None);
}

proptest! {
    #[test]
    fn eigenvalues_give_the_matrix_back(entries in prop::collection::vec(-1.0_f64..1.0, 36)) {
        let matrix = Symmetric::from_pairs(6, |row, column| entries[row * 6 + column]);
        let (values, vectors) = eigen(&matrix).unwrap();
        for row in 0..6 {
            for column in 0..6 {
                let sum: f64 = values.iter().zip(&vectors).map(|(value, vector)| value * vector[row] * vector[column]).sum();
                prop_assert!((sum - matrix.at(row, column)).abs() < 1e-12, "{sum} {}", matrix.at(row, column));
            }
        }
        prop_assert!(values.windows(2).all(|pair| pair[0] >= pair[1]));
    }

    #[test]
    fn a_shrunk_covariance_of_moving_assets_has_a_factor_and_its_correlations_are_correlations(
        rows in prop::collection::vec(prop::array::uniform5(-0.3_f64..0.3), 3..60),
    ) {
        let columns: Vec<Vec<f64>> = (0..5).map(|index| rows.iter().map(|row| row[index]).collect()).collect();
        let shrunk = shrunk(&columns).unwrap();
        prop_assert!((0.0..=1.0).contains(&shrunk.shrinkage));
        if shrunk.shrinkage > 1e-9 {
            prop_assert!(cholesky(&shrunk.covariance).is_ok());
            let correlation = correlation(&shrunk.covariance).unwrap();
            for row in 0..5 {
                prop_assert!(correlation.row(row).iter().all(|rho| (-1.0..=1.0).contains(rho)));
            }
            let bets = effective_bets(&shrunk.covariance, &[1.0, 2.0, -1.0, 0.5, 0.0]).unwrap();
            prop_assert!((1.0 - 1e-9..=5.0 + 1e-9).contains(&bets));
        }
    }
}
