//! The back office's door: who of the staff calls, and what they are allowed, as types.

use crate::context::App;
use crate::error::{Gate, Result};
use crate::operation::{Access, Bearer, Caller, Token};
use custos_customers::company::Company;
use custos_customers::session::token_hash;
use custos_customers::staff::members::Giver;
use custos_customers::staff::{Grant, Officer, Permission, sessions};
use std::marker::PhantomData;
use std::ops::Deref;
use std::sync::Arc;

/// Anyone of the staff, whatever they are allowed.
#[derive(Debug, Clone)]
pub struct AnyStaff(pub Arc<Officer>);

impl Caller for AnyStaff {
    const ACCESS: Access = Access::Staff;
    fn admit(bearer: Bearer, token: Token) -> Result<Self> {
        match (bearer, token) {
            (Bearer::Officer(officer), _) => Ok(Self(officer)),
            (_, Token::Missing) => Err(Gate::MissingToken.refuse()),
            (_, Token::Given) => Err(Gate::DeadToken.refuse()),
        }
    }
}

/// Someone of the staff who is allowed `G`. Only the check of the roles makes one.
#[derive(Debug, Clone)]
pub struct Staff<G: Grant>(Arc<Officer>, PhantomData<fn() -> G>);

impl<G: Grant> Staff<G> {
    /// Who.
    #[must_use]
    pub fn officer(&self) -> &Arc<Officer> {
        &self.0
    }
}

impl<G: Grant> Deref for Staff<G> {
    type Target = Officer;
    fn deref(&self) -> &Officer {
        &self.0
    }
}

impl<G: Grant> Caller for Staff<G> {
    const ACCESS: Access = Access::Staff;
    const PERMISSION: Option<Permission> = Some(G::PERMISSION);
    fn admit(bearer: Bearer, token: Token) -> Result<Self> {
        let AnyStaff(officer) = AnyStaff::admit(bearer, token)?;
        if officer.may(G::PERMISSION) {
            Ok(Self(officer, PhantomData))
        } else {
            Err(Gate::NotPermitted.refuse())
        }
    }
}

/// An officer as one who gives roles: no more than they may do themselves.
#[must_use]
pub fn giver<'a>(officer: &Officer, actor: &'a str) -> Giver<'a> {
    Giver { actor, own: officer.permissions }
}

impl App {
    /// Who of the company's staff a token is of, if it is alive and may be used from this address. It is read anew at
    /// each call, so that what is taken from someone is gone at once.
    ///
    /// # Errors
    /// The store's.
    pub(crate) async fn officer(
        &self,
        company: &Arc<Company>,
        token: &str,
        address: &str,
    ) -> Result<Option<Arc<Officer>>> {
        // Longer than any token of ours.
        if token.len() > 128 {
            return Ok(None);
        }
        let (company_id, hash, from) = (company.id, token_hash(token), address.to_owned());
        let read = move |tx: &mut custos_store::Tx<'_>| sessions::find(tx, company_id, &hash, &from);
        let Some(officer) = self.store.read(read).await?.map(Arc::new) else { return Ok(None) };
        if officer.is_to_be_noted(&company.settings.office, self.store.now_ms()) {
            let (company, used) = (Arc::clone(company), Arc::clone(&officer));
            self.store.write(move |tx| sessions::see(tx, &company.settings.office, &used)).await?;
        }
        Ok(Some(officer))
    }
}
