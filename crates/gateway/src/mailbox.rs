//! The demo's mailbox: what would be mailed or texted, for the eyes of whoever sits at this machine.

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use axum::routing::get;
use parking_lot::Mutex;
use serde::Serialize;
use std::collections::VecDeque;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::sync::Arc;

/// Messages kept.
const KEPT: usize = 200;

/// One message.
#[derive(Debug, Clone, Serialize)]
pub struct Mail {
    /// Counted up.
    pub id: u64,
    /// When, in milliseconds since 1970.
    pub at: i64,
    /// On whose behalf.
    pub company: i64,
    /// email, sms or telegram.
    pub channel: String,
    /// To whom.
    pub to: String,
    /// The verification code in it, if any.
    pub code: Option<String>,
    /// An e-mail's subject.
    pub subject: Option<String>,
    /// The words.
    pub text: String,
}

/// A bounded mailbox in memory.
#[derive(Debug, Default)]
pub struct Mailbox {
    mails: Mutex<(u64, VecDeque<Mail>)>,
}

impl Mailbox {
    /// Puts a message in; its `id` is given here.
    pub fn put(&self, mut mail: Mail) {
        let mut mails = self.mails.lock();
        mails.0 += 1;
        mail.id = mails.0;
        mails.1.push_front(mail);
        mails.1.truncate(KEPT);
    }

    /// All messages, newest first.
    #[must_use]
    pub fn all(&self) -> Vec<Mail> {
        self.mails.lock().1.iter().cloned().collect()
    }
}

/// The mailbox's page, at `/dev/mailbox`, for callers on this machine only.
pub fn routes(mailbox: Arc<Mailbox>) -> Router {
    Router::new().route("/dev/mailbox", get(page)).with_state(mailbox)
}

/// Headers by which a proxy tells that it speaks for someone else.
const FORWARDED: [&str; 3] = ["forwarded", "x-forwarded-for", "x-real-ip"];

async fn page(
    State(mailbox): State<Arc<Mailbox>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
) -> Response<Body> {
    let forwarded = FORWARDED.iter().any(|name| headers.contains_key(*name));
    // A page of another site that a name server sends here has another host.
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or("");
    let local_host = ["127.0.0.1", "localhost", "[::1]"]
        .iter()
        .any(|name| host.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with(':')));
    if !peer.ip().to_canonical().is_loopback() || forwarded || !local_host {
        return reply(StatusCode::FORBIDDEN, "text/plain", "only on this machine\n".to_owned());
    }
    let wants_json = headers
        .get(header::ACCEPT)
        .and_then(|accept| accept.to_str().ok())
        .is_some_and(|accept| accept.contains("application/json"));
    let mails = mailbox.all();
    if wants_json {
        let body = serde_json::to_string(&mails).unwrap_or_else(|_| "[]".to_owned());
        return reply(StatusCode::OK, "application/json", body);
    }
    reply(StatusCode::OK, "text/html; charset=utf-8", html(&mails))
}

fn reply(status: StatusCode, kind: &'static str, body: String) -> Response<Body> {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'none'; style-src 'unsafe-inline'"),
    );
    response
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

fn html(mails: &[Mail]) -> String {
    let mut page = String::from(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta http-equiv=\"refresh\" content=\"3\">\
         <title>Custos mailbox</title><style>body{font:16px/1.5 system-ui,sans-serif;max-width:50rem;margin:2rem auto;\
         padding:0 1rem;color:#1c2430}article{border:1px solid #d5dbe3;border-radius:8px;padding:1rem;margin:1rem 0}\
         code{font-size:1.4rem;letter-spacing:.1em}pre{white-space:pre-wrap;font:inherit;color:#4a5565}</style>\
         <h1>Mailbox of the demo</h1><p>What would be mailed or texted, newest first. \
         Kept in memory, shown on this machine only.</p>",
    );
    if mails.is_empty() {
        page.push_str("<p>Nothing yet.</p>");
    }
    for mail in mails {
        let code = mail.code.as_deref().map(|code| format!("<p><code>{}</code></p>", escaped(code)));
        // Writing into a String can't fail.
        let _ = write!(
            page,
            "<article><strong>{}</strong> to {} (company {})<br>{}{}<pre>{}</pre></article>",
            escaped(&mail.channel),
            escaped(&mail.to),
            mail.company,
            escaped(mail.subject.as_deref().unwrap_or("")),
            code.unwrap_or_default(),
            escaped(&mail.text)
        );
    }
    page
}
