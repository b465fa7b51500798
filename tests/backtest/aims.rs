//! The aim of the backtest, held: filtered historical simulation is not refused for nine in ten of the assets.

mod coverage;
mod prices;

use coverage::{TAILS_BPS, filtered, forecasts, passes, period};

#[test]
fn filtered_var_is_not_refused_for_nine_in_ten_assets() {
    let path = prices::file("prices_daily_wide.csv");
    let Some(closes) = prices::daily(&path).unwrap() else {
        println!("{}", prices::absent(&path));
        return;
    };
    let period = period();
    let all = forecasts(&closes, &filtered(), &period);
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
