//! Ten thousand random accounts a generation: the engine's figures, from what the service's feeds read, are those of the
//! pool's `getUserAccountData` at the same block.

use alloy_primitives::{Address, U256};
use alloy_sol_types::SolCall;
use risk_engine::aave::{AccountData, account_data};
use risk_engine::position::WalletPositions;
use risk_feeds::multicall::MULTICALL3;
use serde_json::{Value, json};

use crate::cases::{State, price};
use crate::deploy::{BANK, MARKET, borrow, node_with};
use crate::draw::{Draw, seed};
use crate::feeds::{Feeds, account};
use crate::gauge::Gauge;
use crate::installed::{cases, is_installed};
use crate::interfaces::{Multicall3, Pool};
use crate::market::{Generation, RESERVES, Reserve};
use crate::node::{Node, Transaction};
use crate::storage::{Layout, set_prices};

/// Wallets written, and read, at once.
const BATCH: usize = 500;
/// Wallets asked about in one call.
const AT_ONCE: usize = 50;

/// The figures of `getUserAccountData`, in its order.
pub(crate) type Figures = [U256; 6];

#[tokio::test]
async fn every_figure_of_ten_thousand_accounts_is_the_pools_first_generation() {
    compare(Generation::First).await;
}

#[tokio::test]
async fn every_figure_of_ten_thousand_accounts_is_the_pools_second_generation() {
    compare(Generation::Second).await;
}

async fn compare(generation: Generation) {
    if !is_installed() {
        return;
    }
    let wanted = cases(10_000, 400);
    let node = node_with(generation, &[]).await;
    let feeds = Feeds::of(&node.url);
    let mut draw = Draw::named(generation.set());
    let bank = feeds.read(&node, &[BANK]).await;
    let market = &account(&bank[0]).unwrap_or_else(|| panic!("the bank has an account: {bank:?}")).market;
    assert_eq!(market.reserves.len(), RESERVES.len());
    let layout = Layout::find(&node, market).await;
    let name = format!("getUserAccountData, revision {:?}", market.revision);
    let mut gauge = Gauge::exact(Box::leak(name.into_boxed_str()));
    let (mut seen, mut liquidatable) = (0, 0);
    while seen < wanted {
        let wallets: Vec<Address> = (seen..seen + BATCH.min(wanted - seen)).map(wallet).collect();
        let states: Vec<State> =
            wallets.iter().map(|wallet| State::draw(&mut draw, *wallet, generation)).collect();
        age(&node, &mut draw).await;
        let prices: Vec<U256> = RESERVES.iter().map(|_| price(&mut draw)).collect();
        layout.write(&node, &states).await;
        set_prices(&node, &prices).await;
        let read = feeds.read(&node, &wallets).await;
        let block = read.iter().find_map(account).expect("an account").market.block;
        let told = figures(&node, &wallets, &json!({ "blockHash": block.hash })).await;
        for ((state, read), told) in states.iter().zip(&read).zip(told) {
            gauge.same(&figures_of(read), &told, &(state, &prices, read));
            liquidatable += usize::from(told[5] < U256::from(10).pow(U256::from(18)));
        }
        seen += wallets.len();
    }
    gauge.report(wanted);
    assert!(liquidatable > wanted / 20 && liquidatable < wanted, "{liquidatable} of {wanted} under one");
}

/// The wallet of a case.
pub(crate) fn wallet(case: usize) -> Address {
    let mut bytes = [0x11; 20];
    bytes[12..].copy_from_slice(&(u64::try_from(case).expect("a case") + 1).to_be_bytes());
    bytes.into()
}

/// Lets time pass, and lets the bank borrow and repay some, so that indexes, rates and times of update differ.
async fn age(node: &Node, draw: &mut Draw) {
    let mut sent = Vec::new();
    for reserve in RESERVES {
        let amount = reserve.worth(draw.whole(1_000, 2_000_000));
        let pool = MARKET.pool;
        match draw.index(3) {
            0 => sent.push(Transaction::new(BANK, pool, &borrow(reserve.asset, amount, BANK))),
            1 => {
                let (asset, mode) = (reserve.asset, U256::from(2));
                let repay = Pool::repayCall { asset, amount, mode, onBehalfOf: BANK };
                sent.push(Transaction::new(BANK, pool, &repay));
            }
            _ => {}
        }
    }
    // At prices of another market the bank may not be allowed to borrow.
    let first: Vec<U256> = RESERVES.iter().map(Reserve::price).collect();
    set_prices(node, &first).await;
    node.send_all(&sent).await;
    node.pass(draw.whole(1, 40 * 86_400)).await;
}

/// What the engine makes of what was read.
fn figures_of(read: &WalletPositions) -> Figures {
    let Some(account) = account(read) else {
        return [U256::ZERO, U256::ZERO, U256::ZERO, U256::ZERO, U256::ZERO, U256::MAX];
    };
    let AccountData {
        total_collateral_base,
        total_debt_base,
        available_borrows_base,
        current_liquidation_threshold,
        ltv,
        health_factor,
        ..
    } = account_data(&account.market, &account.position)
        .unwrap_or_else(|error| panic!("{error}, seed {}: {read:?}", seed()));
    [
        total_collateral_base,
        total_debt_base,
        available_borrows_base,
        current_liquidation_threshold,
        ltv,
        health_factor,
    ]
}

/// What the pool says of the wallets at a block.
pub(crate) async fn figures(node: &Node, wallets: &[Address], block: &Value) -> Vec<Figures> {
    let mut told = Vec::with_capacity(wallets.len());
    for some in wallets.chunks(AT_ONCE) {
        let calls = some.iter().map(|user| Multicall3::Call {
            target: MARKET.pool,
            allowFailure: false,
            callData: Pool::getUserAccountDataCall { user: *user }.abi_encode().into(),
        });
        let aggregate = Multicall3::aggregate3Call { calls: calls.collect() };
        let results = node.view_at(MULTICALL3, &aggregate, block).await;
        for result in results {
            let data = Pool::getUserAccountDataCall::abi_decode_returns(&result.returnData);
            let data = data.expect("the pool's figures");
            told.push([
                data.totalCollateralBase,
                data.totalDebtBase,
                data.availableBorrowsBase,
                data.currentLiquidationThreshold,
                data.ltv,
                data.healthFactor,
            ]);
        }
    }
    told
}
