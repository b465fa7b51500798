//! A running sandbox with a client, and the contracts' interfaces written down a second time.

use std::sync::Once;
use std::time::Duration;

use alloy_primitives::{Address, Bytes};
use alloy_sol_types::{SolCall, sol};
use risk_sandbox::{Options, Sandbox};
use serde_json::{Value, json};

sol! {
    struct Call3 { address target; bool allowFailure; bytes callData; }
    struct Result3 { bool success; bytes returnData; }
    struct UserRow { address underlying; uint256 scaledSupply; bool collateral; uint256 scaledDebt; }
    function aggregate3(Call3[] calls) returns (Result3[]);
    function getEthBalance(address owner) returns (uint256);
    function getUserAccountData(address user)
        returns (uint256 collateral, uint256 debt, uint256 available, uint256 threshold, uint256 ltv, uint256 health);
    function getReservesList() returns (address[]);
    function getUserReservesData(address provider, address user) returns (UserRow[] rows, uint8 mode);
    function getReserveNormalizedIncome(address asset) returns (uint256);
    function getReserveNormalizedVariableDebt(address asset) returns (uint256);
    function getConfiguration(address asset) returns (uint256);
    function getReserveConfigurationData(address asset) returns (uint256 decimals, uint256 ltv, uint256 threshold,
        uint256 bonus, uint256 factor, bool collateral, bool borrowing, bool stable, bool active, bool frozen);
    function getReserveTokensAddresses(address asset) returns (address a, address stable, address variableDebt);
    function balanceOf(address owner) returns (uint256);
    function scaledBalanceOf(address owner) returns (uint256);
    function symbol() returns (string);
    function getAssetPrice(address asset) returns (uint256);
    function getSourceOfAsset(address asset) returns (address);
    function latestRoundData() returns (uint80 id, int256 answer, uint256 started, uint256 updated, uint80 inRound);
    function latestAnswer() returns (int256);
}

/// Multicall3 on every chain.
pub(crate) const MULTICALL3: &str = "0xcA11bde05977b3631167028862bE2a173976CA11";
/// The Aave V3 Pool on Ethereum.
pub(crate) const POOL: &str = "0x87870Bca3F3fD6335C3F4ce8392D69350B4fA4E2";
/// Its addresses provider.
pub(crate) const PROVIDER: &str = "0x2f39d218133AFaB8F2B819B1066c7E434Ad94E9e";
/// Its UiPoolDataProviderV3.
pub(crate) const UI_DATA: &str = "0x56b7A1012765C285afAC8b8F25C69Bf10ccfE978";
/// Its AaveProtocolDataProvider.
pub(crate) const PROTOCOL_DATA: &str = "0x0a16f2FCC0D44FaE41cc54e079281D84A363bECD";
/// Its AaveOracle.
pub(crate) const ORACLE: &str = "0x54586bE62E3c3580375aE3723C145253060Ca0C2";
/// WETH on Ethereum.
pub(crate) const WETH: &str = "0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2";
/// USDC on Ethereum.
pub(crate) const USDC: &str = "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48";
/// The Aave V3 subgraph of Ethereum.
pub(crate) const SUBGRAPH: &str = "Cd2gEDVeqnjBn1hSeqFMitw8Q1iiyV9FYUZkLNRcL87g";

/// An address from text.
pub(crate) fn address(text: &str) -> Address {
    text.parse().expect("an address")
}

/// A client with the TLS provider that reqwest asks for, unused on plain HTTP.
#[expect(clippy::disallowed_methods, reason = "this tests the server, not the service's own client")]
pub(crate) fn client() -> reqwest::Client {
    static PROVIDER: Once = Once::new();
    PROVIDER.call_once(|| {
        rustls::crypto::ring::default_provider().install_default().expect("first provider");
    });
    reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(20)).build().expect("client")
}

/// A sandbox under test.
pub(crate) struct Probe {
    pub(crate) sandbox: Sandbox,
    pub(crate) client: reqwest::Client,
}

impl Probe {
    pub(crate) async fn start(seed: u64) -> Self {
        let sandbox = Sandbox::start(Options { seed, port: 0 }).await.expect("sandbox starts");
        Self { sandbox, client: client() }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.sandbox.base_url)
    }

    /// GET: status and body, null when the body is no JSON.
    pub(crate) async fn get(&self, path: &str) -> (u16, Value) {
        let response = self.client.get(self.url(path)).send().await.expect("answer");
        let status = response.status().as_u16();
        let body = response.bytes().await.expect("body");
        (status, serde_json::from_slice(&body).unwrap_or(Value::Null))
    }

    /// POST of JSON: status and body.
    pub(crate) async fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        let request = self.client.post(self.url(path)).header("content-type", "application/json");
        let response = request.body(body.to_string()).send().await.expect("answer");
        let status = response.status().as_u16();
        let body = response.bytes().await.expect("body");
        (status, serde_json::from_slice(&body).unwrap_or(Value::Null))
    }

    /// A control command that must be taken.
    pub(crate) async fn command(&self, what: &str, body: &Value) -> Value {
        let (status, answer) = self.post(&format!("/control/{what}"), body).await;
        assert_eq!(status, 200, "{what}: {answer}");
        answer
    }

    /// Puts a fault in force.
    pub(crate) async fn arm(&self, fault: Value) {
        self.command("fault", &fault).await;
    }

    /// Ends all faults.
    pub(crate) async fn clear_faults(&self) {
        self.client.delete(self.url("/control/fault")).send().await.expect("cleared");
    }

    /// A JSON-RPC call on a chain: the whole answer.
    pub(crate) async fn rpc_on(&self, slug: &str, method: &str, params: &Value) -> Value {
        let body = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
        self.post(&format!("/alchemy/{slug}/v2/key"), &body).await.1
    }

    /// A JSON-RPC call on Ethereum: the whole answer.
    pub(crate) async fn rpc(&self, method: &str, params: &Value) -> Value {
        self.rpc_on("eth-mainnet", method, params).await
    }

    /// The newest block of a chain: its number and its hash.
    pub(crate) async fn head(&self, slug: &str) -> (u64, String) {
        let block = self.rpc_on(slug, "eth_getBlockByNumber", &json!(["latest", false])).await;
        let field = |name: &str| block["result"][name].as_str().expect("block field").to_owned();
        (quantity(&field("number")), field("hash"))
    }

    /// The raw answer of an `eth_call`.
    pub(crate) async fn try_call<C: SolCall>(&self, slug: &str, to: &str, call: &C, block: &Value) -> Value {
        let data = format!("0x{}", hex::encode(call.abi_encode()));
        self.rpc_on(slug, "eth_call", &json!([{"to": to, "data": data}, block])).await
    }

    /// An `eth_call` on Ethereum that must succeed.
    pub(crate) async fn call<C: SolCall>(&self, to: &str, call: &C, block: &Value) -> C::Return {
        self.call_on("eth-mainnet", to, call, block).await
    }

    /// An `eth_call` that must succeed.
    pub(crate) async fn call_on<C: SolCall>(
        &self,
        slug: &str,
        to: &str,
        call: &C,
        block: &Value,
    ) -> C::Return {
        let answer = self.try_call(slug, to, call, block).await;
        let text = answer["result"].as_str().unwrap_or_else(|| panic!("no result: {answer}"));
        C::abi_decode_returns(&unhex(text)).expect("decodes")
    }

    /// The catalogue by name.
    pub(crate) async fn wallet(&self, name: &str) -> String {
        let (_, list) = self.get("/control/catalogue").await;
        let rows = list.as_array().expect("list").iter();
        let entry = rows.into_iter().find(|row| row["name"] == name).expect("named wallet");
        entry["address"].as_str().expect("address").to_owned()
    }
}

/// Hex digits after "0x" as bytes.
pub(crate) fn unhex(text: &str) -> Vec<u8> {
    hex::decode(text.trim_start_matches("0x")).expect("hex")
}

/// A JSON-RPC quantity.
pub(crate) fn quantity(text: &str) -> u64 {
    u64::from_str_radix(text.trim_start_matches("0x"), 16).expect("quantity")
}

/// One call of an aggregate that may fail.
pub(crate) fn inner<C: SolCall>(target: &str, call: &C) -> Call3 {
    Call3 { target: address(target), allowFailure: true, callData: Bytes::from(call.abi_encode()) }
}
