//! What an operation answers when it does not succeed.

use custos_customers::Code;
use custos_customers::hashing::HashError;
use custos_store::UnitError;

/// The refusals of the front door itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Gate {
    /// Something went wrong that is nobody's request's fault.
    Unexpected,
    /// No token where one is needed.
    MissingToken,
    /// No company.
    MissingCompany,
    /// No trace, or not a usable one.
    MissingTrace,
    /// The token is unknown, expired, revoked, or another company's.
    DeadToken,
    /// No such operation.
    UnknownOperation,
    /// A system outside of this one is slow or down.
    OutsideDown,
    /// A part that is needed can't be reached.
    Unavailable,
    /// A system outside of this one gave no usable answer.
    OutsideUnusable,
    /// The body is no JSON object.
    BadBody,
    /// The method does not fit the address.
    BadMethod,
    /// Too often; later again.
    TooFrequent,
    /// A field outside its limits; the parameter is its name.
    BadField,
    /// A field that is missing; the parameter is its name.
    MissingField,
    /// A file of none of the formats that are kept; the parameter names these.
    BadFormat,
    /// A file in which the virus scanner found something.
    Infected,
    /// The body is too large.
    TooLarge,
    /// It took too long.
    TimedOut,
    /// A member of staff, or an address, that may not do this.
    NotPermitted,
    /// What staff ask for can't be; the parameter says why.
    CannotBe,
}

impl Gate {
    /// Every code, for the test that each has a text.
    pub const ALL: &'static [Self] = &[
        Self::Unexpected,
        Self::MissingToken,
        Self::MissingCompany,
        Self::MissingTrace,
        Self::DeadToken,
        Self::UnknownOperation,
        Self::OutsideDown,
        Self::Unavailable,
        Self::OutsideUnusable,
        Self::BadBody,
        Self::BadMethod,
        Self::TooFrequent,
        Self::BadField,
        Self::MissingField,
        Self::BadFormat,
        Self::Infected,
        Self::TooLarge,
        Self::TimedOut,
        Self::NotPermitted,
        Self::CannotBe,
    ];

    /// The code on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unexpected => "500",
            Self::MissingToken => "GATEWAY_CODE_001",
            Self::MissingCompany => "GATEWAY_CODE_003",
            Self::MissingTrace => "GATEWAY_CODE_004",
            Self::DeadToken => "GATEWAY_CODE_005",
            Self::UnknownOperation => "GATEWAY_CODE_010",
            Self::OutsideDown => "GATEWAY_CODE_011",
            Self::Unavailable => "GATEWAY_CODE_012",
            Self::OutsideUnusable => "GATEWAY_CODE_013",
            Self::BadBody | Self::TooLarge => "GATEWAY_CODE_015",
            Self::BadMethod => "GATEWAY_CODE_016",
            Self::TooFrequent => "GATEWAY_CODE_018",
            Self::Infected => "CUSTOMER_API_0001633",
            Self::BadFormat => "GATEWAY_CODE_103",
            Self::BadField => "GATEWAY_CODE_104",
            Self::MissingField => "CUSTOMER_API_0000501",
            Self::TimedOut => "GATEWAY_CODE_902",
            Self::NotPermitted => "GATEWAY_CODE_019",
            Self::CannotBe => "GATEWAY_CODE_102",
        }
    }

    /// The refusal without parameters.
    #[must_use]
    pub fn refuse(self) -> Error {
        Error::Refused { code: self.as_str(), params: Vec::new(), rule: None }
    }

    /// The refusal that names a field.
    #[must_use]
    pub fn field(self, name: &str) -> Error {
        Error::Refused { code: self.as_str(), params: vec![name.to_owned()], rule: None }
    }
}

/// Why an operation did not succeed.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// A rule or the front door said no.
    #[error("refused with {code}")]
    Refused {
        /// The code on the wire.
        code: &'static str,
        /// The values that its text names.
        params: Vec<String>,
        /// Which of identity's rules said so: several share a code that must not tell them apart.
        rule: Option<Code>,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] custos_store::Error),
    /// Something else failed; the log has the story.
    #[error("{0}")]
    Internal(String),
}

/// The result of an operation.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// The code on the wire.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Refused { code, .. } => code,
            Self::Store(custos_store::Error::Busy) => Gate::TooFrequent.as_str(),
            Self::Store(custos_store::Error::Unavailable(_)) => Gate::Unavailable.as_str(),
            Self::Store(_) | Self::Internal(_) => Gate::Unexpected.as_str(),
        }
    }

    /// The values that the code's text names.
    #[must_use]
    pub fn params(&self) -> &[String] {
        match self {
            Self::Refused { params, .. } => params,
            Self::Store(_) | Self::Internal(_) => &[],
        }
    }

    /// Whether the log must have the story.
    #[must_use]
    pub fn is_unexpected(&self) -> bool {
        !matches!(self, Self::Refused { .. } | Self::Store(custos_store::Error::Busy))
    }
}

impl UnitError for Error {
    fn store_error(&self) -> Option<&custos_store::Error> {
        match self {
            Self::Store(error) => Some(error),
            Self::Refused { .. } | Self::Internal(_) => None,
        }
    }
}

impl From<custos_customers::Error> for Error {
    fn from(error: custos_customers::Error) -> Self {
        match error {
            custos_customers::Error::Refused(refusal) => Self::Refused {
                code: refusal.code.as_str(),
                params: refusal.params,
                rule: Some(refusal.code),
            },
            custos_customers::Error::Store(error) => Self::Store(error),
        }
    }
}

impl From<custos_customers::operator::Error> for Error {
    fn from(error: custos_customers::operator::Error) -> Self {
        match error {
            custos_customers::operator::Error::Said(words) => Gate::CannotBe.field(&words),
            custos_customers::operator::Error::Rule(error) => error.into(),
        }
    }
}

impl From<custos_ledger::Error> for Error {
    fn from(error: custos_ledger::Error) -> Self {
        match error {
            custos_ledger::Error::Refused(refusal) => {
                Self::Refused { code: refusal.code.as_str(), params: refusal.params, rule: None }
            }
            custos_ledger::Error::Store(error) => Self::Store(error),
        }
    }
}

impl From<HashError> for Error {
    fn from(error: HashError) -> Self {
        match error {
            HashError::Busy => Gate::TooFrequent.refuse(),
            other => Self::Internal(format!("password hash: {other}")),
        }
    }
}
