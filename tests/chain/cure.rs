//! Cures as promised: the recommended repayment or top-up, executed, gives the health factor that was told, and nothing
//! cheaper does.

use alloy_primitives::U256;
use risk_engine::aave::Account;
use risk_engine::cure::recommend;
use risk_engine::lending::{self, Lending, Part};
use risk_engine::parameters::Parameters;
use risk_engine::report::{Action, Recommendation};
use risk_model::{Address, HealthFactor};
use serde_json::json;

use crate::accounts::figures;
use crate::borrowers::{Borrower, Sizes, move_prices, open, repay, supply};
use crate::deploy::node_with;
use crate::draw::{Draw, seed};
use crate::feeds::{Feeds, account};
use crate::gauge::Gauge;
use crate::installed::{cases, is_installed, tell};
use crate::market::{Generation, RESERVES};
use crate::node::{Node, Transaction};

const SIZES: Sizes = Sizes { dollars: (1_000.0, 300_000.0), used: (0.8, 0.99) };
/// Borrowers who act in one block.
const AT_ONCE: usize = 50;
/// Cheaper by a millionth.
const CHEAPER: f64 = 1.0 - 1e-6;

#[tokio::test]
async fn a_cure_leads_where_it_says_and_nothing_cheaper_does_first_generation() {
    compare(Generation::First).await;
}

#[tokio::test]
async fn a_cure_leads_where_it_says_and_nothing_cheaper_does_second_generation() {
    compare(Generation::Second).await;
}

/// A borrower and what it is told to do.
struct Case {
    wallet: Address,
    parts: Vec<Part>,
    cures: Vec<Recommendation>,
}

/// What was seen so far.
struct Seen {
    promised: Gauge,
    cheaper: usize,
}

async fn compare(generation: Generation) {
    if !is_installed() {
        return;
    }
    let count = cases(400, 40);
    let mut draw = Draw::named(&format!("cure {}", generation.set()));
    let node = node_with(generation, &[]).await;
    let feeds = Feeds::of(&node.url);
    let borrowers: Vec<Borrower> =
        (0..count).map(|case| Borrower::draw(&mut draw, case, generation, SIZES)).collect();
    open(&node, &borrowers).await;
    node.pass(draw.whole(1, 30 * 86_400)).await;
    move_prices(&node, || draw.between(0.85, 1.02)).await;
    let name = format!("health factor after a cure, {}", generation.set());
    let mut seen = Seen { promised: Gauge::exact(Box::leak(name.into_boxed_str())), cheaper: 0 };
    for some in borrowers.chunks(AT_ONCE) {
        let before = node.call("evm_snapshot", json!([])).await;
        cure_some(&node, &feeds, some, &mut draw, &mut seen).await;
        node.call("evm_revert", json!([before])).await;
    }
    seen.promised.report(count);
    tell(&format!("{}: {} cheaper actions did not reach it", generation.set(), seen.cheaper));
    assert!(seen.cheaper > count / 2, "{} cheaper ones of {count}", seen.cheaper);
}

async fn cure_some(node: &Node, feeds: &Feeds, borrowers: &[Borrower], draw: &mut Draw, seen: &mut Seen) {
    // Told at the very second at which it will be done.
    let then = node.time().await + 1;
    let before = node.call("evm_snapshot", json!([])).await;
    node.mine_at(then).await;
    let wallets: Vec<Address> = borrowers.iter().map(|one| one.wallet).collect();
    let read = feeds.read(node, &wallets).await;
    node.call("evm_revert", json!([before])).await;
    let cases: Vec<Case> = read
        .iter()
        .zip(&wallets)
        .map(|(read, wallet)| case(*wallet, account(read).expect("an account")))
        .collect();
    for action in [Action::Repay, Action::AddCollateral] {
        let told: Vec<(&Case, &Recommendation)> = cases
            .iter()
            .filter_map(|case| Some((case, case.cures.iter().find(|cure| cure.action == action)?)))
            .collect();
        let acts = told.iter().map(|(case, cure)| {
            let part = case.part(cure);
            act(case.wallet, action, part, amount(&cure.amount, part.decimals))
        });
        let after = tried(node, then, acts.collect(), &told).await;
        for ((case, cure), factor) in told.iter().zip(after) {
            keeps_its_promise(case, cure, factor, &mut seen.promised);
        }
    }
    let told: Vec<(&Case, &Recommendation)> = cases
        .iter()
        .filter_map(|case| Some((case, case.cures.first()?)))
        .filter(|(_, cure)| cure.action != Action::SellCollateral && reaches(cure))
        .collect();
    for _ in 0..3 {
        let acts = told.iter().map(|(case, cure)| cheaper(case, cure, draw)).collect();
        let after = tried(node, then, acts, &told).await;
        for ((case, cure), factor) in told.iter().zip(after) {
            let factor = f64::from(factor) / 1e18;
            assert!(factor < 1.5, "{factor} for less than {cure:?}, {:?}, seed {}", case.parts, seed());
            seen.cheaper += 1;
        }
    }
}

fn case(wallet: Address, account: &Account) -> Case {
    let account = lending::Account::Aave(account.clone());
    let facts = account.facts();
    let cures = recommend(&account, &facts, Some(1.0), &Parameters::default());
    Case { wallet, parts: facts.parts, cures }
}

impl Case {
    fn part(&self, cure: &Recommendation) -> &Part {
        self.parts.iter().find(|part| part.asset == cure.asset).expect("a part of the account")
    }
}

/// The factor is what was told, to the last digit.
fn keeps_its_promise(case: &Case, cure: &Recommendation, factor: U256, gauge: &mut Gauge) {
    let told = match &cure.health_factor_after {
        HealthFactor::Known(told) => *told,
        HealthFactor::NoDebt => U256::MAX,
        HealthFactor::Unknown(why) => panic!("{why}: {cure:?}"),
    };
    gauge.same(&factor, &told, &(cure, &case.parts));
}

/// Whether it is promised to reach the target.
fn reaches(cure: &Recommendation) -> bool {
    match cure.health_factor_after {
        HealthFactor::NoDebt => true,
        _ => cure.health_factor_after.ratio().is_some_and(|factor| factor >= 1.5 - 1e-9),
    }
}

/// Another action, or the same, with a little less value: a millionth and two units less.
fn cheaper(case: &Case, cure: &Recommendation, draw: &mut Draw) -> [Transaction; 2] {
    let told = case.part(cure);
    // The amount told is whole units of its token.
    let two_units = 2.0 * told.price.expect("a price") / 10_f64.powi(i32::from(told.decimals));
    let value = (cure.value.known().expect("a value").value() * CHEAPER - two_units).max(0.0);
    let mut choices: Vec<(Action, &Part)> = Vec::new();
    choices.extend(case.parts.iter().filter(|part| !part.owed.is_zero()).map(|part| (Action::Repay, part)));
    let held = case.parts.iter().filter(|part| part.counts_as_collateral());
    choices.extend(held.map(|part| (Action::AddCollateral, part)));
    let (action, part) = draw.one_of(&choices);
    let price = part.price.expect("a price");
    let tokens = value / price * 10_f64.powi(i32::from(part.decimals));
    let amount = U256::from(tokens).max(U256::ONE);
    // More than is owed cannot be repaid.
    act(case.wallet, action, part, if action == Action::Repay { amount.min(part.owed) } else { amount })
}

fn act(wallet: Address, action: Action, part: &Part, amount: U256) -> [Transaction; 2] {
    let asset = part.asset.address().expect("a token");
    match action {
        Action::Repay => repay(wallet, asset, amount),
        _ => {
            let place = RESERVES.iter().position(|reserve| reserve.asset == asset);
            supply(wallet, place.expect("a reserve"), amount)
        }
    }
}

/// Base units of an amount in whole tokens.
fn amount(text: &str, decimals: u8) -> U256 {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = format!("{whole}{fraction:0<width$}", width = usize::from(decimals));
    digits.parse().expect("an amount")
}

/// The health factor of each wallet after its action, all in one block at this time, and undone again.
async fn tried(
    node: &Node,
    then: u64,
    acts: Vec<[Transaction; 2]>,
    told: &[(&Case, &Recommendation)],
) -> Vec<U256> {
    let before = node.call("evm_snapshot", json!([])).await;
    node.call("evm_setNextBlockTimestamp", json!([then])).await;
    node.send_all(&acts.concat()).await;
    let wallets: Vec<Address> = told.iter().map(|(case, _)| case.wallet).collect();
    let figures = figures(node, &wallets, &json!("latest")).await;
    node.call("evm_revert", json!([before])).await;
    figures.into_iter().map(|figures| figures[5]).collect()
}
