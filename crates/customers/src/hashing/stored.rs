//! The text a password hash is stored as: `{pepper id}:{PHC string}`, for example
//! `1:$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0c2Fs$…`. Only what [`Stored`] prints is read back.

use std::fmt;

use data_encoding::BASE64_NOPAD;

use super::PasswordParams;
use super::kernel::TAG_LEN;

/// The most memory a stored hash may ask for: 1 GiB.
pub(super) const MAX_MEMORY_KIB: u32 = 1 << 20;
/// The most passes a stored hash may ask for.
pub(super) const MAX_ITERATIONS: u32 = 16;
/// The most lanes a stored hash may ask for.
pub(super) const MAX_LANES: u32 = 16;

/// Longer than any text with the longest salt allowed; nothing longer is looked at.
const MAX_TEXT: usize = 256;

pub(super) struct Stored {
    pub(super) pepper_id: u32,
    pub(super) params: PasswordParams,
    pub(super) salt: Vec<u8>,
    pub(super) tag: [u8; TAG_LEN],
}

impl Stored {
    /// Reads the text; its costs are whatever it says and for the caller to judge.
    pub(super) fn parse(text: &str) -> Option<Self> {
        if text.len() > MAX_TEXT {
            return None;
        }
        let (pepper_id, phc) = text.split_once(':')?;
        let mut parts = phc.strip_prefix("$argon2id$v=19$")?.split('$');
        let (costs, salt, tag) = (parts.next()?, parts.next()?, parts.next()?);
        let mut costs = costs.split(',');
        let params = PasswordParams {
            memory_kib: number(costs.next()?.strip_prefix("m=")?)?,
            iterations: number(costs.next()?.strip_prefix("t=")?)?,
            lanes: number(costs.next()?.strip_prefix("p=")?)?,
        };
        if parts.next().is_some() || costs.next().is_some() {
            return None;
        }
        let salt = BASE64_NOPAD.decode(salt.as_bytes()).ok()?;
        let tag = BASE64_NOPAD.decode(tag.as_bytes()).ok()?;
        (8..=64).contains(&salt.len()).then_some(Self {
            pepper_id: number(pepper_id)?,
            params,
            salt,
            tag: tag.try_into().ok()?,
        })
    }
}

impl fmt::Display for Stored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let PasswordParams { memory_kib, iterations, lanes } = self.params;
        write!(
            f,
            "{}:$argon2id$v=19$m={memory_kib},t={iterations},p={lanes}${}${}",
            self.pepper_id,
            BASE64_NOPAD.encode(&self.salt),
            BASE64_NOPAD.encode(&self.tag)
        )
    }
}

/// A decimal number as `Display` writes it: no sign, no leading zero.
fn number(text: &str) -> Option<u32> {
    let canonical = text == "0" || text.starts_with(|first: char| matches!(first, '1'..='9'));
    canonical.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const GOOD: &str = "7:$argon2id$v=19$m=19456,t=2,p=1$AAECAwQFBgcICQoLDA0ODw$\
                        YLKT95HGtP51WERo7e/xbTZrCSBlM4grhnQpR29zu10";

    #[test]
    fn only_the_exact_form_is_read() {
        assert_eq!(Stored::parse(GOOD).unwrap().to_string(), GOOD);
        for (part, instead) in [
            ("7:", ""),
            ("7:", "07:"),
            ("7:", "4294967296:"),
            ("argon2id", "argon2i"),
            ("v=19", "v=16"),
            ("m=19456,t=2", "t=2,m=19456"),
            ("m=19456", "m=+19456"),
            ("p=1", "p=1,keyid=AA"),
            ("ODw$", "ODw=$"),
            ("ODw$", "ODx$"),
            ("AAECAwQFBgcICQoLDA0ODw", "AAECAwQFBg"),
            ("zu10", "zu1"),
            ("zu10", "zu10AAAA"),
            ("zu10", "zu10$"),
        ] {
            assert!(Stored::parse(&GOOD.replace(part, instead)).is_none(), "{part} as {instead}");
        }
        assert!(Stored::parse(&GOOD.repeat(3)).is_none());
    }

    proptest! {
        #[test]
        fn no_text_panics(text in any::<String>()) {
            let _ = Stored::parse(&text);
        }

        #[test]
        fn damaged_text_reads_as_it_stands_or_not_at_all(
            damage in prop::collection::vec((0..GOOD.len(), any::<char>()), 1..4)
        ) {
            let mut text: Vec<char> = GOOD.chars().collect();
            for (place, put) in damage {
                text[place] = put;
            }
            let text: String = text.into_iter().collect();
            if let Some(stored) = Stored::parse(&text) {
                prop_assert_eq!(stored.to_string(), text);
            }
        }

        #[test]
        fn what_is_stored_reads_back(
            pepper_id in any::<u32>(), memory_kib in any::<u32>(), iterations in any::<u32>(),
            lanes in any::<u32>(), salt in prop::collection::vec(any::<u8>(), 8..65), tag in any::<[u8; 32]>(),
        ) {
            let params = PasswordParams { memory_kib, iterations, lanes };
            let text = Stored { pepper_id, params, salt: salt.clone(), tag }.to_string();
            let back = Stored::parse(&text).unwrap();
            prop_assert_eq!((back.pepper_id, back.params, back.salt, back.tag), (pepper_id, params, salt, tag));
        }
    }
}
