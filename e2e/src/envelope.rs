//! A reply, and what must be true of every one.

use serde_json::Value;
use ureq::http::HeaderMap;

const FIELDS: [&str; 9] = ["bizCode", "code", "msg", "msgParams", "tm", "trace", "data", "ok", "fail"];
const LIMITS: [&str; 4] =
    ["x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-remairing", "x-ratelimit-reset"];

/// One answer of the server, checked against the rules that hold for all of them.
#[derive(Clone, Debug)]
pub struct Reply {
    /// The HTTP status.
    pub http_status: u16,
    /// The HTTP headers.
    pub headers: HeaderMap,
    /// The whole envelope.
    pub body: Value,
}

/// What a request tells about the reply it must get.
pub(crate) struct Expected<'a> {
    /// The trace, where it is one that must come back.
    pub(crate) trace: Option<&'a str>,
    /// The operation's name, where the address is that of an operation.
    pub(crate) biz_type: Option<&'a str>,
}

impl Reply {
    #[track_caller]
    pub(crate) fn read(http_status: u16, headers: HeaderMap, body: &[u8], expected: &Expected<'_>) -> Self {
        let text = String::from_utf8_lossy(body);
        let body: Value =
            serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error} in {http_status} {text:?}"));
        let reply = Self { http_status, headers, body };
        reply.check(expected);
        reply
    }

    #[track_caller]
    fn check(&self, expected: &Expected<'_>) {
        let body = &self.body;
        for field in FIELDS {
            assert!(body.get(field).is_some(), "no `{field}` in {body}");
        }
        let code = self.code();
        assert_eq!(body["ok"], Value::Bool(code == "0"), "{body}");
        assert_eq!(body["fail"], Value::Bool(code != "0"), "{body}");
        assert!(body["tm"].as_u64().is_some(), "`tm` in {body}");
        assert!(!self.msg().is_empty(), "`msg` in {body}");
        assert!(!self.msg().contains("%s"), "an unfilled `msg` in {body}");
        assert!(body["msgParams"].is_null() || body["msgParams"].is_string(), "`msgParams` in {body}");
        let module = body["bizCode"].as_str().unwrap_or_default();
        match code.split('_').next() {
            Some("GATEWAY" | "500") => assert_eq!(module, "G", "{body}"),
            Some("CUSTOMER") => assert_eq!(module, "US", "{body}"),
            _ => assert!(!module.is_empty(), "`bizCode` in {body}"),
        }
        if let Some(trace) = expected.trace {
            assert_eq!(body["trace"], trace, "{body}");
        }
        // A status of the transport (404, 413, …) may come before the operation is known.
        if let (Some(biz_type), true) = (expected.biz_type, code != "0" && self.http_status == 200) {
            assert_eq!(body["data"], biz_type, "{body}");
        }
        self.check_headers();
    }

    #[track_caller]
    fn check_headers(&self) {
        assert_eq!(self.header("cache-control"), Some("no-store"), "{:?}", self.headers);
        assert_eq!(self.header("x-content-type-options"), Some("nosniff"), "{:?}", self.headers);
        for name in LIMITS {
            let value = self.header(name).unwrap_or_else(|| panic!("no `{name}` in {:?}", self.headers));
            assert!(value.parse::<u64>().is_ok(), "`{name}: {value}`");
        }
        assert_eq!(self.header(LIMITS[1]), self.header(LIMITS[2]), "{:?}", self.headers);
        let content_type = self.header("content-type").unwrap_or_default();
        assert!(content_type.starts_with("application/json"), "content-type: {content_type}");
    }

    /// A header's value.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// `code`, a text.
    #[track_caller]
    pub fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_else(|| panic!("`code` in {}", self.body))
    }

    /// `msg`, a text.
    #[track_caller]
    pub fn msg(&self) -> &str {
        self.body["msg"].as_str().unwrap_or_else(|| panic!("`msg` in {}", self.body))
    }

    /// Whether it went well.
    pub fn is_ok(&self) -> bool {
        self.code() == "0"
    }

    /// `data` of an answer that must have gone well.
    #[track_caller]
    pub fn data(self) -> Value {
        assert!(self.is_ok() && self.http_status == 200, "{} {}", self.http_status, self.body);
        self.body["data"].clone()
    }

    /// It must be this refusal, said with HTTP 200.
    #[track_caller]
    pub fn refused(self, code: &str) -> Self {
        self.refused_as(&[code])
    }

    /// It must be one of these refusals, said with HTTP 200.
    #[track_caller]
    pub fn refused_as(self, codes: &[&str]) -> Self {
        assert!(codes.contains(&self.code()), "{} where {codes:?} was due", self.body);
        assert_eq!(self.http_status, 200, "{}", self.body);
        self
    }

    /// It must be a refusal that names this field.
    #[track_caller]
    pub fn naming(self, field: &str) -> Self {
        assert_eq!(self.body["msgParams"], field, "{}", self.body);
        self
    }
}
