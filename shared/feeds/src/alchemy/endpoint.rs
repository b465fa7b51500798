//! One chain's endpoint: its newest block, and contract reads at one pinned block in as few requests as sizes allow.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use alloy_primitives::{Address, Bytes, hex};
use risk_engine::position::Block;
use risk_http::{CallError, Upstream};
use risk_model::{B256, ChainId, GapReason, Timestamp};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Value, json};

use crate::figures::CLOCK_SKEW_SECONDS;
use crate::gaps::reason_of;
use crate::json_rpc::{Call, Fault, JsonRpc, MAX_BATCH, Results, Shape};
use crate::multicall::{self, ContractCall, MULTICALL3};

/// Most bytes of one HTTP exchange, request and expected reply together, both in hex.
const MAX_EXCHANGE_BYTES: usize = 24 * 1024 * 1024;
/// Most bytes of one HTTP request.
const MAX_REQUEST_BYTES: usize = 6 * 1024 * 1024;

/// How long a sweep reads at one block, seconds: nodes keep the states of at least 128, which are 32 s of the fastest
/// chain.
const SHARED_HEAD_SECONDS: u64 = 10;
/// Hex digits of a word.
const HEX_PER_WORD: usize = 64;

/// What is needed of a block.
const BLOCK: Shape = Shape::Object(&["number", "hash", "timestamp"]);

/// The endpoint of one chain.
#[derive(Debug)]
pub struct Endpoint {
    chain: ChainId,
    rpc: JsonRpc,
    is_chain_confirmed: AtomicBool,
    /// The newest block as it was last asked for, and when.
    newest: Mutex<Option<(Timestamp, Block)>>,
}

/// The newest block, and what was asked beside it.
#[derive(Clone, Debug, PartialEq)]
pub struct Head {
    /// The block to pin.
    pub block: Block,
    /// Outputs of the calls asked at the newest block, not pinned: only hints.
    pub hints: Vec<Answer>,
}

/// What one contract call returned, or why it did not.
pub type Answer = Result<Bytes, Fault>;

/// Contract calls of one kind.
#[derive(Clone, Debug)]
pub struct Group {
    /// The calls.
    pub calls: Vec<ContractCall>,
    /// Most of them in one `eth_call`, for the node's gas limit.
    pub per_aggregate: usize,
    /// Words that one of them returns, estimated.
    pub reply_words: usize,
}

/// Why nothing could be read of a chain.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ReadFault {
    /// The pinned block is not known any more: a reorganisation, or a node that lags.
    #[error("the pinned block is gone")]
    BlockGone,
    /// The endpoint serves another chain.
    #[error("the endpoint serves another chain")]
    WrongChain,
    /// The newest block cannot be read, or is from the future.
    #[error("the newest block is malformed")]
    BadBlock,
    /// The whole read took longer than it may.
    #[error("the read took too long")]
    TooLong,
    /// The endpoint gave no answer.
    #[error(transparent)]
    Call(#[from] CallError),
}

impl ReadFault {
    /// The reason of the gap it leaves.
    #[must_use]
    pub const fn reason(&self) -> GapReason {
        match self {
            Self::BlockGone | Self::TooLong => GapReason::Unavailable,
            Self::WrongChain | Self::BadBlock => GapReason::Malformed,
            Self::Call(error) => reason_of(error),
        }
    }
}

/// A part of a group: one `eth_call`, written when its turn comes.
struct Aggregate<'a> {
    group: usize,
    calls: &'a [ContractCall],
    /// Hex of the request.
    sent: usize,
    /// Hex of the request and the expected reply.
    exchanged: usize,
}

impl Endpoint {
    pub(super) const fn new(chain: ChainId, rpc: JsonRpc) -> Self {
        Self { chain, rpc, is_chain_confirmed: AtomicBool::new(false), newest: Mutex::new(None) }
    }

    /// The upstream beneath, for its state.
    #[must_use]
    pub const fn upstream(&self) -> &Upstream {
        self.rpc.upstream()
    }

    pub(super) const fn rpc(&self) -> &JsonRpc {
        &self.rpc
    }

    /// The newest block, with the hints asked for, in one request. The first time, the chain's id is checked too.
    ///
    /// # Errors
    /// The endpoint gave no answer, serves another chain, or its newest block is malformed.
    pub async fn head(&self, hints: &[ContractCall], now: Timestamp) -> Result<Head, ReadFault> {
        let mut calls =
            vec![Call { method: "eth_getBlockByNumber", params: json!(["latest", false]), result: BLOCK }];
        let is_confirmed = self.is_chain_confirmed.load(Ordering::Relaxed);
        if !is_confirmed {
            calls.push(Call { method: "eth_chainId", params: json!([]), result: Shape::Hex });
        }
        let first_hint = calls.len();
        calls.extend(hints.iter().map(|hint| eth_call(hint, &json!("latest"))));
        let mut results = self.rpc.batch(&calls).await?;
        let hints = results.split_off(first_hint).into_iter().map(|result| bytes_of(&result?)).collect();
        let mut results = results.into_iter();
        let block = taken(results.next())?;
        if !is_confirmed {
            self.confirm_chain(&taken(results.next())?)?;
        }
        let block = read_block(&block, now).ok_or(ReadFault::BadBlock)?;
        self.keep(Some((now, block)));
        Ok(Head { block, hints })
    }

    /// The newest block as it was asked for after `since` and a few seconds ago at most, if it was.
    pub fn shared_head(&self, since: Timestamp, now: Timestamp) -> Option<Block> {
        let newest = *self.newest.lock().unwrap_or_else(PoisonError::into_inner);
        // After, and not in the second of: then it may be of before.
        newest
            .filter(|(asked_at, _)| *asked_at > since && now.seconds_since(*asked_at) < SHARED_HEAD_SECONDS)
            .map(|(_, block)| block)
    }

    fn keep(&self, newest: Option<(Timestamp, Block)>) {
        *self.newest.lock().unwrap_or_else(PoisonError::into_inner) = newest;
    }

    fn confirm_chain(&self, id: &Value) -> Result<(), ReadFault> {
        if id.as_str().and_then(quantity) != Some(self.chain.id()) {
            return Err(ReadFault::WrongChain);
        }
        self.is_chain_confirmed.store(true, Ordering::Relaxed);
        Ok(())
    }

    /// Runs every call of every group at one block, pinned by its hash (EIP-1898), and answers group by group in
    /// order. It is one HTTP request unless the sizes need more.
    ///
    /// # Errors
    /// The block is gone, or no request was answered. A request that failed beside others that were answered
    /// leaves its calls without one.
    pub async fn read_at(&self, block: B256, groups: &[&Group]) -> Result<Vec<Vec<Answer>>, ReadFault> {
        let at = json!({ "blockHash": block, "requireCanonical": true });
        let requests = split(aggregates(groups));
        let mut answers: Vec<Vec<Answer>> = groups.iter().map(|_| Vec::new()).collect();
        let (mut is_answered, mut fault) = (requests.is_empty(), None);
        for request in &requests {
            // One after the other: each is held in memory in binary and in hex while it is under way.
            let results = match self.send(request, &at).await {
                Ok(results) => {
                    is_answered = true;
                    results
                }
                Err(error) => {
                    let results = unanswered(&error, request.len());
                    fault.get_or_insert(error);
                    results
                }
            };
            if results.contains(&Err(Fault::BlockGone)) {
                self.keep(None);
                return Err(ReadFault::BlockGone);
            }
            for (aggregate, result) in request.iter().zip(results) {
                if let Some(group) = answers.get_mut(aggregate.group) {
                    group.extend(open(result, aggregate.calls.len()));
                }
            }
        }
        match fault {
            Some(error) if !is_answered => Err(error.into()),
            _ => Ok(answers),
        }
    }

    async fn send(&self, request: &[Aggregate<'_>], at: &Value) -> Result<Results, CallError> {
        let calls: Vec<_> = request
            .iter()
            .map(|Aggregate { calls, .. }| Call {
                method: "eth_call",
                params: AggregateAt { calls, at },
                result: Shape::Hex,
            })
            .collect();
        self.rpc.batch(&calls).await
    }
}

#[derive(Serialize)]
struct Params<'a> {
    to: Address,
    data: &'a Bytes,
}

/// The parameters of an aggregate's `eth_call`. Many megabytes together, they are made where they are written.
struct AggregateAt<'a> {
    calls: &'a [ContractCall],
    at: &'a Value,
}

impl Serialize for AggregateAt<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let call = Params { to: MULTICALL3, data: &multicall::encode(self.calls) };
        (call, self.at).serialize(serializer)
    }
}

/// The calls of all groups as parts for one `eth_call` of an aggregate each, in order.
fn aggregates<'a>(groups: &[&'a Group]) -> Vec<Aggregate<'a>> {
    let mut aggregates = Vec::new();
    for (place, group) in groups.iter().enumerate() {
        for calls in group.calls.chunks(group.per_aggregate.max(1)) {
            let sent = multicall::encoded_bytes(calls).saturating_mul(2);
            let reply_words = group.reply_words.saturating_add(multicall::RESULT_WORDS);
            let exchanged = sent.saturating_add(calls.len().saturating_mul(reply_words * HEX_PER_WORD));
            aggregates.push(Aggregate { group: place, calls, sent, exchanged });
        }
    }
    aggregates
}

/// Shares the `eth_call`s out to HTTP requests, none too large.
fn split(aggregates: Vec<Aggregate<'_>>) -> Vec<Vec<Aggregate<'_>>> {
    let mut requests: Vec<Vec<Aggregate<'_>>> = Vec::new();
    let (mut sent, mut exchanged) = (0, 0);
    for aggregate in aggregates {
        let fits = sent + aggregate.sent <= MAX_REQUEST_BYTES
            && exchanged + aggregate.exchanged <= MAX_EXCHANGE_BYTES;
        match requests.last_mut() {
            Some(request) if fits && request.len() < MAX_BATCH => {
                (sent, exchanged) = (sent + aggregate.sent, exchanged + aggregate.exchanged);
                request.push(aggregate);
            }
            _ => {
                (sent, exchanged) = (aggregate.sent, aggregate.exchanged);
                requests.push(vec![aggregate]);
            }
        }
    }
    requests
}

/// The answers of the calls inside one `eth_call`.
fn open(result: Result<Value, Fault>, calls: usize) -> Vec<Answer> {
    let opened = result.and_then(|value| {
        let output = bytes_of(&value)?;
        multicall::decode(&output, calls).ok_or(Fault::Malformed)
    });
    match opened {
        Ok(answers) => answers.into_iter().map(|answer| answer.ok_or(Fault::Reverted)).collect(),
        Err(fault) => vec![Err(fault); calls],
    }
}

/// The results of a request that was not answered, beside others that were.
fn unanswered(error: &CallError, calls: usize) -> Results {
    let fault = match reason_of(error) {
        GapReason::Throttled => Fault::Throttled,
        GapReason::Refused => Fault::Refused,
        GapReason::Malformed => Fault::Malformed,
        _ => Fault::Failed,
    };
    vec![Err(fault); calls]
}

fn eth_call(call: &ContractCall, block: &Value) -> Call {
    let params = json!([Params { to: call.target, data: &call.input }, block]);
    Call { method: "eth_call", params, result: Shape::Hex }
}

/// A result that the read cannot go on without.
fn taken(result: Option<Result<Value, Fault>>) -> Result<Value, ReadFault> {
    match result {
        Some(Ok(value)) => Ok(value),
        Some(Err(Fault::BlockGone)) => Err(ReadFault::BlockGone),
        _ => Err(ReadFault::BadBlock),
    }
}

fn bytes_of(value: &Value) -> Answer {
    let digits = value.as_str().and_then(|text| text.strip_prefix("0x")).ok_or(Fault::Malformed)?;
    hex::decode(digits).map(Bytes::from).map_err(|_| Fault::Malformed)
}

pub(super) fn quantity(text: &str) -> Option<u64> {
    u64::from_str_radix(text.strip_prefix("0x")?, 16).ok()
}

fn read_block(value: &Value, now: Timestamp) -> Option<Block> {
    #[derive(Deserialize)]
    struct Raw {
        number: String,
        hash: B256,
        timestamp: String,
    }
    let raw = Raw::deserialize(value).ok()?;
    let timestamp = Timestamp::new(quantity(&raw.timestamp)?);
    // A block from the future would never grow stale.
    let latest = now.plus_seconds(CLOCK_SKEW_SECONDS);
    (timestamp <= latest && !raw.hash.is_zero()).then_some(Block {
        number: quantity(&raw.number)?,
        hash: raw.hash,
        timestamp,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(timestamp: &str) -> Value {
        json!({ "number": "0x10", "hash": B256::repeat_byte(1), "timestamp": timestamp, "miner": "0x0" })
    }

    #[test]
    fn a_block_is_read_and_one_from_the_future_is_not() {
        let now = Timestamp::new(0x100);
        let read = read_block(&block("0xff"), now).unwrap();
        assert_eq!((read.number, read.timestamp), (16, Timestamp::new(255)));
        assert!(read_block(&block("0x100000"), now).is_none());
        for bad in [json!(null), json!({}), block("255"), block("0xzz"), json!({ "number": 1 })] {
            assert!(read_block(&bad, now).is_none(), "{bad}");
        }
    }

    #[test]
    fn large_reads_are_split_by_size_and_keep_their_order() {
        let call = ContractCall { target: Address::ZERO, input: Bytes::new() };
        let group =
            |calls, reply_words| Group { calls: vec![call.clone(); calls], per_aggregate: 100, reply_words };
        let (first, second) = (group(250, 1), group(10, 1));
        let small = split(aggregates(&[&first, &second]));
        assert_eq!(small.len(), 1);
        assert_eq!(
            small[0].iter().map(|one| (one.group, one.calls.len())).collect::<Vec<_>>(),
            [(0, 100), (0, 100), (0, 50), (1, 10)]
        );
        let many = group(3000, 240);
        let large = split(aggregates(&[&many]));
        assert_eq!(large.len(), 2);
        assert_eq!(large.iter().flatten().map(|one| one.calls.len()).sum::<usize>(), 3000);
    }

    #[test]
    fn a_failed_aggregate_leaves_each_of_its_calls_without_an_answer() {
        assert_eq!(open(Err(Fault::Reverted), 2), [Err(Fault::Reverted), Err(Fault::Reverted)]);
        assert_eq!(open(Ok(json!("0x")), 1), [Err(Fault::Malformed)]);
        assert_eq!(open(Ok(json!("0xabc")), 1), [Err(Fault::Malformed)]);
        assert_eq!(open(Ok(Value::Null), 1), [Err(Fault::Malformed)]);
    }
}
