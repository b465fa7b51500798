//! The caller of a wallet route: authenticated, with the right that the method takes, and counted.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use risk_model::Wallet;
use risk_model::headers::Headers;
use risk_model::validation::claimed_wallet;

use crate::auth::{Principal, PrincipalId, Right};
use crate::edge::Notes;
use crate::gate;
use crate::problem::{Kind, Problem};
use crate::state::Api;

/// A client, whoever it is; the gate has counted it.
pub(crate) struct Client {
    notes: Arc<Notes>,
}

impl FromRequestParts<Arc<Api>> for Client {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<Api>) -> Result<Self, Problem> {
        let missing = || Problem::internal("a route outside the edge of the router");
        let notes = parts.extensions.get::<Arc<Notes>>().cloned().ok_or_else(missing)?;
        Ok(Self { notes })
    }
}

impl Client {
    /// What the edge knows of the request.
    pub(crate) fn notes(&self) -> &Notes {
        &self.notes
    }

    /// Counts a request of a principal about a wallet, or about none.
    pub(crate) async fn count(
        &self,
        api: &Api,
        principal: &Principal,
        wallet: Option<Wallet>,
    ) -> Result<(), Problem> {
        let allowance = api.quotas.take_wallet(principal.id(), wallet).await;
        self.notes.tell(allowance);
        allowance.retry_after_seconds.map_or(Ok(()), |seconds| Err(Problem::quota(seconds)))
    }
}

/// Somebody who may call wallet routes.
pub(crate) struct Caller {
    client: Client,
    principal: Principal,
    claimed: Option<Wallet>,
}

impl FromRequestParts<Arc<Api>> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Arc<Api>) -> Result<Self, Problem> {
        let client = Client::from_request_parts(parts, api).await?;
        let principal = Principal::of_headers(api, &parts.headers).await?;
        principal.demand(Right::of_request(&parts.method, parts.uri.path()))?;
        let claimed = claimed_wallet(Headers(&gate::lines(&parts.headers)))?;
        Ok(Self { client, principal, claimed })
    }
}

impl Caller {
    /// What its principal is counted by.
    pub(crate) fn principal_id(&self) -> PrincipalId {
        self.principal.id()
    }

    /// Lets a request about one wallet pass: the principal may see it, the header that earlier clients send agrees,
    /// and the quota is not used up.
    pub(crate) async fn admit(&self, api: &Api, wallet: Wallet) -> Result<(), Problem> {
        self.principal.demand_wallet(wallet)?;
        if self.claimed.is_some_and(|claimed| claimed != wallet) {
            return Err(Problem::new(Kind::Forbidden, "x-wallet-address is not the wallet asked about"));
        }
        self.client.count(api, &self.principal, Some(wallet)).await
    }

    /// Lets a request about no one wallet pass. Answers the wallets it is about: every wallet where `None`.
    pub(crate) async fn admit_all(&self, api: &Api) -> Result<Option<Vec<Wallet>>, Problem> {
        self.client.count(api, &self.principal, None).await?;
        let allowed = self.principal.wallets();
        let Some(claimed) = self.claimed else { return Ok(allowed.map(<[Wallet]>::to_vec)) };
        self.principal.demand_wallet(claimed)?;
        Ok(Some(vec![claimed]))
    }
}
