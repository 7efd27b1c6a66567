//! Sending events to companies' own systems, signed as the Standard Webhooks specification says: the headers `webhook-id`,
//! `webhook-timestamp` and `webhook-signature`, HMAC-SHA256 over `id.timestamp.body`, secrets written `whsec_…`.

use std::fmt;
use std::time::Duration;

use data_encoding::BASE64;
use hmac::{Hmac, KeyInit as _, Mac as _};
use secrecy::SecretString;
use sha2::Sha256;
use subtle::{Choice, ConstantTimeEq as _};

use crate::SendError;
use crate::http::HttpClient;
use crate::reach::Reach;

/// The longest that a receiver may take to answer.
pub const LONGEST: Duration = Duration::from_secs(10);

/// How far a message's time may be from ours.
const TOLERANCE_MS: u64 = 5 * 60 * 1_000;
/// Signatures of one message that are looked at.
const MOST_SIGNATURES: usize = 8;

/// What secrets begin with when they are shown.
const PREFIX: &str = "whsec_";

/// Says what is wrong about the address of a receiver.
///
/// # Errors
/// A sentence for the operator, without the address in it.
pub fn check_url(url: &str) -> Result<(), String> {
    if url.len() > 500 {
        return Err("the URL has more than 500 characters".to_owned());
    }
    let parts = crate::url::SettingUrl::parse(url)?;
    if !["https", "http"].contains(&parts.scheme.as_str()) {
        return Err("the URL begins with https:// (or, in networks of your own, http://)".to_owned());
    }
    if parts.user.is_some() || url.contains('#') {
        return Err("the URL has no user and no fragment: messages are signed".to_owned());
    }
    Ok(())
}

/// A secret as receivers are told it.
#[must_use]
pub fn secret_text(secret: &[u8]) -> String {
    format!("{PREFIX}{}", BASE64.encode(secret))
}

/// The signature of a message.
#[must_use]
pub fn signature(secret: &[u8], id: &str, timestamp: &str, body: &str) -> String {
    // HMAC takes a key of any length, so there is always one.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret) else { return String::new() };
    for part in [id, ".", timestamp, ".", body] {
        mac.update(part.as_bytes());
    }
    format!("v1,{}", BASE64.encode(&mac.finalize().into_bytes()))
}

/// The secrets in a text: one or two, each written `whsec_…`, with a space between.
///
/// # Errors
/// A sentence for the operator, without the text.
pub fn secrets_of(text: &str) -> Result<Vec<Vec<u8>>, String> {
    let one = |word: &str| {
        let bytes = word.strip_prefix(PREFIX).and_then(|base64| BASE64.decode(base64.as_bytes()).ok());
        bytes.filter(|bytes| (24..=64).contains(&bytes.len()))
    };
    let all: Option<Vec<Vec<u8>>> = text.split_whitespace().map(one).collect();
    all.filter(|all| (1..=2).contains(&all.len()))
        .ok_or_else(|| format!("one or two secrets: {PREFIX} and 24 to 64 bytes in Base64"))
}

/// Whether a message that came in was signed with one of the secrets, not long ago: the specification's headers, at most
/// five minutes off, so that what was recorded is of no use later.
#[must_use]
pub fn is_signed(
    secrets: &[Vec<u8>],
    (id, timestamp, signatures): (&str, &str, &str),
    body: &str,
    now_ms: i64,
) -> bool {
    let at = timestamp.parse::<i64>().ok().and_then(|seconds| seconds.checked_mul(1_000));
    let is_fresh = at.is_some_and(|at| now_ms.abs_diff(at) <= TOLERANCE_MS);
    let is_id = (1..=200).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic());
    // All are compared, whichever fits.
    let mut fits = Choice::from(0);
    for secret in secrets {
        let due = signature(secret, id, timestamp, body);
        for given in signatures.split(' ').take(MOST_SIGNATURES) {
            fits |= due.as_bytes().ct_eq(given.as_bytes());
        }
    }
    is_fresh && is_id && bool::from(fits)
}

/// What is sent.
pub struct Delivery<'a> {
    /// Where to.
    pub url: &'a str,
    /// By which the receiver knows a message again.
    pub id: &'a str,
    /// When it is sent.
    pub timestamp_ms: i64,
    /// JSON.
    pub body: &'a str,
    /// The secrets that are good now: each gives a signature.
    pub secrets: &'a [Vec<u8>],
}

/// Why a message was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// For the log, without the address and without what the receiver wrote.
    pub reason: String,
    /// The receiver says that it wants nothing any more (410).
    pub is_gone: bool,
    /// It asks to wait so many seconds.
    pub wait_s: Option<u64>,
}

/// The way to receivers.
#[derive(Clone)]
pub struct WebhookClient {
    http: HttpClient,
}

impl fmt::Debug for WebhookClient {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("WebhookClient")
    }
}

impl WebhookClient {
    /// A client that goes where `reach` allows.
    #[must_use]
    pub fn new(reach: Reach) -> Self {
        Self { http: HttpClient::guarded(LONGEST, reach) }
    }

    /// Sends once. Redirects are not followed. Blocks.
    ///
    /// # Errors
    /// Any answer but a status from 200 to 299, or none.
    pub fn send(&self, delivery: &Delivery<'_>) -> Result<(), Refused> {
        let timestamp = (delivery.timestamp_ms / 1_000).to_string();
        let signatures: Vec<String> = delivery
            .secrets
            .iter()
            .map(|secret| signature(secret, delivery.id, &timestamp, delivery.body))
            .collect();
        let header = |name: &str, value: &str| (name.to_owned(), SecretString::from(value));
        let headers = [
            header("content-type", "application/json"),
            header("webhook-id", delivery.id),
            header("webhook-timestamp", &timestamp),
            header("webhook-signature", &signatures.join(" ")),
        ];
        let refused = |error: &SendError, is_gone| Refused {
            reason: error.to_string(),
            is_gone,
            wait_s: error.retry_after_s(),
        };
        let answer = self
            .http
            .post_bytes(delivery.url, &headers, delivery.body.as_bytes())
            .map_err(|error| refused(&error, false))?;
        if answer.is_success() {
            return Ok(());
        }
        Err(refused(&answer.refusal(""), answer.status == 410))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures_are_those_of_the_specification() {
        // The example that the specification's reference libraries test themselves with.
        let secret = BASE64.decode(b"MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let made = signature(&secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", "{\"test\": 2432232314}");
        assert_eq!(made, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
        assert_eq!(secret_text(&secret), "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
    }

    #[test]
    fn addresses_are_looked_at_when_they_are_set() {
        for good in ["https://x.example.com/hooks?to=1", "http://10.0.0.1:81"] {
            assert_eq!(check_url(good), Ok(()), "{good}");
        }
        for bad in ["x.example.com", "ftp://x.example.com", "https://user:hunter2@x.com", "https://x.com/#a"]
        {
            let told = check_url(bad).unwrap_err();
            assert!(!told.contains("hunter2"), "{told}");
        }
    }
}
