//! Reads at one pinned block: while the node mines, when a block is taken back, and of a node that is late, prunes or
//! refuses.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use alloy_primitives::{Address, U256};
use axum::Router;
use axum::body::Bytes;
use axum::routing::post;
use risk_app::ports::Depth;
use risk_engine::aave::account_data;
use risk_engine::position::WalletPositions;
use risk_model::{GapReason, Protocol};
use serde_json::{Value, json};

use crate::accounts::{figures, wallet};
use crate::cases::{State, price};
use crate::deploy::{BANK, node_with};
use crate::draw::Draw;
use crate::feeds::{Feeds, account};
use crate::installed::{cases, is_installed, tell};
use crate::market::{Generation, RESERVES};
use crate::node::{Node, number};
use crate::storage::{Layout, set_prices};

/// Longer than the service waits for a chain when somebody waits for it.
const LATE: Duration = Duration::from_secs(60);

/// What a relay does with a request before it passes it on.
type Meddle = Box<dyn Fn(&Value) -> Done + Send + Sync>;

/// What became of a request.
enum Done {
    /// It goes on to the node.
    Pass,
    /// It goes on, late.
    Late,
    /// It was answered.
    Answered(Value),
}

/// Something between the service and the node that meddles.
async fn relay(node: &Node, meddle: Meddle) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let (http, to, meddle) =
        (risk_tests::stack::client().expect("a client"), node.url.clone(), Arc::new(meddle));
    let answer = move |body: Bytes| {
        let (http, to, meddle) = (http.clone(), to.clone(), Arc::clone(&meddle));
        async move {
            let request: Value = serde_json::from_slice(&body).expect("JSON");
            match meddle(&request) {
                Done::Pass => {}
                Done::Late => tokio::time::sleep(LATE).await,
                Done::Answered(answer) => return answer.to_string(),
            }
            let request = http.post(&to).header("content-type", "application/json").body(body);
            request.send().await.expect("an answer").text().await.expect("an answer")
        }
    };
    tokio::spawn(async move { axum::serve(listener, Router::new().route("/", post(answer))).await });
    url
}

/// Whether a request reads at a pinned block.
fn is_pinned(request: &Value) -> bool {
    request.to_string().contains("blockHash")
}

fn has_gap(read: &WalletPositions, reason: GapReason) -> bool {
    read.accounts.is_empty()
        && read.gaps.iter().any(|gap| gap.what == "aave_v3 account on ethereum" && gap.reason == reason)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_wallets_are_of_one_block_while_the_node_mines_and_prices_jump() {
    if !is_installed() {
        return;
    }
    let count = cases(1_000, 200);
    let node = Arc::new(node_with(Generation::Second, &[]).await);
    let feeds = Feeds::of(&node.url);
    let bank = feeds.read(&node, &[BANK]).await;
    let layout = Layout::find(&node, &account(&bank[0]).expect("an account").market).await;
    let mut draw = Draw::named("pinned");
    let wallets: Vec<Address> = (0..count).map(wallet).collect();
    let states: Vec<State> =
        wallets.iter().map(|wallet| State::draw(&mut draw, *wallet, Generation::Second)).collect();
    layout.write(&node, &states).await;
    let (is_done, mined) = (Arc::new(AtomicBool::new(false)), Arc::clone(&node));
    let stop = Arc::clone(&is_done);
    let mining = tokio::spawn(async move {
        let mut draw = Draw::named("pinned prices");
        while !stop.load(Ordering::Relaxed) {
            let prices: Vec<U256> = RESERVES.iter().map(|_| price(&mut draw)).collect();
            set_prices(&mined, &prices).await;
        }
    });
    for _ in 0..3 {
        let read = feeds.read(&node, &wallets).await;
        let blocks: Vec<_> = read.iter().filter_map(account).map(|account| account.market.block).collect();
        assert!(blocks.len() > count * 9 / 10 && blocks.iter().all(|block| *block == blocks[0]));
        let head = number(&node.call("eth_blockNumber", json!([])).await).to::<u64>();
        let told = figures(&node, &wallets, &json!({ "blockHash": blocks[0].hash })).await;
        for (read, told) in read.iter().zip(told) {
            let Some(account) = account(read) else { continue };
            let data = account_data(&account.market, &account.position).expect("figures");
            let seen = (data.total_collateral_base, data.total_debt_base, data.health_factor);
            assert_eq!(seen, (told[0], told[1], told[5]), "{read:?}");
        }
        tell(&format!("{count} wallets at block {}, the head being {head} after it", blocks[0].number));
        assert!(head > blocks[0].number, "nothing was mined underneath");
    }
    is_done.store(true, Ordering::Relaxed);
    mining.await.expect("the miner ends");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_block_that_is_taken_back_between_two_requests_is_noticed_and_another_is_read() {
    if !is_installed() {
        return;
    }
    let node = Arc::new(node_with(Generation::Second, &[]).await);
    let fork = node.call("evm_snapshot", json!([])).await;
    set_prices(&node, &RESERVES.map(|reserve| reserve.price())).await;
    let (is_first, forked) = (AtomicBool::new(true), Arc::clone(&node));
    let runtime = tokio::runtime::Handle::current();
    let meddle: Meddle = Box::new(move |request| {
        // The pinned block goes when the first request at it is under way, and another takes its place.
        if is_pinned(request) && is_first.swap(false, Ordering::Relaxed) {
            let reorganise = async {
                forked.call("evm_revert", json!([fork])).await;
                let halved = RESERVES.map(|reserve| reserve.price() / U256::from(2));
                set_prices(&forked, &halved).await;
            };
            tokio::task::block_in_place(|| runtime.block_on(reorganise));
        }
        Done::Pass
    });
    let url = relay(&node, meddle).await;
    let before = node.call("eth_getBlockByNumber", json!(["latest", false])).await;
    let read = Feeds::of(&url).read(&node, &[BANK]).await;
    let market = &account(&read[0]).unwrap_or_else(|| panic!("read anew: {read:?}")).market;
    let now = node.call("eth_getBlockByNumber", json!(["latest", false])).await;
    assert_eq!((&now["number"], &json!(market.block.hash)), (&before["number"], &now["hash"]));
    assert_ne!(before["hash"], now["hash"], "the block was taken back");
    assert_eq!(
        market.reserves[0].price,
        Some(RESERVES[0].price() / U256::from(2)),
        "nothing of the first block"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_prunes_what_was_pinned_gives_a_gap() {
    if !is_installed() {
        return;
    }
    let node = Arc::new(node_with(Generation::Second, &["--prune-history", "1"]).await);
    let mined = Arc::clone(&node);
    let runtime = tokio::runtime::Handle::current();
    let meddle: Meddle = Box::new(move |request| {
        if is_pinned(request) {
            let bury = async {
                for _ in 0..8 {
                    mined.mine().await;
                }
            };
            tokio::task::block_in_place(|| runtime.block_on(bury));
        }
        Done::Pass
    });
    let url = relay(&node, meddle).await;
    let read = Feeds::of(&url).read(&node, &[BANK]).await;
    assert!(has_gap(&read[0], GapReason::Unavailable), "{read:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_refuses_a_block_or_answers_late_gives_a_gap_and_no_account() {
    if !is_installed() {
        return;
    }
    let node = node_with(Generation::Second, &[]).await;
    let refusing: Meddle = Box::new(|request| {
        let refused = |one: &Value| {
            let error = json!({ "code": -32602, "message": "invalid params" });
            json!({ "jsonrpc": "2.0", "id": one["id"], "error": error })
        };
        if !is_pinned(request) {
            return Done::Pass;
        }
        Done::Answered(request.as_array().expect("a batch").iter().map(refused).collect())
    });
    let url = relay(&node, refusing).await;
    let read = Feeds::of(&url).read(&node, &[BANK]).await;
    assert!(has_gap(&read[0], GapReason::Refused), "{read:?}");
    let late: Meddle = Box::new(|request| if is_pinned(request) { Done::Late } else { Done::Pass });
    let url = relay(&node, late).await;
    let read = Feeds::of(&url).read_to(&node, &[BANK], Depth::Discover, &[Protocol::AaveV3]).await;
    assert!(has_gap(&read[0], GapReason::Unavailable), "{read:?}");
}

#[tokio::test]
async fn without_alchemys_own_methods_accounts_are_read_and_the_token_list_is_a_gap() {
    if !is_installed() {
        return;
    }
    let node = node_with(Generation::Second, &[]).await;
    let feeds = Feeds::of(&node.url);
    let both = [Protocol::AaveV3, Protocol::Tokens];
    let read = feeds.read_to(&node, &[BANK], Depth::Discover, &both).await;
    assert!(account(&read[0]).is_some(), "{read:?}");
    let gap = read[0].gaps.iter().find(|gap| gap.what == "token discovery on ethereum");
    assert_eq!(gap.map(|gap| gap.reason), Some(GapReason::Unsupported), "{read:?}");
}
