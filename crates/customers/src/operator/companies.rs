//! Companies and their groups.

use super::{Error, Result, company};
use crate::company::{self as companies, CROSS, Company, Group, Settings};
use custos_store::{Tx, audit, params};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Adds a company; without an `id` it gets the next one.
///
/// # Errors
/// Name or settings that can't be, a taken id, or the store's.
pub fn add_company(
    tx: &mut Tx<'_>,
    id: Option<i64>,
    name: &str,
    settings: &Settings,
    actor: &str,
) -> Result<i64> {
    check_company(name, settings)?;
    if let Some(id) = id {
        if !(1..=i64::from(i32::MAX)).contains(&id) {
            return Err(Error::Said(format!("a company's id is a number from 1 to {}", i32::MAX)));
        }
        if companies::find(tx, id)?.is_some() {
            return Err(Error::Said(format!("there is a company {id} already")));
        }
    }
    let id = companies::add(tx, id, name, settings)?;
    tx.audit(audit::Entry::by_hand(id, "company.add", actor, None, json!({ "name": name })));
    Ok(id)
}

fn check_company(name: &str, settings: &Settings) -> Result<()> {
    if name.trim().is_empty() || name.chars().count() > 100 || name.chars().any(char::is_control) {
        return Err(Error::Said("a company has a name of 1 to 100 characters".to_owned()));
    }
    settings.check().map_err(Error::Said)
}

/// A text in a company's own words; `None` for the product's again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnText {
    /// The language's tag.
    pub lang: String,
    /// Which text.
    pub key: String,
    /// Its pattern, checked by the caller.
    pub pattern: Option<String>,
}

/// Changes a company. `change` gets it as it is now, so that two changes at once do not undo each other.
///
/// # Errors
/// No such company, what `change` says, settings that can't be, or the store's.
pub fn change_company(
    tx: &mut Tx<'_>,
    id: i64,
    texts: &[OwnText],
    actor: &str,
    change: impl FnOnce(&mut Company) -> std::result::Result<(), String>,
) -> Result<Company> {
    // Whoever hands out a number, or changes the same company, waits here.
    let used: Option<i64> = tx.query_opt(
        "SELECT used FROM company_numbers WHERE company_id = $1 FOR UPDATE",
        params![id],
        |row| row.get(0),
    )?;
    let before = company(tx, id)?;
    let mut after = before.clone();
    change(&mut after).map_err(Error::Said)?;
    check_company(&after.name, &after.settings)?;
    check_numbers(&before.settings, &after.settings, used.unwrap_or(0))?;
    let mut detail = differences(&before, &after);
    for text in texts {
        let lang = match (after.settings.language(&text.lang), &text.pattern) {
            (Some(lang), _) => lang.to_owned(),
            // A text of a language that the company no longer has can still be removed.
            (None, None) => text.lang.clone(),
            (None, Some(_)) => {
                let known = after.settings.languages.join(", ");
                return Err(Error::Said(format!("company {id} has no language {} (but {known})", text.lang)));
            }
        };
        companies::set_text(tx, id, &lang, &text.key, text.pattern.as_deref())?;
        let old = before.texts.iter().find(|(of, key, _)| *of == lang && *key == text.key);
        let old = old.map(|(_, _, pattern)| pattern);
        detail.insert(format!("text {lang}:{}", text.key), json!([old, text.pattern]));
    }
    if detail.is_empty() {
        return Ok(after);
    }
    companies::set(tx, &after)?;
    tx.audit(audit::Entry::by_hand(id, "company.set", actor, None, Value::Object(detail)));
    company(tx, id)
}

/// The order in which numbers are handed out follows from the range: with another one, a number could come twice.
fn check_numbers(before: &Settings, after: &Settings, used: i64) -> Result<()> {
    let range = |settings: &Settings| (settings.number_first, settings.number_last);
    if used == 0 || range(before) == range(after) {
        return Ok(());
    }
    Err(Error::Said(format!(
        "number_first and number_last stay as they are: {used} of the numbers {} to {} are handed out, and with \
         another range a number could come twice",
        before.number_first, before.number_last
    )))
}

/// What has changed, each as `[before, after]`.
fn differences(before: &Company, after: &Company) -> Map<String, Value> {
    let mut all = Map::new();
    if before.name != after.name {
        all.insert("name".to_owned(), json!([before.name, after.name]));
    }
    if before.enabled != after.enabled {
        all.insert("enabled".to_owned(), json!([before.enabled, after.enabled]));
    }
    let (old, new) = (flat(&before.settings), flat(&after.settings));
    let keys: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    for key in keys {
        let (old, new) = (old.get(key), new.get(key));
        if old != new {
            all.insert(key.clone(), json!([old, new]));
        }
    }
    all
}

/// Settings by dotted key, such as `sms.enabled`.
#[must_use]
pub fn flat(settings: &Settings) -> BTreeMap<String, Value> {
    fn walk(key: &str, value: Value, all: &mut BTreeMap<String, Value>) {
        match value {
            Value::Object(fields) if !fields.is_empty() => {
                for (name, field) in fields {
                    let key = if key.is_empty() { name } else { format!("{key}.{name}") };
                    walk(&key, field, all);
                }
            }
            value => {
                all.insert(key.to_owned(), value);
            }
        }
    }
    let mut all = BTreeMap::new();
    walk("", serde_json::to_value(settings).unwrap_or_default(), &mut all);
    all
}

/// These settings with others laid over them, by dotted key. Only a map whose keys are the company's own (limits by
/// currency) may get a new one, and lose one by null.
///
/// # Errors
/// In words for the operator: an unknown key, a value that can't be.
pub fn laid_over(
    settings: &Settings,
    changes: &BTreeMap<String, Value>,
) -> std::result::Result<Settings, String> {
    let wrong = |error: serde_json::Error| error.to_string();
    let mut tree = serde_json::to_value(settings).map_err(wrong)?;
    let defaults = serde_json::to_value(Settings::default()).map_err(wrong)?;
    for (key, value) in changes {
        let unknown = || format!("unknown setting {key}");
        let (mut place, mut default) = (&mut tree, Some(&defaults));
        let (path, last) =
            key.rsplit_once('.').map_or((None, key.as_str()), |(path, last)| (Some(path), last));
        for part in path.into_iter().flat_map(|path| path.split('.')) {
            place = place.get_mut(part).ok_or_else(unknown)?;
            default = default.and_then(|fields| fields.get(part));
        }
        let is_open = default.and_then(Value::as_object).is_some_and(Map::is_empty);
        let fields = place.as_object_mut().ok_or_else(unknown)?;
        if last.is_empty() || !(is_open || fields.contains_key(last)) {
            return Err(unknown());
        }
        if is_open && value.is_null() {
            fields.remove(last);
        } else {
            fields.insert(last.to_owned(), value.clone());
        }
    }
    let settings: Settings = serde_json::from_value(tree).map_err(wrong)?;
    settings.check()?;
    Ok(settings)
}

/// Adds a group.
///
/// # Errors
/// A group that can't be, or the store's.
pub fn add_group(tx: &mut Tx<'_>, company_id: i64, group: &Group, actor: &str) -> Result<i64> {
    company(tx, company_id)?;
    check_group(tx, company_id, group)?;
    let id = companies::add_group(tx, company_id, group)?;
    tx.audit(audit::Entry::by_hand(
        company_id,
        "group.add",
        actor,
        None,
        json!({ "id": id, "name": group.name }),
    ));
    Ok(id)
}

/// Changes a group. `change` gets it as it is now.
///
/// # Errors
/// No such group, what `change` says, one that can't be, or the store's.
pub fn change_group(
    tx: &mut Tx<'_>,
    company_id: i64,
    id: i64,
    actor: &str,
    change: impl FnOnce(&mut Group) -> std::result::Result<(), String>,
) -> Result<Group> {
    company(tx, company_id)?;
    let locked: Option<i64> = tx.query_opt(
        "SELECT id FROM customer_groups WHERE company_id = $1 AND id = $2 FOR UPDATE",
        params![company_id, id],
        |row| row.get(0),
    )?;
    let before = companies::groups(tx, company_id)?.into_iter().find(|group| Some(group.id) == locked);
    let before = before.ok_or_else(|| Error::Said(format!("company {company_id} has no group {id}")))?;
    let mut after = before.clone();
    change(&mut after).map_err(Error::Said)?;
    if after == before {
        return Ok(after);
    }
    check_group(tx, company_id, &after)?;
    companies::set_group(tx, company_id, &after)?;
    let detail = json!({ "id": id, "before": group_json(&before), "after": group_json(&after) });
    tx.audit(audit::Entry::by_hand(company_id, "group.set", actor, None, detail));
    Ok(after)
}

/// What is wrong with a group, without setting it.
///
/// # Errors
/// A group that can't be; else the store's.
pub fn check_group(tx: &mut Tx<'_>, company_id: i64, group: &Group) -> Result<()> {
    let name = group.name.trim();
    if name.is_empty() || name.chars().count() > 100 || name.chars().any(char::is_control) {
        return Err(Error::Said("a group has a name of 1 to 100 characters".to_owned()));
    }
    if group.is_default && (!group.opens_accounts || group.kind == 2) {
        return Err(Error::Said(
            "the default group is where customers register: it opens accounts and is not for guests"
                .to_owned(),
        ));
    }
    for offer in &group.offers.accounts {
        let Some(lending) = &offer.lending else { continue };
        if offer.trade_type != CROSS {
            return Err(Error::Said(format!(
                "nothing is lent on trade type {}, but on 3 (CROSS)",
                offer.trade_type
            )));
        }
        lending.check().map_err(Error::Said)?;
    }
    let others = companies::groups(tx, company_id)?;
    if others.iter().any(|other| other.id != group.id && other.name == group.name) {
        return Err(Error::Said(format!("company {company_id} has a group named {} already", group.name)));
    }
    Ok(())
}

/// A group as operators read it.
#[must_use]
pub fn group_json(group: &Group) -> Value {
    json!({
        "id": group.id,
        "name": group.name,
        "type": group.kind,
        "opensAccounts": group.opens_accounts,
        "default": group.is_default,
        "accounts": group.offers.accounts,
    })
}
