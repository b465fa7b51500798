//! The JSON-RPC methods.

use alloy_primitives::{Address, B256, U256};
use serde_json::{Value, json};

use crate::compound::Contract as CompoundContract;
use crate::evm;
use crate::faults::{Effects, Provider};
use crate::rpc::{Answer, RpcError, block, logs, quantity, tokens};
use crate::world::World;
use crate::world::chain::{Chain, Contract};
use crate::world::view::View;

/// Priority fee suggested on every chain, in wei.
const PRIORITY_FEE_WEI: u64 = 10_000_000;

/// Everything a method may look at.
pub(super) struct Context<'a> {
    /// The world.
    pub(super) world: &'a World,
    /// The faults that hit this request.
    pub(super) effects: &'a Effects,
    /// The chain asked.
    pub(super) chain: &'a Chain,
    /// The parameters, an array.
    pub(super) params: &'a [Value],
}

impl<'a> Context<'a> {
    /// The newest block number this request may see.
    pub(super) fn head(&self) -> u64 {
        let now = self.world.clock.now().saturating_sub(self.effects.block_lag_seconds);
        self.chain.head(now)
    }

    /// The parameter at a place.
    pub(super) fn param(&self, place: usize) -> Option<&'a Value> {
        self.params.get(place).filter(|value| !value.is_null())
    }

    /// The address at a place.
    pub(super) fn address(&self, place: usize) -> Result<Address, RpcError> {
        let text = self.param(place).and_then(Value::as_str);
        text.and_then(|text| text.parse().ok()).ok_or_else(|| RpcError::invalid_params("expected an address"))
    }

    /// The state at the block that the parameter at a place names.
    pub(super) fn view(&self, place: usize) -> Result<View<'a>, RpcError> {
        let number = self.block_number(self.param(place))?;
        Ok(View::new(self.world, self.chain, number, self.effects))
    }

    /// The number of a block parameter: a tag, a number, or EIP-1898's object.
    pub(super) fn block_number(&self, param: Option<&Value>) -> Result<u64, RpcError> {
        let head = self.head();
        let number = match param {
            None => head,
            Some(Value::String(text)) => match text.as_str() {
                "latest" | "pending" => head,
                "safe" => head.saturating_sub(32),
                "finalized" => head.saturating_sub(64),
                "earliest" => self.chain.facts.anchor_number,
                number => parse_quantity(number)?,
            },
            Some(Value::Object(fields)) => match (fields.get("blockHash"), fields.get("blockNumber")) {
                (Some(hash), _) => self.number_of(hash)?,
                (None, number) => self.block_number(number)?,
            },
            Some(_) => return Err(RpcError::invalid_params("expected a block")),
        };
        let known = (self.chain.facts.anchor_number..=head).contains(&number);
        if known { Ok(number) } else { Err(RpcError::header_not_found()) }
    }

    /// The number of the block of a hash, which must be on the chain.
    pub(super) fn number_of(&self, hash: &Value) -> Result<u64, RpcError> {
        let hash: Option<B256> = hash.as_str().and_then(|text| text.parse().ok());
        let hash = hash.ok_or_else(|| RpcError::invalid_params("expected a block hash"))?;
        self.world.block_of_hash(self.chain, hash).ok_or_else(RpcError::header_not_found)
    }
}

fn parse_quantity(text: &str) -> Result<u64, RpcError> {
    let digits = text.strip_prefix("0x").ok_or_else(|| RpcError::invalid_params("hex without 0x"))?;
    u64::from_str_radix(digits, 16).map_err(|_| RpcError::invalid_params("not a hex number"))
}

/// Calls a method by name.
pub(super) fn call(
    world: &World,
    effects: &Effects,
    chain: &Chain,
    name: &str,
    params: Option<&Value>,
) -> Result<Answer, RpcError> {
    let params: &[Value] = match params {
        None | Some(Value::Null) => &[],
        Some(Value::Array(items)) => items,
        Some(_) => return Err(RpcError::invalid_params("expected an array")),
    };
    let context = Context { world, effects, chain, params };
    let answer = match name {
        "eth_chainId" => quantity(chain.facts.id),
        "net_version" => Value::String(chain.facts.id.to_string()),
        "eth_blockNumber" => quantity(context.head()),
        "eth_getBlockByNumber" => block::by_number(&context)?,
        "eth_getBlockByHash" => block::by_hash(&context)?,
        "eth_getBalance" => balance(&context)?,
        "eth_getCode" => code(&context)?,
        "eth_gasPrice" => quantity(chain.facts.base_fee_wei + PRIORITY_FEE_WEI),
        "eth_maxPriorityFeePerGas" => quantity(PRIORITY_FEE_WEI),
        "eth_feeHistory" => fee_history(&context)?,
        "eth_call" => return eth_call(&context),
        "eth_getLogs" => logs::logs(&context)?,
        "alchemy_getTokenBalances" => tokens::balances(&context)?,
        "alchemy_getTokenMetadata" => tokens::metadata(&context)?,
        _ => return Err(RpcError::new(-32601, format!("Unsupported method: {name}"))),
    };
    Ok(Answer::Json(answer))
}

fn balance(context: &Context<'_>) -> Result<Value, RpcError> {
    let owner = context.address(0)?;
    context.view(1)?;
    let wallet = context.world.wallet(owner);
    let wei = wallet.on(context.chain.facts.id).map_or(0, |held| held.native_wei);
    Ok(Value::String(format!("{wei:#x}")))
}

fn code(context: &Context<'_>) -> Result<Value, RpcError> {
    let address = context.address(0)?;
    let held = context.chain.contracts.contains_key(&address) || context.world.wallet(address).has_code;
    // The first bytes of a minimal proxy (EIP-1167): enough to be code.
    Ok(Value::String(if held { "0x363d3d373d3d3d363d73" } else { "0x" }.to_owned()))
}

fn fee_history(context: &Context<'_>) -> Result<Value, RpcError> {
    let count = match context.param(0) {
        Some(Value::String(text)) => parse_quantity(text)?,
        Some(Value::Number(number)) => number.as_u64().unwrap_or(0),
        _ => return Err(RpcError::invalid_params("expected a block count")),
    };
    let newest = context.block_number(context.param(1))?;
    let count = count.clamp(1, 1024);
    let oldest = newest.saturating_sub(count - 1);
    let fees: Vec<Value> =
        (oldest..=newest + 1).map(|number| quantity(block::base_fee(context.chain, number))).collect();
    let ratios: Vec<f64> = (oldest..=newest).map(block::gas_used_ratio).collect();
    let mut history = json!({"oldestBlock": quantity(oldest), "baseFeePerGas": fees, "gasUsedRatio": ratios});
    let percentiles = context.param(2).and_then(Value::as_array).map_or(0, Vec::len);
    if percentiles > 0 {
        let row: Vec<Value> = (0..percentiles).map(|_| quantity(PRIORITY_FEE_WEI)).collect();
        let rewards: Vec<Value> = (oldest..=newest).map(|_| Value::Array(row.clone())).collect();
        history["reward"] = Value::Array(rewards);
    }
    Ok(history)
}

fn eth_call(context: &Context<'_>) -> Result<Answer, RpcError> {
    let call = context.param(0).ok_or_else(|| RpcError::invalid_params("expected a call"))?;
    let to: Option<Address> = call.get("to").and_then(Value::as_str).and_then(|text| text.parse().ok());
    let to = to.ok_or_else(|| RpcError::invalid_params("call without to"))?;
    let data = call.get("input").or_else(|| call.get("data")).and_then(Value::as_str).unwrap_or("0x");
    let input = hex::decode(data.strip_prefix("0x").unwrap_or(data));
    let input = input.map_err(|_| RpcError::invalid_params("call data is not hex"))?;
    let pinned = context.param(1).and_then(|block| block.get("blockHash")).is_some();
    if pinned && let Some(depth) = context.world.faults.take_reorg(Provider::Alchemy) {
        context.world.reorganise(context.chain, depth);
    }
    let view = context.view(1)?;
    evm::call(&view, to, &input).map(Answer::Hex).map_err(|reverted| RpcError::reverted(reverted.data))
}

/// Whether a contract is a token, and so may be listed among balances.
pub(super) fn is_token(contract: Contract) -> bool {
    use crate::world::fork::Role;
    use Contract::{AToken, Compound, CurveLp, CurvePool, DebtToken, Fork, Spam, Token};
    matches!(
        contract,
        Token(_)
            | AToken(_)
            | DebtToken(_)
            | Spam(_)
            | CurveLp(_)
            | CurvePool(_)
            | Fork(_, Role::AToken(_) | Role::DebtToken(_) | Role::StableToken(_))
            | Compound(CompoundContract::CToken(_) | CompoundContract::Comet(_))
    )
}

/// A balance as Alchemy writes it: 32 bytes of hex.
pub(super) fn balance_word(value: U256) -> Value {
    Value::String(format!("{value:#066x}"))
}
