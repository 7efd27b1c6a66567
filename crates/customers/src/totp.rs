//! Time-based one-time passwords, RFC 6238: SHA-1, six digits, steps of 30 seconds.

use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use subtle::ConstantTimeEq;

/// The length of a step in milliseconds.
pub const STEP_MS: i64 = 30_000;

/// The code of a step (RFC 4226 §5.3, RFC 6238 §4.2).
#[must_use]
pub fn code(secret: &[u8], step: i64) -> String {
    // HMAC takes keys of any length.
    let Ok(mut mac) = <Hmac<Sha1> as KeyInit>::new_from_slice(secret) else { return String::new() };
    mac.update(&step.to_be_bytes());
    let hash = mac.finalize().into_bytes();
    let offset = usize::from(hash.last().copied().unwrap_or(0) & 0x0F);
    let word = hash
        .get(offset..offset + 4)
        .and_then(|bytes| <[u8; 4]>::try_from(bytes).ok())
        .map_or(0, u32::from_be_bytes);
    format!("{:06}", (word & 0x7FFF_FFFF) % 1_000_000)
}

/// How far a code may lie from the server's clock, in steps.
#[derive(Debug, Clone, Copy)]
pub struct Drift {
    /// Steps back.
    pub back: i64,
    /// Steps ahead.
    pub ahead: i64,
}

/// One step each way (RFC 6238 §5.2).
pub const USUAL_DRIFT: Drift = Drift { back: 1, ahead: 1 };

/// The step whose code `given` is, if it is one of those near `now_ms`. Compares all of them, always.
#[must_use]
pub fn matching_step(secret: &[u8], given: &str, now_ms: i64, drift: Drift) -> Option<i64> {
    if given.len() != 6 || !given.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let now = now_ms.div_euclid(STEP_MS);
    let mut found = None;
    for step in now - drift.back..=now + drift.ahead {
        if bool::from(code(secret, step).as_bytes().ct_eq(given.as_bytes())) {
            found = Some(step);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6238, appendix B, SHA-1, cut to six digits.
    #[test]
    fn the_vectors_of_rfc_6238() {
        let secret = b"12345678901234567890";
        for (seconds, expected) in [
            (59_i64, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(code(secret, seconds / 30), expected);
            assert_eq!(matching_step(secret, expected, seconds * 1000, USUAL_DRIFT), Some(seconds / 30));
        }
    }

    #[test]
    fn one_step_each_way_and_no_further() {
        let (secret, now) = (b"12345678901234567890", 1_700_000_000_000_i64);
        let step = now / STEP_MS;
        for (away, fits) in [(-2, false), (-1, true), (0, true), (1, true), (2, false)] {
            let given = code(secret, step + away);
            assert_eq!(matching_step(secret, &given, now, USUAL_DRIFT).is_some(), fits, "{away}");
        }
        for odd in ["", "12345", "1234567", "12 456", "１２３４５６", "abcdef"] {
            assert_eq!(matching_step(secret, odd, now, USUAL_DRIFT), None);
        }
    }
}
