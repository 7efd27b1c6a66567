//! Signing in: by password or by code, with the second factor where it is on.
//!
//! A password's hash is slow, so signing in by one takes three steps: [`begin`] reserves the try, the caller computes
//! the hash, [`finish_by_password`] ends it. By code it is one step, [`by_code`].

use crate::company::Company;
use crate::customer::{self, Customer, Name};
use crate::error::{Code, Error, Refusal, Result};
use crate::freezes::{self, Scope};
use crate::hashing::Verdict;
use crate::limits::{self, LOGIN_GUARD, Try};
use crate::phone::{DEFAULT_AREA, Phone};
use crate::places::{self, News};
use crate::session::{self, Origin};
use crate::verification::{self, Kind, Purpose, Recipient, Shown};
use crate::{mfa, notices};
use custos_delivery::Channel;
use custos_store::{Tx, audit, params};
use serde_json::json;

/// A name that wants to sign in.
#[derive(Clone)]
pub struct Attempt {
    /// As the client wrote it.
    pub name: Name,
    /// The field `googleCode`.
    pub google_code: Option<String>,
    /// From where.
    pub origin: Origin,
}

/// A try that may go on: what the password must be compared with.
#[derive(Clone)]
pub struct Begun {
    subject: [u8; 32],
    customer_id: Option<i64>,
    /// The stored hash; `None` for an unknown account or one without a password, which takes the same work.
    pub stored: Option<String>,
    locks_until: i64,
}

/// A customer who has signed in.
#[derive(Debug)]
pub struct SignedIn {
    /// Who.
    pub customer: Customer,
    /// Their new session's token.
    pub token: String,
}

/// Under what the tries of a name are counted: the account and the `type` of name, or the name itself where there is no
/// account; and whether the client's address is one of the account's own. So a lock tells nothing of what exists, and a
/// stranger can't lock the owner out at home.
fn subject(
    tx: &mut Tx<'_>,
    company_id: i64,
    attempt: &Attempt,
    customer: Option<&Customer>,
) -> Result<[u8; 32]> {
    let known = match customer {
        Some(customer) => places::is_known_address(tx, company_id, customer.id, &attempt.origin)?,
        // The same read for a name that is no account.
        None => places::is_known_address(tx, company_id, 0, &attempt.origin)?,
    };
    // The account's id, not the name that found it: two customers may share a national number in different areas.
    let whose = customer.map_or_else(|| attempt.name.canonical(), |customer| format!("id {}", customer.id));
    let place: &[u8] = if known { b"known" } else { b"unknown" };
    Ok(tx.keys().keyed_hash(
        "sign-in tries",
        &[&company_id.to_be_bytes(), &attempt.name.kind().to_be_bytes(), whose.as_bytes(), place],
    ))
}

/// Reserves a try of a password.
///
/// # Errors
/// `CUSTOMER_API_0000113` while locked; else the store's.
pub fn begin(tx: &mut Tx<'_>, company: &Company, attempt: &Attempt) -> Result<Begun> {
    let customer = customer::by_name(tx, company.id, &attempt.name)?;
    let subject = subject(tx, company.id, attempt, customer.as_ref())?;
    let customer_id = customer.as_ref().map(|customer| customer.id);
    match limits::reserve(tx, LOGIN_GUARD, &subject, company.id, customer_id)? {
        Try::Locked => {
            tx.audit_refusal(entry(company, customer_id, "locked", attempt));
            Err(Code::SignInLocked.refuse())
        }
        Try::Reserved { locks_until } => Ok(Begun {
            subject,
            customer_id,
            stored: customer.and_then(|customer| customer.login_password),
            locks_until,
        }),
    }
}

fn entry(company: &Company, customer_id: Option<i64>, outcome: &str, attempt: &Attempt) -> audit::Entry {
    audit::Entry {
        company_id: company.id,
        action: "sign_in",
        outcome: outcome.to_owned(),
        actor: if customer_id.is_some() { "customer" } else { "guest" }.to_owned(),
        customer_id,
        address: Some(attempt.origin.address.clone()),
        trace: Some(attempt.origin.trace.clone()),
        detail: json!({ "device": attempt.origin.device, "type": attempt.name.kind() }),
    }
}

/// Gives a try back whose password was never compared.
///
/// # Errors
/// The store's.
pub fn give_back(tx: &mut Tx<'_>, begun: &Begun) -> Result<()> {
    limits::give_back(tx, &begun.subject, LOGIN_GUARD)
}

/// What became of a password's try.
#[derive(Debug)]
pub enum Finished {
    /// Signed in.
    In(Box<SignedIn>),
    /// The password is wrong, or there is no such account: told alike.
    Wrong,
    /// The password is right and the second factor wrong: refused so, and the customer is told of it.
    WrongFactor(Error),
}

/// Ends a try of a password.
///
/// # Errors
/// `CUSTOMER_API_0000103`, `0113`, `0519` or `0520` after a right password; else the store's.
pub fn finish_by_password(
    tx: &mut Tx<'_>,
    company: &Company,
    attempt: &Attempt,
    begun: &Begun,
    verdict: Verdict,
    remade: Option<&str>,
) -> Result<Finished> {
    let right = begun.customer_id.filter(|_| verdict.matches);
    let Some(customer_id) = right else {
        tx.audit(entry(company, begun.customer_id, "wrong_password", attempt));
        if begun.locks_until > 0 {
            lock_shown(tx, company, begun)?;
        }
        return Ok(Finished::Wrong);
    };
    // The row of wrong passwords ends here, whatever the second factor says.
    limits::clear(tx, &begun.subject)?;
    let customer = customer::lock(tx, company.id, customer_id)?;
    // The password may have been changed while its hash was computed.
    if customer.login_password != begun.stored {
        return Err(Code::WrongSignIn.refuse());
    }
    let signed_in = match enter(tx, company, attempt, customer, |_| Ok(())) {
        // A replayed code has the same answer on the wire, but is no sign of a guesser.
        Err(refused @ Error::Refused(Refusal { code: Code::WrongGoogleCode, .. })) => {
            // Nothing was changed before the second factor, so the notice goes in with the counted try.
            tell_of_wrong_factor(tx, company, customer_id, attempt)?;
            tx.audit(entry(company, Some(customer_id), "second_factor", attempt));
            return Ok(Finished::WrongFactor(refused));
        }
        entered => entered?,
    };
    if let Some(remade) = remade {
        tx.execute(
            "UPDATE customers SET login_password = $3 WHERE company_id = $1 AND id = $2",
            params![company.id, customer_id, remade],
        )?;
    }
    Ok(Finished::In(Box::new(signed_in)))
}

/// Lets the customer's `status` read 5 for as long as the lock lasts.
fn lock_shown(tx: &mut Tx<'_>, company: &Company, begun: &Begun) -> Result<()> {
    if let Some(customer_id) = begun.customer_id {
        tx.execute(
            "UPDATE customers SET locked_until = $3 WHERE company_id = $1 AND id = $2 AND locked_until < $3",
            params![company.id, customer_id, begun.locks_until],
        )?;
        tx.touch(customer_id);
    }
    Ok(())
}

/// Signs in by a code of kind LOGIN.
///
/// # Errors
/// `CUSTOMER_API_0000511` or `0512` for the code, `0113` while locked, and those of entering; else the store's.
pub fn by_code(
    tx: &mut Tx<'_>,
    company: &Company,
    attempt: &Attempt,
    ticket: Option<&str>,
    code: &str,
) -> Result<SignedIn> {
    // The customer's row before the code's, as every change locks them.
    let customer = match customer::lock_by_name(tx, company.id, &attempt.name) {
        Err(Error::Refused(_)) => None,
        locked => Some(locked?),
    };
    let subject = subject(tx, company.id, attempt, customer.as_ref())?;
    if limits::is_locked(tx, &subject)? {
        let whose = customer.as_ref().map(|customer| customer.id);
        tx.audit_refusal(entry(company, whose, "locked", attempt));
        return Err(Code::SignInLocked.refuse());
    }
    let customer_id = customer.as_ref().map(|customer| customer.id);
    tx.audit_refusal(entry(company, customer_id, "wrong_code", attempt));
    let recipient =
        code_recipient(&attempt.name, customer.as_ref()).ok_or_else(|| Code::WrongCode.refuse())?;
    // Between the look and the lock the address may have become another's.
    let customer =
        customer.filter(|one| Recipient::own(recipient.channel(), one).ok().as_ref() == Some(&recipient));
    let kind = Kind { channel: recipient.channel(), purpose: Purpose::Login };
    let shown = Shown { proof: None, ticket, code: Some(code) };
    let proof = verification::check(tx, company.id, &[kind], &recipient, shown, Code::WrongCode)?;
    let Some(customer) = customer else { return Err(Code::WrongCode.refuse()) };
    enter(tx, company, attempt, customer, |tx| proof.spend(tx))
}

/// To whom the code of this name went: the account's own address; for a name that is no account, the name itself.
#[must_use]
pub fn code_recipient(name: &Name, customer: Option<&Customer>) -> Option<Recipient> {
    match (name, customer) {
        (Name::Email(email), _) => Some(Recipient::Email(email.clone())),
        (Name::Phone(phone), _) => Some(Recipient::Phone(phone.clone())),
        (Name::AnyArea(_), Some(customer)) => Recipient::own(Channel::Sms, customer).ok(),
        (Name::AnyArea(national), None) => Phone::parse(DEFAULT_AREA, national).ok().map(Recipient::Phone),
        (Name::Number(_), Some(customer)) => {
            Recipient::own(Channel::Email, customer).or_else(|_| Recipient::own(Channel::Sms, customer)).ok()
        }
        (Name::Number(_) | Name::Nobody(..), _) => None,
    }
}

/// Lets a customer in whose first factor was right: status, second factor, session, places, notice, audit.
fn enter(
    tx: &mut Tx<'_>,
    company: &Company,
    attempt: &Attempt,
    customer: Customer,
    spend: impl FnOnce(&mut Tx<'_>) -> Result<()>,
) -> Result<SignedIn> {
    let refused = |outcome: &str| entry(company, Some(customer.id), outcome, attempt);
    if customer.status.is_out_of_use() {
        tx.audit_refusal(refused("suspended"));
        return Err(Code::SignInSuspended.refuse());
    }
    if customer.is_locked_by_operator() {
        tx.audit_refusal(refused("locked"));
        return Err(Code::SignInLocked.refuse());
    }
    if freezes::is_frozen(tx, company.id, customer.id, &[Scope::SignIn])? {
        tx.audit_refusal(refused("frozen"));
        return Err(Code::SignInSuspended.refuse());
    }
    tx.audit_refusal(refused("second_factor"));
    let factor = mfa::check(tx, &customer, attempt.google_code.as_deref(), mfa::USUALLY)?;
    spend(tx)?;
    factor.spend(tx)?;
    let token = session::open(tx, &company.settings, company.id, customer.id, &attempt.origin)?;
    let news = places::remember(tx, company.id, customer.id, &attempt.origin)?;
    if customer.signed_in_at > 0 && (news.device || news.country) {
        tell_of_news(tx, company, &customer, attempt, news)?;
    }
    let now = tx.now();
    tx.execute(
        "UPDATE customers SET signed_in_at = $3 WHERE company_id = $1 AND id = $2",
        params![company.id, customer.id, now],
    )?;
    tx.touch(customer.id);
    tx.audit(entry(company, Some(customer.id), "ok", attempt));
    Ok(SignedIn { customer: Customer { signed_in_at: now, ..customer }, token })
}

fn tell_of_news(
    tx: &mut Tx<'_>,
    company: &Company,
    customer: &Customer,
    attempt: &Attempt,
    news: News,
) -> Result<()> {
    tracing::debug!(device = news.device, country = news.country, "sign-in from a new place");
    tell_of_sign_in(tx, company, customer, attempt, "new-device")
}

/// A notice of a sign-in, or of a try: when, from where, with what.
fn tell_of_sign_in(
    tx: &mut Tx<'_>,
    company: &Company,
    customer: &Customer,
    attempt: &Attempt,
    template: &'static str,
) -> Result<()> {
    let origin = &attempt.origin;
    let time = crate::time::utc_text(tx.now());
    let country = if origin.country.is_empty() { "-" } else { &origin.country };
    let device = crate::agent::describe(&origin.agent);
    let account = customer.email.as_ref().map_or_else(|| customer.number.clone(), |email| email.masked());
    notices::tell(
        tx,
        company,
        customer,
        template,
        &[
            ("time", &time),
            ("device", &device),
            ("country", country),
            ("address", &account),
            ("ip", &origin.address),
        ],
    )
}

/// Tells the customer that a right password was followed by a wrong authenticator code: someone may have the password.
fn tell_of_wrong_factor(
    tx: &mut Tx<'_>,
    company: &Company,
    customer_id: i64,
    attempt: &Attempt,
) -> Result<()> {
    let Some(customer) = customer::find(tx, company.id, customer_id)? else { return Ok(()) };
    tell_of_sign_in(tx, company, &customer, attempt, "wrong-google-code")
}
