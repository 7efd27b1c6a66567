//! The way to PostgreSQL: plain over a socket or loopback, TLS by rustls where the URL asks for it.

use crate::{Error, Result};
use postgres::config::SslMode;
use postgres::{Client, Config, NoTls};
use std::sync::Arc;
use tokio_postgres_rustls::MakeRustlsConnect;

/// Connects. `sslmode=require` in the URL means TLS with the certificate checked against the system's roots (this is
/// libpq's `verify-full`); `disable` none; `prefer`, the default, none either, since an unchecked fallback protects
/// nothing.
pub(crate) fn connect(config: &Config) -> Result<Client> {
    if config.get_ssl_mode() != SslMode::Require {
        return Ok(config.connect(NoTls)?);
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
    Ok(config.connect(MakeRustlsConnect::new(tls))?)
}
