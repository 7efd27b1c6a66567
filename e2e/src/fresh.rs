//! Names, numbers and addresses that no other test uses.

use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicU32, Ordering};

static NEXT: AtomicU32 = AtomicU32::new(1);

fn next() -> u32 {
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// An e-mail address.
pub fn email() -> String {
    format!("person{}@example.com", next())
}

/// A Chinese mobile number, without the area.
pub fn chinese_phone() -> String {
    format!("139{:08}", next())
}

/// A British mobile number, without the area.
pub fn british_phone() -> String {
    format!("7400{:06}", next())
}

/// A client address: all of 127/8 is this machine.
pub fn client_address() -> Ipv4Addr {
    // 127.0.0.x is left to whoever connects in the ordinary way.
    Ipv4Addr::from(0x7f01_0000 + next())
}

/// 128 random bits as a trace.
pub fn trace() -> String {
    data_encoding::HEXLOWER.encode(&random::<16>())
}

/// Random bytes.
pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the system's randomness");
    bytes
}

/// A random number below `bound`; good enough to pick an instant.
pub fn below(bound: u64) -> u64 {
    u64::from_le_bytes(random()) % bound
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_comes_twice() {
        assert_ne!(email(), email());
        assert_ne!(client_address(), client_address());
        assert!(client_address().is_loopback());
        assert_eq!(chinese_phone().len(), 11);
        assert_eq!(british_phone().len(), 10);
        assert!(below(7) < 7);
    }
}
