//! The socket: HTTP/1.1 and HTTP/2, plain or by TLS, with a bound on everything a stranger can take up.
//!
//! | what | bound |
//! | --- | --- |
//! | connections at once | `max_connections`; further ones wait in the kernel's queue |
//! | connections of one host (IPv6: /64) that is no trusted proxy | `max_connections_of_host`; further ones are closed |
//! | TLS handshake, then the first request's head | `header_timeout` each |
//! | a connection with no byte either way; the head of a later request | `idle_timeout` |
//! | the head of a request | 32 KiB; HTTP/1.1 also 100 fields (431 beyond either) |
//! | requests at once on one HTTP/2 connection | 128 |
//!
//! Certificates are read again when their files change. Stopping lets running requests end.

mod bounded;
mod places;
#[cfg(test)]
pub(crate) mod tests;
mod tls;

pub use tls::{TlsError, TlsFiles};

use crate::client_address::TrustedProxies;
use axum::Router;
use axum_server::tls_rustls::RustlsAcceptor;
use axum_server::{Handle, Server};
use bounded::{BoundedListener, Peer};
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::time::Duration;
use tls::CertificateWatch;
use tokio::task::JoinHandle;

/// The most bytes a request's head may have.
const MAX_HEAD_BYTES: u32 = 32 * 1024;
/// The most requests one HTTP/2 connection may have open.
const MAX_STREAMS: u32 = 128;

/// How to listen.
#[derive(Debug)]
pub struct ListenConfig {
    /// The bound socket.
    pub listener: TcpListener,
    /// Certificate and key; `None` for plain HTTP.
    pub tls: Option<TlsFiles>,
    /// How long a new connection may take for its TLS handshake, and then for its first request's head.
    pub header_timeout: Duration,
    /// How long a connection may rest between requests or amid one, with no byte in either direction.
    /// Keep it above the time for which a proxy in front keeps connections (nginx: 60 s), or the proxy
    /// now and then sends a request into a connection that is just being closed. Also above the longest
    /// request and the time between two pings of a WebSocket.
    pub idle_timeout: Duration,
    /// The most connections at once, upgraded ones (WebSockets) included.
    pub max_connections: usize,
    /// The most of them from one host.
    pub max_connections_of_host: usize,
    /// Whose connections speak for many hosts.
    pub proxies: TrustedProxies,
}

impl ListenConfig {
    /// Plain HTTP with the usual bounds: 10 s, 75 s, 10 000 connections, 2 000 from one host.
    #[must_use]
    pub fn new(listener: TcpListener) -> Self {
        Self {
            listener,
            tls: None,
            header_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(75),
            max_connections: 10_000,
            max_connections_of_host: 2_000,
            proxies: TrustedProxies::default(),
        }
    }
}

/// Why listening could not begin.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// The socket cannot be used.
    #[error("cannot listen: {0}")]
    Socket(#[from] io::Error),
    /// Certificate or key cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
}

/// A server at work. Dropping this leaves it running until the runtime ends; [`Running::stop`] ends it.
#[derive(Debug)]
pub struct Running {
    /// The address listened on, with the real port where 0 was asked for.
    pub address: SocketAddr,
    handle: Handle<Peer>,
    server: JoinHandle<io::Result<()>>,
    watch: Option<JoinHandle<()>>,
}

impl Running {
    /// The number of connections in HTTP now; WebSockets no longer count.
    #[must_use]
    pub fn connection_count(&self) -> usize {
        self.handle.connection_count()
    }

    /// Stops: takes no further connections, closes idle ones, lets running requests end, and cuts
    /// what is left at the deadline. WebSockets are their handlers' to close.
    pub async fn stop(self, deadline: Duration) {
        if let Some(watch) = &self.watch {
            watch.abort();
        }
        self.handle.graceful_shutdown(Some(deadline));
        match self.server.await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::error!(%error, "the listener ended badly"),
            Err(error) => tracing::error!(%error, "the listener's task ended badly"),
        }
    }
}

/// Serves the router. Handlers can ask for `ConnectInfo<SocketAddr>`, the peer of the connection.
///
/// # Errors
/// When the socket or the certificate cannot be used.
pub async fn serve(config: ListenConfig, app: Router) -> Result<Running, ListenError> {
    let address = config.listener.local_addr()?;
    let most = (config.max_connections, config.max_connections_of_host);
    let listener = BoundedListener::new(config.listener, most, config.proxies, config.idle_timeout)?;
    let handle = Handle::new();
    let mut server = Server::<Peer>::from_listener(listener)
        .handle(handle.clone())
        .first_request_timeout(config.header_timeout)
        // Strangers cause these at will (port scans, broken handshakes), so they are worth no more.
        .accept_error_handler(|peer: Option<&Peer>, error| tracing::debug!(?peer, %error, "no connection"));
    let limits = server.http_builder();
    // HTTP/1.1 keeps to 100 fields without being told, and is faster so. For HTTP/2 each field counts
    // with 32 bytes more than it has, so the size bounds the number.
    limits.http1().header_read_timeout(config.idle_timeout).max_buf_size(bytes(MAX_HEAD_BYTES));
    limits.http2().max_header_list_size(MAX_HEAD_BYTES).max_concurrent_streams(MAX_STREAMS);

    let app = app.into_make_service_with_connect_info::<SocketAddr>();
    let (server, watch) = match config.tls {
        None => (tokio::spawn(server.serve(app)), None),
        Some(files) => {
            let watch = CertificateWatch::load(files).await?;
            let acceptor = RustlsAcceptor::new(watch.config()).handshake_timeout(config.header_timeout);
            (tokio::spawn(server.acceptor(acceptor).serve(app)), Some(tokio::spawn(watch.run())))
        }
    };
    Ok(Running { address, handle, server, watch })
}

fn bytes(count: u32) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}
