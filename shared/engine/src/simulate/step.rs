//! One step of the owner: the account changes, and the wallet's own tokens pay or receive.

use std::sync::Arc;

use risk_model::{Asset, U256};

use super::{Act, Outside, Step};
use crate::lending::{Change, Lending};
use crate::market::MarketData;
use crate::parameters::Parameters;
use crate::position::{Block, Holding, WalletPositions};
use crate::quantity::whole;

/// Takes a step, or says why it cannot be taken.
pub(super) fn take(
    positions: &mut WalletPositions,
    market: &MarketData,
    parameters: &Parameters,
    step: &Step,
    outside: &mut Vec<Outside>,
) -> Result<(), String> {
    match step {
        Step::Swap { from, into, amount } => {
            swap(positions, market, parameters.swap_cost, (*from, *into, amount))
        }
        Step::Account { key, act } => change(positions, key, act, outside),
    }
}

fn change(
    positions: &mut WalletPositions,
    key: &str,
    act: &Act,
    outside: &mut Vec<Outside>,
) -> Result<(), String> {
    let found = positions.accounts.iter_mut().find(|account| account.account.facts().key == key);
    let account = found.ok_or_else(|| format!("the wallet has no account {key}"))?;
    let before = account.account.facts();
    let asked = act.change(&account.account)?;
    let mut changed = account.account.changed(&asked).map_err(|fault| fault.to_string())?;
    std::mem::swap(&mut account.account, &mut changed);
    let (asset, amount) = match asked {
        Change::EMode(_) => return Ok(()),
        Change::Supply { asset, amount }
        | Change::Withdraw { asset, amount }
        | Change::Repay { asset, amount }
        | Change::Borrow { asset, amount } => (asset, amount),
    };
    let part = before.parts.iter().find(|part| part.asset == asset);
    let decimals = changed.decimals(&asset).ok_or_else(|| format!("{asset} is not in this market"))?;
    let symbol = part.map_or_else(|| Arc::from(asset.to_string()), |part| Arc::clone(&part.symbol));
    let token = Token { asset, symbol, decimals, block: before.block };
    // No more moves than there is to withdraw or to repay.
    let most = |side: fn(&crate::lending::Part) -> U256| amount.min(part.map_or(U256::ZERO, side));
    match asked {
        Change::Supply { .. } => pay(positions, &token, amount, outside),
        Change::Repay { .. } => pay(positions, &token, most(|part| part.owed), outside),
        Change::Withdraw { .. } => receive(positions, &token, most(|part| part.supplied))?,
        Change::Borrow { .. } => receive(positions, &token, amount)?,
        Change::EMode(_) => {}
    }
    Ok(())
}

/// What is known of a token that moves.
struct Token {
    asset: Asset,
    symbol: Arc<str>,
    decimals: u8,
    block: Block,
}

/// Takes tokens from the wallet as far as it has them, and notes the rest as from outside.
fn pay(positions: &mut WalletPositions, token: &Token, amount: U256, outside: &mut Vec<Outside>) {
    let mut left = amount;
    for holding in positions.holdings.iter_mut().filter(|holding| holding.asset == token.asset) {
        let part = left.min(holding.amount);
        holding.amount -= part;
        left -= part;
    }
    positions.holdings.retain(|holding| !holding.amount.is_zero());
    if left.is_zero() {
        return;
    }
    match outside.iter_mut().find(|one| one.asset == token.asset) {
        Some(known) => known.amount = known.amount.saturating_add(left),
        None => outside.push(Outside { asset: token.asset, decimals: token.decimals, amount: left }),
    }
}

fn receive(positions: &mut WalletPositions, token: &Token, amount: U256) -> Result<(), String> {
    if amount.is_zero() {
        return Ok(());
    }
    if let Some(holding) = positions.holdings.iter_mut().find(|holding| holding.asset == token.asset) {
        holding.amount = holding.amount.checked_add(amount).ok_or("the amounts do not fit 256 bits")?;
        return Ok(());
    }
    let Token { asset, symbol, decimals, block } = token;
    positions.holdings.push(Holding {
        asset: *asset,
        symbol: Arc::clone(symbol),
        decimals: *decimals,
        amount,
        block: *block,
    });
    Ok(())
}

fn swap(
    positions: &mut WalletPositions,
    market: &MarketData,
    cost: f64,
    (from, into, text): (Asset, Asset, &str),
) -> Result<(), String> {
    let price = |asset: &Asset| {
        let quote =
            market.quotes.get(asset).map(|quote| quote.usd).filter(|usd| usd.is_finite() && *usd > 0.0);
        quote.ok_or_else(|| format!("{asset} has no market price to swap at"))
    };
    let given = positions.holdings.iter().find(|holding| holding.asset == from);
    let given = given.ok_or_else(|| format!("the wallet holds no {from}"))?;
    let amount = parse_units(text, given.decimals)?;
    if amount > given.amount {
        return Err(format!("the wallet holds less {} than that", given.symbol));
    }
    let block = given.block;
    let target = known_token(positions, into, block)
        .ok_or_else(|| format!("{into} is in no position of the wallet, so its decimals are not known"))?;
    let worth = whole(amount, given.decimals) * price(&from)? * (1.0 - cost) / price(&into)?;
    let bought = U256::try_from(worth / whole(U256::ONE, target.decimals))
        .map_err(|_| "the amounts do not fit 256 bits".to_owned())?;
    for holding in positions.holdings.iter_mut().filter(|holding| holding.asset == from) {
        holding.amount -= amount.min(holding.amount);
    }
    positions.holdings.retain(|holding| !holding.amount.is_zero());
    receive(positions, &target, bought)
}

/// A token by what any position of the wallet knows of it.
fn known_token(positions: &WalletPositions, asset: Asset, block: Block) -> Option<Token> {
    let held = positions.holdings.iter().find(|holding| holding.asset == asset);
    if let Some(held) = held {
        return Some(Token { asset, symbol: Arc::clone(&held.symbol), decimals: held.decimals, block });
    }
    positions.accounts.iter().find_map(|account| {
        let decimals = account.account.decimals(&asset)?;
        let facts = account.account.facts();
        let part = facts.parts.iter().find(|part| part.asset == asset);
        let symbol = part.map_or_else(|| Arc::from(asset.to_string()), |part| Arc::clone(&part.symbol));
        Some(Token { asset, symbol, decimals, block })
    })
}

/// Base units of a decimal amount in whole tokens.
///
/// # Errors
/// It has more places than the token has, or does not fit 256 bits, or is no decimal number.
pub fn parse_units(text: &str, decimals: u8) -> Result<U256, String> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let fraction = fraction.trim_end_matches('0');
    if fraction.len() > usize::from(decimals) {
        return Err(format!("the amount has more than the token's {decimals} places"));
    }
    let is_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !is_digits(whole) || !is_digits(fraction) {
        return Err("the amount is no decimal number".to_owned());
    }
    let digits = format!("{whole}{fraction:0<width$}", width = usize::from(decimals));
    digits.parse().map_err(|_| "the amount does not fit 256 bits".to_owned())
}
