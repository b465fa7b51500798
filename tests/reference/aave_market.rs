//! Random Aave markets and wallets in them, as the engine takes them and as a question for a driver.

use risk_engine::aave::{
    EModeCategory, Market, Position, RAY, Reserve, ReservePosition, Rounding, StableDebt,
};
use risk_engine::lending::Unit;
use risk_engine::position::Block;
use risk_model::{Address, Asset, B256, ChainId, Protocol, Timestamp, U256};
use serde_json::{Value, json};

use crate::draw::Draw;

const NOW: u64 = 1_750_000_000;

/// A market with a wallet in it.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) market: Market,
    pub(crate) position: Position,
}

/// What the random numbers may do.
#[derive(Clone, Copy)]
pub(crate) struct Shape {
    /// How the pools round, and their revisions.
    pub(crate) generations: &'static [(Rounding, Option<u64>)],
    /// Longest time since a reserve's last update, seconds.
    pub(crate) longest_age: u64,
    /// Largest rate a year, fraction.
    pub(crate) highest_rate: f64,
    /// Smallest supply and debt, USD.
    pub(crate) least_usd: f64,
    /// Whether the older generations have debts at rates of their own.
    pub(crate) has_stable_debt: bool,
}

impl Case {
    pub(crate) fn draw(draw: &mut Draw, shape: &Shape) -> Self {
        let count = draw.index(7) + 2;
        let (rounding, revision) = draw.one_of(shape.generations);
        let is_second = rounding == Rounding::PerSecond;
        let reserves: Vec<Reserve> = (0..count).map(|id| reserve(draw, id, shape)).collect();
        let position = Position {
            e_mode: u8::from(!is_second && draw.chance(0.4)),
            reserves: (0..count).map(|index| part(draw, index, &reserves[index], shape, rounding)).collect(),
        };
        let market = Market {
            protocol: if is_second { Protocol::AaveV2 } else { Protocol::AaveV3 },
            unit: Unit::Usd,
            chain: ChainId::Ethereum,
            pool: Address::repeat_byte(1),
            revision,
            rounding,
            block: Block { number: 1, hash: B256::ZERO, timestamp: Timestamp::new(NOW) },
            base_unit: U256::from(100_000_000),
            reserves,
            e_modes: vec![e_mode(draw)],
        };
        Self { market, position }
    }

    /// Everything of it as decimal texts.
    pub(crate) fn question(&self) -> Value {
        let reserves: Vec<Value> = self.market.reserves.iter().map(reserve_question).collect();
        let parts: Vec<Value> = self.position.reserves.iter().map(part_question).collect();
        let category = &self.market.e_modes[0];
        json!({
            "rounding": match self.market.rounding {
                Rounding::PerSecond => "per_second",
                Rounding::HalfUp => "half_up",
                Rounding::AgainstUser => "against_user",
            },
            "revision": self.market.revision,
            "now": NOW,
            "reserves": reserves,
            "category": {
                "ltv": category.ltv_bps,
                "threshold": category.liquidation_threshold_bps,
                "collateral_bitmap": category.collateral_bitmap.to_string(),
            },
            "e_mode": self.position.e_mode,
            "parts": parts,
        })
    }
}

fn reserve(draw: &mut Draw, id: usize, shape: &Shape) -> Reserve {
    let id = u16::try_from(id).expect("a small id");
    let threshold_bps = if draw.chance(0.15) { 0 } else { draw.whole(1_000, 9_500) };
    let ltv_bps = if draw.chance(0.15) { 0 } else { threshold_bps.saturating_sub(draw.whole(0, 900)) };
    let byte = u8::try_from(id).expect("a small id") + 1;
    let usd = draw.magnitude(0.01, 120_000.0);
    let index = |draw: &mut Draw| RAY + scaled(draw.between(0.0, 1.0), 27);
    let rate = |draw: &mut Draw| scaled(draw.between(0.0, shape.highest_rate), 27);
    Reserve {
        liquidation_protocol_fee_bps: Some(0),
        id,
        asset: Asset::contract(ChainId::Ethereum, Address::repeat_byte(byte)),
        symbol: format!("T{id}").into(),
        decimals: draw.one_of(&[6, 8, 18]),
        a_token: Address::repeat_byte(byte + 100),
        variable_debt_token: Address::repeat_byte(byte + 200),
        liquidity_index: index(draw),
        liquidity_rate: rate(draw),
        variable_borrow_index: index(draw),
        variable_borrow_rate: rate(draw),
        last_update: NOW - draw.whole(0, shape.longest_age),
        price: Some(scaled(usd, 8).max(U256::ONE)),
        price_updated_at: None,
        ltv_bps: bps(ltv_bps),
        liquidation_threshold_bps: bps(threshold_bps),
        liquidation_bonus_bps: 10_500,
        is_active: true,
        is_frozen: false,
        is_paused: false,
        available_liquidity: None,
    }
}

fn part(
    draw: &mut Draw,
    index: usize,
    reserve: &Reserve,
    shape: &Shape,
    rounding: Rounding,
) -> ReservePosition {
    let mut amount = |chance: f64| {
        if !draw.chance(chance) {
            return U256::ZERO;
        }
        let usd = draw.magnitude(shape.least_usd, 1e7);
        let price = f64::from(reserve.price.expect("a price")) / 1e8;
        scaled(usd / price, u32::from(reserve.decimals))
    };
    let (scaled_a_token, scaled_variable_debt) = (amount(0.6), amount(0.4));
    let principal =
        amount(if shape.has_stable_debt && rounding != Rounding::AgainstUser { 0.2 } else { 0.0 });
    let stable_debt = (!principal.is_zero()).then(|| StableDebt {
        principal,
        rate: scaled(draw.between(0.0, shape.highest_rate), 27),
        last_update: NOW - draw.whole(0, shape.longest_age),
    });
    ReservePosition {
        reserve: index,
        scaled_a_token,
        scaled_variable_debt,
        stable_debt,
        is_collateral: draw.chance(0.8),
    }
}

fn e_mode(draw: &mut Draw) -> EModeCategory {
    let threshold = draw.whole(9_000, 9_700);
    EModeCategory {
        id: 1,
        ltv_bps: bps(threshold - 200),
        liquidation_threshold_bps: bps(threshold),
        liquidation_bonus_bps: 10_100,
        collateral_bitmap: u128::from(draw.bits() & 0xffff),
        ltv_zero_bitmap: 0,
        label: "category".into(),
    }
}

fn reserve_question(reserve: &Reserve) -> Value {
    json!({
        "id": reserve.id,
        "asset": format!("{:?}", reserve.a_token),
        "decimals": reserve.decimals,
        "liquidity_index": reserve.liquidity_index.to_string(),
        "liquidity_rate": reserve.liquidity_rate.to_string(),
        "variable_borrow_index": reserve.variable_borrow_index.to_string(),
        "variable_borrow_rate": reserve.variable_borrow_rate.to_string(),
        "last_update": reserve.last_update,
        "price": reserve.price.expect("a price").to_string(),
        "ltv": reserve.ltv_bps,
        "threshold": reserve.liquidation_threshold_bps,
    })
}

fn part_question(part: &ReservePosition) -> Value {
    json!({
        "reserve": part.reserve,
        "scaled_a_token": part.scaled_a_token.to_string(),
        "scaled_variable_debt": part.scaled_variable_debt.to_string(),
        "is_collateral": part.is_collateral,
        "stable_debt": part.stable_debt.map(|debt| json!({
            "principal": debt.principal.to_string(),
            "rate": debt.rate.to_string(),
            "last_update": debt.last_update,
        })),
    })
}

/// A fraction in units of `10^-places`, with every digit of the float.
fn scaled(value: f64, places: u32) -> U256 {
    // In two steps, so that a float's whole mantissa survives.
    let whole = U256::from(value.trunc());
    let fraction = U256::from((value.fract() * 1e15).trunc());
    let unit = U256::from(10).pow(U256::from(places));
    whole * unit + fraction * unit / U256::from(1_000_000_000_000_000_u64)
}

fn bps(value: u64) -> u16 {
    u16::try_from(value).expect("basis points")
}
