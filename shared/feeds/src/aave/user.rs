//! A wallet's part of a market, from the data provider's rows.

use std::collections::HashSet;

use alloy_primitives::Bytes;
use risk_engine::aave::{Position, ReservePosition, StableDebt};
use risk_model::{Address, GapReason, U256, Wallet};

use super::market::ReadMarket;
use crate::contracts::{Pool, UiPoolDataProvider};
use crate::markets::MarketAddresses;
use crate::multicall::{self, ContractCall};

type Word = [u8; 32];

/// Words of a row since 3.2: asset, scaled deposit, collateral flag, scaled variable debt.
const WORDS: usize = 4;
/// Words of a row before 3.2 and of V2: stable rate, stable debt and its time besides.
const WORDS_WITH_STABLE_DEBT: usize = 7;

/// The call that reads a wallet's rows.
#[must_use]
pub fn rows_call(market: &MarketAddresses, wallet: Wallet) -> ContractCall {
    let call =
        UiPoolDataProvider::getUserReservesDataCall { provider: market.provider, user: wallet.address() };
    ContractCall::new(market.ui_data, &call)
}

/// The call that reads which reserves a wallet owes or has as collateral, in every generation of the pool.
#[must_use]
pub fn bitmap_call(market: &MarketAddresses, wallet: Wallet) -> ContractCall {
    ContractCall::new(market.pool, &Pool::getUserConfigurationCall { user: wallet.address() })
}

/// Whether the answer to [`bitmap_call`] names any reserve (`UserConfiguration.isEmpty`); `None` where it is no bitmap.
#[must_use]
pub fn is_in_use(output: &Bytes) -> Option<bool> {
    multicall::answer::<Pool::getUserConfigurationCall>(Some(output)).map(|bits| !bits.is_zero())
}

/// A wallet's rows in one market, those of zero left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rows {
    /// The wallet's e-mode category, 0 for none.
    pub e_mode: u8,
    /// Every underlying that has a row, in order.
    assets: Vec<Address>,
    rows: Vec<Row>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Row {
    asset: Address,
    scaled_a_token: U256,
    is_collateral: bool,
    scaled_variable_debt: U256,
    stable_debt: Option<StableDebt>,
}

impl Rows {
    /// Reads the answer of `getUserReservesData`: `(row[], uint8 eMode)` of either generation, told apart by length.
    ///
    /// # Errors
    /// The answer is no such thing.
    pub fn read(output: &[u8]) -> Result<Self, GapReason> {
        let malformed = GapReason::Malformed;
        let (words, rest) = output.as_chunks::<32>();
        let [offset, e_mode, count, rows @ ..] = words else { return Err(malformed) };
        let number = |word: &Word| U256::from_be_bytes(*word);
        let count = usize::try_from(number(count)).map_err(|_| malformed)?;
        if !rest.is_empty()
            || number(offset) != U256::from(64u8)
            || count == 0
            || !rows.len().is_multiple_of(count)
        {
            return Err(malformed);
        }
        let width = rows.len() / count;
        if width != WORDS && width != WORDS_WITH_STABLE_DEBT {
            return Err(malformed);
        }
        let mut read = Self {
            e_mode: u8::try_from(number(e_mode)).map_err(|_| malformed)?,
            assets: Vec::with_capacity(count),
            rows: Vec::new(),
        };
        for row in rows.chunks_exact(width) {
            let row = read_row(row)?;
            read.assets.push(row.asset);
            if row.is_used() {
                read.rows.push(row);
            }
        }
        Ok(read)
    }

    /// Whether the wallet has nothing in the market.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The wallet's position in the market; `None` where it has nothing there.
    ///
    /// # Errors
    /// The rows are not those of the market's reserves, or one in use could not be read.
    pub fn position(&self, read: &ReadMarket) -> Result<Option<Position>, GapReason> {
        // An answer without rows, or with other rows, must not pass for an empty account.
        if self.assets != read.list {
            return Err(GapReason::Malformed);
        }
        if self.is_empty() {
            return Ok(None);
        }
        if !read.is_dense {
            return Err(GapReason::Unsupported);
        }
        let mut seen = HashSet::new();
        let mut reserves = Vec::with_capacity(self.rows.len());
        for row in &self.rows {
            let reserve = *read.by_asset.get(&row.asset).ok_or(GapReason::Malformed)?;
            if !seen.insert(reserve) {
                return Err(GapReason::Malformed);
            }
            reserves.push(ReservePosition {
                reserve,
                scaled_a_token: row.scaled_a_token,
                scaled_variable_debt: row.scaled_variable_debt,
                stable_debt: row.stable_debt,
                is_collateral: row.is_collateral,
            });
        }
        Ok(Some(Position { e_mode: self.e_mode, reserves }))
    }
}

impl Row {
    fn is_used(&self) -> bool {
        !self.scaled_a_token.is_zero() || !self.scaled_variable_debt.is_zero() || self.stable_debt.is_some()
    }
}

fn read_row(words: &[Word]) -> Result<Row, GapReason> {
    let number = |word: &Word| U256::from_be_bytes(*word);
    let (asset, supplied, flag, debt, stable_debt) = match words {
        [asset, supplied, flag, debt] => (asset, supplied, flag, debt, None),
        [asset, supplied, flag, rate, debt, principal, updated] => {
            (asset, supplied, flag, debt, read_stable(number(principal), number(rate), number(updated))?)
        }
        _ => return Err(GapReason::Malformed),
    };
    let (zeros, address) = asset.split_at(12);
    let flag = number(flag);
    if zeros.iter().any(|byte| *byte != 0) || flag > U256::ONE {
        return Err(GapReason::Malformed);
    }
    Ok(Row {
        asset: Address::from_slice(address),
        scaled_a_token: number(supplied),
        is_collateral: !flag.is_zero(),
        scaled_variable_debt: number(debt),
        stable_debt,
    })
}

fn read_stable(principal: U256, rate: U256, updated: U256) -> Result<Option<StableDebt>, GapReason> {
    if principal.is_zero() {
        return Ok(None);
    }
    let last_update = u64::try_from(updated).map_err(|_| GapReason::Malformed)?;
    Ok(Some(StableDebt { principal, rate, last_update }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn output(e_mode: u64, rows: &[&[u64]]) -> Vec<u8> {
        let head = [64, e_mode, u64::try_from(rows.len()).unwrap()];
        let words = head.iter().chain(rows.iter().copied().flatten());
        words.flat_map(|word| U256::from(*word).to_be_bytes::<32>()).collect()
    }

    #[test]
    fn rows_of_both_generations_are_read() {
        let new = Rows::read(&output(1, &[&[7, 100, 1, 0], &[8, 0, 0, 50], &[9, 0, 1, 0]])).unwrap();
        let old = output(1, &[&[7, 100, 1, 0, 0, 0, 0], &[8, 0, 0, 3, 50, 0, 0], &[9, 0, 1, 0, 0, 0, 0]]);
        assert_eq!(Rows::read(&old).unwrap(), new);
        assert_eq!((new.e_mode, new.rows.len(), new.assets.len()), (1, 2, 3));
        assert_eq!(new.rows[0].asset, Address::with_last_byte(7));
        assert!(new.rows[0].is_collateral && new.rows[1].scaled_variable_debt == U256::from(50));
    }

    #[test]
    fn a_stable_debt_is_read_with_its_own_rate_and_time() {
        let read = Rows::read(&output(0, &[&[7, 0, 0, 5, 0, 1000, 9]])).unwrap();
        let debt = StableDebt { principal: U256::from(1000), rate: U256::from(5), last_update: 9 };
        assert_eq!(read.rows[0].stable_debt, Some(debt));
    }

    #[test]
    fn an_answer_that_is_not_a_list_of_rows_is_malformed_and_never_an_empty_account() {
        let mut odd = output(0, &[&[7, 1, 1, 1]]);
        odd.push(0);
        let mut huge = output(0, &[&[7, 1, 1, 1]]);
        huge[64..96].copy_from_slice(&U256::MAX.to_be_bytes::<32>());
        let mut big_mode = output(0, &[&[7, 1, 1, 1]]);
        big_mode[32..64].copy_from_slice(&U256::from(256).to_be_bytes::<32>());
        for bad in [
            vec![],
            vec![0; 32],
            output(0, &[]),
            output(0, &[&[7, 1, 1]]),
            output(0, &[&[7, 1, 2, 1]]),
            odd,
            huge,
            big_mode,
            vec![0xff; 32 * 7],
        ] {
            assert_eq!(Rows::read(&bad), Err(GapReason::Malformed));
        }
    }
}
