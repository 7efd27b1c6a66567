//! What every change of a credential or contact does besides itself, in the same transaction.

use crate::company::Company;
use crate::customer::{self, Customer};
use crate::error::{Code, Result};
use crate::session::{self, Origin};
use crate::verification::{self, Recipient};
use crate::{messages, notices, third_party};
use custos_delivery::Channel;
use custos_store::{HOUR_MS, Tx, audit, events, params};
use data_encoding::BASE64URL_NOPAD;
use serde_json::json;
use sha2::{Digest, Sha256};

/// How long the link in a notice freezes the account.
const LINK_LIFE_MS: i64 = 72 * HOUR_MS;

/// What was changed. The names are those of the notices' texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// The login password.
    LoginPassword,
    /// The fund password.
    FundPassword,
    /// The e-mail address.
    Email,
    /// The phone number.
    Phone,
    /// MFA is on now.
    MfaOn,
    /// MFA is off now.
    MfaOff,
    /// New recovery codes.
    RecoveryCodes,
    /// An account at a third party.
    ThirdParty,
}

impl Change {
    /// The name of the change in notices.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::LoginPassword => "login-password",
            Self::FundPassword => "fund-password",
            Self::Email => "email",
            Self::Phone => "phone",
            Self::MfaOn => "mfa-on",
            Self::MfaOff => "mfa-off",
            Self::RecoveryCodes => "recovery-codes",
            Self::ThirdParty => "third-party",
        }
    }

    /// The name of the change in the audit log.
    pub(crate) fn action(self) -> &'static str {
        match self {
            Self::LoginPassword => "credential.login_password",
            Self::FundPassword => "credential.fund_password",
            Self::Email => "contact.email",
            Self::Phone => "contact.phone",
            Self::MfaOn => "credential.mfa_on",
            Self::MfaOff => "credential.mfa_off",
            Self::RecoveryCodes => "credential.recovery_codes",
            Self::ThirdParty => "contact.third_party",
        }
    }
}

/// Who changes, and from where.
#[derive(Debug, Clone)]
pub struct By {
    /// The session that stays; `None` for a reset, which ends all.
    pub session_id: Option<i64>,
    /// From where.
    pub origin: Origin,
}

/// Does what every change does: ends the other sessions, spends open tickets and proofs, starts the cool-off, tells
/// the other contacts, writes it down. `before` is the customer as they were.
///
/// # Errors
/// The store's.
pub fn follow(tx: &mut Tx<'_>, company: &Company, before: &Customer, change: Change, by: &By) -> Result<()> {
    follow_as(tx, company, before, change, (by, "customer"))
}

/// The same for a change that someone else made, whom the audit log names.
///
/// # Errors
/// The store's.
pub fn follow_as(
    tx: &mut Tx<'_>,
    company: &Company,
    before: &Customer,
    change: Change,
    (by, actor): (&By, &str),
) -> Result<()> {
    session::end_all(tx, company.id, before.id, by.session_id)?;
    let after = customer::find(tx, company.id, before.id)?.ok_or_else(|| Code::NotFound.refuse())?;
    verification::spend_all(tx, before)?;
    verification::spend_all(tx, &after)?;
    let until = tx.now() + company.settings.cool_off_hours.saturating_mul(HOUR_MS);
    tx.execute(
        "UPDATE customers SET cool_off_until = $3 WHERE company_id = $1 AND id = $2 AND cool_off_until < $3",
        params![company.id, before.id, until],
    )?;
    let mut recipients = to_be_told(before, &after, change);
    // One that was bound just now has proved itself with the change.
    if change != Change::ThirdParty {
        recipients.extend(third_party::telegram_of(tx, before)?);
    }
    messages::keep(tx, &after, "credential-changed", &[("what", change.as_str())])?;
    for recipient in recipients {
        let link = freeze_link(tx, before)?;
        notices::tell_at(
            tx,
            company,
            &recipient,
            &after.lang,
            "credential-changed",
            &[("what", change.as_str()), ("link", &link)],
        )?;
    }
    tx.audit(audit::Entry {
        company_id: company.id,
        action: change.action(),
        outcome: "ok".to_owned(),
        actor: actor.to_owned(),
        customer_id: Some(before.id),
        address: Some(by.origin.address.clone()),
        trace: Some(by.origin.trace.clone()),
        detail: json!({ "session": by.session_id, "reset": by.session_id.is_none() }),
    });
    tx.touch(before.id);
    let kind = if change.action().starts_with("contact.") { "contact.changed" } else { "credential.changed" };
    let told = json!({ "what": change.as_str(), "coolOffUntil": until });
    Ok(events::emit(tx, company.id, kind, before.id, told)?)
}

/// Every contact but the one that the change proved itself with: the *other* ones, and one that was replaced.
fn to_be_told(before: &Customer, after: &Customer, change: Change) -> Vec<Recipient> {
    let own = |customer: &Customer, channel| Recipient::own(channel, customer).ok();
    let mut all = Vec::new();
    for (channel, changed) in [(Channel::Email, Change::Email), (Channel::Sms, Change::Phone)] {
        let old = own(before, channel);
        if change == changed {
            // The new address has just been proved; the old one must learn of it.
            all.extend(old);
        } else {
            all.extend(own(after, channel));
        }
    }
    all
}

/// The token of a link that freezes the account, once.
pub(crate) fn freeze_link(tx: &mut Tx<'_>, customer: &Customer) -> Result<String> {
    let token = BASE64URL_NOPAD.encode(&tx.random::<24>()?);
    let expires = tx.now() + LINK_LIFE_MS;
    tx.execute(
        "INSERT INTO freeze_links (token_hash, company_id, customer_id, expires_at) VALUES ($1, $2, $3, $4)",
        params![&link_hash(&token), customer.company_id, customer.id, expires],
    )?;
    Ok(token)
}

fn link_hash(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

/// Whether a link still freezes.
///
/// # Errors
/// The store's.
pub fn link_stands(tx: &mut Tx<'_>, token: &str) -> Result<bool> {
    let now = tx.now();
    let found: Option<i64> = tx.query_opt(
        "SELECT customer_id FROM freeze_links WHERE token_hash = $1 AND expires_at > $2",
        params![&link_hash(token), now],
        |row| row.get(0),
    )?;
    Ok(found.is_some())
}

/// Freezes the account of a link: it is locked until an operator unlocks it, and its sessions end. All links of the
/// account are used up. `false` when the link does not stand.
///
/// # Errors
/// The store's.
pub fn freeze_by_link(tx: &mut Tx<'_>, token: &str, origin: &Origin) -> Result<bool> {
    let now = tx.now();
    let found = tx.query_opt(
        "DELETE FROM freeze_links WHERE token_hash = $1 AND expires_at > $2 RETURNING company_id, customer_id",
        params![&link_hash(token), now],
        |row| Ok((row.get::<i64>(0)?, row.get::<i64>(1)?)),
    )?;
    let Some((company_id, customer_id)) = found else { return Ok(false) };
    tx.execute(
        "DELETE FROM freeze_links WHERE company_id = $1 AND customer_id = $2",
        params![company_id, customer_id],
    )?;
    tx.execute(
        "UPDATE customers SET locked_until = $3 WHERE company_id = $1 AND id = $2",
        params![company_id, customer_id, customer::LOCKED_BY_OPERATOR],
    )?;
    session::end_all(tx, company_id, customer_id, None)?;
    tx.audit(audit::Entry {
        company_id,
        action: "customer.frozen_by_link",
        outcome: "ok".to_owned(),
        actor: "guest".to_owned(),
        customer_id: Some(customer_id),
        address: Some(origin.address.clone()),
        trace: None,
        detail: json!({}),
    });
    events::emit(tx, company_id, "customer.frozen", customer_id, json!({ "scope": "all", "byLink": true }))?;
    Ok(true)
}
