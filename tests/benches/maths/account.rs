//! One Aave account: the exact health factor of ours beside `formatUserSummary` of @aave/math-utils.

use std::path::Path;

use anyhow::Context;
use risk_engine::aave::{Position, account_data};
use risk_engine::lending::Account;
use serde_json::json;

use crate::wallets::{NOW, page};
use crate::{clock, compare, reference};

/// Accounts that are measured.
const ACCOUNTS: u16 = 256;

/// Prints the comparison.
pub(crate) fn print(folder: &Path) -> anyhow::Result<()> {
    let (wallets, _) = page(ACCOUNTS);
    let accounts: Vec<_> = wallets
        .iter()
        .flat_map(|wallet| &wallet.accounts)
        .filter_map(|account| match &account.account {
            Account::Aave(account) => Some(account),
            _ => None,
        })
        .collect();
    let market = &accounts.first().context("no account")?.market;
    let reserves: Vec<_> = market
        .reserves
        .iter()
        .map(|reserve| {
            json!({
                "asset": format!("{:#x}", reserve.a_token), "symbol": &*reserve.symbol, "decimals": reserve.decimals,
                "ltv": reserve.ltv_bps, "threshold": reserve.liquidation_threshold_bps,
                "liquidity_index": reserve.liquidity_index.to_string(), "liquidity_rate": reserve.liquidity_rate.to_string(),
                "borrow_index": reserve.variable_borrow_index.to_string(), "borrow_rate": reserve.variable_borrow_rate.to_string(),
                "last_update": reserve.last_update, "price": reserve.price.unwrap_or_default().to_string(),
            })
        })
        .collect();
    let part = |position: &Position| -> Vec<_> {
        let parts = position.reserves.iter().map(|part| {
            json!({ "reserve": part.reserve, "supplied": part.scaled_a_token.to_string(),
                    "owed": part.scaled_variable_debt.to_string(), "is_collateral": part.is_collateral })
        });
        parts.collect()
    };
    let positions: Vec<_> = accounts.iter().map(|account| part(&account.position)).collect();
    let question = json!({ "now": NOW.seconds(), "reserves": reserves, "positions": positions });
    std::fs::write(folder.join("accounts.json"), question.to_string())?;
    let answer = reference::node(folder)?;
    let ours = clock::each(40, accounts.len(), |index| {
        account_data(&accounts[index].market, &accounts[index].position)
    });
    compare(
        "an Aave account of 8 reserves beside formatUserSummary",
        ours,
        reference::number(&answer, "account_us")?,
        Some(80.0),
    );
    let data = account_data(&accounts[0].market, &accounts[0].position)?;
    let factor = f64::from(data.health_factor) / 1e18;
    let theirs = reference::number(&answer, "health_factor")?;
    anyhow::ensure!((factor / theirs - 1.0).abs() < 1e-9, "health factor {factor} is not {theirs}");
    Ok(())
}
