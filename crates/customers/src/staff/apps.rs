//! Apps: programs that call the back office by an id and a secret of 256 bits.

use super::members::{self, Giver};
use super::roles;
use super::sessions::{self, Kind};
use crate::company::Company;
use crate::error::{Code, Result as RuleResult};
use crate::network;
use crate::operator::{self, Error, Result};
use crate::session::Origin;
use custos_store::{DAY_MS, Tx, audit, params};
use data_encoding::{BASE32_NOPAD, BASE64URL_NOPAD};
use serde_json::json;
use subtle::ConstantTimeEq;

/// The longest that an app's secret is good.
pub const LONGEST_DAYS: i64 = 730;

/// An app.
#[derive(Debug, Clone)]
pub struct App {
    /// Its id, which it names itself by.
    pub app_id: String,
    /// What it is for.
    pub name: String,
    /// Its roles, with commas between them.
    pub roles: String,
    /// The networks that it may call from, with commas between them; empty for any.
    pub networks: String,
    /// Whether it may call.
    pub enabled: bool,
    /// Until when its secret is good.
    pub valid_until: i64,
}

/// An app to be.
#[derive(Debug, Clone)]
pub struct New {
    /// What it is for.
    pub name: String,
    /// Its roles.
    pub roles: Vec<String>,
    /// The networks that it may call from; empty for any.
    pub networks: Vec<String>,
    /// For how many days its secret is good.
    pub days: i64,
    /// The member who answers for it and holds its secret: they approve nothing that it proposes. Without one it proposes
    /// nothing that takes two.
    pub owner: Option<String>,
}

/// What a new app is told, once.
#[derive(Debug)]
pub struct Told {
    /// Its id.
    pub app_id: String,
    /// Its secret.
    pub secret: String,
}

fn secret_hash(tx: &Tx<'_>, company_id: i64, app_id: &str, secret: &str) -> [u8; 32] {
    tx.keys().keyed_hash("app secret", &[&company_id.to_be_bytes(), app_id.as_bytes(), secret.as_bytes()])
}

/// Adds an app.
///
/// # Errors
/// A name, network or time that can't be, an unknown role, one beyond the giver; else the store's.
pub fn add(tx: &mut Tx<'_>, company_id: i64, new: &New, giver: Giver<'_>) -> Result<Told> {
    operator::company(tx, company_id)?;
    if new.name.trim().is_empty() || new.name.chars().count() > 100 || new.name.chars().any(char::is_control)
    {
        return Err(Error::Said("an app has a name of 1 to 100 characters".to_owned()));
    }
    if !(1..=LONGEST_DAYS).contains(&new.days) {
        return Err(Error::Said(format!("an app's secret is good for 1 to {LONGEST_DAYS} days")));
    }
    network::parse_all(&new.networks).map_err(|problem| Error::Said(problem.to_string()))?;
    let roles = roles::checked(tx, company_id, &new.roles)?;
    giver.may_give(tx, company_id, &roles)?;
    let owner = new.owner.as_deref().map(|name| members::the_one(tx, company_id, name)).transpose()?;
    let app_id = BASE32_NOPAD.encode(&tx.random::<10>()?).to_ascii_lowercase();
    let secret = BASE64URL_NOPAD.encode(&tx.random::<32>()?);
    let hash = secret_hash(tx, company_id, &app_id, &secret);
    let (id, now) = (tx.new_id(), tx.now());
    let networks = new.networks.join(",");
    tx.execute(
        "INSERT INTO staff_apps (company_id, id, app_id, name, roles, secret_hash, networks, enabled, valid_until, \
         created_at, owner_id) VALUES ($1, $2, $3, $4, $5, $6, $7, 1, $8, $9, $10)",
        params![
            company_id,
            id,
            &app_id,
            new.name.trim(),
            &roles,
            &hash,
            &networks,
            now + new.days * DAY_MS,
            now,
            owner.as_ref().map(|owner| owner.id)
        ],
    )?;
    let detail =
        json!({ "app": app_id, "roles": roles, "networks": networks, "days": new.days, "owner": new.owner });
    tx.audit(audit::Entry::by_hand(company_id, "staff.app_add", giver.actor, None, detail));
    Ok(Told { app_id, secret })
}

/// All apps of a company.
///
/// # Errors
/// The store's.
pub fn list(tx: &mut Tx<'_>, company_id: i64) -> custos_store::Result<Vec<App>> {
    tx.query(
        "SELECT app_id, name, roles, networks, enabled, valid_until FROM staff_apps WHERE company_id = $1 ORDER BY id",
        params![company_id],
        |row| {
            Ok(App {
                app_id: row.get(0)?,
                name: row.get(1)?,
                roles: row.get(2)?,
                networks: row.get(3)?,
                enabled: row.get::<i64>(4)? == 1,
                valid_until: row.get(5)?,
            })
        },
    )
}

/// Takes an app out of use for good; its sessions end.
///
/// # Errors
/// There is none of that id; else the store's.
pub fn remove(tx: &mut Tx<'_>, company_id: i64, app_id: &str, giver: Giver<'_>) -> Result<()> {
    let found = tx.query_opt(
        "SELECT id, roles FROM staff_apps WHERE company_id = $1 AND app_id = $2 AND enabled = 1 FOR UPDATE",
        params![company_id, app_id],
        |row| Ok((row.get::<i64>(0)?, row.get::<String>(1)?)),
    )?;
    let (id, roles) =
        found.ok_or_else(|| Error::Said(format!("company {company_id} has no app {app_id} in use")))?;
    giver.may_give(tx, company_id, &roles)?;
    tx.execute(
        "UPDATE staff_apps SET enabled = 0 WHERE company_id = $1 AND id = $2",
        params![company_id, id],
    )?;
    sessions::end_all(tx, company_id, id)?;
    let detail = json!({ "app": app_id });
    tx.audit(audit::Entry::by_hand(company_id, "staff.app_remove", giver.actor, None, detail));
    Ok(())
}

/// Opens a session of an app. A secret of 256 bits is not guessed, so tries are not counted: nobody can lock an app out.
///
/// # Errors
/// `CUSTOMER_API_0000112` for an id or secret that is none (any more), or an address it may not call from; else the store's.
pub fn auth(
    tx: &mut Tx<'_>,
    company: &Company,
    app_id: &str,
    secret: &str,
    origin: &Origin,
) -> RuleResult<String> {
    let given = secret_hash(tx, company.id, app_id, secret);
    let now = tx.now();
    let found = tx.query_opt(
        "SELECT id, secret_hash, networks, valid_until FROM staff_apps WHERE company_id = $1 AND app_id = $2 \
         AND enabled = 1 AND valid_until > $3",
        params![company.id, app_id, now],
        |row| Ok((row.get::<i64>(0)?, row.get::<Vec<u8>>(1)?, row.get::<String>(2)?, row.get::<i64>(3)?)),
    )?;
    let is_right = |hash: &[u8]| bool::from(hash.ct_eq(&given));
    let entry = |outcome: &str, app: Option<&str>| audit::Entry {
        company_id: company.id,
        action: "staff.app_auth",
        outcome: outcome.to_owned(),
        actor: app.map_or_else(|| "guest".to_owned(), |app| format!("app:{app}")),
        customer_id: None,
        address: Some(origin.address.clone()),
        trace: Some(origin.trace.clone()),
        detail: json!({}),
    };
    let known = found.is_some().then_some(app_id);
    tx.audit_refusal(entry("wrong_secret", known));
    let (id, _, networks, valid_until) =
        found.filter(|(_, hash, ..)| is_right(hash)).ok_or_else(|| Code::WrongSignIn.refuse())?;
    let networks: Vec<&str> = networks.split(',').filter(|network| !network.is_empty()).collect();
    if !network::admits(&networks, &origin.address) {
        tx.audit_refusal(entry("address", known));
        return Err(Code::WrongSignIn.refuse());
    }
    tx.audit(entry("ok", known));
    let whose = (Kind::App, id);
    sessions::open(tx, &company.settings.office, company.id, whose, valid_until, origin)
}
