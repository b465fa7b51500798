//! `kill -9` of the API and of a sweep under write load: whatever was acknowledged is there after each restart.
//! `make chaos` kills `ROUNDS=100` times. What a process wrote is the kernel's when it is killed, so this says nothing of a
//! machine that loses its power; for that every commit is synced (`synchronous=FULL`).

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use risk_tests::stack::{ADMIN_KEY, answer};
use risk_tests::{Host, Stack};
use serde_json::{Value, json};

use crate::{Draw, alerts, is_standing, number};

/// Clients that write at once, each about wallets of its own.
const WRITERS: usize = 6;
/// Wallets of a writer.
const OWN: usize = 12;
/// Alerts answered in a round: those that stand have to last for every round.
const ANSWERED: usize = 3;
/// Wallets of one imported file.
const FILE: usize = 25;

/// What the API was asked to keep of a wallet, and what of it it has acknowledged.
#[derive(Clone, Copy, Debug, Default)]
struct Written {
    /// The newest label that was sent; 0 for none.
    sent: u64,
    /// The newest change that was acknowledged: a label, or 0 where the watch was removed or never made.
    acknowledged: u64,
    /// Whether the newest change that was sent is a removal.
    is_removal_sent: bool,
}

/// Everything acknowledged so far.
#[derive(Default)]
struct Ledger {
    watches: BTreeMap<String, Written>,
    /// Alerts that were acknowledged or resolved.
    seen: Vec<u64>,
    keys: Vec<String>,
    writes: u64,
    cut: u64,
}

fn own_wallet(writer: usize, index: usize) -> String {
    format!("0x{:040x}", 0x00fe_ed00_0000_u64 + (writer * 1_000 + index) as u64)
}

fn imported_wallet(index: usize) -> String {
    format!("0x{:040x}", 0xf11e_0000_0000_u64 + index as u64)
}

/// The status of a request; none where the process was killed under it.
async fn status(stack: &Stack, method: &str, path: &str, body: Option<Value>) -> Option<u16> {
    let mut request = stack.request(method, path).expect("a request").header("x-api-key", ADMIN_KEY);
    if let Some(body) = body {
        request = request.header("content-type", "application/json").body(body.to_string());
    }
    Some(answer(request).await.ok()?.status)
}

/// Puts and removes watches of its own until it is told to end or the process is gone.
async fn write_watches(stack: &Stack, writer: usize, ledger: &mut Ledger, is_over: &AtomicBool) {
    let mut turn = ledger.writes;
    while !is_over.load(Ordering::SeqCst) {
        turn += 1;
        let wallet = own_wallet(writer, usize::try_from(turn).expect("a count") % OWN);
        let path = format!("/api/risk/watches/{wallet}");
        let written = ledger.watches.entry(wallet).or_default();
        let is_removal = turn.is_multiple_of(40);
        written.is_removal_sent = is_removal;
        let answered = if is_removal {
            status(stack, "DELETE", &path, None).await
        } else {
            written.sent += 1;
            status(stack, "PUT", &path, Some(json!({"label": written.sent.to_string()}))).await
        };
        match answered {
            Some(200 | 201) => written.acknowledged = written.sent,
            // 404: it was not there, which is as good as gone.
            Some(204 | 404) if is_removal => written.acknowledged = 0,
            Some(other) => panic!("{path}: {other}"),
            None => {
                ledger.cut += 1;
                return;
            }
        }
        ledger.writes += 1;
    }
}

/// Imports files of new wallets.
async fn write_files(stack: &Stack, ledger: &mut Ledger, is_over: &AtomicBool) {
    while !is_over.load(Ordering::SeqCst) {
        let first = ledger.watches.len();
        let wallets: Vec<String> = (first..first + FILE).map(imported_wallet).collect();
        let lines: Vec<Value> =
            wallets.iter().map(|wallet| json!({"wallet_address": wallet, "label": "1"})).collect();
        let answered = status(stack, "POST", "/api/risk/watches:import", Some(Value::from(lines))).await;
        let acknowledged = match answered {
            Some(200) => 1,
            Some(other) => panic!("a file: {other}"),
            None => 0,
        };
        let written = Written { sent: 1, acknowledged, is_removal_sent: false };
        ledger.watches.extend(wallets.into_iter().map(|wallet| (wallet, written)));
        if acknowledged == 0 {
            ledger.cut += 1;
            return;
        }
        ledger.writes += 1;
    }
}

/// Acknowledges and resolves alerts that stand, as long as there are some.
async fn answer_alerts(stack: &Stack, open: &[u64], ledger: &mut Ledger, is_over: &AtomicBool) {
    for id in open.iter().take(ANSWERED) {
        if is_over.load(Ordering::SeqCst) {
            return;
        }
        let act = if id.is_multiple_of(2) { "acknowledge" } else { "resolve" };
        match status(stack, "POST", &format!("/api/risk/alerts/{id}/{act}"), None).await {
            Some(200) => ledger.seen.push(*id),
            Some(other) => panic!("alert {id}: {other}"),
            None => {
                ledger.cut += 1;
                return;
            }
        }
        ledger.writes += 1;
    }
}

/// Every watched wallet and its label.
async fn watched(stack: &Stack) -> BTreeMap<String, u64> {
    let (mut all, mut cursor) = (BTreeMap::new(), String::new());
    loop {
        let page = stack.get(&format!("/api/risk/watches?limit=200{cursor}")).await.unwrap().json;
        for watch in page["watches"].as_array().expect("watches") {
            let wallet = watch["wallet_address"].as_str().expect("a wallet").to_lowercase();
            all.insert(wallet, watch["label"].as_str().map_or(1, |label| label.parse().expect("a number")));
        }
        match page["pagination"]["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return all,
        }
    }
}

/// Holds what is there to what was acknowledged. What was sent and not acknowledged may be there or not; what it is then
/// is the new state.
async fn check(stack: &Stack, ledgers: &mut [Ledger]) {
    let kept = watched(stack).await;
    let found: BTreeMap<u64, Value> =
        alerts(stack).await.into_iter().map(|alert| (alert["id"].as_u64().expect("an id"), alert)).collect();
    let mut known = 0;
    for ledger in ledgers.iter_mut() {
        for (wallet, written) in &mut ledger.watches {
            let label = kept.get(wallet).copied().unwrap_or(0);
            let is_unacknowledged = written.is_removal_sent && label == 0 || label == written.sent;
            assert!(label == written.acknowledged || is_unacknowledged, "{wallet}: {label} of {written:?}");
            written.acknowledged = label;
            known += usize::from(label > 0);
        }
        for id in &ledger.seen {
            let alert = found.get(id).unwrap_or_else(|| panic!("alert {id} is gone"));
            assert_ne!(alert["state"], "open", "what was acknowledged is forgotten: {alert}");
        }
        for key in &ledger.keys {
            let request = stack.request("GET", "/api/risk/watches?limit=1").unwrap();
            let reply = answer(request.header("x-api-key", key)).await.unwrap();
            assert_eq!(reply.status, 200, "a key that was printed is not known: {}", reply.text);
        }
    }
    assert_eq!(known + crate::WALLETS, kept.len(), "something is watched that nobody sent");
}

/// Alerts that stand, and the writers' wallets: a watch that is new is assessed at once, which is slow.
async fn begin(stack: &Stack, writers: &mut [Ledger]) {
    crate::watch(stack).await;
    stack.control("POST", "crash", json!({"asset": "*", "factor": 0.7})).await.unwrap();
    crate::sweep_to_the_end(stack).await;
    for (writer, ledger) in writers.iter_mut().enumerate() {
        let wallets: Vec<String> = (0..OWN).map(|index| own_wallet(writer, index)).collect();
        let lines: Vec<Value> =
            wallets.iter().map(|wallet| json!({"wallet_address": wallet, "label": "1"})).collect();
        let imported = status(stack, "POST", "/api/risk/watches:import", Some(Value::from(lines))).await;
        assert_eq!(imported, Some(200));
        let written = Written { sent: 1, acknowledged: 1, is_removal_sent: false };
        ledger.watches.extend(wallets.into_iter().map(|wallet| (wallet, written)));
    }
}

/// One round: writes, a kill somewhere in them, and a restart.
async fn round(stack: &mut Stack, ledgers: &mut [Ledger], lasts: Duration, is_sweep_killed_first: bool) {
    stack.control("POST", "crash", json!({"asset": "*", "factor": 0.998})).await.unwrap();
    let open: Vec<u64> = alerts(stack)
        .await
        .iter()
        .filter(|alert| is_standing(alert) && alert["state"] == "open")
        .map(|alert| alert["id"].as_u64().expect("an id"))
        .collect();
    let mut sweep = stack.begin_sweep().unwrap();
    let is_over = Arc::new(AtomicBool::new(false));
    let id = stack.api.id();
    let [of_keys, of_alerts, of_files, of_watches @ ..] = ledgers else { panic!("too few ledgers") };
    let shared: &Stack = stack;
    let over = &*is_over;
    let watches =
        of_watches.iter_mut().enumerate().map(|(writer, ledger)| write_watches(shared, writer, ledger, over));
    let killing = async {
        tokio::time::sleep(lasts).await;
        if is_sweep_killed_first {
            sweep.kill();
        }
        let killed = std::process::Command::new("kill").args(["-KILL", &id.to_string()]).status();
        assert!(killed.expect("kill").success());
        sweep.kill();
        // A writer that did not notice, because nothing of its was under way.
        tokio::time::sleep(Duration::from_millis(50)).await;
        over.store(true, Ordering::SeqCst);
    };
    tokio::join!(
        futures::future::join_all(watches),
        write_files(shared, of_files, over),
        answer_alerts(shared, &open, of_alerts, over),
        async {
            if let Ok(key) = shared.mint_key(&["chaos", "read"]).await {
                of_keys.keys.push(key);
                of_keys.writes += 1;
            }
        },
        killing
    );
    stack.restart_api().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_acknowledged_is_missing_after_a_kill() {
    let (rounds, seed) = (number("ROUNDS", 5), number("SEED", 7));
    let settings = [("CHAINS", "ethereum"), ("SWEEP_PAGE", "7"), ("SWEEP_LEASE_SECONDS", "1")];
    let mut stack = Stack::start(Host::Container, &settings).await.unwrap();
    let mut ledgers: Vec<Ledger> = (0..WRITERS + 3).map(|_| Ledger::default()).collect();
    let mut draw = Draw(seed);
    begin(&stack, &mut ledgers[3..]).await;
    for turn in 0..rounds {
        let lasts = Duration::from_millis(50 + draw.below(900));
        round(&mut stack, &mut ledgers, lasts, turn % 2 == 0).await;
        check(&stack, &mut ledgers).await;
    }
    let writes: u64 = ledgers.iter().map(|ledger| ledger.writes).sum();
    let cut: u64 = ledgers.iter().map(|ledger| ledger.cut).sum();
    let seen: usize = ledgers.iter().map(|ledger| ledger.seen.len()).sum();
    println!(
        "{rounds} kills, seed {seed}: {writes} writes acknowledged ({seen} of alerts, {} keys), {cut} cut by a kill, \
         none missing",
        ledgers[0].keys.len()
    );
    assert!(
        writes > rounds * 20 && cut >= rounds && seen > 0,
        "the kills met no load: {writes} writes, {cut} cut"
    );
}
