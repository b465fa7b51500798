//! The yardstick of `make bench`: a bare axum route that serialises the body in the file it is given.

use axum::extract::State;
use axum::routing::get;
use axum::{Json, Router};
use serde_json::Value;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let path = std::env::args().nth(1).ok_or_else(|| anyhow::anyhow!("usage: risk-bench-bare BODY.json"))?;
    let body: Value = serde_json::from_str(&std::fs::read_to_string(path)?)?;
    let body: &'static Value = Box::leak(Box::new(body));
    let router = Router::new()
        .route("/api/risk/summary", get(|State(body): State<&'static Value>| async move { Json(body) }))
        .with_state(body);
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await?;
    #[expect(clippy::print_stdout, reason = "the benchmark waits for this line")]
    {
        println!("http://{}", listener.local_addr()?);
    }
    axum::serve(listener, router).await?;
    Ok(())
}
