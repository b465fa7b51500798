//! What leaving would take: time, cost and what the protocols could not pay out now (risk-math C.6).

use std::collections::BTreeMap;

use libm::sqrt;
use risk_model::{Asset, Figure, Gap, Range, Usd};

use super::account::because;
use super::book::{Book, Line};
use super::gaps::Gaps;
use crate::concentration::exit_days;
use crate::market_risk::standard_deviation;
use crate::prepared::Prepared;
use crate::report::{AssetExit, Liquidity};
use crate::score::exit_points;

/// What leaving would take, and its points before gaps widen them.
pub(super) struct Exit {
    pub(super) liquidity: Liquidity,
    pub(super) points: Range,
    /// Share of the gross value that its protocol could not pay out now, fraction.
    pub(super) stuck_share: f64,
}

/// The slowest asset's days, the sum of the costs, and the value-weighted points in which what is stuck counts 100.
pub(super) fn measure(book: &Book, prepared: &Prepared<'_>, gaps: &mut Gaps) -> Exit {
    let sellable = sellable(book);
    let gross: f64 = book.lines.iter().map(|line| line.held_usd).sum();
    let stuck: f64 = book.lines.iter().map(|line| line.stuck_usd).sum();
    let mut days = Figure::Known(0.0_f64);
    let mut cost = Figure::Known(0.0_f64);
    let mut points = 100.0 * stuck;
    let mut by_asset = Vec::new();
    for (asset, (line, usd)) in sellable.iter().filter(|(_, (_, usd))| *usd > 0.0) {
        let one = leave(*asset, line, *usd, prepared, gaps);
        if let Figure::Known(one) = &one.days {
            points += usd * exit_points(*one);
        }
        days = both(days, &one.days, f64::max);
        cost = both(cost, &one.cost.clone().map(Usd::value), |a, b| a + b);
        by_asset.push(one);
    }
    by_asset.sort_by(|a, b| b.sellable_usd.total_cmp(&a.sellable_usd).then(a.asset.cmp(&b.asset)));
    let share = |part: f64| if gross > 0.0 { part / gross } else { 0.0 };
    let mut points = Range::exactly(share(points));
    if matches!(days, Figure::Unknown(_)) {
        // What has no volume is worth 0 to 100 points, so the rest stays a lower end.
        points = points.widened();
    }
    let mut stuck_usd = dollars(stuck);
    if let Some(why) = book.value_hole() {
        // What is not valued could outweigh anything.
        (days, cost) = (Figure::Unknown(why.clone()), Figure::Unknown(why.clone()));
        (stuck_usd, points) = (Figure::Unknown(why.clone()), Range::UNKNOWN);
    }
    let cost = match cost {
        Figure::Known(cost) => dollars(cost),
        Figure::Unknown(why) => Figure::Unknown(why),
    };
    Exit {
        liquidity: Liquidity { days, cost, stuck: stuck_usd, by_asset },
        points,
        stuck_share: share(stuck),
    }
}

/// What could be sold of each asset now, with a line that names it.
fn sellable(book: &Book) -> BTreeMap<Asset, (&Line, f64)> {
    let mut sums: BTreeMap<Asset, (&Line, f64)> = BTreeMap::new();
    for line in &book.lines {
        sums.entry(line.asset).or_insert((line, 0.0)).1 += line.held_usd - line.stuck_usd;
    }
    sums
}

fn leave(asset: Asset, line: &Line, usd: f64, prepared: &Prepared<'_>, gaps: &mut Gaps) -> AssetExit {
    let volume = prepared.volume(&asset);
    let days = match &volume {
        Ok(volume) => Figure::Known(exit_days(usd, *volume, prepared.parameters().participation)),
        Err(gap) => {
            gaps.add(gap.clone());
            because(gap)
        }
    };
    let moves = prepared.returns(&asset).map(crate::returns::Series::returns);
    AssetExit {
        asset,
        symbol: line.symbol.clone(),
        sellable_usd: usd,
        days,
        cost: cost(usd, volume.as_ref(), moves.as_ref()),
        amihud: amihud(volume.as_ref(), moves.as_ref()),
    }
}

/// Square-root law: `σ_d · √(Q ÷ ADV)` of the value, never more than all of it.
fn cost(usd: f64, volume: Result<&f64, &Gap>, moves: Result<&&[f64], &Gap>) -> Figure<Usd> {
    let (volume, moves) = match (volume, moves) {
        (Ok(volume), Ok(moves)) => (*volume, *moves),
        (Err(gap), _) | (_, Err(gap)) => return because(gap),
    };
    let Some(daily) = standard_deviation(moves) else {
        return Figure::Unknown("the closes are too large or too small".to_owned());
    };
    let share = daily * sqrt(usd / volume);
    // No volume at all leaves nothing to sell into.
    dollars(usd * if share.is_finite() { share.min(1.0) } else { 1.0 })
}

/// Amihud's illiquidity by the present volume: mean |return| ÷ (24 h volume ÷ $1m).
fn amihud(volume: Result<&f64, &Gap>, moves: Result<&&[f64], &Gap>) -> Figure<f64> {
    let (volume, moves) = match (volume, moves) {
        (Ok(volume), Ok(moves)) => (*volume, *moves),
        (Err(gap), _) | (_, Err(gap)) => return because(gap),
    };
    let count = u32::try_from(moves.len()).map_or(f64::NAN, f64::from);
    let mean = moves.iter().map(|one| one.abs()).sum::<f64>() / count;
    let ratio = mean / (volume / 1e6);
    let no_market = || Figure::Unknown("there is no volume to divide by".to_owned());
    if ratio.is_finite() { Figure::Known(ratio) } else { no_market() }
}

fn both(a: Figure<f64>, b: &Figure<f64>, f: impl Fn(f64, f64) -> f64) -> Figure<f64> {
    match (a, b) {
        (Figure::Known(a), Figure::Known(b)) => Figure::Known(f(a, *b)),
        (Figure::Unknown(why), _) => Figure::Unknown(why),
        (_, Figure::Unknown(why)) => Figure::Unknown(why.clone()),
    }
}

fn dollars(usd: f64) -> Figure<Usd> {
    Usd::new(usd).map_or_else(|| Figure::Unknown("the values are too large to add".to_owned()), Figure::Known)
}
