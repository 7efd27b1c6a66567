//! Leaving: a customer asks for closure, an operator approves or rejects, and in time what is personal goes.
//!
//! Whether money stands against it, the ledger says; `custos_operations::closing` asks both in one transaction.

use crate::changes::{self, By};
use crate::company::Company;
use crate::customer::{self, Customer, Status};
use crate::error::{Code, Result};
use crate::freezes::{self, Scope};
use crate::step_up::{Given, Proved, Warrant, prove};
use crate::verification::{self, Recipient};
use crate::{data_key, kyc, messages, notices, session, third_party};
use custos_delivery::Channel;
use custos_store::{DAY_MS, Row, Tx, audit, events, params};
use serde_json::json;

/// The longest remark of a customer, and reason of an operator: in characters. A reason must fit into a notice whole.
pub const LONGEST_REMARK: usize = 500;
/// As [`LONGEST_REMARK`], of an operator's reason.
pub const LONGEST_REASON: usize = 120;

/// A customer who may ask for closure: proved, in good standing, and locked until the transaction ends.
#[must_use]
#[derive(Debug)]
pub struct Leaver {
    customer: Customer,
}

/// Locks the customer, and sees whether they may ask.
///
/// # Errors
/// The refusal of a need, `CUSTOMER_API_0000004` for one who has asked already; else the store's.
pub fn leaver<W: Warrant>(
    tx: &mut Tx<'_>,
    company: &Company,
    customer_id: i64,
    given: &Given,
) -> Result<Leaver> {
    let customer = customer::lock(tx, company.id, customer_id)?;
    let proved: Proved<W> = prove(tx, company, &customer, given)?;
    if customer.status != Status::Normal {
        return Err(Code::InProgress.refuse());
    }
    nothing_is_frozen(tx, &customer)?;
    proved.spend(tx)?;
    Ok(Leaver { customer })
}

/// Whoever is looked into does not leave meanwhile: closing would free their addresses and start the time to erasure.
fn nothing_is_frozen(tx: &mut Tx<'_>, customer: &Customer) -> Result<()> {
    if freezes::is_frozen(tx, customer.company_id, customer.id, &Scope::ALL)? {
        return Err(Code::SignInLocked.refuse());
    }
    Ok(())
}

fn remark_context(id: i64) -> String {
    format!("closure:{id}")
}

/// Notes the wish: from now on the customer may read their record, and nothing else. All their sessions end, open tickets
/// are void, and every contact learns of it, with a link that freezes the account: then no operator can approve.
///
/// # Errors
/// The store's.
pub fn ask(tx: &mut Tx<'_>, company: &Company, leaver: &Leaver, remark: &str, by: &By) -> Result<()> {
    let Leaver { customer } = leaver;
    let (id, now) = (tx.new_id(), tx.now());
    let sealed = data_key::of(tx, company.id, customer.id)?.seal(&remark_context(id), remark.as_bytes())?;
    tx.execute(
        "INSERT INTO closures (company_id, customer_id, id, state, remark, requested_at, decided_at, decided_by, reason, \
         erase_at, erased_at) VALUES ($1, $2, $3, 1, $4, $5, 0, '', '', 0, 0)",
        params![company.id, customer.id, id, &sealed, now],
    )?;
    tx.execute(
        "UPDATE customers SET status = 6 WHERE company_id = $1 AND id = $2",
        params![company.id, customer.id],
    )?;
    told(tx, customer, Status::Closing)?;
    session::end_all(tx, company.id, customer.id, None)?;
    verification::spend_all(tx, customer)?;
    messages::keep(tx, customer, "credential-changed", &[("what", "closure")])?;
    for recipient in contacts(tx, customer)? {
        let link = changes::freeze_link(tx, customer)?;
        let vars = [("what", "closure"), ("link", link.as_str())];
        notices::tell_at(tx, company, &recipient, &customer.lang, "credential-changed", &vars)?;
    }
    tx.audit(audit::Entry {
        company_id: company.id,
        action: "closure.asked",
        outcome: "ok".to_owned(),
        actor: "customer".to_owned(),
        customer_id: Some(customer.id),
        address: Some(by.origin.address.clone()),
        trace: Some(by.origin.trace.clone()),
        detail: json!({ "closure": id }),
    });
    tx.touch(customer.id);
    Ok(())
}

/// Everywhere that a customer can be reached.
fn contacts(tx: &mut Tx<'_>, customer: &Customer) -> Result<Vec<Recipient>> {
    let own = [Channel::Email, Channel::Sms].into_iter().filter_map(|way| Recipient::own(way, customer).ok());
    let mut all: Vec<Recipient> = own.collect();
    all.extend(third_party::telegram_of(tx, customer)?);
    Ok(all)
}

/// A wish that waits for an operator; its customer is locked until the transaction ends.
#[must_use]
#[derive(Debug)]
pub struct Pending {
    id: i64,
    customer: Customer,
}

impl Pending {
    /// Which wish it is: who is turned down may ask again.
    #[must_use]
    pub fn id(&self) -> i64 {
        self.id
    }

    /// Whose it is.
    #[must_use]
    pub fn customer(&self) -> &Customer {
        &self.customer
    }
}

/// The wish of a customer that waits.
///
/// # Errors
/// `CUSTOMER_API_0000003` when there is none; else the store's.
pub fn pending(tx: &mut Tx<'_>, company_id: i64, customer_id: i64) -> Result<Pending> {
    let customer = customer::lock(tx, company_id, customer_id)?;
    let id: Option<i64> = tx.query_opt(
        "SELECT id FROM closures WHERE company_id = $1 AND customer_id = $2 AND state = 1 FOR UPDATE",
        params![company_id, customer_id],
        |row| row.get(0),
    )?;
    match id.filter(|_| customer.status == Status::Closing) {
        Some(id) => Ok(Pending { id, customer }),
        None => Err(Code::NotFound.refuse()),
    }
}

/// What an operator decided, and why.
#[derive(Debug, Clone, Copy)]
pub struct Decision<'a> {
    /// Who.
    pub actor: &'a str,
    /// Why; a customer whose wish is rejected is told.
    pub reason: &'a str,
}

/// Closes the account for good: its contacts and third-party accounts are free for others, and what is personal goes when
/// the company's time is over.
///
/// # Errors
/// `CUSTOMER_API_0000113` for an account that was frozen meanwhile, by its owner perhaps, who never asked; else the store's.
pub fn approve(tx: &mut Tx<'_>, company: &Company, pending: &Pending, decision: Decision<'_>) -> Result<()> {
    let customer = &pending.customer;
    if customer.is_locked_by_operator() {
        return Err(Code::SignInLocked.refuse());
    }
    nothing_is_frozen(tx, customer)?;
    kyc::reject_all_pending(tx, company.id, customer.id, "the account is closed", decision.actor)?;
    // While there still are contacts.
    for recipient in contacts(tx, customer)? {
        notices::tell_at(tx, company, &recipient, &customer.lang, "closure-approved", &[])?;
    }
    verification::spend_all(tx, customer)?;
    tx.execute(
        "UPDATE customers SET status = 4, email = NULL, phone_area = NULL, phone = NULL \
         WHERE company_id = $1 AND id = $2",
        params![company.id, customer.id],
    )?;
    for sql in [
        "DELETE FROM third_accounts WHERE company_id = $1 AND customer_id = $2",
        "DELETE FROM freeze_links WHERE company_id = $1 AND customer_id = $2",
    ] {
        tx.execute(sql, params![company.id, customer.id])?;
    }
    session::end_all(tx, company.id, customer.id, None)?;
    told(tx, customer, Status::Closed)?;
    let erase_at = tx.now() + company.settings.closure_retention_days.saturating_mul(DAY_MS);
    decide(tx, pending, (2, erase_at), decision)?;
    audit_of(tx, pending, "closure.approved", decision, erase_at);
    Ok(())
}

/// Lets the customer go on as before, and tells them why.
///
/// # Errors
/// The store's.
pub fn reject(tx: &mut Tx<'_>, company: &Company, pending: &Pending, decision: Decision<'_>) -> Result<()> {
    let customer = &pending.customer;
    tx.execute(
        "UPDATE customers SET status = 1 WHERE company_id = $1 AND id = $2",
        params![company.id, customer.id],
    )?;
    session::end_all(tx, company.id, customer.id, None)?;
    messages::keep(tx, customer, "closure-rejected", &[("reason", decision.reason)])?;
    for recipient in contacts(tx, customer)? {
        let vars = [("reason", decision.reason)];
        notices::tell_at(tx, company, &recipient, &customer.lang, "closure-rejected", &vars)?;
    }
    told(tx, customer, Status::Normal)?;
    decide(tx, pending, (3, 0), decision)?;
    audit_of(tx, pending, "closure.rejected", decision, 0);
    Ok(())
}

/// Lets other systems know where the customer stands now.
fn told(tx: &mut Tx<'_>, customer: &Customer, status: Status) -> Result<()> {
    let data = json!({ "status": status as i64 });
    Ok(events::emit(tx, customer.company_id, "customer.status_changed", customer.id, data)?)
}

fn decide(
    tx: &mut Tx<'_>,
    pending: &Pending,
    (state, erase_at): (i64, i64),
    decision: Decision<'_>,
) -> Result<()> {
    let now = tx.now();
    let decided = tx.execute(
        "UPDATE closures SET state = $3, decided_at = $4, decided_by = $5, reason = $6, erase_at = $7 \
         WHERE company_id = $1 AND id = $2 AND state = 1",
        params![
            pending.customer.company_id,
            pending.id,
            state,
            now,
            decision.actor,
            decision.reason,
            erase_at
        ],
    )?;
    if decided == 0 {
        return Err(Code::NotFound.refuse());
    }
    tx.touch(pending.customer.id);
    Ok(())
}

/// The reason stays in the closure's own row, which is emptied in time; the log is for ever.
fn audit_of(tx: &mut Tx<'_>, pending: &Pending, action: &'static str, decision: Decision<'_>, erase_at: i64) {
    let detail = json!({ "closure": pending.id, "eraseAt": erase_at });
    let customer = &pending.customer;
    tx.audit(audit::Entry::by_hand(customer.company_id, action, decision.actor, Some(customer.id), detail));
}

/// Where a closure stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It waits for an operator.
    Waiting,
    /// The account is closed.
    Approved,
    /// The customer stays.
    Rejected,
}

impl State {
    /// The number in the column.
    #[must_use]
    pub const fn number(self) -> i64 {
        match self {
            Self::Waiting => 1,
            Self::Approved => 2,
            Self::Rejected => 3,
        }
    }

    /// Its name in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Approved => "approved",
            Self::Rejected => "rejected",
        }
    }
}

/// A closure as operators see it.
#[derive(Debug, Clone)]
pub struct Closure {
    /// Its id.
    pub id: i64,
    /// Whose.
    pub customer_id: i64,
    /// Their number.
    pub number: String,
    /// What the customer said; empty once that is erased.
    pub remark: String,
    /// When they asked.
    pub requested_at: i64,
    /// When an operator decided; 0 for not yet.
    pub decided_at: i64,
    /// Who.
    pub decided_by: String,
    /// Why.
    pub reason: String,
    /// When what is personal goes; 0 for never.
    pub erase_at: i64,
    /// When it went; 0 for not yet.
    pub erased_at: i64,
}

macro_rules! listed {
    ($which:literal) => {
        concat!(
            "SELECT c.id, c.customer_id, p.number, c.remark, c.requested_at, c.decided_at, c.decided_by, c.reason, \
             c.erase_at, c.erased_at FROM closures c JOIN customers p ON p.company_id = c.company_id \
             AND p.id = c.customer_id WHERE c.company_id = $1 AND ",
            $which
        )
    };
}

fn listed_of(row: &Row<'_>) -> custos_store::Result<(Closure, Vec<u8>)> {
    let closure = Closure {
        id: row.get(0)?,
        customer_id: row.get(1)?,
        number: row.get(2)?,
        remark: String::new(),
        requested_at: row.get(4)?,
        decided_at: row.get(5)?,
        decided_by: row.get(6)?,
        reason: row.get(7)?,
        erase_at: row.get(8)?,
        erased_at: row.get(9)?,
    };
    Ok((closure, row.get(3)?))
}

/// The closures in a state, oldest first, after the one of the id `after`.
///
/// # Errors
/// A remark can't be opened, or the store's.
pub fn list(
    tx: &mut Tx<'_>,
    company_id: i64,
    state: State,
    (after, limit): (i64, i64),
) -> Result<Vec<Closure>> {
    let rows = tx.query(
        listed!("c.state = $2 AND c.id > $3 ORDER BY c.id LIMIT $4"),
        params![company_id, state.number(), after, limit],
        listed_of,
    )?;
    with_remarks(tx, company_id, rows)
}

/// All closures that a customer ever asked for, oldest first.
///
/// # Errors
/// A remark can't be opened, or the store's.
pub fn of_customer(tx: &mut Tx<'_>, company_id: i64, customer_id: i64) -> Result<Vec<Closure>> {
    let rows =
        tx.query(listed!("c.customer_id = $2 ORDER BY c.id"), params![company_id, customer_id], listed_of)?;
    with_remarks(tx, company_id, rows)
}

fn with_remarks(tx: &mut Tx<'_>, company_id: i64, rows: Vec<(Closure, Vec<u8>)>) -> Result<Vec<Closure>> {
    let mut all = Vec::with_capacity(rows.len());
    for (mut closure, sealed) in rows {
        // Without the key it is gone, as it shall be.
        if let Some(key) = data_key::find(tx, company_id, closure.customer_id)?
            && !sealed.is_empty()
        {
            let plain = key.open(&remark_context(closure.id), &sealed)?;
            closure.remark = String::from_utf8_lossy(&plain).into_owned();
        }
        all.push(closure);
    }
    Ok(all)
}
