//! `GET /`: the page for owners and operators to a browser, the service description to a program.

mod format;
mod standing;

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::Response;
use risk_app::summary::Summary;
use risk_model::Wallet;
use risk_model::headers::{Headers, SCRIPT_CSP};
use risk_model::request::{SummaryRequest, WalletRequest};
use serde::Serialize;
use utoipa::ToSchema;

use super::{info, session};
use crate::answer::{json, page};
use crate::auth::{Principal, Right};
use crate::caller::Client;
use crate::gate;
use crate::input::query;
use crate::problem::{Kind, Problem, status};
use crate::settings::AuthMode;
use crate::state::Api;
use standing::Standing;

/// The service in a few words, for a program.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DescriptionBody {
    /// `risk-manager`.
    pub name: &'static str,
    /// Version.
    pub version: String,
    /// What it does.
    pub description: &'static str,
    /// Where to go on.
    pub links: LinksBody,
}

/// Where to go on.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LinksBody {
    /// Protocols, chains, limits, thresholds.
    pub info: &'static str,
    /// The verdict on the service.
    pub health: &'static str,
    /// OpenAPI 3.1.
    pub openapi: &'static str,
    /// The same as a page.
    pub docs: &'static str,
    /// A wallet's assessment.
    pub summary: &'static str,
}

/// The page.
#[derive(Template)]
#[template(path = "front.html")]
struct FrontPage {
    version: String,
    environment: String,
    needs_key: bool,
    has_module: bool,
    has_key: bool,
    key_message: Option<String>,
    typed: String,
    wallet_message: Option<String>,
    samples: Vec<(String, String)>,
    notice: Option<(String, String)>,
    standing: Option<Standing>,
}

impl FrontPage {
    fn of(api: &Api) -> Self {
        let settings = &api.settings;
        Self {
            version: settings.version.clone(),
            environment: settings.environment.clone(),
            needs_key: settings.auth_mode == AuthMode::Keys,
            has_module: settings.page_module.is_some(),
            has_key: false,
            key_message: None,
            typed: String::new(),
            wallet_message: None,
            samples: settings.sandbox_catalogue.clone(),
            notice: None,
            standing: None,
        }
    }

    fn answer(&self, status: StatusCode) -> Result<Response, Problem> {
        let mut response = page(status, self)?;
        response.headers_mut().insert(header::VARY, HeaderValue::from_static("accept"));
        if self.has_module {
            response
                .headers_mut()
                .insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(SCRIPT_CSP));
        }
        Ok(response)
    }
}

/// The page to a browser, the service description to a program.
///
/// With `wallet` the page shows its standing, health, accounts, gaps and alerts. Where keys are needed it asks with the
/// one given to `/session`.
#[utoipa::path(
    get,
    path = "/",
    tag = "pages",
    params(("wallet" = Option<String>, Query, description = "the wallet to show, on the page")),
    responses((status = 200, description = "By `Accept`; the page has the status of what it could not show", content(
        (DescriptionBody = "application/json"), (String = "text/html")
    )))
)]
pub(crate) async fn show(
    State(api): State<Arc<Api>>,
    client: Client,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, Problem> {
    if !Headers(&gate::lines(&headers)).wants_html() {
        let mut response = json(&description(&api))?;
        response.headers_mut().insert(header::VARY, HeaderValue::from_static("accept"));
        return Ok(response);
    }
    let mut front = FrontPage::of(&api);
    let key = session::key_of(&headers);
    let principal = match Principal::of_key(&api, key).await {
        Err(problem) if problem.kind() == Kind::Unauthenticated => None,
        principal => Some(principal?),
    };
    front.has_key = front.needs_key && principal.is_some();
    if query(&uri).is_empty() {
        return front.answer(StatusCode::OK);
    }
    let Some(principal) = principal else {
        front.key_message = Some("an API key is needed to look at a wallet".to_owned());
        return front.answer(StatusCode::UNAUTHORIZED);
    };
    let wallet = match WalletRequest::parse(query(&uri)) {
        Ok(request) => request.wallet,
        Err(refused) => {
            front.wallet_message = refused.into_iter().next().map(|rejection| rejection.message);
            front.typed = typed(&uri);
            return front.answer(StatusCode::UNPROCESSABLE_ENTITY);
        }
    };
    front.typed = wallet.to_string();
    match look(&api, &client, &principal, wallet).await {
        Ok(standing) => front.standing = Some(standing),
        Err(problem) => return explain(front, &problem),
    }
    front.answer(StatusCode::OK)
}

/// The page after a key that is not valid.
pub(crate) fn refuse_key(api: &Api, problem: &Problem) -> Result<Response, Problem> {
    let mut front = FrontPage::of(api);
    front.key_message = Some(problem.detail().to_owned());
    front.answer(StatusCode::UNAUTHORIZED)
}

async fn look(
    api: &Api,
    client: &Client,
    principal: &Principal,
    wallet: Wallet,
) -> Result<Standing, Problem> {
    principal.demand(Right::Read)?;
    principal.demand_wallet(wallet)?;
    client.count(api, principal, Some(wallet)).await?;
    let answer = api.service.summary(&SummaryRequest { wallet, max_age_seconds: None }).await?;
    let summary: Summary =
        serde_json::from_slice(&answer.body).map_err(|error| Problem::internal(error.to_string()))?;
    let alerts = api.service.standing_alerts(wallet).await?;
    Ok(Standing::of(&summary, &alerts))
}

/// A refusal or failure in words on the page, with its own status.
fn explain(mut front: FrontPage, problem: &Problem) -> Result<Response, Problem> {
    let (_, title, _) = problem.kind().meaning();
    if let Some(cause) = problem.cause() {
        tracing::error!(cause, "the page could not show a wallet");
    }
    front.notice = Some((title.to_owned(), problem.detail().to_owned()));
    front.answer(status(problem.kind()))
}

/// What was typed into the field, to be shown again beside the message; cut to what an address could be.
fn typed(uri: &Uri) -> String {
    let value = query(uri).split('&').find_map(|pair| pair.strip_prefix("wallet="));
    let text = percent_encoding::percent_decode_str(value.unwrap_or_default()).decode_utf8_lossy();
    text.chars().take(64).collect()
}

fn description(api: &Api) -> DescriptionBody {
    DescriptionBody {
        name: info::NAME,
        version: api.settings.version.clone(),
        description: "Watches DeFi wallets and warns their owners before liquidation",
        links: LinksBody {
            info: "/api/info",
            health: "/api/risk/health",
            openapi: "/openapi.json",
            docs: "/docs",
            summary: "/api/risk/summary?wallet={wallet}",
        },
    }
}
