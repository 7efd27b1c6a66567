//! The HTTP client of the drivers: bounded in time and size, following no redirects, and silent
//! about addresses, which hold tokens.

use std::sync::Arc;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use ureq::config::ConfigBuilder;
use ureq::tls::{RootCerts, TlsConfig, TlsProvider};
use ureq::typestate::AgentScope;
use ureq::unversioned::resolver::DefaultResolver;
use ureq::unversioned::transport::DefaultConnector;

use crate::SendError;
use crate::reach::{GuardedResolver, Reach};

/// The whole call, name resolution included.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Providers answer with a few hundred bytes.
const BODY_MAX_BYTES: u64 = 64 * 1024;

/// A longer wait than a day is no wait but a refusal; the outbox decides.
const RETRY_AFTER_MAX_S: u64 = 86_400;

/// A connection-keeping client; cheap to clone.
#[derive(Clone)]
pub(crate) struct HttpClient {
    agent: ureq::Agent,
}

/// What came back.
pub(crate) struct Answer {
    pub(crate) status: u16,
    retry_after_s: Option<u64>,
    /// `None` when it was too large or broke off.
    pub(crate) body: Option<Vec<u8>>,
}

impl HttpClient {
    /// `direct` leaves out the proxy of the environment, which cannot reach a loopback address.
    pub(crate) fn new(direct: bool) -> Self {
        let mut config = config(TIMEOUT);
        if direct {
            config = config.proxy(None);
        }
        Self { agent: config.build().new_agent() }
    }

    /// A client that goes only where `reach` allows. It uses no proxy, which would look names up by itself, and keeps no
    /// connections, so that none outlives a change of what is allowed.
    pub(crate) fn guarded(timeout: Duration, reach: Reach) -> Self {
        let config = config(timeout).proxy(None).max_idle_connections(0).build();
        let resolver = GuardedResolver { reach, names: DefaultResolver::default() };
        Self { agent: ureq::Agent::with_parts(config, DefaultConnector::default(), resolver) }
    }

    pub(crate) fn get(&self, url: &str, headers: &[(String, SecretString)]) -> Result<Answer, SendError> {
        let request = self.agent.get(url).header("accept", "application/json");
        let request = headers
            .iter()
            .fold(request, |request, (name, value)| request.header(name, value.expose_secret()));
        read(request.call())
    }

    pub(crate) fn post_bytes(
        &self,
        url: &str,
        headers: &[(String, SecretString)],
        body: &[u8],
    ) -> Result<Answer, SendError> {
        read(self.request(url, headers).send(body))
    }

    pub(crate) fn post_json(
        &self,
        url: &str,
        headers: &[(String, SecretString)],
        body: &serde_json::Value,
    ) -> Result<Answer, SendError> {
        read(self.request(url, headers).send_json(body))
    }

    pub(crate) fn post_form(
        &self,
        url: &str,
        headers: &[(String, SecretString)],
        form: &[(&str, &str)],
    ) -> Result<Answer, SendError> {
        read(self.request(url, headers).send_form(form.iter().copied()))
    }

    fn request(
        &self,
        url: &str,
        headers: &[(String, SecretString)],
    ) -> ureq::RequestBuilder<ureq::typestate::WithBody> {
        let request = self.agent.post(url).header("accept", "application/json");
        headers.iter().fold(request, |request, (name, value)| request.header(name, value.expose_secret()))
    }
}

/// What all clients share.
pub(crate) fn config(timeout: Duration) -> ConfigBuilder<AgentScope> {
    let tls = TlsConfig::builder()
        .provider(TlsProvider::Rustls)
        .root_certs(RootCerts::PlatformVerifier)
        .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .build();
    ureq::Agent::config_builder()
        .tls_config(tls)
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .timeout_global(Some(timeout))
        .user_agent(concat!("custos/", env!("CARGO_PKG_VERSION")))
}

impl Answer {
    pub(crate) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The body as JSON, if it is.
    pub(crate) fn json<T: serde::de::DeserializeOwned>(&self) -> Option<T> {
        serde_json::from_slice(self.body.as_deref()?).ok()
    }

    /// The error for an answer that is no success: what the caller did wrong stays wrong, while
    /// overload, trouble on the other side, and what an operator can mend (refused credentials, an
    /// address that has moved) may pass.
    pub(crate) fn refusal(&self, detail: &str) -> SendError {
        let reason = format!("refused with HTTP status {}{detail}", self.status);
        match self.status {
            401 | 407 | 408 | 425 | 429 => self.later(reason),
            400..=499 => SendError::Permanent(reason),
            _ => self.later(reason),
        }
    }

    fn later(&self, reason: String) -> SendError {
        match self.retry_after_s {
            Some(seconds) => SendError::Later { reason, seconds },
            None => SendError::Temporary(reason),
        }
    }
}

/// The error that asks to wait, bounded to a day.
pub(crate) fn wait(reason: String, seconds: u64) -> SendError {
    SendError::Later { reason, seconds: seconds.min(RETRY_AFTER_MAX_S) }
}

/// Basic authentication as a header.
pub(crate) fn basic_auth(user: &str, password: &str) -> (String, SecretString) {
    let credentials = data_encoding::BASE64.encode(format!("{user}:{password}").as_bytes());
    ("authorization".to_owned(), SecretString::from(format!("Basic {credentials}")))
}

fn read(response: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> Result<Answer, SendError> {
    let response = response.map_err(|error| SendError::Temporary(describe(&error)))?;
    let status = response.status().as_u16();
    let retry_after = response.headers().get("retry-after").and_then(|value| value.to_str().ok());
    let retry_after_s =
        retry_after.and_then(|value| value.trim().parse().ok()).map(|s: u64| s.min(RETRY_AFTER_MAX_S));
    let body = response.into_body().into_with_config().limit(BODY_MAX_BYTES).read_to_vec().ok();
    Ok(Answer { status, retry_after_s, body })
}

/// Why there was no answer. The library's own words may repeat the address, so only the kind is told.
fn describe(error: &ureq::Error) -> String {
    match error {
        ureq::Error::Timeout(_) => "no answer in time".to_owned(),
        ureq::Error::HostNotFound => "the host name cannot be resolved".to_owned(),
        ureq::Error::Io(error) => format!("the connection failed: {}", error.kind()),
        ureq::Error::ConnectionFailed => "the connection failed".to_owned(),
        ureq::Error::Tls(_) | ureq::Error::Rustls(_) => "the TLS handshake failed".to_owned(),
        ureq::Error::Protocol(_) => "the answer is not HTTP".to_owned(),
        ureq::Error::Http(_) | ureq::Error::BadUri(_) => "the address or a header cannot be sent".to_owned(),
        _ => "the request failed".to_owned(),
    }
}
