//! `risk-sweep`: one sweep, then exit; as a Lambda, one sweep per scheduled event.

use std::process::ExitCode;

use risk_boot::host::{Host, run};

fn main() -> ExitCode {
    run(|wired| async move {
        match wired.host {
            Host::Lambda => risk_sweep::serve_lambda(wired.service).await,
            Host::Container => {
                let holder = risk_boot::host::run_id()?;
                let done = risk_sweep::run_once(&wired.service, holder, None).await?;
                risk_boot::host::print_line(&serde_json::to_string(&done)?);
                Ok(())
            }
        }
    })
}
