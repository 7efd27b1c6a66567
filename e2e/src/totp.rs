//! Google codes (RFC 6238: SHA-1, six digits, 30 seconds).

use data_encoding::BASE32_NOPAD;
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;

/// The code that an authenticator with this base32 secret shows at this time (seconds since 1970).
pub fn totp(secret: &str, unix_seconds: u64) -> String {
    let secret: String = secret.chars().filter(|c| !c.is_whitespace() && *c != '=').collect();
    let key = BASE32_NOPAD.decode(secret.to_ascii_uppercase().as_bytes()).expect("a base32 secret");
    format!("{:06}", hotp(&key, unix_seconds / 30) % 1_000_000)
}

fn hotp(key: &[u8], counter: u64) -> u32 {
    let mut mac = Hmac::<Sha1>::new_from_slice(key).expect("any key length is fine");
    mac.update(&counter.to_be_bytes());
    let digest = mac.finalize().into_bytes();
    let offset = usize::from(digest[19] & 0xf);
    let word: [u8; 4] = digest[offset..offset + 4].try_into().expect("four bytes");
    u32::from_be_bytes(word) & 0x7fff_ffff
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &[u8] = b"12345678901234567890";

    #[test]
    fn the_vectors_of_rfc_6238() {
        let eight_digits = |seconds: u64| format!("{:08}", hotp(SECRET, seconds / 30) % 100_000_000);
        assert_eq!(eight_digits(59), "94287082");
        assert_eq!(eight_digits(1_111_111_109), "07081804");
        assert_eq!(eight_digits(1_111_111_111), "14050471");
        assert_eq!(eight_digits(1_234_567_890), "89005924");
        assert_eq!(eight_digits(2_000_000_000), "69279037");
        assert_eq!(eight_digits(20_000_000_000), "65353130");
    }

    #[test]
    fn six_digits_of_a_base32_secret() {
        let secret = BASE32_NOPAD.encode(SECRET);
        assert_eq!(totp(&secret, 59), "287082");
        assert_eq!(totp(&secret.to_lowercase(), 1_111_111_109), "081804");
    }
}
