//! The reference implementations, each run once as a program of its own that answers one JSON object.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context;
use serde_json::Value;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn tools() -> PathBuf {
    root().join(".tools/reference")
}

/// numpy, scikit-learn, pandas and empyrical on the files of a folder.
pub(crate) fn python(folder: &Path) -> anyhow::Result<Value> {
    let mut command = Command::new(tools().join("venv/bin/python"));
    command.arg(root().join("tests/benches/maths/reference.py")).arg(folder);
    // Overrides that some machines set for other programs and that slow numpy down; one thread, as ours is.
    command.env_remove("OPENBLAS_CORETYPE").env_remove("OPENBLAS_L2_SIZE").env("OPENBLAS_NUM_THREADS", "1");
    answer(command)
}

/// @aave/math-utils on the files of a folder.
pub(crate) fn node(folder: &Path) -> anyhow::Result<Value> {
    let mut command = Command::new("node");
    command.arg(root().join("tests/benches/maths/account.mjs")).arg(tools()).arg(folder);
    answer(command)
}

fn answer(mut command: Command) -> anyhow::Result<Value> {
    let output = command
        .output()
        .with_context(|| format!("{:?}: run tests/reference/install.sh", command.get_program()))?;
    let errors = String::from_utf8_lossy(&output.stderr);
    anyhow::ensure!(
        output.status.success(),
        "{:?} ended with {}: {errors}",
        command.get_program(),
        output.status
    );
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// A number of an answer.
pub(crate) fn number(answer: &Value, name: &str) -> anyhow::Result<f64> {
    answer.get(name).and_then(Value::as_f64).with_context(|| format!("the reference did not answer {name}"))
}
