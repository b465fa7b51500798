//! The report on one position in a liquidity pool: what the contracts would pay out, what is counted of it at market
//! prices, and what it adds to the wallet's book.

use risk_model::{Affects, Figure, Gap, GapReason, U256, Usd};

use super::account::because;
use super::book::{Book, Line};
use super::freshness;
use super::gaps::{Gaps, reason};
use crate::lending::Fault;
use crate::pool::{Claim, Counted, Facts, Liquidity, PoolPosition, PoolToken, PriceRange};
use crate::prepared::Prepared;
use crate::quantity::power_of_ten;
use crate::report::{PoolLegReport, PoolReport, RangeReport};

/// Reports the positions in pools, by value, those without one last.
pub(super) fn reports(
    pools: &[PoolPosition],
    prepared: &Prepared<'_>,
    book: &mut Book,
    gaps: &mut Gaps,
) -> Vec<PoolReport> {
    let mut reports: Vec<PoolReport> = pools.iter().map(|pool| report(pool, prepared, book, gaps)).collect();
    let value = |report: &PoolReport| report.value.known().map_or(-1.0, |usd| usd.value());
    reports.sort_by(|a, b| value(b).total_cmp(&value(a)).then_with(|| a.key.cmp(&b.key)));
    reports
}

fn report(position: &PoolPosition, prepared: &Prepared<'_>, book: &mut Book, gaps: &mut Gaps) -> PoolReport {
    let facts = position.facts();
    freshness::check_pool(&facts, prepared).into_iter().for_each(|gap| gaps.add(gap));
    let prices: Vec<Result<f64, Gap>> = facts
        .tokens
        .iter()
        .map(|token| {
            gaps.extend(prepared.gaps_of(&token.asset));
            prepared.price(&token.asset)
        })
        .collect();
    let counted = count(position, &facts, &prices, prepared, gaps);
    match &counted {
        Ok(counted) => write(&facts, counted, &prices, book, gaps),
        Err(gap) => {
            book.miss_value(reason(gap));
            gaps.add(gap.clone());
        }
    }
    let legs = legs(&facts, &prices, &counted);
    let in_usd = |pick: fn(&Claim) -> f64| claimed_usd(&facts, &prices, pick);
    PoolReport {
        protocol: facts.protocol,
        chain: facts.chain,
        pool: facts.contract,
        block: facts.block,
        value: sum(legs.iter().map(|leg| leg.value.clone())),
        claim_value: in_usd(|claim| f64::from(claim.amount) + f64::from(claim.fees)),
        fees_value: in_usd(|claim| f64::from(claim.fees)),
        range: facts.range.as_ref().map(|range| range_report(range, &prices)),
        legs,
        key: facts.key,
    }
}

fn range_report(range: &PriceRange, prices: &[Result<f64, Gap>]) -> RangeReport {
    let market_price = match prices {
        [Ok(first), Ok(second)] => Figure::Known(first / second),
        [Err(gap), ..] | [_, Err(gap)] => because(gap),
        _ => no_number(),
    };
    let unrecorded = || Figure::Unknown("the pool keeps no record as long".to_owned());
    RangeReport {
        lower: range.lower,
        upper: range.upper,
        price: range.price,
        average_price: range.average_price.map_or_else(unrecorded, Figure::Known),
        market_price,
        is_in_range: range.is_in_range,
    }
}

/// The least that the position is worth at market prices; the gap of why that is not known. A pool whose own price is
/// far from the market's is named.
fn count(
    position: &PoolPosition,
    facts: &Facts,
    prices: &[Result<f64, Gap>],
    prepared: &Prepared<'_>,
    gaps: &mut Gaps,
) -> Result<Counted, Gap> {
    let usd: Vec<f64> = prices.iter().cloned().collect::<Result<_, _>>()?;
    if let Err(fault) = &facts.claims {
        return Err(unreadable(facts, fault));
    }
    let counted = position.counted(&usd).map_err(|fault| unreadable(facts, &fault))?;
    for (name, distance) in &counted.distances {
        // Written so that a distance that is no number is a divergence too.
        let agrees = *distance <= prepared.parameters().max_divergence;
        if !agrees {
            gaps.add(divergent(facts, name));
        }
    }
    Ok(counted)
}

/// Writes what is counted into the book, each token at its market price.
fn write(facts: &Facts, counted: &Counted, prices: &[Result<f64, Gap>], book: &mut Book, gaps: &mut Gaps) {
    for ((token, amount), price) in facts.tokens.iter().zip(&counted.amounts).zip(prices) {
        let Ok(price) = price else { continue };
        let held_usd = amount * price;
        let line = Line {
            asset: token.asset,
            symbol: token.symbol.to_string(),
            protocol: facts.protocol,
            chain: facts.chain,
            held_usd,
            owed_usd: 0.0,
            stuck_usd: held_usd * facts.stuck_share,
            oracle: None,
        };
        book.write(line).into_iter().for_each(|gap| gaps.add(gap));
    }
}

fn legs(facts: &Facts, prices: &[Result<f64, Gap>], counted: &Result<Counted, Gap>) -> Vec<PoolLegReport> {
    let leg = |(place, (token, price)): (usize, (&PoolToken, &Result<f64, Gap>))| {
        let claimed = |pick: fn(&Claim) -> U256| match &facts.claims {
            Ok(claims) => claims.get(place).map_or_else(no_number, |claim| Figure::Known(pick(claim))),
            Err(fault) => Figure::Unknown(fault.to_string()),
        };
        let counted = match counted {
            Ok(counted) => counted.amounts.get(place).copied().map_or_else(no_number, Figure::Known),
            Err(gap) => because(gap),
        };
        let (price, value) = match (price, &counted) {
            (Ok(usd), Figure::Known(amount)) => (dollars(*usd), dollars(amount * usd)),
            (Ok(usd), Figure::Unknown(why)) => (dollars(*usd), Figure::Unknown(why.clone())),
            (Err(gap), _) => (because(gap), because(gap)),
        };
        PoolLegReport {
            asset: token.asset,
            symbol: token.symbol.to_string(),
            decimals: token.decimals,
            amount: claimed(|claim| claim.amount),
            fees: claimed(|claim| claim.fees),
            counted,
            price,
            value,
        }
    };
    facts.tokens.iter().zip(prices).enumerate().map(leg).collect()
}

/// A part of the claims at market prices.
fn claimed_usd(facts: &Facts, prices: &[Result<f64, Gap>], pick: fn(&Claim) -> f64) -> Figure<Usd> {
    let claims = match &facts.claims {
        Ok(claims) => claims,
        Err(fault) => return Figure::Unknown(fault.to_string()),
    };
    sum(facts.tokens.iter().zip(claims).zip(prices).map(|((token, claim), price)| match price {
        Ok(usd) => dollars(pick(claim) / power_of_ten(token.decimals) * usd),
        Err(gap) => because(gap),
    }))
}

fn sum(mut values: impl Iterator<Item = Figure<Usd>>) -> Figure<Usd> {
    let sum = values.try_fold(0.0, |sum, value| match value {
        Figure::Known(usd) => Ok(sum + usd.value()),
        Figure::Unknown(why) => Err(why),
    });
    sum.map_or_else(Figure::Unknown, dollars)
}

fn dollars(value: f64) -> Figure<Usd> {
    Usd::new(value).map_or_else(|| Figure::Unknown("the value is too large".to_owned()), Figure::Known)
}

fn no_number<T>() -> Figure<T> {
    Figure::Unknown("the pool's answer has no such number".to_owned())
}

fn unreadable(facts: &Facts, fault: &Fault) -> Gap {
    Gap {
        what: format!("amounts of {}: {fault}", facts.key),
        source: facts.protocol.name(),
        reason: fault.reason,
        affects: Affects::Value,
        since: None,
    }
}

/// What is counted does not depend on the pool's price, so its distance from the market leaves nothing open but trust.
fn divergent(facts: &Facts, name: &str) -> Gap {
    Gap {
        what: format!("{name} of {} against the market", facts.key),
        source: facts.protocol.name(),
        reason: GapReason::Divergent,
        affects: Affects::Confirmation,
        since: None,
    }
}
