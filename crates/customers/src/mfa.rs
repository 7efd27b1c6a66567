//! The second factor: an authenticator's code, once a step, or a recovery code.

use crate::customer::{self, Customer};
use crate::error::{Code, Result};
use crate::limits::{self, MFA_GUARD, Try};
use crate::totp::{self, Drift, USUAL_DRIFT};
use crate::{company, notices};
use custos_store::{Tx, params};

/// Wrong codes in a row after which only a recovery code together with a password reset helps.
const TOO_MANY_IN_A_ROW: i64 = 50;

/// That a customer's second factor was right, or that they have none. Only [`check`] makes one.
#[derive(Debug)]
#[must_use = "a code that is not spent can be used again"]
pub struct Proof(Factor);

impl Proof {
    /// Whether a recovery code stood in for the authenticator.
    #[must_use]
    pub fn is_recovery(&self) -> bool {
        matches!(self.0, Factor::Recovery { .. })
    }
}

#[derive(Debug)]
enum Factor {
    NotAsked,
    Step { company_id: i64, customer_id: i64, id: i64, step: i64 },
    Recovery { company_id: i64, customer_id: i64, hash: [u8; 32] },
}

/// The place in the database that a secret is sealed for.
pub(crate) fn seal_context(customer_id: i64, id: i64) -> String {
    format!("totp:{customer_id}:{id}")
}

pub(crate) fn guard_subject(tx: &Tx<'_>, customer: &Customer) -> [u8; 32] {
    tx.keys().keyed_hash("mfa tries", &[&customer.company_id.to_be_bytes(), &customer.id.to_be_bytes()])
}

/// On what occasion a code is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Asked {
    /// How old it may be.
    pub drift: Drift,
    /// The login password is being reset: with a recovery code this ends even the longest row of wrong codes.
    pub resets: bool,
}

/// Any occasion but a reset.
pub const USUALLY: Asked = Asked { drift: USUAL_DRIFT, resets: false };

/// Checks the field `googleCode` of a customer: required exactly when their MFA is on. A wrong code is counted before
/// it is looked at, and stays counted; a replayed one is refused and not counted.
///
/// # Errors
/// `CUSTOMER_API_0000520` when it is missing, `0519` when it is wrong, used, or checks are locked; else the store's.
pub fn check(tx: &mut Tx<'_>, customer: &Customer, given: Option<&str>, asked: Asked) -> Result<Proof> {
    if !customer.has_mfa() {
        return Ok(Proof(Factor::NotAsked));
    }
    let given = given.ok_or_else(|| Code::MissingGoogleCode.refuse())?;
    let (company_id, customer_id, id) = (customer.company_id, customer.id, customer.mfa_id);
    let subject = guard_subject(tx, customer);
    // Before the lock is looked at: whoever keeps it locked must not shut out the owner's last way in, and nobody
    // guesses 80 bits.
    if asked.resets
        && let Some(proof) = recovery(tx, customer, given)?
    {
        limits::clear(tx, &subject)?;
        return Ok(proof);
    }
    if limits::reserve(tx, MFA_GUARD, &subject, company_id, Some(customer_id))? == Try::Locked {
        return Err(Code::LockedGoogleCode.refuse());
    }
    let exhausted = is_exhausted(tx, &subject)?;
    if let Some(proof) = recovery(tx, customer, given)?.filter(|_| !exhausted) {
        limits::clear(tx, &subject)?;
        return Ok(proof);
    }
    let (secret, last_step) = tx.query_one(
        "SELECT secret, last_step FROM totp_secrets WHERE company_id = $1 AND customer_id = $2 AND id = $3 FOR UPDATE",
        params![company_id, customer_id, id],
        |row| Ok((row.get::<Vec<u8>>(0)?, row.get::<i64>(1)?)),
    )?;
    let secret = tx.keys().open(&seal_context(customer_id, id), &secret)?;
    match totp::matching_step(&secret, given, tx.now(), asked.drift) {
        Some(step) if step <= last_step => {
            // A client that sends its last request again is no guesser.
            limits::give_back(tx, &subject, MFA_GUARD)?;
            Err(Code::UsedGoogleCode.refuse())
        }
        Some(step) if !exhausted => {
            limits::clear(tx, &subject)?;
            Ok(Proof(Factor::Step { company_id, customer_id, id, step }))
        }
        _ => Err(Code::WrongGoogleCode.refuse()),
    }
}

/// Whether so many were wrong in a row that no code helps any more.
pub(crate) fn is_exhausted(tx: &mut Tx<'_>, subject: &[u8; 32]) -> Result<bool> {
    Ok(limits::total(tx, subject)? > TOO_MANY_IN_A_ROW)
}

/// Recovery codes are sixteen letters and digits in base 32, with or without dashes: never six digits.
fn recovery(tx: &mut Tx<'_>, customer: &Customer, given: &str) -> Result<Option<Proof>> {
    let plain: String = given.chars().filter(|char| *char != '-').collect::<String>().to_uppercase();
    if plain.len() != 16 || !plain.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Ok(None);
    }
    let hash = recovery_hash(tx, customer.company_id, customer.id, &plain);
    let found: Option<i64> = tx.query_opt(
        "SELECT spent FROM recovery_codes WHERE company_id = $1 AND customer_id = $2 AND code_hash = $3 AND spent = 0",
        params![customer.company_id, customer.id, &hash],
        |row| row.get(0),
    )?;
    Ok(found
        .map(|_| Proof(Factor::Recovery { company_id: customer.company_id, customer_id: customer.id, hash })))
}

pub(crate) fn recovery_hash(tx: &Tx<'_>, company_id: i64, customer_id: i64, plain: &str) -> [u8; 32] {
    tx.keys().keyed_hash(
        "recovery code",
        &[&company_id.to_be_bytes(), &customer_id.to_be_bytes(), plain.as_bytes()],
    )
}

impl Proof {
    /// Uses the code up: its step, and all before it, never count again.
    ///
    /// # Errors
    /// `CUSTOMER_API_0000519` when another request was faster; else the store's.
    pub fn spend(self, tx: &mut Tx<'_>) -> Result<()> {
        let spent = match &self.0 {
            Factor::NotAsked => return Ok(()),
            Factor::Step { company_id, customer_id, id, step } => tx.execute(
                "UPDATE totp_secrets SET last_step = $4 WHERE company_id = $1 AND customer_id = $2 AND id = $3 \
                 AND last_step < $4",
                params![*company_id, *customer_id, *id, *step],
            )?,
            Factor::Recovery { company_id, customer_id, hash } => tx.execute(
                "UPDATE recovery_codes SET spent = 1 WHERE company_id = $1 AND customer_id = $2 AND code_hash = $3 \
                 AND spent = 0",
                params![*company_id, *customer_id, hash],
            )?,
        };
        if spent == 0 {
            return Err(Code::UsedGoogleCode.refuse());
        }
        match self.0 {
            Factor::Recovery { company_id, customer_id, .. } => warn_of_few(tx, company_id, customer_id),
            Factor::NotAsked | Factor::Step { .. } => Ok(()),
        }
    }
}

/// With so few recovery codes left the customer is told to make new ones.
const FEW: i64 = 3;

fn warn_of_few(tx: &mut Tx<'_>, company_id: i64, customer_id: i64) -> Result<()> {
    let left: i64 = tx.value(
        "SELECT count(*) FROM recovery_codes WHERE company_id = $1 AND customer_id = $2 AND spent = 0",
        params![company_id, customer_id],
    )?;
    if left > FEW {
        return Ok(());
    }
    let (company, customer) = (company::find(tx, company_id)?, customer::find(tx, company_id, customer_id)?);
    let (Some(company), Some(customer)) = (company, customer) else { return Ok(()) };
    notices::tell(tx, &company, &customer, "recovery-codes-low", &[("count", &left.to_string())])
}
