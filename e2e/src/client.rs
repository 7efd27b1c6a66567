//! A front-end: it knows the addresses of operations, keeps a token, and reads the codes it is sent.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use serde_json::{Value, json};

use crate::envelope::Reply;
use crate::inbox::Inbox;
use crate::mail::Mail;
use crate::request::{NoAnswer, Request};
use crate::sms::Sms;
use crate::{fresh, loopback};

/// Where the messages to people arrive.
#[derive(Clone)]
pub(crate) struct PostBox {
    pub(crate) mail: Arc<Inbox<Mail>>,
    pub(crate) sms: Arc<Inbox<Sms>>,
}

/// A verification code that was asked for and has arrived.
#[derive(Clone, Debug)]
pub struct Code {
    /// The ticket that came back from asking, `sendToken`.
    pub ticket: String,
    /// The six digits.
    pub digits: String,
}

impl Code {
    /// Six digits that are surely wrong, with the right ticket.
    #[must_use]
    pub fn wrong(&self) -> Self {
        let digits = self.digits.bytes().map(|digit| char::from(b'0' + (digit - b'0' + 1) % 10)).collect();
        Self { ticket: self.ticket.clone(), digits }
    }
}

/// A visitor or a signed-in customer, at an address of their own.
#[derive(Clone)]
pub struct Client {
    agent: ureq::Agent,
    server: SocketAddr,
    post_box: PostBox,
    base: &'static str,
    company: String,
    lang: String,
    token: Option<String>,
}

impl Client {
    pub(crate) fn new(server: SocketAddr, post_box: PostBox) -> Self {
        Self {
            agent: agent(fresh::client_address()),
            server,
            post_box,
            base: "/api",
            company: "1".to_owned(),
            lang: "en-US".to_owned(),
            token: None,
        }
    }

    /// The same client at another address that no one else has.
    #[must_use]
    pub fn elsewhere(&self) -> Self {
        self.at(fresh::client_address())
    }

    /// The same client at this address.
    #[must_use]
    pub fn at(&self, address: Ipv4Addr) -> Self {
        Self { agent: agent(address), ..self.clone() }
    }

    /// The same client using the other base, such as `/cats-gateway`.
    #[must_use]
    pub fn through(&self, base: &'static str) -> Self {
        Self { base, ..self.clone() }
    }

    /// The same client speaking another language.
    #[must_use]
    pub fn speaking(&self, lang: &str) -> Self {
        Self { lang: lang.to_owned(), ..self.clone() }
    }

    /// The same client on another company's pages.
    #[must_use]
    pub fn of_company(&self, company: i64) -> Self {
        Self { company: company.to_string(), ..self.clone() }
    }

    /// The same client with this token.
    #[must_use]
    pub fn with_token(&self, token: &str) -> Self {
        Self { token: Some(token.to_owned()), ..self.clone() }
    }

    /// The same client signed out.
    #[must_use]
    pub fn without_token(&self) -> Self {
        Self { token: None, ..self.clone() }
    }

    /// The token in use.
    #[track_caller]
    pub fn token(&self) -> &str {
        self.token.as_deref().expect("a client that is signed in")
    }

    /// A request to an operation (`login`, `findCustomerInfo`, a full name) or to a path (`/logout`).
    pub fn request(&self, operation: &str) -> Request {
        let path = path_of(operation);
        let mut headers = vec![
            ("companyId".to_owned(), self.company.clone().into_bytes()),
            ("trace".to_owned(), fresh::trace().into_bytes()),
            ("lang".to_owned(), self.lang.clone().into_bytes()),
            ("version".to_owned(), b"0.0.1".to_vec()),
            ("content-type".to_owned(), b"application/json".to_vec()),
        ];
        headers.extend(self.token.iter().map(|token| ("token".to_owned(), token.clone().into_bytes())));
        Request {
            agent: self.agent.clone(),
            method: ureq::http::Method::POST,
            url: format!("http://{}{}{path}", self.server, self.base),
            headers,
            body: Vec::new(),
            biz_type: biz_type_in(&path).map(str::to_owned),
        }
    }

    /// Calls an operation.
    #[track_caller]
    pub fn call(&self, operation: &str, body: Value) -> Reply {
        self.request(operation).json(&body).send()
    }

    /// Calls an operation of a server that may be killed meanwhile.
    #[track_caller]
    pub fn try_call(&self, operation: &str, body: Value) -> Result<Reply, NoAnswer> {
        self.request(operation).json(&body).try_send()
    }

    /// Asks for a code of a kind (`EMAIL_LOGIN`, `SMS_COMMON`, …): the bare reply.
    #[track_caller]
    pub fn ask_for_code(&self, kind: &str, to: &str) -> Reply {
        self.call("verifyCodeSend", json!({"bizType": biz_type(kind), "toUser": to}))
    }

    /// Asks for a code and gets only the ticket.
    #[track_caller]
    pub fn ticket(&self, kind: &str, to: &str) -> String {
        text(&self.ask_for_code(kind, to).data(), "token")
    }

    /// Asks for a code and waits for the message with it.
    #[track_caller]
    pub fn code(&self, kind: &str, to: &str) -> Code {
        let ticket = self.ticket(kind, to);
        Code { ticket, digits: self.digits_sent_to(to) }
    }

    /// Asks for a code of a LOGINED kind, which goes to the signed-in customer's own address.
    #[track_caller]
    pub fn own_code(&self, kind: &str, own_address: &str) -> Code {
        let ticket = text(&self.call("verifyCodeSend", json!({"bizType": biz_type(kind)})).data(), "token");
        Code { ticket, digits: self.digits_sent_to(own_address) }
    }

    /// The next code that arrives at an e-mail address or a phone number.
    #[track_caller]
    pub fn digits_sent_to(&self, to: &str) -> String {
        match to.contains('@') {
            true => self.post_box.mail.next_code_to(to),
            false => self.post_box.sms.next_code_to(&to.replace(' ', "")),
        }
    }

    /// The same while the server may be killed.
    pub fn digits_or_killed(&self, to: &str) -> Option<String> {
        self.post_box.mail.code_or_closed(to)
    }

    /// `verifyCodeCheck` with a code.
    #[track_caller]
    pub fn check_code(&self, kind: &str, to: &str, code: &Code) -> Reply {
        let body =
            json!({"bizType": biz_type(kind), "toUser": to, "sendToken": code.ticket, "code": code.digits});
        self.call("verifyCodeCheck", body)
    }
}

/// `EMAIL_LOGIN` → `EMAIL_LOGIN_VERIFICATION_CODE`.
fn biz_type(kind: &str) -> String {
    format!("{kind}_VERIFICATION_CODE")
}

/// A text field of an object.
#[track_caller]
pub(crate) fn text(object: &Value, field: &str) -> String {
    object[field].as_str().unwrap_or_else(|| panic!("no text `{field}` in {object}")).to_owned()
}

fn agent(address: Ipv4Addr) -> ureq::Agent {
    let config = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .proxy(None)
        .allow_non_standard_methods(true)
        .build();
    ureq::Agent::with_parts(
        config,
        loopback::From(address),
        ureq::unversioned::resolver::DefaultResolver::default(),
    )
}

/// The operation that a path names; none in the paths that are no operation's.
fn biz_type_in(path: &str) -> Option<&str> {
    let name = ["/global/", "/login/", "/register/"].iter().find_map(|prefix| path.strip_prefix(prefix))?;
    (!name.contains('/')).then_some(name)
}

fn path_of(operation: &str) -> String {
    if operation.starts_with('/') {
        return operation.to_owned();
    }
    let prefix = match operation {
        "login" => "/login",
        "register" => "/register",
        _ => "/global",
    };
    let service = match operation {
        name if name.contains('.') => return format!("{prefix}/{name}"),
        "verifyCodeSend" | "verifyCodeCheck" => "message.app.VerificationApiService",
        "getListByParentCode" | "getCountryListByParentCode" => "config.app.AppDictDubboService",
        "findCompanyCountry" => "customer.app.KycWebApiService",
        "config" => "customer.app.CustomerThirdLoginService",
        "generateGoogleAccount" | "checkGoogleCode" => "customer.app.GoogleVerifyApiService",
        "list" | "revoke" | "revokeOthers" => "custos.app.SessionService",
        "history" | "recoveryCodes" => "custos.app.SecurityService",
        _ => "customer.app.CustomerWebApiService",
    };
    format!("{prefix}/{service}.{operation}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_have_addresses() {
        assert_eq!(path_of("login"), "/login/customer.app.CustomerWebApiService.login");
        assert_eq!(
            path_of("findCustomerInfo"),
            "/global/customer.app.CustomerWebApiService.findCustomerInfo"
        );
        assert_eq!(path_of("/logout"), "/logout");
        assert_eq!(path_of("a.b"), "/global/a.b");
        assert_eq!(biz_type_in("/global/a.b"), Some("a.b"));
        assert_eq!(biz_type_in("/global/thirdExt/randomKey"), None);
    }

    #[test]
    fn a_wrong_code_differs_in_every_digit() {
        let code = Code { ticket: "t".into(), digits: "019999".into() };
        assert_eq!(code.wrong().digits, "120000");
    }
}
