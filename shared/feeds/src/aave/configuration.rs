//! The reserve configuration bitmap (ReserveConfiguration.sol): the same bits in every 3.x version, fewer on V2.

use risk_model::U256;

/// Most decimals taken: amounts of more could not be scaled within a word.
const MAX_DECIMALS: u64 = 77;

/// What is used of one reserve's bitmap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Configuration {
    pub(super) ltv_bps: u16,
    pub(super) liquidation_threshold_bps: u16,
    pub(super) liquidation_bonus_bps: u16,
    /// Share of a liquidation's bonus that the protocol keeps; zero bits on V2.
    pub(super) liquidation_protocol_fee_bps: u16,
    pub(super) decimals: u8,
    pub(super) is_active: bool,
    pub(super) is_frozen: bool,
    pub(super) is_paused: bool,
    /// The one e-mode category of the reserve, up to 3.1; zero bits since.
    pub(super) legacy_e_mode: u8,
}

impl Configuration {
    /// Reads the bitmap; `None` where it cannot be a configuration.
    pub(super) fn read(bits: U256) -> Option<Self> {
        let decimals = field(bits, 48, 8);
        (decimals <= MAX_DECIMALS).then_some(())?;
        Some(Self {
            ltv_bps: u16::try_from(field(bits, 0, 16)).ok()?,
            liquidation_threshold_bps: u16::try_from(field(bits, 16, 16)).ok()?,
            liquidation_bonus_bps: u16::try_from(field(bits, 32, 16)).ok()?,
            liquidation_protocol_fee_bps: u16::try_from(field(bits, 152, 16)).ok()?,
            decimals: u8::try_from(decimals).ok()?,
            is_active: bits.bit(56),
            is_frozen: bits.bit(57),
            is_paused: bits.bit(60),
            legacy_e_mode: u8::try_from(field(bits, 168, 8)).ok()?,
        })
    }
}

/// `width` bits (at most 63) from `start`.
fn field(bits: U256, start: usize, width: usize) -> u64 {
    let [low, ..] = (bits >> start).into_limbs();
    low & ((1 << width) - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_field_is_read_from_its_own_bits() {
        let parts: [(u64, usize); 8] =
            [(8050, 0), (8300, 16), (10500, 32), (18, 48), (1, 56), (1, 60), (1000, 152), (2, 168)];
        // Neighbours that must not leak in: borrowing, flash loans, caps, the virtual accounting flag.
        let noise: [(u64, usize); 4] = [(1, 58), (1, 63), (u64::MAX >> 28, 80), (1, 252)];
        let bits =
            parts.iter().chain(&noise).fold(U256::ZERO, |bits, (value, at)| bits | U256::from(*value) << *at);
        let read = Configuration::read(bits).unwrap();
        assert_eq!(
            (read.ltv_bps, read.liquidation_threshold_bps, read.liquidation_bonus_bps),
            (8050, 8300, 10500)
        );
        assert_eq!((read.decimals, read.legacy_e_mode), (18, 2));
        assert_eq!(read.liquidation_protocol_fee_bps, 1000);
        assert!(read.is_active && !read.is_frozen && read.is_paused);
    }

    #[test]
    fn a_reserve_of_200_decimals_is_no_reserve() {
        assert_eq!(Configuration::read(U256::from(200u8) << 48usize), None);
        assert_eq!(Configuration::read(U256::MAX), None);
    }
}
