//! The types that request fields may have: how lenient the wire is, and what each accepts.
//!
//! Clients send integers as text, amounts as numbers, `""` for what they leave out. A field that is absent, `null` or
//! `""` is missing; a required one is then refused with its name.

use crate::error::{Gate, Result};
use custos_ledger::Amount;
use serde_json::{Map, Value, json};

/// What a request's field can be read as.
pub trait Field: Sized {
    /// Reads a value that is there; `None` when it is of the wrong type or outside its limits.
    fn read(value: &Value) -> Option<Self>;
    /// The JSON Schema of what is accepted.
    fn schema() -> Value;
}

/// A field in a request: required as it is, optional within `Option`.
pub trait Slot: Sized {
    /// Whether a request without it is refused.
    const REQUIRED: bool;
    /// Reads the value, or its absence.
    fn take(value: Option<&Value>) -> Option<Self>;
    /// The JSON Schema of the field.
    fn schema() -> Value;
}

impl<T: Field> Slot for T {
    const REQUIRED: bool = true;
    fn take(value: Option<&Value>) -> Option<Self> {
        T::read(value?)
    }
    fn schema() -> Value {
        T::schema()
    }
}

impl<T: Field> Slot for Option<T> {
    const REQUIRED: bool = false;
    fn take(value: Option<&Value>) -> Option<Self> {
        match value {
            None => Some(None),
            Some(value) => T::read(value).map(Some),
        }
    }
    fn schema() -> Value {
        T::schema()
    }
}

/// The value of the first of `names` that is there and not empty.
#[must_use]
pub fn present<'a>(body: &'a Map<String, Value>, names: &[&str]) -> Option<&'a Value> {
    names.iter().find_map(|name| match body.get(*name) {
        None | Some(Value::Null) => None,
        Some(Value::String(text)) if text.is_empty() => None,
        Some(value) => Some(value),
    })
}

/// A text of at most `MAX` characters without control characters. Numbers are taken for their digits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text<const MAX: usize>(pub String);

impl<const MAX: usize> std::ops::Deref for Text<MAX> {
    type Target = str;
    fn deref(&self) -> &str {
        &self.0
    }
}

impl<const MAX: usize> Field for Text<MAX> {
    fn read(value: &Value) -> Option<Self> {
        let text = match value {
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            _ => return None,
        };
        // A NUL would be refused by PostgreSQL; others would let a log line or a mail be forged.
        let fits = text.chars().count() <= MAX && !text.chars().any(char::is_control);
        fits.then_some(Self(text))
    }
    fn schema() -> Value {
        json!({ "type": "string", "maxLength": MAX })
    }
}

/// An integer within limits, also as decimal text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Int<const MIN: i64, const MAX: i64>(pub i64);

/// An id: positive, exact in a double.
pub type Id = Int<1, 9_007_199_254_740_991>;

impl<const MIN: i64, const MAX: i64> Field for Int<MIN, MAX> {
    fn read(value: &Value) -> Option<Self> {
        let number = match value {
            Value::Number(number) => number.as_i64().or_else(|| whole(number.as_f64()?))?,
            Value::String(text) => decimal(text.trim())?,
            _ => return None,
        };
        (MIN..=MAX).contains(&number).then_some(Self(number))
    }
    fn schema() -> Value {
        json!({ "type": ["integer", "string"], "format": "int64", "minimum": MIN, "maximum": MAX, "pattern": "^-?[0-9]{1,16}$" })
    }
}

/// `2.0` is how some clients write 2.
fn whole(number: f64) -> Option<i64> {
    let text = format!("{number}");
    decimal(&text)
}

fn decimal(text: &str) -> Option<i64> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    // The standard parser would read a plus sign too.
    if digits.is_empty() || digits.len() > 16 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    text.parse().ok()
}

/// An amount in decimal, as text or number, with the digits that were sent. A number with an exponent, or beyond 2^53, is
/// refused: what made it has rounded it already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decimal(String);

impl Decimal {
    /// The amount of an asset with so many decimals.
    ///
    /// # Errors
    /// `GATEWAY_CODE_104` with the field's name when it has more decimals, or is beyond 128 bits.
    pub fn amount(&self, digits: u32, field: &str) -> Result<Amount> {
        Amount::parse(&self.0, digits).ok_or_else(|| Gate::BadField.field(field))
    }

    /// The digits that were sent.
    #[must_use]
    pub fn as_text(&self) -> &str {
        &self.0
    }

    /// One text for all spellings of a number.
    #[must_use]
    pub fn canonical(&self) -> String {
        let (sign, plain) = self.0.strip_prefix('-').map_or(("", self.0.as_str()), |plain| ("-", plain));
        let (whole, fraction) = plain.split_once('.').unwrap_or((plain, ""));
        format!("{sign}{}.{}", whole.trim_start_matches('0'), fraction.trim_end_matches('0'))
    }
}

impl Field for Decimal {
    fn read(value: &Value) -> Option<Self> {
        let text = match value {
            Value::Number(number) => number.to_string(),
            Value::String(text) => text.trim().to_owned(),
            _ => return None,
        };
        let plain = text.strip_prefix('-').unwrap_or(&text);
        let (whole, fraction) = plain.split_once('.').unwrap_or((plain, "0"));
        let is_digits =
            |part: &str| (1..=60).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
        if !is_digits(whole) || !is_digits(fraction) {
            return None;
        }
        let is_whole = fraction.bytes().all(|byte| byte == b'0');
        let is_exact = whole.parse().is_ok_and(|whole: u64| whole < EXACT || (whole == EXACT && is_whole));
        (value.is_string() || is_exact).then_some(Self(text))
    }
    fn schema() -> Value {
        json!({ "type": ["string", "number"], "pattern": "^-?[0-9]+(\\.[0-9]+)?$", "maxLength": 122 })
    }
}

/// Up to here every whole number is exact in a double.
const EXACT: u64 = 1 << 53;

/// Yes or no, also as text or number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Flag(pub bool);

impl Field for Flag {
    fn read(value: &Value) -> Option<Self> {
        match value {
            Value::Bool(flag) => Some(Self(*flag)),
            Value::Number(number) if number.as_i64() == Some(0) => Some(Self(false)),
            Value::Number(number) if number.as_i64() == Some(1) => Some(Self(true)),
            Value::String(text) => match text.as_str() {
                "true" | "1" => Some(Self(true)),
                "false" | "0" => Some(Self(false)),
                _ => None,
            },
            _ => None,
        }
    }
    fn schema() -> Value {
        json!({ "type": ["boolean", "string", "integer"] })
    }
}

/// One currency or several: text with commas, or an array of texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Currencies(pub Vec<String>);

impl Field for Currencies {
    fn read(value: &Value) -> Option<Self> {
        let split = |text: &str| -> Vec<String> {
            text.split(',').map(|code| code.trim().to_owned()).filter(|code| !code.is_empty()).collect()
        };
        let all = match value {
            Value::String(text) => split(text),
            Value::Array(items) => {
                items.iter().map(|item| item.as_str().map(split)).collect::<Option<Vec<_>>>()?.concat()
            }
            _ => return None,
        };
        let fits = all.len() <= 200 && all.iter().all(|code| code.len() <= 20);
        fits.then_some(Self(all))
    }
    fn schema() -> Value {
        json!({ "type": ["string", "array"], "items": { "type": "string" }, "maxLength": 4000 })
    }
}

/// A list of objects of the same kind; anything else in an object is ignored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct List<T>(pub Vec<T>);

impl<T: Field> Field for List<T> {
    fn read(value: &Value) -> Option<Self> {
        let items = value.as_array().filter(|items| items.len() <= 200)?;
        items.iter().map(T::read).collect::<Option<Vec<_>>>().map(Self)
    }
    fn schema() -> Value {
        json!({ "type": "array", "items": T::schema(), "maxItems": 200 })
    }
}

/// Up to 500 ids in an array, at least one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ids(pub Vec<i64>);

impl Field for Ids {
    fn read(value: &Value) -> Option<Self> {
        let items = value.as_array().filter(|items| (1..=500).contains(&items.len()))?;
        items.iter().map(|item| Id::read(item).map(|id| id.0)).collect::<Option<Vec<_>>>().map(Self)
    }
    fn schema() -> Value {
        json!({ "type": "array", "items": <Id as Field>::schema(), "minItems": 1, "maxItems": 500 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn integers_come_as_numbers_and_as_text() {
        for (value, read) in [
            (json!(2), Some(2)),
            (json!("2"), Some(2)),
            (json!(" 2 "), Some(2)),
            (json!(2.0), Some(2)),
            (json!(2.5), None),
            (json!("+2"), None),
            (json!("2e0"), None),
            (json!("２"), None),
            (json!(4), None),
            (json!(0), None),
            (json!(true), None),
            (json!([2]), None),
            (json!(1e300), None),
        ] {
            assert_eq!(Int::<1, 3>::read(&value).map(|int| int.0), read, "{value}");
        }
    }

    #[test]
    fn amounts_keep_the_digits_that_were_sent() {
        let units = |text: &str, digits| {
            let value = serde_json::from_str(text).unwrap();
            Decimal::read(&value).and_then(|amount| amount.amount(digits, "amount").ok()).map(Amount::units)
        };
        for (text, digits, due) in [
            ("1", 2, Some(100)),
            ("1.50", 2, Some(150)),
            ("\"1.50\"", 2, Some(150)),
            ("\" 7 \"", 0, Some(7)),
            ("-3", 0, Some(-3)),
            ("0.1000000000000000055", 18, None),
            ("0.100000000000000005", 18, Some(100_000_000_000_000_005)),
            ("4503599627370495.123456789012345678", 18, Some(4_503_599_627_370_495_123_456_789_012_345_678)),
            ("9007199254740992", 0, Some(1 << 53)),
            ("9007199254740992.00", 2, Some((1 << 53) * 100)),
            ("9007199254740992.5", 1, None),
            ("9007199254740993", 0, None),
            ("\"9007199254740993\"", 0, Some((1 << 53) + 1)),
            ("1.001", 2, None),
            ("1e2", 2, None),
            ("1E2", 2, None),
            ("\"1e2\"", 2, None),
            ("\"+1\"", 2, None),
            ("\".5\"", 2, None),
            ("\"5.\"", 2, None),
            ("\"1,5\"", 2, None),
            ("\"0x1\"", 2, None),
            ("\"\"", 2, None),
            ("\"NaN\"", 2, None),
            ("true", 2, None),
            ("[1]", 2, None),
            ("\"99999999999999999999999999999999999999999\"", 0, None),
        ] {
            assert_eq!(units(text, digits), due, "{text}");
        }
    }

    #[test]
    fn spellings_of_one_amount_are_one() {
        let canonical = |text: &str| Decimal::read(&json!(text)).unwrap().canonical();
        for text in ["1.5", "1.50", "01.500", " 1.5 "] {
            assert_eq!(canonical(text), canonical("1.5"), "{text}");
        }
        for other in ["1.05", "15", "10.5", "-1.5", "1.51"] {
            assert_ne!(canonical(other), canonical("1.5"), "{other}");
        }
        assert_ne!(canonical("10"), canonical("1"));
    }

    #[test]
    fn empty_and_null_are_absent() {
        let body = json!({ "a": "", "b": null, "c": "x" });
        let body = body.as_object().unwrap();
        assert_eq!(present(body, &["a"]), None);
        assert_eq!(present(body, &["b"]), None);
        assert_eq!(present(body, &["a", "c"]), Some(&json!("x")));
        assert_eq!(<Option<Text<3>> as Slot>::take(None), Some(None));
    }

    #[test]
    fn texts_have_limits_in_characters() {
        assert!(Text::<3>::read(&json!("日本語")).is_some());
        assert!(Text::<3>::read(&json!("abcd")).is_none());
        assert!(Text::<3>::read(&json!("a\nb")).is_none());
        assert!(Text::<3>::read(&json!("\u{0}")).is_none());
        assert_eq!(Text::<20>::read(&json!(123)).map(|text| text.0), Some("123".to_owned()));
    }

    proptest! {
        #[test]
        fn no_text_makes_an_integer_out_of_its_limits(text in ".*") {
            if let Some(int) = Int::<-5, 5>::read(&Value::String(text)) {
                prop_assert!((-5..=5).contains(&int.0));
            }
        }
    }
}
