//! Members sign in by password and authenticator, always both. As customers' sign-in it takes three steps, since the
//! hash is slow: [`begin`] reserves the try, the caller computes the hash, [`finish`] ends it.

use super::members::{self, Member, seal_context};
use super::sessions::{self, Kind};
use crate::company::Company;
use crate::error::{Code, Result};
use crate::hashing::Verdict;
use crate::limits::{self, LOGIN_GUARD, MFA_GUARD, Try};
use crate::places;
use crate::session::Origin;
use crate::totp::{self, USUAL_DRIFT};
use custos_store::{Tx, audit, params};
use serde_json::json;

/// Someone who wants to come in.
#[derive(Clone)]
pub struct Attempt {
    /// The name.
    pub name: String,
    /// What the authenticator shows.
    pub google_code: String,
    /// From where.
    pub origin: Origin,
}

/// A try that may go on: what the password must be compared with.
#[derive(Clone)]
pub struct Begun {
    subject: [u8; 32],
    member: Option<(i64, String)>,
    /// The stored hash; `None` for an unknown name or one who has not enrolled, which takes the same work.
    pub stored: Option<String>,
}

fn entry(company: &Company, name: Option<&str>, outcome: &str, origin: &Origin) -> audit::Entry {
    audit::Entry {
        company_id: company.id,
        action: "staff.sign_in",
        outcome: outcome.to_owned(),
        // A name that is none is not written down: people type passwords into the wrong field.
        actor: name.map_or_else(|| "guest".to_owned(), |name| format!("staff:{name}")),
        customer_id: None,
        address: Some(origin.address.clone()),
        trace: Some(origin.trace.clone()),
        detail: json!({}),
    }
}

/// Reserves a try of a password, counted apart for addresses that the member came from before.
///
/// # Errors
/// `CUSTOMER_API_0000113` while locked; else the store's.
pub fn begin(tx: &mut Tx<'_>, company: &Company, attempt: &Attempt) -> Result<Begun> {
    let member = members::by_name(tx, company.id, &attempt.name)?;
    let whose = member.as_ref().map_or(0, |member| member.id);
    let is_known = places::is_known_address(tx, company.id, whose, &attempt.origin)?;
    let name = attempt.name.to_ascii_lowercase();
    let place: &[u8] = if is_known { b"known" } else { b"unknown" };
    let subject =
        tx.keys().keyed_hash("staff sign-in tries", &[&company.id.to_be_bytes(), name.as_bytes(), place]);
    let id = member.as_ref().map(|member| member.id);
    if limits::reserve(tx, LOGIN_GUARD, &subject, company.id, id)? == Try::Locked {
        let name = member.as_ref().map(|member| member.name.as_str());
        tx.audit_refusal(entry(company, name, "locked", &attempt.origin));
        return Err(Code::SignInLocked.refuse());
    }
    let stored = member.as_ref().filter(|member| member.is_enrolled()).and_then(|one| one.password.clone());
    Ok(Begun { subject, member: member.map(|member| (member.id, member.name)), stored })
}

/// Gives a try back whose password was never compared.
///
/// # Errors
/// The store's.
pub fn give_back(tx: &mut Tx<'_>, begun: &Begun) -> Result<()> {
    limits::give_back(tx, &begun.subject, LOGIN_GUARD)
}

/// Ends a try. `None`: the password is wrong, or there is no such member; told alike.
///
/// # Errors
/// After a right password: `CUSTOMER_API_0000103` when out of use, `0519` for the authenticator's code; else the store's.
pub fn finish(
    tx: &mut Tx<'_>,
    company: &Company,
    attempt: &Attempt,
    begun: &Begun,
    verdict: Verdict,
    remade: Option<&str>,
) -> Result<Option<String>> {
    let origin = &attempt.origin;
    let name = begun.member.as_ref().map(|(_, name)| name.as_str());
    let Some((id, _)) = begun.member.as_ref().filter(|_| verdict.matches) else {
        tx.audit(entry(company, name, "wrong_password", origin));
        return Ok(None);
    };
    limits::clear(tx, &begun.subject)?;
    let member = members::lock(tx, company.id, *id)?.ok_or_else(|| Code::WrongSignIn.refuse())?;
    // The password may have been changed while its hash was computed.
    if member.password != begun.stored {
        return Err(Code::WrongSignIn.refuse());
    }
    if !member.enabled {
        tx.audit_refusal(entry(company, name, "suspended", origin));
        return Err(Code::SignInSuspended.refuse());
    }
    tx.audit_refusal(entry(company, name, "second_factor", origin));
    let step = fitting_step(tx, company.id, &member, &attempt.google_code)?;
    let now = tx.now();
    let password = remade.or(member.password.as_deref());
    let spent = tx.execute(
        "UPDATE staff_members SET totp_step = $3, signed_in_at = $4, password = $5 \
         WHERE company_id = $1 AND id = $2 AND totp_step < $3",
        params![company.id, member.id, step, now, password],
    )?;
    if spent == 0 {
        return Err(Code::UsedGoogleCode.refuse());
    }
    places::remember(tx, company.id, member.id, origin)?;
    tx.audit(entry(company, name, "ok", origin));
    let whose = (Kind::Member, member.id);
    sessions::open(tx, &company.settings.office, company.id, whose, i64::MAX, origin).map(Some)
}

/// The step whose code was given. A wrong code is counted before it is looked at; a used one is refused and not counted.
fn fitting_step(tx: &mut Tx<'_>, company_id: i64, member: &Member, given: &str) -> Result<i64> {
    let subject =
        tx.keys().keyed_hash("staff mfa tries", &[&company_id.to_be_bytes(), &member.id.to_be_bytes()]);
    if limits::reserve(tx, MFA_GUARD, &subject, company_id, Some(member.id))? == Try::Locked {
        return Err(Code::LockedGoogleCode.refuse());
    }
    let exhausted = crate::mfa::is_exhausted(tx, &subject)?;
    let sealed = member.totp.as_ref().ok_or_else(|| Code::WrongGoogleCode.refuse())?;
    let secret = tx.keys().open(&seal_context(company_id, member.id), sealed)?;
    match totp::matching_step(&secret, given, tx.now(), USUAL_DRIFT) {
        Some(step) if step <= member.totp_step => {
            limits::give_back(tx, &subject, MFA_GUARD)?;
            Err(Code::UsedGoogleCode.refuse())
        }
        Some(step) if !exhausted => {
            limits::clear(tx, &subject)?;
            Ok(step)
        }
        _ => Err(Code::WrongGoogleCode.refuse()),
    }
}
