//! The pages: the front page in each of its states, the session, the style.

use axum::body::Body;
use axum::http::{Method, StatusCode};

use super::{Mode, Reply, World, account_wallet, get, request, send};

async fn browse(world: &World, path: &str, cookie: &str) -> Reply {
    let mut headers = vec![("accept", "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8")];
    if !cookie.is_empty() {
        headers.push(("cookie", cookie));
    }
    let reply = send(&world.router, request(Method::GET, path, &headers, Body::empty())).await;
    assert_eq!(reply.header("content-type"), "text/html; charset=utf-8", "{}", reply.text());
    let html = reply.text();
    for forbidden in ["<script", " style=", "http://", "https://", "onclick"] {
        assert!(!html.contains(forbidden), "{forbidden} in the page");
    }
    reply
}

async fn sign_in(world: &World, form: &str) -> Reply {
    let headers = [("content-type", "application/x-www-form-urlencoded")];
    send(&world.router, request(Method::POST, "/session", &headers, form.to_owned())).await
}

#[tokio::test]
async fn a_program_gets_the_description_and_a_browser_the_form_with_the_samples() {
    let world = World::open();
    let program = get(&world.router, "/").await;
    assert_eq!(program.json()["name"], "risk-manager");
    assert_eq!(program.json()["links"]["openapi"], "/openapi.json");
    assert_eq!(program.header("vary"), "accept");
    let page = browse(&world, "/", "").await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.text().contains("name=\"wallet\""));
    assert!(page.text().contains(&format!("<a href=\"/?wallet={}\">near</a>", account_wallet())));
    assert!(!page.text().contains("name=\"api_key\""));
}

#[tokio::test]
async fn a_wallet_shows_its_level_gauges_account_alerts_and_what_to_do() {
    let world = World::open();
    let page = browse(&world, &format!("/?wallet={}", account_wallet()), "").await;
    assert_eq!(page.status, StatusCode::OK);
    let html = page.text();
    for part in [
        "<span class=\"level\">critical</span>",
        "1.0375",
        "aave_v3 on ethereum",
        "$16,000.00",
        "WETH",
        "liquidation_risk",
        "What to do",
        "Repay",
        "crvusd",
        "stroke-dasharray=\"0 0.0 ",
    ] {
        assert!(html.contains(part), "{part} is missing");
    }
}

#[tokio::test]
async fn a_wrong_wallet_gets_its_message_beside_the_field_and_keeps_what_was_typed() {
    let world = World::open();
    let page = browse(&world, "/?wallet=0x12%3Cb%3E", "").await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    let html = page.text();
    assert!(html.contains("wallet must be 0x and 40 hex digits"));
    assert!(html.contains("aria-invalid=\"true\""));
    assert!(html.contains("value=\"0x12&#60;b&#62;\""), "{html}");
    let unknown = browse(&world, "/?colour=red", "").await;
    assert_eq!(unknown.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn with_providers_down_the_page_says_so_and_shows_the_last_known_as_such() {
    let world = World::open();
    let path = format!("/?wallet={}", account_wallet());
    world.fake.behave(Mode::Dead);
    let page = browse(&world, &path, "").await;
    assert_eq!(page.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(
        page.text().contains("Providers unavailable") && page.text().contains("alchemy (unavailable since")
    );
    world.fake.behave(Mode::Answers);
    world.fake.advance(61);
    browse(&world, &path, "").await;
    world.fake.behave(Mode::Dead);
    world.fake.advance(7_200);
    let page = browse(&world, &path, "").await;
    assert_eq!(page.status, StatusCode::OK);
    let html = page.text();
    let (now, before) = html.split_once("Last known, 2 h ago").unwrap();
    assert!(now.contains("<span class=\"level\">unknown</span>") && now.contains("What is missing"));
    assert!(!now.contains("<span class=\"level\">critical</span>"));
    assert!(before.contains("<span class=\"level\">critical</span>") && before.contains("1.0375"));
}

#[tokio::test]
async fn where_keys_are_needed_the_page_asks_for_one_and_then_shows_the_wallet() {
    let world = World::with_keys();
    let key = world.key(&["read"], |_| ()).await;
    let path = format!("/?wallet={}", account_wallet());
    let asked = browse(&world, &path, "").await;
    assert_eq!(asked.status, StatusCode::UNAUTHORIZED);
    assert!(asked.text().contains("name=\"api_key\"") && asked.text().contains("an API key is needed"));
    assert!(!asked.text().contains("class=\"level\""));
    let refused = sign_in(&world, &format!("api_key=rm_{}", "0".repeat(64))).await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
    assert_eq!(refused.header("set-cookie"), "");
    assert!(refused.text().contains("the API key is not valid"));

    let good = sign_in(&world, &format!("api_key={key}")).await;
    assert_eq!((good.status, good.header("location")), (StatusCode::SEE_OTHER, "/"));
    let cookie = good.header("set-cookie").split(';').next().unwrap().to_owned();
    assert!(good.header("set-cookie").contains("HttpOnly; SameSite=Strict"));
    let shown = browse(&world, &path, &cookie).await;
    assert_eq!(shown.status, StatusCode::OK);
    assert!(shown.text().contains("class=\"level\"") && shown.text().contains("Forget the API key"));
    assert!(!shown.text().contains(&key));

    let headers = [("cookie", cookie.as_str())];
    let api = format!("/api/risk/summary?wallet={}", account_wallet());
    send(&world.router, request(Method::GET, &api, &headers, Body::empty()))
        .await
        .problem(401, "unauthenticated");
    let ended = send(&world.router, request(Method::POST, "/session/end", &headers, Body::empty())).await;
    assert!(
        ended.header("set-cookie").starts_with("rm_key=; ")
            && ended.header("set-cookie").contains("Max-Age=0")
    );
}

#[tokio::test]
async fn the_page_shows_no_wallet_that_the_key_may_not_see() {
    let world = World::with_keys();
    let key = world.key(&["read"], |key| key.wallets = Some(vec![super::other_wallet()])).await;
    let page = browse(&world, &format!("/?wallet={}", account_wallet()), &format!("rm_key={key}")).await;
    assert_eq!(page.status, StatusCode::FORBIDDEN);
    assert!(!page.text().contains("class=\"level\""));
}

#[tokio::test]
async fn the_form_of_a_session_is_refused_in_the_usual_ways() {
    let world = World::with_keys();
    let json = [("content-type", "application/json")];
    send(&world.router, request(Method::POST, "/session", &json, "{}"))
        .await
        .problem(415, "unsupported-media-type");
    let unknown = sign_in(&world, "key=1").await;
    unknown.problem(422, "refused-values");
    sign_in(&world, &format!("api_key={}", "a".repeat(70_000))).await.problem(413, "body-too-large");
}

#[tokio::test]
async fn the_style_knows_light_and_dark_and_may_be_kept() {
    let style = get(&World::open().router, "/style.css").await;
    assert!(style.header("content-type").starts_with("text/css"));
    assert!(style.header("cache-control").starts_with("public"));
    assert!(style.text().contains("prefers-color-scheme: dark"));
}

#[tokio::test]
async fn with_the_edges_module_the_page_runs_it_and_may_and_without_it_may_run_nothing() {
    let module = crate::PageModule { script: "script".into(), wasm: "wasm".into() };
    let world = World::of(|settings| settings.page_module = Some(module));
    let html = [("accept", "text/html")];
    let page = send(&world.router, request(Method::GET, "/", &html, Body::empty())).await;
    assert!(page.text().contains("<script type=\"module\" src=\"/assets/wallet.js\"></script>"));
    assert!(page.header("content-security-policy").contains("script-src 'self' 'wasm-unsafe-eval';"));
    let wasm = get(&world.router, "/assets/risk_edge_bg.wasm").await;
    assert_eq!((wasm.header("content-type"), wasm.text().as_str()), ("application/wasm", "wasm"));
    assert!(
        get(&world.router, "/docs").await.header("content-security-policy").contains("script-src 'none'")
    );
    get(&world.router, "/assets/other.js").await.problem(404, "not-found");

    let without = World::open();
    get(&without.router, "/assets/risk_edge.js").await.problem(404, "not-found");
    let page = browse(&without, "/", "").await;
    assert!(page.header("content-security-policy").contains("script-src 'none'"));
}
