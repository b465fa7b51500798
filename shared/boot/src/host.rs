//! Which host this process runs under, and the start that every function shares.

use std::future::Future;
use std::io::Write;
use std::process::ExitCode;

use crate::settings::{ProcessEnvironment, Settings, Source, layered};
use crate::wiring::{Wired, wire};

/// Status of a process whose settings are wrong (`EX_USAGE`).
const USAGE: u8 = 64;

/// Who calls the function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Host {
    /// The Lambda runtime API: `AWS_LAMBDA_RUNTIME_API` is set.
    Lambda,
    /// A container or a laptop.
    Container,
}

impl Host {
    /// The host of this process.
    #[must_use]
    pub fn detect(source: &dyn Source) -> Self {
        if source.value("AWS_LAMBDA_RUNTIME_API").is_some() { Self::Lambda } else { Self::Container }
    }
}

/// Reads the settings, wires the service and runs a function over it to its end.
/// Wrong settings are printed, all of them, and end the process with status 64; a failed run ends it with 1.
pub fn run<F, Done>(function: F) -> ExitCode
where
    F: FnOnce(Wired) -> Done,
    Done: Future<Output = anyhow::Result<()>>,
{
    let settings = match layered().and_then(|source| Settings::read(source.as_ref())) {
        Ok(settings) => settings,
        Err(problems) => {
            complain(&problems.to_string());
            return ExitCode::from(USAGE);
        }
    };
    match start(settings, function) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(error = format!("{error:#}"), "the function failed");
            complain(&format!("{error:#}\n"));
            ExitCode::FAILURE
        }
    }
}

fn start<F, Done>(settings: Settings, function: F) -> anyhow::Result<()>
where
    F: FnOnce(Wired) -> Done,
    Done: Future<Output = anyhow::Result<()>>,
{
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let wired = wire(settings, Host::detect(&ProcessEnvironment))?;
        function(wired).await
    })
}

/// A random name for one run: 128 bits, hex.
///
/// # Errors
/// The system gave no randomness.
pub fn run_id() -> anyhow::Result<String> {
    let mut bytes = [0_u8; 16];
    getrandom::fill(&mut bytes).map_err(|_| anyhow::anyhow!("the system gave no randomness"))?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// One line on standard output: what a person or a script that started the process waits for.
pub fn print_line(text: &str) {
    // Nobody listening is no reason to end a service.
    let _ = writeln!(std::io::stdout(), "{text}");
}

fn complain(text: &str) {
    let _ = write!(std::io::stderr(), "{text}");
}
