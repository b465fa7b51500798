//! `risk-api`: the HTTPS API as a container process, or as a Lambda function where its runtime API is set.

use std::process::ExitCode;

fn main() -> ExitCode {
    risk_boot::host::run(risk_api::run)
}
