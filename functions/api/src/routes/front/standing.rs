//! A wallet's standing as the page shows it.

use risk_app::records::Alert;
use risk_app::summary::{
    AccountBody, GapBody, HealthFactorBody, HoldingBody, RecommendationBody, ReserveBody, ScoreBody, Summary,
    rfc3339,
};

use super::format::{self, Shown};

/// Health factors over this fill the gauge.
const FULL_HEALTH: f64 = 3.0;

/// Everything of one wallet on the page.
pub(super) struct Standing {
    pub(super) wallet: String,
    pub(super) level: &'static str,
    pub(super) updated: String,
    pub(super) score: Shown,
    pub(super) score_arc: String,
    pub(super) health: Shown,
    pub(super) health_percent: Option<f64>,
    pub(super) figures: Vec<(&'static str, Shown)>,
    pub(super) drivers: Vec<String>,
    pub(super) recommendations: Vec<Recommended>,
    pub(super) alerts: Vec<Warning>,
    pub(super) accounts: Vec<Account>,
    pub(super) holdings: Vec<Holding>,
    pub(super) gaps: Vec<GapBody>,
    pub(super) not_read: String,
    pub(super) last_known: Option<(String, Box<Standing>)>,
}

/// One lending account.
pub(super) struct Account {
    pub(super) name: String,
    pub(super) source: String,
    pub(super) health: Shown,
    pub(super) figures: Vec<(&'static str, Shown)>,
    pub(super) reserves: Vec<Reserve>,
}

/// One supply or debt.
pub(super) struct Reserve {
    pub(super) symbol: String,
    pub(super) supplied: String,
    pub(super) owed: String,
    pub(super) is_collateral: bool,
    pub(super) price: Shown,
    pub(super) liquidation_price: Shown,
}

/// One token of the wallet itself.
pub(super) struct Holding {
    pub(super) symbol: String,
    pub(super) asset: String,
    pub(super) amount: String,
    pub(super) value: Shown,
}

/// One thing to do.
pub(super) struct Recommended {
    pub(super) severity: &'static str,
    pub(super) text: String,
}

/// One standing alert.
pub(super) struct Warning {
    pub(super) severity: &'static str,
    pub(super) kind: &'static str,
    pub(super) state: &'static str,
    pub(super) message: String,
    pub(super) action: String,
    pub(super) opened: String,
}

impl Standing {
    /// The standing by an assessment and the alerts that are not resolved.
    pub(super) fn of(summary: &Summary, alerts: &[Alert]) -> Self {
        let last_known = summary.last_known.as_ref();
        Self {
            wallet: summary.wallet_address.clone(),
            level: level(&summary.risk_level),
            updated: summary.last_updated.clone(),
            score: format::score(&summary.overall_risk_score),
            score_arc: arc(&summary.overall_risk_score),
            health: format::health(&summary.health_ratio),
            health_percent: fill(&summary.health_ratio),
            figures: figures(summary),
            drivers: summary
                .drivers
                .iter()
                .map(|one| format!("{} ({:.1} points)", one.because, one.points))
                .collect(),
            recommendations: summary.recommendations.iter().map(Into::into).collect(),
            alerts: alerts.iter().map(Into::into).collect(),
            accounts: summary.accounts.iter().map(Into::into).collect(),
            holdings: summary.holdings.iter().map(Into::into).collect(),
            gaps: summary.gaps.clone(),
            not_read: [&summary.coverage.unsupported[..], &summary.coverage.left_out].concat().join(", "),
            last_known: last_known
                .map(|last| (format::age(last.age_seconds), Box::new(Self::of(&last.assessment, &[])))),
        }
    }
}

fn figures(summary: &Summary) -> Vec<(&'static str, Shown)> {
    vec![
        ("Net worth", format::usd(&summary.net_worth_usd)),
        ("Value", format::usd(&summary.total_portfolio_value_usd)),
        ("Debt", format::usd(&summary.total_debt_usd)),
        ("Liquidation within 24 h", format::percent(&summary.predicted_liquidation_prob_24h)),
        ("Liquidation within 7 days", format::percent(&summary.predicted_liquidation_prob_7d)),
        ("Volatility a year", format::percent(&summary.market.volatility)),
        ("One-day VaR 99 %", format::usd(&summary.market.var_99_usd)),
    ]
}

/// A level's name for words and style; anything else is unknown.
fn level(name: &str) -> &'static str {
    let level = name.parse::<risk_model::RiskLevel>();
    level.unwrap_or(risk_model::RiskLevel::Unknown).name()
}

/// The `stroke-dasharray` of the gauge, whose path is 100 long: from nothing to the score, or the range it lies in.
fn arc(score: &ScoreBody) -> String {
    let (from, to) = match score {
        ScoreBody::Known { value } => (0.0, *value),
        ScoreBody::Unknown { at_least, at_most, .. } => (*at_least, *at_most),
    };
    format!("0 {from:.1} {:.1} 100", to - from)
}

/// How far a known health factor fills its gauge, percent.
fn fill(factor: &HealthFactorBody) -> Option<f64> {
    match factor {
        HealthFactorBody::Known { value } => {
            value.parse().ok().map(|one: f64| (one / FULL_HEALTH).min(1.0) * 100.0)
        }
        HealthFactorBody::NoDebt => Some(100.0),
        HealthFactorBody::Unknown { .. } => None,
    }
}

impl From<&AccountBody> for Account {
    fn from(account: &AccountBody) -> Self {
        Self {
            name: format!("{} on {}", account.protocol, account.chain),
            source: format!("by {} at block {}, {}", account.source, account.block, account.observed_at),
            health: format::health(&account.health_factor),
            figures: vec![
                ("By market prices", format::health(&account.market_health_factor)),
                ("Collateral", format::usd(&account.collateral_usd)),
                ("Debt", format::usd(&account.debt_usd)),
                ("Could borrow", format::usd(&account.available_borrows_usd)),
                ("Liquidation threshold", format::bps(&account.liquidation_threshold_bps)),
                ("Fall of all collateral to liquidation", format::percent(&account.uniform_drop)),
                ("Liquidation within 24 h", format::percent(&account.liquidation_prob_24h)),
            ],
            reserves: account.reserves.iter().map(Into::into).collect(),
        }
    }
}

impl From<&ReserveBody> for Reserve {
    fn from(reserve: &ReserveBody) -> Self {
        Self {
            symbol: reserve.symbol.clone(),
            supplied: format::tokens(&reserve.supplied, reserve.decimals),
            owed: format::tokens(&reserve.owed, reserve.decimals),
            is_collateral: reserve.is_collateral,
            price: format::usd(&reserve.oracle_price_usd),
            liquidation_price: format::liquidation_price(&reserve.liquidation_price),
        }
    }
}

impl From<&HoldingBody> for Holding {
    fn from(holding: &HoldingBody) -> Self {
        Self {
            symbol: holding.symbol.clone(),
            asset: holding.asset.clone(),
            amount: format::tokens(&holding.amount, holding.decimals),
            value: format::usd(&holding.value_usd),
        }
    }
}

impl From<&RecommendationBody> for Recommended {
    fn from(one: &RecommendationBody) -> Self {
        let verb = match one.action.as_str() {
            "repay" => "Repay",
            "add_collateral" => "Supply",
            "sell_collateral" => "Sell",
            other => other,
        };
        let after = format::health(&one.health_factor_after).text;
        let value = format::usd(&one.value_usd).text;
        let into = one
            .proceeds
            .as_ref()
            .map_or_else(String::new, |debt| format!(", repaying {} {} with it,", debt.amount, debt.symbol));
        Self {
            severity: severity(&one.severity),
            text: format!(
                "{verb} {} {} ({value}){into} in {}: health factor then {after}",
                one.amount, one.symbol, one.account
            ),
        }
    }
}

/// A severity's name for words and style; anything else is shown as the worst, not the best.
fn severity(name: &str) -> &'static str {
    name.parse::<risk_model::Severity>().unwrap_or(risk_model::Severity::Critical).name()
}

impl From<&Alert> for Warning {
    fn from(alert: &Alert) -> Self {
        Self {
            severity: alert.severity.name(),
            kind: alert.kind.name(),
            state: alert.state.name(),
            message: alert.message.clone(),
            action: alert.action.clone(),
            opened: rfc3339(alert.opened_at),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gauge_shows_the_score_or_the_range_it_lies_in() {
        assert_eq!(arc(&ScoreBody::Known { value: 42.0 }), "0 0.0 42.0 100");
        let open = ScoreBody::Unknown { reason: String::new(), at_least: 30.0, at_most: 100.0 };
        assert_eq!(arc(&open), "0 30.0 70.0 100");
    }

    #[test]
    fn an_unknown_health_factor_fills_nothing() {
        assert_eq!(fill(&HealthFactorBody::Unknown { reason: "x".into() }), None);
        assert_eq!(fill(&HealthFactorBody::Known { value: "1.5".into() }), Some(50.0));
        assert_eq!(fill(&HealthFactorBody::Known { value: "9".into() }), Some(100.0));
    }

    #[test]
    fn names_that_no_style_knows_are_never_the_good_ones() {
        assert_eq!(level("splendid"), "unknown");
        assert_eq!(severity("splendid"), "critical");
    }
}
