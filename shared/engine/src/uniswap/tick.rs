//! Ticks and square root prices, to the last bit of the contract's `TickMath`.
//!
//! Source: Uniswap v3-core, `contracts/libraries/TickMath.sol`.

use risk_model::U256;

/// Lowest tick: log base 1.0001 of 2^−128.
pub const MIN_TICK: i32 = -887_272;
/// Highest tick.
pub const MAX_TICK: i32 = 887_272;
/// Square root price at the lowest tick, Q64.96.
pub const MIN_SQRT_RATIO: U256 = U256::from_limbs([4_295_128_739, 0, 0, 0]);
/// Square root price at the highest tick, Q64.96; no pool's price reaches it.
pub const MAX_SQRT_RATIO: U256 =
    U256::from_limbs([0x5d95_1d52_6398_8d26, 0xefd1_fc6a_5064_8849, 0xfffd_8963, 0]);

/// `2^128 ÷ √1.0001^(2^k)` for each bit k of a tick, Q128.128.
const FACTORS: [u128; 20] = [
    0xfffc_b933_bd6f_ad37_aa2d_162d_1a59_4001,
    0xfff9_7272_373d_4132_59a4_6990_580e_213a,
    0xfff2_e50f_5f65_6932_ef12_357c_f3c7_fdcc,
    0xffe5_caca_7e10_e4e6_1c36_24ea_a094_1cd0,
    0xffcb_9843_d60f_6159_c9db_5883_5c92_6644,
    0xff97_3b41_fa98_c081_472e_6896_dfb2_54c0,
    0xff2e_a164_66c9_6a38_43ec_78b3_26b5_2861,
    0xfe5d_ee04_6a99_a2a8_11c4_61f1_969c_3053,
    0xfcbe_86c7_900a_88ae_dcff_c83b_479a_a3a4,
    0xf987_a725_3ac4_1317_6f2b_074c_f781_5e54,
    0xf339_2b08_22b7_0005_940c_7a39_8e4b_70f3,
    0xe715_9475_a2c2_9b74_43b2_9c7f_a6e8_89d9,
    0xd097_f3bd_fd20_22b8_845a_d8f7_92aa_5825,
    0xa9f7_4646_2d87_0fdf_8a65_dc1f_90e0_61e5,
    0x70d8_69a1_56d2_a1b8_90bb_3df6_2baf_32f7,
    0x31be_135f_97d0_8fd9_8123_1505_542f_cfa6,
    0x09aa_508b_5b7a_84e1_c677_de54_f3e9_9bc9,
    0x005d_6af8_dedb_8119_6699_c329_225e_e604,
    0x0000_2216_e584_f5fa_1ea9_2604_1bed_fe98,
    0x0000_0000_048a_1703_91f7_dc42_444e_8fa2,
];

/// `√1.0001^tick` as Q64.96, rounded up as `getSqrtRatioAtTick` does; `None` outside of the ticks there are.
#[must_use]
pub fn sqrt_ratio_at(tick: i32) -> Option<U256> {
    let distance = tick.unsigned_abs();
    if distance > MAX_TICK.unsigned_abs() {
        return None;
    }
    let set = FACTORS.iter().enumerate().filter(|(bit, _)| distance >> bit & 1 == 1);
    // Each factor is under 2^128 and the ratio never above it, so no product is over 256 bits.
    let one: U256 = U256::ONE << 128;
    let ratio = set.fold(one, |ratio, (_, factor)| (ratio * U256::from(*factor)) >> 128);
    let ratio = if tick > 0 { U256::MAX / ratio } else { ratio };
    let is_cut = ratio.as_limbs()[0] & 0xffff_ffff != 0;
    Some((ratio >> 32) + U256::from(u8::from(is_cut)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(tick: i32) -> String {
        sqrt_ratio_at(tick).unwrap().to_string()
    }

    #[test]
    fn the_ends_are_the_contracts_constants() {
        assert_eq!(sqrt_ratio_at(MIN_TICK), Some(MIN_SQRT_RATIO));
        assert_eq!(sqrt_ratio_at(MAX_TICK), Some(MAX_SQRT_RATIO));
        assert_eq!(MAX_SQRT_RATIO.to_string(), "1461446703485210103287273052203988822378723970342");
        assert_eq!(sqrt_ratio_at(MAX_TICK + 1), None);
        assert_eq!(sqrt_ratio_at(i32::MIN), None);
    }

    #[test]
    fn every_bit_of_a_tick_counts_as_in_the_contract() {
        // v3-core, test/TickMath.spec.ts and its snapshot, which it checks against decimal arithmetic.
        assert_eq!(at(0), "79228162514264337593543950336");
        assert_eq!(at(50), "79426470787362580746886972461");
        assert_eq!(at(-50), "79030349367926598376800521322");
        assert_eq!(at(250_000), "21246587762933397357449903968194344");
        assert_eq!(at(-250_000), "295440463448801648376846");
        assert_eq!(at(738_203), "847134979253254120489401328389043031315994541");
        assert_eq!(at(-738_203), "7409801140451");
    }
}
