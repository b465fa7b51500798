//! A closed loop of keep-alive connections over loopback, with the latencies that they saw.

use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// What one run of the load saw.
pub(crate) struct Load {
    /// Answers a second.
    pub(crate) per_second: f64,
    /// Latencies in microseconds.
    pub(crate) latency: Histogram<u64>,
    /// Answers that were not 200, and broken connections.
    pub(crate) errors: u64,
    /// Answers in all.
    pub(crate) answers: u64,
}

/// Sends one request over and over on each connection until the time is over.
pub(crate) async fn run(address: &str, request: &str, connections: usize, time: Duration) -> Load {
    let start = now();
    let tasks: Vec<_> = (0..connections)
        .map(|_| tokio::spawn(connection(address.to_owned(), request.to_owned(), start + time)))
        .collect();
    let mut load = Load { per_second: 0.0, latency: histogram(), errors: 0, answers: 0 };
    for task in tasks {
        let (latency, errors) = task.await.unwrap_or_else(|_| (histogram(), 1));
        load.answers += latency.len();
        load.errors += errors;
        load.latency.add(&latency).unwrap_or_default();
    }
    load.per_second = load.answers as f64 / start.elapsed().as_secs_f64();
    load
}

fn histogram() -> Histogram<u64> {
    Histogram::new_with_bounds(1, 60_000_000, 3).unwrap_or_else(|_| unreachable!("the bounds are constant"))
}

#[expect(clippy::disallowed_methods, reason = "a benchmark measures time")]
pub(crate) fn now() -> Instant {
    Instant::now()
}

async fn connection(address: String, request: String, end: Instant) -> (Histogram<u64>, u64) {
    let (mut latency, mut errors) = (histogram(), 0);
    let Ok(mut stream) = TcpStream::connect(&address).await else {
        return (latency, 1);
    };
    let _ = stream.set_nodelay(true);
    let mut buffer = Vec::with_capacity(64 * 1024);
    while now() < end {
        let sent = now();
        match exchange(&mut stream, request.as_bytes(), &mut buffer).await {
            Ok(true) => {
                latency.saturating_record(u64::try_from(sent.elapsed().as_micros()).unwrap_or(u64::MAX));
            }
            Ok(false) => errors += 1,
            Err(_) => return (latency, errors + 1),
        }
    }
    (latency, errors)
}

/// One request and its whole answer by `Content-Length`; whether it was a 200.
async fn exchange(stream: &mut TcpStream, request: &[u8], buffer: &mut Vec<u8>) -> std::io::Result<bool> {
    stream.write_all(request).await?;
    buffer.clear();
    loop {
        if stream.read_buf(buffer).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        let Some(head) = buffer.windows(4).position(|window| window == b"\r\n\r\n") else {
            continue;
        };
        let text = String::from_utf8_lossy(&buffer[..head]).to_ascii_lowercase();
        let length = text.split("content-length: ").nth(1).and_then(|rest| rest.split('\r').next());
        let length: usize =
            length.and_then(|digits| digits.parse().ok()).ok_or(std::io::ErrorKind::InvalidData)?;
        if buffer.len() >= head + 4 + length {
            return Ok(text.starts_with("http/1.1 200"));
        }
    }
}
