//! Liquidations as predicted: who may be liquidated, for how much debt, what is seized, the protocol's fee, what is left.

use std::fmt::Debug;

use alloy_primitives::{Address, B256, U256};
use alloy_sol_types::SolEvent;
use risk_engine::aave::Account;
use risk_engine::lending::{Lending, Liquidation, Part};
use serde_json::{Value, json};

use crate::artifact::ADMIN;
use crate::borrowers::{Borrower, Sizes, move_prices, open};
use crate::deploy::{MARKET, node_with};
use crate::draw::{Draw, seed};
use crate::feeds::{Feeds, account};
use crate::gauge::Gauge;
use crate::installed::{cases, is_installed, tell};
use crate::interfaces::{Pool, Token};
use crate::market::{Generation, RESERVES};
use crate::node::{Node, Transaction, bytes};

/// Who liquidates.
const LIQUIDATOR: Address = Address::repeat_byte(0x11);
/// Borrowers liquidated in one block.
const AT_ONCE: usize = 100;
/// Small ones, where all may be repaid at once and dust is forbidden.
const SMALL: Sizes = Sizes { dollars: (300.0, 5_000.0), used: (0.93, 0.995) };
const LARGE: Sizes = Sizes { dollars: (5_000.0, 300_000.0), used: (0.93, 0.995) };

#[tokio::test]
async fn a_liquidation_takes_what_was_predicted_first_generation() {
    compare(Generation::First).await;
}

#[tokio::test]
async fn a_liquidation_takes_what_was_predicted_second_generation() {
    compare(Generation::Second).await;
}

/// A borrower, its account as it was read, and what is predicted.
#[derive(Debug)]
struct Case<'a> {
    borrower: &'a Borrower,
    found: Option<Liquidation>,
    account: Account,
}

/// What the pool did, by its own events.
#[derive(Debug, PartialEq)]
struct Taken {
    repaid: U256,
    /// With the fee.
    seized: U256,
    fee: U256,
}

async fn compare(generation: Generation) {
    if !is_installed() {
        return;
    }
    let count = cases(1_000, 100);
    let mut draw = Draw::named(&format!("liquidation {}", generation.set()));
    let node = node_with(generation, &[]).await;
    let feeds = Feeds::of(&node.url);
    let draw_one = |case| {
        let sizes = if draw.chance(0.5) { SMALL } else { LARGE };
        Borrower::draw(&mut draw, case, generation, sizes)
    };
    let borrowers: Vec<Borrower> = (0..count).map(draw_one).collect();
    open(&node, &borrowers).await;
    node.pass(draw.whole(1, 30 * 86_400)).await;
    // Most accounts go a little under one, some far.
    let fall = || if draw.chance(0.6) { draw.between(0.94, 1.0) } else { draw.between(0.6, 1.1) };
    move_prices(&node, fall).await;
    arm(&node).await;
    let name = format!("liquidationCall, {}", generation.set());
    let mut seen = Seen { gauge: Gauge::exact(Box::leak(name.into_boxed_str())), healthy: 0, dust: 0 };
    for some in borrowers.chunks(AT_ONCE) {
        let before = node.call("evm_snapshot", json!([])).await;
        liquidate_some(&node, &feeds, some, &mut seen).await;
        node.call("evm_revert", json!([before])).await;
    }
    let Seen { gauge, healthy, dust } = seen;
    gauge.report(count / 20);
    tell(&format!("{}: {healthy} healthy ones reverted, {dust} were bounded by dust", generation.set()));
    assert!(healthy > count / 20, "{healthy} healthy of {count}");
}

/// What was seen so far.
struct Seen {
    gauge: Gauge,
    healthy: usize,
    dust: usize,
}

async fn liquidate_some(node: &Node, feeds: &Feeds, borrowers: &[Borrower], seen: &mut Seen) {
    // Predicted at the very second at which the liquidations will be.
    let then = node.time().await + 1;
    let before = node.call("evm_snapshot", json!([])).await;
    node.mine_at(then).await;
    let predicted = read(feeds, node, borrowers).await;
    node.call("evm_revert", json!([before])).await;
    let predicted = predicted.into_iter().map(|account| account.expect("a borrower's account"));
    let cases: Vec<Case> = borrowers
        .iter()
        .zip(predicted)
        .map(|(borrower, account)| Case { borrower, found: account.liquidation(), account })
        .collect();
    let calls = |amount: &dyn Fn(U256) -> U256| -> Vec<Transaction> {
        cases.iter().map(|case| call(case, amount)).collect()
    };
    let (all, exact) = (calls(&|_| U256::MAX), calls(&|debt| debt));
    let most = tried(node, then, &all).await;
    let more = tried(node, then, &calls(&|debt| debt + U256::ONE)).await;
    // Whoever asks for all gets the most there is, unless that would leave dust behind.
    let chosen = most.iter().zip(all).zip(exact);
    let chosen: Vec<_> =
        chosen.map(|((taken, all), exact)| if taken.is_some() { all } else { exact }).collect();
    let done = liquidate(node, then, &chosen).await;
    let after = read(feeds, node, borrowers).await;
    for (place, case) in cases.iter().enumerate() {
        let Some(found) = &case.found else {
            let standing = case.account.facts().standing.expect("a standing");
            assert!(!standing.is_liquidatable, "no pair of debt and collateral: {case:?}, seed {}", seed());
            assert!(done[place].is_none(), "liquidated though healthy: {case:?}, seed {}", seed());
            seen.healthy += 1;
            continue;
        };
        let wanted = Taken { repaid: found.repaid, seized: found.seized, fee: found.protocol_fee };
        let taken = done[place].as_ref().unwrap_or_else(|| panic!("refused: {case:?}, seed {}", seed()));
        seen.gauge.same(taken, &wanted, case);
        if most[place].is_none() {
            assert!(more[place].is_none(), "one unit more is taken: {case:?}, seed {}", seed());
            seen.dust += 1;
        }
        what_is_left(&case.account, after[place].as_ref(), found, case);
    }
}

/// The borrowers' accounts as the service reads them.
async fn read(feeds: &Feeds, node: &Node, borrowers: &[Borrower]) -> Vec<Option<Account>> {
    let wallets: Vec<Address> = borrowers.iter().map(|one| one.wallet).collect();
    feeds.read(node, &wallets).await.iter().map(|read| account(read).cloned()).collect()
}

/// Gives the liquidator enough of everything.
async fn arm(node: &Node) {
    let mints = RESERVES.iter().map(|reserve| {
        let mint = Token::mintCall { to: LIQUIDATOR, value: U256::from(u128::MAX) };
        Transaction::new(LIQUIDATOR, reserve.asset, &mint)
    });
    node.send_all(&mints.collect::<Vec<_>>()).await;
}

/// The liquidation of a prediction, or of the first pair where none is possible.
fn call(case: &Case<'_>, amount: &dyn Fn(U256) -> U256) -> Transaction {
    let address = |asset: &risk_model::Asset| asset.address().expect("a token");
    let (debt, collateral, most) = match &case.found {
        Some(found) => (address(&found.debt_asset), address(&found.collateral_asset), amount(found.repaid)),
        None => {
            let (debt, collateral) = case.borrower.first_pair();
            (debt, collateral, U256::MAX)
        }
    };
    let call = Pool::liquidationCallCall {
        collateralAsset: collateral,
        debtAsset: debt,
        user: case.borrower.wallet,
        debtToCover: most,
        receiveAToken: false,
    };
    Transaction::new(LIQUIDATOR, MARKET.pool, &call)
}

/// What the calls would do, all in one block at this time, and undone again.
async fn tried(node: &Node, then: u64, calls: &[Transaction]) -> Vec<Option<Taken>> {
    let before = node.call("evm_snapshot", json!([])).await;
    let taken = liquidate(node, then, calls).await;
    node.call("evm_revert", json!([before])).await;
    taken
}

/// What the calls do, all in one block at this time; `None` for one that is reverted.
async fn liquidate(node: &Node, then: u64, calls: &[Transaction]) -> Vec<Option<Taken>> {
    node.call("evm_setNextBlockTimestamp", json!([then])).await;
    let receipts = node.try_all(calls).await;
    assert_eq!(node.time().await, then);
    receipts.iter().map(taken).collect()
}

fn taken(receipt: &Value) -> Option<Taken> {
    if receipt["status"] != "0x1" {
        return None;
    }
    let logs = receipt["logs"].as_array().expect("logs");
    let call = logs
        .iter()
        .find_map(|log| Pool::LiquidationCall::decode_raw_log(topics(log), &bytes(&log["data"])).ok());
    let call = call.expect("a liquidation's event");
    // The fee goes to the treasury as a deposit token.
    let fees = logs.iter().filter_map(|log| {
        let transfer = Token::Transfer::decode_raw_log(topics(log), &bytes(&log["data"])).ok()?;
        (transfer.from == call.user && transfer.to == ADMIN).then_some(transfer.value)
    });
    let fee: U256 = fees.sum();
    let seized = call.liquidatedCollateralAmount + fee;
    Some(Taken { repaid: call.debtToCover, seized, fee })
}

fn topics(log: &Value) -> Vec<B256> {
    let topics = log["topics"].as_array().expect("topics").iter();
    topics.map(|topic| topic.as_str().expect("a topic").parse().expect("a topic")).collect()
}

/// What is left of the pair is what was there less what was taken, to the unit that the contract's scaling rounds away;
/// without any collateral left the newer generation forgives the rest of the debt.
fn what_is_left(before: &Account, after: Option<&Account>, found: &Liquidation, case: &impl Debug) {
    let before = before.facts().parts;
    let after = after.map(|account| account.facts().parts).unwrap_or_default();
    let amounts = |parts: &[Part], asset| {
        let part = parts.iter().find(|part| part.asset == asset);
        part.map_or((U256::ZERO, U256::ZERO), |part| (part.supplied, part.owed))
    };
    let supplied = |parts: &[Part]| amounts(parts, found.collateral_asset).0;
    let owed = |parts: &[Part]| amounts(parts, found.debt_asset).1;
    // What is burned and paid as a fee is rounded to whole scaled units each.
    let near = |seen: U256, wanted: U256| seen.abs_diff(wanted) <= U256::from(3);
    assert!(near(supplied(&after), supplied(&before) - found.seized), "collateral: {after:?}, {case:?}");
    let is_forgiven = owed(&after).is_zero() && !after.iter().any(Part::counts_as_collateral);
    assert!(is_forgiven || near(owed(&after), owed(&before) - found.repaid), "debt: {after:?}, {case:?}");
}
