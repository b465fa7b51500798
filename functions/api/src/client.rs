//! The address of the client, as far as it can be believed.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::extract::{ConnectInfo, Request};
use axum::http::{Extensions, HeaderMap};
use lambda_http::request::RequestContext;

/// The address of a request whose host says none: all of them share one quota.
const UNKNOWN: IpAddr = IpAddr::V4(Ipv4Addr::UNSPECIFIED);

/// The peer; behind a trusted proxy the last address in `X-Forwarded-For` that is not a trusted proxy's.
pub(crate) fn client_address(request: &Request, trusted_proxies: &[IpAddr]) -> IpAddr {
    let peer = peer(request.extensions());
    if trusted_proxies.contains(&peer) { forwarded(request.headers(), peer, trusted_proxies) } else { peer }
}

/// Who is on the other end of the connection: to a socket, or to the API gateway.
fn peer(extensions: &Extensions) -> IpAddr {
    if let Some(ConnectInfo(address)) = extensions.get::<ConnectInfo<SocketAddr>>() {
        return address.ip().to_canonical();
    }
    let text = match extensions.get::<RequestContext>() {
        Some(RequestContext::ApiGatewayV2(context)) => context.http.source_ip.as_deref(),
        Some(RequestContext::ApiGatewayV1(context)) => context.identity.source_ip.as_deref(),
        _ => None,
    };
    text.and_then(|text| text.parse().ok()).unwrap_or(UNKNOWN)
}

/// Hops are appended by each proxy, so they are read from the end; what stands before the first hop that is no proxy
/// of ours is the client's own claim. A hop that is no address ends the walk at the proxy that wrote it.
fn forwarded(headers: &HeaderMap, peer: IpAddr, trusted_proxies: &[IpAddr]) -> IpAddr {
    let mut last = peer;
    let lines = headers.get_all("x-forwarded-for").iter().rev();
    for hop in lines.flat_map(|line| line.to_str().unwrap_or_default().rsplit(',')) {
        let Ok(address) = hop.trim().parse::<IpAddr>() else { return last };
        last = address.to_canonical();
        if !trusted_proxies.contains(&last) {
            return last;
        }
    }
    last
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    fn request(peer: &str, hops: &[&str]) -> Request {
        let mut request = Request::new(Body::empty());
        let peer: SocketAddr = format!("{peer}:4000").parse().unwrap();
        request.extensions_mut().insert(ConnectInfo(peer));
        for hop in hops {
            request.headers_mut().append("x-forwarded-for", hop.parse().unwrap());
        }
        request
    }

    #[test]
    fn forwarded_hops_are_believed_through_trusted_proxies_only() {
        let proxies: Vec<IpAddr> = vec!["10.0.0.1".parse().unwrap(), "10.0.0.2".parse().unwrap()];
        let cases: [(&str, &[&str], &str); 8] = [
            ("203.0.113.9", &[], "203.0.113.9"),
            ("203.0.113.9", &["1.1.1.1"], "203.0.113.9"),
            ("10.0.0.1", &["198.51.100.7"], "198.51.100.7"),
            ("10.0.0.1", &["6.6.6.6, 198.51.100.7"], "198.51.100.7"),
            ("10.0.0.1", &["6.6.6.6", "198.51.100.7, 10.0.0.2"], "198.51.100.7"),
            ("10.0.0.1", &[], "10.0.0.1"),
            ("10.0.0.1", &["198.51.100.7, not an address"], "10.0.0.1"),
            ("10.0.0.1", &["::ffff:198.51.100.7"], "198.51.100.7"),
        ];
        for (peer, hops, client) in cases {
            assert_eq!(client_address(&request(peer, hops), &proxies).to_string(), client, "{peer} {hops:?}");
        }
    }

    #[test]
    fn a_host_that_says_no_address_shares_one_quota() {
        assert_eq!(client_address(&Request::new(Body::empty()), &[]), UNKNOWN);
    }
}
