//! How the wallet's gross value is spread over assets, protocols and chains, and how long it would take to sell.

use std::collections::BTreeMap;

use risk_model::{Asset, Figure, Range};

use super::account::because;
use super::book::{Book, Line};
use super::gaps::Gaps;
use crate::concentration::{exit_days, herfindahl, shares};
use crate::prepared::Prepared;
use crate::report::Concentration;
use crate::score::{concentration_points, exit_points};

/// What the spread is worth in points, before gaps widen it, and what of it is stuck.
pub(super) struct Spread {
    pub(super) concentration: Concentration,
    pub(super) concentration_points: Range,
    pub(super) liquidity_points: Range,
    /// Share of the gross value that its protocol could not pay out now, fraction.
    pub(super) stuck_share: f64,
}

/// Measures the spread of the lines' gross value.
pub(super) fn measure(book: &Book, prepared: &Prepared<'_>, gaps: &mut Gaps) -> Spread {
    let exit = exit(book, prepared, gaps);
    let by = |key: fn(&Line) -> Asset| shares(book.lines.iter().map(|line| (key(line), line.held_usd)));
    let by_asset = by(|line| line.asset);
    let index = herfindahl(by_asset.iter().map(|(_, share)| *share));
    let known = |figure: Figure<()>| book.value_hole().map_or(figure, |why| Figure::Unknown(why.clone()));
    let all = || known(Figure::Known(()));
    let symbols: BTreeMap<Asset, &str> =
        book.lines.iter().rev().map(|line| (line.asset, line.symbol.as_str())).collect();
    let named =
        |(asset, share): (Asset, f64)| (asset, symbols.get(&asset).map_or("", |one| one).to_owned(), share);
    let concentration = Concentration {
        hhi: all().map(|()| index),
        effective_assets: all().map(|()| index.map(|index| 1.0 / index)),
        by_asset: all().map(|()| by_asset.into_iter().map(named).collect()),
        by_protocol: all().map(|()| shares(book.lines.iter().map(|line| (line.protocol, line.held_usd)))),
        by_chain: all().map(|()| shares(book.lines.iter().map(|line| (line.chain, line.held_usd)))),
        liquidity_days: exit.days,
    };
    let points = concentration_points(index);
    Spread {
        concentration_points: if book.value_hole().is_some() {
            Range::UNKNOWN
        } else {
            Range::exactly(points)
        },
        liquidity_points: exit.points,
        stuck_share: exit.stuck_share,
        concentration,
    }
}

struct Exit {
    days: Figure<f64>,
    points: Range,
    stuck_share: f64,
}

/// The slowest asset's days, and the value-weighted points in which what is stuck counts 100.
fn exit(book: &Book, prepared: &Prepared<'_>, gaps: &mut Gaps) -> Exit {
    let mut sellable: BTreeMap<Asset, f64> = BTreeMap::new();
    for line in &book.lines {
        *sellable.entry(line.asset).or_insert(0.0) += line.held_usd - line.stuck_usd;
    }
    let gross: f64 = book.lines.iter().map(|line| line.held_usd).sum();
    let stuck: f64 = book.lines.iter().map(|line| line.stuck_usd).sum();
    let mut days = Figure::Known(0.0_f64);
    let mut points = 100.0 * stuck;
    for (asset, usd) in sellable.iter().filter(|(_, usd)| **usd > 0.0) {
        match prepared.volume(asset) {
            Ok(volume) => {
                let one = exit_days(*usd, volume, prepared.parameters().participation);
                points += usd * exit_points(one);
                days = days.map(|most| most.max(one));
            }
            Err(gap) => {
                days = because(&gap);
                gaps.add(gap);
            }
        }
    }
    let share = |part: f64| if gross > 0.0 { part / gross } else { 0.0 };
    let mut points = Range::exactly(share(points));
    if matches!(days, Figure::Unknown(_)) {
        // What has no volume is worth 0 to 100 points, so the rest stays a lower end.
        points = points.widened();
    }
    if let Some(why) = book.value_hole() {
        // What is not valued could outweigh anything.
        (days, points) = (Figure::Unknown(why.clone()), Range::UNKNOWN);
    }
    Exit { days, points, stuck_share: share(stuck) }
}
