//! A real EVM node as a process of its own, on a free port of loopback, ended when it goes out of scope.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Stdio;

use alloy_primitives::{Address, Bytes, U256};
use alloy_sol_types::SolCall;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use crate::installed::anvil;

/// The genesis of every node: block times follow from it, so that a seed gives the same case on any day.
pub(crate) const GENESIS: u64 = 1_790_000_000;
/// Most calls in one JSON-RPC request.
const BATCH: usize = 1_000;
/// Gas of one transaction: more than any here needs.
const GAS: &str = "0x11e1a300";

/// A running node.
pub(crate) struct Node {
    /// Its JSON-RPC endpoint.
    pub(crate) url: String,
    http: reqwest::Client,
    _process: Child,
    /// Where it puts what it does not keep in memory.
    _scratch: tempfile::TempDir,
}

/// A transaction, sent without a signature: the node lets anybody be anybody.
#[derive(Clone, Debug)]
pub(crate) struct Transaction {
    pub(crate) from: Address,
    pub(crate) to: Address,
    pub(crate) data: Bytes,
}

impl Transaction {
    /// A call of a contract.
    pub(crate) fn new(from: Address, to: Address, call: &impl SolCall) -> Self {
        Self { from, to, data: call.abi_encode().into() }
    }
}

impl Node {
    /// Starts a node of chain 1 without blocks, and options beside the usual ones.
    pub(crate) async fn start(options: &[&str]) -> Self {
        let scratch = tempfile::tempdir().expect("a folder");
        let mut process = Command::new(anvil())
            .arg("--cache-path")
            .arg(scratch.path())
            .args(["--host", "127.0.0.1", "--port", "0", "--chain-id", "1", "--hardfork", "cancun"])
            .args(["--gas-limit", "1000000000000", "--base-fee", "0", "--gas-price", "0", "--accounts", "1"])
            .args(["--no-request-size-limit", "--order", "fifo", "--timestamp", &GENESIS.to_string()])
            .args(options)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("the node starts");
        let mut lines = BufReader::new(process.stdout.take().expect("standard output")).lines();
        let url = loop {
            let line = lines.next_line().await.expect("standard output").expect("the node listens");
            if let Some(address) = line.strip_prefix("Listening on ") {
                break format!("http://{address}");
            }
        };
        // What is not read would fill the pipe.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        let http = risk_tests::stack::client().expect("a client");
        let node = Self { url, http, _process: process, _scratch: scratch };
        node.call("anvil_autoImpersonateAccount", json!([true])).await;
        // A second a block, however long the machine takes.
        node.call("anvil_setBlockTimestampInterval", json!([1])).await;
        node
    }

    /// One call that must succeed.
    pub(crate) async fn call(&self, method: &str, params: Value) -> Value {
        let shown = params.to_string().chars().take(300).collect::<String>();
        self.attempt(method, params).await.unwrap_or_else(|error| panic!("{method} {shown}: {error}"))
    }

    /// One call, or the error that the node answered.
    pub(crate) async fn attempt(&self, method: &str, params: Value) -> Result<Value, Value> {
        let body = json!({ "jsonrpc": "2.0", "id": 0, "method": method, "params": params });
        let mut answer = self.post(&body).await;
        if answer["error"].is_null() { Ok(answer["result"].take()) } else { Err(answer["error"].take()) }
    }

    /// Many calls of one method, in few requests; all must succeed.
    pub(crate) async fn batch(&self, method: &str, params: Vec<Value>) -> Vec<Value> {
        let mut results = Vec::with_capacity(params.len());
        for some in params.chunks(BATCH) {
            let calls = some.iter().enumerate();
            let calls = calls.map(
                |(id, params)| json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }),
            );
            let mut answer = self.post(&calls.collect()).await;
            let answers = answer.as_array_mut().expect("a batch's answers");
            assert_eq!(answers.len(), some.len(), "{method} was not answered every time");
            answers.sort_by_key(|answer| answer["id"].as_u64());
            for answer in answers {
                assert!(answer["error"].is_null(), "{method}: {}", answer["error"]);
                results.push(answer["result"].take());
            }
        }
        results
    }

    async fn post(&self, body: &Value) -> Value {
        let request = self.http.post(&self.url).header("content-type", "application/json");
        let response = request.body(body.to_string()).send().await.expect("the node answers");
        let text = response.text().await.expect("a whole answer");
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text:.300}"))
    }

    /// A view at the newest block.
    pub(crate) async fn view<C: SolCall>(&self, to: Address, call: &C) -> C::Return {
        self.view_at(to, call, &json!("latest")).await
    }

    /// A view at a block.
    pub(crate) async fn view_at<C: SolCall>(&self, to: Address, call: &C, block: &Value) -> C::Return {
        let params = json!([{ "to": to, "data": Bytes::from(call.abi_encode()) }, block]);
        let output = bytes(&self.call("eth_call", params).await);
        C::abi_decode_returns(&output).unwrap_or_else(|error| panic!("{}: {error}", C::SIGNATURE))
    }

    /// Sends a transaction, which mines a block, and answers its receipt.
    pub(crate) async fn send(&self, from: Address, to: Address, call: &impl SolCall) -> Value {
        let transaction = Transaction::new(from, to, call);
        let hash = self.call("eth_sendTransaction", json!([request(&transaction)])).await;
        let receipt = self.receipt(&hash).await;
        if receipt["status"] != "0x1" {
            let why = self.attempt("eth_call", json!([request(&transaction), "latest"])).await;
            panic!("a transaction of {to} was reverted: {why:?}, {receipt}");
        }
        receipt
    }

    /// Sends many transactions into one block and answers their receipts, in order; all must succeed.
    pub(crate) async fn send_all(&self, transactions: &[Transaction]) -> Vec<Value> {
        let receipts = self.try_all(transactions).await;
        for (transaction, receipt) in transactions.iter().zip(&receipts) {
            if receipt["status"] != "0x1" {
                let why = self.attempt("eth_call", json!([request(transaction), "latest"])).await;
                panic!("{transaction:?} was reverted: {why:?}");
            }
        }
        receipts
    }

    /// The same, where some may be reverted.
    pub(crate) async fn try_all(&self, transactions: &[Transaction]) -> Vec<Value> {
        self.call("evm_setAutomine", json!([false])).await;
        let requests = self.numbered(transactions).await;
        let hashes = self.batch("eth_sendTransaction", requests).await;
        self.mine().await;
        self.call("evm_setAutomine", json!([true])).await;
        self.batch("eth_getTransactionReceipt", hashes.into_iter().map(|hash| json!([hash])).collect()).await
    }

    /// The transactions with their senders' next nonces: the calls of a batch are not taken one after the other.
    async fn numbered(&self, transactions: &[Transaction]) -> Vec<Value> {
        let senders: BTreeSet<Address> = transactions.iter().map(|one| one.from).collect();
        let asked = senders.iter().map(|sender| json!([sender, "latest"])).collect();
        let counts = self.batch("eth_getTransactionCount", asked).await;
        let mut next: BTreeMap<Address, U256> = senders.into_iter().zip(counts.iter().map(number)).collect();
        let numbered = transactions.iter().map(|one| {
            let nonce = next.get_mut(&one.from).expect("a sender's nonce");
            let mut request = request(one);
            request["nonce"] = json!(nonce);
            *nonce += U256::ONE;
            json!([request])
        });
        numbered.collect()
    }

    /// Creates a contract and answers where it is.
    pub(crate) async fn create(&self, from: Address, code: &[u8]) -> Address {
        let data = Bytes::copy_from_slice(code);
        let request = json!([{ "from": from, "data": data, "gas": GAS, "gasPrice": "0x0" }]);
        let hash = self.call("eth_sendTransaction", request).await;
        let receipt = self.receipt(&hash).await;
        assert_eq!(receipt["status"], "0x1", "a contract was not created: {receipt}");
        receipt["contractAddress"].as_str().expect("an address").parse().expect("an address")
    }

    /// The receipt of a transaction, which is there a moment after it was sent.
    async fn receipt(&self, hash: &Value) -> Value {
        for _ in 0..5_000 {
            let receipt = self.call("eth_getTransactionReceipt", json!([hash])).await;
            if !receipt.is_null() {
                return receipt;
            }
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        }
        panic!("{hash} was not mined");
    }

    /// Mines a block.
    pub(crate) async fn mine(&self) {
        self.call("evm_mine", json!([])).await;
    }

    /// Lets so many seconds pass, and mines a block.
    pub(crate) async fn pass(&self, seconds: u64) {
        self.mine_at(self.time().await + seconds).await;
    }

    /// Mines a block of this time, Unix seconds.
    pub(crate) async fn mine_at(&self, time: u64) {
        self.call("evm_setNextBlockTimestamp", json!([time])).await;
        self.mine().await;
    }

    /// The newest block's time, Unix seconds.
    pub(crate) async fn time(&self) -> u64 {
        let block = self.call("eth_getBlockByNumber", json!(["latest", false])).await;
        number(&block["timestamp"]).to::<u64>()
    }

    /// A word of a contract's storage.
    pub(crate) async fn word(&self, of: Address, slot: U256) -> U256 {
        number(&self.call("eth_getStorageAt", json!([of, slot, "latest"])).await)
    }
}

fn request(transaction: &Transaction) -> Value {
    let Transaction { from, to, data } = transaction;
    json!({ "from": from, "to": to, "data": data, "gas": GAS, "gasPrice": "0x0" })
}

/// A number of an answer, hex.
pub(crate) fn number(value: &Value) -> U256 {
    let digits = value.as_str().and_then(|text| text.strip_prefix("0x")).expect("a hex number");
    U256::from_str_radix(digits, 16).expect("a hex number")
}

/// Bytes of an answer, hex.
pub(crate) fn bytes(value: &Value) -> Bytes {
    value.as_str().expect("hex bytes").parse().expect("hex bytes")
}
