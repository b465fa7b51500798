//! ERC-20 tokens: plain ones, aTokens, variable debt tokens and worthless ones.

use alloy_primitives::{Address, B256, U256};
use alloy_sol_types::{SolCall, SolInterface};

use crate::account;
use crate::evm::abi::Erc20::{self, Erc20Calls as Calls};
use crate::evm::{Outcome, Reverted, compound, curve, fork, word};
use crate::wallets::{Held, Position};
use crate::world::chain::Contract;
use crate::world::view::View;

pub(super) fn call(view: &View<'_>, contract: Contract, input: &[u8]) -> Outcome {
    let calls = Calls::abi_decode(input).map_err(|_| Reverted::bare())?;
    let reserve = match contract {
        Contract::AToken(id) | Contract::DebtToken(id) => view.chain.reserves.get(id),
        _ => None,
    };
    Ok(match calls {
        Calls::name(_) => text(&label(view, contract).0, contract, view),
        Calls::symbol(_) => text(&label(view, contract).1, contract, view),
        Calls::decimals(_) => Erc20::decimalsCall::abi_encode_returns(&decimals(view, contract)),
        Calls::totalSupply(_) => Erc20::totalSupplyCall::abi_encode_returns(&total_supply(view, contract)),
        Calls::balanceOf(of) => {
            Erc20::balanceOfCall::abi_encode_returns(&balance_of(view, contract, of.owner))
        }
        Calls::scaledBalanceOf(of) => {
            reserve.ok_or_else(Reverted::bare)?;
            let (supply, debt) = scaled(view, contract, of.user);
            let own = if matches!(contract, Contract::AToken(_)) { supply } else { debt };
            Erc20::scaledBalanceOfCall::abi_encode_returns(&U256::from(own))
        }
        Calls::scaledTotalSupply(_) => {
            let reserve = reserve.ok_or_else(Reverted::bare)?;
            let is_a_token = matches!(contract, Contract::AToken(_));
            let own = if is_a_token { reserve.scaled_supply } else { reserve.scaled_debt };
            Erc20::scaledTotalSupplyCall::abi_encode_returns(&U256::from(own))
        }
        Calls::UNDERLYING_ASSET_ADDRESS(_) => {
            let reserve = reserve.ok_or_else(Reverted::bare)?;
            let underlying = view.token(reserve.id).map_or(Address::ZERO, |token| token.underlying);
            Erc20::UNDERLYING_ASSET_ADDRESSCall::abi_encode_returns(&underlying)
        }
        Calls::POOL(_) => {
            reserve.ok_or_else(Reverted::bare)?;
            Erc20::POOLCall::abi_encode_returns(&view.chain.facts.pool)
        }
    })
}

/// MKR answers `name` and `symbol` in 32 bytes, as it did before ERC-20 was settled.
fn text(value: &str, contract: Contract, view: &View<'_>) -> Vec<u8> {
    let old = matches!(contract, Contract::Token(place)
        if view.chain.facts.id == 1 && view.token(place).is_some_and(|token| token.symbol == "MKR"));
    if old {
        return B256::right_padding_from(value.as_bytes()).to_vec();
    }
    Erc20::symbolCall::abi_encode_returns(&value.to_owned())
}

/// Name and symbol of a token contract.
pub(crate) fn label(view: &View<'_>, contract: Contract) -> (String, String) {
    let short = match view.chain.facts.id {
        1 => "Eth",
        10 => "Opt",
        137 => "Pol",
        8453 => "Bas",
        _ => "Arb",
    };
    let of = |place: usize| view.token(place).map(|token| (token.name.clone(), token.symbol.clone()));
    match contract {
        Contract::Token(place) => of(place).unwrap_or_default(),
        Contract::AToken(id) => {
            let (_, symbol) = of(id).unwrap_or_default();
            (format!("Aave {} {symbol}", view.chain.facts.name), format!("a{short}{symbol}"))
        }
        Contract::DebtToken(id) => {
            let (_, symbol) = of(id).unwrap_or_default();
            let name = format!("Aave {} Variable Debt {symbol}", view.chain.facts.name);
            (name, format!("variableDebt{short}{symbol}"))
        }
        Contract::Fork(place, role) => {
            let symbol = fork::symbol(view, place, role);
            (symbol.clone(), symbol)
        }
        Contract::Compound(contract) => compound::label(view, contract),
        Contract::CurveLp(place) | Contract::CurvePool(place) => {
            let label = view.chain.curve.get(place).map(|pool| pool.label).unwrap_or_default();
            (label.0.to_owned(), label.1.to_owned())
        }
        Contract::Spam(index) => (format!("Visit claim-{index}.example to claim"), format!("CLAIM{index}")),
        _ => Default::default(),
    }
}

/// Decimals of a token contract.
pub(crate) fn decimals(view: &View<'_>, contract: Contract) -> u8 {
    match contract {
        Contract::Token(place) | Contract::AToken(place) | Contract::DebtToken(place) => {
            view.token(place).map_or(0, |token| token.decimals)
        }
        Contract::Fork(place, role) => fork::decimals(view, place, role),
        Contract::Compound(contract) => compound::decimals(view, contract),
        _ => 18,
    }
}

fn total_supply(view: &View<'_>, contract: Contract) -> U256 {
    match contract {
        Contract::AToken(id) => {
            let scaled = view.chain.reserves.get(id).map_or(0, |reserve| reserve.scaled_supply);
            word(&account::balance(scaled, &view.indexes(id).0))
        }
        Contract::DebtToken(id) => {
            let scaled = view.chain.reserves.get(id).map_or(0, |reserve| reserve.scaled_debt);
            word(&account::owed(scaled, &view.indexes(id).1))
        }
        Contract::Token(place) => {
            let asset = view.token(place).and_then(|token| view.world.market.assets().get(token.asset));
            let units = asset.map_or(0.0, |asset| asset.supply);
            let whole = num_traits::ToPrimitive::to_u128(&units).unwrap_or_default();
            U256::from(whole) * U256::from(10u8).pow(U256::from(decimals(view, contract)))
        }
        Contract::CurveLp(place) | Contract::CurvePool(place) => {
            view.chain.curve.get(place).map_or(U256::ZERO, |pool| U256::from(pool.supply))
        }
        _ => U256::MAX,
    }
}

/// The balance of an owner; for an aToken as owner, the reserve's idle underlying.
pub(crate) fn balance_of(view: &View<'_>, contract: Contract, owner: Address) -> U256 {
    match contract {
        Contract::AToken(id) => word(&account::balance(scaled(view, contract, owner).0, &view.indexes(id).0)),
        Contract::DebtToken(id) => word(&account::owed(scaled(view, contract, owner).1, &view.indexes(id).1)),
        Contract::Token(place) => {
            let idle = view.chain.reserves.get(place).filter(|reserve| reserve.a_token == owner);
            let idle = idle.map(|reserve| reserve.available).or_else(|| {
                let reserves = view.chain.forks.iter().flat_map(|fork| &fork.reserves);
                let mut idle = reserves.filter(|reserve| reserve.token == place && reserve.a_token == owner);
                idle.next().map(|reserve| reserve.available)
            });
            let held = |held: &Held| {
                held.tokens.iter().filter(|(token, _)| *token == place).map(|(_, raw)| *raw).sum::<u128>()
            };
            let own = || view.world.wallet(owner).on(view.chain.facts.id).map_or(0, held);
            let lent = view.chain.compound.idle(owner, place);
            U256::from(idle.or(lent).unwrap_or_else(own))
        }
        Contract::Fork(place, role) => fork::balance_of(view, place, role, owner),
        Contract::Spam(index) => {
            let find = |held: &Held| held.spam.iter().find(|(place, _)| *place == index).map(|(_, raw)| *raw);
            view.world.wallet(owner).on(view.chain.facts.id).and_then(find).unwrap_or_default()
        }
        Contract::Compound(contract) => compound::balance_of(view, contract, owner),
        Contract::CurveLp(place) | Contract::CurvePool(place) => curve::balance_of(view, place, owner),
        _ => U256::ZERO,
    }
}

fn scaled(view: &View<'_>, contract: Contract, owner: Address) -> (u128, u128) {
    let (Contract::AToken(id) | Contract::DebtToken(id)) = contract else {
        return (0, 0);
    };
    let wallet = view.world.wallet(owner);
    let account = wallet.on(view.chain.facts.id).and_then(|held| held.account.as_ref());
    let position = account.and_then(|account| {
        account.positions.iter().find(|position: &&Position| position.reserve == id).copied()
    });
    position.map_or((0, 0), |position| (position.scaled_supply, position.scaled_debt))
}
