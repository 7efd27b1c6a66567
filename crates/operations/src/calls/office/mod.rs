//! What staff can call: one file a topic, one block an operation, like customers'. The caller's type says what it takes:
//! `type Caller = Staff<may::ReviewKyc>`.

pub mod addresses;
pub mod apps;
pub mod audit;
pub mod auth;
pub mod care;
pub mod closures;
pub mod company;
pub mod customers;
pub mod delivery;
pub mod events;
pub mod groups;
pub mod kyc;
pub mod money;
pub mod people;
pub mod proposals;
pub mod rates;
pub mod reference;
pub mod staff;
pub mod texts;
pub mod transfer_locks;
pub mod white;

use crate::operation::{Entry, entry};

/// Every operation of the back office. Adding one is its block and its line here.
pub static OFFICE: &[Entry] = &[
    entry::<auth::CompanyAuth>(),
    entry::<auth::SignIn>(),
    entry::<auth::BeginEnrolment>(),
    entry::<auth::Enrol>(),
    entry::<auth::SignOut>(),
    entry::<auth::WhoAmI>(),
    entry::<staff::ListStaff>(),
    entry::<staff::ListRoles>(),
    entry::<staff::AddStaff>(),
    entry::<staff::SetStaffRoles>(),
    entry::<staff::InviteStaff>(),
    entry::<staff::EnableStaff>(),
    entry::<staff::UnlockStaff>(),
    entry::<apps::ListApps>(),
    entry::<apps::RemoveApp>(),
    entry::<proposals::ListProposals>(),
    entry::<proposals::ApproveProposal>(),
    entry::<proposals::RejectProposal>(),
    entry::<reference::Countries>(),
    entry::<reference::ByParentCode>(),
    entry::<reference::AssetsList>(),
    entry::<reference::TradeTypeList>(),
    entry::<reference::Groups>(),
    entry::<customers::AccountList>(),
    entry::<people::SearchCustomers>(),
    entry::<people::FreezeCustomer>(),
    entry::<people::UnfreezeCustomer>(),
    entry::<people::LockCustomer>(),
    entry::<people::EndSessions>(),
    entry::<kyc::KycQueue>(),
    entry::<kyc::LookAtKyc>(),
    entry::<kyc::OpenKycFile>(),
    entry::<kyc::ClaimKyc>(),
    entry::<kyc::ApproveKyc>(),
    entry::<kyc::RejectKyc>(),
    entry::<closures::ClosureQueue>(),
    entry::<closures::ApproveClosure>(),
    entry::<closures::RejectClosure>(),
    entry::<care::ResetCustomerMfa>(),
    entry::<care::ChangeCustomerContact>(),
    entry::<care::OverrideKycState>(),
    entry::<addresses::Unmask>(),
    entry::<addresses::CodeStatus>(),
    entry::<delivery::DeadLetters>(),
    entry::<delivery::RetryLetter>(),
    entry::<delivery::DropLetter>(),
    entry::<company::CompanySettings>(),
    entry::<company::SetCompanySettings>(),
    entry::<texts::ListTexts>(),
    entry::<texts::SetOwnText>(),
    entry::<texts::PreviewText>(),
    entry::<rates::SetExchangeRate>(),
    entry::<groups::SetCustomerGroup>(),
    entry::<white::PageOfCustomers>(),
    entry::<white::CustomerDetail>(),
    entry::<events::ListEvents>(),
    entry::<audit::ListAudit>(),
    entry::<money::ExchangeRates>(),
    entry::<money::AddAdjustment>(),
    entry::<money::FindAdjustment>(),
    entry::<money::DecideAdjustment>(),
    entry::<transfer_locks::LockTransfers>(),
    entry::<transfer_locks::UnlockTransfers>(),
    entry::<transfer_locks::FindTransferLock>(),
    entry::<transfer_locks::ListTransferLocks>(),
];
