//! Proving something before changing something.
//!
//! An operation says once what it needs ([`Warrant::NEEDS`]); [`prove`] checks exactly that, and makes the [`Proved`]
//! without which no rule of change can be called. Checking counts tries and changes nothing else; the rule uses the
//! proofs up in the transaction of the change, so that two racing requests can't both use one and a failed change does
//! not burn it.

use crate::company::Company;
use crate::customer::Customer;
use crate::email::Email;
use crate::error::{Code, Result};
use crate::mfa;
use crate::phone::{DEFAULT_AREA, Phone};
use crate::session::{self, Session};
use crate::totp::Drift;
use crate::verification::{self, Kind, Purpose, Recipient, Shown};
use custos_delivery::Channel;
use custos_store::{MINUTE_MS, Tx, params};
use std::marker::PhantomData;

/// One thing to be proved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Need {
    /// The sign-in is fresh, and the company offers forms without an old factor.
    FreshSignIn,
    /// MFA is off: the form has no place for its code.
    MfaOff,
    /// The authenticator's code, when MFA is on.
    Authenticator,
    /// The same, and codes of the last two minutes are taken too.
    LateAuthenticator,
    /// The old password.
    OldPassword,
    /// A code that went to the new address.
    NewAddress,
    /// A code that went to the customer's own address of the kind that the request names.
    OwnAddress,
    /// A code that went to the customer's own address, of kind PASSWORD or LOGINED, or the proof of one.
    OwnAddressNamed,
    /// A code that went to the named address, of kind PASSWORD, or the proof of one.
    Reset,
    /// The authenticator's code when MFA is on; else a code that went to the old address of the kind being changed.
    OldAddressOrAuthenticator,
    /// A code from each bound contact.
    EveryContact,
    /// A code that went to the bound Telegram account.
    Telegram,
    /// What the third party says of the account.
    ThirdParty,
}

impl Need {
    /// As the table in the documents says it.
    #[must_use]
    pub fn describe(self) -> &'static str {
        match self {
            Self::FreshSignIn => "fresh sign-in",
            Self::MfaOff => "MFA off",
            Self::Authenticator => "authenticator (MFA on)",
            Self::LateAuthenticator => "authenticator (MFA on), up to 2 minutes old",
            Self::OldPassword => "old password",
            Self::NewAddress => "code to the new address",
            Self::OwnAddress => "LOGINED code to an own address",
            Self::OwnAddressNamed => "PASSWORD or LOGINED code to the named own address",
            Self::Reset => "PASSWORD code to the named address",
            Self::OldAddressOrAuthenticator => "authenticator (MFA on), else LOGINED code to the old address",
            Self::EveryContact => "LOGINED code from every contact",
            Self::Telegram => "code to the bound Telegram account",
            Self::ThirdParty => "the third party's signature",
        }
    }
}

/// What an operation needs proved.
pub trait Warrant {
    /// All of it, checked in this order.
    const NEEDS: &'static [Need];
}

/// A code as a request carries it.
#[derive(Debug, Clone, Default)]
pub struct CodeGiven {
    /// The proof that stands for it.
    pub proof: Option<String>,
    /// Its ticket.
    pub ticket: Option<String>,
    /// The code.
    pub code: Option<String>,
}

impl CodeGiven {
    fn shown(&self) -> Shown<'_> {
        Shown { proof: self.proof.as_deref(), ticket: self.ticket.as_deref(), code: self.code.as_deref() }
    }

    fn is_absent(&self) -> bool {
        self.proof.is_none() && (self.ticket.is_none() || self.code.is_none())
    }
}

/// What a request shows.
#[derive(Debug, Clone, Default)]
pub struct Given {
    /// `googleCode`.
    pub google_code: Option<String>,
    /// The code of the new address.
    pub new: CodeGiven,
    /// The code of an old or own address.
    pub old: CodeGiven,
    /// The code of the bound phone, where each contact sends one.
    pub sms: CodeGiven,
    /// The code of the bound Telegram account.
    pub telegram: CodeGiven,
    /// The new address takes the place of one.
    pub changing: bool,
    /// The new address.
    pub new_address: Option<Recipient>,
    /// Which own address: the field `type`.
    pub own_channel: Option<Channel>,
    /// The own address that the request names.
    pub named: Option<Recipient>,
    /// The session that asks; none for a guest.
    pub session: Option<Session>,
    /// The hash of that session's token.
    pub token_hash: Option<[u8; 32]>,
    /// That the old password was right: found outside the transaction, held against the stored hash inside.
    pub old_password: Option<crate::passwords::Verified>,
    /// That a third party vouches.
    pub third_party: Option<crate::third_party::Vouched>,
}

/// That everything `W` needs was proved of a customer. Only [`prove`] makes one; a rule of change takes it.
#[derive(Debug)]
#[must_use = "proofs that are not spent can be used again"]
pub struct Proved<W> {
    codes: Vec<verification::Proof>,
    factor: Option<mfa::Proof>,
    warrant: PhantomData<fn() -> W>,
}

impl<W> Proved<W> {
    /// Uses everything up.
    ///
    /// # Errors
    /// The refusal of a proof that another request used first; else the store's.
    pub fn spend(self, tx: &mut Tx<'_>) -> Result<()> {
        for code in self.codes {
            code.spend(tx)?;
        }
        match self.factor {
            Some(factor) => factor.spend(tx),
            None => Ok(()),
        }
    }
}

/// Four steps back: a code that was typed a page earlier.
const LATE_DRIFT: Drift = Drift { back: 4, ahead: 1 };

/// Checks everything that `W` needs of `customer`, whose row the caller has locked.
///
/// # Errors
/// The refusal of the first need that is not met; then `GATEWAY_CODE_005` when the session has ended meanwhile, and
/// `CUSTOMER_API_0000103` or `0113` for an account out of use or frozen; else the store's.
pub fn prove<W: Warrant>(
    tx: &mut Tx<'_>,
    company: &Company,
    customer: &Customer,
    given: &Given,
) -> Result<Proved<W>> {
    let mut proved = Proved { codes: Vec::new(), factor: None, warrant: PhantomData };
    for need in W::NEEDS {
        match need {
            Need::FreshSignIn => fresh(tx, company, given)?,
            Need::MfaOff if customer.has_mfa() => return Err(Code::MfaIsOn.refuse()),
            Need::MfaOff => {}
            Need::Authenticator => {
                proved.factor = Some(factor(tx, customer, given, mfa::USUALLY)?);
            }
            Need::LateAuthenticator => {
                let resets = W::NEEDS.contains(&Need::Reset);
                let asked = mfa::Asked { drift: LATE_DRIFT, resets };
                proved.factor = Some(factor(tx, customer, given, asked)?);
            }
            Need::OldPassword => {
                let verified = given.old_password.as_ref().ok_or_else(|| Code::WrongOldPassword.refuse())?;
                verified.hold_against(tx, customer)?;
            }
            Need::NewAddress => proved.codes.push(new_address(tx, company, given)?),
            Need::OwnAddress => {
                let channel = given.own_channel.ok_or_else(|| Code::BadField.with(&["type"]))?;
                let recipient = Recipient::own(channel, customer)?;
                let kinds = [Kind { channel, purpose: Purpose::SignedIn }];
                let wrong = wrong_old(channel, given.changing);
                proved.codes.push(code(tx, company, &kinds, &recipient, &given.old, wrong)?);
            }
            Need::OwnAddressNamed => proved.codes.push(own_named(tx, company, customer, given)?),
            Need::Reset => {
                let recipient = given.named.as_ref().ok_or_else(|| Code::WrongCode.refuse())?;
                // The name was looked up in an earlier transaction; the address may be another's by now.
                if Recipient::own(recipient.channel(), customer).ok().as_ref() != Some(recipient) {
                    return Err(Code::WrongCode.refuse());
                }
                let kinds = [Kind { channel: recipient.channel(), purpose: Purpose::Password }];
                proved.codes.push(code(tx, company, &kinds, recipient, &given.old, Code::WrongCode)?);
            }
            Need::OldAddressOrAuthenticator if customer.has_mfa() => {
                proved.factor = Some(factor(tx, customer, given, mfa::USUALLY)?);
            }
            Need::OldAddressOrAuthenticator => {
                let channel = given.new_address.as_ref().map_or(Channel::Email, Recipient::channel);
                let recipient = Recipient::own(channel, customer)?;
                let kinds = [Kind { channel, purpose: Purpose::SignedIn }];
                proved.codes.push(code(
                    tx,
                    company,
                    &kinds,
                    &recipient,
                    &given.old,
                    wrong_old(channel, true),
                )?);
            }
            Need::EveryContact => every_contact(tx, company, customer, given, &mut proved.codes)?,
            Need::Telegram => {
                let recipient = crate::third_party::telegram_recipient(tx, customer)?;
                let kinds = [Kind { channel: Channel::Telegram, purpose: Purpose::Common }];
                proved.codes.push(code(tx, company, &kinds, &recipient, &given.telegram, Code::WrongCode)?);
            }
            Need::ThirdParty if given.third_party.is_none() => return Err(Code::ThirdPartyProof.refuse()),
            Need::ThirdParty => {}
        }
    }
    in_good_standing(tx, customer, given)?;
    Ok(proved)
}

/// What was true when the request was let in may have ended while it waited, for a hash above all: a session, or the
/// account's freedom. Looked at last, so that a guest learns of an account's state only with the right code.
fn in_good_standing(tx: &mut Tx<'_>, customer: &Customer, given: &Given) -> Result<()> {
    if let Some(session) = &given.session
        && !session::is_open(tx, session.company_id, session.customer_id, session.id)?
    {
        return Err(Code::StaleSignIn.refuse());
    }
    if customer.status.is_out_of_use() {
        return Err(Code::SignInSuspended.refuse());
    }
    if customer.is_locked_by_operator() {
        return Err(Code::SignInLocked.refuse());
    }
    Ok(())
}

/// A staler sign-in is ended, so that the front-end asks to sign in again.
fn fresh(tx: &mut Tx<'_>, company: &Company, given: &Given) -> Result<()> {
    if !company.settings.plain_forms {
        return Err(Code::NotOpen.refuse());
    }
    let (Some(session), Some(hash)) = (&given.session, &given.token_hash) else {
        return Err(Code::StaleSignIn.refuse());
    };
    let age = tx.now().saturating_sub(session.signed_in_at);
    if age > company.settings.fresh_sign_in_minutes.saturating_mul(MINUTE_MS) {
        tx.count("DELETE FROM sessions WHERE token_hash = $1", params![hash])?;
        tx.touch(session.customer_id);
        return Err(Code::StaleSignIn.refuse());
    }
    Ok(())
}

fn factor(tx: &mut Tx<'_>, customer: &Customer, given: &Given, asked: mfa::Asked) -> Result<mfa::Proof> {
    mfa::check(tx, customer, given.google_code.as_deref(), asked)
}

fn code(
    tx: &mut Tx<'_>,
    company: &Company,
    kinds: &[Kind],
    recipient: &Recipient,
    given: &CodeGiven,
    wrong: Code,
) -> Result<verification::Proof> {
    verification::check(tx, company.id, kinds, recipient, given.shown(), wrong)
}

fn new_address(tx: &mut Tx<'_>, company: &Company, given: &Given) -> Result<verification::Proof> {
    let recipient = given.new_address.as_ref().ok_or_else(|| Code::WrongCode.refuse())?;
    let channel = recipient.channel();
    let wrong = match (channel, given.changing) {
        (Channel::Email, true) => Code::WrongNewEmailCode,
        (_, true) => Code::WrongNewPhoneCode,
        (Channel::Email, false) => Code::WrongEmailCode,
        (_, false) => Code::WrongPhoneCode,
    };
    code(tx, company, &[Kind { channel, purpose: Purpose::Common }], recipient, &given.new, wrong)
}

/// The code for a wrong code of an own address: of the *old* one where an address is being changed.
fn wrong_old(channel: Channel, changing: bool) -> Code {
    match (channel, changing) {
        (Channel::Email, true) => Code::WrongOldEmailCode,
        (_, true) => Code::WrongOldPhoneCode,
        (Channel::Email, false) => Code::WrongEmailCode,
        (_, false) => Code::WrongPhoneCode,
    }
}

fn own_named(
    tx: &mut Tx<'_>,
    company: &Company,
    customer: &Customer,
    given: &Given,
) -> Result<verification::Proof> {
    let named = given.named.as_ref().ok_or_else(|| Code::WrongCode.refuse())?;
    let channel = named.channel();
    let not_own = if channel == Channel::Email { Code::NotOwnEmail } else { Code::NoPhone };
    if Recipient::own(channel, customer).ok().as_ref() != Some(named) {
        return Err(not_own.refuse());
    }
    let kinds = [Kind { channel, purpose: Purpose::Password }, Kind { channel, purpose: Purpose::SignedIn }];
    code(tx, company, &kinds, named, &given.old, Code::WrongCode)
}

fn every_contact(
    tx: &mut Tx<'_>,
    company: &Company,
    customer: &Customer,
    given: &Given,
    codes: &mut Vec<verification::Proof>,
) -> Result<()> {
    let contacts = [
        (customer.phone.clone().map(Recipient::Phone), &given.sms, Code::WrongPhoneCode),
        (customer.email.clone().map(Recipient::Email), &given.old, Code::WrongEmailCode),
    ];
    if contacts.iter().all(|(contact, _, _)| contact.is_none()) {
        return Err(Code::NoContact.refuse());
    }
    if contacts.iter().any(|(contact, given, _)| contact.is_some() && given.is_absent()) {
        return Err(Code::MissingContactCode.refuse());
    }
    for (contact, given, wrong) in contacts {
        let Some(recipient) = contact else { continue };
        let kinds = [Kind { channel: recipient.channel(), purpose: Purpose::SignedIn }];
        codes.push(code(tx, company, &kinds, &recipient, given, wrong)?);
    }
    Ok(())
}

/// The address that a request names, by its `type`.
///
/// # Errors
/// That of the address's form.
pub fn named(kind: i64, text: &str, area: Option<&str>) -> Result<Recipient> {
    match kind {
        1 => Email::parse(text).map(Recipient::Email).ok_or_else(|| Code::BadEmail.refuse()),
        2 => Phone::parse(area.unwrap_or(DEFAULT_AREA), text)
            .map(Recipient::Phone)
            .map_err(verification::phone_refusal),
        _ => Err(Code::BadField.with(&["type"])),
    }
}
