//! The operations.

pub mod account;
pub mod accounts;
pub mod assets;
pub mod capital;
pub mod closure;
pub mod contacts;
pub mod country;
pub mod dictionaries;
pub mod extend;
pub mod kyc;
pub mod loans;
pub mod mfa;
pub mod news;
pub mod office;
pub mod passwords;
pub mod probes;
pub mod profile;
pub mod record;
pub mod registration;
pub mod security;
pub mod sessions;
pub mod sign_in;
mod step;
pub mod third_party;
pub mod utility;
pub mod verification;
pub mod wallet;
pub mod watchlist;
pub(crate) mod wealth;

use crate::operation::{Entry, entry};

/// Every operation of customers. Adding one is its block and its line here.
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
    entry::<passwords::BindLoginPassword>(),
    entry::<passwords::FirstLoginPassword>(),
    entry::<passwords::FirstLoginPassword>().also("customer.app.CustomerWebApiService.firstSetLoginPwd"),
    entry::<passwords::UpdateLoginPassword>(),
    entry::<passwords::UpdateLoginPasswordMfa>(),
    entry::<passwords::ForgetLoginPassword>(),
    entry::<passwords::BindFundPassword>(),
    entry::<passwords::BindFundPasswordMfa>(),
    entry::<passwords::UpdateFundPassword>(),
    entry::<passwords::UpdateFundPasswordMfa>(),
    entry::<passwords::ForgetFundPassword>(),
    entry::<passwords::ForgetFundPasswordV2>(),
    entry::<passwords::ForgetFundPasswordMfa>(),
    entry::<contacts::BindEmail>(),
    entry::<contacts::BindPhone>(),
    entry::<contacts::ChangeEmail>(),
    entry::<contacts::ChangePhone>(),
    entry::<contacts::ChangeEmailV2>(),
    entry::<contacts::ChangePhoneV2>(),
    entry::<contacts::ChangeEmailMfa>(),
    entry::<contacts::ChangePhoneMfa>(),
    entry::<contacts::FirstSetEmail>(),
    entry::<contacts::FirstSetPhone>(),
    entry::<contacts::ChangePostalAddress>(),
    entry::<mfa::GenerateAuthenticator>(),
    entry::<mfa::CheckAuthenticator>(),
    entry::<mfa::SwitchMfa>(),
    entry::<mfa::RenewRecoveryCodes>(),
    entry::<third_party::BindThirdAccount>(),
    entry::<third_party::FindThirdAccounts>(),
    entry::<capital::CapitalTransfer>(),
    entry::<capital::CapitalTransferRecord>(),
    entry::<wallet::QueryOutsideBalance>(),
    entry::<security::ListSessions>(),
    entry::<security::RevokeSession>(),
    entry::<security::RevokeOtherSessions>(),
    entry::<security::SecurityHistory>(),
    entry::<dictionaries::Countries>(),
    entry::<dictionaries::ByParentCode>(),
    entry::<dictionaries::BusinessCountries>(),
    entry::<dictionaries::ByParentId>(),
    entry::<country::ChangeCountry>(),
    entry::<kyc::FindAllLevelKyc>(),
    entry::<kyc::FindAllBizKyc>(),
    entry::<kyc::FindAllBizKycList>(),
    entry::<kyc::FindAllCusKycListByBiz>(),
    entry::<kyc::CheckKycApply>(),
    entry::<kyc::KycApply>(),
    entry::<kyc::KycLevelApply>(),
    entry::<extend::SaveCustomerExtend>(),
    entry::<extend::FindCustomerExtend>(),
    entry::<news::CustomerViewNoticePage>(),
    entry::<news::CustomerViewMsgPage>(),
    entry::<news::MsgRead>(),
    entry::<news::MsgAllRead>(),
    entry::<watchlist::AddOptional>(),
    entry::<watchlist::AddOptionalBatch>(),
    entry::<watchlist::DeleteOptional>(),
    entry::<watchlist::OptionalList>(),
    entry::<watchlist::SymbolBaseList>(),
    entry::<loans::ManualLoan>(),
    entry::<loans::ManualRepayment>(),
    entry::<loans::Liabilities>(),
    entry::<accounts::OpenAccount>(),
    entry::<accounts::QueryAccountById>(),
    entry::<accounts::QueryAccountAssetsInfo>(),
    entry::<accounts::QueryCustomerAssets>(),
    entry::<accounts::QueryCustomerAssetsInfo>(),
    entry::<assets::AssetsList>(),
    entry::<closure::Destroy>(),
    entry::<utility::ThirdLoginConfig>(),
    entry::<utility::Now>(),
    entry::<utility::GeoCountry>(),
];
