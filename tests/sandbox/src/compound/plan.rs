//! Compound portfolios as they are thought of, and as they are held.

use num_bigint::BigUint;
use num_traits::ToPrimitive;

use crate::compound::v2::WAD;
use crate::compound::v3::INDEX;
use crate::compound::{Held, v2, v3};
use crate::world::World;
use crate::world::chain::Chain;
use crate::world::token::base_units;

/// What a wallet has in Compound, in whole tokens and health factors at the starting prices.
#[derive(Clone, Debug, Default)]
pub(crate) struct Plan {
    /// Compound V2: cTokens of entered markets, by the cToken's symbol and the underlying's amount.
    pub(crate) entered: Vec<(&'static str, f64)>,
    /// cTokens of markets that are not entered.
    pub(crate) idle: Vec<(&'static str, f64)>,
    /// The cToken whose underlying is owed, and the health factor that the debt is sized for.
    pub(crate) debt: Option<(&'static str, f64)>,
    /// Accounts in Comets.
    pub(crate) comets: Vec<CometPlan>,
}

/// An account in a Comet.
#[derive(Clone, Debug, Default)]
pub(crate) struct CometPlan {
    /// Symbol of the Comet's base token.
    pub(crate) base: &'static str,
    /// Base tokens supplied.
    pub(crate) supplied: f64,
    /// Collateral.
    pub(crate) collateral: Vec<(&'static str, f64)>,
    /// Health factor that the debt is sized for; 0 for no debt.
    pub(crate) health: f64,
}

/// The holdings of a plan on a chain.
pub(crate) fn realise(world: &World, chain: &Chain, plan: &Plan) -> Held {
    Held {
        markets: markets(world, chain, plan).unwrap_or_default(),
        comets: plan.comets.iter().filter_map(|one| comet(world, chain, one)).collect(),
    }
}

/// Starting price of an asset in USD, 8 decimals.
fn price(world: &World, asset: usize) -> Option<u128> {
    world.market.assets().get(asset).map(|asset| asset.base_e8.max(1))
}

fn thousandths(ratio: f64) -> Option<u128> {
    base_units(ratio, 3).ok()
}

fn markets(world: &World, chain: &Chain, plan: &Plan) -> Option<Vec<v2::Position>> {
    // The newest market of a symbol: an underlying may have an old one as well.
    let find = |symbol: &str| chain.compound.markets.iter().rposition(|market| market.symbol == symbol);
    let mut positions: Vec<v2::Position> = Vec::new();
    let mut weighted = BigUint::default();
    for (list, entered) in [(&plan.entered, true), (&plan.idle, false)] {
        for (symbol, units) in list {
            let place = find(symbol)?;
            let market = chain.compound.markets.get(place)?;
            let rate = market.accrued(market.accrued_at).exchange_rate;
            let amount = BigUint::from(base_units(*units, market.decimals).ok()?);
            let c_tokens = (&amount * WAD / rate).to_u128()?;
            positions.push(v2::Position { market: place, c_tokens, entered, ..v2::Position::default() });
            if entered {
                weighted += amount * market.price(price(world, market.asset)?) / WAD * market.factor / WAD;
            }
        }
    }
    if let Some((symbol, health)) = plan.debt {
        let place = find(symbol)?;
        let market = chain.compound.markets.get(place)?;
        let debt = weighted * 1000u32 / thousandths(health)?;
        let principal = (debt * WAD / market.price(price(world, market.asset)?)).to_u128()?;
        let owed =
            v2::Position { principal, index: market.borrow_index, entered: true, ..Default::default() };
        match positions.iter_mut().find(|position| position.market == place) {
            Some(position) => *position = v2::Position { market: place, c_tokens: position.c_tokens, ..owed },
            None => positions.push(v2::Position { market: place, ..owed }),
        }
    }
    Some(positions)
}

fn comet(world: &World, chain: &Chain, plan: &CometPlan) -> Option<v3::Position> {
    let base = chain.token_named(plan.base)?;
    let place = chain.compound.comets.iter().position(|comet| comet.base == base)?;
    let comet = chain.compound.comets.get(place)?;
    let base = chain.tokens.get(base)?;
    let mut weighted = BigUint::default();
    let mut balances = Vec::new();
    for (symbol, units) in &plan.collateral {
        let token = chain.token_named(symbol)?;
        let offset = comet.collaterals.iter().position(|collateral| collateral.token == token)?;
        let collateral = comet.collaterals.get(offset)?;
        let token = chain.tokens.get(token)?;
        let balance = base_units(*units, token.decimals).ok()?;
        let value = BigUint::from(balance) * price(world, token.asset)?;
        let unit = BigUint::from(10u8).pow(u32::from(token.decimals));
        weighted += value / unit * collateral.liquidate_factor / WAD;
        balances.push((offset, balance));
    }
    balances.sort_unstable();
    let principal = if plan.health > 0.0 {
        let debt = weighted * 1000u32 / thousandths(plan.health)?;
        let unit = BigUint::from(10u8).pow(u32::from(base.decimals));
        let owed = debt * unit / price(world, base.asset)?;
        -(owed * INDEX / comet.borrow_index).to_i128()?
    } else {
        (BigUint::from(base_units(plan.supplied, base.decimals).ok()?) * INDEX / comet.supply_index)
            .to_i128()?
    };
    Some(v3::Position { comet: place, principal, balances })
}
