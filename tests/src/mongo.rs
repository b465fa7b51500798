//! A server that speaks MongoDB's protocol (SecantusDB from PyPI, which `tests/mongo/install.sh` installs), and databases
//! of the test's own on it.

use std::io::Write;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::{bail, ensure};
use tempfile::TempDir;
use tokio::sync::OnceCell;

use crate::process::Process;

/// The server that the tests of a process share.
static SHARED: OnceCell<Option<(String, Option<Process>)>> = OnceCell::const_new();
/// Names of databases given so far.
static DATABASES: AtomicU32 = AtomicU32::new(0);

/// A running server of the test's own. It ends when it is dropped, or with the test's process.
#[derive(Debug)]
pub struct Mongo {
    /// The address that the service is given.
    pub uri: String,
    port: u16,
    process: Process,
    folder: TempDir,
}

impl Mongo {
    /// Starts one, if it is installed at the versions of this checkout; otherwise it says so on standard error and
    /// answers `None`, which is a failure where `MONGO_REQUIRED` is set.
    ///
    /// # Errors
    /// It does not start.
    ///
    /// # Panics
    /// It is required and not installed.
    pub async fn start() -> anyhow::Result<Option<Self>> {
        if !is_installed() {
            return Ok(None);
        }
        let folder = TempDir::new()?;
        let (port, process) = start_in(folder.path(), &[]).await?;
        Ok(Some(Self { uri: uri(port), port, process, folder }))
    }

    /// Ends it at once, as `kill -9` does.
    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// Starts it again where it was, with what it kept.
    ///
    /// # Errors
    /// It does not start.
    pub async fn restart(&mut self) -> anyhow::Result<()> {
        self.process.kill();
        self.process = spawn(self.port, self.folder.path(), &[])?;
        self.process.word_within("listening", 60).await.map(drop)
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
}

/// The address of the server that the tests of this process share, and the name of a database that nobody else uses:
/// the server of `MONGODB_TEST_URI`, or one that is started on the first call and ends with the process. `None` where
/// there is none, as [`Mongo::start`].
///
/// # Errors
/// It does not start.
///
/// # Panics
/// It is required and not installed.
pub async fn database() -> anyhow::Result<Option<(String, String)>> {
    let shared = SHARED.get_or_try_init(share).await?;
    let number = DATABASES.fetch_add(1, Ordering::Relaxed);
    let name = format!("risk-test-{}-{number}", std::process::id());
    Ok(shared.as_ref().map(|(uri, _)| (uri.clone(), name)))
}

async fn share() -> anyhow::Result<Option<(String, Option<Process>)>> {
    #[expect(clippy::disallowed_methods, reason = "a developer points the suite at another server")]
    if let Ok(uri) = std::env::var("MONGODB_TEST_URI") {
        return Ok(Some((uri, None)));
    }
    if !is_installed() {
        return Ok(None);
    }
    // What is static is never dropped: the server removes the folder when this process ends.
    let folder = TempDir::new()?.keep();
    let (port, process) = start_in(&folder, &["alone"]).await?;
    Ok(Some((uri(port), Some(process))))
}

fn uri(port: u16) -> String {
    format!("mongodb://127.0.0.1:{port}")
}

async fn start_in(folder: &Path, more: &[&str]) -> anyhow::Result<(u16, Process)> {
    // Another process may be given the port before the server takes it.
    for _ in 0..5 {
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let mut process = spawn(port, folder, more)?;
        if process.word_within("listening", 60).await.is_ok() {
            return Ok((port, process));
        }
    }
    bail!("no port was free for the server")
}

fn spawn(port: u16, folder: &Path, more: &[&str]) -> anyhow::Result<Process> {
    let mut command = Command::new(tools().join("venv/bin/python"));
    command.arg(here().join("serve.py")).arg(port.to_string()).arg(folder).args(more);
    command.env_clear().current_dir(folder).stdin(Stdio::piped());
    Process::spawn(command)
}

fn is_installed() -> bool {
    let read = |path: PathBuf| std::fs::read(path).ok();
    let wanted = read(here().join("requirements.txt"));
    let is_installed = wanted.is_some() && wanted == read(tools().join("requirements.installed"));
    if !is_installed {
        #[expect(clippy::disallowed_methods, reason = "make tells its own test run to insist")]
        let is_required = std::env::var_os("MONGO_REQUIRED").is_some();
        assert!(!is_required, "the MongoDB server is not installed at the versions of this checkout");
        // Past the harness, which would keep it to itself.
        let _ =
            writeln!(std::io::stderr(), "SKIPPED, MONGODB WAS NOT ASKED: run tests/mongo/install.sh first");
    }
    is_installed
}

fn here() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/mongo"))
}

fn tools() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../.tools/mongo")
}
