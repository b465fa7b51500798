//! Aave V2's and Spark's markets put together from a table of answers.

use risk_engine::aave::StableDebt;
use risk_model::Wallet;

use super::*;
use crate::markets::{AAVE_V2, MarketAddresses, SPARK};
use crate::testing_node::add_token;

const TOKEN: Address = Address::repeat_byte(0x77);
const A_TOKEN: Address = Address::repeat_byte(0xa7);
const STABLE: Address = Address::repeat_byte(0x57);
const VARIABLE: Address = Address::repeat_byte(0xd7);

fn word(value: u128) -> Vec<u8> {
    U256::from(value).to_be_bytes_vec()
}

/// Ether and a dollar token in V2's pool: every figure of a reserve has a value of its own.
fn add_v2(state: &mut State) {
    let market = AAVE_V2;
    let list = vec![WETH, TOKEN];
    let list = Pool::getReservesListCall::abi_encode_returns(&list);
    state.view(market.pool, &Pool::getReservesListCall {}, list);
    state.view(market.pool, &LendingPool::LENDINGPOOL_REVISIONCall {}, word(3));
    state.view(market.pool, &LendingPool::pausedCall {}, word(0));
    for (id, asset, decimals, price) in [(0, WETH, 18, 10_u128.pow(18)), (1, TOKEN, 6, 500_000_000_000_000)] {
        let data = ReserveDataV2 {
            configuration: configuration(decimals) & U256::from(u64::MAX),
            liquidityIndex: 1_010_000_000_000_000_000_000_000_000,
            variableBorrowIndex: 1_020_000_000_000_000_000_000_000_000,
            currentLiquidityRate: 3,
            currentVariableBorrowRate: 4,
            currentStableBorrowRate: 5,
            lastUpdateTimestamp: alloy_primitives::Uint::from(NOON - 3_600),
            aTokenAddress: A_TOKEN,
            stableDebtTokenAddress: STABLE,
            variableDebtTokenAddress: VARIABLE,
            interestRateStrategyAddress: Address::ZERO,
            id,
        };
        let data = LendingPool::getReserveDataCall::abi_encode_returns(&data);
        state.view(market.pool, &LendingPool::getReserveDataCall { asset }, data);
        state.view(market.oracle, &Oracle::getAssetPriceCall { asset }, word(price));
        let source = if asset == WETH { Address::ZERO } else { Address::repeat_byte(0x99) };
        let source = Oracle::getSourceOfAssetCall::abi_encode_returns(&source);
        state.view(market.oracle, &Oracle::getSourceOfAssetCall { asset }, source);
        state.view(asset, &crate::contracts::Erc20::balanceOfCall { owner: A_TOKEN }, word(77));
        add_token(state, asset, if asset == WETH { "WETH" } else { "USDX" }, decimals);
    }
    let round = [word(1), word(5), word(9), word(u128::from(NOON) - 600), word(1)].concat();
    state.view(Address::repeat_byte(0x99), &Aggregator::latestRoundDataCall {}, round);
}

fn read_of(state: &State, market: MarketAddresses, known: BTreeSet<Ask>) -> (MarketRead, usize) {
    let mut read = MarketRead::new(market, known);
    for round in 0..10 {
        let asks = read.missing();
        if asks.is_empty() {
            return (read, round);
        }
        let answer = |ask: &Ask| {
            let call = ask.call(&market);
            state.views.get(&(call.target, call.input)).cloned().ok_or(Fault::Reverted)
        };
        let answers = asks.iter().map(answer).collect();
        read.take(&asks, answers);
    }
    panic!("the market never ends")
}

#[tokio::test]
async fn v2_is_read_in_its_own_words_and_priced_in_ether() {
    let node = Node::of(CHAIN).await;
    add_v2(&mut node.state());
    let (first, _) = read_of(&node.state(), AAVE_V2, BTreeSet::new());
    let read = first.finish(BLOCK).unwrap();
    assert!(read.has_known_rules && read.is_dense);
    let market = &read.market;
    assert_eq!(
        (market.protocol, market.rounding, market.revision),
        (Protocol::AaveV2, Rounding::PerSecond, Some(3))
    );
    assert_eq!((market.unit, market.base_unit), (Unit::Asset(Asset::native(CHAIN)), WAD));
    assert!(market.e_modes.is_empty());
    let token = &market.reserves[1];
    let ray = |percent: u128| U256::from(percent * 10_000_000_000_000_000_000_000_000);
    assert_eq!((token.liquidity_index, token.variable_borrow_index), (ray(101), ray(102)));
    assert_eq!((token.liquidity_rate, token.variable_borrow_rate), (U256::from(3), U256::from(4)));
    assert_eq!((token.a_token, token.variable_debt_token), (A_TOKEN, VARIABLE));
    assert_eq!(token.liquidation_protocol_fee_bps, Some(0));
    assert_eq!(
        (token.price, token.price_updated_at),
        (Some(U256::from(500_000_000_000_000_u64)), Some(NOON - 600))
    );
    assert_eq!(token.available_liquidity, Some(U256::from(77)));
    assert!(token.is_active && !token.is_paused);
    assert_eq!(
        market.reserves[0].price_updated_at,
        Some(BLOCK.timestamp.seconds()),
        "ether is one ether now"
    );
    assert!(read.own_tokens.is_superset(&HashSet::from([A_TOKEN, STABLE, VARIABLE])));
    assert_eq!(read_of(&node.state(), AAVE_V2, first.wanted()).1, 1, "once learned, one round");
}

#[tokio::test]
async fn a_paused_v2_moves_nothing_and_one_that_does_not_say_is_no_market() {
    let node = Node::of(CHAIN).await;
    add_v2(&mut node.state());
    let finish = || read_of(&node.state(), AAVE_V2, BTreeSet::new()).0.finish(BLOCK);
    node.state().view(AAVE_V2.pool, &LendingPool::pausedCall {}, word(1));
    assert!(finish().unwrap().market.reserves.iter().all(|reserve| reserve.is_paused));
    node.state().views.remove(&(AAVE_V2.pool, LendingPool::pausedCall {}.abi_encode().into()));
    assert_eq!(finish().unwrap_err(), GapReason::Malformed);
}

#[tokio::test]
async fn a_stable_debt_in_v2_comes_with_its_rate_and_time() {
    let node = Node::of(CHAIN).await;
    add_v2(&mut node.state());
    let read = read_of(&node.state(), AAVE_V2, BTreeSet::new()).0.finish(BLOCK).unwrap();
    let address = |address: Address| U256::from_be_bytes(address.into_word().0);
    let number = |value: u64| U256::from(value);
    let rows = [
        [address(WETH), number(10), number(1), number(0), number(0), number(0), number(0)],
        [address(TOKEN), number(0), number(0), number(5), number(20), number(30), number(NOON - 50)],
    ];
    let words = [number(64), number(0), number(2)].into_iter().chain(rows.into_iter().flatten());
    let output: Vec<u8> = words.flat_map(|word| word.to_be_bytes::<32>()).collect();
    let position = Rows::read(&output).unwrap().position(&read).unwrap().unwrap();
    let debt = StableDebt { principal: number(30), rate: number(5), last_update: NOON - 50 };
    assert_eq!(position.reserves[1].stable_debt, Some(debt));
    assert_eq!(position.reserves[1].scaled_variable_debt, number(20));
    assert_eq!(position.e_mode, 0);
}

#[tokio::test]
async fn spark_is_read_as_the_3_0_line_that_it_forked() {
    let node = node().await;
    make_e_modes_legacy(&mut node.state(), CHAIN);
    let views = node.state().views.clone();
    for ((target, input), output) in views {
        let v3 = market_of(CHAIN);
        let moved = [(v3.pool, SPARK.pool), (v3.oracle, SPARK.oracle)];
        let target = moved.into_iter().find(|(from, _)| *from == target).map_or(target, |(_, to)| to);
        node.state().views.insert((target, input), output);
    }
    node.state().view(SPARK.pool, &Pool::POOL_REVISIONCall {}, word(4));
    node.state().view(WETH, &crate::contracts::Erc20::balanceOfCall { owner: a_token(WETH) }, word(99));
    let finish = || read_of(&node.state(), SPARK, BTreeSet::new()).0.finish(BLOCK).unwrap();
    let read = finish();
    assert_eq!((read.market.protocol, read.market.rounding), (Protocol::Spark, Rounding::HalfUp));
    assert!(read.has_known_rules);
    assert_eq!(read.market.reserves[0].available_liquidity, Some(U256::from(99)));
    assert_eq!(read.market.reserves[0].liquidation_protocol_fee_bps, Some(1_000));
    assert_eq!((read.market.e_modes.len(), read.market.e_modes[0].collateral_bitmap), (1, 0b100));
    // A price of the e-mode's own is not read, so the e-mode is not known either.
    let data = crate::contracts::EModeCategoryLegacy {
        ltv: 9_000,
        liquidationThreshold: 9_300,
        liquidationBonus: 10_100,
        priceSource: WETH,
        label: "ETH".to_owned(),
    };
    let data = Pool::getEModeCategoryDataCall::abi_encode_returns(&data);
    node.state().view(SPARK.pool, &Pool::getEModeCategoryDataCall { id: 1 }, data);
    assert!(finish().market.e_modes.is_empty());
    let call = crate::aave::rows_call(&SPARK, Wallet::new(WETH));
    assert_eq!(call.target, SPARK.ui_data);
}
