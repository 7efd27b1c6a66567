//! Whose request is it? The address of the client behind the proxies we trust.
//!
//! Anybody can write `X-Forwarded-For`, so it counts only when the connection comes from a proxy that the
//! operator named. Each proxy appends the address it was called from, so the list is read from the right:
//! as long as the address just read is itself a trusted proxy, the one before it can be believed too.
//!
//! Only *one* of the two headers is read, the one that the operator's proxies write. A proxy passes the
//! other one on as the client sent it; whoever reads both lets clients choose their own address.

use axum::http::{HeaderMap, HeaderName};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

pub use custos_customers::network::{Network, NetworkError};

/// The header in which the trusted proxies tell the client's address.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ForwardHeader {
    /// `X-Forwarded-For`, what nearly every proxy writes.
    #[default]
    XForwardedFor,
    /// `Forwarded` (RFC 7239).
    Forwarded,
}

/// The proxies whose word about the client is taken.
#[derive(Clone, Debug, Default)]
pub struct TrustedProxies {
    networks: Vec<Network>,
    header: ForwardHeader,
}

impl TrustedProxies {
    /// Reads a list of addresses (`127.0.0.1`, `::1`) and networks (`10.0.0.0/8`, `fd00::/8`). An empty
    /// list trusts nobody.
    ///
    /// # Errors
    /// The first entry that is not understood.
    pub fn parse<T: AsRef<str>>(list: &[T], header: ForwardHeader) -> Result<Self, NetworkError> {
        let networks =
            list.iter().map(|entry| Network::parse(entry.as_ref().trim())).collect::<Result<_, _>>()?;
        Ok(Self { networks, header })
    }

    /// Whether this address is a proxy we believe.
    #[must_use]
    pub fn trusts(&self, address: IpAddr) -> bool {
        self.networks.iter().any(|network| network.contains(address))
    }

    /// The client's address: the peer's own unless the peer is trusted, else the right-most address of
    /// the header that is not a trusted proxy, or the left-most one if all are. At an element that names
    /// no address (garbage, `unknown`, an obfuscated `_name`) the walk ends with the last address it
    /// believed: what stands left of it was written by somebody we cannot name.
    #[must_use]
    pub fn client_address(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut believed = peer.to_canonical();
        if self.networks.is_empty() {
            return believed;
        }
        let name = match self.header {
            ForwardHeader::XForwardedFor => "x-forwarded-for",
            ForwardHeader::Forwarded => "forwarded",
        };
        // Several lines of one header are one list (RFC 9110, 5.3).
        for line in headers.get_all(name).iter().rev() {
            let mut rest = Some(line.as_bytes());
            while let Some(list) = rest {
                if !self.trusts(believed) {
                    return believed;
                }
                let (before, element) = last_element(list, self.header);
                rest = before;
                let element = element.trim_ascii();
                if element.is_empty() {
                    continue; // a list may have empty elements (RFC 9110, 5.6.1)
                }
                match self.address(element) {
                    Some(address) => believed = address,
                    None => return believed,
                }
            }
        }
        believed
    }

    /// The value of a header that only a trusted proxy may set, such as the country in `cf-ipcountry`:
    /// `None` from any other peer, and when it is missing, repeated or not printable ASCII.
    #[must_use]
    pub fn trusted_header<'h>(
        &self,
        peer: IpAddr,
        headers: &'h HeaderMap,
        name: &HeaderName,
    ) -> Option<&'h str> {
        if !self.trusts(peer) {
            return None;
        }
        let mut values = headers.get_all(name).iter();
        let only = values.next()?;
        // Two values mean that the proxy added its own to one that the client had sent.
        if values.next().is_some() {
            return None;
        }
        only.to_str().ok().map(str::trim).filter(|text| !text.is_empty())
    }

    fn address(&self, element: &[u8]) -> Option<IpAddr> {
        let element = std::str::from_utf8(element).ok()?;
        match self.header {
            ForwardHeader::XForwardedFor => parse_node(element),
            ForwardHeader::Forwarded => parse_node(&forwarded_for(element)?),
        }
    }
}

/// Splits the last element off a comma-separated list. Read from the end, so that whatever a client put in
/// front (an open quote, say) cannot spoil what a proxy appended.
fn last_element(list: &[u8], header: ForwardHeader) -> (Option<&[u8]>, &[u8]) {
    let quotes_count = header == ForwardHeader::Forwarded;
    let mut quoted = false;
    for (index, byte) in list.iter().enumerate().rev() {
        match byte {
            b'"' if quotes_count => quoted = !quoted || is_escaped(list, index),
            b',' if !quoted => {
                return (list.get(..index), list.get(index + 1..).unwrap_or_default());
            }
            _ => {}
        }
    }
    (None, list)
}

/// Whether an odd number of backslashes stands before the index.
fn is_escaped(list: &[u8], index: usize) -> bool {
    let before = list.get(..index).unwrap_or_default();
    before.iter().rev().take_while(|byte| **byte == b'\\').count() % 2 == 1
}

/// The unquoted value of the one `for=` among the `name=value` pairs of a `Forwarded` element.
fn forwarded_for(element: &str) -> Option<String> {
    let mut found = None;
    let mut rest = element;
    loop {
        let (name, after) = rest.split_once('=')?;
        let (value, after) = match after.strip_prefix('"') {
            Some(quoted) => unquote(quoted)?,
            None => {
                let end = after.find(';').unwrap_or(after.len());
                let (value, after) = after.split_at(end);
                (value.trim_end().to_owned(), after)
            }
        };
        if name.trim().eq_ignore_ascii_case("for") && found.replace(value).is_some() {
            return None;
        }
        match after.trim_start().strip_prefix(';') {
            Some(more) => rest = more,
            None if after.trim().is_empty() => return found,
            None => return None,
        }
    }
}

/// Reads a quoted string whose opening quote is gone; returns it and what follows the closing quote.
fn unquote(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut characters = text.chars();
    loop {
        match characters.next()? {
            '"' => return Some((value, characters.as_str())),
            '\\' => value.push(characters.next()?),
            other => value.push(other),
        }
    }
}

/// Reads `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]` or `[2001:db8::1]:80`.
fn parse_node(text: &str) -> Option<IpAddr> {
    if let Some(bracketed) = text.strip_prefix('[') {
        let (address, port) = bracketed.split_once(']')?;
        let good_port = port.is_empty() || port.strip_prefix(':').is_some_and(is_port);
        return good_port.then(|| address.parse::<Ipv6Addr>().ok()).flatten().map(|v6| v6.to_canonical());
    }
    if let Ok(address) = text.parse::<IpAddr>() {
        return Some(address.to_canonical());
    }
    let (address, port) = text.rsplit_once(':')?;
    is_port(port).then(|| address.parse::<Ipv4Addr>().ok()).flatten().map(IpAddr::V4)
}

/// A port by number, or an obfuscated one (RFC 7239, 6).
fn is_port(text: &str) -> bool {
    match text.strip_prefix('_') {
        Some(name) => {
            !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
        }
        None => (1..=5).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit()),
    }
}

#[cfg(test)]
mod tests;
