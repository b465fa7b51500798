//! Random account states: which reserves a wallet is in, with how much, flagged or not, and in which e-mode.

use alloy_primitives::{Address, U256};

use crate::draw::Draw;
use crate::market::{E_MODES, Generation, RESERVES};

/// A wallet's state in the market.
#[derive(Clone, Debug)]
pub(crate) struct State {
    pub(crate) wallet: Address,
    pub(crate) e_mode: u8,
    pub(crate) parts: Vec<Part>,
}

/// Its part of one reserve, base units at index 1.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    pub(crate) reserve: usize,
    pub(crate) supplied: U256,
    pub(crate) owed: U256,
    pub(crate) is_collateral: bool,
}

impl State {
    /// A state of 2 to 8 reserves.
    pub(crate) fn draw(draw: &mut Draw, wallet: Address, generation: Generation) -> Self {
        let count = draw.index(7) + 2;
        let mut places: Vec<usize> = (0..RESERVES.len()).collect();
        let parts = (0..count).map(|_| {
            let reserve = places.swap_remove(draw.index(places.len()));
            let (supplies, owes) = (draw.chance(0.7), draw.chance(0.45));
            Part {
                reserve,
                supplied: if supplies { amount(draw, reserve) } else { U256::ZERO },
                owed: if owes { amount(draw, reserve) } else { U256::ZERO },
                is_collateral: supplies && draw.chance(0.8),
            }
        });
        let parts = parts.collect();
        let modes: Vec<u8> =
            E_MODES.iter().filter(|mode| mode.is_of(generation)).map(|mode| mode.id).collect();
        let e_mode = if draw.chance(0.5) { draw.one_of(&modes) } else { 0 };
        Self { wallet, e_mode, parts }
    }

    /// The wallet's configuration as the pool has it: two bits a reserve, the lower one for a debt.
    pub(crate) fn configuration(&self) -> U256 {
        self.parts.iter().fold(U256::ZERO, |bits, part| {
            let low = usize::from(!part.owed.is_zero()) | usize::from(part.is_collateral) << 1;
            bits | U256::from(low) << (2 * part.reserve)
        })
    }
}

/// From a millionth of a dollar to ten million, every digit drawn.
fn amount(draw: &mut Draw, reserve: usize) -> U256 {
    let reserve = RESERVES[reserve];
    let dollars = draw.magnitude(1e-6, 1e7);
    let tokens = dollars * 100.0 / f64::from(u32::try_from(reserve.price_cents).expect("a price"));
    let rough = U256::from(tokens * f64::from(reserve.one())).max(U256::ONE);
    // A float has 53 bits: what lies beneath is drawn too.
    rough + U256::from(draw.bits()) % (rough / U256::from(1_000_000)).max(U256::ONE)
}

/// A price of six orders of magnitude: from a cent to ten thousand dollars, 8 decimals.
pub(crate) fn price(draw: &mut Draw) -> U256 {
    U256::from(draw.magnitude(1e6, 1e12)) + U256::from(draw.whole(0, 99))
}
