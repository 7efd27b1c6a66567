//! What an operation is.

use crate::context::{Context, Live};
use crate::error::{Gate, Result};
use crate::shape::{FieldDoc, Payload, Reply, Request};
use custos_customers::staff::{Officer, Permission};
use custos_customers::step_up::Need;
use serde_json::{Map, Value};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use tracing::Instrument as _;

/// The address under which an operation is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Prefix {
    /// `/global/{name}`.
    Global,
    /// `/login/{name}`.
    Login,
    /// `/register/{name}`.
    Register,
    /// `/third/login/{name}`.
    ThirdLogin,
    /// `/{name}`, for the few that are no `service.method`.
    Bare,
    /// `/openapi-b/{name}`: the back office.
    Office,
    /// `/openapi-b/auth/{name}`: the ways into it.
    OfficeAuth,
}

impl Prefix {
    /// Whether it is the back office's: tokens of staff are good there and nowhere else.
    #[must_use]
    pub fn is_office(self) -> bool {
        matches!(self, Self::Office | Self::OfficeAuth)
    }
}

/// How dear an operation is, which decides how often one client may call it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// Answered from memory or by a point read.
    Read,
    /// Writes.
    Write,
    /// Costs a password hash, or opens an account.
    SignIn,
    /// Tells whether an account exists.
    Probe,
    /// Sends a message.
    Send,
}

impl Class {
    /// The name in metrics and the API document.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::SignIn => "sign_in",
            Self::Probe => "probe",
            Self::Send => "send",
        }
    }
}

/// Who is known to call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Anyone; a token is not looked at.
    Guest,
    /// Anyone; a live token says who.
    Either,
    /// A signed-in customer.
    Customer,
    /// Staff of the company, or a program of theirs.
    Staff,
}

/// Whom a live token is of.
#[derive(Debug, Clone)]
pub enum Bearer {
    /// No one.
    Nobody,
    /// A customer.
    Customer(Arc<Live>),
    /// Someone in the back office.
    Officer(Arc<Officer>),
}

/// Who calls, as an operation's type says it: one that needs a customer can't be run without.
pub trait Caller: Sized + Send {
    /// What the API document says of it.
    const ACCESS: Access;
    /// What staff need to be allowed.
    const PERMISSION: Option<Permission> = None;
    /// The caller, from the live session if there is one.
    ///
    /// # Errors
    /// `GATEWAY_CODE_001` or `005` when one is needed, `019` when it is not allowed.
    fn admit(bearer: Bearer, token: Token) -> Result<Self>;
}

/// Whether the request carried a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Token {
    /// None.
    Missing,
    /// One; whether it is alive, the session says.
    Given,
}

/// Anyone.
#[derive(Debug, Clone, Copy)]
pub struct Guest;

impl Caller for Guest {
    const ACCESS: Access = Access::Guest;
    fn admit(_: Bearer, _: Token) -> Result<Self> {
        Ok(Self)
    }
}

/// A signed-in customer.
#[derive(Debug, Clone)]
pub struct Customer(pub Arc<Live>);

impl Caller for Customer {
    const ACCESS: Access = Access::Customer;
    fn admit(bearer: Bearer, token: Token) -> Result<Self> {
        match (bearer, token) {
            (Bearer::Customer(live), _) => Ok(Self(live)),
            (_, Token::Missing) => Err(Gate::MissingToken.refuse()),
            (_, Token::Given) => Err(Gate::DeadToken.refuse()),
        }
    }
}

/// Anyone, and who if they are signed in. A dead token is ignored.
#[derive(Debug, Clone)]
pub struct Anyone(pub Option<Arc<Live>>, pub Token);

impl Anyone {
    /// The customer, where this call needs one after all.
    ///
    /// # Errors
    /// As [`Customer`]'s.
    pub fn customer(self) -> Result<Customer> {
        Customer::admit(self.0.map_or(Bearer::Nobody, Bearer::Customer), self.1)
    }
}

impl Caller for Anyone {
    const ACCESS: Access = Access::Either;
    fn admit(bearer: Bearer, token: Token) -> Result<Self> {
        Ok(match bearer {
            Bearer::Customer(live) => Self(Some(live), token),
            Bearer::Nobody | Bearer::Officer(_) => Self(None, token),
        })
    }
}

/// Something that clients can call.
pub trait Operation: Request {
    /// `service.method`.
    const NAME: &'static str;
    /// Its address.
    const PREFIX: Prefix = Prefix::Global;
    /// A heading for the reference page.
    const TOPIC: &'static str;
    /// How dear it is.
    const CLASS: Class;
    /// Whether a customer who has asked for closure may still call it.
    const WHILE_CLOSING: bool = false;
    /// Whether a request with the header `idempotency-key` takes effect once; `run` does so by [`Context::once`].
    const IDEMPOTENT: bool = false;
    /// What must be proved before it changes something.
    const PROOFS: &'static [Need] = &[];
    /// Who may call it.
    type Caller: Caller;
    /// What it returns.
    type Reply: Reply;

    /// Does it.
    fn run(self, caller: Self::Caller, cx: Context) -> impl Future<Output = Result<Self::Reply>> + Send;
}

/// A running operation.
pub type Running = Pin<Box<dyn Future<Output = Result<Payload>> + Send>>;

type Run = fn(&Map<String, Value>, Bearer, Token, Context) -> Result<Running>;

/// An operation with its types hidden.
#[derive(Debug, Clone, Copy)]
pub struct Entry {
    /// `service.method`.
    pub name: &'static str,
    /// Its address.
    pub prefix: Prefix,
    /// A heading for the reference page.
    pub topic: &'static str,
    /// What it does.
    pub about: &'static str,
    /// How dear it is.
    pub class: Class,
    /// Who may call it.
    pub access: Access,
    /// What staff need to be allowed; `None` where it is for customers, or for all staff.
    pub permission: Option<Permission>,
    /// Whether a customer who has asked for closure may still call it.
    pub while_closing: bool,
    /// Whether a request with the header `idempotency-key` takes effect once.
    pub idempotent: bool,
    /// What must be proved before it changes something.
    pub proofs: &'static [Need],
    /// The request's fields.
    pub fields: &'static [FieldDoc],
    /// The reply's JSON Schema.
    pub reply: fn() -> Value,
    run: Run,
}

/// The entry of an operation.
#[must_use]
pub const fn entry<O: Operation>() -> Entry {
    Entry {
        name: O::NAME,
        prefix: O::PREFIX,
        topic: O::TOPIC,
        about: O::ABOUT,
        class: O::CLASS,
        access: <O::Caller as Caller>::ACCESS,
        permission: <O::Caller as Caller>::PERMISSION,
        while_closing: O::WHILE_CLOSING,
        idempotent: O::IDEMPOTENT,
        proofs: O::PROOFS,
        fields: O::FIELDS,
        reply: O::Reply::schema,
        run: run::<O>,
    }
}

impl Entry {
    /// The same operation under another name that clients know it by.
    #[must_use]
    pub const fn also(self, name: &'static str) -> Self {
        Self { name, ..self }
    }

    /// Runs it.
    ///
    /// # Errors
    /// The caller or the body is refused.
    pub(crate) fn start(
        &self,
        body: &Map<String, Value>,
        bearer: Bearer,
        token: Token,
        cx: Context,
    ) -> Result<Running> {
        (self.run)(body, bearer, token, cx)
    }
}

fn run<O: Operation>(
    body: &Map<String, Value>,
    bearer: Bearer,
    token: Token,
    cx: Context,
) -> Result<Running> {
    let caller = O::Caller::admit(bearer, token)?;
    let request = O::parse(body)?;
    let run = async move { request.run(caller, cx).await?.payload() };
    if O::CLASS == Class::SignIn {
        // Several transactions with a hash between them: once begun it goes on to its end, though the client has gone,
        // or the tries of those who hang up would be counted and never written down.
        let task = tokio::spawn(run.instrument(tracing::Span::current()));
        return Ok(Box::pin(async move { task.await.unwrap_or_else(|_| Err(Gate::Unexpected.refuse())) }));
    }
    Ok(Box::pin(run))
}
