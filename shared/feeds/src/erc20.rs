//! What token contracts say of themselves: symbols and decimals, bounded, because anyone can write a token.

use std::sync::Arc;

use alloy_primitives::Bytes;
use risk_model::{Address, U256};

use crate::contracts::Erc20;
use crate::multicall;

/// Longest symbol kept, in characters.
const MAX_SYMBOL_CHARS: usize = 32;
/// Most decimals: 10^77 is the last power of ten that fits a word.
const MAX_DECIMALS: u64 = 77;

/// A symbol from the answer of `symbol()`: a string, or the 32 bytes of tokens from before ERC-20 was settled
/// (MKR). Characters that print nothing or turn the text around are dropped. `None` where nothing is left.
#[must_use]
pub fn read_symbol(output: Option<&Bytes>) -> Option<Arc<str>> {
    let output = output?;
    let text = if output.len() == 32 {
        let end = output.iter().position(|byte| *byte == 0).unwrap_or(output.len());
        String::from_utf8(output.get(..end)?.to_vec()).ok()?
    } else {
        multicall::answer::<Erc20::symbolCall>(Some(output))?
    };
    shown(&text).map(Into::into)
}

/// Text of a contract as it may be shown: no control or direction characters, no more than 32 characters.
pub(crate) fn shown(text: &str) -> Option<String> {
    let kept: String = text.chars().filter(|c| is_shown(*c)).take(MAX_SYMBOL_CHARS).collect();
    let kept = kept.trim();
    (!kept.is_empty()).then(|| kept.to_owned())
}

/// Whether a character shows as itself: no controls, no zero-width characters, no direction overrides.
fn is_shown(c: char) -> bool {
    let is_invisible = matches!(c,
        '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}');
    !c.is_control() && !is_invisible
}

/// What an address is called whose symbol cannot be read: its first and last digits.
#[must_use]
pub fn nameless(token: Address) -> Arc<str> {
    let digits = format!("{token:#x}");
    match (digits.get(..6), digits.get(38..)) {
        (Some(first), Some(last)) => format!("{first}…{last}").into(),
        _ => digits.into(),
    }
}

/// Decimals from the answer of `decimals()`; `None` where there is none or an impossible one.
#[must_use]
pub fn read_decimals(output: Option<&Bytes>) -> Option<u8> {
    let decimals = multicall::answer::<Erc20::decimalsCall>(output)?;
    (decimals <= U256::from(MAX_DECIMALS)).then(|| u8::try_from(decimals).ok()).flatten()
}

/// A balance from the answer of `balanceOf()` or `getEthBalance()`.
#[must_use]
pub fn read_balance(output: Option<&Bytes>) -> Option<U256> {
    multicall::answer::<Erc20::balanceOfCall>(output)
}

#[cfg(test)]
mod tests {
    use alloy_sol_types::SolCall;

    use super::*;

    fn string(text: &str) -> Bytes {
        Erc20::symbolCall::abi_encode_returns(&text.to_owned()).into()
    }

    fn word(value: u64) -> Bytes {
        U256::from(value).to_be_bytes_vec().into()
    }

    #[test]
    fn a_symbol_is_a_string_or_32_bytes() {
        assert_eq!(read_symbol(Some(&string("USDC"))).as_deref(), Some("USDC"));
        let mut old = b"MKR".to_vec();
        old.resize(32, 0);
        assert_eq!(read_symbol(Some(&old.into())).as_deref(), Some("MKR"));
    }

    #[test]
    fn a_hostile_symbol_is_cut_and_cannot_turn_the_line_around() {
        let long = "A".repeat(10_000);
        assert_eq!(read_symbol(Some(&string(&long))).unwrap().chars().count(), 32);
        assert_eq!(read_symbol(Some(&string("US\u{202e}DC\u{0}\u{200b}\n"))).as_deref(), Some("USDC"));
        assert_eq!(read_symbol(Some(&string("\u{200b} \n"))), None);
        assert_eq!(read_symbol(Some(&Bytes::from(vec![0xff; 32]))), None);
        assert_eq!(read_symbol(Some(&Bytes::from(vec![0xff; 96]))), None);
        assert_eq!(read_symbol(Some(&Bytes::new())), None);
        assert_eq!(read_symbol(None), None);
    }

    #[test]
    fn decimals_that_no_amount_can_have_are_unreadable() {
        assert_eq!(read_decimals(Some(&word(6))), Some(6));
        assert_eq!(read_decimals(Some(&word(0))), Some(0));
        assert_eq!(read_decimals(Some(&word(78))), None);
        assert_eq!(read_decimals(Some(&U256::MAX.to_be_bytes_vec().into())), None);
        assert_eq!(read_decimals(Some(&Bytes::new())), None);
    }

    #[test]
    fn a_token_without_a_symbol_is_called_by_its_address() {
        assert_eq!(&*nameless(Address::repeat_byte(0xab)), "0xabab…abab");
    }
}
