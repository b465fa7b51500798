//! Borrowers made by real transactions: their supplies, their e-mode and their debts, near what the pool lends them.

use alloy_primitives::{Address, I256, U256};

use crate::accounts::wallet;
use crate::artifact::ADMIN;
use crate::deploy::{MARKET, borrow};
use crate::draw::Draw;
use crate::interfaces::{Feed, Pool, Token};
use crate::market::{E_MODES, EMode, Generation, RESERVES};
use crate::node::{Node, Transaction};

/// Transactions in one block.
const A_BLOCK: usize = 100;

/// What a wallet does to become a borrower.
#[derive(Clone, Debug)]
pub(crate) struct Borrower {
    pub(crate) wallet: Address,
    e_mode: u8,
    /// Reserve and base units.
    supplies: Vec<(usize, U256)>,
    debts: Vec<(usize, U256)>,
}

/// How large, and how near its limit.
#[derive(Clone, Copy)]
pub(crate) struct Sizes {
    /// Dollars of one collateral, from and to.
    pub(crate) dollars: (f64, f64),
    /// Share of what the pool would lend, from and to.
    pub(crate) used: (f64, f64),
}

impl Borrower {
    /// With up to three collaterals and two debts, half of them in an e-mode.
    pub(crate) fn draw(draw: &mut Draw, case: usize, generation: Generation, sizes: Sizes) -> Self {
        let modes: Vec<&EMode> = E_MODES.iter().filter(|mode| mode.is_of(generation)).collect();
        let mode = draw.chance(0.5).then(|| draw.one_of(&modes));
        let lends = |place: usize| loan_to_value(place, mode, generation) > 0.0;
        let supplies = several(draw, 3, &lends);
        let supplies: Vec<(usize, f64)> = supplies
            .into_iter()
            .map(|place| (place, draw.magnitude(sizes.dollars.0, sizes.dollars.1)))
            .collect();
        let limit: f64 =
            supplies.iter().map(|(place, dollars)| dollars * loan_to_value(*place, mode, generation)).sum();
        let is_borrowable = |place: usize| mode.is_none_or(|mode| mode.members.contains(&place));
        let debts = several(draw, 2, &is_borrowable);
        let owed = limit * draw.between(sizes.used.0, sizes.used.1);
        let first = if debts.len() > 1 { draw.between(0.1, 0.9) } else { 1.0 };
        let shares = [first, 1.0 - first];
        let debts = debts.into_iter().zip(shares).map(|(place, share)| (place, units(place, owed * share)));
        Self {
            wallet: wallet(case),
            e_mode: mode.map_or(0, |mode| mode.id),
            debts: debts.collect(),
            supplies: supplies.into_iter().map(|(place, dollars)| (place, units(place, dollars))).collect(),
        }
    }

    fn transactions(&self) -> Vec<Transaction> {
        let (from, pool) = (self.wallet, MARKET.pool);
        let mut sent = Vec::new();
        if self.e_mode != 0 {
            sent.push(Transaction::new(from, pool, &Pool::setUserEModeCall { categoryId: self.e_mode }));
        }
        for (place, amount) in &self.supplies {
            sent.extend(supply(from, *place, *amount));
        }
        let debts = self.debts.iter();
        sent.extend(debts.map(|(place, amount)| {
            Transaction::new(from, pool, &borrow(RESERVES[*place].asset, *amount, from))
        }));
        sent
    }

    /// The reserves that it owes and those that it supplies, the first of each.
    pub(crate) fn first_pair(&self) -> (Address, Address) {
        (RESERVES[self.debts[0].0].asset, RESERVES[self.supplies[0].0].asset)
    }
}

/// What a wallet does to supply an amount that it did not have.
pub(crate) fn supply(from: Address, place: usize, amount: U256) -> [Transaction; 2] {
    let asset = RESERVES[place].asset;
    let mint = Token::mintCall { to: from, value: amount };
    let supply = Pool::supplyCall { asset, amount, onBehalfOf: from, referralCode: 0 };
    [Transaction::new(from, asset, &mint), Transaction::new(from, MARKET.pool, &supply)]
}

/// What a wallet does to repay an amount that it did not have.
pub(crate) fn repay(from: Address, asset: Address, amount: U256) -> [Transaction; 2] {
    let mint = Token::mintCall { to: from, value: amount };
    let repay = Pool::repayCall { asset, amount, mode: U256::from(2), onBehalfOf: from };
    [Transaction::new(from, asset, &mint), Transaction::new(from, MARKET.pool, &repay)]
}

/// Lets every borrower become one.
pub(crate) async fn open(node: &Node, borrowers: &[Borrower]) {
    let sent: Vec<Transaction> = borrowers.iter().flat_map(Borrower::transactions).collect();
    for some in sent.chunks(A_BLOCK) {
        node.send_all(some).await;
    }
}

/// Moves every price by a factor of its own, by the feeds' own transactions.
pub(crate) async fn move_prices(node: &Node, mut factor: impl FnMut() -> f64) {
    let moved = RESERVES.iter().map(|reserve| {
        let answer = I256::from_raw(U256::from(f64::from(reserve.price()) * factor()));
        Transaction::new(ADMIN, reserve.feed(), &Feed::setCall { answer })
    });
    node.send_all(&moved.collect::<Vec<_>>()).await;
}

/// One to `most` different reserves that are allowed.
fn several(draw: &mut Draw, most: usize, is_allowed: &dyn Fn(usize) -> bool) -> Vec<usize> {
    let mut allowed: Vec<usize> = (0..RESERVES.len()).filter(|place| is_allowed(*place)).collect();
    let count = (draw.index(most) + 1).min(allowed.len());
    (0..count).map(|_| allowed.swap_remove(draw.index(allowed.len()))).collect()
}

/// What the pool lends on a dollar of a reserve.
fn loan_to_value(place: usize, mode: Option<&EMode>, generation: Generation) -> f64 {
    let own = RESERVES[place].terms[0];
    let member = mode.filter(|mode| mode.members.contains(&place));
    let bps = match (member, generation) {
        (None, _) => own,
        (Some(_), Generation::First) if own == 0 => 0,
        (Some(mode), Generation::First) => mode.terms[0],
        (Some(mode), Generation::Second) if mode.ltv_zero.contains(&place) => 0,
        (Some(mode), Generation::Second) => mode.terms[0],
    };
    f64::from(bps) / 1e4
}

/// Base units worth so many dollars at the first price.
fn units(place: usize, dollars: f64) -> U256 {
    let reserve = RESERVES[place];
    let price = f64::from(reserve.price()) / 1e8;
    U256::from(dollars / price * f64::from(reserve.one()))
}
