//! The page in a real headless Chromium: the wallet field is checked by the module, and the page works without scripts.

use std::path::Path;
use std::process::Command;

use risk_tests::{Host, Stack};
use serde_json::Value;

use crate::driver;

const BROWSERS: [&str; 3] =
    ["/usr/bin/chromium-headless-shell", "/usr/bin/chromium", "/usr/bin/google-chrome"];

#[tokio::test]
async fn the_wallet_field_is_checked_by_the_module_and_the_form_works_without_it() {
    if !driver::is_ready("the page in a browser") {
        return;
    }
    let Some(browser) = BROWSERS.into_iter().find(|path| Path::new(path).exists()) else {
        // Not every machine has a browser to be had, so this is never a failure.
        driver::say("the page in a browser", "there is no Chromium");
        return;
    };
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let module = root.join("edge-wasm/pkg/web");
    let settings = [("EDGE_MODULE_DIR", module.to_str().unwrap()), ("AUTH_MODE", "open")];
    let stack = Stack::start(Host::Container, &settings).await.unwrap();
    let wallet = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed";
    let mut command = Command::new("node");
    command.current_dir(&root).arg("tests/edge/drivers/page.mjs").args([
        &format!("{}/", stack.url),
        wallet,
        browser,
    ]);
    let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let seen: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(seen["errors"], serde_json::json!([]), "{seen}");
    assert_eq!(seen["short"], "wallet must be 0x and 40 hex digits");
    assert_eq!(seen["checksum"], "wallet has a wrong EIP-55 checksum");
    assert_eq!((&seen["stayed"], &seen["right"]), (&Value::Bool(true), &Value::String(String::new())));
    assert!(seen["asked"].as_str().unwrap().ends_with(&format!("/?wallet={wallet}")), "{seen}");
    assert_eq!(seen["without"], "wallet must be 0x and 40 hex digits");
}
