//! Who may ask: keys, quotas and the old clients' wallet header.

use risk_tests::stack::{ADMIN_KEY, answer};
use risk_tests::{Host, Stack};

const WALLET: &str = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed";

#[tokio::test(flavor = "multi_thread")]
async fn without_a_valid_key_nothing_of_a_wallet_is_told() {
    for host in Host::ALL {
        let stack = Stack::start(host, &[]).await.unwrap();
        let path = format!("/api/risk/summary?wallet={WALLET}");
        for key in [None, Some("rm_0000"), Some(&ADMIN_KEY.replace('5', "6")[..]), Some("\u{e9}")] {
            let mut request = stack.request("GET", &path).unwrap();
            if let Some(key) = key {
                request = request.header("x-api-key", key);
            }
            let reply = answer(request).await.unwrap();
            assert_eq!(reply.status, 401, "{host:?} {key:?}: {}", reply.text);
            assert!(reply.headers.contains_key("www-authenticate"));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_old_wallet_header_must_be_the_wallet_asked_about() {
    let stack = Stack::start(Host::Container, &[]).await.unwrap();
    let wallet = stack.wallet("safe").await.unwrap();
    let ask = async |header: &str| {
        let request = stack.request("GET", &format!("/api/risk/summary?wallet={wallet}")).unwrap();
        answer(request.header("x-api-key", ADMIN_KEY).header("x-wallet-address", header))
            .await
            .unwrap()
            .status
    };
    assert_eq!(ask(&wallet).await, 200);
    assert_eq!(ask(WALLET).await, 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quota_lets_exactly_its_number_through() {
    let stack = Stack::start(Host::Container, &[("RATE_LIMIT_PER_MINUTE", "5"), ("FRESH_SECONDS", "60")])
        .await
        .unwrap();
    let wallet = stack.wallet("safe").await.unwrap();
    let path = format!("/api/risk/summary?wallet={wallet}");
    let mut statuses = Vec::new();
    for _ in 0..8 {
        statuses.push(stack.get(&path).await.unwrap());
    }
    let passed = statuses.iter().filter(|reply| reply.status == 200).count();
    assert_eq!(passed, 5, "{:?}", statuses.iter().map(|reply| reply.status).collect::<Vec<_>>());
    let refused = statuses.last().unwrap();
    assert_eq!(refused.status, 429);
    assert!(refused.headers.contains_key("retry-after") && refused.headers.contains_key("ratelimit-limit"));
    let other = stack.wallet("near").await.unwrap();
    assert_eq!(stack.get(&format!("/api/risk/summary?wallet={other}")).await.unwrap().status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_sees_its_own_wallets_alerts_and_scopes_only() {
    let stack = Stack::start(Host::Container, &[]).await.unwrap();
    let (mine, theirs) = (stack.wallet("near").await.unwrap(), stack.wallet("liquidatable").await.unwrap());
    for wallet in [&mine, &theirs] {
        assert_eq!(stack.analyze(wallet).await.unwrap().status, 200);
    }
    let key = stack.mint_key(&["desk", "read,write", &mine]).await.unwrap();
    let reader = stack.mint_key(&["reader", "read", &mine]).await.unwrap();
    let ask = async |key: &str, method: &str, path: &str| {
        answer(stack.request(method, path).unwrap().header("x-api-key", key)).await.unwrap()
    };
    let id_of = async |wallet: &str| {
        let reply = stack.get(&format!("/api/risk/alerts?wallet={wallet}")).await.unwrap();
        reply.json["alerts"][0]["id"].to_string()
    };
    let (my_alert, their_alert) = (id_of(&mine).await, id_of(&theirs).await);
    assert_eq!(ask(&key, "GET", &format!("/api/risk/summary?wallet={mine}")).await.status, 200);
    assert_eq!(ask(&key, "GET", &format!("/api/risk/summary?wallet={theirs}")).await.status, 403);
    let listed = ask(&key, "GET", "/api/risk/alerts").await;
    let alerts = listed.json["alerts"].as_array().unwrap();
    assert!(!alerts.is_empty() && alerts.iter().all(|alert| alert["wallet_address"] == mine.as_str()));
    let resolve = |id: &str| format!("/api/risk/alerts/{id}/resolve");
    assert_eq!(
        ask(&key, "POST", &resolve(&their_alert)).await.status,
        404,
        "someone else's alert is not there"
    );
    assert_eq!(ask(&reader, "POST", &resolve(&my_alert)).await.status, 403, "a reader changes nothing");
    assert_eq!(ask(&key, "POST", &resolve(&my_alert)).await.status, 200);
}
