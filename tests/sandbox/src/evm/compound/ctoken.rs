//! cTokens: balances and debts, accrued by the functions that accrue.

use alloy_primitives::{Address, U256};
use alloy_sol_types::{SolCall, SolInterface};
use num_bigint::BigUint;

use super::abi::CToken::{self, CTokenCalls as Calls};
use crate::compound::v2::Position;
use crate::evm::{Outcome, Reverted, word};
use crate::world::view::View;

/// A wallet's part of a market.
fn position(view: &View<'_>, place: usize, owner: Address) -> Position {
    let wallet = view.world.wallet(owner);
    let held = wallet.on(view.chain.facts.id).into_iter().flat_map(|held| &held.compound.markets);
    held.filter(|position| position.market == place).copied().next().unwrap_or_default()
}

/// The cTokens of an owner.
pub(super) fn balance_of(view: &View<'_>, place: usize, owner: Address) -> U256 {
    U256::from(position(view, place, owner).c_tokens)
}

pub(super) fn call(view: &View<'_>, place: usize, input: &[u8]) -> Outcome {
    let market = view.chain.compound.markets.get(place).ok_or_else(Reverted::bare)?;
    let is_ether = market.token.is_none();
    let calls = match Calls::abi_decode(input) {
        Ok(calls) => calls,
        // cETH's fallback is a mint of what was sent along: it returns nothing.
        Err(_) if is_ether => return Ok(Vec::new()),
        Err(_) => return Err(Reverted::bare()),
    };
    let accrued = market.accrued(view.number);
    Ok(match calls {
        Calls::symbol(_) => CToken::symbolCall::abi_encode_returns(&market.symbol),
        Calls::name(_) => CToken::nameCall::abi_encode_returns(&format!("Compound {}", market.symbol)),
        Calls::decimals(_) => CToken::decimalsCall::abi_encode_returns(&8),
        Calls::totalSupply(_) => {
            CToken::totalSupplyCall::abi_encode_returns(&U256::from(market.total_supply))
        }
        Calls::underlying(_) => match market.token.and_then(|token| view.token(token)) {
            Some(token) => CToken::underlyingCall::abi_encode_returns(&token.underlying),
            None => Vec::new(),
        },
        Calls::balanceOf(of) => CToken::balanceOfCall::abi_encode_returns(&balance_of(view, place, of.owner)),
        Calls::exchangeRateCurrent(_) => {
            CToken::exchangeRateCurrentCall::abi_encode_returns(&word(&accrued.exchange_rate))
        }
        Calls::borrowBalanceCurrent(of) => {
            let owed = position(view, place, of.account).owed(&accrued.index);
            CToken::borrowBalanceCurrentCall::abi_encode_returns(&word(&owed))
        }
        Calls::borrowRatePerBlock(_) => {
            let rate = BigUint::from(market.borrow_rate);
            CToken::borrowRatePerBlockCall::abi_encode_returns(&word(&rate))
        }
        Calls::supplyRatePerBlock(_) => {
            CToken::supplyRatePerBlockCall::abi_encode_returns(&word(&market.supply_rate(view.number)))
        }
        Calls::getCash(_) => CToken::getCashCall::abi_encode_returns(&U256::from(market.cash)),
        Calls::protocolSeizeShareMantissa(_) => match market.seize_share {
            Some(share) => CToken::protocolSeizeShareMantissaCall::abi_encode_returns(&U256::from(share)),
            None if is_ether => Vec::new(),
            None => return Err(Reverted::bare()),
        },
    })
}
