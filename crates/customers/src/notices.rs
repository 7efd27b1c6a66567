//! What a customer is told of their own account's security, at every contact that they have.

use crate::company::Company;
use crate::customer::Customer;
use crate::error::Result;
use crate::messages;
use crate::verification::Recipient;
use custos_delivery::Channel;
use custos_delivery::outbox;
use custos_store::{DAY_MS, Tx};

/// A notice is of use for so long.
const USEFUL_MS: i64 = 3 * DAY_MS;

/// Keeps a notice in the application, and sends it by e-mail where there is an address, by text message otherwise: a notice a person gets twice is one
/// that they learn to ignore, and text messages cost the company.
///
/// # Errors
/// The store's.
pub fn tell(
    tx: &mut Tx<'_>,
    company: &Company,
    customer: &Customer,
    template: &'static str,
    vars: &[(&str, &str)],
) -> Result<()> {
    messages::keep(tx, customer, template, vars)?;
    for channel in [Channel::Email, Channel::Sms] {
        if let Ok(recipient) = Recipient::own(channel, customer) {
            return tell_at(tx, company, &recipient, &customer.lang, template, vars);
        }
    }
    Ok(())
}

/// Sends a notice to one recipient. Whoever tells several keeps it in the application once, by [`messages::keep`].
///
/// # Errors
/// The store's.
pub fn tell_at(
    tx: &mut Tx<'_>,
    company: &Company,
    recipient: &Recipient,
    lang: &str,
    template: &'static str,
    vars: &[(&str, &str)],
) -> Result<()> {
    let useful_until = tx.now() + USEFUL_MS;
    let message = outbox::Message {
        company_id: company.id,
        channel: recipient.channel(),
        to: &recipient.address(),
        masked: recipient.masked(),
        template,
        lang,
        vars,
        code: None,
        useful_until,
        void: false,
    };
    let reason = match recipient {
        Recipient::Phone(phone) => crate::sms::refusal_of_notice(tx, company, phone, template)?,
        Recipient::Email(_) | Recipient::Telegram(_) => None,
    };
    match reason {
        None => Ok(outbox::enqueue(tx, &message)?),
        Some(reason) => Ok(outbox::suppress(tx, &message, reason)?),
    }
}
