//! Kinds of codes, and whom they go to.

use crate::customer::Customer;
use crate::email::Email;
use crate::error::{Code, Result};
use crate::phone::{Phone, PhoneError};
use custos_delivery::Channel;
use custos_store::{MINUTE_MS, Tx};

const EMAIL_CODE_MINUTES: i64 = 10;
const SMS_CODE_MINUTES: i64 = 5;

/// What a code is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// A new address.
    Common,
    /// Signing in.
    Login,
    /// Registering.
    Register,
    /// Resetting a password.
    Password,
    /// Something a signed-in customer does; the recipient is their own address.
    SignedIn,
}

/// A kind of code: the field `bizType` of the verification operations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Kind {
    /// By which way.
    pub channel: Channel,
    /// What for.
    pub purpose: Purpose,
}

impl Kind {
    /// Every kind there is.
    pub const ALL: [Self; 11] = {
        use Purpose::{Common, Login, Password, Register, SignedIn};
        [
            Self { channel: Channel::Email, purpose: Common },
            Self { channel: Channel::Email, purpose: Login },
            Self { channel: Channel::Email, purpose: Register },
            Self { channel: Channel::Email, purpose: Password },
            Self { channel: Channel::Email, purpose: SignedIn },
            Self { channel: Channel::Sms, purpose: Common },
            Self { channel: Channel::Sms, purpose: Login },
            Self { channel: Channel::Sms, purpose: Register },
            Self { channel: Channel::Sms, purpose: Password },
            Self { channel: Channel::Sms, purpose: SignedIn },
            Self { channel: Channel::Telegram, purpose: Common },
        ]
    };

    /// The wire's name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match (self.channel, self.purpose) {
            (Channel::Email, Purpose::Common) => "EMAIL_COMMON_VERIFICATION_CODE",
            (Channel::Email, Purpose::Login) => "EMAIL_LOGIN_VERIFICATION_CODE",
            (Channel::Email, Purpose::Register) => "EMAIL_REGISTER_VERIFICATION_CODE",
            (Channel::Email, Purpose::Password) => "EMAIL_PASSWORD_VERIFICATION_CODE",
            (Channel::Email, Purpose::SignedIn) => "EMAIL_LOGINED_VERIFICATION_CODE",
            (Channel::Sms, Purpose::Common) => "SMS_COMMON_VERIFICATION_CODE",
            (Channel::Sms, Purpose::Login) => "SMS_LOGIN_VERIFICATION_CODE",
            (Channel::Sms, Purpose::Register) => "SMS_REGISTER_VERIFICATION_CODE",
            (Channel::Sms, Purpose::Password) => "SMS_PASSWORD_VERIFICATION_CODE",
            (Channel::Sms, Purpose::SignedIn) => "SMS_LOGINED_VERIFICATION_CODE",
            (Channel::Telegram | Channel::Wallet, _) => "SMS_TELEGRAM_VERIFICATION_CODE",
        }
    }

    /// The kind of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }

    pub(super) fn life_ms(self) -> i64 {
        self.minutes() * MINUTE_MS
    }

    pub(super) fn minutes(self) -> i64 {
        if self.channel == Channel::Email { EMAIL_CODE_MINUTES } else { SMS_CODE_MINUTES }
    }

    /// Signing in and resetting: the kinds by which an account can be taken over by guessing.
    pub(super) fn opens_accounts(self) -> bool {
        matches!(self.purpose, Purpose::Login | Purpose::Password)
    }

    pub(super) fn purpose_key(self) -> &'static str {
        match self.purpose {
            _ if self.channel == Channel::Telegram => "telegram",
            Purpose::Common => "common",
            Purpose::Login => "login",
            Purpose::Register => "register",
            Purpose::Password => "password",
            Purpose::SignedIn => "logined",
        }
    }
}

/// Whom a code goes to, in the one spelling that is compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recipient {
    /// An e-mail address.
    Email(Email),
    /// A phone number.
    Phone(Phone),
    /// A Telegram user's id.
    Telegram(i64),
}

impl Recipient {
    /// Reads the field `toUser` for a channel.
    ///
    /// # Errors
    /// `CUSTOMER_API_0000510` for e-mail; `0507` or `0504` for a phone number.
    pub fn parse(channel: Channel, text: &str) -> Result<Self> {
        match channel {
            Channel::Email => Email::parse(text).map(Self::Email).ok_or_else(|| Code::BadEmail.refuse()),
            Channel::Sms => Phone::parse_recipient(text).map(Self::Phone).map_err(phone_refusal),
            Channel::Telegram | Channel::Wallet => text
                .parse()
                .ok()
                .filter(|id| *id > 0)
                .map(Self::Telegram)
                .ok_or_else(|| Code::BadField.with(&["toUser"])),
        }
    }

    /// The customer's own address of a channel.
    ///
    /// # Errors
    /// `CUSTOMER_API_0000156` or `0136` when there is none.
    pub fn own(channel: Channel, customer: &Customer) -> Result<Self> {
        match channel {
            Channel::Email => customer.email.clone().map(Self::Email).ok_or_else(|| Code::NoEmail.refuse()),
            Channel::Sms => customer.phone.clone().map(Self::Phone).ok_or_else(|| Code::NoPhone.refuse()),
            // Bound Telegram accounts are found by `third_party::telegram_recipient`.
            Channel::Telegram | Channel::Wallet => Err(Code::ThirdPartyNotBound.with(&["telegram"])),
        }
    }

    /// By which way it is reached.
    #[must_use]
    pub fn channel(&self) -> Channel {
        match self {
            Self::Email(_) => Channel::Email,
            Self::Phone(_) => Channel::Sms,
            Self::Telegram(_) => Channel::Telegram,
        }
    }

    /// The address as drivers want it.
    #[must_use]
    pub fn address(&self) -> String {
        match self {
            Self::Email(email) => email.as_str().to_owned(),
            Self::Phone(phone) => phone.e164(),
            Self::Telegram(id) => id.to_string(),
        }
    }

    /// The address as logs may show it.
    #[must_use]
    pub fn masked(&self) -> String {
        match self {
            Self::Email(email) => email.masked(),
            Self::Phone(phone) => phone.masked(),
            Self::Telegram(id) => format!("telegram:***{:03}", id % 1_000),
        }
    }

    pub(super) fn hash(&self, tx: &Tx<'_>) -> [u8; 32] {
        tx.keys().keyed_hash("recipient", &[self.channel().as_str().as_bytes(), self.address().as_bytes()])
    }
}

/// What the wire says of a phone number that can't be read.
#[must_use]
pub fn phone_refusal(error: PhoneError) -> crate::Error {
    match error {
        PhoneError::UnknownArea => Code::BadPhoneArea.refuse(),
        PhoneError::Impossible => Code::BadPhone.refuse(),
    }
}
