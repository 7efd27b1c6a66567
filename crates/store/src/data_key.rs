//! A key of one person's own: what is sealed under it is gone when the key is.

use crate::{Entropy, KeyError, Result};
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use zeroize::Zeroizing;

const KEY_LENGTH: usize = 32;
const NONCE_LENGTH: usize = 24;
const FORM: u8 = 1;

/// A key that seals what is one person's. It is kept only sealed, under the deployment's keys.
pub struct DataKey(Zeroizing<[u8; KEY_LENGTH]>);

impl std::fmt::Debug for DataKey {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("DataKey")
    }
}

impl DataKey {
    /// A new one.
    ///
    /// # Errors
    /// No randomness.
    pub fn generate(entropy: &dyn Entropy) -> Result<Self> {
        let mut key = Zeroizing::new([0; KEY_LENGTH]);
        entropy.fill(key.as_mut_slice())?;
        Ok(Self(key))
    }

    /// The one of these bytes.
    ///
    /// # Errors
    /// They are no key.
    pub fn from_bytes(bytes: &[u8]) -> std::result::Result<Self, KeyError> {
        <[u8; KEY_LENGTH]>::try_from(bytes).map(|key| Self(Zeroizing::new(key))).map_err(|_| KeyError::Broken)
    }

    /// Its bytes, to be sealed.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_slice()
    }

    fn cipher(&self) -> std::result::Result<XChaCha20Poly1305, KeyError> {
        XChaCha20Poly1305::new_from_slice(self.as_bytes()).map_err(|_| KeyError::Broken)
    }

    /// Seals `plain` for the place that `context` names (table, column, row): moved elsewhere it won't open.
    ///
    /// # Errors
    /// No randomness.
    pub fn seal(&self, context: &str, plain: &[u8]) -> std::result::Result<Vec<u8>, KeyError> {
        let mut nonce = [0; NONCE_LENGTH];
        getrandom::fill(&mut nonce).map_err(|_| KeyError::NoRandomness)?;
        let sealed = self
            .cipher()?
            .encrypt(&XNonce::from(nonce), Payload { msg: plain, aad: context.as_bytes() })
            .map_err(|_| KeyError::Broken)?;
        let mut out = Vec::with_capacity(1 + NONCE_LENGTH + sealed.len());
        out.push(FORM);
        out.extend_from_slice(&nonce);
        out.extend_from_slice(&sealed);
        Ok(out)
    }

    /// Opens what [`DataKey::seal`] sealed for the same place.
    ///
    /// # Errors
    /// Altered, sealed under another key, or for another place.
    pub fn open(&self, context: &str, sealed: &[u8]) -> std::result::Result<Zeroizing<Vec<u8>>, KeyError> {
        let (&form, rest) = sealed.split_first().ok_or(KeyError::Broken)?;
        let (nonce, body) = rest.split_first_chunk::<NONCE_LENGTH>().ok_or(KeyError::Broken)?;
        if form != FORM {
            return Err(KeyError::Broken);
        }
        self.cipher()?
            .decrypt(&XNonce::from(*nonce), Payload { msg: body, aad: context.as_bytes() })
            .map(Zeroizing::new)
            .map_err(|_| KeyError::Broken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SeededEntropy;

    #[test]
    fn what_is_sealed_opens_only_under_its_key_unaltered_and_in_its_place() {
        let key = DataKey::generate(&SeededEntropy::new(1)).unwrap();
        let sealed = key.seal("kyc:7", b"passport").unwrap();
        assert_eq!(key.open("kyc:7", &sealed).unwrap().as_slice(), b"passport");
        assert_eq!(key.open("kyc:8", &sealed), Err(KeyError::Broken));
        let again = DataKey::from_bytes(key.as_bytes()).unwrap();
        assert_eq!(again.open("kyc:7", &sealed).unwrap().as_slice(), b"passport");
        let other = DataKey::generate(&SeededEntropy::new(2)).unwrap();
        assert_eq!(other.open("kyc:7", &sealed), Err(KeyError::Broken));
        for at in 0..sealed.len() {
            let mut altered = sealed.clone();
            altered[at] ^= 1;
            assert!(key.open("kyc:7", &altered).is_err(), "byte {at}");
            assert!(key.open("kyc:7", &sealed[..at]).is_err());
        }
        assert!(DataKey::from_bytes(&[1; 31]).is_err());
        assert!(!format!("{key:?}").contains("1"));
    }
}
