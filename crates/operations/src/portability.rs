//! All that is kept of one person, as JSON, for them to take along.
//!
//! Whoever keeps something of a person adds a section here, and a line to `custos_customers::erasure` if it is not sealed
//! under the person's own key. Secrets (hashes, tokens, keys) are nobody's data and in no section.

use crate::error::Result;
use custos_customers::customer::{self, Customer};
use custos_customers::{closure, files, kyc, messages, session, third_party, watchlist};
use custos_ledger::place::{self, Kind, Place};
use custos_ledger::{accounts, entries};
use custos_store::{Tx, audit};
use serde_json::{Map, Value, json};

/// A section: its name, and what makes it.
type Section = (&'static str, fn(&mut Tx<'_>, &Customer) -> Result<Value>);

/// The sections, in their order.
const SECTIONS: &[Section] = &[
    ("record", record),
    ("contacts", contacts),
    ("thirdAccounts", third_accounts),
    ("sessions", sessions),
    ("accounts", account_list),
    ("statement", statement),
    ("closures", closures),
    ("identity", identity),
    ("files", files_list),
    ("watchlists", watchlists),
    ("messages", message_list),
    ("audit", audit_entries),
];

/// Notes that a person's data was handed out; in the transaction before it is.
pub fn noted(tx: &mut Tx<'_>, customer: &Customer, actor: &str) {
    tx.audit(audit::Entry::by_hand(
        customer.company_id,
        "customer.exported",
        actor,
        Some(customer.id),
        json!({}),
    ));
}

/// All that is kept of a customer, as it stands at one instant. To be called first in a read.
///
/// # Errors
/// `CUSTOMER_API_0000003` for no such customer; else the store's.
pub fn export(tx: &mut Tx<'_>, company_id: i64, customer_id: i64) -> Result<Value> {
    tx.one_instant()?;
    let customer = customer::find(tx, company_id, customer_id)?
        .ok_or_else(|| custos_customers::Code::NotFound.refuse())?;
    let mut whole = Map::new();
    whole.insert("customerNo".to_owned(), customer.number.clone().into());
    whole.insert("exportedAt".to_owned(), tx.now().into());
    for (name, make) in SECTIONS {
        whole.insert((*name).to_owned(), make(tx, &customer)?);
    }
    Ok(Value::Object(whole))
}

/// What they told of themselves, level by level.
fn identity(tx: &mut Tx<'_>, customer: &Customer) -> Result<Value> {
    let progress = kyc::progress(tx, customer, (None, None))?;
    let told = progress.values(tx)?;
    Ok(told.into_iter().map(|(level, values)| json!({ "level": level, "values": values })).collect())
}

fn watchlists(tx: &mut Tx<'_>, customer: &Customer) -> Result<Value> {
    let all = watchlist::all(tx, customer.company_id, customer.id)?;
    Ok(all
        .into_iter()
        .map(|(trade_type, list)| json!({ "tradeType": trade_type, "symbols": list }))
        .collect())
}

fn message_list(tx: &mut Tx<'_>, customer: &Customer) -> Result<Value> {
    let whose = (customer.company_id, customer.id);
    let (_, all) = messages::page(tx, whose, (0, i64::MAX), (i64::MAX, 0))?;
    let view = |one: messages::Message| json!({ "about": one.template, "values": one.vars, "isRead": one.is_read, "at": one.at });
    Ok(all.into_iter().map(view).collect())
}

fn files_list(tx: &mut Tx<'_>, customer: &Customer) -> Result<Value> {
    let listed = files::list(tx, customer.company_id, customer.id)?;
    let line = |file: files::Listed| json!({ "id": file.id, "mediaType": file.media_type, "bytes": file.bytes, "createdAt": file.created_at });
    Ok(listed.into_iter().map(line).collect())
}

fn record(tx: &mut Tx<'_>, customer: &Customer) -> Result<Value> {
    Ok(json!({
        "id": customer.id,
        "companyId": customer.company_id,
        "status": customer.status_at(tx.now()) as i64,
        "groupId": customer.group_id,
        "name": customer.name,
        "firstName": customer.first_name,
        "lastName": customer.last_name,
        "country": customer.country,
        "lang": customer.lang,
        "address": customer.address,
        "postalCode": customer.postal_code,
        "openAccountType": customer.open_account_type,
        "registerSource": customer.register_source,
        "utm": serde_json::from_str::<Value>(&customer.utm).unwrap_or_default(),
        "thirdServerCode": customer.third_server_code,
        "thirdServerSource": customer.third_server_source,
        "hasLoginPassword": customer.login_password.is_some(),
        "hasFundPassword": customer.fund_password.is_some(),
        "hasMfa": customer.has_mfa(),
        "signedInAt": customer.signed_in_at,
        "createdAt": customer.created_at,
    }))
}

fn contacts(_: &mut Tx<'_>, customer: &Customer) -> Result<Value> {
    Ok(json!({
        "email": customer.email.as_ref().map(|email| email.as_str()),
        "phone": customer.phone.as_ref().map(|phone| phone.e164()),
    }))
}

fn third_accounts(tx: &mut Tx<'_>, customer: &Customer) -> Result<Value> {
    let all = third_party::list(tx, customer.company_id, customer.id)?;
    Ok(all
        .into_iter()
        .map(|one| json!({ "source": one.source, "userId": one.user_id, "message": one.message }))
        .collect())
}

fn sessions(tx: &mut Tx<'_>, customer: &Customer) -> Result<Value> {
    let all = session::list(tx, customer.company_id, customer.id)?;
    let view = |one: session::Session| {
        json!({
            "device": one.device, "agent": one.agent, "address": one.address, "country": one.country,
            "signedInAt": one.signed_in_at, "seenAt": one.seen_at, "expiresAt": one.expires_at,
        })
    };
    Ok(all.into_iter().map(view).collect())
}

fn account_list(tx: &mut Tx<'_>, customer: &Customer) -> Result<Value> {
    let mut all = Vec::new();
    for account in accounts::list(tx, customer.company_id, customer.id)? {
        let mut stands = |kind| -> Result<String> {
            let place = Place::of_customer(customer.id, account.id, kind);
            let standing = place::look(tx, customer.company_id, place, account.asset.id)?;
            Ok(standing.balance.to_text(account.digits()))
        };
        let (balance, principal, interest) =
            (stands(Kind::Own)?, stands(Kind::Principal)?, stands(Kind::Interest)?);
        all.push(json!({
            "id": account.id, "tradeType": account.trade_type, "currency": account.asset.code,
            "openedAt": account.created_at, "balance": balance, "principal": principal, "interest": interest,
        }));
    }
    Ok(Value::Array(all))
}

/// Every line of every account, own money and debts, newest first.
fn statement(tx: &mut Tx<'_>, customer: &Customer) -> Result<Value> {
    let mut all = Vec::new();
    for account in accounts::list(tx, customer.company_id, customer.id)? {
        for kind in [Kind::Own, Kind::Principal, Kind::Interest] {
            let place = Place::of_customer(customer.id, account.id, kind);
            let mut cursor: Option<String> = None;
            loop {
                let page = entries::statement(
                    tx,
                    customer.company_id,
                    place,
                    cursor.as_deref(),
                    entries::MOST_LINES,
                )?;
                let digits = account.digits();
                all.extend(page.entries.iter().map(|entry| {
                    json!({
                        "accountId": account.id, "tradeType": account.trade_type, "currency": account.asset.code,
                        "kind": kind.name(), "transfer": entry.transfer_id, "at": entry.recorded_at,
                        "businessType": entry.business_type, "amount": entry.amount.to_text(digits),
                        "balance": entry.balance.to_text(digits), "reason": entry.reason,
                    })
                }));
                cursor = page.cursor;
                if cursor.is_none() {
                    break;
                }
            }
        }
    }
    Ok(Value::Array(all))
}

fn closures(tx: &mut Tx<'_>, customer: &Customer) -> Result<Value> {
    let all = closure::of_customer(tx, customer.company_id, customer.id)?;
    let view = |one: closure::Closure| {
        json!({
            "remark": one.remark, "requestedAt": one.requested_at, "decidedAt": one.decided_at,
            "reason": one.reason, "eraseAt": one.erase_at,
        })
    };
    Ok(all.into_iter().map(view).collect())
}

/// Lines of the log that one look takes.
const PAGE: i64 = 1_000;

/// What the log says of them; which operator it was is not theirs to know, nor what staff wrote for staff, nor who else is
/// named: details are told of what they did themselves.
fn audit_entries(tx: &mut Tx<'_>, customer: &Customer) -> Result<Value> {
    let mut all = Vec::new();
    loop {
        let offset = i64::try_from(all.len()).unwrap_or(i64::MAX);
        let (_, page) = audit::of_customer(tx, customer.company_id, customer.id, PAGE, offset)?;
        if page.is_empty() {
            return Ok(Value::Array(all));
        }
        all.extend(page.into_iter().map(|entry| {
            let by = entry.actor.split(':').next().unwrap_or_default();
            let own = (by == "customer").then(|| serde_json::from_str::<Value>(&entry.detail).ok()).flatten();
            json!({
                "at": entry.at, "action": entry.action, "outcome": entry.outcome, "by": by,
                "address": if by == "customer" { entry.address.as_str() } else { "" },
                "detail": own.unwrap_or_default(),
            })
        }));
    }
}
