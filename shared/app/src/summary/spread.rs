//! Wire forms of the spread of the gross value and of what leaving would take.

use risk_engine::report::{AssetExit, Report, Spread};
use risk_engine::stablecoin::{Band, Stablecoin};
use risk_model::Figure;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::figures::{FigureBody, number, usd};

/// A named share.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Share {
    /// Of what.
    pub name: String,
    /// Fraction of the gross value.
    pub share: f64,
}

/// Shares of the gross value under one way of naming it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SpreadBody {
    /// Largest first.
    pub shares: Vec<Share>,
    /// Herfindahl-Hirschman index of the shares; null where nothing has a name.
    pub hhi: Option<f64>,
    /// 1 / HHI.
    pub effective_number: Option<f64>,
}

/// Spread of the gross value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ConcentrationBody {
    /// Herfindahl-Hirschman index over assets; null for an empty wallet.
    pub hhi: FigureBody<Option<f64>>,
    /// 1 / HHI; null for an empty wallet.
    pub effective_assets: FigureBody<Option<f64>>,
    /// Largest first.
    pub by_asset: FigureBody<Vec<Share>>,
    /// By protocol.
    pub by_protocol: FigureBody<SpreadBody>,
    /// By chain.
    pub by_chain: FigureBody<SpreadBody>,
    /// Through wrappers and promises: ether, bitcoin, dollar, or the asset itself.
    pub by_group: FigureBody<SpreadBody>,
    /// By issuer; what nobody issues, or nobody known, is in no share.
    pub by_issuer: FigureBody<SpreadBody>,
    /// By the protocol oracle that prices it; what is in no lending account is in no share.
    pub by_oracle: FigureBody<SpreadBody>,
}

/// What leaving all positions would take.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LiquidityBody {
    /// Days to sell the slowest asset at 10 % of its daily volume.
    pub days: FigureBody<f64>,
    /// Cost of selling everything at once by the square-root law of market impact.
    pub cost_usd: FigureBody<f64>,
    /// Supplied and not to be withdrawn now, for want of liquidity in the protocol.
    pub stuck_usd: FigureBody<f64>,
    /// Largest first.
    pub by_asset: Vec<AssetExitBody>,
}

/// What selling one asset would take.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AssetExitBody {
    /// Chain and contract.
    pub asset: String,
    /// Its symbol.
    pub symbol: String,
    /// What could be sold.
    pub sellable_usd: f64,
    /// Days at 10 % of the daily volume.
    pub days: FigureBody<f64>,
    /// By the square-root law.
    pub cost_usd: FigureBody<f64>,
    /// Mean |daily return| per million USD of the present 24 h volume.
    pub amihud: FigureBody<f64>,
}

impl ConcentrationBody {
    /// The spread of a report.
    pub(super) fn of(report: &Report) -> Self {
        let concentration = &report.concentration;
        let by_asset = concentration.by_asset.clone().map(|shares| {
            shares
                .into_iter()
                .map(|(asset, symbol, share)| Share { name: format!("{symbol} ({asset})"), share })
                .collect()
        });
        Self {
            hhi: concentration.hhi.clone().into(),
            effective_assets: concentration.effective_assets.clone().into(),
            by_asset: by_asset.into(),
            by_protocol: spread(&concentration.by_protocol),
            by_chain: spread(&concentration.by_chain),
            by_group: spread(&concentration.by_group),
            by_issuer: spread(&concentration.by_issuer),
            by_oracle: spread(&concentration.by_oracle),
        }
    }
}

impl LiquidityBody {
    /// What leaving would take, of a report.
    pub(super) fn of(report: &Report) -> Self {
        let liquidity = &report.liquidity;
        Self {
            days: number(&liquidity.days),
            cost_usd: usd(&liquidity.cost),
            stuck_usd: usd(&liquidity.stuck),
            by_asset: liquidity.by_asset.iter().map(Into::into).collect(),
        }
    }
}

impl From<&AssetExit> for AssetExitBody {
    fn from(exit: &AssetExit) -> Self {
        Self {
            asset: exit.asset.to_string(),
            symbol: exit.symbol.clone(),
            sellable_usd: exit.sellable_usd,
            days: number(&exit.days),
            cost_usd: usd(&exit.cost),
            amihud: number(&exit.amihud),
        }
    }
}

impl From<&Spread> for SpreadBody {
    fn from(spread: &Spread) -> Self {
        Self { shares: shares(spread), hhi: spread.hhi, effective_number: spread.effective_number }
    }
}

fn spread(figure: &Figure<Spread>) -> FigureBody<SpreadBody> {
    figure.clone().map(|spread| SpreadBody::from(&spread)).into()
}

/// The shares alone, under their names.
pub(super) fn named_shares(figure: &Figure<Spread>) -> FigureBody<Vec<Share>> {
    figure.clone().map(|spread| shares(&spread)).into()
}

fn shares(spread: &Spread) -> Vec<Share> {
    spread.shares.iter().map(|(name, share)| Share { name: name.clone(), share: *share }).collect()
}

/// A dollar of the wallet.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct StablecoinBody {
    /// Chain and contract.
    pub asset: String,
    /// Its symbol.
    pub symbol: String,
    /// What one trades at.
    pub price_usd: FigureBody<f64>,
    /// How far that is from a dollar, fraction.
    pub distance: FigureBody<f64>,
    /// `pegged` under 0.5 %, `warning`, `high` from 2 %, `critical` from 5 %.
    pub band: FigureBody<String>,
    /// What is held (at its price), supplied and owed (at a dollar a token).
    pub weight_usd: f64,
}

impl From<&Stablecoin> for StablecoinBody {
    fn from(coin: &Stablecoin) -> Self {
        Self {
            asset: coin.asset.to_string(),
            symbol: coin.symbol.clone(),
            price_usd: usd(&coin.price),
            distance: number(&coin.distance()),
            band: coin.distance().map(|distance| Band::of(distance).name().to_owned()).into(),
            weight_usd: coin.weight_usd,
        }
    }
}
