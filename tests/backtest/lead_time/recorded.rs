//! The recorded liquidations and borrowers, as the replay wants them.

use std::collections::{BTreeMap, HashMap};

use anyhow::Context;
use jiff::Timestamp;
use jiff::civil::Date;

use super::LEADS;
use super::replay::Seen;
use crate::prices::{day, file};

/// What is said where the data is not there.
pub(crate) const ABSENT: &str =
    "SKIPPED: ../shared/data/aave_v2_*.csv is absent, so NO lead time was measured on real liquidations";

/// A liquidated wallet: one collateral, one debt, and its health factor before.
pub(crate) struct Liquidated {
    pub(crate) wallet: String,
    pub(crate) collateral: String,
    pub(crate) debt: String,
    /// Day since the epoch and what was seen then, furthest before the liquidation first.
    pub(crate) seen: Vec<(u64, Seen)>,
    /// Hours before the liquidation, likewise.
    pub(crate) hours: Vec<u32>,
}

/// One part of a borrower's day.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    pub(crate) symbol: String,
    /// Liquidation threshold of a supply; `None` for a debt.
    pub(crate) threshold: Option<f64>,
    pub(crate) amount: f64,
}

/// A borrower's days.
pub(crate) struct Borrower {
    pub(crate) wallet: String,
    pub(crate) days: BTreeMap<u64, Vec<Part>>,
    /// Days since the epoch of recorded liquidations.
    pub(crate) liquidated_on: Vec<u64>,
}

/// Everything recorded.
pub(crate) struct Recorded {
    pub(crate) liquidated: Vec<Liquidated>,
    pub(crate) borrowers: Vec<Borrower>,
}

type Row = HashMap<String, String>;

/// Reads all of it; `None` where it is absent.
///
/// # Errors
/// A file that is there and is not what it should be.
pub(crate) fn read() -> anyhow::Result<Option<Recorded>> {
    if !file("aave_v2_leadtime_sample.csv").exists() {
        return Ok(None);
    }
    let sample = rows("aave_v2_leadtime_sample.csv")?;
    let mut on: HashMap<String, Vec<u64>> = HashMap::new();
    let crashes = rows("aave_v2_liquidations_two_crashes.csv")?;
    for row in sample.iter().chain(crashes.iter().filter(|row| row["qa"] == "ok")) {
        on.entry(row["user"].clone()).or_default().push(seconds(&row["time_utc"])? / 86_400);
    }
    let liquidated = sample.iter().map(liquidated).collect::<anyhow::Result<_>>()?;
    Ok(Some(Recorded { liquidated, borrowers: borrowers(&on)? }))
}

fn rows(name: &str) -> anyhow::Result<Vec<Row>> {
    let text = std::fs::read_to_string(file(name)).with_context(|| name.to_owned())?;
    let mut lines = text.lines();
    let header: Vec<&str> = lines.next().context("no header")?.split(',').collect();
    let row = |line: &str| {
        header.iter().zip(line.split(',')).map(|(name, cell)| ((*name).to_owned(), cell.to_owned())).collect()
    };
    Ok(lines.map(row).collect())
}

fn seconds(text: &str) -> anyhow::Result<u64> {
    Ok(u64::try_from(text.parse::<Timestamp>()?.as_second())?)
}

fn liquidated(row: &Row) -> anyhow::Result<Liquidated> {
    let at = seconds(&row["time_utc"])?;
    let (mut seen, mut hours) = (Vec::new(), Vec::new());
    for before in LEADS {
        let cell = &row[&format!("hf_minus_{before}h")];
        if !cell.is_empty() {
            let day = at.saturating_sub(u64::from(before) * 3_600) / 86_400;
            seen.push((day, Seen { factor: cell.parse()?, chance: None }));
            hours.push(before);
        }
    }
    let (collateral, debt) = (row["collateral"].clone(), row["debt"].clone());
    Ok(Liquidated { wallet: row["user"].clone(), collateral, debt, seen, hours })
}

/// Thresholds by symbol; the main pool's before the AMM pool's of the same token.
fn thresholds() -> anyhow::Result<HashMap<String, f64>> {
    let mut all = HashMap::new();
    for row in rows("aave_v2_reserve_params_2021.csv")? {
        let threshold: f64 = row["liquidation_threshold_bps"].parse()?;
        all.insert(row["symbol"].clone(), threshold / 10_000.0);
    }
    Ok(all)
}

fn borrowers(liquidated_on: &HashMap<String, Vec<u64>>) -> anyhow::Result<Vec<Borrower>> {
    let thresholds = thresholds()?;
    let mut all: BTreeMap<String, Borrower> = BTreeMap::new();
    for row in rows("aave_v2_borrower_daily_positions.csv")? {
        let wallet = &row["user"];
        let borrower = all.entry(wallet.clone()).or_insert_with(|| Borrower {
            wallet: wallet.clone(),
            days: BTreeMap::new(),
            liquidated_on: liquidated_on.get(wallet).cloned().unwrap_or_default(),
        });
        let symbol = row["asset"].clone();
        let threshold = match row["side"].as_str() {
            "deposited" => Some(*thresholds.get(&symbol).with_context(|| format!("threshold of {symbol}"))?),
            _ => None,
        };
        let part = Part { symbol, threshold, amount: row["amount"].parse()? };
        borrower.days.entry(day(row["date"].parse::<Date>()?)?).or_default().push(part);
    }
    Ok(all.into_values().collect())
}
