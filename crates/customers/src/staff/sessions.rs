//! Sessions of staff: an opaque random token, stored as its hash only. They are few and short, and each call reads its
//! own anew: what a member may do ends the moment that it is taken from them.

use super::permissions::{Permission, Permissions};
use super::roles;
use crate::company::{OfficeSettings, minutes_ms};
use crate::error::Result;
use crate::network;
use crate::session::{Origin, token_hash};
use custos_store::{MINUTE_MS, Row, Tx, params};
use data_encoding::BASE64URL_NOPAD;

/// What kind of caller a session is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A member: a person.
    Member,
    /// An app: a program.
    App,
}

impl Kind {
    fn number(self) -> i64 {
        match self {
            Self::Member => 1,
            Self::App => 2,
        }
    }
}

/// Who calls the back office.
#[derive(Debug, Clone)]
pub struct Officer {
    /// Their session's id.
    pub session_id: i64,
    /// Whose company.
    pub company_id: i64,
    /// The member's or the app's id.
    pub id: i64,
    /// A person or a program.
    pub kind: Kind,
    /// The member's name, or the app's id.
    pub name: String,
    /// Their roles, with commas between them.
    pub roles: String,
    /// What they may do.
    pub permissions: Permissions,
    /// When they signed in.
    pub signed_in_at: i64,
    /// Who answers for what is done: the member, or the owner of a program; `None` for a program without one.
    pub person: Option<i64>,
    /// When the session was last seen.
    seen_at: i64,
}

impl Officer {
    /// As the audit log names them.
    #[must_use]
    pub fn actor(&self) -> String {
        match self.kind {
            Kind::Member => format!("staff:{}", self.name),
            Kind::App => format!("app:{}", self.name),
        }
    }

    /// Whether they may.
    #[must_use]
    pub fn may(&self, permission: Permission) -> bool {
        self.permissions.has(permission)
    }

    /// Whether it is time to note that the session is used: a write a call would be too many.
    #[must_use]
    pub fn is_to_be_noted(&self, settings: &OfficeSettings, now: i64) -> bool {
        now - self.seen_at >= (minutes_ms(settings.session_idle_minutes) / 4).min(MINUTE_MS)
    }
}

/// Opens a session that ends at `no_later` in any case; returns its token, which is told once.
pub(super) fn open(
    tx: &mut Tx<'_>,
    settings: &OfficeSettings,
    company_id: i64,
    (kind, whose): (Kind, i64),
    no_later: i64,
    origin: &Origin,
) -> Result<String> {
    let token = BASE64URL_NOPAD.encode(&tx.random::<32>()?);
    let (id, now) = (tx.new_id(), tx.now());
    let ends_at = no_later.min(now + minutes_ms(settings.session_longest_minutes));
    let expires_at = ends_at.min(now + minutes_ms(settings.session_idle_minutes));
    tx.execute(
        "INSERT INTO staff_sessions (token_hash, id, company_id, kind, whose, address, agent, signed_in_at, seen_at, \
         ends_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8, $9, $10)",
        params![
            &token_hash(&token),
            id,
            company_id,
            kind.number(),
            whose,
            &origin.address,
            &origin.agent,
            now,
            ends_at,
            expires_at
        ],
    )?;
    Ok(token)
}

struct Found {
    session_id: i64,
    kind: i64,
    whose: i64,
    signed_in_at: i64,
    seen_at: i64,
}

/// Who a token of this company is of, if it is alive and may be used from this address.
///
/// # Errors
/// The store's.
pub fn find(
    tx: &mut Tx<'_>,
    company_id: i64,
    token_hash: &[u8; 32],
    address: &str,
) -> Result<Option<Officer>> {
    let now = tx.now();
    let found = tx.query_opt(
        "SELECT id, kind, whose, signed_in_at, seen_at FROM staff_sessions \
         WHERE token_hash = $1 AND company_id = $2 AND expires_at > $3",
        params![token_hash, company_id, now],
        |row| {
            Ok(Found {
                session_id: row.get(0)?,
                kind: row.get(1)?,
                whose: row.get(2)?,
                signed_in_at: row.get(3)?,
                seen_at: row.get(4)?,
            })
        },
    )?;
    let Some(found) = found else { return Ok(None) };
    let kind = if found.kind == Kind::App.number() { Kind::App } else { Kind::Member };
    let named = |row: &Row<'_>| {
        Ok((row.get::<String>(0)?, row.get::<String>(1)?, row.get::<String>(2)?, row.get::<Option<i64>>(3)?))
    };
    let whose = match kind {
        Kind::Member => tx.query_opt(
            "SELECT name, roles, '', id FROM staff_members WHERE company_id = $1 AND id = $2 AND enabled = 1",
            params![company_id, found.whose],
            named,
        )?,
        Kind::App => tx.query_opt(
            "SELECT app_id, roles, networks, owner_id FROM staff_apps WHERE company_id = $1 AND id = $2 AND enabled = 1 \
             AND valid_until > $3",
            params![company_id, found.whose, now],
            named,
        )?,
    };
    let Some((name, roles, networks, person)) = whose else { return Ok(None) };
    let networks: Vec<&str> = networks.split(',').filter(|network| !network.is_empty()).collect();
    if !network::admits(&networks, address) {
        return Ok(None);
    }
    let permissions = roles::permissions_of(tx, company_id, &roles)?;
    Ok(Some(Officer {
        session_id: found.session_id,
        company_id,
        id: found.whose,
        kind,
        name,
        roles,
        permissions,
        signed_in_at: found.signed_in_at,
        person,
        seen_at: found.seen_at,
    }))
}

/// Notes that the session was used, which puts its end off.
///
/// # Errors
/// The store's.
pub fn see(tx: &mut Tx<'_>, settings: &OfficeSettings, officer: &Officer) -> Result<()> {
    let now = tx.now();
    let idle_end = now + minutes_ms(settings.session_idle_minutes);
    tx.execute(
        "UPDATE staff_sessions SET seen_at = $4, \
         expires_at = CASE WHEN ends_at < $5 THEN ends_at ELSE CAST($5 AS BIGINT) END \
         WHERE company_id = $1 AND whose = $2 AND id = $3 AND expires_at > $4",
        params![officer.company_id, officer.id, officer.session_id, now, idle_end],
    )?;
    Ok(())
}

/// Ends one session.
///
/// # Errors
/// The store's.
pub fn end(tx: &mut Tx<'_>, officer: &Officer) -> Result<()> {
    tx.execute(
        "DELETE FROM staff_sessions WHERE company_id = $1 AND whose = $2 AND id = $3",
        params![officer.company_id, officer.id, officer.session_id],
    )?;
    Ok(())
}

/// Ends all sessions of a member or an app.
pub(super) fn end_all(tx: &mut Tx<'_>, company_id: i64, whose: i64) -> custos_store::Result<u64> {
    tx.execute("DELETE FROM staff_sessions WHERE company_id = $1 AND whose = $2", params![company_id, whose])
}
