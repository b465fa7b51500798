//! `make bench-store`: writes and reads a second of each store, one by one and in bulk, beside the raw driver doing the
//! same; and quotas of Redis beside its raw driver. Store and driver take turns, each on a file of its own; what is told is
//! the best of the rounds, because the rest is what else the machine does.
#![expect(clippy::print_stdout, reason = "a benchmark prints what it saw")]

mod quota;
mod raw;
mod rows;

use std::sync::Arc;

use risk_app::stores::Store;
use risk_model::Wallet;
use risk_store::{MemoryStore, SqliteStore};
use tempfile::TempDir;
use tokio::time::Instant;

use raw::Raw;
use rows::{PAGE, page, wallet, watch};

const ROUNDS: u64 = 8;
/// Calls of one at a time in a round.
const SINGLES: u64 = 1_000;
/// Thousands of watches of a round.
const BATCHES: u64 = 10;
/// Pages of a round.
const PAGES: u64 = 4;
const AIM: f64 = 0.8;

/// The most of some things a second that was seen in any round.
#[derive(Clone, Copy, Default)]
pub(crate) struct Best(f64);

impl Best {
    pub(crate) fn note(&mut self, count: u64, began: Instant) {
        self.0 = self.0.max(count as f64 / began.elapsed().as_secs_f64());
    }

    pub(crate) const fn per_second(self) -> f64 {
        self.0
    }
}

/// What is measured.
const ACTS: [&str; 6] = [
    "write a watch, one by one",
    "write 1,000 watches at once",
    "write a page of 1,000 wallets, new",
    "write a page of 1,000 wallets, known",
    "read a watch, one by one",
    "read 1,000 assessments at once",
];

fn numbers(round: u64, count: u64) -> std::ops::Range<u64> {
    round * count..(round + 1) * count
}

/// One round of every act over a store.
async fn ask_store(store: &Arc<dyn Store>, round: u64, best: &mut [Best; 6]) -> anyhow::Result<()> {
    let began = Instant::now();
    for number in numbers(round, SINGLES) {
        store.put_watches(&[watch(number)]).await?;
    }
    best[0].note(SINGLES, began);
    let watches: Vec<_> = numbers(round, BATCHES * PAGE).map(watch).collect();
    let began = Instant::now();
    for batch in watches.chunks(1_000) {
        store.put_watches(batch).await?;
    }
    best[1].note(BATCHES * PAGE, began);
    for (act, at) in [(2, 1), (3, 2)] {
        let pages: Vec<_> = numbers(round, PAGES).map(|number| page(number, at)).collect();
        let began = Instant::now();
        for page in pages {
            store.commit(page).await?;
        }
        best[act].note(PAGES * PAGE, began);
    }
    let began = Instant::now();
    for number in numbers(round, SINGLES) {
        assert_eq!(store.find_watches(&[wallet(number)]).await?.len(), 1);
    }
    best[4].note(SINGLES, began);
    let wallets: Vec<Wallet> = numbers(round, PAGE).map(wallet).collect();
    let began = Instant::now();
    let found = store.latest(&wallets).await?;
    best[5].note(PAGE, began);
    anyhow::ensure!(found.len() == wallets.len(), "{} were found", found.len());
    Ok(())
}

/// The same over the raw driver.
fn ask_raw(raw: &mut Raw, round: u64, best: &mut [Best; 6]) -> anyhow::Result<()> {
    let began = Instant::now();
    for number in numbers(round, SINGLES) {
        raw.put_watches(&[watch(number)])?;
    }
    best[0].note(SINGLES, began);
    let watches: Vec<_> = numbers(round, BATCHES * PAGE).map(watch).collect();
    let began = Instant::now();
    for batch in watches.chunks(1_000) {
        raw.put_watches(batch)?;
    }
    best[1].note(BATCHES * PAGE, began);
    for (act, at) in [(2, 1), (3, 2)] {
        let pages: Vec<_> = numbers(round, PAGES).map(|number| page(number, at)).collect();
        let began = Instant::now();
        for page in &pages {
            raw.commit(page)?;
        }
        best[act].note(PAGES * PAGE, began);
    }
    let began = Instant::now();
    for number in numbers(round, SINGLES) {
        assert_eq!(raw.find_watches(&[wallet(number)])?, 1);
    }
    best[4].note(SINGLES, began);
    let wallets: Vec<Wallet> = numbers(round, PAGE).map(wallet).collect();
    let began = Instant::now();
    anyhow::ensure!(raw.latest(&wallets)? > 0, "no body was read");
    best[5].note(PAGE, began);
    Ok(())
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let folder = TempDir::new()?;
    let (own, other) = (folder.path().join("store.sqlite"), folder.path().join("raw.sqlite"));
    drop(SqliteStore::open(&other).await?);
    let sqlite: Arc<dyn Store> = Arc::new(SqliteStore::open(&own).await?);
    let memory: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let mut raw = Raw::open(&other)?;
    let mut best = [[Best::default(); 6]; 3];
    for round in 0..ROUNDS {
        let [of_sqlite, of_raw, of_memory] = &mut best;
        // Neither is always the one that comes first.
        if round % 2 == 0 {
            ask_store(&sqlite, round, of_sqlite).await?;
        }
        tokio::task::block_in_place(|| ask_raw(&mut raw, round, of_raw))?;
        if round % 2 == 1 {
            ask_store(&sqlite, round, of_sqlite).await?;
        }
        ask_store(&memory, round, of_memory).await?;
    }
    print(&best);
    quota::run().await
}

/// Rows a second, and what part of the raw driver's the store's are.
fn print(best: &[[Best; 6]; 3]) {
    println!("{:<40} {:>12} {:>12} {:>7} {:>12}", "a second", "sqlite", "rusqlite", "ratio", "memory");
    for (act, name) in ACTS.iter().enumerate() {
        let [sqlite, raw, memory] = [0, 1, 2].map(|which| best[which][act].per_second());
        let ratio = sqlite / raw;
        let is_bulk = (1..4).contains(&act);
        let verdict = match (is_bulk, ratio >= AIM) {
            (false, _) => "",
            (true, true) => "  reaches the aim",
            (true, false) => "  MISSES the aim",
        };
        println!("{name:<40} {sqlite:>12.0} {raw:>12.0} {ratio:>7.2} {memory:>12.0}{verdict}");
    }
    println!("aim: in bulk at least {AIM} of the raw driver");
}
