//! A counter-based generator: the same counter and seed give the same numbers on every machine, in any order.
//!
//! Philox4x32-10 of Salmon, Moraes, Dror and Shaw (2011), *Parallel random numbers: as easy as 1, 2, 3*. Nothing is
//! carried from one draw to the next, so a path of a simulation can be drawn again alone.

use libm::{cos, log, sin, sqrt};

const MULTIPLIERS: [u32; 2] = [0xD251_1F53, 0xCD9E_8D57];
const WEYL: [u32; 2] = [0x9E37_79B9, 0xBB67_AE85];
const ROUNDS: usize = 10;

/// Four words of a counter under a seed.
#[must_use]
pub fn philox(seed: u64, counter: [u32; 4]) -> [u32; 4] {
    let mut key = halves(seed);
    let mut words = counter;
    for _ in 0..ROUNDS {
        let (low_a, high_a) = product(MULTIPLIERS[0], words[0]);
        let (low_b, high_b) = product(MULTIPLIERS[1], words[2]);
        words = [high_b ^ words[1] ^ key[0], low_b, high_a ^ words[3] ^ key[1], low_a];
        key = [key[0].wrapping_add(WEYL[0]), key[1].wrapping_add(WEYL[1])];
    }
    words
}

/// Four independent standard normal numbers of a counter, by Box and Muller's transform.
#[must_use]
pub fn normals(seed: u64, counter: [u32; 4]) -> [f64; 4] {
    let [a, b, c, d] = philox(seed, counter).map(unit);
    let pair = |a: f64, b: f64| {
        let radius = sqrt(-2.0 * log(a));
        let angle = 2.0 * std::f64::consts::PI * b;
        (radius * cos(angle), radius * sin(angle))
    };
    let ((x, y), (z, w)) = (pair(a, b), pair(c, d));
    [x, y, z, w]
}

/// One of `0..choices` by a word; 0 where there is no choice. Its bias is under choices ÷ 2³².
#[must_use]
pub fn choice(word: u32, choices: usize) -> usize {
    let choices = u64::try_from(choices).unwrap_or(u64::MAX).min(u64::from(u32::MAX));
    usize::try_from((u64::from(word) * choices) >> 32).unwrap_or(0)
}

/// A word as a number strictly between 0 and 1.
fn unit(word: u32) -> f64 {
    (f64::from(word) + 0.5) / 4_294_967_296.0
}

/// The low and the high half of a product.
fn product(a: u32, b: u32) -> (u32, u32) {
    let [low, high] = halves(u64::from(a) * u64::from(b));
    (low, high)
}

fn halves(word: u64) -> [u32; 2] {
    let [a, b, c, d, e, f, g, h] = word.to_le_bytes();
    [u32::from_le_bytes([a, b, c, d]), u32::from_le_bytes([e, f, g, h])]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_vectors_come_out() {
        // Random123's kat_vectors, philox4x32 with 10 rounds.
        assert_eq!(philox(0, [0; 4]), [0x6627_E8D5, 0xE169_C58D, 0xBC57_AC4C, 0x9B00_DBD8]);
        assert_eq!(philox(u64::MAX, [u32::MAX; 4]), [0x408F_276D, 0x41C8_3B0E, 0xA20B_C7C6, 0x6D54_51FD]);
        assert_eq!(
            philox(0x299F_31D0_A409_3822, [0x243F_6A88, 0x85A3_08D3, 0x1319_8A2E, 0x0370_7344]),
            [0xD16C_FE09, 0x94FD_CCEB, 0x5001_E420, 0x2412_6EA1]
        );
    }

    #[test]
    fn its_normals_have_the_moments_of_normals() {
        let all: Vec<f64> = (0..50_000).flat_map(|index| normals(7, [index, 0, 0, 0])).collect();
        let mean = |power: i32| all.iter().map(|x| x.powi(power)).sum::<f64>() / 200_000.0;
        // Four standard errors of each moment over 200,000 draws.
        assert!(mean(1).abs() < 0.009, "{}", mean(1));
        assert!((mean(2) - 1.0).abs() < 0.013, "{}", mean(2));
        assert!(mean(3).abs() < 0.035, "{}", mean(3));
        assert!((mean(4) - 3.0).abs() < 0.09, "{}", mean(4));
    }

    #[test]
    fn a_choice_is_one_of_them_and_every_one_is_chosen() {
        assert_eq!((choice(0, 3), choice(u32::MAX, 3), choice(5, 0)), (0, 2, 0));
        let mut counts = [0_u32; 7];
        for index in 0..7_000 {
            for word in philox(1, [index, 0, 0, 0]) {
                counts[choice(word, 7)] += 1;
            }
        }
        assert!(counts.iter().all(|count| (3_700..4_300).contains(count)), "{counts:?}");
    }
}
