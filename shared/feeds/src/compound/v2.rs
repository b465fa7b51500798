//! The Comptroller of Compound V2 put together from the answers to its questions, all of one block.
//!
//! Exchange rates and debts come from the functions that accrue first (`exchangeRateCurrent`,
//! `borrowBalanceCurrent`): inside an `eth_call` at a pinned block they give exactly what the block after would start
//! from, by the deployed interest models themselves.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use alloy_primitives::{Address, U256, address};
use risk_engine::compound_v2::{Comptroller, Market};
use risk_engine::position::Block;
use risk_model::{Asset, ChainId, GapReason};

use super::abi::{CToken, Comptroller as Views, PriceOracle};
use super::questions::Questions;
use crate::contracts::Erc20;
use crate::erc20::{nameless, read_decimals, read_symbol};
use crate::multicall::ContractCall;

/// The Comptroller of Ethereum, a proxy (Unitroller). Source: compound-finance/comet, deployments/mainnet/usdc/roots.json.
pub(crate) const COMPTROLLER: Address = address!("3d9819210A31b4961b30EF54bE2aeD79B9c9Cd3B");
/// The one cToken without `underlying()`: its underlying is the chain's coin.
const C_ETHER: Address = address!("4Ddc2D193948926D02f9B1fE9e1daa0718270ED5");
/// Decimals of the chain's coin.
const COIN_DECIMALS: u8 = 18;
/// Most decimals that a price of `36 − decimals` decimals can be of.
const MAX_DECIMALS: u8 = 36;
/// Most markets a Comptroller is believed to have.
const MAX_MARKETS: usize = 64;
/// Underlyings to ask about before the markets have told theirs: only hints, so that a first read needs no further
/// request. DAI, USDC, USDT, WBTC, UNI, LINK, COMP, MKR, AAVE, BAT, ZRX, TUSD, USDP, SUSHI, YFI, FEI.
const HINTED_UNDERLYINGS: [Address; 16] = [
    address!("6B175474E89094C44Da98b954EedeAC495271d0F"),
    address!("A0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48"),
    address!("dAC17F958D2ee523a2206206994597C13D831ec7"),
    address!("2260FAC5E5542a773Aa44fBCfeDf7C193bc2C599"),
    address!("1f9840a85d5aF5bf1D1762F925BDADdC4201F984"),
    address!("514910771AF9Ca656af840dff83E8264EcF986CA"),
    address!("c00e94Cb662C3520282E6f5717214004A7f26888"),
    address!("9f8F72aA9304c8B593d555F12eF6589cC3A579A2"),
    address!("7Fc66500c84A76Ad7e9c93437bFc5Ac33E2DDaE9"),
    address!("0D8775F648430679A709E98d2b0Cb6250d2887EF"),
    address!("E41d2489571d322189246DaFA5ebDe1F4699F498"),
    address!("0000000000085d4780B73119b644AE5ecd22b376"),
    address!("8E870D67F660D95d5be530380D0eC0bd388289E1"),
    address!("6B3595068778DD592e39A122f4f5a5cF09C90fE2"),
    address!("0bc529c00C6401aEF6D220BE8C6Ea1667F6Ad93e"),
    address!("956F47F50A910163D8BF957Cf5846D573E7f87CA"),
];

/// One question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Ask {
    /// Comptroller: every cToken.
    Markets,
    /// Comptroller: its price oracle.
    Oracle,
    /// Comptroller: share of a debt that one liquidation may repay.
    CloseFactor,
    /// Comptroller: what a liquidator gets.
    Incentive,
    /// Comptroller: the collateral factor of a cToken.
    Listing(Address),
    /// Comptroller: whether a cToken's debts may be liquidated anyway.
    Deprecated(Address),
    /// Comptroller: whether a cToken takes supplies.
    MintPaused(Address),
    /// An oracle: the price of a cToken's underlying.
    Price(Address, Address),
    /// cToken: its underlying.
    Underlying(Address),
    /// cToken: the accrued exchange rate.
    ExchangeRate(Address),
    /// cToken: interest on debts.
    BorrowRate(Address),
    /// cToken: interest on supplies.
    SupplyRate(Address),
    /// cToken: what it can pay out.
    Cash(Address),
    /// cToken: the protocol's share of seized cTokens.
    SeizeShare(Address),
    /// An underlying: its symbol.
    Symbol(Address),
    /// An underlying: its decimals.
    Decimals(Address),
}

impl Ask {
    /// The contract call that asks it.
    pub(crate) fn call(self) -> ContractCall {
        let of = COMPTROLLER;
        match self {
            Self::Markets => ContractCall::new(of, &Views::getAllMarketsCall {}),
            Self::Oracle => ContractCall::new(of, &Views::oracleCall {}),
            Self::CloseFactor => ContractCall::new(of, &Views::closeFactorMantissaCall {}),
            Self::Incentive => ContractCall::new(of, &Views::liquidationIncentiveMantissaCall {}),
            Self::Listing(token) => ContractCall::new(of, &Views::marketsCall { cToken: token }),
            Self::Deprecated(token) => ContractCall::new(of, &Views::isDeprecatedCall { cToken: token }),
            Self::MintPaused(token) => {
                ContractCall::new(of, &Views::mintGuardianPausedCall { cToken: token })
            }
            Self::Price(oracle, token) => {
                ContractCall::new(oracle, &PriceOracle::getUnderlyingPriceCall { cToken: token })
            }
            Self::Underlying(token) => ContractCall::new(token, &CToken::underlyingCall {}),
            Self::ExchangeRate(token) => ContractCall::new(token, &CToken::exchangeRateCurrentCall {}),
            Self::BorrowRate(token) => ContractCall::new(token, &CToken::borrowRatePerBlockCall {}),
            Self::SupplyRate(token) => ContractCall::new(token, &CToken::supplyRatePerBlockCall {}),
            Self::Cash(token) => ContractCall::new(token, &CToken::getCashCall {}),
            Self::SeizeShare(token) => ContractCall::new(token, &CToken::protocolSeizeShareMantissaCall {}),
            Self::Symbol(token) => ContractCall::new(token, &Erc20::symbolCall {}),
            Self::Decimals(token) => ContractCall::new(token, &Erc20::decimalsCall {}),
        }
    }
}

/// The markets that a wallet has entered.
pub(crate) fn entered_call(account: Address) -> ContractCall {
    ContractCall::new(COMPTROLLER, &Views::getAssetsInCall { account })
}

/// The answer to it; `None` where it is none, or no believable one.
pub(crate) fn read_entered(output: &alloy_primitives::Bytes) -> Option<Vec<Address>> {
    let list = crate::multicall::answer::<Views::getAssetsInCall>(Some(output))?;
    (list.len() <= MAX_MARKETS).then_some(list)
}

/// What a wallet owes in a market, with interest to the block.
pub(crate) fn owed_call(c_token: Address, account: Address) -> ContractCall {
    ContractCall::new(c_token, &CToken::borrowBalanceCurrentCall { account })
}

/// What to ask at the pinned block when the answers at the newest one (`Markets`, `Oracle`) are only hints.
pub(crate) fn hinted(questions: &Questions<Ask>) -> BTreeSet<Ask> {
    let mut asks = wanted(questions);
    asks.extend(HINTED_UNDERLYINGS.iter().flat_map(|token| [Ask::Symbol(*token), Ask::Decimals(*token)]));
    asks
}

/// Every question as far as the answers lead: what the next read should begin with.
pub(crate) fn wanted(questions: &Questions<Ask>) -> BTreeSet<Ask> {
    let mut wanted = BTreeSet::from([Ask::Markets, Ask::Oracle, Ask::CloseFactor, Ask::Incentive]);
    let oracle = questions.answer::<Views::oracleCall>(Ask::Oracle);
    for token in list(questions).unwrap_or_default() {
        wanted.extend([
            Ask::Listing(token),
            Ask::Deprecated(token),
            Ask::MintPaused(token),
            Ask::ExchangeRate(token),
            Ask::BorrowRate(token),
            Ask::SupplyRate(token),
            Ask::Cash(token),
            Ask::SeizeShare(token),
        ]);
        wanted.extend(oracle.map(|oracle| Ask::Price(oracle, token)));
        if token != C_ETHER {
            wanted.insert(Ask::Underlying(token));
            let underlying = questions.answer::<CToken::underlyingCall>(Ask::Underlying(token));
            wanted
                .extend(underlying.into_iter().flat_map(|token| [Ask::Symbol(token), Ask::Decimals(token)]));
        }
    }
    wanted
}

/// The cTokens in the Comptroller's own order; `None` where there are none or too many to be believed.
pub(crate) fn list(questions: &Questions<Ask>) -> Option<Vec<Address>> {
    let list = questions.answer::<Views::getAllMarketsCall>(Ask::Markets)?;
    (!list.is_empty() && list.len() <= MAX_MARKETS).then_some(list)
}

/// The Comptroller as read, with what accounts in it need besides.
pub(crate) struct ReadComptroller {
    pub(crate) comptroller: Arc<Comptroller>,
    /// Every cToken, read or not.
    pub(crate) list: Vec<Address>,
    /// Index into `comptroller.markets` by cToken, or why it could not be read.
    pub(crate) by_token: HashMap<Address, Result<usize, GapReason>>,
}

/// The Comptroller at its block.
///
/// # Errors
/// Why there is none: its list of markets or one of its own parameters cannot be read.
pub(crate) fn finish(
    questions: &Questions<Ask>,
    chain: ChainId,
    block: Block,
) -> Result<ReadComptroller, GapReason> {
    let list = list(questions).ok_or_else(|| questions.reason(Ask::Markets))?;
    let oracle = questions.needed::<Views::oracleCall>(Ask::Oracle)?;
    let mut markets = Vec::with_capacity(list.len());
    let mut by_token = HashMap::new();
    for token in &list {
        let read = market(questions, chain, oracle, *token).map(|market| {
            markets.push(market);
            markets.len() - 1
        });
        by_token.insert(*token, read);
    }
    let comptroller = Comptroller {
        chain,
        address: COMPTROLLER,
        block,
        close_factor: questions.needed::<Views::closeFactorMantissaCall>(Ask::CloseFactor)?,
        liquidation_incentive: questions.needed::<Views::liquidationIncentiveMantissaCall>(Ask::Incentive)?,
        markets,
    };
    Ok(ReadComptroller { comptroller: Arc::new(comptroller), list, by_token })
}

fn market(
    questions: &Questions<Ask>,
    chain: ChainId,
    oracle: Address,
    c_token: Address,
) -> Result<Market, GapReason> {
    let (asset, symbol, decimals) = if c_token == C_ETHER {
        (Asset::native(chain), chain.native_symbol().into(), COIN_DECIMALS)
    } else {
        let underlying = questions.needed::<CToken::underlyingCall>(Ask::Underlying(c_token))?;
        let symbol = read_symbol(questions.output(Ask::Symbol(underlying)));
        let decimals = read_decimals(questions.output(Ask::Decimals(underlying)));
        let decimals = decimals.ok_or_else(|| questions.reason(Ask::Decimals(underlying)))?;
        (Asset::contract(chain, underlying), symbol.unwrap_or_else(|| nameless(underlying)), decimals)
    };
    let exchange_rate = questions.needed::<CToken::exchangeRateCurrentCall>(Ask::ExchangeRate(c_token))?;
    if decimals > MAX_DECIMALS || exchange_rate.is_zero() {
        return Err(GapReason::Malformed);
    }
    let price = questions.answer::<PriceOracle::getUnderlyingPriceCall>(Ask::Price(oracle, c_token));
    let share = questions.optional::<CToken::protocolSeizeShareMantissaCall>(Ask::SeizeShare(c_token))?;
    let is_deprecated = questions.optional::<Views::isDeprecatedCall>(Ask::Deprecated(c_token))?;
    let is_mint_paused = questions.answer::<Views::mintGuardianPausedCall>(Ask::MintPaused(c_token));
    Ok(Market {
        c_token,
        asset,
        symbol,
        decimals,
        exchange_rate,
        price: price.filter(|price| !price.is_zero()),
        // The anchored oracle keeps no time of its prices.
        price_updated_at: None,
        collateral_factor: questions
            .needed::<Views::marketsCall>(Ask::Listing(c_token))?
            .collateralFactorMantissa,
        borrow_rate: questions.answer::<CToken::borrowRatePerBlockCall>(Ask::BorrowRate(c_token)),
        supply_rate: questions.answer::<CToken::supplyRatePerBlockCall>(Ask::SupplyRate(c_token)),
        cash: questions.answer::<CToken::getCashCall>(Ask::Cash(c_token)),
        protocol_seize_share: share.unwrap_or(U256::ZERO),
        // A market that does not say takes nothing: it is only not recommended.
        is_mint_paused: is_mint_paused.unwrap_or(true),
        is_deprecated: is_deprecated.unwrap_or(false),
    })
}
