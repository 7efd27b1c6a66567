//! What staff may do.

macro_rules! permissions {
    ($($(#[doc = $doc:literal])* $variant:ident = $name:literal),* $(,)?) => {
        /// One thing that staff may or may not do.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Permission { $($(#[doc = $doc])* $variant),* }

        impl Permission {
            /// All there are.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The name, as roles and settings write it.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name),* }
            }

            /// What it allows.
            #[must_use]
            pub const fn about(self) -> &'static str {
                match self { $(Self::$variant => concat!($($doc),*)),* }
            }
        }

        /// The permissions as types: an operation whose caller is `Staff<may::ReviewKyc>` can't be run without that one.
        pub mod may {
            use super::{Grant, Permission};
            $(
                $(#[doc = $doc])*
                #[derive(Debug, Clone, Copy)]
                pub struct $variant;
                impl Grant for $variant {
                    const PERMISSION: Permission = Permission::$variant;
                }
            )*
        }
    };
}

/// A permission as a type.
pub trait Grant: Send + Sync + 'static {
    /// Which.
    const PERMISSION: Permission;
}

permissions! {
    /// Find customers and read their records, addresses masked.
    ViewCustomers = "customers.view",
    /// See customers' addresses whole.
    UnmaskCustomers = "customers.unmask",
    /// Write notes and tags.
    EditCustomers = "customers.edit",
    /// Register customers.
    AddCustomers = "customers.add",
    /// Freeze and unfreeze customers, end their sessions, lift locks.
    FreezeCustomers = "customers.freeze",
    /// Ask for a customer's authenticator to be switched off.
    ResetCredentials = "credentials.reset",
    /// Ask for a customer's address to be replaced.
    ChangeContacts = "contacts.change",
    /// Decide what others ask for about customers' credentials and contacts.
    ApproveCustomers = "customers.approve",
    /// Read what customers submitted to be known by.
    ViewKyc = "kyc.view",
    /// Look at customers' documents.
    ViewDocuments = "documents.view",
    /// Decide on what customers submitted.
    ReviewKyc = "kyc.review",
    /// Set a KYC state past its rules.
    OverrideKyc = "kyc.override",
    /// Decide on closures.
    ReviewClosures = "closures.review",
    /// Read balances and statements.
    ViewMoney = "money.view",
    /// Ask for adjustments of balances.
    AdjustMoney = "money.adjust",
    /// Decide on adjustments that others ask for.
    ApproveMoney = "money.approve",
    /// Lock and unlock transfers in and out of accounts.
    LockAccounts = "accounts.lock",
    /// Set exchange rates.
    SetRates = "rates.set",
    /// See whether a verification code was used.
    ViewCodes = "codes.view",
    /// Publish notices.
    PublishNotices = "notices.publish",
    /// Retry and drop messages that were not delivered.
    ManageDelivery = "delivery.manage",
    /// Read the feed of events.
    ReadEvents = "events.read",
    /// Read the audit log.
    ViewAudit = "audit.view",
    /// Take lists out as files.
    ExportData = "data.export",
    /// See what was proposed and decided.
    ViewProposals = "proposals.view",
    /// See staff, invite them anew, take them out of use and bring them back.
    ManageStaff = "staff.manage",
    /// Ask for staff to be added and for roles to be given and made, and decide on it.
    GrantRoles = "staff.grant",
    /// Change settings, groups and texts of the company.
    SetCompany = "company.set",
}

impl Permission {
    /// The permission of a name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|permission| permission.as_str() == name)
    }
}

/// A set of permissions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Permissions(u64);

const _: () = assert!(Permission::ALL.len() <= 64);

impl Permissions {
    /// All there are.
    #[must_use]
    pub fn all() -> Self {
        Self::of(Permission::ALL)
    }

    /// These.
    #[must_use]
    pub fn of(list: &[Permission]) -> Self {
        Self(list.iter().fold(0, |bits, permission| bits | Self::bit(*permission)))
    }

    const fn bit(permission: Permission) -> u64 {
        1 << permission as u32
    }

    /// Whether one is among them.
    #[must_use]
    pub fn has(self, permission: Permission) -> bool {
        self.0 & Self::bit(permission) != 0
    }

    /// Whether all of another set are among them.
    #[must_use]
    pub fn cover(self, others: Self) -> bool {
        self.0 & others.0 == others.0
    }

    /// Those of either set.
    #[must_use]
    pub fn and(self, others: Self) -> Self {
        Self(self.0 | others.0)
    }

    /// Their names.
    #[must_use]
    pub fn names(self) -> Vec<&'static str> {
        Permission::ALL.iter().filter(|one| self.has(**one)).map(|one| one.as_str()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_read_back() {
        for permission in Permission::ALL {
            assert_eq!(Permission::parse(permission.as_str()), Some(*permission));
        }
        assert_eq!(Permission::parse("customers"), None);
    }

    #[test]
    fn sets_hold_what_was_put_in() {
        let some = Permissions::of(&[Permission::ViewMoney, Permission::SetCompany]);
        for permission in Permission::ALL {
            let is_in = [Permission::ViewMoney, Permission::SetCompany].contains(permission);
            assert_eq!(some.has(*permission), is_in);
            assert!(Permissions::all().has(*permission));
        }
        assert!(Permissions::all().cover(some) && !some.cover(Permissions::all()));
        assert!(some.cover(Permissions::default()));
        assert_eq!(some.names(), ["money.view", "company.set"]);
    }
}
