//! Node programs of `tests/edge/drivers`: asked once line by line, or left running for a test.

use std::io::{BufRead, BufReader, Seek, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};

use serde_json::Value;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Whether the packages and the module are there, at the versions of this checkout. Where they are not, the test says so
/// and passes; with `EDGE_REQUIRED` set it fails instead.
pub(crate) fn is_ready(what: &str) -> bool {
    let read = |path: &str| std::fs::read(root().join(path)).ok();
    let wanted = read("tests/edge/package-lock.json");
    let is_ready = wanted.is_some()
        && wanted == read(".tools/edge/package-lock.installed")
        && read("edge-wasm/pkg/stamp").is_some();
    if !is_ready {
        skip(what, "run `make edge` first");
    }
    is_ready
}

/// Says that a test checks nothing, or fails where it must not.
pub(crate) fn skip(what: &str, why: &str) {
    #[expect(clippy::disallowed_methods, reason = "make test tells its own test run to insist")]
    let is_required = std::env::var_os("EDGE_REQUIRED").is_some();
    assert!(!is_required, "{what} cannot be tested: {why}");
    say(what, why);
}

/// Says that a test checks nothing.
pub(crate) fn say(what: &str, why: &str) {
    // Past the harness, which would keep it to itself.
    let _ = writeln!(std::io::stderr(), "SKIPPED, NOTHING WAS TESTED ({what}): {why}");
}

fn command(driver: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new("node");
    command.arg(root().join("tests/edge/drivers").join(driver)).args(arguments).current_dir(root());
    command
}

/// Asks a driver everything at once; one answer for each question, in their order.
pub(crate) fn ask(driver: &str, questions: &[Value]) -> Vec<Value> {
    let mut input = tempfile::tempfile().expect("a temporary file");
    for question in questions {
        writeln!(input, "{question}").expect("a question is written");
    }
    input.rewind().expect("the questions are rewound");
    let output = command(driver, &[]).stdin(input).output().expect("node starts");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{driver} ended with {}: {errors}", output.status);
    let text = String::from_utf8(output.stdout).expect("answers are UTF-8");
    let answers: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{driver}: {error}: {line}")))
        .collect();
    assert_eq!(answers.len(), questions.len(), "{driver} did not answer every question: {errors}");
    answers
}

/// A driver that runs until it goes out of scope: it ends when its standard input does.
pub(crate) struct Running {
    child: Child,
    _input: ChildStdin,
    /// The first word that it printed: the URL that it serves.
    pub(crate) url: String,
}

impl Running {
    /// Starts a driver and waits until it says where it serves.
    pub(crate) fn start(driver: &str, arguments: &[&str]) -> Self {
        let mut child = command(driver, arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("node starts");
        let input = child.stdin.take().expect("an input");
        let mut line = String::new();
        let output = child.stdout.take().expect("an output");
        BufReader::new(output).read_line(&mut line).expect("a line of the driver");
        assert!(line.starts_with("http://"), "{driver} does not say where it serves: {line:?}");
        Self { child, _input: input, url: line.trim().to_owned() }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Its own child ends with it.
        let _ = Command::new("kill").arg(self.child.id().to_string()).status();
        let _ = self.child.wait();
    }
}
