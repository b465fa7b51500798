//! `make backtest`: how often VaR was passed on real prices, and how early alerts came before real liquidations.
#![expect(clippy::print_stdout, reason = "a backtest prints what it saw")]

mod coverage;
mod lead_table;
mod lead_time;
mod prices;
mod table;

use anyhow::Context;
use jiff::civil::Date;

/// `[prices.csv [first day [day after the last]]]`: another file of the same form, and another period of it.
fn main() -> anyhow::Result<()> {
    // Cargo adds a flag of its own.
    let mut arguments = std::env::args().skip(1).filter(|argument| !argument.starts_with("--"));
    let path = arguments.next().map_or_else(|| prices::file("prices_daily_wide.csv"), Into::into);
    let period = match (arguments.next(), arguments.next()) {
        (None, _) => coverage::period(),
        (Some(from), to) => {
            let to: Date = to.context("a first day needs a day after the last")?.parse()?;
            prices::day(from.parse()?)?..prices::day(to)?
        }
    };
    anyhow::ensure!(!period.is_empty(), "the period has no day");
    match prices::daily(&path)? {
        Some(closes) => {
            table::print(&closes, &period);
            lead_table::print(&closes)?;
        }
        None => println!("{}", prices::absent(&path)),
    }
    Ok(())
}
