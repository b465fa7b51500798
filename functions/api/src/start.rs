//! From what boot has wired to a served router.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use risk_app::service::Delivering;
use risk_boot::host::{Host, print_line};
use risk_boot::{Environment, Wired, shutdown};
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::auth::{key_hash, mint_first_key};
use crate::{ApiSettings, AuthMode, DRAIN_SECONDS, PageModule, StreamSettings, router, serve, serve_lambda};

/// Longest a request may take.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// The API's settings of what boot has wired.
///
/// # Errors
/// `ADMIN_API_KEY` is not of the form of a key; `EDGE_MODULE_DIR` does not hold the module.
pub fn settings_of(wired: &Wired) -> anyhow::Result<ApiSettings> {
    let settings = &wired.settings;
    let admin = settings.admin_api_key.as_ref();
    let admin_key_hash = admin
        .map(|key| key_hash(key.expose()).context("ADMIN_API_KEY must be rm_ and 64 lower-case hex digits"))
        .transpose()?;
    let is_development = settings.environment == Environment::Development;
    Ok(ApiSettings {
        auth_mode: if settings.is_auth_open { AuthMode::Open } else { AuthMode::Keys },
        admin_key_hash,
        rate_limit_per_minute: settings.rate_limit_per_minute,
        rate_limit_per_minute_per_client: settings.client_rate_limit_per_minute,
        trusted_proxies: settings.trusted_proxies.clone(),
        cors_origins: settings.cors_origins.clone(),
        environment: settings.environment.name().to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        commit: option_env!("RISK_COMMIT").map(str::to_owned),
        started_at: wired.service.clock().now(),
        sandbox_catalogue: if is_development { settings.sample_wallets.clone() } else { Vec::new() },
        page_module: settings.edge_module_dir.as_deref().map(page_module).transpose()?,
        streams: None,
        unshared: wired.unshared(),
        request_timeout: REQUEST_TIMEOUT,
    })
}

/// The edge's module in a folder.
fn page_module(folder: &Path) -> anyhow::Result<PageModule> {
    let read = |file: &str| {
        let missing = || format!("EDGE_MODULE_DIR holds no readable {file}");
        std::fs::read(folder.join(file)).with_context(missing)
    };
    Ok(PageModule { script: read("risk_edge.js")?.into(), wasm: read("risk_edge_bg.wasm")?.into() })
}

/// Serves the API until the process is asked to end. In a container the address is printed once it is bound, and so is
/// the first admin key where there is none yet.
///
/// # Errors
/// The settings are wrong, the address cannot be bound, the store cannot keep the first key, or the runtime API failed.
pub async fn run(wired: Wired) -> anyhow::Result<()> {
    let mut settings = settings_of(&wired)?;
    let (closing, is_closing) = watch::channel(false);
    if wired.host == Host::Container {
        settings.streams = Some(StreamSettings::new(is_closing));
    }
    let needs_first_key = settings.auth_mode == AuthMode::Keys && settings.admin_key_hash.is_none();
    let quota = Arc::clone(&wired.quota);
    let app = router(Arc::clone(&wired.service), Arc::clone(&wired.metrics), quota, settings);
    if wired.host == Host::Lambda {
        // No key is made here: every instance would print its own to a log.
        return serve_lambda(app).await;
    }
    if needs_first_key {
        let store = wired.service.store();
        let minted = mint_first_key(store.as_ref(), wired.service.clock().now()).await?;
        if let Some(text) = minted {
            print_line(&format!("admin key, shown this once: {text}"));
        }
    }
    let address = SocketAddr::new(wired.settings.bind_address, wired.settings.port);
    let listener = TcpListener::bind(address).await.with_context(|| format!("{address} cannot be bound"))?;
    print_line(&format!("listening on http://{}", listener.local_addr()?));
    let delivering = Delivering::begin(&wired.service);
    let ending = async {
        shutdown::requested().await;
        // Streams end, so that the drain need not wait for them.
        closing.send_replace(true);
    };
    serve(app, listener, ending).await;
    delivering.end(Duration::from_secs(DRAIN_SECONDS)).await;
    Ok(())
}
