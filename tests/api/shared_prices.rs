//! Two processes of the API over one Redis: what one has asked the providers of prices the other need not, and a Redis that
//! says nothing, or nonsense, costs requests and no figure.

use std::time::Duration;

use risk_tests::stack::answer;
use risk_tests::{Host, Redis, Stack};
use serde_json::Value;
use tokio::time::Instant;

/// Prices are kept for 20 s.
const KEPT: [(&str, &str); 2] = [("FRESH_SECONDS", "60"), ("CHAINS", "ethereum")];

/// Rounds of which Redis has to be quick enough in one.
const ROUNDS: u32 = 5;

async fn two(redis: &Redis) -> [Stack; 2] {
    let settings = [KEPT[0], KEPT[1], ("REDIS_URL", redis.url.as_str())];
    let first = Stack::start(Host::Container, &settings).await.unwrap();
    let second = Stack::beside(&first, &settings).await.unwrap();
    [first, second]
}

/// Requests for current prices since the last clearing, at both providers.
async fn price_requests(stack: &Stack) -> u64 {
    let counters = stack.control("GET", "counters", Value::Null).await.unwrap();
    let of = |provider: &str, is_price: fn(&str) -> bool| -> u64 {
        let methods = counters[provider]["methods"].as_object().expect("methods");
        methods.iter().filter(|(name, _)| is_price(name)).filter_map(|(_, count)| count.as_u64()).sum()
    };
    of("coingecko", |name| name.contains("price")) + of("llama", |name| name.contains("current"))
}

async fn clear(stack: &Stack) {
    stack.control("DELETE", "counters", Value::Null).await.unwrap();
}

/// What the wallet is worth, USD; without a price of some of its tokens, what the others are.
async fn value(stack: &Stack, wallet: &str) -> f64 {
    let reply = stack.analyze(wallet).await.unwrap();
    assert_eq!(reply.status, 200, "{}", reply.text);
    let summary = &reply.json["assessment"];
    let of = |figure: &Value| figure["value"].as_f64();
    of(&summary["total_portfolio_value_usd"]).unwrap_or_else(|| {
        let holdings = summary["holdings"].as_array().expect("holdings");
        holdings.iter().filter_map(|holding| of(&holding["value_usd"])).sum()
    })
}

/// The same but for the interest of the blocks between.
fn assert_same(one: f64, other: f64) {
    assert!(one > 0.0, "nothing has a price");
    assert!((one / other - 1.0).abs() < 0.001, "{one} and {other}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_process_was_told_another_does_not_ask_again() {
    let Some(redis) = Redis::start().await.unwrap() else { return };
    let [first, second] = two(&redis).await;
    let wallet = first.wallet("spam").await.unwrap();
    let told = value(&first, &wallet).await;
    assert!(price_requests(&first).await > 0, "no price was asked for");
    clear(&first).await;
    assert_same(value(&second, &wallet).await, told);
    assert_eq!(
        price_requests(&first).await,
        0,
        "what is known was asked again, also of tokens without a price"
    );
}

/// Whether a process says that it did not share: Redis answered late, or who was to ask did not in time. A loaded machine
/// makes both happen, and then asking is what it is to do.
async fn says_that_it_did_not_share(stack: &Stack) -> bool {
    let metrics = answer(stack.request("GET", "/metrics").unwrap()).await.unwrap().text;
    ["shared_cache_unreachable_total ", "shared_cache_waits_in_vain_total "]
        .iter()
        .any(|name| metrics.lines().any(|line| line.strip_prefix(name).is_some_and(|count| count != "0")))
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_processes_that_miss_the_same_at_once_one_asks() {
    let Some(redis) = Redis::start_own().await.unwrap() else { return };
    let base = Stack::start(Host::Container, &KEPT).await.unwrap();
    let wallet = base.wallet("near").await.unwrap();
    clear(&base).await;
    value(&base, &wallet).await;
    let of_one = price_requests(&base).await;
    for _ in 0..ROUNDS {
        redis.ask("FLUSHALL").await.unwrap();
        let settings = [KEPT[0], KEPT[1], ("REDIS_URL", redis.url.as_str())];
        let first = Stack::beside(&base, &settings).await.unwrap();
        let second = Stack::beside(&base, &settings).await.unwrap();
        clear(&base).await;
        let (one, other) = tokio::join!(value(&first, &wallet), value(&second, &wallet));
        assert_same(one, other);
        if price_requests(&base).await == of_one {
            return;
        }
        let is_told = says_that_it_did_not_share(&first).await || says_that_it_did_not_share(&second).await;
        assert!(is_told, "both asked, and neither says that it could not share");
    }
    panic!("in no round did one ask for both");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_said_that_it_asks_and_died_is_not_waited_for_and_nonsense_is_not_believed() {
    let Some(redis) = Redis::start_own().await.unwrap() else { return };
    let [first, second] = two(&redis).await;
    let wallet = first.wallet("near").await.unwrap();
    let told = value(&first, &wallet).await;
    let keys = redis.ask("KEYS risk:cache:*").await.unwrap();
    let keys: Vec<&str> = keys.lines().filter(|line| line.starts_with("risk:cache:")).collect();
    assert!(!keys.is_empty(), "nothing was shared");
    for key in &keys {
        redis.ask(&format!("SET {key}:claim 1 PX 60000")).await.unwrap();
        let nonsense = r#"{"v":1,"at":1,"coingecko":{"usd":"0.01","at":1,"volume":null},"defillama":null}"#;
        let written =
            redis.ask(&format!("SET {key} \"\\x00{}\"", nonsense.replace('"', "\\\""))).await.unwrap();
        assert!(written.starts_with("+OK"), "{written}");
    }
    let began = Instant::now();
    assert_same(value(&second, &wallet).await, told);
    assert!(began.elapsed() < Duration::from_secs(8), "{:?}", began.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn without_its_redis_each_process_asks_for_itself() {
    let Some(mut redis) = Redis::start_own().await.unwrap() else { return };
    let [first, second] = two(&redis).await;
    let wallet = first.wallet("near").await.unwrap();
    redis.kill();
    let told = value(&first, &wallet).await;
    clear(&first).await;
    assert_same(value(&second, &wallet).await, told);
    assert!(price_requests(&first).await > 0);
}
