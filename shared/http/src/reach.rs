//! Which addresses a request to somebody else's URL may go to: public ones, so that nobody reads our own network by us.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{Ipv4Net, Ipv6Net};
use reqwest::Url;

use crate::address::read_url;

/// Ports under this one belong to other services, but for 443.
const FIRST_FREE_PORT: u16 = 1024;

/// How far requests to destinations may reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Public addresses, by `https` alone.
    Public,
    /// Public addresses by `https`, and this machine by `http` or `https`: for development and tests.
    PublicAndLoopback,
}

/// IPv4 that is not the public internet: the blocks of the IANA special-purpose registry
/// (<https://www.iana.org/assignments/iana-ipv4-special-registry>, RFC 6890), multicast and class E, and one cloud's
/// metadata service on a public address. The other clouds' (169.254.169.254, 100.100.100.200, 192.0.0.192) are inside.
const NOT_PUBLIC_V4: [Ipv4Net; 16] = [
    Ipv4Net::new_assert(Ipv4Addr::new(0, 0, 0, 0), 8),
    Ipv4Net::new_assert(Ipv4Addr::new(10, 0, 0, 0), 8),
    Ipv4Net::new_assert(Ipv4Addr::new(100, 64, 0, 0), 10), // shared by carriers (RFC 6598)
    Ipv4Net::new_assert(Ipv4Addr::new(127, 0, 0, 0), 8),
    Ipv4Net::new_assert(Ipv4Addr::new(169, 254, 0, 0), 16), // link-local, metadata
    Ipv4Net::new_assert(Ipv4Addr::new(172, 16, 0, 0), 12),
    Ipv4Net::new_assert(Ipv4Addr::new(192, 0, 0, 0), 24),
    Ipv4Net::new_assert(Ipv4Addr::new(192, 0, 2, 0), 24), // documentation
    Ipv4Net::new_assert(Ipv4Addr::new(192, 88, 99, 0), 24), // 6to4 relays
    Ipv4Net::new_assert(Ipv4Addr::new(192, 168, 0, 0), 16),
    Ipv4Net::new_assert(Ipv4Addr::new(198, 18, 0, 0), 15), // benchmarks
    Ipv4Net::new_assert(Ipv4Addr::new(198, 51, 100, 0), 24), // documentation
    Ipv4Net::new_assert(Ipv4Addr::new(203, 0, 113, 0), 24), // documentation
    Ipv4Net::new_assert(Ipv4Addr::new(224, 0, 0, 0), 4),   // multicast
    Ipv4Net::new_assert(Ipv4Addr::new(240, 0, 0, 0), 4),   // reserved, broadcast
    Ipv4Net::new_assert(Ipv4Addr::new(168, 63, 129, 16), 32), // Azure's metadata and DNS
];

/// The one block of IPv6 that is assigned to the internet (RFC 4291; IANA IPv6 address space registry). All else is
/// refused by not being in it: loopback, unique local, link-local, multicast, v4-mapped and -compatible, NAT64.
const GLOBAL_V6: Ipv6Net = Ipv6Net::new_assert(Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);

/// What in it is special (<https://www.iana.org/assignments/iana-ipv6-special-registry>), or carries an IPv4 address
/// that another machine would unpack.
const NOT_PUBLIC_V6: [Ipv6Net; 4] = [
    Ipv6Net::new_assert(Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23), // protocols: Teredo, benchmarks, ORCHID
    Ipv6Net::new_assert(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32), // documentation
    Ipv6Net::new_assert(Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16), // 6to4
    Ipv6Net::new_assert(Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20), // documentation
];

impl Reach {
    /// Whether requests may be sent to a URL, as far as its text tells: `https` (`http` to this machine where the
    /// reach has it), no address out of reach, no port of another service (under 1024, but for 443), no password. What
    /// a name leads to is seen at each connection.
    ///
    /// # Errors
    /// What is wrong with it, to be read after "the URL".
    pub fn check(self, url: &str) -> Result<(), &'static str> {
        self.url(url).map(|_| ())
    }

    /// Whether a URL is one of this machine, and the reach has this machine.
    #[must_use]
    pub fn is_here(self, url: &str) -> bool {
        self == Self::PublicAndLoopback && read_url(url).is_ok_and(|url| host_of(&url).1)
    }

    /// The URL, checked.
    pub(crate) fn url(self, text: &str) -> Result<Url, &'static str> {
        let url = read_url(text)?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err("must not hold a user or a password");
        }
        let (literal, is_here) = host_of(&url);
        if literal.is_some_and(|address| !self.allows(address)) {
            return Err("leads to an address that is not public");
        }
        let is_plain_allowed = self == Self::PublicAndLoopback && is_here;
        if url.scheme() != "https" && !is_plain_allowed {
            return Err("must start with https://");
        }
        match url.port_or_known_default() {
            Some(port) if port == 443 || port >= FIRST_FREE_PORT || is_plain_allowed => Ok(url),
            _ => Err("must be on port 443, or 1024 and over"),
        }
    }

    /// Whether a connection to this address may be made.
    pub(crate) fn allows(self, address: IpAddr) -> bool {
        is_public(address) || (self == Self::PublicAndLoopback && address.is_loopback())
    }
}

/// The address that stands in a URL itself, which never meets the resolver, and whether the host is this machine. `Url`
/// has made an address of every spelling (0x7f.1, 2130706433).
fn host_of(url: &Url) -> (Option<IpAddr>, bool) {
    let host = url.host_str().unwrap_or_default();
    let literal: Option<IpAddr> = host.trim_start_matches('[').trim_end_matches(']').parse().ok();
    (literal, literal.map_or(host == "localhost", |address| address.is_loopback()))
}

/// Whether an address is one of the public internet.
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => !NOT_PUBLIC_V4.iter().any(|net| net.contains(&address)),
        IpAddr::V6(address) => {
            GLOBAL_V6.contains(&address) && !NOT_PUBLIC_V6.iter().any(|net| net.contains(&address))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn public_addresses_are_allowed() {
        for text in ["1.1.1.1", "8.8.8.8", "172.15.255.255", "172.32.0.0", "100.63.255.255", "100.128.0.0"] {
            assert!(Reach::Public.allows(text.parse().unwrap()), "{text}");
        }
        for text in ["2606:4700::1111", "2a00:1450:4001::1", "2001:4860:4860::8888", "2001:200::1"] {
            assert!(Reach::Public.allows(text.parse().unwrap()), "{text}");
        }
    }

    #[test]
    fn no_address_of_our_own_network_is_allowed_in_any_form() {
        let v4 = [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "100.100.100.200",
            "127.0.0.1",
            "127.255.0.1",
            "169.254.169.254",
            "168.63.129.16",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.192",
            "192.168.1.1",
            "198.19.0.1",
            "203.0.113.7",
            "224.0.0.251",
            "255.255.255.255",
        ];
        let v6 = [
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:8.8.8.8",
            "::10.0.0.1",
            "64:ff9b::a9fe:a9fe",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "2001::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "3fff::1",
        ];
        for text in v4.into_iter().chain(v6) {
            assert!(!Reach::Public.allows(text.parse().unwrap()), "{text}");
        }
    }

    #[test]
    fn the_wider_reach_adds_loopback_and_nothing_else() {
        for text in ["127.0.0.1", "::1"] {
            assert!(Reach::PublicAndLoopback.allows(text.parse().unwrap()), "{text}");
        }
        for text in ["10.0.0.1", "169.254.169.254", "::ffff:127.0.0.1", "fe80::1", "0.0.0.0"] {
            assert!(!Reach::PublicAndLoopback.allows(text.parse().unwrap()), "{text}");
        }
    }
}
