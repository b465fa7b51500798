//! The operators' routes and the page.

use risk_tests::stack::answer;
use risk_tests::{Host, Stack};

#[tokio::test(flavor = "multi_thread")]
async fn operators_need_no_key_and_learn_no_wallet() {
    for host in Host::ALL {
        let stack = Stack::start(host, &[]).await.unwrap();
        let wallet = stack.wallet("near").await.unwrap();
        assert_eq!(
            stack.send("PUT", &format!("/api/risk/watches/{wallet}"), None).await.unwrap().status,
            201
        );
        for path in [
            "/api/risk/health",
            "/api/risk/health/live",
            "/api/risk/status",
            "/api/info",
            "/metrics",
            "/openapi.json",
            "/docs",
        ] {
            let reply = answer(stack.request("GET", path).unwrap()).await.unwrap();
            assert_eq!(reply.status, 200, "{host:?} {path}: {}", reply.text);
            let text = reply.text.to_lowercase();
            assert!(!text.contains(&wallet.to_lowercase()), "{path} names a wallet");
            assert!(
                !text.contains("sandbox/v2") && !text.contains("/v2/sandbox"),
                "{path} names an upstream URL"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_status_counts_what_is_there() {
    let stack = Stack::start(Host::Container, &[]).await.unwrap();
    let wallet = stack.wallet("liquidatable").await.unwrap();
    stack.send("PUT", &format!("/api/risk/watches/{wallet}"), None).await.unwrap();
    let status = stack.get("/api/risk/status").await.unwrap().json;
    let text = status.to_string();
    assert!(text.contains("\"sqlite\""), "{text}");
    assert!(text.contains("alchemy") && text.contains("coingecko"), "{text}");
    let info = stack.get("/api/info").await.unwrap().json;
    assert_eq!(info["environment"], "development", "{info}");
    assert_eq!(info["store"], "sqlite", "{info}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_document_is_openapi_three_one_and_names_the_routes() {
    let stack = Stack::start(Host::Container, &[]).await.unwrap();
    let document = stack.get("/openapi.json").await.unwrap().json;
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"), "{document}");
    for path in ["/api/risk/summary", "/api/risk/analyze", "/api/risk/alerts", "/api/risk/watches/{wallet}"] {
        assert!(!document["paths"][path].is_null(), "{path} is not in the document");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_shows_a_wallet_to_a_browser_and_the_service_to_a_program() {
    let stack = Stack::start(Host::Container, &[("AUTH_MODE", "open")]).await.unwrap();
    let wallet = stack.wallet("near").await.unwrap();
    let page = async |path: &str| {
        answer(stack.request("GET", path).unwrap().header("accept", "text/html,*/*;q=0.8")).await.unwrap()
    };
    let reply = page(&format!("/?wallet={wallet}")).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    assert!(reply.text.contains(&wallet) && reply.text.contains("<html"), "{}", reply.text);
    assert!(!reply.text.contains("<script"), "the page needs no script");
    let refused = page("/?wallet=%3Cscript%3Ealert(1)%3C/script%3E").await;
    assert!(!refused.text.contains("<script>alert"), "input is escaped");
    let service =
        answer(stack.request("GET", "/").unwrap().header("accept", "application/json")).await.unwrap();
    assert!(service.json.is_object(), "{}", service.text);
}
