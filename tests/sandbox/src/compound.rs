//! Compound on the chains: Compound V2's cTokens on Ethereum and the Comets of Compound III, as deployed and as held.

pub(crate) mod expected;
pub(crate) mod plan;
pub(crate) mod v2;
pub(crate) mod v3;

use alloy_primitives::{Address, B256, address, keccak256};
use anyhow::{Context, Result, bail};
use num_traits::ToPrimitive;

use crate::draw::Draw;
use crate::world::asset::Asset;
use crate::world::chain::Facts;
use crate::world::token::{Token, base_units};

/// The Comptroller of Ethereum.
pub(crate) const COMPTROLLER: Address = address!("3d9819210A31b4961b30EF54bE2aeD79B9c9Cd3B");
/// Its price oracle.
pub(crate) const ORACLE: Address = address!("50ce56A3239671Ab62f185704Caedf626352741e");

/// What code of Compound an address holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Contract {
    /// The Comptroller.
    Comptroller,
    /// Its oracle.
    Oracle,
    /// The cToken at this place of [`Deployed::markets`].
    CToken(usize),
    /// The Comet at this place of [`Deployed::comets`].
    Comet(usize),
    /// The price feed of an asset of a Comet: of its base token where there is no collateral's place.
    Feed(usize, Option<usize>),
}

impl Contract {
    /// The name its source was verified under.
    pub(crate) const fn verified_name(self) -> &'static str {
        match self {
            Self::Comptroller => "Unitroller",
            Self::Oracle => "UniswapAnchoredView",
            Self::CToken(_) => "CErc20Delegator",
            Self::Comet(_) => "TransparentUpgradeableProxy",
            Self::Feed(..) => "ScalingPriceFeed",
        }
    }
}

/// What is deployed on one chain.
#[derive(Debug, Default)]
pub(crate) struct Deployed {
    /// cTokens, on Ethereum only.
    pub(crate) markets: Vec<v2::Market>,
    /// Comets.
    pub(crate) comets: Vec<v3::Comet>,
}

/// What a wallet has in Compound on one chain.
#[derive(Clone, Debug, Default)]
pub(crate) struct Held {
    /// cTokens and debts of Compound V2.
    pub(crate) markets: Vec<v2::Position>,
    /// Accounts in Comets.
    pub(crate) comets: Vec<v3::Position>,
}

impl Deployed {
    /// Reads the tables for a chain whose tokens are known; all of it was last touched some hours before `now`.
    pub(crate) fn load(
        facts: &Facts,
        tokens: &[Token],
        assets: &[Asset],
        (seed, now): (u64, u64),
    ) -> Result<Self> {
        let mut deployed = Self::default();
        for line in include_str!("compound/ctokens.csv").lines().skip(1).filter(|_| facts.id == 1) {
            let row = Row { line, facts, tokens, assets, seed, now };
            deployed.markets.push(row.market().with_context(|| format!("cToken row {line}"))?);
        }
        for line in include_str!("compound/comets.csv").lines().skip(1) {
            let row = Row { line, facts, tokens, assets, seed, now };
            if line.split(',').next().is_some_and(|id| id == facts.id.to_string()) {
                deployed.comets.push(row.comet().with_context(|| format!("Comet row {line}"))?);
            }
        }
        Ok(deployed)
    }

    /// Base tokens that a Comet at this address has and has not lent, if the token is its base.
    pub(crate) fn idle(&self, owner: Address, token: usize) -> Option<u128> {
        let comet = self.comets.iter().find(|comet| comet.address == owner && comet.base == token);
        comet.map(|comet| comet.available)
    }

    /// What lives where.
    pub(crate) fn contracts(&self) -> Vec<(Address, Contract)> {
        let mut all = Vec::new();
        if !self.markets.is_empty() {
            all.extend([(COMPTROLLER, Contract::Comptroller), (ORACLE, Contract::Oracle)]);
        }
        all.extend(
            self.markets.iter().enumerate().map(|(place, market)| (market.address, Contract::CToken(place))),
        );
        for (place, comet) in self.comets.iter().enumerate() {
            all.push((comet.address, Contract::Comet(place)));
            let feeds = (0..comet.collaterals.len()).map(Some).chain([None]);
            all.extend(feeds.map(|of| (comet.feed(of), Contract::Feed(place, of))));
        }
        all
    }
}

/// One line of a table, with what is needed to read it.
struct Row<'a> {
    line: &'a str,
    facts: &'a Facts,
    tokens: &'a [Token],
    assets: &'a [Asset],
    seed: u64,
    now: u64,
}

impl Row<'_> {
    fn draw(&self) -> Draw {
        Draw::new(self.seed, &[b"compound", self.line.as_bytes()])
    }

    fn token(&self, symbol: &str) -> Result<usize> {
        let place = self.tokens.iter().position(|token| token.symbol == symbol);
        place.with_context(|| format!("no token {symbol}"))
    }

    fn units(&self, asset: usize, musd: &str, decimals: u8) -> Result<u128> {
        let asset = self.assets.get(asset).context("no asset")?;
        base_units(musd.parse::<f64>()? * 1e6 / asset.base_usd, decimals)
    }

    fn market(&self) -> Result<v2::Market> {
        let cells: Vec<&str> = self.line.split(',').collect();
        let &[symbol, address, underlying, factor, share, reserve_factor, rate, cash, borrowed, state] =
            <&[&str; 10]>::try_from(cells.as_slice())?;
        let token = if underlying.is_empty() { None } else { Some(self.token(underlying)?) };
        let known = token.and_then(|place| self.tokens.get(place));
        let native =
            self.assets.iter().position(|asset| asset.key == self.facts.native).context("no coin")?;
        let asset = known.map_or(native, |token| token.asset);
        let decimals = known.map_or(18, |token| token.decimals);
        let (cash, borrows) = (self.units(asset, cash, decimals)?, self.units(asset, borrowed, decimals)?);
        let mut draw = self.draw();
        let blocks = 40 + draw.next() % 1_200;
        let age = self.now.saturating_sub(self.facts.anchor_timestamp) / self.facts.block_seconds;
        // 0.02 of the underlying for a cToken of 8 decimals, and what it earned since.
        let earned = 2_000 + u128::from(draw.next() % 400);
        let underlying = U128(cash + borrows);
        Ok(v2::Market {
            symbol: symbol.to_owned(),
            address: address.parse()?,
            token,
            asset,
            decimals,
            factor: wad(factor)?,
            seize_share: if share.is_empty() { None } else { Some(wad(share)?) },
            reserve_factor: wad(reserve_factor)?,
            borrow_rate: rate.parse()?,
            accrued_at: self.facts.anchor_number + age.saturating_sub(blocks),
            borrow_index: 1_000_000_000_000_000_000 + u128::from(draw.next() % 300_000_000_000_000_000),
            cash,
            borrows,
            reserves: borrows / 50 + 7,
            total_supply: underlying.shared(decimals, earned)?,
            is_deprecated: state == "deprecated",
            is_paused: state != "live",
        })
    }

    fn comet(&self) -> Result<v3::Comet> {
        let cells: Vec<&str> = self.line.split(',').collect();
        let &[_, base, address, quote, supplied, borrowed, collaterals] =
            <&[&str; 7]>::try_from(cells.as_slice())?;
        let token = self.token(base)?;
        let known = self.tokens.get(token).context("no base token")?;
        let mut draw = self.draw();
        let supply_index = 1_000_000_000_000_000 + u128::from(draw.next() % 90_000_000_000_000);
        let borrow_index = supply_index + 1 + u128::from(draw.next() % 60_000_000_000_000);
        let principal = |musd: &str, index: u128| {
            anyhow::Ok(self.units(known.asset, musd, known.decimals)? / index * 1_000_000_000_000_000)
        };
        Ok(v3::Comet {
            chain_id: self.facts.id,
            address: address.parse()?,
            base: token,
            is_in_base: quote == "base",
            collaterals: collaterals.split(' ').map(|cell| self.collateral(cell)).collect::<Result<_>>()?,
            supply_index,
            borrow_index,
            total_supply: principal(supplied, supply_index)?,
            total_borrow: principal(borrowed, borrow_index)?,
            available: self.units(known.asset, supplied, known.decimals)?
                - self.units(known.asset, borrowed, known.decimals)?,
            last_accrual: self.now.saturating_sub(600 + draw.next() % 14_400),
        })
    }

    fn collateral(&self, cell: &str) -> Result<v3::Collateral> {
        let cells: Vec<&str> = cell.split(':').collect();
        let [symbol, borrow, liquidate, absorbed] = cells.as_slice() else { bail!("no collateral {cell}") };
        let token = self.token(symbol)?;
        let known = self.tokens.get(token).context("no token")?;
        let supplied = self.units(known.asset, "5", known.decimals)?;
        Ok(v3::Collateral {
            token,
            borrow_factor: wad(borrow)?,
            liquidate_factor: wad(liquidate)?,
            liquidation_factor: wad(absorbed)?,
            supplied,
            supply_cap: supplied * 10,
        })
    }
}

/// An amount of an underlying.
struct U128(u128);

impl U128 {
    /// cTokens of 8 decimals for it, at `earned` hundred-thousandths of the underlying each.
    fn shared(&self, decimals: u8, earned: u128) -> Result<u128> {
        let whole = 10f64.powi(i32::from(decimals));
        let units = self.0.to_f64().context("amount")? / whole;
        base_units(units * 1e5 / earned.to_f64().context("rate")?, 8)
    }
}

/// Basis points as a wad.
fn wad(bps: &str) -> Result<u128> {
    Ok(bps.parse::<u128>()? * 100_000_000_000_000)
}

/// An address made of a name.
fn made_address(name: &str) -> Address {
    let hash: B256 = keccak256(format!("risk-sandbox compound {name}"));
    Address::from_slice(&hash[12..])
}
