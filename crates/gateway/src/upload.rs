//! Files: `POST /upload` takes one, `GET /file/…` shows it to whoever has a link that is still good.

use crate::call::{Outcome, text};
use crate::envelope::Frame;
use crate::{Gateway, call};
use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, DefaultBodyLimit, Path, RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, Request, Response, StatusCode, header};
use axum::routing::{get, post};
use custos_customers::files::LARGEST_BYTES;
use custos_operations::api::{Call, refused};
use custos_operations::error::{Error, Gate};
use custos_operations::operation::{Class, Prefix};
use parking_lot::Mutex;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

/// The operation's name, in answers and metrics.
const NAME: &str = "upload";
/// The part that holds the file.
const FIELD: &str = "object";
/// What a form takes beside the file: other small fields, and the lines around them.
const ROOM: usize = 64 * 1024;
/// Fields that a form may have.
const MOST_FIELDS: usize = 16;
/// Uploads that are read at once: each takes as much memory as its file.
pub(crate) const AT_ONCE: usize = 16;

pub(crate) fn routes() -> Router<Arc<Gateway>> {
    Router::new()
        .route("/api/upload", post(receive).options(call::answer))
        .route("/cats-gateway/upload", post(receive).options(call::answer))
        // The body is read, and bounded, by hand.
        .layer(DefaultBodyLimit::disable())
        .route("/api/file/{company}/{id}", get(show))
        .route("/cats-gateway/file/{company}/{id}", get(show))
}

async fn receive(
    State(gateway): State<Arc<Gateway>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    request: Request<Body>,
) -> Response<Body> {
    let began = Instant::now();
    let (parts, body) = request.into_parts();
    let outcome = gateway.upload(peer, &parts.headers, body).await;
    let frame =
        Frame { name: NAME, trace: text(&parts.headers, "trace"), took_ms: began.elapsed().as_millis() };
    let mut response = gateway.told(outcome, frame);
    gateway.cors.apply(parts.headers.get(header::ORIGIN), response.headers_mut());
    response
}

impl Gateway {
    async fn upload(&self, peer: SocketAddr, headers: &HeaderMap, body: Body) -> Outcome {
        let address = self.proxies.client_address(peer.ip(), headers);
        let now = self.api.app().store.now_ms();
        let lang = text(headers, "lang");
        let flood = self.limits.flood(address, now);
        // Whatever is refused before the body was read ends the connection: nothing can follow on it.
        let refuse = |status, gate: Gate, decision| {
            Outcome::of(status, refused(gate.refuse(), lang), decision).ending()
        };
        if self.draining.load(Ordering::Relaxed) {
            return refuse(StatusCode::SERVICE_UNAVAILABLE, Gate::Unavailable, flood);
        }
        if !flood.allowed {
            return refuse(StatusCode::TOO_MANY_REQUESTS, Gate::TooFrequent, flood);
        }
        let decision = self.limits.class(Class::Write, address, now);
        if !decision.allowed {
            return refuse(StatusCode::OK, Gate::TooFrequent, decision);
        }
        let admit = |customer_id| self.limits.customer(customer_id, now).allowed;
        let call = Call {
            admit: &admit,
            prefix: Prefix::Bare,
            name: NAME,
            company: text(headers, "companyid"),
            trace: text(headers, "trace"),
            token: text(headers, "token"),
            lang,
            idempotency_key: None,
            body: &[],
            address: &address.to_canonical().to_string(),
            country: None,
            agent: text(headers, "user-agent").unwrap_or(""),
        };
        let status = Mutex::new(None);
        let read = || async {
            let read = tokio::time::timeout(self.request_timeout, self.file(headers, body)).await;
            let (kind, error) = match read {
                Ok(Ok(file)) => {
                    *status.lock() = Some((StatusCode::OK, true));
                    return Ok(file);
                }
                Ok(Err(Refused::Form(error))) => (StatusCode::OK, error),
                Ok(Err(Refused::TooLarge)) => (StatusCode::PAYLOAD_TOO_LARGE, Gate::TooLarge.refuse()),
                Err(_) => (StatusCode::REQUEST_TIMEOUT, Gate::TimedOut.refuse()),
            };
            *status.lock() = Some((kind, false));
            Err(error)
        };
        let answer = self.api.upload(call, read).await;
        let outcome = |status| Outcome::of(status, answer, decision);
        match status.into_inner() {
            // The whole form was read: the connection may go on.
            Some((status, true)) => outcome(status),
            Some((status, false)) => outcome(status).ending(),
            None => outcome(StatusCode::OK).ending(),
        }
    }

    /// The file that a form holds.
    async fn file(&self, headers: &HeaderMap, body: Body) -> Result<Vec<u8>, Refused> {
        let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let boundary = multer::parse_boundary(kind).map_err(|_| Refused::Form(Gate::BadBody.refuse()))?;
        let _place = self.uploads.acquire().await.map_err(|_| Refused::Form(Gate::Unavailable.refuse()))?;
        let limits = multer::SizeLimit::new()
            .whole_stream(u64::try_from(LARGEST_BYTES + ROOM).unwrap_or(u64::MAX))
            .per_field(u64::try_from(LARGEST_BYTES).unwrap_or(u64::MAX));
        let constraints = multer::Constraints::new().size_limit(limits);
        let mut form = multer::Multipart::with_constraints(body.into_data_stream(), boundary, constraints);
        let mut file = None;
        for _ in 0..MOST_FIELDS {
            let Some(field) = form.next_field().await? else {
                return file.ok_or_else(|| Refused::Form(Gate::MissingField.field(FIELD)));
            };
            let is_file = field.name() == Some(FIELD);
            let bytes = field.bytes().await?;
            if is_file && file.is_some() {
                return Err(Refused::Form(Gate::BadField.field(FIELD)));
            }
            if is_file {
                file = Some(bytes.to_vec());
            }
        }
        Err(Refused::Form(Gate::BadBody.refuse()))
    }
}

/// Why a form is not read.
enum Refused {
    TooLarge,
    Form(Error),
}

impl From<multer::Error> for Refused {
    fn from(error: multer::Error) -> Self {
        match error {
            multer::Error::FieldSizeExceeded { .. } | multer::Error::StreamSizeExceeded { .. } => {
                Self::TooLarge
            }
            _ => Self::Form(Gate::BadBody.refuse()),
        }
    }
}

/// Until when a link is good, and its signature.
fn parts(query: &str) -> Option<(i64, &str)> {
    let part =
        |name| query.split('&').filter_map(|pair| pair.split_once('=')).find(|(known, _)| *known == name);
    Some((part("until")?.1.parse().ok()?, part("sign")?.1))
}

async fn show(
    State(gateway): State<Arc<Gateway>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    Path((company, id)): Path<(i64, i64)>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response<Body> {
    let address = gateway.proxies.client_address(peer.ip(), &headers);
    let app = gateway.api.app();
    if !gateway.limits.class(Class::Read, address, app.store.now_ms()).allowed {
        return bare(StatusCode::TOO_MANY_REQUESTS);
    }
    let Some((until, sign)) = query.as_deref().and_then(parts) else { return bare(StatusCode::NOT_FOUND) };
    let shown = match app.file(company, id, until, sign.to_owned()).await {
        Ok(Some(shown)) => shown,
        Ok(None) => return bare(StatusCode::NOT_FOUND),
        Err(error) => {
            tracing::error!(%error, "a file could not be shown");
            return bare(StatusCode::SERVICE_UNAVAILABLE);
        }
    };
    let Ok(media_type) = HeaderValue::from_str(&shown.media_type) else {
        return bare(StatusCode::NOT_FOUND);
    };
    let is_image = shown.media_type.starts_with("image/");
    let mut response = Response::new(Body::from(shown.bytes));
    let told = response.headers_mut();
    told.insert(header::CONTENT_TYPE, media_type);
    // A picture is shown in the page that asks for it; anything else is saved, never opened in our name.
    let disposition = if is_image { "inline" } else { "attachment" };
    told.insert(header::CONTENT_DISPOSITION, HeaderValue::from_static(disposition));
    guard(told);
    response
}

fn bare(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    guard(response.headers_mut());
    response
}

/// What keeps a file from being kept, guessed at, or run.
fn guard(headers: &mut HeaderMap) {
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'none'; sandbox; frame-ancestors 'none'"),
    );
}
