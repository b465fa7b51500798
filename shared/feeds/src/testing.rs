//! What the tests of this crate share: a clock that is set, a provider that is scripted, and recorded replies.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::IntoResponse;
use risk_app::ports::{Clock, Depth};
use risk_http::{Client, Reply};
use risk_model::Timestamp;
use serde_json::Value;

/// A moment in 2026, at noon UTC.
pub(crate) const NOON: u64 = 20_600 * 86_400 + 43_200;
/// As a sweep reads that began now: what was asked before or in this second is asked again.
pub(crate) const SWEPT: Depth = Depth::Known { since: Timestamp::new(NOON) };

/// A clock that stands still until it is moved.
pub(crate) struct SetClock(AtomicU64);

impl SetClock {
    pub(crate) fn at(seconds: u64) -> Arc<Self> {
        Arc::new(Self(AtomicU64::new(seconds)))
    }

    pub(crate) fn pass(&self, seconds: u64) {
        self.0.fetch_add(seconds, Ordering::Relaxed);
    }
}

impl Clock for SetClock {
    fn now(&self) -> Timestamp {
        Timestamp::new(self.0.load(Ordering::Relaxed))
    }
}

/// One scripted answer.
#[derive(Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: String,
    pub(crate) wait: Duration,
}

impl Answer {
    #[expect(clippy::needless_pass_by_value, reason = "bodies are written in place")]
    pub(crate) fn ok(body: impl ToString) -> Self {
        Self { status: 200, body: body.to_string(), wait: Duration::ZERO }
    }

    pub(crate) fn status(status: u16) -> Self {
        Self { status, body: String::new(), wait: Duration::ZERO }
    }
}

/// One request as it arrived.
#[derive(Clone)]
pub(crate) struct Seen {
    pub(crate) path: String,
    pub(crate) query: HashMap<String, String>,
    pub(crate) headers: HeaderMap,
}

type Script = dyn Fn(&Seen) -> Answer + Send + Sync;

/// A provider on loopback that answers by a function and remembers what it was asked. It ends with the test.
pub(crate) struct Provider {
    pub(crate) base_url: String,
    seen: Arc<Mutex<Vec<Seen>>>,
    script: Arc<Mutex<Arc<Script>>>,
    server: tokio::task::JoinHandle<()>,
}

impl Provider {
    pub(crate) async fn answering(script: impl Fn(&Seen) -> Answer + Send + Sync + 'static) -> Self {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let script: Arc<Mutex<Arc<Script>>> = Arc::new(Mutex::new(Arc::new(script)));
        let (kept, scripted) = (Arc::clone(&seen), Arc::clone(&script));
        let answer = move |uri: Uri, headers: HeaderMap| {
            let query = uri.query().unwrap_or_default().split('&').filter_map(|pair| pair.split_once('='));
            let query = query.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
            let request = Seen { path: uri.path().to_owned(), query, headers };
            kept.lock().unwrap().push(request.clone());
            let script = Arc::clone(&*scripted.lock().unwrap());
            async move {
                let answer = script(&request);
                tokio::time::sleep(answer.wait).await;
                (StatusCode::from_u16(answer.status).unwrap(), answer.body).into_response()
            }
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base_url = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().fallback(answer);
        let server = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { base_url, seen, script, server }
    }

    /// Answers by another function from now on.
    pub(crate) fn change(&self, script: impl Fn(&Seen) -> Answer + Send + Sync + 'static) {
        *self.script.lock().unwrap() = Arc::new(script);
    }

    /// Everything asked so far, oldest first.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        self.server.abort();
    }
}

pub(crate) fn client() -> Client {
    Client::new("risk-feeds-tests").unwrap()
}

/// A reply without a server.
#[expect(clippy::needless_pass_by_value, reason = "bodies are written in place")]
pub(crate) fn reply(status: u16, body: impl ToString) -> Reply {
    Reply { status, retry_after: None, body: body.to_string().into_bytes().into() }
}

/// A recorded reply of `../shared/data/api_samples`; `None`, loudly, where that folder is absent.
pub(crate) fn sample(name: &str) -> Option<Value> {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/api_samples").join(name);
    match std::fs::read(&file) {
        Ok(text) => Some(serde_json::from_slice(&text).unwrap()),
        Err(_) => {
            eprintln!("SKIPPED: ../shared/data/api_samples/{name} is not there");
            None
        }
    }
}

/// The body of a recorded reply.
pub(crate) fn sample_body(name: &str) -> Option<Value> {
    sample(name).map(|recorded| recorded.pointer("/response/body").unwrap().clone())
}
