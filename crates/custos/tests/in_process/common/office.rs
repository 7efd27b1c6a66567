//! Staff, and what they call.

use super::client::{Client, Reply};
use super::house::House;
use custos_customers::staff::members::{self, Giver, New};
use custos_operations::api::office_entries;
use custos_operations::operation::Entry;
use data_encoding::BASE32_NOPAD;
use serde_json::{Value, json};

/// What members of staff type as their password.
pub(crate) const OFFICE_PASSWORD: &str = "correct horse battery";

/// A member of staff who has enrolled.
pub(crate) struct Member {
    /// Their browser at work, signed in.
    pub(crate) desk: Client,
    pub(crate) name: String,
    /// What their authenticator holds.
    pub(crate) secret: Vec<u8>,
}

/// The operation of the back office whose name ends so.
#[track_caller]
pub(crate) fn office_entry(operation: &str) -> &'static Entry {
    let ending = format!(".{operation}");
    let found = office_entries().iter().find(|entry| entry.name.ends_with(&ending));
    found.unwrap_or_else(|| panic!("the back office has no {operation}"))
}

impl Client {
    /// Calls an operation of the back office by the end of its name.
    pub(crate) fn office(&self, operation: &str, body: Value) -> Reply {
        self.call_entry(office_entry(operation), &body)
    }
}

impl House {
    /// Adds a member as the command line does; returns the invitation's code.
    pub(crate) fn invites(&self, company: i64, name: &str, roles: &[&str]) -> String {
        let roles = roles.iter().map(|role| (*role).to_owned()).collect();
        let new = New { name: name.to_owned(), email: format!("{name}@office.example"), roles };
        self.write(move |tx| Ok(members::add(tx, company, &new, Giver::at_the_keyboard("operator:test"))?))
    }

    /// A member with these roles, enrolled and signed in.
    #[track_caller]
    pub(crate) fn member_of(&self, company: i64, name: &str, roles: &[&str]) -> Member {
        let code = self.invites(company, name, roles);
        let visitor = self.visitor().of_company(company);
        let shown = visitor.office("beginEnrolment", json!({ "name": name, "code": code })).text("secret");
        let secret = BASE32_NOPAD.decode(shown.as_bytes()).unwrap();
        let body = json!({
            "name": name, "code": code, "password": OFFICE_PASSWORD, "googleCode": self.google_code(&secret, 0),
        });
        let token = visitor.office("enrol", body).text("token");
        Member { desk: visitor.with_token(&token), name: name.to_owned(), secret }
    }

    /// A member of company 1.
    #[track_caller]
    pub(crate) fn member(&self, name: &str, roles: &[&str]) -> Member {
        self.member_of(1, name, roles)
    }
}

impl Member {
    /// The body of a sign-in with the code that the authenticator shows so many steps from now.
    pub(crate) fn credentials(&self, house: &House, steps_from_now: i64) -> Value {
        json!({
            "name": self.name, "password": OFFICE_PASSWORD,
            "googleCode": house.google_code(&self.secret, steps_from_now),
        })
    }
}
