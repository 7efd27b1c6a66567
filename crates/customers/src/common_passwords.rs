//! Passwords that are too common to be accepted.
//!
//! Clients send the MD5 of what was typed, so the comparison is between digests. The tables are made at build time
//! (`build.rs`) from `data/common_passwords.txt`.

/// Sorted digests of the common passwords, 16 bytes each.
static COMMON: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/common_passwords.md5"));

/// Sorted digests of the six-digit numbers that are easy to guess, 16 bytes each.
static WEAK_FUND: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/weak_fund_passwords.md5"));

/// Whether this is the MD5 of a common password, or of nothing at all.
pub fn is_common(md5: &[u8; 16]) -> bool {
    contains(COMMON, md5)
}

/// Whether this is the MD5 of a fund password that is easy to guess: a common password, a run of six digits up or
/// down (also across 9 and 0), a digit, pair or triple repeated, or nothing at all.
pub fn is_common_fund_password(md5: &[u8; 16]) -> bool {
    is_common(md5) || contains(WEAK_FUND, md5)
}

fn contains(table: &[u8], md5: &[u8; 16]) -> bool {
    let (digests, _) = table.as_chunks::<16>();
    digests.binary_search(md5).is_ok()
}

#[cfg(test)]
mod tests {
    use md5::{Digest, Md5};

    use super::*;

    fn md5(text: &str) -> [u8; 16] {
        Md5::digest(text.as_bytes()).into()
    }

    fn hex(text: &str) -> [u8; 16] {
        data_encoding::HEXLOWER.decode(text.as_bytes()).unwrap().try_into().unwrap()
    }

    #[test]
    fn tables_are_sorted_whole_and_large() {
        for (table, least) in [(COMMON, 10_000), (WEAK_FUND, 1_000)] {
            let (digests, rest) = table.as_chunks::<16>();
            assert!(rest.is_empty());
            assert!(digests.len() >= least, "{}", digests.len());
            assert!(digests.is_sorted_by(|one, next| one < next));
        }
    }

    #[test]
    fn known_digests_are_common() {
        for digest in ["e10adc3949ba59abbe56e057f20f883e", "d41d8cd98f00b204e9800998ecf8427e"] {
            assert!(is_common(&hex(digest)));
            assert!(is_common_fund_password(&hex(digest)));
        }
        for password in ["password", "Password", "PASSWORD", "qwerty", "Password1", "пароль"] {
            assert!(is_common(&md5(password)), "{password}");
        }
    }

    #[test]
    fn first_and_last_digest_are_found() {
        let (digests, _) = COMMON.as_chunks::<16>();
        assert!(is_common(digests.first().unwrap()));
        assert!(is_common(digests.last().unwrap()));
    }

    #[test]
    fn other_digests_are_not_common() {
        for password in ["correct horse battery staple", "kT7#mw2q-Zr", "739164"] {
            assert!(!is_common(&md5(password)), "{password}");
            assert!(!is_common_fund_password(&md5(password)), "{password}");
        }
        assert!(!is_common(&[0; 16]));
        assert!(!is_common(&[0xff; 16]));
    }

    #[test]
    fn guessable_fund_passwords_are_refused() {
        let guessable = [
            "012345", "456789", "987654", "543210", "890123", "210987", "000000", "111111", "999999",
            "121212", "909090", "123123", "007007", "998998",
        ];
        for password in guessable {
            assert!(is_common_fund_password(&md5(password)), "{password}");
        }
    }
}
