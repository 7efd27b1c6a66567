//! On what terms a group's customers may borrow.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The trade type of the accounts that are lent on.
pub const CROSS: i64 = 3;
/// The highest leverage.
const MOST_LEVERAGE: i64 = 125;

/// The terms of loans on a group's accounts of one trade type. Decimal numbers are kept as they are typed: they are exact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Lending {
    /// Own and borrowed assets together are at most so many times the own ones.
    pub leverage: i64,
    /// Interest of a day on what is borrowed: `0.0002` is 0.02 %.
    pub daily_rate: String,
    /// Own assets below so many percent of the debt are risk level 1.
    pub warn_below_percent: i64,
    /// Below so many percent they are risk level 2: more own assets are asked for.
    pub call_below_percent: i64,
    /// Below so many percent they are risk level 3: the account is to be closed.
    pub close_below_percent: i64,
    /// What a customer may owe at most, by asset code, as decimal text; without a limit where there is none.
    pub limits: BTreeMap<String, String>,
}

impl Default for Lending {
    fn default() -> Self {
        Self {
            leverage: 3,
            daily_rate: "0.0002".to_owned(),
            warn_below_percent: 40,
            call_below_percent: 20,
            close_below_percent: 10,
            limits: BTreeMap::new(),
        }
    }
}

impl Lending {
    /// Says what is wrong with these terms.
    ///
    /// # Errors
    /// A sentence for the operator.
    pub fn check(&self) -> Result<(), String> {
        if !(2..=MOST_LEVERAGE).contains(&self.leverage) {
            return Err(format!("leverage: a whole number from 2 to {MOST_LEVERAGE}"));
        }
        // 10 % a day is beyond all usury: most likely percent were typed.
        if !is_decimal(&self.daily_rate, 1, 18)
            || !self.daily_rate.starts_with("0.0") && !is_zero(&self.daily_rate)
        {
            return Err(format!(
                "daily_rate: a decimal number below 0.1, such as 0.0002 for 0.02 %, not {:?}",
                self.daily_rate
            ));
        }
        let levels = [self.close_below_percent, self.call_below_percent, self.warn_below_percent];
        if !levels.is_sorted() || levels.iter().any(|percent| !(0..=10_000).contains(percent)) {
            return Err(
                "warn_below_percent, call_below_percent, close_below_percent: each at most the one before, none below 0"
                    .to_owned(),
            );
        }
        match self.limits.iter().find(|(_, limit)| !is_decimal(limit, 18, 18)) {
            Some((code, limit)) => Err(format!("limits: {limit:?} is no amount of {code}")),
            None => Ok(()),
        }
    }
}

fn is_zero(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b'0' | b'.'))
}

/// Whether a text is a decimal number without a sign, with at most so many digits before and after the point.
pub(super) fn is_decimal(text: &str, before: usize, after: usize) -> bool {
    let digits = |part: &str, most: usize| {
        (1..=most).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit())
    };
    match text.split_once('.') {
        Some((whole, fraction)) => digits(whole, before) && digits(fraction, after),
        None => digits(text, before),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_that_can_not_be_are_said() {
        assert_eq!(Lending::default().check(), Ok(()));
        let with = |change: fn(&mut Lending)| {
            let mut lending = Lending::default();
            change(&mut lending);
            lending.check()
        };
        assert_eq!(with(|lending| lending.daily_rate = "0".to_owned()), Ok(()));
        assert_eq!(with(|lending| lending.daily_rate = "0.099".to_owned()), Ok(()));
        assert_eq!(with(|lending| drop(lending.limits.insert("BTC".to_owned(), "1.5".to_owned()))), Ok(()));
        for (change, word) in [
            ((|lending| lending.leverage = 1) as fn(&mut Lending), "leverage"),
            (|lending| lending.leverage = 126, "leverage"),
            (|lending| lending.daily_rate = "0.1".to_owned(), "daily_rate"),
            (|lending| lending.daily_rate = "2".to_owned(), "daily_rate"),
            (|lending| lending.daily_rate = "0.02%".to_owned(), "daily_rate"),
            (|lending| lending.daily_rate = "-0.01".to_owned(), "daily_rate"),
            (|lending| lending.daily_rate = String::new(), "daily_rate"),
            (|lending| lending.call_below_percent = 50, "call_below_percent"),
            (|lending| lending.close_below_percent = -1, "close_below_percent"),
            (|lending| drop(lending.limits.insert("BTC".to_owned(), "much".to_owned())), "BTC"),
        ] {
            let told = with(change).unwrap_err();
            assert!(told.contains(word), "{told}");
        }
    }
}
