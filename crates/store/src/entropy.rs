//! Randomness is handed in, so that a simulation can be repeated from its seed.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::sync::atomic::{AtomicU64, Ordering};

/// Fills buffers with randomness fit for secrets.
pub trait Entropy: Send + Sync + 'static {
    /// Fills `bytes`, or fails: a secret is never made from less than was asked for.
    ///
    /// # Errors
    /// The source is out of order.
    fn fill(&self, bytes: &mut [u8]) -> Result<(), crate::Error>;
}

/// The operating system's generator.
#[derive(Debug, Clone, Copy, Default)]
pub struct OsEntropy;

impl Entropy for OsEntropy {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), crate::Error> {
        getrandom::fill(bytes).map_err(|error| crate::Error::Internal(format!("no randomness: {error}")))
    }
}

/// A repeatable stream for tests: HMAC-SHA-256 of a counter under the seed.
#[derive(Debug)]
pub struct SeededEntropy {
    seed: u64,
    counter: AtomicU64,
}

impl SeededEntropy {
    /// The stream of `seed`.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { seed, counter: AtomicU64::new(0) }
    }
}

impl Entropy for SeededEntropy {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), crate::Error> {
        for piece in bytes.chunks_mut(32) {
            let count = self.counter.fetch_add(1, Ordering::SeqCst);
            let mut mac = Hmac::<Sha256>::new_from_slice(&self.seed.to_be_bytes())
                .map_err(|error| crate::Error::Internal(error.to_string()))?;
            mac.update(&count.to_be_bytes());
            for (to, from) in piece.iter_mut().zip(mac.finalize().into_bytes()) {
                *to = from;
            }
        }
        Ok(())
    }
}
