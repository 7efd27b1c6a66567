//! Exact amounts: integers of an asset's smallest unit.

use crate::error::{Code, Result};
use custos_store::{Error as StoreError, Row};
use std::fmt;

/// The most decimals that an asset may have.
pub const MOST_DIGITS: u32 = 18;

/// An amount in the smallest unit of an asset.
///
/// 128 bits: 10^18 coins of 18 decimals are 10^36 units, which 64 bits do not hold and 128 do (1.7 × 10^38). All
/// arithmetic is checked; there is no rounding but where a rule of interest says how.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Amount(i128);

impl Amount {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// So many units.
    #[must_use]
    pub const fn of_units(units: i128) -> Self {
        Self(units)
    }

    /// The number of units.
    #[must_use]
    pub const fn units(self) -> i128 {
        self.0
    }

    /// The sum.
    ///
    /// # Errors
    /// `FUND_0000003` beyond 128 bits.
    pub fn plus(self, other: Self) -> Result<Self> {
        self.0.checked_add(other.0).map(Self).ok_or_else(|| Code::TooLarge.refuse())
    }

    /// The difference.
    ///
    /// # Errors
    /// `FUND_0000003` beyond 128 bits.
    pub fn minus(self, other: Self) -> Result<Self> {
        self.0.checked_sub(other.0).map(Self).ok_or_else(|| Code::TooLarge.refuse())
    }

    /// The opposite.
    ///
    /// # Errors
    /// `FUND_0000003` for the one number that has none.
    pub fn negated(self) -> Result<Self> {
        self.0.checked_neg().map(Self).ok_or_else(|| Code::TooLarge.refuse())
    }

    /// Whether it is above zero.
    #[must_use]
    pub const fn is_positive(self) -> bool {
        self.0 > 0
    }

    /// Whether it is below zero.
    #[must_use]
    pub const fn is_negative(self) -> bool {
        self.0 < 0
    }

    /// Whether it is zero.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// Reads decimal text such as `-12.5` as an amount of an asset with so many decimals; `None` for anything else,
    /// an amount with more decimals than the asset has included: it would have to be rounded. Zeros at the end are no
    /// decimals.
    #[must_use]
    pub fn parse(text: &str, digits: u32) -> Option<Self> {
        let (negative, plain) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (whole, fraction) = plain.split_once('.').unwrap_or((plain, "0"));
        let all_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        if !all_digits(whole) || !all_digits(fraction) {
            return None;
        }
        let fraction = fraction.trim_end_matches('0');
        let missing = digits.checked_sub(u32::try_from(fraction.len()).ok()?)?;
        let scale = 10_i128.checked_pow(digits)?;
        let whole = whole.trim_start_matches('0');
        let whole: i128 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
        let fraction: i128 = if fraction.is_empty() { 0 } else { fraction.parse().ok()? };
        let units =
            whole.checked_mul(scale)?.checked_add(fraction.checked_mul(10_i128.checked_pow(missing)?)?)?;
        Some(Self(if negative { -units } else { units }))
    }

    /// Decimal text with all decimals of the asset, such as `12.50`.
    #[must_use]
    pub fn to_text(self, digits: u32) -> String {
        let sign = if self.0 < 0 { "-" } else { "" };
        let units = self.0.unsigned_abs();
        let Some(scale) = 10_u128.checked_pow(digits).filter(|_| digits > 0) else {
            return format!("{sign}{units}");
        };
        let places = usize::try_from(digits).unwrap_or(0);
        format!("{sign}{}.{:0places$}", units / scale, units % scale)
    }

    /// The bytes that a column holds: big-endian with the sign bit turned, so that they sort like the numbers.
    #[must_use]
    pub fn to_bytes(self) -> [u8; 16] {
        (self.0.cast_unsigned() ^ (1 << 127)).to_be_bytes()
    }

    /// Reads a column's bytes.
    ///
    /// # Errors
    /// They are not sixteen.
    pub fn from_bytes(bytes: &[u8]) -> custos_store::Result<Self> {
        let bytes: [u8; 16] =
            bytes.try_into().map_err(|_| StoreError::Internal("an amount is not of 16 bytes".to_owned()))?;
        Ok(Self((u128::from_be_bytes(bytes) ^ (1 << 127)).cast_signed()))
    }
}

impl fmt::Debug for Amount {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} units", self.0)
    }
}

/// The amount in a column.
pub(crate) fn read(row: &Row<'_>, index: usize) -> custos_store::Result<Amount> {
    Amount::from_bytes(&row.get::<Vec<u8>>(index)?)
}

/// The amount in a column that may hold none.
pub(crate) fn read_opt(row: &Row<'_>, index: usize) -> custos_store::Result<Option<Amount>> {
    row.get::<Option<Vec<u8>>>(index)?.map(|bytes| Amount::from_bytes(&bytes)).transpose()
}

/// The quotient rounded to the nearest whole number, halves to the even one. `divisor` is positive.
#[must_use]
pub fn half_even(dividend: i128, divisor: i128) -> i128 {
    let (quotient, remainder) = (dividend.div_euclid(divisor), dividend.rem_euclid(divisor));
    // Twice the remainder may not fit; its distance to the divisor does.
    match remainder.cmp(&(divisor - remainder)) {
        std::cmp::Ordering::Less => quotient,
        std::cmp::Ordering::Greater => quotient + 1,
        std::cmp::Ordering::Equal => quotient + quotient.rem_euclid(2),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn text_is_exact_or_refused() {
        for (text, digits, units) in [
            ("0", 2, 0),
            ("1", 2, 100),
            ("1.5", 2, 150),
            ("-0.01", 2, -1),
            ("1.500", 2, 150),
            ("007", 0, 7),
            ("1000000000000000000.000000000000000001", 18, 10_i128.pow(36) + 1),
        ] {
            assert_eq!(Amount::parse(text, digits), Some(Amount::of_units(units)), "{text}");
        }
        for (text, digits) in [
            ("", 2),
            ("-", 2),
            (".5", 2),
            ("5.", 2),
            ("1.001", 2),
            ("1e3", 2),
            ("+1", 2),
            (" 1", 2),
            ("1,5", 2),
            ("--1", 2),
            ("0x1", 2),
            ("١", 2),
            ("1000000000000000000000", 18),
        ] {
            assert_eq!(Amount::parse(text, digits), None, "{text}");
        }
        assert_eq!(Amount::of_units(-5).to_text(2), "-0.05");
        assert_eq!(Amount::of_units(7).to_text(0), "7");
    }

    #[test]
    fn halves_go_to_the_even_neighbour() {
        for (dividend, divisor, due) in [
            (1, 2, 0),
            (3, 2, 2),
            (5, 2, 2),
            (-1, 2, 0),
            (-3, 2, -2),
            (7, 3, 2),
            (8, 3, 3),
            (-7, 3, -2),
            (0, 5, 0),
        ] {
            assert_eq!(half_even(dividend, divisor), due, "{dividend} / {divisor}");
        }
    }

    proptest! {
        #[test]
        fn bytes_sort_like_the_numbers(a: i128, b: i128) {
            let (x, y) = (Amount::of_units(a), Amount::of_units(b));
            prop_assert_eq!(x.to_bytes().cmp(&y.to_bytes()), a.cmp(&b));
            prop_assert_eq!(Amount::from_bytes(&x.to_bytes()).unwrap(), x);
        }

        #[test]
        fn text_comes_back(units in -(10_i128.pow(37))..10_i128.pow(37), digits in 0_u32..=18) {
            let amount = Amount::of_units(units);
            prop_assert_eq!(Amount::parse(&amount.to_text(digits), digits), Some(amount));
        }

        #[test]
        fn what_rounding_takes_or_adds_is_at_most_half(dividend in -(10_i128.pow(30))..10_i128.pow(30), divisor in 1_i128..10_i128.pow(15)) {
            let off = dividend - half_even(dividend, divisor) * divisor;
            prop_assert!(off.abs() * 2 <= divisor);
        }
    }
}
