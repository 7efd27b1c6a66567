//! The refusals of money's rules, each tied to its wire code.

use custos_store::UnitError;

/// Why a rule says no.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Code {
    /// The group does not offer this currency in this trade type.
    NotOffered,
}

impl Code {
    /// Every code, for the test that each has a text.
    pub const ALL: &'static [Self] = &[Self::NotOffered];

    /// The code on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotOffered => "CUSTOMER_API_0000315",
        }
    }

    /// The refusal without parameters.
    #[must_use]
    pub fn refuse(self) -> Error {
        Error::Refused(Refusal { code: self, params: Vec::new() })
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
