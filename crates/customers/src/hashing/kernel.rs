//! The one place that knows which Argon2 code is used.

use argon2_rust::params::{Memory, TagLen};
use argon2_rust::{Algorithm, Argon2, Error, Hasher, Params, Version};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::{HashError, PasswordParams};

/// Bytes a hash yields.
pub(super) const TAG_LEN: usize = 32;

/// What a hash yields, wiped when dropped.
pub(super) type Tag = Zeroizing<[u8; TAG_LEN]>;

/// Argon2id with the memory it keeps between hashes. The crate wipes that memory after every hash, and this
/// never holds on to more than a hash of the configured costs needs.
pub(super) struct Kernel {
    hasher: Hasher,
    keep_blocks: usize,
}

impl Kernel {
    /// Takes no memory yet. `usual` is what most hashes will cost.
    pub(super) fn new(usual: PasswordParams) -> Self {
        Self {
            hasher: argon2id(Params::DEFAULT).hasher(),
            keep_blocks: usize::try_from(usual.memory_kib).unwrap_or(usize::MAX),
        }
    }

    /// One hash; `pepper` is Argon2's secret parameter.
    pub(super) fn derive(
        &mut self,
        params: PasswordParams,
        secret: &[u8],
        salt: &[u8],
        pepper: &[u8],
    ) -> Result<Tag, HashError> {
        self.derive_with_data(params, secret, salt, pepper, &[]).map_err(failed)
    }

    /// The same as another system has made it: without a pepper, by its own variant, of its own length.
    pub(super) fn derive_foreign(
        &mut self,
        algorithm: Algorithm,
        params: PasswordParams,
        secret: &[u8],
        salt: &[u8],
        made: &mut [u8],
    ) -> Result<(), HashError> {
        let costs = costs(params, made.len()).map_err(failed)?;
        self.hasher.set_argon2(Argon2::new(algorithm, Version::V0x13, costs));
        let outcome = self.hasher.hash_into_with_ad(secret, salt, &[], &[], made);
        self.let_go();
        outcome.map_err(failed)
    }

    fn derive_with_data(
        &mut self,
        params: PasswordParams,
        secret: &[u8],
        salt: &[u8],
        pepper: &[u8],
        data: &[u8],
    ) -> Result<Tag, Error> {
        self.hasher.set_argon2(argon2id(costs(params, TAG_LEN)?));
        let mut tag = Tag::default();
        let outcome = self.hasher.hash_into_with_ad(secret, salt, pepper, data, tag.as_mut_slice());
        self.let_go();
        outcome.map(|()| tag)
    }

    /// Of more memory than most hashes need.
    fn let_go(&mut self) {
        if self.hasher.reserved_blocks() > self.keep_blocks {
            self.hasher.clear();
        }
    }
}

fn costs(params: PasswordParams, tag_len: usize) -> Result<Params, Error> {
    Params::builder()
        .memory(Memory::kib(u64::from(params.memory_kib)))
        .passes(params.iterations)
        .lanes(params.lanes)
        .threads(1)
        .tag_len(TagLen::bytes(tag_len as u64))
        .build()
}

fn failed(error: Error) -> HashError {
    tracing::error!(%error, "Argon2 failed");
    HashError::Failed
}

fn argon2id(params: Params) -> Argon2 {
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

/// Computes the Argon2id test vector of RFC 9106, section 5.3, with whatever instructions this machine has.
pub(super) fn self_check() -> bool {
    const EXPECTED: [u8; TAG_LEN] = [
        0x0d, 0x64, 0x0d, 0xf5, 0x8d, 0x78, 0x76, 0x6c, 0x08, 0xc0, 0x37, 0xa3, 0x4a, 0x8b, 0x53, 0xc9, 0xd0,
        0x1e, 0xf0, 0x45, 0x2d, 0x75, 0xb6, 0x5e, 0xb5, 0x25, 0x20, 0xe9, 0x6b, 0x01, 0xe6, 0x59,
    ];
    let params = PasswordParams { memory_kib: 32, iterations: 3, lanes: 4 };
    Kernel::new(params)
        .derive_with_data(params, &[1; 32], &[2; 16], &[3; 8], &[4; 12])
        .is_ok_and(|tag| bool::from(tag.ct_eq(&EXPECTED)))
}
