//! Wire forms of lending accounts, their reserves, and token holdings.

use risk_engine::report::{AccountReport, HoldingReport, LiquidationLoss, LiquidationPrice, ReserveReport};
use risk_model::Usd;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::figures::{FigureBody, HealthFactorBody, ScoreBody, number, rfc3339, usd};
use super::motion::{CarryBody, ChanceModelBody, IntervalBody, MoveBody, chance, interval, moves};

/// One lending account.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AccountBody {
    /// Stable name within the wallet.
    pub key: String,
    /// The protocol.
    pub protocol: String,
    /// The chain.
    pub chain: String,
    /// The pool contract.
    pub pool: String,
    /// The block it was read at.
    pub block: u64,
    /// The block's own time, RFC 3339.
    pub observed_at: String,
    /// `chain` or `subgraph`.
    pub source: String,
    /// By the protocol's own oracle.
    pub health_factor: HealthFactorBody,
    /// By market prices.
    pub market_health_factor: HealthFactorBody,
    /// By the protocol's oracle, flagged supplies only.
    pub collateral_usd: FigureBody<f64>,
    /// By the protocol's oracle.
    pub debt_usd: FigureBody<f64>,
    /// By the protocol's oracle.
    pub available_borrows_usd: FigureBody<f64>,
    /// Weighted, bps.
    pub liquidation_threshold_bps: FigureBody<u16>,
    /// Weighted, bps.
    pub ltv_bps: FigureBody<u16>,
    /// 0 for none.
    pub e_mode: u8,
    /// Fall of every collateral at which the health factor is 1, fraction.
    pub uniform_drop: FigureBody<f64>,
    /// The likeliest joint move of prices that liquidates, in standard deviations of a day.
    pub distance_sigmas: FigureBody<f64>,
    /// That move, by asset.
    pub worst_move: FigureBody<Vec<MoveBody>>,
    /// Where interest alone leads.
    pub carry: CarryBody,
    /// Of ln HF, annualised, fraction.
    pub volatility: FigureBody<f64>,
    /// Fraction.
    pub liquidation_prob_24h: FigureBody<f64>,
    /// 95 % interval of it.
    pub liquidation_prob_24h_interval: FigureBody<IntervalBody>,
    /// Fraction.
    pub liquidation_prob_7d: FigureBody<f64>,
    /// 95 % interval of it.
    pub liquidation_prob_7d_interval: FigureBody<IntervalBody>,
    /// What both chances were computed with; absent where they are unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub liquidation_prob_model: Option<ChanceModelBody>,
    /// What one liquidation would take at the line; known to be null without debt.
    pub liquidation_loss: FigureBody<Option<LiquidationLossBody>>,
    /// Supplies and debts.
    pub reserves: Vec<ReserveBody>,
    /// 0 to 100.
    pub liquidation_risk: ScoreBody,
}

/// The largest single liquidation where every collateral has fallen until the account may just be liquidated, or as it
/// stands if it may be already.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LiquidationLossBody {
    /// The debt repaid: chain and contract.
    pub debt_asset: String,
    /// The collateral seized first: chain and contract.
    pub collateral_asset: String,
    /// Fall of every collateral that leads there, fraction; 0 where it is under already.
    pub drop: f64,
    /// By the protocol's oracle.
    pub repaid_usd: FigureBody<f64>,
    /// By the protocol's oracle, the protocol's fee included.
    pub seized_usd: FigureBody<f64>,
    /// Seized less repaid.
    pub owner_loss_usd: FigureBody<f64>,
    /// The same as a share of what the account is worth there, fraction.
    pub owner_loss_share: FigureBody<f64>,
    /// After gas; negative for a loss.
    pub liquidator_profit_usd: FigureBody<f64>,
    /// Whether the liquidator gains.
    pub is_economic: FigureBody<bool>,
}

/// One supply or debt.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ReserveBody {
    /// Chain and contract.
    pub asset: String,
    /// Symbol.
    pub symbol: String,
    /// Of the amounts.
    pub decimals: u8,
    /// Base units.
    pub supplied: String,
    /// Base units.
    pub owed: String,
    /// Whether the supply counts as collateral.
    pub is_collateral: bool,
    /// Share of the supply's value that counts before liquidation, in force for this wallet, bps.
    pub liquidation_threshold_bps: f64,
    /// What the supply earns now, fraction a year, continuously compounded.
    pub supply_rate: FigureBody<f64>,
    /// What the debt costs now, fraction a year, continuously compounded.
    pub borrow_rate: FigureBody<f64>,
    /// The protocol's oracle, USD.
    pub oracle_price_usd: FigureBody<f64>,
    /// The market, USD.
    pub market_price_usd: FigureBody<f64>,
    /// The price of this asset alone at which the health factor is 1.
    pub liquidation_price: LiquidationPriceBody,
}

/// The price of one asset alone that liquidates.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum LiquidationPriceBody {
    /// Liquidates under this.
    Below {
        /// USD by the protocol's oracle.
        usd: f64,
    },
    /// Liquidates over this.
    Above {
        /// USD by the protocol's oracle.
        usd: f64,
    },
    /// No price of this asset alone liquidates.
    Never,
    /// Not known.
    Unknown {
        /// Why.
        reason: String,
    },
}

/// A token in the wallet itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct HoldingBody {
    /// Chain and contract, or `native`.
    pub asset: String,
    /// Symbol as the contract gives it.
    pub symbol: String,
    /// Of the amount.
    pub decimals: u8,
    /// Base units.
    pub amount: String,
    /// USD.
    pub price_usd: FigureBody<f64>,
    /// USD.
    pub value_usd: FigureBody<f64>,
    /// The block it was read at.
    pub block: u64,
}

impl From<&AccountReport> for AccountBody {
    fn from(account: &AccountReport) -> Self {
        Self {
            key: account.key.clone(),
            protocol: account.protocol.to_string(),
            chain: account.chain.to_string(),
            pool: account.pool.to_checksum(None),
            block: account.block.number,
            observed_at: rfc3339(account.block.timestamp),
            source: account.provenance.name().to_owned(),
            health_factor: (&account.health_factor).into(),
            market_health_factor: (&account.market_health_factor).into(),
            collateral_usd: usd(&account.collateral),
            debt_usd: usd(&account.debt),
            available_borrows_usd: usd(&account.available_borrows),
            liquidation_threshold_bps: account.liquidation_threshold_bps.clone().into(),
            ltv_bps: account.ltv_bps.clone().into(),
            e_mode: account.e_mode,
            uniform_drop: number(&account.uniform_drop),
            distance_sigmas: number(&account.distance_sigmas),
            worst_move: moves(&account.worst_move),
            carry: (&account.carry).into(),
            volatility: number(&account.volatility),
            liquidation_prob_24h: chance(&account.probability_24h),
            liquidation_prob_24h_interval: interval(&account.probability_24h),
            liquidation_prob_7d: chance(&account.probability_7d),
            liquidation_prob_7d_interval: interval(&account.probability_7d),
            liquidation_prob_model: account.probability_model.as_ref().map(Into::into),
            liquidation_loss: account
                .liquidation_loss
                .clone()
                .map(|loss| loss.as_ref().map(Into::into))
                .into(),
            reserves: account.reserves.iter().map(Into::into).collect(),
            liquidation_risk: ScoreBody::of(
                account.score,
                "the account or its prices could not be read fully",
            ),
        }
    }
}

impl From<&LiquidationLoss> for LiquidationLossBody {
    fn from(loss: &LiquidationLoss) -> Self {
        Self {
            debt_asset: loss.debt_asset.to_string(),
            collateral_asset: loss.collateral_asset.to_string(),
            drop: loss.drop,
            repaid_usd: usd(&loss.repaid),
            seized_usd: usd(&loss.seized),
            owner_loss_usd: usd(&loss.owner_loss),
            owner_loss_share: number(&loss.owner_loss_share),
            liquidator_profit_usd: usd(&loss.liquidator_profit),
            is_economic: loss.is_economic.clone().into(),
        }
    }
}

impl From<&ReserveReport> for ReserveBody {
    fn from(reserve: &ReserveReport) -> Self {
        Self {
            asset: reserve.asset.to_string(),
            symbol: reserve.symbol.clone(),
            decimals: reserve.decimals,
            supplied: reserve.supplied.to_string(),
            owed: reserve.owed.to_string(),
            is_collateral: reserve.is_collateral,
            liquidation_threshold_bps: bps(reserve.liquidation_threshold),
            supply_rate: number(&reserve.supply_rate),
            borrow_rate: number(&reserve.borrow_rate),
            oracle_price_usd: usd(&reserve.oracle_price),
            market_price_usd: usd(&reserve.market_price),
            liquidation_price: (&reserve.liquidation_price).into(),
        }
    }
}

/// A fraction in basis points, to a millionth of one: thresholds are decimal fractions, and their floats are not.
fn bps(fraction: f64) -> f64 {
    (fraction * 1e10).round() / 1e6
}

impl From<&LiquidationPrice> for LiquidationPriceBody {
    fn from(price: &LiquidationPrice) -> Self {
        match price {
            LiquidationPrice::Below(usd) => Self::Below { usd: Usd::value(*usd) },
            LiquidationPrice::Above(usd) => Self::Above { usd: Usd::value(*usd) },
            LiquidationPrice::Never => Self::Never,
            LiquidationPrice::Unknown(reason) => Self::Unknown { reason: reason.clone() },
        }
    }
}

impl From<&HoldingReport> for HoldingBody {
    fn from(holding: &HoldingReport) -> Self {
        Self {
            asset: holding.asset.to_string(),
            symbol: holding.symbol.clone(),
            decimals: holding.decimals,
            amount: holding.amount.to_string(),
            price_usd: usd(&holding.price),
            value_usd: usd(&holding.value),
            block: holding.block.number,
        }
    }
}
