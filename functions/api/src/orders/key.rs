//! `risk-api mint-key LABEL SCOPES [WALLETS]`: a further API key, for an operator with a shell on the host.

use anyhow::{Context, bail};
use risk_boot::Wired;
use risk_boot::host::print_line;
use risk_model::Wallet;
use risk_model::request::MAX_LABEL;

use super::USAGE;
use crate::auth::mint_key;

const SCOPES: [&str; 3] = ["read", "write", "admin"];

/// What a key is to be good for.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct KeyOrder {
    label: String,
    scopes: Vec<&'static str>,
    wallets: Option<Vec<Wallet>>,
}

impl KeyOrder {
    /// The order of a label, scopes and wallets.
    pub(super) fn parse(label: &str, scopes: &str, wallets: Option<&str>) -> anyhow::Result<Self> {
        if label.is_empty() || label.chars().count() > MAX_LABEL {
            bail!("a label has 1 to {MAX_LABEL} characters");
        }
        let known = |text: &str| SCOPES.into_iter().find(|scope| *scope == text).context(USAGE);
        let wallet = |text: &str| text.parse::<Wallet>().map_err(|code| anyhow::anyhow!("a wallet {code}"));
        Ok(Self {
            label: label.to_owned(),
            scopes: scopes.split(',').map(known).collect::<anyhow::Result<_>>()?,
            wallets: wallets.map(|list| list.split(',').map(wallet).collect()).transpose()?,
        })
    }

    /// Mints the key, keeps its hash and prints its text, once.
    pub(super) async fn carry_out(self, wired: &Wired) -> anyhow::Result<()> {
        let (text, mut key) = mint_key(&self.label, &self.scopes, wired.service.clock().now())?;
        key.wallets = self.wallets;
        wired.service.store().put_key(&key).await?;
        print_line(&text);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_orders_are_refused() {
        let long = "x".repeat(101);
        let odd =
            [("", "read", None), (&long, "read", None), ("a", "root", None), ("a", "read", Some("0x12"))];
        for (label, scopes, wallets) in odd {
            assert!(KeyOrder::parse(label, scopes, wallets).is_err(), "{label} {scopes} {wallets:?}");
        }
    }

    #[test]
    fn scopes_and_wallets_are_lists() {
        let wallet = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed";
        let order = KeyOrder::parse("desk", "read,write", Some(wallet)).unwrap();
        assert_eq!((order.label.as_str(), order.scopes.as_slice()), ("desk", &["read", "write"][..]));
        assert_eq!(order.wallets.unwrap()[0].to_string(), wallet);
        assert_eq!(KeyOrder::parse("desk", "admin", None).unwrap().wallets, None);
    }
}
