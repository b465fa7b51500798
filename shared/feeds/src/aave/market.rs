//! A market put together from the answers to its questions, all of one block.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use alloy_primitives::Bytes;
use risk_engine::aave::{EModeCategory, Market, Reserve, WAD};
use risk_engine::lending::Unit;
use risk_engine::position::Block;
use risk_model::{Address, Asset, ChainId, GapReason, Protocol, U256};

use super::ask::{Ask, MAX_RESERVES, read_list};
use super::configuration::Configuration;
use super::rules_of;
use crate::alchemy::Answer;
use crate::contracts::{Aggregator, LendingPool, Oracle, Pool, ReserveDataLegacy, ReserveDataV2};
use crate::erc20::{nameless, read_balance, read_symbol, shown};
use crate::json_rpc::Fault;
use crate::markets::MarketAddresses;
use crate::multicall;

/// E-mode categories read before it is known which ones wallets are in.
const CATEGORIES_AHEAD: u8 = 32;

/// A market while it is being read: what was asked at the block, and what is still to ask.
#[derive(Debug)]
pub struct MarketRead {
    addresses: MarketAddresses,
    known: BTreeSet<Ask>,
    categories: BTreeSet<u8>,
    answers: BTreeMap<Ask, Answer>,
}

/// A market as read, with what accounts in it need besides.
#[derive(Clone, Debug)]
pub struct ReadMarket {
    /// The reserves that could be read.
    pub market: Arc<Market>,
    /// Every underlying in the Pool's order, read or not.
    pub list: Vec<Address>,
    /// Index into `market.reserves` by underlying; one of the list that is absent could not be read.
    pub by_asset: HashMap<Address, usize>,
    /// The market's own tokens: deposits and debts, no holdings.
    pub own_tokens: HashSet<Address>,
    /// Whether this build knows the rules of the Pool's revision.
    pub has_known_rules: bool,
    /// Whether reserve ids are their places in the list: if one was dropped, the data provider mixes up the
    /// users' flags of those behind it.
    pub is_dense: bool,
}

impl MarketRead {
    /// A read that begins by asking what `known` (an earlier read, or hints) says there is to ask.
    #[must_use]
    pub fn new(addresses: MarketAddresses, known: BTreeSet<Ask>) -> Self {
        let categories = (1..=CATEGORIES_AHEAD).collect();
        Self { addresses, known, categories, answers: BTreeMap::new() }
    }

    /// How many reserves an earlier read, or hints, say that the market has; 0 where nothing is known.
    #[must_use]
    pub fn reserves_ahead(&self) -> usize {
        self.known.iter().filter(|ask| matches!(ask, Ask::Reserve(_))).count()
    }

    /// Adds e-mode categories that wallets turned out to be in.
    pub fn want_categories(&mut self, ids: impl IntoIterator<Item = u8>) {
        self.categories.extend(ids.into_iter().filter(|id| *id != 0));
    }

    /// What is to be asked next: everything that the answers so far lead to, except what was asked.
    #[must_use]
    pub fn missing(&self) -> Vec<Ask> {
        let wanted = self.wanted();
        let ahead = if self.answers.is_empty() { self.known.clone() } else { BTreeSet::new() };
        wanted.union(&ahead).filter(|ask| !self.answers.contains_key(ask)).copied().collect()
    }

    /// Takes the answers to `asks`, in their order.
    pub fn take(&mut self, asks: &[Ask], answers: Vec<Answer>) {
        self.answers.extend(asks.iter().copied().zip(answers));
    }

    /// Every question of the market as far as it is known: what the next read should begin with.
    #[must_use]
    pub fn wanted(&self) -> BTreeSet<Ask> {
        let protocol = self.addresses.protocol;
        let mut wanted = BTreeSet::from_iter(Ask::of_market(protocol));
        for asset in read_list(self.answer(Ask::ReservesList)).unwrap_or_default() {
            wanted.extend(Ask::of_reserve(protocol, asset));
            wanted.extend(self.source(asset).map(Ask::Round));
            // Before 3.1 only the aToken's own balance tells what can be withdrawn.
            let is_balance_wanted = protocol != Protocol::AaveV3
                || matches!(self.answers.get(&Ask::VirtualBalance(asset)), Some(Err(_)));
            if let Some(data) = self.reserve_data(asset)
                && is_balance_wanted
            {
                wanted.insert(Ask::Balance(asset, data.aTokenAddress));
            }
        }
        wanted.extend(self.categories.iter().flat_map(|id| Ask::of_category(protocol, *id)));
        wanted
    }

    /// The token of every reserve's deposits, once all of them are known.
    #[must_use]
    pub fn deposit_tokens(&self) -> Option<HashSet<Address>> {
        let list = read_list(self.answer(Ask::ReservesList))?;
        list.into_iter().map(|asset| Some(self.reserve_data(asset)?.aTokenAddress)).collect()
    }

    /// The market at its block.
    ///
    /// # Errors
    /// Why there is none: its list of reserves, or the unit of its prices, cannot be read.
    pub fn finish(&self, block: Block) -> Result<ReadMarket, GapReason> {
        let list = read_list(self.answer(Ask::ReservesList)).ok_or_else(|| self.reason(Ask::ReservesList))?;
        let (unit, base_unit) = self.unit()?;
        let is_paused = self.is_paused()?;
        let revision = multicall::answer::<Pool::POOL_REVISIONCall>(self.answer(Ask::Revision));
        let revision = revision.and_then(|revision| u64::try_from(revision).ok());
        let (rounding, has_known_rules) = rules_of(self.addresses.protocol, revision);
        let mut read = ReadReserves { is_paused, ..ReadReserves::default() };
        for (place, asset) in list.iter().enumerate() {
            self.read_reserve(place, *asset, &block, &mut read);
        }
        let chain = self.addresses.chain;
        let by_asset = read
            .reserves
            .iter()
            .enumerate()
            .filter_map(|(at, reserve)| reserve.asset.address().map(|asset| (asset, at)));
        Ok(ReadMarket {
            by_asset: by_asset.collect(),
            list,
            own_tokens: read.own_tokens,
            has_known_rules,
            is_dense: read.is_dense,
            market: Arc::new(Market {
                protocol: self.addresses.protocol,
                unit,
                chain,
                pool: self.addresses.pool,
                revision,
                rounding,
                block,
                base_unit,
                e_modes: self.categories.iter().filter_map(|id| self.category(*id, &read.legacy)).collect(),
                reserves: read.reserves,
            }),
        })
    }

    fn answer(&self, ask: Ask) -> Option<&Bytes> {
        self.answers.get(&ask)?.as_ref().ok()
    }

    /// Why an ask has no usable answer.
    fn reason(&self, ask: Ask) -> GapReason {
        match self.answers.get(&ask) {
            Some(Err(fault)) => fault.reason(),
            Some(Ok(_)) => GapReason::Malformed,
            None => GapReason::Unavailable,
        }
    }

    /// What prices are in, and how many base units one of it is. V2's oracle prices in wei of an ether by its design.
    fn unit(&self) -> Result<(Unit, U256), GapReason> {
        if self.addresses.protocol == Protocol::AaveV2 {
            return Ok((Unit::Asset(Asset::native(ChainId::Ethereum)), WAD));
        }
        let unit = multicall::answer::<Oracle::BASE_CURRENCY_UNITCall>(self.answer(Ask::BaseUnit));
        let unit = unit.filter(|unit| !unit.is_zero()).ok_or_else(|| self.reason(Ask::BaseUnit))?;
        Ok((Unit::Usd, unit))
    }

    /// Whether the pool as a whole is paused: V2 has no pause of one reserve.
    fn is_paused(&self) -> Result<bool, GapReason> {
        if self.addresses.protocol != Protocol::AaveV2 {
            return Ok(false);
        }
        let paused = multicall::answer::<LendingPool::pausedCall>(self.answer(Ask::Paused));
        paused.ok_or_else(|| self.reason(Ask::Paused))
    }

    fn reserve_data(&self, asset: Address) -> Option<ReserveDataLegacy> {
        let output = self.answer(Ask::Reserve(asset));
        if self.addresses.protocol == Protocol::AaveV2 {
            return multicall::answer::<LendingPool::getReserveDataCall>(output).map(|data| of_v2(&data));
        }
        multicall::answer::<Pool::getReserveDataCall>(output)
    }

    fn source(&self, asset: Address) -> Option<Address> {
        multicall::answer::<Oracle::getSourceOfAssetCall>(self.answer(Ask::Source(asset)))
            .filter(|source| !source.is_zero())
    }

    fn has_no_source(&self, asset: Address) -> bool {
        multicall::answer::<Oracle::getSourceOfAssetCall>(self.answer(Ask::Source(asset)))
            .is_some_and(|source| source.is_zero())
    }

    fn price(&self, asset: Address) -> Option<U256> {
        multicall::answer::<Oracle::getAssetPriceCall>(self.answer(Ask::Price(asset)))
            .filter(|price| !price.is_zero())
    }

    /// When the source of a price last changed; adapters that cap or combine feeds do not say. V2's oracle has no
    /// source for ether itself, whose price in ether is one at any time.
    fn price_updated_at(&self, asset: Address, block: &Block) -> Option<u64> {
        let is_v2 = self.addresses.protocol == Protocol::AaveV2;
        if is_v2 && self.has_no_source(asset) && self.price(asset) == Some(WAD) {
            return Some(block.timestamp.seconds());
        }
        let round = self.answer(Ask::Round(self.source(asset)?));
        let updated_at = multicall::answer::<Aggregator::latestRoundDataCall>(round)?.updatedAt;
        u64::try_from(updated_at).ok().filter(|seconds| *seconds > 0)
    }

    fn available_liquidity(&self, asset: Address, a_token: Address) -> Option<U256> {
        let tracked = self.answer(Ask::VirtualBalance(asset));
        multicall::answer::<Pool::getVirtualUnderlyingBalanceCall>(tracked)
            .map(U256::from)
            .or_else(|| read_balance(self.answer(Ask::Balance(asset, a_token))))
    }

    /// Reads one reserve into `read`, or leaves it out where its own data make no sense.
    fn read_reserve(&self, place: usize, asset: Address, block: &Block, read: &mut ReadReserves) {
        let Some(data) = self.reserve_data(asset) else { return };
        let Some(configuration) = Configuration::read(data.configuration) else { return };
        let last_update = data.lastUpdateTimestamp.to::<u64>();
        let is_initialised = data.liquidityIndex > 0 && data.variableBorrowIndex > 0;
        if !is_initialised || last_update > block.timestamp.seconds() || usize::from(data.id) >= MAX_RESERVES
        {
            return;
        }
        let own = [data.aTokenAddress, data.variableDebtTokenAddress, data.stableDebtTokenAddress];
        read.own_tokens.extend(own.into_iter().filter(|token| !token.is_zero()));
        read.is_dense &= usize::from(data.id) == place;
        if configuration.legacy_e_mode != 0 {
            *read.legacy.entry(configuration.legacy_e_mode).or_default() |= 1 << data.id;
        }
        read.reserves.push(Reserve {
            id: data.id,
            asset: Asset::contract(self.addresses.chain, asset),
            symbol: read_symbol(self.answer(Ask::Symbol(asset))).unwrap_or_else(|| nameless(asset)),
            decimals: configuration.decimals,
            a_token: data.aTokenAddress,
            variable_debt_token: data.variableDebtTokenAddress,
            liquidity_index: U256::from(data.liquidityIndex),
            liquidity_rate: U256::from(data.currentLiquidityRate),
            variable_borrow_index: U256::from(data.variableBorrowIndex),
            variable_borrow_rate: U256::from(data.currentVariableBorrowRate),
            last_update,
            price: self.price(asset),
            price_updated_at: self.price_updated_at(asset, block),
            ltv_bps: configuration.ltv_bps,
            liquidation_threshold_bps: configuration.liquidation_threshold_bps,
            liquidation_bonus_bps: configuration.liquidation_bonus_bps,
            liquidation_protocol_fee_bps: Some(configuration.liquidation_protocol_fee_bps),
            is_active: configuration.is_active,
            is_frozen: configuration.is_frozen,
            is_paused: configuration.is_paused || read.is_paused,
            available_liquidity: self.available_liquidity(asset, data.aTokenAddress),
        });
    }

    /// One e-mode category, if it exists and could be read; before 3.2 each reserve named its own.
    fn category(&self, id: u8, legacy: &BTreeMap<u8, u128>) -> Option<EModeCategory> {
        let config =
            multicall::answer::<Pool::getEModeCategoryCollateralConfigCall>(self.answer(Ask::Category(id)));
        let (ltv_bps, liquidation_threshold_bps, liquidation_bonus_bps, collateral_bitmap, label) =
            match config {
                Some(config) => {
                    let bitmap = self.answer(Ask::CategoryCollateral(id));
                    let bitmap = multicall::answer::<Pool::getEModeCategoryCollateralBitmapCall>(bitmap)?;
                    let label = self.answer(Ask::CategoryLabel(id));
                    let label = multicall::answer::<Pool::getEModeCategoryLabelCall>(label);
                    (config.ltv, config.liquidationThreshold, config.liquidationBonus, bitmap, label)
                }
                None => {
                    let data = self.answer(Ask::CategoryLegacy(id));
                    let data = multicall::answer::<Pool::getEModeCategoryDataCall>(data)?;
                    // A price of the category's own would replace its members': nobody set one, and it is not read.
                    data.priceSource.is_zero().then_some(())?;
                    let bitmap = legacy.get(&id).copied().unwrap_or_default();
                    (data.ltv, data.liquidationThreshold, data.liquidationBonus, bitmap, Some(data.label))
                }
            };
        // Pools before 3.6 have no such view; without its answer from one that has, the loan to value is not known.
        let ltv_zero_bitmap = match self.answers.get(&Ask::CategoryLtvZero(id)) {
            None | Some(Err(Fault::Reverted)) => 0,
            Some(answer) => {
                let output = answer.as_ref().ok();
                multicall::answer::<Pool::getEModeCategoryLtvzeroBitmapCall>(output)?
            }
        };
        // A category that was never set reads as zeros.
        (liquidation_threshold_bps > 0).then(|| EModeCategory {
            id,
            ltv_bps,
            liquidation_threshold_bps,
            liquidation_bonus_bps,
            collateral_bitmap,
            ltv_zero_bitmap,
            label: label.and_then(|label| shown(&label)).unwrap_or_else(|| format!("e-mode {id}")).into(),
        })
    }
}

/// V2's reserve in the words of V3's.
fn of_v2(data: &ReserveDataV2) -> ReserveDataLegacy {
    ReserveDataLegacy {
        configuration: data.configuration,
        liquidityIndex: data.liquidityIndex,
        currentLiquidityRate: data.currentLiquidityRate,
        variableBorrowIndex: data.variableBorrowIndex,
        currentVariableBorrowRate: data.currentVariableBorrowRate,
        currentStableBorrowRate: data.currentStableBorrowRate,
        lastUpdateTimestamp: data.lastUpdateTimestamp,
        id: u16::from(data.id),
        aTokenAddress: data.aTokenAddress,
        stableDebtTokenAddress: data.stableDebtTokenAddress,
        variableDebtTokenAddress: data.variableDebtTokenAddress,
        interestRateStrategyAddress: data.interestRateStrategyAddress,
        accruedToTreasury: 0,
        unbacked: 0,
        isolationModeTotalDebt: 0,
    }
}

/// The reserves of a market as far as they were read.
struct ReadReserves {
    /// Whether the pool as a whole is paused.
    is_paused: bool,
    reserves: Vec<Reserve>,
    own_tokens: HashSet<Address>,
    legacy: BTreeMap<u8, u128>,
    is_dense: bool,
}

impl Default for ReadReserves {
    fn default() -> Self {
        Self {
            is_paused: false,
            reserves: Vec::new(),
            own_tokens: HashSet::new(),
            legacy: BTreeMap::new(),
            is_dense: true,
        }
    }
}

#[cfg(test)]
mod tests;
