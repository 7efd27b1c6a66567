//! What can stand in a place.

use crate::amount::Amount;

/// What stands in a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A customer's own money in an account; never below zero.
    Own,
    /// What the customer owes on that account: zero or below.
    Principal,
    /// The interest they owe on it: zero or below.
    Interest,
    /// The company's money that deposits come from and withdrawals go to.
    Float,
    /// Interest that customers owe or have paid.
    InterestIncome,
    /// What is not assigned yet.
    Suspense,
    /// Fees.
    Fees,
}

/// The company's own kinds.
pub const OF_COMPANY: [Kind; 4] = [Kind::Float, Kind::InterestIncome, Kind::Suspense, Kind::Fees];

impl Kind {
    /// The number in the column.
    #[must_use]
    pub const fn number(self) -> i64 {
        match self {
            Self::Own => 1,
            Self::Principal => 2,
            Self::Interest => 3,
            Self::Float => 11,
            Self::InterestIncome => 12,
            Self::Suspense => 13,
            Self::Fees => 14,
        }
    }

    /// The kind of a column's number.
    #[must_use]
    pub fn of_number(number: i64) -> Option<Self> {
        [Self::Own, Self::Principal, Self::Interest]
            .into_iter()
            .chain(OF_COMPANY)
            .find(|kind| kind.number() == number)
    }

    /// Its name in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Own => "own",
            Self::Principal => "principal",
            Self::Interest => "interest",
            Self::Float => "float",
            Self::InterestIncome => "interest-income",
            Self::Suspense => "suspense",
            Self::Fees => "fees",
        }
    }

    /// The lowest balance, where there is one.
    pub(super) const fn floor(self) -> Option<Amount> {
        match self {
            Self::Own => Some(Amount::ZERO),
            _ => None,
        }
    }

    /// The highest balance, where there is one.
    pub(super) const fn ceiling(self) -> Option<Amount> {
        match self {
            Self::Principal | Self::Interest => Some(Amount::ZERO),
            _ => None,
        }
    }
}

pub(super) fn kind_of(number: i64) -> custos_store::Result<Kind> {
    Kind::of_number(number)
        .ok_or_else(|| custos_store::Error::Internal(format!("no kind of place has number {number}")))
}
