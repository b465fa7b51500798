//! Whole reads of a chain against a node on loopback.

mod curve;
mod faults;
mod morpho;
mod uniswap;

use alloy_sol_types::SolCall;
use risk_engine::lending::Account;
use risk_engine::position::Provenance;
use risk_model::{Address, Affects, Asset, GapReason, Timestamp, U256, Wallet};
use serde_json::json;
use std::time::Duration;

use super::*;
use crate::alchemy::{AlchemySettings, DEFAULT_URL};
use crate::contracts::{Pool, UiPoolDataProvider};
use crate::key::Key;
use crate::markets::market_of;
use crate::multicall::MULTICALL3;
use crate::testing::{Answer, NOON, Provider, SWEPT, SetClock, client};
use crate::testing_node::{Node, USDC, WETH, a_token, add_balance, add_market, add_token, add_user};
use crate::the_graph::TheGraphSettings;

const CHAIN: ChainId = ChainId::Ethereum;
const ANN: Wallet = Wallet::new(Address::repeat_byte(0x11));
const BOB: Wallet = Wallet::new(Address::repeat_byte(0x22));
const SPAM: Address = Address::repeat_byte(0x5a);

/// A node with a market, in which Ann has an account and Bob has none.
async fn node() -> Node {
    let node = Node::of(CHAIN).await;
    let mut state = node.state();
    add_market(&mut state, CHAIN);
    add_user(&mut state, CHAIN, ANN.address(), 1, [(1_000_000, true, 0), (0, false, 500), (0, true, 0)]);
    add_user(&mut state, CHAIN, BOB.address(), 0, [(0, false, 0); 3]);
    drop(state);
    node
}

fn positions(alchemy_url: &str, graph_url: Option<&str>) -> ChainPositions {
    // The other protocols have their own tests; a node that knows nothing of them would make each a gap here.
    let sources: Vec<Box<dyn Source>> = vec![Box::new(aave::AaveSource::new(market_of(CHAIN)))];
    over(alchemy_url, graph_url, sources)
}

/// Reads of these protocols of the chain.
fn over(alchemy_url: &str, graph_url: Option<&str>, sources: Vec<Box<dyn Source>>) -> ChainPositions {
    let clock = SetClock::at(NOON);
    let settings = AlchemySettings {
        url: alchemy_url.to_owned(),
        key: None,
        rate_per_second: None,
        deadline: Duration::from_secs(8),
    };
    let alchemy = Alchemy::new(&client(), &settings, &[CHAIN]).unwrap();
    let settings = TheGraphSettings {
        base_url: graph_url.unwrap_or("http://127.0.0.1:1").to_owned(),
        key: graph_url.and_then(|_| Key::new("sandbox")),
        rate_per_second: None,
        deadline: Duration::from_secs(8),
    };
    let graph = TheGraph::new(&client(), &settings, clock.clone()).unwrap();
    ChainPositions::over(alchemy, graph, vec![(CHAIN, sources)], &Protocol::ALL, clock)
}

fn account_of(account: &LendingAccount) -> &risk_engine::aave::Account {
    match &account.account {
        Account::Aave(account) => account,
        other => panic!("{other:?}"),
    }
}

fn query(wallet: Wallet, known: &[Address]) -> WalletQuery {
    let known_tokens = known.iter().map(|token| Asset::contract(CHAIN, *token)).collect();
    WalletQuery { wallet, known_tokens, known_markets: Vec::new() }
}

async fn read(positions: &ChainPositions, queries: &[WalletQuery], depth: Depth) -> Vec<WalletPositions> {
    positions.read(queries, depth, &Scope::default()).await
}

fn reasons(read: &WalletPositions, affects: Affects) -> Vec<GapReason> {
    read.gaps.iter().filter(|gap| gap.affects == affects).map(|gap| gap.reason).collect()
}

/// The subgraph's reply: these wallets have a supply of WETH.
fn indexed(wallets: &[Wallet], age_seconds: u64) -> serde_json::Value {
    let rows: Vec<_> = wallets
        .iter()
        .map(|wallet| {
            let mut row = crate::the_graph::tests::sample_row(*wallet, 0xe1, "100", "0");
            row["reserve"]["lastUpdateTimestamp"] = json!(NOON - 10_000);
            row
        })
        .collect();
    let block =
        json!({ "number": 7, "hash": risk_model::B256::repeat_byte(7), "timestamp": NOON - age_seconds });
    json!({ "data": { "_meta": { "block": block, "hasIndexingErrors": false }, "userReserves": rows } })
}

#[tokio::test]
async fn a_sweep_reads_accounts_and_tokens_of_one_block_in_two_requests_once_it_knows_the_market() {
    let node = node().await;
    add_token(&mut node.state(), SPAM, "SPAM", 9);
    for (token, owner, amount) in [(SPAM, ANN, 7), (MULTICALL3, ANN, 3), (USDC, BOB, 0)] {
        add_balance(&mut node.state(), token, owner.address(), amount);
    }
    let positions = positions(&node.base_url, None);
    let queries = [query(ANN, &[SPAM]), query(BOB, &[USDC])];
    let cold = read(&positions, &queries, SWEPT).await;
    assert_eq!(
        node.asked().len(),
        3,
        "the block with hints, the batch, and what only the sources' addresses led to"
    );
    let warm = read(&positions, &queries, SWEPT).await;
    let asked = node.asked();
    assert_eq!(asked.len(), 2);
    assert_eq!(asked[0], ["eth_getBlockByNumber"]);
    assert!(asked[1].len() <= 5 && asked[1].iter().all(|method| method == "eth_call"));

    let [ann, bob] = warm.as_slice() else { panic!("one entry a wallet") };
    assert_eq!((ann.wallet, bob.wallet), (ANN, BOB));
    assert_eq!((ann.gaps.len(), bob.gaps.len()), (0, 0), "{:?}", ann.gaps);
    let read_from = ann.accounts[0].provenance;
    let account = account_of(&ann.accounts[0]);
    assert_eq!((read_from, account.position.e_mode), (Provenance::Chain, 1));
    assert_eq!(account.position.reserves.len(), 2);
    assert_eq!(account.position.reserves[1].scaled_variable_debt, U256::from(500));
    assert_eq!(account.market.block.hash, node.state().hash());
    assert!(bob.accounts.is_empty() && bob.holdings.is_empty());
    let held: Vec<_> = ann.holdings.iter().map(|held| (&*held.symbol, held.decimals, held.amount)).collect();
    assert_eq!(held, [("ETH", 18, U256::from(3)), ("SPAM", 9, U256::from(7))]);
    assert!(ann.holdings.iter().all(|held| held.block == account.market.block));
    assert_eq!(ann.readings, bob.readings);
    assert_eq!(cold[0].holdings, ann.holdings);
    assert_eq!(account_of(&cold[0].accounts[0]).market, account.market);
}

#[tokio::test]
async fn a_thousand_wallets_take_as_many_requests_as_one() {
    let node = node().await;
    let queries: Vec<WalletQuery> = (1..=1000_u64)
        .map(|at| Wallet::new(Address::left_padding_from(&(at << 8).to_be_bytes())))
        .map(|wallet| {
            add_user(
                &mut node.state(),
                CHAIN,
                wallet.address(),
                0,
                [(5, true, 0), (0, false, 0), (0, false, 0)],
            );
            query(wallet, &[])
        })
        .collect();
    let positions = positions(&node.base_url, None);
    let read = read(&positions, &queries, SWEPT).await;
    assert_eq!(node.asked().len(), 3);
    assert!(read.iter().zip(&queries).all(|(read, query)| read.wallet == query.wallet));
    assert!(read.iter().all(|read| read.accounts.len() == 1 && read.gaps.is_empty()));
    let market = &account_of(&read[0].accounts[0]).market;
    assert!(
        read.iter().all(|read| Arc::ptr_eq(&account_of(&read.accounts[0]).market, market)),
        "one market, shared"
    );
}

/// So many wallets without anything: enough that a sweep asks for bitmaps first.
fn idle(node: &Node, count: u64) -> Vec<WalletQuery> {
    let wallet = |at: u64| Wallet::new(Address::left_padding_from(&(at << 8).to_be_bytes()));
    let wallets: Vec<Wallet> = (1..=count).map(wallet).collect();
    for wallet in &wallets {
        add_user(&mut node.state(), CHAIN, wallet.address(), 0, [(0, false, 0); 3]);
        forget_rows(node, *wallet);
    }
    wallets.into_iter().map(|wallet| query(wallet, &[])).collect()
}

/// A wallet whose rows cannot be read.
fn forget_rows(node: &Node, wallet: Wallet) {
    let (market, user) = (market_of(CHAIN), wallet.address());
    let call = UiPoolDataProvider::getUserReservesDataCall { provider: market.provider, user };
    node.state().views.remove(&(market.ui_data, call.abi_encode().into()));
}

#[tokio::test]
async fn pages_of_a_sweep_are_read_at_one_block_until_it_is_gone() {
    let node = node().await;
    let positions = positions(&node.base_url, None);
    let sweep = Depth::Known { since: Timestamp::new(NOON - 1) };
    let queries = [query(ANN, &[])];
    read(&positions, &queries, sweep).await;
    node.asked();
    read(&positions, &queries, sweep).await;
    assert_eq!(node.asked().len(), 1, "the block was asked for again");
    node.state().number += 1;
    let read = read(&positions, &queries, sweep).await;
    assert_eq!(node.asked().len(), 3, "the block that is gone, the newest, the accounts at it");
    assert_eq!((read[0].accounts.len(), read[0].gaps.len()), (1, 0), "{:?}", read[0].gaps);
}

#[tokio::test]
async fn a_large_sweep_asks_the_rows_of_those_alone_who_are_in_the_market() {
    let node = node().await;
    let cleo = Wallet::new(Address::repeat_byte(0x33));
    add_user(&mut node.state(), CHAIN, cleo.address(), 0, [(9, false, 0), (0, false, 0), (0, false, 0)]);
    let mut queries = idle(&node, 200);
    queries.extend([query(ANN, &[]), query(cleo, &[a_token(WETH)])]);
    let positions = positions(&node.base_url, None);
    read(&positions, &queries, SWEPT).await;
    node.asked();
    let read = read(&positions, &queries, SWEPT).await;
    assert_eq!(node.asked().len(), 3, "the block; views and bitmaps; rows");
    assert!(read.iter().all(|read| read.gaps.is_empty()), "{:?}", read[0].gaps);
    assert!(read[..200].iter().all(|read| read.accounts.is_empty() && !read.readings.is_empty()));
    assert_eq!(account_of(&read[200].accounts[0]).position.reserves.len(), 2);
    let idle = account_of(&read[201].accounts[0]);
    assert_eq!(
        idle.position.reserves[0].scaled_a_token,
        U256::from(9),
        "no collateral, but its token is known"
    );
    assert_eq!(idle.unlisted_deposits(), [Asset::contract(CHAIN, a_token(WETH))]);
}

#[tokio::test]
async fn a_bitmap_that_cannot_be_read_is_a_gap_and_no_empty_account() {
    let node = node().await;
    let mut queries = idle(&node, 200);
    queries.push(query(ANN, &[]));
    let call = |wallet: Wallet| Pool::getUserConfigurationCall { user: wallet.address() };
    let key = |wallet: Wallet| (market_of(CHAIN).pool, call(wallet).abi_encode().into());
    node.state().views.remove(&key(queries[0].wallet));
    node.state().views.insert(key(queries[1].wallet), vec![0; 31].into());
    forget_rows(&node, ANN);
    let read = read(&positions(&node.base_url, None), &queries, SWEPT).await;
    for at in [0, 1, 200] {
        assert_eq!(reasons(&read[at], Affects::Liquidation), [GapReason::Malformed], "{at}");
    }
    assert!(read[2..200].iter().all(|read| read.gaps.is_empty()));
}

#[tokio::test]
async fn discovery_finds_tokens_and_leaves_out_the_markets_own() {
    let node = node().await;
    let own = a_token(WETH);
    add_token(&mut node.state(), SPAM, "SPAM", 9);
    for token in [SPAM, own] {
        add_balance(&mut node.state(), token, ANN.address(), 7);
    }
    add_token(&mut node.state(), own, "aEthWETH", 18);
    let row = |token: Address| json!({ "contractAddress": token, "tokenBalance": "0x7" });
    let page = json!({ "tokenBalances": [row(SPAM), row(own)] });
    node.state().token_pages.insert(ANN.address(), vec![page]);
    let positions = positions(&node.base_url, None);
    let read = read(&positions, &[query(ANN, &[])], Depth::Discover).await;
    assert_eq!(read[0].holdings.len(), 1);
    assert_eq!(read[0].holdings[0].asset, Asset::contract(CHAIN, SPAM));
    assert!(read[0].readings.iter().any(|reading| reading.what == "token discovery"));
    assert_eq!(
        reasons(&read[0], Affects::Confirmation),
        [GapReason::NotConfigured],
        "no subgraph to confirm by"
    );
    assert_eq!(read[0].gaps.len(), 1);
}

#[tokio::test]
async fn a_scope_leaves_out_what_it_does_not_hold() {
    let node = node().await;
    let positions = positions(&node.base_url, None);
    let tokens = Scope { protocols: vec![Protocol::Tokens], chains: vec![] };
    let read = positions.read(&[query(ANN, &[])], SWEPT, &tokens).await;
    assert!(read[0].accounts.is_empty() && read[0].gaps.is_empty());
    let base = Scope { protocols: vec![], chains: vec![ChainId::Base] };
    node.asked();
    let read = positions.read(&[query(ANN, &[])], SWEPT, &base).await;
    assert!(read[0].gaps.is_empty() && read[0].readings.is_empty() && node.asked().is_empty());
}

#[tokio::test]
async fn a_coin_that_is_also_a_token_is_counted_once() {
    let chain = ChainId::Polygon;
    let node = Node::of(chain).await;
    add_market(&mut node.state(), chain);
    add_user(&mut node.state(), chain, ANN.address(), 0, [(0, false, 0); 3]);
    let coin: Address = "0x0000000000000000000000000000000000001010".parse().unwrap();
    add_token(&mut node.state(), coin, "POL", 18);
    for token in [MULTICALL3, coin] {
        add_balance(&mut node.state(), token, ANN.address(), 9);
    }
    let clock = SetClock::at(NOON);
    let settings = AlchemySettings {
        url: node.base_url.clone(),
        key: None,
        rate_per_second: None,
        deadline: Duration::from_secs(8),
    };
    let alchemy = Alchemy::new(&client(), &settings, &[chain]).unwrap();
    let settings = TheGraphSettings {
        base_url: "http://127.0.0.1:1".to_owned(),
        key: None,
        rate_per_second: None,
        deadline: Duration::from_secs(8),
    };
    let graph = TheGraph::new(&client(), &settings, clock.clone()).unwrap();
    let positions = ChainPositions::new(alchemy, graph, &[chain], &Protocol::ALL, clock);
    let known_tokens = vec![Asset::contract(chain, coin)];
    let query = WalletQuery { wallet: ANN, known_tokens, known_markets: Vec::new() };
    let read = read(&positions, &[query], SWEPT).await;
    assert_eq!(read[0].holdings.len(), 1);
    assert_eq!((read[0].holdings[0].asset, &*read[0].holdings[0].symbol), (Asset::native(chain), "POL"));
}
