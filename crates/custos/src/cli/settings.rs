//! Settings and offers as they are typed.

use super::out::nearest;
use custos_customers::company::{Lending, Offer, Offers, Settings};
use custos_customers::operator::{self, OwnText};
use custos_delivery::texts::Texts;
use serde_json::{Map, Value};

/// `key=value`, as typed after `--setting`.
pub(super) fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.trim().is_empty() => Ok((key.trim().to_owned(), value.to_owned())),
        _ => Err("a setting is written key=value, such as sms.enabled=false".to_owned()),
    }
}

/// These settings with `pairs` laid over them.
pub(super) fn overlaid(settings: &Settings, pairs: &[(String, String)]) -> Result<Settings, String> {
    let mut tree = serde_json::to_value(settings).map_err(|error| error.to_string())?;
    for (key, value) in pairs {
        put(&mut tree, key, value)?;
    }
    let settings: Settings = serde_json::from_value(tree).map_err(|error| error.to_string())?;
    settings.check()?;
    Ok(settings)
}

fn put(tree: &mut Value, key: &str, text: &str) -> Result<(), String> {
    let (path, last) = match key.rsplit_once('.') {
        Some((path, last)) => (Some(path), last),
        None => (None, key),
    };
    let mut place = &mut *tree;
    // Only a map whose keys are the company's own (prices by country) has none by default.
    let defaults = serde_json::to_value(Settings::default()).map_err(|error| error.to_string())?;
    let mut default = Some(&defaults);
    for part in path.into_iter().flat_map(|path| path.split('.')) {
        place = place.get_mut(part).filter(|inner| inner.is_object()).ok_or_else(|| unknown(key))?;
        default = default.and_then(|fields| fields.get(part));
    }
    let fields = place.as_object_mut().ok_or_else(|| unknown(key))?;
    let is_open = default.and_then(Value::as_object).is_some_and(Map::is_empty);
    let old = match fields.get(last) {
        Some(old) => old.clone(),
        None if is_open && !last.is_empty() => Value::Null,
        None => return Err(unknown(key)),
    };
    if is_open && text.trim().is_empty() {
        fields.remove(last);
    } else {
        fields.insert(last.to_owned(), value(key, text, &old)?);
    }
    Ok(())
}

/// The text as a value of the same kind as the one before.
fn value(key: &str, text: &str, old: &Value) -> Result<Value, String> {
    let text = text.trim();
    let json = |what: &str| serde_json::from_str::<Value>(text).map_err(|_| format!("{key}: {what}"));
    match old {
        Value::Bool(_) => text.parse().map(Value::Bool).map_err(|_| format!("{key} is true or false")),
        Value::Number(_) => {
            text.parse::<i64>().map(Value::from).map_err(|_| format!("{key} is a whole number"))
        }
        Value::String(_) => Ok(text.into()),
        Value::Array(_) if text.starts_with('[') => json("a list, such as US,CN or [\"US\",\"CN\"]"),
        Value::Array(_) => {
            Ok(text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(Value::from).collect())
        }
        Value::Object(_) => json("a JSON object").and_then(|value| {
            if value.is_object() { Ok(value) } else { Err(format!("{key}: a JSON object")) }
        }),
        Value::Null => text.parse::<i64>().map(Value::from).or_else(|_| json("a whole number")),
    }
}

fn unknown(key: &str) -> String {
    let known = operator::flat(&Settings::default());
    // `enabled` is most likely `sms.enabled`.
    let by_end = known.keys().find(|full| full.rsplit_once('.').is_some_and(|(_, last)| last == key));
    match by_end.map(String::as_str).or_else(|| nearest(key, known.keys().map(String::as_str))) {
        Some(meant) => format!("unknown setting {key}; did you mean {meant}?"),
        None => format!("unknown setting {key}; `custos company show ID` shows all"),
    }
}

/// `LANG:KEY=PATTERN`, as typed after `--text`. An empty pattern is the product's own again.
pub(super) fn own_text(text: &str) -> Result<OwnText, String> {
    let told = || "a text is written LANG:KEY=PATTERN, such as en-US:mail-greeting=Hello".to_owned();
    let (place, pattern) = text.split_once('=').ok_or_else(told)?;
    let (lang, key) = place.split_once(':').ok_or_else(told)?;
    let (lang, key) = (lang.trim(), key.trim());
    if lang.is_empty() || key.is_empty() {
        return Err(told());
    }
    let texts = Texts::builtin();
    let known = texts.keys("en-US");
    if !known.contains(&key) {
        let hint = nearest(key, known.iter().copied()).map(|meant| format!("; did you mean {meant}?"));
        return Err(format!("there is no text {key}{}", hint.unwrap_or_default()));
    }
    let pattern = (!pattern.is_empty()).then(|| pattern.to_owned());
    if let Some(pattern) = &pattern {
        texts.check_override(key, pattern).map_err(|problem| format!("{key}: {problem}"))?;
    }
    Ok(OwnText { lang: lang.to_owned(), key: key.to_owned(), pattern })
}

/// The trade types that there are.
const TRADE_TYPES: [i64; 5] = [1, 2, 3, 5, 8];

/// `3:USDT,BTC;8:USD`, as typed after `--accounts`.
pub(super) fn offers(text: &str) -> Result<Offers, String> {
    let mut accounts: Vec<Offer> = Vec::new();
    for part in text.split(';').map(str::trim).filter(|part| !part.is_empty()) {
        let (trade_type, codes) = part
            .split_once(':')
            .ok_or("accounts are written TYPE:CODE,CODE;TYPE:CODE, such as 3:USDT,BTC;8:USD")?;
        let trade_type = trade_type
            .trim()
            .parse::<i64>()
            .ok()
            .filter(|number| TRADE_TYPES.contains(number))
            .ok_or("a trade type is 1 (CFD_MM), 2 (CFD_WBW), 3 (CROSS), 5 (MATCH) or 8 (WALLET)")?;
        if accounts.iter().any(|offer| offer.trade_type == trade_type) {
            return Err(format!("trade type {trade_type} is there twice"));
        }
        let mut currencies: Vec<String> = Vec::new();
        for code in codes.split(',').map(str::trim).filter(|code| !code.is_empty()) {
            if !currencies.iter().any(|known| known == code) {
                currencies.push(code.to_owned());
            }
        }
        if currencies.is_empty() {
            return Err(format!("trade type {trade_type} has no currency"));
        }
        accounts.push(Offer { trade_type, currencies, lending: None });
    }
    Ok(Offers { accounts })
}

/// Terms of loans as they are typed; `None` for no loans.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Terms(pub(super) Option<Lending>);

/// `leverage=3,daily_rate=0.0002,limits.BTC=1.5`, as typed after `--lending`; what is not typed has its default. `none`
/// ends lending.
pub(super) fn terms(text: &str) -> Result<Terms, String> {
    if text.trim() == "none" {
        return Ok(Terms(None));
    }
    let mut tree = serde_json::to_value(Lending::default()).map_err(|error| error.to_string())?;
    for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
        let (key, text) = pair(part)?;
        if let Some(code) = key.strip_prefix("limits.") {
            if let Some(limits) = tree.get_mut("limits").and_then(Value::as_object_mut) {
                limits.insert(code.to_owned(), text.trim().into());
            }
            continue;
        }
        match tree.get_mut(&key).filter(|old| !old.is_object()) {
            Some(old) => *old = value(&key, &text, old)?,
            None => {
                let known = "leverage, daily_rate, warn_below_percent, call_below_percent, close_below_percent, \
                             limits.ASSET";
                return Err(format!("{key} is no term of a loan; there are {known}"));
            }
        }
    }
    let lending: Lending = serde_json::from_value(tree).map_err(|error| error.to_string())?;
    lending.check()?;
    Ok(Terms(Some(lending)))
}

/// Offers as [`offers`] reads them.
pub(super) fn offers_text(offers: &Offers) -> String {
    let parts: Vec<String> = offers
        .accounts
        .iter()
        .map(|offer| format!("{}:{}", offer.trade_type, offer.currencies.join(",")))
        .collect();
    parts.join(";")
}

/// A setting's value as it would be typed.
pub(super) fn typed(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) if items.iter().all(Value::is_string) => {
            items.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(",")
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(pairs: &[&str]) -> Result<Settings, String> {
        let pairs: Vec<_> = pairs.iter().map(|text| pair(text).unwrap()).collect();
        overlaid(&Settings::default(), &pairs)
    }

    #[test]
    fn each_kind_of_setting_is_read() {
        let settings = with(&[
            "sms.enabled=false",
            "session_idle_minutes=5",
            "languages=zh-HK, en-US",
            "sms.countries=[\"CN\"]",
            "restricted_countries=",
            "company_type=demo",
            "sms.country_price_milli.CN=30",
            "sms.country_price_milli.US=40",
            "sms.country_price_milli.US=",
        ])
        .unwrap();
        assert!(!settings.sms.enabled);
        assert_eq!(settings.session_idle_minutes, 5);
        assert_eq!(settings.languages, ["zh-HK", "en-US"]);
        assert_eq!(settings.sms.countries, ["CN"]);
        assert_eq!(settings.sms.country_price_milli.into_iter().collect::<Vec<_>>(), [("CN".to_owned(), 30)]);
        let whole = with(&["sms.country_price_milli={\"CN\":7}"]).unwrap();
        assert_eq!(whole.sms.country_price_milli.get("CN"), Some(&7));
    }

    #[test]
    fn wrong_settings_are_explained() {
        for (text, word) in [
            ("langauges=en-US", "did you mean languages?"),
            ("sms.enabeld=true", "did you mean sms.enabled?"),
            ("enabled=true", "did you mean sms.enabled?"),
            ("zzzzzzzz=1", "company show"),
            ("sms.enabled=maybe", "true or false"),
            ("node.x=1", "unknown setting"),
            ("session_idle_minutes=ten", "whole number"),
            ("sms.country_price_milli.CN=cheap", "whole number"),
            ("sms=1", "JSON object"),
            ("sms={\"enabeld\":true}", "enabeld"),
            ("languages=", "languages"),
            ("restricted_countries=ZZ", "ISO 3166"),
        ] {
            let told = with(&[text]).unwrap_err();
            assert!(told.contains(word), "{text}: {told}");
        }
        assert!(pair("novalue").is_err());
        assert!(pair("=1").is_err());
    }

    #[test]
    fn what_is_shown_can_be_typed_again() {
        for (key, value) in operator::flat(&Settings::default()) {
            assert_eq!(with(&[&format!("{key}={}", typed(&value))]), Ok(Settings::default()), "{key}");
        }
        let text = "3:USDT,BTC;8:USD";
        assert_eq!(offers_text(&offers(text).unwrap()), text);
        assert_eq!(offers("").unwrap(), Offers::default());
    }

    #[test]
    fn wrong_accounts_are_explained() {
        for (text, word) in [
            ("USD", "TYPE:CODE"),
            ("4:USD", "trade type is"),
            ("3:USD;3:BTC", "twice"),
            ("3:", "no currency"),
            ("x:USD", "trade type is"),
        ] {
            let told = offers(text).unwrap_err();
            assert!(told.contains(word), "{text}: {told}");
        }
    }

    #[test]
    fn terms_of_loans_are_read_or_explained() {
        let read = terms("leverage=5, daily_rate=0.001,limits.BTC=1.5").unwrap().0.unwrap();
        assert_eq!((read.leverage, read.daily_rate.as_str()), (5, "0.001"));
        assert_eq!(read.limits.get("BTC").map(String::as_str), Some("1.5"));
        assert_eq!(read.warn_below_percent, Lending::default().warn_below_percent);
        assert_eq!(terms("none").unwrap(), Terms(None));
        for (text, word) in [
            ("leverage=1", "leverage"),
            ("leverage=three", "whole number"),
            ("interest=1", "daily_rate"),
            ("limits=1", "limits.ASSET"),
            ("daily_rate=2", "0.02 %"),
            ("leverage", "key=value"),
        ] {
            let told = terms(text).unwrap_err();
            assert!(told.contains(word), "{text}: {told}");
        }
    }

    #[test]
    fn own_texts_are_checked_when_they_are_typed() {
        let known = Texts::builtin().keys("en-US").into_iter().map(str::to_owned).collect::<Vec<_>>();
        let key = known.iter().find(|key| key.starts_with("error-")).unwrap();
        assert_eq!(own_text(&format!("en-US:{key}=No.")).unwrap().pattern.as_deref(), Some("No."));
        assert_eq!(own_text(&format!("en-US:{key}=")).unwrap().pattern, None);
        assert!(own_text(&format!("en-US:{key}={{ $nothing }}")).is_err());
        assert!(own_text("en-US:nothing=x").unwrap_err().contains("no text nothing"));
        assert!(own_text("nothing").is_err());
    }
}
