//! Customers as tests of credentials and contacts need them: with a phone, a fund password, an authenticator.

use std::sync::Mutex;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::client::{Client, text};
use crate::inbox::Addressed;
use crate::{Code, FreezeLink, PASSWORD, Reply, Server, fresh, md5, text_of, totp};

/// What people type as their fund password unless a test says otherwise.
pub const FUND_PASSWORD: &str = "904817";

/// An authenticator on someone's phone, and the paper with their recovery codes.
#[derive(Debug)]
pub struct Authenticator {
    /// `googleId`.
    pub id: i64,
    /// The base32 secret.
    pub secret: String,
    /// The recovery codes that were shown.
    pub recovery: Vec<String>,
    shown: Mutex<(u64, usize, String)>,
}

impl Authenticator {
    /// The authenticator into which what `generateGoogleAccount` told was typed.
    #[track_caller]
    pub fn of(pending: &Value) -> Self {
        Self {
            id: pending["id"].as_i64().unwrap_or_else(|| panic!("`id` in {pending}")),
            secret: text(pending, "secret"),
            recovery: Vec::new(),
            shown: Mutex::default(),
        }
    }

    /// A code that works for a minute from now. Used, it takes those before it along.
    pub fn lasting_code(&self) -> String {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock after 1970").as_secs();
        totp(&self.secret, now + 30)
    }

    /// A code that works and was not used. A test may ask for two or three of them; after that the time would
    /// have to go on.
    #[track_caller]
    pub fn code(&self) -> String {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock after 1970").as_secs();
        let mut shown = self.shown.lock().expect("no panic");
        // The step before is as good, unless it grows too old on its way.
        let oldest = if now % 30 < 18 { now / 30 - 1 } else { now / 30 };
        let step = oldest.max(shown.0 + 1);
        assert!(step <= now / 30 + 1, "every code of now is used: take a recovery code");
        let code = totp(&self.secret, step * 30);
        (shown.0, shown.2) = (step, code.clone());
        code
    }

    /// The code that [`Self::code`] gave last.
    pub fn last_code(&self) -> String {
        self.shown.lock().expect("no panic").2.clone()
    }

    /// Six digits that are surely wrong.
    pub fn wrong_code(&self) -> String {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock after 1970").as_secs() / 30;
        let near: Vec<String> = (now - 6..now + 4).map(|step| totp(&self.secret, step * 30)).collect();
        let wrong = (0..).map(|n| format!("{n:06}")).find(|code| !near.contains(code));
        wrong.expect("one in a million")
    }

    /// A recovery code that [`Self::recovery_code`] did not give before.
    #[track_caller]
    pub fn recovery_code(&self) -> String {
        let mut shown = self.shown.lock().expect("no panic");
        shown.1 += 1;
        self.recovery[shown.1 - 1].clone()
    }
}

/// A customer and everything they know.
pub struct Person {
    /// Their browser, signed in.
    pub client: Client,
    /// Their number.
    pub number: String,
    /// Their e-mail address.
    pub email: Option<String>,
    /// Their Chinese phone number, without the area.
    pub phone: Option<String>,
    /// Whether they have a login password, [`PASSWORD`].
    pub has_password: bool,
    /// Their authenticator, with MFA on.
    pub authenticator: Option<Authenticator>,
    /// How many changes of credentials and contacts there were.
    pub changes: u32,
}

impl Person {
    fn new(client: Client, number: String) -> Self {
        Self { client, number, email: None, phone: None, has_password: true, authenticator: None, changes: 0 }
    }

    /// Signs up by e-mail with [`PASSWORD`].
    #[track_caller]
    pub fn by_email(server: &Server) -> Self {
        let ada = server.visitor().signs_up();
        Self { email: Some(ada.name), ..Self::new(ada.client, ada.number) }
    }

    /// Signs up by phone with [`PASSWORD`].
    #[track_caller]
    pub fn by_phone(server: &Server) -> Self {
        let ben = server.visitor().signs_up_by_phone("+86", &fresh::chinese_phone());
        Self { phone: Some(ben.name), ..Self::new(ben.client, ben.number) }
    }

    /// Signs up by e-mail without a password.
    #[track_caller]
    pub fn without_password(server: &Server) -> Self {
        let (visitor, email) = (server.visitor(), fresh::email());
        let form = visitor.code("EMAIL_REGISTER", &email).email_sign_up(&email);
        let ada = visitor.becomes(&email, visitor.call("register", form));
        Self { email: Some(email), has_password: false, ..Self::new(ada.client, ada.number) }
    }

    /// Binds a phone.
    #[must_use]
    #[track_caller]
    pub fn with_phone(mut self, server: &Server) -> Self {
        let number = fresh::chinese_phone();
        let code = self.client.elsewhere().code("SMS_COMMON", &format!("+86 {number}"));
        self.client.call("bindPhone", code.for_phone(&number)).data();
        self.reads_warnings(server);
        self.phone = Some(number);
        self
    }

    /// Sets [`FUND_PASSWORD`].
    #[must_use]
    #[track_caller]
    pub fn with_fund_password(mut self, server: &Server) -> Self {
        self.client.call("bindAssertsPwd", json!({"pwd": md5(FUND_PASSWORD)})).data();
        self.reads_warnings(server);
        self
    }

    /// Switches MFA on.
    #[must_use]
    #[track_caller]
    pub fn with_mfa(mut self, server: &Server) -> Self {
        let pending = self.client.call("generateGoogleAccount", json!({})).data();
        let mut device = Authenticator::of(&pending);
        let mut form = json!({"type": 1, "googleId": device.id, "googleCode": device.code()});
        self.contact_codes(&mut form);
        let told = self.client.call("enableOrForbidMFA", form).data();
        device.recovery = told["recoveryCodes"].as_array().expect("codes").iter().map(text_of).collect();
        self.authenticator = Some(device);
        self.reads_warnings(server);
        self
    }

    /// Puts the codes that `enableOrForbidMFA` asks for into its form.
    #[track_caller]
    pub fn contact_codes(&self, form: &mut Value) {
        if let Some(email) = &self.email {
            let code = self.client.elsewhere().own_code("EMAIL_LOGINED", email);
            (form["verifyCodeEmail"], form["sendTokenEmail"]) = (code.digits.into(), code.ticket.into());
        }
        if self.phone.is_some() {
            let code = self.client.elsewhere().own_code("SMS_LOGINED", &self.phone_address());
            (form["verifyCodeSMS"], form["sendTokenSMS"]) = (code.digits.into(), code.ticket.into());
        }
    }

    /// Their authenticator.
    #[track_caller]
    pub fn device(&self) -> &Authenticator {
        self.authenticator.as_ref().expect("MFA is on")
    }

    /// Their e-mail address.
    #[track_caller]
    pub fn email(&self) -> &str {
        self.email.as_deref().expect("an e-mail address")
    }

    /// Their phone number with its area.
    #[track_caller]
    pub fn phone_address(&self) -> String {
        format!("+86 {}", self.phone.as_deref().expect("a phone"))
    }

    /// Where they are reached.
    pub fn contacts(&self) -> Vec<String> {
        let phone = self.phone.iter().map(|number| format!("+86{number}"));
        self.email.iter().cloned().chain(phone).collect()
    }

    /// Waits for the notice of a change at each contact, and says where its links lead.
    #[track_caller]
    pub fn reads_warnings(&mut self, server: &Server) -> Vec<FreezeLink> {
        self.changes += 1;
        self.contacts().iter().map(|contact| warning_at(server, contact)).collect()
    }

    /// The sign-in with their number and this typed password, from a place that no one knows.
    #[track_caller]
    pub fn tries(&self, server: &Server, typed: &str) -> Reply {
        server.visitor().call("login", self.login_form(typed))
    }

    /// The body of that.
    pub fn login_form(&self, typed: &str) -> Value {
        json!({"type": 3, "loginName": self.number, "loginPwd": md5(typed), "device": 2})
    }

    /// Another session of theirs.
    #[track_caller]
    pub fn another_session(&self, server: &Server) -> Client {
        let form = match (&self.authenticator, self.has_password) {
            (Some(device), true) => {
                let mut form = self.login_form(PASSWORD);
                form["googleCode"] = device.recovery_code().into();
                form
            }
            (None, true) => self.login_form(PASSWORD),
            (_, false) => server.visitor().code("EMAIL_LOGIN", self.email()).email_sign_in(self.email()),
        };
        let data = server.visitor().call("login", form).data();
        server.visitor().with_token(&text(&data, "token"))
    }
}

impl Code {
    /// The body of `bindPhone` and `changePhone` with a Chinese number.
    pub fn for_phone(&self, number: &str) -> Value {
        json!({"phone": number, "phoneArea": "+86", "verifyCode": self.digits, "sendToken": self.ticket})
    }

    /// The body of `bindEmail` and `changeEmail`, with the area that all front-ends send.
    pub fn for_email(&self, email: &str) -> Value {
        json!({"email": email, "emailArea": "+86", "verifyCode": self.digits, "sendToken": self.ticket})
    }
}

/// Waits for the next notice of a change at an address.
#[track_caller]
pub(crate) fn warning_at(server: &Server, contact: &str) -> FreezeLink {
    let words = match contact.contains('@') {
        true => server.mail.inbox().next_warning_to(contact).text().to_owned(),
        false => server.sms.inbox().next_warning_to(contact).text().to_owned(),
    };
    FreezeLink::in_text(&words)
}
