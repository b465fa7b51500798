//! `make bench`: a cached summary beside a bare axum route, start-up and memory, in one run.
#![expect(clippy::print_stdout, reason = "a benchmark prints what it saw")]

mod load;
mod start;

use std::time::Duration;

use risk_tests::{Host, Process, Stack, process_facts};

const TIME: Duration = Duration::from_secs(5);

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let stack = Stack::start(
        Host::Container,
        &[
            ("FRESH_SECONDS", "3600"),
            ("RATE_LIMIT_PER_MINUTE", "1000000"),
            ("CLIENT_RATE_LIMIT_PER_MINUTE", "10000000"),
        ],
    )
    .await?;
    let wallet = stack.wallet("near").await?;
    let path = format!("/api/risk/summary?wallet={wallet}");
    let body = stack.get(&path).await?;
    anyhow::ensure!(body.status == 200, "{}", body.text);
    let file = stack.data_dir().join("body.json");
    std::fs::write(&file, &body.text)?;
    let mut bare = Process::start_with("risk-bench-bare", &[], &[file.to_string_lossy().into_owned()])?;
    let bare_url = bare.word("http://").await?;
    println!(
        "cached summary of {} bytes beside a bare axum route that serialises the same body",
        body.text.len()
    );
    println!(
        "{:>11} {:>6} {:>9} {:>9} {:>8} {:>8} {:>8} {:>7}",
        "server", "conns", "req/s", "µs CPU", "p50 µs", "p95 µs", "p99 µs", "errors"
    );
    for connections in [50, 500, 1_000] {
        let bare_rate = measure("bare axum", &bare_url, bare.id(), &path, connections).await;
        let rate = measure("risk-api", &stack.url, stack.api.id(), &path, connections).await;
        println!("{:>11} {connections:>6} {:>9.2}", "ratio", rate / bare_rate);
    }
    println!(
        "peak memory under load: risk-api {:.1} MB, bare axum {:.1} MB",
        process_facts::peak_mb(stack.api.id()),
        process_facts::peak_mb(bare.id())
    );
    start::print(&stack).await
}

async fn measure(name: &str, url: &str, pid: u32, path: &str, connections: usize) -> f64 {
    let address = url.trim_start_matches("http://").trim_end_matches('/');
    let key = risk_tests::stack::ADMIN_KEY;
    let request = format!("GET {path} HTTP/1.1\r\nhost: {address}\r\nx-api-key: {key}\r\n\r\n");
    load::run(address, &request, connections, Duration::from_secs(1)).await;
    let before = process_facts::cpu_seconds(pid);
    let load = load::run(address, &request, connections, TIME).await;
    let cpu_us = (process_facts::cpu_seconds(pid) - before) * 1e6 / load.answers as f64;
    let quantile = |q| load.latency.value_at_quantile(q);
    println!(
        "{name:>11} {connections:>6} {:>9.0} {cpu_us:>9.1} {:>8} {:>8} {:>8} {:>7}",
        load.per_second,
        quantile(0.50),
        quantile(0.95),
        quantile(0.99),
        load.errors
    );
    load.per_second
}
