//! Traces by OTLP over HTTP, as protobuf to `{otlp_url}/v1/traces`.

use opentelemetry::trace::TracerProvider as _;
use opentelemetry_http::{HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{WithExportConfig as _, WithHttpConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SdkTracerProvider;
use std::time::Duration;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::{Layer, Registry};

/// The collector is near; one that does not answer in this time loses the batch.
const TIMEOUT: Duration = Duration::from_secs(5);

/// The exporter's own thread calls this, so that blocking is no harm.
#[derive(Debug)]
struct Client(ureq::Agent);

#[async_trait::async_trait]
impl HttpClient for Client {
    async fn send_bytes(&self, request: Request<bytes::Bytes>) -> Result<Response<bytes::Bytes>, HttpError> {
        let (parts, body) = request.into_parts();
        let request = http::Request::from_parts(parts, body.to_vec());
        let mut response = self.0.run(request)?;
        let body = response.body_mut().read_to_vec()?;
        let mut answer = http::Response::new(bytes::Bytes::from(body));
        *answer.status_mut() = response.status();
        Ok(answer)
    }
}

/// Traces that are being sent.
#[derive(Debug)]
pub(crate) struct Traces(SdkTracerProvider);

impl Traces {
    /// Sends what waits, and ends.
    pub(crate) fn end(self) {
        if let Err(error) = self.0.shutdown() {
            tracing::warn!(%error, "the last traces were not sent");
        }
    }
}

/// Starts sending spans to a collector.
pub(crate) fn start(url: &str) -> Result<(Box<dyn Layer<Registry> + Send + Sync>, Traces), String> {
    let agent = ureq::Agent::config_builder()
        .timeout_global(Some(TIMEOUT))
        .http_status_as_error(false)
        .build()
        .new_agent();
    let exporter = opentelemetry_otlp::SpanExporter::builder()
        .with_http()
        .with_http_client(Client(agent))
        .with_endpoint(format!("{}/v1/traces", url.trim_end_matches('/')))
        .with_timeout(TIMEOUT)
        .build()
        .map_err(|error| format!("otlp_url: {error}"))?;
    let provider = SdkTracerProvider::builder()
        .with_batch_exporter(exporter)
        .with_resource(Resource::builder().with_service_name("custos").build())
        .build();
    let layer = tracing_opentelemetry::layer()
        .with_tracer(provider.tracer("custos"))
        .with_filter(LevelFilter::INFO)
        .boxed();
    Ok((layer, Traces(provider)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read as _, Write as _};
    use tracing_subscriber::layer::SubscriberExt as _;

    #[test]
    fn a_span_reaches_the_collector() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let collector = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut seen = Vec::new();
            let mut piece = [0; 4096];
            while !String::from_utf8_lossy(&seen).contains("the-span") {
                let length = stream.read(&mut piece).unwrap();
                assert!(length > 0, "ended early");
                seen.extend_from_slice(&piece[..length]);
            }
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").unwrap();
            String::from_utf8_lossy(&seen).into_owned()
        });
        let (layer, traces) = start(&url).unwrap();
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
            tracing::info_span!("the-span", operation = "x").in_scope(|| {});
        });
        traces.end();
        let seen = collector.join().unwrap();
        assert!(seen.starts_with("POST /v1/traces"), "{seen}");
        assert!(seen.contains("custos"));
    }
}
