//! Tests of calls against real servers on the loopback interface.

mod failures;
mod limits;
mod secrecy;

use std::time::Duration;

use crate::{Client, Parsed, Policy, Reply, Upstream};

/// A policy with short times: no waiting longer than a test should.
fn quick() -> Policy {
    let mut policy = Policy::new("testing");
    policy.deadline = Duration::from_secs(3);
    policy.attempt_timeout = Duration::from_secs(1);
    policy.breaker_open = Duration::from_millis(300);
    policy.max_response_bytes = 64 * 1024;
    policy
}

fn upstream(base: &str, change: impl FnOnce(&mut Policy)) -> Upstream {
    let mut policy = quick();
    change(&mut policy);
    Client::new("risk-manager-test/1").unwrap().upstream(base, policy).unwrap()
}

/// The parser most feeds begin with: the status, then JSON.
fn number(reply: &Reply) -> Parsed<u32> {
    reply.status_fault().unwrap_or_else(|| reply.json())
}
