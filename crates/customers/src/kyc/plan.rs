//! What a company asks: paths for kinds of customers, each with levels in order, each with elements.

use crate::countries;
use crate::customer::Customer;
use crate::error::Result;
use custos_store::{EVERYTHING, Error as StoreError, Tx, audit, params};
use regex::{Regex, RegexBuilder};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashSet};

/// What levels can unlock.
pub const SCENES: [&str; 4] = ["open_account", "cashin", "withdraw", "apply_credit_card"];

/// Identity documents, spelt as clients have them.
pub const CARD_TYPES: [&str; 3] = ["identity_card", "passport", "drving_license"];

/// The scene that is about being a customer at all.
pub(super) const OPENING: &str = "open_account";

const MOST: usize = 50;
const PATTERN_LONGEST: usize = 300;
/// Compiled patterns are kept small: a plan is read with each application.
const PATTERN_SIZE: usize = 1 << 18;

/// All that a company asks.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Plan {
    /// The paths; a customer takes the one that fits best.
    pub paths: Vec<Path>,
}

/// What is asked of one kind of customers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Path {
    /// Its code.
    pub code: String,
    /// Its name by language.
    #[serde(default)]
    pub names: BTreeMap<String, String>,
    /// 0 persons, 1 businesses.
    #[serde(default)]
    pub open_account_type: i64,
    /// Only for groups of this type: 0 real, 1 test, 2 guest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group_type: Option<i64>,
    /// Only for these countries; empty for all.
    #[serde(default)]
    pub countries: Vec<String>,
    /// The levels, in order.
    pub levels: Vec<Level>,
}

/// A level.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Level {
    /// Its code, such as `level_1`.
    pub code: String,
    /// Its name by language.
    pub names: BTreeMap<String, String>,
    /// The level that must be passed before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// The scenes that it unlocks.
    #[serde(default)]
    pub scenes: Vec<String>,
    /// What is asked, in order.
    pub elements: Vec<Element>,
}

/// How an element is asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Show {
    /// A line of text.
    #[default]
    #[serde(rename = "input")]
    Input,
    /// A kind of identity document and its number: the value comes under the kind's code.
    #[serde(rename = "inputGroup")]
    InputGroup,
    /// A day, in milliseconds.
    #[serde(rename = "date")]
    Date,
    /// An uploaded file.
    #[serde(rename = "image")]
    Image,
    /// One of several.
    #[serde(rename = "choice")]
    Choice,
    /// A country.
    #[serde(rename = "country")]
    Country,
}

impl Show {
    /// The word on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Input => "input",
            Self::InputGroup => "inputGroup",
            Self::Date => "date",
            Self::Image => "image",
            Self::Choice => "choice",
            Self::Country => "country",
        }
    }
}

/// Something that is asked.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Element {
    /// Its code.
    pub code: String,
    /// Its name by language.
    pub names: BTreeMap<String, String>,
    /// How it is asked for.
    #[serde(default)]
    pub show: Show,
    /// A regular expression for its text, read by clients too.
    #[serde(default)]
    pub extend: String,
    /// Whether it may be left out.
    #[serde(default)]
    pub optional: bool,
    /// What may be chosen.
    #[serde(default)]
    pub choices: Vec<String>,
    /// Only asked with this kind of identity document.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub with: Option<String>,
    /// The number of the identity document: two customers with one raise an alarm.
    #[serde(default)]
    pub document: bool,
    /// The day on which the identity document expires.
    #[serde(default)]
    pub expiry: bool,
}

/// The name in a language, or in another.
fn name<'a>(names: &'a BTreeMap<String, String>, lang: &str, code: &'a str) -> &'a str {
    names
        .iter()
        .find(|(known, _)| known.eq_ignore_ascii_case(lang))
        .map(|(_, name)| name)
        .or_else(|| names.get("en-US"))
        .or_else(|| names.values().next())
        .map_or(code, String::as_str)
}

impl Plan {
    /// The path for a kind of customers: the one of their country and type of group, of their country, of their type of
    /// group, or of all; the first where several fit as well.
    #[must_use]
    pub fn path(&self, open_account_type: i64, group_type: i64, country: &str) -> Option<&Path> {
        let number = countries::parse(country).map(|country| country.numeric);
        let fit = |path: &Path| -> Option<u8> {
            let listed =
                path.countries.iter().any(|code| countries::parse(code).map(|one| one.numeric) == number);
            let by_country =
                if path.countries.is_empty() { Some(0) } else { (listed && number.is_some()).then_some(2) };
            let by_group = match path.group_type {
                None => Some(0),
                Some(kind) => (kind == group_type).then_some(1),
            };
            (path.open_account_type == open_account_type).then_some(by_country? + by_group?)
        };
        self.paths
            .iter()
            .filter_map(|path| fit(path).map(|fit| (fit, path)))
            .reduce(|best, next| if next.0 > best.0 { next } else { best })
            .map(|(_, path)| path)
    }

    /// Says what is wrong with it.
    ///
    /// # Errors
    /// A sentence for the operator.
    pub fn check(&self) -> std::result::Result<(), String> {
        if self.paths.len() > MOST {
            return Err(format!("at most {MOST} paths"));
        }
        let mut codes = HashSet::new();
        for path in &self.paths {
            if !codes.insert(&path.code) {
                return Err(format!("path {} is there twice", path.code));
            }
            path.check().map_err(|problem| format!("path {}: {problem}", path.code))?;
        }
        Ok(())
    }
}

impl Path {
    /// Its name in a language.
    #[must_use]
    pub fn name(&self, lang: &str) -> &str {
        name(&self.names, lang, &self.code)
    }

    /// The level of a code.
    #[must_use]
    pub fn level(&self, code: &str) -> Option<&Level> {
        self.levels.iter().find(|level| level.code == code)
    }

    /// The levels on the way to a scene, the first to be passed first; empty where the scene is open to all.
    #[must_use]
    pub fn way_to(&self, scene: &str) -> Vec<&Level> {
        let mut next = self.levels.iter().find(|level| level.scenes.iter().any(|known| known == scene));
        let mut way = Vec::new();
        while let Some(level) = next {
            way.push(level);
            next = level.after.as_deref().and_then(|code| self.level(code));
        }
        way.reverse();
        way
    }

    fn check(&self) -> std::result::Result<(), String> {
        code(&self.code)?;
        named(&self.names)?;
        if !(0..=1).contains(&self.open_account_type) {
            return Err("open_account_type: 0 (persons) or 1 (businesses)".to_owned());
        }
        if self.group_type.is_some_and(|kind| !(0..=2).contains(&kind)) {
            return Err("group_type: 0 (real), 1 (test) or 2 (guest)".to_owned());
        }
        if let Some(unknown) = self.countries.iter().find(|code| countries::parse(code).is_none()) {
            return Err(format!("{unknown:?} is no ISO 3166 country"));
        }
        if self.levels.is_empty() || self.levels.len() > MOST {
            return Err(format!("1 to {MOST} levels"));
        }
        let (mut known, mut scenes) = (HashSet::new(), HashSet::new());
        for level in &self.levels {
            let wrong = |problem: String| format!("level {}: {problem}", level.code);
            // Only levels above, so that no way goes round in a circle.
            if let Some(after) = &level.after
                && !known.contains(after.as_str())
            {
                return Err(wrong(format!("after: {after} is no level above it")));
            }
            if !known.insert(level.code.as_str()) {
                return Err(wrong("is there twice".to_owned()));
            }
            for scene in &level.scenes {
                if !SCENES.contains(&scene.as_str()) {
                    return Err(wrong(format!("{scene:?} is no scene; there are {}", SCENES.join(", "))));
                }
                if !scenes.insert(scene.as_str()) {
                    return Err(wrong(format!("{scene} is unlocked by another level already")));
                }
            }
            level.check().map_err(wrong)?;
        }
        Ok(())
    }
}

impl Level {
    /// Its name in a language.
    #[must_use]
    pub fn name(&self, lang: &str) -> &str {
        name(&self.names, lang, &self.code)
    }

    fn check(&self) -> std::result::Result<(), String> {
        code(&self.code)?;
        named(&self.names)?;
        if self.elements.is_empty() || self.elements.len() > MOST {
            return Err(format!("1 to {MOST} elements"));
        }
        let mut known: HashSet<&str> = CARD_TYPES.into_iter().collect();
        for element in &self.elements {
            let wrong = |problem: String| format!("element {}: {problem}", element.code);
            if !known.insert(&element.code) {
                return Err(wrong("is there twice, or named as an identity document".to_owned()));
            }
            element.check().map_err(wrong)?;
        }
        let count = |is: fn(&Element) -> bool| self.elements.iter().filter(|element| is(element)).count();
        if count(|element| element.show == Show::InputGroup) > 1
            || count(|element| element.document) > 1
            || count(|element| element.expiry) > 1
        {
            return Err("at most one inputGroup, one document and one expiry".to_owned());
        }
        if self.elements.iter().any(|element| element.with.is_some())
            && count(|element| element.show == Show::InputGroup) == 0
        {
            return Err("an element with `with` needs an inputGroup".to_owned());
        }
        Ok(())
    }
}

impl Element {
    /// Its name in a language.
    #[must_use]
    pub fn name(&self, lang: &str) -> &str {
        name(&self.names, lang, &self.code)
    }

    /// Its pattern, if it has one.
    ///
    /// # Errors
    /// A sentence for the operator.
    pub fn pattern(&self) -> std::result::Result<Option<Regex>, String> {
        if self.extend.is_empty() {
            return Ok(None);
        }
        if self.extend.len() > PATTERN_LONGEST {
            return Err(format!("extend: at most {PATTERN_LONGEST} bytes"));
        }
        let built =
            RegexBuilder::new(&self.extend).size_limit(PATTERN_SIZE).dfa_size_limit(PATTERN_SIZE).build();
        built.map(Some).map_err(|error| format!("extend: {error}"))
    }

    fn check(&self) -> std::result::Result<(), String> {
        code(&self.code)?;
        named(&self.names)?;
        self.pattern()?;
        if self.choices.is_empty() == (self.show == Show::Choice) || self.choices.len() > MOST {
            return Err(format!("choices: 1 to {MOST} for a choice, none otherwise"));
        }
        if self.document && !matches!(self.show, Show::Input | Show::InputGroup) {
            return Err("document: only for input and inputGroup".to_owned());
        }
        if self.expiry && self.show != Show::Date {
            return Err("expiry: only for a date".to_owned());
        }
        match &self.with {
            Some(kind) if !CARD_TYPES.contains(&kind.as_str()) => {
                Err(format!("with: {kind:?} is none of {}", CARD_TYPES.join(", ")))
            }
            _ => Ok(()),
        }
    }
}

fn code(text: &str) -> std::result::Result<(), String> {
    let fits = (1..=40).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-');
    if fits { Ok(()) } else { Err("code: 1 to 40 letters, digits, _ and -".to_owned()) }
}

fn named(names: &BTreeMap<String, String>) -> std::result::Result<(), String> {
    let fits =
        |text: &String| (1..=200).contains(&text.chars().count()) && !text.chars().any(char::is_control);
    let all = names.len() <= MOST && names.iter().all(|(lang, name)| lang.len() <= 35 && fits(name));
    if all { Ok(()) } else { Err("names: 1 to 200 characters in each language".to_owned()) }
}

/// What a company asks; nothing where nothing was loaded.
///
/// # Errors
/// The store's, or a plan that can't be read.
pub fn find_plan(tx: &mut Tx<'_>, company_id: i64) -> Result<Plan> {
    let text =
        tx.query_opt("SELECT plan FROM kyc_plans WHERE company_id = $1", params![company_id], |row| {
            row.get::<String>(0)
        })?;
    let Some(text) = text else { return Ok(Plan::default()) };
    let read = serde_json::from_str(&text)
        .map_err(|error| StoreError::Internal(format!("KYC plan of company {company_id}: {error}")))?;
    Ok(read)
}

/// Sets what a company asks. The caller has checked the plan.
///
/// # Errors
/// The store's.
pub fn set_plan(tx: &mut Tx<'_>, company_id: i64, plan: &Plan, actor: &str) -> Result<()> {
    let text = serde_json::to_string(plan).map_err(|error| StoreError::Internal(error.to_string()))?;
    let now = tx.now();
    tx.execute(
        "INSERT INTO kyc_plans (company_id, plan, updated_at) VALUES ($1, $2, $3) \
         ON CONFLICT (company_id) DO UPDATE SET plan = excluded.plan, updated_at = excluded.updated_at",
        params![company_id, &text, now],
    )?;
    // Where every customer stands hangs on it.
    tx.touch(EVERYTHING);
    let paths: Vec<&str> = plan.paths.iter().map(|path| path.code.as_str()).collect();
    let detail = serde_json::json!({ "paths": paths });
    tx.audit(audit::Entry::by_hand(company_id, "kyc.plan", actor, None, detail));
    Ok(())
}

/// The path that a customer takes.
pub(super) fn path_of<'a>(
    plan: &'a Plan,
    customer: &Customer,
    group_type: i64,
    (open_account_type, country): (Option<i64>, Option<&str>),
) -> Option<&'a Path> {
    let kind = open_account_type.unwrap_or(customer.open_account_type);
    // A person's country is where they live; a business may be at home elsewhere.
    let country = country.filter(|_| kind == 1).unwrap_or(&customer.country);
    plan.path(kind, group_type, country)
}
