//! Telephone numbers, in the one spelling that is stored and compared.
//!
//! Numbers are checked for being *possible* (a length that exists in their area), not for being in use: numbering
//! plans change faster than the metadata, and test numbers must pass.

use std::fmt;

use phonenumber::Metadata;

mod plan;

/// The calling code that a number stands in where none is given: existing clients rely on it.
pub const DEFAULT_AREA: &str = "+86";

/// The longest text that is looked at, in bytes.
const MAX_TEXT: usize = 50;

/// The most digits that a number is typed with, trunk and area prefixes included.
const MAX_DIGITS: usize = 20;

/// Why a text is not a telephone number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PhoneError {
    /// No country or service has this calling code.
    #[error("unknown calling code")]
    UnknownArea,
    /// The area has no numbers like this.
    #[error("impossible telephone number")]
    Impossible,
}

/// What kind of line a number belongs to, as far as its digits tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineType {
    /// A mobile line.
    Mobile,
    /// A mobile or a fixed line: some countries do not distinguish them.
    FixedLineOrMobile,
    /// A fixed line.
    FixedLine,
    /// A line that costs the caller extra.
    Premium,
    /// A freephone, internet, pager, company or other special line.
    Other,
    /// The number is in no known range.
    Unknown,
}

/// A telephone number. [`Phone::parse`] makes it; the fields are open for what was stored before.
///
/// `Display` writes the number whole, `Debug` masked, so that a number does not reach the logs by way of a structure
/// around it.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Phone {
    /// The calling code with a plus sign, such as `+86`.
    pub area: String,
    /// The national number: digits, without a trunk prefix.
    pub national: String,
}

impl Phone {
    /// Reads a number typed next to its area.
    ///
    /// The area is a calling code, plain or after `+` or `00`. The number may be grouped with spaces, `-`, `.` and
    /// parentheses, and may repeat the area or begin with the trunk prefix of its country.
    pub fn parse(area: &str, number: &str) -> Result<Self, PhoneError> {
        let code = plan::calling_code(area).ok_or(PhoneError::UnknownArea)?;
        let number = bounded(number)?;
        let digits = match number.strip_prefix('+') {
            Some(international) => digits_of(international)
                .and_then(|digits| digits.strip_prefix(&code.to_string()).map(str::to_owned)),
            None => digits_of(number),
        };
        Self::from_digits(code, &digits.ok_or(PhoneError::Impossible)?)
    }

    /// Reads a number that begins with its area: `+86 13800000000`, `86 138…`, `86-138…`, `+86138…`.
    ///
    /// Without a plus sign the area must stand apart, since `13800000000` would be an American number otherwise.
    pub fn parse_recipient(text: &str) -> Result<Self, PhoneError> {
        let text = bounded(text)?;
        let marked = text.strip_prefix('+').or_else(|| text.strip_prefix("00"));
        let rest = marked.unwrap_or(text).trim_start();

        let area_end = rest.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(rest.len());
        let (area, number) = rest.split_at_checked(area_end).ok_or(PhoneError::Impossible)?;
        if !number.is_empty() && plan::calling_code(area).is_some() {
            return Self::parse(area, number);
        }

        let digits = digits_of(rest).ok_or(PhoneError::Impossible)?;
        if marked.is_none() {
            return Err(PhoneError::UnknownArea);
        }
        for length in plan::CALLING_CODE_DIGITS {
            if let Some((area, number)) = digits.split_at_checked(length)
                && let Some(code) = plan::calling_code(area)
            {
                return Self::from_digits(code, number);
            }
        }
        Err(PhoneError::UnknownArea)
    }

    /// Takes trunk, carrier and international prefixes off, and checks what is left.
    fn from_digits(code: u16, digits: &str) -> Result<Self, PhoneError> {
        let national = plan::national(code, digits).ok_or(PhoneError::Impossible)?;
        Ok(Self { area: format!("+{code}"), national })
    }

    /// The number in the form of E.164, such as `+8613800000000`.
    pub fn e164(&self) -> String {
        format!("{}{}", self.area, self.national)
    }

    /// The national number for others' eyes and for logs, such as `138****0000`. Four digits are always hidden, so
    /// less of a shorter number is shown.
    pub fn masked(&self) -> String {
        let length = self.national.chars().count();
        let shown = length.saturating_sub(4).min(7);
        let tail = shown.div_ceil(2);
        let head = shown.saturating_sub(tail);
        let mut masked: String = self.national.chars().take(head).collect();
        masked.push_str("****");
        masked.extend(self.national.chars().skip(length.saturating_sub(tail)));
        masked
    }

    /// Area and first three national digits, such as `+86138`: numbers that one attacker has bought share them.
    pub fn prefix(&self) -> String {
        self.area.chars().chain(self.national.chars().take(3)).collect()
    }

    /// The country or territory (alpha-2) whose range the number is in. Nothing for services without a country, and
    /// for numbers out of every range of an area that several countries share.
    pub fn region(&self) -> Option<&'static str> {
        let id = self.plan()?.id();
        // `001` stands for the whole world.
        id.bytes().all(|byte| byte.is_ascii_uppercase()).then_some(id)
    }

    /// The kind of line.
    pub fn line_type(&self) -> LineType {
        self.plan().map_or(LineType::Unknown, |plan| plan::line_type(plan, &self.national))
    }

    /// Whether a text message can be sent to this number at the usual price.
    pub fn is_mobile(&self) -> bool {
        matches!(self.line_type(), LineType::Mobile | LineType::FixedLineOrMobile)
    }

    /// The numbering plan that has this number.
    fn plan(&self) -> Option<&'static Metadata> {
        plan::of_number(plan::calling_code(&self.area)?, &self.national)
    }
}

impl fmt::Display for Phone {
    /// The form of E.164.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.area, self.national)
    }
}

impl fmt::Debug for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Phone({} {})", self.area, self.masked())
    }
}

/// The digits of a national number that was typed without its area, for looking it up in any area. Nothing if there
/// is anything but digits and the marks that group them.
pub fn national_digits(text: &str) -> Option<String> {
    digits_of(bounded(text).ok()?)
}

/// Loads the numbering plans, which takes a fifth of a second, so that the first caller does not wait for it.
pub fn warm_up() {
    if let Ok(phone) = Phone::parse("+86", "13800000000") {
        // Numbers are only classified once their plan's patterns are compiled.
        let _ = phone.is_mobile();
    }
}

/// The text without spaces around it, refused when it is too long.
fn bounded(text: &str) -> Result<&str, PhoneError> {
    if text.len() > MAX_TEXT { Err(PhoneError::Impossible) } else { Ok(text.trim()) }
}

/// The digits of a text of digits and grouping marks.
fn digits_of(text: &str) -> Option<String> {
    let mut digits = String::with_capacity(MAX_DIGITS);
    for letter in text.chars() {
        match letter {
            '0'..='9' => digits.push(letter),
            ' ' | '-' | '(' | ')' | '.' => {}
            _ => return None,
        }
    }
    (1..=MAX_DIGITS).contains(&digits.len()).then_some(digits)
}

#[cfg(test)]
mod tests;
