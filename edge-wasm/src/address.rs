//! Addresses as text.

use risk_model::Wallet;
use risk_model::request::WalletRequest;

/// The EIP-55 form of an address; `None` where it is none (a wrong checksum makes it none).
#[must_use]
pub fn checksum_address(text: &str) -> Option<String> {
    text.parse::<Wallet>().ok().map(|wallet| wallet.address().to_checksum(None))
}

/// Whether a text is `0x` and 40 hex digits, with the EIP-55 checksum where it is in mixed case.
#[must_use]
pub fn is_address(text: &str) -> bool {
    text.parse::<Wallet>().is_ok()
}

/// Why a text is no wallet, in the words of the API.
#[must_use]
pub fn wallet_problem(text: &str) -> Option<String> {
    WalletRequest::of_path(text).err()?.into_iter().next().map(|rejection| rejection.message)
}
