//! Who is asking: API keys, looked up by hash, and what their holders may do.

mod key;
mod verified;

use std::borrow::Cow;
use std::sync::Arc;

use axum::http::{HeaderMap, Method};
use risk_model::Wallet;
use risk_model::headers::{Headers, KEY_HEADER};
use risk_model::validation::no_such_key;

use crate::gate;
use crate::problem::{Kind, Problem};
use crate::settings::AuthMode;
use crate::state::Api;

pub use key::{key_hash, mint_first_key, mint_key};
pub(crate) use verified::{HeldKey, VerifiedKeys};

/// A right on the wallet routes. `admin` keys have all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Right {
    /// To ask.
    Read,
    /// To change, or to have something computed and stored.
    Write,
    /// To do what concerns every wallet: only `admin` keys have it.
    Admin,
}

impl Right {
    /// The right that a request takes: what changes nothing is read, whatever its method.
    pub(crate) fn of_request(method: &Method, path: &str) -> Self {
        if path.starts_with("/api/risk/channels/") {
            return Self::Admin;
        }
        let reads = matches!(*method, Method::GET | Method::HEAD)
            || ["/api/risk/simulate", "/api/risk/backtest"].contains(&path);
        if reads { Self::Read } else { Self::Write }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Admin => "admin",
        }
    }
}

/// What a principal is counted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct PrincipalId([u8; 16]);

impl PrincipalId {
    /// Everybody in [`AuthMode::Open`].
    pub(crate) const ANONYMOUS: Self = Self([0; 16]);

    /// The holder of a key.
    pub(crate) fn of_hash(hash: &[u8; 32]) -> Self {
        let mut id = [0; 16];
        id.copy_from_slice(&hash[..16]);
        Self(id)
    }

    /// Its bytes, for the name of its count.
    pub(crate) const fn bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

/// Who is asking. Wallet owners with a bearer token are to join.
#[derive(Clone, Debug)]
pub(crate) enum Principal {
    /// Everybody, in [`AuthMode::Open`].
    Anonymous,
    /// The holder of an API key.
    Key(Arc<HeldKey>),
}

impl Principal {
    /// The principal of a request's headers.
    pub(crate) async fn of_headers(api: &Api, headers: &HeaderMap) -> Result<Self, Problem> {
        let text = Headers(&gate::lines(headers)).get(KEY_HEADER).map(Cow::into_owned);
        Self::of_key(api, text.as_deref()).await
    }

    /// The principal of a key's text, or of none.
    pub(crate) async fn of_key(api: &Api, text: Option<&str>) -> Result<Self, Problem> {
        if api.settings.auth_mode == AuthMode::Open {
            return Ok(Self::Anonymous);
        }
        let missing = || Problem::new(Kind::Unauthenticated, "the header x-api-key is missing");
        let held = api.keys.verify(&api.service, text.ok_or_else(missing)?).await?;
        Ok(Self::Key(held.ok_or_else(no_such_key)?))
    }

    /// What it is counted by.
    pub(crate) fn id(&self) -> PrincipalId {
        match self {
            Self::Anonymous => PrincipalId::ANONYMOUS,
            Self::Key(held) => PrincipalId::of_hash(&held.key.hash),
        }
    }

    /// Refuses a right that it does not have.
    pub(crate) fn demand(&self, right: Right) -> Result<(), Problem> {
        let has = match self {
            Self::Anonymous => true,
            Self::Key(held) => held.key.scopes.iter().any(|scope| scope == right.name() || scope == "admin"),
        };
        let refusal = || Problem::new(Kind::Forbidden, format!("the API key has no {} scope", right.name()));
        has.then_some(()).ok_or_else(refusal)
    }

    /// The wallets it may see; every wallet where `None`.
    pub(crate) fn wallets(&self) -> Option<&[Wallet]> {
        match self {
            Self::Anonymous => None,
            Self::Key(held) => held.key.wallets.as_deref(),
        }
    }

    /// Refuses a wallet that it may not see.
    pub(crate) fn demand_wallet(&self, wallet: Wallet) -> Result<(), Problem> {
        let may = self.wallets().is_none_or(|wallets| wallets.contains(&wallet));
        let refusal = || Problem::new(Kind::Forbidden, "the API key may not see this wallet");
        may.then_some(()).ok_or_else(refusal)
    }
}

#[cfg(test)]
mod tests;
