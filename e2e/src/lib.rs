//! Black-box tests: they start the real binary, speak its protocol as a front-end would, and read the mail and
//! the text messages it sends. Nothing in here knows how the server is built.
//!
//! Run them with `cargo xtask test`, which starts the PostgreSQL they need.

mod backend;
mod client;
pub mod codes;
mod database_file;
mod envelope;
mod forms;
mod freeze;
pub mod fresh;
mod inbox;
mod loopback;
mod mail;
mod mime;
mod operator;
mod parallel;
pub mod patience;
mod people;
mod person;
mod process;
mod production;
mod provider;
pub mod raw;
mod recorder;
mod request;
mod server;
mod sms;
mod telegram;
mod totp;
mod trials;
mod wallet;

pub use backend::Backend;
pub use client::{Client, Code};
pub use database_file::DatabaseFile;
pub use envelope::Reply;
pub use forms::Form;
pub use freeze::{FreezeLink, Page};
pub use inbox::{Addressed, Inbox, PATIENCE};
pub use mail::{Mail, MailReceiver};
pub use operator::{Outcome, text_of};
pub use parallel::{all_at_once, spread_over};
pub use people::{Customer, PASSWORD, account_in, md5, password};
pub use person::{Authenticator, FUND_PASSWORD, Person};
pub use production::Deployment;
pub use request::Request;
pub use server::{MAIL_PASSWORD, Server};
pub use sms::{Sms, SmsReceiver};
pub use telegram::{
    TelegramBot, TelegramMessage, Trouble, call_webhook, membership, post_to_webhook, written,
};
pub use totp::totp;
pub use trials::{asks_for_google_codes, has_consequences, refuses_other_codes, survives_a_kill};
pub use wallet::WalletSystem;

/// Makes two tests of each named function, one on SQLite and one on PostgreSQL. Each function takes the
/// [`Backend`] that its server shall use.
#[macro_export]
macro_rules! on_both {
    ($($name:ident),+ $(,)?) => {
        mod sqlite {
            $(#[test] fn $name() { super::$name($crate::Backend::Sqlite); })+
        }
        mod postgres {
            $(#[test] fn $name() { super::$name($crate::Backend::Postgres); })+
        }
    };
}
