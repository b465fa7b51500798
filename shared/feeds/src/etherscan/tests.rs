//! Etherscan: texts under HTTP 200, fractional strings, recorded replies.

use risk_http::Verdict;
use serde_json::json;

use super::*;
use crate::testing::{Answer, NOON, Provider, SetClock, client, reply, sample};

const KEY: &str = "ETHERSCANKEY0123456789";

fn etherscan(provider: &Provider, key: Option<&str>) -> Etherscan {
    let mut settings =
        EtherscanSettings::new(format!("{}/v2/api", provider.base_url), key.and_then(Key::new));
    settings.requests_per_second = None;
    settings.deadline = Duration::from_millis(800);
    Etherscan::new(&client(), settings, SetClock::at(NOON)).unwrap()
}

#[tokio::test]
async fn fractional_strings_are_gwei_of_the_chain_that_was_asked() {
    let provider = Provider::answering(|_| {
        Answer::ok(json!({"status": "1", "message": "OK", "result": {
            "LastBlock": "1", "SafeGasPrice": "0.37", "ProposeGasPrice": "0.38", "FastGasPrice": "0.42",
            "suggestBaseFee": "0.370000001", "gasUsedRatio": "0.49,0.51"}}))
    })
    .await;
    let gas = etherscan(&provider, Some(KEY)).gas(ChainId::Polygon).await.unwrap();
    assert_eq!((gas.propose_gwei, gas.base_fee_gwei), (0.38, Some(0.370_000_001)));
    assert_eq!((gas.source, gas.observed_at.seconds()), ("etherscan", NOON));
    let seen = &provider.seen()[0];
    assert_eq!(seen.path, "/v2/api");
    assert_eq!(
        (&*seen.query["chainid"], &*seen.query["action"], &*seen.query["apikey"]),
        ("137", "gasoracle", KEY)
    );
}

#[tokio::test]
async fn an_error_under_http_200_is_a_gap_without_the_key_and_a_refusal_is_not_repeated() {
    let provider = Provider::answering(|_| {
        Answer::ok(json!({"status": "0", "message": "NOTOK", "result": format!("Invalid API Key {KEY}")}))
    })
    .await;
    let etherscan = etherscan(&provider, Some(KEY));
    let gap = etherscan.gas(ChainId::Base).await.unwrap_err();
    assert_eq!(
        (gap.reason, gap.affects, gap.source),
        (GapReason::Refused, Affects::Confirmation, "etherscan")
    );
    assert_eq!(gap.what, "gas price on base");
    assert_eq!(provider.seen().len(), 1);
    assert_eq!(etherscan.upstreams()[0].breaker, "closed");
}

#[tokio::test]
async fn without_a_key_nothing_is_asked() {
    let provider = Provider::answering(|_| Answer::status(500)).await;
    let etherscan = etherscan(&provider, None);
    assert_eq!(etherscan.gas(ChainId::Base).await.unwrap_err().reason, GapReason::NotConfigured);
    assert!(provider.seen().is_empty() && etherscan.upstreams().is_empty());
}

#[test]
fn every_documented_error_text_has_its_meaning() {
    let throttled = Verdict::Throttled(None);
    let cases = [
        ("Max calls per sec rate limit reached (3/sec)", throttled),
        ("Max rate limit reached, please use API Key for higher rate limit", throttled),
        (
            "Max daily rate limit reached. 100000 (100%) of 100000 day/limit",
            Verdict::Throttled(Some(DAILY_LIMIT_PAUSE)),
        ),
        ("Free API access is temporarily unavailable", Verdict::Failure),
        ("Free API access is not supported for this chain. Please upgrade", Verdict::Refused),
        ("Invalid API Key", Verdict::Refused),
        ("Too many invalid api key attempts, please try again later", Verdict::Refused),
        ("Missing or unsupported chainid parameter (required for v2 api)", Verdict::Refused),
        ("Error! Missing Or invalid Action name", Verdict::Refused),
        ("You are using a deprecated V1 endpoint, switch to Etherscan API V2.", Verdict::Refused),
        ("Query Timeout occured. Please select a smaller result dataset", Verdict::Failure),
        ("Something nobody has seen", Verdict::Failure),
    ];
    for (text, expected) in cases {
        let body = json!({"status": "0", "message": "NOTOK", "result": text});
        assert_eq!(read_oracle(&reply(200, body)).verdict(), expected, "{text}");
    }
    let nothing = json!({"status": "0", "message": "NOTOK", "result": null});
    assert_eq!(read_oracle(&reply(200, nothing)).verdict(), Verdict::Failure);
    assert_eq!(read_oracle(&reply(429, "")).verdict(), throttled);
    assert_eq!(read_oracle(&reply(502, "<html>")).verdict(), Verdict::Failure);
    assert_eq!(read_oracle(&reply(403, "<html>")).verdict(), Verdict::Refused);
}

#[test]
fn figures_that_are_none_are_malformed_and_never_zero() {
    let bodies = [
        json!({"ProposeGasPrice": "0"}),
        json!({"ProposeGasPrice": "-1"}),
        json!({"ProposeGasPrice": "NaN"}),
        json!({"ProposeGasPrice": "inf"}),
        json!({"ProposeGasPrice": "1e12"}),
        json!({"ProposeGasPrice": ""}),
        json!({"ProposeGasPrice": null}),
        json!({"ProposeGasPrice": "1.0", "suggestBaseFee": "abc"}),
        json!({}),
        json!("text"),
        json!([]),
    ];
    for result in bodies {
        let read = read_oracle(&reply(200, json!({"status": "1", "message": "OK", "result": result})));
        assert!(matches!(read, Parsed::Malformed { .. }), "{result}: {read:?}");
    }
    for body in ["[]", "{}", "{\"status\":1}", "{\"status\":\"1\",", "null"] {
        assert!(matches!(read_oracle(&reply(200, body)), Parsed::Malformed { .. }), "{body}");
    }
}

#[test]
fn recorded_replies_of_every_era_are_read() {
    let Some(recorded) = sample("etherscan_gasoracle.json") else {
        return;
    };
    for recorded in recorded["responses"].as_array().unwrap() {
        let figures = &recorded["body"]["result"];
        let expected = figures["ProposeGasPrice"].as_str().unwrap().parse().unwrap();
        let base_fee_gwei = figures["suggestBaseFee"].as_str().map(|fee| fee.parse().unwrap());
        let read = read_oracle(&reply(200, &recorded["body"]));
        assert_eq!(read, Parsed::Ok(Oracle { propose_gwei: expected, base_fee_gwei }), "{recorded}");
    }
}
