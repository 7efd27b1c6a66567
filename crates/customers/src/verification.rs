//! Verification codes: made, sent, checked, spent.
//!
//! A right code is a [`Proof`], a value that only a check can make. A rule that needs one takes it and spends it in the
//! transaction of the change that it allows, so that two racing requests can't both use it, and a change that fails
//! does not burn it.

mod kind;
mod status;

pub use kind::{Kind, Purpose, Recipient, phone_refusal};
pub use status::{Status, status};

use crate::company::Company;
use crate::customer::Customer;
use crate::error::{Code, Result};
use crate::limits::{self, Window};
use crate::sms::{self, Purse};
use custos_delivery::outbox;
use custos_store::{DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS, Tx, params};
use data_encoding::BASE64URL_NOPAD;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// Wrong tries that a code survives.
const TRIES: i64 = 5;
/// Wrong codes of signing in and resetting that a recipient survives in a day.
const WRONG_PER_DAY: i64 = 15;
/// How long a proof told to the client (`verifyCodeToken`) stands.
const PROOF_LIFE_MS: i64 = 10 * MINUTE_MS;

/// A request for a code.
#[derive(Debug)]
pub struct Send<'a> {
    /// On whose behalf.
    pub company: &'a Company,
    /// Which kind.
    pub kind: Kind,
    /// To whom.
    pub recipient: &'a Recipient,
    /// The signed-in customer of the `LOGINED` kinds.
    pub customer_id: Option<i64>,
    /// In which language.
    pub lang: &'a str,
    /// The client's address.
    pub from: &'a str,
}

/// Makes a code, replaces the one before it, and puts it on its way; returns the ticket. Whoever asks for a code to
/// sign in as no one gets a ticket all the same, in the same time: a message is written that no one gets.
///
/// # Errors
/// `CUSTOMER_API_0000512` beyond a limit, or the store's.
pub fn send(tx: &mut Tx<'_>, ask: &Send<'_>) -> Result<String> {
    let (company, kind) = (ask.company, ask.kind);
    let recipient = ask.recipient.hash(tx);
    admit(tx, ask, &recipient)?;
    let wanted = match kind.purpose {
        Purpose::Login | Purpose::Password => is_customer(tx, company.id, ask.recipient)?,
        _ => true,
    };
    let digits = u64::from_be_bytes(tx.random::<8>()?) % 1_000_000;
    let code = format!("{digits:06}");
    let ticket = BASE64URL_NOPAD.encode(&tx.random::<24>()?);
    let expires = tx.now() + kind.life_ms();
    let prefix = match ask.recipient {
        Recipient::Phone(phone) => phone.prefix(),
        Recipient::Email(_) | Recipient::Telegram(_) => String::new(),
    };
    let code_hash = code_hash(tx, company.id, kind, &recipient, &code);
    tx.execute(
        "INSERT INTO verification_codes (company_id, kind, recipient, ticket_hash, code_hash, customer_id, prefix, \
         attempts, spent, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, 0, 0, $8) \
         ON CONFLICT (company_id, kind, recipient) DO UPDATE SET ticket_hash = excluded.ticket_hash, \
         code_hash = excluded.code_hash, customer_id = excluded.customer_id, prefix = excluded.prefix, attempts = 0, \
         spent = 0, expires_at = excluded.expires_at",
        params![
            company.id,
            kind.as_str(),
            &recipient,
            &ticket_hash(&ticket),
            &code_hash,
            ask.customer_id,
            &prefix,
            expires
        ],
    )?;
    let minutes = kind.minutes().to_string();
    let message = outbox::Message {
        company_id: company.id,
        channel: ask.recipient.channel(),
        to: &ask.recipient.address(),
        masked: ask.recipient.masked(),
        template: "code",
        lang: ask.lang,
        vars: &[("minutes", minutes.as_str()), ("purpose", kind.purpose_key())],
        code: Some(&code),
        useful_until: expires,
        void: !wanted,
    };
    match ask.recipient {
        Recipient::Phone(phone) => {
            match sms::refusal(tx, company, phone, if wanted { Purse::Real } else { Purse::Shadow })? {
                None => outbox::enqueue(tx, &message)?,
                Some(reason) => outbox::suppress(tx, &message, reason)?,
            }
        }
        Recipient::Email(_) | Recipient::Telegram(_) => outbox::enqueue(tx, &message)?,
    }
    Ok(ticket)
}

/// The limits of sending: per recipient over all kinds, and per client address.
fn admit(tx: &mut Tx<'_>, ask: &Send<'_>, recipient: &[u8; 32]) -> Result<()> {
    let settings = &ask.company.settings;
    let count = |limit: i64| usize::try_from(limit.max(0)).unwrap_or(usize::MAX);
    let half_hour = if ask.kind.purpose == Purpose::SignedIn {
        settings.codes_per_half_hour_signed_in
    } else {
        settings.codes_per_half_hour
    };
    let mut windows = vec![
        Window { limit: count(half_hour), window_ms: 30 * MINUTE_MS },
        Window { limit: count(settings.codes_per_day), window_ms: DAY_MS },
    ];
    if settings.code_pause_seconds > 0 {
        windows.push(Window { limit: 1, window_ms: settings.code_pause_seconds.saturating_mul(SECOND_MS) });
    }
    let company = ask.company.id.to_be_bytes();
    let by_recipient = tx.keys().keyed_hash("sends to", &[&company, recipient]);
    let from = crate::places::network(ask.from);
    let by_address = tx.keys().keyed_hash("sends from", &[&company, from.as_bytes()]);
    let hourly = [Window { limit: count(settings.codes_per_address_hour), window_ms: HOUR_MS }];
    if limits::admit(tx, &by_recipient, &windows)? && limits::admit(tx, &by_address, &hourly)? {
        return Ok(());
    }
    Err(Code::TooManyCodes.refuse())
}

fn is_customer(tx: &mut Tx<'_>, company_id: i64, recipient: &Recipient) -> Result<bool> {
    let name = match recipient {
        Recipient::Email(email) => crate::customer::Name::Email(email.clone()),
        Recipient::Phone(phone) => crate::customer::Name::Phone(phone.clone()),
        // No one signs in or resets by Telegram.
        Recipient::Telegram(_) => return Ok(false),
    };
    Ok(crate::customer::glimpse(tx, company_id, &name)?.is_some_and(|one| !one.status.is_out_of_use()))
}

fn code_hash(tx: &Tx<'_>, company_id: i64, kind: Kind, recipient: &[u8; 32], code: &str) -> [u8; 32] {
    tx.keys().keyed_hash(
        "verification code",
        &[&company_id.to_be_bytes(), kind.as_str().as_bytes(), recipient, code.as_bytes()],
    )
}

/// Tickets and proofs are long and random: a plain hash is enough.
fn ticket_hash(ticket: &str) -> [u8; 32] {
    Sha256::digest(ticket.as_bytes()).into()
}

/// What a client shows to prove that it got a code.
#[derive(Debug, Clone, Copy, Default)]
pub struct Shown<'a> {
    /// `verifyCodeToken`: looked at first; when it is good, the rest is not.
    pub proof: Option<&'a str>,
    /// `sendToken`.
    pub ticket: Option<&'a str>,
    /// `verifyCode`.
    pub code: Option<&'a str>,
}

/// That a recipient's code was right. Only [`check`] makes one, and whoever acts on it spends it.
#[derive(Debug)]
#[must_use = "a proof that is not spent can be used again"]
pub struct Proof {
    company_id: i64,
    kind: Kind,
    recipient: [u8; 32],
    source: Source,
}

#[derive(Debug)]
enum Source {
    Code { ticket_hash: [u8; 32], prefix: String },
    Token([u8; 32]),
}

/// Checks what a client shows for any of `kinds` and a recipient. Wrong codes are counted before they are compared,
/// and the count stays though the request is refused.
///
/// # Errors
/// `wrong`, or `CUSTOMER_API_0000512` when the code or the recipient has had too many tries; else the store's.
pub fn check(
    tx: &mut Tx<'_>,
    company_id: i64,
    kinds: &[Kind],
    recipient: &Recipient,
    shown: Shown<'_>,
    wrong: Code,
) -> Result<Proof> {
    let hash = recipient.hash(tx);
    lock_codes(tx, company_id, &hash)?;
    if let Some(token) = shown.proof
        && let Some(proof) = check_token(tx, company_id, kinds, hash, token)?
    {
        return Ok(proof);
    }
    let (Some(ticket), Some(code)) = (shown.ticket, shown.code) else { return Err(wrong.refuse()) };
    let ticket_hash = ticket_hash(ticket);
    for kind in kinds.iter().copied().filter(|kind| kind.channel == recipient.channel()) {
        match check_code(tx, company_id, kind, hash, ticket_hash, code)? {
            Checked::Right(proof) => return Ok(proof),
            Checked::Wrong => return Err(wrong.refuse()),
            Checked::Spent => return Err(Code::TooManyCodes.refuse()),
            Checked::OtherTicket => {}
        }
    }
    Err(wrong.refuse())
}

/// Locks every code of a recipient, in one order. What a code allows may end with all of them being spent: two who came
/// by codes of different kinds would each hold one, and wait for the other's.
fn lock_codes(tx: &mut Tx<'_>, company_id: i64, recipient: &[u8; 32]) -> Result<()> {
    tx.query(
        "SELECT kind FROM verification_codes WHERE company_id = $1 AND recipient = $2 ORDER BY kind FOR UPDATE",
        params![company_id, recipient],
        |row| row.get::<String>(0),
    )?;
    Ok(())
}

fn check_token(
    tx: &mut Tx<'_>,
    company_id: i64,
    kinds: &[Kind],
    recipient: [u8; 32],
    token: &str,
) -> Result<Option<Proof>> {
    let (hash, now) = (ticket_hash(token), tx.now());
    let found = tx.query_opt(
        "SELECT kind, recipient FROM verification_proofs WHERE token_hash = $1 AND company_id = $2 AND expires_at > $3",
        params![&hash, company_id, now],
        |row| Ok((row.get::<String>(0)?, row.get::<Vec<u8>>(1)?)),
    )?;
    Ok(found.and_then(|(kind, whose)| {
        let kind = Kind::parse(&kind).filter(|kind| kinds.contains(kind))?;
        let same: bool = whose.as_slice().ct_eq(&recipient).into();
        same.then_some(Proof { company_id, kind, recipient, source: Source::Token(hash) })
    }))
}

enum Checked {
    Right(Proof),
    Wrong,
    /// Too many tries of this code or recipient.
    Spent,
    /// The newest code of this kind belongs to another ticket, so nothing was tried.
    OtherTicket,
}

fn check_code(
    tx: &mut Tx<'_>,
    company_id: i64,
    kind: Kind,
    recipient: [u8; 32],
    ticket_hash: [u8; 32],
    code: &str,
) -> Result<Checked> {
    let now = tx.now();
    let stored = tx.query_opt(
        "SELECT code_hash, attempts, prefix FROM verification_codes WHERE company_id = $1 AND kind = $2 \
         AND recipient = $3 AND ticket_hash = $4 AND spent = 0 AND expires_at > $5 FOR UPDATE",
        params![company_id, kind.as_str(), &recipient, &ticket_hash, now],
        |row| Ok((row.get::<Vec<u8>>(0)?, row.get::<i64>(1)?, row.get::<String>(2)?)),
    )?;
    let Some((expected, _, prefix)) = stored else { return Ok(Checked::OtherTicket) };
    let counted_as: [&[u8]; 2] = [&company_id.to_be_bytes(), &recipient];
    // A code that is dead already is no door to try, so it does not count to the day's tries.
    let reserved = tx.count(
        "UPDATE verification_codes SET attempts = attempts + 1 WHERE company_id = $1 AND kind = $2 \
         AND recipient = $3 AND ticket_hash = $4 AND attempts < $5",
        params![company_id, kind.as_str(), &recipient, &ticket_hash, TRIES],
    )?;
    if reserved == 0 {
        return Ok(Checked::Spent);
    }
    if kind.opens_accounts() && !limits::count_try(tx, "wrong codes", &counted_as, WRONG_PER_DAY, DAY_MS)? {
        return Ok(Checked::Spent);
    }
    let given = code_hash(tx, company_id, kind, &recipient, code.trim());
    let right: bool = given.as_slice().ct_eq(&expected).into();
    if !right {
        return Ok(Checked::Wrong);
    }
    // A right code is no try: both counts go back, under the row lock that the first of them took.
    tx.count(
        "UPDATE verification_codes SET attempts = attempts - 1 WHERE company_id = $1 AND kind = $2 \
         AND recipient = $3 AND ticket_hash = $4",
        params![company_id, kind.as_str(), &recipient, &ticket_hash],
    )?;
    if kind.opens_accounts() {
        limits::uncount_try(tx, "wrong codes", &counted_as, DAY_MS)?;
    }
    Ok(Checked::Right(Proof { company_id, kind, recipient, source: Source::Code { ticket_hash, prefix } }))
}

impl Proof {
    /// Which kind it is of.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Uses the proof up.
    ///
    /// # Errors
    /// `CUSTOMER_API_0000511` when another request was faster; else the store's.
    pub fn spend(self, tx: &mut Tx<'_>) -> Result<()> {
        let spent = match &self.source {
            Source::Code { ticket_hash, prefix } => {
                let spent = tx.execute(
                    "UPDATE verification_codes SET spent = 1 WHERE company_id = $1 AND kind = $2 AND recipient = $3 \
                     AND ticket_hash = $4 AND spent = 0",
                    params![self.company_id, self.kind.as_str(), &self.recipient, ticket_hash],
                )?;
                if spent > 0 && !prefix.is_empty() {
                    sms::proved(tx, self.company_id, prefix)?;
                }
                spent
            }
            Source::Token(hash) => {
                tx.execute("DELETE FROM verification_proofs WHERE token_hash = $1", params![hash])?
            }
        };
        if spent == 0 { Err(Code::WrongCode.refuse()) } else { Ok(()) }
    }

    /// Turns the proof into a token that the client shows later: `verifyCodeCheck`.
    ///
    /// # Errors
    /// As [`Proof::spend`].
    pub fn into_token(self, tx: &mut Tx<'_>, customer_id: Option<i64>) -> Result<String> {
        let (company_id, kind, recipient) = (self.company_id, self.kind, self.recipient);
        self.spend(tx)?;
        let token = BASE64URL_NOPAD.encode(&tx.random::<24>()?);
        let expires = tx.now() + PROOF_LIFE_MS;
        tx.execute(
            "INSERT INTO verification_proofs (token_hash, company_id, kind, recipient, customer_id, expires_at) \
             VALUES ($1, $2, $3, $4, $5, $6)",
            params![&ticket_hash(&token), company_id, kind.as_str(), &recipient, customer_id, expires],
        )?;
        Ok(token)
    }
}

/// Ends every open ticket and proof of a customer: those to their addresses, and those that they asked for.
///
/// # Errors
/// The store's.
pub(crate) fn spend_all(tx: &mut Tx<'_>, customer: &Customer) -> Result<()> {
    let company_id = customer.company_id;
    let mut recipients: Vec<Recipient> = Vec::new();
    recipients.extend(customer.email.clone().map(Recipient::Email));
    recipients.extend(customer.phone.clone().map(Recipient::Phone));
    recipients.extend(crate::third_party::telegram_recipient(tx, customer).ok());
    for recipient in recipients {
        let hash = recipient.hash(tx);
        tx.execute(
            "UPDATE verification_codes SET spent = 1 WHERE company_id = $1 AND recipient = $2",
            params![company_id, &hash],
        )?;
        tx.execute(
            "DELETE FROM verification_proofs WHERE company_id = $1 AND recipient = $2",
            params![company_id, &hash],
        )?;
    }
    tx.execute(
        "UPDATE verification_codes SET spent = 1 WHERE company_id = $1 AND customer_id = $2",
        params![company_id, customer.id],
    )?;
    tx.execute(
        "DELETE FROM verification_proofs WHERE company_id = $1 AND customer_id = $2",
        params![company_id, customer.id],
    )?;
    Ok(())
}
