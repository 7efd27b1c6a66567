//! A request on its way to an operation, and the answer on its way back.

use crate::address::{Target, target};
use crate::envelope::{self, Frame};
use crate::rate_limit::Decision;
use crate::{Gateway, limits};
use axum::body::{Body, Bytes};
use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, header};
use custos_operations::api::{Answer, Call, refused};
use custos_operations::error::Gate;
use custos_operations::openapi::is_get;
use parking_lot::Mutex;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

/// The largest body.
const MAX_BODY_BYTES: usize = 1 << 20;

/// A header's text; the text `null`, which some clients send for what they lack, is none.
pub(crate) fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let value = headers.get(name)?.to_str().ok()?.trim();
    (!value.is_empty() && value != "null").then_some(value)
}

/// The `idempotency-key`. One that can't be read must not be taken for none, or what was to happen once would happen
/// again: it is empty, which no usable key is.
fn idempotency_key(headers: &HeaderMap) -> Option<&str> {
    let mut keys = headers.get_all("idempotency-key").iter();
    match (keys.next()?.to_str().map(str::trim), keys.next()) {
        (Ok("" | "null"), None) => None,
        (Ok(key), None) => Some(key),
        _ => Some(""),
    }
}

/// A trace that may be echoed.
fn trace(headers: &HeaderMap) -> Option<&str> {
    // A header of other bytes is there, but no usable trace: the operation refuses it by its absence.
    text(headers, "trace")
}

/// Answers every request that no other route takes.
pub(crate) async fn answer(
    State(gateway): State<Arc<Gateway>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    request: Request<Body>,
) -> Response<Body> {
    let (parts, body) = request.into_parts();
    if let Some(response) = gateway.cors.preflight(&parts.method, &parts.headers) {
        return response;
    }
    let mut response = gateway.respond(peer, &parts.method, parts.uri.path(), &parts.headers, body).await;
    gateway.cors.apply(parts.headers.get(header::ORIGIN), response.headers_mut());
    response
}

/// An answer with the status and the limit that it is to be sent with.
pub(crate) struct Outcome {
    status: StatusCode,
    answer: Answer,
    decision: Decision,
    /// The body was left unread, so that nothing more can come on this connection; the client is told.
    ends_connection: bool,
}

impl Outcome {
    pub(crate) fn of(status: StatusCode, answer: Answer, decision: Decision) -> Self {
        Self { status, answer, decision, ends_connection: false }
    }

    /// The same where the body was left unread.
    pub(crate) fn ending(self) -> Self {
        Self { ends_connection: true, ..self }
    }
}

impl Gateway {
    async fn respond(
        &self,
        peer: SocketAddr,
        method: &Method,
        path: &str,
        headers: &HeaderMap,
        body: Body,
    ) -> Response<Body> {
        let began = Instant::now();
        let target = target(path);
        let outcome = self.outcome(peer, method, target, headers, body).await;
        let frame = Frame {
            name: target.map_or(path, |target| target.name),
            trace: trace(headers),
            took_ms: began.elapsed().as_millis(),
        };
        let mut response = self.told(outcome, frame);
        if response.status() == StatusCode::METHOD_NOT_ALLOWED {
            response.headers_mut().insert(
                header::ALLOW,
                HeaderValue::from_static(if target.is_some_and(|target| target.name == "geoip/country") {
                    "GET"
                } else {
                    "POST"
                }),
            );
        }
        response
    }

    /// The response that tells of an outcome.
    pub(crate) fn told(&self, outcome: Outcome, frame: Frame<'_>) -> Response<Body> {
        let Outcome { status, answer, mut decision, ends_connection } = outcome;
        if answer.result.as_ref().is_err_and(|error| error.code() == Gate::TooFrequent.as_str()) {
            // A limit that the database holds says no more than that it is reached.
            decision.remaining = 0;
        }
        let body = envelope::bytes(&answer, frame, |code, params| {
            self.texts_of(answer.company.as_ref()).error_text(&answer.lang, code, params)
        });
        let mut response = envelope::response(status, body);
        limits::tell(&decision, response.headers_mut());
        if ends_connection {
            response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        if status == StatusCode::TOO_MANY_REQUESTS {
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, HeaderValue::from(decision.retry_after_s.max(1)));
        }
        response
    }

    async fn outcome(
        &self,
        peer: SocketAddr,
        method: &Method,
        target: Option<Target<'_>>,
        headers: &HeaderMap,
        body: Body,
    ) -> Outcome {
        let address = self.proxies.client_address(peer.ip(), headers);
        let now = self.api.app().store.now_ms();
        let lang = text(headers, "lang");
        let flood = self.limits.flood(address, now);
        let refuse =
            |status, gate: Gate, decision| Outcome::of(status, refused(gate.refuse(), lang), decision);
        let cut_off = |status, gate, decision| refuse(status, gate, decision).ending();
        if self.draining.load(Ordering::Relaxed) {
            return cut_off(StatusCode::SERVICE_UNAVAILABLE, Gate::Unavailable, flood);
        }
        if !flood.allowed {
            return cut_off(StatusCode::TOO_MANY_REQUESTS, Gate::TooFrequent, flood);
        }
        // Read before anything is refused by name: an answer to a body that is still coming ends the connection, and a
        // client would lose the next call that it has already sent on it.
        let body = match self.whole(body).await {
            Ok(body) => body,
            Err((status, gate)) => return cut_off(status, gate, flood),
        };
        let Some(target) = target else {
            return refuse(StatusCode::NOT_FOUND, Gate::UnknownOperation, flood);
        };
        let entry = self.api.find(target.prefix, target.name);
        let wanted = if entry.is_some_and(is_get) { Method::GET } else { Method::POST };
        if *method != wanted {
            return refuse(StatusCode::METHOD_NOT_ALLOWED, Gate::BadMethod, flood);
        }
        let decision = match entry {
            Some(entry) => self.limits.class(entry.class, address, now),
            None => flood,
        };
        if !decision.allowed {
            return refuse(beyond_a_limit(target), Gate::TooFrequent, decision);
        }
        // The customer's own limit is asked about once the token has told who they are.
        let own = Mutex::new(None);
        let admit = |customer_id| {
            let decision = self.limits.customer(customer_id, now);
            let allowed = decision.allowed;
            *own.lock() = Some(decision);
            allowed
        };
        let call = Call {
            admit: &admit,
            prefix: target.prefix,
            name: target.name,
            company: text(headers, "companyid"),
            trace: trace(headers),
            token: text(headers, "token"),
            lang,
            idempotency_key: idempotency_key(headers),
            body: &body,
            address: &address.to_canonical().to_string(),
            country: self
                .country_header
                .as_ref()
                .and_then(|name| self.proxies.trusted_header(peer.ip(), headers, name))
                .filter(|code| code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_alphabetic())),
            agent: text(headers, "user-agent").unwrap_or(""),
        };
        let answer = match tokio::time::timeout(self.request_timeout, self.api.call(call)).await {
            Ok(answer) => answer,
            Err(_) => {
                tracing::error!(trace = call.trace, operation = call.name, "a call took too long");
                refused(Gate::TimedOut.refuse(), lang)
            }
        };
        let own = own.into_inner().filter(|own| own.remaining < decision.remaining);
        let is_beyond = answer.result.as_ref().is_err_and(|error| error.code() == Gate::TooFrequent.as_str());
        let status = if is_beyond { beyond_a_limit(target) } else { StatusCode::OK };
        Outcome::of(status, answer, own.unwrap_or(decision))
    }
}

/// Programs understand the status; a person's page would be left spinning by it.
fn beyond_a_limit(target: Target<'_>) -> StatusCode {
    if target.prefix.is_office() { StatusCode::TOO_MANY_REQUESTS } else { StatusCode::OK }
}

impl Gateway {
    /// The whole body, or why it does not come.
    async fn whole(&self, body: Body) -> Result<Bytes, (StatusCode, Gate)> {
        let reading = axum::body::to_bytes(body, MAX_BODY_BYTES);
        match tokio::time::timeout(self.request_timeout, reading).await {
            Ok(Ok(body)) => Ok(body),
            Ok(Err(error)) if is_too_long(&error) => Err((StatusCode::PAYLOAD_TOO_LARGE, Gate::TooLarge)),
            Ok(Err(_)) => Err((StatusCode::BAD_REQUEST, Gate::BadBody)),
            Err(_) => Err((StatusCode::REQUEST_TIMEOUT, Gate::TimedOut)),
        }
    }
}

fn is_too_long(error: &axum::Error) -> bool {
    let mut source = std::error::Error::source(error);
    while let Some(inner) = source {
        if inner.to_string().contains("length limit exceeded") {
            return true;
        }
        source = inner.source();
    }
    error.to_string().contains("length limit exceeded")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_is_there_is_never_taken_for_none() {
        let key = |values: &[&[u8]]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append("idempotency-key", HeaderValue::from_bytes(value).unwrap());
            }
            idempotency_key(&headers).map(str::to_owned)
        };
        assert_eq!(key(&[]), None);
        for none in [&b""[..], b"null", b" "] {
            assert_eq!(key(&[none]), None);
        }
        assert_eq!(key(&[b" a b "]).as_deref(), Some("a b"));
        for unreadable in [&[&b"\xff"[..]][..], &[b"a", b"b"], &[b"a", b"a"], &[b"", b"a"]] {
            assert_eq!(key(unreadable).as_deref(), Some(""));
        }
    }
}
