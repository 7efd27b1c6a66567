//! Login and fund passwords: set, changed, reset.
//!
//! A hash is slow, so it is computed between two transactions: the first checks the proofs and hands out the stored
//! hashes ([`Plan`]), the second checks the proofs again, makes sure that nothing has changed meanwhile, and spends them.

use crate::changes::{self, By, Change};
use crate::common_passwords;
use crate::company::Company;
use crate::customer::{self, Customer};
use crate::error::{Code, Error, Result};
use crate::hashing::{HashError, Hasher, Md5Secret};
use crate::limits::{self, Guard, Try};
use crate::step_up::{self, Given, Proved, Warrant};
use custos_store::{DAY_MS, HOUR_MS, MINUTE_MS, Tx, audit, params};
use serde_json::json;

/// Which password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// For signing in.
    Login,
    /// For moving money.
    Fund,
}

impl Which {
    fn of(self, customer: &Customer) -> Option<&String> {
        match self {
            Self::Login => customer.login_password.as_ref(),
            Self::Fund => customer.fund_password.as_ref(),
        }
    }

    fn other(self) -> Self {
        match self {
            Self::Login => Self::Fund,
            Self::Fund => Self::Login,
        }
    }

    fn change(self) -> Change {
        match self {
            Self::Login => Change::LoginPassword,
            Self::Fund => Change::FundPassword,
        }
    }

    /// Under what tries of the old password are counted.
    fn guard_subject(self, tx: &Tx<'_>, customer: &Customer) -> [u8; 32] {
        let label: &[u8] = if self == Self::Login { b"login" } else { b"fund" };
        let parts: [&[u8]; 3] = [&customer.company_id.to_be_bytes(), &customer.id.to_be_bytes(), label];
        tx.keys().keyed_hash("old password tries", &parts)
    }

    /// Reads a new password and refuses weak ones.
    ///
    /// # Errors
    /// `CUSTOMER_API_0000139`.
    pub fn strong(self, text: &str) -> Result<Md5Secret> {
        let secret = Md5Secret::parse(text).ok_or_else(|| Code::WeakPassword.refuse())?;
        let common = match self {
            Self::Login => common_passwords::is_common(secret.as_bytes()),
            Self::Fund => common_passwords::is_common_fund_password(secret.as_bytes()),
        };
        if common { Err(Code::WeakPassword.refuse()) } else { Ok(secret) }
    }
}

/// How a password comes to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// There must be none yet.
    First,
    /// The old one is known.
    Change,
    /// The old one is forgotten: all sessions end, and a lock on signing in is lifted.
    Reset,
}

/// Old passwords tried through a session.
const OLD_GUARD: Guard = Guard { tries: 5, lock_ms: 30 * MINUTE_MS, life_ms: 30 * DAY_MS };

/// What hashes are to be compared before a password can be set.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Whose.
    pub customer_id: i64,
    /// The hash of the password that is being replaced.
    pub own: Option<String>,
    /// The hash of the other password, which the new one must not equal.
    pub other: Option<String>,
    guard: Option<[u8; 32]>,
}

/// That a password was found to match a stored hash. It stands only against that very hash.
#[derive(Debug, Clone)]
pub struct Verified {
    which: Which,
    hash: String,
}

impl Verified {
    /// Compares a password with the stored hash of `plan`; `None` when it is wrong.
    ///
    /// # Errors
    /// The hasher is busy or out of order.
    pub async fn compare(
        hasher: &Hasher,
        which: Which,
        plan: &Plan,
        secret: Md5Secret,
    ) -> std::result::Result<Option<Self>, HashError> {
        let verdict = hasher.verify(secret, plan.own.as_deref()).await?;
        Ok(plan.own.clone().filter(|_| verdict.matches).map(|hash| Self { which, hash }))
    }

    /// The stored hash must still be the one that was compared.
    pub(crate) fn hold_against(&self, _: &mut Tx<'_>, customer: &Customer) -> Result<()> {
        if self.which.of(customer) == Some(&self.hash) {
            Ok(())
        } else {
            Err(Code::WrongOldPassword.refuse())
        }
    }
}

/// Which customer a request is about: the signed-in one, or the one that a guest names.
#[derive(Debug, Clone)]
pub enum Whose {
    /// The session's.
    Own(i64),
    /// By name.
    Named(customer::Name),
}

fn find(tx: &mut Tx<'_>, company: &Company, whose: &Whose, wrong: Code) -> Result<Customer> {
    match whose {
        Whose::Own(id) => customer::lock(tx, company.id, *id),
        // No such customer: as if the code were wrong, which it can't help being.
        Whose::Named(name) => customer::lock_by_name(tx, company.id, name).map_err(|error| match error {
            Error::Refused(_) => wrong.refuse(),
            failed => failed,
        }),
    }
}

/// First transaction: checks what can be checked without a hash, and reserves the try of an old password.
///
/// # Errors
/// The refusal of a need, `CUSTOMER_API_0000133` or `0135` when there is one already, `0103`, a lock; else the store's.
pub fn plan<W: Warrant>(
    tx: &mut Tx<'_>,
    company: &Company,
    whose: &Whose,
    (which, manner): (Which, Manner),
    given: &Given,
) -> Result<Plan> {
    let customer = find_to_change(tx, company, whose, given)?;
    if manner == Manner::First && which.of(&customer).is_some() {
        return Err(already(which));
    }
    // The old password is not known to be right yet, so it is taken for right here and held against the hash later.
    let mut assumed = given.clone();
    if manner == Manner::Change {
        assumed.old_password = which.of(&customer).cloned().map(|hash| Verified { which, hash });
    }
    // Checked, not spent: a wrong code must not cost a hash, and a right one is spent with the change.
    let _checked: Proved<W> = step_up::prove(tx, company, &customer, &assumed)?;
    // Reserved only now: whoever mistypes a code has not guessed at the password.
    let mut guard = None;
    if manner == Manner::Change {
        let subject = which.guard_subject(tx, &customer);
        if limits::reserve(tx, OLD_GUARD, &subject, company.id, Some(customer.id))? == Try::Locked {
            return Err(locked(which));
        }
        guard = Some(subject);
    }
    let other = which.other().of(&customer).cloned();
    Ok(Plan { customer_id: customer.id, own: which.of(&customer).cloned(), other, guard })
}

fn find_to_change(tx: &mut Tx<'_>, company: &Company, whose: &Whose, given: &Given) -> Result<Customer> {
    let found = find(tx, company, whose, Code::WrongCode);
    // A name that is no account costs a look at the code like one that is.
    if let (Err(Error::Refused(_)), Whose::Named(_), Some(recipient)) = (&found, whose, &given.named) {
        let kinds = [crate::verification::Kind {
            channel: recipient.channel(),
            purpose: crate::verification::Purpose::Password,
        }];
        let shown = crate::verification::Shown {
            proof: given.old.proof.as_deref(),
            ticket: given.old.ticket.as_deref(),
            code: given.old.code.as_deref(),
        };
        let _ = crate::verification::check(tx, company.id, &kinds, recipient, shown, Code::WrongCode)?;
    }
    found
}

fn already(which: Which) -> Error {
    match which {
        Which::Login => Code::LoginPasswordSet.refuse(),
        Which::Fund => Code::FundPasswordSet.refuse(),
    }
}

fn locked(which: Which) -> Error {
    match which {
        Which::Login => Code::SignInLocked.refuse(),
        Which::Fund => Code::FundPasswordLocked.with(&["5", "1"]),
    }
}

/// The old password was wrong: its try stays counted, and it is written down.
///
/// # Errors
/// The store's.
pub fn wrong_old(tx: &mut Tx<'_>, company: &Company, plan: &Plan, which: Which, by: &By) -> Result<()> {
    tx.audit(audit::Entry {
        company_id: company.id,
        action: which.change().action(),
        outcome: "wrong_old_password".to_owned(),
        actor: "customer".to_owned(),
        customer_id: Some(plan.customer_id),
        address: Some(by.origin.address.clone()),
        trace: Some(by.origin.trace.clone()),
        detail: json!({}),
    });
    Ok(())
}

/// Gives the try of an old password back that was never compared.
///
/// # Errors
/// The store's.
pub fn give_back(tx: &mut Tx<'_>, plan: &Plan) -> Result<()> {
    plan.guard.as_ref().map_or(Ok(()), |subject| limits::give_back(tx, subject, OLD_GUARD))
}

/// The old password was right, though something else is wrong: the row of wrong ones ends.
///
/// # Errors
/// The store's.
pub fn right_old(tx: &mut Tx<'_>, plan: &Plan) -> Result<()> {
    plan.guard.as_ref().map_or(Ok(()), |subject| limits::clear(tx, subject))
}

/// Second transaction: sets the password. `false`, and nothing is set, when the customer's other password has been
/// changed since the plan, so that the new one was not compared with it.
///
/// # Errors
/// The refusal of a need, or of what has changed since the plan; else the store's.
pub fn set<W: Warrant>(
    tx: &mut Tx<'_>,
    company: &Company,
    (which, manner): (Which, Manner),
    plan: &Plan,
    given: &Given,
    (hash, by): (&str, &By),
) -> Result<bool> {
    right_old(tx, plan)?;
    let customer = customer::lock(tx, company.id, plan.customer_id)?;
    // Whoever changed it meanwhile has the newer word.
    if which.of(&customer) != plan.own.as_ref() {
        return Err(if manner == Manner::First { already(which) } else { Code::WrongOldPassword.refuse() });
    }
    let proved: Proved<W> = step_up::prove(tx, company, &customer, given)?;
    if which.other().of(&customer) != plan.other.as_ref() {
        return Ok(false);
    }
    proved.spend(tx)?;
    let sql = match which {
        Which::Login => "UPDATE customers SET login_password = $3 WHERE company_id = $1 AND id = $2",
        Which::Fund => "UPDATE customers SET fund_password = $3 WHERE company_id = $1 AND id = $2",
    };
    tx.execute(sql, params![company.id, customer.id, hash])?;
    if manner == Manner::Reset {
        lift_locks(tx, &customer, which)?;
    }
    changes::follow(tx, company, &customer, which.change(), by)?;
    Ok(true)
}

/// A reset ends the rows of wrong tries of that password, and what they locked; those of the other password and of the
/// second factor stay.
fn lift_locks(tx: &mut Tx<'_>, customer: &Customer, which: Which) -> Result<()> {
    if which == Which::Fund {
        let fund = Which::Fund.guard_subject(tx, customer);
        tx.execute("DELETE FROM try_guards WHERE subject = $1", params![&fund])?;
        return Ok(());
    }
    forget_sign_ins(tx, customer)?;
    tx.execute(
        "UPDATE customers SET locked_until = 0 WHERE company_id = $1 AND id = $2",
        params![customer.company_id, customer.id],
    )?;
    Ok(())
}

/// Under what wrong tries of the authenticator and of the fund password are counted.
pub(crate) fn guards_that_stay(tx: &Tx<'_>, customer: &Customer) -> [[u8; 32]; 2] {
    [crate::mfa::guard_subject(tx, customer), Which::Fund.guard_subject(tx, customer)]
}

/// Forgets wrong tries of signing in, and what they locked. Those of the authenticator and of the fund password stay:
/// whoever guesses at these must not get new tries by asking to be let in.
///
/// # Errors
/// The store's.
pub(crate) fn forget_sign_ins(tx: &mut Tx<'_>, customer: &Customer) -> Result<()> {
    let [mfa, fund] = guards_that_stay(tx, customer);
    tx.execute(
        "DELETE FROM try_guards WHERE company_id = $1 AND customer_id = $2 AND subject <> $3 AND subject <> $4",
        params![customer.company_id, customer.id, &mfa, &fund],
    )?;
    Ok(())
}

const _: () = assert!(OLD_GUARD.lock_ms <= HOUR_MS);
