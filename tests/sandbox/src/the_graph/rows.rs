//! The rows of the Aave V3 subgraph: snapshots as of the last event, numbers as strings, ids in lower case.

use alloy_primitives::Address;
use num_bigint::BigUint;
use serde_json::{Value, json};

use crate::account;
use crate::wallets::Position;
use crate::world::token::{EMode, Reserve, Token};
use crate::world::view::View;

/// Makes the rows of one chain at one block.
pub(super) struct Rows<'a> {
    view: &'a View<'a>,
}

impl<'a> Rows<'a> {
    /// Rows as of a view.
    pub(super) fn new(view: &'a View<'a>) -> Self {
        Self { view }
    }

    /// `userReserves` of a user, with their ids.
    pub(super) fn of_user(&self, user: &str) -> Vec<(String, Value)> {
        let Some(address) = lower_address(user) else {
            return Vec::new();
        };
        let wallet = self.view.world.wallet(address);
        let account = wallet.on(self.view.chain.facts.id).and_then(|held| held.account.as_ref());
        let Some(account) = account else { return Vec::new() };
        let owner = self.user_value(user, account.e_mode);
        let rows = account.positions.iter().filter_map(|position| {
            let (reserve, token) = self.reserve(position.reserve)?;
            (!self.view.effects.hides(&token.symbol))
                .then(|| self.row(user, &owner, position, (reserve, token)))
        });
        rows.collect()
    }

    /// A `user`, if the subgraph has seen it.
    pub(super) fn user(&self, user: &str) -> Option<(String, Value)> {
        let address = lower_address(user)?;
        let wallet = self.view.world.wallet(address);
        let account = wallet.on(self.view.chain.facts.id).and_then(|held| held.account.as_ref())?;
        Some((user.to_owned(), self.user_value(user, account.e_mode)))
    }

    /// Every reserve, with its id.
    pub(super) fn reserves(&self) -> Vec<(String, Value)> {
        let all = self.view.chain.reserves.iter().filter_map(|reserve| {
            let (reserve, token) = self.reserve(reserve.id)?;
            Some((self.reserve_id(token), self.reserve_value(reserve, token)))
        });
        all.collect()
    }

    fn reserve(&self, place: usize) -> Option<(&'a Reserve, &'a Token)> {
        self.view.chain.reserves.get(place).zip(self.view.token(place))
    }

    fn reserve_id(&self, token: &Token) -> String {
        format!("{:#x}{:#x}", token.underlying, self.view.chain.facts.provider)
    }

    fn row(
        &self,
        user: &str,
        owner: &Value,
        position: &Position,
        (reserve, token): (&Reserve, &Token),
    ) -> (String, Value) {
        let id = format!("{user}{}", self.reserve_id(token));
        // `current…` figures are those of the last event, without the interest since.
        let supplied = account::balance(position.scaled_supply, &BigUint::from(reserve.liquidity_index));
        let owed = account::owed(position.scaled_debt, &BigUint::from(reserve.borrow_index)).to_string();
        let value = json!({
            "__typename": "UserReserve",
            "id": id,
            "currentATokenBalance": supplied.to_string(),
            "scaledATokenBalance": position.scaled_supply.to_string(),
            "currentVariableDebt": owed,
            "scaledVariableDebt": position.scaled_debt.to_string(),
            "currentStableDebt": "0",
            "principalStableDebt": "0",
            "currentTotalDebt": owed,
            "usageAsCollateralEnabledOnUser": position.collateral,
            "variableBorrowIndex": reserve.borrow_index.to_string(),
            "liquidityRate": reserve.supply_rate.to_string(),
            "lastUpdateTimestamp": reserve.last_update.min(self.view.timestamp),
            "pool": {"__typename": "Pool", "id": format!("{:#x}", self.view.chain.facts.provider)},
            "user": owner,
            "reserve": self.reserve_value(reserve, token),
        });
        (id, value)
    }

    fn user_value(&self, user: &str, e_mode: u8) -> Value {
        let mode = self.view.chain.e_mode(e_mode).map_or(Value::Null, |mode| self.mode_value(mode));
        json!({"__typename": "User", "id": user, "eModeCategoryId": mode})
    }

    fn mode_value(&self, mode: &EMode) -> Value {
        let row = |reserve: &Reserve| {
            let (collateral, borrowable) = (mode.takes(reserve.id), mode.borrowable >> reserve.id & 1 == 1);
            let (_, token) = self.reserve(reserve.id).filter(|_| collateral || borrowable)?;
            let asset = json!({"__typename": "Reserve", "id": self.reserve_id(token), "symbol": token.symbol,
                "underlyingAsset": format!("{:#x}", token.underlying)});
            Some(json!({"__typename": "EModeCategoryAsset", "asset": asset, "collateral": collateral,
                        "borrowable": borrowable}))
        };
        let assets: Vec<Value> = self.view.chain.reserves.iter().filter_map(row).collect();
        json!({
            "__typename": "EModeCategory",
            "id": mode.id.to_string(),
            "ltv": mode.ltv_bps.to_string(),
            "liquidationThreshold": mode.threshold_bps.to_string(),
            "liquidationBonus": mode.bonus_bps.to_string(),
            "label": mode.label,
            "assets": assets,
        })
    }

    fn reserve_value(&self, reserve: &Reserve, token: &Token) -> Value {
        json!({
            "__typename": "Reserve",
            "id": self.reserve_id(token),
            "underlyingAsset": format!("{:#x}", token.underlying),
            "symbol": token.symbol,
            "name": token.name,
            "decimals": token.decimals,
            // Derived from the base LTV alone: wrong for what is collateral only inside an e-mode.
            "usageAsCollateralEnabled": reserve.ltv_bps > 0,
            "baseLTVasCollateral": reserve.ltv_bps.to_string(),
            "reserveLiquidationThreshold": reserve.threshold_bps.to_string(),
            "reserveLiquidationBonus": reserve.bonus_bps.to_string(),
            "reserveFactor": reserve.factor_bps.to_string(),
            "borrowingEnabled": reserve.borrowable,
            "liquidityIndex": reserve.liquidity_index.to_string(),
            "variableBorrowIndex": reserve.borrow_index.to_string(),
            "liquidityRate": reserve.supply_rate.to_string(),
            "variableBorrowRate": reserve.borrow_rate.to_string(),
            "lastUpdateTimestamp": reserve.last_update.min(self.view.timestamp),
            "availableLiquidity": reserve.available.to_string(),
            "isActive": true,
            "isFrozen": reserve.frozen,
            "isPaused": false,
            "aToken": {"__typename": "AToken", "id": format!("{:#x}", reserve.a_token)},
            "vToken": {"__typename": "VToken", "id": format!("{:#x}", reserve.debt_token)},
            "eMode": Value::Null,
            "price": self.price_value(reserve, token),
        })
    }

    /// The price entity. It follows `AnswerUpdated` events only, so behind a ratio adapter it is old.
    fn price_value(&self, reserve: &Reserve, token: &Token) -> Value {
        let ratio = self.view.world.market.assets().get(token.asset).is_some_and(|asset| asset.ratio);
        let price = self.view.oracle_e8(token.asset);
        let (price, updated) = if ratio {
            (price * 98 / 100, self.view.timestamp.saturating_sub(90 * 86_400))
        } else {
            (price, self.view.round(token.asset).updated_at)
        };
        json!({
            "__typename": "PriceOracleAsset",
            "id": format!("{:#x}", token.underlying),
            "priceInEth": price.to_string(),
            "lastUpdateTimestamp": updated,
            "priceSource": format!("{:#x}", reserve.source),
            "oracle": {
                "__typename": "PriceOracle",
                "id": format!("{:#x}", self.view.chain.facts.oracle),
                "baseCurrencyUnit": "100000000",
                "usdPriceEth": "0",
            },
        })
    }
}

/// An address written as subgraph ids are: "0x" and lower case.
fn lower_address(text: &str) -> Option<Address> {
    let address: Address = text.parse().ok()?;
    (format!("{address:#x}") == text).then_some(address)
}
