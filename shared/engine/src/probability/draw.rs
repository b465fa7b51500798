//! Counter-based draws: any draw of any path by its number, so that the same seed gives the same market everywhere.

/// Sixty-four bits for a counter under a seed: two rounds of SplitMix64's finaliser (Steele, Lea, Flood 2014).
pub(super) const fn bits(seed: u64, counter: u64) -> u64 {
    mix(mix(seed ^ 0x9e37_79b9_7f4a_7c15).wrapping_add(counter.wrapping_mul(0x9e37_79b9_7f4a_7c15)))
}

const fn mix(mut word: u64) -> u64 {
    word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ (word >> 31)
}

/// A place under `count` from the upper half of the bits.
pub(super) const fn place(bits: u64, count: u32) -> u32 {
    // The product of two numbers of 32 bits, shifted by 32, is under `count`.
    let wide = ((bits >> 32) * (count as u64)) >> 32;
    (wide & 0xffff_ffff) as u32
}

/// A number strictly between 0 and 1 from the lower half of the bits.
pub(super) fn unit(bits: u64) -> f64 {
    let low = u32::try_from(bits & 0xffff_ffff).unwrap_or(0);
    (f64::from(low) + 0.5) / 4_294_967_296.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_fill_their_range_evenly_and_do_not_depend_on_order() {
        let mut places = [0_u32; 10];
        let mut sum = 0.0;
        for counter in 0..100_000 {
            let drawn = bits(7, counter);
            places[place(drawn, 10) as usize] += 1;
            sum += unit(drawn);
        }
        assert!(places.iter().all(|count| count.abs_diff(10_000) < 400), "{places:?}");
        assert!((sum / 100_000.0 - 0.5).abs() < 0.005);
        assert_ne!(bits(7, 1), bits(8, 1));
        assert_eq!(bits(7, 41), bits(7, 41));
    }
}
