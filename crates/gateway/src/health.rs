//! Health, metrics and the API document.

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderValue, Response, StatusCode, header};
use axum::routing::get;
use parking_lot::RwLock;
use prometheus_client::registry::Registry;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, LazyLock};

/// What is not ready, in words for an operator; empty when all is.
pub type Checks = Pin<Box<dyn Future<Output = Vec<String>> + Send>>;

/// Says what is not ready.
pub type Probe = Arc<dyn Fn() -> Checks + Send + Sync>;

fn reply(status: StatusCode, kind: &'static str, body: impl Into<Body>) -> Response<Body> {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// `/livez` and `/readyz`.
pub fn routes(probe: Probe) -> Router {
    Router::new()
        .route("/livez", get(|| async { reply(StatusCode::OK, "text/plain", "alive\n") }))
        .route("/readyz", get(ready))
        .with_state(probe)
}

async fn ready(State(probe): State<Probe>) -> Response<Body> {
    let missing = probe().await;
    if missing.is_empty() {
        return reply(StatusCode::OK, "text/plain", "ready\n");
    }
    reply(StatusCode::SERVICE_UNAVAILABLE, "text/plain", format!("not ready: {}\n", missing.join("; ")))
}

/// Called before metrics are told, to bring gauges up to date.
pub type Refresh = Arc<dyn Fn() + Send + Sync>;

/// `/metrics`, for an address of its own.
pub fn metrics_routes(registry: Arc<RwLock<Registry>>, refresh: Refresh) -> Router {
    Router::new().route("/metrics", get(metrics)).with_state((registry, refresh))
}

async fn metrics(State((registry, refresh)): State<(Arc<RwLock<Registry>>, Refresh)>) -> Response<Body> {
    // Bringing gauges up to date may read the database.
    let text = tokio::task::spawn_blocking(move || {
        refresh();
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &registry.read()).map(|()| text)
    })
    .await;
    match text {
        Ok(Ok(text)) => {
            reply(StatusCode::OK, "application/openmetrics-text; version=1.0.0; charset=utf-8", text)
        }
        _ => reply(StatusCode::INTERNAL_SERVER_ERROR, "text/plain", "metrics can't be told\n"),
    }
}

static DOCUMENT: LazyLock<String> =
    LazyLock::new(|| custos_operations::openapi::document(env!("CARGO_PKG_VERSION")).to_string());

static OFFICE_DOCUMENT: LazyLock<String> =
    LazyLock::new(|| custos_operations::openapi::office_document(env!("CARGO_PKG_VERSION")).to_string());

/// `/openapi.json`, and `/openapi-b.json` of the back office.
pub fn document_routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new()
        .route(
            "/openapi.json",
            get(|| async { reply(StatusCode::OK, "application/json", DOCUMENT.as_str()) }),
        )
        .route(
            "/openapi-b.json",
            get(|| async { reply(StatusCode::OK, "application/json", OFFICE_DOCUMENT.as_str()) }),
        )
}
