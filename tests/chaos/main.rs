//! Kills at random points of sweep and delivery, and crashes of the market: no alert is lost, none stands twice, and every
//! message arrives.
//!
//! `make chaos` kills 200 times; `KILLS` and `SEED` set other numbers. What is random comes from the seed alone, which is
//! printed, but where in its work a killed process was depends on the machine.

#![cfg(test)]

mod acknowledged;
mod crash;
mod expected;
mod full_disk;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use risk_tests::{CHANNELS, Host, Stack};
use serde_json::{Value, json};

/// Watched wallets.
const WALLETS: usize = 40;

/// Numbers from a seed (SplitMix64): the same seed gives the same kills.
struct Draw(u64);

impl Draw {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % limit
    }
}

fn number(name: &str, default: u64) -> u64 {
    #[expect(clippy::disallowed_methods, reason = "how long to go on is the caller's to say")]
    let value = std::env::var(name);
    value.ok().map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{name} must be a number")))
}

fn wallet(index: usize) -> String {
    format!("0x{:040x}", 0x00c0_ffee_0000_0000_0000_u128 + index as u128)
}

async fn watch(stack: &Stack) {
    for index in 0..WALLETS {
        let path = format!("/api/risk/watches/{}", wallet(index));
        assert_eq!(stack.send("PUT", &path, None).await.unwrap().status, 201);
    }
}

/// A sweep that ran to its end, whoever had the lease before.
async fn sweep_to_the_end(stack: &Stack) {
    loop {
        let done = stack.sweep().await.unwrap();
        if done["outcome"] == "done" {
            return;
        }
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
}

/// Every alert.
async fn alerts(stack: &Stack) -> Vec<Value> {
    let (mut all, mut cursor) = (Vec::new(), String::new());
    loop {
        let reply = stack.get(&format!("/api/risk/alerts?limit=200{cursor}")).await.unwrap();
        all.extend(reply.json["alerts"].as_array().unwrap().iter().cloned());
        match reply.json["pagination"]["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return all,
        }
    }
}

fn identity(alert: &Value) -> String {
    format!("{}|{}|{}", alert["wallet_address"], alert["account"], alert["alert_type"])
}

fn is_standing(alert: &Value) -> bool {
    alert["state"] != "resolved"
}

/// Which accounts stand under a liquidation alert.
fn warned(alerts: &[Value]) -> BTreeSet<String> {
    let standing = alerts.iter().filter(|alert| is_standing(alert));
    standing.filter(|alert| alert["alert_type"] == "liquidation_risk").map(identity).collect()
}

/// What the webhook was told of each alert: by sequence, how often the message arrived.
async fn told(stack: &Stack) -> BTreeMap<u64, BTreeMap<u32, u64>> {
    let count = stack.control("GET", "received/webhook/count", Value::Null).await.unwrap();
    let mut told: BTreeMap<u64, BTreeMap<u32, u64>> = BTreeMap::new();
    for (id, times) in count["ids"].as_object().unwrap() {
        let mut parts = id.trim_start_matches("msg_").split('_');
        let (alert, sequence) =
            (parts.next().unwrap().parse().unwrap(), parts.next().unwrap().parse().unwrap());
        told.entry(alert).or_default().insert(sequence, times.as_u64().unwrap());
    }
    told
}

async fn wait_for_the_outbox(stack: &Stack) {
    for _ in 0..300 {
        let outbox = stack.get("/api/risk/status").await.unwrap().json["outbox"].clone();
        if outbox["waiting"] == 0 {
            assert_eq!(outbox["dead"], 0, "{outbox}");
            return;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    panic!("messages still wait after a minute");
}

/// Begins a sweep and kills it, again and again; every tenth time the API is killed too.
async fn kill_at_random(stack: &mut Stack, kills: u64, seed: u64) {
    let mut draw = Draw(seed);
    for kill in 0..kills {
        // Prices only fall, so that what has to be warned of at the end does not depend on the way there.
        stack.control("POST", "crash", json!({"asset": "*", "factor": 0.998})).await.unwrap();
        let mut sweep = stack.begin_sweep().unwrap();
        tokio::time::sleep(Duration::from_millis(draw.below(700))).await;
        sweep.kill();
        if kill % 10 == 9 {
            stack.restart_api().await.unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn kills_lose_no_alert_and_no_message() {
    let (kills, seed) = (number("KILLS", 12), number("SEED", 7));
    println!("{kills} kills, seed {seed}");
    let settings = [
        CHANNELS,
        ("CHAINS", "ethereum"),
        ("SWEEP_PAGE", "7"),
        ("SWEEP_LEASE_SECONDS", "1"),
        ("DELIVERY_HOLD_SECONDS", "1"),
    ];
    let mut stack = Stack::start(Host::Container, &settings).await.unwrap();
    watch(&stack).await;
    kill_at_random(&mut stack, kills, seed).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    sweep_to_the_end(&stack).await;
    sweep_to_the_end(&stack).await;
    wait_for_the_outbox(&stack).await;
    let found = alerts(&stack).await;
    let standing: Vec<String> = found.iter().filter(|alert| is_standing(alert)).map(identity).collect();
    let distinct: BTreeSet<&String> = standing.iter().collect();
    assert_eq!(distinct.len(), standing.len(), "an identity stands twice");
    let (messages, repeats) = check_messages(&stack, &found).await;
    // Without channels, for the receivers are the same.
    // More may stand than a service without a past opens: what opened on the way down and is now between its lines. The
    // two sweeps would have closed it on the safe side.
    let standing_of_liquidation = warned(&found);
    let undisturbed = Stack::beside(&stack, &settings[1..]).await.unwrap();
    watch(&undisturbed).await;
    sweep_to_the_end(&undisturbed).await;
    let expected = warned(&alerts(&undisturbed).await);
    assert!(!expected.is_empty(), "the fall opens alerts");
    let lost: Vec<_> = expected.difference(&standing_of_liquidation).collect();
    assert!(lost.is_empty(), "who is to be warned does not depend on the kills: {lost:?}");
    println!(
        "{kills} kills: {} alerts, {} of liquidation stand and the {} that have to are among them; {messages} messages \
         arrived, {repeats} repeated",
        found.len(),
        standing_of_liquidation.len(),
        expected.len()
    );
}

/// Every alert was told from its opening on without a hole, and its end where it has ended. Answers how many different
/// messages arrived, and how many repeats.
async fn check_messages(stack: &Stack, alerts: &[Value]) -> (u64, u64) {
    let told = told(stack).await;
    let (mut messages, mut repeats) = (0, 0);
    for alert in alerts {
        let id = alert["id"].as_u64().or_else(|| alert["id"].as_str()?.parse().ok()).unwrap();
        let sequences = told.get(&id).unwrap_or_else(|| panic!("nothing was told of {alert}"));
        let expected: Vec<u32> = (0..).take(sequences.len()).collect();
        assert_eq!(sequences.keys().copied().collect::<Vec<_>>(), expected, "{alert}");
        assert!(is_standing(alert) || sequences.len() > 1, "the end of {alert} was not told");
        messages += sequences.len() as u64;
        repeats += sequences.values().map(|times| times - 1).sum::<u64>();
    }
    assert_eq!(told.len(), alerts.len(), "something was told of an alert that is not there");
    (messages, repeats)
}
