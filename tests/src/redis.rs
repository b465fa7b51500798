//! A Redis server of the test's own (Debian's, which `tests/redis/install.sh` unpacks) that can be killed and held up.

use std::io::Write;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::process::Process;

/// Longest that the server has to answer a command of the test.
const ANSWER: Duration = Duration::from_secs(5);

/// A running Redis. It ends when it is dropped, or with the test's process.
#[derive(Debug)]
pub struct Redis {
    /// The URL that the service is given.
    pub url: String,
    port: u16,
    process: Process,
    folder: TempDir,
}

impl Redis {
    /// Starts one, if it is installed; otherwise it says so on standard error and answers `None`, which is a failure
    /// where `REDIS_REQUIRED` is set.
    ///
    /// # Errors
    /// It does not start.
    ///
    /// # Panics
    /// It is required and not installed.
    pub async fn start() -> anyhow::Result<Option<Self>> {
        if !tools().join("redis-server").is_file() {
            #[expect(clippy::disallowed_methods, reason = "make tells its own test run to insist")]
            let is_required = std::env::var_os("REDIS_REQUIRED").is_some();
            assert!(!is_required, "redis-server is not installed");
            // Past the harness, which would keep it to itself.
            let _ =
                writeln!(std::io::stderr(), "SKIPPED, REDIS WAS NOT ASKED: run tests/redis/install.sh first");
            return Ok(None);
        }
        let folder = TempDir::new()?;
        // Another process may be given the port before the server takes it.
        for _ in 0..5 {
            let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
            let mut process = spawn(port, folder.path())?;
            if process.word("Ready").await.is_ok() {
                let url = format!("redis://127.0.0.1:{port}");
                return Ok(Some(Self { url, port, process, folder }));
            }
        }
        bail!("no port was free for redis-server")
    }

    /// Ends it at once, as `kill -9` does: what it kept is gone.
    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// Starts it again where it was.
    ///
    /// # Errors
    /// It does not start.
    pub async fn restart(&mut self) -> anyhow::Result<()> {
        self.process.kill();
        self.process = spawn(self.port, self.folder.path())?;
        self.process.word("Ready").await.map(drop)
    }

    /// Holds it up: connections stay, and nothing answers.
    ///
    /// # Errors
    /// It is not there.
    pub fn hang(&self) -> anyhow::Result<()> {
        self.signal("-STOP")
    }

    /// Lets it go on.
    ///
    /// # Errors
    /// It is not there.
    pub fn go_on(&self) -> anyhow::Result<()> {
        self.signal("-CONT")
    }

    fn signal(&self, signal: &str) -> anyhow::Result<()> {
        let status = Command::new("kill").args([signal, &self.process.id().to_string()]).status()?;
        ensure!(status.success(), "kill {signal}: {status}");
        Ok(())
    }

    /// Sends one command on a connection of its own and answers what came back, in the form of the protocol.
    ///
    /// # Errors
    /// No answer within five seconds.
    pub async fn ask(&self, command: &str) -> anyhow::Result<String> {
        let asked = async {
            let mut stream = TcpStream::connect(("127.0.0.1", self.port)).await?;
            stream.write_all(format!("{command}\r\nQUIT\r\n").as_bytes()).await?;
            let mut answer = String::new();
            stream.read_to_string(&mut answer).await?;
            anyhow::Ok(answer)
        };
        tokio::time::timeout(ANSWER, asked).await.context("no answer")?
    }
}

fn spawn(port: u16, folder: &Path) -> anyhow::Result<Process> {
    let mut command = Command::new(tools().join("redis-server"));
    command.env_clear().env("LD_LIBRARY_PATH", tools().join("lib")).current_dir(folder).stdin(Stdio::null());
    command.args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--port", &port.to_string()]);
    Process::spawn(command)
}

fn tools() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../.tools/redis")
}
