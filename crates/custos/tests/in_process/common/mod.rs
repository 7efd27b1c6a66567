//! A server in this process, its clients, and looks behind the counter.

mod client;
mod database;
mod example;
mod house;
mod money;
mod office;
mod people;
mod snapshot;

pub(crate) use client::{Client, Code, Mail, Reply, address_of, biz_type, entry};
pub(crate) use database::{Backend, Ground, on_both};
pub(crate) use example::{example, name};
pub(crate) use house::{House, config_on, eventually, leaked};
pub(crate) use money::Which;
pub(crate) use office::{Member, OFFICE_PASSWORD};
pub(crate) use people::{Customer, PASSWORD, fresh_email, fresh_phone, md5, registration};
pub(crate) use snapshot::Snapshot;

/// No token where one is needed.
pub(crate) const NO_TOKEN: &str = "GATEWAY_CODE_001";
/// A token that is none, or no longer.
pub(crate) const DEAD_TOKEN: &str = "GATEWAY_CODE_005";
/// Too often.
pub(crate) const TOO_OFTEN: &str = "GATEWAY_CODE_018";
/// A field outside its limits.
pub(crate) const BAD_FIELD: &str = "GATEWAY_CODE_104";
/// A required field is missing.
pub(crate) const MISSING_FIELD: &str = "CUSTOMER_API_0000501";
/// No such record of the caller's.
pub(crate) const NOT_FOUND: &str = "CUSTOMER_API_0000003";
/// The customer is leaving.
pub(crate) const LEAVING: &str = "CUSTOMER_API_0000004";
/// Disabled, deleted or closed.
pub(crate) const SUSPENDED: &str = "CUSTOMER_API_0000103";
/// The address is another customer's.
pub(crate) const EMAIL_TAKEN: &str = "CUSTOMER_API_0000107";
/// No such company.
pub(crate) const UNKNOWN_COMPANY: &str = "CUSTOMER_API_0000111";
/// Wrong account or password.
pub(crate) const WRONG_SIGN_IN: &str = "CUSTOMER_API_0000112";
/// Sign-in is locked.
pub(crate) const LOCKED: &str = "CUSTOMER_API_0000113";
/// Wrong verification code.
pub(crate) const WRONG_CODE: &str = "CUSTOMER_API_0000511";
/// Too many codes sent or tried.
pub(crate) const TOO_MANY_CODES: &str = "CUSTOMER_API_0000512";
/// Wrong authenticator code.
pub(crate) const WRONG_GOOGLE: &str = "CUSTOMER_API_0000519";
/// No authenticator code.
pub(crate) const NO_GOOGLE: &str = "CUSTOMER_API_0000520";

/// Not allowed.
pub(crate) const NOT_PERMITTED: &str = "GATEWAY_CODE_019";
/// What staff ask for can't be.
pub(crate) const CANNOT_BE: &str = "GATEWAY_CODE_102";
/// The password is too weak.
pub(crate) const WEAK: &str = "CUSTOMER_API_0000139";

/// A second in milliseconds, and its multiples.
pub(crate) const SECOND: i64 = 1_000;
pub(crate) const MINUTE: i64 = 60 * SECOND;
pub(crate) const HOUR: i64 = 60 * MINUTE;
pub(crate) const DAY: i64 = 24 * HOUR;
