//! Wallets: every address has a portfolio, drawn from the seed and the address; a catalogue has fixed ones.

pub(crate) mod catalogue;
pub(crate) mod fork;
pub(crate) mod liquidity;

use alloy_primitives::{Address, U256};

use self::fork::{ForkAccount, ForkPlan};
use crate::compound;
use crate::curve;
use crate::draw::Draw;
use crate::faults::Effects;
use crate::morpho;
use crate::wallets::liquidity::{Provide, Provided};
use crate::world::World;
use crate::world::chain::Chain;
use crate::world::token::{base_units, scale_down};
use crate::world::view::View;

/// What an address owns and owes.
#[derive(Clone, Debug)]
pub(crate) struct Wallet {
    /// Whether it is a contract.
    pub(crate) has_code: bool,
    /// Holdings, one entry a chain at most.
    pub(crate) held: Vec<Held>,
}

impl Wallet {
    /// Holdings on a chain.
    pub(crate) fn on(&self, chain_id: u64) -> Option<&Held> {
        self.held.iter().find(|held| held.chain_id == chain_id)
    }
}

/// Holdings on one chain; amounts in base units.
#[derive(Clone, Debug, Default)]
pub(crate) struct Held {
    /// Chain id.
    pub(crate) chain_id: u64,
    /// Native coin in wei.
    pub(crate) native_wei: u128,
    /// Tokens by their place on the chain.
    pub(crate) tokens: Vec<(usize, u128)>,
    /// Tokens it once had: they are listed with a balance of zero.
    pub(crate) emptied: Vec<usize>,
    /// Worthless tokens by their place on the chain.
    pub(crate) spam: Vec<(usize, U256)>,
    /// Its Aave V3 account.
    pub(crate) account: Option<Account>,
    /// Its Uniswap V3 positions.
    pub(crate) liquidity: Vec<Provided>,
    /// Its accounts in Aave V2 and Spark.
    pub(crate) forks: Vec<ForkAccount>,
    /// What it has in Compound.
    pub(crate) compound: compound::Held,
    /// Its parts of Morpho Blue's markets.
    pub(crate) morpho: Vec<morpho::Position>,
    /// LP tokens of Curve by the pool's place on the chain, base units.
    pub(crate) curve: Vec<(usize, u128)>,
}

/// An Aave V3 account.
#[derive(Clone, Debug, Default)]
pub(crate) struct Account {
    /// E-mode category, 0 for none.
    pub(crate) e_mode: u8,
    /// Positions, by reserve id.
    pub(crate) positions: Vec<Position>,
}

/// One reserve of an account.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Position {
    /// Reserve id.
    pub(crate) reserve: usize,
    /// Scaled aToken balance.
    pub(crate) scaled_supply: u128,
    /// Scaled variable debt.
    pub(crate) scaled_debt: u128,
    /// Whether the supply is used as collateral.
    pub(crate) collateral: bool,
}

/// A portfolio as it is thought of, in whole tokens and a health factor at the starting prices.
#[derive(Clone, Debug, Default)]
pub(crate) struct Plan {
    /// Chain id.
    pub(crate) chain_id: u64,
    /// Native coin.
    pub(crate) native: f64,
    /// Tokens in the wallet.
    pub(crate) tokens: Vec<(&'static str, f64)>,
    /// How many worthless tokens.
    pub(crate) spam: usize,
    /// Supplied to Aave as collateral.
    pub(crate) supply: Vec<(&'static str, f64)>,
    /// Supplied to Aave, not used as collateral.
    pub(crate) idle: Vec<(&'static str, f64)>,
    /// Borrowed: the share of the debt that each token makes up.
    pub(crate) debt: Vec<(&'static str, f64)>,
    /// Health factor that the debt is sized for.
    pub(crate) health: f64,
    /// E-mode category.
    pub(crate) e_mode: u8,
    /// Provided to Uniswap V3 pools.
    pub(crate) liquidity: Vec<Provide>,
    /// Accounts in Aave V2 and Spark.
    pub(crate) forks: Vec<ForkPlan>,
    /// What it has in Compound.
    pub(crate) compound: compound::plan::Plan,
    /// Parts of Morpho Blue's markets.
    pub(crate) morpho: Vec<morpho::Deal>,
    /// Whole LP tokens of Curve by the pool's place on the chain.
    pub(crate) curve: Vec<(usize, f64)>,
}

/// The wallet of an address: the catalogue's, or one drawn from seed and address.
pub(crate) fn derive(world: &World, address: Address) -> Wallet {
    let (plans, has_code) = match catalogue::find(address) {
        Some(entry) => ((entry.plans)(), entry.has_code),
        None => (draw_plans(&mut Draw::new(world.seed, &[b"wallet", address.as_slice()])), false),
    };
    let realise_one = |plan: &Plan| {
        let chain = world.chain_by_id(plan.chain_id)?;
        let effects = Effects::default();
        let view = View::new(world, chain, chain.head(world.clock.now()), &effects);
        let liquidity = liquidity::realise(&view, address, &plan.liquidity);
        Some(Held { liquidity, ..realise(world, chain, plan) })
    };
    Wallet { has_code, held: plans.iter().filter_map(realise_one).collect() }
}

const COLLATERALS: [(&str, f64); 8] = [
    ("WETH", 2000.0),
    ("WBTC", 60_000.0),
    ("wstETH", 2400.0),
    ("USDC", 1.0),
    ("weETH", 2160.0),
    ("cbBTC", 60_030.0),
    ("LINK", 15.0),
    ("DAI", 1.0),
];

fn draw_plans(draw: &mut Draw) -> Vec<Plan> {
    let kind = draw.below(100);
    if kind < 10 {
        return Vec::new();
    }
    let mut plan = Plan { chain_id: 1, native: draw.between(0.001, 3.0), ..Plan::default() };
    for (symbol, usd) in [("USDC", 1.0), ("UNI", 8.0), ("WETH", 2000.0), ("SHIB", 0.000_012_5)] {
        if draw.below(3) == 0 {
            plan.tokens.push((symbol, draw.between(50.0, 9000.0) / usd));
        }
    }
    if kind < 30 {
        plan.spam = draw.below(4);
        return vec![plan];
    }
    if kind < 40 {
        plan.supply = vec![("wstETH", draw.between(0.5, 400.0))];
        plan.debt = vec![("WETH", 1.0)];
        plan.e_mode = 1;
        plan.health = draw.between(1.02, 1.35);
        return vec![plan];
    }
    draw_account(draw, &mut plan);
    let mut plans = vec![plan];
    if kind >= 85 {
        let mut second = Plan { chain_id: 42161, native: draw.between(0.001, 0.4), ..Plan::default() };
        second.supply = vec![("WETH", draw.between(0.2, 30.0))];
        second.debt = vec![("USDC", 1.0)];
        second.health = draw_health(draw);
        plans.push(second);
    }
    plans
}

fn draw_account(draw: &mut Draw, plan: &mut Plan) {
    let first = draw.below(COLLATERALS.len());
    let size_usd = 10f64.powf(draw.between(2.5, 6.5));
    for step in 0..=draw.below(3) {
        if let Some((symbol, usd)) = COLLATERALS.get((first + step * 3) % COLLATERALS.len()) {
            plan.supply.push((symbol, size_usd * draw.between(0.2, 1.0) / usd));
        }
    }
    if draw.below(5) == 0 {
        plan.idle.push(("GHO", size_usd * 0.05));
    }
    if draw.below(8) > 0 {
        plan.health = draw_health(draw);
        plan.debt = match draw.below(4) {
            0 => vec![("USDC", 1.0)],
            1 => vec![("USDT", 0.7), ("DAI", 0.3)],
            2 => vec![("GHO", 1.0)],
            _ => vec![("USDC", 0.6), ("WETH", 0.4)],
        };
    }
}

/// A health factor between 1.02 and 5, most of them low.
fn draw_health(draw: &mut Draw) -> f64 {
    1.02 + 3.98 * draw.unit().powi(2)
}

fn realise(world: &World, chain: &Chain, plan: &Plan) -> Held {
    let amount = |symbol: &str, units: f64| {
        let place = chain.token_named(symbol)?;
        let token = chain.tokens.get(place)?;
        Some((place, base_units(units, token.decimals).ok()?))
    };
    let owned = |list: &[(&str, f64)]| -> Vec<(usize, u128)> {
        list.iter().filter_map(|(symbol, units)| amount(symbol, *units)).collect()
    };
    let account = (!plan.supply.is_empty() || !plan.idle.is_empty())
        .then(|| realise_account(world, chain, plan, (&owned(&plan.supply), &owned(&plan.idle))));
    let spam_balance = |place: usize| match place {
        0 => U256::MAX,
        1 => U256::ZERO,
        _ => U256::from(1_000_000_007u64 * 1_000).pow(U256::from(2u8)),
    };
    Held {
        chain_id: chain.facts.id,
        native_wei: base_units(plan.native, 18).unwrap_or_default(),
        tokens: owned(&plan.tokens),
        emptied: chain.token_named("LINK").into_iter().filter(|_| !plan.tokens.is_empty()).collect(),
        spam: (0..plan.spam.min(chain.spam.len())).map(|place| (place, spam_balance(place))).collect(),
        account,
        liquidity: Vec::new(),
        forks: plan.forks.iter().filter_map(|plan| fork::realise(chain, plan)).collect(),
        curve: curve::realise(chain, &plan.curve),
        compound: compound::plan::realise(world, chain, &plan.compound),
        morpho: morpho::realise(chain, plan, |asset| {
            world.market.assets().get(asset).map_or(0, |asset| asset.base_e8)
        }),
    }
}

/// Amounts in base units by the token's place.
type Amounts<'a> = &'a [(usize, u128)];

fn realise_account(
    world: &World,
    chain: &Chain,
    plan: &Plan,
    (supply, idle): (Amounts<'_>, Amounts<'_>),
) -> Account {
    let mut account = Account { e_mode: plan.e_mode, positions: Vec::new() };
    for (list, collateral) in [(supply, true), (idle, false)] {
        for (place, raw) in list {
            let Some(reserve) = chain.reserves.get(*place) else {
                continue;
            };
            let scaled = scale_down(*raw, reserve.liquidity_index).unwrap_or_default();
            let position = position_of(&mut account, *place);
            position.scaled_supply += scaled;
            position.collateral |= collateral;
        }
    }
    let debt_e8 = debt_for(world, chain, plan, supply);
    for (symbol, share) in &plan.debt {
        let Some(place) = chain.token_named(symbol) else {
            continue;
        };
        let (Some(token), Some(reserve)) = (chain.tokens.get(place), chain.reserves.get(place)) else {
            continue;
        };
        let Some(asset) = world.market.assets().get(token.asset) else {
            continue;
        };
        let part = debt_e8 * U256::from(base_units(*share, 6).unwrap_or_default()) / U256::from(1_000_000u64);
        let raw = part * unit(token.decimals) / U256::from(asset.base_e8.max(1));
        let scaled = scale_down(raw.try_into().unwrap_or_default(), reserve.borrow_index).unwrap_or_default();
        position_of(&mut account, place).scaled_debt += scaled;
    }
    account.positions.sort_by_key(|position| position.reserve);
    account
}

/// The debt in USD with 8 decimals at which the plan's collateral has the plan's health factor.
fn debt_for(world: &World, chain: &Chain, plan: &Plan, supply: Amounts<'_>) -> U256 {
    let health_e4 = base_units(plan.health, 4).unwrap_or_default();
    if health_e4 == 0 {
        return U256::ZERO;
    }
    let mode = chain.e_mode(plan.e_mode);
    let weighted = supply.iter().filter_map(|(place, raw)| {
        let (token, reserve) = (chain.tokens.get(*place)?, chain.reserves.get(*place)?);
        let asset = world.market.assets().get(token.asset)?;
        let inside = mode.filter(|mode| mode.takes(*place));
        let threshold_bps = inside.map_or(reserve.threshold_bps, |mode| mode.threshold_bps);
        Some(U256::from(*raw) * U256::from(asset.base_e8) / unit(token.decimals) * U256::from(threshold_bps))
    });
    weighted.fold(U256::ZERO, |sum, part| sum + part) / U256::from(health_e4)
}

fn unit(decimals: u8) -> U256 {
    U256::from(10u8).pow(U256::from(decimals))
}

fn position_of(account: &mut Account, reserve: usize) -> &mut Position {
    let place = account.positions.iter().position(|position| position.reserve == reserve);
    let place = place.unwrap_or_else(|| {
        account.positions.push(Position { reserve, ..Position::default() });
        account.positions.len() - 1
    });
    &mut account.positions[place]
}
