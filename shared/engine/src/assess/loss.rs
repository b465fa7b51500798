//! The loss given liquidation of one account, in USD, with what the liquidator gains after gas.

use risk_model::{Asset, ChainId, Figure, Gap, Usd};

use super::gaps::reason;
use crate::lending::{Account, Facts};
use crate::loss::{self, Loss, NoLoss};
use crate::prepared::Prepared;
use crate::report::LiquidationLoss;

/// What one liquidation would take at the line, in USD by `unit_usd`.
pub(super) fn report(
    account: &Account,
    facts: &Facts,
    unit_usd: Result<&f64, &Gap>,
    prepared: &Prepared<'_>,
) -> Figure<Option<LiquidationLoss>> {
    match loss::at_the_line(account, facts) {
        Err(NoLoss::NoDebt) => Figure::Known(None),
        Err(NoLoss::Unknown(why)) => Figure::Unknown(why),
        Ok(loss) => {
            Figure::Known(Some(told(&loss, facts.chain, &unit_usd.copied().map_err(reason), prepared)))
        }
    }
}

fn told(
    loss: &Loss,
    chain: ChainId,
    unit_usd: &Result<f64, String>,
    prepared: &Prepared<'_>,
) -> LiquidationLoss {
    let usd = |value: f64| figure(unit_usd.clone().map(|unit| value * unit));
    let profit =
        unit_usd.clone().and_then(|unit| Ok(loss.liquidator_gain() * unit - gas_usd(chain, prepared)?));
    let share = loss.owner_loss_share();
    LiquidationLoss {
        debt_asset: loss.debt_asset,
        collateral_asset: loss.collateral_asset,
        drop: loss.drop,
        repaid: usd(loss.repaid_value),
        seized: usd(loss.seized_value),
        owner_loss: usd(loss.owner_loss()),
        owner_loss_share: share.map_or_else(
            || Figure::Unknown("what the account is worth there is not known, or nothing".to_owned()),
            Figure::Known,
        ),
        is_economic: profit.clone().map_or_else(Figure::Unknown, |profit| Figure::Known(profit > 0.0)),
        liquidator_profit: figure(profit),
    }
}

/// USD that the gas of a liquidation costs on a chain, or why that is not known.
fn gas_usd(chain: ChainId, prepared: &Prepared<'_>) -> Result<f64, String> {
    let gwei = prepared.market().gas.get(&chain).map(|gas| gas.propose_gwei);
    let gwei = gwei.filter(|gwei| gwei.is_finite() && *gwei >= 0.0);
    let gwei = gwei.ok_or_else(|| format!("gas on {chain} was not read"))?;
    let coin_usd = prepared.price(&Asset::native(chain)).map_err(|gap| reason(&gap))?;
    Ok(loss::gas_usd(prepared.parameters().liquidation_gas_units, gwei, coin_usd))
}

fn figure(usd: Result<f64, String>) -> Figure<Usd> {
    match usd {
        Ok(usd) => {
            Usd::new(usd).map_or_else(|| Figure::Unknown("the value is too large".to_owned()), Figure::Known)
        }
        Err(why) => Figure::Unknown(why),
    }
}
