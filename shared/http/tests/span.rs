//! What a call leaves in the log. Alone in its process: tracing decides once per process whether a span is of
//! interest, and a test running beside this one without a subscriber would decide that it is not.

use std::io::Write;
use std::sync::{Arc, Mutex};

use risk_http::{Client, Parsed, Policy, Reply, Request};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tracing_subscriber::fmt::format::FmtSpan;

/// Keeps what is logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let mut kept = self.0.lock().map_err(|_| std::io::ErrorKind::Other)?;
        kept.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn the_span_of_a_call_names_upstream_attempts_and_outcome_and_no_key_at_any_level() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_span_events(FmtSpan::CLOSE)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}/v2/PathKey0123456789abcdef", listener.local_addr().unwrap());
    let server = tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let _ = socket.read(&mut [0_u8; 4096]).await;
            let _ = socket.write_all(b"HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n").await;
        }
    });
    let mut policy = Policy::new("testing");
    policy.breaker_failures = 3;
    let upstream = Client::new("test").unwrap().upstream(&base, policy).unwrap();
    let request = Request::post_json("/method", &"BodySecret0123")
        .secret_query("apikey", "QueryKey0123456789")
        .header("x-cg-demo-api-key", "CG-HeaderKey012")
        .bearer("BearerKey0123456789");
    let status = |reply: &Reply| reply.status_fault().unwrap_or(Parsed::Ok(()));
    assert!(upstream.call(&request, status).await.is_err());
    server.abort();

    let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    for part in
        ["upstream.call", "upstream.name=\"testing\"", "attempt=3", "outcome=\"unavailable\"", "duration_ms="]
    {
        assert!(text.contains(part), "no {part} in:\n{text}");
    }
    assert!(text.contains("breaker opened"), "{text}");
    for secret in ["PathKey", "QueryKey", "HeaderKey", "BearerKey", "BodySecret"] {
        assert!(!text.contains(secret), "{secret} in:\n{text}");
    }
}
