//! What requests show as proof, gathered from their fields.

use crate::context::Context;
use crate::error::{Gate, Result};
use crate::fields::Text;
use crate::operation::Customer;
use custos_customers::customer::{self, Name};
use custos_customers::phone::DEFAULT_AREA;
use custos_customers::sign_in;
use custos_customers::step_up::{CodeGiven, Given};
use custos_customers::verification::Recipient;
use custos_delivery::Channel;

/// A long text of a request.
pub(super) type Long = Text<4096>;

/// The channel of the field `type`.
pub(super) fn channel(kind: i64) -> Channel {
    if kind == 1 { Channel::Email } else { Channel::Sms }
}

/// The calling code of a phone number.
pub(super) fn area(given: &Option<Text<15>>) -> &str {
    given.as_deref().map_or(DEFAULT_AREA, |area| area)
}

/// Only an authenticator's code.
pub(super) fn google(code: Option<Long>) -> Given {
    Given { google_code: code.map(|code| code.0), ..Given::default() }
}

/// A code with its ticket.
pub(super) fn ticketed(code: Long, ticket: Long) -> CodeGiven {
    CodeGiven { proof: None, ticket: Some(ticket.0), code: Some(code.0) }
}

/// A code to an own address by `type`, and an authenticator's code.
pub(super) fn own_by(kind: i64, code: Long, ticket: Long, google_code: Option<Long>) -> Given {
    Given { old: ticketed(code, ticket), own_channel: Some(channel(kind)), ..google(google_code) }
}

/// A code with its ticket, or the proof of one; one of the two must be there.
///
/// # Errors
/// `CUSTOMER_API_0000501` when neither is.
pub(super) fn code(code: Option<Long>, ticket: Option<Long>, proof: Option<Long>) -> Result<CodeGiven> {
    if proof.is_none() && code.is_none() {
        return Err(Gate::MissingField.field("verifyCode"));
    }
    if proof.is_none() && ticket.is_none() {
        return Err(Gate::MissingField.field("sendToken"));
    }
    Ok(CodeGiven {
        proof: proof.map(|text| text.0),
        ticket: ticket.map(|text| text.0),
        code: code.map(|text| text.0),
    })
}

/// What is given, with the session that asks.
pub(super) fn of(caller: &Customer, given: Given) -> Given {
    Given { session: Some(caller.0.session.clone()), token_hash: Some(caller.0.token_hash), ..given }
}

/// The address that a guest's name stands for.
///
/// # Errors
/// The store's.
pub(super) async fn recipient_of(cx: &Context, name: &Name) -> Result<Option<Recipient>> {
    // An address stands for itself, whoever has it.
    if let Name::Email(_) | Name::Phone(_) = name {
        return Ok(sign_in::code_recipient(name, None));
    }
    let (company_id, name) = (cx.company.id, name.clone());
    cx.read(move |tx| {
        let found = customer::by_name(tx, company_id, &name)?;
        Ok(sign_in::code_recipient(&name, found.as_ref()))
    })
    .await
}
