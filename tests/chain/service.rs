//! End to end: the built service watches wallets on the real node, a price falls, the alerts tell amounts, and the amounts
//! cure. Market prices are the sandbox's.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use alloy_primitives::{Address, Bytes, I256, U256, hex, keccak256};
use alloy_sol_types::SolValue;
use risk_tests::{CHANNELS, Host, Stack};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::accounts::figures;
use crate::artifact::{ADMIN, Creator};
use crate::borrowers::{repay, supply};
use crate::deploy::{MARKET, borrow, node_with};
use crate::installed::is_installed;
use crate::interfaces::{Feed, Signer};
use crate::market::{Generation, RESERVES};
use crate::node::{Node, Transaction};

const WETH: usize = 0;
const WBTC: usize = 2;
const USDC: usize = 3;
const DAI: usize = 4;
/// The target that cures lead to.
const CURED: f64 = 1.5;

#[tokio::test(flavor = "multi_thread")]
async fn a_fall_on_the_real_chain_alerts_with_amounts_that_cure() {
    if !is_installed() {
        return;
    }
    let node = node_with(Generation::Second, &[]).await;
    node.mine_at(now() - 200).await;
    // Health factors of about 1.7 and 1.4, which a fall by 40 % takes under the line, and one that it does not touch.
    let weth = account(&node, Address::repeat_byte(0xc1), (WETH, 10_000), (USDC, 4_900)).await;
    let wbtc = account(&node, Address::repeat_byte(0xc2), (WBTC, 60_000), (DAI, 33_000)).await;
    let dollars = account(&node, contract_wallet(&node).await, (USDC, 10_000), (DAI, 3_000)).await;
    let settings = [
        ("ALCHEMY_URL", node.url.as_str()),
        ("CHAINS", "ethereum"),
        ("PROTOCOLS", "aave_v3"),
        ("THEGRAPH_API_KEY", ""),
        CHANNELS,
    ];
    let stack = Stack::start(Host::Container, &settings).await.expect("the service starts");
    set_prices(&node, &stack, 1.0).await;
    watch(&node, &stack, &[weth, wbtc, dollars]).await;

    set_prices(&node, &stack, 0.6).await;
    sweep(&stack).await;
    assert_eq!(standing(&stack, dollars).await.len(), 0);
    let [near, under] = [standing(&stack, weth).await, standing(&stack, wbtc).await];
    assert_eq!((near.len(), under.len()), (1, 1), "{near:?} {under:?}");
    assert_eq!(under[0]["severity"], "critical", "{under:?}");
    for (wallet, debt, alert) in [(weth, USDC, &near[0]), (wbtc, DAI, &under[0])] {
        cures(&node, &stack, wallet, debt, alert).await;
    }
    told(&stack, "opened", &[&near[0], &under[0]]).await;
    // A service that reads every protocol finds nothing of the others here: what could hide a risk is missing.
    let everything = [settings[0], settings[1], settings[3]];
    let whole = Stack::beside(&stack, &everything).await.expect("a second service");
    let hidden = gaps_of_liquidation(&whole, weth).await;
    let hides = |what: &str| hidden.iter().any(|hidden| hidden == what);
    assert!(hides("compound_v3 account on ethereum") && !hides("aave_v3 account on ethereum"), "{hidden:?}");
    assert_eq!(gaps_of_liquidation(&stack, weth).await, Vec::<String>::new());

    set_prices(&node, &stack, 1.0).await;
    sweep(&stack).await;
    assert_eq!(standing(&stack, weth).await.len(), 1, "one clear sweep closes nothing");
    set_prices(&node, &stack, 1.0).await;
    sweep(&stack).await;
    for wallet in [weth, wbtc] {
        assert_eq!(standing(&stack, wallet).await, Vec::<Value>::new());
    }
    told(&stack, "resolved", &[&near[0], &under[0]]).await;
}

/// Watches wallets, and sees that a sweep tells the pool's own health factors and no alert.
async fn watch(node: &Node, stack: &Stack, wallets: &[Address]) {
    for wallet in wallets {
        let put = stack.send("PUT", &format!("/api/risk/watches/{wallet}"), None).await.expect("a reply");
        assert_eq!(put.status, 201, "{}", put.text);
    }
    sweep(stack).await;
    for wallet in wallets {
        assert_eq!(standing(stack, *wallet).await, Vec::<Value>::new());
        let summary = stack.get(&format!("/api/risk/summary?wallet={wallet}")).await.expect("a reply").json;
        assert_eq!(summary["accounts"].as_array().map(Vec::len), Some(1), "{summary}");
        let told = summary["accounts"][0]["health_factor"]["value"].as_str().expect("a health factor");
        let seen = figures(node, &[*wallet], &json!("latest")).await[0][5];
        assert_eq!(told.replace('.', "").parse(), Ok(seen), "{told}");
    }
}

/// Sees that the receivers heard of a happening of each alert, once, with what the alert says to do.
async fn told(stack: &Stack, happening: &str, alerts: &[&Value]) {
    let until = Instant::now() + Duration::from_secs(30);
    loop {
        let received = stack.control("GET", "received/webhook", Value::Null).await.expect("what arrived");
        let received = received.as_array().expect("messages").iter();
        let messages: Vec<&Value> = received.map(|one| &one["json"]).collect();
        let of = |alert: &Value| -> Vec<&&Value> {
            let is_it = |one: &&&Value| {
                one["type"] == format!("alert.{happening}") && one["data"]["alert"]["id"] == alert["id"]
            };
            messages.iter().filter(is_it).collect()
        };
        if alerts.iter().all(|alert| of(alert).len() == 1) {
            for alert in alerts.iter().filter(|_| happening == "opened") {
                assert_eq!(of(alert)[0]["data"]["alert"]["action"], alert["action"], "{messages:?}");
            }
            let count = stack.control("GET", "received/webhook/count", Value::Null).await.expect("a count");
            let times = count["ids"].as_object().expect("ids");
            assert!(!times.is_empty() && times.values().all(|times| times == 1), "{count}");
            return;
        }
        assert!(Instant::now() < until, "{happening}: {alerts:?} {messages:?}");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// What could hide a risk of liquidation is missing from an answer.
async fn gaps_of_liquidation(stack: &Stack, wallet: Address) -> Vec<String> {
    let summary = stack.get(&format!("/api/risk/summary?wallet={wallet}")).await.expect("a reply").json;
    let gaps = summary["gaps"].as_array().expect("gaps").iter();
    let hides = gaps.filter(|gap| gap["affects"] == "liquidation");
    hides.map(|gap| gap["what"].as_str().expect("a name").to_owned()).collect()
}

/// A wallet that is a contract, and answers for its owner's signature (ERC-1271) of what was signed and of nothing else.
async fn contract_wallet(node: &Node) -> Address {
    let accounts = node.call("eth_accounts", json!([])).await;
    let owner: Address = accounts[0].as_str().expect("an account").parse().expect("an address");
    let wallet = Creator::new(node, "own").create("OwnerWallet", &owner.abi_encode()).await;
    let hash = keccak256(b"\x19Ethereum Signed Message:\n9a message");
    for (text, magic) in [("a message", [0x16, 0x26, 0xba, 0x7e]), ("another", [0xff; 4])] {
        let signed = node.call("eth_sign", json!([owner, hex::encode_prefixed(text)])).await;
        let signature: Bytes = signed.as_str().expect("a signature").parse().expect("bytes");
        let answer = node.view(wallet, &Signer::isValidSignatureCall { hash, signature }).await;
        assert_eq!(answer.0, magic);
    }
    wallet
}

/// Supplies and borrows so many dollars for a wallet.
async fn account(node: &Node, wallet: Address, held: (usize, u64), owed: (usize, u64)) -> Address {
    node.send_all(&supply(wallet, held.0, RESERVES[held.0].worth(held.1))).await;
    let debt = RESERVES[owed.0];
    let call = borrow(debt.asset, debt.worth(owed.1), wallet);
    node.send(wallet, MARKET.pool, &call).await;
    wallet
}

/// Moves ether and bitcoin to a share of their first price, on the chain and on the market, and mines a block of now.
async fn set_prices(node: &Node, stack: &Stack, share: f64) {
    let mut sent = Vec::new();
    for (place, reserve) in RESERVES.iter().enumerate() {
        let moves = [WETH, WBTC].contains(&place);
        let price = f64::from(reserve.price()) * if moves { share } else { 1.0 };
        let answer = I256::from_raw(U256::from(price));
        sent.push(Transaction::new(ADMIN, reserve.feed(), &Feed::setCall { answer }));
    }
    node.call("evm_setNextBlockTimestamp", json!([now().max(node.time().await + 1)])).await;
    node.send_all(&sent).await;
    for (symbol, place) in [("ETH", WETH), ("WBTC", WBTC), ("USDC", USDC), ("DAI", DAI)] {
        let moves = [WETH, WBTC].contains(&place);
        let price = f64::from(RESERVES[place].price()) / 1e8 * if moves { share } else { 1.0 };
        let body = json!({ "asset": symbol, "market": price });
        stack.control("POST", "price", body).await.expect("the sandbox takes a price");
    }
}

/// A sweep that reads every wallet.
async fn sweep(stack: &Stack) {
    // Quotes are kept for a moment.
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    let done = stack.sweep().await.expect("a sweep");
    assert_eq!((&done["wallets"], &done["outcome"]), (&json!(3), &json!("done")), "{done}");
}

/// The standing alerts of liquidation of a wallet.
async fn standing(stack: &Stack, wallet: Address) -> Vec<Value> {
    let path = format!("/api/risk/alerts?wallet={wallet}&resolved=false");
    let reply = stack.get(&path).await.expect("a reply");
    assert_eq!(reply.status, 200, "{}", reply.text);
    let alerts = reply.json["alerts"].as_array().expect("alerts").iter();
    alerts.filter(|alert| alert["alert_type"] == "liquidation_risk").cloned().collect()
}

/// Does what the alert says first, on the chain, sees where it leads, and undoes it.
async fn cures(node: &Node, stack: &Stack, wallet: Address, debt: usize, alert: &Value) {
    let summary = stack.get(&format!("/api/risk/summary?wallet={wallet}")).await.expect("a reply").json;
    let told = &summary["recommendations"][0];
    assert_eq!(told["action"], "repay", "{summary}");
    let reserve = RESERVES[debt];
    let text = told["amount"].as_str().expect("an amount");
    let action = alert["action"].as_str().expect("what to do");
    assert!(action.starts_with(&format!("Repay {text} {}", reserve.symbol)), "{action}");
    let amount = base_units(text, reserve.decimals);
    let before = node.call("evm_snapshot", json!([])).await;
    // Interest of the seconds since the sweep is not in the amount.
    node.send_all(&repay(wallet, reserve.asset, amount)).await;
    let factor = f64::from(figures(node, &[wallet], &json!("latest")).await[0][5]) / 1e18;
    assert!((factor - CURED).abs() < 1e-5, "{factor} after {told}");
    node.call("evm_revert", json!([before])).await;
}

fn base_units(text: &str, decimals: u8) -> U256 {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    format!("{whole}{fraction:0<width$}", width = usize::from(decimals)).parse().expect("an amount")
}

fn now() -> u64 {
    #[expect(clippy::disallowed_methods, reason = "the service under test has the real clock")]
    let now = SystemTime::now();
    now.duration_since(UNIX_EPOCH).expect("a time").as_secs()
}
