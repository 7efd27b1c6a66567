//! The dictionary of countries (ISO 3166-1).
//!
//! One form of a country is stored and returned everywhere: `ISO_3166_<number>`. Clients compare it as text with
//! the codes of the country list, so there must be exactly one spelling of each.

use std::collections::HashMap;
use std::sync::LazyLock;

const CODE_PREFIX: &str = "ISO_3166_";

static TABLE: LazyLock<Vec<Country>> =
    LazyLock::new(|| include_str!("../data/countries.tsv").lines().filter_map(Country::from_line).collect());

static BY_ALPHA2: LazyLock<HashMap<&str, &Country>> =
    LazyLock::new(|| TABLE.iter().map(|country| (country.alpha2, country)).collect());

static BY_NUMERIC: LazyLock<HashMap<u16, &Country>> =
    LazyLock::new(|| TABLE.iter().map(|country| (country.numeric, country)).collect());

/// A country or territory with an official ISO 3166-1 code.
#[derive(Debug, PartialEq, Eq)]
pub struct Country {
    /// Two capital letters, such as `CN`.
    pub alpha2: &'static str,
    /// The ISO 3166-1 number, such as 156.
    pub numeric: u16,
    /// The telephone calling code, such as 86; 0 for a territory without one. Several countries may share a code.
    pub calling_code: u16,
    /// A JavaScript regular expression for national mobile numbers; empty for a territory without telephones.
    pub phone_pattern: &'static str,
    /// The name in English.
    pub name_en: &'static str,
    /// The name in simplified Chinese.
    pub name_zh_cn: &'static str,
    /// The name in traditional Chinese, as used in Hong Kong.
    pub name_zh_hk: &'static str,
}

impl Country {
    /// A row of the data file, or nothing if it is malformed (a test makes sure that none is).
    fn from_line(line: &'static str) -> Option<Self> {
        let mut columns = line.split('\t');
        let country = Self {
            alpha2: columns.next()?,
            numeric: columns.next()?.parse().ok()?,
            calling_code: columns.next()?.parse().ok()?,
            phone_pattern: columns.next()?,
            name_en: columns.next()?,
            name_zh_cn: columns.next()?,
            name_zh_hk: columns.next()?,
        };
        columns.next().is_none().then_some(country)
    }

    /// The stored form, such as `ISO_3166_156`. The number always has three digits, as in ISO 3166-1 itself:
    /// `ISO_3166_004` and `ISO_3166_036`. [`parse`] also reads it without the leading zeros.
    pub fn code(&self) -> String {
        format!("{CODE_PREFIX}{:03}", self.numeric)
    }

    /// The name in the language of this tag, such as `zh-CN`; in English where there is no better one.
    pub fn name(&self, lang: &str) -> &'static str {
        let lang = lang.to_ascii_lowercase().replace('_', "-");
        let mut parts = lang.split('-');
        if parts.next() != Some("zh") {
            return self.name_en;
        }
        if parts.any(|part| matches!(part, "hant" | "hk" | "tw" | "mo")) {
            self.name_zh_hk
        } else {
            self.name_zh_cn
        }
    }
}

/// All countries, sorted by English name.
pub fn all() -> &'static [Country] {
    &TABLE
}

/// The country with this code: `ISO_3166_156`, `ISO_3166_4` or `ISO_3166_004`, or two letters (`CN`); upper or
/// lower case.
pub fn parse(text: &str) -> Option<&'static Country> {
    let text = text.trim();
    if text.len() > CODE_PREFIX.len() + 3 {
        return None;
    }
    let text = text.to_ascii_uppercase();
    let Some(digits) = text.strip_prefix(CODE_PREFIX) else {
        return BY_ALPHA2.get(text.as_str()).copied();
    };
    // Digits only: the standard parser would read a sign too.
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    BY_NUMERIC.get(&digits.parse().ok()?).copied()
}

/// The countries that are called by this code, sorted by English name.
pub fn by_calling_code(code: u16) -> Vec<&'static Country> {
    all().iter().filter(|country| code != 0 && country.calling_code == code).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    /// Enough of a folding for the letters that occur.
    fn sort_key(name: &str) -> String {
        let plain = name.chars().map(|letter| match letter {
            'Å' => 'A',
            'ã' => 'a',
            'ç' => 'c',
            'é' => 'e',
            'ô' => 'o',
            'ü' => 'u',
            other => other,
        });
        plain.collect::<String>().to_lowercase()
    }

    #[test]
    fn every_row_is_read() {
        assert_eq!(all().len(), include_str!("../data/countries.tsv").lines().count());
        assert_eq!(all().len(), 249);
    }

    #[test]
    fn rows_are_sorted_unique_and_complete() {
        assert!(all().is_sorted_by_key(|country| sort_key(country.name_en)));
        assert_eq!(all().iter().map(|country| country.numeric).collect::<HashSet<_>>().len(), 249);
        assert_eq!(all().iter().map(|country| country.alpha2).collect::<HashSet<_>>().len(), 249);
        for country in all() {
            assert!(
                country.alpha2.len() == 2 && country.alpha2.bytes().all(|byte| byte.is_ascii_uppercase())
            );
            assert!((1..900).contains(&country.numeric));
            assert!(country.calling_code < 1000);
            assert_eq!(country.calling_code == 0, country.phone_pattern.is_empty(), "{}", country.alpha2);
            if country.calling_code != 0 {
                let pattern = country.phone_pattern;
                assert!(pattern.starts_with("^(?:") && pattern.ends_with(")$"), "{pattern}");
            }
            for name in [country.name_en, country.name_zh_cn, country.name_zh_hk] {
                assert!(!name.is_empty() && name.trim() == name, "{name}");
            }
        }
    }

    #[test]
    fn every_country_is_found_by_each_of_its_codes() {
        for country in all() {
            assert_eq!(parse(&country.code()), Some(country));
            assert_eq!(parse(&format!("ISO_3166_{}", country.numeric)), Some(country));
            assert_eq!(parse(country.alpha2), Some(country));
            assert_eq!(parse(&country.alpha2.to_lowercase()), Some(country));
        }
    }

    #[test]
    fn codes_have_three_digits() {
        assert_eq!(parse("cn").unwrap().code(), "ISO_3166_156");
        assert_eq!(parse("ISO_3166_4").unwrap().code(), "ISO_3166_004");
        assert_eq!(parse("AU").unwrap().code(), "ISO_3166_036");
    }

    #[test]
    fn unknown_codes_are_refused() {
        for text in [
            "",
            "C",
            "CHN",
            "XX",
            "156",
            "ISO_3166_",
            "ISO_3166_999",
            "ISO_3166_0156",
            "ISO_3166_+4",
            "ISO_3166_-4",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn names_follow_the_language() {
        let china = parse("CN").unwrap();
        assert_eq!(china.name("en-US"), "China");
        assert_eq!(china.name("zh-CN"), "中国");
        assert_eq!(china.name("zh"), "中国");
        assert_eq!(china.name("zh-HK"), "中國");
        assert_eq!(china.name("zh_TW"), "中國");
        assert_eq!(china.name("zh-Hant"), "中國");
        assert_eq!(china.name("th-TH"), "China");
        assert_eq!(china.name(""), "China");
    }

    #[test]
    fn calling_codes_may_be_shared() {
        let names = |code| by_calling_code(code).iter().map(|country| country.alpha2).collect::<Vec<_>>();
        assert_eq!(names(86), ["CN"]);
        assert_eq!(names(7), ["KZ", "RU"]);
        assert!(names(1).len() > 20);
        assert!(names(0).is_empty());
        assert!(names(999).is_empty());
    }

    proptest! {
        #[test]
        fn any_text_is_survived(text in "\\PC{0,20}", number in "ISO_3166_\\PC{0,4}") {
            let _ = parse(&text);
            let _ = parse(&number);
            let _ = parse("CN").unwrap().name(&text);
        }
    }
}
