//! Backups taken while the service writes, and put in place: the restored service answers what the first one did.

use std::path::Path;
use std::process::Output;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use risk_tests::process::command;
use risk_tests::{Host, Stack};
use serde_json::{Value, json};

const DATABASE: &str = "risk.sqlite";

/// Runs `risk-api` with an order over a data folder.
async fn order(stack: &Stack, data: &Path, verb: &str, file: &Path) -> Output {
    let mut environment = stack.environment.clone();
    environment.retain(|(name, _)| name != "DATA_DIR");
    environment.push(("DATA_DIR".to_owned(), data.to_str().expect("a folder").to_owned()));
    let mut command = command("risk-api", &environment).expect("the binary");
    command.args([verb, file.to_str().expect("a file")]);
    tokio::task::spawn_blocking(move || command.output()).await.unwrap().expect("the order")
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

fn wallet(number: usize) -> String {
    format!("0x{number:040x}")
}

/// What the service answers of what is kept.
async fn answers(stack: &Stack, wallets: &[String]) -> Vec<Value> {
    let mut all = Vec::new();
    for wallet in wallets {
        let mut body = stack.get(&format!("/api/risk/wallets/{wallet}")).await.unwrap().json;
        body.as_object_mut().expect("an object").remove("exported_at");
        all.push(body);
    }
    all.push(stack.get("/api/risk/alerts?limit=200").await.unwrap().json);
    all
}

/// The watched wallets, page after page.
async fn watched(stack: &Stack) -> Vec<String> {
    let mut all = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = stack.get(&format!("/api/risk/watches?limit=200{cursor}")).await.unwrap().json;
        let wallets = page["watches"].as_array().expect("watches");
        all.extend(wallets.iter().map(|watch| watch["wallet_address"].as_str().unwrap().to_lowercase()));
        match page["pagination"]["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return all,
        }
    }
}

/// Imports small files one after the other until it is told to end; answers how many wallets were acknowledged.
async fn keep_writing(stack: Arc<Stack>, is_over: Arc<AtomicBool>) -> usize {
    let mut acknowledged = 0;
    while !is_over.load(Ordering::SeqCst) {
        let lines: Vec<Value> = (acknowledged..acknowledged + 20)
            .map(|number| json!({"wallet_address": wallet(number + 1), "label": format!("{number}")}))
            .collect();
        let reply = stack.send("POST", "/api/risk/watches:import", Some(Value::from(lines))).await.unwrap();
        assert_eq!(reply.status, 200, "{}", reply.text);
        acknowledged += 20;
    }
    acknowledged
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_taken_while_the_service_writes_is_restored_to_the_same_answers() {
    let stack = Arc::new(Stack::start(Host::Container, &[]).await.unwrap());
    let own: Vec<String> = vec![stack.wallet("near").await.unwrap(), stack.wallet("safe").await.unwrap()];
    for wallet in &own {
        let put =
            stack.send("PUT", &format!("/api/risk/watches/{wallet}"), Some(json!({"label": "own"}))).await;
        assert_eq!(put.unwrap().status, 201);
    }
    let before = answers(&stack, &own).await;
    let total = before.last().unwrap()["total_count"].as_u64().unwrap();
    assert!(total > 0, "no alert to keep: {before:?}");

    let is_over = Arc::new(AtomicBool::new(false));
    let writer = tokio::spawn(keep_writing(Arc::clone(&stack), Arc::clone(&is_over)));
    tokio::time::sleep(Duration::from_millis(500)).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("backup.sqlite");
    let known_before = watched(&stack).await.len();
    let taken = order(&stack, stack.data_dir(), "backup", &file).await;
    assert!(taken.status.success(), "{}", said(&taken));
    assert!(said(&taken).contains(&format!("{total} alerts")), "{}", said(&taken));
    is_over.store(true, Ordering::SeqCst);
    let acknowledged = writer.await.unwrap();

    let target = tempfile::tempdir().unwrap();
    let restored = order(&stack, target.path(), "restore", &file).await;
    assert!(restored.status.success(), "{}", said(&restored));
    let data = target.path().to_str().unwrap();
    let second = Stack::beside(&stack, &[("DATA_DIR", data)]).await.unwrap();
    assert_eq!(answers(&second, &own).await, before);
    let kept = watched(&second).await;
    assert!(kept.len() >= known_before, "{} were there and {} came back", known_before, kept.len());
    assert!(kept.len() < acknowledged + own.len(), "nothing was written while the backup was taken");
    // Whole files of watches, and none that was never written.
    let mut imported: Vec<&String> =
        kept.iter().filter(|one| !own.iter().any(|own| own.eq_ignore_ascii_case(one))).collect();
    imported.sort();
    assert_eq!(imported.len() % 20, 0);
    assert!(
        imported.iter().enumerate().all(|(index, one)| **one == wallet(index + 1)),
        "a gap in what was kept"
    );
    // Nothing that was told after the backup is told again under the same id.
    let opened = second.analyze(&stack.wallet("liquidatable").await.unwrap()).await.unwrap();
    let ids = opened.json["transitions"]["opened"].as_array().cloned().unwrap_or_default();
    assert!(!ids.is_empty(), "{}", opened.text);
    assert!(ids.iter().all(|alert| alert["id"].as_u64().unwrap() > 1_000_000), "{ids:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restore_is_refused_while_a_process_has_the_file_open_and_keeps_what_it_replaces() {
    let mut stack = Stack::start(Host::Container, &[]).await.unwrap();
    let first = wallet(1);
    let path = format!("/api/risk/watches/{first}");
    assert_eq!(stack.send("PUT", &path, None).await.unwrap().status, 201);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("backup.sqlite");
    assert!(order(&stack, stack.data_dir(), "backup", &file).await.status.success());
    let again = order(&stack, stack.data_dir(), "backup", &file).await;
    assert!(!again.status.success() && said(&again).contains("is there already"), "{}", said(&again));
    let second = format!("/api/risk/watches/{}", wallet(2));
    assert_eq!(stack.send("PUT", &second, None).await.unwrap().status, 201);

    let refused = order(&stack, stack.data_dir(), "restore", &file).await;
    assert!(
        !refused.status.success() && said(&refused).contains("has the database open"),
        "{}",
        said(&refused)
    );
    assert_eq!(stack.get(&second).await.unwrap().status, 200, "the service goes on as it was");
    assert_eq!(stack.send("PUT", &second, Some(json!({"label": "still"}))).await.unwrap().status, 200);

    // As after a crash: the log of the killed process is beside the file.
    stack.api.kill();
    let done = order(&stack, stack.data_dir(), "restore", &file).await;
    assert!(done.status.success() && said(&done).contains("risk.sqlite.replaced-1"), "{}", said(&done));
    stack.restart_api().await.unwrap();
    assert_eq!(stack.get(&path).await.unwrap().status, 200);
    assert_eq!(stack.get(&second).await.unwrap().status, 404, "written after the backup");
    stack.api.kill();
    let replaced = stack.data_dir().join(format!("{DATABASE}.replaced-1"));
    assert!(order(&stack, stack.data_dir(), "restore", &replaced).await.status.success());
    stack.restart_api().await.unwrap();
    let back = stack.get(&second).await.unwrap();
    assert_eq!((back.status, &back.json["label"]), (200, &json!("still")), "what was replaced was not whole");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_of_a_mongodb_is_restored_into_another_database_to_the_same_answers() {
    let Some((uri, name)) = risk_tests::mongo::database().await.unwrap() else { return };
    let other = format!("{name}-restored");
    let of = |database: &str| [("MONGODB_URI", uri.clone()), ("MONGODB_DATABASE", database.to_owned())];
    let settings = of(&name);
    let settings = settings.each_ref().map(|(name, value)| (*name, value.as_str()));
    let stack = Stack::start(Host::Container, &settings).await.unwrap();
    let own = vec![stack.wallet("near").await.unwrap(), stack.wallet("safe").await.unwrap()];
    for wallet in &own {
        let put = stack.send("PUT", &format!("/api/risk/watches/{wallet}"), None).await.unwrap();
        assert_eq!(put.status, 201, "{}", put.text);
    }
    stack.sweep().await.unwrap();
    let before = answers(&stack, &own).await;
    let total = before.last().unwrap()["total_count"].as_u64().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("copy");
    let taken = order(&stack, stack.data_dir(), "backup", &copy).await;
    assert!(taken.status.success() && total > 0, "{}", said(&taken));
    assert!(said(&taken).contains(&format!("2 watches, {total} alerts")), "{}", said(&taken));

    let settings = of(&other);
    let settings = settings.each_ref().map(|(name, value)| (*name, value.as_str()));
    let second = Stack::beside(&stack, &settings).await.unwrap();
    let restored = order(&second, second.data_dir(), "restore", &copy).await;
    assert!(restored.status.success(), "{}", said(&restored));
    assert_eq!(answers(&second, &own).await, before);
    let again = order(&second, second.data_dir(), "restore", &copy).await;
    assert!(!again.status.success() && said(&again).contains("holds something"), "{}", said(&again));
}
