//! A wallet's part of each reserve: amounts, both prices, and what it adds to the book and to the health factors.

use risk_model::{Affects, Asset, Figure, Gap, GapReason, HealthFactor, Protocol, U256, Usd};

use super::account::because;
use super::book::{Book, Line};
use super::freshness::divergence;
use super::gaps::{Gaps, reason};
use crate::aave::{Market, Reserve, ReservePosition, balances, threshold_bps};
use crate::liquidation::{self, Leg};
use crate::position::LendingAccount;
use crate::prepared::Prepared;
use crate::quantity::{base_usd, whole};
use crate::report::{LiquidationPrice, ReserveReport};

/// One part of an account, read and priced.
pub(super) struct Part {
    pub(super) asset: Asset,
    /// By the protocol's oracle; `None` without its price or unit.
    pub(super) oracle_leg: Option<Leg>,
    /// By the market, or why not. A part that neither counts nor is owed needs no price.
    pub(super) market_leg: Result<Leg, String>,
    report: ReserveReport,
}

/// Reads and prices every part of an account whose amounts can be told; the others are holes in the book.
pub(super) fn parts(
    account: &LendingAccount,
    key: &str,
    prepared: &Prepared<'_>,
    book: &mut Book,
    gaps: &mut Gaps,
) -> Vec<Part> {
    let market = &account.market;
    let mut parts = Vec::with_capacity(account.position.reserves.len());
    for position in &account.position.reserves {
        let found = market.reserves.get(position.reserve).zip(balances(market, position).ok());
        let Some((reserve, (supplied, owed))) = found else {
            let gap = unreadable(key);
            book.miss_value(reason(&gap));
            book.miss_debt(reason(&gap));
            gaps.add(gap);
            continue;
        };
        if supplied.is_zero() && owed.is_zero() {
            continue;
        }
        gaps.extend(prepared.gaps_of(&reserve.asset));
        // Without the e-mode's category the account is unknown as a whole; the reserve's own threshold is no answer.
        let threshold = threshold_bps(market, account.position.e_mode, reserve).unwrap_or(0);
        let amounts =
            Amounts { supplied, owed, threshold: if position.is_collateral { threshold } else { 0 } };
        let price = prepared.price(&reserve.asset);
        write_lines(reserve, amounts, &price, market, book, gaps);
        parts.push(part(market, reserve, position, amounts, &price, threshold));
        check_divergence(market, reserve, key, &price, prepared, gaps);
    }
    parts
}

/// The reports of an account's parts, each with the price at which it alone liquidates. `legs` is by part.
pub(super) fn reports(
    parts: Vec<Part>,
    legs: Option<&[Leg]>,
    health_factor: &HealthFactor,
) -> Vec<ReserveReport> {
    let price = |index: usize| match (health_factor, legs) {
        (HealthFactor::NoDebt, _) => LiquidationPrice::Never,
        (HealthFactor::Unknown(why), _) => LiquidationPrice::Unknown(why.clone()),
        (HealthFactor::Known(_), Some(legs)) => liquidation::single_asset_price(legs, index),
        (HealthFactor::Known(_), None) => {
            LiquidationPrice::Unknown("the base currency's unit is not usable".to_owned())
        }
    };
    let with_price =
        |(index, part): (usize, Part)| ReserveReport { liquidation_price: price(index), ..part.report };
    parts.into_iter().enumerate().map(with_price).collect()
}

#[derive(Clone, Copy)]
struct Amounts {
    supplied: U256,
    owed: U256,
    /// 0 where the supply is no collateral.
    threshold: u16,
}

fn part(
    market: &Market,
    reserve: &Reserve,
    position: &ReservePosition,
    amounts: Amounts,
    price: &Result<f64, Gap>,
    threshold: u16,
) -> Part {
    let oracle = oracle_usd(market, reserve);
    let is_used = amounts.threshold != 0 || !amounts.owed.is_zero();
    let at = |usd: f64| leg(reserve, amounts, usd);
    let unused = Leg { weighted_collateral_usd: 0.0, debt_usd: 0.0, price_usd: 1.0 };
    let market_leg = if is_used { price.as_ref().map(|usd| at(*usd)).map_err(reason) } else { Ok(unused) };
    let unpriced = || Figure::Unknown(format!("the protocol's oracle has no price for {}", reserve.symbol));
    Part {
        asset: reserve.asset,
        oracle_leg: if is_used { oracle.map(at) } else { Some(unused) },
        market_leg,
        report: ReserveReport {
            asset: reserve.asset,
            symbol: reserve.symbol.to_string(),
            decimals: reserve.decimals,
            supplied: amounts.supplied,
            owed: amounts.owed,
            is_collateral: position.is_collateral,
            liquidation_threshold_bps: threshold,
            oracle_price: oracle.and_then(Usd::new).map_or_else(unpriced, Figure::Known),
            market_price: market_price(price),
            liquidation_price: LiquidationPrice::Never,
        },
    }
}

fn leg(reserve: &Reserve, amounts: Amounts, price_usd: f64) -> Leg {
    let usd = |amount| whole(amount, reserve.decimals) * price_usd;
    Leg {
        weighted_collateral_usd: usd(amounts.supplied) * f64::from(amounts.threshold) / 10_000.0,
        debt_usd: usd(amounts.owed),
        price_usd,
    }
}

fn market_price(price: &Result<f64, Gap>) -> Figure<Usd> {
    match price {
        Err(gap) => because(gap),
        Ok(usd) => {
            Usd::new(*usd).map_or_else(|| Figure::Unknown("the price is no number".to_owned()), Figure::Known)
        }
    }
}

fn oracle_usd(market: &Market, reserve: &Reserve) -> Option<f64> {
    let price = reserve.price.filter(|price| !price.is_zero())?;
    base_usd(price, market.base_unit).filter(|usd| *usd > 0.0)
}

fn check_divergence(
    market: &Market,
    reserve: &Reserve,
    key: &str,
    price: &Result<f64, Gap>,
    prepared: &Prepared<'_>,
    gaps: &mut Gaps,
) {
    if let (Some(oracle), Ok(price)) = (oracle_usd(market, reserve), price) {
        divergence(&reserve.symbol, key, oracle, *price, prepared).into_iter().for_each(|gap| gaps.add(gap));
    }
}

/// Writes a part into the book by the market's price, or the hole that a missing one leaves.
fn write_lines(
    reserve: &Reserve,
    amounts: Amounts,
    price: &Result<f64, Gap>,
    market: &Market,
    book: &mut Book,
    gaps: &mut Gaps,
) {
    let price = match price {
        Ok(price) => *price,
        Err(gap) => {
            if !amounts.supplied.is_zero() {
                book.miss_value(reason(gap));
            }
            if !amounts.owed.is_zero() {
                book.miss_debt(reason(gap));
            }
            gaps.add(gap.clone());
            return;
        }
    };
    let supplied_usd = whole(amounts.supplied, reserve.decimals) * price;
    let line = Line {
        asset: reserve.asset,
        symbol: reserve.symbol.to_string(),
        protocol: Protocol::AaveV3,
        chain: market.chain,
        held_usd: supplied_usd,
        owed_usd: whole(amounts.owed, reserve.decimals) * price,
        stuck_usd: stuck_share(reserve, amounts.supplied, gaps) * supplied_usd,
    };
    book.write(line).into_iter().for_each(|gap| gaps.add(gap));
}

/// Share of a supply that the reserve could not pay out now. An unread liquidity is a gap, and counts as payable so
/// that the known part stays a lower end.
fn stuck_share(reserve: &Reserve, supplied: U256, gaps: &mut Gaps) -> f64 {
    if supplied.is_zero() {
        return 0.0;
    }
    if !reserve.is_active || reserve.is_paused {
        return 1.0;
    }
    let Some(available) = reserve.available_liquidity else {
        gaps.add(Gap {
            what: format!("available liquidity of {} ({})", reserve.symbol, reserve.asset),
            source: Protocol::AaveV3.name(),
            reason: GapReason::Missing,
            affects: Affects::Liquidity,
            since: None,
        });
        return 0.0;
    };
    f64::from(supplied.saturating_sub(available)) / f64::from(supplied)
}

fn unreadable(key: &str) -> Gap {
    Gap {
        what: format!("amounts of {key}"),
        source: Protocol::AaveV3.name(),
        reason: GapReason::Malformed,
        affects: Affects::Value,
        since: None,
    }
}
