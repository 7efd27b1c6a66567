//! Networks of addresses, as operators write them.

use std::net::IpAddr;

/// Why a list of addresses and networks was not understood.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum NetworkError {
    /// The entry is no address and no network.
    #[error("`{0}` is neither an IP address nor a network such as 10.0.0.0/8")]
    Malformed(String),
    /// The network has address bits behind its prefix, so it is unclear what was meant.
    #[error("`{0}` has address bits beyond its prefix length")]
    StrayBits(String),
}

/// The addresses that share their first bits.
#[derive(Clone, Copy, Debug)]
pub struct Network {
    base: IpAddr,
    prefix: u32,
}

impl Network {
    /// Reads an address (`127.0.0.1`, `::1`) or a network (`10.0.0.0/8`, `fd00::/8`).
    ///
    /// # Errors
    /// It is neither.
    pub fn parse(text: &str) -> Result<Self, NetworkError> {
        let malformed = || NetworkError::Malformed(text.to_owned());
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) if is_number(prefix) => (address, Some(prefix)),
            Some(_) => return Err(malformed()),
            None => (text, None),
        };
        let written: IpAddr = address.parse().map_err(|_| malformed())?;
        let width = if written.is_ipv4() { 32 } else { 128 };
        let prefix: u32 = prefix.map_or(Ok(width), str::parse).map_err(|_| malformed())?;
        let base = written.to_canonical();
        // ::ffff:10.0.0.0/104 is 10.0.0.0/8 in the form that sockets of both families show.
        let mapped_bits = if written.is_ipv6() && base.is_ipv4() { 96 } else { 0 };
        let prefix = prefix.checked_sub(mapped_bits).ok_or_else(malformed)?;
        if prefix > width - mapped_bits {
            return Err(malformed());
        }
        let network = Self { base, prefix };
        if first_bits(base, prefix) != bits(base) {
            return Err(NetworkError::StrayBits(text.to_owned()));
        }
        Ok(network)
    }

    /// Whether an address is one of them.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        address.is_ipv4() == self.base.is_ipv4() && first_bits(address, self.prefix) == bits(self.base)
    }
}

/// The address as a number whose first bit is the highest, whatever the family.
fn bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(v4) => u128::from(v4.to_bits()) << 96,
        IpAddr::V6(v6) => v6.to_bits(),
    }
}

fn first_bits(address: IpAddr, prefix: u32) -> u128 {
    bits(address) & !u128::MAX.checked_shr(prefix).unwrap_or(0)
}

/// At most three digits and nothing else: the standard parser would take a sign.
fn is_number(text: &str) -> bool {
    (1..=3).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Reads a list of addresses and networks.
///
/// # Errors
/// The first entry that is neither.
pub fn parse_all<T: AsRef<str>>(list: &[T]) -> Result<Vec<Network>, NetworkError> {
    list.iter().map(|text| Network::parse(text.as_ref())).collect()
}

/// Whether a list of networks admits an address, told as text. An empty list admits all; one that can't be read, none.
#[must_use]
pub fn admits<T: AsRef<str>>(list: &[T], address: &str) -> bool {
    if list.is_empty() {
        return true;
    }
    let (Ok(networks), Ok(address)) = (parse_all(list), address.parse::<IpAddr>()) else { return false };
    networks.iter().any(|network| network.contains(address))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_admits_what_is_on_it() {
        let list = ["10.0.0.0/8", "2001:db8::/32"];
        for (address, admitted) in [
            ("10.1.2.3", true),
            ("::ffff:10.1.2.3", true),
            ("11.0.0.1", false),
            ("2001:db8::1", true),
            ("", false),
        ] {
            assert_eq!(admits(&list, address), admitted, "{address}");
        }
        assert!(admits::<&str>(&[], "192.0.2.1"));
        assert!(!admits(&["10.0.0.0/+8"], "10.0.0.1"));
        assert!(!admits(&["nonsense"], "10.0.0.1"));
    }
}
