//! What happened with one customer, newest first, out of several sources: each knows its own table, and says what it has
//! before an instant.

use custos_store::{Tx, params};
use data_encoding::BASE64URL_NOPAD;
use serde_json::Value;

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moment {
    /// When.
    pub at: i64,
    /// Where it stands among those of its source at that instant.
    pub key: i64,
    /// What, such as `sign_in` or `money.5`.
    pub what: String,
    /// How it ended.
    pub outcome: String,
    /// Who did it.
    pub actor: String,
    /// The rest.
    pub detail: Value,
}

/// Those before an instant, and at that instant those with a smaller key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Before {
    /// The instant.
    pub at: i64,
    /// The key.
    pub key: i64,
}

/// What a source is asked: whose moments, before when, and how many, newest first.
pub type Source<E> = fn(&mut Tx<'_>, (i64, i64), Before, i64) -> Result<Vec<Moment>, E>;

/// A page of a timeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// Newest first.
    pub moments: Vec<Moment>,
    /// What to ask for next; `None` at the end.
    pub cursor: Option<String>,
}

/// The last moment that was told, and its source's place in the list.
#[derive(Debug, Clone, Copy)]
struct Cursor {
    at: i64,
    source: usize,
    key: i64,
}

impl Cursor {
    fn text(self) -> String {
        BASE64URL_NOPAD.encode(format!("{} {} {}", self.at, self.source, self.key).as_bytes())
    }

    fn parse(text: &str) -> Option<Self> {
        let bytes = BASE64URL_NOPAD.decode(text.as_bytes()).ok()?;
        let text = String::from_utf8(bytes).ok()?;
        let mut parts = text.split(' ');
        let (at, source, key) = (parts.next()?, parts.next()?, parts.next()?);
        let all = Self { at: at.parse().ok()?, source: source.parse().ok()?, key: key.parse().ok()? };
        parts.next().is_none().then_some(all)
    }

    /// Where a source goes on: at the cursor's instant those of sources before its own have been told, those of later ones
    /// not yet.
    fn bound(self, source: usize) -> Before {
        let key = match source.cmp(&self.source) {
            std::cmp::Ordering::Less => i64::MIN,
            std::cmp::Ordering::Equal => self.key,
            std::cmp::Ordering::Greater => i64::MAX,
        };
        Before { at: self.at, key }
    }
}

/// One page out of all sources. `None` for a cursor that is none.
///
/// # Errors
/// A source's.
pub fn page<E>(
    tx: &mut Tx<'_>,
    whose: (i64, i64),
    sources: &[Source<E>],
    cursor: Option<&str>,
    size: usize,
) -> Result<Option<Page>, E> {
    let cursor = match cursor.map(Cursor::parse) {
        None => Cursor { at: i64::MAX, source: 0, key: i64::MAX },
        Some(Some(cursor)) => cursor,
        Some(None) => return Ok(None),
    };
    let asked = i64::try_from(size).unwrap_or(i64::MAX).saturating_add(1);
    let mut all = Vec::new();
    for (place, source) in sources.iter().enumerate() {
        let found = source(tx, whose, cursor.bound(place), asked)?;
        all.extend(found.into_iter().map(|moment| (place, moment)));
    }
    all.sort_by(|(place, one), (other_place, other)| {
        other.at.cmp(&one.at).then(place.cmp(other_place)).then(other.key.cmp(&one.key))
    });
    let is_more = all.len() > size;
    all.truncate(size);
    let last = all.last().map(|(source, moment)| Cursor { at: moment.at, source: *source, key: moment.key });
    let cursor = last.filter(|_| is_more).map(Cursor::text);
    Ok(Some(Page { moments: all.into_iter().map(|(_, moment)| moment).collect(), cursor }))
}

/// What the audit log has of a customer: sign-ins, changes, what operators did.
///
/// # Errors
/// The store's.
pub fn audited(
    tx: &mut Tx<'_>,
    (company_id, customer_id): (i64, i64),
    before: Before,
    limit: i64,
) -> crate::Result<Vec<Moment>> {
    Ok(tx.query(
        "SELECT at, seq, action, outcome, actor, detail FROM audit_log WHERE company_id = $1 AND customer_id = $2 \
         AND (at < $3 OR (at = $3 AND seq < $4)) ORDER BY at DESC, seq DESC LIMIT $5",
        params![company_id, customer_id, before.at, before.key, limit],
        |row| {
            Ok(Moment {
                at: row.get(0)?,
                key: row.get(1)?,
                what: row.get(2)?,
                outcome: row.get(3)?,
                actor: row.get(4)?,
                detail: serde_json::from_str(&row.get::<String>(5)?).unwrap_or_default(),
            })
        },
    )?)
}
