//! The Graph gateway.

use serde_json::{Value, json};

use crate::support::*;

const QUERY: &str = "query Page($users: [String!]!, $last: ID!, $first: Int!) {
  _meta { block { number hash timestamp } deployment hasIndexingErrors }
  userReserves(first: $first, orderBy: id, where: { user_in: $users, id_gt: $last }) {
    id scaledATokenBalance scaledVariableDebt usageAsCollateralEnabledOnUser
    user { id eModeCategoryId { id label assets { collateral asset { underlyingAsset } } } }
    reserve { underlyingAsset symbol decimals reserveLiquidationThreshold price { priceInEth oracle { baseCurrencyUnit } } }
  }
}";

async fn ask(probe: &Probe, key: Option<&str>, body: &Value) -> (u16, Value) {
    let request = probe.client.post(probe.url(&format!("/thegraph/api/subgraphs/id/{SUBGRAPH}")));
    let request = key.into_iter().fold(request, |request, key| request.header("authorization", key));
    let answer = request.header("content-type", "application/json").body(body.to_string()).send().await;
    let answer = answer.expect("answer");
    let status = answer.status().as_u16();
    (status, serde_json::from_slice(&answer.bytes().await.expect("body")).expect("json"))
}

#[tokio::test]
async fn user_reserves_page_by_id_without_loss_or_repeat() {
    let probe = Probe::start(2).await;
    let mut users = Vec::new();
    for name in ["safe", "near", "huge", "emode_loop", "empty"] {
        users.push(probe.wallet(name).await.to_lowercase());
    }
    let mut seen: Vec<String> = Vec::new();
    let mut last = String::new();
    for page in 0.. {
        assert!(page < 20, "paging does not end");
        let variables = json!({"users": users, "last": last, "first": 2});
        let (status, body) =
            ask(&probe, Some("Bearer sandbox"), &json!({"query": QUERY, "variables": variables})).await;
        assert_eq!(status, 200);
        let rows = body["data"]["userReserves"].as_array().expect("rows");
        let Some(end) = rows.last() else { break };
        last = end["id"].as_str().expect("id").to_owned();
        seen.extend(rows.iter().map(|row| row["id"].as_str().expect("id").to_owned()));
    }
    let mut sorted = seen.clone();
    sorted.sort();
    sorted.dedup();
    assert_eq!(seen, sorted);
    assert_eq!(seen.len(), 3 + 3 + 4 + 2);
}

#[tokio::test]
async fn rows_hold_what_was_asked_and_scaled_balances_are_the_chains() {
    let probe = Probe::start(2).await;
    let user = probe.wallet("emode_loop").await;
    let variables = json!({"users": [user.to_lowercase()], "last": "", "first": 1000});
    let (_, body) =
        ask(&probe, Some("Bearer sandbox"), &json!({"query": QUERY, "variables": variables})).await;
    let meta = &body["data"]["_meta"];
    assert_eq!(meta["hasIndexingErrors"], false);
    let (head, _) = probe.head("eth-mainnet").await;
    assert!(head - meta["block"]["number"].as_u64().expect("number") <= 3);
    let rows = body["data"]["userReserves"].as_array().expect("rows");
    let staked = rows.iter().find(|row| row["reserve"]["symbol"] == "wstETH").expect("collateral");
    assert_eq!(staked["user"]["eModeCategoryId"]["id"], "1");
    assert_eq!(staked["reserve"]["price"]["oracle"]["baseCurrencyUnit"], "100000000");
    assert!(staked.get("currentATokenBalance").is_none(), "only what was selected");
    let call = getUserReservesDataCall { provider: address(PROVIDER), user: address(&user) };
    let chain = probe.call(UI_DATA, &call, &json!("latest")).await;
    let row = chain.rows.iter().find(|row| row.collateral).expect("row");
    assert_eq!(staked["scaledATokenBalance"], row.scaledSupply.to_string());
}

#[tokio::test]
async fn failures_come_with_http_200_and_the_gateways_words() {
    let probe = Probe::start(2).await;
    let meta = json!({"query": "{ _meta { block { number } } }"});
    let message = |body: &Value| body["errors"][0]["message"].as_str().expect("message").to_owned();
    let (status, body) = ask(&probe, None, &meta).await;
    assert_eq!((status, message(&body)), (200, "auth error: missing authorization header".to_owned()));
    let (_, body) = ask(&probe, Some("Bearer nope"), &meta).await;
    assert_eq!(message(&body), "auth error: API key not found");
    let good = Some("Bearer sandbox");
    for (query, text) in [
        (
            "{ reserves(first: 1) { liquidationThreshold } }",
            "Type `Reserve` has no field `liquidationThreshold`",
        ),
        ("{ reserves(first: 1001) { id } }", "The `first` argument must be between 0 and 1000, but is 1001"),
        ("{ positions { id } }", "Type `Query` has no field `positions`"),
        ("{ reserves(block: {number_gte: 999999999}) { id } }", "bad indexers: "),
        ("{ reserves { id ", "bad query: "),
    ] {
        let (status, body) = ask(&probe, good, &json!({"query": query})).await;
        assert_eq!(status, 200);
        assert!(message(&body).starts_with(text), "{body}");
    }
    let url = probe.url("/thegraph/api/subgraphs/id/QmUnknown");
    let answer =
        probe.client.post(url).header("authorization", "Bearer sandbox").body(meta.to_string()).send();
    let body: Value =
        serde_json::from_slice(&answer.await.expect("answer").bytes().await.expect("body")).expect("json");
    assert!(message(&body).starts_with("subgraph not found"));
    assert_eq!(probe.get(&format!("/thegraph/api/subgraphs/id/{SUBGRAPH}")).await.0, 405);
}
