//! Wallets' parts of Curve's pools put together from the answers to their questions, all of one block.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use alloy_primitives::{Address, U256};
use risk_engine::curve::{Amplification, Kind, Pool, Position};
use risk_engine::pool::PoolToken;
use risk_engine::position::Block;
use risk_model::{Asset, ChainId, GapReason};

use super::contracts::{LpToken, MetaRegistry, Pool as Contract};
use super::{Ask, COIN};
use crate::alchemy::Answer;
use crate::compound::questions::Questions;
use crate::contracts::Erc20;
use crate::erc20::{nameless, read_decimals, read_symbol};

/// Decimals of the chain's own coin.
const COIN_DECIMALS: u8 = 18;
/// Decimals of 1e18 brought to 18 decimals from none: a rate times an amount has as many.
const RATE_DECIMALS: u8 = 36;
/// What `A_precise()` is scaled by.
const PRECISION: u8 = 100;

/// The pool of each LP token, `None` of a token that is none.
pub(crate) type Registered = BTreeMap<Address, Option<Address>>;

/// Pools while they are being read: what was asked at the block, and what is still to ask.
#[derive(Debug)]
pub(crate) struct PoolsRead {
    chain: ChainId,
    /// Each wallet with the tokens that it may hold.
    wallets: Vec<(Address, BTreeSet<Address>)>,
    /// What earlier reads learned of these tokens.
    registered: Registered,
    /// Whether positions are wanted, and not only which tokens are LP tokens.
    is_wanted: bool,
    questions: Questions<Ask>,
}

/// What was found of one wallet.
#[derive(Clone, Debug, Default)]
pub(crate) struct Found {
    /// Its positions that could be read.
    pub(crate) positions: Vec<Position>,
    /// The pools of those that could not, and why.
    pub(crate) unread: Vec<(Address, GapReason)>,
    /// Why it is not known of some of its tokens whether they are LP tokens.
    pub(crate) unsearched: Option<GapReason>,
}

/// Pools by their LP token, or why they could not be read.
pub(crate) type Pools = BTreeMap<Address, Result<Arc<Pool>, GapReason>>;

impl PoolsRead {
    /// A read of these wallets and the tokens that each may hold. `coins` are what the pools were made of before.
    pub(crate) fn new(
        chain: ChainId,
        wallets: Vec<(Address, BTreeSet<Address>)>,
        (registered, coins): (Registered, &BTreeSet<Address>),
        is_wanted: bool,
    ) -> Self {
        let ahead = coins.iter().flat_map(|coin| coin_asks(*coin)).collect();
        Self { chain, wallets, registered, is_wanted, questions: Questions::new(ahead) }
    }

    /// What to ask next: everything that the answers so far lead to, except what was asked.
    pub(crate) fn ask(&mut self) -> Vec<Ask> {
        let mut wanted = BTreeSet::new();
        for (owner, tokens) in &self.wallets {
            for token in tokens {
                match self.registered.get(token) {
                    Some(_) => {}
                    None => _ = wanted.insert(Ask::PoolOf(*token)),
                }
                if let (true, Ok(Some(pool))) = (self.is_wanted, self.pool_of(*token)) {
                    wanted.insert(Ask::Held(*token, *owner));
                    wanted.extend(Ask::of_pool(pool, *token));
                    wanted.extend(self.coins(pool).iter().flatten().flat_map(|coin| coin_asks(*coin)));
                }
            }
        }
        self.questions.ask(wanted).to_vec()
    }

    /// The answers to the last [`PoolsRead::ask`], in its order.
    pub(crate) fn take(&mut self, answers: impl IntoIterator<Item = Answer>) {
        self.questions.take(answers);
    }

    /// The pool that a token is the LP token of; `None` for a token that is none.
    fn pool_of(&self, token: Address) -> Result<Option<Address>, GapReason> {
        match self.registered.get(&token) {
            Some(known) => Ok(*known),
            None => {
                let pool =
                    self.questions.needed::<MetaRegistry::get_pool_from_lp_tokenCall>(Ask::PoolOf(token))?;
                Ok((!pool.is_zero()).then_some(pool))
            }
        }
    }

    /// Which of the wallets' tokens are LP tokens, as far as the registry told.
    pub(crate) fn registered(&self) -> Registered {
        let tokens: BTreeSet<Address> = self.wallets.iter().flat_map(|(_, tokens)| tokens).copied().collect();
        tokens.into_iter().filter_map(|token| Some((token, self.pool_of(token).ok()?))).collect()
    }

    /// The pools of the LP tokens.
    pub(crate) fn pools(&self, registered: &Registered, block: Block) -> Pools {
        let lp_tokens = registered.iter().filter_map(|(token, pool)| Some((*token, (*pool)?)));
        lp_tokens.map(|(token, pool)| (token, self.pool(pool, token, block).map(Arc::new))).collect()
    }

    /// What each wallet has at the block, in the order of the wallets.
    pub(crate) fn finish(&self, pools: &Pools) -> Vec<Found> {
        self.wallets.iter().map(|(owner, tokens)| self.found(*owner, tokens, pools)).collect()
    }

    fn found(&self, owner: Address, tokens: &BTreeSet<Address>, pools: &Pools) -> Found {
        let mut found = Found::default();
        for token in tokens {
            let address = match self.pool_of(*token) {
                Ok(None) => continue,
                Ok(Some(address)) => address,
                Err(reason) => {
                    found.unsearched = Some(reason);
                    continue;
                }
            };
            let amount = self.questions.needed::<Erc20::balanceOfCall>(Ask::Held(*token, owner));
            let pool = pools.get(token).cloned().unwrap_or(Err(GapReason::Unavailable));
            match (amount, pool) {
                (Ok(amount), _) if amount.is_zero() => {}
                (Ok(amount), Ok(pool)) => found.positions.push(Position { pool, amount }),
                (Err(reason), _) | (_, Err(reason)) => found.unread.push((address, reason)),
            }
        }
        found
    }

    /// The coins of a pool, without the zeros behind them.
    fn coins(&self, pool: Address) -> Result<Vec<Address>, GapReason> {
        let coins = self.questions.needed::<MetaRegistry::get_coinsCall>(Ask::Coins(pool))?;
        Ok(coins.into_iter().take_while(|coin| !coin.is_zero()).collect())
    }

    fn pool(&self, address: Address, lp_token: Address, block: Block) -> Result<Pool, GapReason> {
        let coins = self.coins(address)?;
        let tokens = coins.iter().map(|coin| self.token(*coin)).collect::<Result<Vec<_>, _>>()?;
        let balances = self.questions.needed::<MetaRegistry::get_balancesCall>(Ask::Balances(address))?;
        let kind = match self.questions.optional::<Contract::gammaCall>(Ask::Gamma(address))? {
            Some(_) => Kind::Crypto {
                lp_price: self.questions.needed::<Contract::lp_priceCall>(Ask::LpPrice(address))?,
            },
            None => self.stable(address, &tokens)?,
        };
        Ok(Pool {
            chain: self.chain,
            address,
            lp_token,
            balances: balances.into_iter().take(tokens.len()).collect(),
            tokens,
            supply: self.questions.needed::<LpToken::totalSupplyCall>(Ask::Supply(lp_token))?,
            kind,
            block,
        })
    }

    fn stable(&self, pool: Address, tokens: &[PoolToken]) -> Result<Kind, GapReason> {
        let amp = match self.questions.optional::<Contract::A_preciseCall>(Ask::AmpPrecise(pool))? {
            Some(value) => Amplification { value, precision: PRECISION },
            None => {
                let value = self.questions.needed::<Contract::ACall>(Ask::Amp(pool))?;
                Amplification { value, precision: 1 }
            }
        };
        Ok(Kind::Stable {
            amp,
            rates: self.rates(pool, tokens)?,
            fee: self.questions.needed::<Contract::feeCall>(Ask::Fee(pool))?,
            virtual_price: self
                .questions
                .needed::<Contract::get_virtual_priceCall>(Ask::VirtualPrice(pool))?,
        })
    }

    /// What the pool itself counts its coins at; where it keeps no rates, each for what it is. Newer pools answer with
    /// a list, older ones with as many words as they have coins.
    fn rates(&self, pool: Address, tokens: &[PoolToken]) -> Result<Vec<U256>, GapReason> {
        let ask = Ask::Rates(pool);
        let words = self.questions.output(ask).filter(|output| output.len() == 32 * tokens.len());
        let rates = match words {
            Some(words) => words.chunks_exact(32).map(U256::from_be_slice).collect(),
            None => match self.questions.optional::<Contract::stored_ratesCall>(ask)? {
                Some(rates) => rates,
                None => tokens.iter().map(plain_rate).collect::<Result<_, _>>()?,
            },
        };
        let is_whole = rates.len() == tokens.len() && rates.iter().all(|rate| !rate.is_zero());
        is_whole.then_some(rates).ok_or(GapReason::Malformed)
    }

    fn token(&self, coin: Address) -> Result<PoolToken, GapReason> {
        if coin == COIN {
            let symbol = self.chain.native_symbol().into();
            return Ok(PoolToken { asset: Asset::native(self.chain), symbol, decimals: COIN_DECIMALS });
        }
        let ask = Ask::Decimals(coin);
        let decimals = read_decimals(self.questions.output(ask)).ok_or_else(|| self.questions.reason(ask))?;
        let symbol = read_symbol(self.questions.output(Ask::Symbol(coin))).unwrap_or_else(|| nameless(coin));
        Ok(PoolToken { asset: Asset::contract(self.chain, coin), symbol, decimals })
    }
}

/// 1e18, and what is missing to 18 decimals.
fn plain_rate(token: &PoolToken) -> Result<U256, GapReason> {
    let decimals = RATE_DECIMALS.checked_sub(token.decimals).ok_or(GapReason::Malformed)?;
    Ok(U256::from(10).pow(U256::from(decimals)))
}

fn coin_asks(coin: Address) -> Vec<Ask> {
    if coin == COIN { Vec::new() } else { vec![Ask::Symbol(coin), Ask::Decimals(coin)] }
}
