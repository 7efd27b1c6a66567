//! Keys outside the database: they seal columns, make keyed hashes, and pepper passwords.
//!
//! The key file is TOML: `index` (never changed: keyed hashes are looked up by it) and `[[key]]` entries with rising
//! ids; the newest seals, the older ones still open, so that keys can be rotated.

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use data_encoding::BASE64;
use hkdf::Hkdf;
use hmac::{Hmac, Mac};
use parking_lot::RwLock;
use sha2::Sha256;
use std::sync::Arc;
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, Zeroizing};

use crate::key_file::{KEY_LENGTH, KeyFile};

const NONCE_LENGTH: usize = 24;
const FORM: u8 = 1;

/// Why keys or something sealed can't be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The key file is not what it should be. Never quotes it.
    #[error("key file: {0}")]
    File(String),
    /// Sealed under a key that is not in the file.
    #[error("sealed under key {0}, which the key file does not have")]
    UnknownKey(u32),
    /// Altered, or sealed for another place.
    #[error("a sealed value can't be opened: it was altered or belongs elsewhere")]
    Broken,
    /// No randomness for a nonce.
    #[error("no randomness")]
    NoRandomness,
}

struct Key {
    id: u32,
    standby: bool,
    seal: XChaCha20Poly1305,
    pepper: Zeroizing<[u8; KEY_LENGTH]>,
}

/// The keys of a deployment. They can be exchanged while the server runs.
pub struct Keyring {
    inner: RwLock<Arc<Inner>>,
}

struct Inner {
    index: Zeroizing<[u8; KEY_LENGTH]>,
    /// By rising id; at least one that does not stand by.
    keys: Vec<Key>,
}

impl Inner {
    /// The key that seals now.
    fn newest(&self) -> Option<&Key> {
        self.keys.iter().rfind(|key| !key.standby)
    }
}

impl std::fmt::Debug for Keyring {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Keyring({} keys)", self.inner.read().keys.len())
    }
}

fn secret(text: &str) -> Result<Zeroizing<[u8; KEY_LENGTH]>, KeyError> {
    let mut bytes = BASE64
        .decode(text.trim().as_bytes())
        .map_err(|_| KeyError::File("a secret is not base64".to_owned()))?;
    let key = <[u8; KEY_LENGTH]>::try_from(bytes.as_slice())
        .map_err(|_| KeyError::File("a secret is not 32 bytes".to_owned()));
    bytes.zeroize();
    key.map(Zeroizing::new)
}

fn derived(secret: &[u8; KEY_LENGTH], purpose: &str) -> Result<Zeroizing<[u8; KEY_LENGTH]>, KeyError> {
    let mut key = Zeroizing::new([0; KEY_LENGTH]);
    Hkdf::<Sha256>::new(None, secret)
        .expand(purpose.as_bytes(), key.as_mut_slice())
        .map_err(|_| KeyError::File("a key can't be derived".to_owned()))?;
    Ok(key)
}

impl Inner {
    fn parse(text: &str) -> Result<Self, KeyError> {
        let file = KeyFile::parse(text)?;
        let mut keys = Vec::new();
        for entry in &file.key {
            let secret = secret(&entry.secret)?;
            let seal_key = derived(&secret, "custos seal v1")?;
            keys.push(Key {
                id: entry.id,
                standby: entry.standby,
                seal: XChaCha20Poly1305::new_from_slice(seal_key.as_slice())
                    .map_err(|_| KeyError::File("a key can't be used".to_owned()))?,
                pepper: derived(&secret, "custos pepper v1")?,
            });
        }
        keys.sort_by_key(|key| key.id);
        if keys.iter().all(|key| key.standby) {
            return Err(KeyError::File("no [[key]] that may seal".to_owned()));
        }
        if keys.windows(2).any(|pair| matches!(pair, [a, b] if a.id == b.id)) {
            return Err(KeyError::File("two keys have one id".to_owned()));
        }
        Ok(Self { index: secret_index(&file.index)?, keys })
    }
}

impl Keyring {
    /// Reads the content of a key file.
    ///
    /// # Errors
    /// It is not a key file. The error never quotes it.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        Ok(Self { inner: RwLock::new(Arc::new(Inner::parse(text)?)) })
    }

    /// The text of a new key file with one key.
    ///
    /// # Errors
    /// No randomness.
    pub fn generate(entropy: &dyn crate::Entropy) -> Result<Zeroizing<String>, KeyError> {
        KeyFile::generate(entropy)?.to_text()
    }

    /// Takes the keys of a changed file; whether they are others than before.
    ///
    /// # Errors
    /// It is not a key file, or it is another deployment's; then the keys stay as they were.
    pub fn reload(&self, text: &str) -> Result<bool, KeyError> {
        let fresh = Inner::parse(text)?;
        let held = self.snapshot();
        if !bool::from(fresh.index.ct_eq(held.index.as_slice())) {
            return Err(KeyError::File("its index is another deployment's".to_owned()));
        }
        let what = |inner: &Inner| inner.keys.iter().map(|key| (key.id, key.standby)).collect::<Vec<_>>();
        let changed = what(&fresh) != what(&held);
        *self.inner.write() = Arc::new(fresh);
        Ok(changed)
    }

    fn snapshot(&self) -> Arc<Inner> {
        Arc::clone(&self.inner.read())
    }

    /// The ids of the keys, newest last.
    #[must_use]
    pub fn ids(&self) -> Vec<u32> {
        self.snapshot().keys.iter().map(|key| key.id).collect()
    }

    /// The id of the key that seals now.
    #[must_use]
    pub fn newest(&self) -> u32 {
        self.snapshot().newest().map_or(0, |key| key.id)
    }

    /// How everything sealed under the newest key begins.
    #[must_use]
    pub fn newest_mark(&self) -> [u8; 5] {
        let [a, b, c, d] = self.newest().to_be_bytes();
        [FORM, a, b, c, d]
    }

    /// Seals `plain` for the place that `context` names (table, column, row): moved elsewhere it won't open.
    ///
    /// # Errors
    /// No randomness.
    pub fn seal(&self, context: &str, plain: &[u8]) -> Result<Vec<u8>, KeyError> {
        let inner = self.snapshot();
        let key = inner.newest().ok_or(KeyError::UnknownKey(0))?;
        let mut nonce = [0; NONCE_LENGTH];
        getrandom::fill(&mut nonce).map_err(|_| KeyError::NoRandomness)?;
        let sealed = key
            .seal
            .encrypt(&XNonce::from(nonce), Payload { msg: plain, aad: context.as_bytes() })
            .map_err(|_| KeyError::Broken)?;
        let mut out = Vec::with_capacity(5 + NONCE_LENGTH + sealed.len());
        out.push(FORM);
        out.extend_from_slice(&key.id.to_be_bytes());
        out.extend_from_slice(&nonce);
        out.extend_from_slice(&sealed);
        Ok(out)
    }

    /// Opens what [`Keyring::seal`] sealed for the same place.
    ///
    /// # Errors
    /// Unknown key, altered, or sealed for another place.
    pub fn open(&self, context: &str, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        let (&form, rest) = sealed.split_first().ok_or(KeyError::Broken)?;
        let (id, rest) = rest.split_first_chunk::<4>().ok_or(KeyError::Broken)?;
        let (nonce, body) = rest.split_first_chunk::<NONCE_LENGTH>().ok_or(KeyError::Broken)?;
        if form != FORM {
            return Err(KeyError::Broken);
        }
        let id = u32::from_be_bytes(*id);
        let inner = self.snapshot();
        let key = inner.keys.iter().find(|key| key.id == id).ok_or(KeyError::UnknownKey(id))?;
        key.seal
            .decrypt(&XNonce::from(*nonce), Payload { msg: body, aad: context.as_bytes() })
            .map(Zeroizing::new)
            .map_err(|_| KeyError::Broken)
    }

    /// The keyed hash of `parts` for one purpose. Parts are length-prefixed, so that no two lists collide.
    #[must_use]
    pub fn keyed_hash(&self, label: &'static str, parts: &[&[u8]]) -> [u8; 32] {
        // HMAC takes keys of any length, so this can't fail; the empty hash would match nothing.
        let Ok(mut mac) = <Hmac<Sha256> as KeyInit>::new_from_slice(self.snapshot().index.as_slice()) else {
            return [0; 32];
        };
        for part in std::iter::once(label.as_bytes()).chain(parts.iter().copied()) {
            mac.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }

    /// The peppers with their ids, newest last.
    #[must_use]
    pub fn peppers(&self) -> Vec<(u32, [u8; KEY_LENGTH])> {
        self.snapshot().keys.iter().map(|key| (key.id, *key.pepper)).collect()
    }
}

fn secret_index(text: &str) -> Result<Zeroizing<[u8; KEY_LENGTH]>, KeyError> {
    derived(&*secret(text)?, "custos index v1")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SeededEntropy;

    fn ring() -> Keyring {
        Keyring::parse(&Keyring::generate(&SeededEntropy::new(1)).unwrap()).unwrap()
    }

    #[test]
    fn what_is_sealed_opens_only_unaltered_and_in_its_place() {
        let ring = ring();
        let sealed = ring.seal("totp:7", b"secret").unwrap();
        assert_eq!(ring.open("totp:7", &sealed).unwrap().as_slice(), b"secret");
        assert_eq!(ring.open("totp:8", &sealed), Err(KeyError::Broken));
        for at in 0..sealed.len() {
            let mut altered = sealed.clone();
            altered[at] ^= 1;
            assert!(ring.open("totp:7", &altered).is_err(), "byte {at}");
        }
        for length in 0..sealed.len() {
            assert!(ring.open("totp:7", &sealed[..length]).is_err());
        }
    }

    #[test]
    fn an_older_key_still_opens_after_a_newer_one_came() {
        let old_text = Keyring::generate(&SeededEntropy::new(1)).unwrap();
        let sealed = Keyring::parse(&old_text).unwrap().seal("x", b"y").unwrap();
        let both = format!("{}\n[[key]]\nid = 2\nsecret = \"{}\"\n", *old_text, BASE64.encode(&[9; 32]));
        let ring = Keyring::parse(&both).unwrap();
        assert_eq!(ring.open("x", &sealed).unwrap().as_slice(), b"y");
        assert_eq!(ring.seal("x", b"y").unwrap()[1..5], [0, 0, 0, 2]);
        assert_eq!(ring.newest_mark(), [1, 0, 0, 0, 2]);
    }

    #[test]
    fn a_key_that_stands_by_opens_and_does_not_seal() {
        let mut file = KeyFile::generate(&SeededEntropy::new(1)).unwrap();
        let ring = Keyring::parse(&file.to_text().unwrap()).unwrap();
        assert_eq!(file.add_standby(&SeededEntropy::new(2)).unwrap(), 2);
        assert!(ring.reload(&file.to_text().unwrap()).unwrap());
        let before = ring.seal("x", b"y").unwrap();
        assert_eq!((ring.newest(), before[4]), (1, 1));
        file.activate();
        assert!(ring.reload(&file.to_text().unwrap()).unwrap());
        assert!(!ring.reload(&file.to_text().unwrap()).unwrap());
        assert_eq!((ring.newest(), ring.seal("x", b"y").unwrap()[4]), (2, 2));
        assert_eq!(ring.open("x", &before).unwrap().as_slice(), b"y");
        let other = KeyFile::generate(&SeededEntropy::new(9)).unwrap();
        assert!(ring.reload(&other.to_text().unwrap()).is_err());
        file.remove(&[1]);
        ring.reload(&file.to_text().unwrap()).unwrap();
        assert_eq!(ring.open("x", &before), Err(KeyError::UnknownKey(1)));
    }

    #[test]
    fn keyed_hashes_tell_lists_apart() {
        let ring = ring();
        assert_ne!(ring.keyed_hash("a", &[b"bc", b"d"]), ring.keyed_hash("a", &[b"b", b"cd"]));
        assert_ne!(ring.keyed_hash("a", &[b"b"]), ring.keyed_hash("ab", &[b""]));
        assert_eq!(ring.keyed_hash("a", &[b"b"]), ring.keyed_hash("a", &[b"b"]));
    }

    #[test]
    fn a_bad_file_is_refused_without_being_quoted() {
        for text in ["", "index = \"SECRET\"", "index = \"SECRET\"\n[[key]]\nid = 1\nsecret = \"SECRET\""] {
            let told = Keyring::parse(text).unwrap_err().to_string();
            assert!(!told.contains("SECRET"), "{told}");
        }
    }
}
