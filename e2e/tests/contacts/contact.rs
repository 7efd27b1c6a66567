//! The two kinds of contact, and the forms that change them.

use e2e::codes::{
    WRONG_EMAIL_CODE, WRONG_NEW_EMAIL_CODE, WRONG_NEW_PHONE_CODE, WRONG_OLD_EMAIL_CODE, WRONG_OLD_PHONE_CODE,
    WRONG_PHONE_CODE,
};
use e2e::{Form, PASSWORD, Person, Reply, Server, fresh};
use serde_json::{Value, json};

/// The two kinds of contact.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Contact {
    Email,
    Phone,
}

pub use Contact::{Email, Phone};

pub const BOTH: [Contact; 2] = [Email, Phone];

impl Contact {
    pub fn pick<T>(self, email: T, phone: T) -> T {
        match self {
            Email => email,
            Phone => phone,
        }
    }

    pub fn other(self) -> Self {
        self.pick(Phone, Email)
    }

    /// Its name in forms and in the record.
    pub fn field(self) -> &'static str {
        self.pick("email", "phone")
    }

    /// `type`.
    pub fn number(self) -> i64 {
        self.pick(1, 2)
    }

    pub fn fresh(self) -> String {
        match self {
            Email => fresh::email(),
            Phone => fresh::chinese_phone(),
        }
    }

    /// Where its codes are sent.
    pub fn address(self, name: &str) -> String {
        self.pick(name.to_owned(), format!("+86 {name}"))
    }

    pub fn fields(self, name: &str) -> Value {
        self.pick(json!({"email": name, "emailArea": "+86"}), json!({"phone": name, "phoneArea": "+86"}))
    }

    pub fn of(self, person: &Person) -> String {
        let name = if self == Email { &person.email } else { &person.phone };
        name.clone().expect("a contact of that kind")
    }

    /// Someone who has nothing but this.
    #[track_caller]
    pub fn owner(self, server: &Server) -> Person {
        match self {
            Email => Person::by_email(server),
            Phone => Person::by_phone(server),
        }
    }

    /// Someone signs in with it and the usual password.
    #[track_caller]
    pub fn signs_in(self, server: &Server, name: &str) -> Reply {
        match self {
            Email => server.visitor().tries_email(name, PASSWORD),
            Phone => server.visitor().tries_phone(name, PASSWORD),
        }
    }

    #[track_caller]
    pub fn exists(self, server: &Server, name: &str) -> bool {
        let body = json!({"type": self.number(), "loginName": name, "phoneArea": "+86"});
        server.visitor().call("checkCustomerExist", body).data() == 1
    }
}

pub fn bind(kind: Contact, name: &str) -> Form {
    let form = Form::new(kind.pick("bindEmail", "bindPhone"), kind.fields(name));
    let wrong = kind.pick(WRONG_EMAIL_CODE, WRONG_PHONE_CODE);
    form.usual_code(kind.pick("EMAIL_COMMON", "SMS_COMMON"), kind.address(name), wrong)
}

pub fn new_code(form: Form, fields: [&'static str; 2], kind: Contact, name: &str) -> Form {
    let wrong = kind.pick(WRONG_NEW_EMAIL_CODE, WRONG_NEW_PHONE_CODE);
    form.code(fields, kind.pick("EMAIL_COMMON", "SMS_COMMON"), kind.address(name), wrong)
}

pub fn old_code(form: Form, by: Contact, person: &Person) -> Form {
    let wrong = by.pick(WRONG_OLD_EMAIL_CODE, WRONG_OLD_PHONE_CODE);
    let (kind, to) = (by.pick("EMAIL_LOGINED", "SMS_LOGINED"), by.address(&by.of(person)));
    form.code(["verifyCodeOld", "sendTokenOld"], kind, to, wrong)
}

pub fn change(kind: Contact, name: &str) -> Form {
    let form = Form::new(kind.pick("changeEmail", "changePhone"), kind.fields(name));
    new_code(form, ["verifyCode", "sendToken"], kind, name)
}

/// The V1v1v2 form as it is sent with the authenticator alone.
pub fn change_by_authenticator(kind: Contact, name: &str) -> Form {
    let form = Form::new(kind.pick("changeEmailV1v1v2", "changePhoneV1v1v2"), kind.fields(name));
    let form = form.with("verifyCodeOld", "").with("sendTokenOld", "");
    new_code(form, ["verifyCode", "sendToken"], kind, name)
}

pub fn change_by_old(kind: Contact, person: &Person, name: &str) -> Form {
    old_code(change_by_authenticator(kind, name), kind, person)
}

pub fn change_by_choice(kind: Contact, by: Contact, person: &Person, name: &str) -> Form {
    let form = Form::new(kind.pick("changeEmailMFA", "changePhoneMFA"), kind.fields(name));
    let form = new_code(form.with("type", by.number()), ["verifyCodeNew", "sendTokenNew"], kind, name);
    old_code(form, by, person)
}
