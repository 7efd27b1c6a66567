//! An operation that asks for codes, as data: which field, of which kind, sent to whom, and what is said of a
//! code that does not fit.

use serde_json::Value;

use crate::codes::FIELD_MISSING;
use crate::{Client, Code, Reply};

/// A place for a code in a form.
#[derive(Clone, Debug)]
pub(crate) struct Slot {
    pub(crate) digits: &'static str,
    pub(crate) ticket: &'static str,
    /// `EMAIL_LOGINED`.
    pub(crate) kind: &'static str,
    pub(crate) to: String,
    pub(crate) wrong: &'static str,
}

impl Slot {
    /// Kinds of which a code can arrive at the same address.
    pub(crate) fn other_kinds(&self) -> Vec<String> {
        let (channel, kind) = self.kind.split_once('_').expect("a channel");
        // To a new address nothing is delivered that only customers get.
        let deliverable: &[&str] = match kind {
            "COMMON" => &["REGISTER"],
            _ => &["COMMON", "LOGIN", "REGISTER", "PASSWORD"],
        };
        let others = deliverable.iter().filter(|other| **other != kind);
        others.map(|other| format!("{channel}_{other}")).collect()
    }
}

/// A request of one operation, but for the codes.
#[derive(Clone, Debug)]
pub struct Form {
    pub(crate) operation: &'static str,
    pub(crate) fields: Value,
    pub(crate) slots: Vec<Slot>,
    pub(crate) is_reset: bool,
    pub(crate) absent: &'static str,
}

impl Form {
    /// A form without codes.
    pub fn new(operation: &'static str, fields: Value) -> Self {
        Self { operation, fields, slots: Vec::new(), is_reset: false, absent: FIELD_MISSING }
    }

    /// One more code: its two fields, its kind, its recipient, and the refusal when it is wrong.
    #[must_use]
    pub fn code(
        mut self,
        [digits, ticket]: [&'static str; 2],
        kind: &'static str,
        to: impl Into<String>,
        wrong: &'static str,
    ) -> Self {
        self.slots.push(Slot { digits, ticket, kind, to: to.into(), wrong });
        self
    }

    /// The same with its usual fields.
    #[must_use]
    pub fn usual_code(self, kind: &'static str, to: impl Into<String>, wrong: &'static str) -> Self {
        self.code(["verifyCode", "sendToken"], kind, to, wrong)
    }

    /// What is said of a code that is not there, where it is not that a field is missing.
    #[must_use]
    pub fn without_code(mut self, refusal: &'static str) -> Self {
        self.absent = refusal;
        self
    }

    /// All sessions end.
    #[must_use]
    pub fn resets(mut self) -> Self {
        self.is_reset = true;
        self
    }

    /// Sets a field.
    #[must_use]
    pub fn with(mut self, field: &str, value: impl Into<Value>) -> Self {
        self.fields[field] = value.into();
        self
    }

    /// Asks for each code and waits for it.
    #[track_caller]
    pub fn codes(&self, client: &Client) -> Vec<Code> {
        self.slots.iter().map(|slot| code_for(client, slot.kind, &slot.to)).collect()
    }

    /// The whole body.
    pub fn body(&self, codes: &[Code]) -> Value {
        let mut body = self.fields.clone();
        for (slot, code) in self.slots.iter().zip(codes) {
            body[slot.digits] = code.digits.as_str().into();
            body[slot.ticket] = code.ticket.as_str().into();
        }
        body
    }

    /// Sends it.
    #[track_caller]
    pub fn send(&self, client: &Client, codes: &[Code]) -> Reply {
        client.call(self.operation, self.body(codes))
    }

    /// Asks for the codes and sends it.
    #[track_caller]
    pub fn goes_out(&self, client: &Client) -> Reply {
        self.send(client, &self.codes(client))
    }
}

/// Asks for a code and waits for it; those of the LOGINED kinds go to the caller's own address.
#[track_caller]
pub(crate) fn code_for(client: &Client, kind: &str, to: &str) -> Code {
    match kind.ends_with("_LOGINED") {
        true => client.elsewhere().own_code(kind, to),
        false => client.elsewhere().code(kind, to),
    }
}
