//! `risk-sandbox [--port N] [--seed N]`: runs a sandbox until SIGINT or SIGTERM.

use std::io::Write;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use risk_sandbox::{Options, Sandbox};
use tokio::signal::unix::{SignalKind, signal};

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nothing is left to tell when even this cannot be written.
            let _ = writeln!(std::io::stderr(), "risk-sandbox: {error:#}");
            ExitCode::from(64)
        }
    }
}

async fn run() -> Result<()> {
    let options = read_options(std::env::args().skip(1))?;
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let sandbox = Sandbox::start(options).await?;
    writeln!(std::io::stdout(), "sandbox at {} (seed {})", sandbox.base_url, options.seed)?;
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    // A request that hangs by command would hold a graceful stop for a minute: leave instead.
    drop(sandbox);
    Ok(())
}

fn read_options(mut words: impl Iterator<Item = String>) -> Result<Options> {
    let mut options = Options::default();
    while let Some(word) = words.next() {
        let value = words.next().with_context(|| format!("{word} needs a number"));
        match word.as_str() {
            "--port" => options.port = value?.parse().context("--port is not a port number")?,
            "--seed" => options.seed = value?.parse().context("--seed is not a number")?,
            _ => bail!("usage: risk-sandbox [--port N] [--seed N]"),
        }
    }
    Ok(options)
}
