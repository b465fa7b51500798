//! A wallet's part of each asset of an account: amounts, both prices, and what it adds to the book and to the health
//! factors.

use risk_model::{Affects, Asset, Figure, Gap, GapReason, HealthFactor, Timestamp, Usd};

use super::account::because;
use super::book::{Book, Line};
use super::freshness::divergence;
use super::gaps::{Gaps, reason};
use crate::lending::{Facts, Part};
use crate::liquidation::{self, Leg};
use crate::prepared::Prepared;
use crate::quantity::whole;
use crate::report::{LiquidationPrice, ReserveReport};

/// One part of an account, priced.
pub(super) struct Valued<'a> {
    pub(super) part: &'a Part,
    pub(super) asset: Asset,
    /// By the protocol's oracle; `None` without its price. In USD, or in the account's unit where that has no price.
    pub(super) oracle_leg: Option<Leg>,
    /// By the market, or why not. A part that neither counts nor is owed needs no price.
    pub(super) market_leg: Result<Leg, String>,
    oracle_usd: Option<f64>,
    market_usd: Result<f64, Gap>,
}

/// Prices every part of an account, writes it into the book, and names what is missing.
pub(super) fn value<'a>(
    facts: &'a Facts,
    unit_usd: Option<f64>,
    prepared: &Prepared<'_>,
    book: &mut Book,
    gaps: &mut Gaps,
) -> Vec<Valued<'a>> {
    if facts.unreadable_parts > 0 {
        let gap = unreadable(facts);
        book.miss_value(reason(&gap));
        book.miss_debt(reason(&gap));
        gaps.add(gap);
    }
    let mut parts = Vec::with_capacity(facts.parts.len());
    for part in &facts.parts {
        gaps.extend(prepared.gaps_of(&part.asset));
        let market_usd = prepared.price(&part.asset);
        write_lines(facts, part, &market_usd, book, gaps);
        let oracle_usd = part.price.zip(unit_usd).map(|(price, unit)| price * unit);
        if let (Some(oracle), Ok(market)) = (oracle_usd, &market_usd) {
            divergence(&part.symbol, facts, oracle, *market, prepared)
                .into_iter()
                .for_each(|gap| gaps.add(gap));
        }
        parts.push(priced(part, oracle_usd, market_usd, unit_usd));
    }
    parts
}

fn priced(
    part: &Part,
    oracle_usd: Option<f64>,
    market_usd: Result<f64, Gap>,
    unit_usd: Option<f64>,
) -> Valued<'_> {
    // Ratios of legs do not depend on what they are counted in.
    let oracle = part.price.map(|price| price * unit_usd.unwrap_or(1.0));
    let unused = Leg { weighted_collateral_usd: 0.0, debt_usd: 0.0, price_usd: 1.0 };
    let (oracle_leg, market_leg) = if part.counts() {
        (oracle.map(|usd| leg(part, usd)), market_usd.as_ref().map(|usd| leg(part, *usd)).map_err(reason))
    } else {
        (Some(unused), Ok(unused))
    };
    Valued { part, asset: part.asset, oracle_leg, market_leg, oracle_usd, market_usd }
}

fn leg(part: &Part, price_usd: f64) -> Leg {
    let usd = |amount| whole(amount, part.decimals) * price_usd;
    let threshold = if part.is_collateral { part.threshold } else { 0.0 };
    Leg { weighted_collateral_usd: usd(part.supplied) * threshold, debt_usd: usd(part.owed), price_usd }
}

/// The reports of an account's parts, each with the price at which it alone liquidates. `legs` is by part; they are in
/// USD unless `no_usd` says why not.
pub(super) fn reports(
    parts: &[Valued<'_>],
    legs: Option<&[Leg]>,
    health_factor: &HealthFactor,
    no_usd: Option<&Gap>,
) -> Vec<ReserveReport> {
    let price = |index: usize| match (health_factor, legs, no_usd) {
        (HealthFactor::NoDebt, ..) => LiquidationPrice::Never,
        (HealthFactor::Unknown(why), ..) => LiquidationPrice::Unknown(why.clone()),
        (HealthFactor::Known(_), _, Some(gap)) => LiquidationPrice::Unknown(reason(gap)),
        (HealthFactor::Known(_), Some(legs), None) => liquidation::single_asset_price(legs, index),
        (HealthFactor::Known(_), None, None) => {
            LiquidationPrice::Unknown("the protocol's oracle has no price for a part of it".to_owned())
        }
    };
    parts.iter().enumerate().map(|(index, part)| report(part, price(index))).collect()
}

fn report(valued: &Valued<'_>, liquidation_price: LiquidationPrice) -> ReserveReport {
    let part = valued.part;
    let unpriced =
        || Figure::Unknown(format!("the protocol's oracle has no usable price for {}", part.symbol));
    let no_number = || Figure::Unknown("the price is no number".to_owned());
    ReserveReport {
        asset: part.asset,
        symbol: part.symbol.to_string(),
        decimals: part.decimals,
        supplied: part.supplied,
        owed: part.owed,
        is_collateral: part.is_collateral,
        liquidation_threshold: part.threshold,
        terms: part.terms,
        oracle_updated_at: part.price_updated_at.map(Timestamp::new),
        oracle_price: valued.oracle_usd.and_then(Usd::new).map_or_else(unpriced, Figure::Known),
        market_price: match &valued.market_usd {
            Err(gap) => because(gap),
            Ok(usd) => Usd::new(*usd).map_or_else(no_number, Figure::Known),
        },
        supply_rate: rate(part.supply_rate),
        borrow_rate: rate(part.borrow_rate),
        liquidation_price,
    }
}

fn rate(rate: Option<f64>) -> Figure<f64> {
    let known = rate.filter(|rate| rate.is_finite());
    known.map_or_else(|| Figure::Unknown("the rate was not read".to_owned()), Figure::Known)
}

/// Writes a part into the book by the market's price, or the hole that a missing one leaves.
fn write_lines(facts: &Facts, part: &Part, price: &Result<f64, Gap>, book: &mut Book, gaps: &mut Gaps) {
    let price = match price {
        Ok(price) => *price,
        Err(gap) => {
            if !part.supplied.is_zero() {
                book.miss_value(reason(gap));
            }
            if !part.owed.is_zero() {
                book.miss_debt(reason(gap));
            }
            gaps.add(gap.clone());
            return;
        }
    };
    let supplied_usd = whole(part.supplied, part.decimals) * price;
    let line = Line {
        asset: part.asset,
        symbol: part.symbol.to_string(),
        protocol: facts.protocol,
        chain: facts.chain,
        held_usd: supplied_usd,
        owed_usd: whole(part.owed, part.decimals) * price,
        stuck_usd: stuck_share(facts, part, gaps) * supplied_usd,
        oracle: Some(format!("{} on {}", facts.protocol, facts.chain)),
    };
    book.write(line).into_iter().for_each(|gap| gaps.add(gap));
}

/// Share of a supply that the protocol could not pay out now. An unread liquidity is a gap, and counts as payable so
/// that the known part stays a lower end.
fn stuck_share(facts: &Facts, part: &Part, gaps: &mut Gaps) -> f64 {
    if part.supplied.is_zero() {
        return 0.0;
    }
    if !part.can_move {
        return 1.0;
    }
    let Some(available) = part.available_liquidity else {
        gaps.add(Gap {
            what: format!("available liquidity of {} ({})", part.symbol, part.asset),
            source: facts.protocol.name(),
            reason: GapReason::Missing,
            affects: Affects::Liquidity,
            since: None,
        });
        return 0.0;
    };
    f64::from(part.supplied.saturating_sub(available)) / f64::from(part.supplied)
}

fn unreadable(facts: &Facts) -> Gap {
    Gap {
        what: format!("amounts of {}", facts.key),
        source: facts.protocol.name(),
        reason: GapReason::Malformed,
        affects: Affects::Value,
        since: None,
    }
}
