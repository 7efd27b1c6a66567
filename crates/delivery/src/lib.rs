//! The ways out: what is said to customers, in their language, and the drivers that carry it by
//! e-mail, text message and Telegram; and questions to companies' own systems. Everything here is
//! synchronous and runs on worker threads.
//!
//! Drivers never put a code, a token or a message's text into an error or a log line.

pub mod breaker;
pub mod clamd;
mod html;
mod http;
pub mod nats;
pub mod nats_positions;
mod nats_settings;
pub mod outbox;
pub mod outbox_admin;
pub mod quotes;
pub mod reach;
pub mod sms;
pub mod sms_text;
pub mod smtp;
pub mod telegram;
pub mod templates;
pub mod texts;
mod url;
pub mod vault;
pub mod wallet;
pub mod webhook;
pub mod webhooks;

/// A way to reach a customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Channel {
    /// E-mail by SMTP.
    Email,
    /// Text message.
    Sms,
    /// The company's Telegram bot.
    Telegram,
    /// No customer: the company's own wallet system, which is told what to undo.
    Wallet,
}

impl Channel {
    /// Every channel.
    pub const ALL: [Self; 4] = [Self::Email, Self::Sms, Self::Telegram, Self::Wallet];

    /// The name kept in the outbox and shown in logs and metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Sms => "sms",
            Self::Telegram => "telegram",
            Self::Wallet => "wallet",
        }
    }

    /// The channel of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|channel| channel.as_str() == name)
    }
}

/// Why a message was not handed over. The reasons hold status codes only, never what a provider
/// wrote: such a text may repeat the recipient or the message.
///
/// Refused credentials count as temporary in every driver: nothing is wrong with the message, and
/// an operator can mend them before the outbox gives up.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// This message or recipient will not be accepted; trying again is useless.
    #[error("{0}")]
    Permanent(String),
    /// It may work later.
    #[error("{0}")]
    Temporary(String),
    /// It may work later, and the provider says when.
    #[error("{reason}")]
    Later {
        /// What the provider answered.
        reason: String,
        /// Seconds to wait before the next try.
        seconds: u64,
    },
}

impl SendError {
    /// Whether trying again is useless.
    pub const fn is_permanent(&self) -> bool {
        matches!(self, Self::Permanent(_))
    }

    /// How many seconds the provider asked to wait, if it did.
    pub const fn retry_after_s(&self) -> Option<u64> {
        match self {
            Self::Later { seconds, .. } => Some(*seconds),
            Self::Permanent(_) | Self::Temporary(_) => None,
        }
    }
}
