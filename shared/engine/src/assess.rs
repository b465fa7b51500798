//! The assessment: one wallet's positions against prepared market data, as a report that names what is missing.

mod account;
mod book;
mod dependence;
mod exit;
mod explanation;
mod exposure;
mod freshness;
mod gaps;
mod loss;
mod methods;
mod motion;
mod part;
mod pool;
mod spread;
#[cfg(test)]
mod tests;

use risk_model::{Affects, Figure, Gap, HealthFactor, Protocol, Range, Timestamp, Usd};

use self::account::because;
use self::book::{Book, Line};
use self::gaps::{Gaps, reason};
use self::spread::Spread;
use crate::cure;
use crate::lending::{Facts, Lending};
use crate::market::MarketData;
use crate::parameters::Parameters;
use crate::position::{Holding, LendingAccount, WalletPositions};
use crate::prepared::Prepared;
use crate::probability::Estimate;
use crate::quantity::whole;
use crate::report::{AccountReport, Components, GasCost, HoldingReport, Report};
use crate::{score, stress};

pub use self::account::account_key;

/// Assesses one wallet. Prepare once for a batch, then assess each wallet of it, on any thread.
///
/// It never fails: what is missing from the positions or the market data, or is too old, is a gap of the report and
/// leaves the figures that need it unknown and the scores that need it open upward.
#[must_use]
pub fn assess(positions: &WalletPositions, prepared: &Prepared<'_>) -> Report {
    let mut report = measure(positions, prepared);
    let shocks = stress::standard(&report, prepared);
    report.stress = shocks.iter().map(|shock| stress::apply(&report, shock, prepared)).collect();
    report
}

/// Everything of the report but the stress, which is of the rest.
fn measure(positions: &WalletPositions, prepared: &Prepared<'_>) -> Report {
    let (mut gaps, mut book) = (Gaps::default(), Book::default());
    gaps.extend(&positions.gaps);
    note_unread(&positions.gaps, &mut book);
    // An account's own arithmetic, in whole numbers, is done once for all that needs it.
    let facts: Vec<Facts> = positions.accounts.iter().map(|one| one.account.facts()).collect();
    let known = || positions.accounts.iter().zip(&facts);
    let mut accounts: Vec<AccountReport> =
        known().map(|(one, facts)| account::report(one, facts, prepared, &mut book, &mut gaps)).collect();
    let holdings = report_holdings(&positions.holdings, prepared, &mut book, &mut gaps);
    let pools = pool::reports(&positions.pools, prepared, &mut book, &mut gaps);
    if let Some(gap) = gaps.first(Affects::Value) {
        book.miss_value(reason(gap));
    }
    let (market, volatility) = exposure::measure(&book, prepared, &mut gaps);
    let spread = spread::measure(&book, prepared, &mut gaps);
    note_market(positions, &book, prepared, &mut gaps);
    let components = components(&accounts, volatility, &spread, &gaps);
    accounts.sort_by(|a, b| rank(a).total_cmp(&rank(b)).then_with(|| a.key.cmp(&b.key)));
    let overall = score::overall(&components);
    Report {
        wallet: positions.wallet,
        at: prepared.now(),
        level: score::level(overall),
        score: overall,
        drivers: score::drivers(&components, explanation::because(&accounts, &market, &spread)),
        components,
        health_factor: worst_health_factor(&accounts, &gaps),
        portfolio_value: book.value(),
        debt: book.debt(),
        net_worth: book.net_worth(),
        liquidation_probability_24h: worst_probability(&accounts, &gaps, |account| &account.probability_24h),
        liquidation_probability_7d: worst_probability(&accounts, &gaps, |account| &account.probability_7d),
        recommendations: recommendations(known(), prepared),
        accounts,
        holdings,
        pools,
        market,
        concentration: spread.concentration,
        liquidity: spread.liquidity,
        gas: gas(prepared),
        repayment_gas: repayment_gas(prepared),
        value_locked: value_locked(positions, prepared, &mut gaps),
        readings: positions.readings.iter().chain(&prepared.market().readings).cloned().collect(),
        exposures: book.by_asset(),
        stress: Vec::new(),
        gaps: gaps.into_sorted(),
        left_out: Vec::new(),
    }
}

/// Prepares and assesses a single wallet: for a batch, prepare once instead.
#[must_use]
pub fn assess_one(
    positions: &WalletPositions,
    market: &MarketData,
    now: Timestamp,
    parameters: &Parameters,
) -> Report {
    assess(positions, &Prepared::new(market, now, parameters))
}

/// What was not read may hold value, and an account that was not read may owe.
fn note_unread(unread: &[Gap], book: &mut Book) {
    for gap in unread {
        match gap.affects {
            Affects::Liquidation => {
                book.miss_value(reason(gap));
                book.miss_debt(reason(gap));
            }
            Affects::Value => book.miss_value(reason(gap)),
            Affects::Volatility | Affects::Liquidity | Affects::Confirmation => {}
        }
    }
}

fn report_holdings(
    holdings: &[Holding],
    prepared: &Prepared<'_>,
    book: &mut Book,
    gaps: &mut Gaps,
) -> Vec<HoldingReport> {
    let mut reports: Vec<HoldingReport> =
        holdings.iter().map(|holding| report_holding(holding, prepared, book, gaps)).collect();
    let value = |report: &HoldingReport| report.value.known().map_or(-1.0, |usd| usd.value());
    reports.sort_by(|a, b| value(b).total_cmp(&value(a)).then_with(|| a.asset.cmp(&b.asset)));
    reports
}

fn report_holding(
    holding: &Holding,
    prepared: &Prepared<'_>,
    book: &mut Book,
    gaps: &mut Gaps,
) -> HoldingReport {
    gaps.extend(prepared.gaps_of(&holding.asset));
    freshness::check_holding(holding, prepared).into_iter().for_each(|gap| gaps.add(gap));
    let (price, value) = match prepared.price(&holding.asset) {
        Ok(usd) => {
            let value = whole(holding.amount, holding.decimals) * usd;
            let line = Line {
                asset: holding.asset,
                symbol: holding.symbol.to_string(),
                protocol: Protocol::Tokens,
                chain: holding.asset.chain,
                held_usd: value,
                owed_usd: 0.0,
                stuck_usd: 0.0,
                oracle: None,
            };
            book.write(line).into_iter().for_each(|gap| gaps.add(gap));
            let too_large = || Figure::Unknown("the value is too large".to_owned());
            let figure = |usd| Usd::new(usd).map_or_else(too_large, Figure::Known);
            (figure(usd), figure(value))
        }
        Err(gap) => {
            let figures = (because(&gap), because(&gap));
            gaps.add(gap);
            figures
        }
    };
    HoldingReport {
        asset: holding.asset,
        symbol: holding.symbol.to_string(),
        decimals: holding.decimals,
        amount: holding.amount,
        price,
        value,
        block: holding.block,
    }
}

/// The markets' own gaps. A wallet that holds and owes nothing needs none of what they are about.
fn note_market(positions: &WalletPositions, book: &Book, prepared: &Prepared<'_>, gaps: &mut Gaps) {
    let needs_none = book.is_empty() && positions.accounts.is_empty();
    let market = &prepared.market().gaps;
    gaps.extend(market.iter().filter(|gap| !needs_none || gap.affects == Affects::Confirmation));
}

fn components(accounts: &[AccountReport], volatility: Range, spread: &Spread, gaps: &Gaps) -> Components {
    Components {
        liquidation: widen(liquidation(accounts), gaps, &[Affects::Liquidation]),
        volatility: widen(volatility, gaps, &[Affects::Value, Affects::Volatility]),
        concentration: widen(spread.concentration_points, gaps, &[Affects::Value]),
        liquidity: widen(spread.liquidity_points, gaps, &[Affects::Value, Affects::Liquidity]),
    }
}

fn widen(range: Range, gaps: &Gaps, parts: &[Affects]) -> Range {
    if parts.iter().any(|part| gaps.affect(*part)) { range.widened() } else { range }
}

fn liquidation(accounts: &[AccountReport]) -> Range {
    accounts.iter().fold(Range::exactly(0.0), |worst, account| score::worst(worst, account.score))
}

/// Order of accounts, worst first: under 1, then unknown, then by health factor, then those that owe nothing.
fn rank(account: &AccountReport) -> f64 {
    match &account.health_factor {
        HealthFactor::Known(_) => account.health_factor.ratio().unwrap_or(f64::MAX),
        HealthFactor::Unknown(_) => 1.0,
        HealthFactor::NoDebt => f64::INFINITY,
    }
}

/// The worst account's. One that is liquidatable is the answer whatever else is missing; otherwise any gap that could
/// hide a worse one leaves it unknown.
fn worst_health_factor(accounts: &[AccountReport], gaps: &Gaps) -> HealthFactor {
    let known = accounts.iter().filter_map(|account| match &account.health_factor {
        HealthFactor::Known(wad) => Some(*wad),
        HealthFactor::NoDebt | HealthFactor::Unknown(_) => None,
    });
    let worst = known.min();
    if let Some(wad) = worst.filter(|wad| *wad < HealthFactor::WAD) {
        return HealthFactor::Known(wad);
    }
    if let Some(gap) = gaps.first(Affects::Liquidation) {
        return HealthFactor::Unknown(reason(gap));
    }
    worst.map_or(HealthFactor::NoDebt, HealthFactor::Known)
}

/// The worst account's, by the same rule: certainty needs nothing else, anything less needs everything.
fn worst_probability(
    accounts: &[AccountReport],
    gaps: &Gaps,
    pick: impl Fn(&AccountReport) -> &Figure<Estimate>,
) -> Figure<Estimate> {
    let known = accounts.iter().filter_map(|account| pick(account).known().copied());
    let worst =
        known.fold(Estimate::exactly(0.0), |worst, one| if one.value > worst.value { one } else { worst });
    if worst.value >= 1.0 {
        return Figure::Known(worst);
    }
    if let Some(gap) = gaps.first(Affects::Liquidation) {
        return because(gap);
    }
    let unknown = accounts.iter().map(pick).find(|probability| probability.known().is_none());
    unknown.map_or(Figure::Known(worst), Clone::clone)
}

fn recommendations<'a>(
    accounts: impl Iterator<Item = (&'a LendingAccount, &'a Facts)>,
    prepared: &Prepared<'_>,
) -> Vec<crate::report::Recommendation> {
    let mut all: Vec<_> = accounts
        .flat_map(|(one, facts)| {
            let unit_usd = account::unit_usd(facts, prepared).ok();
            cure::recommend(&one.account, facts, unit_usd, prepared.parameters())
        })
        .collect();
    all.sort_by(|a, b| b.severity.cmp(&a.severity).then_with(|| a.account.cmp(&b.account)));
    all
}

/// The value locked in each protocol that the wallet is in; one that is not known is a gap that leaves no figure open.
fn value_locked(
    positions: &WalletPositions,
    prepared: &Prepared<'_>,
    gaps: &mut Gaps,
) -> Vec<(Protocol, f64)> {
    let known = &prepared.market().value_locked;
    let mut values = Vec::new();
    for protocol in positions.protocols() {
        match known.get(&protocol) {
            Some(Ok(locked)) => values.push((protocol, locked.usd)),
            Some(Err(gap)) => gaps.add(gap.clone()),
            // Nobody was asked: a replay of the past and a simulation have no use for it.
            None => {}
        }
    }
    values
}

/// Gas units × gwei × 1e-9 of the chain's own token, at its market price.
fn repayment_gas(prepared: &Prepared<'_>) -> Vec<GasCost> {
    let cost = |(chain, gwei): (risk_model::ChainId, f64)| {
        let tokens = prepared.parameters().repayment_gas_units * gwei * 1e-9;
        let too_large = || Figure::Unknown("the cost is no number".to_owned());
        let usd = match prepared.price(&risk_model::Asset::native(chain)) {
            Ok(usd) => Usd::new(tokens * usd).map_or_else(too_large, Figure::Known),
            Err(gap) => Figure::Unknown(reason(&gap)),
        };
        GasCost { chain, tokens, usd }
    };
    gas(prepared).into_iter().map(cost).collect()
}

fn gas(prepared: &Prepared<'_>) -> Vec<(risk_model::ChainId, f64)> {
    let known = prepared.market().gas.iter().filter(|(_, gas)| gas.propose_gwei.is_finite());
    let mut gas: Vec<_> = known.map(|(chain, gas)| (*chain, gas.propose_gwei)).collect();
    gas.sort_by_key(|(chain, _)| *chain);
    gas
}
