//! One of our binaries as a process of its own, ended when it goes out of scope.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};

use anyhow::{Context, bail};

/// A running binary and what it has printed on standard output and error.
#[derive(Debug)]
pub struct Process {
    child: Child,
    printed: Arc<Mutex<Vec<String>>>,
}

/// Where cargo put a binary of this workspace: beside the folder of the running test.
///
/// # Errors
/// It was not built: `make test` builds the binaries first.
pub fn binary(name: &str) -> anyhow::Result<PathBuf> {
    let test = std::env::current_exe()?;
    let folder = test.parent().and_then(|deps| deps.parent()).context("no target folder")?;
    let path = folder.join(name);
    if !path.is_file() {
        bail!("{name} is not built: run `make test`, or `cargo build --workspace --bins` first");
    }
    Ok(path)
}

/// A command of one of our binaries with an environment of its own and nothing inherited.
///
/// # Errors
/// As [`binary`].
pub fn command(name: &str, environment: &[(String, String)]) -> anyhow::Result<Command> {
    let mut command = Command::new(binary(name)?);
    command.env_clear().envs(environment.iter().map(|(key, value)| (key, value))).stdin(Stdio::null());
    Ok(command)
}

impl Process {
    /// Starts a binary.
    ///
    /// # Errors
    /// It is not built or cannot be started.
    pub fn start(name: &str, environment: &[(String, String)]) -> anyhow::Result<Self> {
        Self::start_with(name, environment, &[])
    }

    /// Starts a binary with arguments.
    ///
    /// # Errors
    /// It is not built or cannot be started.
    pub fn start_with(
        name: &str,
        environment: &[(String, String)],
        arguments: &[String],
    ) -> anyhow::Result<Self> {
        let mut command = command(name, environment)?;
        command.args(arguments);
        Self::spawn(command)
    }

    /// Starts any command, and reads what it prints.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn spawn(mut command: Command) -> anyhow::Result<Self> {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
        let printed = Arc::new(Mutex::new(Vec::new()));
        let streams: [Box<dyn std::io::Read + Send>; 2] = [
            Box::new(child.stdout.take().context("no standard output")?),
            Box::new(child.stderr.take().context("no standard error")?),
        ];
        for stream in streams {
            let printed = Arc::clone(&printed);
            std::thread::spawn(move || {
                for line in BufReader::new(stream).lines().map_while(Result::ok) {
                    if let Ok(mut lines) = printed.lock() {
                        lines.push(line);
                    }
                }
            });
        }
        Ok(Self { child, printed })
    }

    /// Everything printed so far.
    #[must_use]
    pub fn printed(&self) -> String {
        self.printed.lock().map(|lines| lines.join("\n")).unwrap_or_default()
    }

    /// Waits up to ten seconds for a word that starts with `prefix` in what is printed, and answers it.
    ///
    /// # Errors
    /// It did not come, or the process ended.
    pub async fn word(&mut self, prefix: &str) -> anyhow::Result<String> {
        self.word_within(prefix, 10).await
    }

    /// The same, with so many seconds to wait.
    ///
    /// # Errors
    /// It did not come, or the process ended.
    pub async fn word_within(&mut self, prefix: &str, seconds: u32) -> anyhow::Result<String> {
        for _ in 0..seconds * 100 {
            let printed = self.printed();
            if let Some(word) = printed.split_whitespace().find(|word| word.starts_with(prefix)) {
                return Ok(word.to_owned());
            }
            if let Some(status) = self.child.try_wait()? {
                bail!("ended with {status}: {printed}");
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        bail!("no {prefix} in: {}", self.printed())
    }

    /// The process id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// How it ended; `None` while it runs.
    ///
    /// # Errors
    /// The system does not know it.
    pub fn ended(&mut self) -> anyhow::Result<Option<ExitStatus>> {
        Ok(self.child.try_wait()?)
    }

    /// Ends it at once, as `kill -9` does.
    pub fn kill(&mut self) {
        // A process that has already ended is as dead as asked.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}
