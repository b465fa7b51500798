//! Goldens of `@uniswap/v3-sdk` 3.31.5, and what must hold of any position.

use alloy_primitives::U512;
use proptest::prelude::*;
use risk_model::Asset;

use super::*;
use crate::specimen::{asset, block};

fn token(byte: u8, symbol: &str, decimals: u8) -> PoolToken {
    PoolToken { asset: asset(byte), symbol: symbol.into(), decimals }
}

/// USDC against WETH at a tick, as on Ethereum: the dollar comes first.
fn pool(tick: i32) -> Pool {
    Pool {
        chain: ChainId::Ethereum,
        address: Address::repeat_byte(0x88),
        fee_pips: 500,
        tokens: [token(3, "USDC", 6), token(1, "WETH", 18)],
        sqrt_price: sqrt_ratio_at(tick).unwrap(),
        tick,
        fee_growth_global: [U256::ZERO; 2],
        average_tick: Some(tick),
        block: block(),
    }
}

fn edge(tick: i32) -> TickState {
    TickState { tick, fee_growth_outside: [U256::ZERO; 2] }
}

fn position(pool: Pool) -> Position {
    Position {
        pool: Arc::new(pool),
        token_id: U256::from(42),
        liquidity: 5_000_000_000_000_000,
        lower: edge(196_000),
        upper: edge(201_000),
        fee_growth_inside_last: [U256::ZERO; 2],
        tokens_owed: [0; 2],
    }
}

fn claimed(position: &Position) -> [u128; 2] {
    let claims = position.facts().claims.unwrap();
    [0, 1].map(|token: usize| u128::try_from(claims[token].amount).unwrap())
}

#[test]
fn the_amounts_are_the_goldens_under_inside_and_over_the_range() {
    assert_eq!(claimed(&position(pool(195_000))), [61_356_608_283, 0]);
    assert_eq!(claimed(&position(pool(198_500))), [28_763_498_334, 11_999_306_945_317_314_511]);
    assert_eq!(claimed(&position(pool(202_000))), [0, 25_596_218_072_982_531_572]);
    let sqrt = |tick: i32| sqrt_ratio_at(tick).unwrap().to_string();
    assert_eq!(sqrt(196_000), "1428080589594801790570407367332275");
    assert_eq!(sqrt(201_000), "1833668854642163783923789245351438");
    assert_eq!(sqrt(198_500), "1618217197739229985234250281431963");
}

#[test]
fn fees_are_what_was_owed_and_what_grew_inside_since() {
    let mut pool = pool(198_500);
    pool.fee_growth_global = [U256::from(900) << 128, U256::from(50)];
    let mut position = position(pool);
    position.lower.fee_growth_outside = [U256::from(100) << 128, U256::MAX];
    position.upper.fee_growth_outside = [U256::from(200) << 128, U256::ZERO];
    position.fee_growth_inside_last = [U256::from(599) << 128, U256::from(51)];
    position.tokens_owed = [7, 11];
    let claims = position.facts().claims.unwrap();
    assert_eq!(claims[0].fees, U256::from(5_000_000_000_000_007_u64));
    // Inside is 50 − (2²⁵⁶ − 1) = 51: nothing grew since.
    assert_eq!(claims[1].fees, U256::from(11));
}

#[test]
fn a_range_is_told_in_whole_tokens() {
    let position = position(pool(198_500));
    let range = position.facts().range.unwrap();
    // At tick 198,500 a USDC is 1.0001^198500 ÷ 10^12 of a WETH: about 2,397 dollars for one.
    assert!((1.0 / range.price - 2_397.0).abs() < 1.0, "{}", 1.0 / range.price);
    assert!(range.lower < range.price && range.price < range.upper);
    assert!((range.average_price.unwrap() / range.price - 1.0).abs() < 1e-12);
    assert!(range.is_in_range);
    assert!(!self::position(pool(201_000)).is_in_range());
    assert!(self::position(pool(196_000)).is_in_range());
}

#[test]
fn a_price_that_a_flash_loan_moved_is_not_believed() {
    let fair = position(pool(198_500));
    let eth_usd = 1.0 / fair.facts().range.unwrap().price;
    let honest = fair.counted(&[1.0, eth_usd]).unwrap();
    for tick in [150_000, 195_000, 199_500, 260_000] {
        let mut moved = pool(tick);
        moved.average_tick = Some(198_500);
        let moved = position(moved).counted(&[1.0, eth_usd]).unwrap();
        assert_eq!(moved.amounts, honest.amounts);
        let [(SPOT, spot), (AVERAGE, average)] = moved.distances[..] else { panic!("{moved:?}") };
        assert!(spot > 0.09 && average < 1e-9, "{spot} {average}");
    }
    assert!((honest.amounts[0] - 28_763.498_334).abs() < 1e-3, "{honest:?}");
    assert!((honest.amounts[1] - 11.999_306_945).abs() < 1e-6, "{honest:?}");
}

#[test]
fn an_impossible_position_is_a_fault_and_no_zero() {
    let mut reversed = position(pool(198_500));
    std::mem::swap(&mut reversed.lower, &mut reversed.upper);
    let mut beyond = position(pool(198_500));
    beyond.upper = edge(tick::MAX_TICK + 1);
    let mut priceless = pool(198_500);
    priceless.sqrt_price = U256::ZERO;
    for broken in [reversed, beyond, position(priceless)] {
        assert!(broken.facts().claims.is_err());
        assert!(broken.counted(&[1.0, 2_000.0]).is_err());
    }
    assert!(position(pool(198_500)).counted(&[1.0]).is_err());
}

/// Value in USD of a position's amounts at a square root price, by prices of base units.
fn value(position: &Position, root: U256, base_usd: [f64; 2]) -> f64 {
    let amounts = position.amounts_at(root).unwrap();
    f64::from(amounts[0]) * base_usd[0] + f64::from(amounts[1]) * base_usd[1]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn what_is_counted_is_the_least_over_every_price_of_the_pool(
        liquidity in 1_u128..1 << 100, low in -200_000_i32..200_000, width in 1_i32..100_000,
        at in -300_000_i32..300_000, fair in -300_000_i32..300_000,
    ) {
        let mut held = position(pool(at));
        (held.liquidity, held.lower, held.upper) = (liquidity, edge(low), edge(low + width));
        // Prices of base units whose ratio is the fair tick's.
        let second = 1e-18;
        let root = f64::from(sqrt_ratio_at(fair).unwrap()) / f64::from(Q96);
        let base_usd = [root * root * second, second];
        let usd = [base_usd[0] * 1e6, base_usd[1] * 1e18];
        let counted = held.counted(&usd).unwrap().amounts;
        let counted = counted[0] * usd[0] + counted[1] * usd[1];
        let shown = value(&held, held.pool.sqrt_price, base_usd);
        // Cut-off base units, one of each token, and rounding of the floats.
        let slack = base_usd[0] + base_usd[1] + 1e-9 * shown;
        prop_assert!(counted <= shown + slack, "{counted} is over {shown}");
    }

    #[test]
    fn amounts_and_fees_are_total_on_hostile_numbers(
        words in prop::array::uniform8(any::<[u64; 4]>()), liquidity: u128, owed: [u128; 2], ticks: [i32; 4],
        decimals: [u8; 2], usd: [f64; 2],
    ) {
        let [price, a, b, c, d, e, f, id] = words.map(U256::from_limbs);
        let mut pool = pool(0);
        (pool.sqrt_price, pool.tick, pool.fee_growth_global) = (price, ticks[0], [a, b]);
        pool.average_tick = Some(ticks[1]);
        (pool.tokens[0].decimals, pool.tokens[1].decimals) = (decimals[0], decimals[1]);
        let held = Position {
            pool: Arc::new(pool), token_id: id, liquidity, tokens_owed: owed,
            lower: TickState { tick: ticks[2], fee_growth_outside: [c, d] },
            upper: TickState { tick: ticks[3], fee_growth_outside: [e, f] },
            fee_growth_inside_last: [f, e],
        };
        let _ = (held.facts(), held.counted(&usd));
        let mut plain = held.clone();
        (plain.lower.tick, plain.upper.tick) = (ticks[2].rem_euclid(800_000) - 800_000, ticks[3].rem_euclid(800_000));
        let _ = (plain.facts(), plain.counted(&usd));
    }

    #[test]
    fn a_product_divides_as_wide_integers_do(a: [u64; 4], b: [u64; 4], c: [u64; 4]) {
        let [a, b, c] = [a, b, c].map(U256::from_limbs);
        if let Some(quotient) = liquidity::mul_div(a, b, c) {
            let (product, part) = (U512::from(a) * U512::from(b), U512::from(quotient) * U512::from(c));
            prop_assert!(part <= product && product - part < U512::from(c));
        }
    }
}

#[test]
fn a_key_tells_positions_of_one_pool_apart() {
    let first = position(pool(198_500));
    let second = Position { token_id: U256::from(43), ..first.clone() };
    assert_ne!(first.facts().key, second.facts().key);
    assert_eq!(first.facts().key, "uniswap_v3:ethereum:0x8888888888888888888888888888888888888888:42");
    assert_eq!(first.facts().tokens[0].asset, Asset::contract(ChainId::Ethereum, Address::repeat_byte(3)));
}
