//! Reads of Curve against a node on loopback.

use risk_engine::curve::{Kind, Position};
use risk_engine::pool::PoolPosition;

use super::*;
use crate::contracts::Erc20;
use crate::curve::{META_REGISTRY, MetaRegistry, Pool as Contract};
use crate::positions::curve::CurveSource;
use crate::testing_node::State;

/// An old pool with an LP token of its own, and a new one that is its own.
const OLD: Address = Address::repeat_byte(0xc0);
const OLD_LP: Address = Address::repeat_byte(0xc1);
const NEW: Address = Address::repeat_byte(0xc2);
const CRYPTO: Address = Address::repeat_byte(0xc3);
const WAD: u128 = 1_000_000_000_000_000_000;

fn word(value: u128) -> Vec<u8> {
    U256::from(value).to_be_bytes_vec()
}

fn padded<T: Copy>(items: [T; 2], zero: T) -> [T; 8] {
    let mut all = [zero; 8];
    all[..2].copy_from_slice(&items);
    all
}

/// Which pool a token is the LP token of; none where it is zero.
fn register(state: &mut State, token: Address, pool: Address) {
    let answer = MetaRegistry::get_pool_from_lp_tokenCall::abi_encode_returns(&pool);
    state.view(META_REGISTRY, &MetaRegistry::get_pool_from_lp_tokenCall { token }, answer);
}

/// A pool of a thousand WETH and a thousand USDC, whose LP tokens are two thousand.
fn add_pool(state: &mut State, pool: Address, lp_token: Address) {
    register(state, lp_token, pool);
    let coins = padded([WETH, USDC], Address::ZERO);
    let coins = MetaRegistry::get_coinsCall::abi_encode_returns(&coins);
    state.view(META_REGISTRY, &MetaRegistry::get_coinsCall { pool }, coins);
    let balances = padded([U256::from(1_000 * WAD), U256::from(1_000_000_000)], U256::ZERO);
    let balances = MetaRegistry::get_balancesCall::abi_encode_returns(&balances);
    state.view(META_REGISTRY, &MetaRegistry::get_balancesCall { pool }, balances);
    state.view(pool, &Contract::ACall {}, word(100));
    state.view(pool, &Contract::feeCall {}, word(4_000_000));
    state.view(pool, &Contract::get_virtual_priceCall {}, word(WAD));
    // totalSupply()
    let supply = alloy_primitives::Bytes::from_static(&[0x18, 0x16, 0x0d, 0xdd]);
    state.views.insert((lp_token, supply), word(2_000 * WAD).into());
    add_token(state, WETH, "WETH", 18);
    add_token(state, USDC, "USDC", 6);
}

fn hold(state: &mut State, token: Address, owner: Wallet, amount: u128) {
    state.view(token, &Erc20::balanceOfCall { owner: owner.address() }, word(amount));
}

/// Ann has LP tokens of the old pool beside a token that is none; Bob has neither, though he had.
async fn node() -> Node {
    let node = Node::of(CHAIN).await;
    let mut state = node.state();
    add_pool(&mut state, OLD, OLD_LP);
    register(&mut state, SPAM, Address::ZERO);
    add_token(&mut state, OLD_LP, "3Crv", 18);
    add_token(&mut state, SPAM, "SPAM", 9);
    for (owner, amount) in [(ANN, 50 * WAD), (BOB, 0)] {
        hold(&mut state, OLD_LP, owner, amount);
        add_balance(&mut state, SPAM, owner.address(), 7);
        add_balance(&mut state, MULTICALL3, owner.address(), 0);
    }
    drop(state);
    node
}

fn positions(node: &Node) -> ChainPositions {
    let sources: Vec<Box<dyn Source>> = vec![Box::new(CurveSource::new(CHAIN))];
    over(&node.base_url, None, sources)
}

async fn read_all(positions: &ChainPositions, tokens: &[Address], depth: Depth) -> Vec<WalletPositions> {
    let scope = Scope { protocols: vec![Protocol::Curve, Protocol::Tokens], chains: vec![] };
    positions.read(&[query(ANN, tokens), query(BOB, tokens)], depth, &scope).await
}

fn only(read: &WalletPositions) -> &Position {
    let [PoolPosition::Curve(position)] = &read.pools[..] else { panic!("{read:?}") };
    position
}

fn whats(read: &WalletPositions) -> Vec<(&str, GapReason, Affects)> {
    read.gaps.iter().map(|gap| (gap.what.as_str(), gap.reason, gap.affects)).collect()
}

fn held(read: &WalletPositions) -> Vec<Asset> {
    read.holdings.iter().map(|holding| holding.asset).collect()
}

#[tokio::test]
async fn an_lp_token_is_a_position_in_its_pool_and_no_holding() {
    let node = node().await;
    let positions = positions(&node);
    let cold = read_all(&positions, &[OLD_LP, SPAM], SWEPT).await;
    assert_eq!(node.asked().len(), 1 + 3, "the block; which tokens, the pool, its coins");
    assert_eq!(whats(&cold[0]), []);
    let position = only(&cold[0]);
    assert_eq!(position.amount, U256::from(50 * WAD));
    let pool = &*position.pool;
    assert_eq!((pool.address, pool.lp_token, pool.supply), (OLD, OLD_LP, U256::from(2_000 * WAD)));
    assert_eq!(pool.balances, [U256::from(1_000 * WAD), U256::from(1_000_000_000)]);
    let coins: Vec<_> = pool.tokens.iter().map(|coin| (&*coin.symbol, coin.decimals)).collect();
    assert_eq!(coins, [("WETH", 18), ("USDC", 6)]);
    let Kind::Stable { amp, rates, fee, virtual_price } = &pool.kind else { panic!("{pool:?}") };
    assert_eq!((amp.value, amp.precision), (U256::from(100), 1));
    assert_eq!(*rates, [U256::from(10).pow(U256::from(18)), U256::from(10).pow(U256::from(30))]);
    assert_eq!((*fee, *virtual_price), (U256::from(4_000_000), U256::from(WAD)));
    assert_eq!(held(&cold[0]), [Asset::contract(CHAIN, SPAM)]);
    assert_eq!(PoolPosition::Curve(position.clone()).receipt(), Some(Asset::contract(CHAIN, OLD_LP)));
    assert!(cold[1].pools.is_empty() && cold[1].gaps.is_empty(), "{:?}", cold[1]);

    // The registry is asked about a token once, whatever it said.
    register(&mut node.state(), SPAM, NEW);
    let warm = read_all(&positions, &[OLD_LP, SPAM], SWEPT).await;
    assert_eq!(node.asked().len(), 1 + 1);
    assert_eq!((only(&warm[0]), held(&warm[0])), (only(&cold[0]), held(&cold[0])));
}

#[tokio::test]
async fn requests_do_not_grow_with_wallets_and_a_pool_is_shared() {
    let node = node().await;
    let wallets: Vec<Wallet> =
        (1..=300_u64).map(|at| Wallet::new(Address::left_padding_from(&(at << 8).to_be_bytes()))).collect();
    for wallet in &wallets {
        hold(&mut node.state(), OLD_LP, *wallet, WAD);
    }
    let queries: Vec<_> = wallets.iter().map(|wallet| query(*wallet, &[OLD_LP, SPAM])).collect();
    let scope = Scope { protocols: vec![Protocol::Curve], chains: vec![] };
    let read = positions(&node).read(&queries, SWEPT, &scope).await;
    assert_eq!(node.asked().len(), 1 + 3);
    let pool = &only(&read[0]).pool;
    assert!(read.iter().all(|read| Arc::ptr_eq(&only(read).pool, pool) && read.gaps.is_empty()));
}

#[tokio::test]
async fn a_discovered_lp_token_is_found_whether_or_not_tokens_are_wanted() {
    let node = node().await;
    let row = json!({ "contractAddress": OLD_LP, "tokenBalance": "0x7" });
    node.state().token_pages.insert(ANN.address(), vec![json!({ "tokenBalances": [row] })]);
    let positions = positions(&node);
    for protocols in [vec![Protocol::Curve, Protocol::Tokens], vec![Protocol::Curve]] {
        let scope = Scope { protocols, chains: vec![] };
        let read = positions.read(&[query(ANN, &[])], Depth::Discover, &scope).await;
        assert_eq!(only(&read[0]).pool.address, OLD);
        assert!(read[0].holdings.is_empty() && read[0].gaps.is_empty(), "{:?}", read[0]);
    }
    // Where the scope leaves Curve out, its LP tokens are no holdings all the same.
    let scope = Scope { protocols: vec![Protocol::Tokens], chains: vec![] };
    let read = positions.read(&[query(ANN, &[])], Depth::Discover, &scope).await;
    assert!(read[0].pools.is_empty() && read[0].holdings.is_empty() && read[0].gaps.is_empty());

    node.state().tamper = Some(Box::new(|method, _| {
        (method == "alchemy_getTokenBalances")
            .then(|| json!({ "error": { "code": -32601, "message": "method not found" } }))
    }));
    for protocols in [vec![Protocol::Curve, Protocol::Tokens], vec![Protocol::Curve]] {
        let scope = Scope { protocols, chains: vec![] };
        let read = positions.read(&[query(ANN, &[OLD_LP])], Depth::Discover, &scope).await;
        assert_eq!(only(&read[0]).pool.address, OLD);
        assert_eq!(
            whats(&read[0]),
            [("token discovery on ethereum", GapReason::Unsupported, Affects::Value)]
        );
    }
}

#[tokio::test]
async fn newer_pools_tell_their_rates_and_crypto_pools_the_price_of_their_lp_token() {
    let node = node().await;
    let rates = vec![U256::from(1_200_000_000_000_000_000_u128), U256::from(10).pow(U256::from(30))];
    {
        let mut state = node.state();
        for pool in [NEW, CRYPTO] {
            add_pool(&mut state, pool, pool);
            hold(&mut state, pool, ANN, WAD);
        }
        state.view(NEW, &Contract::A_preciseCall {}, word(20_000));
        let list = Contract::stored_ratesCall::abi_encode_returns(&rates);
        state.view(NEW, &Contract::stored_ratesCall {}, list);
        state.view(CRYPTO, &Contract::gammaCall {}, word(1));
        state.view(CRYPTO, &Contract::lp_priceCall {}, word(3 * WAD));
    }
    let query = [query(ANN, &[NEW, CRYPTO])];
    let positions = positions(&node);
    let scope = Scope { protocols: vec![Protocol::Curve], chains: vec![] };
    let kinds = |read: &WalletPositions| -> Vec<Kind> {
        let kind = |pool: &PoolPosition| match pool {
            PoolPosition::Curve(position) => position.pool.kind.clone(),
            PoolPosition::UniswapV3(_) => panic!("{pool:?}"),
        };
        read.pools.iter().map(kind).collect()
    };
    let found = positions.read(&query, SWEPT, &scope).await;
    let [Kind::Stable { amp, rates: seen, .. }, crypto] = &kinds(&found[0])[..] else { panic!("{found:?}") };
    assert_eq!((amp.value, amp.precision, seen), (U256::from(20_000), 100, &rates));
    assert_eq!(*crypto, Kind::Crypto { lp_price: U256::from(3 * WAD) });
    // Older pools with rates answer with bare words.
    let bare: Vec<u8> = rates.iter().flat_map(U256::to_be_bytes_vec).collect();
    node.state().view(NEW, &Contract::stored_ratesCall {}, bare);
    let again = positions.read(&query, SWEPT, &scope).await;
    assert_eq!(kinds(&again[0]), kinds(&found[0]));
}

#[tokio::test]
async fn what_cannot_be_read_is_a_named_gap_and_stays_a_holding() {
    let node = node().await;
    let positions = positions(&node);
    let in_pool = format!("curve position in {OLD:#x} on ethereum");
    for (target, call, returns) in [
        (OLD, Contract::get_virtual_priceCall {}.abi_encode(), vec![1, 2, 3]),
        (META_REGISTRY, MetaRegistry::get_balancesCall { pool: OLD }.abi_encode(), Vec::new()),
        (OLD, Contract::gammaCall {}.abi_encode(), vec![7; 31]),
        (USDC, Erc20::decimalsCall {}.abi_encode(), word(40)),
        // An empty list of rates, which looks like two bare words.
        (
            OLD,
            Contract::stored_ratesCall {}.abi_encode(),
            Contract::stored_ratesCall::abi_encode_returns(&vec![]),
        ),
    ] {
        let key = (target, call.into());
        let known = node.state().views.insert(key.clone(), returns.into());
        let broken = read_all(&positions, &[OLD_LP], SWEPT).await;
        assert!(broken[0].pools.is_empty());
        assert_eq!(whats(&broken[0]), [(in_pool.as_str(), GapReason::Malformed, Affects::Value)], "{key:?}");
        assert_eq!(held(&broken[0]), [Asset::contract(CHAIN, OLD_LP)], "kept, and asked again");
        assert!(broken[1].gaps.is_empty(), "Bob has nothing in it: {:?}", broken[1].gaps);
        match known {
            Some(known) => node.state().views.insert(key, known),
            None => node.state().views.remove(&key),
        };
    }
    assert_eq!(only(&read_all(&positions, &[OLD_LP], SWEPT).await[0]).pool.address, OLD);
}

#[tokio::test]
async fn a_registry_that_does_not_answer_leaves_the_positions_open_and_is_asked_again() {
    let node = node().await;
    let positions = positions(&node);
    let call = MetaRegistry::get_pool_from_lp_tokenCall { token: OLD_LP };
    node.state().views.remove(&(META_REGISTRY, call.abi_encode().into()));
    let broken = read_all(&positions, &[OLD_LP, SPAM], SWEPT).await;
    assert_eq!(whats(&broken[0]), [("curve positions on ethereum", GapReason::Malformed, Affects::Value)]);
    assert_eq!(held(&broken[0]).len(), 2);
    register(&mut node.state(), OLD_LP, OLD);
    let whole = read_all(&positions, &[OLD_LP, SPAM], SWEPT).await;
    assert_eq!((only(&whole[0]).pool.address, whole[0].gaps.len()), (OLD, 0));

    node.state().reply = Some((500, String::new()));
    let scope = Scope { protocols: vec![Protocol::Curve], chains: vec![] };
    let dead = positions.read(&[query(ANN, &[OLD_LP])], SWEPT, &scope).await;
    assert_eq!(whats(&dead[0]), [("curve positions on ethereum", GapReason::Unavailable, Affects::Value)]);
}
