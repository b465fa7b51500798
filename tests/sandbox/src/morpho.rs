//! Morpho Blue's markets and their arithmetic in arbitrary-precision integers, after the contract's source
//! (morpho-blue: Morpho.sol, SharesMathLib, MathLib). It shares no code with the service.

use alloy_primitives::{Address, B256, U256, address, keccak256};
use alloy_sol_types::SolValue;
use num_bigint::BigUint;
use num_traits::{One, Zero};

use crate::evm::morpho::MarketParams;
use crate::wallets::Plan;
use crate::world::chain::{Chain, Contract};
use crate::world::token::base_units;
use crate::world::view::View;

const WAD: u64 = 1_000_000_000_000_000_000;
/// A share is a millionth of an asset's base unit in a fresh market.
const SHARES_PER_UNIT: u128 = 1_000_000;

/// One market as it is deployed.
struct Terms {
    chain_id: u64,
    loan: &'static str,
    collateral: &'static str,
    lltv_bps: u64,
    /// Borrow rate, bps a year.
    rate_bps: u64,
    /// Whole loan tokens supplied, and the share of them that is borrowed.
    supplied: f64,
    used: f64,
    /// The protocol's part of the interest, bps.
    fee_bps: u64,
}

const TERMS: [Terms; 3] = [
    Terms {
        chain_id: 1,
        loan: "USDC",
        collateral: "wstETH",
        lltv_bps: 8_600,
        rate_bps: 512,
        supplied: 61_000_000.0,
        used: 0.9,
        fee_bps: 0,
    },
    Terms {
        chain_id: 1,
        loan: "WETH",
        collateral: "wstETH",
        lltv_bps: 9_450,
        rate_bps: 231,
        supplied: 23_000.5,
        used: 0.87,
        fee_bps: 1_000,
    },
    Terms {
        chain_id: 1,
        loan: "USDC",
        collateral: "WBTC",
        lltv_bps: 8_600,
        rate_bps: 478,
        supplied: 140_000_000.25,
        used: 0.91,
        fee_bps: 0,
    },
];

/// A market on a chain.
#[derive(Clone, Debug)]
pub(crate) struct Market {
    /// What it is made of.
    pub(crate) params: MarketParams,
    /// Places of its tokens on the chain.
    pub(crate) loan: usize,
    pub(crate) collateral: usize,
    /// Threshold, bps.
    pub(crate) lltv_bps: u64,
    /// What it holds, at its last accrual.
    pub(crate) totals: Totals,
    /// Wad a second.
    pub(crate) rate: u64,
    /// Wad.
    pub(crate) fee: u64,
    /// When the totals were last accrued, in seconds since the epoch.
    pub(crate) last_update: u64,
}

/// What a market holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Totals {
    pub(crate) supply_assets: BigUint,
    pub(crate) supply_shares: BigUint,
    pub(crate) borrow_assets: BigUint,
    pub(crate) borrow_shares: BigUint,
}

/// A wallet's part of a market, by the market's place on the chain.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Position {
    pub(crate) market: usize,
    pub(crate) supply_shares: u128,
    pub(crate) borrow_shares: u128,
    pub(crate) collateral: u128,
}

/// A part of a market as it is thought of, in whole tokens and a health factor at the starting prices; 0 borrows
/// nothing.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Deal {
    pub(crate) market: usize,
    pub(crate) lent: f64,
    pub(crate) collateral: f64,
    pub(crate) health: f64,
}

/// An account at a block, in base units of the loan token.
pub(crate) struct Standing {
    pub(crate) supplied: BigUint,
    pub(crate) borrowed: BigUint,
    pub(crate) collateral_value: BigUint,
    pub(crate) max_borrow: BigUint,
    /// Wad; none without debt.
    pub(crate) health_factor_wad: Option<BigUint>,
}

/// The contract of a chain (npm @morpho-org/blue-sdk 6.4.0, `addressesRegistry`).
pub(crate) fn contract(chain_id: u64) -> Address {
    match chain_id {
        42_161 => address!("6c247b1F6182318877311737BaC0844bAa518F5e"),
        10 => address!("ce95AfbB8EA029495c66020883F87aaE8864AF92"),
        137 => address!("1bF0c2541F820E775182832f06c0B7Fc27A25f67"),
        _ => address!("BBBBBbbBBb9cC5e90e3b3Af64bdAF62C37EEFFCb"),
    }
}

fn named(chain_id: u64, name: &str) -> Address {
    Address::from_slice(&keccak256(format!("risk-sandbox morpho {chain_id} {name}"))[12..])
}

/// Deploys the contract, its model and the chain's markets, accrued some hours before `now`.
pub(crate) fn deploy(chain: &mut Chain, now: u64) {
    let id = chain.facts.id;
    let irm = named(id, "irm");
    chain.contracts.insert(contract(id), Contract::Morpho);
    chain.contracts.insert(irm, Contract::MorphoIrm);
    for terms in TERMS.iter().filter(|terms| terms.chain_id == id) {
        let oracle = named(id, &format!("oracle {} {}", terms.collateral, terms.loan));
        chain.contracts.insert(oracle, Contract::MorphoOracle(chain.morpho.len()));
        if let Some(market) = market(chain, terms, (oracle, irm), now) {
            chain.morpho.push(market);
        }
    }
}

fn market(chain: &Chain, terms: &Terms, (oracle, irm): (Address, Address), now: u64) -> Option<Market> {
    let place =
        |symbol: &str| Some((chain.token_named(symbol)?, chain.tokens.get(chain.token_named(symbol)?)?));
    let ((loan, loan_token), (collateral, collateral_token)) = (place(terms.loan)?, place(terms.collateral)?);
    let supplied = base_units(terms.supplied, loan_token.decimals).ok()?;
    let borrowed = base_units(terms.supplied * terms.used, loan_token.decimals).ok()?;
    // Lenders own a little more than a millionth a share by now, and borrowers owe a little more.
    let shares = |assets: u128, per_mille: u128| BigUint::from(assets / 1_000 * per_mille) * SHARES_PER_UNIT;
    Some(Market {
        params: MarketParams {
            loanToken: loan_token.underlying,
            collateralToken: collateral_token.underlying,
            oracle,
            irm,
            lltv: U256::from(terms.lltv_bps) * U256::from(WAD / 10_000),
        },
        loan,
        collateral,
        lltv_bps: terms.lltv_bps,
        totals: Totals {
            supply_assets: BigUint::from(supplied),
            supply_shares: shares(supplied, 957),
            borrow_assets: BigUint::from(borrowed),
            borrow_shares: shares(borrowed, 941),
        },
        rate: terms.rate_bps * (WAD / 10_000) / 31_536_000,
        fee: terms.fee_bps * (WAD / 10_000),
        last_update: now.saturating_sub(5_417),
    })
}

impl Market {
    /// Its id: the hash of what it is made of.
    pub(crate) fn id(&self) -> B256 {
        keccak256(self.params.abi_encode())
    }

    /// The totals with interest to a time.
    pub(crate) fn accrued(&self, time: u64) -> Totals {
        let mut totals = self.totals.clone();
        let first = BigUint::from(self.rate) * time.saturating_sub(self.last_update);
        let second = &first * &first / (2 * u128::from(WAD));
        let third = &second * &first / (3 * u128::from(WAD));
        let interest = &totals.borrow_assets * (first + second + third) / WAD;
        totals.borrow_assets += &interest;
        totals.supply_assets += &interest;
        let fee = interest * self.fee / WAD;
        let before = &totals.supply_assets - &fee;
        totals.supply_shares += to_shares_down(&fee, &before, &totals.supply_shares);
        totals
    }

    /// The oracle's price: loan for collateral in base units, times 1e36.
    pub(crate) fn price(&self, view: &View<'_>) -> BigUint {
        let (Some(loan), Some(collateral)) = (view.token(self.loan), view.token(self.collateral)) else {
            return BigUint::zero();
        };
        let scale = BigUint::from(10u8).pow(36 + u32::from(loan.decimals) - u32::from(collateral.decimals));
        let quoted = view.oracle_e8(loan.asset).max(1);
        scale * view.oracle_e8(collateral.asset) / quoted
    }

    /// A wallet's part of it at a block.
    pub(crate) fn standing(&self, view: &View<'_>, position: &Position) -> Standing {
        self.standing_at(&self.accrued(view.timestamp), &self.price(view), position)
    }

    fn standing_at(&self, totals: &Totals, price: &BigUint, position: &Position) -> Standing {
        let supply_shares = BigUint::from(position.supply_shares);
        let borrow_shares = BigUint::from(position.borrow_shares);
        let borrowed = ceil_div(
            &(borrow_shares * (&totals.borrow_assets + 1u8)),
            &(&totals.borrow_shares + SHARES_PER_UNIT),
        );
        let supplied =
            supply_shares * (&totals.supply_assets + 1u8) / (&totals.supply_shares + SHARES_PER_UNIT);
        let collateral_value = price * position.collateral / BigUint::from(10u8).pow(36);
        let lltv = BigUint::from_bytes_be(&self.params.lltv.to_be_bytes::<32>());
        let max_borrow = &collateral_value * lltv / WAD;
        let health_factor_wad = (!borrowed.is_zero()).then(|| &max_borrow * WAD / &borrowed);
        Standing { supplied, borrowed, collateral_value, max_borrow, health_factor_wad }
    }

    /// The position that a plan means at the starting prices, given in USD with 8 decimals.
    pub(crate) fn realise(
        &self,
        chain: &Chain,
        deal: &Deal,
        base_e8: impl Fn(usize) -> u128,
    ) -> Option<Position> {
        let (loan, collateral) = (chain.tokens.get(self.loan)?, chain.tokens.get(self.collateral)?);
        let lent = base_units(deal.lent, loan.decimals).ok()?;
        let secured = base_units(deal.collateral, collateral.decimals).ok()?;
        let supply_shares =
            to_shares_down(&BigUint::from(lent), &self.totals.supply_assets, &self.totals.supply_shares);
        let scale = BigUint::from(10u8).pow(36 + u32::from(loan.decimals) - u32::from(collateral.decimals));
        let price = scale * base_e8(collateral.asset) / base_e8(loan.asset).max(1);
        let bare = Position { market: deal.market, collateral: secured, ..Position::default() };
        let most = self.standing_at(&self.totals, &price, &bare).max_borrow;
        let health_e4 = base_units(deal.health, 4).ok()?;
        let owed = if health_e4 == 0 { BigUint::zero() } else { most * 10_000u32 / health_e4 };
        let borrow_shares = to_shares_down(&owed, &self.totals.borrow_assets, &self.totals.borrow_shares);
        Some(Position {
            supply_shares: supply_shares.try_into().ok()?,
            borrow_shares: borrow_shares.try_into().ok()?,
            ..bare
        })
    }
}

/// The positions of a plan on its chain.
pub(crate) fn realise(chain: &Chain, plan: &Plan, base_e8: impl Fn(usize) -> u128) -> Vec<Position> {
    let of = |deal: &Deal| chain.morpho.get(deal.market)?.realise(chain, deal, &base_e8);
    plan.morpho.iter().filter_map(of).collect()
}

fn to_shares_down(amount: &BigUint, assets: &BigUint, shares: &BigUint) -> BigUint {
    amount * (shares + SHARES_PER_UNIT) / (assets + 1u8)
}

fn ceil_div(a: &BigUint, b: &BigUint) -> BigUint {
    if a.is_zero() { BigUint::zero() } else { (a - BigUint::one()) / b + BigUint::one() }
}
