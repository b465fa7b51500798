//! `risk-sweep`: one sweep of a shard, then exit; `risk-sweep loop` sweeps on and delivers until it is asked to end; as a
//! Lambda, one sweep per scheduled event.

use std::process::ExitCode;

use risk_boot::host::{Host, run};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    run(|wired| async move {
        if wired.host == Host::Lambda {
            return risk_sweep::serve_lambda(wired).await;
        }
        match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
            [] => risk_sweep::sweep_once(&wired).await,
            ["loop"] => risk_sweep::sweep_on(&wired).await,
            _ => anyhow::bail!("usage: risk-sweep [loop]"),
        }
    })
}
