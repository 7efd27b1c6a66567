//! Which web pages of other origins may call us (CORS).
//!
//! Only origins that the operator listed are answered; anybody else's browser gets no CORS header and
//! refuses on its own. Callers prove themselves with the `token` header, never with a cookie, so
//! credentials are not allowed across origins.

use axum::body::Body;
use axum::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use axum::http::{Method, Response, StatusCode};
use std::collections::HashSet;

const METHODS: HeaderValue = HeaderValue::from_static("GET, POST, OPTIONS");
/// Ten minutes: what the strictest browser family keeps at most.
const MAX_AGE_S: HeaderValue = HeaderValue::from_static("600");
const EXPOSED: HeaderValue = HeaderValue::from_static(
    "x-ratelimit-limit, x-ratelimit-remaining, x-ratelimit-remairing, x-ratelimit-reset, retry-after",
);
const VARY: HeaderValue = HeaderValue::from_static("origin");
/// More request headers than this, or longer ones, are no honest front-end's.
const MOST_HEADERS: usize = 64;
const LONGEST_HEADER_NAME: usize = 64;

/// Why a configured origin was not understood.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum OriginError {
    /// `*` would let every page on the web call as whoever holds a token there.
    #[error("the origin `*` is not supported: list each origin, such as https://app.example.com")]
    Wildcard,
    /// Not of the form scheme://host or scheme://host:port.
    #[error("`{0}` is not an origin: write scheme://host or scheme://host:port, without path or final slash")]
    Malformed(String),
}

/// The origins that may call.
#[derive(Clone, Debug, Default)]
pub struct Cors {
    origins: HashSet<String>,
}

impl Cors {
    /// Reads the configured origins. An empty list answers nobody.
    ///
    /// # Errors
    /// The first entry that is `*` or no origin.
    pub fn new<T: AsRef<str>>(origins: &[T]) -> Result<Self, OriginError> {
        let read = |entry: &T| {
            let entry = entry.as_ref().trim();
            if entry.contains('*') {
                return Err(OriginError::Wildcard);
            }
            normalised(entry).ok_or_else(|| OriginError::Malformed(entry.to_owned()))
        };
        Ok(Self { origins: origins.iter().map(read).collect::<Result<_, _>>()? })
    }

    /// Whether a page of this origin may call. Sockets, which CORS does not cover, ask this too.
    #[must_use]
    pub fn allows(&self, origin: &HeaderValue) -> bool {
        let Ok(origin) = origin.to_str() else { return false };
        // Browsers send the normal form; only what differs from it is taken apart.
        self.origins.contains(origin)
            || normalised(origin).is_some_and(|origin| self.origins.contains(&origin))
    }

    /// The answer to a pre-flight request; `None` if the request is none. A page of an unlisted origin
    /// gets the same empty answer without the headers that would let it go on.
    #[must_use]
    pub fn preflight(&self, method: &Method, headers: &HeaderMap) -> Option<Response<Body>> {
        let is_preflight =
            method == Method::OPTIONS && headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
        let origin = headers.get(header::ORIGIN).filter(|_| is_preflight)?;
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::NO_CONTENT;
        let answer = response.headers_mut();
        answer.append(header::VARY, VARY);
        if self.allows(origin) {
            answer.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
            answer.insert(header::ACCESS_CONTROL_ALLOW_METHODS, METHODS);
            answer.insert(header::ACCESS_CONTROL_MAX_AGE, MAX_AGE_S);
            if let Some(names) = wanted_headers(headers) {
                answer.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, names);
                answer.append(header::VARY, HeaderValue::from(header::ACCESS_CONTROL_REQUEST_HEADERS));
            }
        }
        Some(response)
    }

    /// Adds what lets a listed origin's page read an ordinary reply. `origin` is the request's header.
    pub fn apply(&self, origin: Option<&HeaderValue>, reply: &mut HeaderMap) {
        if self.origins.is_empty() {
            return;
        }
        // Also without an origin: a cache must not hand the one reply to the other.
        reply.append(header::VARY, VARY);
        if let Some(origin) = origin.filter(|origin| self.allows(origin)) {
            reply.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
            reply.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
        }
    }
}

/// The names in `access-control-request-headers` that look like names, as one list.
fn wanted_headers(headers: &HeaderMap) -> Option<HeaderValue> {
    let lines = headers.get_all(header::ACCESS_CONTROL_REQUEST_HEADERS);
    let names: Vec<&str> = lines
        .iter()
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(','))
        .map(str::trim)
        .filter(|name| is_plain_name(name))
        .take(MOST_HEADERS)
        .collect();
    if names.is_empty() { None } else { HeaderValue::try_from(names.join(", ")).ok() }
}

fn is_plain_name(name: &str) -> bool {
    (1..=LONGEST_HEADER_NAME).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
        && HeaderName::try_from(name).is_ok()
}

/// An origin in the form browsers send: lower case, no default port.
fn normalised(origin: &str) -> Option<String> {
    let origin = origin.to_ascii_lowercase();
    let (scheme, authority) = origin.split_once("://")?;
    let scheme_ok = scheme.starts_with(|first: char| first.is_ascii_lowercase())
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    let (host, port) = match authority.strip_prefix('[') {
        Some(v6) => {
            let (address, after) = v6.split_once(']')?;
            let address: std::net::Ipv6Addr = address.parse().ok()?;
            let port = if after.is_empty() { None } else { Some(after.strip_prefix(':')?) };
            (format!("[{address}]"), port)
        }
        None => match authority.split_once(':') {
            Some((host, port)) => (host.to_owned(), Some(port)),
            None => (authority.to_owned(), None),
        },
    };
    let host_ok = host.starts_with('[')
        || (!host.is_empty()
            && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte)));
    if !scheme_ok || !host_ok {
        return None;
    }
    let port = match port {
        None => None,
        Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => Some(digits.parse::<u16>().ok()?),
        Some(_) => return None,
    };
    Some(match (scheme, port) {
        (_, None) | ("http", Some(80)) | ("https", Some(443)) => format!("{scheme}://{host}"),
        (_, Some(port)) => format!("{scheme}://{host}:{port}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cors() -> Cors {
        Cors::new(&["https://App.Example.com:443", "http://localhost:5173", "capacitor://localhost"]).unwrap()
    }

    fn preflight(origin: &str, wanted: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(header::ORIGIN, HeaderValue::from_str(origin).unwrap());
        headers.insert(header::ACCESS_CONTROL_REQUEST_METHOD, HeaderValue::from_static("POST"));
        for line in wanted {
            headers.append(header::ACCESS_CONTROL_REQUEST_HEADERS, HeaderValue::from_str(line).unwrap());
        }
        headers
    }

    #[test]
    fn origins_match_whatever_their_case_and_default_port() {
        let cors = cors();
        let allows = |origin: &str| cors.allows(&HeaderValue::from_str(origin).unwrap());
        for listed in ["https://app.example.com", "HTTPS://APP.example.com:443", "http://localhost:5173"] {
            assert!(allows(listed), "{listed}");
        }
        assert!(allows("capacitor://localhost"));
        for other in [
            "null",
            "",
            "http://app.example.com",
            "https://app.example.com:8443",
            "https://app.example.com.evil.test",
            "https://evil.test/https://app.example.com",
            "https://xapp.example.com",
            "http://localhost",
            "https://app.example.com/",
            "https://user@app.example.com",
        ] {
            assert!(!allows(other), "{other}");
        }
    }

    #[test]
    fn what_is_no_origin_is_refused_at_start() {
        assert_eq!(Cors::new(&["*"]).unwrap_err(), OriginError::Wildcard);
        assert_eq!(Cors::new(&["https://*.example.com"]).unwrap_err(), OriginError::Wildcard);
        for bad in [
            "",
            "null",
            "example.com",
            "https://",
            "https://example.com/",
            "https://a:b",
            "https://a:",
            "https://a:70000",
            "https://ex ample",
            "https://ü.example",
            "1http://a",
            "https://[::1",
            "https://[::1]80",
        ] {
            assert_eq!(Cors::new(&[bad]).unwrap_err(), OriginError::Malformed(bad.to_owned()));
        }
        assert!(
            Cors::new(&["http://[::1]:3000"])
                .unwrap()
                .allows(&HeaderValue::from_static("http://[0:0::1]:3000"))
        );
    }

    #[test]
    fn a_listed_origin_s_preflight_is_answered() {
        let wanted = ["companyid,token, trace", "bad name, x\"y, lang"];
        let reply = cors().preflight(&Method::OPTIONS, &preflight("http://localhost:5173", &wanted)).unwrap();
        assert_eq!(reply.status(), StatusCode::NO_CONTENT);
        let headers = reply.headers();
        assert_eq!(headers[header::ACCESS_CONTROL_ALLOW_ORIGIN], "http://localhost:5173");
        assert_eq!(headers[header::ACCESS_CONTROL_ALLOW_METHODS], "GET, POST, OPTIONS");
        assert_eq!(headers[header::ACCESS_CONTROL_ALLOW_HEADERS], "companyid, token, trace, lang");
        assert_eq!(headers[header::ACCESS_CONTROL_MAX_AGE], "600");
        assert_eq!(headers[header::VARY], "origin");
        assert!(!headers.contains_key(header::ACCESS_CONTROL_ALLOW_CREDENTIALS));
    }

    #[test]
    fn an_unlisted_origin_s_preflight_has_no_cors_headers() {
        let reply = cors().preflight(&Method::OPTIONS, &preflight("https://evil.test", &["token"])).unwrap();
        assert_eq!(reply.status(), StatusCode::NO_CONTENT);
        assert!(reply.headers().keys().all(|name| !name.as_str().starts_with("access-control")));
    }

    #[test]
    fn other_requests_are_no_preflight() {
        let mut headers = preflight("http://localhost:5173", &[]);
        assert!(cors().preflight(&Method::POST, &headers).is_none());
        headers.remove(header::ACCESS_CONTROL_REQUEST_METHOD);
        assert!(cors().preflight(&Method::OPTIONS, &headers).is_none());
        let headers = HeaderMap::new();
        assert!(cors().preflight(&Method::OPTIONS, &headers).is_none());
    }

    #[test]
    fn replies_are_opened_to_listed_origins_only() {
        let apply = |cors: &Cors, origin: Option<&'static str>| {
            let mut reply = HeaderMap::new();
            cors.apply(origin.map(HeaderValue::from_static).as_ref(), &mut reply);
            reply
        };
        let listed = apply(&cors(), Some("https://app.example.com"));
        assert_eq!(listed[header::ACCESS_CONTROL_ALLOW_ORIGIN], "https://app.example.com");
        let exposed = listed[header::ACCESS_CONTROL_EXPOSE_HEADERS].to_str().unwrap();
        assert!(exposed.contains("x-ratelimit-remairing"));
        assert_eq!(listed[header::VARY], "origin");
        for origin in [None, Some("https://evil.test"), Some("null")] {
            let reply = apply(&cors(), origin);
            assert_eq!(reply.len(), 1, "nothing but vary");
            assert_eq!(reply[header::VARY], "origin");
        }
        assert!(apply(&Cors::default(), Some("https://app.example.com")).is_empty());
    }
}
