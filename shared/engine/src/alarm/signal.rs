//! The signals: every watched measure of a report against its thresholds.

use risk_model::{Affects, AlertKind, Figure, HealthFactor, Severity};

use super::liquidation::{Stand, stand};
use super::peg::{divergence, stablecoins};
use super::{Condition, Identity, Line, Signal, Thresholds};
use crate::report::{AccountReport, Action, Report};

/// Every signal of a report, in the order of the identities. A measure that is known to be past its line fires even
/// where other things are missing; a measure that is not known for sure is never clear.
#[must_use]
pub fn signals(report: &Report, thresholds: &Thresholds) -> Vec<Signal> {
    let mut conditions = of_the_wallet(report, thresholds);
    for account in &report.accounts {
        let key = || account.key.clone();
        conditions.push((key(), AlertKind::LiquidationRisk, liquidation_risk(account, report, thresholds)));
        conditions.push((key(), AlertKind::OracleDivergence, divergence(account, thresholds)));
    }
    let pegs = stablecoins(report, thresholds).into_iter();
    conditions
        .extend(pegs.map(|(asset, condition)| (asset.to_string(), AlertKind::StablecoinDepeg, condition)));
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

fn of_the_wallet(report: &Report, thresholds: &Thresholds) -> Vec<(String, AlertKind, Condition)> {
    vec![
        (String::new(), AlertKind::DataBlind, data_blind(report)),
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
            Condition::Firing { severity, message, action: cure(account, report), measured, threshold }
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

/// The report's own recommendations for the account, in a sentence.
fn cure(account: &AccountReport, report: &Report) -> String {
    let steps: Vec<String> = report
        .recommendations
        .iter()
        .filter(|one| one.account == account.key)
        .map(|one| {
            let verb = match one.action {
                Action::Repay => "repay",
                Action::AddCollateral => "supply",
                Action::SellCollateral => "sell",
            };
            let worth = one.value.known().map_or_else(String::new, |usd| format!(" ({usd})"));
            let into = one
                .proceeds
                .as_ref()
                .map_or_else(String::new, |debt| format!(" to repay {} {}", debt.amount, debt.symbol));
            let after = match one.health_factor_after.ratio() {
                Some(factor) => format!("for a health factor of {factor:.2}"),
                None => "which leaves no debt".to_owned(),
            };
            format!("{verb} {} {}{worth}{into} {after}", one.amount, one.symbol)
        })
        .collect();
    if steps.is_empty() {
        return "Repay debt or supply more collateral.".to_owned();
    }
    let text = steps.join(", or ");
    let mut letters = text.chars();
    let first = letters.next().map(|letter| letter.to_ascii_uppercase());
    first.into_iter().chain(letters).chain(std::iter::once('.')).collect()
}

fn data_blind(report: &Report) -> Condition {
    let missing: Vec<&str> = report
        .gaps
        .iter()
        .filter(|gap| gap.affects == Affects::Liquidation)
        .map(|gap| gap.what.as_str())
        .collect();
    let Some(count) = u32::try_from(missing.len()).ok().filter(|count| *count > 0) else {
        let message = "everything that liquidation depends on was read".to_owned();
        return Condition::Clear { message, measured: Some(0.0) };
    };
    let named = missing.iter().take(3).copied().collect::<Vec<_>>().join("; ");
    Condition::Firing {
        severity: Severity::Medium,
        message: format!("liquidation risk cannot be fully told: {count} missing, {named}"),
        action: "Check the accounts by hand until the data is back.".to_owned(),
        measured: f64::from(count),
        threshold: 1.0,
    }
}

fn high_volatility(report: &Report, thresholds: &Thresholds) -> Condition {
    let points = report.components.volatility;
    let line = thresholds.volatility_points;
    let message = match &report.market.volatility {
        Figure::Known(volatility) => format!("equity moves {:.1} % a year", 100.0 * volatility),
        Figure::Unknown(why) => format!("volatility of equity: {why}"),
    };
    let text = Text { message, action: "Reduce debt or move into assets that move less." };
    Rising { low: points.at_least, high: points.at_most, line, severity: Severity::Medium }.judge(text)
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
    Rising { low: share, high: share, line, severity }
        .judge(Text { message, action: "Reduce leverage or exposure." })
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
    Rising { low: *share, high: *share, line, severity: Severity::Low }
        .judge(Text { message, action: "Spread the value over more assets." })
}

fn low_liquidity(report: &Report, thresholds: &Thresholds) -> Condition {
    let Figure::Known(days) = &report.liquidity.days else {
        return Condition::Unknown;
    };
    let message = format!("the slowest asset takes {days:.1} days to sell at 10 % of its volume");
    Rising { low: *days, high: *days, line: thresholds.liquidity_days, severity: Severity::Medium }
        .judge(Text { message, action: "Sell the slowest asset early and in parts." })
}

/// What an alert says.
pub(super) struct Text {
    pub(super) message: String,
    pub(super) action: &'static str,
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
            let action = action.to_owned();
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
