//! Texts in the languages of `locales/`, written in Fluent, and companies' own versions of them.

mod pattern;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use unic_langid::LanguageIdentifier;

/// The language whose texts stand in for any other.
pub const DEFAULT_LANGUAGE: &str = "en-US";

/// Languages whose texts ship with the program.
pub const LANGUAGES: [&str; 3] = ["en-US", "zh-CN", "zh-HK"];

const SOURCES: [(&str, [&str; 2]); 3] = [
    (
        "en-US",
        [
            include_str!("../../../locales/en-US/errors.ftl"),
            include_str!("../../../locales/en-US/messages.ftl"),
        ],
    ),
    (
        "zh-CN",
        [
            include_str!("../../../locales/zh-CN/errors.ftl"),
            include_str!("../../../locales/zh-CN/messages.ftl"),
        ],
    ),
    (
        "zh-HK",
        [
            include_str!("../../../locales/zh-HK/errors.ftl"),
            include_str!("../../../locales/zh-HK/messages.ftl"),
        ],
    ),
];

/// Variables that English plurals choose by; everything else stays text, or a code such as
/// `001234` would lose its zeros.
const COUNTED: [&str; 4] = ["p1", "p2", "minutes", "count"];

/// Variables without which a message misses its point.
const ESSENTIAL: [&str; 2] = ["code", "link"];

/// An override longer than this is a mistake.
const OVERRIDE_MAX_CHARS: usize = 4_000;

/// Shown only if even the built-in generic text were unreadable.
const LAST_RESORT: &str = "Something went wrong. Please try again later.";

type Bundle = FluentBundle<FluentResource>;

struct Language {
    tag: LanguageIdentifier,
    bundle: Bundle,
}

impl Language {
    fn new(tag: LanguageIdentifier) -> Self {
        let mut bundle = Bundle::new_concurrent(vec![tag.clone()]);
        // Isolation marks are not in the GSM alphabet: one of them doubles the price of an SMS.
        bundle.set_use_isolating(false);
        Self { tag, bundle }
    }

    fn format(&self, key: &str, args: &FluentArgs<'_>) -> Option<String> {
        let pattern = self.bundle.get_message(key)?.value()?;
        let mut errors = Vec::new();
        let text = self.bundle.format_pattern(pattern, Some(args), &mut errors).into_owned();
        if !errors.is_empty() {
            tracing::warn!(key, lang = %self.tag, "a text was formatted without one of its variables");
        }
        Some(text)
    }
}

struct Builtin {
    languages: Vec<Language>,
    /// Key and pattern source of each language, in the order of `languages`.
    patterns: Vec<BTreeMap<String, String>>,
}

/// Every text, by language and key; cheap to clone and safe to share between threads.
#[derive(Clone)]
pub struct Texts {
    builtin: Arc<Builtin>,
    overrides: Arc<Vec<Language>>,
}

impl std::fmt::Debug for Texts {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Texts")
    }
}

impl Texts {
    /// The texts that ship with the program.
    pub fn builtin() -> Self {
        let mut languages = Vec::new();
        let mut patterns = Vec::new();
        for (tag, sources) in SOURCES {
            let Ok(tag) = tag.parse() else { continue };
            let mut language = Language::new(tag);
            for source in sources {
                // A resource with errors still holds what could be read; a test shows there are none.
                let resource =
                    FluentResource::try_new(source.to_owned()).unwrap_or_else(|(readable, _)| readable);
                language.bundle.add_resource_overriding(resource);
            }
            languages.push(language);
            patterns.push(sources.into_iter().flat_map(pattern::messages).collect());
        }
        Self { builtin: Arc::new(Builtin { languages, patterns }), overrides: Arc::new(Vec::new()) }
    }

    /// These built-in texts with a company's own ones, given as (language, key, Fluent pattern), in
    /// front. They were checked when they were set; one that no longer fits after an upgrade is
    /// left out, so that the rest keeps working.
    pub fn with_overrides<'a>(
        &self,
        overrides: impl IntoIterator<Item = (&'a str, &'a str, &'a str)>,
    ) -> Self {
        let mut languages: Vec<Language> = Vec::new();
        for (lang, key, pattern) in overrides {
            let checked = lang
                .parse::<LanguageIdentifier>()
                .map_err(|_| "not a language tag".to_owned())
                .and_then(|tag| Ok((tag, self.check(key, pattern)?)));
            let (tag, resource) = match checked {
                Ok(checked) => checked,
                Err(reason) => {
                    tracing::warn!(lang, key, reason, "a company's own text is left out");
                    continue;
                }
            };
            if let Some(language) = languages.iter_mut().find(|language| language.tag == tag) {
                language.bundle.add_resource_overriding(resource);
            } else {
                let mut language = Language::new(tag);
                language.bundle.add_resource_overriding(resource);
                languages.push(language);
            }
        }
        Self { builtin: Arc::clone(&self.builtin), overrides: Arc::new(languages) }
    }

    /// Whether `pattern` may stand in for the built-in text `key`: it must be readable Fluent, use
    /// only variables that this text is given, and keep those it is useless without.
    pub fn check_override(&self, key: &str, pattern: &str) -> Result<(), String> {
        self.check(key, pattern).map(|_| ())
    }

    fn check(&self, key: &str, pattern: &str) -> Result<FluentResource, String> {
        let pattern = pattern.replace("\r\n", "\n");
        if pattern.chars().count() > OVERRIDE_MAX_CHARS {
            return Err(format!("a text has at most {OVERRIDE_MAX_CHARS} characters"));
        }
        if pattern.chars().any(|c| c.is_control() && c != '\n') {
            return Err("control characters are not allowed".to_owned());
        }
        if key.ends_with("-subject") && pattern.trim().contains('\n') {
            return Err("a subject is a single line".to_owned());
        }
        let known = self.known_variables(key).ok_or_else(|| format!("there is no text {key}"))?;
        let used = pattern::variables(&pattern)?;
        if let Some(unknown) = used.difference(&known).next() {
            return Err(format!("this text has no variable ${unknown}"));
        }
        let own = self.builtin_variables(|other| other == key);
        if let Some(missing) = ESSENTIAL.iter().find(|name| own.contains(**name) && !used.contains(**name)) {
            return Err(format!("this text must contain {{ ${missing} }}"));
        }
        let resource = override_resource(key, &pattern)?;
        self.try_out(key, &resource, &known)?;
        Ok(resource)
    }

    /// Formats the candidate once, to catch what parsing alone does not.
    fn try_out(&self, key: &str, resource: &FluentResource, known: &BTreeSet<String>) -> Result<(), String> {
        let mut bundle: FluentBundle<&FluentResource> = FluentBundle::new_concurrent(Vec::new());
        bundle.add_resource_overriding(resource);
        let message = bundle.get_message(key).ok_or("the text cannot be read")?;
        if message.attributes().next().is_some() {
            return Err("a line may not begin with a full stop and a name".to_owned());
        }
        let value = message.value().ok_or("the text is empty")?;
        let args: FluentArgs<'_> = known.iter().map(|name| (name.as_str(), FluentValue::from("1"))).collect();
        let mut errors = Vec::new();
        let text = bundle.format_pattern(value, Some(&args), &mut errors);
        if !errors.is_empty() {
            return Err("the text cannot be filled in".to_owned());
        }
        if text.trim().is_empty() {
            return Err("the text is empty".to_owned());
        }
        Ok(())
    }

    /// What an override of `key` may use: the company's name, and whatever any built-in text of the
    /// same message uses (its subject, its e-mail and its SMS are given the same values).
    fn known_variables(&self, key: &str) -> Option<BTreeSet<String>> {
        if !self.builtin.patterns.iter().any(|patterns| patterns.contains_key(key)) {
            return None;
        }
        let stem = message_stem(key);
        let mut known =
            self.builtin_variables(|other| other == key || (stem.is_some() && message_stem(other) == stem));
        known.insert("company".to_owned());
        Some(known)
    }

    fn builtin_variables(&self, wanted: impl Fn(&str) -> bool) -> BTreeSet<String> {
        let patterns = self.builtin.patterns.iter().flatten();
        patterns
            .filter(|(key, _)| wanted(key))
            .flat_map(|(_, pattern)| pattern::variables(pattern).unwrap_or_default())
            .collect()
    }

    /// The text `key` in `lang`, or in the nearest language that has it; `None` when no language does.
    pub fn get(&self, lang: &str, key: &str, vars: &[(&str, &str)]) -> Option<String> {
        let args: FluentArgs<'_> = vars.iter().map(|(name, value)| (*name, argument(name, value))).collect();
        self.chain(lang).into_iter().find_map(|language| language.format(key, &args))
    }

    /// What a person reads for an error code, with `params` as `$p1`, `$p2`, …; never empty.
    pub fn error_text(&self, lang: &str, code: &str, params: &[String]) -> String {
        let param = |at: usize| params.get(at).map_or("", String::as_str);
        let vars = [("p1", param(0)), ("p2", param(1)), ("p3", param(2))];
        self.get(lang, &format!("error-{code}"), &vars)
            .or_else(|| self.get(lang, "error-generic", &vars))
            .unwrap_or_else(|| LAST_RESORT.to_owned())
    }

    /// The keys of the built-in texts of a shipped language, sorted; empty for another language.
    pub fn keys(&self, lang: &str) -> Vec<&str> {
        let at = self.builtin.languages.iter().position(|language| language.tag == lang);
        at.and_then(|at| self.builtin.patterns.get(at))
            .map(|patterns| patterns.keys().map(String::as_str).collect())
            .unwrap_or_default()
    }

    /// The languages to look in, best first, a company's own text before the built-in one each time.
    fn chain(&self, lang: &str) -> Vec<&Language> {
        let wanted: Option<LanguageIdentifier> = lang.parse().ok();
        let mut tags: Vec<LanguageIdentifier> = Vec::new();
        if let Some(wanted) = wanted {
            if wanted.language.as_str() == "zh" {
                let written = if is_traditional(&wanted) { "zh-HK" } else { "zh-CN" };
                tags.push(wanted);
                tags.extend(written.parse());
            } else {
                let all = self.builtin.languages.iter().chain(self.overrides.iter());
                let same = all.filter(|language| language.tag.language == wanted.language);
                let same: Vec<_> = same.map(|language| language.tag.clone()).collect();
                tags.push(wanted);
                tags.extend(same);
            }
        }
        tags.extend(DEFAULT_LANGUAGE.parse());
        let find = |languages: &'_ [Language], tag: &LanguageIdentifier| {
            languages.iter().position(|language| language.tag == *tag)
        };
        let mut chain = Vec::new();
        for tag in &tags {
            chain.extend(find(&self.overrides, tag).and_then(|at| self.overrides.get(at)));
            chain.extend(find(&self.builtin.languages, tag).and_then(|at| self.builtin.languages.get(at)));
        }
        chain
    }
}

/// Chinese that is written with traditional characters.
fn is_traditional(tag: &LanguageIdentifier) -> bool {
    match &tag.script {
        Some(script) => script.as_str() == "Hant",
        None => tag.region.as_ref().is_some_and(|region| matches!(region.as_str(), "HK" | "TW" | "MO")),
    }
}

/// `message-code` for `message-code-sms`; `None` for keys that are no message.
fn message_stem(key: &str) -> Option<&str> {
    if !key.starts_with("message-") {
        return None;
    }
    ["-email-subject", "-email-text", "-sms"].iter().find_map(|suffix| key.strip_suffix(suffix))
}

/// The pattern as a resource of one message. Every line is indented, so that none can begin a
/// message of its own.
fn override_resource(key: &str, pattern: &str) -> Result<FluentResource, String> {
    let mut source = format!("{key} =\n");
    for line in pattern.lines() {
        source.push_str("    ");
        source.push_str(line);
        source.push('\n');
    }
    let resource = FluentResource::try_new(source).map_err(|_| "the text cannot be read".to_owned())?;
    if resource.entries().count() == 1 { Ok(resource) } else { Err("the text cannot be read".to_owned()) }
}

fn argument<'a>(name: &str, value: &'a str) -> FluentValue<'a> {
    let canonical = value.len() <= 9
        && value.bytes().all(|b| b.is_ascii_digit())
        && (value == "0" || !value.starts_with('0'));
    if canonical && COUNTED.contains(&name) {
        FluentValue::try_number(value)
    } else {
        FluentValue::from(value)
    }
}

#[cfg(test)]
mod tests;
