//! `risk-api`: the HTTPS API as a container process, or as a Lambda function where its runtime API is set;
//! with arguments it carries out one order (`mint-key`, `backup`, `restore`) and ends.

use std::process::ExitCode;

use risk_api::Order;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    risk_boot::host::run(|wired| async move {
        match Order::parse(&arguments)? {
            None => risk_api::run(wired).await,
            Some(order) => order.carry_out(&wired).await,
        }
    })
}
