//! Tails, deviation, drawdown and concentration against numpy and empyrical.
//!
//! The conventions differ, and where is known: ours is the order statistic ceil(αn) with the shortfall of Acerbi and
//! Tasche. empyrical's `value_at_risk` interpolates between two order statistics and its `conditional_value_at_risk`
//! is the mean of the lowest floor((n−1)α)+1 returns. Both are the same number where n−1 is a multiple of 1/α (value
//! at risk) or n is (shortfall), and there they must agree; elsewhere the interpolated value lies between ours and
//! the next order statistic. quantstats is no reference: its historical value at risk is that of a normal
//! distribution.

use risk_engine::concentration::{herfindahl, shares};
use risk_engine::market_risk::{historical_tail, max_drawdown, standard_deviation};
use serde_json::{Value, json};

use crate::draw::Draw;
use crate::driver::{ask, number};
use crate::gauge::Gauge;

const CASES: usize = 2_000;
const TOLERANCE: f64 = 1e-9;

struct Days {
    profits: Vec<f64>,
    tail_bps: u16,
}

impl Days {
    /// Days of any number, or of one at which a convention coincides with ours.
    fn draw(draw: &mut Draw) -> Self {
        let tail_bps = draw.one_of(&[100, 100, 250, 500, 500, 700, 1_000]);
        let reciprocal = u64::from(10_000 / tail_bps);
        let count = match draw.whole(0, 2) {
            0 => draw.whole(2, 800),
            1 => reciprocal * draw.whole(1, 8),
            _ => reciprocal * draw.whole(1, 8) + 1,
        };
        let scale = draw.magnitude(1e-6, 1e9);
        let count = usize::try_from(count).expect("a count");
        let profits = draw.market_returns(count).iter().map(|one| one * scale).collect();
        Self { profits, tail_bps }
    }

    fn question(&self) -> Value {
        json!({ "ask": "tail", "profits": self.profits, "tail_bps": self.tail_bps })
    }

    /// Whether so many days hold a whole number of tails.
    fn divides(&self, days: usize) -> bool {
        (days * usize::from(self.tail_bps)).is_multiple_of(10_000)
    }
}

#[test]
fn historical_tails_are_numpys_and_empyricals_where_the_conventions_meet() {
    let mut draw = Draw::named("historical tails");
    let cases: Vec<Days> = (0..CASES).map(|_| Days::draw(&mut draw)).collect();
    let Some(answers) = ask("statistics.py", &cases.iter().map(Days::question).collect::<Vec<_>>()) else {
        return;
    };
    let mut order = Gauge::relative("historical VaR, order statistic (numpy)", TOLERANCE);
    let mut inverted = Gauge::relative("historical VaR (numpy quantile, inverted_cdf)", TOLERANCE);
    let mut shortfall = Gauge::relative("historical ES, Acerbi-Tasche (numpy)", TOLERANCE);
    let mut interpolated = Gauge::relative("historical VaR where conventions meet (empyrical)", TOLERANCE);
    let mut mean_beyond = Gauge::relative("historical ES where conventions meet (empyrical)", TOLERANCE);
    for (days, answer) in cases.iter().zip(&answers) {
        let case = (&days.profits, days.tail_bps);
        let count = days.profits.len();
        let tail = historical_tail(&days.profits, days.tail_bps).expect("a tail");
        order.near(tail.var, number(answer, "var"), 0.0, &case);
        shortfall.near(tail.es, number(answer, "es"), 0.0, &case);
        if !days.divides(count) {
            // Where αn is whole, its float may be a shade more, and numpy then takes the next order statistic.
            inverted.near(tail.var, number(answer, "inverted_cdf"), 0.0, &case);
        }
        let (theirs, next) = (-number(answer, "empyrical_var"), number(answer, "next_var"));
        let slack = 1e-12 * tail.var.abs().max(next.abs());
        assert!(
            (next - slack..=number(answer, "previous_var") + slack).contains(&theirs),
            "{theirs} {answer} {case:?}"
        );
        if days.divides(count - 1) {
            interpolated.near(tail.var, theirs, 0.0, &case);
        }
        if days.divides(count) {
            mean_beyond.near(tail.es, -number(answer, "empyrical_cvar"), 0.0, &case);
        }
    }
    order.report(CASES);
    inverted.report(CASES / 3);
    shortfall.report(CASES);
    interpolated.report(CASES / 10);
    mean_beyond.report(CASES / 10);
}

#[test]
fn deviation_and_drawdown_are_numpys_and_empyricals() {
    let mut draw = Draw::named("deviation and drawdown");
    let cases: Vec<Vec<f64>> = (0..CASES)
        .map(|_| {
            let count = draw.index(700) + 2;
            draw.market_returns(count)
        })
        .collect();
    let questions: Vec<Value> =
        cases.iter().map(|returns| json!({ "ask": "moments", "returns": returns })).collect();
    let Some(answers) = ask("statistics.py", &questions) else {
        return;
    };
    let mut deviation = Gauge::relative("standard deviation, n − 1 (numpy)", TOLERANCE);
    let mut annual = Gauge::relative("annual volatility over 365 days (empyrical)", TOLERANCE);
    let mut drawdown = Gauge::relative("maximum drawdown from the start (empyrical)", TOLERANCE);
    for (returns, answer) in cases.iter().zip(&answers) {
        let seen = standard_deviation(returns).expect("two returns or more");
        deviation.near(seen, number(answer, "std"), 0.0, returns);
        annual.near(seen * 365_f64.sqrt(), number(answer, "annual_volatility"), 0.0, returns);
        let path: Vec<f64> = std::iter::once(1.0)
            .chain(returns.iter().scan(1.0, |value, change| {
                *value *= 1.0 + change;
                Some(*value)
            }))
            .collect();
        let fall = max_drawdown(&path).expect("a path");
        drawdown.near(fall, -number(answer, "max_drawdown"), 1e-15, returns);
    }
    deviation.report(CASES);
    annual.report(CASES);
    drawdown.report(CASES);
}

#[test]
fn shares_and_their_index_are_numpys() {
    let mut draw = Draw::named("concentration");
    let cases: Vec<Vec<(usize, f64)>> = (0..CASES)
        .map(|_| {
            let count = draw.index(30) + 1;
            (0..count).map(|_| (draw.index(12), draw.magnitude(1e-3, 1e9))).collect()
        })
        .collect();
    let questions: Vec<Value> =
        cases.iter().map(|values| json!({ "ask": "shares", "values": values })).collect();
    let Some(answers) = ask("statistics.py", &questions) else {
        return;
    };
    let mut index = Gauge::relative("Herfindahl-Hirschman index and effective number (numpy)", TOLERANCE);
    let mut each = Gauge::relative("shares, largest first (numpy)", TOLERANCE);
    for (values, answer) in cases.iter().zip(&answers) {
        let seen = shares(values.iter().copied());
        let wanted = answer["shares"].as_array().expect("shares");
        assert_eq!(seen.len(), wanted.len(), "{values:?}");
        for ((_, share), wanted) in seen.iter().zip(wanted) {
            each.near(*share, wanted.as_f64().expect("a share"), 0.0, values);
        }
        let found = herfindahl(seen.iter().map(|(_, share)| *share)).expect("shares");
        index.near(found, number(answer, "hhi"), 0.0, values);
        index.near(1.0 / found, number(answer, "effective"), 0.0, values);
    }
    index.report(2 * CASES);
    each.report(CASES);
}
