//! Passwords of staff. Their clients are ours and send what was typed, not its MD5.

use crate::common_passwords;
use crate::error::{Code, Result};
use crate::hashing::Md5Secret;
use md5::{Digest, Md5};
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

const SHORTEST: usize = 12;
const LONGEST: usize = 200;

/// The one form of what can be typed in several.
fn normal(typed: &str) -> Zeroizing<String> {
    Zeroizing::new(typed.nfc().collect())
}

/// What is compared with a stored hash.
#[must_use]
pub fn secret(typed: &str) -> Md5Secret {
    Md5Secret::of_typed(&normal(typed))
}

/// Reads a new password of a member.
///
/// # Errors
/// `CUSTOMER_API_0000139` when it is short, common, or has the member's own name in it.
pub fn strong(typed: &str, name: &str) -> Result<Md5Secret> {
    let password = normal(typed);
    let count = password.chars().count();
    let small = Zeroizing::new(password.to_lowercase());
    let is_common = [&password, &small]
        .iter()
        .any(|text| common_passwords::is_common(&Md5::digest(text.as_bytes()).into()));
    let is_dull = password.chars().collect::<std::collections::HashSet<_>>().len() < 5;
    if !(SHORTEST..=LONGEST).contains(&count) || is_common || is_dull || small.contains(&name.to_lowercase())
    {
        return Err(Code::WeakPassword.refuse());
    }
    Ok(Md5Secret::of_typed(&password))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weak_ones_are_refused() {
        for weak in
            ["short", "elevenchars", "aaaaaaaaaaaa", "121212121212", "ada-is-my-name", "ADA-is-my-name"]
        {
            assert!(strong(weak, "ada").is_err(), "{weak}");
        }
        assert!(strong(&"xyzab".repeat(41), "ada").is_err());
        assert!(strong("correct horse battery", "ada").is_ok());
    }

    #[test]
    fn one_word_typed_in_two_ways_is_one_password() {
        let (composed, apart) = ("Caf\u{e9} au lait 12", "Cafe\u{301} au lait 12");
        assert!(strong(composed, "ada").unwrap() == secret(apart));
        assert!(strong(composed, "ada").unwrap() != secret("Cafe au lait 12"));
    }
}
