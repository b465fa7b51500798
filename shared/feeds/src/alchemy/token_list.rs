//! `alchemy_getTokenBalances`: which tokens a wallet holds. The amounts are read again at the pinned block.

use std::collections::BTreeSet;

use risk_http::CallError;
use risk_model::{Address, GapReason, U256, Wallet};
use serde::Deserialize;
use serde_json::{Value, json};

use super::Endpoint;
use crate::gaps::reason_of;
use crate::json_rpc::{Call, Fault, Shape};

/// Most tokens of one wallet; a wallet with more gets a gap for the rest.
pub const MAX_TOKENS: usize = 500;
/// Most pages of one list.
const MAX_PAGES: usize = 20;
/// Longest page key taken: it is sent back as it came.
const MAX_PAGE_KEY: usize = 512;

/// What is needed of a page.
const LIST: Shape = Shape::Object(&["tokenBalances"]);

/// The tokens that a wallet holds, by the provider's index.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TokenList {
    /// Contracts with a balance that is not zero, in order of address.
    pub tokens: BTreeSet<Address>,
    /// Whether there are more than were taken.
    pub is_cut: bool,
}

/// Why there is no token list.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ListFault {
    /// The endpoint is not Alchemy's: it has no such method.
    #[error("the endpoint lists no tokens")]
    NotAvailable,
    /// The list cannot be read.
    #[error("the token list is malformed")]
    Malformed,
    /// The endpoint refused or failed on it.
    #[error("the token list was not given")]
    Fault(Fault),
    /// The endpoint gave no answer.
    #[error(transparent)]
    Call(#[from] CallError),
}

impl ListFault {
    /// The reason of the gap it leaves.
    #[must_use]
    pub const fn reason(&self) -> GapReason {
        match self {
            Self::NotAvailable => GapReason::Unsupported,
            Self::Malformed => GapReason::Malformed,
            Self::Fault(fault) => fault.reason(),
            Self::Call(error) => reason_of(error),
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Page {
    token_balances: Vec<Row>,
    #[serde(default)]
    page_key: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    contract_address: Address,
    #[serde(default)]
    token_balance: Option<String>,
}

impl Endpoint {
    /// The tokens that a wallet holds: one request a page of 100, since the method cannot be batched.
    ///
    /// # Errors
    /// There is no list; what was already read of one is not handed out as if it were whole.
    pub async fn token_list(&self, wallet: Wallet) -> Result<TokenList, ListFault> {
        let mut list = TokenList::default();
        let mut page_key: Option<String> = None;
        for _ in 0..MAX_PAGES {
            let mut params = vec![json!(wallet.lower_hex()), json!("erc20")];
            if let Some(key) = &page_key {
                params.push(json!({ "pageKey": key }));
            }
            let params = Value::Array(params);
            let call = Call { method: "alchemy_getTokenBalances", params, result: LIST };
            let result = self.rpc().single(call).await?;
            let next = take_page(&mut list, &result.map_err(fault)?)?;
            if list.is_cut || next.is_none() {
                return Ok(list);
            }
            if next == page_key {
                return Err(ListFault::Malformed);
            }
            page_key = next;
        }
        list.is_cut = true;
        Ok(list)
    }
}

const fn fault(fault: Fault) -> ListFault {
    match fault {
        Fault::MethodMissing => ListFault::NotAvailable,
        other => ListFault::Fault(other),
    }
}

/// Adds a page to the list and answers the key of the next one.
fn take_page(list: &mut TokenList, page: &Value) -> Result<Option<String>, ListFault> {
    let page = Page::deserialize(page).map_err(|_| ListFault::Malformed)?;
    for row in &page.token_balances {
        // A balance that the index could not read may be anything, so it is read from the contract.
        let is_zero = row.token_balance.as_deref().is_some_and(|text| amount(text) == Some(U256::ZERO));
        if is_zero || list.tokens.contains(&row.contract_address) {
            continue;
        }
        if list.tokens.len() == MAX_TOKENS {
            list.is_cut = true;
            break;
        }
        list.tokens.insert(row.contract_address);
    }
    let key = page.page_key.filter(|key| !key.is_empty());
    if key.as_ref().is_some_and(|key| key.len() > MAX_PAGE_KEY) {
        return Err(ListFault::Malformed);
    }
    Ok(key)
}

/// An amount as 32 hex bytes, or as the decimal of older replies.
fn amount(text: &str) -> Option<U256> {
    match text.strip_prefix("0x") {
        Some(digits) => U256::from_str_radix(digits, 16).ok(),
        None => U256::from_str_radix(text, 10).ok(),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn row(contract: Address, balance: &Value) -> Value {
        json!({ "contractAddress": contract, "tokenBalance": balance, "error": null })
    }

    #[test]
    fn the_documented_reply_is_read_and_a_zero_balance_is_not_held() {
        let sample = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../../../shared/data/api_samples/alchemy_getTokenBalances.json");
        let Ok(text) = std::fs::read_to_string(sample) else {
            println!("SKIPPED: ../shared/data/api_samples/alchemy_getTokenBalances.json is absent");
            return;
        };
        let sample: Value = serde_json::from_str(&text).unwrap();
        let mut list = TokenList::default();
        assert_eq!(take_page(&mut list, &sample["responses"][0]["result"]).unwrap(), None);
        assert_eq!(list, TokenList::default());
        let seen = sample["fragments_seen_in_docs"].as_array().unwrap();
        for (place, balance) in (1..).zip(seen) {
            let page =
                json!({ "tokenBalances": [row(Address::with_last_byte(place), &balance["tokenBalance"])] });
            take_page(&mut list, &page).unwrap();
        }
        assert_eq!(list.tokens.len(), 4, "hex, decimal and the largest word are all balances");
    }

    #[test]
    fn a_balance_that_the_index_could_not_read_is_still_held() {
        let mut list = TokenList::default();
        let rows =
            [row(Address::with_last_byte(1), &Value::Null), row(Address::with_last_byte(2), &json!("junk"))];
        take_page(&mut list, &json!({ "tokenBalances": rows, "pageKey": "next" })).unwrap();
        assert_eq!(list.tokens.len(), 2);
    }

    #[test]
    fn a_wallet_flooded_with_tokens_is_cut_and_says_so() {
        let mut list = TokenList::default();
        let rows: Vec<Value> = (0..600_u64)
            .map(|at| row(Address::left_padding_from(&(at + 1).to_be_bytes()), &json!("0x1")))
            .collect();
        take_page(&mut list, &json!({ "tokenBalances": rows })).unwrap();
        assert!(list.is_cut && list.tokens.len() == MAX_TOKENS);
    }

    #[test]
    fn a_page_of_another_shape_is_malformed() {
        let long = "k".repeat(600);
        for page in [
            Value::Null,
            json!({}),
            json!({ "tokenBalances": "all" }),
            json!({ "tokenBalances": [{ "contractAddress": "0x12" }] }),
            json!({ "tokenBalances": [], "pageKey": long }),
        ] {
            let read = take_page(&mut TokenList::default(), &page);
            assert!(matches!(read, Err(ListFault::Malformed)), "{page}");
        }
    }
}
