//! Calls to a company's wallet system, which keeps what its customers have outside of here.
//!
//! Each call is signed in the second form of the protocol's signatures, `path\ntimestamp\nhex(sha256(raw body))`, by
//! SHA256withRSA with a key of the company's. It is made once: whoever wants to ask again makes another request.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use data_encoding::{BASE64, HEXLOWER};
use rustls::SignatureScheme;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject as _;
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::SendError;
use crate::http::HttpClient;
use crate::reach::Reach;
use crate::url::SettingUrl;

/// The longest that a call may take.
pub const LONGEST: Duration = Duration::from_secs(3);

/// Says what is wrong about the address of a wallet system.
///
/// # Errors
/// A sentence for the operator, without the address in it.
pub fn check_url(url: &str) -> Result<(), String> {
    let parts = SettingUrl::parse(url)?;
    if !["https", "http"].contains(&parts.scheme.as_str()) {
        return Err("the URL begins with https:// (or, in networks of your own, http://)".to_owned());
    }
    if parts.user.is_some() || url.contains(['?', '#']) {
        return Err("the URL has no user, no query and no fragment: calls are signed".to_owned());
    }
    Ok(())
}

/// A company's key.
#[derive(Clone)]
pub struct CallKey(Arc<dyn rustls::sign::SigningKey>);

impl fmt::Debug for CallKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("CallKey")
    }
}

impl CallKey {
    /// Reads a private RSA key of at least 2048 bits, PEM.
    ///
    /// # Errors
    /// A sentence for the operator, without the key in it.
    pub fn from_pem(pem: &str) -> Result<Self, String> {
        let told = || {
            "not a private RSA key of at least 2048 bits in PEM; `openssl genrsa 3072` makes one".to_owned()
        };
        let der = PrivateKeyDer::from_pem_slice(pem.as_bytes()).map_err(|_| told())?;
        let key = rustls::crypto::ring::sign::any_supported_type(&der).map_err(|_| told())?;
        key.choose_scheme(&[SignatureScheme::RSA_PKCS1_SHA256]).ok_or_else(told)?;
        Ok(Self(key))
    }

    fn sign(&self, text: &str) -> Result<String, SendError> {
        let broken = || SendError::Permanent("the request could not be signed".to_owned());
        let signer = self.0.choose_scheme(&[SignatureScheme::RSA_PKCS1_SHA256]).ok_or_else(broken)?;
        signer.sign(text.as_bytes()).map(|bytes| BASE64.encode(&bytes)).map_err(|_| broken())
    }
}

/// A question to a wallet system.
#[derive(Debug, Clone)]
pub struct Question {
    /// The system's address.
    pub url: String,
    /// Which of its operations, such as `/get-user-amount`.
    pub path: &'static str,
    /// The company.
    pub company_id: i64,
    /// The customer whom it is about.
    pub customer_id: i64,
    /// By which this call is found in both systems' logs.
    pub trace: String,
    /// When it is asked.
    pub timestamp_ms: i64,
    /// The company's key.
    pub key: CallKey,
    /// What is asked.
    pub body: Value,
    /// An answer without data is none.
    pub wants_data: bool,
}

/// Why there is no answer to go by. The words are for the log, and hold nothing of what the other side wrote.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoAnswer {
    /// It is slow, down, or not to be reached.
    #[error("{0}")]
    Silent(String),
    /// It answered with something else than an answer, such as a redirect.
    #[error("{0}")]
    Unusable(String),
    /// It said no, with this code; empty for one that is none of the protocol's.
    #[error("it refused")]
    Refused(String),
}

/// What such systems answer; anything else in it is not looked at.
#[derive(Deserialize)]
struct Envelope {
    code: Value,
    #[serde(default)]
    data: Option<Value>,
}

/// A code as the protocol writes them; nothing else of what the other side wrote gets further.
fn plain_code(code: &Value) -> String {
    let text = code.as_str().unwrap_or_default();
    let is_plain = text.len() <= 32 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if is_plain { text.to_owned() } else { String::new() }
}

/// The way to them.
#[derive(Clone)]
pub struct WalletClient {
    http: HttpClient,
}

impl fmt::Debug for WalletClient {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("WalletClient")
    }
}

impl WalletClient {
    /// A client whose calls end within `timeout`, at most [`LONGEST`], and go where `reach` allows.
    #[must_use]
    pub fn new(timeout: Duration, reach: Reach) -> Self {
        Self { http: HttpClient::guarded(timeout.min(LONGEST), reach) }
    }

    /// Asks, once. Redirects are not followed. Blocks.
    ///
    /// # Errors
    /// There is no answer, or none to go by.
    pub fn ask(&self, question: &Question) -> Result<Map<String, Value>, NoAnswer> {
        let body = question.body.to_string();
        let timestamp = question.timestamp_ms.to_string();
        let digest = HEXLOWER.encode(&Sha256::digest(body.as_bytes()));
        let unusable = |error: SendError| NoAnswer::Unusable(error.to_string());
        let signature =
            question.key.sign(&format!("{}\n{timestamp}\n{digest}", question.path)).map_err(unusable)?;
        let header = |name: &str, value: &str| (name.to_owned(), SecretString::from(value));
        let headers = [
            header("content-type", "application/json"),
            header("companyId", &question.company_id.to_string()),
            header("trace", &question.trace),
            header("timestamp", &timestamp),
            header("signature", &signature),
            header("signVersion", "2"),
        ];
        let url = format!("{}{}", question.url.trim_end_matches('/'), question.path);
        let answer = self
            .http
            .post_bytes(&url, &headers, body.as_bytes())
            .map_err(|error| NoAnswer::Silent(error.to_string()))?;
        let status = answer.status;
        match status {
            200..=299 => {}
            408 | 429 | 500..=599 => return Err(NoAnswer::Silent(format!("HTTP status {status}"))),
            _ => return Err(NoAnswer::Unusable(format!("HTTP status {status}"))),
        }
        if answer.body.is_none() {
            return Err(NoAnswer::Silent("the answer broke off, or is too long".to_owned()));
        }
        let envelope: Envelope =
            answer.json().ok_or_else(|| NoAnswer::Unusable("the answer is not of the form".to_owned()))?;
        if envelope.code != "0" && envelope.code != 0 {
            return Err(NoAnswer::Refused(plain_code(&envelope.code)));
        }
        match envelope.data {
            Some(Value::Object(data)) => Ok(data),
            _ if question.wants_data => Err(NoAnswer::Unusable("the answer has no data".to_owned())),
            _ => Ok(Map::new()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_looked_at_when_they_are_set() {
        for good in
            ["https://wallet.example.com", "https://wallet.example.com:8443/hooks/", "http://10.0.0.1:81"]
        {
            assert_eq!(check_url(good), Ok(()), "{good}");
        }
        for bad in [
            "wallet.example.com",
            "ftp://wallet.example.com",
            "file:///etc/passwd",
            "https://",
            "https://user@wallet.example.com",
            "https://user:hunter2@wallet.example.com",
            "https://wallet.example.com/?key=hunter2",
            "https://wallet.example.com/#x",
            "https://wallet.example.com/a b",
        ] {
            let told = check_url(bad).unwrap_err();
            assert!(!told.contains("hunter2"), "{told}");
        }
    }

    #[test]
    fn only_keys_that_can_sign_are_taken() {
        for bad in ["", "hunter2", "-----BEGIN PRIVATE KEY-----\naHVudGVyMg==\n-----END PRIVATE KEY-----\n"] {
            let told = CallKey::from_pem(bad).unwrap_err();
            assert!(told.contains("openssl") && !told.contains("hunter2"), "{told}");
        }
    }
}
