//! Market risk of the whole wallet: its profit and loss of every day of the window at today's signed positions.

use libm::sqrt;
use risk_model::{Affects, Asset, Figure, Gap, GapReason, Range, Usd};

use super::account::because;
use super::book::Book;
use super::gaps::Gaps;
use super::{dependence, methods};
use crate::market_risk::{DAYS_PER_YEAR, LAMBDA, ewma_variance, max_drawdown, standard_deviation};
use crate::prepared::Prepared;
use crate::report::{MarketRisk, Method, MethodRisk, Tails};
use crate::returns::{Series, Window, shared_window, value_path, weighted_sum};
use crate::score::volatility_points;

/// One asset of the wallet that has a signed value and a history.
pub(super) struct Exposure<'a> {
    pub(super) asset: Asset,
    pub(super) series: &'a Series,
    /// Held less owed, USD, not zero.
    pub(super) usd: f64,
}

/// What every measure is made of.
pub(super) struct Days<'a> {
    /// By asset.
    pub(super) exposures: Vec<Exposure<'a>>,
    /// The days that all of them share; `None` without exposures.
    pub(super) window: Option<Window>,
    /// Profit and loss of each day, USD.
    pub(super) profits: Vec<f64>,
}

/// The measures, and the points of the volatility component (before gaps widen it).
pub(super) fn measure(book: &Book, prepared: &Prepared<'_>, gaps: &mut Gaps) -> (MarketRisk, Range) {
    let days = match days(book, prepared, gaps) {
        Ok(days) => days,
        Err(why) => {
            let mut unknown = without_days(prepared, &why);
            // Owing more than it has is the worst of equity risk, whatever the closes would say.
            let points = if owes_more(book) { Range::exactly(100.0) } else { Range::UNKNOWN };
            if owes_more(book) {
                unknown.volatility = Figure::Unknown(NO_EQUITY.to_owned());
                unknown.ewma_volatility = Figure::Unknown(NO_EQUITY.to_owned());
                unknown.stressed_volatility = Figure::Unknown(NO_EQUITY.to_owned());
            }
            return (unknown, points);
        }
    };
    let volatility = yearly(book, &days, standard_deviation(&days.profits));
    let points = match &volatility {
        Figure::Known(volatility) => Range::exactly(volatility_points(*volatility)),
        Figure::Unknown(_) if owes_more(book) => Range::exactly(100.0),
        Figure::Unknown(_) => Range::UNKNOWN,
    };
    let dependence = dependence::measure(&days, book, prepared);
    let methods = methods::measure(&days, dependence.covariance.as_ref(), prepared);
    let historical =
        |pick: fn(&Tails) -> Usd| one_day(&methods, Method::Historical).map(|tails| pick(&tails));
    let risk = MarketRisk {
        observations: days.profits.len(),
        window_days: prepared.parameters().window_days,
        volatility,
        ewma_volatility: yearly(book, &days, ewma_variance(&days.profits, LAMBDA).map(sqrt)),
        stressed_volatility: stressed(book, &days, &dependence.stressed_deviation),
        var_95: historical(|tails| tails.var_95),
        var_99: historical(|tails| tails.var_99),
        es_95: historical(|tails| tails.es_95),
        es_99: historical(|tails| tails.es_99),
        max_drawdown: drawdown(&days, prepared),
        correlation: dependence.correlation,
        effective_bets: dependence.effective_bets,
        methods,
    };
    (risk, points)
}

const NO_EQUITY: &str = "net worth is not above zero, so there is nothing to measure it against";

fn one_day(methods: &[MethodRisk], method: Method) -> Figure<Tails> {
    let found = methods.iter().find(|one| one.method == method && one.horizon_days == 1);
    found.map_or_else(too_large, |one| one.tails.clone())
}

/// Profit and loss of each day, USD; why not, with every missing history as a gap.
fn days<'a>(book: &Book, prepared: &'a Prepared<'_>, gaps: &mut Gaps) -> Result<Days<'a>, String> {
    let mut exposures: Vec<Exposure<'a>> = Vec::new();
    let mut missing = None;
    for (asset, usd) in book.exposures() {
        match prepared.returns(&asset) {
            Ok(series) => {
                if let Some(day) = series.restarted_on() {
                    gaps.add(hole(&asset, day));
                }
                exposures.push(Exposure { asset, series, usd });
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
    let series = exposures.iter().map(|exposure| exposure.series);
    let Ok(window) = shared_window(series, prepared.parameters().min_observations) else {
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
    let profits = window.map_or_else(Vec::new, |window| {
        profits(&exposures, |exposure| exposure.series.simple_returns(window))
    });
    Ok(Days { exposures, window, profits })
}

/// `Σ exposure × return` of each row, by the columns of the assets, in their order.
pub(super) fn profits<'a>(
    exposures: &'a [Exposure<'a>],
    column: impl Fn(&'a Exposure<'a>) -> Option<&'a [f64]>,
) -> Vec<f64> {
    let columns: Vec<(&[f64], f64)> =
        exposures.iter().map(|exposure| (column(exposure).unwrap_or_default(), exposure.usd)).collect();
    weighted_sum(&columns)
}

/// A hole in the closes too long to fill: the measures say how many days they are made of, and this says why.
fn hole(asset: &Asset, day: u64) -> Gap {
    Gap {
        what: format!("daily closes of {asset} before a hole that was too long to fill"),
        source: "market data",
        reason: GapReason::Missing,
        affects: Affects::Confirmation,
        since: Some(risk_model::Timestamp::new(day.saturating_mul(86_400))),
    }
}

/// [`yearly`] of a deviation that may be unknown.
fn stressed(book: &Book, days: &Days<'_>, deviation: &Figure<f64>) -> Figure<f64> {
    match deviation {
        Figure::Known(deviation) => yearly(book, days, Some(*deviation)),
        Figure::Unknown(why) => Figure::Unknown(why.clone()),
    }
}

/// A day's deviation of the profit and loss, USD, as a volatility: `÷ net worth × √365`.
fn yearly(book: &Book, days: &Days<'_>, deviation: Option<f64>) -> Figure<f64> {
    if book.is_empty() || book.lines.iter().all(|line| line.held_usd == 0.0 && line.owed_usd == 0.0) {
        return Figure::Known(0.0);
    }
    let net_worth = book.net_worth().known().map_or(0.0, |usd| usd.value());
    if net_worth <= 0.0 {
        return Figure::Unknown(NO_EQUITY.to_owned());
    }
    if days.profits.is_empty() {
        // Every exposure cancels out: the equity does not move.
        return Figure::Known(0.0);
    }
    let yearly = deviation.map(|daily| daily / net_worth * sqrt(DAYS_PER_YEAR));
    yearly.filter(|volatility| volatility.is_finite()).map_or_else(too_large, Figure::Known)
}

fn owes_more(book: &Book) -> bool {
    book.net_worth().known().is_some_and(|usd| usd.value() <= 0.0)
        && book.lines.iter().any(|line| line.owed_usd > 0.0)
}

fn drawdown(days: &Days<'_>, prepared: &Prepared<'_>) -> Figure<f64> {
    let parts: Vec<(&Series, f64)> =
        days.exposures.iter().map(|exposure| (exposure.series, exposure.usd)).collect();
    let path = value_path(&parts, prepared.parameters().min_observations).unwrap_or_default();
    if path.is_empty() {
        return Figure::Known(0.0);
    }
    max_drawdown(&path).map_or_else(
        || Figure::Unknown("the positions were worth nothing or less at the start of the window".to_owned()),
        Figure::Known,
    )
}

fn without_days(prepared: &Prepared<'_>, why: &str) -> MarketRisk {
    fn unknown<T>(why: &str) -> Figure<T> {
        Figure::Unknown(why.to_owned())
    }
    MarketRisk {
        observations: 0,
        window_days: prepared.parameters().window_days,
        volatility: unknown(why),
        ewma_volatility: unknown(why),
        stressed_volatility: unknown(why),
        var_95: unknown(why),
        var_99: unknown(why),
        es_95: unknown(why),
        es_99: unknown(why),
        methods: methods::unknown(prepared, why),
        max_drawdown: unknown(why),
        correlation: unknown(why),
        effective_bets: unknown(why),
    }
}

pub(super) fn too_large<T>() -> Figure<T> {
    Figure::Unknown("the amounts are too large to add".to_owned())
}
