//! Roles: named sets of permissions, some built in, others a company's own.

use super::permissions::{Permission, Permissions};
use crate::operator::{self, Error, Result};
use Permission as P;
use custos_store::{Tx, audit, params};
use serde_json::json;
use std::collections::BTreeSet;

/// The roles that every company has.
pub const BUILT_IN: [&str; 6] = ["viewer", "support", "kyc_reviewer", "finance", "security_admin", "owner"];

const VIEWER: &[Permission] = &[P::ViewCustomers, P::ViewKyc, P::ViewMoney, P::ViewProposals];
const SUPPORT: &[Permission] = &[
    P::ViewCustomers,
    P::ViewKyc,
    P::ViewMoney,
    P::ViewProposals,
    P::EditCustomers,
    P::AddCustomers,
    P::FreezeCustomers,
    P::ResetCredentials,
    P::ViewCodes,
];
const KYC_REVIEWER: &[Permission] =
    &[P::ViewCustomers, P::UnmaskCustomers, P::ViewKyc, P::ViewDocuments, P::ReviewKyc, P::ViewProposals];
const FINANCE: &[Permission] = &[
    P::ViewCustomers,
    P::ViewMoney,
    P::AdjustMoney,
    P::ApproveMoney,
    P::LockAccounts,
    P::SetRates,
    P::ExportData,
    P::ViewProposals,
];
/// With all that viewers and support may, or it could not look after them: nobody acts on who may do more.
const SECURITY_ADMIN: &[Permission] = &[
    P::ViewCustomers,
    P::ViewKyc,
    P::ViewMoney,
    P::AddCustomers,
    P::UnmaskCustomers,
    P::EditCustomers,
    P::FreezeCustomers,
    P::ResetCredentials,
    P::ChangeContacts,
    P::ApproveCustomers,
    P::ReviewClosures,
    P::ViewCodes,
    P::ReadEvents,
    P::ViewAudit,
    P::ViewProposals,
    P::ManageStaff,
];

fn built_in(name: &str) -> Option<Permissions> {
    Some(match name {
        "viewer" => Permissions::of(VIEWER),
        "support" => Permissions::of(SUPPORT),
        "kyc_reviewer" => Permissions::of(KYC_REVIEWER),
        "finance" => Permissions::of(FINANCE),
        "security_admin" => Permissions::of(SECURITY_ADMIN),
        "owner" => Permissions::all(),
        _ => return None,
    })
}

/// A role with what it allows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Role {
    /// Its name.
    pub name: String,
    /// What those who have it may do.
    pub permissions: Permissions,
    /// Whether every company has it.
    pub is_built_in: bool,
}

/// The permissions of a list as it is stored. A name that is no permission (any more) allows nothing.
fn stored(text: &str) -> Permissions {
    Permissions::of(&text.split(',').filter_map(Permission::parse).collect::<Vec<_>>())
}

/// All roles of a company.
///
/// # Errors
/// The store's.
pub fn list(tx: &mut Tx<'_>, company_id: i64) -> custos_store::Result<Vec<Role>> {
    let mut all: Vec<Role> = BUILT_IN
        .iter()
        .filter_map(|name| {
            Some(Role { name: (*name).to_owned(), permissions: built_in(name)?, is_built_in: true })
        })
        .collect();
    all.extend(tx.query(
        "SELECT name, permissions FROM staff_roles WHERE company_id = $1 ORDER BY name",
        params![company_id],
        |row| {
            let permissions = stored(&row.get::<String>(1)?);
            Ok(Role { name: row.get(0)?, permissions, is_built_in: false })
        },
    )?);
    Ok(all)
}

/// What roles, written with commas between them, allow together. A role that is gone allows nothing.
///
/// # Errors
/// The store's.
pub fn permissions_of(tx: &mut Tx<'_>, company_id: i64, roles: &str) -> custos_store::Result<Permissions> {
    let mut all = Permissions::default();
    for name in roles.split(',').filter(|name| !name.is_empty()) {
        all = all.and(match built_in(name) {
            Some(permissions) => permissions,
            None => tx
                .query_opt(
                    "SELECT permissions FROM staff_roles WHERE company_id = $1 AND name = $2",
                    params![company_id, name],
                    |row| row.get::<String>(0),
                )?
                .map_or(Permissions::default(), |text| stored(&text)),
        });
    }
    Ok(all)
}

/// The list of roles in the form that is stored: each once, in order, all known to the company.
///
/// # Errors
/// None is named or one is unknown; else the store's.
pub fn checked(tx: &mut Tx<'_>, company_id: i64, roles: &[String]) -> Result<String> {
    let known = list(tx, company_id)?;
    let wanted: BTreeSet<&str> =
        roles.iter().map(|role| role.trim()).filter(|role| !role.is_empty()).collect();
    if wanted.is_empty() {
        return Err(Error::Said("name at least one role".to_owned()));
    }
    if let Some(unknown) = wanted.iter().find(|name| !known.iter().any(|role| role.name == **name)) {
        let names = known.iter().map(|role| role.name.as_str()).collect::<Vec<_>>().join(", ");
        return Err(Error::Said(format!("company {company_id} has no role {unknown}; it has {names}")));
    }
    Ok(wanted.into_iter().collect::<Vec<_>>().join(","))
}

/// Makes a role of the company's own, or changes it.
///
/// # Errors
/// A name that can't be or is built in, a permission that there is not; else the store's.
pub fn set(tx: &mut Tx<'_>, company_id: i64, name: &str, permissions: &[String], actor: &str) -> Result<()> {
    operator::company(tx, company_id)?;
    let fits = (2..=32).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    if !fits {
        return Err(Error::Said(
            "a role's name has 2 to 32 small letters, digits and underscores".to_owned(),
        ));
    }
    if built_in(name).is_some() {
        return Err(Error::Said(format!("{name} is a built-in role, which stays as it is")));
    }
    let mut all = Vec::new();
    for permission in permissions {
        let known = Permission::parse(permission.trim())
            .ok_or_else(|| Error::Said(format!("there is no permission {permission}")))?;
        all.push(known);
    }
    let text = Permissions::of(&all).names().join(",");
    let before = tx.query_opt(
        "SELECT permissions FROM staff_roles WHERE company_id = $1 AND name = $2 FOR UPDATE",
        params![company_id, name],
        |row| row.get::<String>(0),
    )?;
    tx.execute(
        "INSERT INTO staff_roles (company_id, name, permissions) VALUES ($1, $2, $3) \
         ON CONFLICT (company_id, name) DO UPDATE SET permissions = excluded.permissions",
        params![company_id, name, &text],
    )?;
    let detail = json!({ "role": name, "permissions": [before, text] });
    tx.audit(audit::Entry::by_hand(company_id, "staff.role", actor, None, detail));
    Ok(())
}

/// Removes a role of the company's own. Whoever has it may from now on do what their other roles allow.
///
/// # Errors
/// There is none of that name; else the store's.
pub fn remove(tx: &mut Tx<'_>, company_id: i64, name: &str, actor: &str) -> Result<()> {
    let removed =
        tx.execute("DELETE FROM staff_roles WHERE company_id = $1 AND name = $2", params![company_id, name])?;
    if removed == 0 {
        return Err(Error::Said(format!("company {company_id} has no role {name} of its own")));
    }
    let detail = json!({ "role": name });
    tx.audit(audit::Entry::by_hand(company_id, "staff.role_removed", actor, None, detail));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_role_but_the_owner_can_make_itself_larger() {
        for name in BUILT_IN {
            let permissions = built_in(name).unwrap();
            assert_eq!(permissions.has(Permission::GrantRoles), name == "owner", "{name}");
            assert_eq!(permissions == Permissions::all(), name == "owner", "{name}");
        }
    }

    #[test]
    fn the_security_admin_looks_after_viewers_and_support() {
        let security = built_in("security_admin").unwrap();
        assert!(security.cover(built_in("viewer").unwrap()) && security.cover(built_in("support").unwrap()));
    }

    #[test]
    fn who_looks_after_money_does_not_look_after_credentials() {
        let (finance, security) = (built_in("finance").unwrap(), built_in("security_admin").unwrap());
        for permission in [P::ResetCredentials, P::ChangeContacts, P::ApproveCustomers, P::ManageStaff] {
            assert!(!finance.has(permission));
        }
        for permission in [P::AdjustMoney, P::ApproveMoney] {
            assert!(!security.has(permission));
        }
    }
}
