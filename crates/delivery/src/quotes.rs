//! Asking a service for exchange rates.
//!
//! Two forms of answer are known: `{"rates":[{"base":"BTC","quote":"USD","rate":"60000.1"}, …]}`, and the one of many public
//! services, `{"base":"USD","rates":{"EUR":0.91, …}}`, in which one of the base is worth so much of each. Numbers and decimal
//! texts are read digit by digit. `timestamp` (seconds) tells of when they are, if it is there.

use crate::http::HttpClient;
use crate::reach::Reach;
use crate::url::SettingUrl;
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::{Map, Value};
use std::fmt;
use std::time::Duration;

/// The longest that a service may take.
const LONGEST: Duration = Duration::from_secs(10);

/// Says what is wrong about the address of such a service.
///
/// # Errors
/// A sentence for the operator, without the address in it.
pub fn check_url(url: &str) -> Result<(), String> {
    let parts = SettingUrl::parse(url)?;
    if !["https", "http"].contains(&parts.scheme.as_str()) {
        return Err("the URL begins with https:// (or, in networks of your own, http://)".to_owned());
    }
    if parts.user.is_some() || url.contains('#') {
        return Err("the URL has no user and no fragment; a token is a secret of its own".to_owned());
    }
    Ok(())
}

/// One rate as it was told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quote {
    /// The code of the asset.
    pub base: String,
    /// The code of the asset that one of it is worth so much of.
    pub quote: String,
    /// Plain decimal text.
    pub rate: String,
}

/// What a service told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quotes {
    /// The rates that can be read.
    pub all: Vec<Quote>,
    /// How many can't.
    pub unreadable: usize,
    /// Of when they are, ms, if it says so.
    pub at: Option<i64>,
}

/// The way to such services.
#[derive(Clone)]
pub struct QuotesClient {
    http: HttpClient,
}

impl fmt::Debug for QuotesClient {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("QuotesClient")
    }
}

#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    base: Option<String>,
    rates: Rates,
    #[serde(default)]
    timestamp: Option<Value>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Rates {
    List(Vec<Value>),
    OfBase(Map<String, Value>),
}

impl QuotesClient {
    /// A client whose calls go where `reach` allows.
    #[must_use]
    pub fn new(reach: Reach) -> Self {
        Self { http: HttpClient::guarded(LONGEST, reach) }
    }

    /// Asks, once. Redirects are not followed. Blocks.
    ///
    /// # Errors
    /// Why there is no answer, without the address or anything that the service wrote.
    pub fn ask(&self, url: &str, token: Option<&str>) -> Result<Quotes, String> {
        let token =
            token.map(|token| ("authorization".to_owned(), SecretString::from(format!("Bearer {token}"))));
        let headers: Vec<(String, SecretString)> = token.into_iter().collect();
        let answer = self.http.get(url, &headers).map_err(|error| error.to_string())?;
        if !answer.is_success() {
            return Err(format!("HTTP status {}", answer.status));
        }
        if answer.body.is_none() {
            return Err("the answer broke off, or is too long".to_owned());
        }
        answer.json().and_then(read).ok_or_else(|| "the answer is not of the form".to_owned())
    }
}

fn read(answer: Answer) -> Option<Quotes> {
    let told: Vec<Option<Quote>> = match (answer.rates, answer.base) {
        (Rates::List(list), _) => list.iter().map(one).collect(),
        (Rates::OfBase(rates), Some(base)) => rates
            .iter()
            // That one of the base is one of it is no news.
            .filter(|(code, _)| **code != base)
            .map(|(code, rate)| {
                Some(Quote { base: base.clone(), quote: code.clone(), rate: plain(&text(rate)?)? })
            })
            .collect(),
        (Rates::OfBase(_), None) => return None,
    };
    let count = told.len();
    let all: Vec<Quote> = told.into_iter().flatten().collect();
    let seconds = answer.timestamp.and_then(|at| text(&at)).and_then(|at| at.parse::<i64>().ok());
    let at = seconds.and_then(|at| at.checked_mul(1_000));
    Some(Quotes { unreadable: count - all.len(), all, at })
}

fn one(value: &Value) -> Option<Quote> {
    let word = |name: &str| Some(value.get(name)?.as_str()?.to_owned());
    Some(Quote { base: word("base")?, quote: word("quote")?, rate: plain(&text(value.get("rate")?)?)? })
}

/// A text, or a number as it was written.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// Decimal text without an exponent: `1.25e-3` is `0.00125`.
fn plain(text: &str) -> Option<String> {
    let (digits, exponent) = match text.split_once(['e', 'E']) {
        Some((digits, exponent)) => (digits, exponent.parse::<i32>().ok()?),
        None => (text, 0),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let all = format!("{whole}{fraction}");
    // What is beyond forty digits is no rate of anything.
    let is_number = !whole.is_empty() && all.len() <= 40 && all.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number || !(-40..=40).contains(&exponent) {
        return None;
    }
    let point = i32::try_from(whole.len()).ok()? + exponent;
    let length = i32::try_from(all.len()).ok()?;
    let shifted = if point <= 0 {
        let zeros = usize::try_from(-point).ok()?;
        format!("0.{}{all}", "0".repeat(zeros))
    } else if point >= length {
        let zeros = usize::try_from(point - length).ok()?;
        format!("{all}{}", "0".repeat(zeros))
    } else {
        let (before, after) = all.split_at_checked(usize::try_from(point).ok()?)?;
        format!("{before}.{after}")
    };
    Some(shifted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_every_digit() {
        for (text, due) in [
            ("60000", "60000"),
            ("0.1", "0.1"),
            ("0.100000000000000005", "0.100000000000000005"),
            ("1.25e-3", "0.00125"),
            ("1.25E3", "1250"),
            ("12.5e1", "125"),
            ("12.34e1", "123.4"),
            ("1e-7", "0.0000001"),
            ("6e4", "60000"),
        ] {
            assert_eq!(plain(text).as_deref(), Some(due), "{text}");
        }
        for bad in ["", "-1", "+1", ".5", "1e", "1e99", "NaN", "0x1", "1,5", "1.2.3", &"9".repeat(41)] {
            assert_eq!(plain(bad), None, "{bad}");
        }
    }

    #[test]
    fn both_forms_are_read() {
        let of = |text: &str| serde_json::from_str(text).ok().and_then(read);
        let list = r#"{"rates":[{"base":"BTC","quote":"USD","rate":60000.10},{"base":"ETH","quote":"USD","rate":"3e3"},
                       {"base":"X","quote":"USD"},7],"timestamp":1800000000}"#;
        let quote = |base: &str, quote: &str, rate: &str| Quote {
            base: base.to_owned(),
            quote: quote.to_owned(),
            rate: rate.to_owned(),
        };
        let due = vec![quote("BTC", "USD", "60000.10"), quote("ETH", "USD", "3000")];
        assert_eq!(of(list), Some(Quotes { all: due, unreadable: 2, at: Some(1_800_000_000_000) }));
        let of_base =
            r#"{"base":"USD","date":"2027-01-15","rates":{"EUR":0.91,"JPY":"151.2","USD":1,"XAU":null}}"#;
        let due = vec![quote("USD", "EUR", "0.91"), quote("USD", "JPY", "151.2")];
        assert_eq!(of(of_base), Some(Quotes { all: due, unreadable: 1, at: None }));
        for bad in ["{}", "[]", r#"{"rates":{"EUR":1}}"#, r#"{"rates":1}"#] {
            assert_eq!(of(bad), None, "{bad}");
        }
    }

    #[test]
    fn addresses_are_looked_at_when_they_are_set() {
        for good in ["https://rates.example.com/latest?base=USD", "http://10.0.0.1:81"] {
            assert_eq!(check_url(good), Ok(()), "{good}");
        }
        for bad in ["rates.example.com", "ftp://x", "https://u:hunter2@x/", "https://x/#a"] {
            let told = check_url(bad).unwrap_err();
            assert!(!told.contains("hunter2"), "{told}");
        }
    }
}
