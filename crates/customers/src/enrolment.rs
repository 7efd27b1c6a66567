//! Switching the authenticator on and off, and the recovery codes that stand in for it.

use crate::changes::{self, By, Change};
use crate::company::Company;
use crate::customer::{self, Customer};
use crate::error::{Code, Result};
use crate::limits::{self, MFA_GUARD, Try};
use crate::mfa::{guard_subject, is_exhausted, recovery_hash, seal_context};
use crate::step_up::{self, Given, Proved, Warrant};
use crate::totp;
use custos_store::{MINUTE_MS, Tx, params};
use data_encoding::BASE32_NOPAD;
use std::fmt::Write as _;
use zeroize::Zeroizing;

/// How long a secret may wait to be switched on.
const PENDING_LIFE_MS: i64 = 15 * MINUTE_MS;
/// RFC 4226 §4 recommends 160 bits.
const SECRET_BYTES: usize = 20;
/// Recovery codes made at once.
pub const RECOVERY_CODES: usize = 10;

/// A secret that waits to be switched on.
#[derive(Debug)]
pub struct Pending {
    /// Its id.
    pub id: i64,
    /// The secret in base 32, as authenticators want it typed.
    pub secret: String,
    /// The `otpauth://` URI that clients draw.
    pub uri: String,
}

/// Percent-encodes a part of a URI.
pub(crate) fn encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            // Writing into a String can't fail.
            let _ = write!(out, "%{byte:02X}");
        }
        out
    })
}

/// Makes a secret that waits to be switched on; one that waited before is dropped.
///
/// # Errors
/// `CUSTOMER_API_0000138` when MFA is on; else the store's.
pub fn generate(tx: &mut Tx<'_>, company: &Company, customer_id: i64) -> Result<Pending> {
    let customer = customer::lock(tx, company.id, customer_id)?;
    if customer.has_mfa() {
        return Err(Code::MfaIsOn.refuse());
    }
    let (id, secret) = (tx.new_id(), tx.random::<SECRET_BYTES>()?);
    let sealed = tx.keys().seal(&seal_context(customer_id, id), &secret)?;
    tx.execute(
        "DELETE FROM totp_secrets WHERE company_id = $1 AND customer_id = $2 AND active = 0",
        params![company.id, customer_id],
    )?;
    let expires = tx.now() + PENDING_LIFE_MS;
    tx.execute(
        "INSERT INTO totp_secrets (company_id, customer_id, id, secret, active, last_step, expires_at) \
         VALUES ($1, $2, $3, $4, 0, 0, $5)",
        params![company.id, customer_id, id, &sealed, expires],
    )?;
    let text = BASE32_NOPAD.encode(&secret);
    let issuer = encoded(&company.name);
    let uri = format!(
        "otpauth://totp/{issuer}:{}?secret={text}&issuer={issuer}&algorithm=SHA1&digits=6&period=30",
        encoded(&customer.number)
    );
    Ok(Pending { id, secret: text, uri })
}

/// A secret as it is held, and the last step whose code was used.
struct Held {
    secret: Zeroizing<Vec<u8>>,
    last_step: i64,
}

/// The secret that a code is held against: the active one, or the one that waits.
fn secret(tx: &mut Tx<'_>, customer: &Customer, pending_id: Option<i64>) -> Result<Option<Held>> {
    let (now, wanted) = (tx.now(), pending_id.unwrap_or(customer.mfa_id));
    let found = tx.query_opt(
        "SELECT id, secret, last_step FROM totp_secrets WHERE company_id = $1 AND customer_id = $2 \
         AND ((active = 1 AND id = $3) OR (active = 0 AND expires_at > $4 AND ($3 = 0 OR id = $3))) \
         ORDER BY active DESC, id DESC LIMIT 1",
        params![customer.company_id, customer.id, wanted, now],
        |row| Ok((row.get::<i64>(0)?, row.get::<Vec<u8>>(1)?, row.get::<i64>(2)?)),
    )?;
    let Some((id, sealed, last_step)) = found else { return Ok(None) };
    let secret = tx.keys().open(&seal_context(customer.id, id), &sealed)?;
    Ok(Some(Held { secret, last_step }))
}

/// Whether a code fits the active secret, or the one that waits. Counts as a try, and uses nothing up.
///
/// # Errors
/// The store's.
pub fn check(tx: &mut Tx<'_>, company: &Company, customer_id: i64, given: &str) -> Result<bool> {
    let customer = customer::lock(tx, company.id, customer_id)?;
    let subject = guard_subject(tx, &customer);
    if limits::reserve(tx, MFA_GUARD, &subject, company.id, Some(customer_id))? == Try::Locked {
        return Ok(false);
    }
    if customer.has_mfa() && is_exhausted(tx, &subject)? {
        return Ok(false);
    }
    let Some(held) = secret(tx, &customer, None)? else { return Ok(false) };
    match totp::matching_step(&held.secret, given, tx.now(), totp::USUAL_DRIFT) {
        Some(step) if step <= held.last_step => {
            // It was right once; whoever shows it again is no guesser, and it is right no more.
            limits::give_back(tx, &subject, MFA_GUARD)?;
            Ok(false)
        }
        Some(_) => {
            limits::clear(tx, &subject)?;
            Ok(true)
        }
        None => Ok(false),
    }
}

/// Switches MFA on with the secret that waits under `id`; returns the recovery codes, told once.
///
/// # Errors
/// The refusal of a need, `CUSTOMER_API_0000138` when it is on, `0519` or `0520` for the code; else the store's.
pub fn switch_on<W: Warrant>(
    tx: &mut Tx<'_>,
    company: &Company,
    customer_id: i64,
    id: i64,
    (given, by): (&Given, &By),
) -> Result<Vec<String>> {
    let customer = customer::lock(tx, company.id, customer_id)?;
    if customer.has_mfa() {
        return Err(Code::MfaIsOn.refuse());
    }
    let proved: Proved<W> = step_up::prove(tx, company, &customer, given)?;
    let code = given.google_code.as_deref().ok_or_else(|| Code::MissingGoogleCode.refuse())?;
    let subject = guard_subject(tx, &customer);
    if limits::reserve(tx, MFA_GUARD, &subject, company.id, Some(customer_id))? == Try::Locked {
        return Err(Code::WrongGoogleCode.refuse());
    }
    let found = secret(tx, &customer, Some(id))?;
    let step = found
        .and_then(|held| totp::matching_step(&held.secret, code, tx.now(), totp::USUAL_DRIFT))
        .ok_or_else(|| Code::WrongGoogleCode.refuse())?;
    limits::clear(tx, &subject)?;
    proved.spend(tx)?;
    tx.execute(
        "UPDATE totp_secrets SET active = 1, last_step = $4, expires_at = NULL \
         WHERE company_id = $1 AND customer_id = $2 AND id = $3",
        params![company.id, customer_id, id, step],
    )?;
    tx.execute(
        "UPDATE customers SET mfa_id = $3 WHERE company_id = $1 AND id = $2",
        params![company.id, customer_id, id],
    )?;
    let codes = new_recovery_codes(tx, company.id, customer_id)?;
    changes::follow(tx, company, &customer, Change::MfaOn, by)?;
    Ok(codes)
}

/// Switches MFA off.
///
/// # Errors
/// The refusal of a need, `CUSTOMER_API_0000003` when it is off or `id` is not its id; else the store's.
pub fn switch_off<W: Warrant>(
    tx: &mut Tx<'_>,
    company: &Company,
    customer_id: i64,
    id: i64,
    (given, by): (&Given, &By),
) -> Result<()> {
    let customer = customer::lock(tx, company.id, customer_id)?;
    if !customer.has_mfa() || customer.mfa_id != id {
        return Err(Code::NotFound.refuse());
    }
    let proved: Proved<W> = step_up::prove(tx, company, &customer, given)?;
    proved.spend(tx)?;
    for sql in [
        "DELETE FROM totp_secrets WHERE company_id = $1 AND customer_id = $2",
        "DELETE FROM recovery_codes WHERE company_id = $1 AND customer_id = $2",
        "UPDATE customers SET mfa_id = 0 WHERE company_id = $1 AND id = $2",
    ] {
        tx.execute(sql, params![company.id, customer_id])?;
    }
    changes::follow(tx, company, &customer, Change::MfaOff, by)
}

/// Replaces the recovery codes; returns the new ones, told once.
///
/// # Errors
/// The refusal of a need, `CUSTOMER_API_0001040` when MFA is off; else the store's.
pub fn renew_recovery_codes<W: Warrant>(
    tx: &mut Tx<'_>,
    company: &Company,
    customer_id: i64,
    (given, by): (&Given, &By),
) -> Result<Vec<String>> {
    let customer = customer::lock(tx, company.id, customer_id)?;
    if !customer.has_mfa() {
        return Err(Code::MfaIsOff.refuse());
    }
    let proved: Proved<W> = step_up::prove(tx, company, &customer, given)?;
    proved.spend(tx)?;
    let codes = new_recovery_codes(tx, company.id, customer_id)?;
    changes::follow(tx, company, &customer, Change::RecoveryCodes, by)?;
    Ok(codes)
}

/// Ten codes of 80 bits, as `XXXX-XXXX-XXXX-XXXX`; only their keyed hashes are kept.
fn new_recovery_codes(tx: &mut Tx<'_>, company_id: i64, customer_id: i64) -> Result<Vec<String>> {
    tx.execute(
        "DELETE FROM recovery_codes WHERE company_id = $1 AND customer_id = $2",
        params![company_id, customer_id],
    )?;
    let mut codes = Vec::with_capacity(RECOVERY_CODES);
    for _ in 0..RECOVERY_CODES {
        let plain = BASE32_NOPAD.encode(&tx.random::<10>()?);
        let hash = recovery_hash(tx, company_id, customer_id, &plain);
        tx.execute(
            "INSERT INTO recovery_codes (company_id, customer_id, code_hash, spent) VALUES ($1, $2, $3, 0)",
            params![company_id, customer_id, &hash],
        )?;
        let groups: Vec<&str> =
            plain.as_bytes().chunks(4).filter_map(|group| std::str::from_utf8(group).ok()).collect();
        codes.push(groups.join("-"));
    }
    Ok(codes)
}

#[cfg(test)]
mod tests {
    #[test]
    fn uri_parts_are_encoded() {
        assert_eq!(super::encoded("A b&c=é"), "A%20b%26c%3D%C3%A9");
    }
}
