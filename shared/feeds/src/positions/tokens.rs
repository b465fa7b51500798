//! Tokens in the wallets themselves: which to read, and what their contracts answer.

use std::collections::{BTreeSet, HashMap, HashSet};

use alloy_primitives::{Bytes, address};
use alloy_sol_types::SolCall;
use futures::StreamExt;
use risk_app::ports::{Depth, WalletQuery};
use risk_engine::position::{Block, Holding};
use risk_model::{Address, Asset, ChainId, GapReason, Timestamp, U256, Wallet};

use super::reader::Source;
use super::{Part, Wanted, gap};
use crate::alchemy::{Answer, Endpoint, Group, ListFault, MAX_TOKENS, TokenList};
use crate::contracts::{Erc20, Multicall3};
use crate::erc20::{nameless, read_balance, read_decimals, read_symbol};
use crate::json_rpc::Fault;
use crate::multicall::{ContractCall, MULTICALL3};

/// Decimals of every supported chain's coin.
const NATIVE_DECIMALS: u8 = 18;
/// Token lists asked for at once: one request a wallet, since the method cannot be batched.
const LISTS_AT_ONCE: usize = 6;
/// Balances in one `eth_call`: some 30 million gas.
const PER_AGGREGATE: usize = 500;
const WORDS_PER_BALANCE: usize = 1;
/// Of a string: where it is, its length, and itself. Decimals are less.
const WORDS_PER_SYMBOL: usize = 3;

/// Polygon's coin as a token contract.
const POLYGON_COIN: Address = address!("0000000000000000000000000000000000001010");
/// The coin of OP-stack chains as a token contract, from before Bedrock.
const OP_STACK_COIN: Address = address!("DeadDeAddeAddEAddeadDEaDDEAdDeaDDeAD0000");

/// The tokens to read, wallet by wallet in the order of the queries.
pub(super) struct TokenPlan {
    chain: ChainId,
    wallets: Vec<WalletTokens>,
    distinct: BTreeSet<Address>,
}

struct WalletTokens {
    owner: Address,
    tokens: BTreeSet<Address>,
    /// What became of the wallet's discovery, where one was wanted.
    discovery: Option<Result<(), GapReason>>,
    is_cut: bool,
}

/// Token lists as the provider gave them, in the order of the queries.
pub(super) type Lists<'a> = &'a [Result<TokenList, ListFault>];

/// The answers to a plan's two groups.
pub(super) struct TokenAnswers {
    pub(super) balances: Vec<Answer>,
    pub(super) metadata: Vec<Answer>,
}

/// What a token contract says of itself.
struct Metadata {
    symbol: std::sync::Arc<str>,
    decimals: Result<u8, GapReason>,
}

/// Asks for each wallet's token list, a few at a time; none at the depth that does not discover.
pub(super) async fn discover(
    endpoint: &Endpoint,
    wanted: Wanted<'_>,
    sources: &[Box<dyn Source>],
) -> Option<Vec<Result<TokenList, ListFault>>> {
    let mut others = sources.iter().filter(|source| wanted.wants(source.protocol()));
    let is_wanted = wanted.wants_tokens() || others.any(|source| source.needs_token_lists());
    if !is_wanted || wanted.depth != Depth::Discover {
        return None;
    }
    let wallets: Vec<Wallet> = wanted.queries.iter().map(|query| query.wallet).collect();
    let lists = wallets.into_iter().map(|wallet| endpoint.token_list(wallet));
    Some(futures::stream::iter(lists).buffered(LISTS_AT_ONCE).collect().await)
}

impl TokenPlan {
    /// The known tokens of each wallet, and those discovered.
    pub(super) fn new(wanted: Wanted<'_>, lists: Option<Lists<'_>>) -> Self {
        let wallets = wallets(wanted, lists);
        let distinct = wallets.iter().flat_map(|wallet| wallet.tokens.iter().copied()).collect();
        Self { chain: wanted.chain, wallets, distinct }
    }

    /// The calls: balances wallet by wallet (the coin first), then what each token says of itself.
    pub(super) fn groups(&self) -> [Group; 2] {
        let mut balances = Vec::new();
        for WalletTokens { owner, tokens, .. } in &self.wallets {
            let owner = *owner;
            balances.push(ContractCall::new(MULTICALL3, &Multicall3::getEthBalanceCall { addr: owner }));
            let input = Bytes::from(Erc20::balanceOfCall { owner }.abi_encode());
            let call = |token: &Address| ContractCall { target: *token, input: input.clone() };
            balances.extend(tokens.iter().map(call));
        }
        let metadata = self.distinct.iter().flat_map(|token| {
            [
                ContractCall::new(*token, &Erc20::symbolCall {}),
                ContractCall::new(*token, &Erc20::decimalsCall {}),
            ]
        });
        let group = |calls, reply_words| Group { calls, per_aggregate: PER_AGGREGATE, reply_words };
        [group(balances, WORDS_PER_BALANCE), group(metadata.collect(), WORDS_PER_SYMBOL)]
    }

    /// Adds each wallet's holdings, readings and gaps to its part. The market's own tokens are no holdings.
    pub(super) fn fill(
        &self,
        parts: &mut [Part],
        answers: TokenAnswers,
        own_tokens: &HashSet<Address>,
        block: Block,
        seen: Seen,
    ) {
        let metadata = self.read_metadata(&answers.metadata);
        let mut balances = answers.balances.into_iter();
        for (wallet, part) in self.wallets.iter().zip(parts) {
            part.readings.push(gap::read_at("tokens", self.chain, block));
            let coin = balances.next().unwrap_or(Err(Fault::Malformed));
            self.add_coin(part, coin, block, seen);
            for token in &wallet.tokens {
                let balance = balances.next().unwrap_or(Err(Fault::Malformed));
                if !own_tokens.contains(token) {
                    self.add_token(part, *token, balance, metadata.get(token), (block, seen));
                }
            }
            self.add_discovery(part, wallet, seen);
        }
    }

    fn read_metadata(&self, answers: &[Answer]) -> HashMap<Address, Metadata> {
        let pairs = answers.chunks_exact(2);
        let read = |(token, pair): (&Address, &[Answer])| {
            let output = |place: usize| pair.get(place).and_then(|answer: &Answer| answer.as_ref().ok());
            let fault = pair.get(1).and_then(|answer| answer.as_ref().err());
            let reason = fault.map_or(GapReason::Malformed, |fault| fault.reason());
            let symbol = read_symbol(output(0)).unwrap_or_else(|| nameless(*token));
            (*token, Metadata { symbol, decimals: read_decimals(output(1)).ok_or(reason) })
        };
        self.distinct.iter().zip(pairs).map(read).collect()
    }

    fn add_coin(&self, part: &mut Part, balance: Answer, block: Block, seen: Seen) {
        let asset = Asset::native(self.chain);
        match amount_of(balance) {
            Ok(amount) if amount.is_zero() => {}
            Ok(amount) => {
                let symbol = self.chain.native_symbol().into();
                part.holdings.push(Holding { asset, symbol, decimals: NATIVE_DECIMALS, amount, block });
            }
            Err(reason) => part.gaps.push(gap::token(asset, reason, seen.last_success)),
        }
    }

    fn add_token(
        &self,
        part: &mut Part,
        token: Address,
        balance: Answer,
        metadata: Option<&Metadata>,
        (block, seen): (Block, Seen),
    ) {
        let asset = Asset::contract(self.chain, token);
        let amount = match amount_of(balance) {
            Ok(amount) if amount.is_zero() => return,
            other => other,
        };
        let decimals = metadata.map_or(Err(GapReason::Malformed), |metadata| metadata.decimals);
        match (amount, decimals, metadata) {
            (Ok(amount), Ok(decimals), Some(Metadata { symbol, .. })) => {
                part.holdings.push(Holding { asset, symbol: symbol.clone(), decimals, amount, block });
            }
            (Err(reason), _, _) | (_, Err(reason), _) => {
                part.gaps.push(gap::token(asset, reason, seen.last_success));
            }
            (Ok(_), Ok(_), None) => {
                part.gaps.push(gap::token(asset, GapReason::Malformed, seen.last_success));
            }
        }
    }

    fn add_discovery(&self, part: &mut Part, wallet: &WalletTokens, seen: Seen) {
        match wallet.discovery {
            Some(Ok(())) => part.readings.push(gap::discovered(self.chain, seen.now)),
            Some(Err(reason)) => part.gaps.push(gap::discovery(self.chain, reason, seen.last_success)),
            None => {}
        }
        if wallet.is_cut {
            part.gaps.push(gap::discovery(self.chain, GapReason::Unsupported, None));
        }
    }
}

/// When a read was made, and when the last good one was.
#[derive(Clone, Copy)]
pub(super) struct Seen {
    pub(super) now: Timestamp,
    pub(super) last_success: Option<Timestamp>,
}

fn wallets(wanted: Wanted<'_>, lists: Option<Lists<'_>>) -> Vec<WalletTokens> {
    let wallets = wanted.queries.iter().enumerate().map(|(place, query)| {
        let list = lists.and_then(|lists| lists.get(place));
        wallet_tokens(wanted.chain, query, list)
    });
    wallets.collect()
}

/// The known tokens of each wallet, and those discovered: the same that are read as its holdings.
pub(super) fn tokens_of(wanted: Wanted<'_>, lists: Option<Lists<'_>>) -> Vec<(Address, BTreeSet<Address>)> {
    wallets(wanted, lists).into_iter().map(|wallet| (wallet.owner, wallet.tokens)).collect()
}

fn wallet_tokens(
    chain: ChainId,
    query: &WalletQuery,
    list: Option<&Result<TokenList, ListFault>>,
) -> WalletTokens {
    let known = query.known_tokens.iter().filter(|asset| asset.chain == chain).filter_map(Asset::address);
    let mut tokens: BTreeSet<Address> = known.filter(|token| !is_coin(chain, *token)).collect();
    let mut is_cut = false;
    if let Some(Ok(list)) = list {
        tokens.extend(list.tokens.iter().filter(|token| !is_coin(chain, **token)));
        is_cut = list.is_cut;
    }
    while tokens.len() > MAX_TOKENS {
        tokens.pop_last();
        is_cut = true;
    }
    let discovery = list.map(|list| list.as_ref().map(|_| ()).map_err(ListFault::reason));
    WalletTokens { owner: query.wallet.address(), tokens, discovery, is_cut }
}

/// Whether a token contract answers with the chain's own coin: holding it as well would count the coin twice.
fn is_coin(chain: ChainId, token: Address) -> bool {
    match chain {
        ChainId::Polygon => token == POLYGON_COIN,
        ChainId::Optimism | ChainId::Base => token == OP_STACK_COIN,
        ChainId::Ethereum | ChainId::Arbitrum => false,
    }
}

fn amount_of(balance: Answer) -> Result<U256, GapReason> {
    let output: Bytes = balance.map_err(Fault::reason)?;
    read_balance(Some(&output)).ok_or(GapReason::Malformed)
}
