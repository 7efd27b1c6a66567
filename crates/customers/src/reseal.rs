//! Sealing again what older keys sealed, in batches, while the server runs.

use crate::data_key::seal_context as key_context;
use crate::error::Result;
use crate::mfa::seal_context as totp_context;
use crate::staff;
use crate::third_party::secret_context;
use custos_delivery::{outbox, webhooks};
use custos_store::{Tx, params};

/// A sealed column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Column {
    /// Messages that wait.
    Outbox,
    /// Authenticators' secrets.
    Authenticators,
    /// Companies' secrets.
    CompanySecrets,
    /// Customers' own keys.
    CustomerKeys,
    /// Secrets of receivers of events.
    Webhooks,
    /// Authenticators' secrets of staff.
    StaffAuthenticators,
    /// The same of those who are invited.
    StaffInvitations,
}

impl Column {
    /// Every sealed column there is. A new one joins here, or its values are lost when a key is retired.
    pub const ALL: [Self; 7] = [
        Self::Outbox,
        Self::Authenticators,
        Self::CompanySecrets,
        Self::CustomerKeys,
        Self::StaffAuthenticators,
        Self::StaffInvitations,
        Self::Webhooks,
    ];

    /// Its table.
    #[must_use]
    pub fn table(self) -> &'static str {
        match self {
            Self::Outbox => "outbox",
            Self::Authenticators => "totp_secrets",
            Self::CompanySecrets => "company_secrets",
            Self::CustomerKeys => "customer_keys",
            Self::Webhooks => "webhooks",
            Self::StaffAuthenticators => "staff_members",
            Self::StaffInvitations => "staff_invitations",
        }
    }

    /// How many of its values are not sealed under the newest key.
    ///
    /// # Errors
    /// The store's.
    pub fn stale(self, tx: &mut Tx<'_>) -> Result<i64> {
        let mark = tx.keys().newest_mark();
        let sql = match self {
            Self::Outbox => {
                "SELECT count(*) FROM outbox WHERE payload IS NOT NULL AND substr(payload, 1, 5) <> $1"
            }
            Self::Authenticators => "SELECT count(*) FROM totp_secrets WHERE substr(secret, 1, 5) <> $1",
            Self::CompanySecrets => "SELECT count(*) FROM company_secrets WHERE substr(sealed, 1, 5) <> $1",
            Self::CustomerKeys => "SELECT count(*) FROM customer_keys WHERE substr(sealed, 1, 5) <> $1",
            Self::Webhooks => {
                "SELECT count(*) FROM webhooks WHERE substr(secret, 1, 5) <> $1 \
                 OR (old_secret IS NOT NULL AND substr(old_secret, 1, 5) <> $1)"
            }
            Self::StaffAuthenticators => {
                "SELECT count(*) FROM staff_members WHERE totp IS NOT NULL AND substr(totp, 1, 5) <> $1"
            }
            Self::StaffInvitations => {
                "SELECT count(*) FROM staff_invitations WHERE secret IS NOT NULL AND substr(secret, 1, 5) <> $1"
            }
        };
        Ok(tx.value(sql, params![&mark])?)
    }

    /// Seals up to `limit` of them again; says how many.
    ///
    /// # Errors
    /// A value can't be opened, or the store's.
    pub fn reseal(self, tx: &mut Tx<'_>, limit: i64) -> Result<u64> {
        match self {
            Self::Outbox => Ok(outbox::reseal(tx, limit)?),
            Self::Authenticators => authenticators(tx, limit),
            Self::CompanySecrets => company_secrets(tx, limit),
            Self::CustomerKeys => customer_keys(tx, limit),
            Self::Webhooks => Ok(webhooks::reseal(tx, limit)?),
            Self::StaffAuthenticators => staff::reseal_authenticators(tx, limit),
            Self::StaffInvitations => staff::reseal_invitations(tx, limit),
        }
    }
}

fn authenticators(tx: &mut Tx<'_>, limit: i64) -> Result<u64> {
    let mark = tx.keys().newest_mark();
    let rows = tx.query(
        "SELECT company_id, customer_id, id, secret FROM totp_secrets WHERE substr(secret, 1, 5) <> $1 \
         LIMIT $2 FOR UPDATE",
        params![&mark, limit],
        |row| Ok((row.get::<i64>(0)?, row.get::<i64>(1)?, row.get::<i64>(2)?, row.get::<Vec<u8>>(3)?)),
    )?;
    let mut done = 0;
    for (company_id, customer_id, id, sealed) in rows {
        let context = totp_context(customer_id, id);
        let fresh = tx.keys().seal(&context, &tx.keys().open(&context, &sealed)?)?;
        done += tx.execute(
            "UPDATE totp_secrets SET secret = $4 WHERE company_id = $1 AND customer_id = $2 AND id = $3",
            params![company_id, customer_id, id, &fresh],
        )?;
    }
    Ok(done)
}

fn company_secrets(tx: &mut Tx<'_>, limit: i64) -> Result<u64> {
    let mark = tx.keys().newest_mark();
    let rows = tx.query(
        "SELECT company_id, name, sealed FROM company_secrets WHERE substr(sealed, 1, 5) <> $1 LIMIT $2 FOR UPDATE",
        params![&mark, limit],
        |row| Ok((row.get::<i64>(0)?, row.get::<String>(1)?, row.get::<Vec<u8>>(2)?)),
    )?;
    let mut done = 0;
    for (company_id, name, sealed) in rows {
        let context = secret_context(company_id, &name);
        let fresh = tx.keys().seal(&context, &tx.keys().open(&context, &sealed)?)?;
        done += tx.execute(
            "UPDATE company_secrets SET sealed = $3 WHERE company_id = $1 AND name = $2",
            params![company_id, &name, &fresh],
        )?;
    }
    Ok(done)
}

fn customer_keys(tx: &mut Tx<'_>, limit: i64) -> Result<u64> {
    let mark = tx.keys().newest_mark();
    let rows = tx.query(
        "SELECT company_id, customer_id, sealed FROM customer_keys WHERE substr(sealed, 1, 5) <> $1 \
         LIMIT $2 FOR UPDATE",
        params![&mark, limit],
        |row| Ok((row.get::<i64>(0)?, row.get::<i64>(1)?, row.get::<Vec<u8>>(2)?)),
    )?;
    let mut done = 0;
    for (company_id, customer_id, sealed) in rows {
        let context = key_context(company_id, customer_id);
        let fresh = tx.keys().seal(&context, &tx.keys().open(&context, &sealed)?)?;
        done += tx.execute(
            "UPDATE customer_keys SET sealed = $3 WHERE company_id = $1 AND customer_id = $2",
            params![company_id, customer_id, &fresh],
        )?;
    }
    Ok(done)
}

/// How many passwords are hashed with a pepper other than `newest`: they are remade when their owners sign in.
///
/// # Errors
/// The store's.
pub fn stale_passwords(tx: &mut Tx<'_>, newest: u32) -> Result<i64> {
    let pattern = format!("{newest}:%");
    Ok(tx.value(
        "SELECT (SELECT count(*) FROM customers WHERE (login_password IS NOT NULL AND login_password NOT LIKE $1) \
         OR (fund_password IS NOT NULL AND fund_password NOT LIKE $1)) \
         + (SELECT count(*) FROM staff_members WHERE password IS NOT NULL AND password NOT LIKE $1)",
        params![&pattern],
    )?)
}
