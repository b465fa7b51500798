//! The aim of the backtest, held: filtered historical simulation is not refused for nine in ten of the assets.

mod coverage;
mod prices;

use coverage::{TAILS_BPS, filtered, forecasts, passes, years};

#[test]
fn filtered_var_is_not_refused_for_nine_in_ten_assets() {
    let Some(closes) = prices::daily().unwrap() else {
        println!("{}", prices::ABSENT);
        return;
    };
    let all = forecasts(&closes, &filtered());
    let period = years(2021, 2024);
    for (tail, tail_bps) in TAILS_BPS.iter().enumerate() {
        for (name, (kept, of)) in [
            ("Kupiec", passes(&all, tail, &period, |verdict| Some(verdict.unconditional))),
            ("Christoffersen", passes(&all, tail, &period, |verdict| verdict.conditional)),
        ] {
            println!("{name} at {tail_bps} bps: {kept} of {of}");
            assert_eq!(of, closes.len(), "an asset has no forecasts");
            assert!(kept * 10 >= of * 9, "{name} at {tail_bps} bps refuses all but {kept} of {of}");
        }
    }
}
