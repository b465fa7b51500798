//! Compound V2 accounts as every measure sees them.

use std::sync::Arc;

use risk_model::{Asset, GapReason, HealthFactor, Protocol, U256};

use super::{Account, AccountError, Comptroller, Liquidity, Market, MarketPosition, liquidity};
use crate::aave::{BPS, WAD, mul_div_floor};
use crate::lending::{Change, Facts, Fault, Lending, Liquidation, Part, Standing, Terms, Unit};
use crate::quantity::{base_usd, scaled_price, whole};

/// Blocks of a year at one every 12 seconds: what a rate a block is scaled by for display and carry.
const BLOCKS_PER_YEAR: f64 = 2_628_000.0;

impl Lending for Account {
    fn facts(&self) -> Facts {
        let sums = liquidity(self);
        let mut parts = Vec::with_capacity(self.positions.len());
        let mut unreadable_parts = 0;
        for one in &self.positions {
            match self.part(one) {
                Some(part) if part.supplied.is_zero() && part.owed.is_zero() => {}
                Some(part) => parts.push(part),
                None => unreadable_parts += 1,
            }
        }
        let comptroller = &*self.comptroller;
        Facts {
            key: format!("{}:{}:{:#x}", Protocol::CompoundV2, comptroller.chain, comptroller.address),
            protocol: Protocol::CompoundV2,
            chain: comptroller.chain,
            contract: comptroller.address,
            block: comptroller.block,
            unit: Unit::Usd,
            e_mode: 0,
            owes: Some(self.owes()),
            standing: sums.map_err(|error| fault(&error)).and_then(|sums| self.standing(&sums)),
            parts,
            unreadable_parts,
        }
    }

    /// A supply or a borrow enters the market, as a borrow does by itself and a supply by `enterMarkets`.
    fn changed(&self, change: &Change) -> Result<Self, Fault> {
        let mut positions = self.positions.clone();
        match *change {
            Change::EMode(0) => {}
            Change::EMode(_) => return Err(missing("Compound V2 has no e-modes".to_owned())),
            Change::Supply { asset, amount } => {
                let (place, market) = self.place(asset, |part| part.c_tokens)?;
                let minted = c_tokens(market, amount)?;
                let part = entry(&mut positions, place);
                part.is_entered = true;
                part.c_tokens = part.c_tokens.checked_add(minted).ok_or_else(too_large)?;
            }
            Change::Withdraw { asset, amount } => {
                let (place, market) = self.place(asset, |part| part.c_tokens)?;
                let part = entry(&mut positions, place);
                let held = market.underlying(part.c_tokens).map_err(|_| too_large())?;
                let burned = if amount >= held { part.c_tokens } else { c_tokens(market, amount)? };
                part.c_tokens = part.c_tokens.saturating_sub(burned);
            }
            Change::Borrow { asset, amount } => {
                let (place, _) = self.place(asset, |part| part.owed)?;
                let part = entry(&mut positions, place);
                part.is_entered = true;
                part.owed = part.owed.checked_add(amount).ok_or_else(too_large)?;
            }
            Change::Repay { asset, amount } => {
                let (place, _) = self.place(asset, |part| part.owed)?;
                let part = entry(&mut positions, place);
                part.owed = part.owed.saturating_sub(amount);
            }
        }
        Ok(Self { comptroller: Arc::clone(&self.comptroller), positions })
    }

    fn repriced(&self, factor: &dyn Fn(&Asset) -> f64) -> Self {
        let mut comptroller = Comptroller::clone(&self.comptroller);
        for market in &mut comptroller.markets {
            market.price = market.price.map(|price| scaled_price(price, factor(&market.asset)));
        }
        Self { comptroller: Arc::new(comptroller), positions: self.positions.clone() }
    }

    fn liquidation(&self) -> Option<Liquidation> {
        super::liquidation::largest(self)
    }
}

impl Account {
    fn owes(&self) -> bool {
        self.positions.iter().any(|part| !part.owed.is_zero())
    }

    /// Whether a debt may be liquidated without any shortfall, because its market is deprecated.
    pub(super) fn owes_deprecated(&self) -> bool {
        let is_deprecated =
            |part: &MarketPosition| self.market(part).is_ok_and(|market| market.is_deprecated);
        self.positions.iter().any(|part| !part.owed.is_zero() && is_deprecated(part))
    }

    fn standing(&self, sums: &Liquidity) -> Result<Standing, Fault> {
        let value = |wad| base_usd(wad, WAD).ok_or_else(too_large);
        let health_factor = if self.owes() {
            HealthFactor::Known(ratio(sums.collateral, sums.borrow, WAD)?)
        } else {
            HealthFactor::NoDebt
        };
        let average = if sums.unweighted.is_zero() {
            None
        } else {
            u16::try_from(ratio(sums.collateral, sums.unweighted, BPS)?).ok()
        };
        Ok(Standing {
            health_factor,
            is_liquidatable: !sums.shortfall().is_zero() || self.owes_deprecated(),
            collateral: value(sums.unweighted)?,
            debt: value(sums.borrow)?,
            available_borrows: Some(value(sums.excess())?),
            liquidation_threshold_bps: average,
            ltv_bps: average,
        })
    }

    fn part(&self, one: &MarketPosition) -> Option<Part> {
        let market = self.market(one).ok()?;
        let yearly = |rate: U256| whole(rate, 18) * BLOCKS_PER_YEAR;
        let has_factor = !market.collateral_factor.is_zero();
        Some(Part {
            asset: market.asset,
            symbol: Arc::clone(&market.symbol),
            decimals: market.decimals,
            supplied: market.underlying(one.c_tokens).ok()?,
            owed: one.owed,
            is_collateral: one.is_entered,
            threshold: whole(market.collateral_factor, 18),
            price: market.price.and_then(|price| usd(price, market.decimals)),
            price_updated_at: market.price_updated_at,
            supply_rate: market.supply_rate.map(yearly),
            borrow_rate: market.borrow_rate.map(yearly),
            available_liquidity: market.cash,
            can_supply: !market.is_mint_paused && !market.is_deprecated,
            // Repayments and redemptions cannot be paused.
            can_move: true,
            terms: Terms {
                loan_to_value: has_factor.then(|| whole(market.collateral_factor, 18)),
                liquidation_bonus: has_factor
                    .then(|| whole(self.comptroller.liquidation_incentive, 18) - 1.0),
                is_frozen: market.is_mint_paused || market.is_deprecated,
                is_paused: false,
            },
        })
    }

    /// The market of an underlying. An underlying may have an old market and a new one: the one where the wallet has
    /// most of what is changed, then the one with the higher factor, then the earlier.
    fn place(&self, asset: Asset, amount: fn(&MarketPosition) -> U256) -> Result<(usize, &Market), Fault> {
        let held = |place| {
            let part = self.positions.iter().find(|part| part.market == place);
            part.map_or(U256::ZERO, amount)
        };
        let markets = self.comptroller.markets.iter().enumerate().rev();
        let found = markets
            .filter(|(_, market)| market.asset == asset)
            .max_by_key(|(place, market)| (held(*place), market.collateral_factor));
        found.ok_or_else(|| missing(format!("{asset} has no market of the Comptroller")))
    }
}

/// USD of one whole token, from a price with `36 − decimals` decimals.
pub(super) fn usd(price: U256, decimals: u8) -> Option<f64> {
    let scale = 36_u8.checked_sub(decimals)?;
    Some(whole(price, scale)).filter(|usd| *usd > 0.0)
}

/// `mintTokens` and `redeemTokens`: cTokens of an amount of the underlying, floored.
fn c_tokens(market: &Market, amount: U256) -> Result<U256, Fault> {
    mul_div_floor(amount, WAD, market.exchange_rate).map_err(|_| too_large())
}

/// `floor(a × scale ÷ b)`; the largest there is for a `b` of zero, which is nothing to be worth less than.
fn ratio(a: U256, b: U256, scale: U256) -> Result<U256, Fault> {
    if b.is_zero() {
        return Ok(U256::MAX);
    }
    mul_div_floor(a, scale, b).map_err(|_| too_large())
}

fn entry(positions: &mut Vec<MarketPosition>, market: usize) -> &mut MarketPosition {
    let at = positions.iter().position(|part| part.market == market).unwrap_or_else(|| {
        let nothing = MarketPosition { market, c_tokens: U256::ZERO, owed: U256::ZERO, is_entered: false };
        positions.push(nothing);
        positions.len() - 1
    });
    &mut positions[at]
}

fn fault(error: &AccountError) -> Fault {
    let reason = match error {
        AccountError::Unpriced { .. } => GapReason::Missing,
        AccountError::UnknownMarket
        | AccountError::RepeatedMarket { .. }
        | AccountError::DebtOutside { .. }
        | AccountError::Overflow { .. } => GapReason::Malformed,
    };
    Fault { reason, message: error.to_string() }
}

fn missing(message: String) -> Fault {
    Fault { reason: GapReason::Missing, message }
}

fn too_large() -> Fault {
    Fault { reason: GapReason::Malformed, message: "the amounts do not fit 256 bits".to_owned() }
}
