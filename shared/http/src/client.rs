//! The one client: TLS, connection pool, and the making of upstreams.

use std::sync::Arc;
use std::time::Duration;

use rustls::{ClientConfig, RootCertStore};

use crate::error::SetupError;
use crate::policy::Policy;
use crate::upstream::Upstream;

/// Longest time to connect; an attempt's own timeout may be shorter.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long an idle connection is kept: longer than a minute's sweep, so that the next one reuses it.
const IDLE_TIMEOUT: Duration = Duration::from_secs(90);

/// The client could not be built.
pub(crate) const UNFIT: SetupError = SetupError::Client("its parts do not fit together");

/// The outbound client. Make one and clone it: clones share the connections.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
}

impl Client {
    /// Makes the client. It opens nothing yet.
    ///
    /// Trust comes from Mozilla's roots compiled in, so that it works in an empty container; redirects are not
    /// followed (a key must not follow one elsewhere), no cookies, no proxy from the environment.
    ///
    /// # Errors
    /// The user agent is not a header value, or TLS cannot be set up.
    pub fn new(user_agent: &str) -> Result<Self, SetupError> {
        let http = prepare(user_agent)?.build().map_err(|_| UNFIT)?;
        Ok(Self { http })
    }

    /// One upstream: its base URL (`https` or `http`, may hold a path and a key) and its policy. Make each once and
    /// clone it: clones share breaker, budgets and counts.
    ///
    /// # Errors
    /// The base URL or a value of the policy cannot be used. The URL is not shown.
    pub fn upstream(&self, base_url: &str, policy: Policy) -> Result<Upstream, SetupError> {
        Upstream::new(self.http.clone(), base_url, policy)
    }
}

/// A client with the rules of this crate, still to be built.
pub(crate) fn prepare(user_agent: &str) -> Result<reqwest::ClientBuilder, SetupError> {
    let agent = http::HeaderValue::try_from(user_agent)
        .map_err(|_| SetupError::Client("the user agent cannot be a header value"))?;
    #[expect(clippy::disallowed_methods, reason = "this is the one outbound client")]
    let builder = reqwest::Client::builder();
    Ok(builder
        .user_agent(agent)
        .tls_backend_preconfigured(configure_tls()?)
        .redirect(reqwest::redirect::Policy::none())
        .referer(false)
        .no_proxy()
        // Every request must pass the rate budget, so none may be repeated below it.
        .retry(reqwest::retry::never())
        .connect_timeout(CONNECT_TIMEOUT)
        .pool_idle_timeout(IDLE_TIMEOUT)
        .tcp_nodelay(true))
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client").finish_non_exhaustive()
    }
}

/// TLS by rustls with ring, chosen here and not by the process-wide default, which another part may have set.
fn configure_tls() -> Result<ClientConfig, SetupError> {
    // Trust anchors, not certificates: they are constants, and parsing certificates would be paid at every start.
    let roots: RootCertStore = webpki_roots::TLS_SERVER_ROOTS.iter().cloned().collect();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|_| SetupError::Client("no TLS version is available"))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_is_made_without_a_process_wide_crypto_provider_and_more_than_once() {
        assert!(Client::new("test/1").is_ok());
        assert!(Client::new("test/2").is_ok());
        assert!(rustls::crypto::CryptoProvider::get_default().is_none());
    }

    #[test]
    fn the_roots_are_compiled_in() {
        assert!(webpki_roots::TLS_SERVER_ROOTS.len() > 100);
    }

    #[test]
    fn a_user_agent_with_a_line_break_is_refused() {
        assert!(matches!(Client::new("a\r\nx: y"), Err(SetupError::Client(_))));
    }
}
