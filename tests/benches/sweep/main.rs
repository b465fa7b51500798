//! `make bench-sweep`: whole sweeps of watch lists of several sizes against the sandbox, with both cores shared with it.
//!
//! Every wallet's tokens were looked up before, as they are once when a wallet is watched; every table of the sweep's own
//! is the size that the list makes it. The first sweep of a list reads the histories of its assets and writes every
//! assessment anew; the second finds them. A sixth of the wallets hold a token that nobody prices, and are unknown.
#![expect(clippy::print_stdout, reason = "a benchmark prints what it saw")]

use std::time::Duration;

use anyhow::Context;
use risk_model::OwnThresholds;
use risk_store::SqliteStore;
use risk_tests::{Host, Process, Stack, process_facts, seed};
use serde_json::Value;
use tokio::time::{Instant, sleep};

/// Wallets, where nobody asks for others.
const SIZES: &str = "10000,100000,1000000";
const PROVIDERS: [&str; 5] = ["alchemy", "thegraph", "coingecko", "llama", "etherscan"];
const AIM_PER_SECOND: f64 = 1_700.0;
const AIM_REQUESTS: f64 = 4.0;
const AIM_MB: f64 = 300.0;

/// What one sweep took.
struct Run {
    seconds: f64,
    cpu_seconds: f64,
    sandbox_cpu_seconds: f64,
    peak_mb: f64,
    written_mb: f64,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    println!(
        "{:>9} {:>6} {:>8} {:>10} {:>9} {:>9} {:>8} {:>9} {:>9}  requests per 1,000 wallets",
        "wallets", "sweep", "seconds", "wallets/s", "µs CPU", "sandbox's", "peak MB", "MB wrote", "B/wallet"
    );
    for size in sizes()? {
        let settings = [("CHAINS", "ethereum,optimism,polygon,base,arbitrum")];
        let stack = Stack::start(Host::Container, &settings).await?;
        let store = SqliteStore::new(stack.data_dir().join("risk.sqlite"));
        seed::watch_list(&stack.sandbox, &store, size, &OwnThresholds::new(), None).await?;
        for sweep in ["first", "second"] {
            stack.control("DELETE", "counters", Value::Null).await?;
            let run = run(&stack, size).await?;
            let counters = stack.control("GET", "counters", Value::Null).await?;
            print(size, sweep, &run, &counters);
        }
    }
    println!(
        "aims: {AIM_PER_SECOND:.0} wallets/s, at most {AIM_REQUESTS:.0} requests per 1,000 wallets, under {AIM_MB:.0} MB"
    );
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "how many is the caller's to say")]
fn sizes() -> anyhow::Result<Vec<u64>> {
    let asked = std::env::var("WALLETS").ok().filter(|text| !text.is_empty());
    let text = asked.unwrap_or_else(|| SIZES.to_owned());
    text.split(',').map(|size| size.trim().parse().context("WALLETS: numbers with commas between")).collect()
}

async fn run(stack: &Stack, size: u64) -> anyhow::Result<Run> {
    let (start, own) = (Instant::now(), std::process::id());
    let before = process_facts::cpu_seconds(own);
    let mut sweep = Process::start("risk-sweep", &stack.environment)?;
    let (mut cpu_seconds, mut peak_mb, mut written_mb) = (0.0, 0.0, 0.0);
    let status = loop {
        if let Some(status) = sweep.ended()? {
            break status;
        }
        let pid = sweep.id();
        // The last figures before it ended stand; a process that has ended has none.
        cpu_seconds = process_facts::cpu_seconds(pid).max(cpu_seconds);
        peak_mb = process_facts::peak_mb(pid).max(peak_mb);
        written_mb = process_facts::written_mb(pid).max(written_mb);
        sleep(Duration::from_millis(20)).await;
    };
    let seconds = start.elapsed().as_secs_f64();
    let printed = sweep.printed();
    let done: Value =
        printed.lines().rev().find_map(|line| serde_json::from_str(line).ok()).unwrap_or_default();
    let is_done = status.success() && done["outcome"] == "done" && done["wallets"] == size;
    // More would be wallets that could not be read, which cost less.
    let is_read = done["unknown"].as_f64().is_some_and(|unknown| unknown < 0.2 * size as f64);
    anyhow::ensure!(is_done && is_read, "{status}: {printed}");
    let sandbox_cpu_seconds = process_facts::cpu_seconds(own) - before;
    Ok(Run { seconds, cpu_seconds, sandbox_cpu_seconds, peak_mb, written_mb })
}

fn print(size: u64, sweep: &str, run: &Run, counters: &Value) {
    let wallets = size as f64;
    let requests = |provider: &str| counters[provider]["requests"].as_u64().unwrap_or(0) as f64;
    let each: Vec<String> = PROVIDERS
        .iter()
        .map(|provider| format!("{provider} {:.2}", requests(provider) * 1e3 / wallets))
        .collect();
    let all = PROVIDERS.iter().map(|provider| requests(provider)).sum::<f64>() * 1e3 / wallets;
    let verdict = |met: bool| if met { "met" } else { "MISSED" };
    println!(
        "{size:>9} {sweep:>6} {:>8.1} {:>10.0} {:>9.0} {:>9.0} {:>8.1} {:>9.0} {:>9.0}  {all:.2} ({}); aims {}, {}, {}",
        run.seconds,
        wallets / run.seconds,
        run.cpu_seconds * 1e6 / wallets,
        run.sandbox_cpu_seconds * 1e6 / wallets,
        run.peak_mb,
        run.written_mb,
        run.written_mb * 1e6 / wallets,
        each.join(", "),
        verdict(wallets / run.seconds >= AIM_PER_SECOND),
        verdict(all <= AIM_REQUESTS),
        verdict(run.peak_mb < AIM_MB),
    );
}
