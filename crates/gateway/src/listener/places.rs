//! How many connections one host holds.

use parking_lot::Mutex;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

/// Counts connections by host. Bounded by the number of connections that there are.
#[derive(Clone, Debug)]
pub(super) struct Places {
    counts: Arc<Mutex<HashMap<IpAddr, usize>>>,
    most: usize,
}

/// One connection of a host; given back when dropped.
#[derive(Debug)]
pub(super) struct Place {
    counts: Arc<Mutex<HashMap<IpAddr, usize>>>,
    host: IpAddr,
}

impl Places {
    pub(super) fn new(most: usize) -> Self {
        Self { counts: Arc::default(), most }
    }

    /// A place for one more connection of this address, unless its host holds as many as it may.
    pub(super) fn take(&self, address: IpAddr) -> Option<Place> {
        let host = host(address);
        let mut counts = self.counts.lock();
        let count = counts.entry(host).or_insert(0);
        if *count >= self.most {
            return None;
        }
        *count += 1;
        Some(Place { counts: Arc::clone(&self.counts), host })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut counts = self.counts.lock();
        if let Some(count) = counts.get_mut(&self.host) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.host);
            }
        }
    }
}

/// An address stands for its host; of IPv6 a host has the whole /64.
fn host(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6((u128::from(address) >> 64 << 64).into()),
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_gets_as_many_as_it_may_and_gives_them_back() {
        let places = Places::new(2);
        let at = |text: &str| places.take(text.parse().unwrap());
        let (one, two) = (at("2001:db8::1"), at("2001:db8::2"));
        assert!(one.is_some() && two.is_some());
        assert!(at("2001:db8::3").is_none());
        assert!(at("2001:db8:0:1::3").is_some());
        let mapped = (at("::ffff:192.0.2.1"), at("192.0.2.1"));
        assert!(mapped.0.is_some() && mapped.1.is_some() && at("192.0.2.1").is_none());
        drop(one);
        assert!(at("2001:db8::3").is_some());
        drop((two, mapped));
        assert!(places.counts.lock().is_empty());
    }
}
