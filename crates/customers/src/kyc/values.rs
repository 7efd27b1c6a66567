//! What customers tell, checked against what is asked.

use super::plan::{CARD_TYPES, Element, Level, Show};
use crate::countries;
use crate::error::{Code, Result};
use crate::files;
use custos_store::{Error as StoreError, Tx};
use std::collections::BTreeMap;

/// What a customer told, by element.
pub type Values = BTreeMap<String, String>;

/// What a request tells: codes and values.
pub type Given = Vec<(String, String)>;

const LONGEST: usize = 500;
const LONGEST_LINK: usize = 2_000;
/// 1900 and 2200.
const DAYS: std::ops::Range<i64> = -2_208_988_800_000..7_258_118_400_000;

/// What was told, and what of it concerns the identity document.
#[derive(Debug, Default)]
pub(super) struct Checked {
    pub(super) values: Values,
    /// The document's number, without what is not of it.
    pub(super) document: Option<String>,
    pub(super) document_until: Option<i64>,
}

/// Checks what was told. A draft may lack something; nothing in it may be wrong.
///
/// # Errors
/// `CUSTOMER_API_0000620` with the element's code, or the store's.
pub(super) fn check(
    tx: &mut Tx<'_>,
    (company_id, customer_id): (i64, i64),
    level: &Level,
    (given, card_type): (&Given, Option<&str>),
    is_whole: bool,
) -> Result<Checked> {
    let mut told = Values::new();
    for (code, value) in given {
        let value = value.trim();
        if !value.is_empty() && told.insert(code.clone(), value.to_owned()).is_some() {
            return Err(bad(code));
        }
    }
    if let Some(group) = level.elements.iter().find(|element| element.show == Show::InputGroup) {
        name_card(&mut told, group, card_type);
        // Without a kind, nothing would be asked that comes with one.
        let is_nameless = told.contains_key(&group.code);
        if is_whole && is_nameless && level.elements.iter().any(|element| element.with.is_some()) {
            return Err(bad(&group.code));
        }
    }
    let cards: Vec<&str> = CARD_TYPES.into_iter().filter(|code| told.contains_key(*code)).collect();
    let card = cards.first().copied();
    let mut checked = Checked::default();
    for element in &level.elements {
        // While a draft's kind of document is unknown, it may have what comes with any.
        let is_asked = element.with.as_deref().is_none_or(|kind| card.map_or(!is_whole, |card| card == kind));
        let code =
            if element.show == Show::InputGroup { card.unwrap_or(&element.code) } else { &element.code };
        if element.show == Show::InputGroup && cards.len() > 1 {
            return Err(bad(code));
        }
        // What is not asked is not kept, whatever a client sends.
        match told.get(code).filter(|_| is_asked) {
            None if is_whole && is_asked && !element.optional => return Err(bad(&element.code)),
            None => {}
            Some(value) => {
                let value =
                    fitting(tx, (company_id, customer_id), element, value)?.ok_or_else(|| bad(code))?;
                if element.document {
                    checked.document = Some(document_number(&value).ok_or_else(|| bad(code))?);
                }
                if element.expiry {
                    let until: i64 = value.parse().map_err(|_| bad(code))?;
                    if until <= tx.now() {
                        return Err(bad(code));
                    }
                    checked.document_until = Some(until);
                }
                checked.values.insert(code.to_owned(), value);
            }
        }
    }
    Ok(checked)
}

/// Puts a document's number that came under its element's own code under the kind that was named beside the values,
/// unless a kind was told among them.
fn name_card(told: &mut Values, group: &Element, card_type: Option<&str>) {
    let Some(kind) = CARD_TYPES.into_iter().find(|kind| Some(*kind) == card_type) else { return };
    if CARD_TYPES.iter().all(|code| !told.contains_key(*code))
        && let Some(number) = told.remove(&group.code)
    {
        told.insert(kind.to_owned(), number);
    }
}

fn bad(code: &str) -> crate::Error {
    Code::KycElement.with(&[code])
}

/// The value as it is kept, if it fits.
fn fitting(tx: &mut Tx<'_>, whose: (i64, i64), element: &Element, value: &str) -> Result<Option<String>> {
    let longest = if element.show == Show::Image { LONGEST_LINK } else { LONGEST };
    if value.chars().count() > longest || value.chars().any(char::is_control) {
        return Ok(None);
    }
    let kept = match element.show {
        Show::Input => Some(value.to_owned()),
        Show::InputGroup => document_number(value).map(|_| value.to_owned()),
        Show::Date => day(value),
        Show::Image => own_file(tx, whose, value)?,
        Show::Choice => element.choices.iter().find(|choice| *choice == value).cloned(),
        Show::Country => countries::parse(value).map(countries::Country::code),
    };
    // A pattern was compiled when the plan was loaded.
    let pattern = element.pattern().map_err(StoreError::Internal)?;
    Ok(kept.filter(|_| pattern.is_none_or(|pattern| pattern.is_match(value))))
}

fn day(text: &str) -> Option<String> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    text.parse().ok().filter(|day: &i64| DAYS.contains(day)).map(|day| day.to_string())
}

/// A document's number as it is compared: capital letters and digits only.
pub(super) fn document_number(text: &str) -> Option<String> {
    let plain: String = text
        .chars()
        .filter(|c| !matches!(c, ' ' | '-' | '.' | '/'))
        .map(|c| c.to_ascii_uppercase())
        .collect();
    let fits = (4..=40).contains(&plain.len()) && plain.bytes().all(|byte| byte.is_ascii_alphanumeric());
    fits.then_some(plain)
}

/// The file that a link points at, as it is kept: without what made the link good for a while. It must be one that this
/// customer handed in, and stays as long as their data does.
fn own_file(tx: &mut Tx<'_>, (company_id, customer_id): (i64, i64), link: &str) -> Result<Option<String>> {
    let Some(id) = files::id_in_link(link) else { return Ok(None) };
    if !files::owned(tx, company_id, customer_id, id)? {
        return Ok(None);
    }
    files::claim(tx, company_id, customer_id, id)?;
    Ok(Some(files::path(company_id, id)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn one_number_has_one_spelling() {
        for text in ["e1234-567", "E1234567", " E1 234 567", "e1234.567"] {
            assert_eq!(document_number(text).as_deref(), Some("E1234567"), "{text}");
        }
        for text in ["", "123", "１２３４５", "E1234_567", "é12345", &"1".repeat(41)] {
            assert_eq!(document_number(text), None, "{text}");
        }
    }

    #[test]
    fn days_are_milliseconds() {
        for (text, kept) in [
            ("0", Some("0")),
            ("-86400000", Some("-86400000")),
            ("1990-01-01", None),
            ("+5", None),
            ("", None),
            ("-", None),
            ("99999999999999", None),
            ("99999999999999999999999999", None),
        ] {
            assert_eq!(day(text).as_deref(), kept, "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_normal_number_is_its_own_normal_form(text in ".{0,50}") {
            if let Some(number) = document_number(&text) {
                prop_assert_eq!(document_number(&number), Some(number.clone()));
            }
        }
    }
}
