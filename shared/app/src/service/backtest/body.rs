//! Wire form of a backtest: profits beside each model's VaR, the tests of it, and every rule's warnings.

use risk_engine::backtest::{LendingReplay, LikelihoodRatio, PortfolioReplay, TailReplay, Verdict};
use risk_model::request::RuleRequest;
use risk_model::{Asset, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

use crate::summary::{GapBody, rfc3339};

/// A replay of past days.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct BacktestBody {
    /// First day, RFC 3339.
    pub from: String,
    /// Last day, RFC 3339.
    pub to: String,
    /// Amounts as they are today, over the closes of each day.
    pub portfolio: PortfolioReplayBody,
    /// Each account that owes, or the portfolio as one account.
    pub accounts: Vec<AccountReplayBody>,
    /// What is missing: histories that were not read, and what the wallet's own assessment lacks.
    pub gaps: Vec<GapBody>,
}

/// Profit and VaR of each day.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct PortfolioReplayBody {
    /// Day (its end, RFC 3339) and profit in USD; days without every close are left out.
    pub profits: Vec<(String, f64)>,
    /// One entry a model.
    pub models: Vec<ModelReplayBody>,
    /// Assets and how many days of the period lack their close.
    pub missing_days: Vec<(String, usize)>,
}

/// What one model said.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct ModelReplayBody {
    /// Its name.
    pub model: String,
    /// At 95 % and at 99 %.
    pub tails: Vec<TailReplayBody>,
}

/// A VaR beside what happened.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct TailReplayBody {
    /// Confidence, fraction.
    pub confidence: f64,
    /// Days with a VaR and an outcome.
    pub observations: usize,
    /// Days whose loss passed it: day (RFC 3339), VaR and loss in USD.
    pub exceedances: Vec<(String, f64, f64)>,
    /// Kupiec (1995): as many as said? Null without a day.
    pub kupiec: Option<TestBody>,
    /// Christoffersen (1998): none likelier after another? Null where no two days are neighbours.
    pub christoffersen_independence: Option<TestBody>,
    /// Christoffersen (1998): both at once.
    pub christoffersen_conditional: Option<TestBody>,
    /// Basel's zone: `green`, `yellow`, `red`; null without a day.
    pub traffic_light: Option<String>,
}

/// A likelihood-ratio test.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct TestBody {
    /// The statistic.
    pub statistic: f64,
    /// Chance of one at least as large if the model is right.
    pub p_value: f64,
}

/// What happened to an account, and what the rules said.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct AccountReplayBody {
    /// Its key.
    pub account: String,
    /// Time (RFC 3339) and health factor by market closes, up to the first one under 1.
    pub health_factors: Vec<(String, f64)>,
    /// When it first fell under 1, if it did.
    pub liquidatable_at: Option<String>,
    /// One entry a rule.
    pub rules: Vec<RuleReplayBody>,
}

/// What one rule said.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct RuleReplayBody {
    /// `health_factor_below` or `probability_24h`.
    pub rule: String,
    /// Its line.
    pub value: f64,
    /// When its alert would have stood.
    pub alerts: Vec<EpisodeBody>,
    /// From the beginning of the alert that stood until the liquidation; null where there was neither.
    pub lead_seconds: Option<u64>,
    /// Steps at which the rule could not tell.
    pub undecided_steps: usize,
}

/// When an alert would have stood.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct EpisodeBody {
    /// RFC 3339.
    pub from: String,
    /// RFC 3339; null where it stood to the end.
    pub until: Option<String>,
}

impl BacktestBody {
    pub(super) fn of(
        (from, to): (u64, u64),
        assets: &[Asset],
        replays: &[(&'static str, PortfolioReplay)],
        accounts: Vec<AccountReplayBody>,
    ) -> Self {
        let first = replays.first().map(|(_, replay)| replay);
        let profits = first.map_or(&[][..], |replay| &replay.profits);
        let missing = first.map_or(&[][..], |replay| &replay.missing);
        Self {
            from: start_of(from),
            to: start_of(to),
            portfolio: PortfolioReplayBody {
                profits: profits.iter().map(|(day, usd)| (end_of(*day), *usd)).collect(),
                models: replays
                    .iter()
                    .map(|(name, replay)| ModelReplayBody {
                        model: (*name).to_owned(),
                        tails: replay.tails.iter().map(TailReplayBody::of).collect(),
                    })
                    .collect(),
                missing_days: missing
                    .iter()
                    .filter_map(|one| Some((assets.get(one.asset)?.to_string(), one.steps)))
                    .collect(),
            },
            accounts,
            gaps: Vec::new(),
        }
    }
}

impl TailReplayBody {
    fn of(tail: &TailReplay) -> Self {
        let verdict = tail.verdict.as_ref();
        let passed = tail.forecasts.iter().filter(|one| one.exceeded());
        Self {
            confidence: 1.0 - f64::from(tail.tail_bps) / 10_000.0,
            observations: tail.forecasts.len(),
            exceedances: passed.map(|one| (end_of(one.day), one.value_at_risk, one.loss)).collect(),
            kupiec: verdict.map(|verdict| test(&verdict.unconditional)),
            christoffersen_independence: verdict.and_then(|verdict| verdict.independence.as_ref().map(test)),
            christoffersen_conditional: verdict.and_then(|verdict| verdict.conditional.as_ref().map(test)),
            traffic_light: verdict.map(|Verdict { zone, .. }| zone.name().to_owned()),
        }
    }
}

fn test(ratio: &LikelihoodRatio) -> TestBody {
    TestBody { statistic: ratio.statistic, p_value: ratio.p_value }
}

impl AccountReplayBody {
    pub(super) fn of(key: &str, warned: &[(RuleRequest, LendingReplay)]) -> Self {
        let first = warned.first().map(|(_, replay)| replay);
        let health = first.map_or(&[][..], |replay| &replay.health);
        Self {
            account: key.to_owned(),
            health_factors: health.iter().map(|(at, factor)| (rfc3339(*at), *factor)).collect(),
            liquidatable_at: first.and_then(|replay| replay.liquidatable_at).map(rfc3339),
            rules: warned.iter().map(|(rule, replay)| RuleReplayBody::of(*rule, replay)).collect(),
        }
    }
}

impl RuleReplayBody {
    fn of(rule: RuleRequest, replay: &LendingReplay) -> Self {
        let (name, value) = match rule {
            RuleRequest::HealthFactorBelow(value) => ("health_factor_below", value),
            RuleRequest::Probability24h(value) => ("probability_24h", value),
        };
        let episode = |one: &risk_engine::backtest::Episode| EpisodeBody {
            from: rfc3339(one.from),
            until: one.until.map(rfc3339),
        };
        Self {
            rule: name.to_owned(),
            value,
            alerts: replay.episodes.iter().map(episode).collect(),
            lead_seconds: replay.lead_seconds,
            undecided_steps: replay.undecided,
        }
    }
}

fn start_of(day: u64) -> String {
    rfc3339(Timestamp::new(day.saturating_mul(86_400)))
}

fn end_of(day: u64) -> String {
    start_of(day.saturating_add(1))
}
