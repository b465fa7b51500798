//! Looks for a byte eight bytes at a time: requests are short, and most of the work on them is to look at every byte.

/// The lowest and the highest bit of every byte.
const LOW: u64 = u64::MAX / 255;
const HIGH: u64 = LOW << 7;

/// Where the first byte is that JSON escapes in a text: a quote, a backslash, a control character. The length where there
/// is none.
#[must_use]
pub fn escaped(bytes: &[u8]) -> usize {
    find(bytes, |eight| control(eight) | equal(eight, b'"') | equal(eight, b'\\'))
}

/// Where the first byte of that value is. The length where there is none.
#[must_use]
pub fn byte(bytes: &[u8], value: u8) -> usize {
    find(bytes, |eight| equal(eight, value))
}

/// Whether every byte is visible ASCII or a space.
#[must_use]
pub fn is_visible(bytes: &[u8]) -> bool {
    find(bytes, |eight| control(eight) | eight | equal(eight, 0x7f)) == bytes.len()
}

/// Marks the highest bit of bytes under a space; above the first of them it may mark more.
const fn control(eight: u64) -> u64 {
    eight.wrapping_sub(LOW * 0x20) & !eight
}

/// The same for bytes of that value.
fn equal(eight: u64, value: u8) -> u64 {
    let other = eight ^ (LOW * u64::from(value));
    other.wrapping_sub(LOW) & !other
}

/// Where the first byte is that `marked` marks.
fn find(bytes: &[u8], marked: impl Fn(u64) -> u64) -> usize {
    let (whole, rest) = bytes.as_chunks::<8>();
    for (index, eight) in whole.iter().enumerate() {
        let marks = marked(u64::from_le_bytes(*eight)) & HIGH;
        if marks != 0 {
            return index * 8 + marks.trailing_zeros() as usize / 8;
        }
    }
    let mut last = [b'a'; 8];
    last[..rest.len()].copy_from_slice(rest);
    let marks = marked(u64::from_le_bytes(last)) & HIGH;
    // An `a` that is looked for itself is found behind the end at most.
    whole.len() * 8 + rest.len().min(marks.trailing_zeros() as usize / 8)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_first_byte_is_found_wherever_it_is(
            bytes in prop::collection::vec(prop_oneof![3 => b' '..b'~', 1 => any::<u8>()], 0..40), value: u8,
        ) {
            let first = |is: &dyn Fn(u8) -> bool| bytes.iter().position(|byte| is(*byte)).unwrap_or(bytes.len());
            prop_assert_eq!(escaped(&bytes), first(&|byte| byte < 0x20 || byte == b'"' || byte == b'\\'));
            for value in [value, b'a', b'\n', 0, 0xff] {
                prop_assert_eq!(byte(&bytes, value), first(&|byte| byte == value));
            }
            prop_assert_eq!(is_visible(&bytes), bytes.iter().all(|byte| matches!(byte, b' '..=b'~')));
        }
    }
}
