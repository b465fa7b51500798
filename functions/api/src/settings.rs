//! What the API needs to be told: limits, principals, and what it says of itself.

use std::net::IpAddr;
use std::time::Duration;

use axum::body::Bytes;
use risk_model::Timestamp;

use crate::streams::StreamSettings;

/// Who may call the wallet routes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthMode {
    /// Holders of an API key.
    Keys,
    /// Everybody who can reach the port, with `read` and `write`: development on loopback only.
    Open,
}

/// The edge's module for the web, as `make edge` writes it.
#[derive(Clone, Debug)]
pub struct PageModule {
    /// `risk_edge.js`.
    pub script: Bytes,
    /// `risk_edge_bg.wasm`.
    pub wasm: Bytes,
}

/// The settings of the API.
#[derive(Clone, Debug)]
pub struct ApiSettings {
    /// Who may call the wallet routes.
    pub auth_mode: AuthMode,
    /// Hash of the admin key of the settings, by [`crate::key_hash`]: valid beside the keys in the store.
    pub admin_key_hash: Option<[u8; 32]>,
    /// Requests a minute of one principal about one wallet.
    pub rate_limit_per_minute: u32,
    /// Requests a minute of one client address over all routes that do work.
    pub rate_limit_per_minute_per_client: u32,
    /// Peers whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpAddr>,
    /// Origins that browsers may call from; none turns CORS off.
    pub cors_origins: Vec<String>,
    /// `development`, `staging` or `production`.
    pub environment: String,
    /// Version of the service.
    pub version: String,
    /// Commit it was built from, where known.
    pub commit: Option<String>,
    /// When this process started.
    pub started_at: Timestamp,
    /// Sample wallets offered on the page: name and address. Empty outside development.
    pub sandbox_catalogue: Vec<(String, String)>,
    /// The edge's module, with which the page checks what is typed, where there is one.
    pub page_module: Option<PageModule>,
    /// How the event stream is offered; not at all where absent, as under Lambda.
    pub streams: Option<StreamSettings>,
    /// Parts of the state that other processes of this deployment do not see: some of `store`, `quota`, `events`.
    pub unshared: Vec<&'static str>,
    /// Longest a request may take before it is answered with 504.
    pub request_timeout: Duration,
}
