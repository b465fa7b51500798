//! The table of VaR coverage by asset, for filtered historical simulation beside two plainer models.

use std::ops::Range;

use risk_engine::backtest::{LikelihoodRatio, Model, Verdict};
use risk_engine::market::DailyCloses;

use crate::coverage::{Forecasts, SIGNIFICANCE, TAILS_BPS, filtered, forecasts, passes, verdict};

/// Prints the table by asset and the sums by model.
pub(crate) fn print(closes: &[(String, DailyCloses)], whole: &Range<u64>) {
    println!(
        "One-day VaR of every day from the closes before it (365 days at most): x is the share of days that passed it,\n\
         K, I and C the p-values of Kupiec, of Christoffersen's independence and of his conditional coverage, * where it\n\
         is refused at 5 %, then Basel's zone."
    );
    let middle = whole.start + (whole.end - whole.start) / 2;
    let periods =
        [("whole", whole.clone()), ("first half", whole.start..middle), ("second half", middle..whole.end)];
    let mut sums = Vec::new();
    for model in [filtered(), Model::Historical, Model::EwmaNormal { decay: 0.94 }] {
        let all = forecasts(closes, &model, whole);
        println!("\n{}\n{:>8}{}", model.name(), "asset", header().repeat(TAILS_BPS.len()));
        for ((symbol, _), rows) in closes.iter().zip(&all) {
            let cells = rows.iter().zip(TAILS_BPS).map(|(row, tail)| cell(verdict(row, tail, whole)));
            println!("{symbol:>8}{}", cells.collect::<String>());
        }
        for (name, period) in &periods {
            sums.push(sum(&model, name, &all, period));
        }
    }
    println!(
        "\nAssets for which it is not refused at 5 % (a right model is refused for one in twenty)\n{:>20} {:>15}{:>12}{:>12}{:>12}{:>12}{:>12}{:>12}",
        "model", "period", "95 K", "95 I", "95 C", "99 K", "99 I", "99 C"
    );
    for line in sums {
        println!("{line}");
    }
}

fn header() -> String {
    format!(" | {:>5} {:>4} {:>6} {:>6}  {:>6}  {:>6}  {:6}", "n", "hits", "x %", "K", "I", "C", "zone")
}

fn cell(verdict: Option<Verdict>) -> String {
    let Some(verdict) = verdict else { return format!(" | {:>54}", "no forecasts") };
    let test = |test: Option<LikelihoodRatio>| {
        test.map_or_else(
            || format!("{:>7}", "-"),
            |test| format!("{:>6.3}{}", test.p_value, if test.rejects(SIGNIFICANCE) { '*' } else { ' ' }),
        )
    };
    format!(
        " | {:>5} {:>4} {:>6.2} {} {} {} {:6}",
        verdict.observations,
        verdict.exceedances,
        100.0 * f64::from(verdict.exceedances) / f64::from(verdict.observations),
        test(Some(verdict.unconditional)),
        test(verdict.independence),
        test(verdict.conditional),
        verdict.zone.name()
    )
}

fn sum(model: &Model, name: &str, all: &[Forecasts], period: &Range<u64>) -> String {
    let cells = (0..TAILS_BPS.len()).flat_map(|tail| {
        [
            passes(all, tail, period, |verdict| Some(verdict.unconditional)),
            passes(all, tail, period, |verdict| verdict.independence),
            passes(all, tail, period, |verdict| verdict.conditional),
        ]
    });
    let cells = cells.map(|(kept, of)| format!("{:>12}", format!("{kept} of {of}")));
    format!("{:>20} {name:>15}{}", model.name(), cells.collect::<String>())
}
