//! Comets: the market's views, and accounts as the contract weighs them.

use alloy_primitives::{Address, U256, Uint};
use alloy_sol_types::{SolCall, SolInterface};
use num_bigint::BigUint;

use super::abi::Comet::{self, CometCalls as Calls};
use super::abi::{AssetInfo, TotalsBasic};
use crate::compound::v3::{self, BORROW_CURVE, INDEX, Position, SUPPLY_CURVE, Totals, rate};
use crate::evm::{Outcome, Reverted, word};
use crate::world::view::View;

pub(super) fn call(view: &View<'_>, place: usize, input: &[u8]) -> Outcome {
    let comet = view.chain.compound.comets.get(place).ok_or_else(Reverted::bare)?;
    match Calls::abi_decode(input).map_err(|_| Reverted::bare())? {
        Calls::userBasic(of) => Ok(user_basic(&position(view, place, of.account))),
        Calls::userCollateral(of) => {
            let position = position(view, place, of.account);
            let held = position.balances.iter().find(|(offset, _)| {
                comet.token(view, Some(*offset)).is_some_and(|token| token.underlying == of.asset)
            });
            Ok(Comet::userCollateralCall::abi_encode_returns(&Comet::userCollateralReturn {
                balance: held.map_or(0, |(_, balance)| *balance),
                reserved: 0,
            }))
        }
        Calls::balanceOf(of) => {
            let totals = weigh(view, comet, &position(view, place, of.account))?;
            Ok(Comet::balanceOfCall::abi_encode_returns(&word(&totals.supplied)))
        }
        Calls::borrowBalanceOf(of) => {
            let totals = weigh(view, comet, &position(view, place, of.account))?;
            Ok(Comet::borrowBalanceOfCall::abi_encode_returns(&word(&totals.owed)))
        }
        Calls::isLiquidatable(of) => {
            let totals = weigh(view, comet, &position(view, place, of.account))?;
            Ok(Comet::isLiquidatableCall::abi_encode_returns(&(totals.safe < totals.debt)))
        }
        Calls::isBorrowCollateralized(of) => {
            let totals = weigh(view, comet, &position(view, place, of.account))?;
            Ok(Comet::isBorrowCollateralizedCall::abi_encode_returns(&(totals.borrowable >= totals.debt)))
        }
        other => call_market(view, comet, other),
    }
}

fn call_market(view: &View<'_>, comet: &v3::Comet, call: Calls) -> Outcome {
    let base = comet.token(view, None).ok_or_else(Reverted::bare)?;
    let (supply_index, borrow_index) = comet.indexes(view.timestamp);
    Ok(match call {
        Calls::symbol(_) => Comet::symbolCall::abi_encode_returns(&format!("c{}v3", base.symbol)),
        Calls::name(_) => Comet::nameCall::abi_encode_returns(&format!("Compound {}", base.symbol)),
        Calls::decimals(_) => Comet::decimalsCall::abi_encode_returns(&base.decimals),
        Calls::numAssets(_) => {
            let count = u8::try_from(comet.collaterals.len()).map_err(|_| Reverted::bare())?;
            Comet::numAssetsCall::abi_encode_returns(&count)
        }
        Calls::getAssetInfo(of) => {
            Comet::getAssetInfoCall::abi_encode_returns(&asset_info(view, comet, of.i)?)
        }
        Calls::getPrice(of) => {
            let feeds = (0..comet.collaterals.len()).map(Some).chain([None]);
            let asked = feeds.into_iter().find(|place| comet.feed(*place) == of.priceFeed);
            let price = comet.price(view, asked.ok_or_else(Reverted::bare)?).ok_or_else(Reverted::bare)?;
            Comet::getPriceCall::abi_encode_returns(&U256::from(price))
        }
        Calls::baseToken(_) => Comet::baseTokenCall::abi_encode_returns(&base.underlying),
        Calls::baseTokenPriceFeed(_) => Comet::baseTokenPriceFeedCall::abi_encode_returns(&comet.feed(None)),
        Calls::totalsBasic(_) => Comet::totalsBasicCall::abi_encode_returns(&totals_basic(comet)?),
        Calls::totalsCollateral(of) => {
            let found = comet.collaterals.iter().find(|collateral| {
                view.token(collateral.token).is_some_and(|token| token.underlying == of.asset)
            });
            Comet::totalsCollateralCall::abi_encode_returns(&Comet::totalsCollateralReturn {
                totalSupplyAsset: found.map_or(0, |collateral| collateral.supplied),
                reserved: 0,
            })
        }
        Calls::totalSupply(_) => {
            let present = supply_index * comet.total_supply / INDEX;
            Comet::totalSupplyCall::abi_encode_returns(&word(&present))
        }
        Calls::totalBorrow(_) => {
            let present = borrow_index * comet.total_borrow / INDEX;
            Comet::totalBorrowCall::abi_encode_returns(&word(&present))
        }
        other => return call_rates(comet, &other),
    })
}

fn call_rates(comet: &v3::Comet, call: &Calls) -> Outcome {
    let [supply, borrow] = [SUPPLY_CURVE, BORROW_CURVE];
    let at = |curve: &[u64; 4], utilization: U256| {
        let utilization = BigUint::from_bytes_be(&utilization.to_be_bytes::<32>());
        word(&rate(curve, &utilization))
    };
    let value = match call {
        Calls::supplyPerSecondInterestRateBase(_) => U256::from(supply[0]),
        Calls::supplyPerSecondInterestRateSlopeLow(_) => U256::from(supply[1]),
        Calls::supplyPerSecondInterestRateSlopeHigh(_) => U256::from(supply[2]),
        Calls::supplyKink(_) => U256::from(supply[3]),
        Calls::borrowPerSecondInterestRateBase(_) => U256::from(borrow[0]),
        Calls::borrowPerSecondInterestRateSlopeLow(_) => U256::from(borrow[1]),
        Calls::borrowPerSecondInterestRateSlopeHigh(_) => U256::from(borrow[2]),
        Calls::borrowKink(_) => U256::from(borrow[3]),
        Calls::getUtilization(_) => word(&comet.utilization()),
        Calls::getSupplyRate(of) => at(&supply, of.utilization),
        Calls::getBorrowRate(of) => at(&borrow, of.utilization),
        _ => return Err(Reverted::bare()),
    };
    Ok(value.to_be_bytes_vec())
}

fn position(view: &View<'_>, place: usize, owner: Address) -> Position {
    let wallet = view.world.wallet(owner);
    let mut held = wallet.on(view.chain.facts.id).into_iter().flat_map(|held| &held.compound.comets);
    held.find(|position| position.comet == place).cloned().unwrap_or_default()
}

/// The base tokens that an owner has supplied, with interest.
pub(super) fn supplied(view: &View<'_>, place: usize, owner: Address) -> U256 {
    let comet = view.chain.compound.comets.get(place);
    let totals = comet.and_then(|comet| v3::totals(view, comet, &position(view, place, owner)));
    totals.map_or(U256::ZERO, |totals| word(&totals.supplied))
}

fn weigh(view: &View<'_>, comet: &v3::Comet, position: &Position) -> Result<Totals, Reverted> {
    v3::totals(view, comet, position).ok_or_else(Reverted::bare)
}

/// `assetsIn` has the bits of the first 16 collaterals, `_reserved` those of the next 8.
fn user_basic(position: &Position) -> Vec<u8> {
    let bits = position.balances.iter().fold(0u32, |bits, (offset, _)| bits | 1 << offset);
    let [low, next, high, _] = bits.to_le_bytes();
    Comet::userBasicCall::abi_encode_returns(&Comet::userBasicReturn {
        principal: alloy_primitives::Signed::<104, 2>::try_from(position.principal).unwrap_or_default(),
        baseTrackingIndex: 0,
        baseTrackingAccrued: 0,
        assetsIn: u16::from_le_bytes([low, next]),
        reserved: high,
    })
}

fn asset_info(view: &View<'_>, comet: &v3::Comet, offset: u8) -> Result<AssetInfo, Reverted> {
    let place = usize::from(offset);
    let collateral = comet.collaterals.get(place).ok_or_else(Reverted::bare)?;
    let token = view.token(collateral.token).ok_or_else(Reverted::bare)?;
    let narrow = |factor: u128| u64::try_from(factor).map_err(|_| Reverted::bare());
    Ok(AssetInfo {
        offset,
        asset: token.underlying,
        priceFeed: comet.feed(Some(place)),
        scale: 10u64.pow(u32::from(token.decimals)),
        borrowCollateralFactor: narrow(collateral.borrow_factor)?,
        liquidateCollateralFactor: narrow(collateral.liquidate_factor)?,
        liquidationFactor: narrow(collateral.liquidation_factor)?,
        supplyCap: collateral.supply_cap,
    })
}

fn totals_basic(comet: &v3::Comet) -> Result<TotalsBasic, Reverted> {
    let narrow = |index: u128| u64::try_from(index).map_err(|_| Reverted::bare());
    Ok(TotalsBasic {
        baseSupplyIndex: narrow(comet.supply_index)?,
        baseBorrowIndex: narrow(comet.borrow_index)?,
        trackingSupplyIndex: 0,
        trackingBorrowIndex: 0,
        totalSupplyBase: Uint::from(comet.total_supply),
        totalBorrowBase: Uint::from(comet.total_borrow),
        lastAccrualTime: Uint::from(comet.last_accrual),
        pauseFlags: 0,
    })
}
