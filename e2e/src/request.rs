//! One request in the making, to be bent in any way before it goes out.

use serde_json::Value;
use ureq::http::{HeaderName, HeaderValue, Method};

use crate::envelope::{Expected, Reply};

/// A request to the server. Each change makes a new one, so that a test can vary one request.
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
    pub fn header(&self, name: &str, value: impl AsRef<[u8]>) -> Self {
        let mut request = self.no_header(name);
        request.headers.push((name.to_owned(), value.as_ref().to_vec()));
        request
    }

    /// Leaves a header out.
    #[must_use]
    pub fn no_header(&self, name: &str) -> Self {
        let mut request = self.clone();
        request.headers.retain(|(n, _)| !n.eq_ignore_ascii_case(name));
        request
    }

    /// Sends these fields.
    #[must_use]
    pub fn json(&self, body: &Value) -> Self {
        self.bytes(body.to_string())
    }

    /// Sends these bytes as they are.
    #[must_use]
    pub fn bytes(&self, body: impl Into<Vec<u8>>) -> Self {
        Self { body: body.into(), ..self.clone() }
    }

    /// Uses another method than POST. GET goes without a body.
    #[must_use]
    pub fn method(&self, method: &str) -> Self {
        Self { method: method.parse().expect("a method"), ..self.clone() }
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
            trace: trace
                .and_then(|(_, value)| std::str::from_utf8(value).ok())
                .filter(|trace| is_trace(trace)),
            biz_type: self.biz_type.as_deref(),
        };
        let reply = Reply::read(status, headers, &body, &expected);
        // Some operations have a path of their own and no `service.method`.
        let path = || self.url.split('/').skip(4).collect::<Vec<_>>().join("/");
        crate::recorder::note(&self.biz_type.clone().unwrap_or_else(path), reply.is_ok());
        Ok(reply)
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

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader, Read, Write};
    use std::net::TcpListener;

    use serde_json::{Value, json};

    use crate::client::{Client, PostBox};
    use crate::raw;

    const HEAD: &str = "cache-control: no-store\r\nx-content-type-options: nosniff\r\n\
        content-type: application/json\r\nx-ratelimit-limit: 9\r\nx-ratelimit-remaining: 8\r\n\
        x-ratelimit-remairing: 8\r\nx-ratelimit-reset: 60\r\n";

    /// A server that keeps to the protocol unless `spoil` makes it do otherwise. It returns the caller's trace.
    fn serve(listener: TcpListener, spoil: impl Fn(&mut Value) + Send + 'static) {
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let mut out = stream.try_clone().unwrap();
                let mut input = BufReader::new(stream);
                let (mut trace, mut length, mut line) = (String::new(), 0, String::new());
                while input.read_line(&mut line).unwrap_or(0) > 0 {
                    if let Some(value) = line.strip_prefix("trace:") {
                        trace = value.trim().to_owned();
                    } else if let Some(value) = line.strip_prefix("content-length:") {
                        length = value.trim().parse().unwrap();
                    } else if line == "\r\n" {
                        let mut body = vec![0; length];
                        input.read_exact(&mut body).unwrap();
                        let mut envelope = json!({"bizCode": "US", "code": "0", "msg": "success", "ok": true,
                            "msgParams": null, "tm": 1, "trace": trace, "fail": false, "data": body.len()});
                        spoil(&mut envelope);
                        let text = envelope.to_string();
                        write!(out, "HTTP/1.1 200 OK\r\n{HEAD}content-length: {}\r\n\r\n{text}", text.len())
                            .unwrap();
                    }
                    line.clear();
                }
            }
        });
    }

    fn client(spoil: impl Fn(&mut Value) + Send + 'static) -> Client {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        serve(listener, spoil);
        Client::new(address, PostBox { mail: Default::default(), sms: Default::default() })
    }

    #[test]
    fn a_connection_is_used_again() {
        let client = client(|_| {});
        for filler in [0, 10, 100_000] {
            let body = json!({"filler": "x".repeat(filler)});
            assert_eq!(client.call("groupList", body.clone()).data(), body.to_string().len());
        }
    }

    #[test]
    fn a_broken_promise_is_noticed() {
        let lies: [fn(&mut Value); 6] = [
            |envelope| envelope["ok"] = json!(false),
            |envelope| envelope["msg"] = json!(""),
            |envelope| envelope["trace"] = json!("another"),
            |envelope| envelope["code"] = json!(0),
            |envelope| envelope["tm"] = Value::Null,
            |envelope| {
                envelope.as_object_mut().unwrap().remove("data");
            },
        ];
        for lie in lies {
            let client = client(lie);
            let checked = std::thread::spawn(move || client.call("groupList", json!({})).is_ok()).join();
            assert!(checked.is_err());
        }
    }

    #[test]
    fn a_hand_written_request_is_answered() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        serve(listener, |_| {});
        let answer = raw::exchange(address, &[b"POST / HTTP/1.1\r\ncontent-length: 2\r\n\r\n", b"{}"]);
        assert_eq!(raw::envelope(&answer.unwrap()).data(), 2);
    }
}
