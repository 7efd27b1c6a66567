//! The operations.

pub mod account;
pub mod dictionaries;
pub mod probes;
pub mod profile;
pub mod record;
pub mod registration;
pub mod sessions;
pub mod sign_in;
pub mod utility;
pub mod verification;

use crate::operation::{Entry, entry};

/// Every operation. Adding one is its block and its line here.
pub static ALL: &[Entry] = &[
    entry::<registration::Register>(),
    entry::<sign_in::Login>(),
    entry::<sessions::Logout>(),
    entry::<sessions::SwapToken>(),
    entry::<verification::SendCode>(),
    entry::<verification::CheckCode>(),
    entry::<probes::CheckCustomerExist>(),
    entry::<probes::CheckStatus>(),
    entry::<probes::CheckGoogleMfaStatus>(),
    entry::<profile::FindCustomerInfo>(),
    entry::<profile::FindPhoneAndEmail>(),
    entry::<profile::ChangeLang>(),
    entry::<profile::FindCustomerLang>(),
    entry::<profile::GroupList>(),
    entry::<dictionaries::Countries>(),
    entry::<dictionaries::ByParentCode>(),
    entry::<dictionaries::BusinessCountries>(),
    entry::<utility::ThirdLoginConfig>(),
    entry::<utility::Now>(),
    entry::<utility::GeoCountry>(),
];
