//! The resolver that gives a connection only addresses that were checked: the name is not looked up again after it.

use std::error::Error;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::reach::Reach;

/// Looks a name up.
type Lookup =
    Arc<dyn Fn(String) -> Pin<Box<dyn Future<Output = io::Result<Vec<SocketAddr>>> + Send>> + Send + Sync>;

/// Resolves names and refuses those of which any address is out of reach: one that mixes public and private addresses
/// is no mistake of ours to sort out.
#[derive(Clone)]
pub(crate) struct GuardedNames {
    reach: Reach,
    look_up: Lookup,
}

/// The name leads to an address that is out of reach.
#[derive(Debug)]
pub(crate) struct OutOfReach;

impl fmt::Display for OutOfReach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the host name leads to an address that is not public")
    }
}

impl Error for OutOfReach {}

impl GuardedNames {
    /// By the system's own resolver.
    pub(crate) fn of_system(reach: Reach) -> Self {
        let look_up: Lookup =
            Arc::new(|name| Box::pin(async move { Ok(tokio::net::lookup_host((name, 0)).await?.collect()) }));
        Self { reach, look_up }
    }

    /// By a given table.
    #[cfg(test)]
    pub(crate) fn of(reach: Reach, table: fn(&str) -> Vec<SocketAddr>) -> Self {
        let look_up: Lookup = Arc::new(move |name| Box::pin(std::future::ready(Ok(table(&name)))));
        Self { reach, look_up }
    }
}

impl Resolve for GuardedNames {
    fn resolve(&self, name: Name) -> Resolving {
        let (reach, looking) = (self.reach, (self.look_up)(name.as_str().to_owned()));
        Box::pin(async move {
            let addresses = looking.await?;
            if !addresses.iter().all(|address| reach.allows(address.ip())) {
                return Err(OutOfReach.into());
            }
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}
