//! Curve: the registry, the pools and their LP tokens.

use alloy_primitives::{Address, U256};
use alloy_sol_types::{SolCall, SolInterface, sol};

use crate::curve::Pool;
use crate::evm::{Outcome, Reverted, token, word};
use crate::world::chain::Contract;
use crate::world::view::View;

sol! {
    interface Registry {
        function get_pool_from_lp_token(address token) external view returns (address);
        function get_lp_token(address pool) external view returns (address);
        function get_n_coins(address pool) external view returns (uint256);
        function get_coins(address pool) external view returns (address[8] memory);
        function get_balances(address pool) external view returns (uint256[8] memory);
    }

    interface Stable {
        function A() external view returns (uint256);
        function fee() external view returns (uint256);
        function get_virtual_price() external view returns (uint256);
        function coins(uint256 place) external view returns (address);
        function balances(uint256 place) external view returns (uint256);
    }

    interface StableNew {
        function A_precise() external view returns (uint256);
        function stored_rates() external view returns (uint256[] memory);
    }
}

/// Eight places, filled up with zeros.
fn padded<T: Copy>(items: impl Iterator<Item = T>, zero: T) -> [T; 8] {
    let mut all = [zero; 8];
    for (place, item) in all.iter_mut().zip(items) {
        *place = item;
    }
    all
}

fn coins<'a>(view: &'a View<'_>, pool: &'a Pool) -> impl Iterator<Item = Address> + 'a {
    pool.coins.iter().map(|place| view.token(*place).map_or(Address::ZERO, |token| token.underlying))
}

pub(super) fn call_registry(view: &View<'_>, input: &[u8]) -> Outcome {
    use Registry::RegistryCalls as Calls;
    let find = |pool: Address| view.chain.curve.iter().find(|one| one.address == pool);
    // A pool that no registry has stops the call at the first that is asked.
    let known = |pool: Address| find(pool).ok_or_else(Reverted::bare);
    Ok(match Calls::abi_decode(input).map_err(|_| Reverted::bare())? {
        Calls::get_pool_from_lp_token(of) => {
            let pool = view.chain.curve.iter().find(|pool| pool.lp_token == of.token);
            let pool = pool.map_or(Address::ZERO, |pool| pool.address);
            Registry::get_pool_from_lp_tokenCall::abi_encode_returns(&pool)
        }
        Calls::get_lp_token(of) => {
            let token = find(of.pool).map_or(Address::ZERO, |pool| pool.lp_token);
            Registry::get_lp_tokenCall::abi_encode_returns(&token)
        }
        Calls::get_n_coins(of) => {
            Registry::get_n_coinsCall::abi_encode_returns(&U256::from(known(of.pool)?.coins.len()))
        }
        Calls::get_coins(of) => {
            let coins = padded(coins(view, known(of.pool)?), Address::ZERO);
            Registry::get_coinsCall::abi_encode_returns(&coins)
        }
        Calls::get_balances(of) => {
            let balances = known(of.pool)?.balances.iter().map(|balance| U256::from(*balance));
            Registry::get_balancesCall::abi_encode_returns(&padded(balances, U256::ZERO))
        }
    })
}

pub(super) fn call_pool(view: &View<'_>, place: usize, input: &[u8]) -> Outcome {
    use Stable::StableCalls as Calls;
    let pool = view.chain.curve.get(place).ok_or_else(Reverted::bare)?;
    if let (true, Ok(call)) = (pool.is_new(), StableNew::StableNewCalls::abi_decode(input)) {
        return Ok(match call {
            StableNew::StableNewCalls::A_precise(_) => {
                StableNew::A_preciseCall::abi_encode_returns(&U256::from(pool.amp * 100))
            }
            StableNew::StableNewCalls::stored_rates(_) => {
                let rates: Vec<U256> = pool.rates.iter().map(word).collect();
                StableNew::stored_ratesCall::abi_encode_returns(&rates)
            }
        });
    }
    let index = |place: U256| usize::try_from(place).unwrap_or(usize::MAX);
    Ok(match Calls::abi_decode(input) {
        Ok(Calls::A(_)) => Stable::ACall::abi_encode_returns(&U256::from(pool.amp)),
        Ok(Calls::fee(_)) => Stable::feeCall::abi_encode_returns(&U256::from(pool.fee)),
        Ok(Calls::get_virtual_price(_)) => {
            Stable::get_virtual_priceCall::abi_encode_returns(&word(&pool.virtual_price()))
        }
        Ok(Calls::coins(of)) => {
            let coin = coins(view, pool).nth(index(of.place)).ok_or_else(Reverted::bare)?;
            Stable::coinsCall::abi_encode_returns(&coin)
        }
        Ok(Calls::balances(of)) => {
            let balance = pool.balances.get(index(of.place)).ok_or_else(Reverted::bare)?;
            Stable::balancesCall::abi_encode_returns(&U256::from(*balance))
        }
        Err(_) if pool.is_new() => return token::call(view, Contract::CurveLp(place), input),
        Err(_) => return Err(Reverted::bare()),
    })
}

/// LP tokens of a wallet.
pub(super) fn balance_of(view: &View<'_>, place: usize, owner: Address) -> U256 {
    let wallet = view.world.wallet(owner);
    let held = wallet.on(view.chain.facts.id).map(|held| held.curve.as_slice()).unwrap_or_default();
    held.iter().filter(|(pool, _)| *pool == place).map(|(_, amount)| U256::from(*amount)).sum()
}
