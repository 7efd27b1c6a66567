//! The key file's text: `index`, which never changes, and `[[key]]` entries with rising ids.
//!
//! A new key stands by first: every process learns to open with it before any seals with it.

use crate::{Entropy, KeyError};
use data_encoding::BASE64;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

/// Bytes of a secret.
pub(crate) const KEY_LENGTH: usize = 32;

const HEADING: &str = "# Custos keys. Without this file sealed data and passwords are lost: keep a copy, apart from the database.\n";

/// The content of a key file. Never shown.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct KeyFile {
    pub(crate) index: String,
    pub(crate) key: Vec<KeyEntry>,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct KeyEntry {
    pub(crate) id: u32,
    pub(crate) secret: String,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) standby: bool,
}

impl std::fmt::Debug for KeyFile {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "KeyFile({} keys)", self.key.len())
    }
}

impl Drop for KeyFile {
    fn drop(&mut self) {
        use zeroize::Zeroize;
        self.index.zeroize();
        self.key.iter_mut().for_each(|key| key.secret.zeroize());
    }
}

fn new_secret(entropy: &dyn Entropy) -> Result<String, KeyError> {
    let mut bytes = Zeroizing::new([0; KEY_LENGTH]);
    entropy.fill(bytes.as_mut_slice()).map_err(|_| KeyError::NoRandomness)?;
    Ok(BASE64.encode(bytes.as_slice()))
}

impl KeyFile {
    /// A new file with one key.
    ///
    /// # Errors
    /// No randomness.
    pub fn generate(entropy: &dyn Entropy) -> Result<Self, KeyError> {
        Ok(Self {
            index: new_secret(entropy)?,
            key: vec![KeyEntry { id: 1, secret: new_secret(entropy)?, standby: false }],
        })
    }

    /// Reads a file's text.
    ///
    /// # Errors
    /// It is not a key file. The error never quotes it.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        toml::from_str(text).map_err(|error| KeyError::File(error.message().to_owned()))
    }

    /// The text to be written.
    ///
    /// # Errors
    /// It can't be written as TOML, which is a mistake in the program.
    pub fn to_text(&self) -> Result<Zeroizing<String>, KeyError> {
        let body = Zeroizing::new(
            toml::to_string(self).map_err(|_| KeyError::File("the keys can't be written".to_owned()))?,
        );
        Ok(Zeroizing::new(format!("{HEADING}{}", body.as_str())))
    }

    /// Adds a key that stands by; returns its id.
    ///
    /// # Errors
    /// No randomness.
    pub fn add_standby(&mut self, entropy: &dyn Entropy) -> Result<u32, KeyError> {
        let id = self.key.iter().map(|key| key.id).max().unwrap_or(0) + 1;
        self.key.push(KeyEntry { id, secret: new_secret(entropy)?, standby: true });
        Ok(id)
    }

    /// From now on every key that stood by may seal.
    pub fn activate(&mut self) {
        self.key.iter_mut().for_each(|key| key.standby = false);
    }

    /// Takes keys out for good. The caller has made sure that nothing uses them.
    pub fn remove(&mut self, ids: &[u32]) {
        self.key.retain(|key| !ids.contains(&key.id));
    }
}
