//! The signals: every watched measure of a report against its thresholds.

use risk_model::{AlertKind, Figure, HealthFactor, Severity};

use super::cure::cure;
use super::liquidation::{Stand, stand};
use super::memory::Memory;
use super::peg::{divergence, stablecoins};
use super::{Condition, Identity, Line, Signal, Thresholds, blind, gas, health, locked, oracle, terms};
use crate::report::{AccountReport, Report};
use crate::score::FULL_VOLATILITY;

/// Every signal of a report, in the order of the identities, judged by what is remembered of the wallet. A measure
/// that is known to be past its line fires even where other things are missing; a measure that is not known for sure
/// is never clear.
#[must_use]
pub fn signals(report: &Report, memory: &Memory, thresholds: &Thresholds) -> Vec<Signal> {
    let mut conditions = of_the_wallet(report, memory, thresholds);
    for account in &report.accounts {
        let of_account = of_an_account(account, report, memory, thresholds);
        conditions.extend(of_account.map(|(kind, condition)| (account.key.clone(), kind, condition)));
    }
    let pegs = stablecoins(report, thresholds).into_iter();
    conditions
        .extend(pegs.map(|(asset, condition)| (asset.to_string(), AlertKind::StablecoinDepeg, condition)));
    let locked = locked::falls(report, memory, thresholds).into_iter();
    conditions.extend(
        locked.map(|(protocol, condition)| (protocol.to_string(), AlertKind::ProtocolTvlDrop, condition)),
    );
    let gas = gas::spikes(report, memory, thresholds).into_iter();
    conditions.extend(gas.map(|(chain, condition)| (chain.to_string(), AlertKind::GasSpike, condition)));
    let mut signals: Vec<Signal> = conditions
        .into_iter()
        .map(|(account, kind, condition)| Signal {
            identity: Identity { wallet: report.wallet, account, kind },
            condition,
        })
        .collect();
    signals.sort_by(|a, b| a.identity.cmp(&b.identity));
    signals
}

fn of_an_account(
    account: &AccountReport,
    report: &Report,
    memory: &Memory,
    thresholds: &Thresholds,
) -> [(AlertKind, Condition); 6] {
    [
        (AlertKind::LiquidationRisk, liquidation_risk(account, report, thresholds)),
        (AlertKind::HealthFactorDrop, health::drop(account, report, memory, thresholds)),
        (AlertKind::OracleDivergence, divergence(account, report, thresholds)),
        (AlertKind::OracleStale, oracle::stale(account, report, thresholds)),
        (AlertKind::ParameterChange, terms::change(account, report, memory, thresholds)),
        (AlertKind::CarryLiquidation, health::carry(account, report, thresholds)),
    ]
}

fn of_the_wallet(
    report: &Report,
    memory: &Memory,
    thresholds: &Thresholds,
) -> Vec<(String, AlertKind, Condition)> {
    vec![
        (String::new(), AlertKind::DataBlind, blind::data_blind(report, memory, thresholds)),
        (String::new(), AlertKind::HighVolatility, high_volatility(report, thresholds)),
        (String::new(), AlertKind::ValueAtRisk, value_at_risk(report, thresholds)),
        (String::new(), AlertKind::OverExposure, over_exposure(report, thresholds)),
        (String::new(), AlertKind::LowLiquidity, low_liquidity(report, thresholds)),
    ]
}

fn liquidation_risk(account: &AccountReport, report: &Report, thresholds: &Thresholds) -> Condition {
    let is_certain = account.score.known().is_some();
    let factor = match &account.health_factor {
        HealthFactor::Unknown(_) => return Condition::Unknown,
        HealthFactor::NoDebt if is_certain => {
            return Condition::Clear {
                message: format!("nothing is owed on {}", account.key),
                measured: None,
            };
        }
        HealthFactor::NoDebt => return Condition::Unknown,
        HealthFactor::Known(_) => account.health_factor.ratio().unwrap_or(0.0),
    };
    let chance = account.probability_24h.known().map(|chance| chance.value);
    let message = liquidation_message(account, factor);
    // What is open in the account may make the chance another one: then the fixed line holds beside it.
    let certain = stand(factor, chance.filter(|_| is_certain), thresholds);
    let stands = match certain {
        Stand::Between if !is_certain => stand(factor, chance, thresholds),
        other => other,
    };
    match stands {
        Stand::Firing { severity, measured, threshold } => {
            let action = cure(account, report, thresholds.own_health_factor.map(|line| line.close));
            Condition::Firing { severity, message, action, measured, threshold }
        }
        _ if chance.is_none() || !is_certain => Condition::Unknown,
        Stand::Clear => Condition::Clear { message, measured: Some(factor) },
        Stand::Between => Condition::Between { message, measured: Some(factor) },
    }
}

fn liquidation_message(account: &AccountReport, factor: f64) -> String {
    let chance = account.probability_24h.known().map_or_else(String::new, |chance| {
        format!("; chance of liquidation within 24 h {:.2} %", 100.0 * chance.value)
    });
    if factor < 1.0 {
        return format!("{} can be liquidated now: health factor {factor:.4}", account.key);
    }
    let drop = account.uniform_drop.known().map_or_else(String::new, |drop| {
        format!(", {:.2} % above liquidation if all collateral falls", 100.0 * drop)
    });
    format!("{}: health factor {factor:.4}{drop}{chance}", account.key)
}

fn high_volatility(report: &Report, thresholds: &Thresholds) -> Condition {
    let points = report.components.volatility;
    let line = thresholds.volatility_points;
    let message = match &report.market.volatility {
        Figure::Known(volatility) => format!("equity moves {:.1} % a year", 100.0 * volatility),
        Figure::Unknown(why) => format!("volatility of equity: {why}"),
    };
    // Points are proportional to the volatility, and it to what is held and owed for the same net worth.
    let calm = line.close / 100.0 * FULL_VOLATILITY;
    let less = report.market.volatility.known().map(|volatility| 1.0 - calm / volatility);
    let action = less_of_everything(report, less, "move into assets that move less");
    Rising { low: points.at_least, high: points.at_most, line, severity: Severity::Medium }
        .judge(Text { message, action })
}

fn value_at_risk(report: &Report, thresholds: &Thresholds) -> Condition {
    let (Figure::Known(var), Figure::Known(net_worth)) = (&report.market.var_99, &report.net_worth) else {
        return Condition::Unknown;
    };
    if net_worth.value() <= 0.0 && var.value() != 0.0 {
        // There is no equity to take a share of; the volatility component is at its end for that.
        return Condition::Unknown;
    }
    let share = if var.value() == 0.0 { 0.0 } else { var.value() / net_worth.value() };
    let line = thresholds.var_99_share;
    let severity = if share >= 2.0 * line.open { Severity::High } else { Severity::Medium };
    let message = format!("a bad day in a hundred loses {var}, {:.1} % of the net worth", 100.0 * share);
    let action =
        less_of_everything(report, Some(1.0 - line.close / share), "reduce the largest of them alone");
    Rising { low: share, high: share, line, severity }.judge(Text { message, action })
}

/// What a smaller wallet of the same kind takes, in amounts: `less` is the share that everything shrinks by.
fn less_of_everything(report: &Report, less: Option<f64>, instead: &str) -> String {
    let less = less.filter(|less| less.is_finite() && *less > 0.0 && *less <= 1.0);
    let (Some(less), Figure::Known(value), Figure::Known(debt)) =
        (less, &report.portfolio_value, &report.debt)
    else {
        return format!("Reduce leverage and exposure, or {instead}.");
    };
    let repaid = if debt.value() > 0.0 {
        format!(" and repay ${:.2} of what is owed", less * debt.value())
    } else {
        String::new()
    };
    format!(
        "Reduce every position by about {:.0} %: sell ${:.2}{repaid}; or {instead}.",
        100.0 * less,
        less * value.value()
    )
}

fn over_exposure(report: &Report, thresholds: &Thresholds) -> Condition {
    let (Figure::Known(shares), Figure::Known(value)) =
        (&report.concentration.by_asset, &report.portfolio_value)
    else {
        return Condition::Unknown;
    };
    let Some((asset, symbol, share)) = shares.first() else {
        return Condition::Clear { message: "nothing is held".to_owned(), measured: Some(0.0) };
    };
    let worth = share * value.value();
    let message = format!("{:.1} % of the value is {symbol} ({asset})", 100.0 * share);
    if worth < thresholds.over_exposure_min_usd {
        return Condition::Clear { message, measured: Some(*share) };
    }
    let line = thresholds.asset_share;
    let excess = (share - line.close).max(0.0) * value.value();
    let action = format!("Move about ${excess:.2} of {symbol} into other assets.");
    Rising { low: *share, high: *share, line, severity: Severity::Low }.judge(Text { message, action })
}

fn low_liquidity(report: &Report, thresholds: &Thresholds) -> Condition {
    let Figure::Known(days) = &report.liquidity.days else {
        return Condition::Unknown;
    };
    let message = format!("the slowest asset takes {days:.1} days to sell at 10 % of its volume");
    let line = thresholds.liquidity_days;
    let known = report.liquidity.by_asset.iter().filter_map(|one| Some((one, *one.days.known()?)));
    let slowest = known.max_by(|a, b| a.1.total_cmp(&b.1)).filter(|(_, days)| *days > line.close);
    let action = slowest.map_or_else(
        || "Sell the slowest asset early and in parts.".to_owned(),
        |(one, days)| {
            let excess = one.sellable_usd * (1.0 - line.close / days);
            format!(
                "Sell about ${excess:.2} of {} early, over {:.0} days or more.",
                one.symbol,
                days - line.close
            )
        },
    );
    Rising { low: *days, high: *days, line, severity: Severity::Medium }.judge(Text { message, action })
}

/// What an alert says.
pub(super) struct Text {
    pub(super) message: String,
    pub(super) action: String,
}

/// A measure that is bad when high, as far as it is known: it lies from `low` to `high`.
pub(super) struct Rising {
    pub(super) low: f64,
    pub(super) high: f64,
    pub(super) line: Line,
    pub(super) severity: Severity,
}

impl Rising {
    /// Firing where it is surely past the opening line, clear where it is surely under the closing one, between where
    /// it is surely in the band, and unknown otherwise.
    pub(super) fn judge(self, text: Text) -> Condition {
        let Self { low, high, line, severity } = self;
        let Text { message, action } = text;
        if low >= line.open {
            return Condition::Firing { severity, message, action, measured: low, threshold: line.open };
        }
        if high < line.close {
            return Condition::Clear { message, measured: Some(high) };
        }
        if low >= line.close && high < line.open {
            return Condition::Between { message, measured: Some(low) };
        }
        Condition::Unknown
    }
}
