//! What an operator with a shell on the host may order instead of serving: a further key, a backup, its restoration.

mod key;

use std::path::PathBuf;

use anyhow::{Context, bail};
use risk_boot::host::print_line;
use risk_boot::{Copied, Wired};

use key::KeyOrder;

const USAGE: &str = "usage: risk-api [mint-key LABEL SCOPES [WALLETS] | backup FILE | restore FILE]; scopes are read, \
    write, admin; lists are comma-separated";

/// An order.
#[derive(Debug, PartialEq, Eq)]
pub struct Order(Kind);

#[derive(Debug, PartialEq, Eq)]
enum Kind {
    MintKey(KeyOrder),
    Backup(PathBuf),
    Restore(PathBuf),
}

impl Order {
    /// The order in the arguments after the program's name; `None` where there are none, which is to serve.
    ///
    /// # Errors
    /// The arguments are no order; the message says how one looks.
    pub fn parse(arguments: &[String]) -> anyhow::Result<Option<Self>> {
        let file = |name: &str| if name.is_empty() { bail!(USAGE) } else { Ok(PathBuf::from(name)) };
        let kind = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
            [] => return Ok(None),
            ["mint-key", label, scopes] => Kind::MintKey(KeyOrder::parse(label, scopes, None)?),
            ["mint-key", label, scopes, wallets] => {
                Kind::MintKey(KeyOrder::parse(label, scopes, Some(wallets))?)
            }
            ["backup", name] => Kind::Backup(file(name)?),
            ["restore", name] => Kind::Restore(file(name)?),
            _ => bail!(USAGE),
        };
        Ok(Some(Self(kind)))
    }

    /// Does it, and prints what there is to say of it.
    ///
    /// # Errors
    /// It could not be done; the message says why.
    pub async fn carry_out(self, wired: &Wired) -> anyhow::Result<()> {
        match self.0 {
            Kind::MintKey(order) => order.carry_out(wired).await,
            Kind::Backup(to) => {
                let copied = wired.back_up(to).await?;
                print_line(&format!("backed up {}", told(copied)));
                Ok(())
            }
            Kind::Restore(from) => {
                let (copied, replaced) = wired.restore(from).await?;
                print_line(&format!("restored {}", told(copied)));
                if let Some(replaced) = replaced {
                    let name = replaced.file_name().context("a file without a name")?;
                    let name = name.to_string_lossy();
                    print_line(&format!("what was there before is kept beside it as {name}"));
                }
                Ok(())
            }
        }
    }
}

fn told(copied: Copied) -> String {
    let Copied { watches, alerts, api_keys, bytes } = copied;
    format!("{watches} watches, {alerts} alerts, {api_keys} keys; {bytes} bytes")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> anyhow::Result<Option<Order>> {
        Order::parse(&text.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn no_arguments_are_an_order_to_serve_and_odd_ones_are_refused() {
        assert_eq!(parse("").unwrap(), None);
        for odd in
            ["serve", "mint-key", "mint-key a", "mint-key a read b c", "backup", "backup a b", "restore"]
        {
            assert!(parse(odd).is_err(), "{odd}");
        }
        assert!(Order::parse(&["backup".to_owned(), String::new()]).is_err());
    }

    #[test]
    fn orders_name_what_they_are_about() {
        assert_eq!(parse("backup a.sqlite").unwrap(), Some(Order(Kind::Backup("a.sqlite".into()))));
        assert_eq!(parse("restore b").unwrap(), Some(Order(Kind::Restore("b".into()))));
        assert!(matches!(parse("mint-key desk read").unwrap(), Some(Order(Kind::MintKey(_)))));
    }
}
