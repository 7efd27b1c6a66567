//! How a member comes to a password and an authenticator: by an invitation's code, once.

use super::members::{self, Member, seal_context};
use super::sessions::{self, Kind};
use crate::company::Company;
use crate::email::Email;
use crate::error::{Code, Result};
use crate::session::Origin;
use crate::totp::{self, USUAL_DRIFT};
use custos_delivery::{Channel, outbox};
use custos_store::{HOUR_MS, Tx, audit, params};
use data_encoding::BASE32_NOPAD;
use serde_json::json;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// How long an invitation stands.
pub const INVITATION_LIFE_MS: i64 = 24 * HOUR_MS;
const SECRET_BYTES: usize = 20;

fn code_hash(tx: &Tx<'_>, company_id: i64, member_id: i64, code: &str) -> [u8; 32] {
    let plain = code.trim().to_ascii_uppercase();
    tx.keys().keyed_hash(
        "staff invitation",
        &[&company_id.to_be_bytes(), &member_id.to_be_bytes(), plain.as_bytes()],
    )
}

/// Makes the invitation of a member, in place of an older one; returns its code.
pub(super) fn invite(tx: &mut Tx<'_>, company_id: i64, member_id: i64) -> custos_store::Result<String> {
    let code = BASE32_NOPAD.encode(&tx.random::<20>()?);
    let hash = code_hash(tx, company_id, member_id, &code);
    let expires = tx.now() + INVITATION_LIFE_MS;
    tx.execute(
        "INSERT INTO staff_invitations (company_id, member_id, code_hash, secret, expires_at) \
         VALUES ($1, $2, $3, NULL, $4) ON CONFLICT (company_id, member_id) \
         DO UPDATE SET code_hash = excluded.code_hash, secret = NULL, expires_at = excluded.expires_at",
        params![company_id, member_id, &hash, expires],
    )?;
    Ok(code)
}

/// Sends the code of an invitation to its member: whoever proposed or approved them never sees it, so that nobody can
/// enrol in the member's place. Returns the address, masked.
///
/// # Errors
/// The store's.
pub fn send(tx: &mut Tx<'_>, company: &Company, member: &Member, code: &str) -> Result<String> {
    let email = Email::parse(&member.email);
    let masked = email.map_or_else(|| "***".to_owned(), |email| email.masked());
    let hours = (INVITATION_LIFE_MS / HOUR_MS).to_string();
    let useful_until = tx.now() + INVITATION_LIFE_MS;
    let message = outbox::Message {
        company_id: company.id,
        channel: Channel::Email,
        to: &member.email,
        masked: masked.clone(),
        template: "staff-invitation",
        lang: company.settings.default_language(),
        vars: &[("name", &member.name), ("code", code), ("hours", &hours)],
        code: None,
        useful_until,
        void: false,
    };
    outbox::enqueue(tx, &message)?;
    Ok(masked)
}

/// The member whom an invitation is for, and the authenticator's secret that was made for it. The code has 160 bits,
/// so guesses need not be counted.
fn invited(
    tx: &mut Tx<'_>,
    company_id: i64,
    name: &str,
    code: &str,
) -> Result<(Member, Option<Zeroizing<Vec<u8>>>)> {
    let wrong = || Code::WrongSignIn.refuse();
    let found = members::by_name(tx, company_id, name)?.ok_or_else(wrong)?;
    let member =
        members::lock(tx, company_id, found.id)?.filter(|member| member.enabled).ok_or_else(wrong)?;
    let now = tx.now();
    let (hash, secret) = tx
        .query_opt(
            "SELECT code_hash, secret FROM staff_invitations WHERE company_id = $1 AND member_id = $2 \
             AND expires_at > $3 FOR UPDATE",
            params![company_id, member.id, now],
            |row| Ok((row.get::<Vec<u8>>(0)?, row.get::<Option<Vec<u8>>>(1)?)),
        )?
        .ok_or_else(wrong)?;
    if !bool::from(hash.as_slice().ct_eq(&code_hash(tx, company_id, member.id, code))) {
        return Err(wrong());
    }
    let context = invitation_context(company_id, member.id);
    let secret = secret.map(|sealed| tx.keys().open(&context, &sealed)).transpose()?;
    Ok((member, secret))
}

fn invitation_context(company_id: i64, member_id: i64) -> String {
    format!("staff invitation:{company_id}:{member_id}")
}

/// What an authenticator is set up with.
#[derive(Debug)]
pub struct Pending {
    /// The secret in base 32, as authenticators want it typed.
    pub secret: String,
    /// The `otpauth://` URI that clients draw.
    pub uri: String,
}

/// Makes the secret that the member's authenticator is to hold: another one each time, and the last one counts. So
/// whoever saw an earlier one, over a shoulder or in a log, has nothing.
///
/// # Errors
/// `CUSTOMER_API_0000112` for a name or code that is none; else the store's.
pub fn begin(tx: &mut Tx<'_>, company: &Company, name: &str, code: &str) -> Result<Pending> {
    let (member, _) = invited(tx, company.id, name, code)?;
    let fresh = Zeroizing::new(tx.random::<SECRET_BYTES>()?);
    let sealed = tx.keys().seal(&invitation_context(company.id, member.id), fresh.as_slice())?;
    tx.execute(
        "UPDATE staff_invitations SET secret = $3 WHERE company_id = $1 AND member_id = $2",
        params![company.id, member.id, &sealed],
    )?;
    let secret = BASE32_NOPAD.encode(fresh.as_slice());
    let issuer = crate::enrolment::encoded(&format!("{} back office", company.name));
    let uri = format!(
        "otpauth://totp/{issuer}:{}?secret={secret}&issuer={issuer}&algorithm=SHA1&digits=6&period=30",
        crate::enrolment::encoded(&member.name)
    );
    Ok(Pending { secret, uri })
}

/// Whether an invitation stands: asked before a password is hashed.
///
/// # Errors
/// As [`begin`]'s.
pub fn check(tx: &mut Tx<'_>, company: &Company, name: &str, code: &str) -> Result<()> {
    invited(tx, company.id, name, code).map(|_| ())
}

/// Takes the member in: password and authenticator are theirs from now on, and the invitation is spent. Returns the
/// token of their first session.
///
/// # Errors
/// As [`begin`]'s, and `CUSTOMER_API_0000519` for an authenticator's code that does not fit.
pub fn finish(
    tx: &mut Tx<'_>,
    company: &Company,
    (name, code): (&str, &str),
    (password_hash, google_code): (&str, &str),
    origin: &Origin,
) -> Result<String> {
    let (member, secret) = invited(tx, company.id, name, code)?;
    let secret = secret.ok_or_else(|| Code::WrongGoogleCode.refuse())?;
    let step = totp::matching_step(&secret, google_code, tx.now(), USUAL_DRIFT)
        .ok_or_else(|| Code::WrongGoogleCode.refuse())?;
    let sealed = tx.keys().seal(&seal_context(company.id, member.id), &secret)?;
    let now = tx.now();
    tx.execute(
        "UPDATE staff_members SET password = $3, totp = $4, totp_step = $5, signed_in_at = $6 \
         WHERE company_id = $1 AND id = $2",
        params![company.id, member.id, password_hash, &sealed, step, now],
    )?;
    tx.execute(
        "DELETE FROM staff_invitations WHERE company_id = $1 AND member_id = $2",
        params![company.id, member.id],
    )?;
    sessions::end_all(tx, company.id, member.id)?;
    crate::places::remember(tx, company.id, member.id, origin)?;
    tx.audit(audit::Entry {
        company_id: company.id,
        action: "staff.enrol",
        outcome: "ok".to_owned(),
        actor: format!("staff:{}", member.name),
        customer_id: None,
        address: Some(origin.address.clone()),
        trace: Some(origin.trace.clone()),
        detail: json!({}),
    });
    sessions::open(tx, &company.settings.office, company.id, (Kind::Member, member.id), i64::MAX, origin)
}

/// Seals the secrets of those who are invited again under the newest key.
///
/// # Errors
/// A value can't be opened, or the store's.
pub fn reseal_invitations(tx: &mut Tx<'_>, limit: i64) -> Result<u64> {
    let mark = tx.keys().newest_mark();
    let rows = tx.query(
        "SELECT company_id, member_id, secret FROM staff_invitations WHERE secret IS NOT NULL \
         AND substr(secret, 1, 5) <> $1 LIMIT $2 FOR UPDATE",
        params![&mark, limit],
        |row| Ok((row.get::<i64>(0)?, row.get::<i64>(1)?, row.get::<Vec<u8>>(2)?)),
    )?;
    let mut done = 0;
    for (company_id, id, sealed) in rows {
        let context = invitation_context(company_id, id);
        let fresh = tx.keys().seal(&context, &tx.keys().open(&context, &sealed)?)?;
        done += tx.execute(
            "UPDATE staff_invitations SET secret = $3 WHERE company_id = $1 AND member_id = $2",
            params![company_id, id, &fresh],
        )?;
    }
    Ok(done)
}
