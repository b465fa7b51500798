//! Morpho Blue against a node on loopback: found by its events, kept, and read at one block.

use alloy_primitives::{U256, keccak256};
use alloy_sol_types::SolValue;
use risk_engine::lending::Lending;
use risk_engine::morpho::{Position, standing};
use risk_model::{B256, KnownMarkets, Protocol};

use super::*;
use crate::morpho::contracts::{Irm, Market, MarketParams, Morpho, MorphoOracle};
use crate::morpho::deployment_of;
use crate::testing_node::State;

const ORACLE: Address = Address::repeat_byte(0x0a);
const IRM: Address = Address::repeat_byte(0x18);

/// The scope that holds nothing but Morpho Blue, whose reader is the only one here.
fn scope() -> Scope {
    Scope { protocols: vec![Protocol::MorphoBlue], ..Scope::default() }
}

fn params() -> MarketParams {
    let lltv = U256::from(860_000_000_000_000_000_u64);
    MarketParams { loanToken: USDC, collateralToken: WETH, oracle: ORACLE, irm: IRM, lltv }
}

fn id() -> B256 {
    keccak256(params().abi_encode())
}

fn totals() -> Market {
    Market {
        totalSupplyAssets: 150_000_000_000_000,
        totalSupplyShares: 145_000_000_000_000_000_000,
        totalBorrowAssets: 123_456_789_012_345,
        totalBorrowShares: 120_000_000_000_000_000_000,
        lastUpdate: u128::from(NOON - 3_600),
        fee: 0,
    }
}

fn position(state: &mut State, user: Wallet, borrow_shares: u128, collateral: u128) {
    let contract = deployment_of(CHAIN).history.contract;
    let words = [U256::ZERO, U256::from(borrow_shares), U256::from(collateral)];
    let output = words.iter().flat_map(U256::to_be_bytes::<32>).collect();
    state.view(contract, &Morpho::positionCall { id: id(), user: user.address() }, output);
}

/// A node with one market, in which Ann borrows and Bob has nothing left.
async fn node() -> Node {
    let node = Node::of(CHAIN).await;
    let mut state = node.state();
    let contract = deployment_of(CHAIN).history.contract;
    state.view(contract, &Morpho::idToMarketParamsCall { id: id() }, params().abi_encode());
    state.view(contract, &Morpho::marketCall { id: id() }, totals().abi_encode());
    let price = U256::from(1_987_654_321_u64) * U256::from(10).pow(U256::from(18));
    state.view(ORACLE, &MorphoOracle::priceCall {}, price.to_be_bytes_vec());
    let rate = Irm::borrowRateViewCall { marketParams: params(), market: totals() };
    state.view(IRM, &rate, U256::from(1_585_489_599).to_be_bytes_vec());
    add_token(&mut state, WETH, "WETH", 18);
    add_token(&mut state, USDC, "USDC", 6);
    position(&mut state, ANN, 8_000_000_000_000_000, 5_000_000_000_000_000_000);
    position(&mut state, BOB, 0, 0);
    state.tamper = Some(Box::new(logs));
    drop(state);
    node
}

/// Every wallet that is asked about was put into the market once.
fn logs(method: &str, params: &serde_json::Value) -> Option<serde_json::Value> {
    let filter = &params[0];
    let log = |owner: &serde_json::Value| {
        let topics = json!([filter["topics"][0][0], id(), B256::ZERO, owner]);
        json!({ "address": filter["address"], "topics": topics, "data": "0x" })
    };
    (method == "eth_getLogs").then(|| {
        let owners = filter["topics"][3].as_array().unwrap();
        json!({ "result": owners.iter().map(log).collect::<Vec<_>>() })
    })
}

fn reader(node: &Node) -> ChainPositions {
    let source = super::super::morpho::MorphoSource::new(deployment_of(CHAIN));
    over(&node.base_url, None, vec![Box::new(source)])
}

fn known(wallet: Wallet, ids: &[B256]) -> WalletQuery {
    let known_markets = vec![KnownMarkets { chain: CHAIN, ids: ids.to_vec() }];
    WalletQuery { wallet, known_tokens: Vec::new(), known_markets }
}

fn morpho_account(account: &LendingAccount) -> &risk_engine::morpho::Account {
    match &account.account {
        Account::Morpho(account) => account,
        other => panic!("another protocol's account: {other:?}"),
    }
}

#[tokio::test]
async fn a_wallets_history_says_which_markets_it_is_in() {
    let node = node().await;
    let wallets = [query(ANN, &[]), query(BOB, &[])];
    let read = reader(&node).read(&wallets, Depth::Discover, &scope()).await;
    let asked = node.asked();
    assert_eq!(asked.iter().filter(|methods| methods[0] == "eth_getLogs").count(), 1);
    assert_eq!(asked.len(), 4, "the block, the history of both, and two rounds: {asked:?}");
    let account = morpho_account(&read[0].accounts[0]);
    assert_eq!((&*account.market.loan.symbol, account.market.loan.decimals), ("USDC", 6));
    assert_eq!(account.market.borrow_rate, Some(U256::from(1_585_489_599)));
    let found = standing(&account.market, &account.position).unwrap();
    // 3,588 seconds of interest on 8,230.452601, by the protocol's own kit (@morpho-org/blue-sdk 6.4.0).
    assert_eq!(found.borrowed, U256::from(8_230_499_422_u64));
    assert!(!found.is_liquidatable() && read[0].gaps.is_empty(), "{:?}", read[0].gaps);
    assert_eq!(read[0].markets, [KnownMarkets { chain: CHAIN, ids: vec![id()] }]);
    // Bob was in it once and has nothing in it now: that is known, and need not be read again.
    assert!(read[1].accounts.is_empty() && read[1].gaps.is_empty());
    assert_eq!(read[1].markets, [KnownMarkets { chain: CHAIN, ids: vec![] }]);
}

#[tokio::test]
async fn a_sweep_reads_the_known_markets_and_names_wallets_that_were_never_looked_through() {
    let node = node().await;
    let queries = [known(ANN, &[id()]), known(BOB, &[]), query(BOB, &[])];
    let read = reader(&node).read(&queries, SWEPT, &scope()).await;
    assert!(node.asked().iter().flatten().all(|method| method != "eth_getLogs"));
    assert_eq!((read[0].accounts.len(), read[0].gaps.len(), read[0].markets.len()), (1, 0, 0));
    assert_eq!((read[1].accounts.len(), read[1].gaps.len()), (0, 0));
    assert_eq!(reasons(&read[2], Affects::Liquidation), [GapReason::Missing]);
}

#[tokio::test]
async fn a_history_that_is_not_given_leaves_the_known_markets_and_a_gap() {
    for (error, reason) in [
        (json!({ "code": -32602, "message": "Log response size exceeded." }), GapReason::Refused),
        (json!({ "code": -32600, "message": "up to a 10 block range" }), GapReason::Refused),
        (json!({ "code": -32601, "message": "method not found" }), GapReason::Unsupported),
    ] {
        let node = node().await;
        node.state().tamper =
            Some(Box::new(move |method, _| (method == "eth_getLogs").then(|| json!({ "error": error }))));
        let read = reader(&node).read(&[known(ANN, &[id()])], Depth::Discover, &scope()).await;
        assert_eq!(read[0].accounts.len(), 1);
        assert_eq!(reasons(&read[0], Affects::Liquidation), [reason]);
        assert!(read[0].markets.is_empty(), "nothing is kept of a look that failed");
    }
}

#[tokio::test]
async fn parameters_that_are_not_the_ids_are_no_market() {
    let node = node().await;
    let contract = deployment_of(CHAIN).history.contract;
    let other = MarketParams { lltv: U256::from(990_000_000_000_000_000_u64), ..params() };
    node.state().view(contract, &Morpho::idToMarketParamsCall { id: id() }, other.abi_encode());
    let read = reader(&node).read(&[known(ANN, &[id()])], SWEPT, &scope()).await;
    assert!(read[0].accounts.is_empty());
    assert_eq!(reasons(&read[0], Affects::Liquidation), [GapReason::Malformed]);
}

#[tokio::test]
async fn a_position_that_cannot_be_read_is_a_gap_and_an_oracle_without_a_price_an_unknown_account() {
    let node = node().await;
    node.state()
        .views
        .remove(&(ORACLE, alloy_sol_types::SolCall::abi_encode(&MorphoOracle::priceCall {}).into()));
    let stranger = Wallet::new(Address::repeat_byte(0x33));
    let queries = [known(ANN, &[id()]), known(stranger, &[id()])];
    let read = reader(&node).read(&queries, SWEPT, &scope()).await;
    let account = morpho_account(&read[0].accounts[0]);
    assert_eq!((account.market.price, account.facts().owes), (None, Some(true)));
    assert!(account.facts().standing.is_err());
    assert_ne!(account.position, Position::default());
    assert_eq!(reasons(&read[1], Affects::Liquidation), [GapReason::Malformed]);
}
