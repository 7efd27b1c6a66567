//! One request in the making, to be bent in any way before it goes out.

use serde_json::Value;
use ureq::http::{HeaderName, HeaderValue, Method};

use crate::envelope::{Expected, Reply};

/// A request to the server.
#[derive(Clone)]
pub struct Request {
    pub(crate) agent: ureq::Agent,
    pub(crate) method: Method,
    pub(crate) url: String,
    pub(crate) headers: Vec<(String, Vec<u8>)>,
    pub(crate) body: Vec<u8>,
    pub(crate) biz_type: Option<String>,
}

/// The server did not answer at all.
#[derive(Debug)]
pub struct NoAnswer(#[expect(dead_code, reason = "shown by Debug")] ureq::Error);

impl Request {
    /// Sets a header, or changes it.
    #[must_use]
    pub fn header(self, name: &str, value: impl AsRef<[u8]>) -> Self {
        let mut request = self.no_header(name);
        request.headers.push((name.to_owned(), value.as_ref().to_vec()));
        request
    }

    /// Leaves a header out.
    #[must_use]
    pub fn no_header(mut self, name: &str) -> Self {
        self.headers.retain(|(n, _)| !n.eq_ignore_ascii_case(name));
        self
    }

    /// Sends these fields.
    #[must_use]
    pub fn json(self, body: &Value) -> Self {
        self.bytes(body.to_string())
    }

    /// Sends these bytes as they are.
    #[must_use]
    pub fn bytes(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// Uses another method than POST. GET goes without a body.
    #[must_use]
    pub fn method(mut self, method: &str) -> Self {
        self.method = method.parse().expect("a method");
        self
    }

    /// Sends it and checks that the answer is an envelope.
    #[track_caller]
    pub fn send(&self) -> Reply {
        self.try_send().expect("an answer")
    }

    /// The same for tests that kill the server meanwhile.
    #[track_caller]
    pub fn try_send(&self) -> Result<Reply, NoAnswer> {
        let (status, headers, body) = self.exchange().map_err(NoAnswer)?;
        let trace = self.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("trace"));
        let expected = Expected {
            trace: trace.and_then(|(_, value)| std::str::from_utf8(value).ok()).filter(|trace| is_trace(trace)),
            biz_type: self.biz_type.as_deref(),
        };
        Ok(Reply::read(status, headers, &body, &expected))
    }

    fn exchange(&self) -> Result<(u16, ureq::http::HeaderMap, Vec<u8>), ureq::Error> {
        let mut request = ureq::http::Request::new(self.body.as_slice());
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = self.url.parse().expect("an address");
        for (name, value) in &self.headers {
            let name = HeaderName::from_bytes(name.as_bytes()).expect("a header name");
            request.headers_mut().append(name, HeaderValue::from_bytes(value).expect("a header value"));
        }
        let mut response = if self.method == Method::GET {
            self.agent.run(request.map(|_| ()))?
        } else {
            self.agent.run(request)?
        };
        let body = response.body_mut().with_config().limit(64 << 20).read_to_vec()?;
        Ok((response.status().as_u16(), response.headers().clone(), body))
    }
}

fn is_trace(text: &str) -> bool {
    (1..=128).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic())
}
