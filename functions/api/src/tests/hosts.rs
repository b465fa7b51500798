//! The router on a real socket: limits on the head, and the drain.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::{Mode, World, account_wallet};
use crate::serve;

async fn start(world: &World) -> (SocketAddr, oneshot::Sender<()>, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel();
    let router = world.router.clone();
    let server = tokio::spawn(serve(router, listener, async {
        let _ = stopped.await;
    }));
    (address, stop, server)
}

async fn exchange(address: SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    // A server that closes early may reset; what came until then is the answer.
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn a_socket_gets_the_same_answers_and_no_server_header() {
    let world = World::open();
    let (address, stop, server) = start(&world).await;
    let live =
        exchange(address, "GET /api/risk/health/live HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await;
    assert!(live.starts_with("HTTP/1.1 200 OK\r\n") && live.ends_with("{\"status\":\"alive\"}"), "{live}");
    assert!(live.contains("x-content-type-options: nosniff") && !live.to_lowercase().contains("\r\nserver:"));
    let long = format!("GET /{} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "a".repeat(9_000));
    let long = exchange(address, &long).await;
    assert!(long.starts_with("HTTP/1.1 414 ") && long.contains("url-too-long"), "{long}");
    let many = format!("GET / HTTP/1.1\r\nHost: a\r\n{}\r\n", "X-A: b\r\n".repeat(150));
    assert!(exchange(address, &many).await.starts_with("HTTP/1.1 431 "));
    let huge = format!("GET / HTTP/1.1\r\nHost: a\r\nX-A: {}\r\n\r\n", "b".repeat(70_000));
    assert!(exchange(address, &huge).await.starts_with("HTTP/1.1 431 "));
    stop.send(()).unwrap();
    server.await.unwrap();
}

#[tokio::test]
async fn a_client_that_sends_too_much_reads_the_whole_refusal_and_learns_that_the_connection_ends() {
    let world = World::open();
    let (address, stop, server) = start(&world).await;
    let (head, body) = ("POST /api/risk/analyze HTTP/1.1\r\nHost: a\r\n", vec![b' '; 512 << 10]);
    let mut stream = TcpStream::connect(address).await.unwrap();
    let length = body.len();
    let head = format!("{head}Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    for part in body.chunks(128 << 10) {
        // The refusal is long out when the last parts are sent: a socket that was gone would refuse them.
        stream.write_all(part).await.unwrap();
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 413 ") && answer.contains("connection: close"), "{answer}");
    assert!(answer.ends_with('}'), "{answer}");
    stop.send(()).unwrap();
    server.await.unwrap();
}

#[tokio::test]
async fn clients_on_a_socket_are_counted_by_their_address() {
    let world = World::of(|settings| settings.rate_limit_per_minute_per_client = 1);
    let (address, stop, server) = start(&world).await;
    let ask =
        "GET /api/risk/status HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 8.8.8.8\r\nConnection: close\r\n\r\n";
    assert!(exchange(address, ask).await.starts_with("HTTP/1.1 200 "));
    let second = exchange(address, &ask.replace("8.8.8.8", "9.9.9.9")).await;
    assert!(second.starts_with("HTTP/1.1 429 "), "an untrusted X-Forwarded-For buys no new quota: {second}");
    stop.send(()).unwrap();
    server.await.unwrap();
}

#[tokio::test]
async fn a_running_request_is_answered_after_the_stop_and_new_ones_are_not_taken() {
    let world = World::of(|settings| settings.request_timeout = Duration::from_millis(500));
    world.fake.behave(Mode::Hangs);
    let (address, stop, server) = start(&world).await;
    let wallet = account_wallet();
    let ask = format!("GET /api/risk/summary?wallet={wallet} HTTP/1.1\r\nHost: a\r\n\r\n");
    let running = tokio::spawn(async move { exchange(address, &ask).await });
    tokio::time::sleep(Duration::from_millis(150)).await;
    stop.send(()).unwrap();
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(TcpStream::connect(address).await.is_err());
    let answer = running.await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 504 "), "{answer}");
    tokio::time::timeout(Duration::from_secs(2), server).await.unwrap().unwrap();
}
