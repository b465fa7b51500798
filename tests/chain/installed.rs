//! What `tests/chain/install.sh` installed, and how much of the whole this run is to do.

use std::io::Write;
use std::path::{Path, PathBuf};

/// Where everything is installed.
pub(crate) fn tools() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../.tools/chain")
}

/// The node's binary: npm installs the one package that is for this platform.
pub(crate) fn anvil() -> PathBuf {
    let packages = tools().join("node_modules/@foundry-rs");
    let entries = std::fs::read_dir(&packages).expect("the node's packages");
    let mut binaries = entries.flatten().map(|entry| entry.path().join("bin/anvil"));
    binaries.find(|binary| binary.is_file()).expect("a node for this platform")
}

/// Whether the installation is that of this checkout. Without one nothing is compared, which is said on stderr; with
/// `CHAIN_REQUIRED` set that is a failure instead.
pub(crate) fn is_installed() -> bool {
    let here = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/chain"));
    let read = |path: PathBuf| std::fs::read(path).ok();
    let wanted = read(here.join("package-lock.json"));
    let is_current = wanted.is_some() && wanted == read(tools().join("package-lock.installed"));
    if is_current && tools().join("artifacts.built").is_file() {
        return true;
    }
    assert!(
        !is_set("CHAIN_REQUIRED"),
        "the chain's packages are not installed at the versions of this checkout"
    );
    tell("SKIPPED, NOTHING WAS COMPARED: run `make test-chain`, which installs the chain");
    false
}

/// So many cases: all of them where `CHAIN_WHOLE` is set (`make test-chain`), otherwise the share of a quick run.
pub(crate) fn cases(whole: usize, quick: usize) -> usize {
    if is_set("CHAIN_WHOLE") { whole } else { quick }
}

fn is_set(variable: &str) -> bool {
    #[expect(clippy::disallowed_methods, reason = "make tells its own test run what to insist on")]
    let value = std::env::var_os(variable);
    value.is_some()
}

/// Says something on stderr past the harness, which would keep it to itself.
pub(crate) fn tell(what: &str) {
    let mut stderr = std::io::stderr();
    let _ = writeln!(stderr, "  {what}");
}
