//! What sending leaves in the log at its finest. Alone in its process: tracing decides once per process whether a span
//! is of interest, and a test running beside this one without a subscriber would decide that it is not.

#![cfg(test)]

use std::io::Write;
use std::sync::{Arc, Mutex};

use risk_app::ports::{Channels, Clock};
use risk_http::Reach;
use risk_model::Timestamp;
use risk_notify::{AwsCredentials, ConfiguredChannels, Secret, Surroundings, channels_of};
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

struct At(Timestamp);

impl Clock for At {
    fn now(&self) -> Timestamp {
        self.0
    }
}

const KEY: &str = "SeCrEtSeCrEtSeCrEtSeCrEtSeCrEt32";

fn channels(base: &str) -> ConfiguredChannels {
    let settings = format!(
        r#"[{{"id": "a", "kind": "slack", "url": "{base}/{KEY}"}},
            {{"id": "b", "kind": "pager_duty", "url": "{base}", "routing_key": "{KEY}"}},
            {{"id": "c", "kind": "webhook", "url": "{base}/x?key={KEY}",
              "secrets": ["whsec_U2VDckV0U2VDckV0U2VDckV0U2VDckV0"]}},
            {{"id": "d", "kind": "discord", "url": "{base}/{KEY}"}},
            {{"id": "e", "kind": "telegram", "url": "{base}", "bot_token": "1:{KEY}", "chat_id": 7}},
            {{"id": "f", "kind": "event_bridge", "url": "{base}", "region": "eu-central-1"}}]"#
    );
    let reach = Reach::PublicAndLoopback;
    let aws = AwsCredentials {
        access_key_id: "AKIATEST".to_owned(),
        secret_access_key: Secret::new(KEY),
        session_token: Some(Secret::new(format!("token{KEY}"))),
    };
    let around = Surroundings {
        user_agent: "test/1".to_owned(),
        reach,
        clock: Arc::new(At(Timestamp::new(1_700_000_000))),
        aws: Some(aws),
    };
    ConfiguredChannels::new(channels_of(&settings, reach).unwrap(), around).unwrap()
}

#[tokio::test]
async fn no_secret_url_or_body_is_logged_by_any_channel_at_any_level() {
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
    let base = format!("http://{}", listener.local_addr().unwrap());
    let server = tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let _ = socket.read(&mut [0_u8; 16_384]).await;
            let _ = socket.write_all(b"HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n").await;
        }
    });
    let channels = channels(&base);
    for channel in channels.list() {
        let receipt = channels.test(&channel.id, Timestamp::new(1_700_000_000)).await;
        tracing::info!(?receipt, "tried");
    }
    server.abort();

    let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(text.matches("destination.post").count() >= 6, "{text}");
    for part in ["upstream.name=\"slack\"", "upstream.name=\"event_bridge\"", "Later", "duration_ms="] {
        assert!(text.contains(part), "no {part} in:\n{text}");
    }
    for secret in [KEY, "U2VDckV0", "whsec_", "This is a test of Risk Manager", "/sendMessage", "/v2/enqueue"]
    {
        let line = text.lines().find(|line| line.contains(secret));
        assert!(line.is_none(), "{secret} in {line:?}");
    }
}
