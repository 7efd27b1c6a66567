//! A front-end: one client address, one token, any operation.

use custos_operations::api::entries;
use custos_operations::openapi::{is_get, path};
use custos_operations::operation::Entry;
use serde::Deserialize;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU32, Ordering};
use ureq::http::{HeaderName, HeaderValue, Method};

static NEXT_ADDRESS: AtomicU32 = AtomicU32::new(0);

/// A message in the mailbox.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Mail {
    pub(crate) id: u64,
    pub(crate) company: i64,
    pub(crate) channel: String,
    pub(crate) to: String,
    pub(crate) code: Option<String>,
    #[serde(default)]
    pub(crate) text: String,
}

/// A verification code that was asked for and has arrived.
#[derive(Debug, Clone)]
pub(crate) struct Code {
    pub(crate) ticket: String,
    pub(crate) digits: String,
}

impl Code {
    /// The same ticket with six digits that are surely wrong.
    pub(crate) fn wrong(&self) -> Self {
        let digits = self.digits.bytes().map(|digit| char::from(b'0' + (digit - b'0' + 1) % 10)).collect();
        Self { ticket: self.ticket.clone(), digits }
    }
}

/// A client at an address of its own.
#[derive(Clone)]
pub(crate) struct Client {
    agent: ureq::Agent,
    server: SocketAddr,
    address: String,
    headers: Vec<(&'static str, String)>,
}

impl Client {
    pub(crate) fn new(server: SocketAddr) -> Self {
        let config = ureq::Agent::config_builder().http_status_as_error(false).proxy(None).build();
        let number = NEXT_ADDRESS.fetch_add(1, Ordering::Relaxed).to_be_bytes();
        let [_, a, b, c] = number;
        let headers = vec![
            ("companyId", "1".to_owned()),
            ("trace", "in-process".to_owned()),
            ("lang", "en-US".to_owned()),
            ("user-agent", "in-process".to_owned()),
        ];
        Self { agent: config.into(), server, address: format!("100.{a}.{b}.{c}"), headers }
    }

    /// The same client with a header changed; without it where there is no value.
    pub(crate) fn with(&self, name: &'static str, value: Option<&str>) -> Self {
        let mut client = self.clone();
        client.headers.retain(|(known, _)| *known != name);
        client.headers.extend(value.map(|value| (name, value.to_owned())));
        client
    }

    pub(crate) fn with_token(&self, token: &str) -> Self {
        self.with("token", Some(token))
    }

    /// The token in use.
    pub(crate) fn token(&self) -> &str {
        self.headers.iter().find(|(name, _)| *name == "token").map(|(_, token)| token.as_str()).unwrap()
    }

    pub(crate) fn of_company(&self, company: i64) -> Self {
        self.with("companyId", Some(&company.to_string()))
    }

    /// The same client at another address.
    pub(crate) fn at(&self, address: &str) -> Self {
        Self { address: address.to_owned(), ..self.clone() }
    }

    /// The same client at the address of another.
    pub(crate) fn beside(&self, other: &Self) -> Self {
        self.at(&other.address)
    }

    /// Calls an operation by the last part of its name.
    pub(crate) fn call(&self, operation: &str, body: Value) -> Reply {
        self.call_entry(entry(operation), &body)
    }

    /// Calls an operation.
    pub(crate) fn call_entry(&self, entry: &Entry, body: &Value) -> Reply {
        self.send(entry, &address_of(entry), body.to_string().as_bytes())
    }

    /// Sends any bytes to any address with the method that the operation wants.
    pub(crate) fn send(&self, entry: &Entry, path: &str, body: &[u8]) -> Reply {
        let method = if is_get(entry) { Method::GET } else { Method::POST };
        let reply = self.exchange(method, path, None, body);
        crate::recorder::note(entry.name, reply.code() == "0");
        reply
    }

    /// Posts bytes of a kind to an address.
    pub(crate) fn post(&self, path: &str, content_type: &str, body: &[u8]) -> Reply {
        self.exchange(Method::POST, path, Some(content_type), body)
    }

    /// Calls a hook, which lies beside the API.
    pub(crate) fn calls_hook(&self, path: &str, body: &str) -> Reply {
        self.exchange_at(Method::POST, path, Some("application/json"), body.as_bytes())
    }

    fn exchange(&self, method: Method, path: &str, content_type: Option<&str>, body: &[u8]) -> Reply {
        Reply {
            called: path.to_owned(),
            ..self.exchange_at(method, &format!("/api{path}"), content_type, body)
        }
    }

    fn exchange_at(&self, method: Method, path: &str, content_type: Option<&str>, body: &[u8]) -> Reply {
        let mut request = ureq::http::Request::new(body);
        *request.uri_mut() = format!("http://{}{path}", self.server).parse().unwrap();
        let forwarded = ("x-forwarded-for", self.address.clone());
        let kind = content_type.map(|kind| ("content-type", kind.to_owned()));
        for (name, value) in self.headers.iter().chain([&forwarded]).chain(&kind) {
            let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
            request.headers_mut().insert(name, HeaderValue::from_str(value).unwrap());
        }
        let mut response = if method == Method::GET {
            self.agent.run(request.map(|_| ())).unwrap()
        } else {
            *request.method_mut() = method;
            self.agent.run(request).unwrap()
        };
        let text = response.body_mut().read_to_string().unwrap();
        let body: Value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error} in {text:?}"));
        Reply { called: path.to_owned(), status: response.status().as_u16(), body }
    }

    /// Fetches what a whole address leads to, as a browser would.
    pub(crate) fn fetch(&self, url: &str) -> (u16, ureq::http::HeaderMap, Vec<u8>) {
        let mut response = self.agent.get(url).header("x-forwarded-for", &self.address).call().unwrap();
        let bytes = response.body_mut().with_config().limit(64 << 20).read_to_vec().unwrap();
        (response.status().as_u16(), response.headers().clone(), bytes)
    }

    pub(crate) fn mails(&self) -> Vec<Mail> {
        let url = format!("http://{}/dev/mailbox", self.server);
        let mut response = self.agent.get(&url).header("accept", "application/json").call().unwrap();
        serde_json::from_str(&response.body_mut().read_to_string().unwrap()).unwrap()
    }

    /// Asks for a code of a kind such as `EMAIL_LOGIN`.
    pub(crate) fn asks(&self, kind: &str, to: &str) -> Reply {
        self.call("verifyCodeSend", json!({ "bizType": biz_type(kind), "toUser": to }))
    }

    /// Asks for a code, and waits until it has arrived.
    #[track_caller]
    pub(crate) fn code(&self, kind: &str, to: &str) -> Code {
        let before = self.mails().first().map_or(0, |mail| mail.id);
        let ticket = self.asks(kind, to).text("token");
        let to = to.replace(' ', "");
        let digits = super::eventually("a code", || {
            self.mails()
                .into_iter()
                .filter(|mail| mail.id > before && mail.to == to)
                .find_map(|mail| mail.code)
        });
        Code { ticket, digits }
    }

    /// `verifyCodeCheck` with a code.
    pub(crate) fn checks(&self, kind: &str, to: &str, code: &Code) -> Reply {
        let body = json!({
            "bizType": biz_type(kind), "toUser": to, "sendToken": code.ticket, "code": code.digits,
        });
        self.call("verifyCodeCheck", body)
    }

    /// `verifyCodeCheck` with a proof.
    pub(crate) fn shows(&self, kind: &str, to: &str, proof: &str) -> Reply {
        self.call(
            "verifyCodeCheck",
            json!({ "bizType": biz_type(kind), "toUser": to, "verifyCodeToken": proof }),
        )
    }
}

pub(crate) fn biz_type(kind: &str) -> String {
    format!("{kind}_VERIFICATION_CODE")
}

/// The operation of that name, or whose name ends so.
#[track_caller]
pub(crate) fn entry(operation: &str) -> &'static Entry {
    entries()
        .iter()
        .find(|entry| entry.name == operation || entry.name.rsplit(['.', '/']).next() == Some(operation))
        .unwrap_or_else(|| panic!("no operation {operation}"))
}

/// Where an operation is called, below a base.
pub(crate) fn address_of(entry: &Entry) -> String {
    path(entry)
}

/// An answer.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    called: String,
    pub(crate) status: u16,
    pub(crate) body: Value,
}

impl Reply {
    pub(crate) fn code(&self) -> &str {
        self.body["code"].as_str().unwrap()
    }

    /// The data of an answer that must have gone well.
    #[track_caller]
    pub(crate) fn data(&self) -> &Value {
        assert_eq!(self.code(), "0", "{} answered {}", self.called, self.body);
        &self.body["data"]
    }

    /// A text in the data of an answer that must have gone well.
    #[track_caller]
    pub(crate) fn text(&self, field: &str) -> String {
        self.data()[field].as_str().unwrap().to_owned()
    }

    /// It must be this refusal, or `0`.
    #[track_caller]
    pub(crate) fn is(&self, code: &str) -> &Self {
        assert_eq!(self.code(), code, "{} answered {}", self.called, self.body);
        assert_eq!(self.status, 200, "{} answered {}", self.called, self.body);
        self
    }

    /// It must name this field.
    #[track_caller]
    pub(crate) fn naming(&self, field: &str) -> &Self {
        assert_eq!(self.body["msgParams"], field, "{} answered {}", self.called, self.body);
        self
    }
}
