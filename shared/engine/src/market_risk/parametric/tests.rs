//! Tails by formula against the reference's values.

use proptest::prelude::*;

use super::*;

const RETURNS: [f64; 20] = [
    -0.081, 0.012, -0.023, 0.034, -0.045, 0.051, -0.006, 0.017, -0.062, 0.028, -0.011, 0.009, 0.043, -0.037,
    0.022, -0.019, 0.031, -0.055, 0.004, 0.014,
];

fn near(seen: f64, wanted: f64) {
    assert!((seen / wanted - 1.0).abs() < 1e-9, "{seen} is not {wanted}");
}

#[test]
fn the_reference_series_has_the_reference_shape_and_tails() {
    let shape = Shape::of(&RETURNS).unwrap();
    near(shape.deviation, 0.037_104_546_5);
    near(shape.skewness, -0.510_664_519_5);
    near(shape.kurtosis, -0.734_322_875_3);
    let normal = normal_tail(shape.mean, shape.deviation, 500).unwrap();
    near(normal.var, 0.064_731_547_8);
    near(normal.es, 0.080_236_023_2);
    // The reference gives the expansion's value there, although the series lies outside its domain.
    let unchecked = CornishFisher(shape).tail(500).unwrap();
    near(unchecked.var, 0.070_485_763_491_304_73);
    // Its shortfall by numerical integration of the VaR over all levels beyond.
    near(unchecked.es, 0.084_511_124_414_436_49);
    assert!(CornishFisher::new(shape).is_err());
}

#[test]
fn the_expansion_gives_the_reference_quantiles() {
    let quantile = |p: f64, k: f64| expansion(normal_quantile(p).unwrap(), 0.1, k);
    // The reference prints seven digits; the rest is the same formula on scipy's quantiles.
    for (p, k, printed, exact) in [
        (0.9, 0.0, 1.292_868, 1.292_868_412_136_495),
        (0.9, 1.0, 1.220_374, 1.220_373_945_732_821_8),
        (0.99, 0.0, 2.396_116, 2.396_116_070_436_682_4),
        (0.99, 1.0, 2.629_904, 2.629_903_798_857_274),
        (0.01, 0.0, -2.249_053, -2.249_052_922_734_871_5),
        (0.01, 1.0, -2.482_841, -2.482_840_651_155_463_3),
    ] {
        near(quantile(p, k), exact);
        assert!((quantile(p, k) - printed).abs() < 5e-7);
    }
}

#[test]
fn the_domain_is_where_the_expansion_never_falls() {
    // The grid of the reference: skewness −1.5 to 1.5, excess kurtosis 0 to 10.
    for s in -15..=15 {
        for k in 0..=50 {
            let (skewness, kurtosis) = (f64::from(s) / 10.0, f64::from(k) / 5.0);
            let inside = CornishFisher::new(Shape { mean: 0.0, deviation: 1.0, skewness, kurtosis }).is_ok();
            // dz'/dz = a·z² + b·z + c is never under zero.
            let a = kurtosis / 8.0 - skewness * skewness / 6.0;
            let b = skewness / 3.0;
            let c = 1.0 - kurtosis / 8.0 + 5.0 * skewness * skewness / 36.0;
            let slope = |z: f64| a * z * z + b * z + c;
            let steps = (-4_000..=4_000).map(|step| slope(f64::from(step) / 100.0));
            let least = steps.fold(f64::INFINITY, f64::min);
            // On the edge itself rounding decides.
            if least.abs() > 1e-3 {
                assert_eq!(inside, least >= 0.0, "S {skewness} K {kurtosis}: {least}");
            }
        }
    }
    let outside = CornishFisher::new(Shape { mean: 0.0, deviation: 1.0, skewness: 0.0, kurtosis: 9.0 });
    assert!(outside.unwrap_err().to_string().contains("kurtosis 9.00"));
}

#[test]
fn the_quantile_is_scipys_in_the_middle_and_in_both_tails() {
    for (p, wanted) in [
        (0.05, -1.644_853_626_951_472_9),
        (0.01, -2.326_347_874_040_840_8),
        (0.005, -2.575_829_303_548_901),
        (0.024_25, -1.972_961_051_311_885),
        (0.3, -0.524_400_512_708_040_9),
        (0.975, 1.959_963_984_540_054),
        (1e-10, -6.361_340_902_404_056),
        (1e-300, -37.047_096_299_361_2),
    ] {
        let seen = normal_quantile(p).unwrap();
        assert!((seen / wanted - 1.0).abs() < 1e-13, "{p}: {seen}");
    }
    assert_eq!([0.0, 1.0, f64::NAN].map(normal_quantile), [None; 3]);
    assert_eq!(normal_quantile(0.5).map(f64::abs), Some(0.0));
}

#[test]
fn what_does_not_move_has_no_shape_and_no_level_no_tail() {
    assert_eq!(Shape::of(&[1.0, 1.0]), None);
    assert_eq!(Shape::of(&[1.0]), None);
    assert_eq!(Shape::of(&[f64::INFINITY, 1.0]), None);
    assert_eq!(normal_tail(0.0, 1.0, 0), None);
    assert_eq!(normal_tail(0.0, f64::MAX, 100), None);
}

proptest! {
    #[test]
    fn inside_the_domain_the_tails_are_ordered(s in -1.0_f64..1.0, k in 0.0_f64..8.0, mean in -1.0_f64..1.0, deviation in 0.01_f64..10.0) {
        if let Ok(fit) = CornishFisher::new(Shape { mean, deviation, skewness: s, kurtosis: k }) {
            let Tails { at_95, at_99 } = fit.tails().unwrap();
            prop_assert!(at_99.var >= at_95.var);
            prop_assert!(at_95.es >= at_95.var && at_99.es >= at_99.var);
        }
    }

    #[test]
    fn the_quantile_turns_the_distribution_around(p in 1e-12_f64..0.999_999) {
        prop_assert!((normal_cdf(normal_quantile(p).unwrap()) / p - 1.0).abs() < 1e-12);
    }
}
