//! Which addresses calls to a company's own systems may reach.
//!
//! The address of such a system is a setting. Without bounds, whoever may change it could have this server ask what only
//! this server can reach: its own network, the machine itself, a cloud's metadata service. So a name is resolved once, all
//! that it leads to is looked at, and the connection goes to what was looked at: no second look-up can lead elsewhere.

use std::fmt;
use std::io::{Error as IoError, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::NextTimeout;

/// The addresses that are allowed though they are not public.
#[derive(Clone)]
pub struct Reach(Arc<dyn Fn(IpAddr) -> bool + Send + Sync>);

impl Reach {
    /// The public ones, and those for which `allowed` says so.
    pub fn new(allowed: impl Fn(IpAddr) -> bool + Send + Sync + 'static) -> Self {
        Self(Arc::new(allowed))
    }

    /// Only public ones.
    #[must_use]
    pub fn public() -> Self {
        Self::new(|_| false)
    }

    /// Whether an address may be called, in the open or by TLS.
    fn allows(&self, address: IpAddr, is_encrypted: bool) -> bool {
        let address = address.to_canonical();
        (self.0)(address) || (is_encrypted && is_public(address))
    }
}

impl fmt::Debug for Reach {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Reach")
    }
}

/// Resolves names, and refuses those that lead to where calls may not go.
#[derive(Debug)]
pub(crate) struct GuardedResolver {
    pub(crate) reach: Reach,
    pub(crate) names: DefaultResolver,
}

impl Resolver for GuardedResolver {
    fn resolve(
        &self,
        uri: &Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let found = self.names.resolve(uri, config, timeout)?;
        let is_encrypted = uri.scheme_str() == Some("https");
        // One that may not be called condemns the name: it is not by chance among the others.
        if found.iter().all(|place| self.reach.allows(place.ip(), is_encrypted)) {
            return Ok(found);
        }
        Err(IoError::new(ErrorKind::PermissionDenied, "not a public address").into())
    }
}

/// Whether anyone on the internet could have this address. What is not surely so is taken not to be.
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => is_public_v6(v6),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let special = match (a, b, c) {
        // This network; loopback; multicast, reserved and broadcast.
        (0 | 127 | 224.., ..) => true,
        // Carrier-grade NAT, benchmarks.
        (100, 64..=127, _) | (198, 18 | 19, _) => true,
        // Protocol assignments, the relays of 6to4.
        (192, 0, 0) | (192, 88, 99) => true,
        _ => address.is_private() || address.is_link_local() || address.is_documentation(),
    };
    !special
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let [a, b, ..] = address.segments();
    // Global unicast, without protocol assignments and Teredo, documentation, and 6to4, which has any IPv4 address in it.
    (0x2000..=0x3fff).contains(&a)
        && !(a == 0x2001 && (b < 0x0200 || b == 0x0db8))
        && a != 0x2002
        && !(a == 0x3fff && b < 0x1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn only_public_addresses_are_public() {
        for public in
            ["1.1.1.1", "93.184.215.14", "172.32.0.1", "100.128.0.1", "192.0.1.1", "2606:4700::1111"]
        {
            assert!(is_public(address(public)), "{public}");
        }
        for special in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "127.9.9.9",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.8",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "64:ff9b::7f00:1",
            "100::1",
            "2001::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "3fff::1",
            "fc00::1",
            "fd12::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ] {
            assert!(!is_public(address(special)), "{special}");
        }
    }

    #[test]
    fn what_is_allowed_is_a_matter_of_the_configuration() {
        let loopback = Reach::new(|address| address.is_loopback());
        for (reach, text, encrypted, plain) in [
            (&loopback, "127.0.0.1", true, true),
            // In the form that sockets of both families show.
            (&loopback, "::ffff:127.0.0.1", true, true),
            (&loopback, "10.0.0.1", false, false),
            (&loopback, "1.1.1.1", true, false),
            (&Reach::public(), "1.1.1.1", true, false),
            (&Reach::public(), "127.0.0.1", false, false),
            (&Reach::public(), "::ffff:127.0.0.1", false, false),
        ] {
            assert_eq!(reach.allows(address(text), true), encrypted, "{text}");
            assert_eq!(reach.allows(address(text), false), plain, "{text}");
        }
    }
}
