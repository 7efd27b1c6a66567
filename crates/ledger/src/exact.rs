//! Exact arithmetic across assets: fractions of whole numbers of any length, rounded once, at the end.
//!
//! An amount times a rate has more digits than 128 bits hold, and the inverse of a rate has no end in decimals. A
//! fraction has neither trouble.

use crate::amount::Amount;
use crate::error::{Code, Result};
use num_bigint::{BigInt, Sign};
use num_rational::BigRational;

/// The most decimals of a rate.
pub const RATE_DIGITS: u32 = 18;

/// Where what does not fit the decimals goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rounding {
    /// To the nearest, halves to the even one.
    HalfEven,
    /// Towards less: for what may be taken.
    Down,
    /// Towards more: for what must stay.
    Up,
}

fn scale(digits: u32) -> BigInt {
    BigInt::from(10).pow(digits)
}

/// Zero.
#[must_use]
pub fn zero() -> BigRational {
    whole(0)
}

/// A whole number.
#[must_use]
pub fn whole(number: i64) -> BigRational {
    BigRational::from_integer(BigInt::from(number))
}

/// Whether a number is above zero.
#[must_use]
pub fn is_positive(number: &BigRational) -> bool {
    number.numer().sign() == Sign::Plus
}

/// So many whole coins of an asset with these decimals.
#[must_use]
pub fn coins(amount: Amount, digits: u32) -> BigRational {
    BigRational::new(BigInt::from(amount.units()), scale(digits))
}

/// Reads decimal text without a sign, of at most 18 decimals and 20 digits before them.
#[must_use]
pub fn parse(text: &str) -> Option<BigRational> {
    let units = Amount::parse(text, RATE_DIGITS).filter(|_| !text.starts_with('-'))?;
    Some(coins(units, RATE_DIGITS))
}

/// So many coins as an amount.
///
/// # Errors
/// `FUND_0000003` beyond 128 bits.
pub fn rounded(coins: &BigRational, digits: u32, rounding: Rounding) -> Result<Amount> {
    let exact = coins * BigRational::from_integer(scale(digits));
    let whole = match rounding {
        Rounding::Down => exact.floor(),
        Rounding::Up => exact.ceil(),
        Rounding::HalfEven => half_even(&exact),
    };
    i128::try_from(whole.numer()).map(Amount::of_units).map_err(|_| Code::TooLarge.refuse())
}

fn half_even(exact: &BigRational) -> BigRational {
    let below = exact.floor();
    let half = BigRational::new(BigInt::from(1), BigInt::from(2));
    match (exact - &below).cmp(&half) {
        std::cmp::Ordering::Less => below,
        std::cmp::Ordering::Equal if !below.numer().bit(0) => below,
        _ => below + whole(1),
    }
}

/// What an amount is worth: times the rate, with the decimals of the asset that the rate leads to, halves to the even
/// neighbour.
///
/// # Errors
/// `FUND_0000003` beyond 128 bits.
pub fn value(amount: Amount, digits: u32, rate: &BigRational, into_digits: u32) -> Result<Amount> {
    rounded(&(coins(amount, digits) * rate), into_digits, Rounding::HalfEven)
}

/// Decimal text with all of so many decimals, however long the number is; halves to the even neighbour.
#[must_use]
pub fn decimal(number: &BigRational, digits: u32) -> String {
    let units = half_even(&(number * BigRational::from_integer(scale(digits)))).to_integer();
    let sign = if units.sign() == Sign::Minus { "-" } else { "" };
    let places = usize::try_from(digits).unwrap_or(0);
    let text = format!("{:0>width$}", units.magnitude().to_string(), width = places + 1);
    match text.split_at_checked(text.len() - places) {
        Some((whole, fraction)) if places > 0 => format!("{sign}{whole}.{fraction}"),
        _ => format!("{sign}{text}"),
    }
}

/// Decimal text of at most so many decimals, without zeros at the end.
#[must_use]
pub fn brief(number: &BigRational, most_digits: u32) -> String {
    let text = decimal(number, most_digits);
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::amount;
    use proptest::prelude::*;

    fn units(units: i128) -> Amount {
        Amount::of_units(units)
    }

    #[test]
    fn an_amount_is_worth_its_rate_times_itself() {
        for (amount, digits, rate, into, due) in [
            (150_000_000, 8, "60000", 2, 9_000_000),
            (1, 8, "60000", 2, 0),
            (-1, 18, "3000", 2, 0),
            (1_000_000, 6, "1", 2, 100),
            (1, 2, "0.5", 2, 0),
            (3, 2, "0.5", 2, 2),
            (5, 2, "0.5", 2, 2),
            (-3, 2, "0.5", 2, -2),
            (7, 0, "0.333333333333333333", 18, 2_333_333_333_333_333_331),
            // 10^18 coins of 18 decimals: the product is beyond 128 bits, the result is not.
            (10_i128.pow(36), 18, "60000", 2, 6 * 10_i128.pow(24)),
        ] {
            let worth = value(units(amount), digits, &parse(rate).unwrap(), into).unwrap();
            assert_eq!(worth, units(due), "{amount} at {rate}");
        }
        let refused = value(units(10_i128.pow(36)), 18, &parse("60000").unwrap(), 18);
        assert!(matches!(refused, Err(crate::Error::Refused(no)) if no.code == Code::TooLarge));
    }

    #[test]
    fn rounding_goes_where_it_is_told() {
        let third = whole(1) / whole(3);
        let around = |number: &BigRational| {
            [Rounding::Down, Rounding::HalfEven, Rounding::Up]
                .map(|rounding| rounded(number, 2, rounding).unwrap().units())
        };
        assert_eq!(around(&third), [33, 33, 34]);
        assert_eq!(around(&-&third), [-34, -33, -33]);
        assert_eq!(around(&whole(2)), [200, 200, 200]);
    }

    #[test]
    fn numbers_are_told_without_idle_zeros() {
        for (text, told) in [("60000", "60000"), ("0.00020", "0.0002"), ("0", "0"), ("100.0", "100")] {
            assert_eq!(brief(&parse(text).unwrap(), 18), told);
        }
        assert_eq!(brief(&(whole(1) / whole(3)), 4), "0.3333");
        assert_eq!(brief(&whole(100), 0), "100");
        for (number, digits, told) in [
            (whole(-1) / whole(200), 2, "0.00"),
            (whole(-3) / whole(200), 2, "-0.02"),
            (whole(7), 0, "7"),
            (
                whole(i64::MAX) * whole(i64::MAX) * whole(i64::MAX),
                1,
                "784637716923335095224261902710254454442933591094742482943.0",
            ),
        ] {
            assert_eq!(decimal(&number, digits), told);
        }
        for text in ["-1", "1e3", "", "+1", "0x1", "1.0000000000000000001"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn long_numbers_are_told_like_short_ones(units in any::<i128>(), digits in 0_u32..=18) {
            let amount = Amount::of_units(units);
            prop_assert_eq!(decimal(&coins(amount, digits), digits), amount.to_text(digits));
        }

        #[test]
        fn small_values_are_what_whole_numbers_say(
            amount in -(10_i128.pow(18))..10_i128.pow(18),
            rate in 1_i128..10_i128.pow(18),
            digits in 0_u32..=8,
        ) {
            // In plain 128-bit arithmetic: the amount, times the rate's millionths, back to two decimals.
            let worth = value(units(amount), digits, &coins(units(rate), 6), 2).unwrap();
            prop_assert_eq!(worth.units(), amount::half_even(amount * rate, 10_i128.pow(digits + 4)));
        }

        #[test]
        fn there_and_back_is_exact(amount in -(10_i128.pow(36))..10_i128.pow(36), rate in 1_i128..10_i128.pow(36)) {
            let rate = coins(units(rate), RATE_DIGITS);
            let worth = coins(units(amount), 18) * &rate;
            prop_assert_eq!(rounded(&(worth / rate), 18, Rounding::HalfEven).unwrap(), units(amount));
        }
    }
}
