//! Those who work in a company's back office: members with a password and an authenticator, and programs (apps).

pub mod apps;
pub mod enrolment;
pub mod members;
pub mod passwords;
pub mod permissions;
pub mod proposals;
pub mod roles;
pub mod sessions;
pub mod sign_in;

pub use enrolment::reseal_invitations;
pub use members::reseal_authenticators;
pub use permissions::{Grant, Permission, Permissions, may};
pub use sessions::{Kind, Officer};
