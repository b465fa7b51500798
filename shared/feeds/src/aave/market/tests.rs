//! Markets put together from a table of answers, asked as a pinned block would be.

use alloy_sol_types::SolCall;
use risk_engine::aave::Rounding;
use risk_model::{B256, ChainId, Timestamp};

use super::*;
use crate::aave::Rows;
use crate::json_rpc::Fault;
use crate::markets::market_of;
use crate::testing::NOON;
use crate::testing_node::{
    ASSETS, Node, STAKE, State, USDC, WETH, a_token, add_market, add_user, configuration, debt_token,
    make_e_modes_legacy, reserve_data,
};

mod forks;

const CHAIN: ChainId = ChainId::Ethereum;
const BLOCK: Block = Block { number: 100, hash: B256::repeat_byte(1), timestamp: Timestamp::new(NOON) };

fn answer(state: &State, ask: Ask) -> Answer {
    let call = ask.call(&market_of(CHAIN));
    state.views.get(&(call.target, call.input)).cloned().ok_or(Fault::Reverted)
}

/// Asks until nothing is missing; answers the rounds it took as well.
fn read(state: &State, known: BTreeSet<Ask>, categories: &[u8]) -> (MarketRead, usize) {
    let mut read = MarketRead::new(market_of(CHAIN), known);
    read.want_categories(categories.iter().copied());
    for round in 0..10 {
        let asks = read.missing();
        if asks.is_empty() {
            return (read, round);
        }
        let answers = asks.iter().map(|ask| answer(state, *ask)).collect();
        read.take(&asks, answers);
    }
    panic!("the market never ends")
}

fn finish(state: &State) -> ReadMarket {
    read(state, BTreeSet::new(), &[]).0.finish(BLOCK).unwrap()
}

async fn node() -> Node {
    let node = Node::of(CHAIN).await;
    add_market(&mut node.state(), CHAIN);
    node
}

#[tokio::test]
async fn a_market_is_read_from_nothing_and_again_from_what_was_learned_in_one_round() {
    let node = node().await;
    let (first, rounds) = read(&node.state(), BTreeSet::new(), &[]);
    assert_eq!(rounds, 3, "the list, then the reserves, then the rounds of their price sources");
    let (second, rounds) = read(&node.state(), first.wanted(), &[]);
    assert_eq!(rounds, 1);
    assert_eq!(first.finish(BLOCK).unwrap().market, second.finish(BLOCK).unwrap().market);
}

#[tokio::test]
async fn every_figure_of_a_reserve_is_where_it_belongs() {
    let read = finish(&node().await.state());
    assert_eq!((read.market.revision, read.market.rounding), (Some(9), Rounding::AgainstUser));
    assert!(read.has_known_rules && read.is_dense);
    assert_eq!(read.market.base_unit, U256::from(100_000_000));
    let usdc = &read.market.reserves[read.by_asset[&USDC]];
    assert_eq!((usdc.id, usdc.decimals, &*usdc.symbol), (1, 6, "USDC"));
    assert_eq!(
        (usdc.ltv_bps, usdc.liquidation_threshold_bps, usdc.liquidation_bonus_bps),
        (8000, 8300, 10500)
    );
    assert_eq!((usdc.price, usdc.price_updated_at), (Some(U256::from(100_000_000)), Some(NOON - 600)));
    assert_eq!(usdc.available_liquidity, Some(U256::from(5_000_000)));
    assert_eq!((usdc.a_token, usdc.variable_debt_token), (a_token(USDC), debt_token(USDC)));
    assert!(usdc.is_active && !usdc.is_frozen && !usdc.is_paused);
    assert_eq!(read.own_tokens.len(), 6);
}

#[tokio::test]
async fn a_price_source_without_rounds_has_a_price_and_no_date() {
    let read = finish(&node().await.state());
    let stake = &read.market.reserves[read.by_asset[&STAKE]];
    assert_eq!((stake.price, stake.price_updated_at), (Some(U256::from(230_000_000_000_u64)), None));
}

#[tokio::test]
async fn a_price_of_zero_or_a_reverting_oracle_is_no_price() {
    let node = node().await;
    let oracle = market_of(CHAIN).oracle;
    let zero = U256::ZERO.to_be_bytes_vec();
    node.state().view(oracle, &Oracle::getAssetPriceCall { asset: WETH }, zero);
    node.state().views.remove(&(oracle, Oracle::getAssetPriceCall { asset: USDC }.abi_encode().into()));
    let read = finish(&node.state());
    assert_eq!(read.market.reserves.iter().filter_map(|reserve| reserve.price).count(), 1);
}

#[tokio::test]
async fn a_reserve_added_since_the_last_read_is_asked_for() {
    let node = node().await;
    let (before, _) = read(&node.state(), BTreeSet::new(), &[]);
    let new = Address::repeat_byte(0xe9);
    let pool = market_of(CHAIN).pool;
    let list = [&ASSETS[..], &[new]].concat();
    let list = Pool::getReservesListCall::abi_encode_returns(&list);
    node.state().view(pool, &Pool::getReservesListCall {}, list);
    let data = Pool::getReserveDataCall::abi_encode_returns(&reserve_data(3, new, configuration(18)));
    node.state().view(pool, &Pool::getReserveDataCall { asset: new }, data);
    let (after, rounds) = read(&node.state(), before.wanted(), &[]);
    assert_eq!(rounds, 3, "what was known, what is new, and what only its aToken knows");
    assert_eq!(after.finish(BLOCK).unwrap().market.reserves.len(), 4);
}

#[tokio::test]
async fn an_e_mode_beyond_those_read_ahead_is_asked_for_and_an_unset_one_does_not_exist() {
    let node = node().await;
    let (market, _) = read(&node.state(), BTreeSet::new(), &[40, 39]);
    let market = market.finish(BLOCK).unwrap().market;
    let ids: Vec<u8> = market.e_modes.iter().map(|mode| mode.id).collect();
    assert_eq!(ids, [1, 40]);
    assert_eq!(
        (market.e_modes[0].collateral_bitmap, market.e_modes[0].liquidation_threshold_bps),
        (0b101, 9500)
    );
}

#[tokio::test]
async fn collateral_without_loan_to_value_in_an_e_mode_is_read_and_none_of_it_is_assumed_where_the_answer_is_unusable()
 {
    let node = node().await;
    assert_eq!(finish(&node.state()).market.e_modes[0].ltv_zero_bitmap, 0, "a pool of before 3.6");
    let call = Pool::getEModeCategoryLtvzeroBitmapCall { id: 1 };
    let pool = market_of(CHAIN).pool;
    node.state().view(pool, &call, U256::from(4).to_be_bytes_vec());
    assert_eq!(finish(&node.state()).market.e_modes[0].ltv_zero_bitmap, 4);
    node.state().view(pool, &call, vec![1]);
    assert!(finish(&node.state()).market.e_modes.is_empty());
}

#[tokio::test]
async fn an_e_mode_of_before_3_2_takes_its_members_from_the_reserves() {
    let node = node().await;
    make_e_modes_legacy(&mut node.state(), CHAIN);
    let market = finish(&node.state()).market;
    assert_eq!(market.e_modes.len(), 1);
    assert_eq!(
        (market.e_modes[0].collateral_bitmap, market.e_modes[0].liquidation_threshold_bps),
        (0b100, 9300)
    );
}

#[tokio::test]
async fn an_unknown_revision_or_none_rounds_against_the_user_and_is_not_verified() {
    let node = node().await;
    let pool = market_of(CHAIN).pool;
    node.state().view(pool, &Pool::POOL_REVISIONCall {}, U256::from(99).to_be_bytes_vec());
    let new = finish(&node.state());
    assert!(
        !new.has_known_rules
            && new.market.rounding == Rounding::AgainstUser
            && new.market.revision == Some(99)
    );
    node.state().views.remove(&(pool, Pool::POOL_REVISIONCall {}.abi_encode().into()));
    let none = finish(&node.state());
    assert!(!none.has_known_rules && none.market.revision.is_none());
}

#[tokio::test]
async fn without_the_list_or_the_unit_of_prices_there_is_no_market() {
    for missing in [Ask::ReservesList, Ask::BaseUnit] {
        let node = node().await;
        let call = missing.call(&market_of(CHAIN));
        node.state().views.insert((call.target, call.input.clone()), U256::ZERO.to_be_bytes_vec().into());
        let (read_zero, _) = read(&node.state(), BTreeSet::new(), &[]);
        assert_eq!(read_zero.finish(BLOCK).unwrap_err(), GapReason::Malformed);
        node.state().views.remove(&(call.target, call.input));
        let (read_none, _) = read(&node.state(), BTreeSet::new(), &[]);
        assert_eq!(read_none.finish(BLOCK).unwrap_err(), GapReason::Malformed);
    }
}

#[tokio::test]
async fn a_reserve_that_makes_no_sense_is_left_out_and_its_users_are_not_computed() {
    let node = node().await;
    let mut data = reserve_data(1, USDC, configuration(6));
    data.liquidityIndex = 0;
    let data = Pool::getReserveDataCall::abi_encode_returns(&data);
    node.state().view(market_of(CHAIN).pool, &Pool::getReserveDataCall { asset: USDC }, data);
    let (in_it, beside_it) = (Address::repeat_byte(1), Address::repeat_byte(2));
    add_user(&mut node.state(), CHAIN, in_it, 0, [(10, true, 0), (0, false, 5), (0, false, 0)]);
    add_user(&mut node.state(), CHAIN, beside_it, 0, [(10, true, 0), (0, false, 0), (0, false, 0)]);
    let market = finish(&node.state());
    assert_eq!((market.market.reserves.len(), market.list.len()), (2, 3));
    let position = |user: Address| {
        let call = crate::aave::rows_call(&market_of(CHAIN), risk_model::Wallet::new(user));
        let output = node.state().views[&(call.target, call.input)].clone();
        Rows::read(&output).unwrap().position(&market)
    };
    assert_eq!(position(in_it), Err(GapReason::Malformed));
    assert_eq!(position(beside_it).unwrap().unwrap().reserves.len(), 1);
    let stranger = Rows::read(&[&[0; 31][..], &[64], &[0; 32], &[0; 31], &[1], &[0; 128]].concat()).unwrap();
    assert_eq!(
        stranger.position(&market),
        Err(GapReason::Malformed),
        "rows of another market are no empty account"
    );
}

#[tokio::test]
async fn where_a_reserve_was_dropped_the_flags_of_users_are_not_trusted() {
    let node = node().await;
    let data = Pool::getReserveDataCall::abi_encode_returns(&reserve_data(3, STAKE, configuration(18)));
    node.state().view(market_of(CHAIN).pool, &Pool::getReserveDataCall { asset: STAKE }, data);
    add_user(&mut node.state(), CHAIN, WETH, 0, [(10, true, 0), (0, false, 0), (0, false, 0)]);
    let market = finish(&node.state());
    assert!(!market.is_dense);
    let call = crate::aave::rows_call(&market_of(CHAIN), risk_model::Wallet::new(WETH));
    let output = node.state().views[&(call.target, call.input)].clone();
    assert_eq!(Rows::read(&output).unwrap().position(&market), Err(GapReason::Unsupported));
}
