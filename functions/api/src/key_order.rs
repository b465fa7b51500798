//! `risk-api mint-key LABEL SCOPES [WALLETS]`: a further API key, for an operator with a shell on the host.

use anyhow::{Context, bail};
use risk_boot::Wired;
use risk_boot::host::print_line;
use risk_model::Wallet;
use risk_model::request::MAX_LABEL;

use crate::auth::mint_key;

const USAGE: &str = "usage: risk-api mint-key LABEL SCOPES [WALLETS]; scopes are read, write, admin; lists are comma-separated";
const SCOPES: [&str; 3] = ["read", "write", "admin"];

/// What a key is to be good for.
#[derive(Debug, PartialEq, Eq)]
pub struct KeyOrder {
    label: String,
    scopes: Vec<&'static str>,
    wallets: Option<Vec<Wallet>>,
}

impl KeyOrder {
    /// The order in the arguments after the program's name; `None` where there are none, which is to serve.
    ///
    /// # Errors
    /// The arguments are no order; the message says how one looks.
    pub fn parse(arguments: &[String]) -> anyhow::Result<Option<Self>> {
        let (label, scopes, wallets) = match arguments {
            [] => return Ok(None),
            [verb, label, scopes] if verb == "mint-key" => (label, scopes, None),
            [verb, label, scopes, wallets] if verb == "mint-key" => (label, scopes, Some(wallets)),
            _ => bail!(USAGE),
        };
        if label.is_empty() || label.chars().count() > MAX_LABEL {
            bail!("a label has 1 to {MAX_LABEL} characters");
        }
        let known = |text: &str| SCOPES.into_iter().find(|scope| *scope == text).context(USAGE);
        let wallet = |text: &str| text.parse::<Wallet>().map_err(|code| anyhow::anyhow!("a wallet {code}"));
        Ok(Some(Self {
            label: label.clone(),
            scopes: scopes.split(',').map(known).collect::<anyhow::Result<_>>()?,
            wallets: wallets.map(|list| list.split(',').map(wallet).collect()).transpose()?,
        }))
    }

    /// Mints the key, keeps its hash and prints its text, once.
    ///
    /// # Errors
    /// The store failed; the system gave no randomness.
    pub async fn carry_out(self, wired: &Wired) -> anyhow::Result<()> {
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

    fn parse(text: &str) -> anyhow::Result<Option<KeyOrder>> {
        KeyOrder::parse(&text.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn no_arguments_are_an_order_to_serve_and_odd_ones_are_refused() {
        assert_eq!(parse("").unwrap(), None);
        for odd in [
            "serve",
            "mint-key",
            "mint-key a",
            "mint-key a root",
            "mint-key a read 0x12",
            "mint-key a read b c",
        ] {
            assert!(parse(odd).is_err(), "{odd}");
        }
    }

    #[test]
    fn scopes_and_wallets_are_lists() {
        let wallet = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed";
        let order = parse(&format!("mint-key desk read,write {wallet}")).unwrap().unwrap();
        assert_eq!((order.label.as_str(), order.scopes.as_slice()), ("desk", &["read", "write"][..]));
        assert_eq!(order.wallets.unwrap()[0].to_string(), wallet);
        assert_eq!(parse("mint-key desk admin").unwrap().unwrap().wallets, None);
    }
}
