//! What one asset is worth in another: the company's table of rates.

use crate::amount::{self, Amount};
use crate::assets;
use crate::error::{Code, Result};
use crate::exact::{self, RATE_DIGITS};
use custos_store::{EVERYTHING, Row, Tx, audit, params};
use num_rational::BigRational;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// The most rates that are set at once.
pub const MOST_AT_ONCE: usize = 1_000;

/// Who says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// An operator, one rate at a time.
    Operator,
    /// A file.
    File,
    /// A service that is asked for rates.
    Provider,
}

impl Source {
    /// The name in the column.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Operator => "operator",
            Self::File => "file",
            Self::Provider => "provider",
        }
    }
}

/// A rate that someone names: one of the base asset is worth so much of the quote asset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quoted {
    /// The base asset's code.
    pub base: String,
    /// The quote asset's code.
    pub quote: String,
    /// Units of 10^-18, above zero.
    units: Amount,
}

impl Quoted {
    /// Reads a rate out of decimal text.
    ///
    /// # Errors
    /// A sentence for the operator.
    pub fn new(base: &str, quote: &str, rate: &str) -> std::result::Result<Self, String> {
        if base.is_empty() || quote.is_empty() || base == quote {
            return Err(format!("{base:?} and {quote:?} are no two assets"));
        }
        let units = Amount::parse(rate, RATE_DIGITS).filter(|units| units.is_positive());
        let units = units.ok_or_else(|| {
            format!("{rate:?} is no rate: a decimal number above zero, of at most {RATE_DIGITS} decimals")
        })?;
        Ok(Self { base: base.to_owned(), quote: quote.to_owned(), units })
    }

    /// The two codes, in an order that does not hang on which is the base.
    #[must_use]
    pub fn in_order(&self) -> (&str, &str) {
        let (base, quote) = (self.base.as_str(), self.quote.as_str());
        (base.min(quote), base.max(quote))
    }
}

/// A rate as the table has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// What it says.
    pub quoted: Quoted,
    /// Who said so: `operator`, `file` or `provider`.
    pub source: String,
    /// When.
    pub quoted_at: i64,
}

impl Stored {
    /// The rate as decimal text.
    #[must_use]
    pub fn text(&self) -> String {
        exact::brief(&self.number(), RATE_DIGITS)
    }

    fn number(&self) -> BigRational {
        exact::coins(self.quoted.units, RATE_DIGITS)
    }

    /// The rate as it was named, from base to quote.
    #[must_use]
    pub fn rate(&self) -> Rate {
        Rate { number: self.number(), quoted_at: Some(self.quoted_at) }
    }

    /// The rate out of one of the two assets into the other.
    fn out_of(&self, code: &str) -> Rate {
        if self.quoted.base == code { self.rate() } else { self.rate().inverse() }
    }
}

/// What totals are told in, and for how long a rate is believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Valuation {
    /// The asset's code.
    pub currency: String,
    /// A rate is stale after so long; 0 for never.
    pub stale_after_ms: i64,
}

/// A rate that leads from one asset to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rate {
    /// What one of the first is worth in the second, exactly.
    pub number: BigRational,
    /// When the oldest rate that it is made of was named; `None` for an asset in itself.
    pub quoted_at: Option<i64>,
}

impl Rate {
    /// The rate of an asset into itself.
    #[must_use]
    pub fn one() -> Self {
        Self { number: exact::whole(1), quoted_at: None }
    }

    fn inverse(self) -> Self {
        Self { number: self.number.recip(), quoted_at: self.quoted_at }
    }

    fn then(self, other: Self) -> Self {
        let quoted_at = [self.quoted_at, other.quoted_at].into_iter().flatten().min();
        Self { number: self.number * other.number, quoted_at }
    }

    /// From which instant on it is stale.
    #[must_use]
    pub fn stale_at(&self, valuation: &Valuation) -> i64 {
        match self.quoted_at {
            Some(at) if valuation.stale_after_ms > 0 => at.saturating_add(valuation.stale_after_ms),
            _ => i64::MAX,
        }
    }

    /// Whether it is too old to be believed.
    #[must_use]
    pub fn is_stale(&self, valuation: &Valuation, now: i64) -> bool {
        self.stale_at(valuation) <= now
    }
}

/// Names a rate, in place of what the pair (either way round) had before.
///
/// # Errors
/// `CUSTOMER_API_0000315` for an asset that the company does not have; else the store's.
pub fn set(
    tx: &mut Tx<'_>,
    company_id: i64,
    valuation: &str,
    quoted: &Quoted,
    (source, actor): (Source, &str),
) -> Result<()> {
    load(tx, company_id, valuation, std::slice::from_ref(quoted), (source, actor))
}

/// Names several rates, all of them or none.
///
/// # Errors
/// `CUSTOMER_API_0000315` for an asset that the company does not have, `GATEWAY_CODE_104` for more than
/// [`MOST_AT_ONCE`]; else the store's.
pub fn load(
    tx: &mut Tx<'_>,
    company_id: i64,
    valuation: &str,
    all: &[Quoted],
    by: (Source, &str),
) -> Result<()> {
    load_as_of(tx, company_id, valuation, all, by, i64::MAX)
}

/// The same, of rates that were true at an instant, if that has passed. What a service tells late does not take the place
/// of something newer, and what it tells again is no news for the audit log.
///
/// # Errors
/// As [`load`].
pub fn load_as_of(
    tx: &mut Tx<'_>,
    company_id: i64,
    valuation: &str,
    all: &[Quoted],
    (source, actor): (Source, &str),
    at: i64,
) -> Result<()> {
    if all.len() > MOST_AT_ONCE {
        return Err(Code::BadField.with(&["rates"]));
    }
    let known = assets::list(tx, company_id)?;
    let is_known = |code: &str| code == valuation || known.iter().any(|asset| asset.code == code);
    // In one order, so that two who name the same rates do not wait for each other.
    let mut all: Vec<&Quoted> = all.iter().collect();
    all.sort_unstable_by_key(|quoted| quoted.in_order());
    let at = tx.now().min(at);
    let (mut told, mut is_changed) = (Map::new(), false);
    for quoted in all {
        if let Some(code) = [&quoted.base, &quoted.quote].into_iter().find(|code| !is_known(code)) {
            return Err(Code::NotOffered.with(&[code]));
        }
        let before = pair(tx, company_id, &quoted.base, &quoted.quote)?;
        let (first, second) = quoted.in_order();
        let changed = tx.execute(
            "INSERT INTO rates (company_id, first, second, base, rate, source, quoted_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7) \
             ON CONFLICT (company_id, first, second) DO UPDATE SET base = excluded.base, rate = excluded.rate, \
             source = excluded.source, quoted_at = excluded.quoted_at \
             WHERE excluded.source <> 'provider' OR excluded.quoted_at >= rates.quoted_at",
            params![company_id, first, second, &quoted.base, &quoted.units.to_bytes(), source.name(), at],
        )?;
        is_changed |= changed > 0;
        let before = before.map(|rate| exact::brief(&rate.number, RATE_DIGITS));
        let after = exact::brief(&exact::coins(quoted.units, RATE_DIGITS), RATE_DIGITS);
        if changed > 0 && (source != Source::Provider || before.as_ref() != Some(&after)) {
            told.insert(format!("{}/{}", quoted.base, quoted.quote), json!([before, after]));
        }
    }
    if !is_changed {
        return Ok(());
    }
    // What customers read of their accounts is told in the valuation currency.
    tx.touch(EVERYTHING);
    if told.is_empty() {
        return Ok(());
    }
    let detail = json!({ "source": source.name(), "rates": Value::Object(told) });
    tx.audit(audit::Entry::by_hand(company_id, "rates.set", actor, None, detail));
    Ok(())
}

fn stored_of(row: &Row<'_>) -> custos_store::Result<Stored> {
    let (first, second, base): (String, String, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
    let quote = if base == first { second } else { first };
    Ok(Stored {
        quoted: Quoted { base, quote, units: amount::read(row, 3)? },
        source: row.get(4)?,
        quoted_at: row.get(5)?,
    })
}

macro_rules! select {
    () => {
        "SELECT first, second, base, rate, source, quoted_at FROM rates WHERE company_id = $1"
    };
}

/// The company's rates, by pair.
///
/// # Errors
/// The store's.
pub fn list(tx: &mut Tx<'_>, company_id: i64) -> Result<Vec<Stored>> {
    Ok(tx.query(concat!(select!(), " ORDER BY first, second"), params![company_id], stored_of)?)
}

/// When a service last named a rate of the company's.
///
/// # Errors
/// The store's.
pub fn last_provided(tx: &mut Tx<'_>, company_id: i64) -> Result<Option<i64>> {
    Ok(tx.value(
        "SELECT max(quoted_at) FROM rates WHERE company_id = $1 AND source = 'provider'",
        params![company_id],
    )?)
}

/// What was named for a pair, either way round.
fn pair(tx: &mut Tx<'_>, company_id: i64, base: &str, quote: &str) -> Result<Option<Rate>> {
    let found = tx.query_opt(
        concat!(select!(), " AND first = $2 AND second = $3"),
        params![company_id, base.min(quote), base.max(quote)],
        stored_of,
    )?;
    Ok(found.map(|stored| stored.out_of(base)))
}

/// The rate from one asset to another: as it was named, or its inverse, or by way of the valuation currency.
///
/// # Errors
/// `FUND_0000011` where none leads there; else the store's.
pub fn rate(tx: &mut Tx<'_>, company_id: i64, valuation: &str, base: &str, quote: &str) -> Result<Rate> {
    if base == quote {
        return Ok(Rate::one());
    }
    if let Some(direct) = pair(tx, company_id, base, quote)? {
        return Ok(direct);
    }
    let no_rate = || Code::NoRate.with(&[base, quote]);
    if base == valuation || quote == valuation {
        return Err(no_rate());
    }
    let there = pair(tx, company_id, base, valuation)?.ok_or_else(no_rate)?;
    let on = pair(tx, company_id, valuation, quote)?.ok_or_else(no_rate)?;
    Ok(there.then(on))
}

/// The rates into the valuation currency, read once for many accounts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rates {
    /// What they lead to, and for how long they are believed.
    pub valuation: Valuation,
    /// Decimals of the valuation currency.
    pub digits: u32,
    /// When they were read.
    pub now: i64,
    by_code: BTreeMap<String, Rate>,
}

impl Rates {
    /// The rates into a currency of so many decimals.
    #[must_use]
    pub fn new(valuation: Valuation, digits: u32, now: i64, mut by_code: BTreeMap<String, Rate>) -> Self {
        by_code.insert(valuation.currency.clone(), Rate::one());
        Self { valuation, digits, now, by_code }
    }

    /// The rate of an asset, stale or not.
    #[must_use]
    pub fn of(&self, code: &str) -> Option<&Rate> {
        self.by_code.get(code)
    }

    /// The rate of an asset, unless it is stale.
    #[must_use]
    pub fn fresh(&self, code: &str) -> Option<&Rate> {
        self.of(code).filter(|rate| !rate.is_stale(&self.valuation, self.now))
    }

    /// The next instant at which one of them becomes stale.
    #[must_use]
    pub fn good_until(&self) -> i64 {
        let ends = self.by_code.values().map(|rate| rate.stale_at(&self.valuation));
        ends.filter(|end| *end > self.now).min().unwrap_or(i64::MAX)
    }
}

/// Decimals of a valuation currency that is none of the company's assets.
const DIGITS_OF_MONEY: u32 = 2;

/// Reads the rates into the valuation currency.
///
/// # Errors
/// The store's.
pub fn read(tx: &mut Tx<'_>, company_id: i64, valuation: &Valuation) -> Result<Rates> {
    let currency = &valuation.currency;
    let stored = tx.query(
        concat!(select!(), " AND (first = $2 OR second = $2)"),
        params![company_id, currency],
        stored_of,
    )?;
    let digits = tx.query_opt(
        "SELECT digits FROM assets WHERE company_id = $1 AND code = $2",
        params![company_id, currency],
        |row| row.get::<i64>(0),
    )?;
    let by_code = stored.into_iter().map(|stored| {
        let code = if stored.quoted.base == *currency { &stored.quoted.quote } else { &stored.quoted.base };
        (code.clone(), stored.out_of(code))
    });
    let digits = digits.and_then(|digits| u32::try_from(digits).ok()).unwrap_or(DIGITS_OF_MONEY);
    Ok(Rates::new(valuation.clone(), digits, tx.now(), by_code.collect()))
}
