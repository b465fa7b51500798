//! How the assets of a wallet move together: their covariance, the largest ones' correlation, and the number of bets.

use std::collections::BTreeMap;

use libm::sqrt;
use risk_model::{Asset, Figure};

use super::book::Book;
use super::exposure::{Days, Exposure};
use crate::covariance::{Shrunk, Symmetric, correlation, effective_bets, stressed_correlation};
use crate::prepared::Prepared;
use crate::probability::depeg::Peg;
use crate::report::Correlation;
use crate::returns::Series;

/// Assets in the correlation that is told.
const MOST_TOLD: usize = 10;
/// Assets up to which bets are counted: eigenvalues take their number cubed.
const MOST_COUNTED: usize = 64;

/// What any two assets at risk are correlated at in a crisis, at least (risk-math C.6).
const CRISIS: f64 = 0.9;

/// The covariance of the exposures that move, in their order, and what is told of it.
pub(super) struct Dependence {
    pub(super) covariance: Option<Shrunk>,
    pub(super) correlation: Figure<Correlation>,
    pub(super) effective_bets: Figure<Option<f64>>,
    /// Of a day's profit and loss in a crisis, USD.
    pub(super) stressed_deviation: Figure<f64>,
}

/// Measures the dependence of the wallet's assets over the days that they share.
pub(super) fn measure(days: &Days<'_>, book: &Book, prepared: &Prepared<'_>) -> Dependence {
    let moving = moving(days);
    let (Some(window), false) = (days.window, moving.is_empty()) else {
        let none = Correlation {
            assets: Vec::new(),
            matrix: Symmetric::zero(0),
            shrinkage: 0.0,
            observations: days.profits.len(),
        };
        return Dependence {
            covariance: None,
            correlation: Figure::Known(none),
            effective_bets: Figure::Known(None),
            stressed_deviation: Figure::Known(0.0),
        };
    };
    let parts: Vec<(Asset, &Series)> =
        moving.iter().map(|exposure| (exposure.asset, exposure.series)).collect();
    let Some(covariance) = prepared.covariance(&parts, window) else {
        let why = "the returns are too large or too small for a covariance".to_owned();
        return Dependence {
            covariance: None,
            correlation: Figure::Unknown(why.clone()),
            effective_bets: Figure::Unknown(why.clone()),
            stressed_deviation: Figure::Unknown(why),
        };
    };
    let symbols = symbols(book);
    Dependence {
        correlation: told(&moving, &covariance, &symbols, window.days()),
        effective_bets: bets(&moving, &covariance),
        stressed_deviation: stressed(&moving, &covariance, &symbols),
        covariance: Some(covariance),
    }
}

/// The exposures whose price moved at all: the rest add nothing to any profit or loss.
pub(super) fn moving<'d, 'a>(days: &'d Days<'a>) -> Vec<&'d Exposure<'a>> {
    let moves = |exposure: &&Exposure<'_>| {
        let returns = days.window.and_then(|window| exposure.series.log_returns(window));
        returns.unwrap_or_default().iter().any(|one| *one != 0.0)
    };
    days.exposures.iter().filter(moves).collect()
}

fn symbols(book: &Book) -> BTreeMap<Asset, &str> {
    book.lines.iter().rev().map(|line| (line.asset, line.symbol.as_str())).collect()
}

fn told(
    moving: &[&Exposure<'_>],
    covariance: &Shrunk,
    symbols: &BTreeMap<Asset, &str>,
    observations: usize,
) -> Figure<Correlation> {
    let mut places: Vec<usize> = (0..moving.len()).collect();
    places.sort_by(|a, b| moving[*b].usd.abs().total_cmp(&moving[*a].usd.abs()).then(a.cmp(b)));
    places.truncate(MOST_TOLD);
    let block = Symmetric::from_pairs(places.len(), |a, b| covariance.covariance.at(places[a], places[b]));
    let Some(matrix) = correlation(&block) else {
        return Figure::Unknown("an asset's returns vary too little for a correlation".to_owned());
    };
    let name = |place: &usize| {
        let asset = moving[*place].asset;
        (asset, symbols.get(&asset).map_or("", |symbol| symbol).to_owned())
    };
    Figure::Known(Correlation {
        assets: places.iter().map(name).collect(),
        matrix,
        shrinkage: covariance.shrinkage,
        observations,
    })
}

/// The standard deviation of a day with every two assets at risk correlated at [`CRISIS`] at least, USD.
fn stressed(moving: &[&Exposure<'_>], covariance: &Shrunk, symbols: &BTreeMap<Asset, &str>) -> Figure<f64> {
    if moving.len() > MOST_COUNTED {
        return Figure::Unknown(format!("a crisis is measured for up to {MOST_COUNTED} assets"));
    }
    let is_risk = |asset: &Asset| symbols.get(asset).and_then(|symbol| Peg::of(symbol)) != Some(Peg::Dollar);
    let is_risk: Vec<bool> = moving.iter().map(|exposure| is_risk(&exposure.asset)).collect();
    let covariance = &covariance.covariance;
    let crisis = correlation(covariance).and_then(|calm| stressed_correlation(&calm, &is_risk, CRISIS));
    let Some(crisis) = crisis else {
        return Figure::Unknown("no market could show that correlation".to_owned());
    };
    let own = |place: usize| moving[place].usd * sqrt(covariance.at(place, place));
    let own: Vec<f64> = (0..moving.len()).map(own).collect();
    let row = |a: usize| -> f64 { (0..own.len()).map(|b| own[a] * own[b] * crisis.at(a, b)).sum() };
    // A hair under zero where everything cancels out.
    let variance = (0..own.len()).map(row).sum::<f64>().max(0.0);
    Figure::Known(sqrt(variance))
}

fn bets(moving: &[&Exposure<'_>], covariance: &Shrunk) -> Figure<Option<f64>> {
    if moving.len() > MOST_COUNTED {
        return Figure::Unknown(format!("bets are counted for up to {MOST_COUNTED} assets"));
    }
    let exposures: Vec<f64> = moving.iter().map(|exposure| exposure.usd).collect();
    effective_bets(&covariance.covariance, &exposures).map_or_else(
        || Figure::Unknown("the exposures cancel out or are too large".to_owned()),
        |bets| Figure::Known(Some(bets)),
    )
}
