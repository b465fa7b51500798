//! A node for tests: JSON-RPC over HTTP with Multicall3 over a table of views, and one small Aave market.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};

use alloy_primitives::{Address, B256, Bytes, U256, Uint};
use alloy_sol_types::SolCall;
use axum::Router;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use risk_model::ChainId;
use serde_json::{Value, json};

use crate::contracts::{
    Aggregator, CollateralConfig, EModeCategoryLegacy, Erc20, Multicall3, Oracle, Pool, ReserveDataLegacy,
    UiPoolDataProvider,
};
use crate::markets::market_of;
use crate::multicall::MULTICALL3;
use crate::testing::NOON;

/// What a test puts in place of the answer to one item: its method and parameters to the answer's fields.
type Tamper = dyn Fn(&str, &Value) -> Option<Value> + Send;

/// What the node knows and what it was asked.
pub(crate) struct State {
    pub(crate) chain_id: u64,
    pub(crate) number: u64,
    pub(crate) timestamp: u64,
    pub(crate) views: HashMap<(Address, Bytes), Bytes>,
    /// Pages of `alchemy_getTokenBalances` results by wallet.
    pub(crate) token_pages: HashMap<Address, Vec<Value>>,
    pub(crate) tamper: Option<Box<Tamper>>,
    /// A whole reply in place of the node's own.
    pub(crate) reply: Option<(u16, String)>,
    /// Methods of each HTTP request, in order.
    pub(crate) requests: Vec<Vec<String>>,
}

/// A node on loopback. It ends with the test.
pub(crate) struct Node {
    pub(crate) base_url: String,
    state: Arc<Mutex<State>>,
    server: tokio::task::JoinHandle<()>,
}

impl Drop for Node {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Node {
    pub(crate) async fn of(chain: ChainId) -> Self {
        let state = Arc::new(Mutex::new(State {
            chain_id: chain.id(),
            number: 100,
            timestamp: NOON - 12,
            views: HashMap::new(),
            token_pages: HashMap::new(),
            tamper: None,
            reply: None,
            requests: Vec::new(),
        }));
        let shared = Arc::clone(&state);
        let answer = move |body: String| {
            let (status, reply) = shared.lock().unwrap().answer(&body);
            async move { (StatusCode::from_u16(status).unwrap(), reply).into_response() }
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base_url = format!("http://{}", listener.local_addr().unwrap());
        let limit = axum::extract::DefaultBodyLimit::max(64 << 20);
        let router = Router::new().fallback(answer).layer(limit);
        let server = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { base_url, state, server }
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// Methods of each HTTP request since the last call.
    pub(crate) fn asked(&self) -> Vec<Vec<String>> {
        std::mem::take(&mut self.state().requests)
    }
}

impl State {
    /// The hash of the newest block.
    pub(crate) fn hash(&self) -> B256 {
        B256::from(U256::from(self.number) + (U256::from(1) << 255))
    }

    /// Sets what a view returns.
    pub(crate) fn view<C: SolCall>(&mut self, target: Address, call: &C, returns: Vec<u8>) {
        self.views.insert((target, call.abi_encode().into()), returns.into());
    }

    fn answer(&mut self, body: &str) -> (u16, String) {
        let body: Value = serde_json::from_str(body).unwrap();
        let items = body.as_array().cloned().unwrap_or_else(|| vec![body.clone()]);
        let methods = items.iter().map(|item| item["method"].as_str().unwrap().to_owned());
        self.requests.push(methods.collect());
        if let Some((status, text)) = &self.reply {
            return (*status, text.clone());
        }
        let mut answers: Vec<Value> = items.iter().map(|item| self.item(item)).collect();
        if body.is_array() {
            // Unordered, as the real ones are.
            answers.reverse();
            (200, Value::Array(answers).to_string())
        } else {
            (200, answers.remove(0).to_string())
        }
    }

    fn item(&mut self, item: &Value) -> Value {
        let (method, params) = (item["method"].as_str().unwrap(), &item["params"]);
        let tampered = self.tamper.as_ref().and_then(|tamper| tamper(method, params));
        let mut answer = tampered.unwrap_or_else(|| match method {
            "eth_chainId" => json!({ "result": format!("{:#x}", self.chain_id) }),
            "eth_getBlockByNumber" => json!({ "result": { "number": format!("{:#x}", self.number),
                "hash": self.hash(), "timestamp": format!("{:#x}", self.timestamp) } }),
            "eth_call" => self.eth_call(params),
            "alchemy_getTokenBalances" => self.token_page(params),
            _ => json!({ "error": { "code": -32601, "message": "method not found" } }),
        });
        answer["jsonrpc"] = json!("2.0");
        answer["id"] = item["id"].clone();
        answer
    }

    fn eth_call(&self, params: &Value) -> Value {
        let pinned = params[1].get("blockHash").map(|hash| hash.as_str().unwrap().parse::<B256>().unwrap());
        if pinned.is_some_and(|hash| hash != self.hash()) {
            return json!({ "error": { "code": -32000, "message": "header not found" } });
        }
        let target: Address = params[0]["to"].as_str().unwrap().parse().unwrap();
        let input: Bytes = params[0]["data"].as_str().unwrap().parse().unwrap();
        let output =
            if target == MULTICALL3 { Some(self.aggregate(&input)) } else { self.call(target, &input) };
        match output {
            Some(output) => json!({ "result": output }),
            None => json!({ "error": { "code": 3, "message": "execution reverted", "data": "0x" } }),
        }
    }

    fn call(&self, target: Address, input: &Bytes) -> Option<Bytes> {
        self.views.get(&(target, input.clone())).cloned()
    }

    fn aggregate(&self, input: &Bytes) -> Bytes {
        let calls = Multicall3::tryAggregateCall::abi_decode(input).unwrap().calls;
        let results: Vec<_> = calls
            .iter()
            .map(|call| {
                let output = self.call(call.target, &call.callData);
                Multicall3::Result { success: output.is_some(), returnData: output.unwrap_or_default() }
            })
            .collect();
        Multicall3::tryAggregateCall::abi_encode_returns(&results).into()
    }

    fn token_page(&self, params: &Value) -> Value {
        let wallet: Address = params[0].as_str().unwrap().parse().unwrap();
        let page = params[2]["pageKey"].as_str().map_or(0, |key| key.parse::<usize>().unwrap());
        let pages = self.token_pages.get(&wallet);
        let result = pages.and_then(|pages| pages.get(page)).cloned();
        json!({ "result": result.unwrap_or_else(|| json!({ "address": wallet, "tokenBalances": [] })) })
    }
}

/// The reserves of the test market: WETH, USDC and a wrapped stake whose price source has no rounds.
pub(crate) const WETH: Address = Address::repeat_byte(0xe1);
pub(crate) const USDC: Address = Address::repeat_byte(0xe2);
pub(crate) const STAKE: Address = Address::repeat_byte(0xe3);
pub(crate) const ASSETS: [Address; 3] = [WETH, USDC, STAKE];
/// An index of a few years: 1.05 ray.
pub(crate) const INDEX: u128 = 1_050_000_000_000_000_000_000_000_000;

/// The aToken of a reserve of the test market.
pub(crate) fn a_token(asset: Address) -> Address {
    Address::left_padding_from(&[0xaa, asset[0]])
}

/// The variable debt token of a reserve of the test market.
pub(crate) fn debt_token(asset: Address) -> Address {
    Address::left_padding_from(&[0xdd, asset[0]])
}

fn source(asset: Address) -> Address {
    Address::left_padding_from(&[0xcc, asset[0]])
}

/// The configuration bitmap of a reserve of the test market.
pub(crate) fn configuration(decimals: u64) -> U256 {
    let fields = [(8000, 0), (8300, 16), (10_500, 32), (decimals, 48), (1, 56), (1_000, 152)];
    fields.iter().fold(U256::ZERO, |bits, (value, at)| bits | U256::from::<u64>(*value) << *at)
}

/// The state of one reserve.
pub(crate) fn reserve_data(id: u16, asset: Address, bits: U256) -> ReserveDataLegacy {
    ReserveDataLegacy {
        configuration: bits,
        liquidityIndex: INDEX,
        currentLiquidityRate: 20_000_000_000_000_000_000_000_000,
        variableBorrowIndex: INDEX,
        currentVariableBorrowRate: 30_000_000_000_000_000_000_000_000,
        currentStableBorrowRate: 0,
        lastUpdateTimestamp: Uint::from(NOON - 3600),
        id,
        aTokenAddress: a_token(asset),
        stableDebtTokenAddress: Address::ZERO,
        variableDebtTokenAddress: debt_token(asset),
        interestRateStrategyAddress: Address::ZERO,
        accruedToTreasury: 0,
        unbacked: 0,
        isolationModeTotalDebt: 0,
    }
}

/// Gives the node an Aave market of revision 9 with three reserves and one e-mode.
pub(crate) fn add_market(state: &mut State, chain: ChainId) {
    let market = market_of(chain);
    let list = ASSETS.to_vec();
    state.view(
        market.pool,
        &Pool::getReservesListCall {},
        Pool::getReservesListCall::abi_encode_returns(&list),
    );
    let word = |value: u64| U256::from(value).to_be_bytes_vec();
    state.view(market.pool, &Pool::POOL_REVISIONCall {}, word(9));
    state.view(market.oracle, &Oracle::BASE_CURRENCY_UNITCall {}, word(100_000_000));
    for (id, (asset, decimals, price, symbol)) in (0..).zip([
        (WETH, 18, 200_000_000_000, "WETH"),
        (USDC, 6, 100_000_000, "USDC"),
        (STAKE, 18, 230_000_000_000, "stETH"),
    ]) {
        let data = reserve_data(id, asset, configuration(decimals));
        let data = Pool::getReserveDataCall::abi_encode_returns(&data);
        state.view(market.pool, &Pool::getReserveDataCall { asset }, data);
        state.view(market.pool, &Pool::getVirtualUnderlyingBalanceCall { asset }, word(5_000_000));
        state.view(market.oracle, &Oracle::getAssetPriceCall { asset }, word(price));
        let from = Oracle::getSourceOfAssetCall::abi_encode_returns(&source(asset));
        state.view(market.oracle, &Oracle::getSourceOfAssetCall { asset }, from);
        add_token(state, asset, symbol, decimals);
        if asset != STAKE {
            let round = [word(1), word(price), word(NOON - 600), word(NOON - 600), word(1)].concat();
            state.view(source(asset), &Aggregator::latestRoundDataCall {}, round);
        }
    }
    let none = CollateralConfig { ltv: 0, liquidationThreshold: 0, liquidationBonus: 0 };
    let eth = CollateralConfig { ltv: 9_300, liquidationThreshold: 9_500, liquidationBonus: 10_100 };
    for id in 1..=40 {
        let config = if id == 1 || id == 40 { &eth } else { &none };
        let config = Pool::getEModeCategoryCollateralConfigCall::abi_encode_returns(config);
        state.view(market.pool, &Pool::getEModeCategoryCollateralConfigCall { id }, config);
        state.view(market.pool, &Pool::getEModeCategoryCollateralBitmapCall { id }, word(0b101));
        let label = Pool::getEModeCategoryLabelCall::abi_encode_returns(&"ETH correlated".to_owned());
        state.view(market.pool, &Pool::getEModeCategoryLabelCall { id }, label);
    }
}

/// Turns the market into one of before 3.2: the Pool knows no collateral bitmaps.
pub(crate) fn make_e_modes_legacy(state: &mut State, chain: ChainId) {
    let market = market_of(chain);
    for id in 1..=40 {
        state
            .views
            .remove(&(market.pool, Pool::getEModeCategoryCollateralConfigCall { id }.abi_encode().into()));
    }
    let data = EModeCategoryLegacy {
        ltv: 9_000,
        liquidationThreshold: 9_300,
        liquidationBonus: 10_100,
        priceSource: Address::ZERO,
        label: "ETH".to_owned(),
    };
    let data = Pool::getEModeCategoryDataCall::abi_encode_returns(&data);
    state.view(market.pool, &Pool::getEModeCategoryDataCall { id: 1 }, data);
    let bits = configuration(18) | U256::from(1u8) << 168usize;
    let data = Pool::getReserveDataCall::abi_encode_returns(&reserve_data(2, STAKE, bits));
    state.view(market.pool, &Pool::getReserveDataCall { asset: STAKE }, data);
}

/// A token contract.
pub(crate) fn add_token(state: &mut State, token: Address, symbol: &str, decimals: u64) {
    let text = Erc20::symbolCall::abi_encode_returns(&symbol.to_owned());
    state.view(token, &Erc20::symbolCall {}, text);
    state.view(token, &Erc20::decimalsCall {}, U256::from(decimals).to_be_bytes_vec());
}

/// A wallet's rows: scaled supply, collateral flag and scaled debt of each reserve.
pub(crate) fn add_user(
    state: &mut State,
    chain: ChainId,
    user: Address,
    e_mode: u64,
    rows: [(u64, bool, u64); 3],
) {
    let market = market_of(chain);
    let mut words = vec![U256::from(64), U256::from(e_mode), U256::from(3)];
    for (asset, (supplied, is_collateral, owed)) in ASSETS.into_iter().zip(rows) {
        words.push(U256::from_be_bytes(asset.into_word().0));
        words.extend([U256::from(supplied), U256::from(u8::from(is_collateral)), U256::from(owed)]);
    }
    let words = words.iter().flat_map(U256::to_be_bytes::<32>).collect();
    let bits = (0..).zip(rows).fold(0u64, |bits, (id, (_, is_collateral, owed))| {
        bits | u64::from(owed > 0) << (2 * id) | u64::from(is_collateral) << (2 * id + 1)
    });
    let bits = U256::from(bits).to_be_bytes_vec();
    state.view(market.pool, &Pool::getUserConfigurationCall { user }, bits);
    let call = UiPoolDataProvider::getUserReservesDataCall { provider: market.provider, user };
    state.view(market.ui_data, &call, words);
    add_balance(state, MULTICALL3, user, 0);
}

/// A balance: of a token, or of the coin where the token is Multicall3.
pub(crate) fn add_balance(state: &mut State, token: Address, owner: Address, amount: u64) {
    let amount = U256::from(amount).to_be_bytes_vec();
    if token == MULTICALL3 {
        state.view(token, &Multicall3::getEthBalanceCall { addr: owner }, amount);
    } else {
        state.view(token, &Erc20::balanceOfCall { owner }, amount);
    }
}
