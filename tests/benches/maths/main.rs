//! `make bench`: the maths of a wallet beside numpy, scikit-learn, empyrical and @aave/math-utils, in one run.
//!
//! Times of one thread are its CPU time, the least of several rounds, on both sides: what else the machine does is not in
//! them.
#![expect(clippy::print_stdout, reason = "a benchmark prints what it saw")]

mod account;
mod bound;
mod clock;
mod page;
mod reference;
mod simulation;
mod statistics;
mod wallets;

/// Both sides' time of the same work, µs a wallet, and whether the aim is met.
pub(crate) fn compare(what: &str, ours: f64, theirs: f64, aim: Option<f64>) {
    let ratio = theirs / ours;
    let verdict = match aim {
        Some(aim) if ratio >= aim => format!("aim {aim:.0} met"),
        Some(aim) => format!("aim {aim:.0} MISSED"),
        None => String::new(),
    };
    println!("  {what:<62} {ours:>8.2} µs {theirs:>9.1} µs {ratio:>8.1} ×  {verdict}");
}

fn main() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let market = statistics::Market::new()?;
    market.write(folder.path())?;
    let scenarios = simulation::Scenarios::new(&market)?;
    scenarios.write(folder.path())?;
    let python = reference::python(folder.path())?;
    println!(
        "a wallet of {} assets × {} days, one thread: ours, the reference, the ratio",
        wallets::ASSETS,
        wallets::DAYS
    );
    statistics::print(&market, &python)?;
    simulation::print(&market, &scenarios, &python)?;
    account::print(folder.path())?;
    bound::print(&scenarios);
    page::print()
}
