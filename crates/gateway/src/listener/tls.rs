//! Certificate and key from files, read again when they change.

use axum_server::tls_rustls::RustlsConfig;
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::MissedTickBehavior;

/// How often the files are looked at. They are small and rarely change, so they are read and compared
/// whole: times and lengths miss a swap that keeps both.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// Where certificate and key are, both as PEM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    /// The certificate, followed by those of the authorities in between.
    pub certificate: PathBuf,
    /// The private key: PKCS#8, PKCS#1 or SEC1, not encrypted.
    pub key: PathBuf,
}

/// Why certificate and key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read.
    #[error("cannot read {path}: {source}", path = path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A file holds no usable PEM.
    #[error("{path} holds no usable PEM: {source}", path = path.display())]
    Pem {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: pem::Error,
    },
    /// The certificate file holds no certificate.
    #[error("{path} holds no certificate", path = .0.display())]
    NoCertificate(PathBuf),
    /// The two do not fit each other, or cannot be used for TLS.
    #[error("certificate and key cannot be used: {0}")]
    Unusable(#[from] rustls::Error),
}

/// The configuration in use and the files it comes from.
pub(super) struct CertificateWatch {
    files: TlsFiles,
    config: RustlsConfig,
    seed: RandomState,
    /// Fingerprint of what was read last, good or bad, so that a bad file is told of once.
    seen: u64,
}

impl CertificateWatch {
    /// Reads the files. A server does not start with a broken certificate.
    pub(super) async fn load(files: TlsFiles) -> Result<Self, TlsError> {
        let content = Content::read(&files).await?;
        let config = RustlsConfig::from_config(content.server_config(&files)?);
        let seed = RandomState::new();
        let seen = seed.hash_one(&content);
        Ok(Self { files, config, seed, seen })
    }

    /// The configuration; it follows later changes.
    pub(super) fn config(&self) -> RustlsConfig {
        self.config.clone()
    }

    /// Takes changed files into use for new connections. `Ok(false)` when nothing has changed since the
    /// last look. When the changed files cannot be used, what was in use stays in use; that is an error
    /// once for a file that is wrong, and at each look for one that cannot even be read.
    pub(super) async fn look(&mut self) -> Result<bool, TlsError> {
        let content = Content::read(&self.files).await?;
        let fingerprint = self.seed.hash_one(&content);
        if fingerprint == self.seen {
            return Ok(false);
        }
        self.seen = fingerprint;
        self.config.reload_from_config(content.server_config(&self.files)?);
        Ok(true)
    }

    /// Looks every few seconds, for ever. Certificate and key are two files, so a look may fall between
    /// the two changes; it fails, the old pair serves on, and the next look finds the new pair whole.
    pub(super) async fn run(mut self) {
        let mut ticks = tokio::time::interval(LOOK_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut last_problem = None;
        loop {
            ticks.tick().await;
            match self.look().await {
                Ok(false) => {}
                Ok(true) => {
                    last_problem = None;
                    tracing::info!(certificate = %self.files.certificate.display(), "new certificate in use");
                }
                Err(error) => {
                    let problem = Some(error.to_string());
                    if problem != last_problem {
                        tracing::error!(%error, "the changed certificate is not used, the old one stays");
                        last_problem = problem;
                    }
                }
            }
        }
    }
}

#[derive(Hash)]
struct Content {
    certificate: Vec<u8>,
    key: Vec<u8>,
}

impl Content {
    async fn read(files: &TlsFiles) -> Result<Self, TlsError> {
        Ok(Self { certificate: read(&files.certificate).await?, key: read(&files.key).await? })
    }

    fn server_config(&self, files: &TlsFiles) -> Result<Arc<ServerConfig>, TlsError> {
        let pem = |path: &Path| {
            let path = path.to_owned();
            |source| TlsError::Pem { path, source }
        };
        let chain: Vec<_> = CertificateDer::pem_slice_iter(&self.certificate)
            .collect::<Result<_, _>>()
            .map_err(pem(&files.certificate))?;
        if chain.is_empty() {
            return Err(TlsError::NoCertificate(files.certificate.clone()));
        }
        let key = PrivateKeyDer::from_pem_slice(&self.key).map_err(pem(&files.key))?;
        // Named here, not taken from the process: another library may have installed another one.
        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(chain, key)?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Arc::new(config))
    }
}

async fn read(path: &Path) -> Result<Vec<u8>, TlsError> {
    tokio::fs::read(path).await.map_err(|source| TlsError::Read { path: path.to_owned(), source })
}
