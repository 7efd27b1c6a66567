//! The way to PostgreSQL: plain over a socket or loopback, TLS by rustls where the URL asks for it.

use crate::{Error, Result};
use futures_util::stream::{BoxStream, StreamExt, poll_fn};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_postgres::config::SslMode;
use tokio_postgres::{AsyncMessage, Client, Config, Connection, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;

/// What the server says unasked. The connection moves on only while this is being read.
pub(crate) type Messages = BoxStream<'static, std::result::Result<AsyncMessage, tokio_postgres::Error>>;

/// What one thread needs to talk over a connection of its own.
pub(crate) fn runtime() -> Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Error::Internal(error.to_string()))
}

/// Connects. `sslmode=require` in the URL means TLS with the certificate checked against the system's roots (this is
/// libpq's `verify-full`); `disable` none; `prefer`, the default, none either, since an unchecked fallback protects
/// nothing.
pub(crate) async fn connect(url: &str) -> Result<(Client, Messages)> {
    let mut config: Config =
        url.parse().map_err(|error: tokio_postgres::Error| Error::Internal(error.to_string()))?;
    config.connect_timeout(Duration::from_secs(5)).application_name("custos");
    // A server that vanished without a word must not hold a thread for hours.
    config.keepalives_idle(Duration::from_secs(30));
    if config.get_tcp_user_timeout().is_none() {
        config.tcp_user_timeout(Duration::from_secs(45));
    }
    if config.get_ssl_mode() != SslMode::Require {
        let (client, connection) = config.connect(NoTls).await?;
        return Ok((client, messages(connection)));
    }
    let mut roots = rustls::RootCertStore::empty();
    for certificate in rustls_native_certs::load_native_certs().certs {
        // A root that rustls can't read can't vouch for anything.
        let _ = roots.add(certificate);
    }
    let tls = rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| Error::Internal(error.to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let (client, connection) = config.connect(MakeRustlsConnect::new(tls)).await?;
    Ok((client, messages(connection)))
}

fn messages<S, T>(mut connection: Connection<S, T>) -> Messages
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    poll_fn(move |context| connection.poll_message(context)).boxed()
}
