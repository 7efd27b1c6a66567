//! Members of staff: who they are, their roles, whether they may come in.

use super::permissions::Permissions;
use super::{enrolment, roles, sessions};
use crate::email::Email;
use crate::operator::{self, Error, Result};
use custos_store::{Row, Tx, audit, params};
use serde_json::json;

/// A member of staff.
#[derive(Debug, Clone)]
pub struct Member {
    /// Their id.
    pub id: i64,
    /// The name that they sign in with, which stays.
    pub name: String,
    /// Where they are written to.
    pub email: String,
    /// Their roles, with commas between them.
    pub roles: String,
    /// Whether they may come in.
    pub enabled: bool,
    /// The stored hash of their password, once they have chosen one.
    pub(super) password: Option<String>,
    /// Their authenticator's secret, sealed.
    pub(super) totp: Option<Vec<u8>>,
    /// The last step whose code was used.
    pub(super) totp_step: i64,
    /// When they were added.
    pub created_at: i64,
    /// The last sign-in; 0 for none.
    pub signed_in_at: i64,
}

impl Member {
    /// Whether they have chosen a password and an authenticator.
    #[must_use]
    pub fn is_enrolled(&self) -> bool {
        self.password.is_some() && self.totp.is_some()
    }
}

/// The place in the database that an authenticator's secret is sealed for.
pub(super) fn seal_context(company_id: i64, member_id: i64) -> String {
    format!("staff totp:{company_id}:{member_id}")
}

macro_rules! columns {
    () => {
        "id, name, email, roles, enabled, password, totp, totp_step, created_at, signed_in_at"
    };
}

fn member_of(row: &Row<'_>) -> custos_store::Result<Member> {
    Ok(Member {
        id: row.get(0)?,
        name: row.get(1)?,
        email: row.get(2)?,
        roles: row.get(3)?,
        enabled: row.get::<i64>(4)? == 1,
        password: row.get(5)?,
        totp: row.get(6)?,
        totp_step: row.get(7)?,
        created_at: row.get(8)?,
        signed_in_at: row.get(9)?,
    })
}

/// The member of a name, if there is one.
///
/// # Errors
/// The store's.
pub fn by_name(tx: &mut Tx<'_>, company_id: i64, name: &str) -> custos_store::Result<Option<Member>> {
    let name = name.to_ascii_lowercase();
    tx.query_opt(
        concat!("SELECT ", columns!(), " FROM staff_members WHERE company_id = $1 AND name = $2"),
        params![company_id, &name],
        member_of,
    )
}

/// The member of an id, locked until the end of the transaction.
///
/// # Errors
/// The store's.
pub(super) fn lock(tx: &mut Tx<'_>, company_id: i64, id: i64) -> custos_store::Result<Option<Member>> {
    tx.query_opt(
        concat!("SELECT ", columns!(), " FROM staff_members WHERE company_id = $1 AND id = $2 FOR UPDATE"),
        params![company_id, id],
        member_of,
    )
}

/// All members of a company.
///
/// # Errors
/// The store's.
pub fn list(tx: &mut Tx<'_>, company_id: i64) -> custos_store::Result<Vec<Member>> {
    tx.query(
        concat!("SELECT ", columns!(), " FROM staff_members WHERE company_id = $1 ORDER BY name"),
        params![company_id],
        member_of,
    )
}

/// The member of a name, who must be there, locked.
///
/// # Errors
/// There is none, or the store's.
pub fn the_one(tx: &mut Tx<'_>, company_id: i64, name: &str) -> Result<Member> {
    let found = by_name(tx, company_id, name)?.map(|member| member.id);
    let locked = found.map_or(Ok(None), |id| lock(tx, company_id, id))?;
    locked.ok_or_else(|| Error::Said(format!("company {company_id} has no member of staff {name}")))
}

/// Who gives someone a role, and how far that may go.
#[derive(Debug, Clone, Copy)]
pub struct Giver<'a> {
    /// As the audit log names them.
    pub actor: &'a str,
    /// What they may do themselves: nobody gives more than that, nor touches someone who may do more.
    pub own: Permissions,
}

impl<'a> Giver<'a> {
    /// Whoever runs the command line has the whole database before them.
    #[must_use]
    pub fn at_the_keyboard(actor: &'a str) -> Self {
        Self { actor, own: Permissions::all() }
    }

    /// Refuses to reach beyond what the giver may do themselves.
    ///
    /// # Errors
    /// It would; else the store's.
    pub fn may_give(&self, tx: &mut Tx<'_>, company_id: i64, roles: &str) -> Result<()> {
        let wanted = roles::permissions_of(tx, company_id, roles)?;
        if self.own.cover(wanted) {
            return Ok(());
        }
        Err(Error::Said("nobody gives, or acts on, more than they may do themselves".to_owned()))
    }
}

/// A new member, who has still to choose a password and an authenticator.
#[derive(Debug, Clone)]
pub struct New {
    /// The name to sign in with.
    pub name: String,
    /// Where to write to.
    pub email: String,
    /// Their roles.
    pub roles: Vec<String>,
}

/// What is wrong with a member to be, without adding them; the roles and address in the form that is stored.
///
/// # Errors
/// A name or address that can't be, a taken name, an unknown role, one beyond the giver; else the store's.
pub fn check_new(tx: &mut Tx<'_>, company_id: i64, new: &New, giver: Giver<'_>) -> Result<(String, Email)> {
    operator::company(tx, company_id)?;
    let fits = (2..=64).contains(&new.name.len())
        && new.name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._-@".contains(&b));
    if !fits {
        return Err(Error::Said("a name has 2 to 64 small letters, digits and . _ - @".to_owned()));
    }
    let email =
        Email::parse(&new.email).ok_or_else(|| Error::Said("that is no e-mail address".to_owned()))?;
    let roles = roles::checked(tx, company_id, &new.roles)?;
    giver.may_give(tx, company_id, &roles)?;
    if by_name(tx, company_id, &new.name)?.is_some() {
        return Err(Error::Said(format!("company {company_id} has a member of staff {} already", new.name)));
    }
    Ok((roles, email))
}

/// Adds a member; returns the code of their invitation, which is told once.
///
/// # Errors
/// As [`check_new`]'s.
pub fn add(tx: &mut Tx<'_>, company_id: i64, new: &New, giver: Giver<'_>) -> Result<String> {
    let (roles, email) = check_new(tx, company_id, new, giver)?;
    let (id, now) = (tx.new_id(), tx.now());
    let added = tx.execute(
        "INSERT INTO staff_members (company_id, id, name, email, roles, enabled, created_at) \
         VALUES ($1, $2, $3, $4, $5, 1, $6) ON CONFLICT (company_id, name) DO NOTHING",
        params![company_id, id, &new.name, email.as_str(), &roles, now],
    )?;
    if added == 0 {
        return Err(Error::Said(format!("company {company_id} has a member of staff {} already", new.name)));
    }
    let detail = json!({ "member": new.name, "roles": roles });
    tx.audit(audit::Entry::by_hand(company_id, "staff.add", giver.actor, None, detail));
    Ok(enrolment::invite(tx, company_id, id)?)
}

/// Invites a member anew, who has lost the password or the authenticator: both end, and so do the sessions.
///
/// # Errors
/// No such member, one who may do more than the giver; else the store's.
pub fn invite(tx: &mut Tx<'_>, company_id: i64, name: &str, giver: Giver<'_>) -> Result<String> {
    let member = the_one(tx, company_id, name)?;
    giver.may_give(tx, company_id, &member.roles)?;
    tx.execute(
        "UPDATE staff_members SET password = NULL, totp = NULL, totp_step = 0 WHERE company_id = $1 AND id = $2",
        params![company_id, member.id],
    )?;
    sessions::end_all(tx, company_id, member.id)?;
    forget_tries(tx, company_id, member.id)?;
    let detail = json!({ "member": member.name });
    tx.audit(audit::Entry::by_hand(company_id, "staff.invite", giver.actor, None, detail));
    Ok(enrolment::invite(tx, company_id, member.id)?)
}

/// Gives a member other roles. What they may do follows at once, in open sessions too.
///
/// # Errors
/// No such member or role, more than the giver may do, the giver's own roles; else the store's.
pub fn set_roles(
    tx: &mut Tx<'_>,
    company_id: i64,
    name: &str,
    wanted: &[String],
    giver: Giver<'_>,
) -> Result<()> {
    let member = check_roles(tx, company_id, name, wanted, giver)?;
    let roles = roles::checked(tx, company_id, wanted)?;
    tx.execute(
        "UPDATE staff_members SET roles = $3 WHERE company_id = $1 AND id = $2",
        params![company_id, member.id, &roles],
    )?;
    let detail = json!({ "member": member.name, "roles": [member.roles, roles] });
    tx.audit(audit::Entry::by_hand(company_id, "staff.roles", giver.actor, None, detail));
    Ok(())
}

/// What is wrong with giving a member these roles, without doing it.
///
/// # Errors
/// As [`set_roles`]'s.
pub fn check_roles(
    tx: &mut Tx<'_>,
    company_id: i64,
    name: &str,
    wanted: &[String],
    giver: Giver<'_>,
) -> Result<Member> {
    let member = the_one(tx, company_id, name)?;
    if giver.actor == format!("staff:{}", member.name) {
        return Err(Error::Said("nobody changes their own roles".to_owned()));
    }
    let roles = roles::checked(tx, company_id, wanted)?;
    giver.may_give(tx, company_id, &roles)?;
    giver.may_give(tx, company_id, &member.roles)?;
    Ok(member)
}

/// Takes a member out of use, which ends their sessions, or brings them back.
///
/// # Errors
/// No such member, one who may do more than the giver; else the store's.
pub fn set_enabled(
    tx: &mut Tx<'_>,
    company_id: i64,
    name: &str,
    enabled: bool,
    giver: Giver<'_>,
) -> Result<()> {
    let member = the_one(tx, company_id, name)?;
    giver.may_give(tx, company_id, &member.roles)?;
    tx.execute(
        "UPDATE staff_members SET enabled = $3 WHERE company_id = $1 AND id = $2",
        params![company_id, member.id, enabled],
    )?;
    if !enabled {
        sessions::end_all(tx, company_id, member.id)?;
    }
    let detail = json!({ "member": member.name, "enabled": [member.enabled, enabled] });
    tx.audit(audit::Entry::by_hand(company_id, "staff.enabled", giver.actor, None, detail));
    Ok(())
}

/// Lifts the locks that wrong passwords or codes have drawn.
///
/// # Errors
/// No such member, one who may do more than the giver; else the store's.
pub fn unlock(tx: &mut Tx<'_>, company_id: i64, name: &str, giver: Giver<'_>) -> Result<()> {
    let member = the_one(tx, company_id, name)?;
    giver.may_give(tx, company_id, &member.roles)?;
    forget_tries(tx, company_id, member.id)?;
    let detail = json!({ "member": member.name });
    tx.audit(audit::Entry::by_hand(company_id, "staff.unlock", giver.actor, None, detail));
    Ok(())
}

/// Tries are counted under the member's id, which no customer has: ids are of one kind for all.
fn forget_tries(tx: &mut Tx<'_>, company_id: i64, member_id: i64) -> custos_store::Result<()> {
    tx.execute(
        "DELETE FROM try_guards WHERE company_id = $1 AND customer_id = $2",
        params![company_id, member_id],
    )?;
    Ok(())
}

/// Seals authenticators' secrets again under the newest key.
///
/// # Errors
/// A value can't be opened, or the store's.
pub fn reseal_authenticators(tx: &mut Tx<'_>, limit: i64) -> crate::Result<u64> {
    let mark = tx.keys().newest_mark();
    let rows = tx.query(
        "SELECT company_id, id, totp FROM staff_members WHERE totp IS NOT NULL AND substr(totp, 1, 5) <> $1 \
         LIMIT $2 FOR UPDATE",
        params![&mark, limit],
        |row| Ok((row.get::<i64>(0)?, row.get::<i64>(1)?, row.get::<Vec<u8>>(2)?)),
    )?;
    let mut done = 0;
    for (company_id, id, sealed) in rows {
        let context = seal_context(company_id, id);
        let fresh = tx.keys().seal(&context, &tx.keys().open(&context, &sealed)?)?;
        done += tx.execute(
            "UPDATE staff_members SET totp = $3 WHERE company_id = $1 AND id = $2",
            params![company_id, id, &fresh],
        )?;
    }
    Ok(done)
}
