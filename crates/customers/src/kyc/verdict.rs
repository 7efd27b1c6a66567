//! What a provider outside says of an application: advice for those who decide or, where the company wants that, the
//! decision.

use super::{Application, Rejection, State, approve, key_of, lock, note, reject};
use crate::company::Company;
use crate::error::{Code, Result};
use custos_store::{Error as StoreError, Tx, params};
use serde_json::json;

/// Verdicts kept of one application.
const MOST: i64 = 100;

/// What a provider says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Says {
    /// It is true.
    Approve,
    /// It is not.
    Reject,
    /// Someone has to look at it: a hit on a list, a picture that can't be read.
    Review,
}

impl Says {
    const ALL: [Self; 3] = [Self::Approve, Self::Reject, Self::Review];

    /// The word on the wire and in the table.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Reject => "reject",
            Self::Review => "review",
        }
    }

    /// The verdict of a word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|says| says.as_str() == word)
    }
}

/// A message of a provider.
#[derive(Debug, Clone)]
pub struct Verdict {
    /// By which it is known again.
    pub message_id: String,
    /// The application.
    pub application: i64,
    /// The revision that was looked at.
    pub revision: i64,
    /// Which provider, in a word.
    pub source: String,
    /// What it says.
    pub says: Says,
    /// For staff: what was found.
    pub text: String,
    /// What a rejection tells the customer, by what it says of elements, and whether they may try again.
    pub rejection: Rejection,
}

/// What became of a verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// It was the decision.
    Decided,
    /// It is shown to those who decide.
    Noted,
    /// It had come before.
    Before,
}

/// A verdict as those who decide read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// Which provider.
    pub source: String,
    /// What it says.
    pub says: String,
    /// Of which revision.
    pub revision: i64,
    /// What was found; empty where the customer's key is gone.
    pub text: String,
    /// When it came.
    pub at: i64,
}

fn seal_context(company_id: i64, id: i64) -> String {
    format!("kyc verdict:{company_id}:{id}")
}

/// Takes a verdict in, once. It decides where the company lets it, nobody has claimed the application, and (to approve) no
/// other customer has shown the same document; a wish for review never decides.
///
/// # Errors
/// `CUSTOMER_API_0000003` for no such application, `0001631` where it changed since, `0000608` where no decision is due,
/// `GATEWAY_CODE_104` for words that don't fit; else as [`approve`] and [`reject`].
pub fn take(tx: &mut Tx<'_>, company: &Company, verdict: &Verdict) -> Result<Taken> {
    let fits = |text: &str, longest: usize| {
        text.chars().count() <= longest && !text.chars().any(|c| c.is_control() && c != '\n')
    };
    let is_word = |text: &str| {
        (1..=40).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
    };
    if !is_word(&verdict.source) {
        return Err(Code::BadField.with(&["source"]));
    }
    if !fits(&verdict.text, 500) {
        return Err(Code::BadField.with(&["text"]));
    }
    let (_, application) = lock(tx, company.id, verdict.application)?;
    if !keep(tx, &application, verdict)? {
        return Ok(Taken::Before);
    }
    if !application.state.is_pending() {
        return Err(Code::KycNotPending.refuse());
    }
    if application.revision != verdict.revision {
        return Err(Code::KycChanged.refuse());
    }
    let actor = format!("provider:{}", verdict.source);
    let is_shared = !super::review::others_with_document(tx, &application)?.is_empty();
    let may_decide = company.settings.kyc_provider_decides && application.state == State::Submitted;
    let key = (company.id, application.id, application.revision);
    let decided = match verdict.says {
        Says::Approve if may_decide && !is_shared => {
            let why = if verdict.text.trim().is_empty() { "approved by the provider" } else { &verdict.text };
            approve(tx, key.0, key.1, key.2, (&actor, why))?;
            true
        }
        Says::Reject if may_decide => {
            reject(tx, key.0, key.1, key.2, (&actor, &verdict.rejection))?;
            true
        }
        _ => false,
    };
    let detail = json!({
        "application": application.id, "level": application.level, "says": verdict.says.as_str(), "decided": decided,
    });
    note(tx, (company.id, application.customer_id), "kyc.verdict", &actor, detail);
    Ok(if decided { Taken::Decided } else { Taken::Noted })
}

/// Whether it is new.
fn keep(tx: &mut Tx<'_>, application: &Application, verdict: &Verdict) -> Result<bool> {
    let (company_id, id, now) = (application.company_id, tx.new_id(), tx.now());
    let key = key_of(tx, application)?.ok_or_else(|| Code::NotFound.refuse())?;
    let sealed = key.seal(&seal_context(company_id, id), verdict.text.as_bytes())?;
    let kept = tx.execute(
        "INSERT INTO kyc_verdicts (company_id, message_id, id, application_id, customer_id, revision, source, says, sealed, \
         created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (company_id, message_id) DO NOTHING",
        params![
            company_id,
            &verdict.message_id,
            id,
            application.id,
            application.customer_id,
            verdict.revision,
            &verdict.source,
            verdict.says.as_str(),
            &sealed,
            now
        ],
    )?;
    let count: i64 = tx.value(
        "SELECT count(*) FROM kyc_verdicts WHERE company_id = $1 AND application_id = $2",
        params![company_id, application.id],
    )?;
    // A provider that says more than that of one application is out of order.
    if count > MOST { Err(Code::BadField.with(&["application"])) } else { Ok(kept > 0) }
}

/// What providers said of an application, oldest first.
///
/// # Errors
/// A text can't be opened, or the store's.
pub(super) fn of(tx: &mut Tx<'_>, application: &Application) -> Result<Vec<Shown>> {
    let all = tx.query(
        "SELECT id, source, says, revision, sealed, created_at FROM kyc_verdicts \
         WHERE company_id = $1 AND application_id = $2 ORDER BY id",
        params![application.company_id, application.id],
        |row| {
            let shown = Shown {
                source: row.get(1)?,
                says: row.get(2)?,
                revision: row.get(3)?,
                text: String::new(),
                at: row.get(5)?,
            };
            Ok((row.get::<i64>(0)?, row.get::<Vec<u8>>(4)?, shown))
        },
    )?;
    let Some(key) = key_of(tx, application)? else {
        return Ok(all.into_iter().map(|(_, _, shown)| shown).collect());
    };
    let open = |(id, sealed, shown): (i64, Vec<u8>, Shown)| {
        let plain = key.open(&seal_context(application.company_id, id), &sealed)?;
        let text = String::from_utf8(plain.to_vec())
            .map_err(|_| StoreError::Internal("a verdict is no text".to_owned()))?;
        Ok(Shown { text, ..shown })
    };
    all.into_iter().map(open).collect()
}
