//! What a customer may not do for a time, by an operator's word: one row a scope. A freeze whose time is over counts for
//! nothing, whether or not its row is still there.

use crate::customer::LOCKED_BY_OPERATOR;
use crate::error::Result;
use custos_store::{Tx, params};

/// What can be frozen apart from the rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// Signing in.
    SignIn,
    /// Money out: withdrawals, and transfers to others.
    Withdraw,
    /// Transfers, out of the customer's accounts and into them.
    Transfer,
    /// Loans, and what the trading system asks about.
    Trade,
}

impl Scope {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::SignIn, Self::Withdraw, Self::Transfer, Self::Trade];

    /// Its name, as it is stored and shown.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SignIn => "sign_in",
            Self::Withdraw => "withdraw",
            Self::Transfer => "transfer",
            Self::Trade => "trade",
        }
    }

    /// The scope of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == name)
    }
}

/// `until` of a freeze that ends by an operator's word only.
pub const WITHOUT_END: i64 = LOCKED_BY_OPERATOR;

/// A freeze that holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Freeze {
    /// Of what.
    pub scope: Scope,
    /// Why, for operators.
    pub reason: String,
    /// By whom.
    pub actor: String,
    /// Since when.
    pub created_at: i64,
    /// Until when; [`WITHOUT_END`] for no end.
    pub until: i64,
}

/// The customer's freezes that hold now.
///
/// # Errors
/// The store's.
pub fn list(tx: &mut Tx<'_>, company_id: i64, customer_id: i64) -> Result<Vec<Freeze>> {
    let now = tx.now();
    let all = tx.query(
        "SELECT scope, reason, actor, created_at, until FROM customer_freezes \
         WHERE company_id = $1 AND customer_id = $2 AND until > $3 ORDER BY scope",
        params![company_id, customer_id, now],
        |row| {
            let scope = Scope::parse(&row.get::<String>(0)?);
            let (reason, actor) = (row.get(1)?, row.get(2)?);
            let (created_at, until) = (row.get(3)?, row.get(4)?);
            Ok(scope.map(|scope| Freeze { scope, reason, actor, created_at, until }))
        },
    )?;
    Ok(all.into_iter().flatten().collect())
}

/// Until when one of the scopes is frozen; `None` when none is.
///
/// # Errors
/// The store's.
pub fn until(tx: &mut Tx<'_>, company_id: i64, customer_id: i64, scopes: &[Scope]) -> Result<Option<i64>> {
    let all = list(tx, company_id, customer_id)?;
    Ok(all.into_iter().filter(|freeze| scopes.contains(&freeze.scope)).map(|freeze| freeze.until).max())
}

/// Whether one of the scopes is frozen now.
///
/// # Errors
/// The store's.
pub fn is_frozen(tx: &mut Tx<'_>, company_id: i64, customer_id: i64, scopes: &[Scope]) -> Result<bool> {
    Ok(until(tx, company_id, customer_id, scopes)?.is_some())
}
