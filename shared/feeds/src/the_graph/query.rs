//! The query for wallets' rows, and what a reply to it means.

use risk_engine::position::Block;
use risk_http::{Parsed, Reply};
use risk_model::{Address, B256, Timestamp, Wallet};
use serde::Deserialize;
use serde_json::{Value, json};

/// Rows in one page: the most that a subgraph gives.
pub(super) const ROWS_PER_PAGE: usize = 1000;

/// The fields of a row. There is no `reserve.liquidationThreshold`, and a query that asks for a field that is not
/// there fails whole; the assets of an e-mode category are not asked for, their type differs between versions.
const FIELDS: &str = "id scaledATokenBalance scaledVariableDebt principalStableDebt usageAsCollateralEnabledOnUser \
    user { id eModeCategoryId { id } } \
    reserve { underlyingAsset symbol decimals baseLTVasCollateral reserveLiquidationThreshold \
    reserveLiquidationBonus liquidityIndex variableBorrowIndex liquidityRate variableBorrowRate \
    lastUpdateTimestamp isActive isFrozen isPaused aToken { id } vToken { id } \
    price { priceInEth lastUpdateTimestamp oracle { baseCurrencyUnit } } }";

/// The body of one page's request: rows of the wallets after `last_id`, at one block where that is known.
pub(super) fn body(wallets: &[Wallet], last_id: &str, at: Option<B256>) -> Value {
    let (meta_at, rows_at) = match at {
        None => (String::new(), String::new()),
        Some(hash) => (format!("(block: {{hash: \"{hash}\"}})"), format!("block: {{hash: \"{hash}\"}}, ")),
    };
    let query = format!(
        "query Accounts($users: [String!]!, $lastId: ID!, $first: Int!) {{ \
         _meta{meta_at} {{ block {{ number hash timestamp }} hasIndexingErrors }} \
         userReserves({rows_at}first: $first, orderBy: id, orderDirection: asc, \
         where: {{ user_in: $users, id_gt: $lastId }}) {{ {FIELDS} }} }}"
    );
    // Ids are lower case: an address in another case finds nobody.
    let users: Vec<String> = wallets.iter().map(Wallet::lower_hex).collect();
    json!({ "query": query, "variables": { "users": users, "lastId": last_id, "first": ROWS_PER_PAGE } })
}

/// One page as the subgraph gives it.
#[derive(Debug, Deserialize)]
pub(super) struct Page {
    #[serde(rename = "_meta")]
    meta: Meta,
    #[serde(rename = "userReserves")]
    pub(super) user_reserves: Vec<UserReserve>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Meta {
    block: MetaBlock,
    has_indexing_errors: bool,
}

#[derive(Debug, Deserialize)]
struct MetaBlock {
    number: u64,
    hash: B256,
    /// Null on old nodes: then the answer cannot be dated.
    timestamp: Option<u64>,
}

/// One wallet's row of one reserve. Numbers that may exceed 53 bits are strings.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct UserReserve {
    pub(super) id: String,
    #[serde(rename = "scaledATokenBalance")]
    pub(super) scaled_a_token: String,
    pub(super) scaled_variable_debt: String,
    pub(super) principal_stable_debt: String,
    pub(super) usage_as_collateral_enabled_on_user: bool,
    pub(super) user: User,
    pub(super) reserve: Reserve,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct User {
    pub(super) id: Address,
    pub(super) e_mode_category_id: Option<Entity>,
}

/// An entity of which only the id is asked.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Entity {
    pub(super) id: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Reserve {
    pub(super) underlying_asset: Address,
    pub(super) symbol: String,
    pub(super) decimals: u8,
    #[serde(rename = "baseLTVasCollateral")]
    pub(super) base_ltv: String,
    pub(super) reserve_liquidation_threshold: String,
    pub(super) reserve_liquidation_bonus: String,
    pub(super) liquidity_index: String,
    pub(super) variable_borrow_index: String,
    pub(super) liquidity_rate: String,
    pub(super) variable_borrow_rate: String,
    pub(super) last_update_timestamp: u64,
    pub(super) is_active: bool,
    pub(super) is_frozen: bool,
    pub(super) is_paused: bool,
    pub(super) a_token: Entity,
    pub(super) v_token: Entity,
    pub(super) price: Price,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Price {
    /// Base units (USD of 8 decimals) in V3, whatever its name says.
    pub(super) price_in_eth: String,
    pub(super) last_update_timestamp: u64,
    pub(super) oracle: PriceOracle,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PriceOracle {
    pub(super) base_currency_unit: String,
}

impl Page {
    /// The block that the page is of; `None` where it cannot be dated.
    pub(super) fn block(&self) -> Option<Block> {
        let block = &self.meta.block;
        Some(Block { number: block.number, hash: block.hash, timestamp: Timestamp::new(block.timestamp?) })
    }

    /// Whether the indexer says that it failed on some block: its rows may be of any time.
    pub(super) const fn has_errors(&self) -> bool {
        self.meta.has_indexing_errors
    }
}

#[derive(Deserialize)]
struct Envelope {
    #[serde(default)]
    data: Value,
    #[serde(default)]
    errors: Vec<GraphError>,
}

#[derive(Deserialize)]
struct GraphError {
    #[serde(default)]
    message: String,
}

/// What a reply means. Errors beside data make the data incomplete, so they are not taken either.
pub(super) fn read_page(reply: &Reply) -> Parsed<Page> {
    if let Some(fault) = reply.status_fault() {
        return fault;
    }
    reply.json::<Envelope>().and_then(|envelope| {
        if let Some(error) = envelope.errors.first() {
            return classify(&error.message);
        }
        match serde_json::from_value(envelope.data) {
            Ok(page) => Parsed::Ok(page),
            Err(_) => Parsed::malformed("the rows are of an unexpected shape"),
        }
    })
}

/// What an error message means, by the prefixes of the gateway and the texts of graph-node. The text itself goes no
/// further.
fn classify<T>(message: &str) -> Parsed<T> {
    let message = message.trim().to_ascii_lowercase();
    let starts = |prefixes: &[&str]| prefixes.iter().any(|prefix| message.starts_with(prefix));
    let says = |parts: &[&str]| parts.iter().any(|part| message.contains(part));
    if starts(&["auth error"]) {
        return Parsed::refused("auth error");
    }
    if starts(&["subgraph not found"]) {
        return Parsed::refused("subgraph not found");
    }
    if starts(&["bad query"]) || says(&["has no field", "argument must be between", "must have a selection"])
    {
        return Parsed::refused("bad query");
    }
    if says(&["rate limit", "too many requests"]) {
        return Parsed::Throttled { retry_after: None };
    }
    for transient in ["no indexers found", "bad indexers", "internal error", "indexing_error"] {
        if starts(&[transient]) {
            return Parsed::failed(transient);
        }
    }
    Parsed::failed("an error of the subgraph")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{reply, sample_body};

    fn error(message: &str) -> Parsed<Page> {
        read_page(&reply(200, json!({ "errors": [{ "message": message }] })))
    }

    #[test]
    fn an_error_inside_http_200_means_what_its_prefix_says() {
        for refused in [
            "auth error: API key not found",
            "auth error: spend limit exceeded for this API key",
            "subgraph not found: no allocations",
            "bad query: unexpected token",
            "Type `Reserve` has no field `liquidationThreshold`",
            "The `first` argument must be between 0 and 1000, but is 5000",
        ] {
            assert!(matches!(error(refused), Parsed::Refused { .. }), "{refused}");
        }
        for failed in [
            "no indexers found",
            "bad indexers: {0x12: Unavailable(too far behind)}",
            "internal error: boom",
            "indexing_error",
            "Query timed out",
            "service is overloaded and can not run",
            "Null value resolved for non-null field",
            "",
        ] {
            assert!(matches!(error(failed), Parsed::Failed { .. }), "{failed}");
        }
        assert!(matches!(read_page(&reply(429, "")), Parsed::Throttled { .. }));
        assert!(matches!(read_page(&reply(502, "<html>")), Parsed::Failed { .. }));
    }

    #[test]
    fn data_beside_an_error_is_not_taken() {
        let both = json!({ "data": { "_meta": null, "userReserves": [] }, "errors": [{ "message": "indexing_error" }] });
        assert!(matches!(read_page(&reply(200, both)), Parsed::Failed { .. }));
    }

    #[test]
    fn a_recorded_reply_to_another_query_has_no_rows_and_is_malformed() {
        let Some(body) = sample_body("thegraph_query_01.json") else { return };
        assert!(matches!(read_page(&reply(200, body)), Parsed::Malformed { .. }));
    }

    #[test]
    fn hostile_replies_are_malformed() {
        for body in [
            "",
            "null",
            "[]",
            "{}",
            "{\"data\":null}",
            "{\"data\":{\"userReserves\":[]}}",
            "{\"data\":{\"_meta\":{",
        ] {
            assert!(matches!(read_page(&reply(200, body)), Parsed::Malformed { .. }), "{body}");
        }
    }

    #[test]
    fn addresses_are_asked_in_lower_case_and_later_pages_at_the_block_of_the_first() {
        let wallet: Wallet = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed".parse().unwrap();
        let first = body(&[wallet], "", None);
        assert_eq!(first["variables"]["users"], json!(["0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed"]));
        assert!(!first["query"].as_str().unwrap().contains("block:"));
        let later = body(&[wallet], "0x12", Some(B256::repeat_byte(1)));
        assert_eq!(later["query"].as_str().unwrap().matches("block: {hash: \"0x0101").count(), 2);
    }
}
