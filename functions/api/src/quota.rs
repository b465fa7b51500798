//! Quotas: how often one principal may ask about one wallet, and one client address about anything.

use std::fmt::Display;
use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use risk_app::sharing::{Allowance, Quota, QuotaState};
use risk_model::Wallet;
use sha2::{Digest, Sha256};

use crate::auth::PrincipalId;

const LIMIT: HeaderName = HeaderName::from_static("ratelimit-limit");
const REMAINING: HeaderName = HeaderName::from_static("ratelimit-remaining");
const RESET: HeaderName = HeaderName::from_static("ratelimit-reset");

/// Writes the `RateLimit-*` headers.
pub(crate) fn write(allowance: Allowance, headers: &mut HeaderMap) {
    headers.insert(LIMIT, HeaderValue::from(allowance.limit));
    headers.insert(REMAINING, HeaderValue::from(allowance.remaining));
    headers.insert(RESET, HeaderValue::from(allowance.reset_seconds));
}

/// Both quotas.
pub(crate) struct Quotas {
    counts: Arc<dyn Quota>,
    per_wallet: NonZeroU32,
    per_client: NonZeroU32,
}

impl Quotas {
    /// Quotas in requests a minute, at least one.
    pub(crate) fn new(counts: Arc<dyn Quota>, per_wallet: u32, per_client: u32) -> Self {
        let at_least_one = |limit| NonZeroU32::new(limit).unwrap_or(NonZeroU32::MIN);
        Self { counts, per_wallet: at_least_one(per_wallet), per_client: at_least_one(per_client) }
    }

    /// Counts a request of a principal about a wallet, or about none.
    pub(crate) async fn take_wallet(&self, principal: PrincipalId, wallet: Option<Wallet>) -> Allowance {
        let wallet = wallet.map_or_else(|| "none".to_owned(), |wallet| wallet.to_string());
        let key = key("wallet", format_args!("{}:{wallet}", hex::encode(principal.bytes())));
        self.counts.take(&key, self.per_wallet).await
    }

    /// Counts a request of a client. IPv6 clients are counted by their /64: one host has all of it.
    pub(crate) async fn take_client(&self, client: IpAddr) -> Allowance {
        self.counts.take(&key("client", network(client)), self.per_client).await
    }

    /// Where they are counted.
    pub(crate) fn state(&self) -> QuotaState {
        self.counts.state()
    }

    /// For how long they have been counted there, where that is told.
    pub(crate) fn since(&self) -> Option<Duration> {
        self.counts.since()
    }
}

/// The name of a count. What is counted is hashed: whoever reads the counts is not told who asked about what.
fn key(kind: &str, whose: impl Display) -> String {
    let digest = Sha256::digest(whose.to_string());
    format!("{kind}:{}", hex::encode(&digest[..16]))
}

/// The address that a client is counted by.
fn network(client: IpAddr) -> IpAddr {
    match client.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX))),
    }
}

#[cfg(test)]
mod tests {
    use risk_store::LocalQuota;

    use super::*;

    fn quotas() -> Quotas {
        Quotas::new(Arc::new(LocalQuota::new()), 3, 5)
    }

    fn wallet(byte: u8) -> Option<Wallet> {
        Some(Wallet::new(risk_model::Address::repeat_byte(byte)))
    }

    #[tokio::test]
    async fn one_wallets_quota_is_not_anothers_and_one_principals_is_not_anothers() {
        let quotas = quotas();
        let other = PrincipalId::of_hash(&[7; 32]);
        for _ in 0..4 {
            quotas.take_wallet(PrincipalId::ANONYMOUS, wallet(1)).await;
        }
        let is_refused = async |principal, wallet| {
            quotas.take_wallet(principal, wallet).await.retry_after_seconds.is_some()
        };
        assert!(!is_refused(PrincipalId::ANONYMOUS, wallet(2)).await);
        assert!(!is_refused(PrincipalId::ANONYMOUS, None).await);
        assert!(!is_refused(other, wallet(1)).await);
        assert!(is_refused(PrincipalId::ANONYMOUS, wallet(1)).await);
    }

    #[tokio::test]
    async fn an_ipv6_client_cannot_leave_its_quota_within_its_own_network() {
        let quotas = quotas();
        for last in 0..5_u16 {
            let client = Ipv6Addr::new(0x2001, 0xdb8, 0, 1, 0, 0, 0, last);
            assert_eq!(quotas.take_client(client.into()).await.retry_after_seconds, None);
        }
        let sixth = Ipv6Addr::new(0x2001, 0xdb8, 0, 1, 9, 9, 9, 9);
        assert!(quotas.take_client(sixth.into()).await.retry_after_seconds.is_some());
        let elsewhere = Ipv6Addr::new(0x2001, 0xdb8, 0, 2, 0, 0, 0, 1);
        assert_eq!(quotas.take_client(elsewhere.into()).await.retry_after_seconds, None);
    }

    #[test]
    fn the_name_of_a_count_tells_neither_address_nor_wallet() {
        let name = key("client", network("203.0.113.9".parse().unwrap()));
        assert!(name.starts_with("client:") && !name.contains("203.0"), "{name}");
        assert_ne!(name, key("client", network("203.0.113.8".parse().unwrap())));
    }

    #[test]
    fn the_headers_say_limit_remaining_and_reset() {
        let mut headers = HeaderMap::new();
        let allowance = Allowance { limit: 60, remaining: 59, reset_seconds: 1, retry_after_seconds: None };
        write(allowance, &mut headers);
        assert_eq!(headers["RateLimit-Limit"], "60");
        assert_eq!(headers["RateLimit-Remaining"], "59");
        assert_eq!(headers["RateLimit-Reset"], "1");
    }
}
