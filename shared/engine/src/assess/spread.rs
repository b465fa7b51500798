//! How the wallet's gross value is spread over assets, protocols and chains, and how long it would take to sell.

use std::collections::BTreeMap;

use risk_model::{Asset, Figure, Range};

use super::book::{Book, Line};
use super::exit::{self, Exit};
use super::gaps::Gaps;
use crate::concentration::{herfindahl, shares};
use crate::issuer::issuer_of;
use crate::prepared::Prepared;
use crate::probability::depeg::Peg;
use crate::report::{Concentration, Liquidity, Spread as Shares};
use crate::score::concentration_points;

/// What the spread is worth in points, before gaps widen it, and what of it is stuck.
pub(super) struct Spread {
    pub(super) concentration: Concentration,
    pub(super) liquidity: Liquidity,
    pub(super) concentration_points: Range,
    pub(super) liquidity_points: Range,
    /// Share of the gross value that its protocol could not pay out now, fraction.
    pub(super) stuck_share: f64,
}

/// Measures the spread of the lines' gross value.
pub(super) fn measure(book: &Book, prepared: &Prepared<'_>, gaps: &mut Gaps) -> Spread {
    let Exit { liquidity, points, stuck_share } = exit::measure(book, prepared, gaps);
    let held = |line: &Line| line.held_usd;
    let by_asset = shares(book.lines.iter().map(|line| (line.asset, held(line))));
    let index = herfindahl(by_asset.iter().map(|(_, share)| *share));
    let all = || book.value_hole().map_or(Figure::Known(()), |why| Figure::Unknown(why.clone()));
    let symbols: BTreeMap<Asset, &str> =
        book.lines.iter().rev().map(|line| (line.asset, line.symbol.as_str())).collect();
    let named =
        |(asset, share): (Asset, f64)| (asset, symbols.get(&asset).map_or("", |one| one).to_owned(), share);
    let by_name = |name: &dyn Fn(&Line) -> Option<String>| all().map(|()| spread_over(book, name));
    let concentration = Concentration {
        hhi: all().map(|()| index),
        effective_assets: all().map(|()| index.map(|index| 1.0 / index)),
        by_asset: all().map(|()| by_asset.into_iter().map(named).collect()),
        by_protocol: by_name(&|line| Some(line.protocol.to_string())),
        by_chain: by_name(&|line| Some(line.chain.to_string())),
        by_group: by_name(&|line| Some(group(line))),
        by_issuer: by_name(&|line| issuer_of(&line.symbol).map(str::to_owned)),
        by_oracle: by_name(&|line| line.oracle.clone()),
    };
    Spread {
        concentration_points: match book.value_hole() {
            Some(_) => Range::UNKNOWN,
            None => Range::exactly(concentration_points(index)),
        },
        liquidity_points: points,
        stuck_share,
        concentration,
        liquidity,
    }
}

/// Shares of the gross value by name, and their index. What has no name has no share: an index over issuers or oracles
/// is of the whole value, so that what nobody issues or prices spreads it.
fn spread_over(book: &Book, name: &dyn Fn(&Line) -> Option<String>) -> Shares {
    let names: Vec<Option<String>> = book.lines.iter().map(name).collect();
    let values = names.iter().zip(&book.lines).map(|(name, line)| (name.as_deref(), line.held_usd));
    let shares: Vec<(String, f64)> =
        shares(values).into_iter().filter_map(|(name, share)| Some((name?.to_owned(), share))).collect();
    let index = herfindahl(shares.iter().map(|(_, share)| *share));
    Shares { hhi: index, effective_number: index.map(|index| 1.0 / index), shares }
}

/// What a token is worth like: the thing that it promises, or itself. wstETH is ether here, USDT a dollar.
fn group(line: &Line) -> String {
    match Peg::of(&line.symbol) {
        Some(Peg::Dollar) => "dollar".to_owned(),
        Some(Peg::Ether) => "ether".to_owned(),
        Some(Peg::Bitcoin) => "bitcoin".to_owned(),
        None => line.asset.to_string(),
    }
}
