//! A wallet: the 20 bytes that positions belong to, the same on every EVM chain.

use std::fmt;
use std::str::FromStr;

use alloy_primitives::{Address, hex};

use crate::rejection::Code;

/// A 20-byte account address, EIP-55 checked where it was written in mixed case.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Wallet(Address);

impl Wallet {
    /// A wallet from its 20 bytes.
    #[must_use]
    pub const fn new(address: Address) -> Self {
        Self(address)
    }

    /// The 20 bytes.
    #[must_use]
    pub const fn address(&self) -> Address {
        self.0
    }

    /// `0x` and 40 lower-case digits: the form of keys, subgraph ids and cache names.
    #[must_use]
    pub fn lower_hex(&self) -> String {
        hex::encode_prefixed(self.0)
    }
}

/// Parses `0x` + 40 hex digits. All-lower and all-upper digits carry no checksum and are taken;
/// mixed case must be the EIP-55 form. Anything else is refused with the code that says why.
pub fn parse_address(text: &str) -> Result<Address, Code> {
    let digits = text.strip_prefix("0x").ok_or(Code::MissingPrefix)?;
    if digits.len() != 40 {
        return Err(Code::WrongLength);
    }
    if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(Code::NotHex);
    }
    let address = Address::from_str(text).map_err(|_| Code::NotHex)?;
    let upper = digits.bytes().any(|byte| byte.is_ascii_uppercase());
    let lower = digits.bytes().any(|byte| byte.is_ascii_lowercase());
    if upper && lower && address.to_checksum_buffer(None).as_str() != text {
        return Err(Code::BadChecksum);
    }
    Ok(address)
}

impl FromStr for Wallet {
    type Err = Code;

    fn from_str(text: &str) -> Result<Self, Code> {
        parse_address(text).map(Self)
    }
}

impl fmt::Display for Wallet {
    /// The EIP-55 form.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.to_checksum(None))
    }
}

impl fmt::Debug for Wallet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHECKSUMMED: &str = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed";

    #[test]
    fn the_eip55_form_is_taken_and_printed_back() {
        assert_eq!(CHECKSUMMED.parse::<Wallet>().unwrap().to_string(), CHECKSUMMED);
    }

    #[test]
    fn one_case_carries_no_checksum_and_is_taken() {
        let lower = CHECKSUMMED.to_lowercase();
        let upper = format!("0x{}", CHECKSUMMED[2..].to_uppercase());
        assert_eq!(lower.parse::<Wallet>(), CHECKSUMMED.parse());
        assert_eq!(upper.parse::<Wallet>(), CHECKSUMMED.parse());
    }

    #[test]
    fn each_way_to_be_wrong_has_its_code() {
        let cases = [
            ("0x5AAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", Code::BadChecksum),
            ("5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", Code::MissingPrefix),
            ("0X5aaeb6053f3e94c9b9a09f33669435e7ef1beaed", Code::MissingPrefix),
            ("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeA", Code::WrongLength),
            ("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAedaa", Code::WrongLength),
            ("0xzzAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", Code::NotHex),
            ("", Code::MissingPrefix),
        ];
        for (text, code) in cases {
            assert_eq!(text.parse::<Wallet>(), Err(code), "{text}");
        }
    }
}
