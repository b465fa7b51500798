//! The summary body: an assessment as it is stored and answered, with every figure known, or unknown with a reason.

mod account;
mod figures;
mod market;
mod motion;
mod pool;
mod spread;
mod stress;

use risk_engine::report::Report;
use risk_engine::stablecoin::stablecoins;
use risk_model::{Gap, Protocol, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use account::{AccountBody, HoldingBody, LiquidationLossBody, LiquidationPriceBody, ReserveBody};
pub use figures::{FigureBody, HealthFactorBody, ScoreBody, rfc3339};
pub use market::{CorrelationBody, GasBody, MarketBody, MethodBody, ParameterBody, TailsBody};
pub use motion::{CarryBody, ChanceModelBody, IntervalBody, MoveBody};
pub use pool::{PoolBody, PoolLegBody, RangeBody};
pub use spread::{AssetExitBody, ConcentrationBody, LiquidityBody, Share, SpreadBody, StablecoinBody};
pub use stress::StressBody;

use figures::usd;
use spread::named_shares;

/// One wallet's assessment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Summary {
    /// EIP-55 address.
    pub wallet_address: String,
    /// When it was computed, RFC 3339.
    pub last_updated: String,
    /// 0 to 100: `max(weighted, liquidation_risk)`.
    pub overall_risk_score: ScoreBody,
    /// `low`, `medium`, `high`, `critical`, or `unknown` where the gaps leave more than one possible.
    pub risk_level: String,
    /// The worst account's health factor by its protocol's oracle.
    pub health_ratio: HealthFactorBody,
    /// Supplied and held value by market prices, USD.
    pub total_portfolio_value_usd: FigureBody<f64>,
    /// Owed value by market prices, USD.
    pub total_debt_usd: FigureBody<f64>,
    /// Value less debt, USD.
    pub net_worth_usd: FigureBody<f64>,
    /// 0 to 100, the worst account's.
    pub liquidation_risk: ScoreBody,
    /// 0 to 100.
    pub volatility_risk: ScoreBody,
    /// 0 to 100.
    pub concentration_risk: ScoreBody,
    /// 0 to 100.
    pub liquidity_risk: ScoreBody,
    /// Fraction.
    pub predicted_liquidation_prob_24h: FigureBody<f64>,
    /// Fraction.
    pub predicted_liquidation_prob_7d: FigureBody<f64>,
    /// Protocols the wallet has positions in.
    pub protocols: Vec<String>,
    /// Share of the gross value by protocol, fraction.
    pub protocol_exposure: FigureBody<Vec<Share>>,
    /// Alerts of this wallet that are not resolved.
    pub active_alerts_count: u64,
    /// Those of them that are critical.
    pub critical_alerts_count: u64,
    /// One per lending market, worst first.
    pub accounts: Vec<AccountBody>,
    /// The wallet's own tokens.
    pub holdings: Vec<HoldingBody>,
    /// Its positions in liquidity pools.
    #[serde(default)]
    pub pools: Vec<PoolBody>,
    /// Market risk at current positions.
    pub market: MarketBody,
    /// How the gross value is spread.
    pub concentration: ConcentrationBody,
    /// The dollars that it holds, has supplied or pooled, or owes, and how far each trades from one.
    #[serde(default)]
    pub stablecoins: Vec<StablecoinBody>,
    /// What leaving all positions would take.
    pub liquidity: LiquidityBody,
    /// What sudden moves of prices would leave.
    pub stress: Vec<StressBody>,
    /// What made the score, largest first.
    pub drivers: Vec<DriverBody>,
    /// What to do, in amounts.
    pub recommendations: Vec<RecommendationBody>,
    /// What was read, and what this build cannot read.
    pub coverage: Coverage,
    /// What is missing.
    pub gaps: Vec<GapBody>,
    /// The maths that made it.
    pub model: ModelBody,
    /// Where nothing could be read now: the last assessment in which something could, with its age.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(no_recursion)]
    pub last_known: Option<LastKnown>,
    /// Where the store cannot be reached: this answer is from the memory of the process and this old.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stale: Option<Stale>,
}

/// Why an answer is older than was asked for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Stale {
    /// How old it is.
    pub age_seconds: u64,
    /// What keeps a newer one away.
    pub because: String,
}

/// An earlier assessment, shown because nothing could be read now.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LastKnown {
    /// How old it is.
    pub age_seconds: u64,
    /// The assessment as it was.
    pub assessment: Box<Summary>,
}

/// One part of the score.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DriverBody {
    /// `liquidation`, `volatility`, `concentration` or `liquidity`.
    pub component: String,
    /// Points that it gives the score.
    pub points: f64,
    /// In words.
    pub because: String,
}

/// Something to do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RecommendationBody {
    /// The account it is for.
    pub account: String,
    /// How urgent.
    pub severity: String,
    /// `repay`, `add_collateral` or `sell_collateral`.
    pub action: String,
    /// Chain and contract of the token.
    pub asset: String,
    /// Its symbol.
    pub symbol: String,
    /// Whole tokens.
    pub amount: String,
    /// By the protocol's oracle.
    pub value_usd: FigureBody<f64>,
    /// For a sale: the debt that its proceeds repay.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proceeds: Option<ProceedsBody>,
    /// Recomputed on the changed account.
    pub health_factor_after: HealthFactorBody,
}

/// What a sale of collateral is turned into and repays.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ProceedsBody {
    /// Chain and contract of the debt's token.
    pub asset: String,
    /// Its symbol.
    pub symbol: String,
    /// Whole tokens.
    pub amount: String,
}

/// What was read and what cannot be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Coverage {
    /// `complete` where no gap leaves a part of the score open, else `partial`.
    pub state: String,
    /// Every successful read.
    pub read: Vec<ReadBody>,
    /// Protocols that this build cannot read: a position there is not in any figure.
    pub unsupported: Vec<String>,
    /// Protocols and chains that the service's settings or the question left out: a position there is not in any figure.
    #[serde(default)]
    pub left_out: Vec<String>,
}

/// One successful read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ReadBody {
    /// What was read.
    pub what: String,
    /// The provider.
    pub source: String,
    /// The chain, where of one.
    pub chain: Option<String>,
    /// The block, where there is one.
    pub block: Option<u64>,
    /// The time the figures are of, RFC 3339.
    pub observed_at: String,
}

/// One hole in the answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct GapBody {
    /// What is missing.
    pub what: String,
    /// Where it should have come from.
    pub source: String,
    /// Why it did not.
    pub reason: String,
    /// The part of the answer left open.
    pub affects: String,
    /// Since when, where known, RFC 3339.
    pub since: Option<String>,
}

impl From<&Gap> for GapBody {
    fn from(gap: &Gap) -> Self {
        Self {
            what: gap.what.clone(),
            source: gap.source.to_owned(),
            reason: gap.reason.name().to_owned(),
            affects: gap.affects.name().to_owned(),
            since: gap.since.map(rfc3339),
        }
    }
}

/// The maths that made an answer: the same inputs and parameters give the same bytes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ModelBody {
    /// Version of the engine's formulas.
    pub version: String,
    /// Days of history asked for.
    pub window_days: u32,
}

impl Summary {
    /// The body of a report, with the wallet's standing alerts counted.
    #[must_use]
    pub fn of(report: &Report, active_alerts: u64, critical_alerts: u64) -> Self {
        let why = open_reason(report);
        let components = &report.components;
        Self {
            wallet_address: report.wallet.to_string(),
            last_updated: rfc3339(report.at),
            overall_risk_score: ScoreBody::of(report.score, &why),
            risk_level: report.level.name().to_owned(),
            health_ratio: (&report.health_factor).into(),
            total_portfolio_value_usd: usd(&report.portfolio_value),
            total_debt_usd: usd(&report.debt),
            net_worth_usd: usd(&report.net_worth),
            liquidation_risk: ScoreBody::of(components.liquidation, &why),
            volatility_risk: ScoreBody::of(components.volatility, &why),
            concentration_risk: ScoreBody::of(components.concentration, &why),
            liquidity_risk: ScoreBody::of(components.liquidity, &why),
            predicted_liquidation_prob_24h: motion::chance(&report.liquidation_probability_24h),
            predicted_liquidation_prob_7d: motion::chance(&report.liquidation_probability_7d),
            protocols: protocols(report),
            protocol_exposure: named_shares(&report.concentration.by_protocol),
            active_alerts_count: active_alerts,
            critical_alerts_count: critical_alerts,
            accounts: report.accounts.iter().map(Into::into).collect(),
            holdings: report.holdings.iter().map(Into::into).collect(),
            pools: report.pools.iter().map(Into::into).collect(),
            market: MarketBody::of(report),
            concentration: ConcentrationBody::of(report),
            stablecoins: stablecoins(report).iter().map(Into::into).collect(),
            liquidity: LiquidityBody::of(report),
            stress: report.stress.iter().map(Into::into).collect(),
            drivers: drivers(report),
            recommendations: recommendations(report),
            coverage: coverage(report),
            gaps: report.gaps.iter().map(Into::into).collect(),
            model: ModelBody {
                version: risk_engine::MODEL.to_owned(),
                window_days: report.market.window_days,
            },
            last_known: None,
            stale: None,
        }
    }
}

/// Why scores are open, in words: the gaps that leave a part of the score open.
fn open_reason(report: &Report) -> String {
    let mut open: Vec<&str> = report
        .gaps
        .iter()
        .filter(|gap| gap.affects != risk_model::Affects::Confirmation)
        .map(|gap| gap.what.as_str())
        .collect();
    open.dedup();
    open.truncate(5);
    format!("missing: {}", open.join(", "))
}

fn protocols(report: &Report) -> Vec<String> {
    let accounts = report.accounts.iter().map(|account| account.protocol);
    let pools = report.pools.iter().map(|pool| pool.protocol);
    let mut names: Vec<String> = accounts.chain(pools).map(|protocol| protocol.to_string()).collect();
    if !report.holdings.is_empty() {
        names.push(Protocol::Tokens.to_string());
    }
    names.sort();
    names.dedup();
    names
}

fn drivers(report: &Report) -> Vec<DriverBody> {
    let body = |driver: &risk_engine::report::Driver| DriverBody {
        component: driver.component.to_owned(),
        points: driver.points,
        because: driver.because.clone(),
    };
    report.drivers.iter().map(body).collect()
}

fn recommendations(report: &Report) -> Vec<RecommendationBody> {
    let body = |one: &risk_engine::report::Recommendation| RecommendationBody {
        account: one.account.clone(),
        severity: one.severity.to_string(),
        action: one.action.name().to_owned(),
        asset: one.asset.to_string(),
        symbol: one.symbol.clone(),
        amount: one.amount.clone(),
        value_usd: usd(&one.value),
        proceeds: one.proceeds.as_ref().map(|proceeds| ProceedsBody {
            asset: proceeds.asset.to_string(),
            symbol: proceeds.symbol.clone(),
            amount: proceeds.amount.clone(),
        }),
        health_factor_after: (&one.health_factor_after).into(),
    };
    report.recommendations.iter().map(body).collect()
}

fn coverage(report: &Report) -> Coverage {
    let state = if risk_engine::alarm::is_full(report) { "complete" } else { "partial" };
    let body = |reading: &risk_engine::position::Reading| ReadBody {
        what: reading.what.clone(),
        source: reading.source.to_owned(),
        chain: reading.chain.map(|chain| chain.to_string()),
        block: reading.block.map(|block| block.number),
        observed_at: rfc3339(reading.observed_at),
    };
    Coverage {
        state: state.to_owned(),
        read: report.readings.iter().map(body).collect(),
        unsupported: Protocol::UNSUPPORTED.iter().map(|&name| name.to_owned()).collect(),
        left_out: report.left_out.clone(),
    }
}

/// The time of a body's `last_updated`, for ages; `None` where the text is no time.
#[must_use]
pub fn parse_rfc3339(text: &str) -> Option<Timestamp> {
    let time: jiff::Timestamp = text.parse().ok()?;
    u64::try_from(time.as_second()).ok().map(Timestamp::new)
}
