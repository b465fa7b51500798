//! Drivers: small programs around one reference each, that read one question a line and write one answer a line, JSON.

use std::io::{Seek, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::draw::Draw;

/// Asks a driver of `tests/reference/drivers` everything at once; one answer for each question, in their order.
///
/// `None` where the references are not installed at the versions of this checkout, which it says on stderr; with
/// `REFERENCE_REQUIRED` set that is a failure instead.
pub(crate) fn ask(driver: &str, questions: &[Value]) -> Option<Vec<Value>> {
    if !is_installed() {
        return skipped(driver);
    }
    let mut input = tempfile::tempfile().expect("a temporary file");
    for question in questions {
        writeln!(input, "{question}").expect("a question is written");
    }
    input.rewind().expect("the questions are rewound");
    let output = command(driver)
        .stdin(input)
        .output()
        .unwrap_or_else(|error| panic!("{driver} does not start: {error}"));
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{driver} ended with {}: {errors}", output.status);
    let text = String::from_utf8(output.stdout).expect("answers are UTF-8");
    let answers: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{driver}: {error}: {line}")))
        .collect();
    assert_eq!(answers.len(), questions.len(), "{driver} did not answer every question: {errors}");
    Some(answers)
}

/// Draws so many cases from the stream of this name, asks the driver about each, and gives each with its answer.
pub(crate) fn answered<C>(
    driver: &str,
    stream: &str,
    count: usize,
    draw_one: impl Fn(&mut Draw) -> C,
    question: impl Fn(&C) -> Value,
) -> Option<Vec<(C, Value)>> {
    let mut draw = Draw::named(stream);
    let cases: Vec<C> = (0..count).map(|_| draw_one(&mut draw)).collect();
    let questions: Vec<Value> = cases.iter().map(question).collect();
    Some(cases.into_iter().zip(ask(driver, &questions)?).collect())
}

fn skipped(driver: &str) -> Option<Vec<Value>> {
    #[expect(clippy::disallowed_methods, reason = "make test-reference tells its own test run to insist")]
    let is_required = std::env::var_os("REFERENCE_REQUIRED").is_some();
    assert!(!is_required, "the reference implementations are not installed at the versions of this checkout");
    // Past the harness, which would keep it to itself.
    let mut stderr = std::io::stderr();
    let _ = writeln!(
        stderr,
        "SKIPPED, NOTHING WAS COMPARED ({driver}): run `make test-reference`, which installs the references"
    );
    None
}

fn command(driver: &str) -> Command {
    let interpreter = match driver.rsplit_once('.') {
        Some((_, "mjs")) => PathBuf::from("node"),
        Some((_, "py")) => tools().join("venv/bin/python"),
        _ => panic!("{driver} is neither JavaScript nor Python"),
    };
    let mut command = Command::new(interpreter);
    command.arg(here().join("drivers").join(driver)).arg(tools());
    // The tests run side by side already; one thread each keeps the sums in one order.
    command.env("OMP_NUM_THREADS", "1").env("OPENBLAS_NUM_THREADS", "1");
    command
}

/// Whether both package managers finished with the very lists of this checkout.
fn is_installed() -> bool {
    let same = |list: &str, installed: &str| {
        let read = |path: PathBuf| std::fs::read(path).ok();
        let wanted = read(here().join(list));
        wanted.is_some() && wanted == read(tools().join(installed))
    };
    same("package-lock.json", "package-lock.installed") && same("requirements.txt", "requirements.installed")
}

fn here() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/reference"))
}

fn tools() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../.tools/reference")
}

/// A number of an answer.
pub(crate) fn number(answer: &Value, field: &str) -> f64 {
    answer[field].as_f64().unwrap_or_else(|| panic!("{field} is no number in {answer}"))
}

/// A decimal text of an answer, such as the SDKs give, as the nearest float.
pub(crate) fn decimal(answer: &Value, field: &str) -> f64 {
    let text = answer[field].as_str().unwrap_or_else(|| panic!("{field} is no text in {answer}"));
    text.parse().unwrap_or_else(|error| panic!("{field} in {answer}: {error}"))
}

/// A list of numbers of an answer.
pub(crate) fn numbers(answer: &Value, field: &str) -> Vec<f64> {
    let list = answer[field].as_array().unwrap_or_else(|| panic!("{field} is no list in {answer}"));
    list.iter().map(|one| one.as_f64().unwrap_or_else(|| panic!("{one} in {field} is no number"))).collect()
}
