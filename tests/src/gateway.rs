//! A Lambda Runtime API with an HTTP gateway in front of it, as AWS runs them: requests become payload-format 2.0
//! events that the function polls for, and its answers become responses.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, Response, StatusCode};
use axum::response::IntoResponse;
use axum::routing::{get, post};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::{Mutex, mpsc, oneshot};

/// Time a function has for one event, milliseconds.
const TIME_MS: u64 = 60_000;

type Waiting = HashMap<String, oneshot::Sender<Value>>;

struct Shared {
    events: Mutex<mpsc::Receiver<(String, Value)>>,
    send: mpsc::Sender<(String, Value)>,
    waiting: Mutex<Waiting>,
    next: AtomicU64,
}

/// The two servers. They end with the runtime they were started on.
#[derive(Clone)]
pub struct Gateway {
    shared: Arc<Shared>,
    /// `host:port` for `AWS_LAMBDA_RUNTIME_API`.
    pub runtime_api: String,
    /// Base URL of the gateway.
    pub url: String,
}

impl Gateway {
    /// Starts both on free loopback ports.
    ///
    /// # Errors
    /// No port could be bound.
    pub async fn start() -> anyhow::Result<Self> {
        let (send, receive) = mpsc::channel(256);
        let shared = Arc::new(Shared {
            events: Mutex::new(receive),
            send,
            waiting: Mutex::default(),
            next: AtomicU64::new(1),
        });
        let runtime = Router::new()
            .route("/2018-06-01/runtime/invocation/next", get(next))
            .route("/2018-06-01/runtime/invocation/{id}/response", post(response))
            .route("/2018-06-01/runtime/invocation/{id}/error", post(failure))
            .with_state(Arc::clone(&shared));
        let front = Router::new().fallback(forward).with_state(Arc::clone(&shared));
        let (runtime_api, url) = (serve(runtime).await?, serve(front).await?);
        Ok(Self { shared, runtime_api, url: format!("http://{url}") })
    }

    /// Invokes the function with an event of its own and answers what it answers.
    ///
    /// # Errors
    /// The function went away.
    pub async fn invoke(&self, event: Value) -> anyhow::Result<Value> {
        Ok(self.shared.invoke(event).await?)
    }
}

impl Shared {
    async fn invoke(&self, event: Value) -> Result<Value, oneshot::error::RecvError> {
        let id = format!("00000000-0000-4000-8000-{:012}", self.next.fetch_add(1, Ordering::Relaxed));
        let (send, receive) = oneshot::channel();
        self.waiting.lock().await.insert(id.clone(), send);
        // A function that is gone closes nothing; the receiver below then never answers and the client's own
        // time limit ends the wait.
        let _ = self.send.send((id, event)).await;
        receive.await
    }
}

async fn serve(router: Router) -> anyhow::Result<String> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let address = listener.local_addr()?.to_string();
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok(address)
}

async fn next(State(shared): State<Arc<Shared>>) -> axum::response::Response {
    let event = shared.events.lock().await.recv().await;
    let Some((id, event)) = event else {
        return StatusCode::GONE.into_response();
    };
    #[expect(clippy::disallowed_methods, reason = "the Runtime API gives an absolute deadline")]
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    let deadline = u64::try_from(now.as_millis()).unwrap_or(0) + TIME_MS;
    let headers = [
        ("lambda-runtime-aws-request-id", id),
        ("lambda-runtime-deadline-ms", deadline.to_string()),
        (
            "lambda-runtime-invoked-function-arn",
            "arn:aws:lambda:eu-central-1:123456789012:function:risk".to_owned(),
        ),
    ];
    (headers, event.to_string()).into_response()
}

async fn response(State(shared): State<Arc<Shared>>, Path(id): Path<String>, body: Bytes) -> StatusCode {
    settle(&shared, &id, serde_json::from_slice(&body).unwrap_or(Value::Null)).await
}

async fn failure(State(shared): State<Arc<Shared>>, Path(id): Path<String>, body: Bytes) -> StatusCode {
    let error: Value = serde_json::from_slice(&body).unwrap_or(Value::Null);
    settle(&shared, &id, json!({"statusCode": 502, "body": error.to_string()})).await
}

async fn settle(shared: &Shared, id: &str, answer: Value) -> StatusCode {
    if let Some(waiting) = shared.waiting.lock().await.remove(id) {
        // The client may have gone; the function has done its part.
        let _ = waiting.send(answer);
    }
    StatusCode::ACCEPTED
}

/// One HTTP request as a payload-format 2.0 event, and the answer back.
async fn forward(State(shared): State<Arc<Shared>>, request: Request) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, 10 << 20).await else {
        return problem(StatusCode::PAYLOAD_TOO_LARGE);
    };
    let (path, query) = (parts.uri.path(), parts.uri.query().unwrap_or(""));
    let event = json!({
        "version": "2.0", "routeKey": "$default", "rawPath": path, "rawQueryString": query,
        "headers": headers(&parts.headers),
        "requestContext": {
            "accountId": "123456789012", "apiId": "api", "domainName": "localhost", "domainPrefix": "api",
            "http": {"method": parts.method.as_str(), "path": path, "protocol": "HTTP/1.1",
                     "sourceIp": "127.0.0.1", "userAgent": "tests"},
            "requestId": "gateway", "routeKey": "$default", "stage": "$default",
            "time": "01/Jan/2026:00:00:00 +0000", "timeEpoch": 1_767_225_600_000_u64
        },
        "body": STANDARD.encode(&body), "isBase64Encoded": true
    });
    match shared.invoke(event).await {
        Ok(answer) => reply(&answer),
        Err(_) => problem(StatusCode::BAD_GATEWAY),
    }
}

fn headers(headers: &HeaderMap) -> HashMap<String, String> {
    let mut joined: HashMap<String, String> = HashMap::new();
    for (name, value) in headers {
        let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
        joined.entry(name.to_string()).and_modify(|old| *old = format!("{old},{value}")).or_insert(value);
    }
    joined
}

fn reply(answer: &Value) -> Response<Body> {
    let status = answer["statusCode"].as_u64().and_then(|code| u16::try_from(code).ok()).unwrap_or(502);
    let mut response = Response::builder().status(status);
    for (name, value) in answer["headers"].as_object().into_iter().flatten() {
        response = response.header(name, value.as_str().unwrap_or(""));
    }
    for cookie in answer["cookies"].as_array().into_iter().flatten() {
        response = response.header("set-cookie", cookie.as_str().unwrap_or(""));
    }
    let text = answer["body"].as_str().unwrap_or("");
    let body = if answer["isBase64Encoded"] == true {
        STANDARD.decode(text).unwrap_or_default()
    } else {
        text.into()
    };
    response.body(Body::from(body)).unwrap_or_else(|_| problem(StatusCode::BAD_GATEWAY))
}

fn problem(status: StatusCode) -> Response<Body> {
    status.into_response()
}
