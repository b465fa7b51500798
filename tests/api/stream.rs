//! The event stream over real HTTP: what a sweep's process does is heard by listeners of the API's process.

use std::time::Duration;

use risk_tests::stack::{ADMIN_KEY, answer};
use risk_tests::{Host, Redis, Stack};
use serde_json::{Value, json};
use tokio::time::timeout;

const STREAM: &str = "/api/risk/stream";

/// An open stream.
struct Listener {
    response: reqwest::Response,
    read: String,
}

/// What was heard.
#[derive(Debug)]
struct Heard {
    kind: String,
    id: String,
    data: Value,
}

impl Listener {
    async fn open(stack: &Stack, key: &str, query: &str) -> Self {
        let request = stack.request("GET", &format!("{STREAM}{query}")).unwrap().header("x-api-key", key);
        Self::of(request).await
    }

    async fn of(request: reqwest::RequestBuilder) -> Self {
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        assert_eq!(response.headers()["cache-control"], "no-store");
        Self { response, read: String::new() }
    }

    /// The next block of lines; none where the stream has ended.
    async fn block(&mut self) -> Option<String> {
        loop {
            if let Some((block, rest)) = self.read.split_once("\n\n") {
                let block = block.to_owned();
                self.read = rest.to_owned();
                return Some(block);
            }
            let chunk = timeout(Duration::from_secs(20), self.response.chunk()).await.expect("in time");
            self.read += std::str::from_utf8(&chunk.unwrap()?).unwrap();
        }
    }

    /// The next event.
    async fn next(&mut self) -> Heard {
        loop {
            let block = self.block().await.expect("the stream goes on");
            let field = |name: &str| {
                let prefix = format!("{name}: ");
                block.lines().find_map(|line| line.strip_prefix(&prefix)).map(str::to_owned)
            };
            if let Some(kind) = field("event") {
                let data = serde_json::from_str(&field("data").unwrap()).unwrap();
                return Heard { kind, id: field("id").unwrap(), data };
            }
        }
    }

    /// The next event of a kind.
    async fn next_of(&mut self, kind: &str) -> Heard {
        loop {
            let heard = self.next().await;
            if heard.kind == kind {
                return heard;
            }
        }
    }

    /// Whether nothing is heard for a while.
    async fn is_silent(&mut self) -> bool {
        timeout(Duration::from_millis(2_500), self.next()).await.is_err()
    }
}

/// Puts wallets on the watch list without assessing them, so that a sweep is the first to.
async fn import(stack: &Stack, wallets: &[&str]) {
    let list: Vec<Value> = wallets.iter().map(|wallet| json!({"wallet_address": wallet})).collect();
    let reply = stack.send("POST", "/api/risk/watches:import", Some(json!(list))).await.unwrap();
    assert_eq!(reply.status, 200, "{}", reply.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alert_that_opens_in_a_sweep_is_heard_by_its_owner_and_by_no_stranger() {
    let stack = Stack::start(Host::Container, &[]).await.unwrap();
    let (wallet, safe) = (stack.wallet("liquidatable").await.unwrap(), stack.wallet("safe").await.unwrap());
    let (other, stranger) = (format!("0x{:040x}", 0xabc), format!("0x{:040x}", 0xdef));
    let owner = stack.mint_key(&["owner", "read,write", &wallet]).await.unwrap();
    let nobody = stack.mint_key(&["stranger", "read", &format!("{other},{stranger}")]).await.unwrap();
    let mut of_owner = Listener::open(&stack, &owner, "").await;
    let mut of_admin = Listener::open(&stack, ADMIN_KEY, "").await;
    let mut of_safe = Listener::open(&stack, ADMIN_KEY, &format!("?wallet={safe}")).await;
    let mut of_stranger = Listener::open(&stack, &nobody, "").await;
    import(&stack, &[&wallet, &safe]).await;
    assert_eq!(stack.sweep().await.unwrap()["wallets"], 2);

    let opened = of_owner.next_of("alert_opened").await;
    assert_eq!((opened.id.as_str(), &opened.data["wallet_address"]), ("1", &json!(wallet)));
    let page = stack.get(&format!("/api/risk/alerts?wallet={wallet}")).await.unwrap().json;
    let listed = page["alerts"].as_array().unwrap();
    assert!(listed.contains(&opened.data), "{} is not in {page}", opened.data);
    let assessed = of_owner.next_of("assessed").await;
    assert_eq!(
        (&assessed.data["wallet_address"], &assessed.data["risk_level"]),
        (&json!(wallet), &json!("critical"))
    );
    of_admin.next_of("alert_opened").await;
    let of_both = [of_admin.next_of("assessed").await, of_admin.next_of("assessed").await];
    assert!(of_both.iter().any(|heard| heard.data["wallet_address"] == json!(safe)));
    assert_eq!(of_safe.next().await.data["wallet_address"], json!(safe));

    let id = &opened.data["id"];
    for (act, kind, state) in
        [("acknowledge", "alert_acknowledged", "acknowledged"), ("resolve", "alert_resolved", "resolved")]
    {
        let path = format!("/api/risk/alerts/{id}/{act}");
        assert_eq!(stack.send("POST", &path, None).await.unwrap().status, 200);
        // What changes nothing is not told again.
        assert_eq!(stack.send("POST", &path, None).await.unwrap().status, 200);
        let heard = of_owner.next_of(kind).await;
        assert_eq!((&heard.data["id"], &heard.data["state"]), (id, &json!(state)));
    }
    assert!(of_owner.is_silent().await && of_stranger.is_silent().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_is_refused_to_those_who_may_not_hear_and_where_it_cannot_be() {
    for host in Host::ALL {
        let stack = Stack::start(host, &[]).await.unwrap();
        let (own, foreign) = (format!("0x{:040x}", 1), format!("0x{:040x}", 2));
        let narrow = stack.mint_key(&["desk", "read", &own]).await.unwrap();
        let unknown = format!("rm_{}", "0".repeat(64));
        let cases = [
            (unknown.as_str(), String::new(), 401),
            (&narrow, format!("?wallet={foreign}"), 403),
            (ADMIN_KEY, "?wallet=0x12".to_owned(), 422),
            (ADMIN_KEY, "?since=1".to_owned(), 422),
        ];
        for (key, query, status) in cases {
            let request = stack.request("GET", &format!("{STREAM}{query}")).unwrap();
            let reply = answer(request.header("x-api-key", key)).await.unwrap();
            assert_eq!(reply.status, status, "{host:?} {query}: {}", reply.text);
        }
        if host == Host::Lambda {
            let reply = stack.get(STREAM).await.unwrap();
            assert_eq!(
                (reply.status, &reply.json["type"]),
                (501, &json!("urn:risk-manager:problem:not-offered"))
            );
            assert!(reply.text.contains("ask a container"), "{}", reply.text);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_comes_back_hears_first_that_it_missed_something() {
    let stack = Stack::start(Host::Container, &[]).await.unwrap();
    let request = stack.request("GET", STREAM).unwrap().header("x-api-key", ADMIN_KEY);
    let mut listener = Listener::of(request.header("last-event-id", "7")).await;
    let first = listener.block().await.unwrap();
    assert!(first.contains("event: missed") && first.contains("retry: 5000"), "{first}");
    let mut listener = Listener::open(&stack, ADMIN_KEY, "").await;
    let first = listener.block().await.unwrap();
    assert!(!first.contains("event:") && first.contains("retry: 5000"), "{first}");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_principal_has_so_many_streams_and_they_end_with_the_process() {
    let mut stack = Stack::start(Host::Container, &[]).await.unwrap();
    let mut open = Vec::new();
    for _ in 0..16 {
        open.push(Listener::open(&stack, ADMIN_KEY, "").await);
    }
    let refused = stack.get(STREAM).await.unwrap();
    assert_eq!(
        (refused.status, &refused.headers["retry-after"]),
        (429, &"30".parse().unwrap()),
        "{}",
        refused.text
    );
    let other = stack.mint_key(&["other", "read"]).await.unwrap();
    let mut of_other = Listener::open(&stack, &other, "").await;
    drop(open);
    // The process learns of a closed connection when it looks at it.
    let mut status = 429;
    for _ in 0..100 {
        let request = stack.request("GET", STREAM).unwrap().header("x-api-key", ADMIN_KEY);
        status = request.send().await.unwrap().status().as_u16();
        if status == 200 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(status, 200, "a seat is given back");
    let ended = std::process::Command::new("kill").args(["-TERM", &stack.api.id().to_string()]).status();
    assert!(ended.unwrap().success());
    let rest = timeout(Duration::from_secs(5), async { while of_other.block().await.is_some() {} });
    assert!(rest.await.is_ok(), "the stream ends when the process is asked to");
    stack.api.kill();
}

#[tokio::test(flavor = "multi_thread")]
async fn over_redis_processes_with_stores_of_their_own_hear_each_other() {
    let Some(redis) = Redis::start().await.unwrap() else { return };
    let settings = [("REDIS_URL", redis.url.as_str())];
    let first = Stack::start(Host::Container, &settings).await.unwrap();
    let second = Stack::beside(&first, &settings).await.unwrap();
    let wallet = first.wallet("liquidatable").await.unwrap();
    let mut listener = Listener::open(&second, ADMIN_KEY, "").await;
    import(&first, &[&wallet]).await;
    first.sweep().await.unwrap();
    assert_eq!(listener.next_of("alert_opened").await.data["wallet_address"], json!(wallet));
}
