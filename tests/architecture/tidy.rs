//! The tidy rules: size ceilings, first lines, names, and what may not stand in a file.

use std::path::{Path, PathBuf};
use std::process::Command;

const MOST_LINES: usize = 400;
const MOST_FUNCTION_LINES: usize = 50;
const FORBIDDEN_NAMES: [&str; 4] = ["utils", "helpers", "common", "mod"];
const FORBIDDEN_TYPES: [&str; 2] = ["Manager", "Impl"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().unwrap()
}

/// Every file git tracks or would track, so that a new one is held to the rules before it is committed.
fn files(ending: &str) -> Vec<(PathBuf, String)> {
    let output = Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard"])
        .current_dir(root())
        .output()
        .unwrap();
    let listed = String::from_utf8(output.stdout).unwrap();
    let paths = listed.lines().filter(|path| path.ends_with(ending)).map(|path| root().join(path));
    let found: Vec<_> = paths.filter(|path| path.is_file()).collect();
    found.into_iter().map(|path| (path.clone(), std::fs::read_to_string(path).unwrap())).collect()
}

/// The first line over each function's ceiling: `(line, name, length)`. Braces at the function's own indent end it,
/// which holds for rustfmt's output.
fn long_functions(text: &str) -> Vec<(usize, String, usize)> {
    let lines: Vec<&str> = text.lines().collect();
    let mut long = Vec::new();
    for (start, line) in lines.iter().enumerate() {
        let trimmed = line.trim_start();
        let is_function =
            ["fn ", "pub fn ", "async fn ", "pub async fn ", "pub(super) fn ", "pub(crate) fn "]
                .iter()
                .chain(&["pub(super) async fn ", "pub(crate) async fn ", "pub const fn ", "const fn "])
                .any(|opening| trimmed.starts_with(opening));
        if !is_function {
            continue;
        }
        let indent = &line[..line.len() - trimmed.len()];
        let closing = format!("{indent}}}");
        let length = lines[start..].iter().position(|line| *line == closing).map_or(0, |length| length + 1);
        let signature_only = lines[start..].iter().position(|line| line.ends_with(';')).unwrap_or(usize::MAX);
        let body = lines[start..].iter().position(|line| line.ends_with('{')).unwrap_or(usize::MAX);
        if body < signature_only && length > MOST_FUNCTION_LINES {
            long.push((start + 1, trimmed.chars().take(60).collect(), length));
        }
    }
    long
}

#[test]
fn the_measure_sees_a_long_function() {
    let body = "    let _ = 1;\n".repeat(60);
    assert_eq!(long_functions(&format!("fn long() {{\n{body}}}\n")).len(), 1);
    assert_eq!(long_functions("fn short() {\n    one();\n}\n").len(), 0);
}

#[test]
fn no_file_is_longer_than_its_ceiling() {
    let long: Vec<_> = files(".rs")
        .iter()
        .map(|(path, text)| (path.clone(), text.lines().count()))
        .filter(|(_, lines)| *lines > MOST_LINES)
        .collect();
    assert!(long.is_empty(), "over {MOST_LINES} lines: {long:#?}");
}

#[test]
fn no_function_is_longer_than_its_ceiling() {
    let mut long = Vec::new();
    for (path, text) in files(".rs") {
        long.extend(long_functions(&text).into_iter().map(|function| (path.clone(), function)));
    }
    assert!(long.is_empty(), "over {MOST_FUNCTION_LINES} lines: {long:#?}");
}

#[test]
fn every_file_says_first_what_it_is() {
    for (path, text) in files(".rs") {
        assert!(text.starts_with("//! "), "{} does not open with a //! sentence", path.display());
    }
}

#[test]
fn no_name_says_nothing() {
    for (path, text) in files(".rs") {
        let stem = path.file_stem().unwrap().to_str().unwrap();
        assert!(!FORBIDDEN_NAMES.contains(&stem), "{} has a name that says nothing", path.display());
        for line in text.lines() {
            let declared = line.trim_start().trim_start_matches("pub ").trim_start_matches("(crate) ");
            let name = declared.strip_prefix("struct ").or_else(|| declared.strip_prefix("trait "));
            let name = name.and_then(|rest| rest.split(|letter: char| !letter.is_alphanumeric()).next());
            if let Some(name) = name {
                assert!(
                    !FORBIDDEN_TYPES.iter().any(|end| name.ends_with(end)),
                    "{name} in {}",
                    path.display()
                );
            }
        }
    }
}

#[test]
fn no_test_is_switched_off_and_nothing_is_left_to_do() {
    let marks = [
        concat!("#[", "ignore"),
        concat!("todo", "!("),
        concat!("unimplemented", "!("),
        concat!("FIX", "ME"),
    ];
    for (path, text) in files(".rs") {
        for mark in marks {
            assert!(!text.contains(mark), "{} holds {mark}", path.display());
        }
    }
}

#[test]
fn no_path_of_a_machine_is_written_down() {
    let folders = ["work", "farm", "root", "home"];
    for ending in [".rs", ".md", ".toml", ".sh", ".yaml", "Makefile", "run"] {
        for (path, text) in files(ending) {
            for folder in folders {
                let needle = format!("/{folder}/");
                let found = text.lines().find(|line| {
                    line.match_indices(&needle).any(|(at, _)| {
                        at == 0
                            || !line[..at]
                                .ends_with(|letter: char| letter.is_alphanumeric() || ".-_}".contains(letter))
                    })
                });
                assert!(found.is_none(), "{}: {found:?}", path.display());
            }
        }
    }
}
