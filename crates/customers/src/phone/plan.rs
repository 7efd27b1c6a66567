//! The numbering plans of libphonenumber, and how a number is read by them.
//!
//! The crate `phonenumber` packs the plans. Its own parser is not used: it takes letters for keys of a telephone's
//! keypad, takes a trunk prefix off where that leaves no possible number, and drops leading zeros that belong to
//! the number (in Italy and the Ivory Coast among others) before it classifies one. What is here follows the original
//! library.

use std::borrow::Cow;
use std::ops::RangeInclusive;

use phonenumber::Metadata;
use phonenumber::metadata::{DATABASE, Descriptor};

use super::LineType;

/// Calling codes have one to three digits, and none begins with another.
pub(super) const CALLING_CODE_DIGITS: RangeInclusive<usize> = 1..=3;

/// The calling code in a text (plain, or after `+` or `00`), if it is one.
pub(super) fn calling_code(text: &str) -> Option<u16> {
    let text = text.trim();
    let text = text.strip_prefix('+').or_else(|| text.strip_prefix("00")).unwrap_or(text).trim_start();
    // The standard parser would read a sign, too.
    if !CALLING_CODE_DIGITS.contains(&text.len())
        || text.starts_with('0')
        || !text.bytes().all(|byte| byte.is_ascii_digit())
    {
        return None;
    }
    let code = text.parse().ok()?;
    DATABASE.region(&code).is_some().then_some(code)
}

/// The national number in these digits, as dialled within the main country of this calling code: without
/// international, area, trunk and carrier prefixes. Nothing if no number of the area has that length.
pub(super) fn national(code: u16, digits: &str) -> Option<String> {
    let number = read(code, digits)?;
    // With two trunk prefixes, what is left would read differently the next time. Nobody has such a number, and
    // a stored number must always be found again by what was stored.
    (read(code, &number).as_ref() == Some(&number)).then_some(number)
}

fn read(code: u16, digits: &str) -> Option<String> {
    let plan = plans(code).into_iter().next()?;
    let area = code.to_string();
    let (digits, international) = without_international_prefix(plan, digits);
    let mut number = Cow::Borrowed(match digits.strip_prefix(&area) {
        Some(rest) if international || repeats_area(plan, digits, rest) => rest,
        None if international => return None,
        _ => digits,
    });
    // A trunk prefix is one only if a whole number follows it.
    if let Some(shorter) = without_national_prefix(plan, &number)
        && matches!(length(plan, &shorter), Length::Possible | Length::TooLong)
    {
        number = Cow::Owned(shorter);
    }
    (length(plan, &number) == Length::Possible).then(|| number.into_owned())
}

/// The plan whose range this number is in. The only plan of an area has all its numbers.
pub(super) fn of_number(code: u16, national: &str) -> Option<&'static Metadata> {
    let mut plans = plans(code);
    if plans.len() == 1 {
        return plans.pop();
    }
    plans.into_iter().find(|plan| match plan.leading_digits() {
        Some(leading) => leading.find(national).is_some_and(|found| found.start() == 0),
        None => line_type(plan, national) != LineType::Unknown,
    })
}

/// What kind of line a national number belongs to.
pub(super) fn line_type(plan: &Metadata, national: &str) -> LineType {
    let ranges = plan.descriptors();
    let within = |range: Option<&Descriptor>| range.is_some_and(|range| has(range, national));
    // The order is the library's: special ranges lie inside the ordinary ones.
    if within(ranges.premium_rate()) {
        LineType::Premium
    } else if within(ranges.toll_free()) {
        LineType::Other
    } else if within(ranges.shared_cost()) {
        LineType::Premium
    } else if [ranges.voip(), ranges.personal_number(), ranges.pager(), ranges.uan(), ranges.voicemail()]
        .into_iter()
        .any(within)
    {
        LineType::Other
    } else {
        match (within(ranges.fixed_line()), within(ranges.mobile())) {
            (true, true) => LineType::FixedLineOrMobile,
            (true, false) => LineType::FixedLine,
            (false, true) => LineType::Mobile,
            (false, false) => LineType::Unknown,
        }
    }
}

/// The plans that share this calling code, the main country's first.
fn plans(code: u16) -> Vec<&'static Metadata> {
    DATABASE.by_code(&code).unwrap_or_default()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Length {
    Possible,
    TooLong,
    /// Too short, between two possible lengths, or one that is dialled within a town only.
    Other,
}

/// Compares a number's length with those of all its plan's ranges: the plan as a whole does not list them.
fn length(plan: &Metadata, number: &str) -> Length {
    let ranges = plan.descriptors();
    let mut longest = 0;
    for range in [
        ranges.fixed_line(),
        ranges.mobile(),
        ranges.toll_free(),
        ranges.premium_rate(),
        ranges.shared_cost(),
        ranges.personal_number(),
        ranges.voip(),
        ranges.pager(),
        ranges.uan(),
        ranges.voicemail(),
    ]
    .into_iter()
    .flatten()
    {
        for length in range.possible_length() {
            longest = longest.max(usize::from(*length));
            if number.len() == usize::from(*length) {
                return Length::Possible;
            }
        }
    }
    if number.len() > longest { Length::TooLong } else { Length::Other }
}

/// Takes off what is dialled before a foreign area, such as `00`, and tells whether it was there. No calling code
/// begins with 0, so a prefix before 0 is none.
fn without_international_prefix<'a>(plan: &Metadata, digits: &'a str) -> (&'a str, bool) {
    plan.international_prefix()
        .and_then(|prefix| prefix.find(digits))
        .filter(|found| found.start() == 0 && found.end() > 0)
        .and_then(|found| digits.get(found.end()..))
        .filter(|rest| !rest.starts_with('0'))
        .map_or((digits, false), |rest| (rest, true))
}

/// Whether digits that begin with the calling code repeat it, rather than being a national number as they are.
fn repeats_area(plan: &Metadata, digits: &str, rest: &str) -> bool {
    let rest = without_national_prefix(plan, rest).map_or(Cow::Borrowed(rest), Cow::Owned);
    (!in_plan(plan, digits) && in_plan(plan, &rest)) || length(plan, digits) == Length::TooLong
}

/// Takes the trunk and carrier prefix off, or writes a local number out, if the plan has a rule for that and the
/// rule does not spoil a number that is fine as it is.
fn without_national_prefix(plan: &Metadata, number: &str) -> Option<String> {
    let Some(rule) = plan.national_prefix_for_parsing() else {
        return spare(plan, number, number.strip_prefix(plan.national_prefix()?)?.to_owned());
    };
    let captures = rule.captures(number)?;
    let prefix = captures.get(0).filter(|prefix| prefix.start() == 0 && prefix.end() > 0)?;
    let last_group = captures.get(captures.len().saturating_sub(1));
    let shorter = match plan.national_prefix_transform_rule() {
        Some(transformed) if last_group.is_some() => rule.replace(number, transformed).into_owned(),
        _ => number.get(prefix.end()..)?.to_owned(),
    };
    spare(plan, number, shorter)
}

/// Refuses to turn a number within its plan into one without.
fn spare(plan: &Metadata, number: &str, shorter: String) -> Option<String> {
    (in_plan(plan, &shorter) || !in_plan(plan, number)).then_some(shorter)
}

/// Whether the plan has this number.
fn in_plan(plan: &Metadata, number: &str) -> bool {
    has(plan.descriptors().general(), number) || line_type(plan, number) != LineType::Unknown
}

/// Whether this range has the number, whole: the pattern alone would be content with the beginning of a longer number.
fn has(range: &Descriptor, number: &str) -> bool {
    range.is_match(number)
        && range.national_number().find(number).is_some_and(|found| found.end() == number.len())
}
