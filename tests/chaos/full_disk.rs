//! A disk that is full: writes are refused, reads go on, nothing acknowledged is lost, and with room again the same
//! process writes on. The disk's end is a limit on the length of files (`RLIMIT_FSIZE`), where the kernel refuses a write
//! as it does on a full disk.

use std::process::Command;
use std::time::Duration;

use risk_tests::process::{Process, binary};
use risk_tests::{Host, Reply, Stack};
use serde_json::{Value, json};

/// Blocks of 512 or 1,024 bytes, as the shell counts: more than an empty database with its log, and far less than what the
/// test writes.
const BLOCKS: &str = "1500";

/// A binary that may write no file longer than so many blocks. The signal that would end it is ignored, so that it sees
/// the failed write.
fn limited(name: &str, environment: &[(String, String)]) -> Command {
    let mut command = Command::new("/bin/sh");
    let script = format!("trap '' XFSZ; ulimit -S -f {BLOCKS}; exec \"$0\"");
    command.arg("-c").arg(script).arg(binary(name).expect("the binary"));
    command.env_clear().envs(environment.iter().map(|(name, value)| (name, value)));
    command.stdin(std::process::Stdio::null());
    command
}

fn wallet(index: usize) -> String {
    format!("0x{:040x}", 0x00fa_1100_0000_u64 + index as u64)
}

/// Imports a file of 200 wallets.
async fn import(stack: &Stack, first: usize) -> Reply {
    let lines: Vec<Value> = (first..first + 200)
        .map(|index| json!({"wallet_address": wallet(index), "label": "x".repeat(100)}))
        .collect();
    stack.send("POST", "/api/risk/watches:import", Some(Value::from(lines))).await.unwrap()
}

/// Imports files until one is refused; answers how many wallets were acknowledged.
async fn fill(stack: &Stack) -> usize {
    let mut acknowledged = 0;
    for _ in 0..200 {
        let reply = import(stack, acknowledged).await;
        if reply.status != 200 {
            assert_eq!(reply.status, 503, "{}", reply.text);
            assert_eq!(reply.json["type"], "urn:risk-manager:problem:store-unavailable");
            assert!(reply.headers.contains_key("retry-after"));
            return acknowledged;
        }
        acknowledged += 200;
    }
    panic!("the disk is never full");
}

async fn count(stack: &Stack) -> u64 {
    stack.get("/api/risk/status").await.unwrap().json["tracked_wallets"].as_u64().expect("a count")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_refuses_writes_loses_nothing_and_is_written_to_again_when_there_is_room() {
    let mut stack = Stack::start(Host::Container, &[("CHAINS", "ethereum")]).await.unwrap();
    let near = stack.wallet("near").await.unwrap();
    let own = format!("/api/risk/watches/{near}");
    assert_eq!(stack.send("PUT", &own, None).await.unwrap().status, 201);
    stack.api.kill();
    stack.api = Process::spawn(limited("risk-api", &stack.environment)).unwrap();
    stack.url = stack.api.word("http://127.0.0.1:").await.unwrap();

    let acknowledged = fill(&stack).await;
    assert!(acknowledged > 0, "nothing could be written at all");
    for _ in 0..3 {
        assert_eq!(import(&stack, acknowledged).await.status, 503);
        assert_eq!(
            count(&stack).await,
            acknowledged as u64 + 1,
            "all that was acknowledged, and no part of a file"
        );
        assert_eq!(stack.get(&own).await.unwrap().status, 200);
        assert_eq!(stack.get(&format!("/api/risk/watches/{}", wallet(0))).await.unwrap().status, 200);
        assert_eq!(stack.get("/api/risk/alerts").await.unwrap().status, 200);
    }
    assert_eq!(stack.get("/api/risk/health/live").await.unwrap().status, 200);
    // A sweep cannot keep what it finds: it fails and says so, and does not end as if it had.
    let mut sweep = limited("risk-sweep", &stack.environment);
    let swept = tokio::task::spawn_blocking(move || sweep.output()).await.unwrap().unwrap();
    let error = String::from_utf8_lossy(&swept.stderr);
    assert!(!swept.status.success(), "{}", String::from_utf8_lossy(&swept.stdout));
    assert!(error.contains("store is unavailable"), "{error}");

    let id = stack.api.id().to_string();
    let raised = Command::new("prlimit").args(["--pid", &id, "--fsize=unlimited"]).status().expect("prlimit");
    assert!(raised.success());
    let mut status = 503;
    for _ in 0..20 {
        status = import(&stack, acknowledged).await.status;
        if status != 503 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
    assert_eq!(status, 200, "the process does not write again");
    stack.restart_api().await.unwrap();
    assert_eq!(count(&stack).await, acknowledged as u64 + 201);
    println!("{acknowledged} wallets acknowledged before the disk was full, all there after it");
}
