//! Morpho Blue, its interest rate model and its oracles.

use alloy_primitives::{Address, B256, U256};
use alloy_sol_types::{SolCall, SolInterface, sol};
use num_bigint::BigUint;

use crate::evm::{Outcome, Reverted, word};
use crate::morpho::{Market, Position};
use crate::world::view::View;

sol! {
    #[derive(Debug, PartialEq, Eq)]
    struct MarketParams {
        address loanToken;
        address collateralToken;
        address oracle;
        address irm;
        uint256 lltv;
    }

    #[derive(Debug, PartialEq, Eq)]
    struct MarketState {
        uint128 totalSupplyAssets;
        uint128 totalSupplyShares;
        uint128 totalBorrowAssets;
        uint128 totalBorrowShares;
        uint128 lastUpdate;
        uint128 fee;
    }

    interface Morpho {
        event Supply(bytes32 indexed id, address indexed caller, address indexed onBehalf, uint256 assets, uint256 shares);
        event SupplyCollateral(bytes32 indexed id, address indexed caller, address indexed onBehalf, uint256 assets);
        function idToMarketParams(bytes32 id) external view returns (MarketParams memory);
        function market(bytes32 id) external view returns (MarketState memory);
        function position(bytes32 id, address user) external view returns (
            uint256 supplyShares, uint128 borrowShares, uint128 collateral);
    }

    interface MorphoIrm {
        function borrowRateView(MarketParams memory marketParams, MarketState memory market)
            external view returns (uint256);
    }

    interface MorphoOracle {
        function price() external view returns (uint256);
    }
}

fn find<'a>(view: &View<'a>, id: B256) -> Option<(usize, &'a Market)> {
    view.chain.morpho.iter().enumerate().find(|(_, market)| market.id() == id)
}

fn small(value: &BigUint) -> u128 {
    u128::try_from(value).unwrap_or(u128::MAX)
}

fn state(market: &Market) -> MarketState {
    MarketState {
        totalSupplyAssets: small(&market.totals.supply_assets),
        totalSupplyShares: small(&market.totals.supply_shares),
        totalBorrowAssets: small(&market.totals.borrow_assets),
        totalBorrowShares: small(&market.totals.borrow_shares),
        lastUpdate: u128::from(market.last_update),
        fee: u128::from(market.fee),
    }
}

/// A mapping has an entry for every key: a market that was never created is zeros.
pub(super) fn call(view: &View<'_>, input: &[u8]) -> Outcome {
    use Morpho::MorphoCalls as Calls;
    Ok(match Calls::abi_decode(input).map_err(|_| Reverted::bare())? {
        Calls::idToMarketParams(of) => {
            let none = MarketParams {
                loanToken: Address::ZERO,
                collateralToken: Address::ZERO,
                oracle: Address::ZERO,
                irm: Address::ZERO,
                lltv: U256::ZERO,
            };
            let params = find(view, of.id).map_or(none, |(_, market)| market.params.clone());
            Morpho::idToMarketParamsCall::abi_encode_returns(&params)
        }
        Calls::market(of) => match find(view, of.id) {
            Some((_, market)) => Morpho::marketCall::abi_encode_returns(&state(market)),
            None => vec![0; 6 * 32],
        },
        Calls::position(of) => {
            let position =
                find(view, of.id).map(|(place, _)| position(view, place, of.user)).unwrap_or_default();
            Morpho::positionCall::abi_encode_returns(&Morpho::positionReturn {
                supplyShares: U256::from(position.supply_shares),
                borrowShares: position.borrow_shares,
                collateral: position.collateral,
            })
        }
    })
}

fn position(view: &View<'_>, market: usize, user: Address) -> Position {
    let wallet = view.world.wallet(user);
    let held = wallet.on(view.chain.facts.id);
    let found = held.and_then(|held| held.morpho.iter().find(|position| position.market == market));
    found.copied().unwrap_or_default()
}

pub(super) fn call_irm(view: &View<'_>, input: &[u8]) -> Outcome {
    let call = MorphoIrm::borrowRateViewCall::abi_decode(input).map_err(|_| Reverted::bare())?;
    let market = view.chain.morpho.iter().find(|market| market.params == call.marketParams);
    let market = market.filter(|market| state(market) == call.market).ok_or_else(Reverted::bare)?;
    Ok(MorphoIrm::borrowRateViewCall::abi_encode_returns(&U256::from(market.rate)))
}

pub(super) fn call_oracle(view: &View<'_>, market: usize, input: &[u8]) -> Outcome {
    MorphoOracle::priceCall::abi_decode(input).map_err(|_| Reverted::bare())?;
    let market = view.chain.morpho.get(market).ok_or_else(Reverted::bare)?;
    Ok(MorphoOracle::priceCall::abi_encode_returns(&word(&market.price(view))))
}
