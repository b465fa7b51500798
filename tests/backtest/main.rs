//! `make backtest`: how often VaR was passed on real prices, and how early alerts came before real liquidations.
#![expect(clippy::print_stdout, reason = "a backtest prints what it saw")]

mod coverage;
mod lead_time;
mod prices;
mod table;

fn main() -> anyhow::Result<()> {
    let Some(closes) = prices::daily()? else {
        println!("{}", prices::ABSENT);
        return Ok(());
    };
    table::print(&closes);
    Ok(())
}
