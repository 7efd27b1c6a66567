//! Customers, and the ordinary things they do.

use serde_json::{Value, json};

use crate::client::{Client, Code, text};
use crate::envelope::Reply;
use crate::fresh;

/// What people type as their password unless a test says otherwise.
pub const PASSWORD: &str = "Tr0ub4dor&3x";

/// The 32 hex digits that clients send instead of what was typed.
pub fn md5(typed: &str) -> String {
    use md5::{Digest, Md5};
    data_encoding::HEXLOWER.encode(&Md5::digest(typed.as_bytes()))
}

/// [`PASSWORD`] as it is sent.
pub fn password() -> String {
    md5(PASSWORD)
}

/// A customer who has just signed up and is signed in.
#[derive(Clone)]
pub struct Customer {
    /// Their browser, holding their token.
    pub client: Client,
    /// Their number.
    pub number: String,
    /// The e-mail address or national phone number they signed up with.
    pub name: String,
    /// What `register` answered.
    pub profile: Value,
}

impl Client {
    /// Signs up by e-mail with [`PASSWORD`].
    #[track_caller]
    pub fn signs_up(&self) -> Customer {
        self.signs_up_as(&fresh::email())
    }

    /// Signs up with this e-mail address and [`PASSWORD`].
    #[track_caller]
    pub fn signs_up_as(&self, email: &str) -> Customer {
        let code = self.code("EMAIL_REGISTER", email);
        let mut form = sign_up_form(1, email, &code);
        form["pwd"] = password().into();
        self.becomes(email, self.call("register", form))
    }

    /// Signs up with a phone and [`PASSWORD`].
    #[track_caller]
    pub fn signs_up_by_phone(&self, area: &str, number: &str) -> Customer {
        let code = self.code("SMS_REGISTER", &format!("{area} {number}"));
        let mut form = sign_up_form(2, number, &code);
        form["phoneArea"] = area.into();
        form["pwd"] = password().into();
        self.becomes(number, self.call("register", form))
    }

    /// What a successful `register` makes of this visitor.
    #[track_caller]
    pub fn becomes(&self, name: &str, reply: Reply) -> Customer {
        let profile = reply.data();
        Customer {
            client: self.with_token(&text(&profile, "token")),
            number: text(&profile, "customerNo"),
            name: name.to_owned(),
            profile,
        }
    }

    /// Tries to sign in with an e-mail address and what was typed as a password.
    #[track_caller]
    pub fn tries_email(&self, email: &str, typed: &str) -> Reply {
        self.call("login", json!({"type": 1, "loginName": email, "loginPwd": md5(typed), "device": 2}))
    }

    /// Tries to sign in with a national phone number, as the mobile client does: without an area.
    #[track_caller]
    pub fn tries_phone(&self, number: &str, typed: &str) -> Reply {
        self.call("login", json!({"type": 2, "loginName": number, "loginPwd": md5(typed), "device": 1}))
    }

    /// Tries to sign in with a customer number.
    #[track_caller]
    pub fn tries_number(&self, number: &str, typed: &str) -> Reply {
        self.call("login", json!({"type": 3, "loginName": number, "loginPwd": md5(typed), "device": 2}))
    }

    /// Tries to sign in with an e-mail address and a code.
    #[track_caller]
    pub fn tries_email_code(&self, email: &str, code: &Code) -> Reply {
        self.call("login", code_sign_in(email, code))
    }

    /// Signs in with an e-mail address and [`PASSWORD`].
    #[track_caller]
    pub fn signs_in(&self, email: &str) -> Self {
        self.with_token(&text(&self.tries_email(email, PASSWORD).data(), "token"))
    }

    /// The customer record.
    #[track_caller]
    pub fn record(&self) -> Value {
        self.call("findCustomerInfo", json!({})).data()
    }

    /// One of the customer's accounts, as the record tells it.
    #[track_caller]
    pub fn account(&self, trade_type: i64, currency: &str) -> Value {
        account_in(&self.record(), trade_type, currency)
    }

    /// The language on file.
    #[track_caller]
    pub fn lang_on_file(&self) -> Value {
        self.call("findCustomerLang", json!({})).data()
    }

    /// Ends the session; this always goes well.
    #[track_caller]
    pub fn signs_out(&self) {
        self.call("/logout", json!({})).data();
    }
}

/// The body of a registration without a password.
pub(crate) fn sign_up_form(name_type: i64, name: &str, code: &Code) -> Value {
    json!({
        "type": name_type,
        "loginName": name,
        "country": "ISO_3166_156",
        "registerSource": 2,
        "verifyCode": code.digits,
        "sendToken": code.ticket,
    })
}

/// The body of a sign-in with an e-mail address and a code.
pub(crate) fn code_sign_in(email: &str, code: &Code) -> Value {
    json!({
        "type": 1,
        "loginName": email,
        "verifyCode": code.digits,
        "sendToken": code.ticket,
        "device": 2,
    })
}

impl Code {
    /// The body of a registration by e-mail with this code, without a password.
    pub fn email_sign_up(&self, email: &str) -> Value {
        sign_up_form(1, email, self)
    }

    /// The body of a registration by phone with this code, without a password.
    pub fn phone_sign_up(&self, area: &str, number: &str) -> Value {
        let mut form = sign_up_form(2, number, self);
        form["phoneArea"] = area.into();
        form
    }

    /// The body of a sign-in by e-mail with this code.
    pub fn email_sign_in(&self, email: &str) -> Value {
        code_sign_in(email, self)
    }
}

/// One of the accounts that a customer record tells of.
#[track_caller]
pub fn account_in(record: &Value, trade_type: i64, currency: &str) -> Value {
    let accounts = record["accountList"].as_array().expect("accounts");
    let found = accounts.iter().find(|one| one["tradeType"] == trade_type && one["currency"] == currency);
    found.expect("the account").clone()
}

#[cfg(test)]
mod tests {
    #[test]
    fn md5_as_everyone_knows_it() {
        assert_eq!(super::md5(""), "d41d8cd98f00b204e9800998ecf8427e");
        assert_eq!(super::md5("abc"), "900150983cd24fb0d6963f7d28e17f72");
    }
}
