//! Uniswap V3: what the service says that positions hold and have earned is what the position manager pays out.

use alloy_primitives::{Address, Bytes, U160, U256, aliases::I24, aliases::U24};
use alloy_sol_types::{SolCall, SolValue};
use risk_engine::pool::{Liquidity, PoolPosition};
use risk_engine::uniswap::tick::sqrt_ratio_at;
use risk_feeds::uniswap::addresses_of;
use risk_model::{ChainId, Protocol};
use serde_json::{Value, json};

use crate::accounts::wallet;
use crate::artifact::{ADMIN, Creator};
use crate::deploy::{lay, node_with};
use crate::draw::{Draw, seed};
use crate::feeds::{Feeds, SWEPT};
use crate::gauge::Gauge;
use crate::installed::{cases, is_installed};
use crate::interfaces::{PoolFactory, PositionManager, SwapRouter, Token};
use crate::market::{Generation, RESERVES, Reserve};
use crate::node::{Node, Transaction, bytes};

/// The reserves of each pool's tokens, its fee and the spacing of its ticks.
const POOLS: [(usize, usize, u32, i32); 4] =
    [(3, 0, 500, 10), (2, 0, 3_000, 60), (4, 3, 500, 10), (5, 0, 10_000, 200)];
/// Positions that a wallet has at most.
const A_WALLET: usize = 8;

#[tokio::test]
async fn amounts_and_fees_of_positions_are_what_the_manager_pays_out() {
    if !is_installed() {
        return;
    }
    let count = cases(400, 40);
    let mut draw = Draw::named("uniswap");
    let node = node_with(Generation::Second, &[]).await;
    let router = deploy(&node).await;
    let wallets: Vec<Address> = (0..count.div_ceil(A_WALLET)).map(wallet).collect();
    let owners = (0..count).map(|place| wallets[place / A_WALLET]);
    let pools: Vec<Pool> = POOLS.iter().map(|pool| Pool::draw(&mut draw, *pool)).collect();
    node.send_all(&pools.iter().map(Pool::create).collect::<Vec<_>>()).await;
    let mints: Vec<Transaction> =
        owners.flat_map(|owner| draw.one_of(&pools).mint(&mut draw, owner)).collect();
    for some in mints.chunks(99) {
        node.send_all(some).await;
    }
    for _ in 0..6 {
        let swaps: Vec<Transaction> = pools.iter().flat_map(|pool| pool.swap(&mut draw, router)).collect();
        // One that finds no liquidity in its way is reverted.
        let swapped = node.try_all(&swaps).await;
        assert!(swapped.iter().filter(|receipt| receipt["status"] == "0x1").count() > swaps.len() / 2);
        node.pass(draw.whole(60, 3_600)).await;
        touch(&node, &mut draw, &wallets, count).await;
    }
    compare(&node, &wallets, count).await;
}

/// A pool of two tokens in the order of their addresses.
#[derive(Clone, Copy)]
struct Pool {
    tokens: [Reserve; 2],
    fee: u32,
    spacing: i32,
    /// About its price at first.
    tick: i32,
}

impl Pool {
    fn draw(draw: &mut Draw, (one, other, fee, spacing): (usize, usize, u32, i32)) -> Self {
        let mut tokens = [RESERVES[one], RESERVES[other]];
        tokens.sort_by_key(|token| token.asset);
        let base = |token: &Reserve| f64::from(token.price()) / f64::from(token.one());
        let ratio = base(&tokens[0]) / base(&tokens[1]);
        let tick = (ratio.ln() / 1.0001_f64.ln()).round() + draw.between(-50.0, 50.0).round();
        #[expect(clippy::cast_possible_truncation, reason = "a tick of a pool that can be")]
        Self { tokens, fee, spacing, tick: tick as i32 }
    }

    fn fee(&self) -> U24 {
        U24::from(self.fee)
    }

    fn create(&self) -> Transaction {
        let price = sqrt_ratio_at(self.tick).expect("a tick");
        let [token0, token1] = self.tokens.map(|token| token.asset);
        let call = PositionManager::createAndInitializePoolIfNecessaryCall {
            token0,
            token1,
            fee: self.fee(),
            sqrtPriceX96: U160::from(price),
        };
        Transaction::new(ADMIN, manager(), &call)
    }

    /// A position in a range around the price, or beside it.
    fn mint(&self, draw: &mut Draw, owner: Address) -> Vec<Transaction> {
        let [token0, token1] = self.tokens.map(|token| token.asset);
        let amounts = self.tokens.map(|token| token.worth(draw.whole(1_000, 1_000_000)));
        let on_spacing = |tick: i32| tick.div_euclid(self.spacing) * self.spacing;
        let mut away = |most: u64| i32::try_from(draw.whole(0, most)).expect("a few ticks");
        let lower = on_spacing(self.tick - 3_000 + away(3_500));
        let upper = lower + self.spacing * (1 + away(40));
        let call = PositionManager::mintCall {
            params: PositionManager::MintParams {
                token0,
                token1,
                fee: self.fee(),
                tickLower: I24::try_from(lower).expect("a tick"),
                tickUpper: I24::try_from(upper).expect("a tick"),
                amount0Desired: amounts[0],
                amount1Desired: amounts[1],
                amount0Min: U256::ZERO,
                amount1Min: U256::ZERO,
                recipient: owner,
                deadline: U256::MAX,
            },
        };
        let mut sent = vec![];
        for (token, value) in self.tokens.iter().zip(amounts) {
            sent.push(Transaction::new(owner, token.asset, &Token::mintCall { to: owner, value }));
        }
        sent.push(Transaction::new(owner, manager(), &call));
        sent
    }

    /// A swap of up to half a million dollars, either way.
    fn swap(&self, draw: &mut Draw, router: Address) -> [Transaction; 2] {
        let [mut from, mut to] = self.tokens;
        if draw.chance(0.5) {
            (from, to) = (to, from);
        }
        let value = from.worth(draw.whole(100, 500_000));
        let call = SwapRouter::exactInputSingleCall {
            params: SwapRouter::ExactInputSingleParams {
                tokenIn: from.asset,
                tokenOut: to.asset,
                fee: self.fee(),
                recipient: ADMIN,
                deadline: U256::MAX,
                amountIn: value,
                amountOutMinimum: U256::ZERO,
                sqrtPriceLimitX96: U160::ZERO,
            },
        };
        let mint = Token::mintCall { to: ADMIN, value };
        [Transaction::new(ADMIN, from.asset, &mint), Transaction::new(ADMIN, router, &call)]
    }
}

fn manager() -> Address {
    addresses_of(ChainId::Ethereum).manager
}

/// The factory and the manager at their addresses on Ethereum, and a router; answers where the router is.
async fn deploy(node: &Node) -> Address {
    let addresses = addresses_of(ChainId::Ethereum);
    let creator = Creator::new(node, "uniswap");
    let factory = creator.create("UniswapV3Factory", &[]).await;
    lay(node, factory, addresses.factory).await;
    for (fee, spacing) in [(500_u32, 10_i32), (3_000, 60), (10_000, 200)] {
        let tick_spacing = I24::try_from(spacing).expect("a spacing");
        let call = PoolFactory::enableFeeAmountCall { fee: U24::from(fee), tickSpacing: tick_spacing };
        node.send(ADMIN, addresses.factory, &call).await;
    }
    let weth = RESERVES[0].asset;
    let arguments = (addresses.factory, weth, Address::ZERO).abi_encode_params();
    let created = creator.create("NonfungiblePositionManager", &arguments).await;
    lay(node, created, addresses.manager).await;
    creator.create("SwapRouter", &(addresses.factory, weth).abi_encode_params()).await
}

/// Some owners take a part of their liquidity out without collecting it, so that it is owed to them.
async fn touch(node: &Node, draw: &mut Draw, wallets: &[Address], count: usize) {
    for _ in 0..count / 20 {
        let place = draw.index(count);
        let id = U256::from(place + 1);
        let held = node.view(manager(), &PositionManager::positionsCall { tokenId: id }).await.liquidity;
        let taken = PositionManager::decreaseLiquidityCall {
            params: PositionManager::DecreaseLiquidityParams {
                tokenId: id,
                liquidity: held / 7,
                amount0Min: U256::ZERO,
                amount1Min: U256::ZERO,
                deadline: U256::MAX,
            },
        };
        if held > 7 {
            node.send(wallets[place / A_WALLET], manager(), &taken).await;
        }
    }
}

async fn compare(node: &Node, wallets: &[Address], count: usize) {
    let feeds = Feeds::of(&node.url);
    let read = feeds.read_to(node, wallets, SWEPT, &[Protocol::UniswapV3]).await;
    let mut amounts = Gauge::exact("amounts of positions (decreaseLiquidity)");
    let mut fees = Gauge::exact("fees of positions (collect)");
    let mut earning = 0;
    for (read, wallet) in read.iter().zip(wallets) {
        for pool in &read.pools {
            let PoolPosition::UniswapV3(position) = pool else { panic!("no NFT: {pool:?}") };
            let claims = position.facts().claims.expect("claims");
            let id = position.token_id;
            let most = u128::MAX;
            let all = PositionManager::decreaseLiquidityCall {
                params: PositionManager::DecreaseLiquidityParams {
                    tokenId: id,
                    liquidity: position.liquidity,
                    amount0Min: U256::ZERO,
                    amount1Min: U256::ZERO,
                    deadline: U256::MAX,
                },
            };
            let collect = PositionManager::collectCall {
                params: PositionManager::CollectParams {
                    tokenId: id,
                    recipient: *wallet,
                    amount0Max: most,
                    amount1Max: most,
                },
            };
            let paid = asked(node, *wallet, &all).await;
            amounts.same(&[claims[0].amount, claims[1].amount], &[paid.amount0, paid.amount1], position);
            let paid = asked(node, *wallet, &collect).await;
            earning += usize::from(!claims[0].fees.is_zero() || !claims[1].fees.is_zero());
            fees.same(&[claims[0].fees, claims[1].fees], &[paid.amount0, paid.amount1], &(position, seed()));
        }
        assert!(read.gaps.is_empty(), "{:?}", read.gaps);
    }
    assert!(earning > count / 4, "{earning} of {count} earned anything");
    amounts.report(count);
    fees.report(count);
}

/// What a call by an owner would answer.
async fn asked<C: SolCall>(node: &Node, owner: Address, call: &C) -> C::Return {
    let request: Value = json!({ "from": owner, "to": manager(), "data": Bytes::from(call.abi_encode()) });
    let output = bytes(&node.call("eth_call", json!([request, "latest"])).await);
    C::abi_decode_returns(&output).expect("an answer")
}
