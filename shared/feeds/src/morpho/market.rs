//! One market read in rounds: its parameters and totals first, then what those lead to.

use std::collections::BTreeSet;
use std::sync::Arc;

use alloy_primitives::{Bytes, keccak256};
use alloy_sol_types::SolValue;
use risk_engine::morpho::{self, Position, Token, Totals};
use risk_engine::position::Block;
use risk_model::{Address, Asset, B256, GapReason, U256};

use super::Deployment;
use super::contracts::{Irm, Market, MarketParams, Morpho, MorphoOracle};
use crate::alchemy::Answer;
use crate::contracts::Erc20;
use crate::erc20::{nameless, read_decimals, read_symbol};
use crate::json_rpc::Fault;
use crate::multicall::{self, ContractCall};

/// One question about a market.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Ask {
    /// Morpho: what the market is made of.
    Params,
    /// Morpho: what it holds.
    Totals,
    /// Its oracle: the price.
    Price,
    /// Its interest rate model: the rate now.
    Rate,
    /// A token: its symbol.
    Symbol(Address),
    /// A token: its decimals.
    Decimals(Address),
}

/// A market under way.
#[derive(Clone, Debug)]
pub struct MarketRead {
    id: B256,
    asked: BTreeSet<Ask>,
    params: Option<Result<MarketParams, GapReason>>,
    totals: Option<Result<Market, GapReason>>,
    price: Option<U256>,
    rate: Option<U256>,
    symbols: Vec<(Address, Arc<str>)>,
    decimals: Vec<(Address, u8)>,
}

impl MarketRead {
    /// Begins to read the market of an id.
    #[must_use]
    pub const fn new(id: B256) -> Self {
        Self {
            id,
            asked: BTreeSet::new(),
            params: None,
            totals: None,
            price: None,
            rate: None,
            symbols: Vec::new(),
            decimals: Vec::new(),
        }
    }

    /// What to ask next, each once: the parameters and totals, then the contracts that they name.
    #[must_use]
    pub fn missing(&self) -> Vec<Ask> {
        let mut asks = vec![Ask::Params, Ask::Totals];
        if let (Some(Ok(params)), Some(Ok(_))) = (&self.params, &self.totals) {
            for token in [params.loanToken, params.collateralToken] {
                if !token.is_zero() {
                    asks.extend([Ask::Symbol(token), Ask::Decimals(token)]);
                }
            }
            asks.extend((!params.oracle.is_zero()).then_some(Ask::Price));
            asks.extend((!params.irm.is_zero()).then_some(Ask::Rate));
        }
        asks.retain(|ask| !self.asked.contains(ask));
        asks
    }

    /// The contract call that asks it; `None` for what cannot be asked yet.
    #[must_use]
    pub fn call(&self, ask: Ask, deployment: &Deployment) -> Option<ContractCall> {
        let (contract, id) = (deployment.history.contract, self.id);
        let (params, totals) = (self.params.as_ref(), self.totals.as_ref());
        let params = params.and_then(|params| params.as_ref().ok());
        let totals = totals.and_then(|totals| totals.as_ref().ok());
        Some(match ask {
            Ask::Params => ContractCall::new(contract, &Morpho::idToMarketParamsCall { id }),
            Ask::Totals => ContractCall::new(contract, &Morpho::marketCall { id }),
            Ask::Price => ContractCall::new(params?.oracle, &MorphoOracle::priceCall {}),
            Ask::Rate => {
                let params = params?;
                let call = Irm::borrowRateViewCall { marketParams: params.clone(), market: totals?.clone() };
                ContractCall::new(params.irm, &call)
            }
            Ask::Symbol(token) => ContractCall::new(token, &Erc20::symbolCall {}),
            Ask::Decimals(token) => ContractCall::new(token, &Erc20::decimalsCall {}),
        })
    }

    /// The answer to one of them. What is not an answer counts as asked: nothing is asked twice.
    pub fn take(&mut self, ask: Ask, answer: &Answer) {
        self.asked.insert(ask);
        let output = answer.as_ref().ok();
        match ask {
            Ask::Params => self.params = Some(self.params_of(answer)),
            Ask::Totals => self.totals = Some(typed::<Morpho::marketCall>(answer)),
            Ask::Price => self.price = multicall::answer::<MorphoOracle::priceCall>(output),
            Ask::Rate => self.rate = multicall::answer::<Irm::borrowRateViewCall>(output),
            Ask::Symbol(token) => {
                self.symbols.push((token, read_symbol(output).unwrap_or_else(|| nameless(token))));
            }
            Ask::Decimals(token) => {
                self.decimals.extend(read_decimals(output).map(|decimals| (token, decimals)));
            }
        }
    }

    /// The parameters, if they are the ones that the id stands for.
    fn params_of(&self, answer: &Answer) -> Result<MarketParams, GapReason> {
        let params = typed::<Morpho::idToMarketParamsCall>(answer)?;
        if keccak256(params.abi_encode()) == self.id { Ok(params) } else { Err(GapReason::Malformed) }
    }

    /// The market at its block. A price or a rate that was not given stays missing, as the engine takes it.
    ///
    /// # Errors
    /// Why there is no market: its parameters, its totals or a token's decimals were not read.
    pub fn finish(&self, deployment: &Deployment, block: Block) -> Result<morpho::Market, GapReason> {
        let params =
            self.params.as_ref().ok_or(GapReason::Unavailable)?.as_ref().map_err(|reason| *reason)?;
        let totals =
            self.totals.as_ref().ok_or(GapReason::Unavailable)?.as_ref().map_err(|reason| *reason)?;
        let collateral = (!params.collateralToken.is_zero()).then_some(params.collateralToken);
        Ok(morpho::Market {
            chain: deployment.chain,
            morpho: deployment.history.contract,
            id: self.id,
            block,
            loan: self.token(deployment, params.loanToken)?,
            collateral: collateral.map(|token| self.token(deployment, token)).transpose()?,
            price: self.price,
            // A Morpho oracle does not say when its feeds were updated.
            price_updated_at: None,
            lltv: params.lltv,
            borrow_rate: if params.irm.is_zero() { Some(U256::ZERO) } else { self.rate },
            fee: U256::from(totals.fee),
            totals: Totals {
                supply_assets: U256::from(totals.totalSupplyAssets),
                supply_shares: U256::from(totals.totalSupplyShares),
                borrow_assets: U256::from(totals.totalBorrowAssets),
                borrow_shares: U256::from(totals.totalBorrowShares),
                last_update: u64::try_from(totals.lastUpdate).map_err(|_| GapReason::Malformed)?,
            },
        })
    }

    fn token(&self, deployment: &Deployment, token: Address) -> Result<Token, GapReason> {
        let decimals = self.decimals.iter().find(|(of, _)| *of == token).ok_or(GapReason::Malformed)?.1;
        let symbol = self.symbols.iter().find(|(of, _)| *of == token);
        Ok(Token {
            asset: Asset::contract(deployment.chain, token),
            symbol: symbol.map_or_else(|| nameless(token), |(_, symbol)| Arc::clone(symbol)),
            decimals,
        })
    }
}

/// A wallet's position from the answer of `position(id, user)`.
///
/// # Errors
/// Why there is none.
pub fn read_position(answer: &Answer) -> Result<Position, GapReason> {
    let position = typed::<Morpho::positionCall>(answer)?;
    Ok(Position {
        supply_shares: position.supplyShares,
        borrow_shares: U256::from(position.borrowShares),
        collateral: U256::from(position.collateral),
    })
}

/// The call that asks for a wallet's position.
pub(crate) fn position_call(deployment: &Deployment, id: B256, user: Address) -> ContractCall {
    ContractCall::new(deployment.history.contract, &Morpho::positionCall { id, user })
}

fn typed<C: alloy_sol_types::SolCall>(answer: &Answer) -> Result<C::Return, GapReason> {
    let output: &Bytes = answer.as_ref().map_err(|fault: &Fault| fault.reason())?;
    multicall::answer::<C>(Some(output)).ok_or(GapReason::Malformed)
}
