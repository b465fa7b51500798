//! The recorded daily closes of 28 assets, 2020 to 2023, which are data beside the repository and no part of it.

use std::path::{Path, PathBuf};

use anyhow::Context;
use jiff::civil::{Date, date};
use risk_engine::market::DailyCloses;

/// What is said where a file is not there.
pub(crate) fn absent(path: &Path) -> String {
    format!("SKIPPED: {} is absent, so NOTHING was backtested on real prices", path.display())
}

/// A recorded file.
pub(crate) fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data").join(name)
}

/// Daily closes by symbol, in the order of a file whose rows are `date,close,close,…` under a header with the symbols;
/// `None` where the file is absent.
///
/// # Errors
/// A file that is there and is not what it should be.
pub(crate) fn daily(path: &Path) -> anyhow::Result<Option<Vec<(String, DailyCloses)>>> {
    if !path.exists() {
        return Ok(None);
    }
    let text = std::fs::read_to_string(path)?;
    let mut lines = text.lines();
    let symbols = lines.next().context("no header")?.split(',').skip(1);
    let mut assets: Vec<(String, DailyCloses)> = symbols
        .map(|symbol| {
            (symbol.to_owned(), DailyCloses { first_day: 0, closes: Vec::new(), source: "recorded" })
        })
        .collect();
    for line in lines {
        let mut cells = line.split(',');
        let day = day(cells.next().context("no date")?.parse()?)?;
        for (symbol, closes) in &mut assets {
            let cell = cells.next().with_context(|| format!("no cell of {symbol} in {line}"))?;
            let close = if cell.is_empty() { None } else { Some(cell.parse()?) };
            if closes.closes.is_empty() {
                closes.first_day = day;
            }
            let index = usize::try_from(day.checked_sub(closes.first_day).context("a date goes back")?)?;
            anyhow::ensure!(index >= closes.closes.len(), "a date comes twice: {line}");
            closes.closes.resize(index, None);
            closes.closes.push(close);
        }
    }
    Ok(Some(assets))
}

/// Days since the epoch.
///
/// # Errors
/// A date before it.
pub(crate) fn day(of: Date) -> anyhow::Result<u64> {
    Ok(u64::try_from(of.since(date(1970, 1, 1))?.get_days())?)
}
