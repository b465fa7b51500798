//! Bucketing to UTC days, and what is refused of a chart.

use serde_json::json;

use super::*;
use crate::testing::{NOON, reply, sample};

const TODAY: u64 = NOON / DAY_SECONDS;

fn now() -> Timestamp {
    Timestamp::new(NOON)
}

/// Milliseconds of a time so many seconds into a day.
fn at(day: u64, seconds: u64) -> u64 {
    (day * DAY_SECONDS + seconds) * 1_000
}

fn closes(points: &[(u64, Option<f64>)], days: u32) -> Option<DailyCloses> {
    bucket(points.to_vec(), now(), days).unwrap()
}

#[test]
fn the_point_of_midnight_is_the_close_of_the_day_before_it() {
    let found = closes(&[(at(TODAY - 1, 0), Some(10.0)), (at(TODAY, 0), Some(11.0))], 30).unwrap();
    assert_eq!(found.first_day, TODAY - 2);
    assert_eq!(found.closes, [Some(10.0), Some(11.0)]);
    assert_eq!(found.on(TODAY - 1), Some(11.0));
    assert_eq!(found.on(TODAY), None);
}

#[test]
fn the_trailing_now_is_no_close_of_any_day() {
    let found = closes(&[(at(TODAY, 0), Some(11.0)), (at(TODAY, 43_100), Some(99.0))], 30).unwrap();
    assert_eq!(found.closes, [Some(11.0)]);
    // Twenty minutes after midnight "now" must not pass for yesterday's close either.
    let soon = Timestamp::new(TODAY * DAY_SECONDS + 1_200);
    let points = vec![(at(TODAY - 1, 0), Some(10.0)), (at(TODAY, 1_199), Some(99.0))];
    let found = bucket(points, soon, 30).unwrap().unwrap();
    assert_eq!((found.first_day, found.closes), (TODAY - 2, vec![Some(10.0)]));
}

#[test]
fn hourly_points_give_the_last_price_of_each_ended_day_and_none_of_today() {
    let hourly: Vec<_> = (0..=36)
        .map(|hour: u32| (at(TODAY - 1, u64::from(hour) * 3_600 + 7), Some(100.0 + f64::from(hour))))
        .collect();
    let found = closes(&hourly, 30).unwrap();
    // 00:00:07 of the first day closes the day before it; 00:00:07 of today (the 24th point on) closes yesterday.
    assert_eq!((found.first_day, found.closes), (TODAY - 2, vec![Some(100.0), Some(124.0)]));
}

#[test]
fn a_day_without_a_point_stays_open_and_is_never_filled() {
    let points = [(at(TODAY - 3, 0), Some(8.0)), (at(TODAY - 2, 0), None), (at(TODAY, 0), Some(11.0))];
    let found = closes(&points, 30).unwrap();
    assert_eq!(found.closes, [Some(8.0), None, None, Some(11.0)]);
}

#[test]
fn points_out_of_order_are_put_in_order_and_days_before_the_asked_ones_dropped() {
    let points = [(at(TODAY, 0), Some(3.0)), (at(TODAY - 40, 0), Some(1.0)), (at(TODAY - 1, 0), Some(2.0))];
    let found = closes(&points, 2).unwrap();
    assert_eq!((found.first_day, found.closes), (TODAY - 2, vec![Some(2.0), Some(3.0)]));
}

#[test]
fn a_chart_without_any_close_is_missing() {
    assert_eq!(closes(&[], 30), None);
    assert_eq!(closes(&[(at(TODAY, 100), Some(5.0))], 30), None);
    assert_eq!(closes(&[(at(TODAY, 0), None)], 30), None);
}

#[test]
fn one_impossible_figure_condemns_the_whole_chart() {
    for price in [0.0, -3.0, 1e12, f64::NAN] {
        let points = vec![(at(TODAY - 1, 0), Some(price)), (at(TODAY, 0), Some(1.0))];
        assert!(bucket(points, now(), 30).is_err(), "{price}");
    }
    assert!(bucket(vec![(at(TODAY + 30, 0), Some(1.0))], now(), 30).is_err());
    assert!(bucket(vec![(u64::MAX, Some(1.0))], now(), 30).is_err());
}

#[test]
fn hostile_charts_are_malformed() {
    let many: Vec<_> = (0..=MAX_POINTS).map(|_| json!([at(TODAY - 1, 0), 1.0])).collect();
    let bodies = [
        json!({"prices": many}).to_string(),
        json!({"prices": [[at(TODAY, 0), "12"]]}).to_string(),
        json!({"prices": [[-5, 12.0]]}).to_string(),
        json!({"prices": {}}).to_string(),
        json!({}).to_string(),
        "[1,2".to_owned(),
    ];
    for body in bodies {
        let read = read_chart(&reply(200, &body), now(), 30);
        assert!(matches!(read, Parsed::Malformed { .. }), "{}", &body[..body.len().min(60)]);
    }
}

#[test]
fn an_unknown_coin_is_an_answer_and_a_404_of_something_else_is_not() {
    let unknown = reply(404, json!({"error": "coin not found"}));
    assert_eq!(read_chart(&unknown, now(), 30), Parsed::Ok(None));
    assert!(matches!(read_chart(&reply(404, "<html>"), now(), 30), Parsed::Refused { .. }));
}

#[test]
fn the_documented_chart_reads_and_its_two_points_of_one_hour_make_no_close() {
    let Some(examples) = sample("coingecko_doc_examples.json") else {
        return;
    };
    let chart = &examples["examples"]["/coins/{id}/market_chart"];
    let last = chart["prices"][1][0].as_u64().unwrap() / 1_000;
    let read = read_chart(&reply(200, chart), Timestamp::new(last), 30);
    // Both are of the day that has not ended.
    assert_eq!(read, Parsed::Ok(None));
    let later = Timestamp::new((last / DAY_SECONDS + 1) * DAY_SECONDS + 100);
    let Parsed::Ok(Some(found)) = read_chart(&reply(200, chart), later, 30) else { panic!("not read") };
    assert_eq!(found.closes, [Some(77_953.825_503_824_07)]);
}
