//! The dependency rule of ARCHITECTURE.md over `cargo metadata`.

use std::collections::{BTreeMap, BTreeSet};

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand};

/// Which of our crates a crate may name (outside its own tests). Everything points towards `risk-model`.
const RULE: &[(&str, &[&str])] = &[
    ("risk-model", &[]),
    ("risk-engine", &["risk-model"]),
    ("risk-app", &["risk-model", "risk-engine"]),
    ("risk-http", &[]),
    ("risk-feeds", &["risk-model", "risk-engine", "risk-app", "risk-http"]),
    ("risk-notify", &["risk-model", "risk-app", "risk-http"]),
    ("risk-store", &["risk-model", "risk-engine", "risk-app"]),
    (
        "risk-boot",
        &["risk-model", "risk-engine", "risk-app", "risk-http", "risk-feeds", "risk-notify", "risk-store"],
    ),
    ("risk-api", &["risk-model", "risk-engine", "risk-app", "risk-boot"]),
    ("risk-sweep", &["risk-model", "risk-app", "risk-boot"]),
    ("risk-edge", &["risk-model"]),
    ("risk-sandbox", &[]),
    ("risk-tests", &["*"]),
];

/// Crates that only the named crates of ours may link.
const WALLS: &[(&str, &[&str])] = &[
    ("reqwest", &["risk-http", "risk-sandbox", "risk-tests"]),
    ("rusqlite", &["risk-store"]),
    ("redis", &["risk-store"]),
    ("mongodb", &["risk-store"]),
    ("aws-sdk-eventbridge", &["risk-notify"]),
    ("lambda_http", &["risk-api", "risk-tests"]),
    ("lambda_runtime", &["risk-sweep"]),
    (
        "tokio",
        &[
            "risk-app",
            "risk-http",
            "risk-feeds",
            "risk-store",
            "risk-boot",
            "risk-api",
            "risk-sweep",
            "risk-sandbox",
            "risk-tests",
        ],
    ),
    ("axum", &["risk-api", "risk-sandbox", "risk-tests"]),
    ("tracing-subscriber", &["risk-boot"]),
    ("wasm-bindgen", &["risk-edge"]),
];

fn metadata() -> Metadata {
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml");
    MetadataCommand::new().manifest_path(manifest).no_deps().exec().unwrap()
}

/// Normal and build dependencies of each of our crates.
fn dependencies() -> BTreeMap<String, BTreeSet<String>> {
    let names = |package: &cargo_metadata::Package| {
        let kept = package.dependencies.iter().filter(|one| one.kind != DependencyKind::Development);
        kept.map(|one| one.name.clone()).collect()
    };
    metadata().packages.iter().map(|package| (package.name.to_string(), names(package))).collect()
}

#[test]
fn every_crate_names_only_the_crates_it_may() {
    let rule: BTreeMap<&str, &[&str]> = RULE.iter().copied().collect();
    for (name, dependencies) in dependencies() {
        let allowed = rule.get(name.as_str()).unwrap_or_else(|| panic!("{name} has no line in the rule"));
        for ours in dependencies.iter().filter(|one| one.starts_with("risk-")) {
            assert!(
                allowed.contains(&"*") || allowed.contains(&ours.as_str()),
                "{name} may not depend on {ours}"
            );
        }
    }
}

#[test]
fn network_disk_and_runtimes_stay_behind_their_walls() {
    for (name, dependencies) in dependencies() {
        for (library, owners) in WALLS {
            assert!(
                !dependencies.contains(*library) || owners.contains(&name.as_str()),
                "{name} may not link {library}"
            );
        }
    }
}

#[test]
fn every_rule_is_about_a_crate_that_exists() {
    let known = dependencies();
    for (name, _) in RULE {
        assert!(known.contains_key(*name), "{name} is in the rule and not in the workspace");
    }
}

#[test]
fn every_crate_takes_the_workspace_lints() {
    for package in metadata().packages {
        let manifest = std::fs::read_to_string(&package.manifest_path).unwrap();
        assert!(manifest.contains("[lints]\nworkspace = true"), "{} has its own lints", package.name);
        let folder = package.manifest_path.parent().unwrap();
        assert!(!folder.join("clippy.toml").exists(), "{} replaces the root clippy.toml", package.name);
    }
}
