//! Start-up: from the start of the process to its first poll of the Runtime API, beside a bare hello function.

use std::time::Duration;

use risk_tests::{Process, Stack};
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;

use crate::load::now;

const RUNS: usize = 21;

/// Prints the medians of both.
pub(crate) async fn print(stack: &Stack) -> anyhow::Result<()> {
    let hello = median("risk-bench-hello", &[]).await?;
    let api = median("risk-api", &stack.environment).await?;
    println!(
        "start to first poll of the Runtime API, median of {RUNS}: hello {:.2} ms, risk-api {:.2} ms, ratio {:.2}",
        hello * 1e3,
        api * 1e3,
        api / hello
    );
    Ok(())
}

async fn median(name: &str, environment: &[(String, String)]) -> anyhow::Result<f64> {
    let mut times = Vec::with_capacity(RUNS);
    for _ in 0..RUNS {
        times.push(once(name, environment).await?);
    }
    times.sort_by(f64::total_cmp);
    Ok(times[RUNS / 2])
}

async fn once(name: &str, environment: &[(String, String)]) -> anyhow::Result<f64> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let mut environment = environment.to_vec();
    for (variable, value) in [
        ("AWS_LAMBDA_RUNTIME_API", listener.local_addr()?.to_string()),
        ("AWS_LAMBDA_FUNCTION_NAME", name.to_owned()),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256".to_owned()),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST".to_owned()),
        ("AWS_LAMBDA_LOG_GROUP_NAME", "bench".to_owned()),
        ("AWS_LAMBDA_LOG_STREAM_NAME", "bench".to_owned()),
    ] {
        environment.push((variable.to_owned(), value));
    }
    let start = now();
    let _process = Process::start(name, &environment)?;
    let accepted = tokio::time::timeout(Duration::from_secs(10), async {
        let (mut stream, _) = listener.accept().await?;
        let mut buffer = [0_u8; 512];
        let read = stream.read(&mut buffer).await?;
        anyhow::ensure!(String::from_utf8_lossy(&buffer[..read]).contains("/invocation/next"), "no poll");
        Ok(())
    });
    accepted.await??;
    Ok(start.elapsed().as_secs_f64())
}
