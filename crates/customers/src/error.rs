//! The refusals of identity's rules, each tied to its wire code in one table.

use custos_store::UnitError;

macro_rules! refusals {
    ($($(#[$doc:meta])* $variant:ident = $code:literal),* $(,)?) => {
        /// Why a rule says no.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Code { $($(#[$doc])* $variant),* }

        impl Code {
            /// Every code, for the test that each has a text.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The code on the wire.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $code),* }
            }
        }
    };
}

refusals! {
    /// What is asked for does not exist, or not for this customer.
    NotFound = "CUSTOMER_API_0000003",
    /// The customer is leaving: only the record may be read.
    InProgress = "CUSTOMER_API_0000004",
    /// Disabled, deleted or closed.
    SignInSuspended = "CUSTOMER_API_0000103",
    /// The phone number is another customer's.
    PhoneTaken = "CUSTOMER_API_0000106",
    /// The e-mail address is another customer's.
    EmailTaken = "CUSTOMER_API_0000107",
    /// The company's range of customer numbers is spent.
    NumbersSpent = "CUSTOMER_API_0000110",
    /// No such company, or it is disabled.
    CompanyUnknown = "CUSTOMER_API_0000111",
    /// Wrong account or wrong password: never told apart.
    WrongSignIn = "CUSTOMER_API_0000112",
    /// Locked.
    SignInLocked = "CUSTOMER_API_0000113",
    /// Another customer has this phone number, or this one has a number already.
    PhoneBound = "CUSTOMER_API_0000121",
    /// Another customer has this e-mail address, or this one has an address already.
    EmailBound = "CUSTOMER_API_0000122",
    /// The new password is the old one.
    SamePassword = "CUSTOMER_API_0000123",
    /// The old password is wrong.
    WrongOldPassword = "CUSTOMER_API_0000124",
    /// There is a fund password already.
    FundPasswordSet = "CUSTOMER_API_0000133",
    /// Too many wrong fund passwords; the parameters are how many and for how many hours.
    FundPasswordLocked = "CUSTOMER_API_0000134",
    /// There is a login password already.
    LoginPasswordSet = "CUSTOMER_API_0000135",
    /// The e-mail address is not the customer's.
    NotOwnEmail = "CUSTOMER_API_0000137",
    /// MFA is on, and this form has no place for its code.
    MfaIsOn = "CUSTOMER_API_0000138",
    /// This customer has an account of that third party already.
    ThirdAccountSet = "CUSTOMER_API_0000143",
    /// The third party's account is another customer's.
    ThirdAccountBound = "CUSTOMER_API_0000144",
    /// No such third party.
    ThirdPartyUnknown = "CUSTOMER_API_0000145",
    /// The customer has no phone number.
    NoPhone = "CUSTOMER_API_0000136",
    /// The password is malformed or among the most common ones.
    WeakPassword = "CUSTOMER_API_0000139",
    /// The customer has no e-mail address.
    NoEmail = "CUSTOMER_API_0000156",
    /// The company has no group that opens accounts.
    NoOpeningGroup = "CUSTOMER_API_0000306",
    /// A phone number that can't exist.
    BadPhone = "CUSTOMER_API_0000504",
    /// A calling code that can't exist.
    BadPhoneArea = "CUSTOMER_API_0000507",
    /// An e-mail address that is none.
    BadEmail = "CUSTOMER_API_0000510",
    /// Wrong verification code.
    WrongCode = "CUSTOMER_API_0000511",
    /// Too many codes sent or tried.
    TooManyCodes = "CUSTOMER_API_0000512",
    /// Wrong code of the new phone number.
    WrongNewPhoneCode = "CUSTOMER_API_0000513",
    /// Wrong code of the old phone number.
    WrongOldPhoneCode = "CUSTOMER_API_0000514",
    /// Wrong code of the new e-mail address.
    WrongNewEmailCode = "CUSTOMER_API_0000515",
    /// Wrong code of the old e-mail address.
    WrongOldEmailCode = "CUSTOMER_API_0000516",
    /// Wrong code of the e-mail address.
    WrongEmailCode = "CUSTOMER_API_0000517",
    /// Wrong code of the phone number.
    WrongPhoneCode = "CUSTOMER_API_0000518",
    /// The code of a bound contact is missing.
    MissingContactCode = "CUSTOMER_API_0000521",
    /// The third party does not vouch for this.
    ThirdPartyProof = "CUSTOMER_API_0000902",
    /// The new phone number is the old one.
    SamePhone = "CUSTOMER_API_0001004",
    /// The new e-mail address is the old one.
    SameEmail = "CUSTOMER_API_0001005",
    /// There is an e-mail address already.
    EmailSet = "CUSTOMER_API_0001019",
    /// There is a phone number already.
    PhoneSet = "CUSTOMER_API_0001020",
    /// The third party named is not bound; the parameter is its name.
    ThirdPartyNotBound = "CUSTOMER_API_0001021",
    /// Without an e-mail address or a phone number MFA can't be switched.
    NoContact = "CUSTOMER_API_0001022",
    /// MFA is off.
    MfaIsOff = "CUSTOMER_API_0001040",
    /// The company has closed this operation.
    NotOpen = "GATEWAY_CODE_201",
    /// The sign-in is too long ago for this; the session has ended.
    StaleSignIn = "GATEWAY_CODE_005",
    /// Wrong authenticator code.
    WrongGoogleCode = "CUSTOMER_API_0000519",
    /// Authenticator codes are not looked at for a while: the same answer as to a wrong one.
    LockedGoogleCode = "CUSTOMER_API_0000519",
    /// A right authenticator code that was used before: the same answer, and no guess.
    UsedGoogleCode = "CUSTOMER_API_0000519",
    /// The authenticator code is missing.
    MissingGoogleCode = "CUSTOMER_API_0000520",
    /// A country that the company does not serve.
    CountryNotServed = "CUSTOMER_API_0001003",
    /// A KYC is in review already.
    KycInReview = "CUSTOMER_API_0000601",
    /// The company asks no KYC of this kind.
    KycNotAsked = "CUSTOMER_API_0000602",
    /// A KYC is passed, and with it this is settled.
    KycPassed = "CUSTOMER_API_0000604",
    /// The KYC was rejected for good.
    KycRejected = "CUSTOMER_API_0000606",
    /// The KYC is not, or no longer, waiting for a decision.
    KycNotPending = "CUSTOMER_API_0000608",
    /// A level before this one is not passed.
    KycLevelSkipped = "CUSTOMER_API_0000616",
    /// An element's value does not fit; the parameter is the element's code.
    KycElement = "CUSTOMER_API_0000620",
    /// Businesses of this country may not open accounts.
    KycBusinessCountry = "CUSTOMER_API_0000624",
    /// The KYC has changed since it was looked at.
    KycChanged = "CUSTOMER_API_0001631",
    /// Someone else is at this KYC; the parameter is who.
    KycClaimed = "CUSTOMER_API_0001632",
    /// A value outside its limits; the parameter is the field's name.
    BadField = "GATEWAY_CODE_104",
}

impl Code {
    /// The refusal without parameters.
    #[must_use]
    pub fn refuse(self) -> Error {
        Error::Refused(Refusal { code: self, params: Vec::new() })
    }

    /// The refusal with the values that its text names.
    #[must_use]
    pub fn with(self, params: &[&str]) -> Error {
        Error::Refused(Refusal { code: self, params: params.iter().map(|text| (*text).to_owned()).collect() })
    }
}

/// A rule's no, with the values that its text names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Which.
    pub code: Code,
    /// The values, in the order of the text's places.
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

impl From<custos_store::KeyError> for Error {
    fn from(error: custos_store::KeyError) -> Self {
        Self::Store(custos_store::Error::Internal(error.to_string()))
    }
}

/// The result of a rule.
pub type Result<T> = std::result::Result<T, Error>;
