//! What the market said on a day: closes, and the chance that a portfolio's health factor passes under 1 within a day.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use risk_engine::Parameters;
use risk_engine::market::DailyCloses;
use risk_engine::probability::{first_passage, volatility::regime};
use risk_engine::returns::{Series, combine};

/// Dollars of which no closes are recorded: taken for still.
const STILL: [&str; 7] = ["GUSD", "BUSD", "TUSD", "SUSD", "FEI", "PAX", "RAI"];

/// Returns up to a day, by ticker and day; `None` where there are too few.
type SeriesByDay = HashMap<(String, u64), Option<Rc<Series>>>;

/// The recorded closes, by the symbols of the protocol.
pub(crate) struct Market<'a> {
    closes: HashMap<&'a str, &'a DailyCloses>,
    parameters: Parameters,
    series: RefCell<SeriesByDay>,
}

impl<'a> Market<'a> {
    pub(crate) fn new(closes: &'a [(String, DailyCloses)]) -> Self {
        let closes = closes.iter().map(|(symbol, closes)| (symbol.as_str(), closes)).collect();
        Self { closes, parameters: Parameters::default(), series: RefCell::default() }
    }

    /// A day's close, USD.
    pub(crate) fn price(&self, symbol: &str, day: u64) -> Option<f64> {
        match ticker(symbol) {
            still if STILL.contains(&still) => Some(1.0),
            symbol => self.closes.get(symbol)?.on(day),
        }
    }

    /// The chance of one collateral against one debt within 24 hours, by closes up to the day before.
    pub(crate) fn pair_chance(&self, held: &str, owed: &str, day: u64, factor: f64) -> Option<f64> {
        self.chance(&[(held, 1.0), (owed, -1.0)], day, factor)
    }

    /// The chance of a health factor whose log moves by `Σ weight × return` within 24 hours.
    pub(crate) fn chance(&self, weights: &[(&str, f64)], day: u64, factor: f64) -> Option<f64> {
        let moving: Vec<(Rc<Series>, f64)> = weights
            .iter()
            .filter(|(symbol, _)| !STILL.contains(&ticker(symbol)))
            .map(|(symbol, weight)| Some((self.series(symbol, day)?, *weight)))
            .collect::<Option<_>>()?;
        let parts: Vec<(&Series, f64)> = moving.iter().map(|(series, weight)| (&**series, *weight)).collect();
        let moves = combine(&parts, self.parameters.min_observations, |one| one).ok()?;
        first_passage(factor, regime(&moves)?.value, 1.0)
    }

    fn series(&self, symbol: &str, day: u64) -> Option<Rc<Series>> {
        let mut kept = self.series.borrow_mut();
        let read = || {
            let closes = self.closes.get(ticker(symbol))?;
            Series::of(closes, day, &self.parameters).ok().map(Rc::new)
        };
        kept.entry((ticker(symbol).to_owned(), day)).or_insert_with(read).clone()
    }
}

/// The column of a protocol's symbol.
fn ticker(symbol: &str) -> &str {
    match symbol.strip_prefix("Amm").unwrap_or(symbol) {
        "WETH" => "ETH",
        symbol => symbol,
    }
}
