//! Every code has a text in every language, and every text is that of a code.

use custos_delivery::texts::{LANGUAGES, Texts};
use custos_operations::error::Gate;
use std::collections::BTreeSet;

/// Texts used by operations that are being added: closure with open positions (0117), a wrong fund password (0132), a country
/// after identity was proved (0604), other systems' answers (011, 013), and programs' calls (014, 019).
const OF_OPERATIONS_TO_COME: [&str; 3] = ["CUSTOMER_API_0000117", "CUSTOMER_API_0000132", "GATEWAY_CODE_014"];

/// What is said where a code has no text; it must never be needed.
const GENERIC: &str = "error-generic";

fn codes() -> BTreeSet<&'static str> {
    let customers = custos_customers::Code::ALL.iter().map(|code| code.as_str());
    let ledger = custos_ledger::Code::ALL.iter().map(|code| code.as_str());
    let gate = Gate::ALL.iter().map(|code| code.as_str());
    customers.chain(ledger).chain(gate).collect()
}

/// The codes that have a text of their own in a language.
fn told(texts: &Texts, lang: &str) -> BTreeSet<String> {
    let errors = texts.keys(lang).into_iter().filter(|key| *key != GENERIC);
    errors.filter_map(|key| key.strip_prefix("error-")).map(str::to_owned).collect()
}

#[test]
fn every_code_has_a_text_in_every_language() {
    let texts = Texts::builtin();
    for lang in LANGUAGES {
        let told = told(&texts, lang);
        let untold: Vec<&str> = codes().into_iter().filter(|code| !told.contains(*code)).collect();
        assert_eq!(untold, [""; 0], "in {lang}");
    }
}

#[test]
fn every_text_is_that_of_a_code() {
    let texts = Texts::builtin();
    for lang in LANGUAGES {
        let told = told(&texts, lang);
        let unused: Vec<&str> =
            told.iter().map(String::as_str).filter(|code| !codes().contains(code)).collect();
        assert_eq!(unused, OF_OPERATIONS_TO_COME, "in {lang}");
    }
}

#[test]
fn no_code_is_told_by_the_generic_text() {
    let texts = Texts::builtin();
    for lang in LANGUAGES {
        let generic = texts.error_text(lang, "none such", &[]);
        let params = ["5".to_owned(), "2".to_owned(), "x".to_owned()];
        for code in codes() {
            let text = texts.error_text(lang, code, &params);
            assert!(!text.is_empty() && text != generic && !text.contains('{'), "{code} in {lang}: {text}");
        }
    }
}

#[test]
fn the_languages_say_the_same_things() {
    let texts = Texts::builtin();
    let [first, others @ ..] = LANGUAGES;
    for lang in others {
        assert_eq!(texts.keys(lang), texts.keys(first), "{lang}");
    }
}
