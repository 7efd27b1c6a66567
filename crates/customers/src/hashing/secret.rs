//! The two things hashed together: what the client sends and the server's pepper.

use std::fmt;

use data_encoding::HEXLOWER_PERMISSIVE;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, Zeroizing};

use super::HashError;

/// The MD5 of a password as clients send it; the password itself never reaches the server. Wiped when
/// dropped, compared in constant time, never printed.
#[derive(Clone)]
pub struct Md5Secret([u8; 16]);

impl Md5Secret {
    /// Reads exactly 32 hexadecimal digits of either case.
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() != 32 {
            return None;
        }
        let mut secret = Self([0; 16]);
        let written = HEXLOWER_PERMISSIVE.decode_mut(text.as_bytes(), &mut secret.0).ok()?;
        (written == secret.0.len()).then_some(secret)
    }

    /// What a member of staff typed, brought to the same form. Staff's clients are ours and send the password itself;
    /// half of a SHA-256 keeps all that a password holds.
    pub fn of_typed(password: &str) -> Self {
        let mut digest =
            <[u8; 32]>::from(Sha256::new().chain_update(b"custos staff\0").chain_update(password).finalize());
        let mut secret = Self([0; 16]);
        for (to, from) in secret.0.iter_mut().zip(digest) {
            *to = from;
        }
        digest.zeroize();
        secret
    }

    /// The 16 bytes.
    pub fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl Drop for Md5Secret {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl fmt::Debug for Md5Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Md5Secret(…)")
    }
}

impl ConstantTimeEq for Md5Secret {
    fn ct_eq(&self, other: &Self) -> subtle::Choice {
        self.0.ct_eq(&other.0)
    }
}

impl PartialEq for Md5Secret {
    fn eq(&self, other: &Self) -> bool {
        self.ct_eq(other).into()
    }
}

impl Eq for Md5Secret {}

/// The keys mixed into every password hash, so that a stolen database alone cannot be searched for
/// passwords. New hashes use the newest; older ones serve until their owners sign in again.
pub struct Peppers {
    newest: u32,
    keys: Vec<(u32, Zeroizing<[u8; 32]>)>,
}

impl Peppers {
    /// The pepper with the highest id is the newest. Refuses an empty list and an id named twice.
    pub fn new(mut keys: Vec<(u32, [u8; 32])>) -> Result<Self, HashError> {
        let held: Vec<_> = keys.iter().map(|(id, key)| (*id, Zeroizing::new(*key))).collect();
        for (_, key) in &mut keys {
            key.zeroize();
        }
        let newest = held.iter().map(|(id, _)| *id).max().ok_or(HashError::Peppers)?;
        let mut ids: Vec<u32> = held.iter().map(|(id, _)| *id).collect();
        ids.sort_unstable();
        ids.dedup();
        if ids.len() != held.len() {
            return Err(HashError::Peppers);
        }
        Ok(Self { newest, keys: held })
    }

    /// The same peppers, with another one than the highest for new hashes: a key that stands by must not be used yet.
    pub fn with_newest(self, newest: u32) -> Result<Self, HashError> {
        if self.has(newest) { Ok(Self { newest, ..self }) } else { Err(HashError::Peppers) }
    }

    /// The id new hashes are made with.
    pub fn newest(&self) -> u32 {
        self.newest
    }

    pub(super) fn has(&self, id: u32) -> bool {
        self.key(id).is_some()
    }

    pub(super) fn key(&self, id: u32) -> Option<&[u8; 32]> {
        self.keys.iter().find(|(held, _)| *held == id).map(|(_, key)| &**key)
    }
}

impl fmt::Debug for Peppers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Peppers").field("newest", &self.newest).finish_non_exhaustive()
    }
}
