//! Batches against replies by hand, recorded ones, and a node on loopback.

use risk_http::Policy;
use risk_model::ChainId;
use serde_json::json;

use super::*;
use crate::testing::{client, reply, sample_body};
use crate::testing_node::Node;

fn error(code: i64, message: &str) -> Value {
    json!({ "jsonrpc": "2.0", "id": 0, "error": { "code": code, "message": message } })
}

fn faults(code: i64, message: &str) -> Fault {
    fault_of(&RawError { code, message: message.to_owned() })
}

fn call(method: &'static str) -> Call {
    Call { method, params: json!([]), result: Shape::Hex }
}

#[test]
fn a_recorded_reply_is_read() {
    let Some(mut body) = sample_body("alchemy_rpc_eth_blockNumber_01.json") else { return };
    body["id"] = json!(0);
    assert_eq!(read(&reply(200, body), &[Shape::Hex; 1]), Parsed::Ok(vec![Ok(json!("0xfe22ab"))]));
}

#[test]
fn answers_are_matched_by_id_whatever_their_order() {
    let body =
        json!([{ "id": 2, "result": "0xc" }, { "id": 0, "result": "0xa" }, { "id": 1, "result": "0xb" }]);
    let results = vec![Ok(json!("0xa")), Ok(json!("0xb")), Ok(json!("0xc"))];
    assert_eq!(read(&reply(200, body), &[Shape::Hex; 3]), Parsed::Ok(results));
}

#[test]
fn unknown_doubled_and_missing_ids_leave_their_own_calls_only() {
    let body = json!([
        { "id": 0, "result": "0x1" },
        { "id": 0, "result": "0x2" },
        { "id": 7, "result": "0x9" },
        { "id": "1", "result": "0x9" },
        { "result": "0x9" },
    ]);
    let results = vec![Ok(json!("0x1")), Err(Fault::Malformed)];
    assert_eq!(read(&reply(200, body), &[Shape::Hex; 2]), Parsed::Ok(results));
}

#[test]
fn an_error_means_what_its_code_and_text_say() {
    for (code, message, fault) in [
        (3, "execution reverted", Fault::Reverted),
        (-32000, "execution reverted: paused", Fault::Reverted),
        (-32000, "out of gas", Fault::Reverted),
        (-32000, "header not found", Fault::BlockGone),
        (-32001, "Block 0xabc not found", Fault::BlockGone),
        (-32602, "Block 12 not processed yet", Fault::BlockGone),
        (-32000, "hash 0xab is not canonical", Fault::BlockGone),
        (-32000, "hash is not currently canonical", Fault::BlockGone),
        (-32001, "Resource not found", Fault::BlockGone),
        (-32602, "BlockOutOfRangeError: block height is 9 but requested was 1", Fault::BlockGone),
        (-32000, "state at block #7 is pruned", Fault::BlockGone),
        (429, "Your app has exceeded its compute units per second capacity.", Fault::Throttled),
        (-32601, "the method does not exist/is not available", Fault::MethodMissing),
        (-32600, "Unsupported method: alchemy_getTokenBalances", Fault::MethodMissing),
        (-32600, "Must be authenticated!", Fault::Refused),
        (-32600, "Monthly capacity limit exceeded.", Fault::Refused),
        (-32602, "invalid params", Fault::Refused),
        (-32603, "internal error", Fault::Failed),
        (-32000, "something else", Fault::Failed),
    ] {
        assert_eq!(faults(code, message), fault, "{code} {message}");
    }
}

#[test]
fn the_whole_batch_is_judged_by_what_got_through() {
    let failed = json!([{ "id": 0, "error": { "code": -32603 } }, { "id": 1, "error": { "code": -32000 } }]);
    assert!(matches!(read(&reply(200, failed), &[Shape::Hex; 2]), Parsed::Failed { .. }));
    let refused = error(-32600, "Must be authenticated!");
    assert!(matches!(read(&reply(200, refused.clone()), &[Shape::Hex; 2]), Parsed::Refused { .. }));
    assert!(matches!(read(&reply(200, refused), &[Shape::Hex; 1]), Parsed::Refused { .. }));
    let throttled =
        json!([{ "id": 0, "result": "0xa" }, { "id": 1, "error": { "code": 429, "message": "x" } }]);
    assert!(matches!(read(&reply(200, throttled), &[Shape::Hex; 2]), Parsed::Throttled { .. }));
    let reverted = json!([{ "id": 0, "error": { "code": 3, "message": "execution reverted" } }]);
    assert_eq!(read(&reply(200, reverted), &[Shape::Hex; 1]), Parsed::Ok(vec![Err(Fault::Reverted)]));
}

#[test]
fn statuses_and_bodies_that_are_no_json_rpc_are_faults() {
    assert!(matches!(read(&reply(429, error(429, "slow down")), &[Shape::Hex; 1]), Parsed::Throttled { .. }));
    assert!(matches!(read(&reply(401, "Must be authenticated!"), &[Shape::Hex; 1]), Parsed::Refused { .. }));
    assert!(matches!(read(&reply(503, ""), &[Shape::Hex; 1]), Parsed::Failed { .. }));
    for body in [
        "",
        "[]",
        "{}",
        "[{}]",
        "[1]",
        "null",
        "<html>",
        "[{\"id\":0,\"result\":\"0x",
        "{\"unexpected\":true}",
    ] {
        assert!(matches!(read(&reply(200, body), &[Shape::Hex; 1]), Parsed::Malformed { .. }), "{body}");
    }
    let one = json!({ "id": 0, "result": "0x1" });
    assert!(matches!(read(&reply(200, one), &[Shape::Hex; 2]), Parsed::Malformed { .. }));
}

#[tokio::test]
async fn calls_on_which_the_node_failed_are_sent_once_more_and_the_others_are_not() {
    let node = Node::of(ChainId::Ethereum).await;
    let rpc = JsonRpc::new(client().upstream(&node.base_url, Policy::new("node")).unwrap());
    let tries = std::sync::atomic::AtomicU32::new(0);
    node.state().tamper = Some(Box::new(move |method, _| {
        let is_first = || tries.fetch_add(1, std::sync::atomic::Ordering::Relaxed) == 0;
        (method == "eth_gasPrice").then(|| {
            if is_first() {
                json!({ "error": { "code": -32603, "message": "x" } })
            } else {
                json!({ "result": "0x5" })
            }
        })
    }));
    let results = rpc.batch(&[call("eth_chainId"), call("eth_gasPrice"), call("eth_nothing")]).await.unwrap();
    assert_eq!(results, [Ok(json!("0x1")), Ok(json!("0x5")), Err(Fault::MethodMissing)]);
    let asked = node.asked();
    assert_eq!(asked[0].len(), 3);
    assert_eq!(asked[1..], [["eth_gasPrice"]]);
}

#[test]
fn a_result_of_another_shape_is_malformed_and_counts_as_a_failure() {
    for result in [json!(null), json!({}), json!([]), json!(5), json!("5"), json!(true)] {
        let body = json!([{ "id": 0, "result": result }]);
        assert!(matches!(read(&reply(200, body), &[Shape::Hex]), Parsed::Malformed { .. }), "{result}");
    }
    let body = json!([{ "id": 0, "result": { "a": 1 } }, { "id": 1, "result": "0x" }]);
    let results = vec![Err(Fault::Malformed), Ok(json!("0x"))];
    assert_eq!(read(&reply(200, body.clone()), &[Shape::Hex, Shape::Hex]), Parsed::Ok(results));
    assert!(
        matches!(read(&reply(200, body), &[Shape::Object(&["a"]), Shape::Hex]), Parsed::Ok(results) if results.iter().all(Result::is_ok))
    );
}

#[tokio::test]
async fn nothing_is_sent_for_no_calls() {
    let node = Node::of(ChainId::Ethereum).await;
    let rpc = JsonRpc::new(client().upstream(&node.base_url, Policy::new("node")).unwrap());
    assert_eq!(rpc.batch::<Value>(&[]).await.unwrap(), []);
    assert!(node.asked().is_empty());
}
