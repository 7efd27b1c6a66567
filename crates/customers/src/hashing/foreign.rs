//! Hashes that another system made over the 32 hex digits, taken over as they are until their owner signs in.
//!
//! They come out of a file that somebody was sent: what one may cost is bounded before it is kept. Such a hash knows no
//! pepper, so it is sealed under one: from the table alone nobody searches for passwords here either.

use super::kernel::Kernel;
use super::{HashError, Md5Secret, PasswordParams};
use argon2_rust::Algorithm;
use custos_store::DataKey;
use data_encoding::{BASE64, BASE64_NOPAD, Encoding, HEXLOWER, Specification};
use hmac::Hmac;
use sha2::{Digest, Sha256, Sha512};
use std::sync::LazyLock;
use zeroize::Zeroizing;

/// The most memory that a taken-over hash may ask for: 256 MiB.
const MOST_KIB: u64 = 256 << 10;
/// Its memory times its passes.
const MOST_KIB_PASSED: u64 = 1 << 20;
/// The highest cost of bcrypt; each step doubles the work.
const MOST_BCRYPT_COST: u32 = 14;
/// Rounds of PBKDF2, over all blocks.
const MOST_ROUNDS: u64 = 4_000_000;
/// Longer than any of them.
const MOST_TEXT: usize = 256;

/// What is sealed is kept as `{pepper id}:$sealed${base64}`.
const SEALED: &str = "$sealed$";
const CONTEXT: &str = "foreign password hash";

/// A hash of another system.
#[derive(Clone, PartialEq, Eq)]
pub struct Foreign {
    /// As it was written.
    text: Zeroizing<String>,
    scheme: Scheme,
    salt: Vec<u8>,
    tag: Vec<u8>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scheme {
    Argon2(Algorithm, PasswordParams),
    Bcrypt(u32),
    Scrypt { log_n: u8, r: u32, p: u32 },
    Pbkdf2(Digester, u32),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Digester {
    Sha1,
    Sha256,
    Sha512,
}

impl std::fmt::Debug for Foreign {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Foreign(…)")
    }
}

/// Why a text is not taken over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// It is written as no hash that is known here.
    #[error("no known form of a password hash")]
    Unknown,
    /// The form is known, and it is broken.
    #[error("a damaged password hash")]
    Damaged,
    /// Checking it would cost more than a sign-in may.
    #[error("a password hash that is too costly to check")]
    TooCostly,
}

/// bcrypt's own order of letters.
static BCRYPT: LazyLock<Option<Encoding>> = LazyLock::new(|| {
    let mut letters = Specification::new();
    letters.symbols.push_str("./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789");
    letters.check_trailing_bits = false;
    letters.encoding().ok()
});

impl Foreign {
    /// Reads what was exported elsewhere.
    ///
    /// # Errors
    /// Why it is not taken over.
    pub fn parse(text: &str) -> Result<Self, Unfit> {
        if text.len() > MOST_TEXT {
            return Err(Unfit::Unknown);
        }
        let parts: Vec<&str> = text.split('$').collect();
        let (scheme, salt, tag) = match parts.as_slice() {
            ["", name @ ("argon2id" | "argon2i" | "argon2d"), "v=19", costs, salt, tag] => {
                argon2(name, costs, salt, tag)
            }
            ["", name, ..] if name.starts_with("argon2") => None,
            ["", "2a" | "2b" | "2y", cost, rest] => bcrypt(cost, rest),
            ["", "scrypt", costs, salt, tag] => scrypt(costs, salt, tag),
            [
                "",
                name @ ("pbkdf2" | "pbkdf2-sha1" | "pbkdf2-sha256" | "pbkdf2-sha512"),
                rounds,
                salt,
                tag,
            ] => pbkdf2_of_phc(name, rounds, salt, tag),
            [name @ ("pbkdf2_sha1" | "pbkdf2_sha256" | "pbkdf2_sha512"), rounds, salt, tag] => {
                let decoded = BASE64.decode(tag.as_bytes()).ok();
                digester(name).zip(number(rounds)).zip(decoded).map(|((digester, rounds), tag)| {
                    (Scheme::Pbkdf2(digester, rounds), salt.as_bytes().to_vec(), tag)
                })
            }
            ["", "2a" | "2b" | "2y" | "scrypt", ..] => None,
            _ => return Err(Unfit::Unknown),
        }
        .ok_or(Unfit::Damaged)?;
        if !(8..=64).contains(&salt.len()) || !(16..=64).contains(&tag.len()) {
            return Err(Unfit::Damaged);
        }
        let foreign = Self { text: Zeroizing::new(text.to_owned()), scheme, salt, tag };
        foreign.fits()?;
        Ok(foreign)
    }

    /// Whether checking it is work that this server is willing to do.
    fn fits(&self) -> Result<(), Unfit> {
        let affordable = match self.scheme {
            Scheme::Argon2(_, params) => {
                let memory = u64::from(params.memory_kib);
                if !params.acceptable() {
                    return Err(Unfit::Damaged);
                }
                memory <= MOST_KIB && memory.saturating_mul(u64::from(params.iterations)) <= MOST_KIB_PASSED
            }
            Scheme::Bcrypt(cost) if cost < 4 => return Err(Unfit::Damaged),
            Scheme::Bcrypt(cost) => cost <= MOST_BCRYPT_COST,
            Scheme::Scrypt { log_n, r, p } => {
                if log_n == 0 || r == 0 || p == 0 {
                    return Err(Unfit::Damaged);
                }
                let kib = u64::from(r).checked_shl(u32::from(log_n)).filter(|_| log_n < 32).map(|n| n / 8);
                kib.is_some_and(|kib| {
                    kib <= MOST_KIB && kib.max(1).saturating_mul(u64::from(p)) <= MOST_KIB_PASSED
                })
            }
            Scheme::Pbkdf2(_, 0) => return Err(Unfit::Damaged),
            Scheme::Pbkdf2(digester, rounds) => {
                let width = match digester {
                    Digester::Sha1 => 20,
                    Digester::Sha256 => 32,
                    Digester::Sha512 => 64,
                };
                let blocks = u64::try_from(self.tag.len().div_ceil(width)).unwrap_or(u64::MAX);
                blocks.saturating_mul(u64::from(rounds)) <= MOST_ROUNDS
            }
        };
        if affordable { Ok(()) } else { Err(Unfit::TooCostly) }
    }

    /// What the other system would have made of this secret.
    pub(super) fn derive(
        &self,
        kernel: &mut Kernel,
        secret: &Md5Secret,
    ) -> Result<Zeroizing<Vec<u8>>, HashError> {
        let mut digits = Zeroizing::new([0; 32]);
        HEXLOWER.encode_mut(secret.as_bytes(), digits.as_mut_slice());
        let mut made = Zeroizing::new(vec![0; self.tag.len()]);
        match self.scheme {
            Scheme::Argon2(algorithm, params) => {
                kernel.derive_foreign(algorithm, params, digits.as_slice(), &self.salt, &mut made)?;
            }
            Scheme::Bcrypt(cost) => {
                let salt: [u8; 16] = self.salt.as_slice().try_into().map_err(|_| HashError::Failed)?;
                // With the zero byte that all of its makers hash too.
                let mut ended = Zeroizing::new([0; 33]);
                ended.iter_mut().zip(digits.iter()).for_each(|(slot, digit)| *slot = *digit);
                let whole = Zeroizing::new(bcrypt::bcrypt(cost, salt, ended.as_slice()));
                made.iter_mut().zip(whole.iter()).for_each(|(slot, byte)| *slot = *byte);
            }
            Scheme::Scrypt { log_n, r, p } => {
                let costs = scrypt::Params::new(log_n, r, p).map_err(|_| HashError::Failed)?;
                scrypt::scrypt(digits.as_slice(), &self.salt, &costs, &mut made)
                    .map_err(|_| HashError::Failed)?;
            }
            Scheme::Pbkdf2(digester, rounds) => {
                let (secret, salt) = (digits.as_slice(), self.salt.as_slice());
                match digester {
                    Digester::Sha1 => pbkdf2::pbkdf2::<Hmac<sha1::Sha1>>(secret, salt, rounds, &mut made),
                    Digester::Sha256 => pbkdf2::pbkdf2::<Hmac<Sha256>>(secret, salt, rounds, &mut made),
                    Digester::Sha512 => pbkdf2::pbkdf2::<Hmac<Sha512>>(secret, salt, rounds, &mut made),
                }
                .map_err(|_| HashError::Failed)?;
            }
        }
        Ok(made)
    }

    /// The hash that is to come out.
    pub(super) fn tag(&self) -> &[u8] {
        &self.tag
    }

    /// The text to be stored, sealed under a pepper.
    pub(super) fn seal(&self, pepper_id: u32, pepper: &[u8; 32]) -> Result<String, HashError> {
        let sealed = key(pepper)?.seal(CONTEXT, self.text.as_bytes()).map_err(|_| HashError::Failed)?;
        Ok(format!("{pepper_id}:{SEALED}{}", BASE64_NOPAD.encode(&sealed)))
    }

    /// Opens what [`Foreign::seal`] made.
    pub(super) fn open(sealed: &Sealed<'_>, pepper: &[u8; 32]) -> Option<Self> {
        let sealed = BASE64_NOPAD.decode(sealed.body.as_bytes()).ok()?;
        let plain = key(pepper).ok()?.open(CONTEXT, &sealed).ok()?;
        Self::parse(std::str::from_utf8(&plain).ok()?).ok()
    }
}

/// A stored text of a taken-over hash, as far as it is read without a pepper.
pub(super) struct Sealed<'a> {
    pub(super) pepper_id: u32,
    body: &'a str,
}

impl<'a> Sealed<'a> {
    pub(super) fn parse(text: &'a str) -> Option<Self> {
        let (pepper_id, rest) = text.split_once(':')?;
        let body = rest.strip_prefix(SEALED).filter(|body| body.len() <= 2 * MOST_TEXT)?;
        Some(Self { pepper_id: pepper_id.parse().ok()?, body })
    }
}

/// Another key than the pepper itself, which Argon2 takes.
fn key(pepper: &[u8; 32]) -> Result<DataKey, HashError> {
    let mut hash = Sha256::new_with_prefix(b"custos foreign password hashes");
    hash.update(pepper);
    let bytes: Zeroizing<[u8; 32]> = Zeroizing::new(hash.finalize().into());
    DataKey::from_bytes(bytes.as_slice()).map_err(|_| HashError::Failed)
}

type Parts = (Scheme, Vec<u8>, Vec<u8>);

fn argon2(name: &str, costs: &str, salt: &str, tag: &str) -> Option<Parts> {
    let algorithm = match name {
        "argon2id" => Algorithm::Argon2id,
        "argon2i" => Algorithm::Argon2i,
        _ => Algorithm::Argon2d,
    };
    let [memory_kib, iterations, lanes] = numbered(costs, ["m", "t", "p"])?;
    let params = PasswordParams { memory_kib, iterations, lanes };
    Some((Scheme::Argon2(algorithm, params), unpadded(salt)?, unpadded(tag)?))
}

fn bcrypt(cost: &str, rest: &str) -> Option<Parts> {
    let (salt, tag) = rest.split_at_checked(22).filter(|(_, tag)| tag.len() == 31)?;
    let letters = BCRYPT.as_ref()?;
    let cost = Some(cost).filter(|cost| cost.len() == 2)?.parse().ok()?;
    Some((Scheme::Bcrypt(cost), letters.decode(salt.as_bytes()).ok()?, letters.decode(tag.as_bytes()).ok()?))
}

fn scrypt(costs: &str, salt: &str, tag: &str) -> Option<Parts> {
    let [log_n, r, p] = numbered(costs, ["ln", "r", "p"])?;
    Some((Scheme::Scrypt { log_n: log_n.try_into().ok()?, r, p }, unpadded(salt)?, unpadded(tag)?))
}

/// `$pbkdf2-sha256$i=600000,l=32$…` as PHC strings are, or `$pbkdf2-sha256$29000$…` as passlib writes them.
fn pbkdf2_of_phc(name: &str, rounds: &str, salt: &str, tag: &str) -> Option<Parts> {
    let tag = unpadded(tag)?;
    let rounds = match rounds.strip_prefix("i=") {
        None => number(rounds)?,
        Some(rest) => match rest.split_once(",l=") {
            None => number(rest)?,
            Some((rounds, length)) => {
                let is_so_long = usize::try_from(number(length)?).ok()? == tag.len();
                is_so_long.then(|| number(rounds)).flatten()?
            }
        },
    };
    Some((Scheme::Pbkdf2(digester(name)?, rounds), unpadded(salt)?, tag))
}

fn digester(name: &str) -> Option<Digester> {
    match name.get(6..).unwrap_or("").trim_start_matches(['-', '_']) {
        "" | "sha1" => Some(Digester::Sha1),
        "sha256" => Some(Digester::Sha256),
        "sha512" => Some(Digester::Sha512),
        _ => None,
    }
}

/// Base64 without padding; passlib writes a point for the plus.
fn unpadded(text: &str) -> Option<Vec<u8>> {
    BASE64_NOPAD.decode(text.replace('.', "+").as_bytes()).ok()
}

fn number(text: &str) -> Option<u32> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

/// The numbers of `m=1,t=2,p=3`, in this order.
fn numbered<const N: usize>(text: &str, names: [&str; N]) -> Option<[u32; N]> {
    let mut parts = text.split(',');
    let mut all = [0; N];
    for (slot, name) in all.iter_mut().zip(names) {
        *slot = number(parts.next()?.strip_prefix(name)?.strip_prefix('=')?)?;
    }
    parts.next().is_none().then_some(all)
}

#[cfg(test)]
mod tests;
