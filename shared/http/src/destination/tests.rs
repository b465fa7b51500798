//! Tests of destinations against real servers on the loopback interface.

use std::net::SocketAddr;
use std::time::Duration;

use axum::http::StatusCode;
use axum::response::IntoResponse;
use tokio::time::Instant;

use super::*;
use crate::testing::Server;

const SECOND: Duration = Duration::from_secs(1);

fn nearby() -> Destinations {
    Destinations::new("risk-manager-test/1", Reach::PublicAndLoopback).unwrap()
}

fn message() -> Request {
    Request::post_json("", &"hello")
}

#[tokio::test]
async fn an_answer_of_any_status_comes_back_as_it_is_after_one_attempt() {
    for status in [200, 302, 400, 404, 410, 429, 500, 503] {
        let server = Server::start(move |_, _| async move {
            let headers = [("retry-after", "7"), ("location", "/elsewhere")];
            (StatusCode::from_u16(status).unwrap(), headers, "words").into_response()
        })
        .await;
        let place = nearby().at("testing", &server.base, SECOND, 100).unwrap();
        let reply = place.send(&message()).await.unwrap();
        assert_eq!((reply.status, &reply.body[..]), (status, &b"words"[..]));
        assert_eq!(reply.retry_after, Some(Duration::from_secs(7)));
        assert_eq!(server.hits(), 1, "{status}");
    }
}

#[tokio::test]
async fn a_reply_is_read_as_far_as_the_limit_and_an_endless_one_costs_nothing() {
    let endless = Server::raw(|mut socket| async move {
        use tokio::io::AsyncWriteExt;
        let head = b"HTTP/1.1 200 OK\r\ncontent-length: 1000000000\r\n\r\nok";
        let _ = socket.write_all(head).await;
        tokio::time::sleep(Duration::from_secs(30)).await;
    })
    .await;
    for (limit, body) in [(0, ""), (1, "o"), (2, "ok")] {
        let place = nearby().at("testing", &endless.base, SECOND, limit).unwrap();
        assert_eq!(place.send(&message()).await.unwrap().body, body);
    }
}

#[tokio::test]
async fn a_receiver_that_hangs_is_left_when_the_time_is_over() {
    let hanging = Server::raw(|socket| async move {
        tokio::time::sleep(Duration::from_secs(30)).await;
        drop(socket);
    })
    .await;
    let place = nearby().at("testing", &hanging.base, Duration::from_millis(200), 100).unwrap();
    let started = Instant::now();
    let error = place.send(&message()).await.unwrap_err();
    assert_eq!(error, CallError::Timeout { upstream: "testing" });
    assert!(started.elapsed() < SECOND, "{:?}", started.elapsed());
}

#[tokio::test]
async fn a_name_that_leads_to_our_own_network_is_never_connected_to() {
    let server = Server::start(|_, _| async { "secret".into_response() }).await;
    let port = server.base.rsplit(':').next().unwrap().to_owned();
    // One public address beside a private one, as a name that is being rebound gives.
    let mixed =
        |_: &str| -> Vec<SocketAddr> { vec!["1.1.1.1:0".parse().unwrap(), "127.0.0.1:0".parse().unwrap()] };
    let names = GuardedNames::of(Reach::Public, mixed);
    let destinations = Destinations::with_names("risk-manager-test/1", Reach::Public, names).unwrap();
    let place = destinations.at("testing", &format!("https://rebound.example:{port}/"), SECOND, 100).unwrap();
    let error = place.send(&message()).await.unwrap_err().to_string();
    assert_eq!(error, "testing is unavailable: the host name leads to an address that is not public");
    assert_eq!(server.hits(), 0);
}

#[tokio::test]
async fn the_connection_goes_to_the_address_that_was_checked() {
    let server = Server::start(|_, _| async { "here".into_response() }).await;
    let port = server.base.rsplit(':').next().unwrap().to_owned();
    let here = |_: &str| -> Vec<SocketAddr> { vec!["127.0.0.1:0".parse().unwrap()] };
    let names = GuardedNames::of(Reach::PublicAndLoopback, here);
    let http = prepare("risk-manager-test/1").unwrap().dns_resolver(names).build().unwrap();
    let url = Url::parse(&format!("http://no-such-name.invalid:{port}/")).unwrap();
    let meter = Arc::new(Meter::new("testing"));
    let place = Destination { http, name: "testing", url, timeout: SECOND, most_reply_bytes: 100, meter };
    assert_eq!(place.send(&message()).await.unwrap().body, "here");
}

#[test]
fn only_public_https_addresses_on_fitting_ports_are_destinations() {
    let destinations = Destinations::new("risk-manager-test/1", Reach::Public).unwrap();
    let at = |url: &str| destinations.at("testing", url, SECOND, 100).map(|_| ());
    for url in ["https://example.com/hook?key=1", "https://example.com:8443", "https://1.1.1.1/x"] {
        assert_eq!(at(url), Ok(()), "{url}");
    }
    let refused = [
        "http://example.com",
        "ftp://example.com",
        "https://example.com:22",
        "https://example.com:80",
        "https://user:word@example.com",
        "https://127.0.0.1/",
        "https://0x7f.1/",
        "https://2130706433/",
        "https://0177.0.0.1/",
        "https://[::1]/",
        "https://[::ffff:169.254.169.254]/",
        "https://169.254.169.254/latest/meta-data",
        "https://10.0.0.8:8443/",
        "http://localhost:9000/",
        "example.com",
        "",
    ];
    for url in refused {
        let error = at(url).expect_err(url).to_string();
        assert!(error.starts_with("the base URL of testing "), "{error}");
        assert!(url.is_empty() || !error.contains(url), "{error}");
    }
}

#[test]
fn the_wider_reach_takes_plain_http_on_this_machine_alone() {
    let at = |url: &str| nearby().at("testing", url, SECOND, 100).is_ok();
    assert!(at("http://127.0.0.1:80/") && at("http://localhost:9000/") && at("http://[::1]:9000/"));
    assert!(!at("http://example.com/") && !at("http://10.0.0.1/") && !at("https://192.168.0.1/"));
}

#[test]
fn debug_shows_no_url() {
    let place = nearby().at("testing", "https://hooks.example/SecretPath", SECOND, 100).unwrap();
    assert!(!format!("{place:?}").contains("Secret"), "{place:?}");
}
