//! A whole service for one test: sandbox, data folder, the API under either host, and sweeps.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, ensure};
use risk_sandbox::{Options, Sandbox};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::gateway::Gateway;
use crate::process::{Process, command};

/// The admin key of every test stack.
pub const ADMIN_KEY: &str = "rm_5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a";

/// A channel of three kinds at the sandbox's receivers; the pager hears of high severities and over.
pub const CHANNELS: (&str, &str) = (
    "CHANNELS",
    r#"[{"id": "desk", "kind": "slack", "url": "{sandbox}/receivers/slack/services/T0/B0/x", "timeout_seconds": 3},
        {"id": "pager", "kind": "pager_duty", "url": "{sandbox}/receivers/pagerduty",
         "routing_key": "0123456789abcdef0123456789abcdef", "min_severity": "high"},
        {"id": "hook", "kind": "webhook", "url": "{sandbox}/receivers/webhook/in",
         "secrets": ["whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="]}]"#,
);

/// Which host the API runs under.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Host {
    /// `axum::serve`.
    Container,
    /// The Lambda runtime, behind [`Gateway`].
    Lambda,
}

impl Host {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Container, Self::Lambda];
}

/// What the API answered.
#[derive(Debug)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// Headers, names in lower case.
    pub headers: reqwest::header::HeaderMap,
    /// The body; null where it is no JSON.
    pub json: Value,
    /// The body as text.
    pub text: String,
}

/// A running service.
pub struct Stack {
    /// The providers.
    pub sandbox: Arc<Sandbox>,
    /// Base URL of the API.
    pub url: String,
    /// The client that tests use.
    pub http: reqwest::Client,
    /// The API's process.
    pub api: Process,
    /// The gateway under [`Host::Lambda`].
    pub gateway: Option<Gateway>,
    /// The API's variables.
    pub environment: Vec<(String, String)>,
    data: TempDir,
}

impl Stack {
    /// A service under a host, with variables over the test defaults; `{sandbox}` in one is the sandbox's URL.
    ///
    /// # Errors
    /// A part did not start.
    pub async fn start(host: Host, settings: &[(&str, &str)]) -> anyhow::Result<Self> {
        let sandbox = Sandbox::start(Options { seed: 7, port: 0 }).await?;
        Self::at(Arc::new(sandbox), host, settings).await
    }

    /// Another service with a store of its own, in front of the sandbox of a first one.
    ///
    /// # Errors
    /// A part did not start.
    pub async fn beside(first: &Self, settings: &[(&str, &str)]) -> anyhow::Result<Self> {
        Self::at(Arc::clone(&first.sandbox), Host::Container, settings).await
    }

    async fn at(sandbox: Arc<Sandbox>, host: Host, settings: &[(&str, &str)]) -> anyhow::Result<Self> {
        let data = TempDir::new()?;
        let mut environment =
            environment(&sandbox.base_url, data.path().to_str().context("odd temporary folder")?);
        for (name, value) in settings {
            environment.retain(|(known, _)| known != name);
            environment.push(((*name).to_owned(), value.replace("{sandbox}", &sandbox.base_url)));
        }
        let (api, url, gateway) = start_api(host, &environment).await?;
        let http = client()?;
        Ok(Self { sandbox, url, http, api, gateway, environment, data })
    }

    /// Where SQLite keeps its file.
    #[must_use]
    pub fn data_dir(&self) -> &std::path::Path {
        self.data.path()
    }

    /// Ends the API at once and starts another on the same data.
    ///
    /// # Errors
    /// It did not start again.
    pub async fn restart_api(&mut self) -> anyhow::Result<()> {
        self.api.kill();
        (self.api, self.url, self.gateway) = start_api(Host::Container, &self.environment).await?;
        Ok(())
    }

    /// Sends a request with the admin key.
    ///
    /// # Errors
    /// No answer came.
    pub async fn send(&self, method: &str, path: &str, body: Option<Value>) -> anyhow::Result<Reply> {
        let mut request = self.request(method, path)?.header("x-api-key", ADMIN_KEY);
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body.to_string());
        }
        answer(request).await
    }

    /// A bare request to the API, for tests of what is wrong with it.
    ///
    /// # Errors
    /// The method is none.
    pub fn request(&self, method: &str, path: &str) -> anyhow::Result<reqwest::RequestBuilder> {
        Ok(self.http.request(method.parse()?, format!("{}{path}", self.url)))
    }

    /// GET with the admin key.
    ///
    /// # Errors
    /// No answer came.
    pub async fn get(&self, path: &str) -> anyhow::Result<Reply> {
        self.send("GET", path, None).await
    }

    /// A fresh assessment.
    ///
    /// # Errors
    /// No answer came.
    pub async fn analyze(&self, wallet: &str) -> anyhow::Result<Reply> {
        self.send("POST", "/api/risk/analyze", Some(json!({"wallet_address": wallet, "force_refresh": true})))
            .await
    }

    /// A call of the sandbox's control interface.
    ///
    /// # Errors
    /// It refused.
    pub async fn control(&self, method: &str, path: &str, body: Value) -> anyhow::Result<Value> {
        let url = format!("{}/control/{path}", self.sandbox.base_url);
        let mut request = self.http.request(method.parse()?, url);
        if !body.is_null() {
            request = request.header("content-type", "application/json").body(body.to_string());
        }
        let reply = answer(request).await?;
        ensure!(reply.status < 300, "control/{path}: {} {}", reply.status, reply.text);
        Ok(reply.json)
    }

    /// The address of a catalogue wallet.
    ///
    /// # Errors
    /// There is none of that name.
    pub async fn wallet(&self, name: &str) -> anyhow::Result<String> {
        let catalogue = self.control("GET", "catalogue", Value::Null).await?;
        let found = catalogue.as_array().into_iter().flatten().find(|wallet| wallet["name"] == name);
        let address = found.and_then(|wallet| wallet["address"].as_str());
        Ok(address.with_context(|| format!("no {name} in {catalogue}"))?.to_owned())
    }

    /// Runs `risk-sweep` to its end and answers what it printed.
    ///
    /// # Errors
    /// It failed.
    pub async fn sweep(&self) -> anyhow::Result<Value> {
        let mut command = command("risk-sweep", &self.environment)?;
        let output = tokio::task::spawn_blocking(move || command.output()).await??;
        let error = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "sweep ended with {}: {error}", output.status);
        Ok(serde_json::from_slice(&output.stdout)?)
    }

    /// Mints an API key as an operator does, on the same data.
    ///
    /// # Errors
    /// It was refused.
    pub async fn mint_key(&self, arguments: &[&str]) -> anyhow::Result<String> {
        let mut command = command("risk-api", &self.environment)?;
        command.arg("mint-key").args(arguments);
        let output = tokio::task::spawn_blocking(move || command.output()).await??;
        ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Ok(String::from_utf8(output.stdout)?.trim().to_owned())
    }

    /// Starts `risk-sweep` and lets it run.
    ///
    /// # Errors
    /// It could not be started.
    pub fn begin_sweep(&self) -> anyhow::Result<Process> {
        Process::start("risk-sweep", &self.environment)
    }
}

async fn start_api(
    host: Host,
    environment: &[(String, String)],
) -> anyhow::Result<(Process, String, Option<Gateway>)> {
    match host {
        Host::Container => {
            let mut api = Process::start("risk-api", environment)?;
            let url = api.word("http://127.0.0.1:").await?;
            Ok((api, url.trim_end_matches('/').to_owned(), None))
        }
        Host::Lambda => {
            let gateway = Gateway::start().await?;
            let mut environment = environment.to_vec();
            let lambda = [
                ("AWS_LAMBDA_RUNTIME_API", gateway.runtime_api.as_str()),
                ("AWS_LAMBDA_FUNCTION_NAME", "risk-api"),
                ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256"),
                ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
                ("AWS_LAMBDA_LOG_GROUP_NAME", "risk"),
                ("AWS_LAMBDA_LOG_STREAM_NAME", "risk"),
            ];
            environment.extend(lambda.map(|(name, value)| (name.to_owned(), value.to_owned())));
            let api = Process::start("risk-api", &environment)?;
            let url = gateway.url.clone();
            Ok((api, url, Some(gateway)))
        }
    }
}

/// The variables of a service in front of a sandbox.
#[must_use]
pub fn environment(sandbox: &str, data: &str) -> Vec<(String, String)> {
    let pairs = [
        ("ENV", "development".to_owned()),
        ("DATA_DIR", data.to_owned()),
        ("PORT", "0".to_owned()),
        ("LOG_LEVEL", "warn".to_owned()),
        ("ADMIN_API_KEY", ADMIN_KEY.to_owned()),
        ("RATE_LIMIT_PER_MINUTE", "100000".to_owned()),
        ("CLIENT_RATE_LIMIT_PER_MINUTE", "1000000".to_owned()),
        ("FRESH_SECONDS", "1".to_owned()),
        ("CHAINS", "ethereum,arbitrum".to_owned()),
        ("ALCHEMY_URL", format!("{sandbox}/alchemy/{{network}}/v2/{{key}}")),
        ("ALCHEMY_API_KEY", "sandbox".to_owned()),
        ("COINGECKO_URL", format!("{sandbox}/coingecko/api/v3")),
        ("COINGECKO_API_KEY", "sandbox".to_owned()),
        ("COINGECKO_RATE_PER_SECOND", "10000".to_owned()),
        ("DEFILLAMA_URL", format!("{sandbox}/llama")),
        ("DEFILLAMA_RATE_PER_SECOND", "10000".to_owned()),
        ("DEFILLAMA_TVL_URL", format!("{sandbox}/llama")),
        ("DEFILLAMA_TVL_RATE_PER_SECOND", "10000".to_owned()),
        ("ETHERSCAN_URL", format!("{sandbox}/etherscan/v2/api")),
        ("ETHERSCAN_API_KEY", "sandbox".to_owned()),
        ("ETHERSCAN_RATE_PER_SECOND", "10000".to_owned()),
        ("THEGRAPH_URL", format!("{sandbox}/thegraph/api")),
        ("THEGRAPH_API_KEY", "sandbox".to_owned()),
    ];
    pairs.map(|(name, value)| (name.to_owned(), value)).to_vec()
}

/// Sends a request and reads all of the answer.
///
/// # Errors
/// No answer came within the client's time.
pub async fn answer(request: reqwest::RequestBuilder) -> anyhow::Result<Reply> {
    let response = request.send().await?;
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let text = response.text().await?;
    let json = serde_json::from_str(&text).unwrap_or(Value::Null);
    Ok(Reply { status, headers, json, text })
}

/// A client with a time limit longer than the API's own.
///
/// # Errors
/// TLS could not be set up.
pub fn client() -> anyhow::Result<reqwest::Client> {
    // Another test of this process may have been first.
    let _ = rustls::crypto::ring::default_provider().install_default();
    #[expect(clippy::disallowed_methods, reason = "the tests' own client stands for the service's clients")]
    let client = reqwest::Client::builder().timeout(Duration::from_secs(40)).no_proxy();
    Ok(client.build()?)
}
