//! What the contracts answer of positions, pools and ticks, parsed and checked.

use alloy_primitives::{Address, Bytes, U256};
use risk_engine::uniswap::{AVERAGE_SECONDS, TickState};

use super::contracts::{Pool, PositionManager};
use crate::multicall;

/// An NFT's position as the manager keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) tokens: [Address; 2],
    pub(super) fee_pips: u32,
    pub(super) ticks: [i32; 2],
    pub(super) liquidity: u128,
    pub(super) fee_growth_inside_last: [U256; 2],
    pub(super) tokens_owed: [u128; 2],
}

impl Row {
    /// The row of an answer; `None` where it is none, or its tokens are not in the order that pools have.
    pub(super) fn read(output: Option<&Bytes>) -> Option<Self> {
        let row = multicall::answer::<PositionManager::positionsCall>(output)?;
        let row = Self {
            tokens: [row.token0, row.token1],
            fee_pips: row.fee.to::<u32>(),
            ticks: [i32::try_from(row.tickLower).ok()?, i32::try_from(row.tickUpper).ok()?],
            liquidity: row.liquidity,
            fee_growth_inside_last: [row.feeGrowthInside0LastX128, row.feeGrowthInside1LastX128],
            tokens_owed: [row.tokensOwed0, row.tokensOwed1],
        };
        (row.tokens[0] < row.tokens[1]).then_some(row)
    }

    /// Whether anything is left in it: NFTs of closed positions are seldom burnt.
    pub(super) fn is_open(&self) -> bool {
        self.liquidity != 0 || self.tokens_owed != [0; 2]
    }
}

/// Square root price and tick.
pub(super) fn read_slot0(output: Option<&Bytes>) -> Option<(U256, i32)> {
    let slot = multicall::answer::<Pool::slot0Call>(output)?;
    Some((U256::from(slot.sqrtPriceX96), i32::try_from(slot.tick).ok()?))
}

/// The mean tick over the time that was asked for, rounded down as `OracleLibrary.consult` does.
pub(super) fn read_average(output: Option<&Bytes>) -> Option<i32> {
    let record = multicall::answer::<Pool::observeCall>(output)?;
    let [before, now] = record.tickCumulatives.as_slice() else { return None };
    // The record wraps around its 56 bits, as the contract lets it.
    let moved = i64::try_from(now.wrapping_sub(*before)).ok()?;
    i32::try_from(moved.div_euclid(i64::from(AVERAGE_SECONDS))).ok()
}

/// One end of a range; `None` where it does not carry the liquidity that ends there.
pub(super) fn read_tick(output: Option<&Bytes>, tick: i32, liquidity: u128) -> Option<TickState> {
    let state = multicall::answer::<Pool::ticksCall>(output)?;
    let fee_growth_outside = [state.feeGrowthOutside0X128, state.feeGrowthOutside1X128];
    (state.liquidityGross >= liquidity).then_some(TickState { tick, fee_growth_outside })
}

/// Fees per liquidity since ever: `feeGrowthGlobal0X128` and `feeGrowthGlobal1X128` answer alike.
pub(super) fn read_growth(output: Option<&Bytes>) -> Option<U256> {
    multicall::answer::<Pool::feeGrowthGlobal0X128Call>(output)
}

/// A count or a token's number.
pub(super) fn read_number(output: Option<&Bytes>) -> Option<U256> {
    multicall::answer::<PositionManager::balanceOfCall>(output)
}
