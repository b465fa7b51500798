//! A server that answers as AWS does (moto from PyPI), and bare requests to it. `tests/moto/install.sh` installs it.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::process::Process;
use crate::stack::client;

/// The region that requests are for.
pub const REGION: &str = "eu-central-1";

/// A running moto. It ends when it is dropped, or with the test's process.
#[derive(Debug)]
pub struct Moto {
    /// `http://127.0.0.1:port`.
    pub base_url: String,
    http: reqwest::Client,
    _process: Process,
}

impl Moto {
    /// Starts one, if it is installed at the versions of this checkout; otherwise it says so on standard error and
    /// answers `None`, which is a failure where `REFERENCE_REQUIRED` is set.
    ///
    /// # Errors
    /// It does not start.
    ///
    /// # Panics
    /// It is required and not installed.
    pub async fn start() -> anyhow::Result<Option<Self>> {
        if !is_installed() {
            #[expect(clippy::disallowed_methods, reason = "make tells its own test run to insist")]
            let is_required = std::env::var_os("REFERENCE_REQUIRED").is_some();
            assert!(!is_required, "moto is not installed at the versions of this checkout");
            // Past the harness, which would keep it to itself.
            let _ =
                writeln!(std::io::stderr(), "SKIPPED, AWS WAS NOT ASKED: run tests/moto/install.sh first");
            return Ok(None);
        }
        let mut command = Command::new(tools().join("venv/bin/python"));
        command.arg(here().join("serve.py")).stdin(Stdio::piped());
        let mut process = Process::spawn(command)?;
        let base_url = process.word_within("http://127.0.0.1:", 60).await?;
        Ok(Some(Self { base_url, http: client()?, _process: process }))
    }

    /// Asks a service for something by its JSON protocol: `("events", "AWSEvents.CreateEventBus")`. The signature is
    /// one of form alone.
    ///
    /// # Errors
    /// No answer, or one that is no success.
    pub async fn ask(&self, service: &str, target: &str, body: &Value) -> anyhow::Result<Value> {
        let scope = format!("test/20260101/{REGION}/{service}/aws4_request");
        let signature = format!("AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0");
        let request = self
            .http
            .post(&self.base_url)
            .header("authorization", signature)
            .header("content-type", "application/x-amz-json-1.1")
            .header("x-amz-target", target);
        let answer = request.body(body.to_string()).send().await?;
        let status = answer.status();
        let text = answer.text().await?;
        anyhow::ensure!(status.is_success(), "{target}: {status} {text}");
        Ok(serde_json::from_str(&text).unwrap_or(Value::Null))
    }
}

fn is_installed() -> bool {
    let read = |path: PathBuf| std::fs::read(path).ok();
    let wanted = read(here().join("requirements.txt"));
    wanted.is_some() && wanted == read(tools().join("requirements.installed"))
}

fn here() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/moto"))
}

fn tools() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../.tools/moto")
}
