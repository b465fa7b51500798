//! Reads of Uniswap V3 against a node on loopback.

use alloy_primitives::aliases::{I24, I56, U24, U96, U160};
use risk_engine::pool::PoolPosition;
use risk_engine::uniswap::Position;
use risk_engine::uniswap::tick::sqrt_ratio_at;

use super::*;
use crate::positions::uniswap::UniswapSource;
use crate::testing_node::State;
use crate::uniswap::{Addresses, PositionManager, addresses_of, pool_of};

const FEE: u32 = 500;
const TICK: i32 = 198_500;
const ENDS: [i32; 2] = [196_000, 201_000];
const LIQUIDITY: u128 = 5_000_000_000_000_000;

fn addresses() -> Addresses {
    addresses_of(CHAIN)
}

fn pool() -> Address {
    pool_of(addresses().factory, [WETH, USDC], FEE)
}

fn word(value: impl TryInto<U256>) -> Vec<u8> {
    value.try_into().ok().unwrap().to_be_bytes_vec()
}

/// Gives the node a pool of WETH and USDC.
fn add_pool(state: &mut State) {
    use crate::uniswap::Pool as Contract;
    let slot = Contract::slot0Return {
        sqrtPriceX96: sqrt_ratio_at(TICK).unwrap().to::<U160>(),
        tick: I24::try_from(TICK).unwrap(),
        observationIndex: 0,
        observationCardinality: 100,
        observationCardinalityNext: 100,
        feeProtocol: 0,
        unlocked: true,
    };
    state.view(pool(), &Contract::slot0Call {}, Contract::slot0Call::abi_encode_returns(&slot));
    // A mean of −0.5 ticks is the tick under it.
    let record = Contract::observeReturn {
        tickCumulatives: vec![I56::try_from(1_000_i64).unwrap(), I56::try_from(100_i64).unwrap()],
        secondsPerLiquidityCumulativeX128s: vec![U160::ZERO; 2],
    };
    let ago = Contract::observeCall { secondsAgos: vec![1_800, 0] };
    state.view(pool(), &ago, Contract::observeCall::abi_encode_returns(&record));
    state.view(pool(), &Contract::feeGrowthGlobal0X128Call {}, word(U256::from(3) << 128));
    state.view(pool(), &Contract::feeGrowthGlobal1X128Call {}, word(U256::ZERO));
    for tick in ENDS {
        let ends = Contract::ticksReturn {
            liquidityGross: LIQUIDITY,
            liquidityNet: 0,
            feeGrowthOutside0X128: U256::ONE << 128,
            feeGrowthOutside1X128: U256::ZERO,
            tickCumulativeOutside: I56::ZERO,
            secondsPerLiquidityOutsideX128: U160::ZERO,
            secondsOutside: 0,
            initialized: true,
        };
        let call = Contract::ticksCall { tick: I24::try_from(tick).unwrap() };
        state.view(pool(), &call, Contract::ticksCall::abi_encode_returns(&ends));
    }
    add_token(state, WETH, "WETH", 18);
    add_token(state, USDC, "USDC", 6);
}

/// An NFT with this liquidity and a base unit of each token owed where it has any.
fn add_nft(state: &mut State, id: u64, liquidity: u128) {
    let row = PositionManager::positionsReturn {
        nonce: U96::ZERO,
        operator: Address::ZERO,
        token0: WETH,
        token1: USDC,
        fee: U24::from(FEE),
        tickLower: I24::try_from(ENDS[0]).unwrap(),
        tickUpper: I24::try_from(ENDS[1]).unwrap(),
        liquidity,
        feeGrowthInside0LastX128: U256::ZERO,
        feeGrowthInside1LastX128: U256::ZERO,
        tokensOwed0: u128::from(liquidity != 0),
        tokensOwed1: u128::from(liquidity != 0),
    };
    let call = PositionManager::positionsCall { tokenId: U256::from(id) };
    state.view(addresses().manager, &call, PositionManager::positionsCall::abi_encode_returns(&row));
}

fn give(state: &mut State, owner: Wallet, ids: &[u64]) {
    let (manager, owner) = (addresses().manager, owner.address());
    state.view(manager, &PositionManager::balanceOfCall { owner }, word(U256::from(ids.len())));
    for (index, id) in ids.iter().enumerate() {
        let call = PositionManager::tokenOfOwnerByIndexCall { owner, index: U256::from(index) };
        state.view(manager, &call, word(U256::from(*id)));
    }
}

/// Ann has a position and a closed one; Bob has none.
async fn node() -> Node {
    let node = Node::of(CHAIN).await;
    let mut state = node.state();
    add_pool(&mut state);
    add_nft(&mut state, 7, LIQUIDITY);
    add_nft(&mut state, 8, 0);
    give(&mut state, ANN, &[7, 8]);
    give(&mut state, BOB, &[]);
    drop(state);
    node
}

fn positions(node: &Node) -> ChainPositions {
    let sources: Vec<Box<dyn Source>> = vec![Box::new(UniswapSource::new(addresses()))];
    over(&node.base_url, None, sources)
}

async fn read(positions: &ChainPositions, wallets: &[Wallet], depth: Depth) -> Vec<WalletPositions> {
    let queries: Vec<WalletQuery> = wallets.iter().map(|wallet| query(*wallet, &[])).collect();
    let scope = Scope { protocols: vec![Protocol::UniswapV3], chains: vec![] };
    positions.read(&queries, depth, &scope).await
}

fn only(read: &WalletPositions) -> &Position {
    let [PoolPosition::UniswapV3(position)] = &read.pools[..] else { panic!("{read:?}") };
    position
}

fn malformed(what: &str) -> (&str, GapReason, Affects) {
    (what, GapReason::Malformed, Affects::Value)
}

fn whats(read: &WalletPositions) -> Vec<(&str, GapReason, Affects)> {
    read.gaps.iter().map(|gap| (gap.what.as_str(), gap.reason, gap.affects)).collect()
}

#[tokio::test]
async fn a_sweep_that_knows_the_nfts_reads_them_in_two_requests() {
    let node = node().await;
    let positions = positions(&node);
    let cold = read(&positions, &[ANN, BOB], SWEPT).await;
    assert_eq!(node.asked().len(), 1 + 4, "the block; counts, numbers, positions, and the pool");
    let warm = read(&positions, &[ANN, BOB], SWEPT).await;
    assert_eq!(node.asked().len(), 2);
    assert_eq!((warm[0].gaps.len(), warm[1].gaps.len()), (0, 0), "{:?}", warm[0].gaps);
    assert_eq!(only(&cold[0]), only(&warm[0]));
    assert!(warm[1].pools.is_empty() && warm[1].readings == warm[0].readings);
    assert_eq!(warm[0].readings[0].what, "uniswap_v3 positions");
    let position = only(&warm[0]);
    assert_eq!(
        (position.token_id, position.liquidity, position.tokens_owed),
        (U256::from(7), LIQUIDITY, [1, 1])
    );
    assert_eq!([position.lower.tick, position.upper.tick], ENDS);
    assert_eq!(position.pool.sqrt_price, sqrt_ratio_at(TICK).unwrap());
    assert_eq!((position.pool.tick, position.pool.average_tick), (TICK, Some(-1)));
    assert_eq!(
        position.pool.tokens.each_ref().map(|token| (&*token.symbol, token.decimals)),
        [("WETH", 18), ("USDC", 6)]
    );
    assert_eq!(position.pool.block.hash, node.state().hash());
}

#[tokio::test]
async fn a_question_that_somebody_waits_for_asks_for_the_first_nfts_blindly() {
    let node = node().await;
    let read = read(&positions(&node), &[ANN], Depth::Discover).await;
    // The token list is not in the scope, and the subgraph is Aave's.
    assert_eq!(node.asked().len(), 1 + 3);
    assert_eq!(only(&read[0]).token_id, U256::from(7));
    assert!(read[0].gaps.is_empty(), "{:?}", read[0].gaps);
}

#[tokio::test]
async fn requests_do_not_grow_with_wallets_and_a_pool_is_shared() {
    let node = node().await;
    let wallets: Vec<Wallet> =
        (1..=300_u64).map(|at| Wallet::new(Address::left_padding_from(&(at << 8).to_be_bytes()))).collect();
    for (id, wallet) in (1_000..).zip(&wallets) {
        add_nft(&mut node.state(), id, LIQUIDITY);
        give(&mut node.state(), *wallet, &[id]);
    }
    let positions = positions(&node);
    let read = read(&positions, &wallets, SWEPT).await;
    assert_eq!(node.asked().len(), 5);
    let pool = &only(&read[0]).pool;
    assert!(read.iter().all(|read| Arc::ptr_eq(&only(read).pool, pool) && read.gaps.is_empty()));
}

#[tokio::test]
async fn an_nft_that_moves_to_another_wallet_is_found_there_and_nowhere_else() {
    let node = node().await;
    let positions = positions(&node);
    read(&positions, &[ANN, BOB], SWEPT).await;
    give(&mut node.state(), ANN, &[]);
    give(&mut node.state(), BOB, &[7]);
    let moved = read(&positions, &[ANN, BOB], SWEPT).await;
    assert!(moved[0].pools.is_empty() && moved[0].gaps.is_empty(), "{:?}", moved[0]);
    assert_eq!(only(&moved[1]).token_id, U256::from(7));
    node.asked();
    add_nft(&mut node.state(), 7, 0);
    let closed = read(&positions, &[ANN, BOB], SWEPT).await;
    assert!(closed.iter().all(|wallet| wallet.pools.is_empty() && wallet.gaps.is_empty()));
    add_nft(&mut node.state(), 7, LIQUIDITY - 1);
    let again = read(&positions, &[BOB], SWEPT).await;
    assert_eq!(only(&again[0]).liquidity, LIQUIDITY - 1);
}

#[tokio::test]
async fn what_cannot_be_read_is_a_named_gap_and_the_rest_is_read() {
    use crate::uniswap::Pool as Contract;
    let node = node().await;
    // An NFT that the manager does not know, one listed twice, and one whose end carries less than it.
    add_nft(&mut node.state(), 9, LIQUIDITY + 1);
    give(&mut node.state(), ANN, &[7, 7, 404, 9]);
    let no_code = Wallet::new(Address::repeat_byte(0x33));
    let owner = no_code.address();
    node.state().view(addresses().manager, &PositionManager::balanceOfCall { owner }, Vec::new());
    let positions = positions(&node);
    let found = read(&positions, &[ANN, no_code], SWEPT).await;
    assert_eq!(only(&found[0]).token_id, U256::from(7));
    let unread = [7, 404, 9].map(|id| format!("uniswap_v3 position {id} on ethereum"));
    assert_eq!(whats(&found[0]), unread.each_ref().map(|what| malformed(what)));
    assert_eq!(whats(&found[1]), [malformed("uniswap_v3 positions on ethereum")]);
    assert!(found[1].readings.is_empty());

    give(&mut node.state(), ANN, &[7]);
    for (call, returns) in [
        (Contract::slot0Call {}.abi_encode(), Vec::new()),
        (Contract::feeGrowthGlobal0X128Call {}.abi_encode(), vec![0xff; 31]),
    ] {
        let known = node.state().views.insert((pool(), call.clone().into()), returns.into());
        let broken = read(&positions, &[ANN], SWEPT).await;
        assert_eq!(whats(&broken[0]), [malformed("uniswap_v3 position 7 on ethereum")]);
        assert!(broken[0].pools.is_empty());
        node.state().views.insert((pool(), call.into()), known.unwrap());
    }
}

#[tokio::test]
async fn a_pool_without_a_record_has_no_average_and_a_record_that_fails_is_named() {
    use crate::uniswap::Pool as Contract;
    let node = node().await;
    let positions = positions(&node);
    let ago = Contract::observeCall { secondsAgos: vec![1_800, 0] }.abi_encode();
    node.state().views.remove(&(pool(), ago.clone().into()));
    let none = read(&positions, &[ANN], SWEPT).await;
    assert_eq!(only(&none[0]).pool.average_tick, None);
    assert!(none[0].gaps.is_empty(), "{:?}", none[0].gaps);
    node.state().views.insert((pool(), ago.into()), vec![1, 2, 3].into());
    let broken = read(&positions, &[ANN], SWEPT).await;
    assert_eq!(only(&broken[0]).pool.average_tick, None);
    let what = format!("uniswap_v3 average price of {:#x} on ethereum", pool());
    assert_eq!(whats(&broken[0]), [(what.as_str(), GapReason::Unavailable, Affects::Confirmation)]);
}

#[tokio::test]
async fn more_nfts_than_are_read_are_a_gap_whatever_their_number() {
    let node = node().await;
    let ids: Vec<u64> = (1_000..1_250).collect();
    for id in &ids {
        add_nft(&mut node.state(), *id, LIQUIDITY);
    }
    give(&mut node.state(), ANN, &ids);
    let positions = positions(&node);
    for count in [U256::from(250), U256::MAX] {
        let owner = ANN.address();
        node.state().view(addresses().manager, &PositionManager::balanceOfCall { owner }, word(count));
        let read = read(&positions, &[ANN], SWEPT).await;
        assert_eq!(read[0].pools.len(), 200);
        let what = "uniswap_v3 positions after the first 200 on ethereum";
        assert_eq!(whats(&read[0]), [(what, GapReason::Unsupported, Affects::Value)]);
    }
}

#[tokio::test]
async fn a_round_that_fails_leaves_its_part_open_and_a_later_read_closes_it() {
    let node = node().await;
    let positions = positions(&node);
    // Rounds after the first fail whole, as when a provider breaks down in the middle.
    let calls = std::sync::atomic::AtomicUsize::new(0);
    let first = move |method: &str, _: &serde_json::Value| {
        let is_call = method == "eth_call";
        let broken = is_call && calls.fetch_add(1, std::sync::atomic::Ordering::SeqCst) >= 1;
        broken.then(|| json!({ "error": { "code": -32000, "message": "backend unavailable" } }))
    };
    node.state().tamper = Some(Box::new(first));
    let broken = read(&positions, &[ANN], SWEPT).await;
    assert!(broken[0].pools.is_empty());
    let indexes = ["at index 0", "at index 1"].map(|name| format!("uniswap_v3 position {name} on ethereum"));
    let open = indexes.each_ref().map(|what| (what.as_str(), GapReason::Unavailable, Affects::Value));
    assert_eq!(whats(&broken[0]), open);
    node.state().tamper = None;
    let whole = read(&positions, &[ANN], SWEPT).await;
    assert!(whole[0].gaps.is_empty());
    assert_eq!(only(&whole[0]).token_id, U256::from(7));
}

#[tokio::test]
async fn a_chain_that_cannot_be_read_leaves_the_positions_open() {
    let node = node().await;
    node.state().reply = Some((500, String::new()));
    let read = read(&positions(&node), &[ANN], SWEPT).await;
    assert_eq!(
        whats(&read[0]),
        [("uniswap_v3 positions on ethereum", GapReason::Unavailable, Affects::Value)]
    );
}

#[test]
fn a_wallet_that_has_none_costs_one_view() {
    let wallet = ANN.address();
    let mut read =
        crate::uniswap::LiquidityRead::new(addresses(), vec![wallet], std::collections::BTreeSet::new());
    assert_eq!(read.missing(), [crate::uniswap::Ask::Count(wallet)]);
    read.take(&[crate::uniswap::Ask::Count(wallet)], [Ok(word(U256::ZERO).into())]);
    assert!(read.missing().is_empty());
}
