//! JSON-RPC 2.0 in batches over one upstream: items matched by id, each error read for what it means.
//!
//! A batch answers HTTP 200 whatever happened, so the meaning comes from the items: a revert is a contract's answer,
//! an unknown block is for the caller to pin anew, a limit pauses the whole upstream, and only a batch in which no
//! item got through counts as a failure of the provider.

use std::collections::BTreeMap;

use risk_http::{CallError, Parsed, Reply, Request, Upstream};
use risk_model::GapReason;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Most calls in one HTTP request, the provider's own limit.
pub const MAX_BATCH: usize = 1000;

/// One call of a method.
#[derive(Clone, Debug, PartialEq)]
pub struct Call<P = Value> {
    /// The method's name.
    pub method: &'static str,
    /// Its parameters, a JSON array.
    pub params: P,
    /// What its result is: anything else is malformed.
    pub result: Shape,
}

/// What a method's result is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A hex string.
    Hex,
    /// An object with at least these fields.
    Object(&'static [&'static str]),
    /// An array.
    List,
}

impl Shape {
    fn fits(self, result: &Value) -> bool {
        match self {
            Self::Hex => result.as_str().is_some_and(|text| text.starts_with("0x")),
            Self::List => result.is_array(),
            Self::Object(fields) => fields.iter().all(|field| result.get(field).is_some()),
        }
    }
}

/// Why one call of a batch has no result, while others may have one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The contract reverted, or ran out of gas: an answer, the same next time.
    Reverted,
    /// The block is not (or no longer) known to the node: pin another one.
    BlockGone,
    /// The node does not have the method.
    MethodMissing,
    /// The node refused this call.
    Refused,
    /// The node failed on this call, twice.
    Failed,
    /// Over the provider's limit.
    Throttled,
    /// No answer to this call, or none that is JSON-RPC.
    Malformed,
}

impl Fault {
    /// The reason of the gap it leaves.
    #[must_use]
    pub const fn reason(self) -> GapReason {
        match self {
            Self::Reverted | Self::Malformed => GapReason::Malformed,
            Self::BlockGone | Self::Failed => GapReason::Unavailable,
            Self::MethodMissing => GapReason::Unsupported,
            Self::Refused => GapReason::Refused,
            Self::Throttled => GapReason::Throttled,
        }
    }
}

/// What each call of a batch came to, in the order of the calls.
pub type Results = Vec<Result<Value, Fault>>;

/// A JSON-RPC endpoint.
#[derive(Clone, Debug)]
pub struct JsonRpc {
    upstream: Upstream,
}

#[derive(Deserialize)]
struct RawAnswer {
    #[serde(default)]
    id: Value,
    #[serde(default)]
    result: Value,
    error: Option<RawError>,
}

#[derive(Deserialize)]
struct RawError {
    #[serde(default)]
    code: i64,
    #[serde(default)]
    message: String,
}

impl JsonRpc {
    /// JSON-RPC at the upstream's base URL.
    #[must_use]
    pub const fn new(upstream: Upstream) -> Self {
        Self { upstream }
    }

    /// The upstream beneath.
    #[must_use]
    pub const fn upstream(&self) -> &Upstream {
        &self.upstream
    }

    /// One call, not in a batch: some methods may not be batched.
    ///
    /// # Errors
    /// Why the upstream gave no answer.
    pub async fn single(&self, call: Call) -> Result<Result<Value, Fault>, CallError> {
        let request = Request::post_json("", &body(0, &call));
        let results = self.upstream.call(&request, |reply| read(reply, &[call.result])).await?;
        Ok(results.into_iter().next().unwrap_or(Err(Fault::Malformed)))
    }

    /// Up to [`MAX_BATCH`] calls in one HTTP request. Calls on which the node failed while others got through are
    /// sent once more, together.
    ///
    /// # Errors
    /// Why the upstream gave no answer to any of them.
    pub async fn batch<P: Serialize>(&self, calls: &[Call<P>]) -> Result<Results, CallError> {
        if calls.is_empty() {
            return Ok(Vec::new());
        }
        let all: Vec<usize> = (0..calls.len()).collect();
        let mut results = self.send(calls, &all).await?;
        let is_passing =
            |result: &Result<Value, Fault>| matches!(result, Err(Fault::Failed | Fault::Malformed));
        let failed: Vec<usize> =
            all.into_iter().filter(|at| results.get(*at).is_some_and(is_passing)).collect();
        if failed.is_empty() {
            return Ok(results);
        }
        // What got through is kept whatever becomes of the rest.
        let Ok(again) = self.send(calls, &failed).await else { return Ok(results) };
        for (at, result) in failed.into_iter().zip(again) {
            if let Some(place) = results.get_mut(at) {
                *place = result;
            }
        }
        Ok(results)
    }

    async fn send<P: Serialize>(&self, calls: &[Call<P>], places: &[usize]) -> Result<Results, CallError> {
        let chosen = || places.iter().filter_map(|at| calls.get(*at));
        let bodies: Vec<Body<'_, P>> = chosen().enumerate().map(|(id, call)| body(id, call)).collect();
        let shapes: Vec<Shape> = chosen().map(|call| call.result).collect();
        let request = Request::post_json("", &bodies);
        drop(bodies);
        self.upstream.call(&request, |reply| read(reply, &shapes)).await
    }
}

/// A call as it is sent; parameters may be megabytes long, so they are written from where they are.
#[derive(Serialize)]
struct Body<'a, P> {
    jsonrpc: &'static str,
    id: usize,
    method: &'static str,
    params: &'a P,
}

const fn body<P>(id: usize, call: &Call<P>) -> Body<'_, P> {
    Body { jsonrpc: "2.0", id, method: call.method, params: &call.params }
}

/// Reads a reply to calls with the ids 0 and up, whose results have these shapes.
fn read(reply: &Reply, shapes: &[Shape]) -> Parsed<Results> {
    if let Some(fault) = reply.status_fault() {
        return fault;
    }
    let is_list = reply.body.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'[');
    if !is_list {
        return reply.json::<RawAnswer>().and_then(|answer| judge_single(answer, shapes));
    }
    reply.json::<Vec<RawAnswer>>().and_then(|answers| judge(answers, shapes))
}

/// A lone object: the answer to a single call, or the error of a whole batch.
fn judge_single(answer: RawAnswer, shapes: &[Shape]) -> Parsed<Results> {
    if shapes.len() == 1 {
        return judge(vec![answer], shapes);
    }
    let Some(error) = answer.error else { return Parsed::malformed("one answer to a batch of many") };
    match fault_of(&error) {
        Fault::Throttled => Parsed::Throttled { retry_after: None },
        Fault::Refused | Fault::MethodMissing => Parsed::refused(label(&error)),
        Fault::Reverted | Fault::BlockGone | Fault::Failed | Fault::Malformed => {
            Parsed::failed(label(&error))
        }
    }
}

/// Sorts the answers to their calls and decides what the whole says of the provider.
fn judge(answers: Vec<RawAnswer>, shapes: &[Shape]) -> Parsed<Results> {
    let mut by_id = BTreeMap::new();
    for answer in answers {
        let Some(id) = answer.id.as_u64().and_then(|id| usize::try_from(id).ok()) else {
            // An error without an id is of the request as a whole.
            if let Some(error) = &answer.error
                && shapes.len() == 1
            {
                by_id.entry(0).or_insert(Err(fault_of(error)));
            }
            continue;
        };
        let Some(shape) = shapes.get(id) else { continue };
        let result = match &answer.error {
            Some(error) => Err(fault_of(error)),
            None if shape.fits(&answer.result) => Ok(answer.result),
            None => Err(Fault::Malformed),
        };
        // The first answer stands: a second one for the same call cannot be told from a forged one.
        by_id.entry(id).or_insert(result);
    }
    let results: Results =
        (0..shapes.len()).map(|id| by_id.remove(&id).unwrap_or(Err(Fault::Malformed))).collect();
    let all = |kind: Fault| results.iter().all(|result| *result == Err(kind));
    if results.contains(&Err(Fault::Throttled)) {
        Parsed::Throttled { retry_after: None }
    } else if all(Fault::Malformed) {
        Parsed::malformed("no call of the batch was answered")
    } else if results.iter().all(|result| matches!(result, Err(Fault::Failed | Fault::Malformed))) {
        Parsed::failed("every call of the batch failed")
    } else if all(Fault::Refused) {
        Parsed::refused("every call of the batch was refused")
    } else {
        Parsed::Ok(results)
    }
}

/// What an error object means. Codes are shared between very different errors, so the text decides within a code.
fn fault_of(error: &RawError) -> Fault {
    let message = error.message.to_ascii_lowercase();
    let says = |parts: &[&str]| parts.iter().any(|part| message.contains(part));
    if error.code == 429 || says(&["compute units per second", "rate limit", "too many requests"]) {
        return Fault::Throttled;
    }
    // More logs or blocks asked for than the plan gives: the same next time, and no failure of the provider.
    if says(&["response size exceeded", "query returned more than", "block range"]) {
        return Fault::Refused;
    }
    if error.code == 3
        || says(&["execution reverted", "out of gas", "gas required exceeds", "invalid opcode"])
    {
        return Fault::Reverted;
    }
    // EIP-1474's "resource not found" is what EIP-1898 recommends for a block that is not there.
    let block_words = [
        "header not found",
        "not processed yet",
        "unknown block",
        "not canonical",
        "not currently canonical",
        "missing trie node",
        "resource not found",
        // A node that keeps no state of it any more (anvil, erigon, reth, geth).
        "blockoutofrange",
        "pruned",
        "pruning",
        "historical state",
    ];
    if says(&block_words) || (message.contains("block") && message.contains("not found")) {
        return Fault::BlockGone;
    }
    match error.code {
        -32601 => Fault::MethodMissing,
        _ if says(&["unsupported method", "method not found", "does not exist/is not available"]) => {
            Fault::MethodMissing
        }
        401 | 403 | -32600 | -32602 | -32700 => Fault::Refused,
        _ => Fault::Failed,
    }
}

fn label(error: &RawError) -> String {
    format!("JSON-RPC error {}", error.code)
}

#[cfg(test)]
mod tests;
