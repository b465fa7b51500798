//! One Comet put together from the answers to its questions, all of one block.
//!
//! Its indexes are accrued by our own maths from its stored state and rate curves, and then held against the two
//! totals that the contract accrues itself: a Comet whose rules are others than this build's is not read.

use std::collections::BTreeSet;
use std::sync::Arc;

use alloy_primitives::{Address, Bytes, U256};
use alloy_sol_types::SolCall;
use risk_engine::compound_v3::{Base, Collateral, Comet, Curve, INDEX_SCALE, indexes};
use risk_engine::position::Block;
use risk_model::{Asset, ChainId, GapReason};

use super::abi::{AssetInfo, Comet as Views, TotalsBasic};
use super::comets::CometAddress;
use super::questions::Questions;
use crate::contracts::{Aggregator, Erc20};
use crate::erc20::{nameless, read_balance, read_symbol};
use crate::multicall::{self, ContractCall};

/// Most collaterals a Comet can have (`CometWithExtendedAssetList`).
const MAX_ASSETS: u8 = 24;
/// Most decimals of a token whose scale fits 64 bits.
const MAX_DECIMALS: u8 = 18;
/// Bits of `pauseFlags`.
const SUPPLY_PAUSED: u8 = 1;
const WITHDRAW_PAUSED: u8 = 1 << 2;

/// One question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Ask {
    /// How many collaterals.
    Count,
    /// What a collateral is.
    Info(u8),
    /// The base token.
    BaseToken,
    /// Its feed.
    BaseFeed,
    /// Its decimals.
    Decimals,
    /// Indexes, totals and flags.
    Totals,
    /// All supplies, accrued by the contract.
    TotalSupply,
    /// All debts, accrued by the contract.
    TotalBorrow,
    /// One term of a rate curve.
    Term(Term),
    /// What a feed says, as the Comet takes it.
    Price(Address),
    /// A feed: its last round.
    Round(Address),
    /// A token: its symbol.
    Symbol(Address),
    /// How much of a collateral the Comet has.
    Supplied(Address),
    /// How much of a token lies in the contract.
    Idle(Address),
}

/// A term of the curve of supplies or of debts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Term {
    SupplyBase,
    SupplyLow,
    SupplyHigh,
    SupplyKink,
    BorrowBase,
    BorrowLow,
    BorrowHigh,
    BorrowKink,
}

const TERMS: [Term; 8] = [
    Term::SupplyBase,
    Term::SupplyLow,
    Term::SupplyHigh,
    Term::SupplyKink,
    Term::BorrowBase,
    Term::BorrowLow,
    Term::BorrowHigh,
    Term::BorrowKink,
];

impl Ask {
    /// The contract call that asks it of a Comet.
    pub(crate) fn call(self, comet: Address) -> ContractCall {
        match self {
            Self::Count => ContractCall::new(comet, &Views::numAssetsCall {}),
            Self::Info(i) => ContractCall::new(comet, &Views::getAssetInfoCall { i }),
            Self::BaseToken => ContractCall::new(comet, &Views::baseTokenCall {}),
            Self::BaseFeed => ContractCall::new(comet, &Views::baseTokenPriceFeedCall {}),
            Self::Decimals => ContractCall::new(comet, &Views::decimalsCall {}),
            Self::Totals => ContractCall::new(comet, &Views::totalsBasicCall {}),
            Self::TotalSupply => ContractCall::new(comet, &Views::totalSupplyCall {}),
            Self::TotalBorrow => ContractCall::new(comet, &Views::totalBorrowCall {}),
            Self::Term(term) => term.call(comet),
            Self::Price(feed) => ContractCall::new(comet, &Views::getPriceCall { priceFeed: feed }),
            Self::Round(feed) => ContractCall::new(feed, &Aggregator::latestRoundDataCall {}),
            Self::Symbol(token) => ContractCall::new(token, &Erc20::symbolCall {}),
            Self::Supplied(asset) => ContractCall::new(comet, &Views::totalsCollateralCall { asset }),
            Self::Idle(token) => ContractCall::new(token, &Erc20::balanceOfCall { owner: comet }),
        }
    }
}

impl Term {
    fn call(self, comet: Address) -> ContractCall {
        match self {
            Self::SupplyBase => ContractCall::new(comet, &Views::supplyPerSecondInterestRateBaseCall {}),
            Self::SupplyLow => ContractCall::new(comet, &Views::supplyPerSecondInterestRateSlopeLowCall {}),
            Self::SupplyHigh => ContractCall::new(comet, &Views::supplyPerSecondInterestRateSlopeHighCall {}),
            Self::SupplyKink => ContractCall::new(comet, &Views::supplyKinkCall {}),
            Self::BorrowBase => ContractCall::new(comet, &Views::borrowPerSecondInterestRateBaseCall {}),
            Self::BorrowLow => ContractCall::new(comet, &Views::borrowPerSecondInterestRateSlopeLowCall {}),
            Self::BorrowHigh => ContractCall::new(comet, &Views::borrowPerSecondInterestRateSlopeHighCall {}),
            Self::BorrowKink => ContractCall::new(comet, &Views::borrowKinkCall {}),
        }
    }
}

/// What to ask beside the newest block, when nothing is known of a Comet yet.
pub(crate) fn hints() -> Vec<Ask> {
    let infos = (0..MAX_ASSETS).map(Ask::Info);
    infos.chain([Ask::Count, Ask::BaseToken, Ask::BaseFeed]).collect()
}

/// Every question as far as the answers lead: what the next read should begin with.
pub(crate) fn wanted(questions: &Questions<Ask>) -> BTreeSet<Ask> {
    let mut wanted = BTreeSet::from([
        Ask::Count,
        Ask::BaseToken,
        Ask::BaseFeed,
        Ask::Decimals,
        Ask::Totals,
        Ask::TotalSupply,
        Ask::TotalBorrow,
    ]);
    wanted.extend(TERMS.map(Ask::Term));
    wanted.extend((0..count(questions).unwrap_or(0)).map(Ask::Info));
    let base = questions.answer::<Views::baseTokenCall>(Ask::BaseToken);
    wanted.extend(base.into_iter().flat_map(|token| [Ask::Symbol(token), Ask::Idle(token)]));
    let feed = questions.answer::<Views::baseTokenPriceFeedCall>(Ask::BaseFeed);
    wanted.extend(feed.into_iter().flat_map(|feed| [Ask::Price(feed), Ask::Round(feed)]));
    for info in (0..count(questions).unwrap_or(0)).filter_map(|place| info(questions, place).ok()) {
        wanted.extend([Ask::Symbol(info.asset), Ask::Supplied(info.asset)]);
        wanted.extend([Ask::Price(info.priceFeed), Ask::Round(info.priceFeed)]);
    }
    wanted
}

fn count(questions: &Questions<Ask>) -> Option<u8> {
    questions.answer::<Views::numAssetsCall>(Ask::Count).filter(|count| *count <= MAX_ASSETS)
}

fn info(questions: &Questions<Ask>, place: u8) -> Result<AssetInfo, GapReason> {
    let info = questions.needed::<Views::getAssetInfoCall>(Ask::Info(place))?;
    if info.offset == place { Ok(info) } else { Err(GapReason::Malformed) }
}

/// The collaterals' tokens by offset.
///
/// # Errors
/// Why one of them cannot be told.
pub(crate) fn assets(questions: &Questions<Ask>) -> Result<Vec<Address>, GapReason> {
    let count = count(questions).ok_or_else(|| questions.reason(Ask::Count))?;
    (0..count).map(|place| info(questions, place).map(|info| info.asset)).collect()
}

/// The Comet at its block.
///
/// # Errors
/// Why there is none: something that accounts are weighed by cannot be read, or its totals are not those that its own
/// rules as this build knows them lead to.
pub(crate) fn finish(
    questions: &Questions<Ask>,
    of: &CometAddress,
    chain: ChainId,
    block: Block,
) -> Result<Comet, GapReason> {
    let totals = questions.needed::<Views::totalsBasicCall>(Ask::Totals)?;
    let count = count(questions).ok_or_else(|| questions.reason(Ask::Count))?;
    let has_flag = |flag: u8| totals.pauseFlags & flag != 0;
    let comet = Comet {
        chain,
        address: of.address,
        block,
        quote: of.quote,
        base: base(questions, chain)?,
        collaterals: (0..count).map(|place| collateral(questions, chain, place)).collect::<Result<_, _>>()?,
        supply_index: U256::from(totals.baseSupplyIndex),
        borrow_index: U256::from(totals.baseBorrowIndex),
        total_supply: U256::from(totals.totalSupplyBase),
        total_borrow: U256::from(totals.totalBorrowBase),
        last_accrual: totals.lastAccrualTime.to::<u64>(),
        supply_curve: curve(
            questions,
            [Term::SupplyBase, Term::SupplyLow, Term::SupplyHigh, Term::SupplyKink],
        )?,
        borrow_curve: curve(
            questions,
            [Term::BorrowBase, Term::BorrowLow, Term::BorrowHigh, Term::BorrowKink],
        )?,
        is_supply_paused: has_flag(SUPPLY_PAUSED),
        is_withdraw_paused: has_flag(WITHDRAW_PAUSED),
    };
    verify(questions, &totals, &comet)?;
    Ok(comet)
}

/// Holds our accrual against the contract's own.
fn verify(questions: &Questions<Ask>, totals: &TotalsBasic, comet: &Comet) -> Result<(), GapReason> {
    let supply = questions.needed::<Views::totalSupplyCall>(Ask::TotalSupply)?;
    let borrow = questions.needed::<Views::totalBorrowCall>(Ask::TotalBorrow)?;
    let accrued = indexes(comet).map_err(|_| GapReason::Malformed)?;
    let present = |principal: U256, index| principal.checked_mul(index).map(|product| product / INDEX_SCALE);
    let is_ours = present(U256::from(totals.totalSupplyBase), accrued.supply) == Some(supply)
        && present(U256::from(totals.totalBorrowBase), accrued.borrow) == Some(borrow);
    if is_ours { Ok(()) } else { Err(GapReason::UnverifiedRules) }
}

fn curve(questions: &Questions<Ask>, terms: [Term; 4]) -> Result<Curve, GapReason> {
    // Every term is one word, whichever function gives it.
    let [base, slope_low, slope_high, kink] =
        terms.map(|term| questions.needed::<Views::supplyKinkCall>(Ask::Term(term)));
    Ok(Curve { base: base?, slope_low: slope_low?, slope_high: slope_high?, kink: kink? })
}

fn base(questions: &Questions<Ask>, chain: ChainId) -> Result<Base, GapReason> {
    let token = questions.needed::<Views::baseTokenCall>(Ask::BaseToken)?;
    let feed = questions.needed::<Views::baseTokenPriceFeedCall>(Ask::BaseFeed)?;
    let decimals = questions.needed::<Views::decimalsCall>(Ask::Decimals)?;
    if decimals > MAX_DECIMALS {
        return Err(GapReason::Malformed);
    }
    Ok(Base {
        asset: Asset::contract(chain, token),
        symbol: symbol(questions, token),
        decimals,
        price: price(questions, feed),
        price_updated_at: updated_at(questions, feed),
        available: read_balance(questions.output(Ask::Idle(token))),
    })
}

fn collateral(questions: &Questions<Ask>, chain: ChainId, place: u8) -> Result<Collateral, GapReason> {
    let info = info(questions, place)?;
    let decimals =
        (0..=MAX_DECIMALS).find(|decimals| 10_u64.checked_pow(u32::from(*decimals)) == Some(info.scale));
    let supplied = questions.answer::<Views::totalsCollateralCall>(Ask::Supplied(info.asset));
    Ok(Collateral {
        asset: Asset::contract(chain, info.asset),
        symbol: symbol(questions, info.asset),
        decimals: decimals.ok_or(GapReason::Malformed)?,
        price: price(questions, info.priceFeed),
        price_updated_at: updated_at(questions, info.priceFeed),
        borrow_factor: U256::from(info.borrowCollateralFactor),
        liquidate_factor: U256::from(info.liquidateCollateralFactor),
        liquidation_factor: U256::from(info.liquidationFactor),
        supply_cap: U256::from(info.supplyCap),
        supplied: supplied.map(|totals| U256::from(totals.totalSupplyAsset)),
    })
}

fn symbol(questions: &Questions<Ask>, token: Address) -> Arc<str> {
    read_symbol(questions.output(Ask::Symbol(token))).unwrap_or_else(|| nameless(token))
}

fn price(questions: &Questions<Ask>, feed: Address) -> Option<U256> {
    questions.answer::<Views::getPriceCall>(Ask::Price(feed)).filter(|price| !price.is_zero())
}

fn updated_at(questions: &Questions<Ask>, feed: Address) -> Option<u64> {
    let round = questions.answer::<Aggregator::latestRoundDataCall>(Ask::Round(feed))?;
    u64::try_from(round.updatedAt).ok().filter(|seconds| *seconds > 0)
}

/// A wallet's principal and the offsets of its collaterals.
pub(crate) struct UserBasic {
    pub(crate) principal: i128,
    pub(crate) offsets: Vec<u8>,
}

impl UserBasic {
    /// Whether the wallet has nothing in the Comet.
    pub(crate) const fn is_empty(&self) -> bool {
        self.principal == 0 && self.offsets.is_empty()
    }
}

/// The input of the view that reads it, the same of every Comet.
pub(crate) fn user_input(account: Address) -> Bytes {
    Views::userBasicCall { account }.abi_encode().into()
}

/// The answer to it: `assetsIn` has the bits of the first 16 collaterals, `_reserved` those of the next 8.
pub(crate) fn read_user(output: &Bytes) -> Option<UserBasic> {
    let basic = multicall::answer::<Views::userBasicCall>(Some(output))?;
    let principal = i128::try_from(basic.principal).ok()?;
    let bits = u32::from(basic.assetsIn) | u32::from(basic.reserved) << 16;
    let offsets = (0..MAX_ASSETS).filter(|offset| bits >> offset & 1 == 1).collect();
    Some(UserBasic { principal, offsets })
}

/// The call that reads a wallet's balance of a collateral.
pub(crate) fn balance_call(comet: Address, account: Address, asset: Address) -> ContractCall {
    ContractCall::new(comet, &Views::userCollateralCall { account, asset })
}

/// The answer to it.
pub(crate) fn read_collateral(output: &Bytes) -> Option<U256> {
    multicall::answer::<Views::userCollateralCall>(Some(output)).map(|user| U256::from(user.balance))
}
