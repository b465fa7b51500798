//! A Redis server of the test's own (Debian's, which `tests/redis/install.sh` unpacks) that can be killed and held up, or
//! the one that `REDIS_TEST_URI` names.

use std::io::Write;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::{Mutex, MutexGuard};

use crate::process::Process;

/// Longest that the server has to answer a command of the test.
const ANSWER: Duration = Duration::from_secs(5);

/// A Redis that tests may write to and empty. One of the test's own ends when this is dropped, or with the test's process.
#[derive(Debug)]
pub struct Redis {
    /// The URL that the service is given.
    pub url: String,
    server: Server,
}

#[derive(Debug)]
enum Server {
    Own {
        port: u16,
        process: Process,
        folder: TempDir,
    },
    /// One that `REDIS_TEST_URI` names. It is emptied for each test, so they take turns.
    Other {
        _turn: MutexGuard<'static, ()>,
    },
}

static TURN: Mutex<()> = Mutex::const_new(());

impl Redis {
    /// The one that `REDIS_TEST_URI` names, emptied; where that is not set, one of the test's own
    /// ([`Redis::start_own`]).
    ///
    /// # Errors
    /// It does not start, or cannot be reached.
    pub async fn start() -> anyhow::Result<Option<Self>> {
        #[expect(clippy::disallowed_methods, reason = "a developer points the suite at another server")]
        let other = std::env::var("REDIS_TEST_URI").ok();
        let Some(url) = other else { return Self::start_own().await };
        let redis = Self { url, server: Server::Other { _turn: TURN.lock().await } };
        let emptied = redis.ask("FLUSHDB").await.context("the Redis of REDIS_TEST_URI")?;
        ensure!(emptied.starts_with("+OK"), "the Redis of REDIS_TEST_URI cannot be emptied: {emptied}");
        Ok(Some(redis))
    }

    /// Starts one that the test may also kill and hold up, if it is installed; otherwise it says so on standard error and
    /// answers `None`, which is a failure where `REDIS_REQUIRED` is set.
    ///
    /// # Errors
    /// It does not start.
    ///
    /// # Panics
    /// It is required and not installed.
    pub async fn start_own() -> anyhow::Result<Option<Self>> {
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
                return Ok(Some(Self { url, server: Server::Own { port, process, folder } }));
            }
        }
        bail!("no port was free for redis-server")
    }

    /// Ends it at once, as `kill -9` does: what it kept is gone. One that is not the test's own stays.
    pub fn kill(&mut self) {
        if let Server::Own { process, .. } = &mut self.server {
            process.kill();
        }
    }

    /// Starts it again where it was.
    ///
    /// # Errors
    /// It does not start; it is not the test's own.
    pub async fn restart(&mut self) -> anyhow::Result<()> {
        let Server::Own { port, process, folder } = &mut self.server else { bail!("not the test's own") };
        process.kill();
        *process = spawn(*port, folder.path())?;
        process.word("Ready").await.map(drop)
    }

    /// Holds it up: connections stay, and nothing answers.
    ///
    /// # Errors
    /// It is not there, or not the test's own.
    pub fn hang(&self) -> anyhow::Result<()> {
        self.signal("-STOP")
    }

    /// Lets it go on.
    ///
    /// # Errors
    /// It is not there, or not the test's own.
    pub fn go_on(&self) -> anyhow::Result<()> {
        self.signal("-CONT")
    }

    fn signal(&self, signal: &str) -> anyhow::Result<()> {
        let Server::Own { process, .. } = &self.server else { bail!("not the test's own") };
        let status = Command::new("kill").args([signal, &process.id().to_string()]).status()?;
        ensure!(status.success(), "kill {signal}: {status}");
        Ok(())
    }

    /// Sends one command on a connection of its own and answers what came back, in the form of the protocol.
    ///
    /// # Errors
    /// No answer within five seconds.
    pub async fn ask(&self, command: &str) -> anyhow::Result<String> {
        let url: reqwest::Url = self.url.parse()?;
        let address = (url.host_str().context("no host")?.to_owned(), url.port().unwrap_or(6379));
        let login = url.password().map(|password| match url.username() {
            "" => format!("AUTH {password}"),
            user => format!("AUTH {user} {password}"),
        });
        let database = Some(url.path().trim_matches('/')).filter(|database| !database.is_empty());
        let first: Vec<String> =
            login.into_iter().chain(database.map(|database| format!("SELECT {database}"))).collect();
        let asked = async {
            let mut stream = TcpStream::connect(address).await?;
            let lines: String = first.iter().map(|line| format!("{line}\r\n")).collect();
            stream.write_all(format!("{lines}{command}\r\nQUIT\r\n").as_bytes()).await?;
            let mut answer = String::new();
            stream.read_to_string(&mut answer).await?;
            anyhow::Ok(answer)
        };
        let answer = tokio::time::timeout(ANSWER, asked).await.context("no answer")??;
        Ok(answer.splitn(first.len() + 1, "\r\n").last().unwrap_or_default().to_owned())
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
