//! Market risk of the whole wallet: its profit and loss of every day of the window at today's signed positions.

use libm::{expm1, sqrt};
use risk_model::{Affects, Figure, Gap, GapReason, Range, Usd};

use super::account::because;
use super::book::Book;
use super::gaps::Gaps;
use crate::market_risk::{DAYS_PER_YEAR, historical_tail, max_drawdown, standard_deviation};
use crate::prepared::Prepared;
use crate::report::MarketRisk;
use crate::returns::{Series, combine, value_path};
use crate::score::volatility_points;

/// Worst days of a 95 % and of a 99 % measure, bps.
const TAIL_95_BPS: u16 = 500;
const TAIL_99_BPS: u16 = 100;

/// The measures, and the points of the volatility component (before gaps widen it).
pub(super) fn measure(book: &Book, prepared: &Prepared<'_>, gaps: &mut Gaps) -> (MarketRisk, Range) {
    let window_days = prepared.parameters().window_days;
    let days = match days(book, prepared, gaps) {
        Ok(days) => days,
        Err(why) => {
            let mut unknown = without_days(window_days, &why);
            // Owing more than it has is the worst of equity risk, whatever the closes would say.
            let points = if owes_more(book) { Range::exactly(100.0) } else { Range::UNKNOWN };
            if owes_more(book) {
                unknown.volatility = Figure::Unknown(NO_EQUITY.to_owned());
            }
            return (unknown, points);
        }
    };
    let net_worth = book.net_worth().known().map_or(0.0, |usd| usd.value());
    let tail = |bps, pick: fn(crate::market_risk::Tail) -> f64| {
        if book.is_empty() || days.profits.is_empty() {
            return Figure::Known(Usd::ZERO);
        }
        let found = historical_tail(&days.profits, bps).and_then(|tail| Usd::new(pick(tail)));
        found.map_or_else(too_large, Figure::Known)
    };
    let volatility = volatility(&days.profits, net_worth, book);
    let points = match &volatility {
        Figure::Known(volatility) => Range::exactly(volatility_points(*volatility)),
        Figure::Unknown(_) if owes_more(book) => Range::exactly(100.0),
        Figure::Unknown(_) => Range::UNKNOWN,
    };
    let risk = MarketRisk {
        observations: days.profits.len(),
        window_days,
        volatility,
        var_95: tail(TAIL_95_BPS, |tail| tail.var),
        var_99: tail(TAIL_99_BPS, |tail| tail.var),
        es_95: tail(TAIL_95_BPS, |tail| tail.es),
        es_99: tail(TAIL_99_BPS, |tail| tail.es),
        max_drawdown: drawdown(&days.path),
    };
    (risk, points)
}

const NO_EQUITY: &str = "net worth is not above zero, so there is nothing to measure it against";

struct Days {
    profits: Vec<f64>,
    path: Vec<f64>,
}

/// Profit and loss of each day and the value on each close, USD; why not, with every missing history as a gap.
fn days(book: &Book, prepared: &Prepared<'_>, gaps: &mut Gaps) -> Result<Days, String> {
    let exposures = book.exposures();
    let mut series: Vec<(&Series, f64)> = Vec::with_capacity(exposures.len());
    let mut missing = None;
    for (asset, usd) in &exposures {
        match prepared.returns(asset) {
            Ok(found) => {
                if let Some(day) = found.restarted_on() {
                    gaps.add(hole(asset, day));
                }
                series.push((found, *usd));
            }
            Err(gap) => {
                missing.get_or_insert_with(|| because::<()>(&gap));
                gaps.add(gap);
            }
        }
    }
    if let Some(why) = book.hole() {
        return Err(why.clone());
    }
    if let Some(Figure::Unknown(why)) = missing {
        return Err(why);
    }
    let least = prepared.parameters().min_observations;
    let (Ok(profits), Ok(path)) = (combine(&series, least, expm1), value_path(&series, least)) else {
        let gap = Gap {
            what: "days that the closes of all assets share".to_owned(),
            source: "market data",
            reason: GapReason::TooShort,
            affects: Affects::Volatility,
            since: None,
        };
        let why = super::gaps::reason(&gap);
        gaps.add(gap);
        return Err(why);
    };
    Ok(Days { profits, path })
}

/// A hole in the closes too long to fill: the measures say how many days they are made of, and this says why.
fn hole(asset: &risk_model::Asset, day: u64) -> Gap {
    Gap {
        what: format!("daily closes of {asset} before a hole that was too long to fill"),
        source: "market data",
        reason: GapReason::Missing,
        affects: Affects::Confirmation,
        since: Some(risk_model::Timestamp::new(day.saturating_mul(86_400))),
    }
}

/// `std(P&L) ÷ net worth × √365`.
fn volatility(profits: &[f64], net_worth: f64, book: &Book) -> Figure<f64> {
    if book.is_empty() || book.lines.iter().all(|line| line.held_usd == 0.0 && line.owed_usd == 0.0) {
        return Figure::Known(0.0);
    }
    if net_worth <= 0.0 {
        return Figure::Unknown(NO_EQUITY.to_owned());
    }
    if profits.is_empty() {
        // Every exposure cancels out: the equity does not move.
        return Figure::Known(0.0);
    }
    let yearly = standard_deviation(profits).map(|daily| daily / net_worth * sqrt(DAYS_PER_YEAR));
    yearly.filter(|volatility| volatility.is_finite()).map_or_else(too_large, Figure::Known)
}

fn owes_more(book: &Book) -> bool {
    book.net_worth().known().is_some_and(|usd| usd.value() <= 0.0)
        && book.lines.iter().any(|line| line.owed_usd > 0.0)
}

fn drawdown(path: &[f64]) -> Figure<f64> {
    if path.is_empty() {
        return Figure::Known(0.0);
    }
    max_drawdown(path).map_or_else(
        || Figure::Unknown("the positions were worth nothing or less at the start of the window".to_owned()),
        Figure::Known,
    )
}

fn without_days(window_days: u32, why: &str) -> MarketRisk {
    let unknown = || Figure::Unknown(why.to_owned());
    MarketRisk {
        observations: 0,
        window_days,
        volatility: Figure::Unknown(why.to_owned()),
        var_95: unknown(),
        var_99: unknown(),
        es_95: unknown(),
        es_99: unknown(),
        max_drawdown: Figure::Unknown(why.to_owned()),
    }
}

fn too_large<T>() -> Figure<T> {
    Figure::Unknown("the amounts are too large to add".to_owned())
}
