//! The refusals of money's rules, each tied to its wire code.

use custos_store::UnitError;

/// Why a rule says no. `FUND_…` codes are this system's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Code {
    /// The group does not offer this currency in this trade type.
    NotOffered,
    /// No such account, transfer or hold of the caller.
    NotFound,
    /// Neither an account's id nor its currency is given.
    MissingField,
    /// An amount or another field outside what it can be.
    BadField,
    /// Less is free than is to leave.
    NotEnough,
    /// More is to be borrowed than the collateral allows.
    OverLimit,
    /// Nothing is owed.
    NothingOwed,
    /// An amount beyond what can be held.
    TooLarge,
    /// The account is closed to money in, out or both.
    Frozen,
    /// The account would go above its ceiling.
    OverCeiling,
    /// The same key with another request.
    OtherRequest,
    /// The transfer is reversed already.
    Reversed,
    /// A hold is no longer open.
    HoldEnded,
    /// The company does not allow transfers to other customers.
    NotToOthers,
    /// No rate leads from one currency to the other.
    NoRate,
    /// Nothing goes to others for a while after a credential or contact changed.
    CoolingOff,
    /// Who leaves still owes something.
    LeavesDebt,
    /// Who leaves still has something.
    LeavesBalance,
    /// Who leaves still has something under way.
    LeavesProposal,
    /// The proposal does not wait any more.
    ProposalEnded,
    /// Who made a proposal can't approve it.
    SamePerson,
}

impl Code {
    /// Every code, for the test that each has a text.
    pub const ALL: &'static [Self] = &[
        Self::NotOffered,
        Self::NotFound,
        Self::MissingField,
        Self::BadField,
        Self::NotEnough,
        Self::OverLimit,
        Self::NothingOwed,
        Self::TooLarge,
        Self::Frozen,
        Self::OverCeiling,
        Self::OtherRequest,
        Self::Reversed,
        Self::HoldEnded,
        Self::NotToOthers,
        Self::NoRate,
        Self::CoolingOff,
        Self::LeavesDebt,
        Self::LeavesBalance,
        Self::LeavesProposal,
        Self::ProposalEnded,
        Self::SamePerson,
    ];

    /// The code on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotOffered => "CUSTOMER_API_0000315",
            Self::NotFound => "CUSTOMER_API_0000003",
            Self::MissingField => "CUSTOMER_API_0000501",
            Self::BadField => "GATEWAY_CODE_104",
            Self::NotEnough => "FUND_0000001",
            Self::OverLimit => "FUND_0000002",
            Self::TooLarge => "FUND_0000003",
            Self::NothingOwed => "FUND_0000004",
            Self::Frozen => "FUND_0000005",
            Self::OverCeiling => "FUND_0000006",
            Self::OtherRequest => "FUND_0000007",
            Self::Reversed => "FUND_0000008",
            Self::HoldEnded => "FUND_0000009",
            Self::NotToOthers => "FUND_0000010",
            Self::NoRate => "FUND_0000011",
            Self::CoolingOff => "FUND_0000012",
            Self::LeavesDebt => "CUSTOMER_API_0000127",
            Self::LeavesBalance => "CUSTOMER_API_0000118",
            Self::LeavesProposal => "CUSTOMER_API_0000119",
            Self::ProposalEnded => "FUND_0000013",
            Self::SamePerson => "FUND_0000014",
        }
    }

    /// The refusal without parameters.
    #[must_use]
    pub fn refuse(self) -> Error {
        self.with(&[])
    }

    /// The refusal with the values that its text names.
    #[must_use]
    pub fn with(self, params: &[&str]) -> Error {
        let params = params.iter().map(|param| (*param).to_owned()).collect();
        Error::Refused(Refusal { code: self, params })
    }
}

/// A rule's no.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Which.
    pub code: Code,
    /// The values that its text names.
    pub params: Vec<String>,
}

/// Why something did not happen.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// A rule said no.
    #[error("refused with {}", .0.code.as_str())]
    Refused(Refusal),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] custos_store::Error),
}

impl UnitError for Error {
    fn store_error(&self) -> Option<&custos_store::Error> {
        match self {
            Self::Store(error) => Some(error),
            Self::Refused(_) => None,
        }
    }
}

/// The result of a rule.
pub type Result<T> = std::result::Result<T, Error>;
