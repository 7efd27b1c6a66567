//! What two of the staff do for a customer who can't: a lost authenticator, a lost address, a word past the rules of KYC.
//! Nobody of the staff sets a password.

use crate::context::Context;
use crate::desk;
use crate::error::{Gate, Result};
use crate::fields::{Id, Text};
use crate::office::Staff;
use crate::operation::{Class, Operation, Prefix};
use crate::proposals::{self, Action, Desk, Submitted};
use crate::request;
use custos_customers::Code;
use custos_customers::customer::Customer;
use custos_customers::email::Email;
use custos_customers::kyc::{self, State, Word};
use custos_customers::operator;
use custos_customers::phone::Phone;
use custos_customers::staff::{Permission, may};
use custos_customers::verification::Recipient;
use custos_store::Tx;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

const TOPIC: &str = "Care";

/// Taking a lost authenticator off, as it is proposed.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ResetMfa {
    customer_no: String,
    customer_id: i64,
    mfa_id: i64,
    reason: String,
}

impl Action for ResetMfa {
    const NAME: &'static str = "mfa.reset";
    const CHECK: Permission = Permission::ApproveCustomers;

    fn customer_id(&self) -> Option<i64> {
        Some(self.customer_id)
    }

    fn check(&self, tx: &mut Tx<'_>, desk: Desk<'_>) -> Result<()> {
        let customer = desk::customer(tx, desk.cx.company.id, &self.customer_no)?;
        // The one that was lost, not one that the customer has set up since.
        let is_there = customer.has_mfa() && customer.mfa_id == self.mfa_id;
        if is_there { Ok(()) } else { Err(Code::NotFound.refuse().into()) }
    }

    fn carry_out(self, tx: &mut Tx<'_>, desk: Desk<'_>) -> Result<Value> {
        self.check(tx, desk)?;
        let who = (desk.cx.company.id, self.customer_no.as_str());
        operator::reset_mfa(tx, who, &self.reason, &desk.officer.actor())?;
        Ok(json!({}))
    }
}

request! {
    /// Takes the authenticator of a customer off who has lost it, with its recovery codes: every contact is told, all
    /// sessions end, the cool-off starts. Takes two.
    pub struct ResetCustomerMfa {
        /// The customer's number.
        customer_no: Text<12> = "customerNo",
        /// Why.
        reason: Text<500> = "reason",
    }
}

impl Operation for ResetCustomerMfa {
    const NAME: &'static str = "custos.admin.CustomerService.resetMfa";
    const PREFIX: Prefix = Prefix::Office;
    const TOPIC: &'static str = TOPIC;
    const CLASS: Class = Class::Write;
    type Caller = Staff<may::ResetCredentials>;
    type Reply = Submitted;

    async fn run(self, caller: Self::Caller, cx: Context) -> Result<Submitted> {
        let at = cx.clone();
        cx.write(move |tx| {
            let customer = desk::customer(tx, at.company.id, &self.customer_no)?;
            let action = ResetMfa {
                mfa_id: customer.mfa_id,
                customer_no: customer.number,
                customer_id: customer.id,
                reason: self.reason.0.clone(),
            };
            proposals::submit(tx, Desk { cx: &at, officer: &caller }, action, &self.reason)
        })
        .await
    }
}

/// Replacing an address, as it is proposed.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ChangeContact {
    customer_no: String,
    customer_id: i64,
    email: Option<String>,
    phone: Option<String>,
    /// What it takes the place of; empty for none.
    before: String,
    reason: String,
}

fn own_address(customer: &Customer, new: &Recipient) -> String {
    Recipient::own(new.channel(), customer).map_or_else(|_| String::new(), |own| own.address())
}

impl ChangeContact {
    fn address(&self) -> Result<Recipient> {
        match (&self.email, &self.phone) {
            (Some(email), None) => {
                let email = Email::parse(email).ok_or_else(|| Gate::BadField.field("email"))?;
                Ok(Recipient::Email(email))
            }
            (None, Some(phone)) => {
                let phone = Phone::parse_recipient(phone).map_err(|_| Gate::BadField.field("phone"))?;
                Ok(Recipient::Phone(phone))
            }
            _ => Err(Gate::BadField.field("email")),
        }
    }
}

fn before(tx: &mut Tx<'_>, company_id: i64, action: &ChangeContact) -> Result<String> {
    let new = action.address()?;
    let customer = desk::customer(tx, company_id, &action.customer_no)?;
    Ok(own_address(&customer, &new))
}

impl Action for ChangeContact {
    const NAME: &'static str = "contact.change";
    const CHECK: Permission = Permission::ApproveCustomers;

    fn customer_id(&self) -> Option<i64> {
        Some(self.customer_id)
    }

    fn check(&self, tx: &mut Tx<'_>, desk: Desk<'_>) -> Result<()> {
        let new = self.address()?;
        let customer = operator::check_contact(tx, (desk.cx.company.id, &self.customer_no), &new)?;
        // What the customer has changed since is not changed again.
        let is_same = own_address(&customer, &new) == self.before;
        if is_same { Ok(()) } else { Err(Code::NotFound.refuse().into()) }
    }

    fn carry_out(self, tx: &mut Tx<'_>, desk: Desk<'_>) -> Result<Value> {
        self.check(tx, desk)?;
        let (who, address) = ((desk.cx.company.id, self.customer_no.as_str()), self.address()?);
        operator::change_contact(tx, who, &address, &self.reason, &desk.officer.actor())?;
        Ok(json!({}))
    }

    fn masked(&self) -> Value {
        let address = self.address().map_or_else(|_| "***".to_owned(), |address| address.masked());
        json!({ "customer_no": self.customer_no, "customer_id": self.customer_id, "address": address })
    }
}

request! {
    /// Replaces the e-mail address or the phone number of a customer who has lost it: the old and the new one are told, all
    /// sessions end, the cool-off starts. Takes two.
    pub struct ChangeCustomerContact {
        /// The customer's number.
        customer_no: Text<12> = "customerNo",
        /// The new e-mail address; this or `phone`.
        email: Option<Text<64>> = "email",
        /// The new phone number, with its country: `+49 170 1234567`.
        phone: Option<Text<40>> = "phone",
        /// Why.
        reason: Text<500> = "reason",
    }
}

impl Operation for ChangeCustomerContact {
    const NAME: &'static str = "custos.admin.CustomerService.changeContact";
    const PREFIX: Prefix = Prefix::Office;
    const TOPIC: &'static str = TOPIC;
    const CLASS: Class = Class::Write;
    type Caller = Staff<may::ChangeContacts>;
    type Reply = Submitted;

    async fn run(self, caller: Self::Caller, cx: Context) -> Result<Submitted> {
        let at = cx.clone();
        cx.write(move |tx| {
            let customer = desk::customer(tx, at.company.id, &self.customer_no)?;
            let mut action = ChangeContact {
                before: String::new(),
                customer_no: customer.number,
                customer_id: customer.id,
                email: self.email.as_ref().map(|email| email.0.clone()),
                phone: self.phone.as_ref().map(|phone| phone.0.clone()),
                reason: self.reason.0.clone(),
            };
            action.before = before(tx, at.company.id, &action)?;
            proposals::submit(tx, Desk { cx: &at, officer: &caller }, action, &self.reason)
        })
        .await
    }
}

/// A word past the rules of KYC, as it is proposed.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct OverrideKyc {
    id: i64,
    customer_id: i64,
    revision: i64,
    state: String,
    reason: String,
}

impl OverrideKyc {
    fn word(&self) -> Result<Word<'_>> {
        let to = match self.state.as_str() {
            "passed" => State::Passed,
            "rejected" => State::Rejected,
            "rejected_for_good" => State::RejectedForGood,
            _ => return Err(Gate::BadField.field("state")),
        };
        Ok(Word { id: self.id, revision: self.revision, to, reason: &self.reason })
    }
}

impl Action for OverrideKyc {
    const NAME: &'static str = "kyc.override";
    const CHECK: Permission = Permission::OverrideKyc;

    fn customer_id(&self) -> Option<i64> {
        Some(self.customer_id)
    }

    fn check(&self, tx: &mut Tx<'_>, desk: Desk<'_>) -> Result<()> {
        kyc::may_override(tx, desk.cx.company.id, self.word()?)?;
        Ok(())
    }

    fn carry_out(self, tx: &mut Tx<'_>, desk: Desk<'_>) -> Result<Value> {
        kyc::override_state(tx, desk.cx.company.id, self.word()?, &desk.officer.actor())?;
        Ok(json!({}))
    }
}

request! {
    /// Puts an application past the rules: whoever has claimed it, whatever level was to come before, even what was rejected
    /// for good. Takes two.
    pub struct OverrideKycState {
        /// The application's id.
        id: Id = "id",
        /// Its revision that was looked at.
        revision: Id = "revision",
        /// `passed`, `rejected` or `rejected_for_good`.
        state: Text<20> = "state",
        /// Why; the customer is told what is rejected.
        reason: Text<500> = "reason",
    }
}

impl Operation for OverrideKycState {
    const NAME: &'static str = "custos.admin.KycService.override";
    const PREFIX: Prefix = Prefix::Office;
    const TOPIC: &'static str = TOPIC;
    const CLASS: Class = Class::Write;
    type Caller = Staff<may::OverrideKyc>;
    type Reply = Submitted;

    async fn run(self, caller: Self::Caller, cx: Context) -> Result<Submitted> {
        let at = cx.clone();
        cx.write(move |tx| {
            let application = kyc::find(tx, at.company.id, self.id.0)?;
            let action = OverrideKyc {
                id: application.id,
                customer_id: application.customer_id,
                revision: self.revision.0,
                state: self.state.0.clone(),
                reason: self.reason.0.clone(),
            };
            proposals::submit(tx, Desk { cx: &at, officer: &caller }, action, &self.reason)
        })
        .await
    }
}
