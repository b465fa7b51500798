//! Series of daily returns: holes, ages, windows and what several share.

use super::*;

const TODAY: u64 = 20_000;

fn closes(values: &[Option<f64>]) -> DailyCloses {
    let first_day = TODAY - u64::try_from(values.len()).unwrap();
    DailyCloses { first_day, closes: values.to_vec(), source: "test" }
}

fn parameters(min_observations: usize) -> Parameters {
    Parameters { min_observations, ..Parameters::default() }
}

#[test]
fn a_short_hole_is_filled_and_a_long_one_starts_anew() {
    let filled = [Some(1.0), None, None, Some(2.0), Some(4.0)];
    let series = Series::of(&closes(&filled), TODAY, &parameters(2)).unwrap();
    assert_eq!(series.returns(), [0.0, 0.0, log(2.0), log(4.0) - log(2.0)]);
    assert_eq!(series.restarted_on(), None);

    let broken = [Some(1.0), Some(1.5), None, None, None, Some(2.0), Some(4.0), Some(4.0)];
    let series = Series::of(&closes(&broken), TODAY, &parameters(2)).unwrap();
    assert_eq!(series.returns().len(), 2);
    assert_eq!(series.restarted_on(), Some(TODAY - 3));
}

#[test]
fn an_old_last_close_is_stale_and_yesterdays_may_be_late() {
    let series = |trailing: usize| {
        let mut values = vec![Some(1.0); 10];
        values.extend(vec![None; trailing]);
        Series::of(&closes(&values), TODAY, &parameters(2))
    };
    assert!(series(1).is_ok());
    assert_eq!(series(2), Err(Shortage::Stale { last_day: TODAY - 3 }));
}

#[test]
fn too_few_none_at_all_and_impossible_closes_are_told_apart() {
    assert_eq!(
        Series::of(&closes(&[Some(1.0); 5]), TODAY, &parameters(60)),
        Err(Shortage::TooShort { observations: 4 })
    );
    let impossible = [Some(-1.0), Some(0.0), Some(f64::NAN), Some(f64::INFINITY), Some(1e300), None];
    assert_eq!(Series::of(&closes(&impossible), TODAY, &parameters(2)), Err(Shortage::Empty));
}

#[test]
fn todays_unfinished_close_and_what_lies_before_the_window_are_left_out() {
    let mut late = closes(&vec![Some(1.0); 500]);
    late.first_day += 1;
    let series = Series::of(&late, TODAY, &parameters(60)).unwrap();
    assert_eq!(series.returns().len(), 365);
}

#[test]
fn a_week_is_seven_returns_in_a_row_inside_the_days_asked_for() {
    let values: Vec<Option<f64>> = (0..21).map(|day| Some(f64::from(1 + day % 4))).collect();
    let series = Series::of(&closes(&values), TODAY, &parameters(2)).unwrap();
    let whole = series.window();
    assert_eq!((whole.days(), series.weekly_returns(whole).unwrap().len()), (20, 14));
    let inner = Window { first_day: whole.first_day + 3, end_day: whole.end_day - 2 };
    let weekly = series.weekly_returns(inner).unwrap();
    let week: f64 = series.log_returns(inner).unwrap()[8..15].iter().sum();
    assert_eq!((weekly.len(), weekly[8].to_bits()), (9, expm1(week).to_bits()));
    let short = Window { first_day: whole.first_day, end_day: whole.first_day + 6 };
    assert_eq!(series.weekly_returns(short), Some(&[][..]));
    assert_eq!(series.simple_returns(Window { first_day: 0, end_day: 3 }), None);
    assert_eq!(series.simple_returns(inner).unwrap().len(), 15);
}

#[test]
fn series_are_added_on_the_days_that_they_share() {
    let long =
        Series::of(&closes(&[Some(1.0), Some(2.0), Some(4.0), Some(4.0)]), TODAY, &parameters(2)).unwrap();
    let short = Series::of(&closes(&[Some(1.0), Some(1.0), Some(3.0)]), TODAY, &parameters(2)).unwrap();
    let sums = combine(&[(&long, 1.0), (&short, 2.0)], 2, |r| r).unwrap();
    assert_eq!(sums, [log(4.0) - log(2.0), 2.0 * log(3.0)]);
    assert_eq!(
        combine(&[(&long, 1.0), (&short, 2.0)], 3, |r| r),
        Err(Shortage::TooShort { observations: 2 })
    );
    assert_eq!(combine(&[], 60, |r| r), Ok(vec![]));

    let path = value_path(&[(&long, 8.0), (&short, 3.0)], 2).unwrap();
    let wanted = [4.0 + 1.0, 8.0 + 1.0, 8.0 + 3.0];
    assert!(path.iter().zip(wanted).all(|(seen, wanted)| (seen - wanted).abs() < 1e-12), "{path:?}");
    assert_eq!(value_path(&[], 60), Ok(vec![]));
}
