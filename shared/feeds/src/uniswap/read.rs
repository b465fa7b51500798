//! The liquidity of wallets put together from the answers to its questions, all of one block.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use alloy_primitives::{Address, Bytes, U256};
use risk_engine::pool::PoolToken;
use risk_engine::position::Block;
use risk_engine::uniswap::{Pool, Position};
use risk_model::{Asset, GapReason};

use super::row::{Row, read_average, read_growth, read_number, read_slot0, read_tick};
use super::{Addresses, Ask, pool_of};
use crate::alchemy::Answer;
use crate::erc20::{nameless, read_decimals, read_symbol};
use crate::json_rpc::Fault;

/// Most NFTs of one wallet; a wallet with more gets a gap for the rest.
pub const MAX_POSITIONS: usize = 200;

/// Liquidity while it is being read: what was asked at the block, and what is still to ask.
#[derive(Debug)]
pub struct LiquidityRead {
    addresses: Addresses,
    wallets: Vec<Address>,
    ahead: BTreeSet<Ask>,
    answers: BTreeMap<Ask, Answer>,
}

/// What was found of one wallet.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// Its open positions that could be read.
    pub positions: Vec<Position>,
    /// The NFTs that could not, by number or index, and why.
    pub unread: Vec<(String, GapReason)>,
    /// Pools whose record could not be read, though there may be one.
    pub unrecorded: BTreeSet<Address>,
    /// Whether it has more NFTs than are read.
    pub is_cut: bool,
}

/// A pool as read, and whether its record is missing for another reason than that the pool keeps none.
type ReadPool = Result<(Arc<Pool>, bool), GapReason>;

impl LiquidityRead {
    /// A read of these wallets that begins by asking what `ahead` (an earlier read, or a guess) says there is to ask.
    #[must_use]
    pub fn new(addresses: Addresses, wallets: Vec<Address>, ahead: BTreeSet<Ask>) -> Self {
        Self { addresses, wallets, ahead, answers: BTreeMap::new() }
    }

    /// What is to be asked next: everything that the answers so far lead to, except what was asked.
    #[must_use]
    pub fn missing(&self) -> Vec<Ask> {
        let mut wanted: BTreeSet<Ask> =
            if self.answers.is_empty() { self.ahead.clone() } else { BTreeSet::new() };
        wanted.extend(self.wallets.iter().flat_map(|wallet| self.wanted_of(*wallet)));
        wanted.into_iter().filter(|ask| !self.answers.contains_key(ask)).collect()
    }

    /// Takes the answers to `asks`, in their order.
    pub fn take(&mut self, asks: &[Ask], answers: impl IntoIterator<Item = Answer>) {
        self.answers.extend(asks.iter().copied().zip(answers));
    }

    /// Every question of a wallet as far as it is known: what the next read should begin with.
    #[must_use]
    pub fn wanted_of(&self, wallet: Address) -> Vec<Ask> {
        let mut wanted = vec![Ask::Count(wallet)];
        for index in 0..self.count(wallet).unwrap_or_default().min(MAX_POSITIONS) {
            let ask = Ask::TokenId(wallet, index);
            wanted.push(ask);
            let Some(id) = read_number(self.output(ask)) else { continue };
            wanted.push(Ask::Position(id));
            let row = Row::read(self.output(Ask::Position(id)));
            wanted.extend(row.filter(Row::is_open).iter().flat_map(|row| self.asks_of(row)));
        }
        wanted
    }

    fn asks_of(&self, row: &Row) -> Vec<Ask> {
        let pool = pool_of(self.addresses.factory, row.tokens, row.fee_pips);
        let mut asks = vec![Ask::Slot0(pool), Ask::Average(pool), Ask::Growth0(pool), Ask::Growth1(pool)];
        asks.extend(row.ticks.map(|tick| Ask::Tick(pool, tick)));
        asks.extend(row.tokens.iter().flat_map(|token| [Ask::Symbol(*token), Ask::Decimals(*token)]));
        asks
    }

    /// What each wallet has at the block, in the order of the wallets; why not, where its NFTs cannot be counted.
    #[must_use]
    pub fn finish(&self, block: Block) -> Vec<Result<Found, GapReason>> {
        let mut pools = HashMap::new();
        self.wallets.iter().map(|wallet| self.found(*wallet, block, &mut pools)).collect()
    }

    fn found(
        &self,
        wallet: Address,
        block: Block,
        pools: &mut HashMap<Address, ReadPool>,
    ) -> Result<Found, GapReason> {
        let count = self.count(wallet).ok_or_else(|| self.reason(Ask::Count(wallet)))?;
        let mut found = Found { is_cut: count > MAX_POSITIONS, ..Found::default() };
        let mut seen = BTreeSet::new();
        for index in 0..count.min(MAX_POSITIONS) {
            let ask = Ask::TokenId(wallet, index);
            let Some(id) = read_number(self.output(ask)) else {
                found.unread.push((format!("at index {index}"), self.reason(ask)));
                continue;
            };
            let position = if seen.insert(id) {
                self.position(id, block, pools, &mut found.unrecorded)
            } else {
                // Counted twice it would be worth twice.
                Err(GapReason::Malformed)
            };
            match position {
                Ok(position) => found.positions.extend(position),
                Err(reason) => found.unread.push((id.to_string(), reason)),
            }
        }
        Ok(found)
    }

    /// The position of an NFT; nothing for one that is closed.
    fn position(
        &self,
        id: U256,
        block: Block,
        pools: &mut HashMap<Address, ReadPool>,
        unrecorded: &mut BTreeSet<Address>,
    ) -> Result<Option<Position>, GapReason> {
        let ask = Ask::Position(id);
        let row = Row::read(self.output(ask)).ok_or_else(|| self.reason(ask))?;
        if !row.is_open() {
            return Ok(None);
        }
        let address = pool_of(self.addresses.factory, row.tokens, row.fee_pips);
        let pool = pools.entry(address).or_insert_with(|| self.pool(address, &row, block));
        let (pool, is_unrecorded) = pool.clone()?;
        if is_unrecorded {
            unrecorded.insert(address);
        }
        let tick = |tick: i32| {
            let ask = Ask::Tick(address, tick);
            read_tick(self.output(ask), tick, row.liquidity).ok_or_else(|| self.reason(ask))
        };
        let [lower, upper] = row.ticks;
        Ok(Some(Position {
            lower: tick(lower)?,
            upper: tick(upper)?,
            pool,
            token_id: id,
            liquidity: row.liquidity,
            fee_growth_inside_last: row.fee_growth_inside_last,
            tokens_owed: row.tokens_owed,
        }))
    }

    fn pool(&self, address: Address, row: &Row, block: Block) -> ReadPool {
        let read = |ask| (self.output(ask), self.reason(ask));
        let (slot, reason) = read(Ask::Slot0(address));
        let (sqrt_price, tick) = read_slot0(slot).ok_or(reason)?;
        let growth = |ask| {
            let (growth, reason) = read(ask);
            read_growth(growth).ok_or(reason)
        };
        let [first, second] = row.tokens.map(|token| self.token(token));
        let average = self.answers.get(&Ask::Average(address));
        let average_tick = read_average(self.output(Ask::Average(address)));
        let pool = Pool {
            chain: self.addresses.chain,
            address,
            fee_pips: row.fee_pips,
            tokens: [first?, second?],
            sqrt_price,
            tick,
            fee_growth_global: [growth(Ask::Growth0(address))?, growth(Ask::Growth1(address))?],
            average_tick,
            block,
        };
        // A pool without a record that long reverts.
        let is_unrecorded = average_tick.is_none() && !matches!(average, Some(Err(Fault::Reverted)));
        Ok((Arc::new(pool), is_unrecorded))
    }

    fn token(&self, token: Address) -> Result<PoolToken, GapReason> {
        let ask = Ask::Decimals(token);
        let decimals = read_decimals(self.output(ask)).ok_or_else(|| self.reason(ask))?;
        let symbol = read_symbol(self.output(Ask::Symbol(token))).unwrap_or_else(|| nameless(token));
        Ok(PoolToken { asset: Asset::contract(self.addresses.chain, token), symbol, decimals })
    }

    /// How many NFTs a wallet has; more than fit a word are too many like any other number.
    fn count(&self, wallet: Address) -> Option<usize> {
        let count = read_number(self.output(Ask::Count(wallet)))?;
        Some(usize::try_from(count).unwrap_or(usize::MAX))
    }

    fn output(&self, ask: Ask) -> Option<&Bytes> {
        self.answers.get(&ask).and_then(|answer| answer.as_ref().ok())
    }

    /// Why an answer that is not there is not.
    fn reason(&self, ask: Ask) -> GapReason {
        match self.answers.get(&ask) {
            Some(Ok(_)) => GapReason::Malformed,
            Some(Err(fault)) => fault.reason(),
            None => GapReason::Unavailable,
        }
    }
}
