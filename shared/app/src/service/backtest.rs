//! Backtests: the closes of past days over positions as they are today, what VaR said, and when rules would have warned.

mod body;

use std::sync::Arc;

use risk_engine::alarm::Thresholds;
use risk_engine::backtest::{
    LendingTerm, Model, Moment, Position, PricePath, Shortage, health_factor_below, passage_at_least,
    replay_lending, replay_portfolio,
};
use risk_engine::market::DailyCloses;
use risk_engine::report::{AccountReport, Report};
use risk_engine::{Parameters, assess_one};
use risk_model::request::{BacktestRequest, PortfolioLine, RuleRequest, Subject};
use risk_model::{Affects, Asset, Code, Gap, GapReason, Rejection, Timestamp};

use super::assess::{distinct_assets, off_the_runtime};
use super::hourly::simulated_assets;
use super::{AppError, Service};
use crate::summary::GapBody;

pub use body::{
    AccountReplayBody, BacktestBody, EpisodeBody, ModelReplayBody, PortfolioReplayBody, RuleReplayBody,
    TailReplayBody, TestBody,
};

/// Shares of the days that a VaR is to be passed on, bps: 95 % and 99 %.
const TAILS_BPS: [u16; 2] = [500, 100];
/// RiskMetrics' decay of daily volatility.
const DAILY_DECAY: f64 = 0.94;
/// Seconds that the chance of liquidation looks ahead.
const DAY_SECONDS: u32 = 86_400;
/// Days of history before the period that a rule's volatility is made of.
const RULE_WINDOW: usize = 180;
/// The fewest of them that it can be told from.
const RULE_LEAST: usize = 60;

/// What is replayed, with everything that it needs.
struct Case {
    key: String,
    assets: Vec<Asset>,
    amounts: Vec<f64>,
    accounts: Vec<(String, Vec<LendingTerm>)>,
    gaps: Vec<Gap>,
}

impl Service {
    /// Replays the days over a wallet's positions as they are now, or over a portfolio. Nothing is stored.
    ///
    /// # Errors
    /// [`AppError::NothingKnown`] where a wallet cannot be read, [`AppError::Refused`] where there is nothing to replay.
    pub async fn backtest(&self, request: &BacktestRequest) -> Result<BacktestBody, AppError> {
        let case = match &request.subject {
            Subject::Wallet(_) => self.case_of_wallet(request).await?,
            Subject::Portfolio(lines) => case_of_portfolio(lines),
        };
        let today = self.ports.clock.now().day();
        let parameters = self.settings.parameters.clone();
        let back = today.saturating_sub(request.days.from).saturating_add(u64::from(parameters.window_days));
        let days = u32::try_from(back).unwrap_or(u32::MAX);
        let found = self.closes(&case.assets, days).await;
        let missing = || Arc::new(DailyCloses { first_day: 0, closes: Vec::new(), source: "market data" });
        let closes: Vec<Arc<DailyCloses>> = case
            .assets
            .iter()
            .map(|asset| found.values.get(asset).cloned().unwrap_or_else(missing))
            .collect();
        let mut gaps: Vec<Gap> = case.gaps.clone();
        gaps.extend(found.gaps);
        gaps.extend(found.asset_gaps.into_values().flatten());
        let rules = rules(&request.rules, &self.settings.thresholds);
        let period = (request.days.from, request.days.to);
        let replayed = off_the_runtime(move || replay(&case, &closes, period, &rules, &parameters)).await;
        let mut body = replayed.map_err(|refused| AppError::Refused(vec![refused]))?;
        body.gaps = gaps.iter().map(GapBody::from).collect();
        Ok(body)
    }

    /// The amounts of a wallet by its own assessment: what is valued, and each account's terms.
    async fn case_of_wallet(&self, request: &BacktestRequest) -> Result<Case, AppError> {
        let Subject::Wallet(wallet) = request.subject else { return Err(AppError::NotFound("wallet")) };
        let query = self.query_of(wallet).await?;
        let positions = self.read_positions(query, &request.scope).await?;
        let read = std::slice::from_ref(&positions);
        let market = self.market(&distinct_assets(read), &simulated_assets(read)).await;
        let (now, parameters) = (self.ports.clock.now(), self.settings.parameters.clone());
        let report = off_the_runtime(move || {
            let report = assess_one(&positions, &market, now, &parameters);
            let prices: Vec<f64> = report
                .exposures
                .iter()
                .map(|one| market.quotes.get(&one.asset).map_or(f64::NAN, |quote| quote.usd))
                .collect();
            (report, prices)
        });
        let (report, prices) = report.await;
        Ok(case_of_report(&report, &prices))
    }
}

fn case_of_report(report: &Report, prices: &[f64]) -> Case {
    let assets: Vec<Asset> = report.exposures.iter().map(|one| one.asset).collect();
    let amounts = report.exposures.iter().zip(prices).map(|(one, usd)| (one.held_usd - one.owed_usd) / usd);
    let is_owing = |account: &&AccountReport| account.health_factor.ratio().is_some();
    // Without one of its debts an account would look healthier than it is: it is left out, and named.
    let is_whole =
        |account: &&AccountReport| account.reserves.iter().all(|part| assets.contains(&part.asset));
    let (whole, holed): (Vec<_>, Vec<_>) = report.accounts.iter().filter(is_owing).partition(is_whole);
    let accounts =
        whole.into_iter().map(|account| (account.key.clone(), terms_of(account, &assets))).collect();
    // What has no price today has no amount here: the wallet's own gaps say so.
    let open = report.gaps.iter().filter(|gap| gap.affects != Affects::Confirmation).cloned();
    let gaps = open.chain(holed.into_iter().map(not_replayed)).collect();
    Case { key: report.wallet.to_string(), amounts: amounts.collect(), accounts, gaps, assets }
}

fn not_replayed(account: &AccountReport) -> Gap {
    Gap {
        what: format!("replay of {}: an asset of it has no price", account.key),
        source: "market data",
        reason: GapReason::Missing,
        affects: Affects::Liquidation,
        since: None,
    }
}

/// The account's collateral × threshold and debt in whole tokens, by asset of the replay.
fn terms_of(account: &AccountReport, assets: &[Asset]) -> Vec<LendingTerm> {
    let mut terms = vec![LendingTerm { weighted_collateral: 0.0, debt: 0.0 }; assets.len()];
    for part in &account.reserves {
        let Some(term) =
            assets.iter().position(|asset| *asset == part.asset).and_then(|at| terms.get_mut(at))
        else {
            continue;
        };
        let whole = |amount| risk_engine::position::whole_tokens(amount, part.decimals);
        if part.is_collateral {
            term.weighted_collateral += whole(part.supplied) * part.liquidation_threshold;
        }
        term.debt += whole(part.owed);
    }
    terms
}

fn case_of_portfolio(lines: &[PortfolioLine]) -> Case {
    let mut assets: Vec<Asset> = lines.iter().map(|line| line.asset).collect();
    assets.sort_unstable();
    assets.dedup();
    let mut amounts = vec![0.0; assets.len()];
    let mut terms = vec![LendingTerm { weighted_collateral: 0.0, debt: 0.0 }; assets.len()];
    for line in lines {
        let Some(at) = assets.iter().position(|asset| *asset == line.asset) else { continue };
        if let (Some(amount), Some(term)) = (amounts.get_mut(at), terms.get_mut(at)) {
            *amount += line.amount;
            term.weighted_collateral += line.amount.max(0.0) * line.liquidation_threshold;
            term.debt += (-line.amount).max(0.0);
        }
    }
    let owes = terms.iter().any(|term| term.debt > 0.0);
    let accounts = if owes { vec![("portfolio".to_owned(), terms)] } else { Vec::new() };
    Case { key: "portfolio".to_owned(), assets, amounts, accounts, gaps: Vec::new() }
}

/// The rules asked for, or the lines that `liquidation_risk` opens at.
fn rules(asked: &[RuleRequest], thresholds: &Thresholds) -> Vec<RuleRequest> {
    if asked.is_empty() {
        return vec![
            RuleRequest::HealthFactorBelow(thresholds.health_factor.open),
            RuleRequest::Probability24h(thresholds.probability_24h.open),
        ];
    }
    asked.to_vec()
}

fn replay(
    case: &Case,
    closes: &[Arc<DailyCloses>],
    (from, to): (u64, u64),
    rules: &[RuleRequest],
    parameters: &Parameters,
) -> Result<BacktestBody, Rejection> {
    let refused = |shortage| refusal(case, &shortage);
    let positions: Vec<Position<'_>> = case
        .amounts
        .iter()
        .zip(closes)
        .map(|(amount, closes)| Position { amount: *amount, closes })
        .collect();
    let period = from..to.saturating_add(1);
    let models = [
        Model::FilteredHistorical(parameters.filter),
        Model::Historical,
        Model::EwmaNormal { decay: DAILY_DECAY },
    ];
    let mut replays = Vec::with_capacity(models.len());
    for model in &models {
        let replay = replay_portfolio(&positions, period.clone(), model, &TAILS_BPS, parameters);
        replays.push((model.name(), replay.map_err(refused)?));
    }
    let rows: Vec<&DailyCloses> = closes.iter().map(AsRef::as_ref).collect();
    // A rule sees the days before the period too.
    let before = from.saturating_sub(u64::try_from(RULE_WINDOW).unwrap_or(0));
    let path = PricePath::daily(&rows, before..period.end).map_err(refused)?;
    // The close of a day is made at its end.
    let start = Timestamp::new(from.saturating_add(1).saturating_mul(86_400));
    let mut accounts = Vec::with_capacity(case.accounts.len());
    for (key, terms) in &case.accounts {
        let mut warned = Vec::with_capacity(rules.len());
        for rule in rules {
            let replay = replay_lending(terms, &path, start, &*watch(*rule, parameters)).map_err(refused)?;
            warned.push((*rule, replay));
        }
        accounts.push(AccountReplayBody::of(key, &warned));
    }
    Ok(BacktestBody::of((from, to), &case.assets, &replays, accounts))
}

type Watch = Box<dyn Fn(&Moment<'_>) -> Option<bool>>;

fn watch(rule: RuleRequest, parameters: &Parameters) -> Watch {
    match rule {
        RuleRequest::HealthFactorBelow(limit) => Box::new(health_factor_below(limit)),
        RuleRequest::Probability24h(least) => {
            Box::new(passage_at_least(least, DAY_SECONDS, RULE_WINDOW, RULE_LEAST, parameters.filter))
        }
    }
}

fn refusal(case: &Case, shortage: &Shortage) -> Rejection {
    let named = |asset: &usize| case.assets.get(*asset).map_or_else(String::new, ToString::to_string);
    let message = match shortage {
        Shortage::NoPositions => format!("{} holds and owes nothing that could be valued", case.key),
        Shortage::ImpossibleAmount { asset } => format!("the amount of {} is not known", named(asset)),
        Shortage::ImpossiblePeriod => "the period has no day, or too many".to_owned(),
        Shortage::NoCloses { asset } => format!("there is no close of {} in the period", named(asset)),
        Shortage::NoDebt => "nothing is owed".to_owned(),
    };
    Rejection::with_message("from", Code::Unsupported, message)
}
